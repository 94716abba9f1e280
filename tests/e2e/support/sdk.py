"""Twilio's official Python SDK, in the environment that scripts/twilio_sdk_check makes at its first use."""

import fcntl
import json
import os
import pathlib
import subprocess
import sys

from support.world import ROOT

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ringledger"
VENV = CACHE / "twilio-sdk"


def check(simulator):
    """The script's run against this simulator. One at a time: two would make the environment at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "twilio-sdk.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / "twilio_sdk_check", simulator.url, "--venv", VENV],
            capture_output=True,
            text=True,
            timeout=600,
        )


class Validator:
    """The SDK's RequestValidator of one token."""

    def __init__(self, simulator, token):
        self.simulator, self.token = simulator, token

    def validate(self, posts):
        """Of each (url, params, signature), whether the SDK accepts it."""
        return self.told([{"url": u, "params": p, "signature": s} for u, p, s in posts])

    def sign(self, url, params):
        return self.told([{"url": url, "params": params}])[0]

    def told(self, posts):
        if not (VENV / "ready").exists():
            check(self.simulator)
        done = subprocess.run(
            [VENV / "bin" / "python", ROOT / "tests" / "e2e" / "support" / "signature_oracle.py"],
            input="".join(json.dumps(post | {"token": self.token}) + "\n" for post in posts),
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]
