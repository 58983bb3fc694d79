# SPDX-License-Identifier: Apache-2.0
"""Whom a group means by a name when people get other ones, read whole: by DN, and by login."""

import pytest

CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif" } }
safety: { first_run: "apply"; max_remove_percent: 100; max_suspend: 500 }
rules: {
  default_admins: ["admin"]
  teams: { match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${team}"; role: "Developer" }
}
"""


def record(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def by_dn(people, listed):
    """A group that lists people by DN: what changes is the DN, of whom the login is his number."""
    for number, name, *more in people:
        yield record(number, f"uid={name},ou=people", "objectClass: inetOrgPerson", f"uid: p{number}", f"cn: {name}", *more)
    yield record(50, "cn=team-a,ou=groups", "objectClass: groupOfNames", "cn: team-a", *[f"member: uid={name},ou=people,dc=x" for name in listed])


def by_login(people, listed):
    for number, name, *more in people:
        yield record(number, f"cn=p{number},ou=people", "objectClass: inetOrgPerson", f"uid: {name}", f"cn: p{number}", *more)
    yield record(50, "cn=team-a,ou=groups", "objectClass: posixGroup", "cn: team-a", "gidNumber: 5", *[f"memberUid: {name}" for name in listed])


# Each step: who is there under which name, whom the group lists, and who is in it by that.
CLOSED = "nsAccountLock: TRUE"
LIVES = {
    "the group says it first": [([(1, "a")], "ab", {1}), ([(1, "b"), (2, "a")], "ab", {1, 2})],
    "the group says it first, and he is closed meanwhile": [
        ([(1, "a")], "ab", {1}), ([(1, "b", CLOSED), (2, "a")], "ab", {2}), ([(1, "b"), (2, "a")], "ab", {1, 2})],
    "the name of somebody who is gone": [([(1, "a"), (2, "b")], "ab", {1, 2}), ([(1, "b")], "b", {1})],
    "one moves up, and so does the other": [([(1, "a"), (2, "b")], "ab", {1, 2}), ([(1, "b"), (2, "c")], "bc", {1, 2})],
    "one moves up, and the other leaves": [([(1, "a"), (2, "b")], "ab", {1, 2}), ([(1, "b"), (2, "c")], "b", {1})],
    "two change places, one of them in the group": [([(1, "a"), (2, "b")], "a", {1}), ([(1, "b"), (2, "a")], "b", {1})],
    "two change places, and nobody told the group": [([(1, "a"), (2, "b")], "a", {1}), ([(1, "b"), (2, "a")], "a", {1})],
}


@pytest.mark.parametrize("written", [by_dn, by_login])
@pytest.mark.parametrize("life", LIVES)
def test_who_is_meant(roster, written, life):
    roster.configure(CONFIGURATION)
    for people, listed, members in LIVES[life]:
        (roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join(written([*people, (9, "z")], listed)))
        roster.ctl("sync")
        assert {int(row["external_id"][-2:]) for row in roster.sql("""select i.external_id from grants g join users u on u.id = g.user_id and u.active
            join identities i on i.user_id = u.id where resource_name(g.anchor) = 'group:/a' and g.source <> 0""")} == members
    assert "nothing to do" in roster.ctl("sync").err
