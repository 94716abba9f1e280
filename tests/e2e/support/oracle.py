"""An independent fold of the raw log (protocol.md "Rules"): reads the whole topic with kcat, shares no code with the
program, and says which records count. What the nodes show is compared with it."""

import collections
import json

REMEMBERED_MS = 7 * 24 * 3600 * 1000


def records_of(broker, topic, most=None):
    """Every record, or the first `most`, in order: partition, offset, headers, payload. Without `most` it ends only
    when nobody writes any more."""
    until = ("-c", str(most)) if most else ("-e",)
    for line in broker.kcat(topic, "-C", *until, "-J", "-o", "beginning").splitlines():
        raw = json.loads(line)
        headers = dict(zip(*[iter(raw.get("headers") or [])] * 2))
        yield raw["partition"], raw["offset"], headers, raw["payload"]


class Partition:
    """What of one partition counts."""

    def __init__(self):
        self.epoch, self.term, self.owner, self.seq = None, 0, None, 0
        self.clock, self.seen = {}, {}  # per account: its log time; (account, key_hash) -> effective time
        self.commits = []  # (offset, commit), counted
        self.claims = []  # every claim, counted or not
        self.voids = collections.Counter()  # by the reason that /metrics gives

    def void(self, reason):
        self.voids[reason] += 1

    def fold(self, offset, headers, payload):
        try:
            record = json.loads(payload)
            {"log": self.log, "claim": self.claim, "commit": self.commit}[headers.get("kind")](offset, record)
        except (ValueError, KeyError, TypeError):
            self.void("foreign")

    def log(self, _, record):
        if self.epoch:
            return self.void("second_log")
        self.epoch = record["epoch"]

    def claim(self, _, record):
        term, node = record["term"], record["node"]
        self.claims.append(record)
        if not self.epoch or term <= self.term:
            return self.void("late_claim")
        self.term, self.owner, self.seq = term, node, 0

    def commit(self, offset, record):
        account, key = record["account"], (record["account"], record["key_hash"])
        effective = max(record["log_ms"], self.clock.get(account, 0))
        known = key in self.seen and effective - self.seen[key] < REMEMBERED_MS
        if self.owner is None:
            return self.void("no_owner")
        if record["term"] != self.term:
            return self.void("stale_term")
        if record["node"] != self.owner:
            return self.void("foreign_node")
        if record["seq"] != self.seq + 1:
            return self.void("sequence_gap")
        if known:
            return self.void("duplicate")
        self.seq, self.clock[account], self.seen[key] = record["seq"], effective, effective
        self.commits.append((offset, record))


class Oracle:
    """All partitions of a topic, folded now."""

    def __init__(self, broker, topic):
        self.partitions = collections.defaultdict(Partition)
        for partition, offset, headers, payload in records_of(broker, topic):
            self.partitions[partition].fold(offset, headers, payload)

    def voids(self):
        return sum((p.voids for p in self.partitions.values()), collections.Counter())

    def claims(self):
        return [claim for p in self.partitions.values() for claim in p.claims]

    def commits(self):
        return sum(len(p.commits) for p in self.partitions.values())

    def positions(self, account):
        """`<epoch>.<partition>.<offset>` of every event of the account, in order: one a line of its feed."""
        return [
            f"{p.epoch}.{number}.{offset}"
            for number, p in sorted(self.partitions.items())
            for offset, commit in p.commits
            if commit["account"] == account
            for _ in commit.get("events", [])
        ]
