# SPDX-License-Identifier: Apache-2.0
"""Sources that are no longer in the configuration, people a source is to forget, and what runs that are held show."""

import re

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ {sources} }}
safety: {{ first_run: "{first_run}"; max_remove_percent: 100; max_remove: {most} }}
rules: {{
  default_admins: ["admin"]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/teams/${{team}}"; role: "{role}" }}
}}
"""
SOURCE = '{name}: {{ type: "ldif"; file: "{name}.ldif" }}'


def record(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def person(number, login):
    return record(number, f"uid={login},ou=people", "objectClass: inetOrgPerson", f"uid: {login}", f"cn: {login}")


def team(number, name, *members):
    return record(number, f"cn=team-{name},ou=groups", "objectClass: groupOfNames", f"cn: team-{name}",
                  *(f"member: uid={login},ou=people,dc=x" for login in members))


class Company:
    def __init__(self, roster):
        self.roster = roster

    def configure(self, *names, first_run="apply", most=500, role="Developer"):
        sources = " ".join(SOURCE.format(name=name) for name in names)
        self.roster.configure(CONFIGURATION.format(sources=sources, first_run=first_run, most=most, role=role))

    def write(self, name, *records):
        (self.roster.directory / f"{name}.ldif").write_text("version: 1\n\n" + "\n".join(records))

    def grants(self):
        return {(row["login"], row["anchor"], row["source"]) for row in self.roster.json("report", "grants")["grants"]
                if row["login"] != "admin"}

    def active(self):
        return {user["login"] for user in self.roster.json("user", "list")["users"] if user["active"]}


@pytest.fixture
def company(roster):
    """ann and bob in corp, cat in hr; ann and cat are in a team of their source."""
    company = Company(roster)
    company.configure("corp", "hr")
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "ann"))
    company.write("hr", person(3, "cat"), team(8, "blue", "cat"))
    roster.ctl("sync")
    return company


@pytest.fixture
def without(company):
    """The same with corp no longer in the configuration."""
    company.configure("hr")
    return company


# --- not in silence -------------------------------------------------------------------------------------------------------


def test_a_source_that_left_the_configuration_is_named_wherever_one_looks(without, roster):
    warning = (f"warning: source corp is not in {roster.config} any more; it still lets 2 people in and gives 1 roles "
               "(see: rosterctl source retire corp)\n")
    assert warning in roster.ctl("check", "--connect").err
    assert warning in roster.ctl("sync").err
    assert {row["source"]: row["state"] for row in roster.json("status")["sources"]} == {
        "corp": "not in the configuration", "hr": "configured"}
    assert {"ann", "bob"} <= without.active() and ("ann", "group:/teams/red", "corp") in without.grants()


def test_one_that_is_there_is_not_named(company, roster):
    assert "warning" not in roster.ctl("check", "--connect").err + roster.ctl("sync").err


# --- source retire --------------------------------------------------------------------------------------------------------


def test_retire_shows_what_it_takes_and_writes_nothing(without, roster):
    head = roster.value("select head()")
    shown = roster.ctl("source", "retire", "corp", code=2)
    assert "Nothing was written. Take it away: rosterctl source retire corp --yes\n" in shown.err
    changes = roster.json("source", "retire", "corp", code=2)["changes"]
    assert {(row["change"], row["kind"], row["name"], row["detail"]) for row in changes} == {
        ("suspended", "user", "ann", "no other source knows this person"), ("suspended", "user", "bob", "no other source knows this person"),
        ("removed", "member", "/teams/red", "ann as Developer"), ("archived", "group", "/teams/red", ""),
        ("kept", "group", "/teams", "it holds what something else has put there")}
    assert roster.value("select head()") == head


def test_retire_takes_everything_in_one_revision(without, roster):
    head = roster.value("select head()")
    assert f"source corp is retired: 4 changes (revision {head + 1})\n" in roster.ctl("source", "retire", "corp", "--yes").err
    assert roster.value("select head()") == head + 1
    assert roster.value("select cause from revisions where id = head()") == "source retire corp"
    assert without.grants() == {("cat", "group:/teams/blue", "hr")} and without.active() == {"admin", "cat"}
    assert roster.value("select count(*) from directory_entries d join sources s on s.id = d.source and s.name = 'corp'") == 0
    assert "warning" not in roster.ctl("sync").err + roster.ctl("check", "--connect").err
    assert [row["source"] for row in roster.json("status")["sources"]] == ["hr"]
    assert "gave nothing any more" in roster.ctl("source", "retire", "corp", "--yes").err


def test_what_hands_and_other_sources_gave_stays(without, roster):
    roster.ctl("group", "members", "/teams/red", "add", "ann", "--role", "Operator")
    roster.ctl("group", "members", "/teams/red", "add", "cat", "--role", "Operator")
    assert ("kept", "/teams/red") in {(row["change"], row["name"])
                                      for row in roster.json("source", "retire", "corp", code=2)["changes"]}
    roster.ctl("source", "retire", "corp", "--yes")
    assert {("ann", "group:/teams/red", "hand"), ("cat", "group:/teams/red", "hand")} <= without.grants()
    assert not roster.value("select archived from groups where name = 'red'")
    assert "gone from corp since" in roster.ctl("explain", "ann", "group:/teams/red").out


def test_a_retired_source_may_come_back_with_its_people(without, roster):
    ann = roster.value("select id from users where login = 'ann'")
    roster.ctl("source", "retire", "corp", "--yes")
    without.configure("corp", "hr")
    roster.ctl("sync")
    assert without.active() == {"admin", "ann", "bob", "cat"} and ("ann", "group:/teams/red", "corp") in without.grants()
    assert roster.value("select id from users where login = 'ann'") == ann
    assert {row["source"]: row["settled"] for row in roster.json("status")["sources"]} == {"corp": True, "hr": True}


def test_limits_are_told_as_a_warning(without, roster):
    without.configure("hr", most=0)
    err = roster.ctl("source", "retire", "corp", "--yes").err
    assert "warning: this is above the limits: " in err
    assert "1 removal of 1 memberships (limit 0)" in err and "2 disappearances of 2 people (limit 0)" in err
    assert without.active() == {"admin", "cat"}


def test_a_source_of_the_configuration_is_not_retired(company, roster):
    assert "source corp is still in " in roster.ctl("source", "retire", "corp", "--yes", code=78).err
    assert 'there is no source "corq"' in roster.ctl("source", "retire", "corq", "--yes", code=65).err
    assert {"ann", "bob"} <= company.active()


def test_who_is_no_administrator_retires_nothing(without, roster, cluster):
    if not cluster.execute("select 1 from pg_roles where rolname = 'visitor'"):
        cluster.execute("create role visitor login in role roster_admin")
    for words in (["source", "retire", "corp"], ["source", "retire", "corp", "--yes"], ["user", "unlink", "ann", "corp"]):
        assert "visitor is not allowed to" in roster.ctl(*words, user="visitor", code=77).err


def test_the_last_administrator_is_not_retired(without, roster):
    roster.sql("update operators set user_id = (select id from users where login = 'ann') where login = 'operator'")
    roster.sql("insert into grants (user_id, anchor, role) select id, platform(), role_named('platform', 'Platform Administrator')"
               " from users where login = 'ann'")
    roster.sql("update users set suspended = true, active = false where login = 'admin'")
    assert "nobody would be a platform administrator any more" in roster.ctl("source", "retire", "corp", "--yes", code=65).err
    assert {"ann", "bob"} <= without.active()


def test_an_import_is_retired_too(company, roster):
    (roster.directory / "all.jsonl").write_text('{"app": "crm", "owner": "ann"}\n{"member": "bob", "app": "crm", "role": "Developer"}\n')
    roster.ctl("import", "all.jsonl", "--name", "apps")
    roster.ctl("source", "retire", "apps", "--yes")
    assert ("bob", "app:crm", "apps") not in company.grants() and roster.json("app", "list")["apps"][0]["archived"]
    roster.ctl("import", "all.jsonl", "--name", "apps")
    assert ("bob", "app:crm", "apps") in company.grants() and not roster.json("app", "list")["apps"][0]["archived"]


# --- user unlink ----------------------------------------------------------------------------------------------------------


def test_a_source_forgets_a_person(without, roster):
    roster.ctl("group", "members", "/teams/red", "add", "ann", "--role", "Operator")
    roster.ctl("user", "unlink", "ann", "corp")
    assert without.active() >= {"ann"} and without.grants() >= {("ann", "group:/teams/red", "hand")}
    assert ("ann", "group:/teams/red", "corp") not in without.grants()
    assert {user["login"]: user["sources"] for user in roster.json("user", "list")["users"]}["ann"] == ["hand"]
    assert "does not know ann" in roster.ctl("user", "unlink", "ann", "corp", code=65).err
    roster.ctl("source", "retire", "corp", "--yes")
    assert "ann" in without.active() and "bob" not in without.active()


def test_an_entry_that_is_still_there_waits_for_another_login(company, roster):
    roster.ctl("user", "unlink", "ann", "corp")
    roster.ctl("sync")
    (problem,) = roster.json("quarantine")["problems"]
    assert problem["what"].startswith("uid=ann,") and "belongs to user ann" in problem["why"]
    assert ("ann", "group:/teams/red", "corp") not in company.grants()


def test_who_had_left_is_kept_on_by_hand(company, roster):
    company.write("corp", person(2, "bob"), team(9, "red", "bob"))
    roster.ctl("sync")
    assert "ann" not in company.active()
    roster.ctl("user", "unlink", "ann", "corp")
    assert "ann" not in company.active()
    assert "suspended by hand" in roster.ctl("explain", "ann", "platform").out
    roster.ctl("user", "resume", "ann")
    assert "ann" in company.active()
    roster.ctl("sync")
    assert "ann" in company.active() and "there are no problems" in roster.ctl("quarantine").err


# --- check ----------------------------------------------------------------------------------------------------------------


def test_check_names_roles_that_do_not_exist(company, roster):
    company.configure("corp", "hr", role="Devel")
    result = roster.ctl("check", "--connect", code=78)
    assert 'rules: ' in result.err and 'rule teams: there is no role "Devel" (there are: ' in result.err
    assert "source corp: ok\nsource hr: ok\n" in result.err
    roster.ctl("check")


def test_check_counts_and_names_its_peer_once(company, roster):
    assert " is good: 2 sources, 1 rule, 0 targets\n" in roster.ctl("check").err
    roster.configure('version: 1\ndatabase: { conninfo: "host=/nonexistent dbname=roster" }\n')
    assert "database: database:" not in roster.ctl("check", "--connect", code=69).err


# --- held -----------------------------------------------------------------------------------------------------------------


def test_a_run_that_is_held_whole_shows_what_it_holds(roster):
    company = Company(roster)
    company.configure("corp", first_run="hold")
    company.write("corp", person(1, "ann"), team(9, "red", "ann"))
    roster.ctl("sync", code=1)
    why = "to add: the first run of this source waits until its plan is approved"
    expected = [{"change": "held", "kind": kind, "login": login, "anchor": anchor, "role": role, "revision": None, "reason": why}
                for kind, login, anchor, role in (("grant", "ann", "/teams/red", "Developer"), ("group", None, "/teams/red", None),
                                                  ("user", "ann", None, None))]
    changes = roster.json("runs", "diff", "corp/1")["changes"]
    assert sorted(changes, key=lambda row: row["kind"]) == expected
    err = roster.ctl("sync", code=1).err
    assert "see: rosterctl runs diff corp/2 " in err and roster.json("runs", "diff", "corp/2")["changes"] == changes
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "ann"))
    roster.ctl("sync", code=1)
    assert len(roster.json("runs", "diff", "corp/3")["changes"]) == 4
    roster.ctl("approve", "corp/3")
    assert {row["change"] for row in roster.json("runs", "diff", "corp/4")["changes"]} == {"added"}
    assert roster.json("runs", "diff", "corp/3")["changes"] == [] and not roster.sql("select from held_plans")


def test_a_group_that_was_moved_is_planned_under_the_path_it_has(company, roster):
    roster.ctl("group", "create", "/new", "--description", "For tests", "--admin", "admin")
    roster.ctl("group", "move", "/teams/red", "/new")
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "ann", "bob"))
    assert "  + member   /new/red             bob as Developer" in roster.ctl("sync").out
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "bob"))
    assert "  - member   /new/red             ann as Developer" in roster.ctl("sync").out


# --- how sources are ----------------------------------------------------------------------------------------------------


def test_status_says_what_is_in_doubt_and_where_to_look(roster):
    """From a source that was never read to one whose file is gone; also that there is no rosterd."""
    company, nobody = Company(roster), "no rosterd works with this database: until one is started, for good or by cron, nothing is read and nobody is told\n"
    company.configure("corp", first_run="hold")
    status = roster.ctl("status")
    assert "corp          never read " in status.out and status.err == nobody
    assert roster.json("status")["doubts"] == []
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "ann", "bob"))
    roster.ctl("sync", code=1)
    waits = r"corp: \d+ changes wait for a decision \(see: rosterctl runs diff corp/1\)\n"
    assert re.fullmatch(waits + nobody, roster.ctl("status").err)
    # A read that failed answers nothing.
    waiting = roster.json("status")["sources"][0]["held"]
    (roster.directory / "corp.ldif").rename(roster.directory / "elsewhere")
    roster.ctl("sync", code=69)
    assert re.match(waits + "corp: the last read failed: ", roster.ctl("status").err)
    assert roster.json("status")["sources"][0]["held"] == waiting > 0
    (roster.directory / "elsewhere").rename(roster.directory / "corp.ldif")
    roster.ctl("approve", "corp/1")
    assert re.match("corp: the last read failed: ", roster.ctl("status").err), "no read was better since"
    roster.ctl("sync")
    assert roster.ctl("status").err == nobody
    company.configure("corp", most=0)
    company.write("corp", person(1, "ann"), person(2, "bob"), team(9, "red", "ann"))
    roster.ctl("sync", code=1)
    (roster.directory / "corp.ldif").write_text("version: 1\n")
    roster.ctl("sync", code=69)
    held, incomplete = roster.json("status")["doubts"]
    assert held["doubt"] == "1 change waits for a decision" and held["see"].startswith("rosterctl runs diff corp/")
    assert incomplete == {"source": "corp", "doubt": "the last read was incomplete: the file holds no records",
                          "see": f"rosterctl runs show {roster.json('status')['sources'][0]['last_run']}"}
    (roster.directory / "corp.ldif").unlink()
    roster.ctl("sync", code=69)
    assert "corp: the last read failed: cannot open " in roster.ctl("status").err
