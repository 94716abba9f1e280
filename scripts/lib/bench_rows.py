"""Lines of the table that scripts/bench prints."""
import statistics

from run import say


class Row:
    """One line of the table. `goal`: the ratio that is asked for, at least (or, `most`, at most); None: it is
    told only."""

    def __init__(self, figure, peer, goal=None, most=False, unit="/s"):
        self.figure, self.peer, self.goal, self.most, self.unit = figure, peer, goal, most, unit
        self.ours, self.theirs = [], []

    def add(self, ours, theirs):
        say(f"{self.figure}: {ours:,.2f}{self.unit} against {theirs:,.2f}{self.unit}")
        self.ours.append(ours)
        self.theirs.append(theirs)

    def result(self):
        ratios = [a / b if b else 0.0 for a, b in zip(self.ours, self.theirs)]
        ratio = statistics.median(ratios)
        met = None if self.goal is None else ratio <= self.goal if self.most else ratio >= self.goal
        goal = "" if self.goal is None else ("<= " if self.most else ">= ") + f"{self.goal:g}"
        return {"figure": self.figure, "peer": self.peer, "unit": self.unit,
                "ours": statistics.median(self.ours), "theirs": statistics.median(self.theirs),
                "ratio": ratio, "spread": [min(ratios), max(ratios)],
                "goal": goal, "met": met,
                "all_ours": self.ours, "all_theirs": self.theirs}


class Closing:
    """`with` for what has close()."""

    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *_):
        self.thing.close()


def print_table(results):
    columns = ["figure", "ours", "peer", "theirs", "ratio", "spread", "goal", "verdict"]
    lines = [columns] + [[
        r["figure"], f"{r['ours']:,.2f}{r['unit']}", r["peer"], f"{r['theirs']:,.2f}{r['unit']}",
        f"{r['ratio']:.2f}", f"{r['spread'][0]:.2f}-{r['spread'][1]:.2f}", r["goal"],
        {True: "met", False: "MISSED", None: "told only"}[r["met"]]] for r in results]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
