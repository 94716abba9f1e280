"""`ringledger simulator traffic`: a day of visitors and callers against the real program."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.program import PROGRAM  # noqa: E402
from support.world import WAIT_S, Story, WorldTest  # noqa: E402


class Traffic(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="warn").start()
        self.s = Story(self.server, self.sim, numbers=4)

    def assign(self, campaign, numbers):
        body = {"campaign": campaign, "numbers": numbers, "acknowledged": []}
        self.s.owner.must("POST", f"{self.s.ws}/numbers/assign", body, wait_s=30)

    def traffic(self, *more):
        where = ["--url", f"http://127.0.0.1:{self.server.port}", "--simulator", self.sim.url]
        return subprocess.run(
            [PROGRAM, "simulator", "traffic", *where, *more],
            env=os.environ | {"RINGLEDGER_KEY": self.s.owner.key},
            capture_output=True,
            text=True,
            timeout=4 * WAIT_S,
        )

    def test_a_day_of_visitors_and_callers_is_seen_in_the_product(self):
        """A newcomer sees a filled product: visits, calls owed to them, last calls, and nothing that failed."""
        tracker = self.s.campaign("Website", campaign_type="website_tracker")
        static = self.s.campaign("Billboard")
        self.assign(tracker, self.s.ids[:3])
        self.assign(static, self.s.ids[3:])
        options = ["--day-seconds", "1", "--visitors-per-hour", "4", "--callers", "30", "--calls-per-hour", "1"]
        done = self.traffic("--seed", "7", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["faults"], 0, done.stderr)
        self.assertGreater(told["visits"], 40)
        self.assertEqual(told["visits_ended"], told["visits"])
        calls = self.s.owner.items(f"{self.s.ws}/calls?limit=500")
        self.assertEqual(len(calls), told["calls_of_visitors"] + told["calls"])
        self.assertGreater(told["calls_of_visitors"], 5)
        owed = [c for c in calls if c["attribution"]["session"]]
        self.assertGreater(len(owed), 0)
        events = {e["id"] for e in self.s.owner.events()}
        for call in owed:
            self.assertLessEqual(set(call["attribution"]["evidence"]), events)
        numbers = self.s.owner.items(f"{self.s.ws}/numbers")
        self.assertTrue(all(n["last_call_at"] for n in numbers), numbers)
        detail = self.s.owner.must("GET", f"{self.s.ws}/numbers/{self.s.ids[3]}")
        (health,) = detail["health"]
        self.assertEqual((health["campaign"]["id"], health["attempts"]), (static, told["calls"]))
        again = json.loads(self.traffic("--seed", "7", *options).stdout)
        same = ("visits", "heartbeats", "calls", "calls_of_visitors")
        self.assertEqual([again[k] for k in same], [told[k] for k in same])
        self.server.stop()
        self.assert_verified(self.server)

    def test_visitors_wait_for_their_turn_when_one_address_may_begin_only_so_many_visits(self):
        """POOL-05 past limits.page_address_requests_per_second it waits as long as it is told, and nothing fails"""
        self.server.stop()
        limit = "limits_page_address_request"
        self.server.settings |= {f"{limit}s_per_second": 1, f"{limit}_burst": 1}
        self.server.start()
        self.assign(self.s.campaign("Website", campaign_type="website_tracker"), self.s.ids)
        done = self.traffic("--day-seconds", "0", "--hours", "12", "--visitors-per-hour", "1", "--calls-per-hour", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertGreater(told["visits"], 3)
        self.assertGreater(told["waits"], 0)

    def test_without_anybody_to_visit_or_to_call_it_says_so(self):
        done = self.traffic()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no website tracker and no assigned number", done.stderr)


if __name__ == "__main__":
    unittest.main()
