# SPDX-License-Identifier: Apache-2.0
"""What overlays of OpenLDAP do beside the changes that are told: memberof, refint, ppolicy, and accesslog as session log."""

import time

import ldap
import pytest

import company
from company import STAFF, account, add, change, department, group, person
from pushing import Site, await_true
from slapd import PASSWORD, SUFFIX, Slapd

LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"
LINKS = ["overlay memberof", "overlay refint", "refint_attributes member uniqueMember"]
POLICY = ["overlay ppolicy", f'ppolicy_default "cn=usual,ou=service,{SUFFIX}"', "ppolicy_use_lockout"]
FOREVER = "000001010000Z"


def policy(name, **settings):
    dn = f"cn={name},ou=service,{SUFFIX}"
    lines = {"objectClass": ["organizationalRole", "pwdPolicy"], "cn": [name], "pwdAttribute": ["userPassword"],
             "pwdMustChange": ["FALSE"], **{key: [value] for key, value in settings.items()}}
    return company._record(dn, lines)


@pytest.fixture
def linking():
    with Slapd(company.ldif(), settings=["moduleload memberof", "moduleload refint"], database=[*company.ACCESS, *LINKS],
               sync=["syncprov-sessionlog 1000"]) as server:
        yield server


@pytest.fixture
def locking():
    ldif = company.ldif() + policy("usual", pwdLockout="TRUE", pwdMaxFailure="3", pwdMustChange="TRUE") + \
        policy("short", pwdMaxAge="1") + policy("gracious", pwdMaxAge="1", pwdGraceAuthNLimit="100")
    with Slapd(ldif, settings=["moduleload ppolicy"], database=[*company.ACCESS, *POLICY],
               sync=["syncprov-sessionlog 1000"]) as server:
        yield server


@pytest.fixture
def logging():
    with Slapd(company.ldif(), database=company.ACCESS, log=True, sync=["syncprov-checkpoint 1 1"]) as server:
        yield server


def site_of(server, roster):
    # Written by its clients: what is loaded passes by the overlays, and is in no log.
    company.restore(server.admin())
    site = Site(server, roster)
    site.configure(safety=LOOSE)
    yield site
    site.finish()


@pytest.fixture
def linked(linking, roster):
    yield from site_of(linking, roster)


@pytest.fixture
def locked(locking, roster):
    yield from site_of(locking, roster)


@pytest.fixture
def logged(logging, roster):
    yield from site_of(logging, roster)


def read_by_memberof(site):
    text = site.roster.config.read_text()
    rule = f'field: {{ users: "(memberOf={group("core")})"; into: "/field"; role: "Contributor" }}\n'
    site.roster.config.write_text(text.replace("rules: {", "rules: {\n  " + rule))


def in_field(site):
    return {row["login"] for row in site.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
        join roles r on r.id = g.role where u.active and resource_name(g.anchor) = 'group:/field' and r.name = 'Contributor'""")}


# --- memberof ---------------------------------------------------------------------------------------------------------


def test_a_rule_on_memberof_follows_groups_although_people_are_not_said_to_have_changed(linked):
    site = linked
    read_by_memberof(site)
    site.start()
    core = {f"u{number}" for number in range(24, 30)}
    assert in_field(site) == core
    change(site.directory, group("core"), "add", "member", person(7))
    await_true(lambda: in_field(site) == core | {"u7"}, what="everything was read soon after")
    change(site.directory, group("core"), "delete", "member", person(24))
    await_true(lambda: in_field(site) == core - {"u24"} | {"u7"})
    site.directory.delete_s(group("core"))
    await_true(lambda: in_field(site) == set())
    site.assert_true()


def test_with_such_a_filter_everything_is_read_at_each_poll(linked):
    """The group may be anywhere, and nobody tells of it."""
    site = linked
    site.configure(users=f"(&(objectClass=inetOrgPerson)(memberOf={group('core')}))")
    assert "the filter of users asks for memberOf" in site.roster.ctl("-v", "sync").err
    core = {f"u{number}" for number in range(24, 30)}
    assert site.active() == core
    change(site.directory, group("core"), "add", "member", person(7))
    change(site.directory, group("core"), "delete", "member", person(24))
    site.roster.ctl("sync")
    assert site.active() == core - {"u24"} | {"u7"}


def test_without_such_a_rule_nothing_is_read_whole(linked):
    site = linked
    site.start()
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head)
    time.sleep(3)  # longer than a whole read waits for
    assert {run["completeness"] for run in site.runs()[1:]} == {"changes"}


# --- refint -----------------------------------------------------------------------------------------------------------


def members(site, name, attribute):
    return {value.decode() for value in site.directory.search_s(group(name), ldap.SCOPE_BASE)[0][1][attribute]}


@pytest.mark.parametrize("name, attribute, number, place", [("pay-api-devs", "member", 0, "pay/api"),
                                                            ("ops-night-readers", "uniqueMember", 50, "ops/night")])
def test_refint_renames_and_removes_members_in_silence(linked, name, attribute, number, place):
    site = linked
    site.start()
    before = site.user(f"u{number}")
    parent = person(number).split(",", 1)[1]
    site.directory.rename_s(person(number), "uid=married")
    await_true(lambda: f"uid=married,{parent}" in members(site, name, attribute))
    await_true(lambda: "married" in site.active())
    assert site.user("married") == before
    assert any(anchor == f"group:/{place}" for anchor, _ in site.holdings("married"))
    site.assert_true()
    site.directory.delete_s(f"uid=married,{parent}")
    await_true(lambda: f"uid=married,{parent}" not in members(site, name, attribute))
    await_true(lambda: "married" not in site.active())
    add(site.directory, f"uid=married,{parent}", {**company.person_attributes(number), "uid": ["married"]})
    await_true(lambda: "married" in site.active())
    assert not any(anchor == f"group:/{place}" for anchor, _ in site.holdings("married")), "another one of that name"
    site.assert_true()


# --- ppolicy ----------------------------------------------------------------------------------------------------------


def test_an_administrator_s_lock_closes_an_account_at_once_and_opens_it_again(locked):
    site = locked
    site.start()
    head = site.head()
    change(site.directory, person(3), "add", "pwdAccountLockedTime", FOREVER)
    head = site.await_head(head)
    assert "u3" not in site.active() and site.last_run()["kind"] == "push"
    assert f"pwdAccountLockedTime is {FOREVER}" in site.roster.ctl("explain", "u3", "group:/pay/api").out
    change(site.directory, person(3), "delete", "pwdAccountLockedTime")
    site.await_head(head)
    assert "u3" in site.active()
    site.assert_true()


def test_a_lock_after_wrong_passwords_closes_nothing(locked):
    site = locked
    site.directory.passwd_s(person(3), None, "right")
    site.start()
    before = site.facts()
    for _ in range(4):
        with pytest.raises(ldap.INVALID_CREDENTIALS):
            ldap.initialize(site.slapd.url).simple_bind_s(person(3), "wrong")
    entry = site.directory.search_s(person(3), ldap.SCOPE_BASE, attrlist=["pwdAccountLockedTime"])[0][1]
    assert entry["pwdAccountLockedTime"][0].decode() != FOREVER
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head)
    assert "u3" in site.active() and site.facts()["users"] == before["users"]
    site.assert_true()


def test_an_account_whose_time_is_over_is_closed_and_so_is_one_without_any(locked):
    site = locked
    site.start()
    head = site.head()
    change(site.directory, person(3), "add", "pwdEndTime", "20200101000000Z")
    head = site.await_head(head)
    assert "u3" not in site.active()
    site.directory.modify_s(person(4), [(ldap.MOD_ADD, "pwdStartTime", [b"20990101000000Z"]),
                                        (ldap.MOD_ADD, "pwdEndTime", [b"20980101000000Z"])])
    head = site.await_head(head)
    assert "u4" not in site.active()
    change(site.directory, person(3), "replace", "pwdEndTime", "20980101000000Z")
    site.await_head(head)
    assert "u3" in site.active()
    site.assert_true()


def reset(directory, name, policy_name=None):
    change(directory, account(name), "replace", "userPassword", PASSWORD)
    for attribute in ("pwdReset", "pwdAccountLockedTime", "pwdPolicySubentry"):
        change(directory, account(name), "replace", attribute)
    if policy_name:
        change(directory, account(name), "replace", "pwdPolicySubentry", f"cn={policy_name},ou=service,{SUFFIX}")


def lock(directory):
    change(directory, account("small"), "replace", "pwdAccountLockedTime", FOREVER)


def expire(directory):
    reset(directory, "small", "short")
    time.sleep(2.1)  # pwdMaxAge


def must_change(directory):
    change(directory, account("small"), "replace", "pwdReset", "TRUE")


@pytest.mark.parametrize("close, what", [(lock, "the account is locked"), (expire, "the password has expired"),
                                         (must_change, "the password must be changed first")])
def test_our_own_account_is_closed_and_that_is_said_once(locked, close, what):
    site = locked
    reset(site.directory, "small")
    site.configure(bind_dn=account("small"), more='poll: "10s"')
    close(site.directory)
    child = site.begin()
    child.await_word(f"bind as {account('small')} failed: {what} .*it is not tried again until somebody asks for it")
    tried = site.slapd.log().count(f'BIND dn="{account("small")}" method=128')
    assert f"{what} (open it, then: rosterctl sync)" in site.roster.ctl("sync", code=77).err
    assert site.slapd.log().count(f'BIND dn="{account("small")}" method=128') - tried <= 2, "only who asks tries it"
    reset(site.directory, "small")
    site.roster.json("sync", code=69)  # it is the one that gets a few entries only
    assert len(site.active()) > 0
    child.end()


def test_the_last_connections_of_an_expired_password_are_said(locked):
    site = locked
    reset(site.directory, "sync", "gracious")
    time.sleep(2.1)  # pwdMaxAge
    try:
        site.start().await_word("the password has expired, and is good for [0-9]+ more connections")
    finally:
        reset(site.directory, "sync")
        site.finish()


# --- accesslog --------------------------------------------------------------------------------------------------------


def test_what_changed_is_known_after_the_server_s_restart(logged):
    """The session log in memory is lost with it; the one in the database is not."""
    site, slapd = logged, logged.slapd
    child = site.start()
    assert child.end() == 0
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.directory.delete_s(person(5))
    slapd.restart()
    change(site.directory_again(), group("pay-api-devs"), "add", "member", person(8))
    child = site.start()
    run = site.last_run()
    assert (run["completeness"], run["removes"]) == ("changes", 1) and run["entries"] <= 2, run
    assert "read whole" not in child.said() and "u5" not in site.active()
    assert ("group:/pay/api", "Developer") in site.holdings("u7") & site.holdings("u8")


def test_a_trimmed_log_leads_to_a_whole_read(logged):
    site, slapd = logged, logged.slapd
    child = site.start()
    assert child.end() == 0
    site.directory.delete_s(person(5))
    path = slapd.directory / "slapd.conf"
    kept = path.read_text()
    path.write_text(kept.replace("logops writes", "logops writes\nlogpurge 00+00:00:01 00+00:00:01"))
    slapd.restart()
    try:
        change(site.directory_again(), person(9), "replace", "mail", "again@ex.org")
        await_true(lambda: not site.directory.search_s("cn=accesslog", ldap.SCOPE_ONELEVEL, f"(&(objectClass=auditDelete)(reqDN={person(5)}))"),
                   seconds=20)
        child = site.start()
        run = site.last_run()
        assert run["completeness"] == "complete" and "u5" not in site.active(), run
    finally:
        path.write_text(kept)
        slapd.restart()


# --- units ------------------------------------------------------------------------------------------------------------


def names(site):
    return {row["external_id"]: row["dn"] for row in site.roster.sql(
        "select external_id, dn from directory_entries where gone_since is null")}


def truth(site):
    return {entry.id: entry.dn for entry in company.read(site.directory).entries}


def tree_with_groups(site):
    """A department that also holds a group, below a department below it."""
    site.configure(groups=SUFFIX)
    squads = f"ou=squads,{department('core')}"
    add(site.directory, squads, {"objectClass": ["organizationalUnit"], "ou": ["squads"]})
    add(site.directory, f"cn=ops-squad-devs,{squads}",
        {"objectClass": ["groupOfNames"], "cn": ["ops-squad-devs"], "member": [person(24), person(0)]})


@pytest.mark.parametrize("live", [True, False], ids=["told", "by cookie"])
def test_a_unit_takes_along_people_units_and_groups(linked, live):
    site = linked
    tree_with_groups(site)
    child = site.start()
    users = {login: site.user(login) for login in ("u24", "u30", "u36", "u0")}
    assert ("group:/ops/squad", "Developer") in site.holdings("u24") & site.holdings("u0")
    assert ("group:/org/it/core", "Contributor") in site.holdings("u24")
    if not live:
        assert child.end() == 0
    site.directory.rename_s(department("it"), "ou=tech")
    site.directory.rename_s(f"ou=core,ou=tech,{STAFF}", "ou=heart", department("law"))
    if not live:
        site.start()
    await_true(lambda: names(site) == {**names(site), **truth(site)} and
               ("group:/org/law/heart", "Contributor") in site.holdings("u24"), what=site.children[-1].said())
    assert {login: site.user(login) for login in users} == users
    assert ("group:/org/it/core", "Contributor") not in site.holdings("u24")
    assert ("group:/org/tech/web", "Contributor") in site.holdings("u30")
    assert ("group:/ops/squad", "Developer") in site.holdings("u24") & site.holdings("u0")
    site.assert_true()
    # Who is named by his new name is found.
    head = site.head()
    moved = next(dn for dn in truth(site).values() if dn.startswith("uid=u25,"))
    change(site.directory, f"cn=ops-squad-devs,ou=squads,ou=heart,{department('law')}", "add", "member", moved)
    site.await_head(head)
    assert ("group:/ops/squad", "Developer") in site.holdings("u25")
