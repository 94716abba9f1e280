"""Starts and stops Apache Kafka brokers in KRaft mode from Maven Central's jars (scripts/kafka).

Everything of one cluster is in its data folder: cluster.json (ports, identity, running process ids), node-N/
with configuration, records and the broker's own lines. Broker and controller are one process."""
import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

VERSION = "4.2.0"
READY_S = 90
STOP_S = 30
ALONE_S = 3
HEAP = ["-Xms256m", "-Xmx512m"]
QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]  # start soon, little memory
ARTIFACTS = [f"org.apache.kafka:kafka_2.13:{VERSION}", f"org.apache.kafka:kafka-tools:{VERSION}",
             "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3", "org.apache.logging.log4j:log4j-core:2.24.3"]
LOG4J = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
STARTED = "Kafka Server started"


class Failed(Exception):
    pass


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def cache_folder():
    given = os.environ.get("RL_KAFKA_CACHE")
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return pathlib.Path(given) if given else base / "ringledger-kafka"


def pom():
    parts = (a.split(":") for a in ARTIFACTS)
    dependencies = "".join(
        f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId>"
        f"<version>{v}</version></dependency>"
        for g, a, v in parts)
    return ("<project><modelVersion>4.0.0</modelVersion><groupId>ringledger</groupId>"
            "<artifactId>kafka</artifactId><version>1</version>"
            f"<dependencies>{dependencies}</dependencies></project>")


def jars():
    """The folder with Kafka's jars, fetched once; two callers at once fetch once."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    libs = cache / VERSION
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if libs.exists():
            return libs
        say(f"fetching Apache Kafka {VERSION} from Maven Central to {libs}")
        with tempfile.TemporaryDirectory(dir=cache) as making:
            making = pathlib.Path(making)
            (making / "pom.xml").write_text(pom())
            fetch = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={making}/libs"]
            done = subprocess.run(fetch, cwd=making, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            if done.returncode != 0:
                raise Failed("Maven could not fetch Kafka's jars: is the network reachable?")
            (making / "libs").rename(libs)
    return libs


def java(libs, arguments, main, *rest):
    return ["java", *arguments, "-cp", f"{libs}/*", main, *map(str, rest)]


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def properties(cluster, node, folder):
    count, (port, controller_port) = len(cluster["ports"]), cluster["ports"][node - 1]
    voters = ",".join(f"{n}@127.0.0.1:{ports[1]}" for n, ports in enumerate(cluster["ports"], 1))
    replicas = min(count, 3)
    lines = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": folder / "records",
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": min(count, 2),
        "offsets.topic.num.partitions": 1,  # made at first use: 50 of each would take half a minute, synced
        "transaction.state.log.num.partitions": 1,
        "default.replication.factor": replicas,
        "min.insync.replicas": min(count, 2),
        "group.initial.rebalance.delay.ms": 0,
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "message.max.bytes": 8388608,
        "replica.fetch.max.bytes": 8388608,
    }
    if count == 1:
        lines["log.flush.interval.messages"] = 1  # one node alone is durable only when it syncs
    else:
        lines |= {"broker.session.timeout.ms": 3000, "broker.heartbeat.interval.ms": 500,
                  "controller.quorum.election.timeout.ms": 500, "controller.quorum.fetch.timeout.ms": 1000}
    return "".join(f"{key}={value}\n" for key, value in lines.items())


class Cluster:
    def __init__(self, data):
        self.data, self.file = data, data / "cluster.json"
        self.state = json.loads(self.file.read_text()) if self.file.exists() else None

    def save(self):
        making = self.file.with_suffix(".tmp")
        making.write_text(json.dumps(self.state))
        making.rename(self.file)

    def node_folder(self, node):
        return self.data / f"node-{node}"

    def lines(self, node):
        return self.node_folder(node) / "broker.log"

    def nodes(self):
        return range(1, len(self.state["ports"]) + 1)

    def is_ours(self, pid, node):
        """The process still is the broker that was started for this node, not another one with its number."""
        try:
            return str(self.node_folder(node) / "server.properties").encode() in \
                pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def running(self):
        pids = (self.state or {}).get("pids", {})
        return {int(node): pid for node, pid in pids.items() if self.is_ours(pid, int(node))}

    def bootstrap(self):
        return "bootstrap=" + ",".join(f"127.0.0.1:{ports[0]}" for ports in self.state["ports"])

    def prepare(self, libs, count):
        self.data.mkdir(parents=True, exist_ok=True)
        ports = free_ports(2 * count)
        drawing = java(libs, QUICK, "kafka.tools.StorageTool", "random-uuid")
        made = subprocess.run(drawing, capture_output=True, text=True)
        if made.returncode != 0:
            raise Failed(f"StorageTool: {made.stderr.strip()}")
        self.state = {"id": made.stdout.split()[-1], "ports": [ports[2 * n:2 * n + 2] for n in range(count)],
                      "pids": {}}
        for node in self.nodes():
            self.format(libs, node)
        self.save()

    def format(self, libs, node):
        folder = self.node_folder(node)
        shutil.rmtree(folder, ignore_errors=True)  # left by a start that was interrupted
        folder.mkdir(parents=True)
        (folder / "server.properties").write_text(properties(self.state, node, folder))
        (folder / "log4j2.properties").write_text(LOG4J)
        formatting = java(libs, QUICK, "kafka.tools.StorageTool", "format", "-t", self.state["id"],
                          "-c", folder / "server.properties")
        done = subprocess.run(formatting, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"StorageTool format: {done.stdout}{done.stderr}")

    def start_node(self, libs, node):
        folder = self.node_folder(node)
        logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
        broker = java(libs, [*HEAP, *QUICK, logging], "kafka.Kafka", folder / "server.properties")
        with open(self.lines(node), "wb") as out:
            process = subprocess.Popen(broker, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder,
                                       start_new_session=True)
        self.state["pids"][str(node)] = process.pid
        self.save()
        return process

    def start(self, libs):
        running = self.running()
        started = {node: self.start_node(libs, node) for node in self.nodes() if node not in running}
        end = time.monotonic() + READY_S
        for node, process in started.items():
            while STARTED not in self.lines(node).read_text(errors="replace"):
                if process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    tail = "\n".join(self.lines(node).read_text(errors="replace").splitlines()[-12:])
                    raise Failed(f"node {node} did not start:\n{tail}")
                time.sleep(0.05)

    def stop(self):
        """One after the other, as who stops hands over to the others. The last of several has nobody to hand
        over to and would wait for minutes: it is killed; what it acknowledged is with the others too."""
        running = sorted(self.running().items())
        for i, (node, pid) in enumerate(running):
            alone = len(self.state["ports"]) > 1 and i + 1 == len(running)
            os.kill(pid, signal.SIGTERM)
            if not self.gone(pid, node, ALONE_S if alone else STOP_S):
                if not alone:
                    say(f"node {node} did not stop within {STOP_S} s: killed")
                os.kill(pid, signal.SIGKILL)
                self.gone(pid, node, STOP_S)
        if self.state:
            self.state["pids"] = {}
            self.save()

    def gone(self, pid, node, wait_s):
        """Whether it has ended by then."""
        end = time.monotonic() + wait_s
        while self.is_ours(pid, node) and time.monotonic() < end:
            with contextlib.suppress(ChildProcessError):  # this very process may have started it
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
        return not self.is_ours(pid, node)


def start(cluster, count):
    if cluster.state and count and count != len(cluster.state["ports"]):
        raise Failed(f"{cluster.data} holds a cluster of {len(cluster.state['ports'])} nodes, not {count}")
    libs = jars()
    if not cluster.state:
        cluster.prepare(libs, count or 1)
    cluster.start(libs)
    print(cluster.bootstrap(), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["start", "stop"])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--nodes", type=int)
    options = parser.parse_args()
    cluster = Cluster(options.data)
    try:
        start(cluster, options.nodes) if options.verb == "start" else cluster.stop()
    except Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
