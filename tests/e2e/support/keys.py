"""What tests of a keys topic that is away or breaks do and look at: commands that need the key of a new data
subject, and whether all that is sealed in the log opens with what is in the topic."""

import json

from support.client import until
from support.kafka import KafkaWorld, give_master_key
from support.oracle import records_of
from support.world import Story

BACK_S = 180  # until what came back is used again, on a busy machine


class KeysWorld(KafkaWorld):
    """One node that writes, one account, one number."""

    def begin(self, prefix):
        self.sim = self.start_simulator()
        self.a = self.new_server(self.sim, prefix=prefix, logging_level="info").start()
        self.keys_topic = f"{prefix}.keys"
        self.s = Story(self.a, self.sim, numbers=1)
        self.twilio = self.sim.account()  # of connections that are made later

    # Each is repeated with the same key: it is one command, however often it is asked.

    def rename(self, label, client=None):
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        key = f"rename-{label}".replace(" ", "-")
        return (client or self.s.owner).send("PATCH", path, {"label": label}, key=key)

    def invite(self, name):
        """The member is a new data subject."""
        body = {"email": f"{name.lower()}@acme.example", "name": f"{name} Person", "role": "member"}
        return self.s.owner.send("POST", f"{self.s.ws}/members", body, key=f"invite-{name}")

    def connect(self, name):
        """The connection is a new data subject: what is sealed is its token."""
        body = {"provider": "twilio", "name": name, "account_sid": self.twilio["account_sid"]}
        body["auth_token"] = "0" * 32  # another one is given to it later
        return self.s.owner.send("POST", f"{self.s.ws}/connections", body, key=f"connect-{name}")

    def assert_not_now(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertTrue(answer.json["retryable"], answer)
        self.assertGreaterEqual(int(answer.headers.get("Retry-After", 0)), 1, answer)

    def at_last(self, ask, status):
        """The JSON of the first answer that is no 503."""
        said = []

        def answered():
            said.append(ask())
            return said[-1] if said[-1].status != 503 else None

        answer = until(answered, lambda: f"it is answered for good, not {said[-1]}", BACK_S)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def told(self, text):
        until(lambda: text in self.a.log_text(), lambda: f"{text!r} is in the log lines", BACK_S)

    def names_of(self, kind, client=None):
        """Of those that events of this kind tell of, in order."""
        return [e["data"]["name"] for e in (client or self.s.owner).events() if e["type"] == kind]

    def keys_in_topic(self):
        records = self.broker.kcat(self.keys_topic, "-C", "-e", "-o", "beginning", "-f", r"%k %S\n")
        return {line.split()[0] for line in records.splitlines() if not line.endswith(" -1")}

    def keys_needed(self):
        """By what is sealed in the log, also in records that do not count."""
        needed = set()
        for _, _, headers, payload in records_of(self.broker, self.a.topic):
            if headers["kind"] != "commit":
                continue
            commit = json.loads(payload)
            sealed = [part["p"] for part in [commit["result"], *commit["events"]] if "p" in part]
            needed |= {f"key/{p['subject']}/{p['key']}" for p in sealed}
        return needed

    def assert_no_commit_without_its_keys(self):
        needed = self.keys_needed()
        self.assertGreater(len(needed), 2)
        self.assertEqual(needed - self.keys_in_topic(), set(), "sealed with keys that nobody can read")

    def assert_a_fresh_node_has_everything(self, connection=None):
        """All that is sealed opens on a node with the master key alone, and its views are those of the first
        one. It takes over, and `connection` works there. Stops both."""
        b = self.new_server(self.sim, prefix=self.a.settings["kafka_topic_prefix"], logging_level="info")
        give_master_key(self.a, b)
        b.start()
        twin = b.client(self.s.owner.key)
        until(lambda: twin.events() == self.s.owner.events(), "the fresh node shows what the first one shows")
        for path in ("members", "connections", "numbers"):
            at = f"{self.s.ws}/{path}"
            until(lambda at=at: twin.items(at) == self.s.owner.items(at), f"both show the same {path}")
        self.a.stop()
        self.at_last(lambda: self.rename("By the fresh one", twin), 200)
        if connection:
            path = f"{self.s.ws}/connections/{connection}"
            twin.must("PATCH", path, {"auth_token": self.twilio["auth_token"]})
            twin.must("POST", f"{path}/verify", {})
            self.assertEqual(twin.must("GET", path)["state"], "active")
        b.stop()
        for node in (self.a, b):
            self.assert_verified(node)
