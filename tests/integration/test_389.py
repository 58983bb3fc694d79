# SPDX-License-Identifier: Apache-2.0
"""389 Directory Server, a real one: what it calls things, whom it counts in, whom it has closed; what it says between reads."""

import time

import ldap
import pytest

import ds389
from ds389 import SUFFIX, add, add_unit, modify
from ds389_site import CONTRIBUTOR, DEVELOPER, alone, cookies, server, site  # fixtures among them
from way import Way


# --- what it calls things -----------------------------------------------------------------------------------------------


def test_the_dialect_is_found_and_people_and_groups_arrive(site):
    alice = site.user("alice")
    bob = site.user("bob", parent=add_unit(site.directory, 'Küche\\, \\"Nord\\"', site.staff))
    site.user("carol", objectClass=["inetOrgPerson", "posixAccount"], uidNumber=7, gidNumber=7, homeDirectory="/")
    site.group("pay-api-devs", alice, "uid=nobody,ou=nowhere")
    site.group("pay-api-readers", site.group("inner", bob), objectClass=["groupOfNames"])
    site.group("web-shop-devs", objectClass=["groupOfUniqueNames"], uniqueMember=[alice, bob + "#'01'B"])
    site.group("ops-day-devs", objectClass=["posixGroup"], gidNumber=7, memberUid=["carol", "ghost"])
    site.sync()
    assert site.last_run()["completeness"] == "complete"
    assert site.people() == {"alice": True, "bob": True, "carol": True}
    assert DEVELOPER in site.holdings("alice")
    assert CONTRIBUTOR in site.holdings("bob"), "nested"
    assert ("group:/web/shop", "Developer") in site.holdings("alice") & site.holdings("bob")
    assert ("group:/ops/day", "Developer") in site.holdings("carol")
    assert site.roster.value("select email from users where login = 'alice'") == "alice@ex.org"
    assert "nothing to do" in site.roster.ctl("sync").err
    site.assert_true()


def test_ids_are_those_of_its_content_synchronization(site):
    alice = site.user("alice")
    site.sync()
    digits = ds389.value(site.directory, alice, "nsUniqueId").decode().replace("-", "")
    text = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    assert site.roster.value("select count(*) from directory_entries where dn = %s and external_id = %s", alice, text) == 1


def test_the_changelog_is_no_base(site):
    """It names its changelog as the usual naming context, when that is the older one."""
    root = ds389.value(site.directory, "", "defaultNamingContext")
    site.user("alice")
    site.configure(users=f'filter: "(uid=alice)"', groups=f'base: "{site.groups}"')
    assert root == b"cn=changelog", "otherwise nothing is shown here"
    assert site.sync()["completeness"] == "complete" and site.people() == {"alice": True}


# --- closed accounts ----------------------------------------------------------------------------------------------------


def test_a_locked_account_is_suspended_and_comes_back_whole(site):
    alice, carol = site.user("alice"), site.user("carol", nsAccountLock="TRUE")
    site.group("pay-api-devs", alice, carol)
    site.sync()
    assert site.people() == {"alice": True}, "an account that was never open is nobody yet"
    held = site.holdings("alice")
    modify(site.directory, alice, nsAccountLock="true")
    done = site.sync()
    assert done["completeness"] == "changes", "by its news"
    assert [(line["kind"], line["action"], line["login"]) for line in done["changes"]] == [("user", "disable", "alice")]
    assert site.people() == {"alice": False}
    # What changes of a locked account besides leaves it locked: the news of the server do not say that it is.
    modify(site.directory, alice, mail="other@ex.org")
    assert site.sync()["completeness"] == "changes" and site.people() == {"alice": False}
    assert "nothing to do" in site.roster.ctl("sync").err
    modify(site.directory, alice, nsAccountLock=None)
    modify(site.directory, carol, nsAccountLock="false")
    site.sync()
    assert site.people() == {"alice": True, "carol": True} and site.holdings("alice") == held
    site.assert_true()


def test_a_role_that_locks_counts_at_the_next_full_read(site):
    """nsManagedDisabledRole and its like: the lock is computed, and no news tell of it."""
    alice = site.user("alice")
    role = add(site.directory, f"cn=Closed,{site.staff}", objectClass=["LDAPsubentry", "nsRoleDefinition",
                                                                      "nsSimpleRoleDefinition", "nsManagedRoleDefinition"],
               cn="Closed")
    template = add(site.directory, f"cn=Templates,{site.staff}", objectClass="nsContainer", cn="Templates")
    quoted = role.replace('"', '\\"')
    add(site.directory, f'cn="{quoted}",{template}', objectClass=["extensibleObject", "costemplate", "ldapsubentry"],
        nsAccountLock="true", cosPriority=0)
    add(site.directory, f"cn=Lock,{site.staff}", objectClass=["LDAPsubentry", "cosSuperDefinition", "cosClassicDefinition"],
        cn="Lock", cosTemplateDn=template, cosSpecifier="nsRole", cosAttribute="nsAccountLock operational")
    site.sync()
    assert site.people() == {"alice": True}
    modify(site.directory, alice, nsRoleDN=role)
    deadline = time.monotonic() + 30
    while ds389.value(site.directory, alice, "nsAccountLock") != b"true":
        assert time.monotonic() < deadline, "the server does not compute the lock"
        time.sleep(0.1)
    site.sync("--full")
    assert site.people() == {"alice": False}
    modify(site.directory, alice, nsRoleDN=None)
    while ds389.value(site.directory, alice, "nsAccountLock") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    site.sync("--full")
    assert site.people() == {"alice": True}


# --- what changed since -------------------------------------------------------------------------------------------------


def test_what_changed_is_read_and_no_more(site):
    alice, bob, carol = (site.user(login) for login in ("alice", "bob", "carol"))
    devs = site.group("pay-api-devs", alice)
    site.sync()
    assert set(cookies(site)) >= {"user", "group", "unit"}
    assert site.sync()["completeness"] == "changes" and site.last_run()["entries"] == 0
    site.directory.modify_s(devs, [(ldap.MOD_ADD, "member", [bob.encode()])])
    site.user("dave")
    done = site.sync()
    assert done["completeness"] == "changes" and site.last_run()["entries"] <= 4
    assert DEVELOPER in site.holdings("bob") and "dave" in site.people()
    site.directory.delete_s(carol)
    site.sync()
    assert site.people() == {"alice": True, "bob": True, "carol": False, "dave": True}
    assert site.sync()["completeness"] == "changes", "who was not named is there all the same"
    assert sum(site.people().values()) == 3
    site.assert_true()


def test_many_changes_are_read_in_several_searches(site):
    people = [site.user(f"u{number}") for number in range(120)]
    site.sync()
    for dn in people[:-1]:
        modify(site.directory, dn, sn="Other", nsAccountLock="true" if dn in people[:60] else None)
    done = site.sync()
    assert (done["completeness"], done["remove"]) == ("changes", 60)
    assert sum(site.people().values()) == 60
    site.assert_true()


def test_names_change_and_nobody_loses_anything(site):
    north = add_unit(site.directory, "North", site.staff)
    alice, bob = site.user("alice", parent=north), site.user("bob")
    site.group("pay-api-devs", alice, bob)
    site.sync()
    held = site.holdings("bob")
    site.directory.rename_s(north, "ou=South")
    site.sync()
    assert ("group:/org/south", "Contributor") in site.holdings("alice") and DEVELOPER in site.holdings("alice")
    site.directory.rename_s(bob, "uid=robert", newsuperior=f"ou=South,{site.staff}")
    modify(site.directory, f"uid=robert,ou=South,{site.staff}", uid=["robert"])
    site.sync()
    assert "bob" not in site.people() and DEVELOPER in site.holdings("robert") and held
    site.assert_true()


def test_who_comes_after_somebody_under_his_name_is_somebody_else(site):
    alice = site.user("alice")
    site.group("pay-api-devs", alice, site.user("bob"))
    site.sync()
    before = site.roster.value("select id from users where login = 'alice' and active")
    site.directory.delete_s(alice)
    site.user("alice")
    site.sync()
    site.sync()
    assert site.roster.value("select id from users where login = 'alice' and active") != before
    assert DEVELOPER not in site.holdings("alice"), "the server took his name out of the group"
    site.assert_true()


def test_who_leaves_what_is_read_is_gone_and_comes_back(site):
    alice = site.user("alice")
    site.user("bob")
    site.sync()
    site.directory.rename_s(alice, "uid=alice", newsuperior=site.groups)
    assert site.sync()["completeness"] in ("changes", "complete") and site.people() == {"alice": False, "bob": True}
    site.directory.rename_s(f"uid=alice,{site.groups}", "uid=alice", newsuperior=site.staff)
    site.sync()
    assert site.people() == {"alice": True, "bob": True}


def test_what_is_not_asked_for_is_nowhere(site):
    """With a cookie the server sends all attributes."""
    alice = site.user("alice", telephoneNumber="+1 555 0100", userPassword="geheim99", homePhone="+1 555 0199")
    site.sync()
    modify(site.directory, alice, mail="other@ex.org", carLicense="XYZZY-1", userPassword="geheimer9")
    done = site.roster.ctl("-v", "sync")
    assert site.last_run()["completeness"] == "changes" and site.last_run()["entries"] == 1
    everything = done.out + done.err + site.roster.value("select string_agg(d::text, '') from directory_entries d")
    for secret in ("555 01", "XYZZY", "geheim", "SSHA", "PBKDF2"):
        assert secret not in everything
    site.assert_true()


def test_a_cookie_that_is_no_good_leads_to_a_full_read(site):
    site.user("alice")
    bob = site.user("bob")
    site.sync()
    good = cookies(site)["user"]
    assert good.split("#")[1].startswith(f"uid=sync,{SUFFIX}")
    for bad in (good.replace("uid=sync", "uid=other"), good.rsplit("#", 1)[0] + "#99999999", "nonsense", good + "x", "a#b#-3"):
        site.roster.sql("update source_cookies set cookie = convert_to(%s, 'UTF8') where part = 'user'", bad)
        modify(site.directory, bob, sn=f"{abs(hash(bad))}")
        assert site.sync()["completeness"] == "complete", bad
        assert site.people() == {"alice": True, "bob": True}
        assert site.sync()["completeness"] == "changes", "and from there it goes on"


def test_a_cookie_is_good_at_its_own_server_only(site):
    """The same server by two ways: that it is the same nobody can know, and replicas number their changes on their own."""
    way = Way(site.server.port)
    site.user("alice")
    site.configure(url=f"ldap://127.0.0.1:{way.port} {site.server.url}")
    site.sync()
    assert site.sync()["completeness"] == "changes"
    way.close()
    assert site.sync()["completeness"] == "complete"
    assert site.sync()["completeness"] == "changes"


def test_another_id_is_read_whole(site):
    site.configure(users=f'base: "{site.staff}"; attributes: {{ id: "mail" }}')
    site.user("alice")
    done = site.roster.ctl("-v", "sync")
    assert "attributes.id is not nsUniqueId" in done.err and site.people() == {"alice": True}


# --- limits and rights --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"nsSizeLimit": 5}, {"nsLookThroughLimit": 5}])
def test_a_limit_of_the_server_takes_nothing_from_anybody(alone, limits):
    site = alone(ds389.FOLLOWED)
    for number in range(12):
        site.user(f"u{number}")
    site.sync()
    modify(site.directory, f"uid=sync,{SUFFIX}", **limits)
    done = site.roster.json("sync", "--full", code=69)["sources"][0]
    assert done["completeness"] == "incomplete" and sum(site.people().values()) == 12
    assert done["remove"] == 0


def test_changes_that_cannot_be_read_one_by_one_lead_to_a_full_read(alone):
    """Of a limit that came later, and of a right that is missing."""
    site = alone(ds389.FOLLOWED)
    site.configure(more="page_size: 4;")
    people = [site.user(f"u{number}") for number in range(12)]
    site.sync()
    modify(site.directory, f"uid=sync,{SUFFIX}", nsSizeLimit=5)
    for dn in people[:6]:
        modify(site.directory, dn, nsAccountLock="true")
    assert site.sync()["completeness"] == "complete" and sum(site.people().values()) == 6
    modify(site.directory, f"uid=sync,{SUFFIX}", nsSizeLimit=-1)
    site.sync()
    # It may read it, and not search by it.
    modify(site.directory, SUFFIX, aci=None)
    account = f"uid=sync,{SUFFIX}"
    ds389.allow(site.directory, SUFFIX, account, 'targetattr!="userPassword || aci || nsUniqueId"')
    ds389.allow(site.directory, SUFFIX, account, 'targetattr="nsUniqueId"', rights="read")
    modify(site.directory, people[0], nsAccountLock="false")
    done = site.roster.ctl("sync")
    assert "of 1 changed entries 0 could be found by nsUniqueId" in done.err
    assert site.last_run()["completeness"] == "complete" and sum(site.people().values()) == 7


def test_an_account_without_rights_sees_nothing_and_nobody_is_gone(alone):
    """Success, and no entries."""
    site = alone(ds389.FOLLOWED)
    for number in range(12):
        site.user(f"u{number}")
    site.sync()
    modify(site.directory, SUFFIX, aci=None)
    done = site.roster.run("sync", "--full")
    assert "returned no user at all" in done.out + done.err
    assert sum(site.people().values()) == 12


@pytest.mark.parametrize("words", [[], ["--full"]])
def test_a_group_whose_last_member_left_is_empty_and_one_that_hides_them_is_not(alone, words):
    """Its classes ask for no member, unlike those of the standard."""
    site = alone(ds389.FOLLOWED)
    alice, bob = site.user("alice"), site.user("bob")
    devs, readers = site.group("pay-api-devs", alice), site.group("pay-api-readers", bob)
    site.group("web-api-devs")
    site.sync()
    assert DEVELOPER in site.holdings("alice") and CONTRIBUTOR in site.holdings("bob")
    modify(site.directory, devs, member=None)
    site.sync(*words)
    assert DEVELOPER not in site.holdings("alice")
    assert site.roster.json("quarantine")["problems"] == []
    account = f"uid=sync,{SUFFIX}"
    site.directory.modify_s(SUFFIX, [(ldap.MOD_ADD, "aci", (
        f'(targetattr="member || uniqueMember")(version 3.0; acl "no members"; deny (all) userdn="ldap:///{account}";)').encode())])
    modify(site.directory, readers, description="changed")
    site.roster.ctl("sync", *words, code=69 if words else 0)  # no group that could be used is left, among those that are read
    assert CONTRIBUTOR in site.holdings("bob")


def hide_members(site, *groups):
    for dn in groups:
        site.directory.modify_s(dn, [(ldap.MOD_ADD, "aci", (
            f'(targetattr="member")(version 3.0; acl "no members"; deny (all) userdn="ldap:///uid=sync,{SUFFIX}";)').encode())])


@pytest.mark.parametrize("more, words", [("", []), ("", ["--full"]), ('changes: "full"', []), ('changes: "timestamp"', [])])
def test_one_group_that_hides_its_members_is_not_taken_for_empty(alone, more, words):
    """An access control of that group alone: others show theirs, and one is empty."""
    site = alone(ds389.FOLLOWED)
    site.configure(more=more)
    alice, bob = site.user("alice"), site.user("bob")
    devs, readers = site.group("pay-api-devs", alice), site.group("pay-api-readers", bob)
    site.group("web-shop-devs", alice)
    site.sync()
    hide_members(site, devs)
    modify(site.directory, devs, description="changed")
    modify(site.directory, readers, member=None)
    done = site.sync(*words)
    assert DEVELOPER in site.holdings("alice") and CONTRIBUTOR not in site.holdings("bob")
    assert done["completeness"] == ("complete" if words or "full" in more else "changes")
    (problem,) = site.roster.json("quarantine")["problems"]
    assert devs in str(problem) and "let the bind DN read member" in str(problem)
