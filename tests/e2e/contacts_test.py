"""Messages, contacts and their erasure through the real program: the simulated Twilio writes to a number and rings
it, STOP is kept, and a person who is erased is found nowhere on the disk."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, files_with, until  # noqa: E402

CALLER = "+12125550142"
BODY = "a very private wish"
NAME = "Philomena Quillfeather"
NOTE = "afraid of needles"


class Contacts(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="debug").start()
        self.s = Story(self.server, self.sim, numbers=1)
        self.campaign = self.s.campaign("Spring", forward_to="+12125550199")
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}/assignment"
        self.s.owner.must("PUT", path, {"campaign": self.campaign, "acknowledged": []}, wait_s=30)

    def told(self, what, **order):
        order = {"account_sid": self.s.twilio["account_sid"], "from": CALLER, "to": self.s.e164s[0]} | order
        return self.sim.control("POST", what, order)

    def contacts(self, query=""):
        return self.s.owner.must("GET", f"{self.s.ws}/contacts{query}")["items"]

    def files_with(self, *texts):
        return files_with(self.server.data, *texts)

    def test_a_message_is_recorded_and_stop_is_kept(self):
        """MSG-01 MSG-02 CMP-04 an inbound message reaches its workspace; STOP and START are kept with their proof"""
        sent = self.told("messages", body=BODY, num_media=1)
        self.assertIn("sms_webhook", [s["event"] for s in sent["transcript"]])
        self.assertEqual([s for s in sent["transcript"] if "error" in s], [])
        (message,) = self.s.owner.must("GET", f"{self.s.ws}/messages")["items"]
        self.assertEqual(message["provider_sid"], sent["message"]["sid"])
        self.assertEqual((message["from"], message["body"], message["media"]), (CALLER, BODY, 1))
        self.assertEqual(message["campaign"]["name"], "Spring")
        self.told("messages", body="Stop")
        (contact,) = self.contacts()
        self.assertEqual((contact["id"], contact["consent"]), (message["contact"]["id"], "opted_out"))
        self.assertNotEqual(contact["consent_message"], message["id"])
        self.told("messages", body="START")
        self.assertEqual(self.contacts()[0]["consent"], "opted_in")
        self.assertEqual(self.s.owner.get(f"{self.s.ws2}/messages/{message['id']}").status, 404)
        self.server.stop()
        self.assert_verified(self.server)

    def test_a_workspace_says_what_its_managers_and_members_see_of_calls_and_contacts(self):
        """ROL-02 what a workspace does not grant is 403 at once, and stands in no event or history either"""
        self.told("calls")
        contact = f"{self.s.ws}/contacts/{self.contacts()[0]['id']}"
        calls, history = f"{self.s.ws}/calls", f"{self.s.ws}/numbers/{self.s.ids[0]}/history?limit=500"
        people = {role: self.s.member(role, f"{role}@grants.example")[0] for role in ("member", "manager", "agent")}

        def sees_calls(client):
            return any(e["type"].startswith("call.") for e in client.must("GET", history)["items"])

        for role in ("member", "manager"):
            client = people[role]
            self.assertEqual(client.get(calls).status, 200)
            self.assertTrue(sees_calls(client))
            self.s.owner.must("PATCH", self.s.ws, {f"{role}_grants": ["contacts.read"]})
            for path in (calls, "/v1/events", f"{contact}/export"):
                self.assert_problem(client.get(path), 403, "forbidden")
            self.assertFalse(sees_calls(client))
            self.assertEqual(client.get(contact).status, 200)
            self.assertNotIn("calls.read", client.must("GET", "/v1/me")["capabilities"])
        name = {"name": NAME, "source": "human"}
        self.assert_problem(people["manager"].send("PUT", f"{contact}/name", name), 403, "forbidden")
        self.s.owner.must("PATCH", self.s.ws, {"manager_grants": ["contacts.write"]})
        people["manager"].must("PUT", f"{contact}/name", name)
        people["agent"].must("PUT", f"{contact}/name", name)
        self.assert_problem(people["agent"].send("POST", f"{contact}/erase"), 403, "forbidden")
        call = calls + "/" + self.s.owner.must("GET", calls)["items"][0]["id"]
        noted = {"notes": "wants an offer", "lead_status": "qualified"}
        for who in ("manager", "agent"):
            people[who].must("PATCH", contact, noted | {"tags": [who]})
        people["agent"].must("PATCH", call, noted)
        for who in ("manager", "member"):
            self.assert_problem(people[who].send("PATCH", call, noted), 403, "forbidden")
        self.assertTrue(sees_calls(people["agent"]))

    def test_who_is_erased_is_found_nowhere(self):
        """CON-01 CON-12 calls and messages make one contact; once it is erased no file holds anything of it"""
        self.told("calls", caller_name="QUILLFEATHER P", duration_s=42)
        self.told("messages", body=BODY)
        (contact,) = self.contacts("?search=5550142")
        self.assertEqual((contact["calls"], contact["messages"]), (1, 1))
        path = f"{self.s.ws}/contacts/{contact['id']}"
        self.s.owner.must("PUT", path + "/name", {"name": NAME, "source": "human"})
        (call,) = self.s.owner.must("GET", f"{self.s.ws}/calls")["items"]
        for noted in (path, f"{self.s.ws}/calls/{call['id']}"):
            self.s.owner.must("PATCH", noted, {"notes": NOTE, "tags": ["Quillfeather"]})
        self.server.stop()  # so that the rows are in files
        self.server.start()
        exported = json.dumps(self.s.owner.must("GET", path + "/export"))
        texts = (CALLER[1:], BODY, NAME, NOTE)
        for text in texts:
            self.assertIn(text, exported)
        held = {text for text, file in self.files_with(*texts) if "/views/" in file}
        self.assertEqual(held, set(texts))
        self.assertEqual([f for f in self.files_with(*texts) if "/views/" not in f[1]], [])
        self.s.owner.must("POST", path + "/erase")
        feed = json.dumps(self.s.owner.events())
        for text in texts:
            self.assertNotIn(text, feed)
        until(lambda: self.files_with(*texts) == [], "the old rows are gone from the files")
        (call,) = self.s.owner.must("GET", f"{self.s.ws}/calls")["items"]
        self.assertEqual((call["from"], call["caller_name"], call["outcome"]), (None, None, "answered"))
        self.assertEqual((call["notes"], call["tags"]), (None, None))
        self.assertEqual(self.contacts(), [])
        self.told("calls")
        self.assertNotEqual(self.contacts()[0]["id"], contact["id"])
        self.server.stop()
        self.assert_verified(self.server)
        events = self.server.offline("events", "export").stdout
        self.assertNotIn(BODY, events)
        self.assertNotIn(NAME, events)
        self.assertNotIn(NOTE, events)


if __name__ == "__main__":
    unittest.main()
