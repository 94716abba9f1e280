"""Clients with ledgers of their own: what was asked, what was acknowledged, and the check afterwards.

The rule: nothing acknowledged lost, nothing doubled, each client's order kept. A ledger is the client's own
memory, outside the system; what got no answer is asked again with its key until it has one."""

import threading
import time

from support.world import NoAnswer, in_threads, new_key

REFUSED_FOR_NOW = (503, 507, 429)


class Entry:
    """One command: its request, and the first answer that was told (None: unknown)."""

    def __init__(self, path, label):
        self.key, self.path, self.label, self.answer = new_key(), path, label, None
        self.begun = time.monotonic()


class Worker:
    """Renames one number again and again: label i is the i-th command, so that the number tells the order."""

    def __init__(self, client, path, number, name):
        self.client, self.path, self.number, self.name = client, path, number, name
        self.entries = []

    def ask(self, entry):
        """True when it was answered for good."""
        answer = self.client.send("PATCH", entry.path, {"label": entry.label}, key=entry.key)
        if answer.status in REFUSED_FOR_NOW:
            self.refused(entry, answer)
            return False
        if answer.status != 200:
            raise AssertionError(f"{entry.label}: {answer}")
        if entry.answer is None:
            entry.answer = answer
        elif (answer.body, answer.position) != (entry.answer.body, entry.answer.position):
            raise AssertionError(f"{entry.label} was answered twice, otherwise: {entry.answer} then {answer}")
        return True

    def refused(self, entry, answer):
        """Not now: asked again later."""

    def run(self, stop):
        """Until `stop` is set or the server is gone. An open entry comes before any new one."""
        try:
            while not stop.is_set():
                if not self.entries or self.entries[-1].answer:
                    self.entries.append(Entry(self.path, f"{self.name}-{len(self.entries)}"))
                self.ask(self.entries[-1])
        except NoAnswer:
            return

    def settle(self):
        """After a restart: the unknown one gets its one answer; the last acknowledged one is still the same."""
        for entry in self.entries[-2:]:
            if not self.ask(entry):
                raise AssertionError(f"{entry.label} was refused after a restart")

    def acknowledged(self):
        return [e for e in self.entries if e.answer]


class Ledger:
    def __init__(self, workers):
        self.workers = workers

    def load_until(self, event):
        """All workers at once, until `event()` returns (it may kill the server)."""
        stop = threading.Event()

        def then_stop():
            try:
                event()
            finally:
                stop.set()

        in_threads([lambda w=w: w.run(stop) for w in self.workers] + [then_stop])

    def settle(self):
        in_threads([w.settle for w in self.workers])

    def count(self):
        return sum(len(w.acknowledged()) for w in self.workers)

    def faults_in(self, events):
        """What is wrong with the history (CloudEvents, the whole account) by this ledger; [] when nothing is."""
        faults = []
        sequences = [e["sequence"] for e in events]
        if sequences != list(range(1, len(events) + 1)):
            faults.append("the sequence has a gap or a double")
        for worker in self.workers:
            told = [
                e["data"]["label"]
                for e in events
                if e["type"] == "number.renamed.v1" and e["subject"] == f"numbers/{worker.number}"
            ]
            wanted = [e.label for e in worker.acknowledged()]
            lost = [label for label in wanted if label not in set(told)]
            if lost:
                faults.append(f"{worker.name} lost {lost[:5]}")
            elif len(told) != len(set(told)):
                faults.append(f"{worker.name} has doubles")
            elif told != wanted:
                faults.append(f"{worker.name} has another order, or events that nobody was told of")
            positions = {
                e["position"]: e["data"]["label"]
                for e in events
                if e["type"] == "number.renamed.v1" and e["subject"] == f"numbers/{worker.number}"
            }
            faults += [
                f"{e.label} stands elsewhere than was told"
                for e in worker.acknowledged()
                if positions.get(e.answer.position) != e.label
            ][:3]
        return faults
