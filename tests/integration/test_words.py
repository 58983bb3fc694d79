# SPDX-License-Identifier: Apache-2.0
"""What rosterctl says when something is refused or there is nothing: in its own words, with what to do."""

import re
import subprocess

import pytest

from ldif_company import Company, GROUPS, PEOPLE
from roster import BUILD
from rosterd import wait_until

RAW = ("constraint", "enum", "input syntax", "permission denied", "relation")


@pytest.fixture
def shop(roster):
    company = Company(roster)
    company.configure()
    company.directory(*PEOPLE, *GROUPS)
    roster.ctl("sync")
    roster.adopt("api", "carol", "/pay/api")
    return company


def refusal(roster, *words, code=65, user="operator"):
    said = roster.ctl(*words, code=code, user=user).err
    assert not any(word in said for word in RAW), said
    return said.removeprefix("rosterctl: ").rstrip("\n")


@pytest.mark.parametrize("words, said", [
    (["app", "create", "bad/name"], '"bad/name" is no name for an app (it is empty, or has a slash or a control character)'),
    (["app", "create", ""], '"" is no name for an app (it is empty, or has a slash or a control character)'),
    *[([*words, "x" * 101], f'"{"x" * 101}" is no name for {what} (at most 100 characters)') for what, *words in (
        ("an app", "app", "create"), ("a cluster", "cluster", "create"), ("a role", "role", "create", "--permission", "cicd.view"))],
    (["namespace", "create", "east/" + "x" * 101, "--purpose", "test"],
     f'"{"x" * 101}" is no name for a namespace (at most 100 characters)'),
    (["user", "create", "x" * 257], f'"{"x" * 257}" is no name for a user (at most 256 characters)'),
    (["app", "create", "API"], 'there is an app "API" already (names are compared without case; see rosterctl app list)'),
    (["user", "create", "gina "], '"gina " is no name for a user (it begins or ends with a space)'),
    (["user", "create", "0b7c2a1e-1f00-4c6d-8a55-1d2c3b4a5f60"], '"0b7c2a1e-1f00-4c6d-8a55-1d2c3b4a5f60" is no name for a user (it looks like the id of a user)'),
    (["user", "create", ""], '"" is no name for a user (it is empty, or has a control character)'),
    (["user", "create", "Bob"], 'an active user has the login "Bob" already (see rosterctl user show Bob)'),
    (["group", "create", "/pay/..", "--description", "For tests", "--admin", "bob"],
     '".." is no name for a group (letters, digits, spaces, _ and -, at most 100 characters)'),
    (["group", "create", "/pay/x", "--admin", "bob", "--description", "x" * 251],
     "the description is longer than 250 characters: it has 251"),
    (["group", "move", "/pay/api", "/"], "there is a group of that name below / already (names are compared without case)"),
    (["role", "create", "", "--permission", "cicd.view"], '"" is no name for a role (it is empty, or has a control character)'),
    (["namespace", "create", "east/a\tb", "--purpose", "test"],
     '"a\tb" is no name for a namespace (it is empty, or has a slash or a control character)'),
    (["namespace", "create", "east/web", "--purpose", "test", "--purpose", "fun"],
     'there is no purpose "fun" (there are: development, test, acceptance, production)'),
    (["group", "members", "/pay", "add", "bob", "--role", "Owner"],
     'the role "Owner" is not given to members (who owns an app has it: rosterctl app owner)'),
    (["group", "members", "/pay", "add", "bob", "--role", "group administrator"],
     'the role "Group Administrator" is not given to members (type: rosterctl group admin /pay add bob)'),
    (["group", "members", "/pay", "remove", "bob", "--role", "Group Administrator"],
     'the role "Group Administrator" is not given to members (type: rosterctl group admin /pay remove bob)'),
    (["group", "members", "/pay", "add", "bob", "--role", "User"],
     'the role "User" is not given to members (every active person has it)'),
    (["app", "members", "api", "add", "bob", "--role", "Platform Administrator"],
     'the role "Platform Administrator" is not given to members (it is held at the platform: a rule into "platform" gives it, or '
     "rosterctl user role)"),
    (["group", "members", "/pay", "add", "bob", "--role", "Nobody"], 'there is no role "Nobody" (see rosterctl role list)'),
    (["group", "members", "/pay", "add", "bob", "--role", "Developer", "--until", "soon"],
     '"soon" is no time (write 2027-01-31, or "2027-01-31 12:00")'),
    (["group", "members", "/pay", "add", "bob", "--role", "Developer", "--until", "2027-02-31"],
     '"2027-02-31" is no time (write 2027-01-31, or "2027-01-31 12:00")'),
    (["who-can", "cicd.deploy", "app:api", "--at", "the other day"],
     '"the other day" is neither a revision nor a time (write a number, as explain, report and runs show print it, or a time: 2027-01-31, or "2027-01-31 12:00")'),
    (["report", "grants", "--at", "1.5"],
     '"1.5" is neither a revision nor a time (write a number, as explain, report and runs show print it, or a time: 2027-01-31, or "2027-01-31 12:00")'),
    (["diff", "1", "never"],
     '"never" is neither a revision nor a time (write a number, as explain, report and runs show print it, or a time: 2027-01-31, or "2027-01-31 12:00")'),
    (["can", "alice", "cicd.deplo", "app:api"], 'there is no permission "cicd.deplo" (did you mean "cicd.deploy"? see rosterctl permission list)'),
])
def test_what_is_refused_is_told_in_words(shop, roster, words, said):
    if "move" in words:
        roster.ctl("group", "create", "/API", "--description", "For tests", "--admin", "admin")
    before = roster.value("select head()")
    assert refusal(roster, *words) == said
    assert roster.value("select head()") == before


@pytest.mark.parametrize("words, said", [
    (["runs", "--most", "0"], '--most needs a number above 0, not "0"'),
    (["requests", "--most", "-3"], '--most needs a number above 0, not "-3"'),
    (["stats", "all"], '"all" is one word too many: rosterctl stats'),
    (["runs", "show"], '"runs show" needs more words: rosterctl runs show RUN')])
def test_how_it_is_typed_is_told(roster, words, said):
    assert refusal(roster, *words, code=64) == said


def test_the_name_of_an_archived_app_is_taken(shop, roster):
    roster.ctl("app", "archive", "api")
    assert refusal(roster, "app", "create", "api") == 'there is an app "api" already (it is archived: rosterctl app restore api)'


def test_who_keeps_everybody_waiting_is_named(shop, roster, cluster):
    with cluster.connect(roster.database) as forgotten:
        forgotten.execute("begin")
        forgotten.execute("insert into roster.users (login) values ('half')")
        server = forgotten.info.backend_pid
        with subprocess.Popen([BUILD / "rosterctl", "user", "suspend", "bob"], env=roster.environment("operator"),
                              cwd=roster.directory, stderr=subprocess.PIPE, text=True) as waiting:
            wait_until(lambda: roster.json("status")["writers"][0]["waiting"] == 1, "somebody to wait")
            writer, = roster.json("status")["writers"]
            assert (writer["login"], writer["process"]) == ("postgres", server) and writer["waiting_since"]
            assert re.search(rf"postgres changes something, and 1 waits for the end of it since [\d: -]+ \(process {server} of ",
                             roster.ctl("status").err)
            said = waiting.communicate(timeout=60)[1]
        assert waiting.returncode == 75
        assert said == ("rosterctl: somebody else is changing the database and has not come to an end in time "
                        "(rosterctl status says who)\n")
        forgotten.execute("rollback")
    assert roster.json("status")["writers"] == [] and "changes something" not in roster.ctl("status").err


def login(cluster, name, role=None):
    if not cluster.execute(f"select from pg_roles where rolname = '{name}'"):
        cluster.execute(f"create role {name} login" + (f" in role {role}" if role else ""))


def test_who_lacks_a_role_of_the_database_is_told_which(shop, roster, cluster):
    login(cluster, "mere_reader", "roster_reader")
    login(cluster, "mere_nobody")
    for user, verbs in (("mere_reader", (["explain", "alice", "app:api"], ["status"], ["app", "archive", "api"], ["report", "grants"],
                                         ["quarantine"])), ("mere_nobody", (["explain", "alice", "app:api"],))):
        for words in verbs:
            assert refusal(roster, *words, code=77, user=user) == (
                f'the database login "{user}" may not do this: it is no member of roster_admin (grant roster_admin to "{user}")')
    assert roster.ctl("can", "alice", "cicd.deploy", "app:api", user="mere_reader").out == "yes\n"


def test_can_of_the_inactive_is_a_no(shop, roster):
    roster.ctl("user", "suspend", "alice")
    assert roster.ctl("can", "alice", "cicd.deploy", "app:api", code=1).out == "no\n"
    alice = roster.value("select id from users where login = 'alice'")
    assert roster.ctl("can", alice, "cicd.deploy", "app:api", code=1).out == "no\n"
    roster.ctl("user", "create", "alice")
    assert roster.ctl("can", "alice", "cicd.deploy", "app:api", code=1).out == "no\n"
    roster.ctl("user", "suspend", "alice")
    assert "2 people had the login" in refusal(roster, "can", "alice", "cicd.deploy", "app:api")
    assert refusal(roster, "can", "zed", "cicd.deploy", "app:api") == 'nobody has the login "zed" (see rosterctl user list)'
