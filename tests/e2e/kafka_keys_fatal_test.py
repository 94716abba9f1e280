"""The producer of the keys topic, the rights on the topic, or the topic itself are gone for good: the node
says so, acknowledges nothing that needs a new key, and goes on by itself or after what docs/kafka.md says."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support import kafka_stranger  # noqa: E402
from support.kafka import Broker  # noqa: E402
from support.keys import BACK_S, KeysWorld  # noqa: E402
from support.world import WAIT_S, until  # noqa: E402

import kafka  # noqa: E402  (scripts/lib, found by support.program)

ACL, TOPIC = "org.apache.kafka.tools.AclCommand", "org.apache.kafka.tools.TopicCommand"
AUTHORIZER = """authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
TICKS = 7  # more than the node ever writes at once: no batch of its own looks like the stranger's


class GuardedBroker(Broker):
    """Takes rights away; who has not lost any may do everything."""

    def start(self):
        if not self.folder.joinpath("cluster.json").exists():
            cluster = kafka.Cluster(self.folder)
            cluster.prepare(kafka.jars(), 1)
            properties = cluster.node_folder(1) / "server.properties"
            properties.write_text(properties.read_text() + AUTHORIZER)
        return super().start()


class KeysFatal(KeysWorld):
    @classmethod
    def new_broker(cls):
        return GuardedBroker(cls.new_folder())

    def setUp(self):
        type(self).topics += 1
        self.begin(f"fatal-{self.topics}")
        self.invited = []

    def newest_producer(self):
        records = kafka.Cluster(self.broker.folder).node_folder(1) / "records"
        return kafka_stranger.newest_producer(records / f"{self.keys_topic}-0")

    def forge(self, epoch, sequence):
        """Ticks, which nobody reads, as the node's own producer would write them next."""
        producer, newest_epoch, last = self.newest_producer()
        first = last + 1 if sequence is None else sequence
        batch = kafka_stranger.batch_of(producer, newest_epoch + epoch, first, "tick", TICKS)
        self.assertEqual(kafka_stranger.produce(self.broker.bootstrap, self.keys_topic, batch), 0)

    def one_more(self):
        """Invited, whatever it takes."""
        name = f"Eve{len(self.invited)}"
        self.at_last(lambda: self.invite(name), 201)
        self.invited.append(f"{name} Person")

    def assert_it_dies_of(self, text, **forged):
        """Once more when the producer was another one by then, of which the topic has nothing yet."""

        def dies():
            self.forge(**forged)
            self.one_more()
            return text in self.a.log_text()

        until(dies, lambda: f"{text!r} is in the log lines", BACK_S)
        self.assertRegex(self.a.log_text(), rf"resigned as the writer.*topic {self.keys_topic} at ")
        self.one_more()
        self.assert_nothing_is_lost()

    def assert_nothing_is_lost(self):
        self.a.must_run()
        self.assertEqual(self.names_of("member.added.v1")[-len(self.invited) :], self.invited)
        self.assert_no_commit_without_its_keys()
        self.assert_a_fresh_node_has_everything()

    def test_a_fatal_error_of_the_producer_is_told_and_another_producer_goes_on(self):
        """Its sequence numbers are out of step with the broker's: of such an error no producer recovers."""
        said = "Fatal error: Broker: Broker received an out of order sequence number"
        self.assert_it_dies_of(said, epoch=0, sequence=None)

    def test_a_producer_that_is_fenced_is_told_and_another_producer_goes_on(self):
        self.assert_it_dies_of("Producer attempted an operation with an old epoch", epoch=1, sequence=0)

    def acl(self, *change):
        self.broker.admin(ACL, *change, "--topic", self.keys_topic)

    def test_the_right_to_write_keys_is_taken_away_and_given_back(self):
        everybody = ("--allow-principal", "User:*", "--operation", "All")
        nobody = ("--deny-principal", "User:*", "--operation", "Write")
        self.acl("--add", *everybody)
        self.acl("--add", *nobody)
        self.at_last(lambda: self.rename("Needs no new key"), 200)
        for _ in range(2):
            self.assert_not_now(self.invite("Eve0"))
        place = f"topic {self.keys_topic} at {self.broker.bootstrap}"
        self.told(f"{place}: Kafka did not acknowledge the record: Broker: Topic authorization failed")
        self.assert_no_commit_without_its_keys()
        self.acl("--remove", "--force", *nobody)
        self.one_more()
        self.assert_nothing_is_lost()

    def test_the_right_to_read_keys_is_taken_away_stops_the_node_which_says_so(self):
        everybody = ("--allow-principal", "User:*", "--operation", "All")
        nobody = ("--deny-principal", "User:*", "--operation", "Read")
        self.acl("--add", *everybody)
        self.acl("--add", *nobody)
        self.assertEqual(self.a.child.process.wait(WAIT_S), 1)
        said = rf"topic {self.keys_topic} .*cannot be read on .*authorization failed"
        self.assertRegex(self.a.log_text(), said)
        self.acl("--remove", "--force", *nobody)
        self.a.child.process.stdout.close()
        self.a.start()
        self.one_more()
        self.assert_nothing_is_lost()

    def test_the_keys_topic_is_deleted_and_made_anew_from_the_folder(self):
        self.broker.admin(TOPIC, "--delete", "--topic", self.keys_topic)
        self.at_last(lambda: self.rename("Needs no new key"), 200)
        for _ in range(2):
            self.assert_not_now(self.invite("Eve0"))
        self.told(f"{self.keys_topic} [0]: topic does not exist")
        self.a.stop()  # also while librdkafka 2.0.2 never ends its consumer
        made = self.a.create_log()
        self.assertEqual(made.returncode, 0, made.stderr)
        self.a.start()  # the folder's keys are published there
        self.one_more()
        self.assert_nothing_is_lost()


if __name__ == "__main__":
    unittest.main()
