"""A repeat gets the first answer: byte for byte, whatever happened in between, after kill -9 too (api.md
"Conventions", architecture.md rule 5)."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import OPERATOR_KEY, Story, WorldTest, in_threads, new_key  # noqa: E402

KEPT_HEADERS = ("Ringledger-Position", "Content-Type", "Location", "ETag")


class Repeats(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim).start()
        cls.s = Story(cls.server, cls.sim, numbers=4)
        cls.a, cls.b = cls.s.campaign("A"), cls.s.campaign("B")
        cls.number = f"{cls.s.ws}/numbers/{cls.s.ids[0]}"

    def events(self):
        return [(e["id"], e["type"]) for e in self.s.owner.events() if e["actor"] != "system"]

    def assert_repeat(self, first, again):
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(
            [again.headers.get(h) for h in KEPT_HEADERS], [first.headers.get(h) for h in KEPT_HEADERS]
        )
        self.assertTrue(again.replayed, again.headers.items())
        self.assertFalse(first.replayed)

    def test_the_same_key_and_request_get_the_first_answer_across_kill_9_and_cost_no_event(self):
        owner, asked = self.s.owner, []
        for method, path, body in (
            ("PATCH", self.number, {"label": "Erste Nummer ☎"}),
            ("POST", f"{self.s.ws}/campaigns", {"name": "Once", "campaign_type": "static"}),
            ("PUT", f"{self.number}/cnam", {"enabled": True}),
            ("POST", f"{self.s.ws}/members", {"email": "bo@acme.example", "name": "Bo", "role": "agent"}),
            (
                "POST",
                f"{self.s.ws}/numbers/import",
                {"connection": self.s.connection_id, "numbers": [{"e164": self.s.e164s[0]}]},
            ),
            ("DELETE", f"{self.s.ws}/numbers/{self.s.ids[3]}", None),
        ):
            key = new_key()
            first = owner.send(method, path, body, key=key)
            self.assertLess(first.status, 300, first)
            asked.append((method, path, body, key, first))
        before = self.events()
        for restarted in (False, True):
            for method, path, body, key, first in asked:
                with self.subTest(path=path, restarted=restarted):
                    self.assert_repeat(first, owner.send(method, path, body, key=key))
            if not restarted:
                self.server.restart()
        self.assertEqual(self.events(), before)

    def test_the_same_number_named_otherwise_and_the_same_json_written_otherwise_are_the_same_request(self):
        key, owner = new_key(), self.s.owner
        first = owner.send("PATCH", self.number, {"label": "Same"}, key=key)
        e164 = self.s.e164s[0]
        for path in (f"{self.s.ws}/numbers/{e164[1:]}", f"{self.s.ws}/numbers/%2B{e164[1:]}"):
            self.assert_repeat(
                first, owner.send("PATCH", path, key=key, raw=b' {\n"label" : "S\\u0061me" } ')
            )

    def test_another_request_with_the_key_is_refused_and_changes_nothing(self):
        key, owner = new_key(), self.s.owner
        first = owner.send("PATCH", self.number, {"label": "Mine"}, key=key)
        self.assertEqual(first.status, 200)
        other = f"{self.s.ws}/numbers/{self.s.ids[1]}"
        for method, path, body in (
            ("PATCH", self.number, {"label": "Yours"}),
            ("PATCH", other, {"label": "Mine"}),
            ("PUT", f"{self.number}/cnam", {"enabled": True}),
        ):
            self.assert_problem(owner.send(method, path, body, key=key), 422, "idempotency_key_reused")
        self.assertEqual(owner.must("GET", self.number)["label"], "Mine")
        self.assert_repeat(first, owner.send("PATCH", self.number, {"label": "Mine"}, key=key))

    def test_another_principal_may_use_the_same_key(self):
        manager, _, _ = self.s.member("manager", "mia@acme.example")
        key = new_key()
        self.s.owner.must("PATCH", self.number, {"label": "Owner's"}, key=key)
        second = manager.send("PATCH", self.number, {"label": "Manager's"}, key=key)
        self.assertEqual((second.status, second.replayed, second.json["label"]), (200, False, "Manager's"))

    def test_409_and_412_are_remembered_with_their_first_trace_id(self):
        owner, path = self.s.owner, f"{self.s.ws}/numbers/{self.s.ids[1]}"
        version = owner.must("PATCH", path, {"label": "v"})["version"]
        owner.must("PUT", f"{path}/assignment", {"campaign": self.a, "acknowledged": []})
        stale = {"If-Match": f'"{version - 1}.x"'}
        k412, k409 = new_key(), new_key()
        mismatch = owner.send("PATCH", path, {"label": "w"}, key=k412, headers=stale)
        self.assert_problem(mismatch, 412, "version_mismatch")
        unread = owner.send("PUT", f"{path}/assignment", {"campaign": self.b, "acknowledged": []}, key=k409)
        self.assert_problem(unread, 409, "warnings_not_acknowledged")
        # Now both would succeed, were they not remembered.
        owner.must(
            "PUT",
            f"{path}/assignment",
            {"campaign": None, "acknowledged": [w["code"] for w in unread.json["warnings"]]},
        )
        self.server.restart()
        self.assert_repeat(mismatch, owner.send("PATCH", path, {"label": "w"}, key=k412))
        self.assert_repeat(
            unread,
            owner.send("PUT", f"{path}/assignment", {"campaign": self.b, "acknowledged": []}, key=k409),
        )
        self.assertEqual(owner.must("GET", path)["campaign"], None)

    def test_a_late_repeat_of_assign_A_does_not_undo_a_later_assign_B(self):
        owner, path = self.s.owner, f"{self.s.ws}/numbers/{self.s.ids[2]}/assignment"
        ka, same = new_key(), new_key()
        to_a = {"campaign": self.a, "acknowledged": []}
        first = owner.send("PUT", path, to_a, key=ka)
        nothing = owner.send("PUT", path, to_a, key=same)  # success with nothing to do
        self.assertEqual((first.status, nothing.status, nothing.replayed), (200, 200, False))
        owner.must(
            "PUT",
            path,
            {"campaign": self.b, "acknowledged": ["moving_between_campaigns", "campaign_left_empty"]},
        )
        for key, was in ((ka, first), (same, nothing)):
            self.assert_repeat(was, owner.send("PUT", path, to_a, key=key))
        self.assertEqual(owner.must("GET", path.removesuffix("/assignment"))["campaign"]["id"], self.b)

    def test_a_one_time_secret_is_null_in_a_repeat(self):
        operator, key = self.server.client(OPERATOR_KEY), new_key()
        body = {"name": "Secretive", "owner": {"name": "Sec", "email": "sec@secret.example"}}
        first = operator.send("POST", "/v1/accounts", body, key=key).json
        kkey, kbody = new_key(), {"name": "second key"}
        made = self.s.owner.send("POST", "/v1/keys", kbody, key=kkey).json
        self.assertTrue(first["key"]["secret"].startswith("rl_") and made["secret"].startswith("rl_"))
        for restarted in (False, True):
            again = operator.send("POST", "/v1/accounts", body, key=key)
            self.assertEqual((again.status, again.replayed), (201, True))
            self.assertEqual(again.json, first | {"key": first["key"] | {"secret": None}})
            again = self.s.owner.send("POST", "/v1/keys", kbody, key=kkey)
            self.assertEqual((again.status, again.replayed, again.json), (201, True, made | {"secret": None}))
            if not restarted:
                self.server.restart()
        self.assertEqual(self.server.client(made["secret"]).get("/v1/me").status, 200)

    def test_repeats_of_a_running_command_join_it(self):
        before, clients, key = len(self.events()), [self.s.owner.twin() for _ in range(16)], new_key()
        self.sim.fault(resource="", method="GET", delay_ms=500, times=1)  # the verification takes a while
        path, answers = f"{self.s.ws}/connections/{self.s.connection_id}/verify", []
        self.sim.forget_requests()
        in_threads([lambda c=c: answers.append(c.send("POST", path, {}, key=key)) for c in clients])
        self.sim.clear_faults()
        self.assertEqual(
            {(a.status, a.body, a.position) for a in answers}, {(200, answers[0].body, answers[0].position)}
        )
        self.assertEqual([a.replayed for a in answers].count(False), 1)
        self.assertEqual(len(self.sim.requests()), 1)  # a repeat never asks a provider
        self.assertLessEqual(len(self.events()), before + 1)

    def test_what_is_hidden_or_malformed_is_not_remembered(self):
        key, owner = new_key(), self.s.owner
        self.assert_problem(
            owner.send("POST", f"{self.s.ws}/campaigns", {"name": ""}, key=key), 400, "validation_failed"
        )
        self.assert_problem(
            owner.send("PATCH", f"{self.s.ws}/numbers/14155550000", {"label": "x"}, key=key), 404, "not_found"
        )
        made = owner.send(
            "POST", f"{self.s.ws}/campaigns", {"name": "At last", "campaign_type": "static"}, key=key
        )
        self.assertEqual((made.status, made.replayed), (201, False), made)

    def test_a_missing_or_unfit_key_is_named(self):
        before = self.events()
        for key, code in (
            (None, "idempotency_key_missing"),
            ("", "idempotency_key_missing"),
            ("k" * 256, "validation_failed"),
            ("two words", "validation_failed"),
            ("sch\u00f6n", "validation_failed"),
        ):
            answer = self.s.owner.request("PATCH", self.number, {"label": "no"}, {"Idempotency-Key": key})
            self.assert_problem(answer, 400, code)
        self.assertEqual(self.s.owner.send("PATCH", self.number, {"label": "yes"}, key="k" * 255).status, 200)
        self.assertEqual(len(self.events()), len(before) + 1)


if __name__ == "__main__":
    unittest.main()
