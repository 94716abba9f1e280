"""The provider's bad days: commands go on, numbers show pending and are synced by themselves later."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, until  # noqa: E402


class Provider(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim).start()
        self.s = Story(self.server, self.sim, numbers=3)
        self.paths = [f"{self.s.ws}/numbers/{n}" for n in self.s.ids]
        self.sim.forget_requests()

    def state(self, i=0):
        return self.s.owner.must("GET", self.paths[i])["provider"]["state"]

    def rename(self, label, i=0, **more):
        return self.s.owner.send("PATCH", self.paths[i], {"label": label}, **more)

    def name_at_twilio(self, i=0):
        return self.sim.fetch(self.s.twilio, self.s.e164s[i])["friendly_name"]

    def until_synced(self, i=0):
        until(lambda: self.state(i) == "synced", lambda: f"synced: {self.s.owner.must('GET', self.paths[i])}")

    def posts(self):
        return self.sim.requests(self.s.twilio, "POST")

    def test_while_the_provider_is_down_commands_go_on_and_numbers_are_synced_by_themselves(self):
        self.sim.stop()
        answers = [self.rename(f"down {i}", i) for i in range(3)]
        self.assertEqual([(a.status, a.json["provider"]["state"]) for a in answers], [(200, "pending")] * 3)
        pending = self.s.owner.must("GET", f"{self.s.ws}/numbers?provider_state=pending")
        self.assertEqual(pending["total"], 3)
        self.assertEqual(self.rename("down", wait_s=1).json["provider"]["state"], "pending")  # waited in vain
        asks = self.s.owner.send(
            "POST",
            f"{self.s.ws}/numbers/import",
            {"connection": self.s.connection_id, "numbers": [{"e164": "+14155550999"}]},
        )
        self.assert_problem(asks, 502, "provider_unavailable")  # what must be asked first cannot be
        self.assertTrue(asks.json["retryable"])
        self.server.restart()
        self.assertEqual({self.state(i) for i in range(3)}, {"pending"})
        self.sim.start()
        for i in range(3):
            self.until_synced(i)
        self.assertEqual([self.name_at_twilio(i) for i in range(3)], ["down", "down 1", "down 2"])

    def test_5xx_429_and_lost_answers_are_tried_again(self):
        for fault in (
            {"status": 500, "times": 3},
            {"status": 503, "times": 2},
            {"status": 429, "retry_after_s": 1},
            {"drop_answer": True, "times": 2},
            {"delay_ms": 1500},
        ):
            with self.subTest(fault):
                label = f"after {sorted(fault)} {fault.get('status')}"
                self.sim.fault(method="POST", **fault)
                self.assertEqual(self.rename(label).json["provider"]["state"], "pending")
                self.until_synced()
                self.assertEqual(self.name_at_twilio(), label)
        self.assertTrue(any(r["faulted"] for r in self.posts()))  # the request log has the faulted ones too

    def test_an_outcome_is_waited_for_first_and_in_a_repeat(self):
        self.sim.fault(method="POST", delay_ms=700)
        first = self.rename("waited", key="wait-1", wait_s=30)
        self.assertEqual(
            (first.status, first.json["provider"]["state"], first.json["label"]), (200, "synced", "waited")
        )
        self.assertEqual(self.state(), "synced")  # the answer's position is the outcome's
        again = self.rename("waited", key="wait-1", wait_s=30)
        self.assertEqual((again.json["provider"]["state"], again.replayed), ("synced", True))
        remembered = self.rename("waited", key="wait-1")
        self.assertEqual((remembered.json["provider"]["state"], remembered.replayed), ("pending", True))

    def test_a_refusal_for_good_is_told_to_who_waits_and_shown_as_failed(self):
        self.sim.fault(method="POST", status=400, code=21401, times=5)
        refused = self.rename("never", wait_s=30)
        self.assert_problem(refused, 409, "provider_refused")
        self.assertEqual(refused.json["provider"]["code"], 21401)
        self.assertIn("more_info", refused.json["provider"])
        row = self.s.owner.must("GET", self.paths[0])
        self.assertEqual(
            (row["provider"]["state"], row["provider"]["error"]["code"], row["label"]),
            ("failed", 21401, "never"),
        )
        self.assertEqual(refused.json["provider"]["more_info"], row["provider"]["error"]["more_info"])
        self.sim.clear_faults()
        self.assertEqual(self.rename("at last", wait_s=30).json["provider"]["state"], "synced")

    def test_outcomes_of_many_numbers_are_waited_for(self):
        self.sim.fault(method="POST", status=400, code=21401)
        body = {"campaign": self.s.campaign("Many"), "numbers": self.s.ids}
        answer = self.s.owner.send("POST", f"{self.s.ws}/numbers/assign", body, key="many", wait_s=30)
        self.assertEqual((answer.status, answer.json["assigned"]), (200, 3), answer)
        states = [self.state(i) for i in range(3)]
        self.assertEqual(sorted(states), ["failed", "synced", "synced"])
        refused = [r["error"] and r["error"]["code"] for r in answer.json["results"]]
        self.assertEqual(refused, ["provider_refused" if s == "failed" else None for s in states])
        again = self.s.owner.send("POST", f"{self.s.ws}/numbers/assign", body, key="many", wait_s=30)
        self.assertEqual((again.body, again.position, again.replayed), (answer.body, answer.position, True))

    def test_an_outcome_names_its_cause_and_continues_its_trace(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        traceparent = f"00-{trace}-b7ad6b7169203331-01"
        self.rename("traced", headers={"traceparent": traceparent}, wait_s=30)
        outcome, wish = self.s.owner.must("GET", f"{self.paths[0]}/history")["items"][:2]
        self.assertEqual([outcome["type"], wish["type"]], ["number.provider_synced.v1", "number.renamed.v1"])
        self.assertEqual(outcome["causation"], wish["commandid"])
        self.assertIsNone(wish["causation"])
        spans = [e["traceparent"].split("-")[1:3] for e in (outcome, wish)]
        self.assertEqual([span[0] for span in spans], [trace, trace])
        self.assertNotEqual(spans[0][1], spans[1][1])

    def test_after_the_public_url_changed_hooks_are_rewritten_by_themselves(self):
        campaign = self.s.campaign("Moving")
        for path in self.paths[:2]:
            self.s.owner.must("PUT", f"{path}/assignment", {"campaign": campaign}, wait_s=30)
        self.server.stop()
        self.sim.forget_requests()
        self.server.settings["server_public_url"] = "https://moved.example"
        self.server.start()

        def moved(i):
            return self.sim.fetch(self.s.twilio, self.s.e164s[i])["voice_url"].startswith("https://moved.example/")

        until(lambda: moved(0) and moved(1), "both numbers' hooks name the new URL")
        for i in range(2):
            self.until_synced(i)
        kept = self.sim.fetch(self.s.twilio, self.s.e164s[2])
        self.assertEqual(kept["voice_url"], "https://pbx.example/voice")
        self.assertEqual(len(self.posts()), 2, [r["params"] for r in self.posts()])
        newest = self.s.owner.must("GET", f"{self.paths[0]}/history")["items"]
        self.assertEqual(
            [(e["type"], e["actor"]) for e in newest[:2]],
            [("number.provider_synced.v1", "system"), ("number.hooks_outdated.v1", "system")],
        )
        self.assertEqual(newest[0]["causation"], newest[1]["commandid"])
        until(lambda: "hooks name the public URL" in self.server.log_text(), "the walk is done")
        self.server.restart()
        self.rename("after", wait_s=30)
        self.assertEqual(len(self.posts()), 3, [r["params"] for r in self.posts()])

    def test_ten_quick_changes_cost_few_calls(self):
        self.sim.fault(
            method="POST", delay_ms=1000
        )  # the first call is under way while the others are decided
        for i in range(10):
            self.rename(f"quick {i}")
        self.until_synced()
        self.assertEqual(self.name_at_twilio(), "quick 9")
        self.assertLessEqual(len(self.posts()), 3, [r["params"] for r in self.posts()])

    def test_a_crash_with_a_call_under_way_repeats_harmlessly(self):
        self.sim.fault(method="POST", delay_ms=2000)
        self.rename("crash")
        until(self.posts, "the call is under way")
        self.server.restart()
        self.until_synced()
        self.assertEqual(self.name_at_twilio(), "crash")
        synced = [
            e
            for e in self.s.owner.events()
            if e["type"] == "number.provider_synced.v1" and e["subject"] == f"numbers/{self.s.ids[0]}"
        ]
        self.assertEqual(len(synced), 1, synced)


if __name__ == "__main__":
    unittest.main()
