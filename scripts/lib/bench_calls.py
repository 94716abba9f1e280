"""Pages, filters and searches in the calls of one workspace, and what a call takes on disk (issue 5
"Figures"): against a table in PostgreSQL with an index for each of these queries (bench_calls_table.py)."""
import contextlib
import datetime
import pathlib
import random
import re
import tempfile
import time
import urllib.parse

from bench_calls_table import Table
from bench_posts import caller, target, voice_form, write_targets
from bench_rows import Closing, Row
from bench_world import BenchFailed, Postgres, Server
from demo import call
from run import say

WARMUP_S = 1
NUMBERS = 500
LINES = 10_000           # a call's number in its run, modulo this, says what is in it
SAMPLE = 20_000          # calls that are told twice, as usual: these count for bytes in the log
FILLING = 128            # connections
ASKING, ASKED = 8, 1000  # connections; different requests of each kind
DEEP = 200               # different cursors
PAGE = 50
LONGEST_S = 10           # a call
CALLERS = "2122"         # how the digits of those who call begin
STATUSES = {"completed": 7, "busy": 1, "no-answer": 2}  # Twilio's words, and how often
WITHOUT_LIMITS = {f"RINGLEDGER_LIMITS_{of}REQUESTS_PER_SECOND": "0" for of in ("", "ACCOUNT_", "ADDRESS_")}
FIRST = "Anna Ben Carla David Emma Frank Grace Henry Irene Jacob Karen Louis Maria Nathan Olivia Peter"
LAST = "Adams Baker Carter Davis Evans Foster Garcia Harris Irving Jones Keller Lopez Miller Nolan Owens Reed"
QUERIES = {  # what is asked; requests a second
    "page": (f"first page of {PAGE} calls", 100),
    "deep": (f"page of {PAGE} by a deep cursor", 100),
    "filter": (f"page of {PAGE} of a number with an outcome", 100),
    "caller": ("search for ten digits of a caller", 100),
    "name": (f"search for a caller's name, page of {PAGE}", 20),
}


def calls(world):
    """Median and p99 of each query in an open loop, then bytes."""
    rows = {name: [Row(f"{what}, {of}", "PostgreSQL 15, right index", unit=" ms") for of in ("median", "p99")]
            for name, (what, _) in QUERIES.items()}
    log = Row("log, bytes a call", "PostgreSQL: row and primary key", unit=" B")
    views = Row("book and views, bytes a call", "PostgreSQL: row and all indexes", unit=" B")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=world.folder))
    with contextlib.ExitStack() as stack:
        history = History(stack.enter_context(
            Closing(Server(world.build, folder, environment=WITHOUT_LIMITS))), world.calls)
        table = Table(stack.enter_context(Closing(Postgres(world.folder))), PAGE)
        in_log, in_views = history.make()
        say(f"the same {world.calls} calls in PostgreSQL")
        table.make(history)
        log.add(in_log, table.row_bytes)
        views.add(in_views, table.all_bytes)
        for _ in world.repeats():
            for name, (_, per_s) in QUERIES.items():
                ours, theirs = (side.ask(name, per_s, world.seconds, WARMUP_S) for side in (history, table))
                for row, of in zip(rows[name], ("p50_ms", "p99_ms")):
                    row.add(ours[of], theirs[of])
    return [*(row for pair in rows.values() for row in pair), log, views]


def digits_of_callers(calls_):
    """How many digits tell them apart when everybody calls ten times or more."""
    return max(2, min(6, len(str(calls_)) - 2))


class Line:
    """What is in every call of that number modulo LINES."""

    def __init__(self, draw):
        self.name = f"{draw.choice(FIRST.split())} {draw.choice(LAST.split())}"
        self.called = [draw.randrange(NUMBERS) for _ in range(2)]  # which number, in even and in odd passes
        self.status = draw.choices(list(STATUSES), list(STATUSES.values()))[0]
        self.duration_s = draw.randint(1, LONGEST_S) if self.status == "completed" else 0


class History:
    """A workspace of ours with `count` calls, at least ten of every caller. Twilio's posts make them, as
    nothing but the server makes commits that count: mostly the callback of a call's end alone, which records
    the call as well, so that a call is one request."""

    def __init__(self, server, count):
        self.server, self.count = server, count
        self.caller_digits = digits_of_callers(count)
        self.draw = random.Random(5)
        self.lines = [Line(self.draw) for _ in range(min(LINES, 10 ** self.caller_digits))]

    def make(self):
        """Bytes of a call in the log, and in book and views."""
        server = self.server
        server.start()
        server.port = urllib.parse.urlsplit(server.server.url).port  # it starts again: hooks name its URL
        server.fill(accounts=1, numbers=NUMBERS)
        self.path, self.key = server.phones[0].path + "/calls", server.phones[0].key
        time.sleep(LONGEST_S)  # a call that began before its number was assigned is owed to no campaign
        sample, before = min(SAMPLE, self.count // 4), self.log_bytes()
        for what in ("voice", "status"):
            self.post(1, what, sample, digits_of_callers(sample))
        in_log = self.log_bytes() - before
        say(f"making {self.count} calls")
        self.post(2, "status", self.count - sample, self.caller_digits)
        total = self.get("?limit=1")["total"]
        if total != self.count:
            raise BenchFailed(f"{total} calls are listed, {self.count} were told")
        self.write_questions()
        server.stop()
        views = (server.folder / "data" / "views").rglob("*")
        in_views = sum(file.stat().st_size for file in views if file.is_file())
        server.start()
        return in_log / sample, in_views / self.count

    def log_bytes(self):
        self.server.stop()
        told = self.server.offline("log", "verify")
        self.server.start()
        return int(re.search(r"segments, (\d+) bytes", told).group(1))

    def post(self, run, what, count, digits):
        lines = self.lines[:10 ** digits]  # everybody has one name
        targets = (self.line_target(run, what, line, digits) for line in lines)
        write_targets(self.server.folder / "calls", targets)
        rate = self.server.load(FILLING, 360_000, targets="calls", requests=count)["rate"]
        say(f"{count} posts ({what}), {rate:,.0f}/s")

    def line_target(self, run, what, line, digits):
        phones = [self.server.phones[number] for number in line.called]
        ended = {"CallStatus": line.status, "CallDuration": str(line.duration_s), "Duration": "1"}
        told = {"CallerName": line.name} | (ended if what == "status" else {})
        forms = (voice_form(phone, run, caller(CALLERS, digits), **told) for phone in phones)
        return target(phones[0], what, *forms)

    def get(self, query):
        return call("GET", self.server.server.url + self.path + query, key=self.key)

    def write_questions(self):
        draw, digits = self.draw, self.caller_digits
        first = CALLERS.ljust(10 - digits, "0")
        questions = {
            "page": [""],
            "deep": [f"cursor={cursor}" for cursor in self.cursors()],
            "filter": [f"number={phone.id}&outcome=no_answer" for phone in self.server.phones],
            "caller": [f"search={first}{draw.randrange(10 ** digits):0{digits}}" for _ in range(ASKED)],
            "name": [f"search={urllib.parse.quote(line.name)}" for line in self.lines[:ASKED]]}
        for name, queries in questions.items():
            paths = (f"{self.path}?limit={PAGE}&{query}" for query in queries)
            write_targets(self.server.folder / name, (["GET", path, self.key, "-", "-"] for path in paths))

    def caller_in_sql(self, n):
        """The ten digits of who made call `n`."""
        digits = self.caller_digits
        return f"'{CALLERS.ljust(10 - digits, '0')}' || lpad(({n} % {10 ** digits})::text, {digits}, '0')"

    def cursors(self):
        """Anywhere between the newest and the oldest call."""
        ends = (self.get(f"?limit=1&sort={sort}")["items"][0] for sort in ("started_at", "-started_at"))
        oldest, newest = (datetime.datetime.fromisoformat(end["started_at"]) for end in ends)
        for _ in range(DEEP):
            at = oldest + (newest - oldest) * self.draw.uniform(0.1, 0.9)
            before = urllib.parse.quote(at.isoformat(timespec="milliseconds"))
            yield urllib.parse.quote(self.get(f"?limit=1&started_to={before}")["next_cursor"])

    def ask(self, name, per_s, seconds, warmup):
        return self.server.load(ASKING, seconds, targets=name, rate=per_s, warmup=warmup)
