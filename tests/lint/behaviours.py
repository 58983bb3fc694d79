#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which test proves which behaviour of doc/permission-model.md.

    /usr/bin/python3 -B tests/lint/behaviours.py --write    writes the table of schema/README.md anew

A test names what it proves where it says what it is: an assertion of pgTAP begins with 'P21 ...', the docstring of a Python
test with P21: or P21, P22:, its name with test_p21_p22_, and the words before the first step of a scenario have (P21, P22). A row of the document that
ends with "No test: REASON." speaks of what is outside roster and needs none.
"""
import re
import sys
from pathlib import Path

from tree import Finding, Tree

DOCUMENT = "doc/permission-model.md"
README = "schema/README.md"
LAST = {"N": 43, "C": 37, "P": 49, "A": 35}
HEAD = "| Behaviour | Test |\n|---|---|\n"
ID = r"[NCPA][1-9]\d?"


def identifiers(text):
    """P9, P10 and P24-P28, one by one."""
    for part in text.split(", "):
        first, _, last = part.partition("-")
        letter = first.rstrip("0123456789")
        for number in range(int(first[len(letter):]), int((last or first).lstrip("NCPA")) + 1):
            yield f"{letter}{number}"


def owed(tree):
    """(id, line, reason for having no test, or None) of each behaviour, as the document has them."""
    if not (tree.root / DOCUMENT).exists():
        return
    for number, line in enumerate((tree.root / DOCUMENT).read_text(encoding="utf-8").split("\n"), 1):
        row = re.match(r"\| (?=[NCPA]\d)([NCPA\d, -]+) \| (.*) \|$", line)
        reason = row and re.search(r"No test: (.*)\.$", row[2])
        for name in identifiers(row[1]) if row else ():
            yield name, number, reason and reason[1]


def named(path, text):
    """The ids this test file says it proves."""
    if path.suffix == ".sql":
        return set(re.findall(rf"'({ID}) ", text))
    if path.suffix == ".py":
        said = re.findall(rf'^\s*"""({ID}(?:,\s+{ID})*):', text, re.MULTILINE)
        said += [name.upper() for name in re.findall(r"^def test_((?:[ncpa][1-9]\d?_)+)", text, re.MULTILINE)]
    elif path.name == "transcript":
        said = re.findall(rf"\(({ID}(?:,\s+{ID})*)\)", text.split("\n== ", 1)[0])
    else:
        return set()
    return {name for names in said for name in re.findall(ID, names)}


def proofs(tree):
    """{id: [file, ...]}"""
    found = {}
    for path in sorted(tree.paths):
        if path.parts[0] == "tests" and path.parts[1] in ("schema", "scenario", "integration"):
            for name in named(path, (tree.root / path).read_bytes().decode(errors="replace")):
                found.setdefault(name, []).append(str(path))
    return found


def in_order(name):
    return list(LAST).index(name[0]), int(name[1:])


def table(tree):
    tests = proofs(tree)
    rows = {name: ", ".join(f"`{test}`" for test in tests.get(name, [])) or reason or "" for name, _, reason in owed(tree)}
    return HEAD + "".join(f"| {name} | {rows[name]} |\n" for name in sorted(rows, key=in_order))


def written(tree):
    """The table as it stands in the README."""
    path = tree.root / README
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(re.escape(HEAD) + r"(?:\|.*\n)*", text)
    return found[0] if found else None


def behaviours(tree):
    listed, tests = {name: (line, reason) for name, line, reason in owed(tree)}, proofs(tree)
    if not listed:
        return
    for name in (f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)):
        if name not in listed:
            yield Finding(DOCUMENT, 0, f"{name} is not listed")
        elif name not in tests and not listed[name][1]:
            yield Finding(DOCUMENT, listed[name][0], f"no test names {name}, and no reason is given")
    for name in sorted(tests.keys() - listed.keys()):
        yield Finding(tests[name][0], 0, f"{name} is no behaviour of {DOCUMENT}")
    if written(tree) != table(tree):
        yield Finding(README, 0, "the table of behaviours is not what the tests say; write it: /usr/bin/python3 -B tests/lint/behaviours.py --write")


def main(options):
    tree = Tree(Path(__file__).resolve().parents[2])
    if options == ["--write"]:
        path = tree.root / README
        path.write_text(path.read_text(encoding="utf-8").replace(written(tree), table(tree)), encoding="utf-8")
    else:
        print(table(tree), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
