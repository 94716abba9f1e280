"""`ringledger log copy`: an embedded installation moves to Kafka, whole, however often it is interrupted."""

import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.kafka import KafkaServer, KafkaWorld  # noqa: E402
from support.program import PROGRAM  # noqa: E402
from support.world import Story, copy_of  # noqa: E402

TAKES_S = 300


class LogCopy(KafkaWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        server = super(KafkaWorld, cls).new_server(cls.sim).start()  # embedded
        cls.s = Story(server, cls.sim, numbers=3)
        for at in range(150):
            cls.s.owner.must("PATCH", f"{cls.s.ws}/numbers/{cls.s.ids[at % 3]}", {"label": f"label {at}"})
        cls.settled(cls.s)
        cls.events = cls.s.owner.events()
        server.stop()
        cls.data = server.data

    @staticmethod
    def settled(story):
        """Twilio has every label: nothing more will be written."""
        until = time.monotonic() + 30
        path = f"{story.ws}/numbers"
        while time.monotonic() < until:
            if all(n["provider"]["state"] == "synced" for n in story.owner.must("GET", path)["items"]):
                return
        raise AssertionError("the provider never had all")

    def copied(self, name):
        return copy_of(self.data, self.new_folder() / name)

    def to(self, prefix):
        return f"kafka://{self.broker.bootstrap}/{prefix}"

    def log_copy(self, data, to):
        return subprocess.run(
            [PROGRAM, "log", "copy", "--data", data, "--to", to], capture_output=True, text=True, timeout=TAKES_S
        )

    def serve(self, data, prefix):
        server = KafkaServer(self.new_folder(), self.broker, prefix, self.sim, data=data)
        self.made.append(server)
        return server.start()

    def assert_moved(self, data, prefix):
        server = self.serve(data, prefix)
        client = server.client(self.s.owner.key)
        events = client.events()
        self.assertEqual([(e["id"], e["sequence"]) for e in events[: len(self.events)]],
                         [(e["id"], e["sequence"]) for e in self.events])
        self.assertEqual([e["data"] for e in events[: len(self.events)]], [e["data"] for e in self.events])
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        self.assertEqual(client.must("GET", number)["label"], "label 147")
        self.assertEqual(client.send("PATCH", number, {"label": "on Kafka"}).status, 200)
        server.stop()
        self.assert_verified(server)

    def test_everything_is_there_and_goes_on(self):
        data = self.copied("whole")
        done = self.log_copy(data, self.to("moved"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied; both sides have hash", done.stdout)
        self.assertTrue((data / "log.embedded").is_dir())
        again = self.log_copy(data, self.to("moved"))
        self.assertEqual(again.returncode, 1)
        self.assertIn("holds a copy of partition 0 of Kafka topic moved.log", again.stderr)
        self.assert_moved(data, "moved")

    def test_killed_at_any_moment_it_goes_on_where_it_was(self):
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        data = self.copied("killed")
        for _ in range(6):
            with subprocess.Popen(
                [PROGRAM, "log", "copy", "--data", data, "--to", self.to("killed")],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as child:
                try:
                    if child.wait(chance.uniform(0.05, 2.5)) == 0:
                        break
                except subprocess.TimeoutExpired:
                    child.kill()
        else:
            done = self.log_copy(data, self.to("killed"))
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_moved(data, "killed")

    def test_a_topic_of_another_installation_is_refused_and_nothing_is_changed(self):
        other = self.new_server(self.sim, prefix="taken")  # `log create` made it
        data = self.copied("refused")
        done = self.log_copy(data, self.to("taken"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("is the log of another installation", done.stderr)
        self.assertTrue((data / "log").is_dir())
        self.assertFalse((data / "log.embedded").exists())
        self.assertEqual(other.create_log().returncode, 0)

    def test_a_topic_with_other_commits_than_the_source_has_is_refused(self):
        data = self.copied("first")
        self.assertEqual(self.log_copy(data, self.to("ahead")).returncode, 0)
        server = self.serve(data, "ahead")
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        server.client(self.s.owner.key).must("PATCH", number, {"label": "further"})
        server.stop()
        done = self.log_copy(self.copied("again"), self.to("ahead"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is no copy of this log", done.stderr)

    def test_a_target_that_is_none_is_refused_by_name(self):
        for to in ("kafka://", "kafka://h:1", "kafka://h:1/", "http://h:1/p", "h:1"):
            done = self.log_copy(self.data, to)
            self.assertEqual(done.returncode, 1, to)
            self.assertIn("--to must be kafka://HOST:PORT", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
