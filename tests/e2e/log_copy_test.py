"""`ringledger log copy`: an embedded installation moves to Kafka and back, whole, however often it is interrupted."""

import pathlib
import random
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.kafka import KafkaServer, KafkaWorld  # noqa: E402
from support.program import PROGRAM, Server  # noqa: E402
from support.world import Story, copy_of, until  # noqa: E402

TAKES_S = 300
ACCOUNTS = 4


def without_positions(value):
    if isinstance(value, dict):
        return {k: without_positions(v) for k, v in value.items() if k != "position"}
    return [without_positions(v) for v in value] if isinstance(value, list) else value


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
        cls.stories = [cls.s] + [Story(server, cls.sim, numbers=1, name=f"Tenant{i}") for i in range(1, ACCOUNTS)]
        for story in cls.stories:
            cls.settled(story)
        cls.events = cls.s.owner.events()
        cls.seen = cls.all_of(server)
        server.stop()
        cls.data, cls.port = server.data, server.port

    @classmethod
    def all_of(cls, server):
        """Per account: its events, and what each of its read models shows, row for row."""
        return [cls.all_of_account(server.client(story.owner.key), story) for story in cls.stories]

    @staticmethod
    def all_of_account(client, story):
        lists = ["numbers", "connections", "campaigns", "members"]
        seen = {f"{ws}/{name}": client.items(f"{ws}/{name}") for ws in (story.ws, story.ws2) for name in lists}
        seen |= {path: client.items(path) for path in ("/v1/workspaces", "/v1/keys")}
        for number in story.ids:
            seen[number] = client.items(f"{story.ws}/numbers/{number}/history")
        return client.events(), without_positions(seen)

    @staticmethod
    def settled(story, owner=None):
        """Twilio has every label: nothing more will be written."""
        end = time.monotonic() + 30
        path = f"{story.ws}/numbers"
        while time.monotonic() < end:
            numbers = (owner or story.owner).must("GET", path)["items"]
            if all(n["provider"]["state"] == "synced" for n in numbers):
                return
        raise AssertionError("the provider never had all")

    def copied(self, name):
        return copy_of(self.data, self.new_folder() / name)

    def to(self, prefix):
        return f"kafka://{self.broker.bootstrap}/{prefix}"

    def log_copy(self, data, to, *more):
        return self.ran("log", "copy", "--data", data, "--to", to, *more)

    def copy_back(self, data, prefix):
        return self.ran("log", "copy", "--data", data, "--from", self.to(prefix))

    @staticmethod
    def ran(*arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=TAKES_S)

    def new_data(self, name):
        """An empty folder but for the master key."""
        data = self.new_folder() / name
        (data / "keys").mkdir(parents=True)
        shutil.copy(self.data / "keys" / "master.key", data / "keys")
        return data

    def killed_again_and_again(self, seed, *arguments):
        """Runs it until it is through, killed at random moments, six times at most."""
        chance = random.Random(seed)
        for _ in range(6):
            with subprocess.Popen(
                [PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                try:
                    if child.wait(chance.uniform(0.05, 2.5)) == 0:
                        return
                except subprocess.TimeoutExpired:
                    child.kill()
        done = self.ran(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

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
        data = self.copied("killed")
        self.killed_again_and_again(self.seed(), "log", "copy", "--data", data, "--to", self.to("killed"))
        self.assert_moved(data, "killed")

    @staticmethod
    def seed():
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        return seed

    def assert_all_seen(self, server, before):
        """Per account the same events and the same rows."""
        for now, then in zip(self.all_of(server), before, strict=True):
            self.assertEqual(without_positions(now[0]), without_positions(then[0]))
            self.assertEqual(now[1], then[1])

    def assert_same_installation(self, data, before=None):
        """What was shown before the copies is shown after them, by an embedded server, which goes on."""
        server = Server(self.new_folder(), self.sim, data=data)
        self.made.append(server)
        server.port = self.port  # as the URLs in the numbers say
        server.start()
        self.assert_all_seen(server, before or self.seen)
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        owner = server.client(self.s.owner.key)
        self.assertEqual(owner.send("PATCH", number, {"label": "at home again"}).status, 200)
        self.settled(self.s, owner)  # with the credentials that were fetched
        server.stop()
        self.assert_verified(server)

    def test_there_and_back_over_one_partition_with_what_was_written_on_kafka(self):
        data, back = self.copied("there"), self.new_data("back")
        self.assertEqual(self.log_copy(data, self.to("there")).returncode, 0)
        self.assert_moved(data, "there")
        for headers in ([], ["-H", "kind=commit", "-H", "v=1"], ["-H", "kind=claim", "-H", "v=1"]):
            self.broker.kcat("there.log", "-P", "-p", "0", *headers, text="a stranger's\n")
        done = self.copy_back(back, "there")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied; both sides have hash", done.stdout)
        server = Server(self.new_folder(), self.sim, data=back)
        self.made.append(server)
        server.start()
        labels = [e["data"].get("label") for e in server.client(self.s.owner.key).events()]
        self.assertIn("on Kafka", labels)
        server.stop()
        self.assert_verified(server)
        again = self.copy_back(back, "there")
        self.assertEqual(again.returncode, 1)
        self.assertIn("is not empty: it has log", again.stderr)

    def test_there_and_back_over_three_partitions(self):
        data, back = self.copied("three"), self.new_data("one-again")
        done = self.log_copy(data, self.to("three"), "--partitions", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied to 3 partitions", done.stdout)
        self.assertTrue((data / "log" / "2").is_dir())
        accounts = {}
        for partition in ("0", "1", "2"):
            keys = self.broker.kcat("three.log", "-C", "-e", "-o", "beginning", "-p", partition, "-f", r"%k\n")
            for account in filter(None, keys.split()):
                accounts.setdefault(account, set()).add(partition)
        self.assertEqual({len(partitions) for partitions in accounts.values()}, {1})
        self.assertEqual(set(accounts), {story.account for story in self.stories})
        server = KafkaServer(self.new_folder(), self.broker, "three", self.sim, data=data)
        self.made.append(server)
        server.port = self.port
        server.start()
        self.assert_all_seen(server, self.seen)
        for story in self.stories:
            owner = server.client(story.owner.key)
            owner.must("PATCH", f"{story.ws}/numbers/{story.ids[0]}", {"label": "on three partitions"})
            self.settled(story, owner)
        seen = self.all_of(server)
        server.stop()
        done = self.copy_back(back, "three")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((back / "log.from-kafka").exists())
        self.assert_same_installation(back, seen)

    def test_both_ways_killed_at_any_moment_it_goes_on_where_it_was(self):
        seed = self.seed()
        data, back = self.copied("killed-three"), self.new_data("killed-back")
        to = ("log", "copy", "--data", data, "--to", self.to("killed-three"), "--partitions", "3")
        self.killed_again_and_again(seed, *to)
        self.killed_again_and_again(seed + 1, "log", "copy", "--data", back, "--from", self.to("killed-three"))
        self.assert_same_installation(back)

    def test_a_folder_that_is_not_empty_or_of_another_installation_is_refused_and_stays_as_it_was(self):
        data = self.copied("source")
        self.assertEqual(self.log_copy(data, self.to("source")).returncode, 0)
        full = self.copied("full")
        before = sorted(str(p) for p in full.rglob("*"))
        refused = self.copy_back(full, "source")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is not empty: it has log", refused.stderr)
        self.assertEqual(sorted(str(p) for p in full.rglob("*")), before)
        strange = self.new_folder() / "strange"
        (strange / "keys").mkdir(parents=True)
        (strange / "keys" / "master.key").write_text("ab" * 32)
        refused = self.copy_back(strange, "source")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("give this node the master key of the others", refused.stderr)
        refused = self.copy_back(self.new_data("nothing"), "no-such")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is no topic no-such.log", refused.stderr)

    def test_a_source_whose_writer_still_runs_is_refused_and_the_writer_goes_on(self):
        data, back = self.copied("busy"), self.new_data("busy-back")
        self.assertEqual(self.log_copy(data, self.to("busy")).returncode, 0)
        server = self.serve(data, "busy")
        refused = self.copy_back(back, "busy")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"a node still runs at http://127.0.0.1:{server.port}: stop all nodes first", refused.stderr)
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        server.client(self.s.owner.key).must("PATCH", number, {"label": "still the writer"})

    def test_a_source_that_is_written_behind_the_copys_claim_is_refused_and_copied_when_it_is_run_again(self):
        data, back = self.copied("late"), self.new_data("late-back")
        self.assertEqual(self.log_copy(data, self.to("late"), "--partitions", "3").returncode, 0)
        copy = [PROGRAM, "log", "copy", "--data", back, "--from", self.to("late")]
        with subprocess.Popen(copy, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
            until(lambda: child.poll() is not None or self.claims("late.log") == 2, "it claims", TAKES_S)
            self.broker.kcat("late.log", "-P", "-p", "0", text="late\n")  # two partitions are still to be claimed
            _, said = child.communicate(timeout=TAKES_S)
        self.assertEqual(child.returncode, 1, said)
        self.assertIn("was written while it was copied: stop all nodes", said)
        self.assertFalse((back / "log").exists())
        again = self.copy_back(back, "late")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assert_same_installation(back)

    def claims(self, topic):
        return self.broker.kcat(topic, "-C", "-e", "-p", "0", "-o", "beginning", "-f", r"%h\n").count("kind=claim")

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
