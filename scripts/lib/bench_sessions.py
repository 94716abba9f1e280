"""What visitors of a website cost: new visits on one pool of 500 numbers (issue 5 "Figures")."""
import json
import pathlib
import tempfile

from bench_rows import Closing, Row
from bench_world import Server
from run import say

WARMUP_S = 1
POOL = 500
CONNECTIONS = 64
VISITORS_PER_S = 2000
ORIGIN = "https://bench.example"
UNLIMITED = {"RINGLEDGER_LIMITS_ADDRESS_REQUESTS_PER_SECOND": "0",  # the load is one address with one page
             "RINGLEDGER_LIMITS_PAGE_REQUESTS_PER_SECOND": "0",
             "RINGLEDGER_LIMITS_PAGE_ADDRESS_REQUESTS_PER_SECOND": "0"}


def sessions(world):
    """StartVisitorSession as fast as 64 connections can, and at 2,000 a second. The pool is soon empty, as it
    would be: visitors after the first 500 are shown the overflow number. Then heartbeats: no commits."""
    rate = Row(f"visits/s on a pool of {POOL}, {CONNECTIONS} connections", "AssignToCampaign/s, the same run")
    paced = Row(f"p99 of visits at {VISITORS_PER_S}/s", f"p99 of AssignToCampaign at {VISITORS_PER_S}/s",
                unit=" ms")
    beats = Row(f"heartbeats/s, {CONNECTIONS} connections", "AssignToCampaign/s, the same run")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=world.folder))
    with Closing(Server(world.build, folder, environment=UNLIMITED)) as server:
        server.start()
        server.fill()
        site = Site(server)
        site.load(world.seconds)
        for _ in world.repeats():
            moves = server.load(CONNECTIONS, world.seconds, warmup=WARMUP_S)["rate"]
            rate.add(site.load(world.seconds, warmup=WARMUP_S)["rate"], moves)
            beats.add(site.beat(world.seconds, warmup=WARMUP_S)["rate"], moves)
            at = {"warmup": WARMUP_S, "rate": VISITORS_PER_S}
            paced.add(site.load(world.seconds, **at)["p99_ms"],
                      server.load(CONNECTIONS, world.seconds, **at)["p99_ms"])
    return [rate, beats, paced]


class Site:
    """A website tracker with POOL numbers."""

    def __init__(self, server):
        self.server, self.runs = server, 0
        account = 90  # its numbers are nobody else's
        key, path = server.account(account)
        made = server.post(path.removesuffix("numbers") + "campaigns", {
            "name": "Website", "campaign_type": "website_tracker", "forward_to": "+14155550199",
            "allowed_origins": [ORIGIN]}, key)
        say(f"a pool of {POOL} numbers")
        server.post(f"{path}/assign", {"campaign": made["id"], "acknowledged": [],
                                       "numbers": server.numbers(account, key, path, POOL)}, key)
        self.key, self.path = made["publishable_key"], f"/v1/public/campaigns/{made['id']}/sessions"

    def load(self, seconds, **options):
        """Visitors who were never here before."""
        self.runs += 1
        body = json.dumps({"session_key": f"visit-{self.runs}-#", "landing_url": ORIGIN + "/spring"})
        return self.run("visits", [self.path], body, seconds, options)

    def beat(self, seconds, **options):
        """Of visits that live."""
        visits = [self.server.post(self.path, {"session_key": f"beating-{i}"}, self.key)["session"]
                  for i in range(CONNECTIONS)]
        return self.run("beats", [f"{self.path}/{v}/heartbeat" for v in visits], "{}", seconds, options)

    def run(self, name, paths, body, seconds, options):
        lines = ["\t".join(["POST", path, self.key, body, body]) for path in paths]
        (self.server.folder / name).write_text("\n".join(lines) + "\n")
        return self.server.load(CONNECTIONS, seconds, targets=name, **options)
