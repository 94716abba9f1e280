"""Every route against every credential that must not do: 401, 403, 404; what is not yours looks exactly like what
is not there; and secrets come out nowhere (quality.md "Security", api.md "Conventions")."""

import pathlib
import re
import string
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.operations import body_of, filled, operations  # noqa: E402
from support.webhook import a_call, a_message  # noqa: E402
from support.world import OPERATOR_KEY, Story, WorldTest, new_key, until  # noqa: E402

NOWHERE = {
    "workspace": "ws_",
    "connection": "con_",
    "campaign": "cmp_",
    "number": "num_",
    "member": "mem_",
    "key": "key_",
    "call": "call_",
    "contact": "ctc_",
    "message": "msg_",
}
OPERATOR_ONLY = {"CreateAccount"}
OWNER_ONLY = {"CreateWorkspace", "UpdateWorkspace"}
ADMIN = {
    "InviteMember",
    "ListMembers",
    "ChangeRole",
    "RemoveMember",
    "AddConnection",
    "UpdateConnection",
    "VerifyConnection",
    "RecomputeAttribution",
    "EraseContact",
}
AGENT = {"NameContact", "UpdateContact", "UpdateCall"}  # an agent may, too (ROL-02)
MANAGER = {
    "CreateCampaign",
    "UpdateCampaign",
    "ArchiveCampaign",
    "ImportNumber",
    "ListImportCandidates",
    "RenameNumber",
    "AssignToCampaign",
    "AssignMany",
    "ToggleCnam",
    "ActivateNumber",
    "DeleteNumber",
}
# Judged by what is named: a key that is not one's own is not there, a transfer needs the owner of both.
BY_TARGET = {"RevokeKey", "RotateKey", "CreateKey", "TransferWorkspace", "PreviewTransfer"}
CANARY = "canary7f3a91"


def without_trace(answer):
    return (
        answer.status,
        re.sub(rb'"trace_id":"[0-9a-f]{32}"', b"", answer.body),
        answer.headers.get("Content-Type"),
    )


class Authorisation(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim, logging_level="debug").start()
        cls.s, cls.other = (
            Story(cls.server, cls.sim, numbers=2),
            Story(cls.server, cls.sim, numbers=1, name="Other"),
        )
        cls.ids, cls.others = cls.ids_of(cls.s), cls.ids_of(cls.other)
        cls.operations = operations(cls.s.owner.must("GET", "/openapi.json"))
        cls.nowhere = dict(cls.ids)
        for name, prefix in NOWHERE.items():
            cls.nowhere[name] = prefix + "0" * 25 + "7"
        cls.nowhere["workspace2"] = cls.nowhere["workspace"]

    @classmethod
    def ids_of(cls, story):
        colleague, member, key = story.member("agent", f"colleague@{story.account[-6:]}.example")
        return {
            "workspace": story.workspaces[0],
            "workspace2": story.workspaces[1],
            "connection": story.connection_id,
            "campaign": story.campaign("Campaign"),
            "number": story.ids[0],
            "e164": story.e164s[0],
            "member": member,
            "key": key,
            "call": a_call(story),
            "message": a_message(story),
            "contact": story.owner.must("GET", f"{story.ws}/contacts")["items"][0]["id"],
        }

    def protected(self):
        return [op for op in self.operations if not op.is_public]

    def ask(self, client, op, ids, body_ids=None):
        return client.send(op.method, filled(op.path, ids), body_of(op, body_ids or ids))

    def sequence(self):
        """The last one, provider outcomes left out of the comparison by waiting for them."""
        until(
            lambda: self.s.owner.must("GET", f"{self.s.ws}/numbers?provider_state=pending")["total"] == 0,
            "all is quiet",
        )
        return len(self.s.owner.events())

    def test_public_routes_are_those_of_the_contract_and_no_more(self):
        public = {op.path for op in self.operations if op.is_public}
        self.assertLessEqual(
            {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/version"}, public
        )
        self.assertLessEqual(
            public,
            {
                "/healthz",
                "/readyz",
                "/metrics",
                "/openapi.json",
                "/docs",
                "/version",
                "/v1/event-types",
                "/v1/event-types/{type}",
                "/twilio/{connection}/voice",  # signed instead
                "/twilio/{connection}/status",
                "/twilio/{connection}/sms",
                "/js/v1/ringledger.js",
                "/v1/public/campaigns/{campaign}/sessions",  # by publishable key instead
                "/v1/public/campaigns/{campaign}/sessions/{session}/heartbeat",
                "/v1/public/campaigns/{campaign}/sessions/{session}/touches",
                "/v1/public/campaigns/{campaign}/sessions/{session}/end",
            },
        )
        self.assertGreater(len(self.protected()), 30)

    def test_no_route_answers_without_a_good_key(self):
        before = self.sequence()
        good = self.s.owner.key
        expiring = self.s.owner.must(
            "POST",
            "/v1/keys",
            {
                "name": "short",
                "expires_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 2)),
            },
        )["secret"]
        revoked = self.s.owner.must("POST", "/v1/keys", {"name": "revoked"})
        self.assertEqual(self.server.client(revoked["secret"]).get("/v1/me").status, 200)
        self.s.owner.must("DELETE", f"/v1/keys/{revoked['id']}")
        until(lambda: self.server.client(expiring).get("/v1/me").status == 401, "the key has expired")
        headers = {
            "none": None,
            "empty": "",
            "no scheme": good,
            "basic": f"Basic {good}",
            "garbage": "Bearer nonsense",
            "cut": f"Bearer {good[:-1]}",
            "other secret": f"Bearer {self.forged(good)}",
            "long": "Bearer " + "r" * 5000,
            "revoked": f"Bearer {revoked['secret']}",
            "expired": f"Bearer {expiring}",
        }
        bodies = {}
        for op in self.protected():
            for name, header in headers.items():
                answer = self.s.owner.request(
                    op.method,
                    filled(op.path, self.ids),
                    body_of(op, self.ids),
                    {"Authorization": header, "Idempotency-Key": new_key()},
                )
                with self.subTest(op.name, key=name):
                    self.assert_problem(answer, 401, "unauthenticated")
                    self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))
                bodies[without_trace(answer)] = op.name
        self.assertEqual(len(bodies), 1, bodies)  # all alike
        in_url = self.server.client().get(f"/v1/me?key={good}&access_token={good}")
        self.assertEqual(in_url.status, 401)
        self.assertEqual(self.sequence(), before + 3)  # two keys made, one revoked

    @staticmethod
    def forged(good):
        """The right id and form, another secret."""
        alphabet = string.digits + string.ascii_letters
        swap = str.maketrans(alphabet, alphabet[1:] + alphabet[0])  # whatever was drawn, it is another
        head, tail = good.rsplit("_", 1)
        return f"{head}_{tail.translate(swap)}"

    def assert_like_nowhere(self, client, op, ids, body_ids=None):
        theirs = self.ask(client, op, ids, body_ids)
        none = self.ask(client, op, self.nowhere, None if body_ids is None else self.nowhere)
        with self.subTest(op.name):
            self.assertEqual(theirs.status, 404, theirs)
            self.assertEqual(without_trace(theirs), without_trace(none))

    def test_what_is_another_accounts_is_byte_for_byte_not_there(self):
        before = self.sequence()
        for op in self.protected():
            if "{" in op.path and op.name not in ("GetEventSchema", *OPERATOR_ONLY):
                self.assert_like_nowhere(self.other.owner, op, self.ids)
        self.assertEqual(self.sequence(), before)

    def test_another_accounts_things_inside_ones_own_workspace_are_not_there(self):
        """In paths and in bodies: each foreign id alone, everything else one's own."""
        before = self.sequence()
        tried = 0
        for op in self.protected():
            for name in ("connection", "campaign", "number", "member", "key", "workspace2"):
                mine = filled(op.path, self.others), body_of(op, self.others)
                mixed = self.others | {name: self.ids[name]}
                theirs = filled(op.path, mixed), body_of(op, mixed)
                if theirs == mine or op.is_public:
                    continue
                nothing = self.others | {name: self.nowhere[name]}
                answers = [
                    self.other.owner.send(op.method, *theirs),
                    self.other.owner.send(op.method, filled(op.path, nothing), body_of(op, nothing)),
                ]
                tried += 1
                with self.subTest(op.name, foreign=name):
                    if op.name == "AssignMany" and name == "number":  # a result per item
                        told = [a.json["results"][0] for a in answers]
                        self.assertEqual(told[0], told[1])
                        self.assertEqual(told[0]["error"]["code"], "not_found")
                        continue
                    self.assertEqual(answers[0].status, 404, answers[0])
                    self.assertEqual(without_trace(answers[0]), without_trace(answers[1]))
        self.assertGreater(tried, 20)
        self.assertEqual(self.sequence(), before)

    def test_another_workspace_of_the_account_is_not_there_for_who_has_no_role_in_it(self):
        """NUM-20 a workspace without a role in it answers as one that does not exist."""
        admin2, _, _ = self.s.member("admin", "admin2@acme.example", ws=self.s.ws2)
        before = self.sequence()
        for op in self.protected():
            if "{workspace}" in op.path:
                self.assert_like_nowhere(admin2, op, self.ids)
        in_ws2 = self.ids | {
            "workspace": self.s.workspaces[1]
        }  # things of the first workspace named in the second
        for op in self.protected():
            if "{number}" in op.path or "{campaign}" in op.path or "{connection}" in op.path:
                answer = self.ask(admin2, op, in_ws2, self.ids)
                with self.subTest(op.name, inside="the second workspace"):
                    self.assertIn(answer.status, (404,), answer)
        self.assertEqual(self.sequence(), before)

    def test_a_role_without_the_capability_is_403_and_changes_nothing(self):
        """ROL-01 what a role may not do is refused on every route and changes nothing."""
        people = {
            role: self.s.member(role, f"{role}@roles.example")[0] for role in ("member", "agent", "manager")
        }
        before = self.sequence()
        for role, client in people.items():
            for op in self.protected():
                if op.name in BY_TARGET:
                    continue
                allowed = op.name not in OPERATOR_ONLY | OWNER_ONLY | ADMIN
                allowed = allowed and (role == "manager" or op.name not in MANAGER)
                allowed = allowed and (role == "agent" or op.name not in AGENT)
                if allowed and op.is_command:
                    continue  # that it may is proved elsewhere
                answer = self.ask(client, op, self.ids)
                with self.subTest(op.name, role=role):
                    if allowed:
                        self.assertLess(answer.status, 300, answer)
                    else:
                        self.assertEqual(answer.status, 403, answer)
                        self.assertIn(answer.code, ("forbidden", "not_owner"))
        self.assertEqual(self.sequence(), before)

    def test_only_the_owner_of_both_transfers_and_only_ones_own_keys_are_revoked(self):
        """XFR-02 ROL-03 a transfer needs the owner of both workspaces; a key is revoked by its own."""
        manager, _, key = self.s.member("manager", "tess@acme.example")
        path = f"{self.s.ws}/numbers/{self.s.ids[1]}/transfer"
        body = {"to_workspace": self.s.workspaces[1], "acknowledged": []}
        self.assertIn(manager.send("POST", path, body).status, (403, 404))
        self.assertIn(manager.send("DELETE", f"/v1/keys/{self.ids['key']}").status, (403, 404))
        self.assertEqual(manager.send("DELETE", f"/v1/keys/{key}").status, 200)
        self.assertEqual(manager.get("/v1/me").status, 401)  # at once

    def test_the_operators_key_opens_accounts_and_shows_the_cluster_and_nothing_else(self):
        operator = self.server.client(OPERATOR_KEY)
        for op in self.protected():
            if op.name == "GetCluster":
                self.assertEqual(self.ask(operator, op, self.ids).status, 200)
            elif op.name in OPERATOR_ONLY:
                self.assertEqual(self.ask(self.s.owner, op, self.ids).status, 403)
            else:
                with self.subTest(op.name):
                    self.assertEqual(self.ask(operator, op, self.ids).status, 403)

    def test_a_service_key_does_what_it_was_given_and_no_more(self):
        key = self.s.owner.must(
            "POST",
            "/v1/keys",
            {"name": "reader", "capabilities": ["numbers.read"], "workspaces": [self.s.workspaces[0]]},
        )
        reader = self.server.client(key["secret"])
        self.assertEqual(reader.get(f"{self.s.ws}/numbers").status, 200)
        self.assert_problem(reader.get(f"{self.s.ws}/campaigns"), 403, "forbidden")
        self.assert_problem(
            reader.send("PATCH", f"{self.s.ws}/numbers/{self.s.ids[0]}", {"label": "x"}), 403, "forbidden"
        )
        self.assert_problem(reader.get(f"{self.s.ws2}/numbers"), 404, "not_found")

    def test_a_service_key_may_write_what_its_capabilities_name(self):
        """connections.write, members.write and keys.write grant what they say, in the key's workspaces only."""
        ws, owner = self.s.workspaces[0], self.s.owner
        body = {"name": "writer", "workspaces": [ws]}
        body["capabilities"] = ["connections.write", "members.write", "members.read", "keys.write", "keys.read"]
        made = owner.must("POST", "/v1/keys", body, status=201)
        self.assertEqual((made["version"], made["previous_valid_until"]), (1, None))
        writer = self.server.client(made["secret"])
        connection = {"provider": "twilio", "name": "By a service", "auth_token": "t" * 32}
        connection["account_sid"] = "AC" + "9" * 32
        con = writer.must("POST", f"{self.s.ws}/connections", connection, status=201)["id"]
        writer.must("PATCH", f"{self.s.ws}/connections/{con}", {"name": "Renamed"}, status=200)
        self.assertEqual(writer.send("POST", f"{self.s.ws2}/connections", connection).status, 404)
        person = {"email": "by@service.example", "name": "By", "role": "agent"}
        member = writer.must("POST", f"{self.s.ws}/members", person, status=201)
        self.assertIn(member, writer.items(f"{self.s.ws}/members"))
        self.assert_problem(
            writer.send("POST", f"{self.s.ws}/members", person | {"email": "o@s.example", "role": "owner"}),
            403,
            "not_owner",
        )
        same = {"name": "same", "capabilities": ["members.read"], "workspaces": [ws]}
        key = writer.must("POST", "/v1/keys", same, status=201)["id"]
        self.assertEqual([k["id"] for k in writer.items("/v1/keys")], [made["id"], key])
        more = same | {"capabilities": ["numbers.read"]}
        self.assert_problem(writer.send("POST", "/v1/keys", more), 403, "forbidden")
        self.assertEqual(writer.must("POST", f"/v1/keys/{key}/rotate", {})["version"], 2)
        self.assertEqual(writer.must("DELETE", f"/v1/keys/{key}")["version"], 3)
        for broken in ({"workspaces": []}, {"workspaces": None}):
            self.assert_problem(
                owner.send("POST", "/v1/keys", same | broken), 400, "validation_failed", "/workspaces"
            )

    def test_an_invitation_of_who_is_there_changes_no_role(self):
        _, member, _ = self.s.member("agent", "twice@acme.example")
        again = {"email": "TWICE@acme.example", "name": "Somebody", "role": "admin"}
        answer = self.s.owner.must("POST", f"{self.s.ws}/members", again, status=201)
        self.assertEqual((answer["id"], answer["role"]), (member, "agent"))
        self.assertIn(answer, self.s.owner.items(f"{self.s.ws}/members"))

    def test_secrets_and_personal_fields_come_out_nowhere(self):
        """Canaries planted through the API are searched for in log lines, the log, metrics, events, problems."""
        owner, secrets, seen = self.s.owner, [f"{CANARY}{'0' * 20}{i}" for i in range(4)], []
        email, name = f"{CANARY}@mail.example", f"Name {CANARY}"
        made = owner.must(
            "POST",
            f"{self.s.ws}/connections",
            {
                "provider": "twilio",
                "name": "Canary",
                "account_sid": "AC" + "e" * 32,
                "auth_token": secrets[0],
                "api_key_sid": "SK" + "f" * 32,
                "api_key_secret": secrets[1],
            },
        )
        path = f"{self.s.ws}/connections/{made['id']}"
        owner.must("PATCH", path, {"auth_token": secrets[2], "api_key_secret": secrets[3]})
        seen.append(owner.send("POST", f"{path}/verify", {}))
        seen.append(
            owner.send("POST", f"{self.s.ws}/connections", {"provider": "x", "auth_token": secrets[0]})
        )
        member, _, _ = self.s.member("agent", email)
        key = member.key
        seen += [
            member.send("POST", f"{self.s.ws}/members", {"email": email, "name": name, "role": "agent"}),
            owner.send("POST", f"{self.s.ws}/members", {"email": email, "name": name, "role": "king"}),
            owner.get(f"{self.s.ws}/numbers?search={CANARY}&bad={CANARY}"),
            self.server.client(key + "x").get("/v1/me"),
            owner.get(path),
            owner.get(f"{self.s.ws}/connections"),
        ]
        metrics = owner.get("/metrics").body
        exported = owner.get("/v1/events", Accept="application/x-ndjson").body
        self.server.stop()
        self.addCleanup(self.server.start)
        hidden = [s.encode() for s in (*secrets, key, key.rsplit("_", 1)[1], OPERATOR_KEY, self.s.owner.key)]
        hidden += [self.s.twilio["auth_token"].encode()]
        personal = [email.encode(), name.encode()]
        log_lines = self.server.log_path.read_bytes()
        self.assertIn(b'"trace_id"', log_lines)  # there is something to search
        places = {"log lines": log_lines, "metrics": metrics}
        for file in (self.server.data / "log").iterdir():
            places[f"log/{file.name}"] = file.read_bytes()
        for where, text in places.items():
            for secret in hidden + personal:
                self.assertNotIn(secret, text, f"{secret} in {where}")
        places = {"events": exported} | {f"answer {i}": a.body for i, a in enumerate(seen)}
        for folder in ("keys", "views"):
            for file in (self.server.data / folder).rglob("*"):
                if file.is_file():
                    places[str(file)] = file.read_bytes()
        for where, text in places.items():
            for secret in hidden:
                self.assertNotIn(secret, text, f"{secret} in {where}")
        for e164 in self.s.e164s:
            self.assertNotIn(e164[1:].encode(), log_lines, "a phone number in a log line")
        # The search can find something: what may be told is there.
        self.assertIn(email.encode(), exported)
        self.assertEqual(made["auth_token_last4"], secrets[0][-4:])


if __name__ == "__main__":
    unittest.main()
