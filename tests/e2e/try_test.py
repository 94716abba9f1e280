"""What scripts/run prints to try, pasted into a shell from top to bottom against the real program."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.client import WAIT_S, until  # noqa: E402
from support.program import PROGRAM, ROOT, tail  # noqa: E402
from support.world import WorldTest  # noqa: E402

START_S = 240  # with three brokers on a busy machine
CURL = shutil.which("curl")


class Try(WorldTest):
    arguments = ()

    def setUp(self):
        self.folder = self.new_folder()
        self.told, self.log = self.folder / "told.txt", self.folder / "run.log"
        with open(self.told, "wb") as out, open(self.log, "wb") as log:
            self.run_script = subprocess.Popen(
                [ROOT / "scripts" / "run", "--port", "0", "--data", self.folder / "data", *self.arguments],
                stdout=out,
                stderr=log,
                env=os.environ | {"RINGLEDGER_BINARY": PROGRAM},
            )
        self.addCleanup(self.end)
        until(lambda: "/v1/events" in self.told.read_text() or self.ended(), "scripts/run tells what to try", START_S)

    def ended(self):
        if self.run_script.poll() is not None:
            self.fail(f"scripts/run ended with {self.run_script.returncode}: {tail(self.log)}")

    def end(self):
        if self.run_script.poll() is None:
            self.run_script.send_signal(signal.SIGINT)
        self.run_script.wait(WAIT_S)

    def pasted(self, lines):
        """Types the lines into a shell whose curl also tells each status and address; (answers, statuses)."""
        shim = self.folder / "bin"
        shim.mkdir()
        told = "%{stderr}%{http_code} %{url_effective}\\n"
        (shim / "curl").write_text(f"#!/bin/sh\nexec '{CURL}' -w '{told}' \"$@\"\n")
        (shim / "curl").chmod(0o755)
        path = {"PATH": f"{shim}:{os.environ['PATH']}"}
        shell = subprocess.run(
            ["bash"],
            input=lines,
            capture_output=True,
            text=True,
            timeout=WAIT_S * 2,
            env=os.environ | path,
            cwd=self.folder,
        )
        self.assertEqual(shell.returncode, 0, shell.stderr)
        return shell.stdout, shell.stderr.splitlines()

    def for_node(self, lines):
        """As they are printed: for the first one."""
        return lines

    def test_every_example_works_when_pasted_top_to_bottom(self):
        head, _, lines = self.told.read_text().partition("top to bottom):\n")
        self.assertIn("Try", head)
        lines = self.for_node(lines)
        examples = re.findall(r"^  (?:get|send) .*", lines, re.MULTILINE)
        self.assertGreater(len(examples), 5, lines)
        answers, statuses = self.pasted(lines)
        self.assertEqual(len(statuses), len(examples), statuses)
        for example, status in zip(examples, statuses, strict=True):
            self.assertRegex(status, r"^20[0-2] http://", f"{example}\n{answers}")
        bodies = [json.loads(line) for line in answers.splitlines() if line]
        self.assertGreaterEqual(len(bodies), len(examples))  # the feed is a line an event
        states = [b["cnam"]["state"] for b in bodies if isinstance(b.get("cnam"), dict)]
        self.assertIn("on", states, "caller names are on, as the outcome that was waited for says")
        self.end()
        self.assertEqual(self.run_script.returncode, 0, tail(self.log))


class TryTheOtherOfTwoNodes(Try):
    """Three brokers, two nodes, and every example is sent to the second node, which does not write when it begins."""

    arguments = ("--log", "kafka", "--nodes", "2")

    def for_node(self, lines):
        nodes = [node["url"] for node in json.loads((self.folder / "data" / "demo.json").read_text())["nodes"]]
        self.assertEqual(lines.count(f"  U={nodes[0]} "), 1)
        return lines.replace(f"  U={nodes[0]} ", f"  U={nodes[1]} ")


if __name__ == "__main__":
    unittest.main()
