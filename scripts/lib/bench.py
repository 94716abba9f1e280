"""Measures rows of docs/performance.md, each as a ratio against a peer of the same run (scripts/bench)."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import sys
import tempfile

import bench_calls
import bench_kafka
import bench_sessions
import bench_webhook
from bench_rows import Closing, Row, print_table
from bench_world import BenchFailed, Postgres, RECORD_BYTES, Server, fsync_rate
from run import say

WARMUP_S = 1


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


class World:
    def __init__(self, options, folder):
        self.build, self.folder, self.quick = options.build, folder, options.quick
        self.seconds, self.events, self.count = options.seconds, options.events, options.repeats
        self.calls = options.calls

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


MEASURES = {"commands": commands, "floor": floor, "start": start,
            "sessions": bench_sessions.sessions, "webhook": bench_webhook.webhook, "calls": bench_calls.calls,
            "kafka-rate": bench_kafka.rate, "kafka-failover": bench_kafka.failover,
            "kafka-catchup": bench_kafka.catch_up, "kafka-growth": bench_kafka.growth,
            "kafka-cost": bench_kafka.cost}
KAFKA = [measure for name, measure in MEASURES.items() if name.startswith("kafka-")]


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=[*MEASURES, "kafka", "all"])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--events", type=int)
    parser.add_argument("--calls", type=int)
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    repeats, seconds, events, calls = (1, 1, 5000, 20_000) if options.quick else (5, 4, 1_000_000, 1_000_000)
    options.repeats, options.seconds = options.repeats or repeats, options.seconds or seconds
    options.events, options.calls = options.events or events, options.calls or calls
    if not options.quick and (options.repeats < 5 or options.seconds < 2):
        parser.error("at least 5 repeats of 2 seconds (or --quick, to try it)")
    return options


def main():
    options = read_options()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringledger-bench-", dir=options.dir))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    chosen = {"all": MEASURES.values(), "kafka": KAFKA}.get(options.what) or [MEASURES[options.what]]
    try:
        results = [row.result() for measure in chosen for row in measure(World(options, folder))]
    except BenchFailed as failure:
        say(f"no figures: {failure}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(results)
    if options.quick:
        say("tried only: too short and too few to be figures")
    if options.json:
        options.json.write_text(json.dumps({
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(), "cores": os.cpu_count(),
            "machine": platform.platform(), "repeats": options.repeats, "rows": results}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
