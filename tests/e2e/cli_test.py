"""The subcommands that speak to a running server, and what happens when nobody reads their output any more."""

import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.program import PROGRAM  # noqa: E402
from support.world import OPERATOR_KEY, WAIT_S, WorldTest, new_key, until  # noqa: E402


class CommandLine(WorldTest):
    def setUp(self):
        self.server = self.new_server().start()
        self.url = f"http://127.0.0.1:{self.server.port}"

    def environment(self, **variables):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RINGLEDGER")}
        return kept | {"RINGLEDGER_URL": self.url} | variables

    def run_cli(self, *arguments, **variables):
        return subprocess.run(
            [PROGRAM, *arguments], capture_output=True, text=True, timeout=WAIT_S, env=self.environment(**variables)
        )

    def account(self, **more):
        done = self.run_cli(
            *("account", "create", "--name", "Acme", "--owner-name", "Ada", "--owner-email", "ada@acme.example"),
            *[word for name, value in more.items() for word in (f"--{name.replace('_', '-')}", value)],
            RINGLEDGER_OPERATOR_KEY=OPERATOR_KEY,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def tail(self, key, *arguments, stdout=subprocess.PIPE):
        process = subprocess.Popen(
            [PROGRAM, "events", "tail", *arguments],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(RINGLEDGER_KEY=key),
        )

        def end():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(WAIT_S)
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()

        self.addCleanup(end)
        return process

    def test_an_account_and_keys_are_made(self):
        made = self.account(idempotency_key="cli-1")
        self.assertEqual(made["owner"]["email"], "ada@acme.example")
        self.assertEqual(self.account(idempotency_key="cli-1")["account"], made["account"])
        owner = made["key"]["secret"]
        ws = self.server.client(owner).must("POST", "/v1/workspaces", {"name": "Dental"})["id"]
        own = self.run_cli("key", "create", "--name", "laptop", "--key", owner)
        self.assertEqual(own.returncode, 0, own.stderr)
        self.assertEqual(json.loads(own.stdout)["member"], made["owner"]["id"])
        service = self.run_cli(
            *("key", "create", "--name", "reader", "--capabilities", "numbers.read,events.read"),
            *("--workspaces", ws, "--expires-at", "2099-01-01T00:00:00Z"),
            RINGLEDGER_KEY=owner,
        )
        told = json.loads(service.stdout)
        self.assertEqual((told["capabilities"], told["workspaces"]), (["numbers.read", "events.read"], [ws]))
        self.assertEqual(self.server.client(told["secret"]).get(f"/v1/workspaces/{ws}/numbers").status, 200)

    def test_a_refusal_is_told_and_so_is_a_server_that_is_not_there(self):
        refused = self.run_cli("key", "create", "--name", "x", "--key", "rl_nonsense")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertEqual(json.loads(refused.stderr)["code"], "unauthenticated")
        tail = self.run_cli("events", "tail", "--key", "rl_nonsense")
        self.assertEqual(tail.returncode, 1)
        self.assertIn("unauthenticated", tail.stderr)
        nobody = self.run_cli("events", "tail", "--key", "x", "--url", "http://127.0.0.1:1")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("could not connect", nobody.stderr)
        self.assertNotEqual(self.run_cli("account", "create", "--name", "no key").returncode, 0)

    def test_the_tail_tells_each_event_once_also_over_a_restart_of_the_server(self):
        key = self.account()["key"]["secret"]
        client = self.server.client(key)
        tail, lines = self.tail(key), []
        reader = threading.Thread(target=lambda: [lines.append(json.loads(line)) for line in tail.stdout])
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(tail.kill)

        def told(count):
            until(lambda: len(lines) >= count, lambda: f"{count} events: {lines}")

        client.must("POST", "/v1/workspaces", {"name": "One"})
        told(len(client.events()))
        self.server.restart()
        client.must("POST", "/v1/workspaces", {"name": "Two"})
        told(len(client.events()))
        self.assertEqual([e["id"] for e in lines], [e["id"] for e in client.events()])

    def test_a_tail_waits_for_a_server_that_comes_back_and_asks_for_what_is_next(self):
        """A stand-in for the server: an event, an end, 503 as while it starts, another event, the key revoked."""
        asked, script = [], [(200, "1"), (503, None), (200, "2"), (401, None)]

        class Feed(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.headers.get("Last-Event-ID"))
                status, event = script[len(asked) - 1]
                body = f'id: e.0.{event}/0\ndata: {{"n":{event}}}\n\n' if event else '{"code":"told"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feed) as feed:
            threading.Thread(target=feed.serve_forever, daemon=True).start()
            done = self.run_cli("events", "tail", "--key", "rl_x", "--url", f"http://127.0.0.1:{feed.server_port}")
            self.assertEqual((done.returncode, done.stdout.split()), (1, ['{"n":1}', '{"n":2}']))
            self.assertEqual(asked, [None, "e.0.1/0", "e.0.1/0", "e.0.2/0"])
            self.assertIn("told", done.stderr)
            feed.shutdown()

    def test_a_tail_to_a_position_ends_there(self):
        key = self.account()["key"]["secret"]
        client = self.server.client(key)
        client.must("POST", "/v1/workspaces", {"name": "One"})
        events = client.events()
        done = self.run_cli("events", "tail", "--type", "workspace.created.v1", "--to", events[-1]["position"], "--key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()], [events[-1]["id"]])

    def test_output_that_nobody_reads_any_more_ends_it_quietly(self):
        key = self.account()["key"]["secret"]
        tail = self.tail(key)
        self.assertTrue(tail.stdout.readline().startswith("{"))
        tail.stdout.close()  # as `| head -1` does
        self.assertEqual(tail.wait(WAIT_S), 0)
        self.assertEqual(tail.stderr.read(), "")
        client = self.server.client(key)
        for i in range(300):  # more than a pipe holds
            client.send("POST", "/v1/keys", {"name": f"{i:0200d}"}, key=new_key())
        self.server.stop()
        for arguments in (("log", "inspect", "--payloads"), ("events", "export"), ("openapi",)):
            data = () if arguments == ("openapi",) else ("--data", str(self.server.data))
            ends = subprocess.run(
                ["bash", "-c", '"$@" | head -1 > /dev/null', "bash", PROGRAM, *arguments, *data],
                capture_output=True,
                text=True,
                timeout=WAIT_S,
                env=self.environment(),
            )
            self.assertEqual((ends.returncode, ends.stderr), (0, ""), arguments)


if __name__ == "__main__":
    unittest.main()
