"""What is measured, and against what: a server with numbers to rename, PostgreSQL, fdatasync."""
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time

from demo import call
from run import Child

RECORD_BYTES = 1024  # of one record on every side: about what a RenameNumber commit takes
ACCOUNTS = 4         # the work of one account is bounded (256 in flight): load comes from several
NUMBERS_PER_ACCOUNT = 250
OPERATOR_KEY = "rl_operator_bench"
PG_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


# A number as Twilio knows it (`token` signs what is posted to `hook`) and as we do (`path`: its workspace).
Phone = collections.namedtuple("Phone", "e164 id account_sid token hook path key")


class BenchFailed(Exception):
    """Why there is no figure."""


class Server:
    """ringledger and its simulator in `folder`, with ACCOUNTS x NUMBERS_PER_ACCOUNT imported numbers."""

    def __init__(self, build, folder, sync_count=None, simulator=None, environment=None, port=0):
        """`simulator`: another server's, else it has its own. `environment`: more settings."""
        self.build, self.folder, self.port = build, folder, port
        self.log = open(folder / "stderr.log", "ab")
        self.sync_count, self.more = sync_count, environment or {}
        self.own_simulator = simulator is None
        self.simulator = simulator or self.child("simulator", ["simulator", "--port", "0", "--data",
                                                               str(folder / "simulator")])
        self.server = None
        self.phones = []

    def child(self, name, arguments, environment=None):
        child = Child(name, [str(self.build / "ringledger"), *arguments], rf"{name} ready on (http://\S+)",
                      os.environ | (environment or {}), self.log)
        child.up.wait(600)
        if not child.url:
            child.stop()
            tail = (self.folder / "stderr.log").read_text(errors="replace").splitlines()[-5:]
            raise BenchFailed(f"{name} did not start: " + "\n".join(tail))
        return child

    def start(self):
        """Seconds from exec to the ready line."""
        key = hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()
        environment = {"RINGLEDGER_AUTH_OPERATOR_KEY_SHA256": key, "RINGLEDGER_LOGGING_LEVEL": "warn"}
        environment |= self.more
        if self.sync_count:
            environment |= {"LD_PRELOAD": str(self.build / "libbench_count_syncs.so"),
                            "RL_SYNC_COUNT": str(self.sync_count)}
        before = time.monotonic()
        serve = ["serve", "--data", str(self.folder / "data"), "--port", str(self.port)]
        self.server = self.child("ringledger", [*serve, "--simulator", self.simulator.url], environment)
        return time.monotonic() - before

    def offline(self, *words):
        """A command of the program on the stopped folder; what it told."""
        done = subprocess.run([self.build / "ringledger", *words, "--data", self.folder / "data"],
                              env=os.environ | self.more, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchFailed(f"ringledger {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def kill(self):
        """kill -9."""
        self.server.process.kill()
        self.server.process.wait()
        self.server = None

    def stop(self):
        if self.server:
            self.server.stop()
            self.server = None

    def close(self):
        self.stop()
        if self.own_simulator:
            self.simulator.stop()
        self.log.close()

    def fill(self, accounts=ACCOUNTS, numbers=NUMBERS_PER_ACCOUNT):
        """Accounts with imported numbers, assigned to the first of two campaigns; writes the target files of
        bench_load: what moves each number from campaign to campaign, and what renames it."""
        move, rename = [], []
        for a in range(accounts):
            key, path = self.account(a)
            bodies = [json.dumps({"campaign": campaign, "acknowledged": ["moving_between_campaigns",
                                                                         "campaign_left_empty"]})
                      for campaign in self.campaigns(key, path)]
            for number in self.numbers(a, key, path, numbers):
                call("PUT", f"{self.server.url}{path}/{number}/assignment", json.loads(bodies[0]), key,
                     f"bench-{number}")
                move.append(["PUT", f"{path}/{number}/assignment", key, *reversed(bodies)])
                rename.append(["PATCH", f"{path}/{number}", key, *['{"label":"bench #"}'] * 2])
        for name, targets in (("move", move), ("rename", rename)):
            (self.folder / name).write_text("".join("\t".join(target) + "\n" for target in targets))

    def campaigns(self, key, path):
        return [self.post(path.removesuffix("numbers") + "campaigns", {
            "name": name, "campaign_type": "static", "channels": ["voice"], "forward_to": "+14155550199"},
            key)["id"] for name in ("Spring", "Summer")]

    def post(self, path, body, key):
        return call("POST", self.server.url + path, body, key, f"bench-{time.monotonic_ns()}")

    def account(self, a):
        made = self.post("/v1/accounts", {"name": f"Bench {a}", "owner": {
            "name": "Bench", "email": f"bench{a}@bench.example"}}, OPERATOR_KEY)
        key = made["key"]["secret"]
        workspace = self.post("/v1/workspaces", {"name": "Bench", "default_country": "US", "time_zone": "UTC",
                                                 "plan": "agency"}, key)
        return key, f"/v1/workspaces/{workspace['id']}/numbers"

    def numbers(self, a, key, path, count):
        twilio = call("POST", f"{self.simulator.url}/_sim/accounts", {})
        e164s = [f"+1415{2_000_000 + 1000 * a + i}" for i in range(count)]
        for e164 in e164s:
            call("POST", f"{self.simulator.url}/_sim/numbers", {
                "account_sid": twilio["account_sid"], "phone_number": e164, "type": "local",
                "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False}})
        workspace = path.removesuffix("/numbers")
        connections = workspace + "/connections"
        connection = self.post(connections, {"provider": "twilio", "name": "Bench", **{
            k: twilio[k] for k in ("account_sid", "auth_token")}}, key)
        self.post(f"{connections}/{connection['id']}/verify", {}, key)
        answer = self.post(f"{path}/import", {"connection": connection["id"], "webhooks": "keep",
                                              "numbers": [{"e164": e} for e in e164s]}, key)
        ids = [result["number"]["id"] for result in answer["results"]]
        hook = f"/twilio/{connection['id']}"
        self.phones += [Phone(e164, id_, twilio["account_sid"], twilio["auth_token"], hook, workspace, key)
                        for e164, id_ in zip(e164s, ids)]
        return ids

    def load(self, connections, seconds, targets="move", **options):
        return load(self.build, self.server.url, self.folder / targets, connections, seconds, **options)

    def cpu_s(self):
        """User and system time of the server so far."""
        fields = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime of proc(5)

    def syncs(self):
        return struct.unpack("Q", self.sync_count.read_bytes()[:8])[0]


def load(build, url, targets, connections, seconds, **options):
    """One run of bench_load; every answer must have been a success."""
    command = [build / "bench_load", "--port", url.rsplit(":", 1)[1].strip("/"), "--targets", targets,
               "--connections", str(connections), "--seconds", str(seconds)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchFailed(f"bench_load: {done.stderr.strip()}")
    figures = json.loads(done.stdout)
    if figures["failed"] or figures["unanswered"] or not figures["ok"]:
        raise BenchFailed(f"bench_load had failures: {done.stdout.strip()}")
    return figures


def fsync_rate(build, folder, seconds):
    return fsync(build, folder, seconds)["rate"]


def fsync(build, folder, seconds):
    """Appends of RECORD_BYTES, each with its own fdatasync: per second, and how long they take."""
    done = subprocess.run([build / "bench_fsync", "--file", folder / "fsync", "--bytes", str(RECORD_BYTES),
                           "--seconds", str(seconds)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Postgres:
    """A private PostgreSQL 15 with one event table, durable commits, on the same disk."""

    SETTINGS = {"listen_addresses": "''", "synchronous_commit": "on", "fsync": "on",
                "shared_buffers": "512MB", "max_wal_size": "8GB",
                "checkpoint_timeout": "30min", "max_connections": "200",
                "random_page_cost": "1.1", "effective_cache_size": "4GB", "jit": "off"}

    def __init__(self, folder):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
        self.prefix = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self.prefix = ["runuser", "-u", "postgres", "--"]
        self.data = self.folder / "data"
        self.command("initdb", "-D", self.data, "-U", "bench", "-A", "trust", "--no-sync")
        options = " ".join(f"-c {k}={v}" for k, v in self.SETTINGS.items()) + f" -k {self.folder}"
        self.command("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")
        self.sql("create table events (position bigserial primary key, stream int not null, "
                 "key uuid not null unique, at timestamptz not null default now(), payload jsonb not null)")
        self.script = self.folder / "insert.sql"
        payload = json.dumps({"t": "number.renamed.v1", "label": "x" * (RECORD_BYTES - 200)})
        self.script.write_text(f"\\set stream random(1, {ACCOUNTS * NUMBERS_PER_ACCOUNT})\n"
                               f"insert into events(stream, key, payload) values "
                               f"(:stream, gen_random_uuid(), '{payload}');\n")

    def command(self, program, *arguments):
        done = subprocess.run([*self.prefix, str(PG_BIN / program), *map(str, arguments)], cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        if done.returncode != 0:
            raise BenchFailed(f"{program}: {done.stdout.strip()}")
        return done.stdout

    def sql(self, *statements):
        """Each on its own; what the last one told."""
        for statement in statements:
            told = self.command("psql", "-h", self.folder, "-U", "bench", "-d", "postgres", "-v",
                                "ON_ERROR_STOP=1", "-qAtc", statement)
        return told.strip()

    def bench(self, seconds, connections, *options):
        """What pgbench tells."""
        return self.command("pgbench", "-h", self.folder, "-U", "bench", "-n", "-c", connections, "-j", 2,
                            "-T", max(1, int(seconds)), *options, "postgres")

    def insert_rate(self, seconds, connections=64):
        text = self.bench(seconds, connections, "-M", "prepared", "-f", self.script)
        return float(re.search(r"^tps = ([0-9.]+)", text, re.M).group(1))

    def close(self):
        self.command("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
