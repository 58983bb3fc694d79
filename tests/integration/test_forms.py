# SPDX-License-Identifier: Apache-2.0
"""The forms rosterctl prints in: lists and numbers for programs, lists one below the other, and what it says of nothing."""

import csv
import io
import json

import pytest

from ldif_company import Company, GROUPS, PEOPLE, person

ODD = "/pay/a,b \"c\" {d} \\e"  # whatever an array of PostgreSQL must escape


@pytest.fixture
def shop(roster):
    company = Company(roster)
    company.configure()
    company.directory(*PEOPLE, *GROUPS)
    roster.ctl("sync")
    # What a person types is held to plain names; what a rule or an import brings is called as it is elsewhere.
    roster.brought("insert into groups (parent_id, name) values (need_group('/pay'), %s)", ODD.removeprefix("/pay/"))
    for admin in ("alice", "bob"):
        roster.ctl("group", "admin", ODD, "add", admin)
    roster.adopt("a, b", "carol", ODD)
    roster.adopt("c", "carol", ODD)
    roster.ctl("namespace", "create", "east/api", "--purpose", "test", "--purpose", "production")
    roster.ctl("namespace", "attach", "east/api/test", ODD)
    roster.ctl("namespace", "attach", "east/api/test", "/pay/api")
    return company


def plain(roster, *words):
    return [line.split("\t") for line in roster.ctl("--plain", *words).out.splitlines()]


def test_lists_are_arrays_for_programs(shop, roster):
    groups = {row["group_path"]: row for row in roster.json("tree")["groups"]}
    assert groups[ODD]["admins"] == ["alice", "bob"] and groups[ODD]["apps"] == ["a, b", "c"]
    assert groups[ODD]["namespaces"] == ["east/api/test"] and groups["/"]["namespaces"] == []
    assert roster.json("namespace", "list")["namespaces"] == [
        {"namespace": "east/api/test", "groups": [ODD, "/pay/api"]}, {"namespace": "east/api/production", "groups": []}]
    assert {row["login"]: row["sources"] for row in roster.json("user", "list")["users"]} == {
        "admin": ["hand"], "alice": ["corp"], "bob": ["corp"], "carol": ["corp"]}
    tags = {row["role"]: row["tags"] for row in roster.json("role", "list")["roles"]}
    assert tags["Owner"] == ["predefined", "locked", "not given by hand"] and tags["Developer"] == ["predefined"]
    roster.ctl("role", "create", "Plain, simple", "--permission", "cicd.view")
    assert [row["tags"] for row in roster.json("role", "list")["roles"] if row["role"] == "Plain, simple"] == [["not used"]]
    before = roster.value("select head()")
    roster.ctl("app", "members", "c", "add", "alice", "--role", "Plain, simple")
    roster.ctl("app", "members", "c", "add", "alice", "--role", "Contributor")
    assert roster.json("diff", before)["differences"] == [{
        "resource": "app:c", "login": "alice", "roles_won": ["Contributor", "Plain, simple"], "roles_lost": [],
        "won": ["cicd.view", "project.revisions", "project.stories", "project.view"], "lost": []}]
    assert {row["resource"]: row["roles"] for row in roster.json("access", "alice")["reaches"]}["app:c"] == [
        "Contributor", "Group Administrator", "Plain, simple"]
    roster.ctl("user", "suspend", "carol")
    assert {tuple(row["who"]) for row in roster.json("attention")["attention"] if row["what"].startswith("app:")} == {("carol",)}
    assert "owner suspended  app:c" in roster.ctl("attention").out and "rosterctl app owner c LOGIN" in roster.ctl("attention").out


def test_lists_of_reports(shop, roster):
    words = ("report", "access", "--user", "bob", "--resource", "app:c")
    (row,) = [row for row in roster.json(*words)["access"] if row["rule"]]  # of the group he is an admin, too
    assert row["rule"] == ["contractors"] and "cicd.view" in row["permissions"] and len(row["permissions"]) > 3
    (told,) = [told for told in csv.DictReader(io.StringIO(roster.ctl(*words).out)) if told["rule"]]
    assert told["permissions"] == " ".join(row["permissions"]) and told["rule"] == "contractors"
    by_hand = [row["rule"] for row in roster.json("report", "grants", "--user", "admin")["grants"]]
    assert by_hand and all(rule == [] for rule in by_hand)


def test_lists_are_text_for_people_and_in_lines(shop, roster):
    out = roster.ctl("tree").out
    assert 'a,b "c" {d} \\e   admin alice, bob   app a, b, c   namespace east/api/test\n' in out
    assert f"east/api/test        {ODD}, /pay/api\n" in roster.ctl("namespace", "list").out
    assert ["east/api/test", ODD.replace("\\", "\\\\") + ", /pay/api"] in plain(roster, "namespace", "list")
    assert ["east/api/production", ""] in plain(roster, "namespace", "list")


def test_numbers_have_the_digits_they_have(shop, roster):
    roster.sql("update runs set started_at = ended_at - interval '0.1 s'")
    assert '"seconds": 0.1,' in roster.ctl("--json", "runs").out
    roster.ctl("group", "create", "/third", "--description", "For tests", "--admin", "alice")
    average = roster.value("select average_members from statistics")
    assert f'"average_members": {float(average)},' in roster.ctl("--json", "stats").out and len(str(float(average))) <= 4


def test_lines_of_several_lists_say_which(shop, roster):
    assert [(line[0], line[1]) for line in plain(roster, "access", "alice")] == [
        ("holds", f"group:{ODD}".replace("\\", "\\\\")), ("holds", "group:/pay/api"),
        ("reaches", "app:a, b"), ("reaches", "app:c"), ("reaches", "namespace:east/api/test")]
    lines = plain(roster, "status")
    assert lines[0][:2] == ["sources", "corp"] and len(lines) == 1 and len(lines[0]) == len(roster.json("status")["sources"][0]) + 1
    assert plain(roster, "runs")[0][0] == "corp/1"


def test_one_form_at_a_time(shop, roster):
    for words in (("--json", "--plain", "status"), ("status", "--plain", "--json")):
        assert "--json or --plain: one of them" in roster.ctl(*words, code=64).err
    assert roster.json("--json", "status")["sources"]


def test_nothing_is_said_in_words(shop, roster):
    roster.ctl("group", "admin", "/pay/api", "add", "admin")
    assert roster.ctl("attention").err == "nothing needs attention\n"
    roster.ctl("user", "create", "guest")
    assert roster.ctl("access", "guest").err == "guest holds nothing\n"
    assert roster.json("attention")["attention"] == []


def test_a_target_that_is_not_there_is_wrong_data(shop, roster):
    assert 'there is no target "nope"' in roster.ctl("deliver", "nope", code=65).err
    assert 'neither a source nor a target "nope"' in roster.ctl("pause", "nope", code=65).err


def test_waiting_may_be_asked_for(shop, roster):
    assert "nothing to do" in roster.ctl("sync", "--wait", "--local").err
    assert "--wait or --no-wait: one of them" in roster.ctl("sync", "--wait", "--no-wait", code=64).err
    roster.led = True
    assert "no rosterd leads source corp" in roster.ctl("sync", "--wait", code=3).err


@pytest.mark.parametrize("count, said", [(1, "1 record cannot be told from others "), (2, "2 records cannot be told from others ")])
def test_one_record_is_one(shop, roster, count, said):
    path = roster.directory / "people.ldif"
    path.write_text(path.read_text() + "".join("\n" + person(1, f"zed{number}") for number in range(count)))
    roster.ctl("sync", code=69)
    assert roster.json("runs", "--most", 1)["runs"][0]["reason"].startswith(said)


def test_a_program_gets_findings_as_data(roster):
    roster.configure("version: 1\ndatabse: { }\n")
    result = roster.ctl("check", "--json", code=78)
    first, second = json.loads(result.out)["findings"]
    assert result.err == "rosterctl: 2 mistakes in the configuration\n"
    assert first["file"].endswith("/rosterd.conf") and (first["line"], first["severity"]) == (None, "error")
    assert (second["line"], second["text"], second["source_line"], second["hint"]) == (
        2, 'unknown key "databse"', "databse: { }", 'did you mean "database"?')
    plain = roster.ctl("--plain", "check", code=78).out.splitlines()
    assert plain[1].split("\t")[1:4] == ["2", "error", 'unknown key "databse"']


def test_a_program_gets_warnings_of_a_good_configuration(shop, roster):
    assert roster.json("check") == {"findings": [], "schema": 1}
    roster.configure(roster.config.read_text() + 'targets: { pay: { type: "webhook"; url: "https://pay.example/"\n'
                     '  sign: "credential:pay"; resources: [ "namespace:prod/*" ] } }\n')
    warning, = roster.json("check")["findings"]
    assert warning["severity"] == "warning" and "can match nothing" in warning["text"]
