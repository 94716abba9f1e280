"""The log in Apache Kafka: the same product. The story of issue 3 runs as it is; what is Kafka's own follows: the
topic, the local copy, the broker that goes away, a stranger's records, kill -9 under load."""

import json
import pathlib
import random
import shutil
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import story_test  # noqa: E402
from support.kafka import KafkaWorld, give_master_key  # noqa: E402
from support.ledger import Ledger, Worker  # noqa: E402
from support.world import WAIT_S, NotStarted, Story, rounds, until  # noqa: E402

WORKERS = 4
MOST_LOAD_S = 0.5
KEEP_S = 50  # longer than a busy machine needs to change the seat, and less than a client waits


class TheStoryOnKafka(KafkaWorld, story_test.TheStory):
    """test_a_number_lives_its_life, kill -9 between every two steps."""


class OnKafka(KafkaWorld):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="info").start()
        self.s = Story(self.server, self.sim, numbers=WORKERS)

    def rename(self, label, number=0, **more):
        path = f"{self.s.ws}/numbers/{self.s.ids[number]}"
        return self.s.owner.send("PATCH", path, {"label": label}, **more)

    def label(self, number=0):
        return self.s.owner.must("GET", f"{self.s.ws}/numbers/{self.s.ids[number]}")["label"]

    def metric(self, name):
        lines = self.s.operator.get("/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def test_kcat_prints_the_commits(self):
        self.assertEqual(self.rename("Seen by kcat").status, 200)
        topic, broker = self.server.topic, self.server.broker
        out = broker.kcat(topic, "-C", "-e", "-o", "beginning", "-f", r"%k|%h|%s\n")
        lines = [line.split("|", 2) for line in out.splitlines()]
        self.assertTrue(lines[0][1].startswith("kind=log"))
        key, headers, payload = [line for line in lines if "command=RenameNumber" in line[1]][-1]
        commit = json.loads(payload)
        self.assertEqual(key, self.s.account)
        self.assertEqual((commit["account"], commit["cmd"]), (key, "RenameNumber"))
        self.assertEqual(
            headers, f"kind=commit,v=1,commit={commit['id']},command=RenameNumber,types=number.renamed.v1"
        )

    def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9_under_load(self):
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        ledger = Ledger(
            [
                Worker(self.s.owner.twin(), f"{self.s.ws}/numbers/{n}", n, f"w{i}")
                for i, n in enumerate(self.s.ids)
            ]
        )
        for round_ in range(rounds(5, 100)):
            load_s = chance.uniform(0.1, MOST_LOAD_S)

            def crash(load_s=load_s, before=ledger.count()):
                time.sleep(load_s)  # the moment of the crash is what is drawn
                until(lambda: ledger.count() > before + WORKERS, "something was acknowledged")
                self.server.kill()

            ledger.load_until(crash)
            if round_ % 2:
                shutil.rmtree(self.server.data / "log")  # the copy is fetched again
            self.server.start()
            ledger.settle()
        events = self.s.owner.events()
        self.assertGreater(ledger.count(), rounds(5, 100) * WORKERS)
        self.assertEqual(ledger.faults_in(events), [])
        self.server.stop()
        self.assert_verified(self.server)

    def test_a_strangers_record_is_void_counted_and_told_and_nothing_stops(self):
        self.assertEqual(self.rename("Before").status, 200)
        before = self.metric("void_commits_total")
        self.server.broker.kcat(self.server.topic, "-P", "-p", "0", text="hello\n")
        forged = ["-P", "-p", "0", "-H", "kind=commit", "-H", "v=1"]
        self.server.broker.kcat(self.server.topic, *forged, text="not even JSON\n")
        self.server.broker.kcat(
            self.server.topic, "-P", "-p", "0", "-H", "kind=claim", "-H", "v=1", text="neither\n"
        )
        self.assertEqual(self.rename("After").status, 200)
        until(lambda: self.metric("void_commits_total") >= before + 3, "three void records are counted")
        self.assertIn("a record of the log does not count", self.server.log_text())
        self.server.restart()
        self.assertEqual(self.label(), "After")
        self.server.stop()
        self.assert_verified(self.server)

    def newer(self, **stamp):
        """A commit as a newer release would write it."""
        record = {"v": 99, **stamp, "what": "nobody here knows"}
        forged = ["-P", "-p", "0", "-H", "kind=commit", "-H", "v=99"]
        self.server.broker.kcat(self.server.topic, *forged, text=json.dumps(record, separators=(",", ":")) + "\n")

    def test_a_newer_record_of_a_stranger_is_void_and_one_that_counts_stops_the_node_which_says_what_to_do(self):
        self.assertEqual(self.rename("Before").status, 200)
        before = self.metric('void_commits_total{reason="foreign"}')
        self.newer(term=1, node="stranger", seq=1)
        self.assertEqual(self.rename("After").status, 200)
        counted = 'void_commits_total{reason="foreign"}'
        until(lambda: self.metric(counted) == before + 1, "the stranger's is counted")
        records = self.server.broker.kcat(self.server.topic, "-C", "-e", "-o", "beginning", "-f", r"%s\n")
        last = json.loads(records.splitlines()[-1])
        self.newer(term=last["term"], node=last["node"], seq=last["seq"] + 1)
        self.assertEqual(self.server.child.process.wait(WAIT_S), 1)
        self.assertIn("update Ringledger", self.server.log_text())

    def test_a_broker_that_goes_away_is_waited_for_and_nothing_is_lost(self):
        """Broker gone: 503 with Retry-After, then on by itself."""
        self.assertEqual(self.rename("Before", key="k-before-the-break").status, 200)
        self.server.broker.stop()
        key = "k-while-it-is-away"
        away = self.rename("While away", key=key)
        self.assertEqual(away.status, 503, away)
        self.assertTrue(away.headers.get("Retry-After"))
        self.assertEqual(self.label(), "Before")  # reads go on
        self.server.broker.start()
        until(lambda: self.rename("While away", key=key).status == 200, "writes go on by themselves")
        self.assertEqual(self.label(), "While away")
        renames = [e for e in self.s.owner.events() if e["type"] == "number.renamed.v1"]
        self.assertEqual(len(renames), 2)
        self.server.must_run()

    def test_a_stop_while_the_broker_is_away_waits_for_nothing_that_cannot_come(self):
        self.server.broker.stop()
        self.addCleanup(self.server.broker.start)
        key = "k-before-the-stop"
        self.assertEqual(self.rename("In flight", key=key).status, 503)
        began = time.monotonic()
        self.server.stop()
        took = time.monotonic() - began
        print(f"stopped after {took:.1f} s", flush=True)
        self.assertNotIn("stopped without draining", self.server.log_text())
        self.server.broker.start()
        self.server.start()
        until(lambda: self.rename("In flight", key=key).status == 200, "the repeat finds the one result")

    def test_a_topic_that_is_no_log_or_could_lose_commits_is_refused_with_what_to_do(self):
        other = self.new_server(self.sim, prefix="other")
        other.settings["kafka_topic_prefix"] = "no-such"
        self.assert_refused(other, "`ringledger log create` makes it")
        self.server.stop()
        self.server.settings["kafka_topic_prefix"] = "other"  # the folder is a copy of another topic
        self.assert_refused(self.server, "is a copy of partition 0 of Kafka topic")
        del self.server.settings["log_engine"]
        self.assert_refused(self.server, 'start with log.engine = \\"kafka\\"')
        other.settings["kafka_topic_prefix"] = "other"
        again = other.create_log()
        self.assertEqual((again.returncode, "is a log already" in again.stdout), (0, True), again.stderr)

    def assert_refused(self, server, why):
        self.assertRaises(NotStarted, server.start)
        self.assertIn(why, server.log_text())

    def second(self):
        """Another process on the same topic, with the same master key."""
        prefix = self.server.settings["kafka_topic_prefix"]
        second = self.new_server(self.sim, prefix=prefix, cluster_keep_seconds=KEEP_S)
        give_master_key(self.server, second)
        return second.start()

    def term(self):
        """The newest that the first one knows of."""
        return self.server.client().get("/readyz").json["partitions"][0]["term"]

    def role(self, server):
        return server.client().get("/readyz").json["partitions"][0]["role"]

    def test_two_processes_on_one_topic_one_writes_and_the_other_takes_over_when_it_is_gone(self):
        """The second follows and sends commands on; what it was told by the writer it shows at once; it writes when the
        first is killed."""
        second = self.second()
        twin = second.client(self.s.owner.key)
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        roles = lambda: sorted((self.role(self.server), self.role(second)))  # noqa: E731
        until(lambda: roles() == ["follower", "writer"], lambda: f"one writes, the other follows: {roles()}")
        sent_on = twin.send("PATCH", path, {"label": "Through the second"}, key="k-through")
        self.assertEqual(sent_on.status, 200, sent_on)
        self.assertEqual(twin.must("GET", path)["label"], "Through the second")
        again = self.rename("Through the second", key="k-through")
        self.assertEqual((again.json, again.headers.get("Idempotency-Replayed")), (sent_on.json, "true"))
        self.assertEqual(twin.send("PATCH", path, {"label": 7}).status, 400)  # judged without the writer
        self.server.kill()
        by_second = lambda: twin.send("PATCH", path, {"label": "By the second"}, key="k-second")  # noqa: E731
        until(lambda: by_second().status == 200, "it writes", 2 * KEEP_S)
        self.assertEqual(self.role(second), "writer")
        labels = [e["data"]["label"] for e in twin.events() if e["type"] == "number.renamed.v1"]
        self.assertEqual(labels, ["Through the second", "By the second"])

    def test_a_paused_writer_comes_back_fenced(self):
        """SIGSTOP: the other one takes over; what is asked of the woken one goes to the new writer, nothing is lost or
        doubled."""
        second = self.second()
        twin = second.client(self.s.owner.key)
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        term = self.term()
        self.server.child.process.send_signal(signal.SIGSTOP)
        until(lambda: twin.send("PATCH", path, {"label": "While it slept"}, key="k-slept").status == 200, "taken over")
        self.server.child.process.send_signal(signal.SIGCONT)
        until(lambda: self.term() > term, "the woken one knows that it lost")
        until(lambda: self.rename("Through the woken one", key="k-woken").status == 200, "it sends on")
        labels = [e["data"]["label"] for e in twin.events() if e["type"] == "number.renamed.v1"]
        self.assertEqual(labels, ["While it slept", "Through the woken one"])


if __name__ == "__main__":
    unittest.main()
