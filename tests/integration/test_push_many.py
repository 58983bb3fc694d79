# SPDX-License-Identifier: Apache-2.0
"""News about many: deletions one by one, and large groups."""

import statistics

import ldap
import pytest

import company
from company import STAFF, change, group
from pushing import Site, await_true, milliseconds
from slapd import PASSWORD, SUFFIX, Slapd


def large(people, members):
    """LDIF of a company with one large team, and one in which nobody is yet but u0."""
    text = company._record(SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": ["ex"], "o": ["Example"]})
    text += company._record(f"ou=service,{SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": ["service"]})
    text += company._record(company.account("sync"), {"objectClass": ["account", "simpleSecurityObject"], "uid": ["sync"],
                                                      "userPassword": [PASSWORD]})
    for name in ("Departments", "groups"):
        text += company._record(f"ou={name},{SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": [name]})
    for number in range(people):
        text += company._record(f"uid=u{number},{STAFF}", company.person_attributes(number))
    for name, count in (("big-team-devs", members), ("small-team-devs", 1)):
        text += company._record(group(name), {"objectClass": ["groupOfNames"], "cn": [name],
                                              "member": [f"uid=u{number},{STAFF}" for number in range(count)]})
    return text


@pytest.fixture
def large_site(roster):
    with Slapd(large(2050, 2000), database=["sizelimit unlimited"], sync=["syncprov-sessionlog 2000"]) as slapd:
        site = Site(slapd, roster)
        yield site
        site.finish()


def test_six_hundred_deletions_one_by_one_stop_at_the_limit(large_site):
    site = large_site
    site.configure(safety="max_suspend: 200")
    child = site.start()
    for number in range(1000, 1050):
        site.directory.delete_s(f"uid=u{number},{STAFF}")
    await_true(lambda: len(site.active()) == 2000, what="the first ones are below the limit")
    for number in range(1050, 1600):
        site.directory.delete_s(f"uid=u{number},{STAFF}")
    await_true(lambda: site.roster.value("select count(*) from directory_entries where gone_since is not null") == 600)
    held = site.roster.value("select count(*) from held_changes where state = 'held'")
    assert len(site.active()) == 2050 - 600 + held and 400 <= held <= 550
    assert "suspensions of 2050 people (limit 200" in child.said()
    runs = site.roster.sql("select distinct run from held_changes")
    assert len(runs) == 1, "one run to approve"
    name = f"corp/{runs[0]['run']}"
    # What comes after it goes on.
    head = site.head()
    change(site.directory, group("small-team-devs"), "add", "member", f"uid=u1,{STAFF}")
    site.await_head(head)
    assert ("group:/small/team", "Developer") in site.holdings("u1")
    site.roster.ctl("approve", name)
    assert len(site.active()) == 2050 - 600
    head = site.head()
    change(site.directory, group("small-team-devs"), "add", "member", f"uid=u2,{STAFF}")
    site.await_head(head)


def test_a_large_group_gains_one(large_site):
    site = large_site
    site.start()
    big = group("big-team-devs")
    members = [f"uid=u{number},{STAFF}" for number in range(2000, 2020)]
    taken = milliseconds(site, [lambda member=member: change(site.directory, big, "add", "member", member) for member in members])
    print(f"a group of 2000 gains one: p50 {statistics.median(taken):.1f} ms, slowest {max(taken):.1f} ms")
    small = milliseconds(site, [lambda number=number: change(site.directory, group("small-team-devs"), "add", "member",
                                                             f"uid=u{number},{STAFF}") for number in range(1, 51)])
    print(f"a group gains one, of 2050 people: p50 {statistics.median(small):.1f} ms, slowest {max(small):.1f} ms")
    assert ("group:/big/team", "Developer") in site.holdings("u2019")
    site.assert_true()


def listed(site, name):
    """Who is in a group of the mirror, by login; "" for each who is not there."""
    return sorted((row["login"] or "" for row in site.roster.sql(
        """select m.login from directory_edges e join directory_entries g on g.id = e.group_id
        left join directory_entries m on m.id = e.member_id where g.dn = %s""", group(name))))


def test_a_large_group_is_as_the_directory_says_after_each_edit(large_site):
    site = large_site
    site.configure(safety="max_remove: 5000; max_remove_percent: 100")
    site.start()
    name, expected = "big-team-devs", {f"u{number}" for number in range(2000)}

    def edit(*changes):
        head = site.head()
        site.directory.modify_s(group(name), [(operation, "member", [member.encode() for member in members])
                                              for operation, members in changes])
        site.await_head(head)
        assert listed(site, name) == sorted(expected)

    def dns(*numbers):
        return [f"uid=u{number},{STAFF}" for number in numbers]

    expected |= {"u2000"}
    edit((ldap.MOD_ADD, dns(2000)))
    expected -= {"u5"}
    edit((ldap.MOD_DELETE, dns(5)))
    expected -= {"u6", "u7"}
    expected |= {"u5", "u2001"}
    edit((ldap.MOD_DELETE, dns(6, 7)), (ldap.MOD_ADD, dns(5, 2001)))
    # Written in another way he is the same; one who is not there is listed all the same, and is nobody.
    expected -= {"u9"}
    expected |= {""}
    edit((ldap.MOD_DELETE, dns(8, 9)), (ldap.MOD_ADD, [f"UID=U8, {STAFF}", f"uid=nobody,{STAFF}"]))
    assert ("group:/big/team", "Developer") in site.holdings("u8")
    assert site.roster.value("select e.reference_text from directory_edges e where e.member_id is null") == f"uid=nobody,{STAFF}"
    # Many at once; and what another read has seen in between.
    expected = {f"u{number}" for number in range(500, 1500)}
    edit((ldap.MOD_REPLACE, dns(*range(500, 1500))))
    site.assert_true()
    expected -= {"u1499"}
    edit((ldap.MOD_DELETE, dns(1499)))
    assert ("group:/big/team", "Developer") not in site.holdings("u1499")
    # A child that remembers nothing.
    site.restart()
    expected |= {"u1"}
    edit((ldap.MOD_ADD, dns(1)))
    expected -= {"u1", "u500"}
    edit((ldap.MOD_DELETE, dns(1, 500)))
    site.assert_true()


def test_a_large_group_that_was_not_committed_is_read_anew(large_site):
    site = large_site
    child = site.start()
    big = group("big-team-devs")
    head = site.head()
    change(site.directory, big, "add", "member", f"uid=u2000,{STAFF}")
    head = site.await_head(head)
    site.roster.sql("""create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$""")
    site.roster.sql("create trigger refuse before insert on grants for each statement execute function refuse()")
    change(site.directory, big, "add", "member", f"uid=u2001,{STAFF}")
    child.await_word("not now")
    site.roster.sql("drop trigger refuse on grants")
    site.await_head(head)
    change(site.directory, big, "delete", "member", f"uid=u2000,{STAFF}")
    await_true(lambda: ("group:/big/team", "Developer") not in site.holdings("u2000"))
    assert listed(site, "big-team-devs") == sorted([*(f"u{number}" for number in range(2000)), "u2001"])
    site.assert_true()


def test_more_than_a_thousand_changed_meanwhile_are_read_and_no_more(large_site):
    site = large_site
    assert site.start().end() == 0
    changed = range(950, 2050)
    for number in changed:
        change(site.directory, f"uid=u{number},{STAFF}", "replace", "mail", f"other{number}@ex.org")
    site.start()
    run = site.last_run()
    assert (run["completeness"], run["entries"], run["adds"], run["removes"]) == ("changes", len(changed), len(changed), 0)
    assert site.roster.value("select count(*) from users where email like 'other%'") == len(changed)
    site.assert_true()
