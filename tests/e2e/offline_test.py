"""What the offline commands tell of a folder whose server was killed, or whose read models were deleted: all of the
log, never only what had been folded (quality.md "Durability and faults")."""

import json
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, copy_of, offline  # noqa: E402


class Offline(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sim = cls.start_simulator()
        server = cls.new_server(sim).start()
        cls.s = Story(server, sim, numbers=3)
        for at in range(20):
            cls.s.owner.must("PATCH", f"{cls.s.ws}/campaigns/{cls.s.campaign(f'c{at}')}", {"name": f"d{at}"})
        cls.events = cls.s.owner.events()
        server.kill()
        cls.data = server.data

    def copied(self, name):
        return copy_of(self.data, self.new_folder() / name)

    def exported(self, data):
        done = offline(data, "events", "export")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def verified(self, data):
        """Each family's verdict and position; the log's end."""
        done = offline(data, "views", "verify")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = {}
        for line in done.stdout.splitlines():
            words = line.split()
            told[words[0]] = (words[1], int(words[-1].rstrip(")")))
        end = int(offline(data, "views", "list").stdout.split()[-1])
        return told, end, done.stderr

    def test_after_kill_9_the_export_is_complete_and_as_the_feed_told_it(self):
        self.assertGreater(len(self.events), 40)
        self.assertEqual(self.exported(self.copied("killed"))[: len(self.events)], self.events)

    def test_after_kill_9_the_whole_log_is_verified(self):
        told, end, _ = self.verified(self.copied("killed"))
        self.assertEqual(set(told.values()), {("equal", end)}, told)
        self.assertIn("book.v1", told)

    def test_without_read_models_everything_is_folded_and_that_is_said(self):
        data = self.copied("deleted")
        shutil.rmtree(data / "views")
        told, end, said = self.verified(data)
        self.assertEqual(set(told.values()), {("equal", end)}, told)
        self.assertIn(f"folding the log from offset 0 to {end}", said)
        shutil.rmtree(data / "views")
        self.assertEqual(self.exported(data)[: len(self.events)], self.events)

    def test_one_family_can_be_verified_alone(self):
        data = self.copied("one")
        for name in ("book.v1", "inventory.v1"):
            done = offline(data, "views", "verify", name)
            self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stdout + done.stderr)
            self.assertTrue(done.stdout.startswith(name))


if __name__ == "__main__":
    unittest.main()
