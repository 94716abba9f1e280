"""What issue 3 promises, with HTTP alone and a kill -9 between every two steps: a number is imported, moved,
transferred, CNAM-toggled, renamed, deactivated, deleted, imported again and released; the history tells it all."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, offline, until  # noqa: E402

PBX = {
    "voice_url": "https://pbx.example/voice",
    "status_callback": "https://pbx.example/status",
    "sms_url": "https://pbx.example/sms",
}
FIRST, SECOND, TOLL_FREE = "+14155550101", "+14155550102", "+18885550103"
HOOKS = ("voice_url", "voice_method", "status_callback", "sms_url", "voice_application_sid", "trunk_sid")


class TheStory(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim).start()
        self.s = Story(self.server, self.sim)
        for e164, kind in ((FIRST, "local"), (SECOND, "local"), (TOLL_FREE, "toll-free")):
            self.s.number(e164, type=kind, friendly_name=f"PBX {e164[-4:]}", **PBX)

    def then(self, step):
        """The step, then a kill -9 and a new start."""
        step()
        self.server.restart()

    def at_twilio(self, e164=FIRST):
        return self.sim.fetch(self.s.twilio, e164)

    def path(self, e164=FIRST, ws=None):
        return f"{ws or self.s.ws}/numbers/{e164[1:]}"

    def row(self, e164=FIRST, ws=None):
        return self.s.owner.must("GET", self.path(e164, ws))

    def synced(self, e164=FIRST, ws=None):
        return until(
            lambda: (lambda r: r if r["provider"]["state"] == "synced" else None)(self.row(e164, ws)),
            lambda: f"synced: {self.row(e164, ws)}",
        )

    def candidates(self, ws=None, connection=None):
        path = f"{ws or self.s.ws}/connections/{connection or self.s.connection_id}/numbers?refresh=true"
        return {c["e164"]: c for c in self.s.owner.items(path)}

    def test_a_number_lives_its_life(self):
        """IMP-01 IMP-06 ASG-03 ASG-11 ASG-12 XFR-04 XFR-05 CNA-01 CNA-08 LBL-02 DEL-03 a number's whole life, with kill -9."""
        for step in (
            self.list_candidates,
            self.import_keep,
            self.assign,
            self.move,
            self.transfer,
            self.cnam_on,
            self.cnam_off,
            self.cnam_refused,
            self.rename,
            self.deactivate,
            self.activate,
            self.delete,
            self.import_again,
            self.release,
            self.history,
        ):
            with self.subTest(step.__name__):
                self.then(step)
        self.server.stop()
        self.assert_verified(self.server)
        exported = offline(self.server.data, "events", "export").stdout.splitlines()
        self.assertEqual(len(exported), len(self.told))

    def list_candidates(self):
        found = self.candidates()
        self.assertEqual(sorted(found), sorted((FIRST, SECOND, TOLL_FREE)))
        first = found[FIRST]
        self.assertEqual((first["import_status"], first["label"]), ("available", "PBX 0101"))
        self.assertEqual({k: first["webhooks"][k] for k in PBX}, PBX)
        self.assertEqual(first["capabilities"], {"voice": True, "sms": True, "mms": True, "fax": False})

    def import_keep(self):
        self.hooks_before = {h: self.at_twilio()[h] for h in HOOKS}
        self.sim.forget_requests()
        body = {
            "connection": self.s.connection_id,
            "webhooks": "keep",
            "numbers": [
                {"e164": "(415) 555-0101", "label": "Main line"},
                {"e164": TOLL_FREE},
                {"e164": "+14155559999"},
            ],
        }
        answer = self.s.owner.must("POST", f"{self.s.ws}/numbers/import", body, status=200)
        self.assertEqual(
            [r["outcome"] for r in answer["results"]], ["imported", "imported", "not_in_provider_account"]
        )
        self.assertEqual(answer["imported"], 2)
        self.id = answer["results"][0]["number"]["id"]
        row = self.row()
        self.assertEqual(
            (row["label"], row["routing"], row["assignment"]), ("Main line", "external", "unassigned")
        )
        self.assertEqual({h: self.at_twilio()[h] for h in HOOKS}, self.hooks_before)
        self.assertEqual(self.at_twilio()["friendly_name"], "PBX 0101")
        self.assertEqual(self.sim.requests(method="POST"), [])
        self.assertEqual(self.candidates()[FIRST]["import_status"], "imported")
        self.assertEqual(
            self.candidates(self.s.ws2, self.s.connections[1])[FIRST]["import_status"], "imported_elsewhere"
        )

    def assign(self):
        self.billboard = self.s.campaign("Highway Billboard")
        self.radio = self.s.campaign("Morning Radio")
        preview = self.s.owner.must("GET", f"{self.path()}/assignment/preview?campaign={self.billboard}")
        self.assertEqual((preview["warnings"], preview["refusals"]), ([], []))
        answer = self.s.owner.must(
            "PUT", f"{self.path()}/assignment", {"campaign": self.billboard, "acknowledged": []}
        )
        self.assertEqual(
            (answer["assignment"], answer["campaign"]["name"]), ("assigned", "Highway Billboard")
        )
        self.ours(self.s.connection_id)

    def ours(self, connection, ws=None):
        self.synced(ws=ws)
        there, base = self.at_twilio(), f"http://127.0.0.1:{self.server.port}/twilio/{connection}"
        self.assertEqual(there["voice_url"].split("#")[0], f"{base}/voice")
        hooks = (f"{base}/status", f"{base}/sms#rc=3&rp=ct,rt,5xx")
        self.assertEqual((there["status_callback"], there["sms_url"]), hooks)

    def move(self):
        path, owner = f"{self.path()}/assignment", self.s.owner
        preview = owner.must("GET", f"{path}/preview?campaign={self.radio}")
        codes = [w["code"] for w in preview["warnings"]]
        self.assertEqual(codes, ["moving_between_campaigns", "campaign_left_empty"])
        self.assertEqual(preview["warnings"][0]["severity"], "critical")
        refused = owner.send("PUT", path, {"campaign": self.radio, "acknowledged": []})
        self.assert_problem(refused, 409, "warnings_not_acknowledged")
        self.assertEqual(refused.json["warnings"], preview["warnings"])
        some = owner.send("PUT", path, {"campaign": self.radio, "acknowledged": codes[:1]})
        self.assert_problem(some, 409, "warnings_changed")
        self.assertEqual(self.row()["campaign"]["id"], self.billboard)
        moved = owner.must("PUT", path, {"campaign": self.radio, "acknowledged": codes})
        self.assertEqual(moved["campaign"]["id"], self.radio)
        self.ours(self.s.connection_id)
        self.assertEqual(owner.must("GET", f"{self.s.ws}/numbers/summary")["assigned"], 1)

    def transfer(self):
        owner, target = self.s.owner, self.s.workspaces[1]
        preview = owner.must("GET", f"{self.path()}/transfer/preview?to_workspace={target}")
        codes = [w["code"] for w in preview["warnings"]]
        self.assert_problem(
            owner.send("POST", f"{self.path()}/transfer", {"to_workspace": target, "acknowledged": []}),
            409,
            "warnings_not_acknowledged",
        )
        moved = owner.must(
            "POST", f"{self.path()}/transfer", {"to_workspace": target, "acknowledged": codes}, status=200
        )
        self.assertEqual(
            (moved["id"], moved["workspace"]["id"], moved["routing"]), (self.id, target, "parking")
        )
        self.assert_problem(owner.get(self.path()), 404, "not_found")
        row = self.row(ws=self.s.ws2)
        self.assertEqual((row["id"], row["label"], row["campaign"]), (self.id, "Main line", None))
        self.ours(self.s.connections[1], ws=self.s.ws2)

    def cnam_on(self):
        path = f"{self.path(ws=self.s.ws2)}/cnam"
        answer = self.s.owner.send("PUT", path, {"enabled": True}, wait_s=30)
        self.assertEqual(
            (answer.status, answer.json["cnam"]["state"], answer.json["provider"]["state"]),
            (200, "on", "synced"),
        )
        self.assertTrue(self.at_twilio()["voice_caller_id_lookup"])

    def cnam_off(self):
        path = f"{self.path(ws=self.s.ws2)}/cnam"
        answer = self.s.owner.send("PUT", path, {"enabled": False}, wait_s=30)
        self.assertEqual((answer.status, answer.json["cnam"]["state"]), (200, "off"))
        self.assertFalse(self.at_twilio()["voice_caller_id_lookup"])

    def cnam_refused(self):
        refused = self.s.owner.send("PUT", f"{self.path(TOLL_FREE)}/cnam", {"enabled": True}, wait_s=30)
        self.assert_problem(refused, 409, "provider_refused")
        self.assertEqual(refused.json["provider"]["code"], 21409)
        cnam = self.row(TOLL_FREE)["cnam"]
        self.assertEqual(
            (cnam["enabled"], cnam["state"], cnam["provider_error"]["code"]), (False, "refused", 21409)
        )
        there = self.at_twilio(TOLL_FREE)
        self.assertEqual((there["voice_caller_id_lookup"], there["voice_url"]), (False, PBX["voice_url"]))
        hooks = {h: there[h] for h in PBX}
        self.assertEqual(hooks, PBX)  # CNAM on an external number leaves its hooks alone
        self.assert_problem(
            self.s.owner.send("PUT", f"{self.path('+14155559999')}/cnam", {"enabled": True}), 404, "not_found"
        )

    def rename(self):
        path = self.path(ws=self.s.ws2)
        answer = self.s.owner.send("PATCH", path, {"label": "Vision hotline"}, wait_s=30)
        self.assertEqual(
            (answer.status, answer.json["label"], answer.json["provider"]["state"]),
            (200, "Vision hotline", "synced"),
        )
        self.assertEqual(self.at_twilio()["friendly_name"], "Vision hotline")

    def deactivate(self):
        path = f"{self.path(ws=self.s.ws2)}/status"
        self.assertEqual(self.s.owner.must("PUT", path, {"status": "inactive"})["routing"], "inactive")
        self.assertEqual(self.row(ws=self.s.ws2)["status"], "inactive")

    def activate(self):
        path = f"{self.path(ws=self.s.ws2)}/status"
        self.assertEqual(self.s.owner.must("PUT", path, {"status": "active"})["routing"], "parking")

    def delete(self):
        path = self.path(ws=self.s.ws2)
        self.s.owner.must("DELETE", path, status=200)
        self.assert_problem(self.s.owner.get(path), 404, "not_found")
        self.assertIsNotNone(self.at_twilio())  # it stays there, and is billed there

    def import_again(self):
        body = {"connection": self.s.connection_id, "numbers": [{"e164": FIRST}]}
        answer = self.s.owner.must("POST", f"{self.s.ws}/numbers/import", body)
        self.assertEqual(answer["results"][0]["outcome"], "imported")
        self.assertEqual(self.row()["label"], "Vision hotline")

    def release(self):
        path, owner = self.path(), self.s.owner
        self.assert_problem(owner.send("DELETE", f"{path}?release=true"), 409, "confirmation_required")
        self.assert_problem(
            owner.send("DELETE", f"{path}?release=true&confirm=%2B14155550102"), 409, "confirmation_required"
        )
        self.assertIsNotNone(self.at_twilio())
        owner.must("DELETE", path, {"release": True, "confirm": FIRST}, status=202)
        until(lambda: owner.get(path).code == "not_found", lambda: f"it is gone: {owner.get(path)}")
        self.assertIsNone(self.at_twilio())  # shown as release_pending until Twilio has done it (DEL-07)
        until(lambda: "number.released.v1" in [e["type"] for e in owner.events()], "the release is recorded")

    def history(self):
        self.told = self.s.owner.events()
        self.assertEqual([e["sequence"] for e in self.told], list(range(1, len(self.told) + 1)))
        mine = [e for e in self.told if e["subject"] == f"numbers/{self.id}" and e["actor"] != "system"]
        commands = [e["command"] for e in mine]
        self.assertEqual(
            commands,
            [
                "ImportNumber",
                "AssignToCampaign",
                "AssignToCampaign",
                "TransferWorkspace",
                "TransferWorkspace",
                "ToggleCnam",
                "ToggleCnam",
                "RenameNumber",
                "DeactivateNumber",
                "ActivateNumber",
                "DeleteNumber",
                "ImportNumber",
                "DeleteNumber",
            ],
        )
        self.assertEqual({e["actor"] for e in mine}, {self.s.owner_member})
        self.assertEqual(sorted(e["time"] for e in self.told), [e["time"] for e in self.told])
        for event in self.told:
            self.assertEqual((event["specversion"], event["source"]), ("1.0", f"/accounts/{self.s.account}"))
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        paged = self.s.owner.items("/v1/events?limit=7")
        self.assertEqual(paged, self.told)
        seen = self.s.owner.items(f"{self.path(ws=self.s.ws2)}/history".replace(FIRST[1:], self.id))
        self.assertEqual(seen[-1]["type"], "number.transferred_in.v1")  # nothing from before it came


if __name__ == "__main__":
    unittest.main()
