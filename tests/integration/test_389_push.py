# SPDX-License-Identifier: Apache-2.0
"""389 Directory Server says what changes while somebody listens: the company of the other tests of news, led by a process."""

import os
import random
import signal

import ldap
import pytest

import company
import ds389
from company import DEPARTMENTS, STAFF, change, department, group, person
from pushing import Site, await_true
from slapd import PASSWORD
from way import Way

DEVELOPER = ("group:/pay/api", "Developer")


def load(server):
    directory = server.admin()
    company.add(directory, company.SERVICE, {"objectClass": ["organizationalUnit"], "ou": ["service"]})
    account = ds389.add_account(directory, "sync", parent=company.SERVICE, password=PASSWORD)
    assert account == company.account("sync")
    for dn, attributes in company.entries():
        company.add(directory, dn, attributes)


@pytest.fixture(scope="module")
def module_server():
    with ds389.DS389(ds389.FOLLOWED) as server:
        load(server)
        yield server


@pytest.fixture
def server(module_server):
    """Everything as at the beginning."""
    directory = module_server.admin()
    company.restore(directory)
    return module_server


@pytest.fixture
def site(server, roster):
    site = Site(server, roster)
    yield site
    site.finish()


def test_an_edit_arrives_at_once(site):
    site.start()
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 2)
    assert DEVELOPER in site.holdings("u7")
    head = site.head()
    change(site.directory, person(7), "replace", "nsAccountLock", "true")
    site.await_head(head, 2)
    assert "u7" not in site.active() and len(site.active()) == company.PEOPLE - 1
    head = site.head()
    company.add(site.directory, person(7).replace("u7", "new"), {**company.person_attributes(7), "uid": ["new"]})
    site.await_head(head, 2)
    assert "new" in site.active()
    assert {run["completeness"] for run in site.runs()[1:]} == {"changes"}
    site.assert_true()


def test_a_group_that_becomes_empty_is_empty_at_once(site):
    site.start()
    head = site.head()
    change(site.directory, group("pay-api-admins"), "delete", "member")
    site.await_head(head, 5)
    assert ("group:/pay/api", "Administrator") not in site.holdings("u10")
    assert {run["completeness"] for run in site.runs()[1:]} == {"changes"}
    assert site.roster.json("quarantine")["problems"] == []
    site.assert_true()


def test_who_is_deleted_stays_so(site):
    """After its place was renamed, a plug-in of the server edits him while he is deleted, and the server says so after it
    has said that he is gone."""
    site.configure(safety="max_remove_percent: 50")
    site.start()
    site.directory.rename_s(department("board"), "ou=council")
    await_true(lambda: ("group:/org/council", "Contributor") in site.holdings("u59"), 20, site.children[-1].said())
    for dn in (person(59).replace("ou=board", "ou=council"), person(0), person(24), person(50)):
        site.directory.delete_s(dn)
    # Something of a person, which comes after all that is said of them.
    company.add(site.directory, person(7).replace("u7", "new"), {**company.person_attributes(7), "uid": ["new"]})
    await_true(lambda: "new" in site.active(), 20)
    assert not {"u0", "u24", "u50", "u59"} & site.active() and len(site.active()) == company.PEOPLE - 3
    assert site.roster.value("select count(*) from directory_entries where kind = 'user' and gone_since is null") == 57
    site.assert_true()


def test_who_leaves_and_comes_back_while_somebody_listens_is_back(site):
    site.start()
    head = site.head()
    site.directory.rename_s(person(7), "uid=u7", newsuperior=company.SERVICE)
    site.await_head(head, 2)
    assert "u7" not in site.active()
    head = site.head()
    site.directory.rename_s(f"uid=u7,{company.SERVICE}", "uid=u7", newsuperior=department("sales"))
    await_true(lambda: "u7" in site.active(), 20)
    change(site.directory, f"uid=u7,{department('sales')}", "replace", "nsAccountLock", "true")
    await_true(lambda: "u7" not in site.active(), 20)
    site.assert_true()


def test_a_unit_gets_another_name(site):
    """Of those below it nothing is said."""
    site.configure(safety="max_remove_percent: 50")
    site.start()
    assert ("group:/org/sales", "Contributor") in site.holdings("u0")
    head = site.head()
    site.directory.rename_s(department("sales"), "ou=vending")
    site.await_head(head, 20)
    assert ("group:/org/vending", "Contributor") in site.holdings("u0") and DEVELOPER in site.holdings("u0")
    assert len(site.active()) == company.PEOPLE
    site.assert_true()


def test_somebody_gets_another_name(site):
    """Groups follow by a plug-in, and it says so."""
    site.start()
    head = site.head()
    site.directory.rename_s(person(1), "uid=other", newsuperior=department("law"))
    site.await_head(head, 20)
    await_true(lambda: DEVELOPER in site.holdings("other") and "u1" not in site.active(), 30)
    site.assert_true()


def test_what_happened_meanwhile_is_read_and_no_more(site):
    child = site.start()
    assert child.end() == 0
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    change(site.directory, person(8), "replace", "nsAccountLock", "true")
    site.directory.delete_s(person(5))
    site.start()
    run = site.last_run()
    assert (run["completeness"], run["adds"], run["removes"]) == ("changes", 1, 2) and run["entries"] <= 3
    assert not {"u5", "u8"} & site.active() and DEVELOPER in site.holdings("u7")
    head = site.head()
    change(site.directory, person(8), "delete", "nsAccountLock")
    site.await_head(head, 2)
    assert "u8" in site.active()
    site.assert_true()


def test_what_changes_between_the_read_and_the_listening_is_heard(site):
    """They are two searches; what the second one tells first comes without what was asked for."""
    way = Way(site.slapd.port, free=1)
    site.configure(url=f"ldap://127.0.0.1:{way.port}")
    child = site.begin()
    await_true(lambda: way.came > 1, what=child.said)
    change(site.directory, person(8), "replace", "nsAccountLock", "true")
    change(site.directory, person(9), "replace", "mail", "other@ex.org")
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.directory.delete_s(person(5))
    way.open()
    child.await_word("run corp/")
    await_true(lambda: not {"u5", "u8"} & site.active() and DEVELOPER in site.holdings("u7"), 20, child.said())
    await_true(lambda: site.roster.value("select email from users where login = 'u9'") == "other@ex.org")
    assert len(site.active()) == company.PEOPLE - 2
    site.assert_true()
    way.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_goes_and_comes_back(site, number):
    child = site.start()
    site.slapd.kill(number)
    child.await_word("the next try is in")
    site.slapd.start()
    head = site.head()
    change(site.directory_again(), group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 60)
    assert len(site.active()) == company.PEOPLE
    site.assert_true()


def test_a_server_that_does_not_answer_is_left(site):
    site.configure(more='poll: "1h"; timeouts: { operation: "1s" }')
    child = site.start()
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(8))
    site.await_head(head)
    os.kill(site.slapd.process.pid, signal.SIGSTOP)
    try:
        child.await_word("the server was silent for 1s", seconds=60)
    finally:
        os.kill(site.slapd.process.pid, signal.SIGCONT)
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 60)
    site.assert_true()


def test_a_limit_does_not_leave_it_waiting(site):
    """Of a search that persists and is cut the server says nothing at all."""
    ds389.modify(site.directory, company.account("sync"), nsSizeLimit=20)
    try:
        site.configure(more='poll: "1h"; page_size: 10; timeouts: { operation: "20s" }')
        child = site.start()
        assert "does not say what changed and is read whole at each poll: " in child.said()
        assert site.last_run()["completeness"] == "complete" and len(site.active()) == company.PEOPLE
    finally:
        ds389.modify(site.directory, company.account("sync"), nsSizeLimit=-1)


def active_ids(site):
    rows = site.roster.sql("select i.external_id from identities i join users u on u.id = i.user_id where u.active")
    return {row["external_id"].replace("-", "") for row in rows}


def test_a_random_life(site):
    """Whatever happens, in whatever order: after it roster is as a full read would leave it."""
    dice = random.Random(389)
    site.configure(safety="max_remove: 100000; max_remove_percent: 100; max_suspend: 100000")
    site.start()
    places = {number: list(DEPARTMENTS)[number // 6] for number in range(company.PEOPLE)}
    dn = lambda number: f"uid=u{number},{department(places[number])}"
    for _ in range(60):
        number = dice.choice(sorted(places))
        act = dice.choice(["lock", "open", "move", "delete", "join", "leave", "mail"])
        try:
            if act == "lock":
                change(site.directory, dn(number), "replace", "nsAccountLock", "true")
            elif act == "open":
                change(site.directory, dn(number), "replace", "nsAccountLock")
            elif act == "move":
                place = dice.choice(list(DEPARTMENTS))
                if place != places[number]:
                    site.directory.rename_s(dn(number), f"uid=u{number}", newsuperior=department(place))
                    places[number] = place
            elif act == "delete":
                site.directory.delete_s(dn(number))
                if dice.random() < 0.5:
                    company.add(site.directory, dn(number), company.person_attributes(number))
                else:
                    del places[number]
            elif act in ("join", "leave"):
                change(site.directory, group("pay-api-devs"), "add" if act == "join" else "delete", "member", dn(number))
            else:
                change(site.directory, dn(number), "replace", "mail", f"m{dice.random()}@ex.org")
        except (ldap.TYPE_OR_VALUE_EXISTS, ldap.NO_SUCH_ATTRIBUTE):
            pass
    # By id: who was deleted last and made again has the login he had.
    found = site.directory.search_s(STAFF, ldap.SCOPE_SUBTREE, "(uid=*)", ["uid", "nsUniqueId", "nsAccountLock"])
    assert {entry["uid"][0].decode() for _, entry in found} == {f"u{number}" for number in places}
    expected = {entry["nsUniqueId"][0].decode().replace("-", "") for _, entry in found if entry.get("nsAccountLock") != [b"true"]}
    await_true(lambda: active_ids(site) == expected, 60, lambda: site.children[-1].said())
    site.assert_true()
    assert active_ids(site) == expected
