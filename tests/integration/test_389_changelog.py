# SPDX-License-Identifier: Apache-2.0
"""The retro changelog of 389 Directory Server, a real one: how far back it reaches, and what roster makes of it."""

import signal
import time

import ldap
import pytest

import ds389
from ds389 import SUFFIX, modify
from ds389_site import alone, cookies  # a fixture among them


def last_change(site):
    return int(ds389.value(site.directory, "", "lastChangeNumber"))


def make_changes(site, dn, count):
    for number in range(count):
        modify(site.directory, dn, sn=f"s{number}")


@pytest.mark.parametrize("may_look", [False, True])
def test_changes_that_the_server_has_forgotten_lead_to_a_full_read(alone, may_look):
    """It does not say so: it tells of those it still knows."""
    trimmed = {ds389.CHANGELOG: {"nsslapd-changelogmaxage": "1s", "nsslapd-changelog-trim-interval": "1"}}
    site = alone(ds389.FOLLOWED, *([] if may_look else [trimmed]))
    if may_look:
        ds389.allow(site.directory, "cn=changelog", f"uid=sync,{SUFFIX}", 'targetattr="changeNumber || cn || objectClass"')
    alice, bob = site.user("alice"), site.user("bob")
    make_changes(site, alice, 10)
    site.sync()
    assert site.sync()["completeness"] == "changes"
    site.directory.delete_s(bob)
    make_changes(site, alice, 10)
    if may_look:  # somebody removes all but the last few, which the rootDSE does not tell
        last = last_change(site)
        for number in range(1, last - 3):
            site.directory.delete_s(f"changenumber={number},cn=changelog")
        assert ds389.value(site.directory, "", "firstChangeNumber") == b"1"
    else:
        deadline = time.monotonic() + 60
        while int(ds389.value(site.directory, "", "firstChangeNumber")) < last_change(site):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        make_changes(site, alice, 3)
    done = site.roster.ctl("sync")
    assert "does not go on from where it was: its changelog" in done.err
    assert site.last_run()["completeness"] == "complete"
    assert site.people() == {"alice": True, "bob": False}


def test_a_quiet_directory_goes_on_however_old_its_last_change_is(alone):
    site = alone(ds389.FOLLOWED, {ds389.CHANGELOG: {"nsslapd-changelogmaxage": "1s", "nsslapd-changelog-trim-interval": "1"}})
    ds389.allow(site.directory, "cn=changelog", f"uid=sync,{SUFFIX}", 'targetattr="changeNumber || cn || objectClass"')
    alice = site.user("alice")
    site.sync()
    deadline = time.monotonic() + 60
    while int(ds389.value(site.directory, "", "firstChangeNumber")) < last_change(site):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert site.sync()["completeness"] == "changes"
    modify(site.directory, alice, nsAccountLock="true")
    assert site.sync()["completeness"] == "changes" and site.people() == {"alice": False}


def test_another_changelog_with_smaller_numbers_is_noticed(alone):
    """It was thrown away and begun anew: what the cookie stands for is not in it."""
    site = alone(ds389.FOLLOWED)
    alice, bob = site.user("alice"), site.user("bob")
    make_changes(site, alice, 30)
    site.sync()
    for number in range(1, last_change(site) + 1):
        site.directory.delete_s(f"changenumber={number},cn=changelog")
    site.server.restart()
    site.directory = site.server.admin()
    site.directory.delete_s(bob)
    assert last_change(site) < 10
    assert site.sync()["completeness"] == "complete" and site.people() == {"alice": True, "bob": False}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_comes_back_and_the_news_go_on(alone, number):
    site = alone(ds389.FOLLOWED)
    alice, bob = site.user("alice"), site.user("bob")
    site.sync()
    modify(site.directory, alice, nsAccountLock="true")
    site.directory.delete_s(bob)
    site.server.restart(number)
    site.directory = site.server.admin()
    assert site.sync()["completeness"] == "changes"
    assert site.people() == {"alice": False, "bob": False}
    site.assert_true()


def test_changes_that_the_server_took_back_are_no_reason_to_miss_others(alone):
    """A plug-in refuses what was counted already: from then on the server refuses whatever it is told, until it is restarted, and
    gives the same numbers again."""
    refusing = {ds389.MEMBER_OF: {"memberOfAttr": "owner"}}  # which a person's class does not have
    site = alone(ds389.FOLLOWED, refusing)
    alice, bob, carl = site.user("alice", objectClass=["inetOrgPerson", "extensibleObject"]), site.user("bob"), site.user("carl")
    group = site.group("pay-api-devs", alice)
    site.sync()
    last = last_change(site)
    with pytest.raises(ldap.OBJECT_CLASS_VIOLATION):
        site.directory.modify_s(group, [(ldap.MOD_ADD, "member", [bob.encode()])])
    assert site.sync()["completeness"] == "changes" and site.holdings("bob") == {("group:/org", "Contributor")}
    with pytest.raises(ldap.ALREADY_EXISTS):
        modify(site.directory, alice, sn="again")
    site.server.restart()
    site.directory = site.server.admin()
    site.directory.delete_s(carl)
    modify(site.directory, bob, nsAccountLock="true")
    assert last_change(site) == last + 2
    assert site.sync()["completeness"] == "changes"
    assert site.people() == {"alice": True, "bob": False, "carl": False}
    site.assert_true()


def test_without_a_changelog_it_is_read_whole_and_the_log_says_why(alone):
    site = alone()
    alice = site.user("alice")
    done = site.roster.ctl("-v", "sync")
    assert "is read whole at each poll: the server does not offer content synchronization (the plug-ins Retro Changelog " \
        "and Content Synchronization)" in done.err
    modify(site.directory, alice, nsAccountLock="true")
    assert site.sync()["completeness"] == "complete" and site.people() == {"alice": False}
    assert cookies(site) == {}
