# SPDX-License-Identifier: Apache-2.0
"""rosterctl as an administrator types it: acts, questions, explanations, exit codes."""

import re

import pytest

from ldif_company import Company, GROUPS, PEOPLE, company, entry, group, logins, person, shop, user_dn  # noqa: F401  (fixtures)
from postgres import SUPERUSER

# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(roster, cluster):
    """A database without a schema."""
    roster.close()
    cluster.drop_database(roster.database)
    cluster.create_database(roster.database)
    Company(roster).configure()
    return roster


def test_without_a_schema_every_verb_says_what_to_type(empty):
    assert "rosterctl database init" in empty.ctl("user", "list", code=78).err
    assert empty.json("database", "status")["version"] == 0
    assert "rosterctl database init" in empty.ctl("database", "migrate", user=SUPERUSER, code=78).err


def test_init_makes_the_schema_and_an_administrator(empty):
    empty.ctl("database", "init", "--administrator", "root", "--operator", "operator", user=SUPERUSER)
    status = empty.json("database", "status")
    assert status["version"] == status["latest"] > 0
    assert [user["login"] for user in empty.json("user", "list")["users"]] == ["root"]
    empty.ctl("user", "create", "somebody")
    empty.ctl("database", "migrate", user=SUPERUSER)


def test_init_with_an_operator_the_server_does_not_know(empty):
    assert 'no login "stranger"' in empty.ctl("database", "init", "--administrator", "root", "--operator", "stranger",
                                              user=SUPERUSER, code=65).err


def test_init_by_who_may_not_says_who_may(empty):
    said = empty.ctl("database", "init", code=77).err
    assert "permission denied" in said and "a login that may create roles and owns the database" in said
    assert "grant roster_admin" not in said


def test_a_server_that_does_not_answer_is_69(roster):
    roster.configure('version: 1\ndatabase: { conninfo: "host=/nonexistent dbname=roster" }\n')
    assert "/nonexistent" in roster.ctl("status", code=69).err
    assert "database:" in roster.ctl("check", "--connect", code=69).err


# --- the configuration ------------------------------------------------------------------------------------------------


def test_check_tries_the_database_and_every_source(company, roster):
    result = roster.ctl("check", "--connect")
    assert "database: ok\nsource corp: ok\n" in result.err and result.out == ""
    (roster.directory / "people.ldif").unlink()
    result = roster.ctl("check", "--connect", code=69)
    assert "database: ok\nsource corp: " in result.err and "people.ldif" in result.err
    company.directory()
    assert "it returns no entry at all" in roster.ctl("check", "--connect", code=65).err


def test_findings_go_to_standard_error(roster):
    roster.configure("version: 1\ndatabse: { }\n")
    result = roster.ctl("check", code=78)
    assert 'did you mean "database"?' in result.err and result.out == ""


def test_check_names_every_kind_of_mistake_at_once(roster):
    roster.configure('''version: 1; bogus: 1
database: { embedded: "/db" }
safety: { max_remove: 3000000000 }
sources: { corp: { type: "ldap"; url: "ldaps://dc"; bind_dn: "cn=a"; password: "file:/nonexistent" } }
rules: { default_admins: [ "ann" ]
  leads: { users: "(a=b"; into: "platfrom"; role: "R" } }
''')
    said = roster.ctl("check", code=78).err
    assert re.findall(r"^/\S+/rosterd\.conf:(\d+): ", said, re.MULTILINE) == ["1", "3", "4", "6", "6"]
    for words in ('unknown key "bogus"', "3000000000 is too large", "secret file:/nonexistent",
                  'did you mean "platform"?', "(a=b"):
        assert words in said
    assert said.endswith("rosterctl: 5 mistakes in the configuration\n")


def test_config_show_can_be_read_again(company, roster):
    shown = roster.ctl("config", "show").out
    roster.configure(shown)
    assert roster.ctl("config", "show").out == shown
    assert roster.json("config", "show")["configuration"] == shown


def test_config_explain_knows_every_key(roster):
    keys = roster.json("config", "explain")["keys"]
    assert {"safety.window", "sources.*.type", "rules.*.into"} <= {key["path"] for key in keys}
    assert all(key["help"] for key in keys)
    for asked in ("sources.*.url", "sources.corp.url"):
        assert [key["path"] for key in roster.json("config", "explain", asked)["keys"]] == ["sources.*.url"]
    assert len(roster.json("config", "explain", "rules.default_admins")["keys"]) == 1, "no rule of that name"


@pytest.mark.parametrize("asked, near", [
    ("safety.windw", "safety.window"), ("windw", "window"), ("sources.corp.filtr", "filter"), ("rules.x.int", "rules.*.into"),
    ("safety.", "safety"), ("sources..url", "sources.*.url"), ("nonsense", None), ("", None), (".", None)])
def test_config_explain_of_an_unknown_key_names_the_nearest(roster, asked, near):
    said = roster.ctl("config", "explain", asked, code=64).err
    assert (f'did you mean "{near}"?' if near else "see: rosterctl config explain") in said


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_of_a_source_and_by_hand(company, roster):
    roster.ctl("user", "create", "guest", "--email", "guest@x", "--name", "A Guest")
    users = {user["login"]: user for user in roster.json("user", "list")["users"]}
    assert users.keys() == {"admin", "alice", "bob", "carol", "guest"}
    assert users["guest"]["sources"] == ["hand"] and users["guest"]["email"] == "guest@x"
    assert users["alice"]["sources"] == ["corp"] and users["alice"]["active"] is True
    assert logins(roster.json("user", "list", "LIC")["users"]) == {"alice"}
    assert "dn         " in roster.ctl("user", "show", "alice").out
    assert roster.json("user", "show", users["alice"]["id"])["identities"][0]["dn"] == user_dn("alice")


def test_a_suspension_takes_everything_until_it_is_over(shop, roster):
    roster.ctl("can", "alice", "cicd.deploy", "app:api")
    roster.ctl("user", "suspend", "alice")
    assert roster.json("who-can", "cicd.deploy", "app:api")["people"][0]["login"] != "alice"
    roster.ctl("sync")
    assert roster.json("access", "alice")["reaches"] == []
    roster.ctl("user", "resume", "alice")
    roster.ctl("can", "alice", "cicd.deploy", "app:api")


def test_who_is_unknown_is_65(company, roster):
    assert 'nobody has the login "zed"' in roster.ctl("user", "show", "zed", code=65).err
    roster.ctl("user", "suspend", "zed", code=65)


# --- groups, apps, namespaces, roles ------------------------------------------------------------------------------------


def test_a_group_by_hand(company, roster):
    roster.ctl("group", "create", "/pay/ops", "--admin", "alice", "--admin", "bob", "--description", "They operate")
    roster.ctl("group", "members", "/pay/ops", "add", "carol", "--role", "Operator", "--until", "2030-01-31 12:00")
    members = {(row["login"], row["role"]): row for row in roster.json("group", "members", "/pay/ops")["members"]}
    assert members.keys() == {("alice", "Group Administrator"), ("bob", "Group Administrator"), ("carol", "Operator")}
    assert members["carol", "Operator"]["expires_at"].startswith("2030-01-31 12:00")
    roster.ctl("group", "admin", "/pay/ops", "remove", "bob")
    roster.ctl("group", "admin", "/pay/ops", "add", "carol")
    roster.ctl("group", "members", "/pay/ops", "remove", "carol", "--role", "Operator")
    assert {(row["login"], row["role"]) for row in roster.json("group", "members", "/pay/ops")["members"]} == {
        ("alice", "Group Administrator"), ("carol", "Group Administrator")}
    roster.ctl("group", "move", "/pay/ops", "/")
    assert "/ops" in {row["group_path"] for row in roster.json("tree")["groups"]}


def test_what_a_source_gives_is_not_removed_by_hand(company, roster):
    result = roster.ctl("group", "members", "/pay/api", "remove", "alice", "--role", "Developer", code=65)
    assert "source corp gives it" in result.err


def test_options_belong_to_the_act_that_takes_them(company, roster):
    roster.ctl("group", "members", "/pay", "--role", "Developer", code=64)
    roster.ctl("group", "members", "/pay", "remove", "bob", "--role", "Developer", "--until", "2030-01-01", code=64)
    roster.ctl("group", "members", "/pay", "add", "bob", code=64)
    roster.ctl("group", "members", "/pay", "add", "bob", "--role", "Developer", "--until", "soon", code=65)


def test_the_tree_shows_what_hangs_where(shop, roster):
    out = roster.ctl("tree").out
    assert out.startswith("/\n  pay   1 member   admin admin   by rule ")
    assert "\n    api   1 member   admin admin   app api   namespace east/api/test   by rule team-roles of corp\n" in out
    assert roster.ctl("tree", "/pay/api").out.startswith("/pay/api   1 member")
    assert roster.ctl("tree", "/nowhere", code=65).out == ""


def test_an_app_and_its_team(shop, roster):
    roster.ctl("app", "members", "api", "add", "bob", "--role", "Contributor")
    team = {(row["login"], row["membership"]) for row in roster.json("app", "members", "api")["members"]}
    assert team == {("carol", "owner"), ("bob", "direct"), ("alice", "inherited"), ("bob", "inherited")}
    roster.ctl("app", "members", "api", "remove", "bob", "--role", "Contributor")
    roster.ctl("app", "owner", "api", "alice")
    assert "alice does not belong to /pay, which owns app:api" in roster.ctl("app", "group", "api", "/pay", code=65).err
    assert "carol does not belong to /pay/api" in roster.ctl("app", "owner", "api", "carol", code=65).err
    roster.ctl("app", "owner", "api", "bob")
    roster.ctl("app", "group", "api", "/pay")
    assert roster.json("app", "list")["apps"] == [{"app": "api", "owner": "bob", "owner_group": "/pay", "archived": False}]
    roster.ctl("app", "archive", "api")
    assert roster.json("who-can", "project.view", "app:api")["people"] == []
    roster.ctl("app", "restore", "api")
    assert "bob" in logins(roster.json("who-can", "project.view", "app:api")["people"])


def test_namespaces_by_purpose(shop, roster):
    assert roster.json("namespace", "list")["namespaces"] == [
        {"namespace": "east/api/test", "groups": ["/pay/api"]}, {"namespace": "east/api/production", "groups": []}]
    roster.ctl("can", "alice", "cluster.logs", "namespace:east/api/test")
    roster.ctl("can", "alice", "cluster.logs", "namespace:east/api/production", code=1)
    roster.ctl("namespace", "detach", "east/api/test", "/pay/api")
    roster.ctl("can", "alice", "cluster.logs", "namespace:east/api/test", code=1)
    for name in ("east", "/api", "east/", "east/api/test"):
        roster.ctl("namespace", "create", name, "--purpose", "test", code=64)
    roster.ctl("namespace", "create", "east/web", "--purpose", "fun", code=65)


def test_roles(shop, roster):
    roster.ctl("role", "create", "Tester", "--permission", "project.view", "--permission=cicd.view", "--description", "Tests")
    assert {row["permission"] for row in roster.json("role", "show", "tester")["permissions"]} == {"project.view", "cicd.view"}
    roster.ctl("app", "members", "api", "add", "bob", "--role", "Tester")
    roster.ctl("role", "edit", "Tester", "--permission", "cicd.approve")
    assert {row["permission"] for row in roster.json("role", "show", "Tester")["permissions"]} == {"cicd.approve"}
    listed = {row["role"]: row for row in roster.json("role", "list")["roles"]}
    assert listed["Tester"]["members"] == 1 and listed["Owner"]["tags"]
    assert "locked" in roster.ctl("role", "edit", "Owner", "--permission", "cicd.view", code=65).err
    roster.ctl("role", "create", "Tester", "--permission", "cicd.view", code=65)
    roster.ctl("role", "create", "Other", "--permission", "no.such", code=65)


def test_who_may_not_act_is_77_and_nothing_happens(shop, roster, cluster):
    if not cluster.connect("postgres").execute("select from pg_roles where rolname = 'visitor'").fetchall():
        cluster.execute("create role visitor login in role roster_admin")
    before = roster.value("select head()")
    for words in (["user", "suspend", "alice"], ["group", "create", "/x", "--description", "For tests", "--admin", "alice"], ["app", "archive", "api"],
                  ["group", "admin", "/pay", "add", "bob"], ["role", "create", "R", "--permission", "cicd.view"]):
        assert "visitor is not allowed to" in roster.ctl(*words, user="visitor", code=77).err
    assert roster.value("select head()") == before
    assert "alice" in roster.ctl("user", "list", user="visitor").out


# --- questions ----------------------------------------------------------------------------------------------------------


def test_can_answers_with_its_exit_code(shop, roster):
    assert roster.ctl("can", "alice", "cicd.deploy", "app:api").out == "yes\n"
    assert roster.ctl("can", "alice", "cicd.approve", "app:api", code=1).out == "no\n"
    assert roster.json("can", "alice", "cicd.approve", "app:api", code=1)["can"] is False
    for words in (["zed", "cicd.deploy", "app:api"], ["alice", "cicd.fly", "app:api"], ["alice", "cicd.deploy", "app:zed"],
                  ["alice", "cicd.deploy", "zed"]):
        assert roster.ctl("can", *words, code=65).out == ""


def test_who_could_in_an_earlier_revision(shop, roster):
    before = roster.value("select head()")
    roster.ctl("app", "archive", "api")
    assert roster.json("who-can", "cicd.deploy", "app:api")["people"] == []
    people = roster.json("who-can", "cicd.deploy", "app:api", "--at", before)["people"]
    assert logins(people) == {"alice", "bob", "carol"}
    assert {row["distance"] for row in people if row["login"] == "bob"} == {1}
    roster.ctl("who-can", "cicd.deploy", "app:api", "--at", "yesterday", code=65)


def test_access_shows_what_is_held_and_what_is_reached(shop, roster):
    access = roster.json("access", "alice")
    assert [(row["anchor"], row["role"], row["source"]) for row in access["holds"]] == [("group:/pay/api", "Developer", "corp")]
    assert access["reaches"] == [{"resource": "app:api", "roles": ["Developer"]},
                                 {"resource": "namespace:east/api/test", "roles": ["Developer"]}]


def test_figures_and_state(shop, roster):
    assert roster.json("stats")["statistics"][0]["apps"] == 1
    (source,) = roster.json("status")["sources"]
    assert (source["source"], source["people"], source["settled"], source["last_state"]) == ("corp", 3, True, "applied")
    plain = roster.ctl("--plain", "status").out.rstrip("\n").split("\t")
    assert plain[:2] == ["sources", "corp"] and len(plain) == len(source) + 1


def test_quarantine_names_the_entry(company, roster):
    company.directory(*PEOPLE, person(4, "ALICE"), *GROUPS)
    roster.ctl("sync")
    problems = {problem["stage"]: problem for problem in roster.json("quarantine")["problems"]}
    assert set(problems) == {"person", "name"}, "he claims her login, and his name is hers"
    for problem in problems.values():
        assert problem["source"] == "corp" and "alice" in (problem["what"] + problem["why"]).lower()


# --- runs ----------------------------------------------------------------------------------------------------------------


def test_runs_and_what_they_changed(company, roster):
    (run,) = roster.json("runs")["runs"]
    assert run["state"] == "applied" and run["entries"] == 5
    changes = roster.json("runs", "diff", run["run"])["changes"]
    assert {(row["change"], row["kind"], row["login"], row["anchor"]) for row in changes} >= {
        ("added", "user", "alice", None), ("added", "group", None, "/pay/api"), ("added", "grant", "alice", "/pay/api")}
    (shown,) = roster.json("runs", "show", run["run"].split("/")[1])["runs"]
    assert shown["run"] == run["run"] and shown["revisions"]
    roster.ctl("sync")
    assert len(roster.json("runs", "--most", 1)["runs"]) == 1
    roster.ctl("runs", "show", "corp/999", code=65)
    roster.ctl("runs", "--most", "few", code=64)


def test_a_run_shows_what_it_holds(company, roster):
    company.directory(*PEOPLE, group(11, "all", user_dn("carol")), GROUPS[1])
    assert "held: " in roster.ctl("sync", code=1).err
    run = roster.json("runs")["runs"][0]["run"]
    changes = {(row["change"], row["login"], row["anchor"], row["role"]) for row in roster.json("runs", "diff", run)["changes"]}
    assert changes == {("added", "carol", "/pay/api", "Developer"), ("held", "alice", "/pay/api", "Developer")}
