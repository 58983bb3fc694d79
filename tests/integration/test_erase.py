# SPDX-License-Identifier: Apache-2.0
"""Erasing people, and history that is not kept for ever, as administrators meet them."""

import pytest

from receiver import Receiver
from rosterd import ROSTERD, Rosterd, wait_until
from told import Told

CORP = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "{directory}/corp.ldif" }} }}
safety: {{ first_run: "apply"; min_remove: 1000 }}
"""
GROUP = """dn: cn=team,dc=x
objectClass: groupOfNames
cn: team
entryUUID: 00000000-0000-4000-8000-000000000009
"""
ENTRY = """dn: uid={login},dc=x
objectClass: inetOrgPerson
uid: {login}
cn: {name}
mail: {login}@example.com
entryUUID: 00000000-0000-4000-8000-00000000000{number}
"""
PEOPLE = {"alice": ("Alice Liddell", 1), "bob": ("Bob Builder", 2)}


def sync(roster, *logins):
    entries = [ENTRY.format(login=login, name=PEOPLE[login][0], number=PEOPLE[login][1]) for login in logins]
    (roster.directory / "corp.ldif").write_text("\n".join(["version: 1\n", *entries]))
    roster.ctl("sync")


@pytest.fixture
def corp(roster):
    roster.configure(CORP.format(directory=roster.directory))
    sync(roster, "alice", "bob")
    roster.ctl("group", "create", "/pay", "--description", "For tests", "--admin", "admin")
    roster.ctl("group", "members", "/pay", "add", "alice", "--role", "Developer")
    return roster


def dump(roster):
    """Every row of every table of the schema, as text."""
    tables = [row["name"] for row in roster.sql("select c.oid::regclass::text as name from pg_class c where relnamespace = 'roster'::regnamespace and relkind = 'r'")]
    return "\n".join(row["line"] for table in tables for row in roster.sql(f"select t::text as line from {table} t"))


def user_id(roster, login):
    return roster.value("select id::text from users where login = %s", login)


def test_nothing_that_says_who_it_was_is_left(corp):
    known = user_id(corp, "alice")
    then = corp.value("select head()")
    assert "is active" in corp.ctl("user", "erase", "alice", "--yes", code=65).err
    corp.ctl("user", "suspend", "alice")
    said = corp.ctl("user", "erase", "alice", "--yes", code=65).err
    assert "is still in source corp" in said and "rosterctl user unlink alice corp" in said
    sync(corp, "bob")
    asked = corp.ctl("user", "erase", "alice", code=2)
    assert f"user alice ({known}) would be erased for ever" in asked.err and "1 role he still holds" in asked.err
    assert "Nothing was done." in asked.err and user_id(corp, "alice") == known
    assert "user alice is erased" in corp.ctl("user", "erase", "alice", "--yes").err
    assert not [word for word in ("alice", "Liddell", "00000000-0000-4000-8000-000000000001") if word in dump(corp)]
    assert "bob@example.com" in dump(corp)
    assert f"erased-{known}" in corp.ctl("user", "show", known).out
    assert corp.value("select count(*) from users_history where id = %s and active", known) == 1
    assert corp.value("select cause from revisions order by id desc limit 1") == f"user erase {known}"
    assert corp.value("select head()") > then
    assert "nobody has the login" in corp.ctl("user", "show", "alice", code=65).err


def write(roster, people, members=()):
    entries = [ENTRY.format(login=login, name=name, number=number) for login, name, number in people]
    group = GROUP + "".join(f"member: uid={login},dc=x\n" for login in members)
    (roster.directory / "corp.ldif").write_text("\n".join(["version: 1\n", *entries, *([group] if members else [])]))


def left(roster, *words):
    """Lines of the dump that say one of these words, whatever the case."""
    return [line for line in dump(roster).splitlines() if any(word.lower() in line.lower() for word in words)]


def test_nothing_is_left_of_what_he_was_called_before(corp):
    """He got another login, address, name and DN, twice, and was spoken of under each; the second is somebody else's now."""
    known = user_id(corp, "alice")
    team = ("alice", "bob")
    corp.configure(CORP.format(directory=corp.directory).replace(
        'file: "', 'users: { base: "dc=x" }; groups: { base: "dc=x" }; file: "') + '''
rules: { team: { source: "corp"; group: "cn=team,dc=x"; into: "/team"; role: "Contributor"; admins: ["admin"] } }
''')
    corp.ctl("user", "suspend", "alice")
    corp.ctl("user", "resume", "alice")
    # The group lists him under his old name while he is renamed, and after.
    write(corp, [("liddell", "Alice Liddell", 1), ("bob", "Bob Builder", 2)], team)
    corp.ctl("sync")
    corp.ctl("group", "members", "/pay", "add", "liddell", "--role", "Operator")
    write(corp, [("hargreaves", "Alice Hargreaves", 1), ("bob", "Bob Builder", 2)], (*team, "liddell"))
    corp.ctl("sync")
    corp.ctl("group", "members", "/pay", "remove", "hargreaves", "--role", "Operator")
    assert user_id(corp, "hargreaves") == known
    # Somebody else of that login; and one who wants his, and waits in quarantine with both named.
    corp.ctl("user", "create", "liddell", "--email", "other@example.com")
    corp.ctl("group", "members", "/pay", "add", "liddell", "--role", "Scrum Master")
    write(corp, [("hargreaves", "Alice Hargreaves", 1), ("bob", "Bob Builder", 2), ("Hargreaves", "Rival", 3)], (*team, "liddell"))
    corp.ctl("sync")
    assert "hargreaves" in corp.ctl("quarantine").out
    assert corp.value("select count(*) from former_names where user_id = %s", known) >= 4
    write(corp, [("bob", "Bob Builder", 2)], (*team, "liddell"))
    corp.ctl("sync")
    corp.ctl("user", "erase", "hargreaves", "--yes")
    said = left(corp, "alice", "hargreaves", "liddell@", "uid=liddell", "00000000-0000-4000-8000-000000000001")
    assert not [line for line in said if "00000000-0000-4000-8000-000000000003" not in line]  # the rival is somebody else
    assert corp.value("select array_agg(cause order by id) from revisions where cause like 'group members%%'") == [
        "group members /pay add (erased) as Developer", "group members /pay add (erased) as Operator",
        "group members /pay remove (erased) as Operator", "group members /pay add liddell as Scrum Master"]
    assert user_id(corp, "liddell") and not corp.value("select count(*) from former_names")


def test_what_a_source_was_made_to_forget_goes_too(corp):
    corp.ctl("user", "unlink", "alice", "corp")
    corp.ctl("user", "suspend", "alice")
    sync(corp, "bob")
    corp.ctl("user", "erase", "alice", "--yes")
    assert not left(corp, "alice", "Liddell", "00000000-0000-4000-8000-000000000001")


def test_who_comes_back_is_somebody_new(corp):
    known = user_id(corp, "alice")
    sync(corp, "bob")
    corp.ctl("user", "erase", "alice", "--yes")
    assert "erased for ever" in corp.ctl("user", "resume", known, code=65).err
    sync(corp, "bob")
    assert corp.value("select count(*) from users where login = 'alice'") == 0
    sync(corp, "alice", "bob")
    assert user_id(corp, "alice") not in (None, known)
    assert corp.json("access", "alice")["holds"] == []
    assert corp.value("select count(*) from grants where user_id = %s", known) == 0


def test_targets_are_told_first(roster):
    told = Told(roster)
    with Receiver() as receiver:
        told.configure(told.target("billing", receiver))
        told.build(people=2)
        told.deliver()
        known = user_id(roster, "u0")
        assert any(known in people for people in receiver.state.values())
        roster.ctl("user", "suspend", "u0")
        said = roster.ctl("user", "erase", "u0", "--yes", code=75).err
        assert "may still be active for target billing" in said
        told.deliver()
        assert not any(known in people for people in receiver.state.values())
        roster.ctl("user", "erase", "u0", "--yes")
        events = len(receiver.events)
        told.deliver()
        told.check(receiver)
        assert all("u0" not in str(event) for event in receiver.events[events:])


KEEP = 'version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\nhistory: { keep: "90d" }\n'


def test_the_clock_forgets_what_is_older_than_is_kept(roster):
    roster.configure(KEEP)
    roster.ctl("group", "create", "/pay", "--description", "For tests", "--admin", "admin")
    roster.ctl("user", "create", "bob")
    for _ in range(2):
        roster.ctl("group", "members", "/pay", "add", "bob", "--role", "Developer")
        roster.ctl("group", "members", "/pay", "remove", "bob", "--role", "Developer")
    roster.ctl("app", "create", "shop", "--owner", "admin", "--group", "/pay")
    last = roster.value("select head()")
    # As if the first revisions were a year old.
    roster.sql("alter table revisions disable trigger keep")
    roster.sql("update revisions set at = at - interval '1 year' where id < %s", last)
    roster.sql("alter table revisions enable trigger keep")
    ended = roster.value("select count(*) from grants_history")
    assert ended >= 2
    environment = {name: value for name, value in roster.environment().items() if name != "PGUSER"}
    with Rosterd(roster.config, program=ROSTERD, environment=environment) as daemon:
        wait_until(lambda: roster.value("select count(*) from grants_history") == 0, "the end of history", 20)
        daemon.await_log("of history older than is kept")
    assert roster.value("select horizon from installation") == last - 1
    said = roster.ctl("who-can", "project.view", "app:shop", "--at", str(last - 2), code=65).err
    assert f"history does not go back to revision {last - 2}" in said and f"it begins with revision {last - 1}" in said
    roster.ctl("who-can", "project.view", "app:shop", "--at", str(last - 1))
    assert roster.value("select count(*) from revisions") == last


def test_how_long_history_is_kept_is_a_duration(roster):
    roster.configure(KEEP)
    assert 'keep: "90d"' in roster.ctl("config", "show").out
    roster.configure(KEEP.replace("90d", "soon"))
    assert '"keep" is not a duration' in roster.ctl("check", code=78).err
