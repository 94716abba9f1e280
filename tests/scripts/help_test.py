"""Every script a person types says what it does, and refuses what it does not know."""
import pathlib
import subprocess
import unittest

SCRIPTS = sorted(p for p in (pathlib.Path(__file__).resolve().parents[2] / "scripts").iterdir()
                 if p.is_file() and p.read_bytes().startswith(b"#!/usr/bin/env bash"))


class Help(unittest.TestCase):
    def test_help_begins_with_the_usage_line(self):
        self.assertGreaterEqual(len(SCRIPTS), 4)
        for script in SCRIPTS:
            done = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, script)
            self.assertTrue(done.stdout.startswith(f"scripts/{script.name}"), done.stdout)

    def test_an_unknown_option_is_refused(self):
        for script in SCRIPTS:
            done = subprocess.run([script, "--no-such-option"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2, script)
            self.assertIn("--no-such-option", done.stderr)


if __name__ == "__main__":
    unittest.main()
