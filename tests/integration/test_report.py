# SPDX-License-Identifier: Apache-2.0
"""rosterctl report: complete, in a fixed order, and safe to open in a spreadsheet."""

import csv
import io
import json
import subprocess

import pytest

from roster import BUILD

CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif" } }
safety: { first_run: "apply"; max_remove_percent: 100 }
rules: {
  default_admins: ["admin"]
  teams: { match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${team}"; role: "Developer" }
  seniors: { users: "(title=senior)"; into: "/red"; role: "Developer" }
  helpers: { users: "(title=helper)"; into: "/red"; role: "Contributor" }
}
"""


def record(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def person(number, login, title="none", name=None):
    return record(number, f"uid={login},ou=people", "objectClass: inetOrgPerson", f"uid: {login}", f"cn: {name or login}",
                  f"title: {title}", f"mail: {login}@x")


def team(number, name, *members):
    return record(number, f"cn=team-{name},ou=groups", "objectClass: groupOfNames", f"cn: team-{name}",
                  *(f"member: uid={login},ou=people,dc=x" for login in members))


@pytest.fixture
def company(roster):
    """ann is in the team, bea is a senior in it, cat is a senior, dan a helper."""
    roster.configure(CONFIGURATION)
    write(roster, person(1, "ann"), person(2, "bea", "senior"), person(3, "cat", "senior"), person(4, "dan", "helper"),
          team(9, "red", "ann", "bea"))
    roster.ctl("sync")
    roster.ctl("app", "create", "crm", "--owner", "cat", "--group", "/red")
    roster.ctl("namespace", "create", "east/api", "--purpose", "test")
    roster.ctl("namespace", "attach", "east/api/test", "/red")
    return roster


def write(roster, *records):
    (roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join(records))


def rows(roster, *words):
    out = roster.ctl("report", *words).out
    return list(csv.DictReader(io.StringIO(out, newline="")))


# --- grants -------------------------------------------------------------------------------------------------------------


def test_who_holds_what_since_when_and_why(company):
    found = {(row["login"], row["anchor"], row["role"]): row for row in rows(company, "grants") if row["login"] != "admin"}
    assert {key: (row["source"], row["rule"]) for key, row in found.items()} == {
        ("ann", "group:/red", "Developer"): ("corp", "teams"),
        ("bea", "group:/red", "Developer"): ("corp", "seniors, teams"),
        ("cat", "group:/red", "Developer"): ("corp", "seniors"),
        ("dan", "group:/red", "Contributor"): ("corp", "helpers"),
        ("cat", "app:crm", "Owner"): ("hand", ""),
        ("cat", "app:crm", "Scrum Master"): ("hand", "")}
    ann, owner = found["ann", "group:/red", "Developer"], found["cat", "app:crm", "Owner"]
    assert (ann["since"], ann["given_by"], ann["cause"], ann["active"], ann["name"]) == ("3", "roster_daemon", "run corp/1", "true", "ann")
    assert (owner["given_by"], owner["cause"]) == ("admin", "app create crm")
    company.ctl("app", "archive", "crm")
    (again,) = [row for row in rows(company, "grants", "--resource", "app:crm") if row["role"] == "Owner"]
    assert again == owner


@pytest.mark.parametrize("form", [[], ["--json"], ["--plain"]])
def test_where_it_cannot_be_written_it_says_so_once(company, form):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BUILD / "rosterctl", "report", "access", *form], env=company.environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "rosterctl: standard output cannot be written\n")


def test_grants_are_all_there_in_a_fixed_order(company):
    listed = rows(company, "grants")
    assert len(listed) == company.value("select count(*) from grants") + company.value("select count(*) from apps")
    order = [(row["login"], row["user_id"], row["anchor"], row["role"], row["source"]) for row in listed]
    assert order == sorted(order) and len(set(order)) == len(order)
    assert company.ctl("report", "grants").out == company.ctl("report", "grants", "--csv").out


def test_the_inactive_and_what_ends_are_told(company):
    company.ctl("group", "members", "/red", "add", "ann", "--role", "Operator", "--until", "2999-01-31 00:00:00+00")
    company.ctl("user", "suspend", "ann")
    found = rows(company, "grants", "--user", "ann")
    assert {(row["role"], row["active"], row["expires_at"]) for row in found} == {
        ("Developer", "false", ""), ("Operator", "false", "2999-01-31 00:00:00+00")}
    assert rows(company, "access", "--user", "ann") == []


# --- access -------------------------------------------------------------------------------------------------------------


def test_access_is_what_the_model_says(company):
    company.ctl("group", "members", "/", "add", "ann", "--role", "Operator")
    listed = rows(company, "access")
    told = {(row["user_id"], row["resource"], permission) for row in listed for permission in row["permissions"].split()}
    assert told == {(str(row["user_id"]), row["resource"], row["permission"]) for row in company.sql(
        "select e.user_id, resource_name(e.resource) as resource, p.name as permission from effective e join permissions p on p.id = e.permission")}
    assert len(listed) == company.value("""select count(*) from access a where exists (select from role_meanings m
        where m.role = a.role and m.kind = a.kind)""")
    order = [(row["login"], row["user_id"], row["resource"], row["role"], row["anchor"]) for row in listed]
    assert order == sorted(order)


def test_access_says_why(company):
    (row,) = rows(company, "access", "--user", "ann", "--resource", "namespace:east/api/test")
    given = {name: row[name] for name in ("role", "anchor", "distance", "source", "rule", "since", "given_by", "cause")}
    assert given == {"role": "Developer", "anchor": "group:/red", "distance": "0", "source": "corp", "rule": "teams", "since": "3",
                     "given_by": "roster_daemon", "cause": "run corp/1"}
    assert rows(company, "access", "--user", "dan", "--resource", "namespace:east/api/test") == []


def test_every_way_is_a_row_of_its_own(company):
    company.ctl("app", "members", "crm", "add", "bea", "--role", "Contributor")
    found = rows(company, "access", "--user", "bea", "--resource", "app:crm")
    assert [(row["role"], row["anchor"], row["distance"], row["source"], row["rule"]) for row in found] == [
        ("Contributor", "app:crm", "0", "hand", ""), ("Developer", "group:/red", "0", "corp", "seniors, teams")]
    assert found[0]["permissions"] == "cicd.view project.revisions project.stories project.view"


# --- earlier revisions ---------------------------------------------------------------------------------------------------


def test_as_of_a_revision_it_is_what_it_was(company):
    then = company.value("select head()")
    grants, access = rows(company, "grants"), rows(company, "access")
    write(company, person(1, "ann"), person(3, "cat"), team(9, "red", "cat"))
    company.ctl("sync")
    company.ctl("app", "owner", "crm", "admin")
    company.ctl("user", "suspend", "cat")
    assert rows(company, "grants") != grants
    for report, before in (("grants", grants), ("access", access)):
        assert rows(company, report, "--at", then) == [{**row, "rule": ""} for row in before]


@pytest.mark.parametrize("revision", [-1, 0, 99])
def test_a_revision_that_is_none_is_an_error(company, revision):
    head = company.value("select head()")
    for words in (["report", "grants", f"--at={revision}"], ["report", "access", f"--at={revision}"], ["diff", "--", revision],
                  ["diff", "--", 1, revision], ["who-can", "project.view", "app:crm", f"--at={revision}"]):
        result = company.ctl(*words, code=65)
        assert f"there is no revision {revision} (they go from 1 to {head})" in result.err and result.out == ""


def test_names_that_are_none_are_errors(company):
    assert 'nobody has the login "zed"' in company.ctl("report", "grants", "--user", "zed", code=65).err
    result = company.ctl("report", "access", "--resource", "app:zed", code=65)
    assert "there is no app:zed" in result.err and result.out == ""
    company.ctl("report", "access", "--at", "yesterday", code=65)
    assert "one of them" in company.ctl("--json", "report", "access", "--csv", code=64).err


# --- forms ----------------------------------------------------------------------------------------------------------------


NAMES = {"f1": "=1+1", "f2": "+1", "f3": "-1", "f4": "@SUM(A1)", "f5": 'Eve "the" Smith, jr.', "f6": "plain = name", "f7": "=\"a\",b"}


def test_no_cell_is_a_formula_and_nothing_is_lost(company):
    for login, name in NAMES.items():
        company.ctl("user", "create", login, f"--name={name}")
        company.ctl("group", "members", "/red", "add", login, "--role", "Contributor")
    found = {row["login"]: row["name"] for row in rows(company, "grants")}
    assert {login: found[login] for login in NAMES} == {
        "f1": "'=1+1", "f2": "'+1", "f3": "'-1", "f4": "'@SUM(A1)", "f5": 'Eve "the" Smith, jr.', "f6": "plain = name", "f7": "'=\"a\",b"}
    document = company.json("report", "grants")
    assert {row["login"]: row["name"] for row in document["grants"] if row["login"] in NAMES} == NAMES
    out = company.ctl("report", "grants").out
    assert '"Eve ""the"" Smith, jr."' in out


def test_json_keeps_kinds_and_plain_is_tabs(company):
    (row,) = company.json("report", "grants", "--user", "ann")["grants"]
    assert (row["active"], row["since"], row["expires_at"]) == (True, 3, None)
    columns = company.ctl("--plain", "report", "grants", "--user", "ann").out.rstrip("\n").split("\t")
    assert columns[0] == "ann" and len(columns) == len(row)


def test_an_empty_report_is_whole(company):
    company.ctl("user", "create", "nobody")
    assert company.json("report", "grants", "--user", "nobody")["grants"] == []
    assert company.ctl("report", "grants", "--user", "nobody").out.startswith("login,name,user_id,") and rows(
        company, "grants", "--user", "nobody") == []
    assert company.ctl("--plain", "report", "grants", "--user", "nobody").out == ""


def test_more_rows_than_one_batch(company):
    lines = [{"group": "/all", "admins": ["ann"]}]
    lines += [{"member": login, "group": f"/all/g{number}", "role": "Developer"} for number in range(800) for login in ("ann", "bea", "cat")]
    lines += [{"group": f"/all/g{number}", "admins": ["ann"]} for number in range(800)]
    (company.directory / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    company.ctl("import", "all.jsonl")
    listed = rows(company, "grants")
    assert len(listed) == company.value("select count(*) from grants") + 1 > 3200
    order = [(row["login"], row["user_id"], row["anchor"], row["role"], row["source"]) for row in listed]
    assert order == sorted(order)
    assert len(company.json("report", "grants")["grants"]) == len(listed)
