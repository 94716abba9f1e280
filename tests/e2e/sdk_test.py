"""Twilio's official Python SDK against the simulator: lists, pages, fetches, updates (scripts/twilio_sdk_check)."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support import sdk  # noqa: E402
from support.world import WorldTest  # noqa: E402


class Sdk(WorldTest):
    def test_twilios_own_sdk_is_content_with_the_simulator(self):
        done = sdk.check(self.start_simulator())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        checks = done.stdout.count("ok  ")
        self.assertGreaterEqual(checks, 10, done.stdout)


if __name__ == "__main__":
    unittest.main()
