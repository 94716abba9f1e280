"""HTTP as a client sees it: one kept connection, keys for commands, reads of one's own writes."""

import http.client
import json
import socket
import time
import uuid

from support.contract import contract

WAIT_S = 60  # of anything awaited: a sanitized program on two busy cores


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
            self.connection = http.client.HTTPConnection(
                self.server.host, self.server.port, timeout=self.timeout_s
            )
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
        if promised := contract():
            promised.check(method, path, answer)
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
