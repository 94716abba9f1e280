"""The writer cut off from the real broker, both ways and one way, and from everything, while four clients write through
every node. Each node has a network namespace of its own; the whole test runs in one too."""

import pathlib
import sys
import time
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support import namespaces  # noqa: E402
from support.client import Client  # noqa: E402
from support.cluster import ClusterWorld  # noqa: E402
from support.kafka import Broker  # noqa: E402
from support.namespaces import HUB, Forward, Machine  # noqa: E402
from support.world import LONG, rounds, until  # noqa: E402

import kafka  # noqa: E402  (scripts/lib, found by support.program)

CUT_S = 60 if LONG else 8
NINE_LOOKS_S = 32  # a follower claims after nine looks in vain, of 2 s each at most, and the other claims back
# Kept for 4 s; a connection that went silent is noticed after 3 s, a new one after 2 s.
TOLD_S = 15 if LONG else 120
PATIENCE_S = 180


class HubBroker(Broker):
    """Listens on the hub's address."""

    def start(self):
        if not self.folder.joinpath("cluster.json").exists():
            cluster = kafka.Cluster(self.folder)
            cluster.prepare(kafka.jars(), 1)
            properties = cluster.node_folder(1) / "server.properties"
            properties.write_text(properties.read_text().replace("PLAINTEXT://127.0.0.1:", f"PLAINTEXT://{HUB}:"))
        super().start()
        self.bootstrap = self.bootstrap.replace("127.0.0.1:", f"{HUB}:")
        self.port = int(self.bootstrap.split(":")[1])
        return self


class Cut(ClusterWorld):
    why_not = None

    @classmethod
    def setUpClass(cls):
        if cls.why_not:
            raise unittest.SkipTest(cls.why_not)
        namespaces.make_hub()
        super().setUpClass()
        cls.machines = []

    @classmethod
    def new_broker(cls):
        return HubBroker(cls.new_folder())

    def start_nodes(self):
        self.forward = Forward(self.sim.port)
        self.made.append(self.forward)
        super().start_nodes()

    def make_node(self, folder, prefix, settings):
        machine = Machine(len(self.machines))
        self.machines.append(machine)
        self.made.append(machine)
        node = super().make_node(folder, prefix, settings | {"server_address": machine.address})
        node.machine, node.host, node.launcher = machine, machine.address, machine.launcher
        node.simulator = types.SimpleNamespace(url=self.forward.url)
        return node

    def one_day(self, what, cut):
        with self.load():
            for _ in range(rounds(1, 10)):
                self.written(self.chance.randrange(20, 80))
                writer, term = self.writer_and_term()
                cut(writer.machine)
                began = time.monotonic()
                try:
                    self.resumed(began, what)
                    time.sleep(max(CUT_S - (time.monotonic() - began), 0))  # how long it lasts is the fault itself
                finally:
                    writer.machine.mend()
                mended = time.monotonic()
                until(lambda w=writer, t=term: w.term() > t, lambda t=term: f"a term after {t}: {self.seats()}")
                print(f"{what}: it knew {time.monotonic() - mended:.1f} s after the end of the cut", flush=True)
                self.written(20)
        self.assert_one_truth()

    def test_the_writer_cut_off_from_the_broker_both_ways(self):
        self.one_day("cut off from the broker", lambda m: m.cut(self.broker.port, "both"))

    def test_the_writer_cut_off_from_the_broker_on_the_way_out(self):
        self.one_day("nothing arrives at the broker", lambda m: m.cut(self.broker.port, "out"))

    def test_the_writer_cut_off_from_the_broker_on_the_way_back(self):
        """Its records land, and it never hears of it."""
        self.one_day("nothing comes back from the broker", lambda m: m.cut(self.broker.port, "in"))

    def test_two_nodes_cut_off_from_each_other_and_both_reach_the_broker(self):
        """The writer goes on, as its commits tell the other one; who asks that one is told to ask elsewhere, soon."""
        campaign = self.s.campaign("quiet")  # which the load leaves alone
        with self.load():
            self.written(40)
            writer, term = self.writer_and_term()
            other = next(node for node in self.nodes if node is not writer)
            writer.machine.cut_from(other.machine)
            began = time.monotonic()
            try:
                answers = [self.asked_of(other, campaign) for _ in range(2)]
                self.written(100)
                time.sleep(max(NINE_LOOKS_S - (time.monotonic() - began), 0))  # as above
                seats = until(lambda: all(self.seats()) and self.seats(), "both tell who writes")
                self.assertEqual([seat["term"] for of_one in seats for seat in of_one], [term, term])
            finally:
                writer.machine.mend()
            sends_on = lambda: self.asked_of(other, campaign)[0].status == 200  # noqa: E731
            until(sends_on, "the other one sends on again", PATIENCE_S)
        for answer, took in answers:
            self.assert_problem(answer, 503, answer.code)
            self.assertIn(answer.code, ("not_writer", "unknown_outcome"))
            self.assertTrue(answer.headers.get("Retry-After"))
            self.assertLess(took, TOLD_S)
        self.assert_one_truth()

    def asked_of(self, node, campaign):
        """A command at this node, with all the patience that it takes: the answer, and after how long."""
        began = time.monotonic()
        client = Client(node, self.s.owner.key, PATIENCE_S)
        answer = client.send("PATCH", f"{self.s.ws}/campaigns/{campaign}", {"name": f"asked {began}"})
        return answer, time.monotonic() - began

    def test_the_writer_cut_off_from_everything(self):
        self.one_day("the cable is pulled", lambda m: m.pull_the_cable())


if __name__ == "__main__":
    kafka.jars()  # fetched while there is a network
    Cut.why_not = namespaces.run_inside()
    unittest.main()
