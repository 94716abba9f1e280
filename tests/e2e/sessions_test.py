"""Visits of a website through the real program: numbers lent over HTTP, heartbeats, what follows from their
absence, and calls that are owed to the very visit that saw the number."""

import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, in_threads, until  # noqa: E402

SITE = "https://shop.example"
CALLER = "+12125550100"


class Sessions(WorldTest):
    NUMBERS = 2
    POOL = {}
    SERVER = {}

    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="warn", **self.SERVER).start()
        self.s = Story(self.server, self.sim, numbers=self.NUMBERS)
        self.campaign = self.s.website(SITE, **self.POOL)
        self.at = f"{self.s.ws}/campaigns/{self.campaign['id']}"
        self.key = self.campaign["publishable_key"]
        self.base = f"/v1/public/campaigns/{self.campaign['id']}/sessions"
        self.page = self.server.client()

    def post(self, path="", body=None, key=..., origin=SITE, page=None, **headers):
        key = self.key if key is ... else key
        given = {"Authorization": f"Bearer {key}" if key else None, "Origin": origin}
        given |= {k.replace("_", "-"): v for k, v in headers.items()}
        return (page or self.page).request("POST", self.base + path, body or {}, given)

    def start(self, name, page=None, **more):
        body = {"session_key": name, "landing_url": f"{SITE}/spring", "utm": {"source": "search"}} | more
        answer = self.post("", body, page=page)
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json

    def beat(self, session):
        return self.post(f"/{session}/heartbeat")

    def pool(self):
        return self.s.owner.must("GET", f"{self.at}/pool")

    def leases(self):
        return self.s.owner.must("GET", f"{self.at}/leases")["items"]

    def ring(self, e164, **more):
        order = {"account_sid": self.s.twilio["account_sid"], "from": CALLER, "to": e164}
        return self.sim.control("POST", "calls", order | more)

    def calls(self):
        return self.s.owner.must("GET", f"{self.s.ws}/calls")["items"]


class Visits(Sessions):
    def test_a_call_is_owed_to_the_very_visit_that_saw_the_number(self):
        """POOL-02 POOL-05 a number is lent; the call is attributed to that session, by evidence one can follow"""
        self.start("ann")
        bob = self.start("bob", visitor="bob", click_ids={"gclid": "canary-click"}, consent=True)
        self.assertEqual(set(bob), {"session", "number", "heartbeat_s", "policy"})
        self.assertEqual(bob["number"]["e164"], self.s.e164s[1])
        self.assertEqual((bob["heartbeat_s"], bob["policy"]), (60, None))
        self.ring(bob["number"]["e164"], duration_s=30)
        (call,) = self.calls()
        owed = call["attribution"]
        self.assertEqual((owed["session"], owed["confidence"]), (bob["session"], 1.0))
        self.assertEqual(owed["candidates"], [{"session": bob["session"], "confidence": 1.0}])
        events = {e["id"]: e for e in self.s.owner.events()}
        proofs = [events[e]["type"] for e in owed["evidence"]]
        self.assertEqual(proofs, ["number.assigned.v1", "session.number_leased.v1"])
        self.assertEqual(events[owed["evidence"][1]]["data"]["session"], bob["session"])
        shown = self.pool()
        self.assertEqual((shown["size"], shown["states"]["leased"], shown["states"]["available"]), (2, 2, 0))
        lease = next(row for row in self.leases() if row["session"] == bob["session"])
        self.assertEqual((lease["state"], lease["visitor"]), ("leased", "bob"))
        self.assertEqual(lease["utm"], {"source": "search"})
        self.server.stop()
        self.assert_verified(self.server)
        for file in self.server.data.rglob("*"):
            if file.is_file() and "views" not in file.relative_to(self.server.data).parts:
                self.assertNotIn(b"canary-click", file.read_bytes(), file)

    def test_two_tabs_racing_for_one_session_get_one_lease(self):
        """POOL-05 two tabs, one session, one lease"""
        got = []
        pages = [self.server.client() for _ in range(8)]
        in_threads([lambda p=p: got.append(self.start("one tab or another", page=p)) for p in pages])
        self.assertEqual(len({g["session"] for g in got}), 1)
        self.assertEqual(len({g["number"]["e164"] for g in got}), 1)
        self.assertEqual(self.pool()["states"]["leased"], 1)

    def test_who_may_ask_and_from_where(self):
        """The publishable key, in a header or in the address; allowed origins, with CORS; another is 403."""
        body = {"session_key": "a"}
        self.assert_problem(self.post("", body, key=None), 401, "unauthenticated")
        self.assert_problem(self.post("", body, key="rlp_" + "0" * 52), 401, "unauthenticated")
        self.assert_problem(self.post("", body, key=self.s.owner.key), 401, "unauthenticated")
        self.assert_problem(self.post("", body, key=self.key[:-1] + "0"), 401, "unauthenticated")
        refused = self.post("", body, origin="https://evil.example")
        self.assert_problem(refused, 403, "forbidden")
        self.assertIsNone(refused.headers.get("Access-Control-Allow-Origin"))
        other = self.s.campaign("Other", campaign_type="website_tracker")
        answer = self.page.request(
            "POST",
            f"/v1/public/campaigns/{other}/sessions",
            body,
            {"Authorization": f"Bearer {self.key}", "Origin": SITE},
        )
        self.assert_problem(answer, 404, "not_found")
        self.assertEqual(self.pool()["sessions"], 0)
        answer = self.page.request(
            "POST",
            f"{self.base}?key={self.key}",
            raw=json.dumps(body).encode(),
            headers={"Origin": SITE, "Content-Type": "text/plain;charset=UTF-8"},
        )
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], SITE)
        self.assertEqual(answer.headers["Vary"], "Origin")
        asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
        allowed = self.page.request("OPTIONS", self.base, headers=asked)
        self.assertEqual(allowed.status, 204)
        self.assertEqual(allowed.headers["Access-Control-Allow-Origin"], SITE)
        self.assertIn("Authorization", allowed.headers["Access-Control-Allow-Headers"])
        refused = self.page.request("OPTIONS", self.base, headers=asked | {"Origin": "https://evil.example"})
        self.assertEqual(refused.status, 403)
        self.assertEqual(self.page.request("OPTIONS", f"{self.s.ws}/campaigns").status, 405)
        self.assert_problem(self.post("", {"session_key": "b", "colour": 1}), 400, "unknown_field", "/colour")
        self.assert_problem(self.post("", {}), 400, "validation_failed", "/session_key")
        self.assert_problem(self.beat("ses_" + "0" * 25 + "7"), 404, "not_found")
        for i in range(10):  # allowed from the answer on
            origin = f"https://shop-{i}.example"
            self.s.owner.must("PATCH", self.at, {"allowed_origins": [SITE, origin]})
            self.assertEqual(self.post("", {"session_key": origin}, origin=origin).status, 201)

    def test_a_move_of_a_number_that_a_visitor_sees_is_blocked_until_it_is_acknowledged(self):
        """ASG-06 ASG-12 UNA-02 a live visit blocks a careless move; the heartbeat then tells what to show"""
        ann = self.start("ann")
        number = self.s.ids[self.s.e164s.index(ann["number"]["e164"])]
        path = f"{self.s.ws}/numbers/{number}/assignment"
        refused = self.s.owner.send("PUT", path, {"campaign": None, "acknowledged": []})
        self.assert_problem(refused, 409, "warnings_not_acknowledged")
        codes = [w["code"] for w in refused.json["warnings"]]
        self.assertIn("active_visitor_session", codes)
        standing = self.s.owner.must("GET", f"{self.s.ws}/warnings?code=active_visitor_session")["items"]
        self.assertEqual([(w["number"]["id"], w["session"]) for w in standing], [(number, ann["session"])])
        preview = self.s.owner.must("GET", f"{path}/preview?campaign=")
        self.assertEqual([w["code"] for w in preview["warnings"]], codes)
        detail = self.s.owner.must("GET", f"{self.s.ws}/numbers/{number}")
        self.assertEqual([w["code"] for w in detail["warnings"]], codes)
        self.s.owner.must("PUT", path, {"campaign": None, "acknowledged": codes})
        told = self.beat(ann["session"])
        self.assertEqual(set(told.json), {"number", "heartbeat_s"})
        self.assertEqual(told.json["number"]["e164"], self.s.e164s[1])
        for code in ("active_visitor_session", "recent_visitor"):
            items = self.s.owner.must("GET", f"{self.s.ws}/warnings?code={code}")["items"]
            expected = [self.s.e164s[1]] if "active" in code else []
            self.assertEqual([w["number"]["e164"] for w in items], expected)

    def test_a_touch_is_evidence_and_an_end_keeps_the_number_on_hold(self):
        """POOL-05 a touch is evidence of the call; after EndVisitorSession the number is on hold for it"""
        ann = self.start("ann")
        session = ann["session"]
        touch = {"landing_url": f"{SITE}/?gclid=7", "click_ids": {"gclid": "7"}}
        touched = self.post(f"/{session}/touches", touch)
        self.assertEqual((touched.status, touched.json["number"]), (200, ann["number"]))
        ended = self.post(f"/{session}/end")
        self.assertEqual(ended.status, 200, ended)
        self.assertIsNotNone(ended.json["hold_until"])
        self.assertEqual(self.beat(session).status, 404)
        self.assertEqual(self.pool()["states"]["hold"], 1)
        self.ring(ann["number"]["e164"])
        owed = self.calls()[0]["attribution"]
        self.assertEqual(owed["session"], session)
        types = {e["id"]: e["type"] for e in self.s.owner.events()}
        self.assertIn("session.touch_added.v1", [types[e] for e in owed["evidence"]])

    def test_simulation_by_erlang_for_a_new_pool(self):
        """POOL-05 a pool without a past is judged by Erlang B"""
        path = f"{self.at}/pool/simulation"
        answer = self.s.owner.must("GET", f"{path}?size=10&hold_s=0&sessions_per_hour=200&visit_s=30")
        self.assertEqual(answer["source"], "erlang_b")
        # 200 an hour, each for 30 s and the time until the missing heartbeat is noticed
        self.assertAlmostEqual(answer["offered_load"], 10.0)
        self.assertEqual((answer["blocked_ratio"], answer["recommended_size"]), (0.2146, 18))
        self.assert_problem(self.s.owner.get(f"{path}?size=0"), 400, "validation_failed")


class Lapses(Sessions):
    NUMBERS = 1
    POOL = {"lease_timeout_s": 2, "hold_s": 5, "heartbeat_s": 15}

    def state(self, name):
        return self.pool()["states"][name] == 1

    def test_without_heartbeats_the_number_goes_on_hold_and_is_free_again(self):
        """POOL-05 leased, hold at the deadline, available; each event names the deadline that was acted on"""
        ann = self.start("ann")
        until(lambda: self.state("hold"), "on hold")
        told = self.beat(ann["session"])  # comes back
        self.assertEqual(told.json["number"], ann["number"])
        self.assertTrue(self.state("leased"))
        until(lambda: self.state("available"), "free again")
        self.assertEqual(self.beat(ann["session"]).status, 404)
        of_session = [e for e in self.s.owner.events() if e["type"].startswith("session.")]
        self.assertEqual(
            [e["type"].split(".")[1] for e in of_session],
            ["started", "number_leased", "lease_held", "number_leased", "lease_held", "lease_expired"],
        )
        self.assertEqual(of_session[-1]["data"]["deadline"], of_session[-2]["data"]["hold_until"])
        self.assertEqual(self.start("ann")["number"], ann["number"])

    def test_a_drained_number_goes_when_its_visitor_is_gone(self):
        """UNA-04 a drained number leaves by itself"""
        self.start("ann")
        acknowledged = ["moving_between_campaigns", "campaign_left_empty"]
        body = {"campaign": None, "drain": True, "acknowledged": acknowledged}
        self.s.owner.must("PUT", f"{self.s.ws}/numbers/{self.s.ids[0]}/assignment", body)
        row = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        self.assertEqual(self.s.owner.must("GET", row)["assignment"], "assigned")
        until(lambda: self.s.owner.must("GET", row)["assignment"] == "unassigned", "it has gone")

    def test_after_a_crash_every_lease_gets_one_full_time_to_live(self):
        """Killed and started again: the lease is there, has a full time to live, then lapses"""
        ann = self.start("ann")
        self.server.kill()
        self.server.start()
        began = time.monotonic()
        self.assertEqual(self.beat(ann["session"]).json["number"], ann["number"])
        until(lambda: self.state("hold"), "on hold")
        self.assertGreater(time.monotonic() - began, 1.5)
        until(lambda: self.state("available"), "free again")


class LostCallbacks(Sessions):
    NUMBERS = 1
    SERVER = {"twilio_call_ask_after_s": 2, "twilio_call_list_every_s": 1}

    def test_a_call_whose_callbacks_are_lost_gives_its_number_back(self):
        """A number is kept for a call in progress; when its callbacks are lost Twilio is asked how it ended."""
        self.sim.fault(resource="StatusCallback", drop_request=True)
        self.ring(self.s.e164s[0], duration_s=0)
        (call,) = self.calls()
        self.assertIsNone(call["ended_at"])
        self.assertIsNone(self.start("visitor")["number"])
        until(lambda: self.calls()[0]["ended_at"], "the call ends")
        self.assertEqual(self.calls()[0]["status"], "completed")
        self.assertEqual(self.start("another visitor")["number"]["e164"], self.s.e164s[0])

    def test_a_call_that_came_while_nobody_listened_is_found(self):
        """LOG-08 a call that came while the server was down is found in Twilio's list when it is back"""
        self.server.kill()
        rung = self.ring(self.s.e164s[0])
        self.assertEqual(rung["call"]["status"], "failed")
        self.server.start()
        until(self.calls, "the call is listed")
        self.assertEqual([c["provider_sid"] for c in self.calls()], [rung["call"]["sid"]])
        self.server.stop()
        self.assert_verified(self.server)


if __name__ == "__main__":
    unittest.main()
