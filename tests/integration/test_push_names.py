# SPDX-License-Identifier: Apache-2.0
"""What a directory that says what changed leaves unsaid about names: roster reads everything, and nobody steps into the place
of another."""

import contextlib
import os
import shutil
import signal

import pytest

import company
from company import STAFF, add, change, department, group, person
from pushing import Site, await_true
from slapd import SUFFIX, Slapd

REFINT = ["overlay refint", "refint_attributes member uniqueMember"]
ADMINS = group("pay-api-admins")
LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"


@contextlib.contextmanager
def following(roster, refint=False):
    with Slapd(company.ldif(), settings=["moduleload refint"] if refint else [], sync=["syncprov-sessionlog 100"],
               database=[*company.ACCESS, *(REFINT if refint else [])]) as slapd:
        site = Site(slapd, roster)
        site.configure(safety=LOOSE)
        try:
            site.start()
            yield site
        finally:
            site.finish()


@pytest.fixture
def site(roster):
    with following(roster) as site:
        yield site


@pytest.fixture
def refint_site(roster):
    with following(roster, refint=True) as site:
        yield site


@contextlib.contextmanager
def together(site):
    """What is edited meanwhile comes as one."""
    child = site.children[-1].process
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)


def administrators(site):
    return {row["login"] for row in site.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
        join roles r on r.id = g.role where r.name = 'Administrator' and u.active and resource_name(g.anchor) = 'group:/pay/api'""")}


def members(site, dn=ADMINS):
    return {value.decode() for value in site.directory.search_s(dn, 0)[0][1]["member"]}


def mirror(site):
    return {row["external_id"]: row["dn"] for row in site.roster.sql(
        "select external_id, dn from directory_entries where gone_since is null")}


def is_read_anew(site, runs):
    """Everything was read since."""
    return any(run["completeness"] == "complete" and run["state"] in ("applied", "nothing") for run in site.runs()[runs:])


def await_true_mirror(site):
    """The mirror names everybody as the directory does, and a full read finds nothing to do."""
    def agrees():
        read = {entry.id: entry.dn for entry in company.read(site.directory).entries}
        return read == mirror(site)
    await_true(agrees, what=site.children[-1].said())
    site.assert_true()


def test_the_name_of_somebody_who_was_renamed_goes_to_another(refint_site):
    """The server takes his new name into the group in silence; the old one is listed again, of another person."""
    site, married = refint_site, f"uid=x,{department('north')}"
    site.directory.rename_s(person(10), "uid=x")
    await_true(lambda: members(site) == {married})
    add(site.directory, person(10), company.person_attributes(10))
    change(site.directory, ADMINS, "add", "member", person(10))
    await_true(lambda: administrators(site) == {"x", "u10"})
    change(site.directory, ADMINS, "delete", "member", married)
    await_true(lambda: administrators(site) == {"u10"})
    site.assert_true()
    assert administrators(site) == {"u10"}


def test_a_server_tells_of_the_group_before_the_people(site):
    """They come over searches of their own. What the group said waits for the one who has that name, and he leaves the old one."""
    change(site.directory, ADMINS, "add", "member", f"uid=x,{department('north')}")
    await_true(lambda: site.roster.value("select count(*) from directory_edges where member_id is null") == 1)
    with together(site):
        site.directory.rename_s(person(10), "uid=x")
        add(site.directory, person(10), company.person_attributes(10))
    await_true(lambda: administrators(site) == {"x", "u10"}, what=site.children[-1].said())
    site.assert_true()
    assert administrators(site) == {"x", "u10"}


def test_who_takes_the_name_of_somebody_who_is_gone_stays_in_his_groups(refint_site):
    """All of it while nobody looks: the group has listed both, and lists the one name."""
    site = refint_site
    change(site.directory, ADMINS, "add", "member", person(11))
    await_true(lambda: administrators(site) == {"u10", "u11"})
    with together(site):
        site.directory.delete_s(person(10))
        await_true(lambda: members(site) == {person(11)})
        site.directory.rename_s(person(11), "uid=u10")
        await_true(lambda: members(site) == {person(10)})
    await_true(lambda: administrators(site) == {"u10"} and "u11" not in site.active())
    site.assert_true()
    assert administrators(site) == {"u10"}


def test_so_does_who_is_closed_and_opens_later(refint_site):
    site = refint_site
    change(site.directory, ADMINS, "add", "member", person(11))
    await_true(lambda: administrators(site) == {"u10", "u11"})
    change(site.directory, person(11), "add", "objectClass", "shadowAccount")
    change(site.directory, person(11), "add", "shadowExpire", "1")
    await_true(lambda: administrators(site) == {"u10"})
    runs = len(site.runs())
    with together(site):
        site.directory.delete_s(person(10))
        await_true(lambda: members(site) == {person(11)})
        site.directory.rename_s(person(11), "uid=u10")
        await_true(lambda: members(site) == {person(10)})
    await_true(lambda: is_read_anew(site, runs))
    change(site.directory, person(10), "replace", "shadowExpire", "90000")
    await_true(lambda: administrators(site) == {"u10"})
    site.assert_true()


def test_a_group_that_was_changed_with_the_names_gives_neither_the_place(refint_site):
    """In one breath: whom the name means cannot be known, and quarantine says so."""
    site, married = refint_site, f"uid=x,{department('north')}"
    with together(site):
        site.directory.rename_s(person(10), "uid=x")
        await_true(lambda: members(site) == {married})
        add(site.directory, person(10), company.person_attributes(10))
        change(site.directory, ADMINS, "add", "member", person(10))
        change(site.directory, ADMINS, "delete", "member", married)
    await_true(lambda: "u10" in site.active() and "x" in site.active() and administrators(site) == set())
    assert "take the member out and in again" in site.roster.ctl("quarantine").out
    runs = len(site.runs())
    await_true(lambda: is_read_anew(site, runs))
    assert administrators(site) == set()
    change(site.directory, ADMINS, "add", "member", person(11))
    change(site.directory, ADMINS, "delete", "member", person(10))
    await_true(lambda: administrators(site) == {"u11"})
    await_true(lambda: "take the member out" not in site.roster.ctl("quarantine").out, what="it was seen that he was taken out")
    change(site.directory, ADMINS, "add", "member", person(10))
    await_true(lambda: administrators(site) == {"u10", "u11"})
    assert "take the member out" not in site.roster.ctl("quarantine").out
    site.assert_true()


def test_somebody_who_was_deleted_comes_anew_and_is_added(refint_site):
    site = refint_site
    change(site.directory, ADMINS, "add", "member", person(11))
    site.directory.delete_s(person(10))
    await_true(lambda: members(site) == {person(11)})
    runs = len(site.runs())
    await_true(lambda: is_read_anew(site, runs), what="the group is read anew, since somebody in it is gone")
    add(site.directory, person(10), company.person_attributes(10))
    change(site.directory, ADMINS, "add", "member", person(10))
    await_true(lambda: administrators(site) == {"u10", "u11"})
    site.assert_true()


def test_somebody_is_added_and_renamed_in_one_breath(refint_site):
    site = refint_site
    with together(site):
        change(site.directory, ADMINS, "add", "member", person(36))
        site.directory.rename_s(person(36), "uid=zz")
    await_true(lambda: administrators(site) == {"u10", "zz"})
    site.assert_true()


def test_a_rename_without_referential_integrity_keeps_the_place(site):
    """The group still lists the old name, also after everything was read; a new holder of it gets nothing."""
    runs = len(site.runs())
    site.directory.rename_s(person(10), "uid=x")
    await_true(lambda: is_read_anew(site, runs))
    add(site.directory, person(10), company.person_attributes(10))
    await_true(lambda: "u10" in site.active())
    change(site.directory, ADMINS, "replace", "description", "changed for another reason")
    await_true(lambda: site.last_run()["kind"] == "push")
    site.assert_true()
    assert members(site) == {person(10)} and administrators(site) == {"x"}


def test_a_unit_is_renamed_and_renamed_back(site):
    with together(site):
        site.directory.rename_s(department("it"), "ou=tech")
        site.directory.rename_s(f"ou=tech,{STAFF}", "ou=it")
    await_true(lambda: len(site.runs()) > 1)
    await_true_mirror(site)
    assert ("group:/org/it/core", "Contributor") in site.holdings("u24")


def test_another_unit_takes_the_name_at_once(site):
    with together(site):
        site.directory.rename_s(department("it"), "ou=tech")
        add(site.directory, department("it"), {"objectClass": ["organizationalUnit"], "ou": ["it"]})
        add(site.directory, f"uid=new,{department('it')}", company.person_attributes(100) | {"uid": ["new"]})
        site.directory.rename_s(person(55), "uid=u55", department("it"))
    await_true_mirror(site)
    assert ("group:/org/it", "Contributor") in site.holdings("new") and ("group:/org/it", "Contributor") in site.holdings("u55")
    assert ("group:/org/tech/core", "Contributor") in site.holdings("u24")


def test_a_unit_that_was_filled_elsewhere_brings_its_people(site):
    """Within the second in which it was made."""
    outside = f"ou=service,{SUFFIX}"
    add(site.directory, f"ou=lab2,{outside}", {"objectClass": ["organizationalUnit"], "ou": ["lab2"]})
    add(site.directory, f"uid=new,ou=lab2,{outside}", company.person_attributes(100) | {"uid": ["new"]})
    site.directory.rename_s(f"ou=lab2,{outside}", "ou=lab2", STAFF)
    await_true(lambda: "new" in site.active())
    await_true_mirror(site)


def test_people_below_people_are_not_left_behind(site):
    below = f"uid=assistant,{person(3)}"
    add(site.directory, below, company.person_attributes(100) | {"uid": ["assistant"]})
    await_true(lambda: "assistant" in site.active())
    site.directory.rename_s(person(3), "uid=married")
    await_true_mirror(site)
    assert f"uid=assistant,uid=married,{department('sales')}" in mirror(site).values()


def test_whoever_is_below_something_else_is_read_at_each_poll_and_that_is_said(site):
    boss = f"cn=boss,{department('law')}"
    add(site.directory, boss, {"objectClass": ["organizationalRole"], "cn": ["boss"]})
    add(site.directory, f"uid=new,{boss}", company.person_attributes(100) | {"uid": ["new"]})
    site.children[-1].await_word("is read whole at each poll: uid=new,cn=boss.*changes in rosterd.conf")
    await_true(lambda: "new" in site.active())
    site.directory.rename_s(boss, "cn=chief")
    assert site.roster.json("sync")["sources"][0]["completeness"] == "complete"
    await_true_mirror(site)


def test_a_server_from_a_backup_with_an_edit_since_is_read_whole(site):
    """Its log does not know of what was undone, and its cookie looks newer than ours."""
    server = site.slapd
    server.process.terminate()
    server.process.wait()
    database, backup = server.directory / "db", server.directory / "backup"
    shutil.copytree(database, backup)
    owner = database.stat()
    server.start()
    site.directory_again()
    await_true(lambda: len(site.runs()) > 1)
    change(site.directory, ADMINS, "add", "member", person(20))
    site.directory.delete_s(person(5))
    await_true(lambda: administrators(site) == {"u10", "u20"} and "u5" not in site.active())
    with together(site):
        server.process.terminate()
        server.process.wait()
        shutil.rmtree(database)
        shutil.copytree(backup, database)
        for path in (database, *database.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        server.start()
        change(site.directory_again(), person(9), "replace", "mail", "x@ex.org")
    await_true(lambda: administrators(site) == {"u10"} and "u5" in site.active(), what=site.children[-1].said())
    await_true_mirror(site)


def test_a_replica_that_lags_is_not_believed(roster):
    """While another URL is configured: nobody gets back what was taken away, and the next attempt is at the other server."""
    log = ["syncprov-checkpoint 1 1", "syncprov-sessionlog 100"]
    with Slapd(company.ldif(), database=company.ACCESS, sync=log) as first, \
            Slapd(company.ldif(), database=company.ACCESS, sync=log) as second:
        for server in (first, second):
            server.process.terminate()
            server.process.wait()
        owner = (second.directory / "db").stat()
        shutil.rmtree(second.directory / "db")
        shutil.copytree(first.directory / "db", second.directory / "db")
        for path in (second.directory / "db", *(second.directory / "db").iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        first.start()
        second.start()
        site = Site(first, roster)
        site.configure(url=f"{first.url} {second.url}", safety=LOOSE)
        try:
            child = site.start()
            change(site.directory, ADMINS, "replace", "member", person(11))
            site.directory.delete_s(person(5))
            await_true(lambda: administrators(site) == {"u11"} and "u5" not in site.active())
            first.process.terminate()
            first.process.wait()
            child.await_word(f"{second.url} is behind what was read before.*another server is tried.*sync --full")
            assert administrators(site) == {"u11"} and "u5" not in site.active()
            first.start()
            change(site.directory_again(), ADMINS, "add", "member", person(20))
            await_true(lambda: administrators(site) == {"u11", "u20"}, what=child.said())
            assert "u5" not in site.active()
        finally:
            site.finish()


def test_a_group_that_comes_back_is_not_below_an_archived_one(site):
    """/hr/desk was all there was below /hr."""
    def team(name):
        return group(f"hr-{name}-devs"), {"objectClass": ["groupOfNames"], "cn": [f"hr-{name}-devs"], "member": [person(2)]}
    add(site.directory, *team("desk"))
    await_true(lambda: ("group:/hr/desk", "Developer") in site.holdings("u2"))
    site.directory.delete_s(team("desk")[0])
    await_true(lambda: site.roster.value("select count(*) from group_paths p join groups g using (id) "
                                         "where p.path in ('/hr', '/hr/desk') and g.archived") == 2)
    add(site.directory, *team("office"))
    await_true(lambda: ("group:/hr/office", "Developer") in site.holdings("u2"))
    assert site.roster.value("select count(*) from group_paths p join groups g using (id) where p.path = '/hr' and not g.archived") == 1


def test_a_group_that_lists_a_stranger_instead_of_somebody_is_asked_for_once_more(site):
    """The word about him may come later, as in a server that tells of people and of groups over searches of their own."""
    head = site.head()
    members = [value for value in company.NAMED["pay-api-devs"] if value != person(1)]
    change(site.directory, group("pay-api-devs"), "replace", "member", *members, person(1).replace("u1", "stranger"))
    site.await_head(head)
    assert ("group:/pay/api", "Developer") not in site.holdings("u1")
    assert site.last_run()["kind"] == "sync"
    # Once is enough, and nobody is told of a stranger again.
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(9))
    site.await_head(head)
    assert site.last_run()["kind"] == "push" and ("group:/pay/api", "Developer") in site.holdings("u9")
