"""A sync that fails: after it nothing on that file can be believed. Who waits is told that the outcome is unknown,
the process stops, and the repeat with the same key finds the one truth."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import WAIT_S, NoAnswer, Story, WorldTest, in_threads, new_key, until  # noqa: E402

SOURCE = pathlib.Path(__file__).parent / "support" / "fail_sync.c"
CLIENTS = 4


class FailedSync(WorldTest):
    def setUp(self):
        folder = self.new_folder()
        library, self.flag = folder / "fail_sync.so", folder / "syncs-fail"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
        sim = self.start_simulator()
        environment = {
            "LD_PRELOAD": str(library),
            "RL_FAIL_SYNC": str(self.flag),
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }
        self.server = self.new_server(sim, environment=environment).start()
        self.s = Story(self.server, sim, numbers=CLIENTS)

    def test_a_failed_sync_stops_the_process_and_the_repeat_finds_the_truth(self):
        clients = [self.s.owner.twin() for _ in range(CLIENTS)]
        asked = [(f"{self.s.ws}/numbers/{n}", f"label {i}", new_key()) for i, n in enumerate(self.s.ids)]
        until(
            lambda: all(
                n["provider"]["state"] == "synced" for n in self.s.owner.items(f"{self.s.ws}/numbers")
            ),
            "all is quiet",
        )
        before = self.s.owner.events()
        self.flag.touch()
        answers = []

        def ask(client, path, label, key):
            try:
                answers.append(client.send("PATCH", path, {"label": label}, key=key))
            except NoAnswer:
                answers.append(None)  # it came when the server was gone

        in_threads([lambda c=c, a=a: ask(c, *a) for c, a in zip(clients, asked)])
        told = [a for a in answers if a is not None]
        self.assertTrue(told, "nobody was told anything")
        self.assertIn("unknown_outcome", [a.code for a in told])
        for answer in told:  # who came after the failure is told that nothing is written any more
            self.assert_problem(answer, 503, "not_writer" if answer.code == "not_writer" else "unknown_outcome")
            self.assertIsNotNone(answer.headers.get("Retry-After"))
        code = self.server.child.process.wait(WAIT_S)
        self.assertNotEqual(code, 0)
        self.assertIn("Input/output error", self.server.log_text())
        self.server.child = None
        self.flag.unlink()
        self.server.start()
        firsts = [
            c.send("PATCH", path, {"label": label}, key=key) for c, (path, label, key) in zip(clients, asked)
        ]
        self.assertEqual([a.status for a in firsts], [200] * CLIENTS)
        again = [
            c.send("PATCH", path, {"label": label}, key=key) for c, (path, label, key) in zip(clients, asked)
        ]
        self.assertEqual([(a.body, a.position) for a in again], [(a.body, a.position) for a in firsts])
        events = self.s.owner.events()
        self.assertEqual(events[: len(before)], before)
        labels = [e["data"]["label"] for e in events[len(before) :] if e["type"] == "number.renamed.v1"]
        self.assertEqual(sorted(labels), sorted(label for _, label, _ in asked))  # one each
        self.server.stop()
        self.assert_verified(self.server)

    def test_without_the_fault_the_library_changes_nothing(self):
        self.assertEqual(
            self.s.owner.send("PATCH", f"{self.s.ws}/numbers/{self.s.ids[0]}", {"label": "x"}).status, 200
        )
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
