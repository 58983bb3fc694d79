# SPDX-License-Identifier: Apache-2.0
"""A whole read shows whether the source has told of all that changed: what it has not is counted and named, and nothing else."""

import contextlib
import threading

import company
import pytest
from company import STAFF, add, change, department, group, person
from pushing import Site
from slapd import Slapd

REFINT = ["overlay refint", "refint_attributes member uniqueMember"]
LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"
CORE = group("core")


@contextlib.contextmanager
def followed(roster, refint=False):
    with Slapd(company.ldif(), settings=["moduleload refint"] if refint else [],
               sync=["syncprov-checkpoint 1 1", "syncprov-sessionlog 1000000"],
               database=[*company.ACCESS, *(REFINT if refint else [])]) as slapd:
        site = Site(slapd, roster)
        site.configure(safety=LOOSE)
        site.roster.ctl("sync")
        yield site


@pytest.fixture
def site(roster):
    with followed(roster) as site:
        yield site


def read_whole(site):
    """What the last run noted: how many, and which."""
    (done,) = site.roster.json("sync", "--full")["sources"]
    assert done["completeness"] == "complete"
    run = site.last_run()
    (shown,) = site.roster.json("runs", "show", str(run["id"]))["runs"]
    assert shown["drift"] == run["drift"]
    return run["drift"], shown["drifted"]


def members(site, dn):
    return [value.decode() for value in site.directory.search_s(dn, 0)[0][1]["member"]]


def rewritten(site, edit):
    """edit: from blocks to blocks, each the LDIF of one entry."""
    site.slapd.rewrite(lambda text: "\n\n".join(edit(text.strip().split("\n\n"))) + "\n")
    site.directory_again()


def without(blocks, dn):
    kept = [block for block in blocks if f"\nentryUUID: " in block and not block.startswith(f"dn: {dn}\n")]
    assert len(kept) < len(blocks)
    return kept


def test_what_was_told_is_no_drift(site):
    assert read_whole(site) == (0, [])
    change(site.directory, person(1), "replace", "mail", "other@ex.org")
    change(site.directory, CORE, "add", "member", person(7))
    add(site.directory, f"uid=u500,{STAFF}", company.person_attributes(500))
    site.directory.delete_s(person(2))
    # Nobody has asked since: the whole read is the first that hears of it.
    assert read_whole(site) == (0, [])
    assert site.roster.json("sync", "--full")["sources"][0]["changes"] == []


def test_silent_changes_are_counted_and_named(site):
    gone, changed, left = person(3), person(4), person(27)

    def edit(blocks):
        blocks = without(blocks, gone)
        blocks = [block.replace(f"\nmail: u4@ex.org", "\nmail: silent@ex.org") if block.startswith(f"dn: {changed}\n") else
                  block.replace(f"\nmember: {left}", "") if block.startswith(f"dn: {CORE}\n") else block
                  for block in blocks]
        (like,) = [block for block in blocks if block.startswith(f"dn: {person(5)}\n")]
        new = like.replace("u5", "u900").splitlines()
        return [*blocks, "\n".join("entryUUID: 11111111-2222-3333-4444-555555555555" if line.startswith("entryUUID:")
                                   else line for line in new)]

    rewritten(site, edit)
    # What is told besides does not hide it, and is no part of it.
    change(site.directory, person(6), "replace", "mail", "told@ex.org")
    assert site.roster.json("sync")["sources"][0]["completeness"] == "changes"
    change(site.directory, person(8), "replace", "mail", "told@ex.org")
    count, drifted = read_whole(site)
    assert (count, sorted(drifted)) == (4, sorted([
        f"{CORE} differs in members", f"{gone} is gone", f"{changed} differs in attributes",
        f"{person(5).replace('u5', 'u900')} is there"]))
    (row,) = site.roster.json("status")["sources"]
    assert row["drift"] == 4
    assert site.roster.value("select value from metrics('{corp}') where metric = 'roster_source_drift'") == 4
    site.roster.sql("select notices_look('{source_drift}', '{corp}', '{1 h}')")
    notice = site.roster.value("select text from notices where kind = 'source_drift'")
    assert "found 4 entries changed without a word of it" in notice and gone in notice
    # It is told until a whole read finds nothing of the kind.
    assert site.roster.json("sync")["sources"][0]["completeness"] == "changes"
    assert site.roster.json("status")["sources"][0]["drift"] == 4
    assert read_whole(site) == (0, [])
    assert site.roster.json("status")["sources"][0]["drift"] == 0


def test_it_is_said_aloud(site):
    rewritten(site, lambda blocks: without(blocks, person(3)))
    done = site.roster.ctl("sync", "--full")
    assert f"the source had not told of 1 change: {person(3)} is gone" in done.err


def test_values_in_another_order_are_the_same(site):
    before = members(site, CORE)

    def edit(blocks):
        def turn(block):
            lines = block.splitlines()
            told = iter(reversed([line for line in lines if line.startswith("member: ")]))
            return "\n".join(next(told) if line.startswith("member: ") else line for line in lines)
        return [turn(block) if block.startswith(f"dn: {CORE}\n") else block for block in blocks]

    rewritten(site, edit)
    assert members(site, CORE) == before[::-1] and len(before) > 1
    assert read_whole(site) == (0, [])


def test_a_server_that_edits_its_groups_in_silence_is_known_to(roster):
    with followed(roster, refint=True) as site:
        first, second = members(site, CORE)[:2]
        site.directory.delete_s(first)
        site.directory.rename_s(second, "uid=renamed")
        assert read_whole(site) == (0, [])
        third = person(2)
        site.directory.delete_s(third)
        # The person is told of, and everything is read for what that may have led to.
        site.roster.ctl("sync")
        assert third not in members(site, group("pay-api-devs"))
        assert read_whole(site)[0] == 0 and all(run["drift"] in (None, 0) for run in site.runs())


def test_what_is_below_a_renamed_department_is_not_compared(site):
    site.directory.rename_s(department("sales"), "ou=other")
    assert read_whole(site) == (None, [])
    assert read_whole(site) == (0, [])


def test_a_busy_life_has_no_drift(site):
    """Edits of every kind go on while everything is read, again and again."""
    over, edits = threading.Event(), [0]

    def edit():
        directory = site.slapd.admin()
        while not over.is_set():
            number = edits[0]
            change(directory, person(10 + number % 20), "replace", "mail", f"n{number}@ex.org")
            change(directory, CORE, "add" if number % 2 == 0 else "delete", "member", person(40))
            newcomer = f"uid=u{1000 + number},{STAFF}"
            add(directory, newcomer, company.person_attributes(1000 + number))
            if number % 10 != 0:
                directory.delete_s(newcomer)
            edits[0] += 1

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        found = [read_whole(site) for _ in range(4)]
    finally:
        over.set()
        editor.join()
    assert edits[0] > 20 and found == [(0, [])] * 4
