#!/usr/bin/env python3
"""A stand-in for the program in tests of scripts/run: the ready lines and just enough answers for the demo.

FAKE_DIE_AFTER_S: the server exits with 7 that long after it is ready. FAKE_FAIL: a path that answers 500 once
its file <data>/fail exists. Every request's method, path, key and body go to <data>/requests.jsonl, the settings in the
environment to <data>/environment.json. `log create` succeeds."""
import http.server
import json
import os
import pathlib
import re
import signal
import sys
import threading

if sys.argv[1:3] == ["log", "create"]:
    sys.exit(0)
role, arguments = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
data = pathlib.Path(arguments["--data"])
data.mkdir(parents=True, exist_ok=True)
counter = iter(range(1, 10**6))


def reply(path, body):
    made = {"id": f"x{next(counter)}", "name": body.get("name")}
    if path == "/_sim/accounts":
        return {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 32}
    if path == "/v1/accounts":
        return {"account": {"id": "acc_1", "name": body["name"]}, "owner": {},
                "key": {"id": "key_1", "secret": "rl_s"}}
    if path.endswith("/numbers/import"):
        results = [{"number": {"id": f"num_{i}"}} for i, _ in enumerate(body["numbers"])]
        return {"results": results, "imported": len(results)}
    return made


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        with open(data / "requests.jsonl", "a") as file:
            print(json.dumps([self.command, self.path, self.headers.get("Authorization"),
                              self.headers.get("Idempotency-Key"), body]), file=file)
        failing = (data / "fail").exists() and re.search(os.environ.get("FAKE_FAIL", "^$"), self.path)
        text = json.dumps({"code": "internal"} if failing else reply(self.path, body)).encode()
        self.send_response(500 if failing else 201)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(arguments["--port"])), Handler)
(data / "pid").write_text(str(os.getpid()))
if role == "serve":
    (data / "key_sha256").write_text(os.environ["RINGLEDGER_AUTH_OPERATOR_KEY_SHA256"])
    assert "RINGLEDGER_OPERATOR_KEY" not in os.environ
    settings = {name: value for name, value in os.environ.items() if name.startswith("RINGLEDGER_")}
    (data / "environment.json").write_text(json.dumps(settings))
    if "FAKE_DIE_AFTER_S" in os.environ:
        threading.Timer(float(os.environ["FAKE_DIE_AFTER_S"]), lambda: os._exit(7)).start()
name = "ringledger" if role == "serve" else "simulator"
print(f"{name} ready on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
