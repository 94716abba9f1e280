"""A stopped folder whose files were damaged: torn at every byte of the last record, bits flipped, pages zeroed, files
cut, exchanged or gone. Detected, with a message that says where and what to do, or harmless; never fewer events with
"OK" (quality.md "Durability and faults" 4-6). RL_CHAOS or RL_CHAOS_ROUNDS: more damage."""

import json
import os
import pathlib
import random
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import NoAnswer, NotStarted, Story, WorldTest, copy_of, offline, rounds  # noqa: E402

PAGE = 4096
STARTS = 20  # of the damaged folders, how many are also started


class Damage(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim, log_segment_mb=8, logging_level="warn").start()
        cls.s = Story(cls.server, cls.sim, numbers=3)
        for i in range(40):
            cls.s.owner.must("PATCH", f"{cls.s.ws}/numbers/{cls.s.ids[i % 3]}", {"label": f"label {i}"})
        cls.server.stop()
        cls.data = cls.server.data
        cls.commits = cls.count(offline(cls.data, "log", "verify"))
        cls.events = cls.exported(cls.data)
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        cls.chance = random.Random(seed)
        cls.copy = cls.folder / "copy"

    @staticmethod
    def count(done):
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return int(done.stdout.split()[0])

    @staticmethod
    def exported(data):
        done = offline(data, "events", "export")
        return done.stdout.splitlines() if done.returncode == 0 else None

    def segment(self, data):
        return sorted((data / "log").glob("*.seg"))[-1]

    def last_record(self, data):
        """Its first byte and the one after it, in the last segment."""
        lines = offline(data, "log", "inspect").stdout.splitlines()
        at, size = re.search(r"@(\d+) (\d+) bytes", lines[-1]).groups()
        return int(at), int(at) + int(size) + 20

    def assert_refused(self, done, *names):
        """Says where (segment or file) and what to do."""
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("AddressSanitizer", done.stderr)
        self.assertGreater(done.returncode, 0, f"ended by a signal: {done.stderr}")
        for name in names:
            self.assertIn(name, done.stderr)

    def start(self, data):
        """A server on a copy, or None when it refused to start (which its log must explain)."""
        server = self.new_server(self.sim, data=data, logging_level="warn")
        try:
            return server.start()
        except NotStarted as refused:
            self.assertNotIn("AddressSanitizer", str(refused))
            self.assertNotRegex(str(refused), r"\(hung|exit code 1[23]\d\b")
            return None

    def assert_nothing_is_missing(self, server):
        told = self.s.owner.twin()
        told.server = server
        mine = [e for e in map(json.loads, self.events) if e["source"] == f"/accounts/{self.s.account}"]
        events = told.events()
        self.assertEqual(
            [(e["id"], e["sequence"]) for e in events[: len(mine)]], [(e["id"], e["sequence"]) for e in mine]
        )
        # Only the reconciler, at work again, may have told something since.
        self.assertLessEqual({e["actor"] for e in events[len(mine) :]}, {"system"})
        server.close()

    def serves_everything(self, server):
        """False: it found the damage after its start (RocksDB's compaction looks at everything), said so and ended."""
        try:
            self.assert_nothing_is_missing(server)
            return True
        except NoAnswer:
            self.assertEqual(server.child.process.wait(30), 1, server.log_text()[-2000:])
            self.assertIn("the node must stop", server.log_text())
            self.assertNotIn("AddressSanitizer", server.log_text())
            server.close()
            return False

    def without_head(self, data):
        """As after a crash before the head file was written anew: only then may the last record be torn."""
        for head in (data / "log").iterdir():
            if head.suffix != ".seg" and "head" in head.name:
                head.unlink()

    def test_a_write_torn_at_every_byte_of_the_last_record_is_refused_or_was_never_acknowledged(self):
        copy = copy_of(self.data, self.copy)
        segment = self.segment(copy)
        begin, end = self.last_record(copy)
        whole = segment.read_bytes()
        sample = set(self.chance.sample(range(begin, end), 3)) | {begin, end - 1}
        for cut in range(begin, end):
            with open(
                segment, "r+b"
            ) as file:  # what was not written yet is the zeros of the preallocated rest
                file.seek(begin)
                file.write(whole[begin:cut] + bytes(end - cut))
            done = offline(copy, "log", "verify")
            # The head file of the orderly stop says that the record was there: acknowledged, so it must be refused.
            self.assert_refused(done, segment.name)
            if cut in sample:
                self.assertIsNone(self.start(copy_of(copy, self.folder / "started")))

    def test_a_torn_tail_that_was_never_acknowledged_is_cut_and_says_so(self):
        """kill -9 leaves a head file that is older than the tail: a half-written record behind it is cut."""
        copy = copy_of(self.data, self.copy)
        segment = self.segment(copy)
        _, end = self.last_record(copy)
        with open(segment, "r+b") as file:
            file.seek(end)
            file.write(b"\x40\x01\x00\x00" + os.urandom(100))
        done = offline(copy, "log", "verify")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.count(done), self.commits)
        self.assertIn("torn", done.stdout)
        server = self.start(copy)
        self.assertIsNotNone(server)
        self.assertRegex(server.log_text(), r"torn|cut")
        self.assert_nothing_is_missing(server)

    def damage(self, file):
        """One flipped bit or one zeroed page somewhere in the file's data; False when that changed nothing."""
        size = file.stat().st_size
        data_end = max(1, len(file.read_bytes().rstrip(b"\0"))) if file.suffix == ".seg" else size
        with open(file, "r+b") as f:
            if self.chance.random() < 0.75 or size < PAGE:
                f.seek(self.chance.randrange(data_end))
                old = f.read(1)
                new = bytes([old[0] ^ 1 << self.chance.randrange(8)])
                f.seek(-1, os.SEEK_CUR)
            else:
                at = self.chance.randrange(data_end) // PAGE * PAGE
                f.seek(at)
                old = f.read(PAGE)
                new = bytes(len(old))
                f.seek(at)
            f.write(new)
        return old != new

    def files(self):
        """Of what must not change: the log and the keys; and the views, which may be thrown away."""
        out = []
        for folder in ("log", "keys", "views"):
            out += [
                f.relative_to(self.data)
                for f in sorted((self.data / folder).rglob("*"))
                if f.is_file() and f.stat().st_size and f.name not in ("LOCK", "lock")
            ]
        return out

    def test_flipped_bits_and_zeroed_pages_are_detected_or_harmless(self):
        wanted, started, detected = rounds(1000, 20_000), 0, 0
        files = self.files()
        log_files = [f for f in files if f.parts[0] == "log"]
        copy = copy_of(self.data, self.copy)
        for i in range(wanted):
            file = self.chance.choice(log_files if i % 2 else files)
            if not self.damage(copy / file):
                continue
            what = f"round {i}: {file}"
            if file.parts[0] == "log":
                done = offline(copy, "log", "verify")
                self.assertNotIn("AddressSanitizer", done.stderr, what)
                if done.returncode == 0:
                    self.assertEqual(self.count(done), self.commits, what)
                    self.assertEqual(self.exported(copy), self.events, what)
                else:
                    self.assertGreater(done.returncode, 0, what)
                    self.assertIn(file.name if file.suffix == ".seg" else "log", done.stderr, what)
                    detected += 1
            elif i % 20 == 0 or file.parts[0] == "keys":
                if started < STARTS:
                    started += 1
                    server = self.start(copy_of(copy, self.folder / "started"))
                    detected += not (server and self.serves_everything(server))
            shutil.copyfile(self.data / file, copy / file)
        self.assertGreater(detected, wanted // 10)

    def test_a_segment_that_is_gone_foreign_older_or_shortened_stops_the_start(self):
        def gone(segment):
            segment.unlink()

        def shortened(segment):
            os.truncate(segment, self.last_record(self.data)[0])

        def half(segment):
            os.truncate(segment, PAGE + 100)

        def empty(segment):
            segment.write_bytes(b"")

        def foreign(segment):
            other = self.new_server(self.sim, log_segment_mb=8).start()
            other.stop()
            shutil.copyfile(self.segment(other.data), segment)

        def older(segment):
            """As a backup restored over it would be: whole, but it ends earlier."""
            begin = self.last_record(self.data)[0]
            with open(segment, "r+b") as file:
                file.seek(begin)
                file.write(bytes(segment.stat().st_size - begin))

        for harm in (gone, shortened, half, empty, foreign, older):
            copy = copy_of(self.data, self.copy)
            segment = self.segment(copy)
            harm(segment)
            with self.subTest(harm.__name__):
                done = offline(copy, "log", "verify")
                self.assert_refused(done, "log" if harm is gone else segment.name)
                self.assertRegex(done.stderr, r"(?i)restore|backup|copy")  # what to do
                self.assertIsNone(self.start(copy))

    def test_views_may_be_deleted_and_come_back_equal(self):
        copy = copy_of(self.data, self.copy)
        shutil.rmtree(copy / "views")
        server = self.start(copy)
        client = self.s.owner.twin()
        client.server = server
        rows = {n["id"]: n["label"] for n in client.items(f"{self.s.ws}/numbers")}
        self.assertEqual([rows[i] for i in self.s.ids], ["label 39", "label 37", "label 38"])
        server.stop()
        # more, when the first life ended before a provider's outcome was recorded; never fewer
        self.assertGreaterEqual(self.assert_verified(server), self.commits)


if __name__ == "__main__":
    unittest.main()
