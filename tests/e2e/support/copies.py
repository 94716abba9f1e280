"""Copies of one embedded installation that move to Kafka and back."""

import os
import random
import shutil
import subprocess
import time

from support.kafka import KafkaServer, KafkaWorld
from support.program import PROGRAM, Server, offline
from support.world import WAIT_S, Story, copy_of

TAKES_S = 300
ACCOUNTS = 4


def without_positions(value):
    if isinstance(value, dict):
        return {k: without_positions(v) for k, v in value.items() if k != "position"}
    return [without_positions(v) for v in value] if isinstance(value, list) else value


class CopyWorld(KafkaWorld):
    """`stories`: the accounts of the installation in `data`, `seen`: what its server showed of them."""

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
        end = time.monotonic() + WAIT_S
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
    def ran(*arguments, **more):
        environment = os.environ | more
        command = [PROGRAM, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=TAKES_S, env=environment)

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

    def offline_told(self, data, *command):
        done = offline(data, *command)
        self.assertEqual(done.returncode, 0, (command, done.stdout, done.stderr))
        return done.stdout

    def offline_sections(self, data, *command):
        """The lines of each partition, by its heading; "": before the first."""
        sections, heading = {}, ""
        for line in self.offline_told(data, *command).splitlines():
            if line.startswith("partition "):
                heading = line
            sections.setdefault(heading, [])
            if line != heading:
                sections[heading].append(line)
        return sections
