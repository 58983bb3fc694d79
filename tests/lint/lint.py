#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The house rules of HACKING.md, checked.

    tests/lint/lint.py [RULE...]    prints file:line: message for every violation, exit status 1 when there is one

A rule is a function that takes a Tree and yields findings. RULES is the table of them all; test_tree.py counts each as
one test, test_lint.py proves that each finds what it is for.
"""
import sys
from pathlib import Path

import behaviours
import source_rules
import tool_rules
import tree_rules
from tree import Tree

RULES = {
    "layers": source_rules.layers,
    "facades": source_rules.facades,
    "purity": source_rules.purity,
    "sql": source_rules.sql,
    "banned": source_rules.banned,
    "typedefs": source_rules.typedefs,
    "purpose": source_rules.purpose,
    "functions": source_rules.functions,
    "median": source_rules.median,
    "files": tree_rules.files,
    "licence": tree_rules.licence,
    "registered": tree_rules.registered,
    "proven": tree_rules.proven,
    "behaviours": behaviours.behaviours,
    "shell": tool_rules.shell,
    "manual": tool_rules.manual,
    "keys": tool_rules.keys,
    "symbols": tool_rules.symbols,
    "format": tool_rules.format_of_c,
    "tidy": tool_rules.tidy,
}


def main(names):
    tree = Tree(Path(__file__).resolve().parents[2])
    failed = False
    for name in names or RULES:
        for finding in RULES[name](tree):
            print(f"{finding} [{name}]")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
