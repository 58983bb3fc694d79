# SPDX-License-Identifier: Apache-2.0
"""rosterctl import: groups, apps, namespaces and members from a file an administrator writes."""

import csv
import io
import json

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
safety: {{ {safety} }}
"""
LINES = [
    {"group": "/pay", "description": "Payments", "admins": ["alice"]},
    {"group": "/pay/api", "admins": ["bob", "alice"]},
    {"app": "crm", "owner": "alice", "group": "/pay"},
    {"app": "lonely", "owner": "bob"},
    {"cluster": "east"},
    {"namespace": "prod/billing", "purposes": ["test", "production"], "groups": ["/pay/api"]},
    {"member": "carol", "group": "/pay", "role": "Developer"},
    {"member": "bob", "app": "crm", "role": "Contributor"},
]
ADDED = {"group": 2, "app": 2, "cluster": 2, "namespace": 2, "association": 2, "admin": 3, "member": 2}


class Files:
    def __init__(self, roster):
        self.roster = roster

    def configure(self, safety=""):
        self.roster.configure(CONFIGURATION.format(safety=safety))

    def write(self, lines):
        text = lines if isinstance(lines, str) else "".join(json.dumps(line) + "\n" for line in lines)
        (self.roster.directory / "all.jsonl").write_text(text)

    def load(self, lines, *words, code=0, **options):
        self.write(lines)
        return self.roster.ctl("import", "all.jsonl", *words, code=code, **options)

    def changes(self, lines, *words):
        """(change, kind, name) of what is done, or would be."""
        self.write(lines)
        return {(row["change"], row["kind"], row["name"]) for row in self.roster.json("import", "all.jsonl", *words)["changes"]}

    def mistakes(self, lines):
        """What is said about each line, as (line, text)."""
        before = self.roster.value("select head()")
        errors = self.load(lines, code=65).err.splitlines()
        assert self.roster.value("select head()") == before and "nothing was written" in errors[-1]
        assert not self.roster.sql("select from staged_imports union all select from planned_imports")
        return [(int(line.split(":")[1]), line.split(": ", 1)[1]) for line in errors if line.startswith("all.jsonl:")]


@pytest.fixture
def files(roster):
    files = Files(roster)
    files.configure()
    for login in ("alice", "bob", "carol"):
        roster.ctl("user", "create", login)
    return files


@pytest.fixture
def loaded(files):
    files.load(LINES)
    return files


def grants(roster):
    return {(row["login"], row["anchor"], row["role"], row["source"]) for row in roster.json("report", "grants")["grants"]
            if row["login"] != "admin" and row["role"] != "Owner"}


# --- what it says is so afterwards ------------------------------------------------------------------------------------


def test_everything_is_there_after_one_revision(files, roster):
    before = roster.value("select head()")
    result = files.load(LINES)
    assert f'import "import" applied 15 changes (revision {before + 1})\n' in result.err
    assert roster.value("select head()") == before + 1
    assert roster.sql("select cause, login, (select u.login from users u where u.id = actor) as person from revisions where id = %s",
                      before + 1) == [{"cause": "import import", "login": "operator", "person": "admin"}]
    assert grants(roster) == {("alice", "group:/pay", "Group Administrator", "import"),
                              ("alice", "group:/pay/api", "Group Administrator", "import"),
                              ("bob", "group:/pay/api", "Group Administrator", "import"),
                              ("carol", "group:/pay", "Developer", "import"), ("bob", "app:crm", "Contributor", "import")}
    assert roster.json("app", "list")["apps"] == [
        {"app": "crm", "owner": "alice", "owner_group": "/pay", "archived": False},
        {"app": "lonely", "owner": "bob", "owner_group": None, "archived": False}]
    assert roster.json("namespace", "list")["namespaces"] == [
        {"namespace": "prod/billing/test", "groups": ["/pay/api"]}, {"namespace": "prod/billing/production", "groups": ["/pay/api"]}]
    roster.ctl("can", "carol", "cicd.deploy", "app:crm")
    roster.ctl("can", "carol", "cluster.logs", "namespace:prod/billing/production")
    assert roster.value("select description from groups where name = 'pay'") == "Payments"
    (run,) = roster.json("runs")["runs"]
    assert (run["kind"], run["state"], run["adds"], run["removes"]) == ("import", "applied", 15, 0)


def test_a_second_time_there_is_nothing_to_do(loaded, roster):
    head = roster.value("select head()")
    for lines in (LINES, [{key.lower(): value for key, value in line.items()} for line in LINES[::-1]],
                  [{"group": "/PAY/Api/"}, {"app": "CRM", "group": "/Pay"}, {"cluster": "EAST"}], [{}][1:]):
        assert loaded.load(lines).err == 'import "import": nothing to do\n'
    assert roster.value("select head()") == head
    assert len(roster.json("runs")["runs"]) == 1


def test_a_plan_says_the_same_and_writes_nothing(files, roster):
    before = roster.sql("select head(), (select count(*) from sources) as sources")
    files.write(LINES)
    planned = roster.json("import", "all.jsonl", "--plan")
    assert roster.sql("select head(), (select count(*) from sources) as sources") == before
    kinds = [row["kind"] for row in planned["changes"]]
    assert {kind: kinds.count(kind) for kind in kinds} == ADDED
    assert planned["import"] == [{"add": 15, "change": 0, "remove": 0, "limits": "", "held": False, "revision": None}]
    done = roster.json("import", "all.jsonl")
    assert done["changes"] == planned["changes"]
    assert done["import"][0]["revision"] == before[0]["head"] + 1


@pytest.mark.parametrize("name, words, command", [
    ("all.jsonl", [], "all.jsonl"),
    ("a file.jsonl", ["--name", "cmdb", "--complete"], "'a file.jsonl' --name cmdb --complete"),
])
def test_the_line_to_apply_a_plan_is_the_same_command(files, roster, name, words, command):
    files.write(LINES)
    (roster.directory / "all.jsonl").rename(roster.directory / name)
    assert roster.ctl("import", name, *words, "--plan").err.endswith(f"Nothing was written. Apply: rosterctl import {command}\n")


def test_what_differs_is_changed_and_the_rest_left(loaded, roster):
    assert loaded.changes([{"group": "/pay", "description": "Money"}, {"app": "crm", "owner": "bob"}, {"app": "lonely", "group": "/pay/api"},
                           {"member": "carol", "group": "/pay", "role": "Operator"}]) == {
        ("changed", "group", "/pay"), ("changed", "app", "crm"), ("changed", "app", "lonely"), ("added", "member", "/pay")}
    assert roster.json("app", "list")["apps"] == [
        {"app": "crm", "owner": "bob", "owner_group": "/pay", "archived": False},
        {"app": "lonely", "owner": "bob", "owner_group": "/pay/api", "archived": False}]
    assert ("carol", "group:/pay", "Developer", "import") in grants(roster)


def test_imports_of_different_names_stand_side_by_side(loaded, roster):
    loaded.load([LINES[6]], "--name", "second")
    assert {("carol", "group:/pay", "Developer", name) for name in ("import", "second")} <= grants(roster)
    loaded.load([], "--complete", "--name", "second")
    assert ("carol", "group:/pay", "Developer", "second") not in grants(roster)
    assert ("carol", "group:/pay", "Developer", "import") in grants(roster)


def test_no_name_of_a_source_is_taken(loaded, roster):
    sources = 'sources: { corp: { type: "ldif"; file: "x.ldif"; } }\n'
    roster.config.write_text(roster.config.read_text() + sources)
    assert '"corp" is a source of ' in loaded.load(LINES, "--name", "corp", code=64).err
    assert "is no name for an import" in loaded.load(LINES, "--name", "hand", code=65).err
    roster.config.write_text(roster.config.read_text().replace("corp", "import"))
    (roster.directory / "x.ldif").write_text("version: 1\n\ndn: uid=a,dc=x\nentryUUID: 1\nobjectClass: inetOrgPerson\nuid: a\n")
    assert 'the name "import" belongs to an import' in roster.ctl("sync", code=78).err


# --- the two forms ----------------------------------------------------------------------------------------------------


def as_csv(lines):
    columns = sorted({key for line in lines for key in line})
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for line in lines:
        writer.writerow({key: "; ".join(value) if isinstance(value, list) else value for key, value in line.items()})
    return out.getvalue()


def test_csv_says_the_same(files, roster):
    files.write(LINES)
    planned = files.roster.json("import", "all.jsonl", "--plan")
    files.write("\ufeff" + as_csv(LINES))
    assert [{**row, "line": 0} for row in roster.json("import", "all.jsonl", "--plan")["changes"]] == [
        {**row, "line": 0} for row in planned["changes"]]
    files.load(as_csv(LINES).replace("\r\n", "\n"))
    assert "nothing to do" in files.load(LINES).err


def test_cells_in_quotes(files, roster):
    files.load('group,description,admins\r\n"/a,b","It says ""x"",\nin two lines","alice;bob"\r\n\r\n/c,,carol')
    assert roster.sql("select name, description from groups where parent_id is not null order by name") == [
        {"name": "a,b", "description": 'It says "x",\nin two lines'}, {"name": "c", "description": "made by import import"}]
    assert ("bob", "group:/a,b", "Group Administrator", "import") in grants(roster)


def test_standard_input(files, roster):
    result = roster.run("import", "-", stdin=json.dumps(LINES[4]) + "\n")
    assert result.code == 0 and "applied 1 change " in result.err


def test_a_file_that_is_not_there(files, roster):
    assert "cannot open none.jsonl" in roster.ctl("import", "none.jsonl", code=65).err


# --- mistakes ---------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_named_at_once_with_their_lines(files, roster):
    roster.ctl("user", "suspend", "carol")
    assert files.mistakes("""{"group": "/pay", "admin": ["alice"]}
[1]
{"member": "zed", "group": "/nope", "role": "Devel"}

{"app": "x"}
{"namespace": "prod", "purposes": ["fun"]}
{"group": "/new/deep", "admins": ["carol"]}
{"app": "crm", "owner": "alice"}
{"app": "crm", "owner": "bob"}
nonsense
{"member": "alice", "group": "/pay", "role": "Owner"}
{"member": "alice", "role": "Developer", "group": "/pay", "app": "crm"}
{"colour": "red"}
{"app": ["crm"], "owner": 1}
{"group": "pay", "admins": ["alice"]}
""") == [
        (1, 'unknown key "admin"; did you mean "admins"?'),
        (2, "a line holds one JSON object; this is of kind array"),
        (3, 'no active user has the login "zed"'),
        (3, "there is no group /nope, in the tree or in this file"),
        (3, 'there is no role "Devel"; see: rosterctl role list'),
        (5, "app x is new and needs an owner"),
        (6, '"prod" is no name: it is empty, longer than 100 characters, or has a slash or a control character'),
        (6, 'there is no purpose "fun" (there are: development, test, acceptance, production)'),
        (7, 'no active user has the login "carol"; who had it is not active'),
        (7, "the parent of group /new/deep is neither in the tree nor in this file"),
        (9, "app crm is said to have another owner than on line 8"),
        (10, "invalid JSON at column 8: invalid token near 'nonsense'"),
        (11, 'the role "Owner" is not given to members: name an owner of the app instead'),
        (12, 'a member needs "group", "app" or "access_group", one of them'),
        (13, 'it says nothing: it needs "group", "app", "access_group", "node", "environment", "cluster", "namespace" or "member"'),
        (14, '"app" is one text, not a list'),
        (14, '"owner" has to be a text'),
        (15, '"pay" is no path of a group; write /PARENT/NAME'),
    ]


def test_what_is_mistyped_is_named_right(files, roster):
    roster.ctl("group", "create", "/billing", "--admin", "alice", "--description", "x")
    roster.ctl("app", "create", "ledger", "--owner", "alice")
    roster.ctl("access-group", "create", "auditors")
    assert files.mistakes([{"member": "alice", "group": "/biling", "role": "Developer"}, {"member": "alice", "app": "legder", "role": "Developer"},
                           {"member": "alice", "access_group": "auditor", "role": "Developer"}]) == [
        (1, 'there is no group /biling, in the tree or in this file; did you mean "/billing"?'),
        (2, 'there is no app legder, in roster or in this file; did you mean "ledger"?'),
        (3, 'there is no access group auditor, in roster or in this file; did you mean "auditors"?')]
    many = files.mistakes([{"member": "alcie", "group": "/", "role": "Developer"}] * 30)
    assert [why.endswith('did you mean "alice"?') for _, why in many] == [True] * 20 + [False] * 10


def test_the_line_stands_below_its_mistakes(files):
    assert 'all.jsonl:1: "role" is missing\n    {"member": "zed\\u001b", "group": "/"}\n' in files.load(
        [{"member": "zed\x1b", "group": "/"}], code=65).err


@pytest.mark.parametrize("line, mistake", [
    ({"namespace": "prod/a"}, '"purposes" is missing'),
    ({"namespace": "prod/a", "purposes": []}, '"purposes" is missing'),
    ({"app": "crm", "admins": ["alice"]}, '"admins" does not belong into a line about "app"'),
    ({"app": "crm", "owner": "alice", "colour": 1}, 'unknown key "colour"'),
    ({"app": "a/b", "owner": "alice"}, '"a/b" is no name: it is empty, longer than 100 characters, or has a slash or a control character'),
    ({"namespace": f"prod/{'x' * 101}", "purposes": ["test"]}, None),
    ({"group": "/x", "admins": []}, "group /x is new and needs an admin"),
    ({"group": "/" + "x" * 101, "admins": ["alice"]}, None),
    ({"group": "/..", "admins": ["alice"]}, None),
    ({"group": "/x", "admins": ["alice"], "description": "x" * 251}, "the description is longer than 250 characters: it has 251"),
    ({"member": "alice", "app": "none", "role": "Developer"}, "there is no app none, in roster or in this file"),
    ({"member": "alice", "group": "/", "role": "Platform Administrator"}, None),
    ({"member": "alcie", "group": "/", "role": "Developer"}, 'no active user has the login "alcie"; did you mean "alice"?'),
    ({"member": "alice", "group": "/", "role": "Devleoper"},
     'there is no role "Devleoper"; see: rosterctl role list; did you mean "Developer"?'),
])
def test_one_mistake(files, line, mistake):
    ((number, text),) = files.mistakes([line])
    assert number == 1 and (mistake is None or text == mistake)


@pytest.mark.parametrize("text, mistake", [
    ("group,admins,colour\n/x,alice,red\n", (1, 'unknown column "colour"')),
    ("group,owners\n", (1, 'unknown column "owners"; did you mean "owner"?')),
    ("group,admins,group\n", (1, 'column "group" is there twice')),
    ("group,admins\n/x,alice\n/y\n", (3, "cells: 1, but the first line names 2 columns")),
    ('group,admins\n"/x"y,alice\n', (2, "text follows the quote that ends a cell")),
    ('group,admins\n/x"y,alice\n', (2, "a quote in a cell that does not begin with one")),
    ('group,admins\n/y,alice\n"/x,alice\n', (3, "a cell in quotes has no end")),
])
def test_one_mistake_in_csv(files, text, mistake):
    assert files.mistakes(text) == [mistake]


def test_what_is_not_utf8(files, roster):
    (roster.directory / "all.jsonl").write_bytes(b'{"cluster": "a"}\n{"cluster": "\xff"}\n')
    assert "all.jsonl:2: it is not UTF-8\n" in roster.ctl("import", "all.jsonl", code=65).err


def test_who_is_no_administrator_imports_nothing(files, roster, cluster):
    if not cluster.execute("select 1 from pg_roles where rolname = 'visitor'"):
        cluster.execute("create role visitor login in role roster_admin")
    head = roster.value("select head()")
    assert "visitor is not allowed to" in files.load(LINES, user="visitor", code=77).err
    assert "visitor is not allowed to" in files.load(LINES, "--plan", user="visitor", code=77).err
    assert roster.value("select head()") == head


# --- what is no longer named ------------------------------------------------------------------------------------------


def test_complete_takes_away_what_the_file_does_not_name(loaded, roster):
    roster.adopt("own", "carol", "/pay")
    roster.ctl("group", "members", "/pay", "add", "bob", "--role", "Developer")
    assert loaded.changes([LINES[0], LINES[2]], "--complete") == {
        ("removed", "admin", "/pay/api"), ("removed", "member", "/pay"), ("removed", "member", "app:crm"),
        ("removed", "association", "prod/billing/test"), ("removed", "association", "prod/billing/production"),
        ("archived", "app", "lonely"), ("archived", "group", "/pay/api")}
    assert grants(roster) == {("alice", "group:/pay", "Group Administrator", "import"), ("bob", "group:/pay", "Developer", "hand")}
    assert "nothing to do" in loaded.load([LINES[0], LINES[2]], "--complete").err


def test_a_group_that_holds_something_else_stays(loaded, roster):
    roster.adopt("own", "carol", "/pay/api")
    changes = loaded.changes([], "--complete")
    assert {("kept", "group", "/pay"), ("kept", "group", "/pay/api"), ("archived", "app", "crm")} <= changes
    assert roster.value("select count(*) from groups where archived") == 0


def test_what_is_named_again_comes_back(loaded, roster):
    before = (grants(roster), roster.json("app", "list"), roster.json("namespace", "list"), roster.json("tree"))
    loaded.load([], "--complete")
    assert grants(roster) == set() and all(app["archived"] for app in roster.json("app", "list")["apps"])
    loaded.load(LINES, "--complete")
    assert (grants(roster), roster.json("app", "list"), roster.json("namespace", "list"), roster.json("tree")) == before


def test_what_was_archived_by_hand_stays_archived(loaded, roster):
    roster.ctl("app", "archive", "crm")
    assert "nothing to do" in loaded.load(LINES, "--complete").err
    assert roster.json("app", "list")["apps"][0]["archived"]


def test_without_complete_nothing_goes(loaded):
    assert loaded.changes([]) == set()


# --- limits -----------------------------------------------------------------------------------------------------------


def test_above_the_limits_it_is_refused_until_somebody_agrees(loaded, roster):
    loaded.configure("max_remove: 3")
    head = roster.value("select head()")
    result = loaded.load([], "--complete", code=1)
    assert "5 removals of 5 memberships (limit 3)" in result.err and "--yes" in result.err
    assert "4 removals of 4 apps and associations (limit 3)" in result.err
    assert "removed " in result.out and roster.value("select head()") == head
    assert "it needs --yes: " in loaded.load([], "--complete", "--plan").err
    loaded.load([], "--complete", "--yes")
    assert grants(roster) == set()


def test_the_share_of_a_group_is_of_its_own_members(files, roster):
    """11 of 20 members of a group are 55 %, however few that is of all."""
    files.configure("max_grant: 1000; max_remove_percent: 50")
    people = [f"m{number}" for number in range(20)]
    for login in people:
        roster.sql("insert into users (login) values (%s)", login)
    lines = [{"group": "/pay", "admins": ["alice"]}, {"group": "/crm", "admins": ["alice"]},
             *({"member": login, "group": group, "role": "Developer"} for group in ("/pay", "/crm") for login in people)]
    files.load(lines)
    kept = [line for line in lines if line.get("group") != "/pay" or line.get("member") not in people[:11]]
    result = files.load(kept, "--complete", code=1)
    assert "11 removals of 21 memberships" in result.err and "52.4 %, limit 50 %" in result.err
    files.configure("max_grant: 1000; max_remove_percent: 60")
    files.load(kept, "--complete")


def test_several_small_imports_stop_at_the_limit_too(loaded, roster):
    loaded.configure("max_remove: 3")
    loaded.load(LINES[:6], "--complete")
    result = loaded.load([LINES[0], *LINES[2:6], {"group": "/pay/api"}], "--complete", code=1)
    assert "4 removals of 5 memberships (limit 3, 2 of them within the last 1d)" in result.err


def test_new_holders_of_a_sensitive_role_are_counted(files, roster):
    files.configure("max_grant: 1")
    lines = [LINES[0], *({"member": login, "group": "/pay", "role": "Administrator"} for login in ("alice", "bob"))]
    assert "2 new holders of Administrator (limit 1)" in files.load(lines, code=1).err
    files.load(lines[:2])
    assert "2 new holders of Administrator (limit 1, 1 of them within the last 1d)" in files.load(lines, code=1).err
    files.load(lines, "--yes")
    assert len(grants(roster)) == 3


def test_an_app_that_gets_another_owner_is_taken_from_somebody(loaded):
    loaded.configure("max_remove: 1")
    lines = [{"app": "crm", "owner": "bob"}, {"app": "lonely", "owner": "alice"}]
    assert "2 removals of 4 apps and associations (limit 1)" in loaded.load(lines, code=1).err
    loaded.load(lines[:1])


# --- size -------------------------------------------------------------------------------------------------------------


def test_a_large_file_is_one_revision(files, roster):
    head = roster.value("select head()")
    lines = [{"group": "/all", "admins": ["alice"]}]
    lines += [{"group": f"/all/g{number}", "admins": ["alice"]} for number in range(2000)]
    lines += [{"app": f"app{number}", "owner": "bob", "group": f"/all/g{number % 2000}"} for number in range(4000)]
    assert "applied 8002 changes" in files.load(lines).err
    assert roster.value("select head()") == head + 1
    assert "nothing to do" in files.load(lines, "--complete").err
