"""Calls through the real program: the simulated Twilio rings a number, follows the TwiML and tells how it ended;
posts are proven, doubled, shuffled and cut off."""

import json
import pathlib
import random
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.webhook import Poster, call_sid, voice_form  # noqa: E402
from support.world import NoAnswer, Story, WorldTest, rounds  # noqa: E402

DESK = "+12125550199"
CALLER = "+12125550100"


class Calls(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="warn").start()
        self.s = Story(self.server, self.sim, numbers=1)
        self.e164, self.number = self.s.e164s[0], self.s.ids[0]
        self.campaign = self.s.campaign("Spring", forward_to=DESK)
        self.assign(self.campaign)
        self.poster = Poster(self.server, self.s.connection_id, self.s.twilio["auth_token"])
        self.addCleanup(self.poster.close)

    def assign(self, campaign, **more):
        path = f"{self.s.ws}/numbers/{self.number}/assignment"
        self.s.owner.must("PUT", path, {"campaign": campaign, "acknowledged": []} | more, wait_s=30)

    def ring(self, **more):
        order = {"account_sid": self.s.twilio["account_sid"], "from": CALLER, "to": self.e164}
        return self.sim.control("POST", "calls", order | more)

    def calls(self, query=""):
        return self.s.owner.must("GET", f"{self.s.ws}/calls{query}")["items"]

    def form(self, sid, status="ringing", **more):
        return voice_form(self.s.twilio["account_sid"], sid, self.e164, status, **more)

    def test_a_call_rings_through_to_the_campaign_and_is_listed_with_its_attribution(self):
        """NUM-16 WHK-03 WHK-05 WHK-06 WHK-07 a call rings through, and is listed with an attribution to follow"""
        rung = self.ring(duration_s=42)
        steps = [s["event"] for s in rung["transcript"]]
        for step in ("voice_webhook", "dial", "dial_ended", "status_callback"):
            self.assertIn(step, steps)
        dialled = next(s for s in rung["transcript"] if s["event"] == "dial")
        self.assertEqual((dialled["to"], dialled["caller_id"]), (DESK, CALLER))
        self.assertEqual([s for s in rung["transcript"] if "error" in s], [])
        (call,) = self.calls()
        self.assertEqual(call["provider_sid"], rung["call"]["sid"])
        self.assertEqual((call["from"], call["direction"], call["outcome"]), (CALLER, "inbound", "answered"))
        self.assertEqual(call["status"], "completed")
        self.assertGreaterEqual(call["duration_s"], 42)
        self.assertEqual(call["number"], {"id": self.number, "e164": self.e164})
        self.assertEqual(call["campaign"]["name"], "Spring")
        owed = call["attribution"]
        self.assertEqual(owed["campaign"], {"id": self.campaign, "name": "Spring"})
        self.assertEqual((owed["confidence"], owed["flags"], owed["model"]), (1.0, [], "last_touch"))
        events = {e["id"]: e for e in self.s.owner.events()}
        (proof,) = owed["evidence"]
        self.assertEqual(events[proof]["type"], "number.assigned.v1")
        self.assertEqual(events[proof]["data"]["campaign"], self.campaign)
        self.assertEqual(self.s.owner.must("GET", f"{self.s.ws}/calls/{call['id']}"), call)
        shown = self.s.owner.must("GET", f"{self.s.ws}/numbers/{self.number}")
        self.assertEqual(shown["last_call_at"], call["started_at"])
        self.assertEqual(shown["webhooks"]["voice_url"], shown["provider"]["actual"]["voice_url"])
        told = self.s.owner.must("GET", f"{self.s.ws}/numbers/{self.number}/diagnosis")
        self.assertEqual((told["ok"], [c for c in told["checks"] if not c["ok"]]), (True, []))
        self.assertEqual(self.s.owner.get(f"{self.s.ws2}/calls/{call['id']}").status, 404)
        self.server.stop()
        self.assert_verified(self.server)
        self.nothing_of_the_caller_is_in_clear_outside_the_views()

    def nothing_of_the_caller_is_in_clear_outside_the_views(self):
        for file in self.server.data.rglob("*"):
            if file.is_file() and "views" not in file.relative_to(self.server.data).parts:
                data = file.read_bytes()
                for part in (CALLER[1:], "12125550100"):
                    self.assertNotIn(part.encode(), data, file)

    def test_an_attribution_recomputed_by_another_model_stands_beside_the_old_one(self):
        """POOL-05 A new fact beside the old; the same model gives the old bytes again, and an unknown one is named."""
        self.ring()
        (call,) = self.calls()
        at = f"{self.s.ws}/calls/{call['id']}"
        told = self.s.owner.must("POST", f"{at}/attribution", {"model": "linear"})
        self.assertEqual((told["id"], told["attribution"]["model"]), (call["id"], "linear"))
        shown = self.s.owner.must("GET", at)
        self.assertEqual(shown["attribution"], told["attribution"])
        self.assertEqual(shown["attributed_by"]["command"], "RecomputeAttribution")
        before = {"by": call["attributed_by"], "attribution": call["attribution"]}
        self.assertEqual(shown["earlier_attributions"], [before])
        events = len(self.s.owner.events())
        self.s.owner.must("POST", f"{at}/attribution", {"model": "linear"})
        self.assertEqual(len(self.s.owner.events()), events)
        self.s.owner.must("POST", f"{at}/attribution", {})
        attributed = [e for e in self.s.owner.events() if e["type"].startswith("call.attribut")]
        texts = [json.dumps(e["data"]["attribution"]) for e in attributed]
        self.assertEqual(texts[0], texts[2])
        self.assertEqual([attributed[0]["id"], attributed[1]["id"]], [e["data"]["replaces"] for e in attributed[1:]])
        answer = self.s.owner.send("POST", f"{at}/attribution", {"model": "gut_feeling"})
        self.assert_problem(answer, 400, "validation_failed", "/model")
        for model in ("last_touch", "time_decay"):
            self.assertIn(model.encode(), answer.body)
        elsewhere = f"{self.s.ws2}/calls/{call['id']}/attribution"
        self.assertEqual(self.s.owner.send("POST", elsewhere, {"model": "linear"}).status, 404)
        self.server.stop()
        self.assert_verified(self.server)

    def test_a_campaigns_figures_are_told_per_day_of_the_workspaces_zone(self):
        """Each day of the range, of the zone the workspace has; the total is that of the calls that are listed."""
        self.ring(duration_s=42)
        self.ring(answer="busy")
        self.ring(**{"from": "+12125550101"})
        at = f"{self.s.ws}/campaigns/{self.campaign}/figures"
        told = self.s.owner.must("GET", at)
        self.assertEqual((told["time_zone"], len(told["days"])), ("UTC", 30))
        total = told["total"]
        self.assertEqual((total["calls"], total["answered"], total["missed"], total["in_progress"]), (3, 2, 1, 0))
        self.assertEqual(total["first_callers"], 2)
        talked = sum(c["duration_s"] for c in self.calls("?outcome=answered"))
        self.assertEqual(total["talk_s"], talked)
        self.s.owner.must("PATCH", self.s.ws, {"time_zone": "Pacific/Kiritimati"})  # 14 hours ahead
        there = self.s.owner.must("GET", at)
        self.assertEqual((there["time_zone"], there["total"]), ("Pacific/Kiritimati", total))
        days = [d for d in there["days"] if d["figures"]["calls"]]
        started = {c["started_at"] for c in self.calls()}
        for day in days:
            self.assertTrue(any(day["starts_at"] <= s < day["ends_at"] for s in started), (days, started))
        answer = self.s.owner.get(f"{at}?from=2026-02-30")
        self.assert_problem(answer, 400, "validation_failed", "/from")
        self.server.stop()
        self.assert_verified(self.server)

    def test_an_unanswered_call_and_a_parked_number(self):
        """WHK-04 WHK-05 WHK-08 what nobody answers and what is parked is told so"""
        self.ring(answer="no-answer")
        self.ring(answer="busy")
        self.assign(None, acknowledged=["moving_between_campaigns", "campaign_left_empty"])
        parked = self.ring()
        self.assertIn("reject", [s["event"] for s in parked["transcript"]])
        self.assertEqual([c["outcome"] for c in self.calls("?sort=started_at")], ["no_answer", "busy", "parked"])
        self.assertEqual(len(self.calls("?outcome=busy")), 1)
        self.assertEqual(self.calls("?outcome=parked")[0]["attribution"]["flags"], ["unattributed"])
        at = f"{self.s.ws}/numbers/{self.number}"
        self.assertEqual(self.s.owner.must("GET", at)["routing_gap"], "parking")
        told = self.s.owner.must("GET", f"{at}/diagnosis")
        self.assertEqual([c["check"] for c in told["checks"] if not c["ok"]], ["assignment", "routing"])

    def test_a_call_from_a_country_that_is_not_in_the_list_is_rejected_and_recorded(self):
        """CTY-01 CTY-04 a caller of another country meets Reject, and the call is told as blocked_country"""
        at = f"{self.s.ws}/numbers/{self.number}"
        set_ = self.s.owner.must("PUT", f"{at}/countries/inbound", {"countries": ["US", "CA"]})
        self.assertEqual((set_["countries"], set_["allow_unknown_caller"]), (["CA", "US"], True))
        self.s.owner.must("PUT", f"{at}/countries/outbound", {"countries": ["GB"]})
        shown = self.s.owner.must("GET", at)["countries"]
        wanted = {"inbound": ["CA", "US"], "outbound": ["GB"], "allow_unknown_caller": True}
        self.assertEqual(shown, wanted)
        steps = [s["event"] for s in self.ring(**{"from": "+447700900123"})["transcript"]]
        self.assertIn("reject", steps)
        self.assertNotIn("dial", steps)
        self.assertIn("dial", [s["event"] for s in self.ring()["transcript"]])
        self.assertEqual([c["outcome"] for c in self.calls()], ["answered", "blocked_country"])
        (blocked,) = self.calls("?outcome=blocked_country")
        self.assertEqual((blocked["from"], blocked["duration_s"]), ("+447700900123", 0))
        answer = self.s.owner.send("PUT", f"{at}/countries/inbound", {"countries": ["XX"]})
        self.assert_problem(answer, 400, "validation_failed", "/countries/0")

    def test_the_calls_of_a_transferred_number_stay_with_the_source(self):
        """XFR-07 LOG-08 the source keeps its calls; the destination has none, and its number no last call"""
        self.ring()
        before = self.calls()
        codes = ["moving_between_campaigns", "campaign_left_empty"]
        to = {"to_workspace": self.s.workspaces[1], "acknowledged": codes}
        self.s.owner.must("POST", f"{self.s.ws}/numbers/{self.number}/transfer", to, wait_s=30)
        there = f"{self.s.ws2}/numbers/{self.number}"
        self.assertIsNone(self.s.owner.must("GET", there)["last_call_at"])
        self.assertEqual(self.s.owner.must("GET", f"{self.s.ws2}/calls")["items"], [])
        self.assertEqual(self.calls(), before)
        self.ring()
        (call,) = self.s.owner.must("GET", f"{self.s.ws2}/calls")["items"]
        self.assertEqual((call["outcome"], call["number"]["id"]), ("parked", self.number))
        self.assertEqual(self.s.owner.must("GET", there)["last_call_at"], call["started_at"])
        self.assertEqual(self.calls(), before)

    def test_a_looked_up_name_is_shown_while_the_phone_rings(self):
        """CNA-02 with CNAM on the caller's name is there before anybody answers, and only then"""
        self.ring(caller_name="ANN CALLER")
        self.assertIsNone(self.calls()[0]["caller_name"])
        self.s.owner.must("PUT", f"{self.s.ws}/numbers/{self.number}/cnam", {"enabled": True}, wait_s=30)
        for hook in ("Action", "StatusCallback"):
            self.sim.fault(resource=hook, drop_request=True)
        self.ring(caller_name="ANN CALLER")
        call = self.calls()[0]
        self.assertEqual((call["caller_name"], call["status"], call["outcome"]), ("ANN CALLER", "ringing", None))

    def test_callbacks_doubled_and_shuffled_change_nothing(self):
        """Callbacks doubled and shuffled: no extra event, the same final rows."""
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        told = []
        for n in range(rounds(20, 400)):
            sid = call_sid(n + 1)
            self.assertEqual(self.poster.post("voice", self.form(sid)).status, 200)
            for i, status in enumerate(["initiated", "ringing", "in-progress", "completed"]):
                told.append(
                    self.form(
                        sid,
                        status,
                        CallbackSource="call-progress-events",
                        SequenceNumber=str(i),
                        CallDuration=str(10 * i),
                        Timestamp="Tue, 14 Nov 2023 22:13:2%d +0000" % i,
                    )
                )
        shuffled = told * 3
        chance.shuffle(shuffled)
        for form in shuffled:
            self.assertEqual(self.poster.post("status", form).status, 200)
        calls = self.s.owner.items(f"{self.s.ws}/calls?limit=500")
        events = len(self.s.owner.events())
        self.assertEqual(len(calls), rounds(20, 400))
        for call in calls:
            self.assertEqual((call["status"], call["duration_s"]), ("completed", 30))
            self.assertEqual(call["ended_at"], "2023-11-14T22:13:23.000Z")
        chance.shuffle(shuffled)
        self.server.restart()
        for form in shuffled:
            self.assertEqual(self.poster.post("status", form).status, 200)
        self.assertEqual(len(self.s.owner.events()), events)
        self.assertEqual(self.s.owner.items(f"{self.s.ws}/calls?limit=500"), calls)
        reported = [e for e in self.s.owner.events() if e["type"] == "call.status_reported.v1"]
        self.assertEqual(len(reported), len(told))

    def test_kill_9_between_commit_and_answer(self):
        """Killed between commit and answer, the retry gets the same TwiML and there is no second call."""
        wanted = re.compile(rb"<Number>\+12125550199</Number>")
        for n in range(rounds(10, 100)):
            sid = call_sid(n + 1)
            cut = threading.Thread(target=self.post_once, args=(sid,))
            cut.start()
            time.sleep(random.uniform(0, 0.02))  # the moment of the crash is what is drawn
            self.server.kill()
            cut.join()
            self.server.start()
            answer = self.poster.post("voice", self.form(sid))
            self.assertRegex(answer.body, wanted)
        calls = self.s.owner.items(f"{self.s.ws}/calls")
        self.assertEqual(len(calls), rounds(10, 100))
        self.assertEqual(len({c["provider_sid"] for c in calls}), len(calls))
        self.server.stop()
        self.assert_verified(self.server)

    def post_once(self, sid):
        poster = Poster(self.server, self.s.connection_id, self.s.twilio["auth_token"])
        try:
            poster.post("voice", self.form(sid))
        except NoAnswer:
            pass
        finally:
            poster.close()


class OverTheRate(WorldTest):
    def test_a_ringing_phone_is_connected_over_the_rate_too(self):
        """Twilio does not ask again after 429: the call is answered from the read models."""
        sim = self.start_simulator()
        limits = {"limits_requests_per_second": 1, "limits_request_burst": 100}  # the slowest machine posts faster
        server = self.new_server(sim, logging_level="warn", **limits).start()
        s = Story(server, sim, numbers=1)
        poster = Poster(server, s.connection_id, s.twilio["auth_token"])
        self.addCleanup(poster.close)
        for i in range(1000):
            form = voice_form(s.twilio["account_sid"], call_sid(i), s.e164s[0])
            answer = poster.post("voice", form)
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(b"<Response>", answer.body)
            if i % 100 == 99 and "over the connection's rate" in server.log_text():
                return
        self.fail("the rate was never reached")


if __name__ == "__main__":
    unittest.main()
