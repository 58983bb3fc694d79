# SPDX-License-Identifier: Apache-2.0
"""Entries that do not show their id: who is missing since may be one of them."""

import pytest

import company
from company import change, group, person
from pushing import Site, await_true
from slapd import Slapd

LAW = f"ou=law,{company.STAFF}"
HIDING = f'access to dn.subtree="{LAW}" attrs=entryUUID by * none'
OPEN = "max_remove: 1000; max_remove_percent: 100; max_suspend: 1000; max_grant: 1000"


@pytest.fixture
def site(roster):
    """Nobody sees the ids of those in law. The server says nothing of what changed."""
    with Slapd(company.ldif(), database=[HIDING, *company.ACCESS]) as slapd:
        site = Site(slapd, roster)
        site.configure(safety=OPEN)
        yield site


def move(site, number, to, names=("pay-api-devs", "pay-api-readers")):
    """To another department, with his groups."""
    old = site.directory.search_s(company.STAFF, 2, f"(uid=u{number})", ["1.1"])[0][0]
    new = f"uid=u{number},{to}"
    site.directory.rename_s(old, f"uid=u{number}", to)
    for name in names:
        change(site.directory, group(name), "add", "member", new)
        change(site.directory, group(name), "delete", "member", old)


def test_who_is_missing_since_somebody_hides_his_id_is_not_taken_for_gone(site):
    site.roster.ctl("sync")
    before = site.holdings("u2")
    move(site, 2, LAW)
    for words in ([], ["--full"]):
        said = site.roster.ctl("sync", *words, code=69).out
        assert f"uid=u2,{LAW} does not show its id, and might be the one entry that is missing since" in said
        assert "u2" in site.active() and site.holdings("u2") == before
    site.directory.delete_s(person(30))
    assert "might be one of several entries that are missing" in site.roster.ctl("sync", code=69).out and "u30" in site.active()
    move(site, 2, person(2).split(",", 1)[1])
    site.roster.ctl("sync")
    assert site.holdings("u2") == before and "u30" not in site.active()


def test_whoever_hid_his_id_before_keeps_nobody(site):
    move(site, 2, LAW)
    site.roster.ctl("sync")
    assert "u2" not in site.active()
    site.directory.delete_s(person(30))
    site.roster.ctl("sync")
    assert "u30" not in site.active()


def test_a_server_that_says_what_changed_names_whoever_hides_his_id(roster):
    """By its control: he is known under his new name, while he is followed and when everything is read."""
    with Slapd(company.ldif(), database=[HIDING, *company.ACCESS], sync=["syncprov-sessionlog 100"]) as slapd:
        site = Site(slapd, roster)
        site.configure(safety=OPEN)
        site.start()
        before = site.holdings("u2")
        move(site, 2, LAW)
        moved = {held for held in before if not held[0].startswith("group:/org/")} | {("group:/org/law", "Contributor")}
        await_true(lambda: site.holdings("u2") == moved, what=site.children[-1].said())
        assert "nothing to do" in site.roster.ctl("sync", "--full").err
        assert site.roster.json("quarantine")["problems"] == [] and site.last_run()["completeness"] == "complete"
        site.directory.delete_s(f"uid=u2,{LAW}")
        await_true(lambda: "u2" not in site.active())
        site.finish()
