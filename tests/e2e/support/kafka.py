"""A world whose servers have their log in a real Kafka: one broker a test class, one topic a server."""

import os
import shutil
import signal
import subprocess

from support.client import until
from support.program import PROGRAM, ROOT, Server
from support.world import WorldTest

import kafka  # scripts/lib, found by support.program

START_S = 300  # the very first start fetches Kafka
TOOL_S = 180  # a tool that starts Java on a busy machine, or waits for brokers


class Broker:
    """scripts/kafka in `folder`, one broker or three; may be stopped and started again on the same ports."""

    def __init__(self, folder, nodes=1):
        self.folder, self.nodes = folder, nodes
        self.bootstrap = None

    def script(self, verb, *arguments):
        done = subprocess.run(
            [ROOT / "scripts" / "kafka", verb, *arguments, "--data", self.folder],
            capture_output=True,
            text=True,
            timeout=START_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"scripts/kafka {verb}: {done.stderr}")
        return done.stdout

    def start(self):
        """All that do not run."""
        said = self.script("start", "--nodes", str(self.nodes))
        self.bootstrap = said.strip().removeprefix("bootstrap=")
        return self

    def stop(self):
        self.script("stop")

    def close(self):
        """For good: nobody needs what is stored any more."""
        for node in kafka.Cluster(self.folder).running():
            self.kill(node)

    def kill(self, node=1):
        """kill -9 of one broker."""
        self.end_one(node, signal.SIGKILL)

    def stop_one(self, node):
        """In order: it hands over what it leads."""
        self.end_one(node, signal.SIGTERM)

    def end_one(self, node, with_signal):
        cluster = kafka.Cluster(self.folder)
        pid = cluster.running()[node]
        os.kill(pid, with_signal)
        until(lambda: not cluster.is_ours(pid, node), f"broker {node} is gone")

    def admin(self, main, *arguments):
        """One of Kafka's own tools."""
        command = kafka.java(kafka.jars(), kafka.QUICK, main, "--bootstrap-server", self.bootstrap, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_S)
        if done.returncode != 0:
            raise AssertionError(f"{main}: {done.stdout}{done.stderr}")
        return done.stdout

    def configure(self, topic, **settings):
        """Changes settings of a topic; `_` stands for a dot."""
        given = ",".join(f"{name.replace('_', '.')}={value}" for name, value in settings.items())
        topic_of = ("--entity-type", "topics", "--entity-name", topic)
        self.admin("kafka.admin.ConfigCommand", "--alter", *topic_of, "--add-config", given)

    def kcat(self, topic, *arguments, text=None):
        done = subprocess.run(
            ["kcat", "-q", "-b", self.bootstrap, "-t", topic, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=TOOL_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"kcat: {done.stderr}")
        return done.stdout


class KafkaServer(Server):
    def __init__(self, folder, broker, prefix, simulator=None, **more):
        settings = {"log_engine": "kafka", "kafka_bootstrap": broker.bootstrap, "kafka_topic_prefix": prefix}
        super().__init__(folder, simulator, **(more | settings))
        self.broker, self.topic = broker, f"{prefix}.log"

    def create_log(self, *more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RINGLEDGER")}
        return subprocess.run(
            [PROGRAM, "log", "create", *self.arguments(), *more],
            capture_output=True,
            text=True,
            timeout=TOOL_S,
            env=environment,
        )


def give_master_key(first, node):
    """All that a further node needs of the first one."""
    (node.data / "keys").mkdir(parents=True, exist_ok=True)
    shutil.copy(first.data / "keys" / "master.key", node.data / "keys")


class KafkaWorld(WorldTest):
    """Everything that a WorldTest does, on Kafka."""

    brokers = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = cls.new_broker()
        cls.made.append(cls.broker)
        cls.broker.start()
        cls.topics = 0

    @classmethod
    def new_broker(cls):
        return Broker(cls.new_folder(), cls.brokers)

    @classmethod
    def new_server(cls, simulator=None, prefix=None, **more):
        """Not started yet; its topic is a log."""
        cls.topics += 1
        server = KafkaServer(cls.new_folder(), cls.broker, prefix or f"e2e-{cls.topics}", simulator, **more)
        cls.made.append(server)
        made = server.create_log()
        if made.returncode != 0:
            raise AssertionError(f"log create: {made.stderr}")
        return server
