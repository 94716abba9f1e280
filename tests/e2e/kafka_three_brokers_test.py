"""Three real brokers, two in sync: the partition's leader killed, moved back and restarted in turn, while four clients
write through every node. No error reaches a client that retries by the rules."""

import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.cluster import ClusterWorld  # noqa: E402
from support.world import LONG, rounds, until  # noqa: E402


class ThreeBrokers(ClusterWorld):
    brokers = 3

    def partition(self):
        shown = json.loads(self.broker.kcat(self.nodes[0].topic, "-L", "-J"))
        return next(t for t in shown["topics"] if t["topic"] == self.nodes[0].topic)["partitions"][0]

    def leader(self):
        """The broker that leads the log's partition."""
        return until(lambda: max(self.partition()["leader"], 0), "the partition has a leader")

    def all_in_sync(self):
        until(lambda: len(self.partition()["isrs"]) == 3, "all three are in sync again")

    def test_the_leader_is_killed_comes_back_and_leads_again(self):
        with self.load():
            for _ in range(rounds(1, 30)):
                self.written(self.chance.randrange(20, 80))
                leader = self.leader()
                self.broker.kill(leader)
                killed = time.monotonic()
                self.resumed(killed, "kill -9 of the partition's leader")
                until(lambda old=leader: self.leader() != old, "another broker leads")
                self.written(20)
                self.broker.start()
                self.all_in_sync()
                self.move_back()
        self.assert_one_truth()

    def move_back(self):
        """To the first of its replicas: a leader that changes without a death."""
        preferred = self.partition()["replicas"][0]["id"]
        election = ("--election-type", "PREFERRED", "--topic", self.nodes[0].topic, "--partition", "0")
        moved = time.monotonic()
        self.broker.admin("org.apache.kafka.tools.LeaderElectionCommand", *election)
        until(lambda: self.leader() == preferred, "the preferred one leads")
        self.resumed(time.monotonic(), f"the leader's move ({time.monotonic() - moved:.1f} s)")

    def test_brokers_are_restarted_in_turn(self):
        """A rolling restart: in short the leader alone."""
        with self.load():
            for broker in rounds(1, 5) * [1, 2, 3] if LONG else [self.leader()]:
                self.written(20)
                self.broker.stop_one(broker)
                self.resumed(time.monotonic(), f"the stop of broker {broker}")
                self.broker.start()
                self.all_in_sync()
        self.assert_one_truth()


if __name__ == "__main__":
    unittest.main()
