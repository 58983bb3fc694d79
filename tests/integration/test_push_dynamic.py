# SPDX-License-Identifier: Apache-2.0
"""Groups whose members are what a search finds (memberURL): a server that puts them in, and one that does not."""

import os
import re
import signal

import pytest

import company
from company import GROUPS, STAFF, add, change, group, person
from pushing import Site, await_true
from slapd import Slapd

LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"
SCHEMA = "include /etc/ldap/schema/dyngroup.schema"
# The star: who is in a group by another one is shown in memberOf.
DYNLIST = ["overlay dynlist", "dynlist-attrset groupOfURLs memberURL member+memberOf@groupOfNames*"]
READERS, MIXED, OUTER = group("web-found-readers"), group("web-mixed-devs"), group("web-outer-admins")


def found(chosen, base=STAFF):
    return f"ldap:///{base}??sub?{chosen}"


def dynamic():
    """Found alone; found and listed; a group that lists one whose members are found, and one whose URL finds groups."""
    yield READERS, {"objectClass": ["groupOfURLs"], "cn": ["web-found-readers"], "memberURL": [found("(mail=f*)")]}
    yield MIXED, {"objectClass": ["groupOfURLs", "extensibleObject"], "cn": ["web-mixed-devs"],
                  "memberURL": [found("(mail=f1@ex.org)"), found("(mail=f2@ex.org)")], "member": [person(50)]}
    yield OUTER, {"objectClass": ["groupOfNames"], "cn": ["web-outer-admins"], "member": [READERS, person(51)]}
    yield group("web-groups-devs"), {"objectClass": ["groupOfURLs"], "cn": ["web-groups-devs"],
                                     "memberURL": [found("(cn=inner)", GROUPS)]}


@pytest.fixture
def expanding():
    with Slapd(company.ldif(), settings=[SCHEMA, "moduleload dynlist"], database=[*company.ACCESS, *DYNLIST],
               sync=["syncprov-sessionlog 1000"]) as server:
        yield server


@pytest.fixture
def plain():
    with Slapd(company.ldif(), settings=[SCHEMA], database=company.ACCESS, sync=["syncprov-sessionlog 1000"]) as server:
        yield server


def site_of(server, roster):
    for dn, attributes in dynamic():
        add(server.admin(), dn, attributes)
    for number in (1, 2):
        change(server.admin(), person(number), "replace", "mail", f"f{number}@ex.org")
    site = Site(server, roster)
    site.configure(safety=LOOSE)
    return site


@pytest.fixture
def site(expanding, roster):
    site = site_of(expanding, roster)
    yield site
    site.finish()


@pytest.fixture
def plain_site(plain, roster):
    site = site_of(plain, roster)
    yield site
    site.finish()


def who(site, place, role):
    return {row["login"] for row in site.roster.sql(
        """select u.login from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
        where r.name = %s and u.active and resource_name(g.anchor) = %s""", role, f"group:/web/{place}")}


def readers(site):
    return who(site, "found", "Contributor")


def test_found_listed_and_nested_members(site):
    site.start()
    assert readers(site) == {"u1", "u2"} and who(site, "mixed", "Developer") == {"u1", "u2", "u50"}
    assert who(site, "outer", "Administrator") == {"u1", "u2", "u51"} and who(site, "groups", "Developer") == {"u59"}
    site.assert_true()


def test_who_is_found_by_a_change_of_his_own_is_in_at_once_and_out_at_once(site):
    """The server says nothing of the group."""
    site.start()
    change(site.directory, person(7), "replace", "mail", "f7@ex.org")
    await_true(lambda: readers(site) == {"u1", "u2", "u7"} == who(site, "outer", "Administrator") - {"u51"})
    change(site.directory, person(1), "replace", "mail", "away@ex.org")
    await_true(lambda: readers(site) == {"u2", "u7"} and who(site, "mixed", "Developer") == {"u2", "u50"})
    site.directory.delete_s(person(2))
    await_true(lambda: readers(site) == {"u7"})
    assert {run["completeness"] for run in site.runs()[1:]} == {"changes"}
    site.assert_true()


def test_a_message_about_the_group_itself_comes_without_members_and_takes_none_away(site):
    site.start()
    before = site.facts()
    change(site.directory, READERS, "replace", "description", "changed for another reason")
    await_true(lambda: len(site.runs()) > 1 and site.last_run()["kind"] == "push")
    change(site.directory, MIXED, "delete", "member", person(50))
    await_true(lambda: who(site, "mixed", "Developer") == {"u1", "u2"})
    assert readers(site) == {"u1", "u2"} and site.facts()["users"] == before["users"]
    assert {(run["removes"], run["unreadable"]) for run in site.runs()[1:]} == {(1, 0)}


@pytest.mark.parametrize("changes", ["full", "timestamp"])
def test_more_groups_than_the_server_gives_at_once_are_read_in_pages(changes, roster):
    """Whether asked by their ids or all together."""
    many = [group(f"web-many{chr(97 + number)}-devs") for number in range(25)]
    limits = f'limits dn.exact="{company.account("sync")}" size=10 size.pr=5 size.prtotal=unlimited'
    with Slapd(company.ldif(), settings=[SCHEMA, "moduleload dynlist"], database=[limits, *company.ACCESS, *DYNLIST]) as server:
        for dn in many:
            add(server.admin(), dn, {"objectClass": ["groupOfURLs"], "cn": [dn[3:dn.index(",")]], "memberURL": [found("(uid=u5)")]})
        site = Site(server, roster)
        site.configure(safety=LOOSE, more=f'changes: "{changes}"; page_size: 5')
        for _ in range(2):
            (done,) = roster.json("sync")["sources"]
            assert done["completeness"] in ("complete", "changes"), done
            assert {place for place in range(25) if who(site, f"many{chr(97 + place)}", "Developer") == {"u5"}} == set(range(25))
        site.finish()


def test_the_url_changes_and_the_group_comes_and_goes(site):
    site.start()
    change(site.directory, READERS, "replace", "memberURL", found("(uid=u9)"))
    await_true(lambda: readers(site) == {"u9"})
    site.directory.rename_s(READERS, "cn=web-seen-readers")
    await_true(lambda: who(site, "seen", "Contributor") == {"u9"})
    site.directory.delete_s(group("web-seen-readers"))
    await_true(lambda: who(site, "seen", "Contributor") == set())
    add(site.directory, *next(dynamic()))
    await_true(lambda: readers(site) == {"u1", "u2"})


def test_what_happened_meanwhile_is_found_when_it_goes_on(site):
    child = site.start()
    assert child.end() == 0
    change(site.directory, person(7), "replace", "mail", "f7@ex.org")
    site.start()
    assert site.last_run()["completeness"] == "changes" and readers(site) == {"u1", "u2", "u7"}
    # And it is known which they are, although none was named.
    change(site.directory, person(8), "replace", "mail", "f8@ex.org")
    await_true(lambda: readers(site) == {"u1", "u2", "u7", "u8"})


def test_each_poll_reads_them_too(site):
    site.configure(more='poll: "1h"; changes: "full"')
    site.start()
    change(site.directory, person(7), "replace", "mail", "f7@ex.org")
    assert site.roster.json("sync")["sources"][0]["completeness"] == "complete"
    assert readers(site) == {"u1", "u2", "u7"} and who(site, "mixed", "Developer") == {"u1", "u2", "u50"}


def test_who_is_asked_by_times_reads_them_at_each_poll(site):
    """The person was changed, and the group was not."""
    site.slapd.rewrite(lambda text: re.sub("(modify|create)Timestamp: .*", r"\1Timestamp: 20200101000000Z", text))
    site.directory_again()
    site.configure(more='poll: "1h"; changes: "timestamp"')
    site.roster.ctl("sync")
    assert readers(site) == {"u1", "u2"}
    change(site.directory, person(3), "replace", "mail", "f3@ex.org")
    change(site.directory, person(1), "replace", "mail", "u1@ex.org")
    assert site.roster.json("sync")["sources"][0]["completeness"] == "changes"
    assert readers(site) == {"u2", "u3"}
    site.assert_true()
    site.directory.delete_s(person(2))
    site.roster.ctl("sync")
    assert readers(site) == {"u3"}


def test_a_url_that_finds_nobody_any_more_is_an_empty_group(site):
    site.start()
    for number in (1, 2):
        change(site.directory, person(number), "replace", "mail", "away@ex.org")
    await_true(lambda: readers(site) == set() and who(site, "mixed", "Developer") == {"u50"})
    site.assert_true()


def test_a_server_that_does_not_put_them_in_takes_nobody_out(plain_site):
    """From one day to the other, as after an update that lost the overlay."""
    site = plain_site
    site.start()
    assert readers(site) == set() and who(site, "outer", "Administrator") == {"u51"}
    said = site.roster.ctl("quarantine").out
    assert "cn=web-found-readers" in said and "cn=web-mixed-devs" in said
    assert "does not put into it whom its memberURL finds (uid=u1,ou=sales" in said and "dynlist" in said
    assert site.last_run()["unreadable"] == 3


def test_the_overlay_is_lost_and_comes_back(expanding, site):
    site.start()
    before = site.facts()
    path = expanding.directory / "slapd.conf"
    with_overlay = path.read_text()
    path.write_text("\n".join(line for line in with_overlay.splitlines() if "dynlist" not in line) + "\n")
    expanding.restart()
    try:
        assert site.roster.json("sync", "--full")["sources"][0]["unreadable"] == 3
        assert site.facts()["grants"] == before["grants"] and readers(site) == {"u1", "u2"}
        change(site.directory_again(), person(7), "replace", "mail", "f7@ex.org")
        await_true(lambda: site.roster.value("select email from users where login = 'u7'") == "f7@ex.org")
        assert readers(site) == {"u1", "u2"}
    finally:
        path.write_text(with_overlay)
        expanding.restart()
    site.directory_again()
    site.roster.json("sync", "--full")
    assert readers(site) == {"u1", "u2", "u7"} and "web-found" not in site.roster.ctl("quarantine").out


def test_a_url_that_is_none_takes_nobody_out(site):
    site.start()
    change(site.directory, READERS, "replace", "memberURL", "ldap://elsewhere.example/dc=ex,dc=org??sub?(uid=u9)")
    await_true(lambda: 'is no search of this server' in site.roster.ctl("quarantine").out)
    assert readers(site) == {"u1", "u2"}
    change(site.directory, READERS, "replace", "memberURL", found("(uid=u9)"))
    await_true(lambda: readers(site) == {"u9"})


def test_a_link_to_a_page_is_no_search(site):
    add(site.directory, group("web-page-devs"), {"objectClass": ["groupOfNames", "labeledURIObject"], "cn": ["web-page-devs"],
                                                 "labeledURI": ["https://wiki.ex.org/ Wiki"], "member": [person(3)]})
    site.start()
    assert who(site, "page", "Developer") == {"u3"}


def test_many_changes_read_them_now_and_then(site):
    """What they are read for is bounded by the time that takes."""
    site.start()
    asked = site.slapd.log().count("memberURL labeledURI\n")
    assert asked > 0
    os.kill(site.children[-1].process.pid, signal.SIGSTOP)
    for number in range(200):
        change(site.directory, person(9), "replace", "mail", f"f{number}@ex.org")
    os.kill(site.children[-1].process.pid, signal.SIGCONT)
    await_true(lambda: readers(site) == {"u1", "u2", "u9"})
    assert site.slapd.log().count("memberURL labeledURI\n") - asked < 20


def test_what_is_said_of_people_leaves_their_memberof_out_and_takes_nothing_away(site):
    """The overlay makes it up as well; a group tells nothing of it."""
    text = site.roster.config.read_text()
    rule = f'field: {{ users: "(memberOf={READERS})"; into: "/web/field"; role: "Contributor" }}\n'
    site.roster.config.write_text(text.replace("rules: {", "rules: {\n  " + rule))
    site.start()
    assert who(site, "field", "Contributor") == {"u1", "u2"}
    change(site.directory, person(1), "replace", "cn", "Somebody Else")
    await_true(lambda: site.roster.value("select name from users where login = 'u1'") == "Somebody Else")
    assert who(site, "field", "Contributor") == {"u1", "u2"}
    change(site.directory, person(7), "replace", "mail", "f7@ex.org")
    await_true(lambda: who(site, "field", "Contributor") == {"u1", "u2", "u7"})
    # The groups that the server computes are asked for after the person, one after the other.
    await_true(lambda: "u7" in who(site, "found", "Contributor") and "u7" in who(site, "outer", "Administrator"))
    site.assert_true()
