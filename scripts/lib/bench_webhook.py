"""What Twilio's question about a call costs (quality.md rows 7 and 9): our webhook against one made of
Express, twilio.webhook() and PostgreSQL (express_peer.js); the same signed posts, from the same client."""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.request

from bench_posts import caller, target, voice_form, write_targets
from bench_rows import Closing, Row
from bench_world import BenchFailed, Postgres, Server, fsync, load
from run import Child, say

WARMUP_S = 1
CONNECTIONS = 64
PACED_PER_S = 1000
PACKAGES = ("express@5.3.0", "twilio@6.2.0", "pg@8.23.1")
PEER = "Express + twilio.webhook() + pg, a row a call"
NEW_CALLER_EVERY = 4  # of so many calls one is from somebody who never called before
FORWARDED = "+14155550199"


def webhook(world):
    """Rows 7 and 9. One call in four makes a contact of ours; Express inserts one row for each."""
    rate = Row(f"webhook answers/s, {CONNECTIONS} connections", PEER, 8)
    paced = Row(f"p99 of webhooks at {PACED_PER_S}/s, open loop", PEER, 0.25, most=True, unit=" ms")
    seen = Row(f"answered until seen in every view, p99, {PACED_PER_S}/s", "fdatasync, p99", 3, most=True,
               unit=" ms")
    at_pace = {"warmup": WARMUP_S, "rate": PACED_PER_S}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=world.folder))
    with Closing(Server(world.build, folder)) as server, Closing(Express(world)) as express:
        server.start()
        server.fill()
        ours, theirs = Posts(world.build, folder, server), Posts(world.build, folder, server, express)
        for posts in (ours, theirs):
            posts.load(world.seconds)
        for _ in world.repeats():
            rate.add(*(p.load(world.seconds, warmup=WARMUP_S)["rate"] for p in (ours, theirs)))
            paced.add(*(p.load(world.seconds, **at_pace)["p99_ms"] for p in (ours, theirs)))
            synced = fsync(world.build, folder, world.seconds / 2)["p99_ms"]
            seen.add(ours.load(world.seconds, look=True, **at_pace)["look_p99_ms"], synced)
        every_answer_was_recorded(server, express, ours.answered, theirs.answered)
    return [rate, paced, seen]


class Posts:
    """Calls to all of the server's numbers, posted to it or to its peer. Each run has calls of its own."""

    runs = itertools.count(1)

    def __init__(self, build, folder, server, express=None):
        self.build, self.folder, self.phones = build, folder, server.phones
        self.url = express.url if express else server.server.url
        self.token = express and express.TOKEN
        self.answered = 0

    def load(self, seconds, look=False, **options):
        run, file = next(self.runs), self.folder / "rings"
        write_targets(file, (self.ring(run, i, phone, look) for i, phone in enumerate(self.phones)))
        figures = load(self.build, self.url, file, CONNECTIONS, seconds, **options)
        self.answered += figures["ok"]
        return figures

    def ring(self, run, i, phone, look):
        """The look is at a list of calls: it is not answered before every view shows what was answered."""
        new = i % NEW_CALLER_EVERY == 0
        form = voice_form(phone, run, caller(f"213{20 + run}", 5) if new else caller("2122", 4))
        signed_by = phone._replace(token=self.token or phone.token)
        return target(signed_by, "voice", form, look=f"{phone.path}/calls?limit=1" if look else None)


def every_answer_was_recorded(server, express, ours, theirs):
    """Answered: in what was measured; there were warm-ups, too. A call that we answered before it was
    recorded (architecture.md rule 4) is no figure."""
    with urllib.request.urlopen(server.server.url + "/metrics") as answer:
        metrics = answer.read().decode()
    told = dict(re.findall(r'^commands_total\{command="ReceiveCall",outcome="(\w+)"\} (\d+)', metrics, re.M))
    others = {outcome: n for outcome, n in told.items() if outcome != "accepted" and int(n)}
    if others:
        raise BenchFailed(f"some calls were answered otherwise than by a commit: {others}")
    recorded = int(told.get("accepted", 0)), int(express.postgres.sql("select count(*) from calls"))
    if recorded[0] < ours or recorded[1] < theirs:
        raise BenchFailed(f"recorded {recorded}, answered {(ours, theirs)}")


class Express:
    """The peer in a folder of its own, with its packages from npm and its PostgreSQL."""

    TOKEN = "0123456789abcdef0123456789abcdef"

    def __init__(self, world):
        self.postgres, self.log = Postgres(world.folder), open(world.folder / "express.log", "ab")
        self.server = None
        try:
            self.start(pathlib.Path(tempfile.mkdtemp(prefix="express-", dir=world.folder)))
        except BaseException:
            self.close()
            raise

    def start(self, folder):
        say("installing the peer's packages from npm: " + ", ".join(PACKAGES))
        (folder / "package.json").write_text("{}")
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchFailed(f"npm install: {(done.stderr or done.stdout).strip()}")
        shutil.copy(pathlib.Path(__file__).with_name("express_peer.js"), folder)
        self.postgres.sql(
            "create table calls (call_sid text primary key, connection text not null, caller text not null, "
            "called text not null, status text not null, form jsonb not null, "
            "received_at timestamptz not null default now())")
        environment = {"NODE_ENV": "production", "TWILIO_AUTH_TOKEN": self.TOKEN, "FORWARD_TO": FORWARDED,
                       "PGHOST": str(self.postgres.folder), "PGUSER": "bench", "PGDATABASE": "postgres"}
        self.server = Child("express", ["node", str(folder / "express_peer.js")],
                            r"express ready on (http://\S+)", os.environ | environment, self.log)
        self.server.up.wait(60)
        if not self.server.url:
            raise BenchFailed("the peer did not start: " + pathlib.Path(self.log.name).read_text()[-500:])

    @property
    def url(self):
        return self.server.url

    def close(self):
        if self.server:
            self.server.stop()
        self.postgres.close()
        self.log.close()
