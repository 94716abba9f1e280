"""Records that land late, or landed and were reported as failed: a proxy between each node and the real broker holds
produce requests beyond the death of the writer, or keeps their answers back, while four clients write through every node."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.cluster import ClusterWorld  # noqa: E402
from support.kafka_proxy import ProxiedBroker  # noqa: E402
from support.world import rounds, until  # noqa: E402

PRODUCE_TIMEOUT_S = 10  # message.timeout.ms of the engine


class Late(ClusterWorld):
    @classmethod
    def new_broker(cls):
        return ProxiedBroker(cls.new_folder(), cls.node_count)

    def make_node(self, folder, prefix, settings):
        node = super().make_node(folder, prefix, settings)
        node.proxy = self.broker.proxies[len(self.nodes) % self.node_count]
        node.settings["kafka_bootstrap"] = f"127.0.0.1:{node.proxy.port}"
        return node

    def tearDown(self):
        for proxy in self.broker.proxies:
            proxy.release()
        self.drop_answers(None)

    def test_a_restart_under_the_old_name_while_the_last_produce_is_still_on_its_way(self):
        """The dead one's record lands after the claim of its next life, or of another node: void. Before it: it counts,
        and the repeat finds it."""
        with self.load():
            for round_ in range(rounds(4, 60)):
                self.written(self.chance.randrange(10, 50))
                writer = until(self.held_writer, "a produce request of who writes is held")
                writer.kill()
                if round_ % 4 == 3:
                    writer.proxy.release()
                began = time.monotonic()
                writer.start()
                self.resumed(began, "the restart under the old name")
                self.written(10)
                writer.proxy.release()
                self.written(10)
        voids = self.assert_one_truth().voids()
        self.assertGreaterEqual(voids["stale_term"], rounds(3, 45))

    def held_writer(self):
        """The node that writes, with a produce request on its way; None: it had handed over before."""
        writer = self.writer()
        writer.proxy.hold()
        until(lambda: writer.proxy.held() or writer.role() == "follower", "it writes, or another one does")
        if writer.proxy.held():
            return writer
        writer.proxy.release()
        return None

    def test_answers_that_never_come_end_the_term_and_nothing_is_doubled(self):
        """The records landed, whoever writes; the producer gives them up after its time-out: the term ends, and another one
        goes on."""
        with self.load():
            for _ in range(rounds(1, 10)):
                self.written(50)
                before = self.gave_up()
                self.drop_answers("silent")
                until(lambda n=before: self.gave_up() > n, lambda: f"a writer resigns: {self.seats()}")
                self.drop_answers(None)
                self.resumed(time.monotonic(), "the loss of all answers")
                self.written(20)
        self.assertGreater(self.dropped(), 0)
        self.assert_one_truth()

    def drop_answers(self, how):
        for proxy in self.broker.proxies:
            proxy.drop_answers(how)

    def dropped(self):
        return sum(p.counts.get("dropped", 0) for p in self.broker.proxies)

    def gave_up(self):
        """Terms that ended by a produce that failed."""
        return sum(self.resigns_of(node)["produce_failed"] for node in self.nodes)

    def test_connections_that_break_instead_of_answers(self):
        """The producer repeats what has landed: the broker knows it, or the producer ends in a fatal error and its term
        with it."""
        with self.load():
            for _ in range(rounds(5, 100)):
                self.written(self.chance.randrange(5, 30))
                writer, before = self.writer(), self.dropped()
                writer.proxy.drop_answers("cut")
                time.sleep(self.chance.uniform(0.05, 1.0))  # how long it lasts is what is drawn
                until(
                    lambda w=writer, n=before: self.dropped() > n or w.role() == "follower",
                    "a connection broke, or another one writes by now",
                )
                writer.proxy.drop_answers(None)
                self.resumed(time.monotonic(), "broken connections")
        self.assertGreater(self.dropped(), 0)
        self.assert_one_truth()


if __name__ == "__main__":
    unittest.main()
