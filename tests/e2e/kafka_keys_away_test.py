"""The keys topic is away while the log's topic works: nobody leads it, or too few of its replicas are in
sync. What needs the key of a new data subject is not acknowledged, and nothing is lost."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.keys import KeysWorld  # noqa: E402
from support.world import until  # noqa: E402

LOST = 3  # the broker that is killed; the log is on the other two
LOG_ON = "1:2"
ADDED = "member.added.v1"
NOT_ACKNOWLEDGED = "Kafka did not acknowledge the record"


class KeysAway(KeysWorld):
    brokers = 3

    def begin_on(self, prefix, keys_on):
        """The topics are where they are put; `log create` makes them what they must be."""
        for topic, brokers in ((f"{prefix}.log", LOG_ON), (f"{prefix}.keys", keys_on)):
            place = ("--create", "--topic", topic, "--replica-assignment", brokers)
            self.broker.admin("org.apache.kafka.tools.TopicCommand", *place)
        self.begin(prefix)

    def partition(self, topic):
        """(its leader, those in sync), as the brokers that are left say."""
        shown = json.loads(self.broker.kcat(topic, "-L", "-J"))
        partition = next(t for t in shown["topics"] if t["topic"] == topic)["partitions"][0]
        return partition["leader"], {replica["id"] for replica in partition["isrs"]}

    def lose(self, holds):
        self.needed = self.keys_needed()
        self.addCleanup(self.broker.start)
        self.broker.kill(LOST)
        until(lambda: holds(*self.partition(self.keys_topic)), lambda: f"{self.partition(self.keys_topic)}")
        self.assertEqual(self.partition(self.a.topic)[1], {1, 2}, "the log's topic is whole")

    def bring_back(self, replicas):
        self.broker.start()

        def whole():
            leader, in_sync = self.partition(self.keys_topic)
            return leader in replicas and in_sync == replicas

        until(whole, "the keys topic is whole again")

    def assert_waits_and_is_not_lost(self, replicas, killed=False):
        """What needs no new key is answered; what needs one is told to come again, and is not in the log
        before its key is in the topic."""
        self.at_last(lambda: self.rename("Needs no new key"), 200)
        for _ in range(2):  # the repeat too
            self.assert_not_now(self.invite("Eve"))
            self.assert_not_now(self.connect("Second"))
        self.told(NOT_ACKNOWLEDGED)
        self.assertRegex(self.a.log_text(), rf"topic {self.keys_topic} at [^ ]+: {NOT_ACKNOWLEDGED}")
        self.assertIn(self.rename("Meanwhile").status, (200, 503))
        self.a.must_run()
        self.assertEqual(self.names_of(ADDED), self.added)  # reads go on, and show nothing of it
        self.assertEqual(self.keys_needed(), self.needed, "nothing in the log needs a key that is not there")
        if killed:
            self.a.kill()
        self.bring_back(replicas)
        if killed:
            self.a.start()
        connection = self.at_last(lambda: self.connect("Second"), 201)["id"]
        self.at_last(lambda: self.invite("Eve"), 201)
        self.at_last(lambda: self.rename("Meanwhile"), 200)
        self.at_last(lambda: self.rename("Afterwards"), 200)
        self.assertEqual(self.names_of(ADDED), [*self.added, "Eve Person"])
        labels = [e["data"]["label"] for e in self.s.owner.events() if e["type"] == "number.renamed.v1"]
        self.assertEqual(labels, ["Needs no new key", "Meanwhile", "Afterwards"])
        self.assert_no_commit_without_its_keys()
        self.assert_a_fresh_node_has_everything(connection)

    def begin(self, prefix):
        super().begin(prefix)
        self.added = self.names_of(ADDED)

    def test_nobody_leads_the_keys_topic(self):
        self.begin_on("unled", f"{LOST}")
        self.lose(lambda leader, _: leader < 0)
        self.assert_waits_and_is_not_lost({LOST})

    def test_too_few_replicas_of_the_keys_topic_are_in_sync(self):
        self.begin_on("unsynced", f"{LOST}:2")
        self.lose(lambda leader, in_sync: leader == 2 and in_sync == {2})
        self.assert_waits_and_is_not_lost({2, LOST})

    def test_the_node_is_killed_while_a_command_waits_for_its_key(self):
        self.begin_on("killed", f"{LOST}")
        self.lose(lambda leader, _: leader < 0)
        self.assert_waits_and_is_not_lost({LOST}, killed=True)


if __name__ == "__main__":
    unittest.main()
