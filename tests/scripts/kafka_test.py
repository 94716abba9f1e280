"""scripts/kafka with a real broker: ready when it says so, the same again after a stop, nothing running afterwards."""
import json
import pathlib
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_S = 300  # the first start fetches Kafka


def kafka(*arguments):
    return subprocess.run([ROOT / "scripts" / "kafka", *arguments], capture_output=True, text=True, timeout=START_S)


def alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, and nobody took notice yet


class Kafka(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "kafka"
        self.addCleanup(kafka, "stop", "--data", self.data)

    def pids(self):
        return json.loads((self.data / "cluster.json").read_text())["pids"].values()

    def start(self, *arguments):
        done = kafka("start", *arguments, "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_broker_starts_is_there_and_is_gone_after_the_stop(self):
        said = self.start()
        self.assertRegex(said, r"^bootstrap=127\.0\.0\.1:\d+\n$")
        host, port = said.strip().removeprefix("bootstrap=").split(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        pids = list(self.pids())
        self.assertEqual(self.start(), said)
        self.assertEqual(list(self.pids()), pids)
        self.assertEqual(kafka("stop", "--data", self.data).returncode, 0)
        self.assertFalse(any(map(alive, pids)))
        self.assertRaises(OSError, socket.create_connection, (host, int(port)), 5)
        self.assertEqual(self.start(), said)  # the same address again

    def test_three_nodes_are_one_cluster_and_a_cluster_keeps_its_size(self):
        said = self.start("--nodes", "3")
        addresses = said.strip().removeprefix("bootstrap=").split(",")
        self.assertEqual(len(addresses), 3)
        shown = subprocess.run(["kcat", "-b", addresses[2], "-L"], capture_output=True, text=True, timeout=60)
        self.assertIn("3 brokers:", shown.stdout)
        refused = kafka("start", "--nodes", "1", "--data", self.data)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("3 nodes, not 1", refused.stderr)

    def test_stopping_never_ends_a_foreign_process(self):
        self.start()
        state = json.loads((self.data / "cluster.json").read_text())
        kafka("stop", "--data", self.data)
        stranger = subprocess.Popen(["sleep", "60"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        (self.data / "cluster.json").write_text(json.dumps(state | {"pids": {"1": stranger.pid}}))
        self.assertEqual(kafka("stop", "--data", self.data).returncode, 0)
        self.assertIsNone(stranger.poll())


if __name__ == "__main__":
    unittest.main()
