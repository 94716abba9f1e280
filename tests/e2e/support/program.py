"""The real program as processes: a simulated Twilio, a server that can be killed and started again on the same port,
and the offline commands. All in the folder they are given."""

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

from support.client import WAIT_S, Client, NoAnswer, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from run import Child  # noqa: E402  (scripts/lib is no package)

PROGRAM = os.environ.get("RINGLEDGER") or str(ROOT / "build" / "release" / "ringledger")
OPERATOR_KEY = "rl_operator_e2e"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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
        self.child = Child(
            "simulator",
            [PROGRAM, "simulator", "--port", str(self.port), "--data", str(self.folder / "simulator")],
            r"simulator ready on (http://\S+)",
            dict(os.environ),
            self.log,
        )
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
        return self.control(
            "POST", "numbers", {"account_sid": account["account_sid"], "phone_number": e164, **settings}
        )

    def fault(self, **fault):
        return self.control("POST", "faults", {"resource": "IncomingPhoneNumbers", **fault})

    def clear_faults(self):
        self.control("DELETE", "faults")

    def requests(self, account=None, method=None):
        """What was received, oldest first."""
        query = f"?account_sid={account['account_sid']}" if account else ""
        return [
            r
            for r in self.control("GET", f"requests{query}")["items"]
            if r["direction"] == "received" and method in (None, r["method"])
        ]

    def forget_requests(self):
        self.control("DELETE", "requests")

    def fetch(self, account, e164):
        """The number as Twilio's REST API shows it; None when the account has none such."""
        basic = base64.b64encode(f"{account['account_sid']}:{account['auth_token']}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        with contextlib.closing(connection):
            connection.request(
                "GET",
                f"/2010-04-01/Accounts/{account['account_sid']}/IncomingPhoneNumbers.json"
                f"?PhoneNumber=%2B{e164[1:]}",
                headers={"Authorization": f"Basic {basic}"},
            )
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
        raise NotStarted(
            f"{child.name} did not start ({'hung' if code is None else f'exit code {code}'}): {tail(log)}"
        )


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

    host = "127.0.0.1"  # where clients reach it
    launcher = ()  # a command that runs the program, as `nsenter …`

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
        command = [*self.launcher, PROGRAM, "serve", "--port", str(self.port), *self.arguments()]
        if self.simulator:
            command += ["--simulator", self.simulator.url]
        self.log.flush()
        self.child = Child(
            "ringledger",
            command,
            r"ringledger ready on (http://\S+)",
            environment | self.environment,
            self.log,
        )
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
    return subprocess.run(
        [PROGRAM, *arguments, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment,
        errors="replace",
    )


def copy_of(folder, to):
    """A copy of a stopped data folder; sparse files stay sparse."""
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=always", str(folder), str(to)], check=True)
    return to
