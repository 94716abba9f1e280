"""Twilio's official Python SDK against the simulator: lists, pages, fetches, updates (scripts/twilio_sdk_check)."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import ROOT, WorldTest  # noqa: E402


class Sdk(WorldTest):
    def test_twilios_own_sdk_is_content_with_the_simulator(self):
        sim = self.start_simulator()
        venv = (
            pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
            / "ringledger"
            / "twilio-sdk"
        )
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "twilio_sdk_check", sim.url, "--venv", venv],
            capture_output=True,
            text=True,
            timeout=600,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        checks = done.stdout.count("ok  ")
        self.assertGreaterEqual(checks, 10, done.stdout)


if __name__ == "__main__":
    unittest.main()
