"""The world of an end-to-end test: an account made through the public API, and a test case whose servers,
simulators and folders end with it. Nothing here sleeps for luck: what is awaited is asked for again until it
holds, or a deadline fails the test."""

import contextlib
import os
import pathlib
import shutil
import tempfile
import threading
import unittest

from support.client import WAIT_S, NoAnswer, new_key, until
from support.program import OPERATOR_KEY, ROOT, NotStarted, Server, Simulator, copy_of, offline

__all__ = [
    "OPERATOR_KEY",
    "ROOT",
    "WAIT_S",
    "NoAnswer",
    "NotStarted",
    "Story",
    "WorldTest",
    "copy_of",
    "files_with",
    "in_threads",
    "new_key",
    "offline",
    "rounds",
    "until",
]

LONG = bool(os.environ.get("RL_CHAOS"))  # scripts/chaos: the long figures of quality.md


def rounds(short, long):
    """How often a test repeats: RL_CHAOS_ROUNDS, else the long figure under RL_CHAOS, else the short one."""
    return int(os.environ.get("RL_CHAOS_ROUNDS") or (long if LONG else short))


def files_with(folder, *texts):
    """(text, file) of each file below the folder that holds any of these. Its owner works on: a file that is
    removed meanwhile holds nothing."""
    found = []
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            data = file.read_bytes()
            found += [(text, str(file)) for text in texts if text.encode() in data]
    return found


class Story:
    """An account made through the public API: two workspaces on one simulated Twilio account."""

    made = 0

    def __init__(self, server, simulator, numbers=0, name="Acme"):
        Story.made += 1
        self.server, self.simulator = server, simulator
        self.operator = server.client(OPERATOR_KEY)
        made = self.operator.must(
            "POST",
            "/v1/accounts",
            {"name": name, "owner": {"name": f"Ada {name}", "email": f"ada@{name.lower()}.example"}},
        )
        self.account, self.owner_member = made["account"]["id"], made["owner"]["id"]
        self.owner = server.client(made["key"]["secret"])
        self.workspaces = [self.workspace(f"{name} Dental"), self.workspace(f"{name} Vision")]
        self.ws, self.ws2 = (f"/v1/workspaces/{w}" for w in self.workspaces)
        self.twilio = simulator.account() if simulator else None
        self.e164s = []
        if simulator:
            self.connections = [self.connection(w) for w in (self.ws, self.ws2)]
            self.connection_id = self.connections[0]
        for i in range(numbers):
            self.number(f"+1415{554 + Story.made}{1000 + i:04d}")
        if numbers:
            self.ids = self.import_numbers(self.e164s)

    def workspace(self, name):
        return self.owner.must("POST", "/v1/workspaces", {"name": name, "default_country": "US"}, status=201)[
            "id"
        ]

    def connection(self, ws, twilio=None):
        twilio = twilio or self.twilio
        made = self.owner.must(
            "POST",
            f"{ws}/connections",
            {
                "provider": "twilio",
                "name": "Twilio",
                "account_sid": twilio["account_sid"],
                "auth_token": twilio["auth_token"],
            },
            status=201,
        )
        self.owner.must("POST", f"{ws}/connections/{made['id']}/verify", {})
        return made["id"]

    def number(self, e164, **settings):
        defaults = {
            "type": "local",
            "voice_url": "https://pbx.example/voice",
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        }
        self.e164s.append(e164)
        return self.simulator.number(self.twilio, e164, **(defaults | settings))

    def import_numbers(self, e164s, **more):
        ids = []
        for at in range(0, len(e164s), 500):
            answer = self.owner.must(
                "POST",
                f"{self.ws}/numbers/import",
                {
                    "connection": self.connection_id,
                    "numbers": [{"e164": e} for e in e164s[at : at + 500]],
                    **more,
                },
            )
            ids += [r["number"]["id"] for r in answer["results"]]
        return ids

    def campaign(self, name, ws=None, **more):
        body = {"name": name, "campaign_type": "static", "forward_to": "+14155550199"} | more
        return self.owner.must("POST", f"{ws or self.ws}/campaigns", body, status=201)["id"]

    def website(self, origin, **pool):
        """A tracked website with all numbers in its pool, as the API tells of it."""
        body = {
            "name": "Website",
            "campaign_type": "website_tracker",
            "forward_to": "+14155550199",
            "allowed_origins": [origin],
            "pool": pool,
        }
        made = self.owner.must("POST", f"{self.ws}/campaigns", body, status=201)
        numbers = {"campaign": made["id"], "numbers": self.ids, "acknowledged": []}
        self.owner.must("POST", f"{self.ws}/numbers/assign", numbers, wait_s=30)
        return made

    def member(self, role, email, ws=None):
        """A client of an invited member with that role in the first workspace."""
        made = self.owner.must(
            "POST",
            f"{ws or self.ws}/members",
            {"email": email, "name": f"{role} person", "role": role},
            status=201,
        )
        key = self.owner.must("POST", "/v1/keys", {"name": f"{role}'s key", "member": made["id"]}, status=201)
        return self.server.client(key["secret"]), made["id"], key["id"]


class WorldTest(unittest.TestCase):
    """A test with folders of its own. What `start_simulator` and `new_server` make in a test ends with the
    test; what they make in setUpClass ends with the class."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringledger-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.made = []
        cls.addClassCleanup(cls.close_made)

    @classmethod
    def close_made(cls, first=0):
        while len(cls.made) > first:
            cls.made.pop().close()

    def run(self, result=None):
        first = len(self.made)
        try:
            return super().run(result)
        finally:
            self.close_made(first)

    @classmethod
    def new_folder(cls):
        return pathlib.Path(tempfile.mkdtemp(dir=cls.folder))

    @classmethod
    def start_simulator(cls):
        simulator = Simulator(cls.new_folder())
        cls.made.append(simulator)
        return simulator

    @classmethod
    def new_server(cls, simulator=None, **more):
        """Not started yet."""
        server = Server(cls.new_folder(), simulator, **more)
        cls.made.append(server)
        return server

    def assert_problem(self, answer, status, code, pointer=None):
        """A problem document of api.md's shape with this code, and with a fault at this pointer."""
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        problem = answer.json
        self.assertLessEqual(
            {"type", "title", "status", "code", "detail", "errors", "retryable", "trace_id"}, set(problem)
        )
        self.assertEqual(problem["type"], f"https://ringledger.dev/problems/{code}")
        self.assertEqual(problem["status"], status)
        self.assertRegex(problem["trace_id"], r"^[0-9a-f]{32}$")
        if pointer is not None:
            self.assertIn(pointer, [e["pointer"] for e in problem["errors"]], answer)

    def assert_verified(self, server, commits=None):
        """Offline: the log is whole and every view equals its rebuild. The number of commits."""
        log = server.offline("log", "verify")
        self.assertEqual(log.returncode, 0, log.stderr)
        counted = int(log.stdout.split()[0])
        if commits is not None:
            self.assertEqual(counted, commits)
        views = server.offline("views", "verify")
        self.assertEqual(views.returncode, 0, views.stdout + views.stderr)
        return counted


def in_threads(jobs):
    """Runs all jobs at once; re-raises the first failure when all have ended."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as error:  # noqa: BLE001 (handed to the test's thread)
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
