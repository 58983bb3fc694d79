# SPDX-License-Identifier: Apache-2.0
"""rosterctl import: access groups, roles of apps, nodes and environments."""

import json

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
safety: {{ {safety} }}
"""
LINES = [
    {"group": "/pay", "admins": ["alice"]},
    {"app": "crm", "owner": "alice", "group": "/pay"},
    {"app": "ledger", "owner": "bob"},
    {"access_group": "Finance", "description": "Money", "apps": ["crm", "ledger"]},
    {"member": "carol", "access_group": "finance"},
    {"member": "dave", "access_group": "Finance", "role": "Developer"},
    {"member": "dave", "app": "crm", "role": "App Operator"},
    {"namespace": "prod/billing", "purposes": ["test"], "groups": ["/pay"]},
    {"node": "crm", "contact": "alice"},
    {"environment": "crm/accept", "purpose": "acceptance"},
    {"environment": "crm/test", "purpose": "test", "namespace": "prod/billing"},
]


class Files:
    def __init__(self, roster):
        self.roster = roster
        self.configure()
        for login in ("alice", "bob", "carol", "dave"):
            roster.ctl("user", "create", login)

    def configure(self, safety=""):
        self.roster.configure(CONFIGURATION.format(safety=safety))

    def load(self, lines, *words, code=0):
        (self.roster.directory / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return self.roster.ctl("import", "all.jsonl", *words, code=code)

    def changes(self, lines, *words):
        (self.roster.directory / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return {(row["change"], row["kind"], row["name"], row["detail"])
                for row in self.roster.json("import", "all.jsonl", *words)["changes"]}

    def mistakes(self, lines):
        before = self.roster.value("select head()")
        errors = self.load(lines, code=65).err.splitlines()
        assert self.roster.value("select head()") == before
        return [(int(line.split(":")[1]), line.split(": ", 1)[1]) for line in errors if line.startswith("all.jsonl:")]


@pytest.fixture
def files(roster):
    return Files(roster)


@pytest.fixture
def loaded(files):
    files.load(LINES)
    return files


def held(roster, place):
    return {(row["login"], row["role"], row["source"]) for row in roster.sql("""
        select u.login, r.name as role, s.name as source from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
        join sources s on s.id = g.source where resource_name(g.anchor) = %s""", place)}


def inside(roster):
    return {(row["place"], row["app"]) for row in roster.sql(
        "select resource_name(access_group) as place, resource_name(app) as app from access_group_apps")}


def test_all_of_it_is_there_after_one_revision(files, roster):
    before = roster.value("select head()")
    planned = files.changes(LINES, "--plan")
    assert roster.value("select head()") == before
    assert {change for change in planned if change[1] in ("access-group", "inclusion", "node", "environment")} == {
        ("added", "access-group", "Finance", "Money"), ("added", "inclusion", "access-group:Finance", "app:crm"),
        ("added", "inclusion", "access-group:Finance", "app:ledger"), ("added", "node", "crm", "contact alice"),
        ("added", "environment", "crm/accept", "acceptance"), ("added", "environment", "crm/test", "test, in namespace prod/billing")}
    assert files.changes(LINES) == planned
    assert roster.value("select head()") == before + 1
    assert held(roster, "access-group:Finance") == {("carol", "App Member", "import"), ("dave", "Developer", "import")}
    assert held(roster, "app:crm") == {("dave", "App Operator", "import")}
    assert inside(roster) == {("access-group:Finance", "app:crm"), ("access-group:Finance", "app:ledger")}
    assert roster.sql("select app, technical_contact, environments from node_list()") == [
        {"app": "crm", "technical_contact": "alice", "environments": 2}]
    assert roster.value("select purpose from environments where name = 'test' and namespace = resource_named('namespace:prod/billing/test')") == "test"
    roster.ctl("can", "dave", "cicd.deploy", "app:ledger")
    roster.ctl("can", "dave", "env.transport", "environment:crm/test")
    roster.ctl("can", "carol", "app.release.view", "app:ledger", code=1)
    roster.sql("select user_role_add('carol', 'App Viewer')")
    roster.ctl("can", "carol", "app.release.view", "app:ledger")


def test_a_second_time_there_is_nothing_to_do(loaded, roster):
    for lines in (LINES, [{key: value.upper() if key in ("access_group", "node", "app") else value for key, value in line.items()} for line in LINES]):
        assert loaded.load(lines).err == 'import "import": nothing to do\n'


def test_what_differs_is_changed_and_the_rest_left(loaded, roster):
    assert loaded.changes([{"access_group": "Finance", "description": "All money"}, {"environment": "crm/accept", "purpose": "acceptance"},
                           {"namespace": "prod/billing", "purposes": ["acceptance"]},
                           {"environment": "crm/accept", "namespace": "prod/billing", "purpose": "acceptance"}]) == {
        ("changed", "access-group", "Finance", "All money"), ("added", "namespace", "prod/billing/acceptance", ""),
        ("changed", "environment", "crm/accept", "acceptance, in namespace prod/billing")}
    assert inside(roster) == {("access-group:Finance", "app:crm"), ("access-group:Finance", "app:ledger")}
    assert roster.value("select count(*) from environments where namespace is not null") == 2


def test_a_complete_import_takes_away_what_it_gave_and_nothing_else(loaded, roster):
    roster.sql("select access_group_member_add('Finance', 'alice'), access_group_app('Finance', 'ledger', false)")
    roster.sql("select access_group_app('Finance', 'ledger', true)")
    lines = [line for line in LINES if line not in (LINES[4], LINES[6])]
    lines[3] = {"access_group": "Finance", "apps": ["ledger"]}
    assert loaded.changes(lines, "--complete") == {
        ("removed", "member", "access-group:Finance", "carol as App Member"), ("removed", "member", "app:crm", "dave as App Operator"),
        ("removed", "inclusion", "access-group:Finance", "app:crm")}
    assert held(roster, "access-group:Finance") == {("alice", "App Member", "hand"), ("dave", "Developer", "import")}
    loaded.load([], "--complete")
    # By themselves these give nobody anything.
    assert roster.value("select count(*) from access_groups") == 1 and roster.value("select count(*) from environments") == 2
    assert held(roster, "access-group:Finance") == {("alice", "App Member", "hand")}
    assert ("added", "inclusion", "access-group:Finance", "app:crm") in loaded.changes(LINES)


def test_an_app_taken_out_counts_for_the_limits(loaded, roster):
    loaded.configure("max_remove: 1; min_remove: 0")
    result = loaded.load([line for line in LINES if "access_group" not in line], "--complete", code=1)
    assert "is above the limits, nothing was written" in result.err
    assert len(inside(roster)) == 2


def test_every_mistake_is_named(files, roster):
    assert files.mistakes([
        {"access_group": "a/b"}, {"access_group": "x", "apps": ["none"]}, {"member": "alice", "access_group": "nowhere"},
        {"node": "none"}, {"environment": "none/test", "purpose": "test"}, {"environment": "test"},
        {"member": "alice", "app": "none", "access_group": "x"}, {"member": "alice", "access_group": "x", "role": "Owner"},
        {"member": "alice", "group": "/"}, {"access_group": "x", "owner": "alice"}]) == [
        (1, '"a/b" is no name for an access group: it is empty, longer than 100 characters, or has a slash or a control character'),
        (2, "there is no app none, in roster or in this file"),
        (3, "there is no access group nowhere, in roster or in this file"),
        (4, "the node of app none is new and needs a contact"), (4, "there is no app none, in roster or in this file"),
        (6, '"test" is no name of an environment; write APP/NAME'),
        (6, "environment test is new and needs a purpose"),
        (7, 'a member needs "group", "app" or "access_group", one of them'),
        (8, 'the role "Owner" is not given to members: name an owner of the app instead'),
        (9, '"role" is missing'), (10, '"owner" does not belong into a line about "access_group"')]


def test_a_node_and_what_is_said_of_it(loaded, roster):
    assert loaded.mistakes([
        {"node": "crm", "contact": "bob"}, {"environment": "crm/test", "purpose": "production"},
        {"environment": "crm/accept", "namespace": "prod/nothing"}, {"environment": "ledger/test", "purpose": "test"},
        {"environment": "crm/new"}, {"environment": "crm/twice", "purpose": "test"}, {"environment": "crm/twice", "purpose": "acceptance"}]) == [
        (1, "alice answers for app crm; a Technical Contact hands over himself: rosterctl node contact"),
        (2, "environment crm/test is there for test; what people may do in it was said for that: make another one"),
        (3, "there is no namespace prod/nothing for that purpose, in roster or in this file"),
        (4, "app ledger has no node, in roster or in this file"), (5, "environment crm/new is new and needs a purpose"),
        (7, "environment crm/twice is said to have another purpose than on line 6")]


@pytest.mark.parametrize("words", [(), ("--plan",)])
def test_who_answers_for_a_node_has_access_to_its_environments(loaded, roster, words):
    before = roster.value("select head()")
    result = loaded.load([{"node": "ledger", "contact": "carol"}], *words, code=65)
    assert "line 1: carol has no access to the environments of app:ledger, and cannot answer for them" in result.err
    assert roster.value("select head()") == before
    lines = [{"node": "ledger", "contact": "carol"}, {"member": "carol", "app": "ledger", "role": "Business Engineer"}]
    loaded.load(lines, *words)
    assert roster.value("select count(*) from nodes") == (1 if words else 2)
    assert roster.value("select head()") == (before if words else before + 1)


def test_the_same_in_csv(files, roster):
    (roster.directory / "all.csv").write_text(
        "app,owner,access_group,apps,member,node,contact,environment,purpose\ncrm,alice,,,,,,,\n,,finance,crm; crm,,,,,\n"
        ",,finance,,carol,,,,\n,,,,,crm,alice,,\n,,,,,,,crm/test,test\n")
    roster.ctl("import", "all.csv")
    assert held(roster, "access-group:finance") == {("carol", "App Member", "import")}
    assert inside(roster) == {("access-group:finance", "app:crm")}
    assert roster.value("select name from environments") == "test"
