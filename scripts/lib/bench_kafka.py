"""What the log costs in Kafka (quality.md row 12, issue 4 "Figures"): rates against Kafka's own load tool on
the same brokers, how soon writes go on without the writer, how fast a new node catches up, growth with
partitions and nodes."""
import contextlib
import http.client
import itertools
import pathlib
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import kafka
from bench_brokers import Brokers
from bench_rows import Closing, Row
from bench_world import OPERATOR_KEY, BenchFailed, Server
from run import say

WARMUP_S = 1
PROMISED_S = 10  # issue 4: writes resume within
PATIENCE_S = 2.5
CLIENTS = 4
RATE_ACCOUNTS, RATE_NUMBERS = 8, 128  # one account may have 256 commands in flight
GROWTH = list(itertools.product((1, 4, 32), (1, 2, 3)))  # partitions, nodes
COST_CONNECTIONS = 64
GROWTH_ACCOUNTS, GROWTH_NUMBERS, GROWTH_CONNECTIONS = 64, 20, 192


def rate(world):
    """Row 12, on one broker that syncs and on three that replicate."""
    return [row for count in (1, 3) for row in rate_on(world, count)]


def rate_on(world, count):
    where = "one fsyncing broker" if count == 1 else "three brokers"
    with brokers_of(world, count) as brokers, cluster_of(world, brokers) as nodes:
        writer = nodes.start()
        nodes.first.fill(RATE_ACCOUNTS, RATE_NUMBERS)
        writer.load(64, world.seconds)
        record_bytes = brokers.record_bytes(nodes.topic, newest=1000)
        peer = f"ProducerPerformance, {record_bytes} B, acks=all, {where}"
        few, many = Row(f"commands/s, 64 connections, {where}", peer, 0.6), Row(
            f"commands/s, 1,024 connections, {where}", peer, 0.8)
        brokers.make_topic("peer")
        records = round(brokers.produce_rate("peer", record_bytes, 5000, 5000) * world.seconds)
        for _ in world.repeats():
            for row, connections in ((few, 64), (many, 1024)):
                ours = writer.load(connections, world.seconds, warmup=WARMUP_S)["rate"]
                row.add(ours, brokers.produce_rate("peer", record_bytes, records, records))
    return [few, many]


def failover(world):
    """From kill -9 of the writer under load until a command that was sent later is acknowledged; its clients
    repeat it at the other node."""
    rounds = 2 if world.quick else 20
    median = Row("failover after kill -9, median", f"{PROMISED_S} s", 1.0, most=True, unit=" s")
    worst = Row(f"failover after kill -9, worst of {rounds}", f"{PROMISED_S} s", 1.0, most=True, unit=" s")
    with brokers_of(world, 1) as brokers, cluster_of(world, brokers) as nodes:
        nodes.start()
        nodes.first.fill(accounts=1, numbers=CLIENTS)
        nodes.add().start()
        with RoamingLoad(nodes.servers, nodes.first.folder / "rename") as load:
            for round_ in range(rounds):
                say(f"kill {round_ + 1} of {rounds}")
                load.acknowledged_since(time.monotonic())
                dead = nodes.kill_writer()
                killed = time.monotonic()
                median.add(load.acknowledged_since(killed) - killed, PROMISED_S)
                dead.start()
    worst.add(max(median.ours), PROMISED_S)
    return [median, worst]


def catch_up(world):
    """A node with an empty folder (but for the master key) from its start until it shows the log's end,
    against reading the same topic with kcat. The commits are made over REST, as fast as 256 connections
    do."""
    row = Row(f"a fresh node catches up with {world.events} commits", "kcat reads the same topic", unit="/s")
    with brokers_of(world, 1) as brokers, cluster_of(world, brokers) as nodes:
        writer = nodes.start()
        nodes.first.fill()
        say(f"making {world.events} commits over REST")
        writer.load(256, 3600, requests=world.events)
        writer.stop()
        for _ in world.repeats():
            records, fresh = brokers.end(nodes.topic), nodes.add()
            began = time.monotonic()
            fresh.start()
            until_shown(fresh.server.url, records)
            took = time.monotonic() - began
            nodes.remove(fresh)
            began = time.monotonic()
            brokers.kcat(nodes.topic, "-o", "beginning", "-c", records, "-f", "")
            row.add(records / took, records / (time.monotonic() - began))
    return [row]


def growth(world):
    """Commands/s of all nodes together with more partitions and nodes, against one of each in that repeat."""
    wanted = [(1, 1), (1, 2), (4, 2)] if world.quick else GROWTH
    with brokers_of(world, 1) as brokers, contextlib.ExitStack() as stack:
        clusters = {}
        for p, n in wanted:
            clusters[p, n] = stack.enter_context(cluster_of(world, brokers, partitions=p))
            clusters[p, n].fill_and_stop(n)
        rows = {(p, n): Row(f"commands/s, partitions {p}, nodes {n}", "one of each") for p, n in wanted}
        for _ in world.repeats():
            rates = {at: cluster.total_rate(world.seconds) for at, cluster in clusters.items()}
            for at, row in rows.items():
                row.add(rates[at], rates[1, 1])
    return list(rows.values())


def cost(world):
    """Server CPU a command, by what a node does for it: what the model of docs/performance.md counts with."""
    peer = "of the node that writes, the same run"
    follows, sends = (Row(f"CPU a command of a node that {does}", peer, unit=" us")
                      for does in ("follows", "follows and sends it on"))
    with brokers_of(world, 1) as brokers, cluster_of(world, brokers) as nodes:
        nodes.start()
        nodes.first.fill(RATE_ACCOUNTS, RATE_NUMBERS)
        nodes.add().start()
        for _ in world.repeats():
            follows.add(*nodes.cost_of(COST_CONNECTIONS, world.seconds, at_the_writer=True))
            sends.add(*nodes.cost_of(COST_CONNECTIONS, world.seconds, at_the_writer=False))
    return [follows, sends]


def brokers_of(world, count):
    return Closing(Brokers(folder_in(world, "brokers-"), count))


def cluster_of(world, brokers, partitions=1):
    return Closing(Nodes(world, brokers, partitions))


def folder_in(world, prefix):
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=world.folder))


class Nodes:
    """Nodes of one configuration on one topic, with one simulator. Closing ends them."""

    made = 0

    def __init__(self, world, brokers, partitions):
        Nodes.made += 1
        self.world, self.brokers, self.prefix = world, brokers, f"bench-{Nodes.made}"
        self.topic, self.servers = f"{self.prefix}.log", []
        self.environment = {"RINGLEDGER_LOG_ENGINE": "kafka", "RINGLEDGER_KAFKA_BOOTSTRAP": brokers.bootstrap,
                            "RINGLEDGER_KAFKA_TOPIC_PREFIX": self.prefix}
        self.first = self.add()
        self.first.offline("log", "create", "--partitions", str(partitions))

    def add(self):
        """One more, not started; with the first one's master key."""
        simulator = self.servers[0].simulator if self.servers else None
        server = Server(self.world.build, folder_in(self.world, "node-"), simulator=simulator,
                        environment=self.environment, port=kafka.free_ports(1)[0])
        if self.servers:
            keys = server.folder / "data" / "keys"
            keys.mkdir(parents=True)
            shutil.copy(self.first.folder / "data" / "keys" / "master.key", keys)
        self.servers.append(server)
        return server

    def start(self):
        self.first.start()
        return self.first

    def remove(self, server):
        self.servers.remove(server)
        server.close()
        shutil.rmtree(server.folder)

    def writer(self):
        """The node that says it writes."""
        for server in self.servers:
            if server.server and '"role":"writer"' in text_of(server.server.url + "/readyz"):
                return server
        raise BenchFailed("no node says that it writes")

    def kill_writer(self):
        """kill -9; that node."""
        writer = self.writer()
        writer.kill()
        return writer

    def cost_of(self, connections, seconds, at_the_writer):
        """Microseconds of CPU a command of two nodes, the one that follows and the one that writes, once both
        show all of it. The commands are sent to one of them."""
        writer = self.writer()
        other = next(s for s in self.servers if s is not writer)
        before = [server.cpu_s() for server in (other, writer)]
        done = (writer if at_the_writer else other).load(connections, seconds,
                                                         targets=self.first.folder / "move")["ok"]
        end = self.brokers.end(self.topic)
        for server in self.servers:
            until_shown(server.server.url, end)
        if self.writer() is not writer:
            raise BenchFailed("another node became the writer meanwhile")
        return [(server.cpu_s() - was) / done * 1e6 for server, was in zip((other, writer), before)]

    def fill_and_stop(self, count):
        """`count` nodes, accounts spread over the partitions."""
        self.start()
        self.first.fill(GROWTH_ACCOUNTS, GROWTH_NUMBERS)
        while len(self.servers) < count:
            self.add()
        self.stop()

    def stop(self):
        for server in self.servers:
            server.stop()

    def total_rate(self, seconds):
        """All nodes at once, each with its share of the connections and of the accounts."""
        for server in self.servers:
            server.start()
        lines = (self.first.folder / "move").read_text().splitlines(keepends=True)
        rates, count = [], len(self.servers)

        def load(i):
            targets = self.first.folder / f"move-{i}"
            targets.write_text("".join(lines[i::count]))
            rates.append(self.servers[i].load(GROWTH_CONNECTIONS // count, seconds, targets=targets,
                                              warmup=WARMUP_S)["rate"])

        threads = [threading.Thread(target=load, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.stop()
        if len(rates) < count:
            raise BenchFailed("a node did not answer all commands")
        return sum(rates)

    def close(self):
        for server in reversed(self.servers):
            server.close()


def until_shown(url, records):
    """Until every view of a node is past the log's first `records`."""
    positions = [-1]
    while min(positions) < records:
        text = text_of(url + "/metrics", {"Authorization": f"Bearer {OPERATOR_KEY}"})
        positions = [int(float(line.split()[-1])) for line in text.splitlines()
                     if line.startswith("view_position{")] or [-1]
        time.sleep(0.05)


def text_of(url, headers=None):
    """Also of an answer that is no 2xx; "" when there is none."""
    try:
        request = urllib.request.Request(url, headers=headers or {})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


class RoamingLoad:
    """Clients that send each command to one node after the other, with its key, until one acknowledges it."""

    def __init__(self, servers, targets):
        self.urls = [urllib.parse.urlsplit(s.server.url) for s in servers]
        self.targets = [line.split("\t") for line in targets.read_text().splitlines()]
        self.stop, self.acks, self.changed = threading.Event(), [], threading.Condition()
        self.threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def client(self, i):
        method, path, bearer, body, _ = self.targets[i % len(self.targets)]
        for number in itertools.count():
            key, node, asked = str(uuid.uuid4()), i, time.monotonic()
            while not self.stop.is_set():
                url, text = self.urls[node % len(self.urls)], body.replace("#", str(number))
                if self.ask(url, method, path, bearer, text, key):
                    with self.changed:
                        self.acks.append((asked, time.monotonic()))
                        self.changed.notify_all()
                    break
                node += 1
                time.sleep(0.02)
            if self.stop.is_set():
                return

    def ask(self, url, method, path, bearer, body, key):
        """True: acknowledged."""
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=PATIENCE_S)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": key}
            connection.request(method, path, body, headers | {"Content-Type": "application/json"})
            return connection.getresponse().status == 200
        return False

    def acknowledged_since(self, since):
        """When the first command that is newer than `since` was acknowledged: a repeat of an older one any
        node answers that has read it."""
        def found():
            return [done for asked, done in self.acks[-100:] if asked > since]
        with self.changed:
            if not self.changed.wait_for(found, 120):
                raise BenchFailed("no command was acknowledged within 120 s")
            return min(found())
