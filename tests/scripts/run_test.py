"""scripts/run as a supervisor, with a stand-in for the program: the demo, its file, and how it ends."""
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "scripts" / "support" / "fake_ringledger.py"
WAIT_S = 30


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def until(condition, what):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {WAIT_S} s: {what}")


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = pathlib.Path(self.folder.name) / "data"

    def start(self, *arguments, **environment):
        out = tempfile.TemporaryFile("w+")
        self.addCleanup(out.close)
        process = subprocess.Popen(
            [ROOT / "scripts" / "run", "--port", "0", "--data", self.data, *arguments],
            stdout=out, stderr=out, env=os.environ | {"RINGLEDGER_BINARY": str(FAKE)} | environment)
        self.addCleanup(process.wait, WAIT_S)
        self.addCleanup(process.terminate)
        process.out = out
        return process

    def text(self, process):
        process.out.seek(0)
        return process.out.read()

    def demo(self):
        return json.loads((self.data / "demo.json").read_text())

    def pids(self):
        return [int((folder / "pid").read_text()) for folder in (self.data, self.data / "simulator")]

    def wait_for_demo(self, process):
        until(lambda: "Try (paste" in self.text(process) or process.poll() is not None, "the demo")
        self.assertIsNone(process.poll(), self.text(process))

    def requests(self, folder=""):
        return [json.loads(line) for line in (self.data / folder / "requests.jsonl").read_text().splitlines()]

    def test_the_demo_is_complete_and_private(self):
        process = self.start()
        self.wait_for_demo(process)
        made = self.demo()
        self.assertEqual((self.data / "demo.json").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.data / "operator.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(set(made), {"url", "operator_key", "account", "key", "workspaces", "connections",
                                     "campaigns", "numbers", "simulator"})
        self.assertEqual([w["name"] for w in made["workspaces"]], ["Acme Dental", "Acme Vision"])
        self.assertEqual([len(made[k]) for k in ("connections", "campaigns", "numbers")], [2, 3, 5])
        self.assertEqual((self.data / "key_sha256").read_text(),
                         hashlib.sha256(made["operator_key"].encode()).hexdigest())
        numbers = [r[4] for r in self.requests("simulator") if r[1] == "/_sim/numbers"]
        self.assertEqual(len(numbers), 12)
        self.assertEqual([n["type"] for n in numbers].count("local"), 10)
        self.assertEqual([n["type"] for n in numbers if not n["capabilities"]["mms"]], ["mobile"])
        self.assertEqual(len([r for r in self.requests() if r[1].endswith("/assignment")]), 3)
        keys = [r[3] for r in self.requests()]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertTrue(all(k and " " not in k for k in keys))

    def test_ctrl_c_stops_everything_and_a_second_start_makes_no_second_demo(self):
        process = self.start()
        self.wait_for_demo(process)
        first, pids, asked = self.demo(), self.pids(), len(self.requests())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(WAIT_S), 0)
        self.assertFalse(any(map(alive, pids)))
        again = self.start()
        self.wait_for_demo(again)
        self.assertEqual(len(self.requests()), asked)
        second = self.demo()
        self.assertEqual(second["simulator"]["url"], first["simulator"]["url"])
        self.assertEqual(second["numbers"], first["numbers"])
        self.assertEqual(second["operator_key"], first["operator_key"])

    def test_a_dead_server_ends_it_with_its_exit_code(self):
        process = self.start(FAKE_DIE_AFTER_S="2")
        self.assertEqual(process.wait(WAIT_S), 7, self.text(process))
        self.assertFalse(any(map(alive, self.pids())))

    def test_children_do_not_outlive_a_killed_supervisor(self):
        process = self.start()
        self.wait_for_demo(process)
        pids = self.pids()
        process.kill()
        process.wait(WAIT_S)
        until(lambda: not any(map(alive, pids)), "the children are gone")

    def test_an_interrupted_demo_goes_on_where_it_stopped(self):
        self.data.mkdir()
        (self.data / "fail").touch()
        process = self.start(FAKE_FAIL="/campaigns$")
        self.assertEqual(process.wait(WAIT_S), 1)
        self.assertFalse((self.data / "demo.json").exists())
        self.assertIn("the demo failed: POST", self.text(process))
        (self.data / "fail").unlink()
        self.wait_for_demo(self.start())
        accounts = [r for r in self.requests() if r[1] == "/v1/accounts"]
        self.assertEqual(len(accounts), 1)
        self.assertFalse((self.data / "demo.partial.json").exists())

    def test_without_a_demo_and_with_a_given_operator_key(self):
        process = self.start("--no-demo", RINGLEDGER_OPERATOR_KEY="rl_given")
        until(lambda: "No demo" in self.text(process), "the server is up")
        told = self.demo()
        self.assertEqual((self.data / "demo.json").stat().st_mode & 0o777, 0o600)
        self.assertEqual((told["operator_key"], told["account"], told["key"]), ("rl_given", None, None))
        self.assertTrue(told["url"].startswith("http://") and told["simulator"]["url"].startswith("http://"))
        self.assertEqual([told[k] for k in ("workspaces", "connections", "campaigns", "numbers")], [[]] * 4)
        self.assertFalse((self.data / "operator.key").exists())
        self.assertEqual((self.data / "key_sha256").read_text(), hashlib.sha256(b"rl_given").hexdigest())

    def test_a_start_takes_back_what_an_earlier_one_told_until_it_is_ready(self):
        process = self.start()
        self.wait_for_demo(process)
        first = self.demo()
        process.kill()
        process.wait(WAIT_S)
        until(lambda: not any(map(alive, self.pids())), "the children are gone")
        taken = socket.create_server(("127.0.0.1", int(first["simulator"]["url"].rsplit(":", 1)[1])))
        self.addCleanup(taken.close)
        self.assertEqual(self.start(RINGLEDGER_BINARY="/bin/false").wait(WAIT_S), 1)
        self.assertFalse((self.data / "demo.json").exists())
        self.wait_for_demo(self.start())
        second = self.demo()
        self.assertEqual(second["numbers"], first["numbers"])
        self.assertNotEqual(second["simulator"]["url"], first["simulator"]["url"])  # that port was taken
        self.assertEqual([p.name for p in self.data.glob("demo*")], ["demo.json"])

    def start_two(self):
        process = self.start("--log", "kafka", "--bootstrap", "127.0.0.1:1", "--nodes", "2")
        self.wait_for_demo(process)
        folders = (self.data, self.data / "node2", self.data / "simulator")
        return process, [int((folder / "pid").read_text()) for folder in folders]

    def test_several_nodes_are_one_configuration_and_all_are_told(self):
        process, _ = self.start_two()
        made = self.demo()
        urls = [node["url"] for node in made["nodes"]]
        self.assertEqual((len(set(urls)), urls[0]), (2, made["url"]))
        self.assertIn(f"any node takes any of these: U={urls[1]}", self.text(process))
        first, second = (json.loads((self.data / n / "environment.json").read_text()) for n in ("", "node2"))
        ours = {"RINGLEDGER_SERVER_PUBLIC_URL": urls[0],
                "RINGLEDGER_CRYPTO_MASTER_KEY_FILE": str(self.data / "keys" / "master.key")}
        self.assertEqual(second, first | ours)
        self.assertEqual(first["RINGLEDGER_KAFKA_BOOTSTRAP"], "127.0.0.1:1")
        self.assertEqual((self.data / "node2").stat().st_mode & 0o777, 0o700)

    def test_ctrl_c_stops_all_nodes(self):
        process, pids = self.start_two()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(WAIT_S), 0)
        self.assertFalse(any(map(alive, pids)))

    def test_a_dead_node_is_told_and_ends_all(self):
        process, pids = self.start_two()
        os.kill(pids[1], signal.SIGKILL)
        self.assertEqual(process.wait(WAIT_S), 128 + signal.SIGKILL, self.text(process))
        self.assertIn("ringledger node 2 ended with exit code 137", self.text(process))
        self.assertFalse(any(map(alive, pids)))

    def test_one_server_after_several_tells_no_nodes(self):
        process, _ = self.start_two()
        process.send_signal(signal.SIGINT)
        process.wait(WAIT_S)
        self.wait_for_demo(self.start())
        self.assertNotIn("nodes", self.demo())

    def test_nodes_need_a_log_that_they_can_share(self):
        process = self.start("--nodes", "2")
        self.assertEqual(process.wait(WAIT_S), 2)
        self.assertIn("--nodes, --bootstrap and --topic-prefix go with --log kafka", self.text(process))

    def test_a_demo_may_follow_a_start_without_one(self):
        process = self.start("--no-demo")
        until(lambda: "No demo" in self.text(process), "the server is up")
        process.send_signal(signal.SIGINT)
        process.wait(WAIT_S)
        self.wait_for_demo(self.start())
        self.assertEqual(len(self.demo()["numbers"]), 5)


if __name__ == "__main__":
    unittest.main()
