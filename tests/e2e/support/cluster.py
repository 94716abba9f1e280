"""Several nodes on one log: clients that go from node to node as the rules allow, a load with its ledger, and what must
hold after a bad day (../../../shared/spec/protocol.md "Testing it")."""

import collections
import contextlib
import random
import re
import signal
import threading
import time

from support.client import Client, NoAnswer, until
from support.kafka import KafkaServer, KafkaWorld, give_master_key
from support.ledger import Ledger, Worker
from support.oracle import Oracle
from support.program import tail
from support.world import LONG, Story

WORKERS = 4
PATIENCE_S = 2.5  # then a client asks the next node
PACE_S = 0.005  # between two commands of a client: the faults are tested, not the machine
PAUSE_S = 0.05  # after a turn over all nodes in vain
RESUMED_S = 10  # what issue 4 promises of a machine for itself
RESUMED_AT_MOST_S = 15 if LONG else 180  # sanitized, and others beside it: that they resume at all
PROGRESS_S = 180  # the same of a load


class Node(KafkaServer):
    """One of several: it has started when it serves, as the writer or following."""

    def __init__(self, folder, broker, prefix, simulator=None, **more):
        super().__init__(folder, broker, prefix, simulator, **more)
        self.probe = Client(self, timeout_s=PATIENCE_S)

    def wait_ready(self):
        def serves():
            self.must_run()
            return self.role()

        until(serves, "/readyz tells a role")

    def seats(self):
        """What it says of each partition; [] when it does not answer."""
        with contextlib.suppress(NoAnswer):
            return self.probe.get("/readyz").json.get("partitions", [])
        return []

    def role(self):
        """`writer` or `follower`; None: no answer."""
        roles = [seat["role"] for seat in self.seats()]
        return "writer" if "writer" in roles else roles[0] if roles else None

    def base(self):
        return f"http://{self.host}:{self.port}"

    def pause(self):
        self.child.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.process.send_signal(signal.SIGCONT)

    def term(self):
        """The newest that it knows of; 0: no answer."""
        return max((seat["term"] for seat in self.seats()), default=0)

    def metrics(self, name, key, label):
        """Of one family: value of `label` -> figure."""
        text = Client(self, key).get("/metrics").body.decode()
        found = collections.Counter()
        for labels, value in re.findall(rf"^{name}{{(.*)}} (\S+)$", text, re.MULTILINE):
            found[re.search(rf'{label}="([^"]*)"', labels).group(1)] += int(float(value))
        return +found


class Roamer(Worker):
    """Asks one node after the other, with the same key, until one answers for good: refused connections, no answer
    and 503 are no reason to give up. Each command begins at this client's own node."""

    def __init__(self, nodes, key, home, path, number, name):
        self.clients = [Client(node, key, PATIENCE_S) for node in nodes]
        super().__init__(self.clients[home % len(nodes)], path, number, name)
        self.home = home % len(nodes)
        self.acks = []  # (when it was asked for the first time, when it was answered)
        self.turned_away = collections.Counter()  # status and code -> how often
        self.without_retry_after = []

    def ask(self, entry):
        for i in range(len(self.clients)):
            self.client = self.clients[(self.home + i) % len(self.clients)]
            try:
                if super().ask(entry):
                    self.acks.append((entry.begun, time.monotonic()))
                    time.sleep(PACE_S)
                    return True
            except NoAnswer:
                self.turned_away["no answer"] += 1
        time.sleep(PAUSE_S)
        return False

    def refused(self, entry, answer):
        self.turned_away[f"{answer.status} {answer.code}"] += 1
        if not answer.headers.get("Retry-After"):
            self.without_retry_after.append(f"{entry.label}: {answer}")

    def settle(self):
        for entry in self.entries[-2:]:
            until(lambda e=entry: self.ask(e), lambda e=entry: f"{e.label} is answered: {self.turned_away}")


class ClusterWorld(KafkaWorld):
    """A broker, nodes of one configuration on one topic, one account, and a number per client."""

    node_count = 2
    number_count = WORKERS

    def setUp(self):
        self.seed = random.SystemRandom().randrange(2**32)
        print(f"\n{self.id().split('.')[-1]}: seed {self.seed}", flush=True)
        self.chance = random.Random(self.seed)
        self.sim = self.start_simulator()
        self.nodes = []
        self.start_nodes()

    def start_nodes(self):
        self.nodes.append(self.new_node().start())
        self.s = Story(self.nodes[0], self.sim, numbers=self.number_count)
        while len(self.nodes) < self.node_count:
            self.nodes.append(self.new_node().start())
        self.ledger = self.new_ledger(self.nodes)

    def new_node(self, **settings):
        """Not started yet; the first one's topics and master key."""
        cls = type(self)
        if not self.nodes:
            cls.topics += 1
            cls.prefix = f"day-{cls.topics}"
        settings = {"logging_level": "info"} | settings
        node = self.make_node(cls.new_folder(), cls.prefix, settings)
        node.settings.setdefault("server_public_url", (self.nodes or [node])[0].base())
        cls.made.append(node)
        if not self.nodes:
            made = node.create_log()
            self.assertEqual(made.returncode, 0, made.stderr)
        else:
            give_master_key(self.nodes[0], node)
        return node

    def make_node(self, folder, prefix, settings):
        return Node(folder, self.broker, prefix, self.sim, **settings)

    def new_ledger(self, nodes):
        key = self.s.owner.key
        self.roamers = [
            Roamer(nodes, key, i, f"{self.s.ws}/numbers/{n}", n, f"w{i}") for i, n in enumerate(self.s.ids[:WORKERS])
        ]
        return Ledger(self.roamers)

    def seats(self):
        """What each node says of who writes."""
        return [node.seats() for node in self.nodes if node.child]

    def writer(self):
        """A node that says so. It may have handed over by now."""
        return self.writer_and_term()[0]

    def writer_and_term(self):
        def found():
            seats = [(node, seat) for node in self.nodes if node.child for seat in node.seats()]
            return next(((node, seat["term"]) for node, seat in seats if seat["role"] == "writer"), None)

        return until(found, "somebody writes")

    @contextlib.contextmanager
    def load(self):
        """All clients at work meanwhile. The body runs in this thread: a node ends with the thread that started it."""
        stop = threading.Event()
        self.load_failures = []

        def work(roamer):
            try:
                roamer.run(stop)
            except BaseException as error:  # noqa: BLE001 (handed to the test's thread)
                self.load_failures.append(error)

        threads = [threading.Thread(target=work, args=(roamer,)) for roamer in self.roamers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.raise_load_failure()

    def raise_load_failure(self):
        """A client that met an answer against the rules has ended: nothing goes on to wait for it."""
        if self.load_failures:
            raise self.load_failures[0]

    def resumed(self, since, what):
        """Seconds from `since` to the first answer of a command that is newer: a repeat of an older one any node answers
        that has read it."""

        def first():
            self.raise_load_failure()
            return [answered for r in self.roamers for asked, answered in list(r.acks)[-50:] if asked > since]

        acks = until(first, lambda: f"writes go on after {what}: {self.told()}", max(RESUMED_AT_MOST_S, 90))
        took = min(acks) - since
        late = "" if took <= RESUMED_S else f", later than the {RESUMED_S} s that are promised"
        print(f"{what}: writes went on after {took:.1f} s{late}", flush=True)
        if LONG:
            self.assertLess(took, RESUMED_AT_MOST_S)
        return took

    def written(self, count):
        """Until so many more commands were acknowledged."""
        wanted = sum(len(r.acks) for r in self.roamers) + count

        def all_there():
            self.raise_load_failure()
            return sum(len(r.acks) for r in self.roamers) >= wanted

        until(all_there, lambda: f"{count} more are acknowledged: {self.told()}", PROGRESS_S)

    def told(self):
        """What clients and nodes say of a standstill."""
        turned_away = [dict(r.turned_away) for r in self.roamers]
        logs = [f"{node.base()} (its last lines):\n{tail(node.log_path, 40)}" for node in self.nodes]
        return f"seats {self.seats()}, turned away {turned_away}\n" + "\n".join(logs)

    def shown_everywhere(self, nodes):
        """The events, once all nodes show the same ones, sequence by sequence."""

        def same():
            shown = [node.client(self.s.owner.key).events() for node in nodes]
            told = [[(e["sequence"], e["id"], e["position"]) for e in events] for events in shown]
            self.differences = [len(t) for t in told]
            return all(t == told[0] for t in told) and shown[0]

        return until(same, lambda: f"all nodes show the same events, not {self.differences}")

    def assert_one_truth(self):
        """Nothing acknowledged lost, nothing doubled, order kept, all readers agree with an independent fold of the
        raw log, views equal a rebuild. Stops the nodes; the oracle."""
        self.ledger.settle()
        running = [node for node in self.nodes if node.child]
        for node in running:
            node.must_run()
        events = self.shown_everywhere(running)
        self.assertEqual(self.ledger.faults_in(events), [])
        self.assertEqual([fault for r in self.roamers for fault in r.without_retry_after], [])
        told = Oracle(self.broker, self.nodes[0].topic)
        self.assertEqual([e["position"] for e in events], told.positions(self.s.account)[: len(events)])
        self.assert_voids(running, told)
        self.assert_claims(running, told)
        for node in running:
            node.stop()
            self.assert_verified(node)
        turned_away = sum((r.turned_away for r in self.roamers), collections.Counter())
        print(
            f"{self.ledger.count()} acknowledged, {len(told.claims())} claims, void {dict(told.voids())}, "
            f"turned away {dict(turned_away)}",
            flush=True,
        )
        return told

    def assert_voids(self, nodes, told):
        """/metrics of a node that read the whole log since it started: void by reason, as the oracle says."""
        for node in nodes:
            if node.started == 1:
                until(
                    lambda n=node: self.voids_of(n) == told.voids(),
                    lambda n=node: f"void records: {self.voids_of(n)}, by the oracle {told.voids()}",
                )

    def assert_claims(self, nodes, told):
        """/metrics of a node that was never restarted: each term it claimed in the topic, and what never arrived there. A
        claim may stand there twice: a produce whose answer was lost."""
        for node in nodes:
            if node.started == 1:
                url = node.settings.get("server_node_url") or node.base()
                terms = {claim["term"] for claim in told.claims() if claim["url"] == url}
                until(
                    lambda n=node, t=terms: self.claims_of(n) >= len(t),
                    lambda n=node, t=terms: f"claims_total is {self.claims_of(n)}, in the topic are its terms {t}",
                )

    def claims_of(self, node):
        return sum(node.metrics("claims_total", self.s.operator.key, "partition").values())

    def voids_of(self, node):
        return node.metrics("void_commits_total", self.s.operator.key, "reason")

    def resigns_of(self, node):
        return node.metrics("resigns_total", self.s.operator.key, "cause")
