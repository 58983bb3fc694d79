# SPDX-License-Identifier: Apache-2.0
"""Promise 5: an edit in a directory that says what changed (RFC 4533) is a revision at once: slapd, PostgreSQL and the serving child."""

import os
import re
import signal
import statistics
import time

import ldap
import pytest

import company
from company import STAFF, add, change, department, group, person
from pushing import SESSION_LOG, Site, await_true, milliseconds
from slapd import SUFFIX, Slapd


@pytest.fixture
def slapd():
    with Slapd(company.ldif(), database=company.ACCESS,
               sync=["syncprov-checkpoint 1000 60", f"syncprov-sessionlog {SESSION_LOG}"]) as server:
        yield server


@pytest.fixture
def site(slapd, roster):
    site = Site(slapd, roster)
    yield site
    site.finish()


def test_an_edit_is_a_revision_at_once(site):
    site.start()
    assert len(site.active()) == company.PEOPLE
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 1)
    assert ("group:/pay/api", "Developer") in site.holdings("u7")
    head = site.head()
    change(site.directory, group("pay-api-devs"), "delete", "member", person(7))
    site.await_head(head, 1)
    assert ("group:/pay/api", "Developer") not in site.holdings("u7")
    run = site.last_run()
    assert (run["kind"], run["state"], run["completeness"]) == ("push", "applied", "changes")
    assert (run["adds"], run["removes"], run["entries"]) == (1, 1, 2), "one run, two revisions"
    site.assert_true()


def test_fifty_edits_are_fast(site):
    site.configure(safety="max_remove_percent: 100")
    site.start()

    def edit(number):
        operation = "add" if number % 2 == 0 else "delete"
        return lambda: change(site.directory, group("pay-api-readers"), operation, "member", person(11))

    taken = milliseconds(site, [edit(number) for number in range(50)])
    print(f"edit to revision: p50 {statistics.median(taken):.1f} ms, slowest {max(taken):.1f} ms")
    assert max(taken) < 1000
    site.assert_true()


def test_a_deleted_person_is_suspended_and_a_new_one_under_the_name_is_another(site):
    site.start()
    before, head = site.user("u3"), site.head()
    held = site.holdings("u3")
    assert ("group:/pay/api", "Contributor") in held
    site.directory.delete_s(person(3))
    head = site.await_head(head, 1)
    assert "u3" not in site.active()
    add(site.directory, person(3), company.person_attributes(3))
    head = site.await_head(head, 1)
    assert site.user("u3") != before
    assert site.holdings("u3") == {("group:/org/sales", "Contributor")}, "the groups still list the name, of the other one"


def test_deleted_and_made_again_at_once(site):
    child = site.start()
    before, head = site.user("u3"), site.head()
    os.kill(child.process.pid, signal.SIGSTOP)
    site.directory.delete_s(person(3))
    add(site.directory, person(3), company.person_attributes(3))
    os.kill(child.process.pid, signal.SIGCONT)
    site.await_head(head)
    await_true(lambda: "u3" in site.active() and site.user("u3") != before)
    assert site.holdings("u3") == {("group:/org/sales", "Contributor")}


def test_a_renamed_person_keeps_everything(site):
    site.start()
    before, head = site.user("u0"), site.head()
    held = site.holdings("u0")
    site.directory.rename_s(person(0), "uid=married")
    site.await_head(head, 1)
    assert site.user("married") == before and site.holdings("married") == held
    site.assert_true()


def test_who_moves_out_of_the_base_is_gone_and_who_comes_back_is_back(site):
    site.start()
    before, head = site.user("u5"), site.head()
    held = site.holdings("u5")
    site.directory.rename_s(person(5), "uid=u5", f"ou=service,{SUFFIX}")
    head = site.await_head(head, 1)
    assert "u5" not in site.active()
    site.directory.rename_s(f"uid=u5,ou=service,{SUFFIX}", "uid=u5", department("sales"))
    site.await_head(head, 1)
    assert site.user("u5") == before and site.holdings("u5") == held


def test_who_leaves_the_filter_is_gone(site):
    site.configure(users="(&(objectClass=inetOrgPerson)(!(employeeType=left)))")
    site.start()
    head = site.head()
    change(site.directory, person(5), "replace", "employeeType", "left")
    head = site.await_head(head, 1)
    assert "u5" not in site.active()
    change(site.directory, person(5), "delete", "employeeType")
    site.await_head(head, 1)
    assert "u5" in site.active()
    site.assert_true()


def names(site):
    return {row["external_id"]: (row["dn"], str(row["reference"]), str(row["parent"])) for row in site.roster.sql(
        "select external_id, lower(dn) as dn, reference, parent from directory_entries where gone_since is null")}


def test_a_renamed_unit_takes_along_what_is_below(site):
    """The server says so of the unit only, so that everything is read, at once and before anything else counts."""
    site.configure(safety="max_remove_percent: 100")
    site.start()
    head = site.head()
    before = site.user("u36")
    assert ("group:/org/it/core", "Contributor") in site.holdings("u24")
    site.directory.rename_s(department("it"), "ou=tech")
    site.await_head(head)
    assert ("group:/org/tech/core", "Contributor") in site.holdings("u24")
    assert ("group:/org/it/core", "Contributor") not in site.holdings("u24")
    assert site.user("u36") == before and ("group:/pay/api", "Developer") in site.holdings("u24"), "edges follow"
    assert site.last_run()["completeness"] == "complete"
    assert site.head() == head + 1, "nobody is out in between"
    pushed = names(site)
    site.assert_true()
    assert names(site) == pushed
    # Whoever is named by his new name from now on is found.
    head = site.head()
    change(site.directory, group("pay-api-readers"), "add", "member", f"uid=u25,ou=core,ou=tech,{STAFF}")
    site.await_head(head, 1)
    assert ("group:/pay/api", "Contributor") in site.holdings("u25")


def test_a_unit_moves_with_its_people(site):
    site.start()
    head = site.head()
    site.directory.rename_s(department("web"), "ou=web", department("sales"))
    site.await_head(head)
    assert site.holdings("u30") == {("group:/org/sales/web", "Contributor"), ("group:/pay/api", "Developer"),
                                    ("group:/web/shop", "Developer")}
    site.assert_true()


def test_a_unit_that_is_no_unit_of_ours_is_followed_too(site):
    """Without units the names below one change all the same."""
    text = site.roster.config.read_text()
    site.roster.config.write_text(re.sub(r"units:.*|org-chart:.*", "", text))
    site.start()
    site.directory.rename_s(department("it"), "ou=tech")
    await_true(lambda: all("ou=it" not in dn for dn, *_ in names(site).values()))
    pushed = names(site)
    site.assert_true()
    assert names(site) == pushed


def test_a_unit_that_leaves_the_base_with_its_people_makes_everything_be_read(site):
    """Nothing is said of the people: only a read can tell, and its removals are inferred."""
    site.configure(safety="max_remove_percent: 50")
    child = site.start()
    site.directory.rename_s(department("lab"), "ou=lab", f"ou=service,{SUFFIX}")
    await_true(lambda: len(site.active()) == company.PEOPLE - 6)
    assert [(run["completeness"], run["state"]) for run in site.runs()] == \
        [("complete", "applied"), ("changes", "nothing"), ("complete", "applied")]
    # And back.
    site.directory.rename_s(f"ou=lab,ou=service,{SUFFIX}", "ou=lab", STAFF)
    await_true(lambda: len(site.active()) == company.PEOPLE, what=child.said())
    site.assert_true()


def test_a_unit_that_has_another_description_is_no_reason_to_read_everything(site):
    child = site.start()
    change(site.directory, department("law"), "replace", "description", "courts")
    change(site.directory, department("law"), "replace", "description", "contracts")
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 1)
    assert {run["completeness"] for run in site.runs()[1:]} == {"changes"}, child.said()


def test_groups_come_and_go(site):
    site.configure(safety="max_remove_percent: 100")
    site.start()
    head = site.head()
    add(site.directory, group("hr-desk-readers"),
        {"objectClass": ["groupOfNames"], "cn": ["hr-desk-readers"], "member": [person(4), group("inner"), "cn=nobody"]})
    head = site.await_head(head, 1)
    assert ("group:/hr/desk", "Contributor") in site.holdings("u4") & site.holdings("u59")
    site.directory.rename_s(group("hr-desk-readers"), "cn=hr-front-devs")
    head = site.await_head(head, 1)
    assert ("group:/hr/front", "Developer") in site.holdings("u4") & site.holdings("u59")
    assert ("group:/hr/desk", "Contributor") not in site.holdings("u4")
    assert site.roster.value("select archived from groups where id = (select g.id from groups g where g.name = 'desk')")
    site.directory.delete_s(group("hr-front-devs"))
    site.await_head(head, 1)
    assert ("group:/hr/front", "Developer") not in site.holdings("u4")
    site.assert_true()


def test_a_member_that_refint_takes_away_goes_with_his_person(roster):
    with Slapd(company.ldif(), settings=["moduleload refint"], sync=["syncprov-sessionlog 100"],
               database=[*company.ACCESS, "overlay refint", "refint_attributes member uniqueMember",
                         f"refint_nothing {company.account('sync')}"]) as slapd:
        site = Site(slapd, roster)
        try:
            site.start()
            head = site.head()
            site.directory.delete_s(person(0))
            head = site.await_head(head, 1)
            assert "u0" not in site.active()
            members = site.directory.search_s(group("pay-api-devs"), ldap.SCOPE_BASE)[0][1]["member"]
            await_true(lambda: person(0).encode() not in site.directory.search_s(
                group("pay-api-devs"), ldap.SCOPE_BASE)[0][1]["member"], what=str(members))
            site.directory.rename_s(person(1), "uid=married")
            site.await_head(head, 1)
            assert ("group:/pay/api", "Developer") in site.holdings("married")
            site.assert_true()
            assert ("group:/pay/api", "Developer") in site.holdings("married")
        finally:
            site.finish()
