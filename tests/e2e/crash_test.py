"""kill -9 under load, again and again: nothing acknowledged lost, nothing doubled, order kept, views equal their
rebuild (quality.md "Durability and faults" 1). RL_CHAOS or RL_CHAOS_ROUNDS: more rounds."""

import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.ledger import Ledger, Worker  # noqa: E402
from support.world import NotStarted, Story, WorldTest, copy_of, offline, rounds  # noqa: E402

WORKERS = 6
MOST_LOAD_S = 0.25


class Crashes(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, log_segment_mb=8, logging_level="warn").start()
        self.s = Story(self.server, self.sim, numbers=WORKERS)
        self.ledger = Ledger(
            [
                Worker(self.s.owner.twin(), f"{self.s.ws}/numbers/{n}", n, f"w{i}")
                for i, n in enumerate(self.s.ids)
            ]
        )

    def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9_under_load(self):
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        for _ in range(rounds(100, 1000)):
            load_s = chance.uniform(0.0, MOST_LOAD_S)  # the moment of the crash is what is drawn

            def crash(load_s=load_s):
                time.sleep(load_s)
                self.server.kill()

            self.ledger.load_until(crash)
            self.server.start()
            self.ledger.settle()
        events = self.s.owner.events()
        self.assertGreaterEqual(self.ledger.count(), rounds(100, 1000) * WORKERS)
        self.assertEqual(self.ledger.faults_in(events), [])
        self.server.stop()
        self.assert_verified(self.server)
        exported = [
            json.loads(line) for line in offline(self.server.data, "events", "export").stdout.splitlines()
        ]
        told = exported[: len(events)]  # what came after are provider outcomes
        self.assertEqual([(e["id"], e["sequence"]) for e in told], [(e["id"], e["sequence"]) for e in events])
        self.the_check_can_fail(events)

    def the_check_can_fail(self, events):
        """The negative control: what the rule forbids is noticed."""
        renames = [
            i
            for i, e in enumerate(events)
            if e["type"] == "number.renamed.v1" and e["subject"] == f"numbers/{self.s.ids[0]}"
        ]
        lost = events[: renames[3]] + events[renames[3] + 1 :]
        doubled = events[: renames[3]] + [events[renames[3]]] + events[renames[3] :]
        swapped = list(events)
        swapped[renames[3]], swapped[renames[4]] = events[renames[4]], events[renames[3]]
        for forged in (lost, doubled, swapped):
            self.assertNotEqual(self.ledger.faults_in(forged), [])
        self.a_shortened_log_is_refused()

    def a_shortened_log_is_refused(self):
        """A copy that lacks acknowledged commits: neither `log verify` nor a start says OK."""
        copy = copy_of(self.server.data, self.folder / "shortened")
        segment = sorted((copy / "log").glob("*.seg"))[-1]
        data = segment.read_bytes()
        end = len(data.rstrip(b"\0"))
        segment.write_bytes(data[: 4096 + (end - 4096) // 2])
        verified = offline(copy, "log", "verify")
        self.assertNotEqual(verified.returncode, 0, verified.stdout)
        self.assertIn(segment.name, verified.stderr)
        short = self.new_server(self.sim, data=copy, logging_level="warn")
        with self.assertRaisesRegex(NotStarted, segment.name):
            short.start()


if __name__ == "__main__":
    unittest.main()
