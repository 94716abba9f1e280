"""Supervises one server, or several nodes on one Kafka log, and their simulator: starts them, makes the demo,
ends when one of them does.

Started by scripts/run (which builds first). Children are told to stop in order (the newest node first,
the simulator last), are killed when they do not within STOP_S, and get SIGTERM from the kernel should this
process be killed. Exit code: a server's own after Ctrl-C or SIGTERM, else that of the child that died."""
import argparse
import ctypes
import hashlib
import os
import pathlib
import re
import secrets
import signal
import string
import subprocess
import sys
import threading

import demo
import kafka

READY_S = 120  # a start may have to rebuild views
STOP_S = 20
KAFKA = pathlib.Path(__file__).resolve().parents[1] / "kafka"
ALPHABET = string.ascii_letters + string.digits
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def write_private(path, text):
    """Replaces `path` by a file of mode 0600; a reader sees the old or the new content."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def operator_key(data):
    """The operator's key: from the environment, else kept in <data>/operator.key, made at the first start."""
    given = os.environ.get("RINGLEDGER_OPERATOR_KEY")
    if given:
        return given
    path = data / "operator.key"
    if not path.exists():
        write_private(path, "rl_operator_" + "".join(secrets.choice(ALPHABET) for _ in range(40)) + "\n")
    return path.read_text().strip()


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process whose standard output names the URL it serves once it is ready; other lines are passed on."""

    def __init__(self, name, command, ready, environment, stderr=None):
        self.name, self.url, self.ready = name, None, re.compile(ready)
        self.up = threading.Event()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        stderr=stderr, env=environment, start_new_session=True,
                                        preexec_fn=die_with_parent)
        threading.Thread(target=self.pump, daemon=True).start()

    def pump(self):
        for line in self.process.stdout:
            found = self.ready.search(line)
            if found and not self.up.is_set():
                self.url = found.group(1)
                self.up.set()
            else:
                print(line, end="", file=sys.stderr, flush=True)
        self.up.set()

    def exit_code(self):
        """None while it runs; a shell's convention (128 + signal) when a signal ended it."""
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop within {STOP_S} s: killed")
            self.process.kill()
            self.process.wait()


class Run:
    def __init__(self, options):
        self.options = options
        self.children = []
        self.broker = None  # the folder of one of ours
        self.stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def start(self, name, arguments, environment, ready=None):
        """Starts a child and waits until it is ready. None: stopped or died meanwhile."""
        ready = ready or rf"{name} ready on (http://\S+)"
        child = Child(name, [self.options.binary, *arguments], ready, environment)
        self.children.append(child)
        for _ in range(READY_S * 10):
            if child.up.wait(0.1) and child.url:
                return child
            if self.stopping.is_set() or child.exit_code() is not None:
                return None
        say(f"{name} was not ready within {READY_S} s")
        return None

    def wait(self):
        """Until asked to stop or a child has died; that child, or None."""
        while not self.stopping.wait(0.2):
            for child in self.children:
                if child.exit_code() is not None:
                    say(f"{child.name} ended with exit code {child.exit_code()}")
                    return child
        return None

    def stop(self):
        for child in reversed(self.children):
            child.stop()
        if self.broker:
            subprocess.run([KAFKA, "stop", "--data", self.broker], start_new_session=True)

    def kafka(self, data, environment):
        """Brokers and a topic that is a log, told to the servers by their environment; 0 or an exit code."""
        bootstrap = self.options.bootstrap
        if not bootstrap:
            self.broker = data / "kafka"
            brokers = ["--nodes", "3"] if self.options.nodes > 1 else []
            start = [KAFKA, "start", "--data", self.broker, *brokers]
            started = subprocess.run(start, stdout=subprocess.PIPE, text=True, start_new_session=True)
            if started.returncode != 0:
                return started.returncode
            bootstrap = started.stdout.strip().removeprefix("bootstrap=")
        environment |= {"RINGLEDGER_LOG_ENGINE": "kafka", "RINGLEDGER_KAFKA_BOOTSTRAP": bootstrap,
                        "RINGLEDGER_KAFKA_TOPIC_PREFIX": self.options.topic_prefix}
        say(f"log: topic {self.options.topic_prefix}.log at {bootstrap}")
        create = [self.options.binary, "log", "create", "--data", str(data)]
        return subprocess.run(create, env=environment, stdout=sys.stderr).returncode

    def serve(self):
        """Starts everything; 0 when it is up, else an exit code."""
        data = self.options.data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        demo.set_aside(data)
        key = operator_key(data)
        # What is meant for this script is no setting of the program.
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("RINGLEDGER_OPERATOR_KEY", "RINGLEDGER_BINARY")}
        if self.options.log == "kafka" and (code := self.kafka(data, environment)):
            return code
        simulator = self.options.simulator
        if not simulator:
            port = str(demo.simulator_port(data))
            child = self.start("simulator", ["simulator", "--port", port, "--data", str(data / "simulator")],
                               environment)
            if child is None:
                return self.failed()
            simulator = child.url
        environment["RINGLEDGER_AUTH_OPERATOR_KEY_SHA256"] = hashlib.sha256(key.encode()).hexdigest()
        nodes = self.start_nodes(data, simulator, environment)
        if nodes is None:
            return self.failed()
        say(f"ringledger on {' and '.join(nodes)}, simulated Twilio on {simulator}; Ctrl-C stops all")
        self.make_demo(data, nodes, simulator, key)
        return 0

    def start_nodes(self, data, simulator, environment):
        """The URLs of all nodes, started one after the other; None: one did not come up. The first one's
        folder is <data> itself; the others have from it what they must share: the master key, and the address
        where providers reach all of them."""
        urls = []
        for number, port in enumerate(self.ports(), 1):
            folder = data if number == 1 else data / f"node{number}"
            folder.mkdir(exist_ok=True, mode=0o700)
            serve = ["serve", "--data", str(folder), "--port", str(port), "--simulator", simulator]
            name = "ringledger" if self.options.nodes == 1 else f"ringledger node {number}"
            node = self.start(name, serve, environment, r"ringledger ready on (http://\S+)")
            if node is None:
                return None
            urls.append(node.url)
            environment.setdefault("RINGLEDGER_SERVER_PUBLIC_URL", node.url)
            if "RINGLEDGER_CRYPTO_MASTER_KEY" not in environment:
                environment.setdefault("RINGLEDGER_CRYPTO_MASTER_KEY_FILE", str(data / "keys" / "master.key"))
        return urls

    def ports(self):
        """Of the nodes: the given one and those after it; free ones when that is 0."""
        if self.options.nodes == 1:
            return [self.options.port]
        if self.options.port == 0:
            return kafka.free_ports(self.options.nodes)
        return range(self.options.port, self.options.port + self.options.nodes)

    def make_demo(self, data, nodes, simulator, key):
        told = {"nodes": [{"url": url} for url in nodes]} if self.options.log == "kafka" else {}
        made = demo.make(data, nodes[0], simulator, key, write_private, not self.options.no_demo, told)
        path = data / "demo.json"
        if made["account"]:
            print(demo.what_to_try(path, made), flush=True)
        else:
            print(f"No demo. Operator: {nodes[0]}/v1/accounts with the key in {path}", flush=True)

    def failed(self):
        codes = [c.exit_code() for c in self.children if c.exit_code() is not None]
        if self.stopping.is_set():
            return 130
        return next((code for code in codes if code), 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--simulator")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--log", default="embedded")
    parser.add_argument("--bootstrap")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--topic-prefix", default="ringledger")
    run = Run(parser.parse_args())
    try:
        code = run.serve()
        if code == 0:
            died = run.wait()
            code = (died.exit_code() or 1) if died else None
    except demo.DemoFailed as failure:
        say(f"the demo failed: {failure}")
        code = 1
    finally:
        run.stop()
    servers = (child.exit_code() for child in run.children if child.name != "simulator")
    return code if code is not None else next((c for c in servers if c), 0)


if __name__ == "__main__":
    sys.exit(main())
