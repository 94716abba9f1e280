"""A full disk: writes are refused with 507 before anything breaks, reads go on, and when there is room again the
server goes on by itself (quality.md "Durability and faults" 10)."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.ledger import Ledger, Worker  # noqa: E402
from support.world import Story, WorldTest, new_key, until  # noqa: E402

DISK_MB, FLOOR_MB = 160, 8
MIB = 1024 * 1024


def tmpfs(folder):
    """A small disk of its own at `folder`; False where we may not mount."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], capture_output=True
    )
    return done.returncode == 0


class FullDisk(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.disk = cls.folder / "disk"
        if not tmpfs(cls.disk):
            raise unittest.SkipTest("mounting a tmpfs needs root")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.disk], check=True)

    def setUp(self):
        sim = self.start_simulator()
        self.server = self.new_server(
            sim,
            data=self.disk / f"data-{self._testMethodName}",
            data_floor_free_mb=FLOOR_MB,
            log_segment_mb=8,
            logging_level="warn",
        ).start()
        self.s = Story(self.server, sim, numbers=4)
        self.path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        self.ballast = self.disk / "ballast"
        self.addCleanup(self.ballast.unlink, missing_ok=True)

    def free(self):
        found = os.statvfs(self.disk)
        return found.f_bavail * found.f_frsize

    def fill(self, leave_bytes):
        with open(self.ballast, "ab") as file:
            while self.free() > leave_bytes:
                file.write(bytes(min(MIB, self.free() - leave_bytes)))
                file.flush()

    def rename(self, label, key=None):
        return self.s.owner.send("PATCH", self.path, {"label": label}, key=key)

    def assert_reads_go_on(self, label):
        self.assertEqual(self.s.owner.must("GET", self.path)["label"], label)
        self.assertEqual(self.s.owner.get(f"{self.s.ws}/numbers").status, 200)
        self.assertTrue(self.s.owner.events())
        self.server.must_run()

    def test_writes_are_507_reads_go_on_and_it_recovers_without_a_restart(self):
        pid = self.server.child.process.pid
        for round_number, leave in enumerate((FLOOR_MB * MIB // 2, 0)):
            label = f"before {round_number}"
            self.assertEqual(self.rename(label).status, 200)
            self.fill(leave)
            key = new_key()
            for _ in range(20):
                refused = self.rename("too much", key)
                self.assert_problem(refused, 507, "read_only")
                self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
                self.assertTrue(refused.json["retryable"])
            self.assert_reads_go_on(label)
            self.ballast.unlink()
            after = until(
                lambda: (lambda a: a if a.status != 507 else None)(self.rename("room again", key)),
                "writes go on",
            )
            self.assertEqual((after.status, after.replayed), (200, False))
            self.assert_reads_go_on("room again")
        self.assertEqual(self.server.child.process.pid, pid)
        self.server.stop()
        self.assert_verified(self.server)

    def test_filling_up_under_load_loses_and_doubles_nothing(self):
        ledger = Ledger(
            [
                Worker(self.s.owner.twin(), f"{self.s.ws}/numbers/{n}", n, f"w{i}")
                for i, n in enumerate(self.s.ids)
            ]
        )

        def fill_and_free():
            until(lambda: ledger.count() > 200, "some load")
            self.fill(MIB)
            until(lambda: self.rename("probe").status == 507, "writes are refused")
            self.assertEqual(self.s.owner.get(self.path).status, 200)
            self.ballast.unlink()
            until(lambda: self.rename("probe again").status == 200, "writes go on")

        ledger.workers = ledger.workers[1:]  # the first number is the probe's
        ledger.load_until(fill_and_free)
        ledger.settle()
        self.assertEqual(ledger.faults_in(self.s.owner.events()), [])
        self.server.restart()
        self.assertEqual(ledger.faults_in(self.s.owner.events()), [])
        self.server.stop()
        self.assert_verified(self.server)


if __name__ == "__main__":
    unittest.main()
