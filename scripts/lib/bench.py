"""Measures rows of docs/performance.md, each as a ratio against a peer of the same run (scripts/bench)."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import tempfile

from bench_world import BenchFailed, Postgres, RECORD_BYTES, Server, fsync_rate
from run import say

WARMUP_S = 1


class Row:
    """One line of the table. `goal`: the ratio that is asked for, at least (or, `most`, at most)."""

    def __init__(self, figure, peer, goal, most=False, unit="/s"):
        self.figure, self.peer, self.goal, self.most, self.unit = figure, peer, goal, most, unit
        self.ours, self.theirs = [], []

    def add(self, ours, theirs):
        self.ours.append(ours)
        self.theirs.append(theirs)

    def result(self):
        ratios = [a / b if b else 0.0 for a, b in zip(self.ours, self.theirs)]
        ratio = statistics.median(ratios)
        met = ratio <= self.goal if self.most else ratio >= self.goal
        return {"figure": self.figure, "peer": self.peer, "unit": self.unit,
                "ours": statistics.median(self.ours), "theirs": statistics.median(self.theirs),
                "ratio": ratio, "spread": [min(ratios), max(ratios)],
                "goal": ("<= " if self.most else ">= ") + f"{self.goal:g}", "met": met,
                "all_ours": self.ours, "all_theirs": self.theirs}


def commands(world):
    """Rows 2, 3 and 8: rates against PostgreSQL and the disk, latency against few clients."""
    pg = Row("commands/s, 64 connections", "PostgreSQL 15 event table, pgbench -M prepared -c64", 2.5)
    label = Row("RenameNumber/s, 64 connections", "AssignToCampaign/s, 64 connections", 0.5)
    disk = Row("commands/s, 1 connection", f"append {RECORD_BYTES} B + fdatasync", 0.6)
    crowd = Row("commands/s, 500 connections", "the same with 64", 0.8)
    served = Row("connections served of 500", "500", 1.0, unit="")
    paced = Row("p99 of 500 clients at 1 request/s", "8 clients, the same 500 requests/s", 2.0, most=True,
                unit=" ms")
    seconds = world.seconds
    with world.server() as server, world.postgres() as postgres:
        server.load(64, seconds)
        postgres.insert_rate(seconds)
        for _ in world.repeats():
            floor = fsync_rate(world.build, world.folder, seconds / 2)
            one = server.load(1, seconds / 2, warmup=WARMUP_S)
            disk.add(one["rate"], floor)
            many = server.load(64, seconds, warmup=WARMUP_S)
            pg.add(many["rate"], postgres.insert_rate(seconds))
            label.add(server.load(64, seconds, targets="rename", warmup=WARMUP_S)["rate"], many["rate"])
            most = server.load(500, seconds, warmup=WARMUP_S)
            crowd.add(most["rate"], many["rate"])
            served.add(most["served"], 500)
            few = server.load(8, seconds, warmup=WARMUP_S, rate=500)
            paced.add(server.load(500, seconds, warmup=WARMUP_S, rate=500)["p99_ms"], few["p99_ms"])
    return [pg, label, disk, crowd, served, paced]


def floor(world):
    """Row 3: what group commit makes of the disk."""
    grouped = Row("commands at 64 connections", "syncs of the log meanwhile", 8, unit="")
    alone = Row("commands/s, 1 connection", f"append {RECORD_BYTES} B + fdatasync", 0.6)
    with world.server(sync_count=world.folder / "syncs") as server:
        server.load(64, world.seconds)
        for _ in world.repeats():
            rate = fsync_rate(world.build, world.folder, world.seconds / 2)
            alone.add(server.load(1, world.seconds / 2, warmup=WARMUP_S)["rate"], rate)
            before = server.syncs()
            done = server.load(64, world.seconds)["ok"]
            grouped.add(done, server.syncs() - before)
    return [grouped, alone]


def start(world):
    """Row 10: start to ready with many events on disk against the rebuild of all views."""
    ratio = Row(f"start to ready, {world.events} events", "the same with views/ deleted", 0.25, most=True,
                unit=" s")
    limit = Row(f"start to ready, {world.events} events", "2 s", 1.0, most=True, unit=" s")
    with world.server() as server:
        say(f"writing {world.events} events")
        server.load(256, 3600, requests=world.events)
        server.stop()
        for _ in world.repeats():
            kept = server.start()
            server.stop()
            shutil.rmtree(server.folder / "data" / "views")
            rebuilt = server.start()
            server.stop()
            ratio.add(kept, rebuilt)
            limit.add(kept, 2.0)
    return [ratio, limit]


class Closing:
    """`with` for what has close()."""

    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *_):
        self.thing.close()


class World:
    def __init__(self, options, folder):
        self.build, self.folder = options.build, folder
        self.seconds, self.events, self.count = options.seconds, options.events, options.repeats

    def server(self, sync_count=None):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=self.folder))
        server = Server(self.build, folder, sync_count)
        try:
            server.start()
            server.fill()
        except BaseException:
            server.close()
            raise
        return Closing(server)

    def postgres(self):
        return Closing(Postgres(self.folder))

    def repeats(self):
        for i in range(self.count):
            say(f"repeat {i + 1} of {self.count}")
            yield i


def print_table(results):
    columns = ["figure", "ours", "peer", "theirs", "ratio", "spread", "goal", "verdict"]
    lines = [columns] + [[
        r["figure"], f"{r['ours']:,.2f}{r['unit']}", r["peer"], f"{r['theirs']:,.2f}{r['unit']}",
        f"{r['ratio']:.2f}", f"{r['spread'][0]:.2f}-{r['spread'][1]:.2f}", r["goal"],
        "met" if r["met"] else "MISSED"] for r in results]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["commands", "floor", "start", "all"])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.repeats < 5 or options.seconds < 2 or options.events < 1:
        parser.error("at least 5 repeats of 2 seconds, and 1 event")
    return options


def main():
    options = read_options()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringledger-bench-", dir=options.dir))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    measures = {"commands": commands, "floor": floor, "start": start}
    chosen = measures.values() if options.what == "all" else [measures[options.what]]
    try:
        results = [row.result() for measure in chosen for row in measure(World(options, folder))]
    except BenchFailed as failure:
        say(f"no figures: {failure}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(results)
    if options.json:
        options.json.write_text(json.dumps({
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(), "cores": os.cpu_count(),
            "machine": platform.platform(), "repeats": options.repeats, "rows": results}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
