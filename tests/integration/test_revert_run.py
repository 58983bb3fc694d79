# SPDX-License-Identifier: Apache-2.0
"""rosterctl revert of a run: what its source would do again is held, until somebody approves it."""

import pytest

from guarded import Company

LIMITS = 'first_run: "apply"; max_remove_percent: 100; max_grant: 1000'


@pytest.fixture
def company(roster):
    company = Company(roster, people=6, red={0, 1, 2}, blue={3, 4})
    company.start(safety=LIMITS)
    return company


def facts(roster):
    found = {}
    for row in roster.sql("select name::text as name, array_to_string(columns, ', ') as columns from fact_tables"):
        found[row["name"]] = {tuple(fact.items()) for fact in roster.sql(f"select {row['columns']} from {row['name']}")}
    return found


def archived(roster):
    return {row["name"] for row in roster.sql("select name from groups where archived")}


def add(company):
    company.teams["red"] |= {3, 4}


def leave(company):
    company.teams["red"] -= {0, 1}


def vanish(company):
    del company.people[5], company.people[2]


def make(company):
    company.teams["green"] = {1, 5}


def drop(company):
    company.teams["blue"] = set()
    del company.teams["blue"]


def come(company):
    company.people |= {20: "p20", 21: "p21"}
    company.teams["red"] |= {20}


def turn(company):
    """Everything at once."""
    for change in (add, make, vanish):
        change(company)


@pytest.mark.parametrize("change", [add, leave, vanish, make, drop, come, turn], ids=lambda change: change.__name__)
def test_a_run_is_taken_back_and_its_source_does_not_do_it_again(company, roster, change):
    before = facts(roster)
    change(company)
    company.sync()
    done = facts(roster)
    assert done != before
    planned = roster.json("revert", "corp/2", "--plan")["changes"]
    assert facts(roster) == done and planned
    result = roster.ctl("revert", "corp/2")
    reverted = facts(roster)
    if change in (add, leave, vanish, drop):
        assert reverted == before
    # What came is not deleted: groups are archived, people are not active.
    assert archived(roster) == ({"green"} if change in (make, turn) else set())
    assert company.active() == set(range(6))
    assert {team: company.members(team) for team in ("red", "blue")} == {"red": {0, 1, 2}, "blue": {3, 4}}
    run = company.last_run()
    assert (run["kind"], run["state"], run["held"]) == ("revert", "applied", len(company.held(run["run"])))
    assert f"that is held; see: rosterctl runs diff {run['run']}; release: rosterctl approve {run['run']}\n" in result.err

    company.sync("--full", code=1)
    assert facts(roster) == reverted
    roster.ctl("approve", run["run"])
    assert facts(roster) == done
    assert company.sync("--full").err.endswith("nothing to do\n")


def test_a_revert_that_is_taken_back_holds_nothing(company, roster):
    turn(company)
    company.sync()
    done = facts(roster)
    roster.ctl("revert", "corp/2")
    roster.ctl("revert", "corp/3")
    assert facts(roster) == done
    assert not roster.sql("select from held_changes")
    assert company.sync("--full").err.endswith("nothing to do\n")


def test_what_is_held_ends_when_nobody_asks_for_it(company, roster):
    add(company)
    company.sync()
    roster.ctl("revert", "corp/2")
    company.teams["red"] -= {3, 4}
    company.sync()
    assert not roster.sql("select from held_changes") and company.members("red") == {0, 1, 2}
    add(company)
    company.sync()
    assert company.members("red") == {0, 1, 2, 3, 4}


def test_what_later_runs_changed_is_left(company, roster):
    add(company)
    company.sync()
    company.teams["red"] -= {3}
    company.sync()
    changes = roster.json("revert", "corp/2")["changes"]
    assert {(row["change"], row["detail"]) for row in changes} == {
        ("removed", "p4 as Contributor"), ("kept", f"p3 as Contributor: changed again in revision {roster.value('select head() - 1')}")}
    assert company.members("red") == {0, 1, 2}


def test_who_is_suspended_by_hand_stays_so(company, roster):
    vanish(company)
    company.sync()
    roster.ctl("user", "suspend", "p5")
    changes = roster.json("revert", "corp/2")["changes"]
    assert {(row["change"], row["name"], row["detail"]) for row in changes} == {("restored", "p2", ""), ("kept", "p5", "suspended by hand since")}
    assert company.active() == set(range(5))


def test_the_limits_of_the_source_hold(company, roster):
    add(company)
    company.sync()
    company.configure(safety=LIMITS + "; max_remove: 1")
    assert "nothing was written: 2 removals of 5 memberships (limit 1)" in roster.ctl("revert", "corp/2", code=1).err
    assert company.members("red") == {0, 1, 2, 3, 4} and not roster.sql("select from held_changes")
    roster.ctl("revert", "corp/2", "--yes")
    assert company.members("red") == {0, 1, 2}


def test_an_import_is_taken_back_and_can_be_repeated(company, roster):
    (roster.directory / "all.jsonl").write_text(
        '{"group": "/pay", "admins": ["p1"]}\n{"app": "crm", "owner": "p1", "group": "/pay"}\n'
        '{"access_group": "finance", "apps": ["crm"]}\n{"member": "p2", "access_group": "finance"}\n'
        '{"member": "p2", "app": "crm", "role": "Developer"}\n{"node": "crm", "contact": "p1"}\n{"environment": "crm/test", "purpose": "test"}\n')
    roster.ctl("import", "all.jsonl")
    done = facts(roster)
    run = roster.json("runs")["runs"][0]["run"]
    result = roster.ctl("revert", run)
    assert "held" not in result.err and not roster.sql("select from held_changes")
    assert archived(roster) == {"pay"} and roster.value("select archived from apps")
    assert not roster.sql("select from nodes union all select from access_group_apps") and not roster.sql(
        "select from grants where source = (select id from sources where name = 'import')")
    roster.ctl("import", "all.jsonl")
    again = facts(roster)
    # The environment is another one.
    assert {name: rows for name, rows in again.items() if name != "environments"} == {name: rows for name, rows in done.items() if name != "environments"}
    # An app that goes back to the archive keeps no group.
    again = roster.ctl("revert", roster.json("runs")["runs"][0]["run"])
    assert "kept" not in again.out and archived(roster) == {"pay"} and roster.value("select archived from apps")


def test_a_retired_source_is_not_taken_back(company, roster):
    roster.config.write_text(roster.config.read_text().replace("sources: { corp:", "sources: { other:"))
    roster.ctl("source", "retire", "corp", "--yes")
    run = roster.json("runs")["runs"][0]["run"]
    assert "retired a source and is not taken back" in roster.ctl("revert", run, code=65).err
