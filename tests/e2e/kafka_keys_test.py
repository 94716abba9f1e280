"""Keys of data subjects in Kafka's keys topic: a node with an empty folder and the same master key reads what the others
wrote and goes on with their credentials; another master key is refused."""

import pathlib
import secrets
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.kafka import KafkaWorld  # noqa: E402
from support.world import NotStarted, Story, until  # noqa: E402

KEEP_S = 50  # longer than a busy machine needs to change the seat, and less than a client waits
MASTER = "RINGLEDGER_CRYPTO_MASTER_KEY"


class KafkaKeys(KafkaWorld):
    def setUp(self):
        self.sim = self.start_simulator()
        self.master = secrets.token_hex(32)
        self.a = self.with_master(self.new_server(self.sim, cluster_keep_seconds=KEEP_S), self.master).start()
        self.s = Story(self.a, self.sim, numbers=1)

    def node(self):
        """Another one on the same topics, with an empty data folder."""
        prefix = self.a.settings["kafka_topic_prefix"]
        return self.new_server(self.sim, prefix=prefix, cluster_keep_seconds=KEEP_S)

    @staticmethod
    def with_master(server, master):
        (server.data / "keys").mkdir(parents=True)
        (server.data / "keys" / "master.key").write_text(master)
        return server

    def role(self, server):
        return server.client().get("/readyz").json["partitions"][0]["role"]

    def provider_state(self, client):
        return client.must("GET", f"{self.s.ws}/numbers/{self.s.ids[0]}")["provider"]["state"]

    def assert_renames(self, client, label):
        """And Twilio has it: the connection's token was used."""
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        renamed = lambda: client.send("PATCH", path, {"label": label}).status == 200  # noqa: E731
        until(renamed, "the node writes", 2 * KEEP_S)
        until(lambda: self.provider_state(client) == "synced", "Twilio was called")
        self.assertEqual(self.sim.fetch(self.s.twilio, self.s.e164s[0])["friendly_name"], label)

    def test_a_node_with_an_empty_folder_follows_takes_over_after_kill_9_and_uses_the_credentials(self):
        b = self.with_master(self.node(), self.master)
        b.start()  # what starts claims, so the first one claims anew
        self.a.restart()
        until(lambda: self.role(b) == "follower", "the new node follows")
        # Made while it follows: another Twilio account, another member.
        twilio = self.sim.account()
        path = f"{self.s.ws}/connections"
        body = {"provider": "twilio", "name": "Second", "account_sid": twilio["account_sid"], "auth_token": "0" * 32}
        connection = self.s.owner.must("POST", path, body, status=201)["id"]
        self.s.owner.must("PATCH", f"{path}/{connection}", {"auth_token": twilio["auth_token"]})
        reader, _, _ = self.s.member("member", "eve@acme.example")
        twin = b.client(self.s.owner.key)
        until(lambda: len(twin.events()) == len(self.s.owner.events()), "the new node has everything")
        self.assertEqual(twin.events(), self.s.owner.events())  # personal fields in clear, on both
        self.a.kill()
        self.assert_renames(twin, "By the second")
        twin.must("POST", f"{path}/{connection}/verify", {})
        verified = [e["data"] for e in twin.events() if e["type"] == "connection.verified.v1"][-1]
        self.assertEqual((verified["connection"], verified["state"]), (connection, "active"))
        self.assertEqual(b.client(reader.key).get(f"{self.s.ws}/numbers").status, 200)
        b.kill()
        self.a.start()  # and back, with what the other one made
        self.assert_renames(self.s.owner, "By the first")
        self.a.stop()
        self.assert_verified(self.a)

    def test_a_folder_that_lost_everything_but_the_master_key_is_made_anew(self):
        self.a.kill()
        shutil.rmtree(self.a.data)
        self.a.environment[MASTER] = self.master
        self.a.start()
        self.assert_renames(self.s.owner, "With fetched keys")
        events = self.s.owner.events()
        created = next(e for e in events if e["type"].startswith("member."))
        self.assertIn("ada@acme.example", str(created["data"]))

    def test_another_master_key_or_none_is_refused_saying_so(self):
        other = self.with_master(self.node(), secrets.token_hex(32))
        self.assertRaises(NotStarted, other.start)
        self.assertIn("give this node the master key of the others", other.log_text())
        none = self.node()
        self.assertRaises(NotStarted, none.start)
        self.assertIn("this node has no master key", none.log_text())
        self.assertFalse((none.data / "keys" / "master.key").exists())

    def test_a_keys_topic_that_is_not_there_is_refused_and_a_folder_publishes_its_keys_in_a_new_one(self):
        self.a.stop()
        prefix = self.a.settings["kafka_topic_prefix"]
        self.a.settings["kafka_topic"] = f"{prefix}.log"  # its keys would be in another topic, which is not there
        self.assertRaises(NotStarted, self.a.start)
        self.assertIn(f"there is no topic {prefix}.log.keys", self.a.log_text())
        self.assertEqual(self.a.create_log().returncode, 0)
        self.a.start()  # the folder's keys are published there
        self.assert_renames(self.s.owner, "With published keys")

    def test_the_keys_topic_tells_no_secret(self):
        keys = self.a.broker.kcat(f"{self.a.settings['kafka_topic_prefix']}.keys", "-C", "-e", "-o", "beginning",
                                  "-f", r"%k %s\n")
        lines = keys.splitlines()
        self.assertEqual(sum(line.startswith("installation/") for line in lines), 1)
        self.assertGreater(sum(line.startswith("key/") for line in lines), 1)
        for secret in (self.master, self.s.twilio["auth_token"], "ada@acme.example", "book rows"):
            self.assertNotIn(secret, keys)


if __name__ == "__main__":
    unittest.main(verbosity=2)
