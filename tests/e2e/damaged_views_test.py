"""Damage in the folder of the read models and the book, which may be thrown away: what is served is right or an
error, and no row that cannot be read is taken for one that is not there (a number imported twice, a known key carried
out again). RL_CHAOS or RL_CHAOS_ROUNDS: more damage."""

import json
import pathlib
import random
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import NoAnswer, NotStarted, Story, WorldTest, copy_of, rounds, until  # noqa: E402

PAGE = 4096


class DamagedViews(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim, logging_level="warn").start()
        cls.s = Story(cls.server, cls.sim, numbers=6)
        for i in range(400):  # enough for the book to fill many blocks
            cls.s.owner.must("PATCH", f"{cls.s.ws}/numbers/{cls.s.ids[i % 6]}", {"label": f"label {i}"})
        cls.known = {"label": "a known key"}
        cls.first = cls.s.owner.must("PATCH", f"{cls.s.ws}/numbers/{cls.s.ids[0]}", cls.known, key="known")
        until(
            lambda: {n["provider"]["state"] for n in cls.s.owner.items(f"{cls.s.ws}/numbers")} == {"synced"},
            "all numbers synced: nothing is left to be told",
        )
        for _ in range(5):  # rows go to files, which are compacted: damage is met by who reads, not at once
            cls.server.stop()
            cls.server.start()
        cls.server.stop()
        cls.data = cls.server.data
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        cls.chance = random.Random(seed)

    def started(self, data):
        """A client of a server on this folder, or None when the server refused to start."""
        server = self.new_server(self.sim, data=data, logging_level="warn")
        try:
            server.start()
        except NotStarted as refused:
            self.assertNotIn("AddressSanitizer", str(refused))
            return None
        client = self.s.owner.twin()
        client.server = server
        self.addCleanup(server.close)
        return client

    def told(self, client):
        """What is asked and what came of it: by question the answer, or None for an error of the server."""
        ws, n = self.s.ws, self.s.ids[0]
        answers = {}

        def ask(name, method, path, shape, **more):
            try:
                answer = client.send(method, path, **more) if method != "GET" else client.get(path)
            except NoAnswer:
                answers[name] = None  # the process stopped: it found the damage
                return
            told = shape(answer.json) if answer.status == 200 else answer.code
            answers[name] = None if answer.status >= 500 else (answer.status, told)

        def rows(body):
            return [(i["id"], i["e164"], i["label"]) for i in body["items"]], body["total"]

        ask("list", "GET", f"{ws}/numbers?limit=500&sort=e164", rows)
        ask("search", "GET", f"{ws}/numbers?search=label", rows)
        ask("summary", "GET", f"{ws}/numbers/summary", lambda b: b["total"])
        ask("number", "GET", f"{ws}/numbers/{n}", lambda b: (b["label"], b["version"]))
        ask("history", "GET", f"{ws}/numbers/{n}/history?limit=500", lambda b: b["total"])
        ask("members", "GET", f"{ws}/members", lambda b: [m["email"] for m in b["items"]])
        ask("campaigns", "GET", f"{ws}/campaigns", lambda b: b["total"])
        ask("known key", "PATCH", f"{ws}/numbers/{n}", lambda b: b, body=self.known, key="known")
        again = {"connection": self.s.connections[0], "webhooks": "keep",
                 "numbers": [{"e164": e} for e in self.s.e164s]}  # fmt: skip
        ask("import again", "POST", f"{ws}/numbers/import",
            lambda b: [r["outcome"] for r in b["results"]], body=again, key="again")  # fmt: skip
        return answers

    def damage(self, file):
        content = bytearray(file.read_bytes())
        at = self.chance.randrange(len(content))
        if self.chance.random() < 0.8:
            content[at] ^= 1 << self.chance.randrange(8)
        else:
            page = at // PAGE * PAGE
            content[page : page + PAGE] = bytes(len(content[page : page + PAGE]))
        file.write_bytes(content)

    def test_damaged_views_and_book_are_noticed_or_harmless(self):
        client = self.started(copy_of(self.data, self.folder / "whole"))
        right = self.told(client)
        self.assertNotIn(None, right.values())
        self.assertEqual(set(right["import again"][1]), {"already_imported"})
        # The control: one row that is another shows.
        client.must("PATCH", f"{self.s.ws}/numbers/{self.s.ids[1]}", {"label": "another"})
        self.assertNotEqual(self.told(client), right)
        client.server.close()
        noticed = 0
        for i in range(rounds(25, 1000)):
            copy = copy_of(self.data, self.folder / "damaged")
            files = [f for f in sorted((copy / "views").iterdir()) if f.suffix in (".sst", ".log")]
            book = [f for f in files if b"book.v1" in f.read_bytes()]  # a table names its family
            self.assertTrue(book)
            largest = max(book, key=lambda f: f.stat().st_size)
            file = largest if i % 2 else self.chance.choice([f for f in files if f.stat().st_size])
            self.damage(file)
            client = self.started(copy)
            if client is None:
                noticed += 1
                continue
            told = self.told(client)
            noticed += None in told.values()
            for question, answer in told.items():
                if answer is not None:
                    self.assertEqual(answer, right[question], f"round {i}, {file.name}: {question}")
            client.server.close()
            self.assert_log_is_as_it_was(copy, i)
        self.assertGreater(noticed, 0)

    def assert_log_is_as_it_was(self, copy, i):
        """Whatever the views were: no number was made anew."""
        shutil.rmtree(copy / "views")
        client = self.started(copy)
        self.assertIsNotNone(client)
        body = client.get(f"{self.s.ws}/numbers?limit=500").json
        self.assertEqual(sorted(n["id"] for n in body["items"]), sorted(self.s.ids), f"round {i}")
        kinds = [e["type"] for e in client.events()]
        self.assertEqual(kinds.count("number.imported.v1"), len(self.s.ids), json.dumps(kinds))
        client.server.close()


if __name__ == "__main__":
    unittest.main()
