"""A person who visited, called and wrote is erased on Kafka: asked of a node that does not write, gone from
every node, from what the broker keeps, from a node that starts again and from one that begins
with nothing."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.client import new_key  # noqa: E402
from support.cluster import ClusterWorld  # noqa: E402
from support.world import files_with, until  # noqa: E402

SITE = "https://shop.example"
LEASE_S = 3600  # no lease ends meanwhile, however slow the machine
CALLER = "+12125550142"
BODY = "a very private wish"
NAME = "Philomena Quillfeather"
LOOKED_UP = "QUILLFEATHER P"
CLICK = "canary-click"
BROWSER = "canary-browser"
IN_ROWS = {CALLER[1:], BODY, NAME, LOOKED_UP, BROWSER}
PERSON = sorted(IN_ROWS | {CLICK})  # which only its event holds


class Erasure(ClusterWorld):
    number_count = 1

    def setUp(self):
        super().setUp()
        campaign = self.s.website(SITE, lease_timeout_s=LEASE_S)
        self.at = f"{self.s.ws}/campaigns/{campaign['id']}"
        self.base = f"/v1/public/campaigns/{campaign['id']}/sessions"
        self.page = {"Authorization": f"Bearer {campaign['publishable_key']}", "Origin": SITE}
        cnam = f"{self.s.ws}/numbers/{self.s.ids[0]}/cnam"
        self.s.owner.must("PUT", cnam, {"enabled": True}, wait_s=30)

    def new_node(self, **settings):
        return super().new_node(logging_level="debug", **settings)

    def node_that(self, role):
        return until(lambda: next((n for n in self.nodes if n.role() == role), None), f"there is a {role}")

    def reader(self, node):
        """The owner at that node, once it has all that the owner was told of."""
        reader = node.client(self.s.owner.key)
        reader.position = self.s.owner.position
        reader.must("GET", "/v1/me", Prefer="wait=30")
        return reader

    def send(self, node, method, path, body=None):
        """A command, through this node and no other, until it is answered for good: nodes change seats."""
        client, key = node.client(self.s.owner.key), new_key()
        answer = until(lambda: (a := client.send(method, path, body, key=key)).status != 503 and a, path)
        self.assertIn(answer.status, (200, 201), answer)
        self.s.owner.position = answer.position
        return answer.json

    def visit(self, node, path="", body=None):
        """What the page is answered for good."""
        page = node.client()

        def asked():
            answer = page.request("POST", self.base + path, body or {}, self.page)
            return answer.status != 503 and answer

        return until(asked, f"POST {path}")

    def lives(self):
        """The person visits, calls the number it saw, writes, is named. Ids of its contact and its visit."""
        about = {"session_key": BROWSER, "visitor": BROWSER, "landing_url": SITE}
        about["click_ids"] = {"gclid": CLICK}
        visit = self.visit(self.node_that("follower"), body=about)
        self.assertEqual(visit.status, 201, visit)
        seen, session = visit.json["number"]["e164"], visit.json["session"]
        parties = {"account_sid": self.s.twilio["account_sid"], "from": CALLER, "to": seen}
        for told in (
            self.sim.control("POST", "calls", parties | {"caller_name": LOOKED_UP, "duration_s": 42}),
            self.sim.control("POST", "messages", parties | {"body": BODY}),
        ):
            self.assertEqual([step for step in told["transcript"] if "error" in step], [])
        (call,) = until(lambda: self.s.owner.must("GET", f"{self.s.ws}/calls")["items"], "the call is listed")
        self.assertEqual((call["attribution"]["session"], call["caller_name"]), (session, LOOKED_UP))
        until(lambda: self.s.owner.must("GET", f"{self.s.ws}/messages")["items"], "the message is listed")
        (contact,) = self.s.owner.must("GET", f"{self.s.ws}/contacts")["items"]
        path = f"{self.s.ws}/contacts/{contact['id']}"
        self.send(self.node_that("follower"), "PUT", f"{path}/name", {"name": NAME, "source": "human"})
        return contact["id"], session

    def outside_of_views(self, node):
        """Files of a node that hold the person in clear: log, keys, all else of its folder, its log lines."""
        return [f for f in files_with(node.folder, *PERSON) if "/data/views/" not in f[1]]

    def records(self, topic, shape):
        return self.broker.kcat(topic, "-C", "-e", "-o", "beginning", "-f", shape + r"\n")

    def at_the_broker(self):
        """The same at the broker: its files, and each record of both topics (a file may be compressed)."""
        topics = (self.nodes[0].topic, f"{self.prefix}.keys")
        read = [self.records(topic, "%k %h %s") for topic in topics]
        self.assertIn("contact.created", read[0])
        self.assertIn("installation/", read[1])
        found = [(text, topic) for topic, records in zip(topics, read) for text in PERSON if text in records]
        return found + files_with(self.broker.folder, *PERSON)

    def keys_of(self, subject):
        """Of this subject in the keys topic: keys that did not vanish, whether it is marked destroyed."""
        records = self.records(f"{self.prefix}.keys", "%k %S")
        sizes = dict(line.split(" ") for line in records.splitlines())  # the last one counts; -1: no value
        keys = [k for k, size in sizes.items() if k.startswith(f"key/{subject}/") and int(size) >= 0]
        return keys, int(sizes.get(f"destroyed/{subject}", -1)) > 0

    def counts(self, node):
        """What an erasure leaves as it was, as this node tells it."""
        reader = self.reader(node)
        figures, pool = (reader.must("GET", f"{self.at}/{what}") for what in ("figures", "pool"))
        kept = "direction outcome status duration_s started_at ended_at number campaign".split()
        calls = [{name: call[name] for name in kept} for call in reader.items(f"{self.s.ws}/calls")]
        summary = reader.must("GET", f"{self.s.ws}/numbers/summary")
        return figures["total"], pool["size"], pool["sessions"], summary, calls

    def assert_erased_on(self, node, contact, session):
        """Lists, export, feed and the visit itself, as this node tells them."""
        reader = self.reader(node)
        exported = reader.must("GET", f"{self.s.ws}/contacts/{contact}/export")
        self.assertEqual((exported["contact"]["erased"], exported["contact"]["calls"]), (True, 1))
        lists = f"{self.s.ws}/calls", f"{self.s.ws}/messages", f"{self.s.ws}/contacts", f"{self.at}/leases"
        events = reader.events()
        told = json.dumps([exported, events, *(reader.must("GET", path) for path in lists)])
        self.assertEqual([text for text in PERSON if text in told], [])
        said = {e["type"]: e["data"] for e in events}
        (call,) = reader.must("GET", f"{self.s.ws}/calls")["items"]
        self.assertEqual((call["from"], call["caller_name"], call["outcome"]), (None, None, "answered"))
        (message,) = reader.must("GET", f"{self.s.ws}/messages")["items"]
        self.assertEqual((message["from"], message["body"]), (None, None))
        self.assertEqual(reader.must("GET", f"{self.s.ws}/contacts")["items"], [])
        self.assertIsNone(said["call.received.v1"]["from"])
        self.assertIsNone(said["message.received.v1"]["body"])
        self.assertIsNone(said["contact.created.v1"]["phone"])
        self.assertIsNone(said["session.started.v1"]["click_ids"])
        self.assertEqual(self.visit(node, f"/{session}/heartbeat").status, 404)

    def test_who_is_erased_through_a_follower_is_found_nowhere_on_any_node_or_at_the_broker(self):
        """CON-12 on Kafka: keys destroyed for every node, rows scrubbed, counts kept; a fresh node agrees"""
        contact, session = self.lives()
        for node in self.nodes:  # so that the rows are in files
            node.stop()
            node.start()
        before = [self.counts(node) for node in self.nodes]
        for node in self.nodes:
            feed = json.dumps(self.reader(node).events())
            self.assertEqual([text for text in PERSON if text not in feed], [])
            self.assertEqual({text for text, _ in files_with(node.data / "views", *PERSON)}, IN_ROWS)
            self.assertEqual(self.outside_of_views(node), [])
        self.assertEqual(self.at_the_broker(), [])
        keys = {subject: self.keys_of(subject) for subject in (contact, session)}
        for names, destroyed in keys.values():
            self.assertEqual((len(names) > 0, destroyed), (True, False), keys)
        self.send(self.node_that("follower"), "POST", f"{self.s.ws}/contacts/{contact}/erase")
        for node in self.nodes:
            self.assert_erased_on(node, contact, session)
        for subject in (contact, session):
            until(lambda s=subject: self.keys_of(s) == ([], True), f"no key of {subject} is left")
        for node in self.nodes:
            self.assert_no_file_holds_it(node)
        self.assertEqual([self.counts(node) for node in self.nodes], before)
        self.nodes[1].restart()  # kill -9
        fresh = self.new_node().start()
        self.assertEqual(self.counts(fresh), before[0])
        self.nodes.append(fresh)
        for node in self.nodes:
            self.assert_erased_on(node, contact, session)
            self.assert_no_file_holds_it(node)
        self.assertEqual(self.at_the_broker(), [])
        for node in self.nodes:
            node.stop()
        for node in self.nodes:
            self.assert_verified(node)
            exported = node.offline("events", "export").stdout
            self.assertEqual([text for text in PERSON if text in exported], [])
            self.assertEqual(files_with(node.folder, *PERSON), [])

    def assert_no_file_holds_it(self, node):
        self.assertEqual(self.outside_of_views(node), [])
        until(
            lambda: files_with(node.folder, *PERSON) == [],
            lambda: f"the old rows are gone: {files_with(node.folder, *PERSON)}",
        )


if __name__ == "__main__":
    unittest.main()
