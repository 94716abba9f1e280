"""A world whose servers have their log in a real Kafka: one broker a test class, one topic a server."""

import os
import subprocess

from support.program import PROGRAM, ROOT, Server
from support.world import WorldTest

START_S = 300  # the very first start fetches Kafka


class Broker:
    """scripts/kafka in `folder`; may be stopped and started again on the same port."""

    def __init__(self, folder):
        self.folder = folder
        self.bootstrap = None

    def script(self, verb):
        done = subprocess.run(
            [ROOT / "scripts" / "kafka", verb, "--data", self.folder],
            capture_output=True,
            text=True,
            timeout=START_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"scripts/kafka {verb}: {done.stderr}")
        return done.stdout

    def start(self):
        self.bootstrap = self.script("start").strip().removeprefix("bootstrap=")
        return self

    def stop(self):
        self.script("stop")

    close = stop

    def kcat(self, topic, *arguments, text=None):
        done = subprocess.run(
            ["kcat", "-q", "-b", self.bootstrap, "-t", topic, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise AssertionError(f"kcat: {done.stderr}")
        return done.stdout


class KafkaServer(Server):
    def __init__(self, folder, broker, prefix, simulator=None, **more):
        settings = {"log_engine": "kafka", "kafka_bootstrap": broker.bootstrap, "kafka_topic_prefix": prefix}
        super().__init__(folder, simulator, **(more | settings))
        self.broker, self.topic = broker, f"{prefix}.log"

    def create_log(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RINGLEDGER")}
        return subprocess.run(
            [PROGRAM, "log", "create", *self.arguments()], capture_output=True, text=True, timeout=60, env=environment
        )


class KafkaWorld(WorldTest):
    """Everything that a WorldTest does, on Kafka."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = Broker(cls.new_folder())
        cls.made.append(cls.broker)
        cls.broker.start()
        cls.topics = 0

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
