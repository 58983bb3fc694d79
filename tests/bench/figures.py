# SPDX-License-Identifier: Apache-2.0
"""The figures: what is measured, what must hold (gate), what roster wants to be known for (goal), and how it is printed."""

import dataclasses
import json
import statistics


@dataclasses.dataclass
class Figure:
    """unit: "x" for a ratio over the floor; otherwise what is measured, without a floor. up: more is better."""

    number: str
    what: str
    unit: str
    gate: float
    goal: float
    up: bool = False
    why_not: str = "not asked for"


FIGURES = [
    Figure("1", "first full run / read + COPY", "x", 2.5, 1.6),
    Figure("2", "full run without a change / read", "x", 1.6, 1.1),
    Figure("3", "run by cookie without a change / ldapsearch -E sync", "x", 3, 1.5),
    Figure("3 size", "the same at this size / at a hundredth of it", "x", 1.5, 1.1),
    Figure("4", "1 % changed, full run / read", "x", 2.5, 1.6),
    Figure("5", "1,000 changed entries by cookie / ldapsearch -E sync", "x", 5, 2.5),
    Figure("6", "peak memory of the process that reads", "MiB", 96, 48),
    Figure("7", "edit visible / modify + commit", "x", 5, 2),
    Figure("8", "edit received by a webhook after the server's answer, p50", "ms", 15, 5),
    Figure("8 p99", "the same, p99", "ms", 50, 20),
    Figure("9", "member added to a group of 40,000 / slapd sends it", "x", 3, 1.5),
    Figure("10", "roster.can, p50 / select 1", "x", 4, 2.5),
    Figure("10 p99", "roster.can, p99 / select 1", "x", 5, 3),
    Figure("11", "roster.can over 1,000 nested groups, p50", "ms", 5, 1),
    Figure("12", "facts written: a member joins / needed", "x", 1, 1),
    Figure("12 move", "rows written: a subtree moves / needed", "x", 1, 1),
    Figure("13", "difference: one person at a leaf", "ms", 10, 2),
    Figure("13 root", "difference: one person at the root", "ms", 500, 100),
    Figure("13 move", "difference: a subtree moved", "ms", 2000, 300),
    Figure("14", "snapshot told, up to the wire", "pairs/s", 300000, 2000000, up=True),
    Figure("15", "growth of 1 over the floor's own", "x", 1.3, 1.1),
    Figure("15 same", "growth of 2 over the floor's own", "x", 1.3, 1.1),
    Figure("18", "act of one row, on very large things, the slowest", "ms", 100, 50),
    Figure("18 many", "act that concerns 100,000 people, the slowest", "ms", 5000, 2000),
    Figure("19", "difference: an act of one row, the slowest", "ms", 100, 50),
    Figure("19 many", "difference: of many pairs, for each, the slowest", "us", 50, 20),
    Figure("20", "act taken back, the slowest", "ms", 10000, 5000),
    Figure("21", "question about a person or an app, the slowest", "ms", 50, 10),
    Figure("21 then", "the same as of a revision", "ms", 500, 100),
    Figure("22", "people of an API, first run / curl of the same pages", "x", 80, 30),
    Figure("22 same", "the same without a change / curl of the same pages", "x", 15, 6),
]
# Limits that are others for a large company.
AT_LARGE = {"6": (400, 256)}


def numbers():
    return sorted({int(figure.number.split()[0]) for figure in FIGURES})


def growth(samples, below, key, floors):
    """How much more one of ours grew from the smaller to the larger size than its floor did."""
    def ratio(name):
        return statistics.median(samples[name]) / statistics.median(below[name])

    def total(taken):
        return statistics.median(map(sum, zip(*(taken[name] for name in floors))))

    return ratio(key), total(samples) / total(below)


class Results:
    """results.ratio("2", ours, floors) with samples taken side by side; results.value("6", samples)."""

    def __init__(self, size):
        self.size = size
        self.rows = {}
        self.more = None  # a table of its own, below

    def ratio(self, number, ours, floors, **more):
        """The median of the ratios, pair by pair: what slows a round down slows both of it down."""
        self.rows[number] = {"ours": statistics.median(ours), "floor": statistics.median(floors),
                             "figure": statistics.median(our / floor for our, floor in zip(ours, floors)),
                             "samples": {"ours": ours, "floor": floors}, **more}

    def medians(self, number, ours, floors, **more):
        """The ratio of the medians, where ours and the floor's are not pairs."""
        self.rows[number] = {"ours": statistics.median(ours), "floor": statistics.median(floors),
                             "figure": statistics.median(ours) / statistics.median(floors),
                             "samples": {"ours": ours, "floor": floors}, **more}

    def value(self, number, samples, **more):
        middle = statistics.median(samples)
        self.rows[number] = {"ours": middle, "figure": middle, "samples": {"ours": samples}, **more}

    def limits(self, figure):
        return AT_LARGE.get(figure.number, (figure.gate, figure.goal)) if self.size == "large" else (figure.gate, figure.goal)

    def verdict(self, figure):
        row = self.rows.get(figure.number)
        if row is None:
            return figure.why_not
        gate, goal = self.limits(figure)
        for limit, words in ((goal, "met the goal"), (gate, "within the gate")):
            if row["figure"] >= limit if figure.up else row["figure"] <= limit:
                return words
        return "MISSED"

    def missed(self):
        return [figure.number for figure in FIGURES if self.verdict(figure) == "MISSED"]

    def document(self, **about):
        figures = []
        for figure in FIGURES:
            gate, goal = self.limits(figure)
            figures.append({"number": figure.number, "what": figure.what, "unit": figure.unit, "gate": gate, "goal": goal,
                            "verdict": self.verdict(figure), **self.rows.get(figure.number, {})})
        return json.dumps({"schema": 1, "size": self.size, **about, "figures": figures}, indent=1) + "\n"

    def table(self):
        lines = [("", "what", "ours", "floor", "figure", "gate", "goal", "")]
        for figure in FIGURES:
            row, limits = self.rows.get(figure.number, {}), self.limits(figure)
            lines.append((figure.number, figure.what, amount(row.get("ours")), amount(row.get("floor")),
                          f"{amount(row['figure'])} {figure.unit}" if row else "",
                          *(f"{amount(limit)} {figure.unit}" for limit in limits), self.verdict(figure)))
        return columns(lines, left={0, 1, 7}) + ("\n\n" + self.more if self.more else "")


def columns(lines, left):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) if place in left else cell.rjust(width)
                               for place, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def amount(number):
    """Three digits that say something; no fraction where there is none."""
    if number is None:
        return ""
    if number == float("inf"):
        return "too long"
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}"
