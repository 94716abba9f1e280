"""The real program over its real port: a simulated Twilio, a server that can be killed, and clients.

Everything lives in a temporary folder and on free ports; whatever a test starts ends with it. Nothing here
sleeps for luck: what is awaited is asked for again until it holds, or a deadline fails the test."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from run import Child  # noqa: E402  (scripts/lib is no package)

PROGRAM = os.environ.get("RINGLEDGER") or str(ROOT / "build" / "release" / "ringledger")
OPERATOR_KEY = "rl_operator_e2e"
WAIT_S = 60  # of anything awaited: a sanitized program on two busy cores
LONG = bool(os.environ.get("RL_CHAOS"))  # scripts/chaos: the long figures of quality.md


def rounds(short, long):
    """How often a test repeats: RL_CHAOS_ROUNDS, else the long figure under RL_CHAOS, else the short one."""
    return int(os.environ.get("RL_CHAOS_ROUNDS") or (long if LONG else short))


def until(condition, what, wait_s=WAIT_S):
    """The first true value of condition()."""
    end = time.monotonic() + wait_s
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"not within {wait_s} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def new_key():
    return f"e2e-{uuid.uuid4().hex}"


class Answer:
    """One HTTP answer. `json` fails the test when the body is none."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The problem's code; None for what is no problem."""
        return self.json.get("code") if "problem+json" in (self.headers.get("Content-Type") or "") else None

    @property
    def position(self):
        return self.headers.get("Ringledger-Position")

    @property
    def replayed(self):
        return self.headers.get("Idempotency-Replayed") == "true"

    def __repr__(self):
        return f"{self.status} {self.body[:600].decode(errors='replace')}"


class NoAnswer(Exception):
    """The connection broke before an answer was complete: the outcome is unknown."""


class Client:
    """Requests of one key over one kept connection. Not thread-safe: a thread has its own (`twin`).

    Reads its own writes: the newest position it was told goes along with every GET."""

    def __init__(self, server, key=None, timeout_s=WAIT_S):
        self.server, self.key, self.timeout_s = server, key, timeout_s
        self.position, self.connection, self.connected_to = None, None, None
        server.clients.append(self)

    def twin(self, key=None):
        return Client(self.server, key or self.key, self.timeout_s)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def once(self, method, path, body, headers):
        if self.connection is None or self.connected_to != self.server.started:
            self.close()
            self.connected_to = self.server.started
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=self.timeout_s)
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.request(method, path, body=body, headers=headers)
        got = self.connection.getresponse()
        return Answer(got.status, got.headers, got.read())

    def request(self, method, path, body=None, headers=None, raw=None):
        """`body` is sent as JSON, `raw` as it is. A GET is repeated when a kept connection had gone."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        if method == "GET" and self.position:
            sent["Ringledger-Position"] = self.position
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        for again in (method == "GET", False):
            try:
                answer = self.once(method, path, data, sent)
                break
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not again:
                    raise NoAnswer(f"{method} {path}: {error!r}") from error
        if answer.position and method != "GET" and answer.status < 500:
            self.position = answer.position
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def send(self, method, path, body=None, key=None, wait_s=None, headers=None, raw=None):
        """A command, with a new Idempotency-Key unless one is given; wait_s: Prefer: wait."""
        more = {"Idempotency-Key": key or new_key()}
        if wait_s is not None:
            more["Prefer"] = f"wait={wait_s}"
        return self.request(method, path, body, more | (headers or {}), raw)

    def must(self, method, path, body=None, status=(200, 201, 202), **more):
        """The JSON of an answer that must be one of these."""
        answer = self.get(path, **more) if method == "GET" else self.send(method, path, body, **more)
        wanted = status if isinstance(status, tuple) else (status,)
        if answer.status not in wanted:
            raise AssertionError(f"{method} {path} {body}: {answer}")
        return answer.json

    def items(self, path):
        """All items of a list, by its cursor."""
        out, cursor, mark = [], None, "&" if "?" in path else "?"
        while True:
            page = self.must("GET", path + (f"{mark}cursor={cursor}" if cursor else ""))
            out += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return out

    def events(self, query=""):
        """The history as NDJSON, which this checks to be whole lines."""
        answer = self.get(f"/v1/events{query}", Accept="application/x-ndjson")
        if answer.status != 200:
            raise AssertionError(f"GET /v1/events: {answer}")
        return [json.loads(line) for line in answer.body.decode().splitlines()]


class Simulator:
    """A simulated Twilio in `folder`; may be stopped and started on the same port."""

    def __init__(self, folder):
        self.folder, self.port, self.child = folder, free_port(), None
        self.log = open(folder / "simulator.log", "ab")
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.child = Child("simulator", [PROGRAM, "simulator", "--port", str(self.port), "--data",
                                         str(self.folder / "simulator")],
                           r"simulator ready on (http://\S+)", dict(os.environ), self.log)
        wait_for_url(self.child, self.folder / "simulator.log")

    def stop(self):
        if self.child:
            end_child(self.child, signal.SIGTERM)
        self.child = None

    def kill(self):
        end_child(self.child, signal.SIGKILL)
        self.child = None

    def close(self):
        self.stop()
        self.log.close()

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/_sim/{path}", data, {"Content-Type": "application/json"})
            got = connection.getresponse()
            text = got.read()
        if got.status >= 300:
            raise AssertionError(f"{method} /_sim/{path} {body}: {got.status} {text[:400]}")
        return json.loads(text)

    def account(self):
        return self.control("POST", "accounts", {})

    def number(self, account, e164, **settings):
        return self.control("POST", "numbers", {"account_sid": account["account_sid"], "phone_number": e164, **settings})

    def fault(self, **fault):
        return self.control("POST", "faults", {"resource": "IncomingPhoneNumbers", **fault})

    def clear_faults(self):
        self.control("DELETE", "faults")

    def requests(self, account=None, method=None):
        """What was received, oldest first."""
        query = f"?account_sid={account['account_sid']}" if account else ""
        return [r for r in self.control("GET", f"requests{query}")["items"]
                if r["direction"] == "received" and method in (None, r["method"])]

    def forget_requests(self):
        self.control("DELETE", "requests")

    def fetch(self, account, e164):
        """The number as Twilio's REST API shows it; None when the account has none such."""
        basic = base64.b64encode(f"{account['account_sid']}:{account['auth_token']}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        with contextlib.closing(connection):
            connection.request("GET", f"/2010-04-01/Accounts/{account['account_sid']}/IncomingPhoneNumbers.json"
                                      f"?PhoneNumber=%2B{e164[1:]}", headers={"Authorization": f"Basic {basic}"})
            got = connection.getresponse()
            found = json.loads(got.read())["incoming_phone_numbers"]
        return found[0] if found else None


def wait_for_url(child, log):
    child.up.wait(WAIT_S * 2)
    if not child.url:  # its output ended, or the time is up
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(5)
        code = child.exit_code()
        end_child(child, signal.SIGKILL)
        raise NotStarted(f"{child.name} did not start ({'hung' if code is None else f'exit code {code}'}): {tail(log)}")


class NotStarted(AssertionError):
    """The program ended, or hung, before it was ready."""


def tail(path, lines=12):
    return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])


def end_child(child, with_signal):
    """Ends one process that we started; its exit code as Popen gives it."""
    if child.process.poll() is None:
        child.process.send_signal(with_signal)
    try:
        code = child.process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
        raise AssertionError(f"{child.name} did not end within {WAIT_S} s of {with_signal.name}") from None
    finally:
        child.process.stdout.close()
    return code


class Server:
    """ringledger in `folder`; the same port at every start, so that webhook URLs stay."""

    def __init__(self, folder, simulator=None, data=None, environment=None, **settings):
        self.folder, self.simulator, self.port = folder, simulator, free_port()
        self.data = data or folder / "data"
        self.log_path = folder / "server.log"
        self.log = open(self.log_path, "ab")
        self.environment = dict(environment or {})
        self.settings = settings  # logging_level="debug" -> --logging.level debug
        self.child, self.started, self.clients = None, 0, []

    def arguments(self):
        out = ["--data", str(self.data)]
        for name, value in self.settings.items():
            section, key = name.split("_", 1)
            out += [f"--{section}.{key}", str(value)]
        return out

    def start(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RINGLEDGER")}
        environment["RINGLEDGER_AUTH_OPERATOR_KEY_SHA256"] = hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()
        command = [PROGRAM, "serve", "--port", str(self.port), *self.arguments()]
        if self.simulator:
            command += ["--simulator", self.simulator.url]
        self.log.flush()
        self.child = Child("ringledger", command, r"ringledger ready on (http://\S+)",
                           environment | self.environment, self.log)
        try:
            wait_for_url(self.child, self.log_path)
        except NotStarted:
            self.child = None
            raise
        self.started += 1
        self.wait_ready()
        return self

    def wait_ready(self):
        client = Client(self)

        def ready():
            with contextlib.suppress(NoAnswer):
                return client.get("/readyz").status == 200
            self.must_run()
            return False
        until(ready, "/readyz answers 200")
        client.close()

    def must_run(self):
        code = self.child.process.poll()
        if code is not None:
            raise AssertionError(f"the server ended by itself with {code}: {tail(self.log_path)}")

    def kill(self):
        """kill -9."""
        self.must_run()
        end_child(self.child, signal.SIGKILL)
        self.child = None

    def restart(self):
        self.kill()
        return self.start()

    def stop(self):
        """An orderly stop; it must exit with 0."""
        code = end_child(self.child, signal.SIGTERM)
        self.child = None
        if code != 0:
            raise AssertionError(f"the server stopped with {code}: {tail(self.log_path)}")

    def close(self):
        if self.child:
            end_child(self.child, signal.SIGKILL)
        self.child = None
        for client in self.clients:
            client.close()
        self.log.close()

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def client(self, key=None):
        return Client(self, key)

    def offline(self, *arguments, data=None, timeout_s=300):
        return offline(data or self.data, *arguments, timeout_s=timeout_s)


def offline(data, *arguments, timeout_s=300):
    """`ringledger log verify` and the like on a stopped folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RINGLEDGER")}
    return subprocess.run([PROGRAM, *arguments, "--data", str(data)], capture_output=True, text=True,
                          timeout=timeout_s, env=environment, errors="replace")


def copy_of(folder, to):
    """A copy of a stopped data folder; sparse files stay sparse."""
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=always", str(folder), str(to)], check=True)
    return to


class Story:
    """An account made through the public API: two workspaces on one simulated Twilio account."""

    made = 0

    def __init__(self, server, simulator, numbers=0, name="Acme"):
        Story.made += 1
        self.server, self.simulator = server, simulator
        self.operator = server.client(OPERATOR_KEY)
        made = self.operator.must("POST", "/v1/accounts", {
            "name": name, "owner": {"name": f"Ada {name}", "email": f"ada@{name.lower()}.example"}})
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
        return self.owner.must("POST", "/v1/workspaces", {"name": name, "default_country": "US"}, status=201)["id"]

    def connection(self, ws, twilio=None):
        twilio = twilio or self.twilio
        made = self.owner.must("POST", f"{ws}/connections", {
            "provider": "twilio", "name": "Twilio", "account_sid": twilio["account_sid"],
            "auth_token": twilio["auth_token"]}, status=201)
        self.owner.must("POST", f"{ws}/connections/{made['id']}/verify", {})
        return made["id"]

    def number(self, e164, **settings):
        defaults = {"type": "local", "voice_url": "https://pbx.example/voice",
                    "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False}}
        self.e164s.append(e164)
        return self.simulator.number(self.twilio, e164, **(defaults | settings))

    def import_numbers(self, e164s, **more):
        ids = []
        for at in range(0, len(e164s), 500):
            answer = self.owner.must("POST", f"{self.ws}/numbers/import", {
                "connection": self.connection_id, "numbers": [{"e164": e} for e in e164s[at:at + 500]], **more})
            ids += [r["number"]["id"] for r in answer["results"]]
        return ids

    def campaign(self, name, ws=None, **more):
        body = {"name": name, "campaign_type": "static", "forward_to": "+14155550199"} | more
        return self.owner.must("POST", f"{ws or self.ws}/campaigns", body, status=201)["id"]

    def member(self, role, email, ws=None):
        """A client of an invited member with that role in the first workspace."""
        made = self.owner.must("POST", f"{ws or self.ws}/members", {
            "email": email, "name": f"{role} person", "role": role}, status=201)
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
        self.assertLessEqual({"type", "title", "status", "code", "detail", "errors", "retryable", "trace_id"},
                             set(problem))
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
