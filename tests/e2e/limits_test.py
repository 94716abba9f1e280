"""The limits of api.md "Limits", over raw sockets where http.client is too well-behaved: a 4xx or a closed connection,
never a hang, and the next client is served."""

import collections
import json
import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, in_threads, new_key, until  # noqa: E402

IN_FLIGHT = 8


class Limits(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(
            cls.sim,
            limits_per_account_in_flight=IN_FLIGHT,
            limits_header_seconds=2,
            limits_body_seconds=2,
            limits_idle_seconds=30,
        ).start()
        cls.s = Story(cls.server, cls.sim, numbers=2)
        cls.path = f"{cls.s.ws}/numbers/{cls.s.ids[0]}"

    def raw(self, data, then=b""):
        """What the server sends on one connection until it closes it (or 10 s pass)."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as s:
            try:
                s.sendall(data)
                s.sendall(then)
            except OSError:
                pass  # it may close before all is sent
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except OSError:
                pass
            return out

    def status_of(self, data):
        answer = self.raw(data)
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None

    def tearDown(self):
        self.assertEqual(self.s.owner.get("/v1/me").status, 200)
        self.server.must_run()

    def test_a_header_block_past_16_KiB_is_431(self):
        fits = self.s.owner.get("/v1/me", X_Filler="x" * 15_000)
        self.assertEqual(fits.status, 200)
        for size in (17_000, 200_000):
            answer = self.raw(b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"x" * size + b"\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 431 "), answer[:200])
            self.assertIn(b"application/problem+json", answer)
        self.assertEqual(self.status_of(b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 431)

    def test_a_bulk_command_takes_1000_items_and_not_1001(self):
        for path, body in (
            (f"{self.s.ws}/numbers/assign", {"campaign": self.s.campaign("Bulk")}),
            (f"{self.s.ws}/numbers/import", {"connection": self.s.connection_id}),
        ):

            def items(n, path=path):
                return (
                    [self.s.ids[1]] * n
                    if path.endswith("assign")
                    else [{"e164": f"+1415556{i:04d}"} for i in range(n)]
                )

            refused = self.s.owner.send("POST", path, body | {"numbers": items(1001)})
            self.assert_problem(refused, 400, "validation_failed", "/numbers")
            self.assert_problem(
                self.s.owner.send("POST", path, body | {"numbers": []}), 400, "validation_failed", "/numbers"
            )
            answer = self.s.owner.send("POST", path, body | {"numbers": items(1000)})
            self.assertEqual((answer.status, len(answer.json["results"])), (200, 1000), answer)

    def test_past_the_commands_in_flight_of_an_account_is_429_and_others_go_on(self):
        other = Story(self.server, self.sim, numbers=0, name="Neighbour")
        self.sim.fault(resource="", method="GET", delay_ms=1500, times=1000)
        self.addCleanup(self.sim.clear_faults)
        path, answers = f"{self.s.ws}/connections/{self.s.connection_id}/verify", []
        clients = [self.s.owner.twin() for _ in range(IN_FLIGHT * 3)]
        in_threads(
            [lambda c=c: answers.append(c.send("POST", path, {})) for c in clients]
            + [
                lambda: self.assertEqual(
                    other.owner.send("POST", "/v1/workspaces", {"name": "Free"}).status, 201
                )
            ]
        )
        statuses = collections.Counter(a.status for a in answers)
        self.assertEqual(set(statuses), {200, 429}, statuses)
        self.assertLessEqual(statuses[200], IN_FLIGHT)
        for answer in answers:
            if answer.status == 429:
                self.assert_problem(answer, 429, "rate_limited")
                self.assertTrue(answer.json["retryable"])
                self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.sim.clear_faults()
        until(lambda: self.s.owner.send("POST", path, {}).status == 200, "there is room again")

    def test_HEAD_answers_like_GET_without_a_body(self):
        for path in ("/v1/me", self.path, f"{self.s.ws}/numbers", "/healthz", "/v1/nothing"):
            get, head = self.s.owner.get(path), self.s.owner.request("HEAD", path)
            with self.subTest(path):
                self.assertEqual((head.status, head.body), (get.status, b""))
                self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"])

    def test_an_unknown_method_is_405_with_those_allowed(self):
        for method, path, allowed in (
            ("DELETE", "/v1/me", {"GET", "HEAD"}),
            ("PUT", self.path, {"GET", "HEAD", "PATCH", "DELETE"}),
            ("BREW", f"{self.s.ws}/numbers", {"GET", "HEAD"}),
            ("POST", "/healthz", {"GET", "HEAD"}),
        ):
            answer = self.s.owner.send(method, path)
            with self.subTest(f"{method} {path}"):
                self.assertEqual(answer.status, 405, answer)
                told = {m.strip() for m in answer.headers["Allow"].split(",")} - {"OPTIONS"}
                self.assertEqual(told | {"HEAD"}, allowed)
        self.assert_problem(self.s.owner.get("/v1/nothing"), 404, "not_found")

    def test_what_cannot_be_made_acceptable_is_406_and_what_is_not_json_415(self):
        self.assertEqual(self.s.owner.get("/v1/events", Accept="image/png").status, 406)
        answer = self.s.owner.send("PATCH", self.path, {"label": "x"}, headers={"Content-Type": "text/csv"})
        self.assertEqual(answer.status, 415, answer)
        for media in ("application/json; charset=utf-8", "application/merge-patch+json", "Application/JSON"):
            answer = self.s.owner.send(
                "PATCH", self.path, {"label": media[:20]}, headers={"Content-Type": media}
            )
            self.assertEqual(answer.status, 200, answer)

    def test_broken_or_smuggling_requests_are_refused_and_the_connection_closed(self):
        head = b"POST /v1/accounts HTTP/1.1\r\nHost: x\r\n"
        for what, data in {
            "CL and TE": head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two lengths": head + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
            "a negative length": head + b"Content-Length: -1\r\n\r\n",
            "a length that is no number": head + b"Content-Length: ten\r\n\r\n",
            "an enormous length": head + b"Content-Length: 99999999999999999999999\r\n\r\n",
            "a bad chunk size": head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
            "an unknown coding": head + b"Transfer-Encoding: gzip\r\n\r\n",
            "a header without colon": b"GET /v1/me HTTP/1.1\r\nHost x\r\n\r\n",
            "a space before the colon": b"GET /v1/me HTTP/1.1\r\nHost : x\r\n\r\n",
            "NUL in a header": b"GET /v1/me HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
            "no HTTP": b"hello\r\n\r\n",
        }.items():
            answer = self.raw(data)
            with self.subTest(what):
                refusals = (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 501", b"HTTP/1.1 505")
                self.assertTrue(answer == b"" or answer.startswith(refusals), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), min(1, len(answer)))
        chunks = b"".join(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" for _ in range(20))
        self.assertIn(self.status_of(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks), (413, None))

    def test_pipelined_requests_are_answered_in_order(self):
        token = self.s.owner.key.encode()
        one = b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n"
        many = b"".join(one % path + b"\r\n" for path in (b"/healthz", b"/v1/nothing", b"/v1/me"))
        many += one % b"/healthz" + b"Connection: close\r\n\r\n"
        answer = self.raw(many)
        statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
        self.assertEqual(statuses, [200, 404, 200, 200])

    def test_a_slow_client_is_given_up_and_holds_up_nobody(self):
        begun = b"PATCH " + self.path.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        for data in (begun, begun + b'\r\n{"label"'):  # never sends the rest
            answer = self.raw(data)
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 408"), answer[:100])

    def test_an_answer_tells_the_rate_limit_and_the_trace(self):
        sent = "4bf92f3577b34da6a3ce929d0e0e4736"
        answer = self.s.owner.send(
            "PATCH", self.path, {"label": "x", "lable": "x"}, headers={"traceparent": f"00-{sent}-00f067aa0ba902b7-01"}
        )
        self.assert_problem(answer, 400, "unknown_field", "/lable")
        self.assertEqual(answer.json["trace_id"], sent)
        for wrong in ("00-short-00f067aa0ba902b7-01", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01"):
            answer = self.s.owner.send("PATCH", self.path, {"label": "x", "lable": "x"}, headers={"traceparent": wrong})
            self.assertNotEqual(answer.json["trace_id"], "0" * 32)
            self.assertRegex(answer.json["trace_id"], r"^[0-9a-f]{32}$")

    def test_what_is_refused_before_the_api_has_a_trace_too(self):
        sent = "4bf92f3577b34da6a3ce929d0e0e4736"
        start = b"PATCH " + self.path.encode() + b" HTTP/1.1\r\nHost: x\r\n"
        traced = start + f"traceparent: 00-{sent}-00f067aa0ba902b7-01\r\n".encode()
        large = b"Content-Length: 2000000\r\n\r\n"
        for what, data, status, trace in (
            ("too large", start + large, 413, None),
            ("too large, traced", traced + large, 413, sent),
            ("long headers", start + b"X-Filler: " + b"x" * 20_000 + b"\r\n\r\n", 431, None),
        ):
            head, _, body = self.raw(data).partition(b"\r\n\r\n")
            with self.subTest(what):
                self.assertTrue(head.startswith(b"HTTP/1.1 %d" % status), head)
                told = json.loads(body)["trace_id"]
                self.assertRegex(told, r"^[0-9a-f]{32}$")
                self.assertNotEqual(told, "0" * 32)
                self.assertEqual(told, trace or told)
                self.assertIn(f"Trace-Id: {told}".encode(), head)

    def test_public_answers_have_a_trace_and_others_the_rate_limit(self):
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/version"):
            with self.subTest(path):
                self.assertRegex(self.server.client().get(path).headers["Trace-Id"], r"^[0-9a-f]{32}$")
        headers = self.s.owner.get("/v1/me").headers
        self.assertEqual(headers["RateLimit-Policy"], '"key";q=20000;w=2')
        self.assertRegex(headers["RateLimit"], r'^"key";r=\d+;t=\d+$')

    def test_the_traceparent_reaches_event_and_log_line(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4799"
        server = self.new_server(self.sim, logging_level="debug").start()
        s = Story(server, self.sim, name="Traced")
        key = new_key()
        made = s.owner.send(
            "POST",
            f"{s.ws}/campaigns",
            {"name": "T", "campaign_type": "static"},
            key=key,
            headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        self.assertEqual(made.status, 201)
        event = [e for e in s.owner.events() if e["type"] == "campaign.created.v1"][0]
        self.assertEqual(event["traceparent"].split("-")[1], trace)
        refused = s.owner.get("/v1/nothing")
        server.stop()
        lines = [json.loads(line) for line in server.log_text().splitlines() if line.startswith("{")]
        self.assertTrue(lines)
        traces = [line.get("trace_id") for line in lines]
        self.assertIn(trace, traces)
        self.assertIn(refused.json["trace_id"], traces)


class Rates(WorldTest):
    """Token buckets; what each is, tests/api/edge_limits_test.cpp has."""

    def test_guessing_keys_is_limited_by_address_and_valid_keys_go_on(self):
        server = self.new_server(
            limits_address_requests_per_second=1, limits_address_request_burst=20
        ).start()
        s = Story(server, None)
        guesser = server.client("rl_wrong")
        answers = [guesser.get("/v1/me") for _ in range(40)]
        refused = [a for a in answers if a.status != 401]
        self.assertTrue(refused)
        for answer in refused:
            self.assert_problem(answer, 429, "rate_limited")
            self.assertEqual(answer.headers.get_all("Retry-After"), ["1"])
            self.assertIn('"address";q=20', answer.headers["RateLimit-Policy"])
        self.assertEqual({s.owner.get("/v1/me").status for _ in range(40)}, {200})

    def test_an_accounts_keys_share_its_limit(self):
        server = self.new_server(
            limits_account_requests_per_second=1, limits_account_request_burst=60
        ).start()
        s = Story(server, None)
        second, _, _ = s.member("admin", "second@acme.example")
        answers = [client.get("/v1/me") for _ in range(50) for client in (s.owner, second)]
        refused = [a for a in answers if a.status != 200]
        self.assertTrue(refused)
        self.assert_problem(refused[0], 429, "rate_limited")
        self.assertIn('"account";q=60', refused[0].headers["RateLimit-Policy"])
        self.assertEqual(Story(server, None, name="Other").owner.get("/v1/me").status, 200)


if __name__ == "__main__":
    unittest.main()
