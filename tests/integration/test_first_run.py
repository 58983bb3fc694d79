# SPDX-License-Identifier: Apache-2.0
"""A run that asks once, with all it would do: the first of a source, one with other rules, and what becomes of the answer."""

import json

import pytest

from guarded import ALL, Company, removals
from guarded import company, held  # noqa: F401  (fixtures)


@pytest.fixture
def asking(roster):
    """A company nobody has looked at yet; the first run waits."""
    company = Company(roster, red=range(5), blue=range(2))
    company.configure('first_run: "hold"')
    company.write()
    return company


def test_the_first_run_waits_for_approval(asking):
    result = asking.sync(code=1)
    assert "held: run corp/1 changed nothing and holds 39 changes: the first run of this source waits" in result.err
    assert asking.active() == set() and asking.last_run()["state"] == "held"
    asking.sync(code=1)
    asking.roster.ctl("approve", "corp/2")
    assert asking.active() == set(range(30)) and asking.members("red") == set(range(5))
    states = [run["state"] for run in asking.roster.json("runs")["runs"]]
    assert states == ["applied", "approved", "approved"]
    asking.teams["blue"] |= {5}
    asking.sync()
    assert asking.members("blue") == {0, 1, 5}


def test_a_rejected_first_run_asks_nobody_again_until_there_is_something_else(asking):
    asking.sync(code=1)
    asking.sync(code=1)
    assert "nobody is asked again until there is something else" in asking.roster.ctl("reject", "corp/2").err
    assert {run["state"] for run in asking.roster.json("runs")["runs"]} == {"rejected"}
    assert asking.roster.json("status")["sources"][0]["rejected"] == 39
    for run in ("corp/1", "corp/2"):
        asking.roster.ctl("approve", run, code=75)
    result = asking.sync()
    assert "run corp/3 changed nothing: 39 changes were rejected before and are still all there is to do" in result.err
    assert result.out.count("(rejected)") == 39
    assert asking.last_run()["state"] == "rejected" and asking.active() == set()
    assert "(held)" not in asking.roster.ctl("plan").out
    asking.teams["red"].add(29)
    assert "held: run corp/5 changed nothing and holds 40 changes" in asking.sync(code=1).err
    asking.teams["red"].remove(29)
    asking.sync(code=1)  # another question was asked in between
    asking.roster.ctl("approve", "corp/6")
    assert asking.members("red") == set(range(5))


def test_what_was_rejected_is_applied_as_a_saved_plan(asking):
    asking.sync(code=1)
    asking.roster.ctl("reject", "corp/1")
    asking.roster.ctl("plan", "-o", "plan.json")
    asking.sync("--plan", "plan.json")
    assert asking.members("red") == set(range(5))


def test_a_failed_run_in_between_is_no_other_question(asking):
    asking.sync(code=1)
    asking.roster.ctl("reject", "corp/1")
    (asking.roster.directory / "people.ldif").rename(asking.roster.directory / "away")
    asking.roster.ctl("sync", code=69)
    asking.sync()
    assert asking.last_run()["state"] == "rejected"


def test_rejected_in_mode_hold(company):
    company.configure('mode: "hold"; first_run: "apply"')
    company.teams["red"] -= {1}
    company.sync(code=1)
    company.roster.ctl("reject", "corp/2")
    assert "1 change was rejected before and is still all there is to do" in company.sync().err
    company.teams["red"] |= {1}
    assert "nothing to do" in company.sync().err
    company.teams["red"] -= {1}
    company.sync(code=1)


def test_a_held_run_is_not_approved_when_the_directory_says_otherwise_since(asking):
    asking.sync(code=1)
    asking.teams["red"].add(29)
    asking.sync(code=1)
    assert "not the one that was agreed to" in asking.roster.ctl("approve", "corp/1", code=75).err
    assert asking.active() == set()
    asking.roster.ctl("approve", "corp/2")
    assert asking.members("red") == {*range(5), 29}


def test_a_saved_plan_is_applied_as_agreed(asking):
    asking.roster.ctl("plan", "-o", "plan.json")
    assert asking.roster.value("select count(*) from runs") == 0
    plan = json.loads((asking.roster.directory / "plan.json").read_text())
    assert len(plan["sources"][0]["changes"]) == 39
    asking.sync("--plan", "plan.json")
    assert asking.members("red") == set(range(5)) and asking.active() == set(range(30))
    assert "nothing to do" in asking.sync().err


@pytest.mark.parametrize("change", [
    lambda company: company.teams["red"].add(9), lambda company: company.people.pop(29),
    lambda company: company.people.update({3: "root"}), lambda company: company.teams.update(green={1})],
    ids=["member", "person", "login", "group"])
def test_a_saved_plan_is_refused_when_the_directory_has_changed(asking, change):
    asking.roster.ctl("plan", "-o", "plan.json")
    change(asking)
    assert "not the one that was agreed to" in asking.sync("--plan", "plan.json", code=75).err
    assert asking.active() == set()
    asking.roster.ctl("plan", "-o", "plan.json")
    asking.sync("--plan", "plan.json")
    assert asking.active()


def test_other_rules_ask_once(company):
    company.configure('first_run: "hold"', ALL)
    result = company.sync(code=1)
    assert "holds 31 changes: the rules, or which entries they see, have changed: their first run waits" in result.err
    assert company.members("all") == set()
    company.roster.ctl("approve", "corp/2")
    assert company.members("all") == set(range(30))
    company.people[30] = "p30"
    company.sync()
    assert 30 in company.members("all")


class Nested(Company):
    """The team blue is in red."""

    def write(self):
        super().write()
        file = self.roster.directory / "people.ldif"
        file.write_text(file.read_text().replace("cn: team-red\n", "cn: team-red\nmember: cn=team-blue,ou=groups,dc=x\n"))


@pytest.mark.parametrize("settings, people, red, blue", [
    ('users: { filter: "(&(uid=*)(!(uid=p7)))" }', 29, 9, 2), ('groups: { filter: "(cn=team-red)" }', 30, 7, 0),
    ("groups: { nested: false }", 30, 7, 2)], ids=["filter of people", "filter of groups", "nested"])
def test_a_source_that_is_asked_for_less_asks_once(roster, settings, people, red, blue):
    """A slip in a filter takes away no less than one in a rule: it waits for a word, also where no limit would stop it."""
    company = Nested(roster, red=range(7), blue={8, 9}).start()
    company.configure('first_run: "hold"')
    assert "nothing to do" in company.sync().err and company.members("red") == {*range(7), 8, 9}
    roster.config.write_text(roster.config.read_text().replace('"people.ldif"', f'"people.ldif"; {settings}'))
    result = company.sync(code=1)
    assert "the rules, or which entries they see, have changed: their first run waits" in result.err
    assert (len(company.active()), len(company.members("red")), len(company.members("blue"))) == (30, 9, 2)
    roster.ctl("approve", company.last_run()["run"])
    assert (len(company.active()), len(company.members("red")), len(company.members("blue"))) == (people, red, blue)
    assert "nothing to do" in company.sync().err


@pytest.mark.parametrize("decided", [False, True])
def test_agreeing_to_other_rules_releases_nothing_another_run_holds(held, decided):
    if decided:
        held.roster.ctl("reject", "corp/2")
    held.configure('first_run: "hold"', ALL)
    held.sync(code=1)
    held.roster.ctl("approve", "corp/3")
    assert held.members("all") == set(range(30)) and held.members("red") == set(range(30))
    assert held.held("corp/2") == (set() if decided else removals("red", *range(8)))


def test_agreeing_to_held_rows_says_nothing_about_other_rules(held):
    held.configure('first_run: "hold"', ALL)
    held.sync(code=1)
    assert "which entries they see, have changed" in held.roster.ctl("approve", "corp/2", code=75).err
    assert held.members("all") == set() and held.members("red") == set(range(30))
    held.roster.ctl("approve", "corp/3")
    assert held.members("all") == set(range(30)) and held.members("red") == set(range(8, 30))


def test_a_comment_in_the_rules_asks_nobody(company):
    company.configure('first_run: "hold"', "# a word about nothing")
    company.teams["red"] -= {1}
    company.sync()
    assert 1 not in company.members("red")


# --- who was there before the directory was read ------------------------------------------------------------------------------


def administrator(roster):
    (row,) = roster.sql("select active, (select count(*) from identities i where i.user_id = u.id) as known from users u where login = 'admin'")
    return row["active"], row["known"]


def test_the_administrator_is_one_with_his_entry_when_somebody_says_so(asking):
    roster = asking.roster
    asking.people[99] = "admin"
    asking.sync(code=1)
    (problem,) = roster.json("quarantine")["problems"]
    assert "or say that they are one: rosterctl user link admin corp" in problem["why"]
    roster.ctl("user", "link", "admin", "corp")
    roster.ctl("approve", "corp/1", code=75)  # it would do something else now
    asking.sync(code=1)
    roster.ctl("approve", asking.last_run()["run"])
    assert roster.json("quarantine")["problems"] == [] and administrator(roster) == (True, 1)
    del asking.people[99]
    asking.sync()
    assert administrator(roster) == (False, 1), "who leaves the directory is suspended, the administrator too"


@pytest.mark.parametrize("words, code, why", [
    (["p3", "corp"], 65, "source corp knows p3 already"),
    (["admin", "corp"], 65, 'source corp has no entry with the login "admin" of a person'),
    (["admin", "corp", "uid=u3,ou=people,dc=x"], 65, "is user p3 already"),
    (["admin", "elsewhere"], 65, "there is no source"),
    (["nobody", "corp"], 65, 'nobody has the login "nobody"')])
def test_what_cannot_be_linked_is_said(company, words, code, why):
    result = company.roster.ctl("user", "link", *words, code=code)
    assert why in result.err
    assert administrator(company.roster) == (True, 0)
