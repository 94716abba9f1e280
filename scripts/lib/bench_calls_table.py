"""The calls of bench_calls.py as a table in PostgreSQL, asked by pgbench over its socket: no HTTP, no JSON,
no totals."""
import pathlib
import tempfile

from bench_world import BenchFailed

CLIENTS, NAMES = 8, 16  # NAMES: that are searched for
BEGAN = 1_700_000_000  # the first call, in seconds since 1970; a millisecond between calls
OUTCOMES = {"completed": "answered", "no-answer": "no_answer"}  # how we call what Twilio calls otherwise
SEARCHED = "(substr(from_e164, 2) || ' ' || substr(to_e164, 2) || ' ' || lower(caller_name))"
TABLES = (
    "create extension pg_trgm",
    "create table lines (line int primary key, even int, odd int, name text, status text, outcome text, "
    "duration_s int)",
    "create table numbers (number int primary key, e164 text not null)",
    "create table calls (id bigint not null, workspace int not null, number int not null, "
    "campaign int not null, contact bigint not null, provider_sid text not null, from_e164 text not null, "
    "to_e164 text not null, caller_name text not null, direction text not null, status text not null, "
    "outcome text not null, started_at timestamptz not null, ended_at timestamptz not null, "
    "duration_s int not null, attribution jsonb not null)")
ATTRIBUTION = ('{"campaign": 1, "campaign_name": "Spring", "model": "last_touch", "model_version": 1, '
               '"confidence": "1.0000", "evidence": ["cmt_01hf7yat00003g000000000001/0"], "flags": [], '
               '"candidates": [], "source": null, "session": null}')
PRIMARY = "alter table calls add primary key (id)"
INDEXES = (
    "create unique index on calls (provider_sid)",
    "create index on calls (workspace, started_at desc, id desc)",
    "create index on calls (workspace, number, outcome, started_at desc, id desc)",
    "create index on calls (workspace, campaign, started_at desc, id desc)",
    "create index on calls (workspace, contact, started_at desc, id desc)",
    f"set maintenance_work_mem = '1GB'; create index on calls using gin ({SEARCHED} gin_trgm_ops)",
    "vacuum analyze calls")


class Table:
    def __init__(self, postgres, page):
        self.postgres = postgres
        self.newest = f"order by started_at desc, id desc limit {page}"
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=postgres.folder))
        self.folder.chmod(0o777)  # PostgreSQL's programs run as another user when we are root

    def make(self, history):
        lines = ((i, *line.called, line.name, line.status, OUTCOMES.get(line.status, line.status),
                  line.duration_s) for i, line in enumerate(history.lines))
        self.postgres.sql(*TABLES)
        self.copy("lines", lines)
        self.copy("numbers", enumerate(phone.e164 for phone in history.server.phones))
        kinds = len(history.lines)
        self.postgres.sql(
            f"insert into calls select n, 1, number, 1, n % {10 ** history.caller_digits}, "
            f"'CA' || md5(n::text), '+1' || {history.caller_in_sql('n')}, e164, name, 'inbound', status, "
            f"outcome, began, began + duration_s * interval '1 s', duration_s, '{ATTRIBUTION}' "
            f"from generate_series(0, {history.count - 1}) as n join lines on line = n % {kinds} "
            f"join numbers on number = case when n / {kinds} % 2 = 0 then even else odd end, "
            f"lateral (select to_timestamp({BEGAN} + n / 1000.0) as began) as at", PRIMARY)
        self.row_bytes = self.bytes_of("pg_table_size('calls') + pg_relation_size('calls_pkey')", history)
        self.postgres.sql(*INDEXES)
        self.all_bytes = self.bytes_of("pg_total_relation_size('calls')", history)
        self.write_scripts(history)

    def copy(self, table, rows):
        file = self.folder / table
        file.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
        self.postgres.sql(f"copy {table} from '{file}'")

    def bytes_of(self, size, history):
        return int(self.postgres.sql(f"select {size}")) / history.count

    def write_scripts(self, history):
        """A search is planned anew with what is sought: an index that suits one word may not suit another."""
        most = history.count
        deep = f"\\set n random({most // 10}, {most * 9 // 10})\n"
        sought = f"\\set n random(0, {10 ** history.caller_digits - 1})\n"
        names = sorted({line.name.lower() for line in history.lines})[:NAMES]
        self.scripts = {
            "page": ("prepared", [self.script("page", "true")]),
            "deep": ("prepared", [self.script(
                "deep", f"(started_at, id) < (to_timestamp({BEGAN} + :n / 1000.0), :n)", deep)]),
            "filter": ("prepared", [self.script("filter", "number = :n and outcome = 'no_answer'",
                                                f"\\set n random(0, {len(history.server.phones) - 1})\n")]),
            "caller": ("extended", [self.script("caller", self.like(history.caller_in_sql(":n")), sought)]),
            "name": ("extended", [self.script(n.replace(" ", "-"), self.like(f"'{n}'")) for n in names])}

    @staticmethod
    def like(sought):
        return f"{SEARCHED} like '%' || {sought} || '%'"

    def script(self, name, which, drawn=""):
        file = self.folder / f"{name}.sql"
        file.write_text(f"{drawn}select * from calls where workspace = 1 and {which} {self.newest};\n")
        return file

    def ask(self, name, per_s, seconds, warmup):
        """In an open loop, too: pgbench counts from when a transaction was due."""
        mode, scripts = self.scripts[name]
        files = (word for script in scripts for word in ("-f", script))
        self.postgres.bench(seconds + warmup, CLIENTS, "-M", mode, "-R", per_s, "-l",
                            f"--log-prefix={self.folder}/log", *files)
        return quantiles(self.latencies(warmup))

    def latencies(self, warmup):
        """Milliseconds of each transaction but the first ones. A line of pgbench's log: client, transaction,
        microseconds, script, seconds since 1970 and microseconds when it ended, lag."""
        ended = []
        for file in self.folder.glob("log.*"):
            for line in file.read_text().splitlines():
                _, _, took_us, _, s, us = line.split()[:6]
                ended.append((int(s) + int(us) / 1e6, int(took_us) / 1000))
            file.unlink()
        first = min(ended, default=(0, 0))[0]
        counted = sorted(ms for at, ms in ended if at >= first + warmup)
        if not counted:
            raise BenchFailed("pgbench logged nothing")
        return counted


def quantiles(ordered):
    return {name: ordered[int(q * (len(ordered) - 1))] for name, q in (("p50_ms", 0.5), ("p99_ms", 0.99))}
