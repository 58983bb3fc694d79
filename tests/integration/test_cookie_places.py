# SPDX-License-Identifier: Apache-2.0
"""A run by cookie asks for the places of a directory when something may have happened to one, and not before."""

import pytest

import company
from company import STAFF, add, change, department, group, person
from pushing import SESSION_LOG, Site
from slapd import Slapd


@pytest.fixture
def site(roster):
    with Slapd(company.ldif(), database=company.ACCESS,
               sync=["syncprov-checkpoint 1000 60", f"syncprov-sessionlog {SESSION_LOG}"]) as slapd:
        site = Site(slapd, roster)
        sync(site)
        yield site
        site.finish()


def sync(site):
    """How complete the run was, and whether it asked for places."""
    before = len(site.slapd.log())
    (source,) = site.roster.json("sync")["sources"]
    return source["completeness"], "objectClass=locality" in site.slapd.log()[before:]


def cookies(site):
    return {row["cookie"] for row in site.roster.sql("select distinct encode(cookie, 'hex') as cookie from source_cookies")}


def change_contents(site):
    change(site.directory, person(1), "replace", "mail", "other@ex.org")
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))


def test_contents_say_nothing_of_places_which_go_on_all_the_same(site):
    before = cookies(site)
    change_contents(site)
    assert sync(site) == ("changes", False)
    assert len(cookies(site)) == 1 and not cookies(site) & before
    assert sync(site) == ("changes", False)
    assert ("group:/pay/api", "Developer") in site.holdings("u7")
    site.assert_true()


def test_the_places_do_not_fall_behind_the_session_log(site):
    for number in range(2):
        for again in range(SESSION_LOG // 2 + 1):
            change(site.directory, person(9), "replace", "mail", f"a{number}b{again}@ex.org")
        assert sync(site) == ("changes", False)
    site.directory.rename_s(person(9), "uid=u9a")
    assert sync(site)[1]
    site.assert_true()


@pytest.mark.parametrize("with_contents", [False, True])
def test_a_renamed_department_is_read_whole(site, with_contents):
    change_contents(site)
    sync(site)
    if with_contents:
        change(site.directory, person(2), "replace", "mail", "third@ex.org")
    site.directory.rename_s(department("law"), "ou=justice")
    assert sync(site) == ("complete", True)
    site.assert_true()


def test_a_place_that_is_no_unit_is_renamed(site):
    add(site.directory, f"l=annex,{STAFF}", {"objectClass": ["locality"], "l": ["annex"]})
    add(site.directory, f"uid=new,l=annex,{STAFF}", company.person_attributes(100) | {"uid": ["new"]})
    assert sync(site)[0] == "complete"
    change_contents(site)
    assert sync(site) == ("changes", False)
    site.directory.rename_s(f"l=annex,{STAFF}", "l=hall")
    change(site.directory, person(1), "replace", "mail", "fourth@ex.org")
    assert sync(site) == ("complete", True)
    site.assert_true()


@pytest.mark.parametrize("edit", [
    lambda directory: directory.delete_s(person(5)),
    lambda directory: add(directory, f"uid=new,{department('law')}", company.person_attributes(100) | {"uid": ["new"]}),
    lambda directory: directory.rename_s(person(5), "uid=u5a"),
    lambda directory: change(directory, department("law"), "replace", "description", "x"),
    lambda directory: change(directory, company.account("small"), "replace", "description", "x"),
], ids=["gone", "new", "renamed", "unit", "unknown"])
def test_what_is_more_than_contents_may_be_about_a_place(site, edit):
    edit(site.directory)
    assert sync(site)[1]
    site.assert_true()
