# SPDX-License-Identifier: Apache-2.0
"""The made-up company of the demo and the benchmarks: what it promises, read by the reconciler's own reader."""

import json
import subprocess

import pytest

from directory import dn_parts, read_ldif
from roster import ROOT

SOURCE = {"units": {}}


def generate(folder, name, *options):
    words = ["--people", "500", "--groups", "60", "--memberships", "3000", "--out", folder / name, *options]
    subprocess.run([ROOT / "tests/bench/generate.py", *words], check=True)
    return folder / name


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    return read_ldif(generate(folder, "a.ldif", "--catalogue", folder / "a.jsonl"), SOURCE), folder


def of(read, kind):
    return [entry for entry in read.entries if entry.kind == kind]


def test_it_has_the_sizes_asked_for(company):
    read, _ = company
    assert read.complete and not read.known
    assert len(of(read, "user")) == 500 and len(of(read, "group")) == 60
    assert len({entry.id for entry in read.entries}) == len(read.entries)
    assert len({entry.first("uid") for entry in of(read, "user")}) == 500
    members = sum(len(group.attributes["member"]) for group in of(read, "group"))
    assert 0.7 * 3000 < members < 1.3 * 3000


def test_members_are_entries_and_some_groups_hold_groups_in_a_circle(company):
    read, _ = company
    names = {dn_parts(entry.dn): entry for entry in read.entries}
    inside = {group.first("cn"): {names[dn_parts(dn)].first("cn") for dn in group.attributes["member"]
                                  if names[dn_parts(dn)].kind == "group"} for group in of(read, "group")}
    assert sum(map(bool, inside.values())) > 5
    assert any(upper in inside[lower] for upper, lowers in inside.items() for lower in lowers)


def test_names_are_more_than_ascii_and_departments_lie_four_levels_deep(company):
    read, _ = company
    assert any(not user.first("cn").isascii() for user in of(read, "user"))
    top = len(dn_parts("ou=Departments,dc=corp,dc=example"))
    assert max(len(dn_parts(unit.dn)) for unit in of(read, "unit")) - top == 4


def test_sizes_of_groups_are_uneven(company):
    sizes = sorted(len(group.attributes["member"]) for group in of(company[0], "group"))
    assert sizes[-1] > 5 * sizes[len(sizes) // 2]


def test_the_catalogue_names_owners_and_groups_that_exist(company):
    read, folder = company
    lines = [json.loads(line) for line in (folder / "a.jsonl").read_text().splitlines()]
    logins = {user.first("uid") for user in of(read, "user")}
    places = {"/" + "/".join(group.first("cn").split("-")[:2]) for group in of(read, "group")}
    apps = [line for line in lines if "app" in line]
    assert apps and all(line["owner"] in logins and line["group"] in places for line in apps)
    assert all(set(line["groups"]) <= places for line in lines if "namespace" in line)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(company):
    _, folder = company
    first = (folder / "a.ldif").read_bytes()
    assert generate(folder, "b.ldif").read_bytes() == first
    assert generate(folder, "c.ldif", "--seed", "2").read_bytes() != first
