# SPDX-License-Identifier: Apache-2.0
"""./dev bench: its mechanics, at a size that says nothing about roster; and that a table of figures judges rightly."""

import json
import os
import subprocess
import sys
import tempfile

import pytest

from roster import BUILD, ROOT, SCHEMA

BENCH = ROOT / "tests/bench"
SECONDS = 100
RATIOS = {"1", "2", "3", "4", "5", "7", "9", "10", "10 p99", "12", "12 move"}
VALUES = {"6", "8", "8 p99", "11", "13", "13 root", "13 move", "14", "18", "18 many", "19", "19 many", "20"}


@pytest.fixture(scope="module")
def figures():
    sys.path.insert(0, str(BENCH))
    try:
        import figures as module
        yield module
    finally:
        sys.path.remove(str(BENCH))


def bench(*words, **more):
    environment = {**more, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ROSTER_BUILD": str(BUILD), "ROSTER_SCHEMA_DIR": str(SCHEMA)}
    return subprocess.run([BENCH / "bench", "--size", "tiny", *map(str, words)], env=environment, capture_output=True, text=True,
                          timeout=SECONDS, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "results/bench.json"
    with tempfile.TemporaryDirectory(prefix="roster-test-bench-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)  # slapd runs as somebody else
        done = bench("--repeat", 1, "--out", out, TMPDIR=folder)
        left = os.listdir(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(out.read_text()), left


def test_each_figure_is_measured_or_says_why_not(run):
    table, document, _ = run
    rows = {figure["number"]: figure for figure in document["figures"]}
    for number in RATIOS:
        assert rows[number]["floor"] > 0 and rows[number]["figure"] == rows[number]["ours"] / rows[number]["floor"]
    for number in VALUES:
        assert rows[number]["figure"] > 0
    # There is no smaller company to compare the smallest one with.
    assert {number for number, row in rows.items() if row["verdict"] == "not asked for"} == {"3 size", "15", "15 same"}
    for number, row in rows.items():
        (line,) = [line for line in table.splitlines() if line.startswith(number + "  ") and row["what"] in line]
        assert line.endswith(row["verdict"])


def test_a_member_who_joins_is_one_fact_and_differences_and_snapshots_have_pairs(run):
    rows = {figure["number"]: figure for figure in run[1]["figures"]}
    assert rows["12"]["samples"]["ours"] == [1]
    assert rows["12 move"]["figure"] == 1
    assert all(rows[number]["pairs"] > 0 for number in ("13", "13 root", "13 move", "14"))


def test_acts_on_large_things_are_told_as_far_as_they_concern_people(run):
    rows = [line.split("  ") for line in run[0][run[0].index("its difference, ms"):].splitlines()[1:]]
    pairs = {row[0]: int([cell for cell in row if cell][4].strip().replace(",", "")) for row in rows}
    assert pairs["a member joins the crowd"] == 4  # two apps and two environments
    assert pairs["a role held in 1,000 groups"] == pairs["an app joins the crowd"] == 1000
    assert pairs["the crowd's role: in production"] == 1000
    assert pairs["a group in the middle is deleted"] == 0


def test_nothing_is_left(run):
    assert not run[2]


def test_only_what_is_asked_for_is_measured(figures):
    assert figures.numbers()[0] == 1 and 10 in figures.numbers()
    done = bench("--only", "99")
    assert done.returncode == 2 and "figures are 1 to" in done.stderr


def test_a_figure_is_the_median_of_its_pairs(figures):
    results = figures.Results("medium")
    results.ratio("2", [1.0, 30.0, 3.3], [1.0, 20.0, 3.0])
    assert results.rows["2"]["figure"] == pytest.approx(1.1) and results.rows["2"]["ours"] == 3.3


@pytest.mark.parametrize("number, sample, verdict", [
    ("2", 1.05, "met the goal"), ("2", 1.5, "within the gate"), ("2", 1.7, "MISSED"),
    ("14", 3e6, "met the goal"), ("14", 5e5, "within the gate"), ("14", 1e5, "MISSED")])
def test_a_verdict_follows_from_gate_and_goal(figures, number, sample, verdict):
    results = figures.Results("medium")
    results.value(number, [sample])
    assert f"{verdict}" in results.table() and results.missed() == ([number] if verdict == "MISSED" else [])


def test_a_large_company_has_limits_of_its_own(figures):
    for size, missed in (("medium", ["6"]), ("large", [])):
        results = figures.Results(size)
        results.value("6", [300])
        assert results.missed() == missed


def test_growth_is_over_the_floors_own(figures):
    below = {"first": [2.0], "read": [0.5], "copy": [0.5]}
    above = {"first": [30.0], "read": [5.0], "copy": [5.0]}
    assert figures.growth(above, below, "first", ("read", "copy")) == (15.0, 10.0)
