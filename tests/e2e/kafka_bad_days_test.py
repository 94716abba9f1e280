"""Bad days of the nodes on a real broker: the writer killed, paused and woken, two that claim in turn, two processes with
one configuration, strangers in the topic, the broker away, the topic misconfigured; while four clients write through
every node. RL_CHAOS or RL_CHAOS_ROUNDS: more and longer (scripts/chaos)."""

import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.client import WAIT_S, Client  # noqa: E402
from support.cluster import ClusterWorld  # noqa: E402
from support.oracle import Oracle, records_of  # noqa: E402
from support.program import free_port  # noqa: E402
from support.world import LONG, NotStarted, copy_of, rounds, until  # noqa: E402

PAUSE_S = 30 if LONG else 6  # longer than the take-over
AWAY_S = 60 if LONG else 8
DUEL_S = 180 if LONG else 15
CLAIMS_A_MINUTE = 6  # of a node (protocol.md "Liveness")


class Nodes(ClusterWorld):
    def test_the_writer_is_killed_and_another_goes_on(self):
        with self.load():
            for _ in range(rounds(3, 50)):
                self.written(self.chance.randrange(20, 80))
                writer = self.writer()
                writer.kill()
                killed = time.monotonic()
                self.resumed(killed, "kill -9 of the writer")
                self.written(20)
                writer.start()
        self.assert_one_truth()

    def test_a_paused_writer_wakes_up_fenced(self):
        """SIGSTOP past its session: another one took over, and nothing that the woken one held counts."""

        with self.load():
            for _ in range(rounds(2, 20)):
                self.written(self.chance.randrange(20, 80))
                writer, term = self.writer_and_term()
                writer.pause()
                paused = time.monotonic()
                try:
                    self.resumed(paused, "SIGSTOP of the writer")
                    left = PAUSE_S - (time.monotonic() - paused)
                    time.sleep(max(left, 0))  # the pause is the fault itself
                finally:
                    writer.resume()
                until(lambda w=writer, t=term: w.term() > t, lambda t=term: f"a term after {t}: {self.seats()}")
                self.written(20)
        self.assert_one_truth()

    def test_two_processes_with_one_configuration(self):
        """The same command twice is refused by the folder's lock; a copy of a folder, as a restored machine is, is a
        node of its own: nothing of its twin's is taken for its own."""
        twin = self.new_node()
        twin.data = self.nodes[1].data
        self.assertRaises(NotStarted, twin.start)
        self.assertIn("lock", twin.log_text())
        self.nodes[1].stop()
        twin.data = copy_of(self.nodes[1].data, twin.folder / "copy")
        self.nodes[1].start()
        self.nodes.append(twin.start())
        self.ledger = self.new_ledger(self.nodes)
        with self.load():
            for _ in range(rounds(2, 20)):
                self.written(50)
                writer = self.writer()
                writer.kill()
                killed = time.monotonic()
                self.resumed(killed, "kill -9 of one of three, two of them twins")
                writer.start()
        self.assert_one_truth()

    def test_a_strangers_records_are_void_counted_and_told_and_nothing_stops(self):
        """What no node wrote, and copies of what nodes wrote: a doubled produce, years late."""
        with self.load():
            for _ in range(rounds(2, 20)):
                self.written(50)
                self.intrude()
        voids = self.assert_one_truth().voids()
        self.assertGreaterEqual(voids["foreign"], 3 * rounds(2, 20))
        self.assertGreaterEqual(voids["late_claim"], rounds(2, 20))
        self.assertGreaterEqual(voids["second_log"], rounds(2, 20))
        self.assertGreaterEqual(sum(voids[r] for r in ("stale_term", "sequence_gap")), 2 * rounds(2, 20))
        for node in self.nodes:
            self.assertIn("a record of the log does not count", node.log_text())

    def intrude(self):
        topic, produce = self.nodes[0].topic, ("-P", "-p", "0", "-H", "v=1")
        self.broker.kcat(topic, "-P", "-p", "0", text="hello\n")
        self.broker.kcat(topic, *produce, "-H", "kind=commit", text="not even JSON\n")
        self.broker.kcat(topic, *produce, "-H", "kind=claim", text="neither\n")
        seen = list(records_of(self.broker, topic, most=50))
        of_kind = {kind: [r for r in seen if r[2].get("kind") == kind and is_json(r[3])] for kind in ("claim", "commit")}
        for _, _, headers, payload in [seen[0], of_kind["claim"][-1], of_kind["commit"][-1], of_kind["commit"][5]]:
            self.broker.kcat(topic, *produce, "-H", f"kind={headers['kind']}", text=payload + "\n")

    def test_two_that_claim_in_turn_make_progress_and_their_claims_are_bounded(self):
        """Each takes the other for dead: nobody answers at the URLs of their claims."""
        for node in self.nodes:
            node.stop()
            node.settings["server_node_url"] = f"http://127.0.0.1:{free_port()}"
            node.start()
        before, began = self.terms_claimed(Oracle(self.broker, self.nodes[0].topic)), time.monotonic()
        with self.load():
            while time.monotonic() - began < DUEL_S:
                self.written(10)
        claims = self.terms_claimed(self.assert_one_truth()) - before
        minutes = (time.monotonic() - began) / 60
        print(f"{claims} claims in {minutes * 60:.0f} s", flush=True)
        self.assertLessEqual(claims, len(self.nodes) * CLAIMS_A_MINUTE * (minutes + 1))

    @staticmethod
    def terms_claimed(told):
        """A claim that is not read within 5 s is sent again, the same one."""
        return len({(claim["term"], claim["node"]) for claim in told.claims()})

    def test_the_broker_is_restarted_and_killed_under_load(self):
        with self.load():
            for round_ in range(rounds(2, 20)):
                self.written(50)
                if round_ % 2:
                    self.broker.stop()
                else:
                    self.broker.kill()
                self.broker.start()
                self.resumed(time.monotonic(), "the broker's restart")
        self.assert_one_truth()

    def test_the_broker_is_away_for_long_and_writes_go_on_by_themselves(self):
        """503 with Retry-After, reads go on."""
        with self.load():
            self.written(20)
            self.broker.stop()
            gone = time.monotonic()
            while time.monotonic() - gone < AWAY_S:
                for node in self.nodes:
                    self.assert_not_now(node)
            self.broker.start()
            self.resumed(time.monotonic(), "the broker's return")
        self.assert_one_truth()

    def assert_not_now(self, node):
        """A patient client is told to come again, and is shown what there is."""
        patient = Client(node, self.s.owner.key, timeout_s=WAIT_S)
        answer = patient.send("POST", "/v1/workspaces", {"name": "While away", "default_country": "US"})
        self.assertEqual(answer.status, 503, answer)
        self.assertGreaterEqual(int(answer.headers.get("Retry-After", 0)), 1, answer)
        self.assertEqual(patient.get(f"{self.s.ws}/numbers").status, 200)

    def test_a_topic_that_could_lose_commits_is_refused_at_start_with_what_to_change(self):
        wrong = {"cleanup_policy": "compact", "retention_ms": "604800000", "flush_messages": "10000"}
        for node in self.nodes:
            node.stop()
        node = self.nodes[0]
        self.broker.configure(node.topic, **wrong)
        self.assertRaises(NotStarted, node.start)
        for name, value in wrong.items():
            self.assertIn(f'{name.replace("_", ".")} is \\"{value}\\", it must be ', node.log_text())
        mended = node.create_log()
        self.assertEqual(mended.returncode, 0, mended.stderr)
        for node in self.nodes:
            node.start()
        with self.load():
            self.written(20)
        self.assert_one_truth()


def is_json(text):
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


if __name__ == "__main__":
    unittest.main()
