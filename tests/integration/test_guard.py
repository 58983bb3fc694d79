# SPDX-License-Identifier: Apache-2.0
"""Promise 2: what a run may do without asking, and what becomes of the rest: held, approved, rejected."""

import pytest

from actors import second_factor
from guarded import ALL, EVERYBODY, NUMBERS, Company, removals
from guarded import company, held  # noqa: F401  (fixtures)


# --- over the limit ---------------------------------------------------------------------------------------------------


def test_removals_above_the_limit_are_held_by_name_and_the_rest_is_applied(company):
    company.teams["red"] -= set(range(8))
    company.teams["blue"].add(20)
    company.people[29] = "p29000"
    result = company.sync(code=1)
    assert "held: run corp/2 applied 2 changes and holds 8 changes: 8 removals of 40 memberships (limit 5); " \
        "they wait until somebody decides\n" in result.err
    assert "approve corp/2" in result.err and "reject corp/2" in result.err
    assert result.out.count("as Contributor") == 9 and result.out.count("(held)") == 8
    assert company.held("corp/2") == removals("red", *range(8))
    assert company.members("red") == {*range(29), 29000} and 20 in company.members("blue")
    run = company.last_run()
    assert (run["state"], run["held"]) == ("applied", 8)


def test_the_summary_names_the_limit_that_binds_each_kind(company):
    company.configure('first_run: "apply"')
    del company.people[29]
    company.teams["red"] -= {0, 1}
    assert "3 to remove (1 of 30 people, 2 of 40 memberships; limit 10 %).\n" in company.sync().out
    company.configure()
    company.closed.add(28)
    company.teams["red"].discard(2)
    assert "2 to remove (1 of 38 memberships; limit 5; 1 account closed; limit 200).\n" in company.sync().out


def test_a_share_of_all_is_a_limit_too(company):
    company.configure('first_run: "apply"')
    company.teams["red"] -= set(range(11))
    assert "11 removals of 40 memberships (27.5 %, limit 10 %)" in company.sync(code=1).err
    assert company.members("red") == set(range(30))


def test_up_to_min_remove_the_share_does_not_matter(company):
    company.configure('first_run: "apply"')
    company.teams["red"] -= set(range(10))
    company.sync()
    assert company.members("red") == set(range(10, 30))


def decisions(company):
    """Of what status counts: wanted, and refused."""
    source = company.roster.json("status")["sources"][0]
    return source["held"], source["rejected"]


def test_a_plan_says_what_waits_already_and_what_would_be_done(held):
    plan = held.roster.ctl("plan", "--local", "--exit-code", code=2)
    assert "Plan for corp: 0 to add, 0 to change, 0 to remove.\n" in plan.out
    assert plan.err == "held: 8 changes still wait for a decision; see: rosterctl runs diff corp/2\n"
    assert decisions(held) == (8, 0)
    held.roster.ctl("reject", "corp/2")
    assert held.roster.ctl("plan", "--local", "--exit-code").err == "" and decisions(held) == (0, 8)
    held.teams["red"].discard(9)
    held.write()
    assert "as Contributor" in held.roster.ctl("plan", "--local", "--exit-code", code=2).out


def test_people_above_the_limit_are_held_and_stay_active(company):
    for number in range(6):
        del company.people[number]
    result = company.sync(code=1)
    assert "6 disappearances of 30 people (limit 5)" in result.err
    assert company.active() == set(range(30))
    assert company.held("corp/2") == {("user", f"p{number}", None) for number in range(6)}
    company.roster.ctl("approve", "corp/2")
    assert company.active() == set(range(6, 30))
    assert company.members("red") == set(range(30)), "a suspended person keeps his place"


def test_an_only_group_may_go_and_the_limits_judge_what_it_gave(roster):
    """An empty read after one of a kind is believed (decision 0020), after several it is not."""
    company = Company(roster, red=range(11), blue=range(3)).start(safety='first_run: "apply"')
    del company.teams["red"], company.teams["blue"]
    assert "it returned no group at all, after 2 before" in company.sync(code=69).out
    company.teams["red"] = set(range(11))
    company.sync()
    del company.teams["red"]
    result = company.sync(code=1)
    assert "(complete)" in result.out and "14 removals of 14 memberships (100.0 %, limit 10 %" in result.err
    assert company.members("red") == set(range(11))


@pytest.mark.parametrize("safety, code", [("", 0), ("; min_remove: 0", 1)])
def test_an_only_person_may_go(roster, safety, code):
    company = Company(roster, 1).start(safety='first_run: "apply"' + safety)
    company.people.clear()
    company.teams["none"] = set()
    company.sync(code=code)
    assert company.active() == ({0} if code else set())


def test_the_place_that_returned_nobody_is_named(roster):
    """Of a place and what is below it, the place; of several, the one that lost most. A comma in a name is no end of it."""
    company = Company(roster, red=range(30))
    company.places = {**dict.fromkeys(range(5), "ou=a\\, b,ou=emea,"), **dict.fromkeys(range(5, 9), "ou=emea,"),
                      **dict.fromkeys(range(9, 12), "ou=apac,"), **dict.fromkeys(range(12, 15), "ou=all,")}
    company.start()
    for number in range(14):
        del company.people[number]
    assert "14 disappearances of 30 people (limit 5); the source returned no users under ou=emea,ou=people,dc=x " \
        "(9 in the last read), and none in 1 more places" in company.sync(code=1).err
    assert "ou=emea" in roster.json("runs", "show", "corp/2")["runs"][0]["reason"]


def test_groups_above_the_limit_are_held(roster):
    company = Company(roster, **{f"t{chr(97 + number)}": [] for number in range(8)}).start(safety=NUMBERS.format(5))
    company.teams.clear()
    company.teams["red"] = {1}
    assert "8 removals of 8 groups (limit 5)" in company.sync(code=1).err
    assert roster.value("select count(*) from groups where archived") == 0
    roster.ctl("approve", "corp/2")
    assert roster.value("select count(*) from groups where archived") == 8


# --- a group of its own -------------------------------------------------------------------------------------------------


def test_a_group_of_two_that_loses_one_is_not_held(roster):
    company = Company(roster, red=[1, 2], blue=range(20)).start(safety='first_run: "apply"')
    company.teams["red"] = {1}
    company.sync()
    assert company.members("red") == {1}


def test_a_group_that_loses_much_is_held_while_others_go(roster):
    company = Company(roster, 250, red=range(50), blue=range(250)).start(safety='first_run: "apply"')
    company.teams["red"] -= set(range(20))
    company.teams["blue"] -= {100, 101}
    result = company.sync(code=1)
    assert "20 removals of 50 memberships (40.0 %, limit 10 %) in /red;" in result.err
    assert company.held("corp/2") == removals("red", *range(20))
    assert company.members("red") == set(range(50)) and company.members("blue") == set(range(250)) - {100, 101}


# --- what is held stays held --------------------------------------------------------------------------------------------


def test_a_later_run_holds_them_still_and_does_not_count_them_again(held):
    again = held.sync(code=1).err
    assert "nothing to do" in again and "held: 8 changes still wait for a decision; see: rosterctl runs diff corp/2\n" in again
    held.teams["red"] -= {10, 11, 12}
    held.sync(code=1)
    assert held.members("red") == set(range(30)) - {10, 11, 12}
    assert held.held("corp/2") == removals("red", *range(8))
    held.teams["red"] -= {13, 14, 15}
    assert "6 removals of 40 memberships (limit 5, 3 of them within the last 1d)" in held.sync(code=1).err
    assert held.held("corp/4") == set()
    assert held.held("corp/5") == removals("red", 13, 14, 15)


def test_comparing_everybody_changes_nothing_about_them(held):
    held.configure(rule=ALL)
    held.sync(code=1)
    assert held.members("red") == set(range(30)) and held.members("all") == set(range(30))
    assert held.held("corp/2") == removals("red", *range(8))


def test_who_comes_back_is_held_no_more(held):
    held.teams["red"] |= {0, 1}
    held.sync(code=1)
    assert held.held("corp/2") == removals("red", *range(2, 8))
    held.roster.ctl("approve", "corp/2")
    assert held.members("red") == {0, 1, *range(8, 30)}


def test_a_person_who_comes_back_is_not_suspended_by_a_late_approval(company):
    gone = [company.people.pop(number) for number in range(6)]
    company.sync(code=1)
    company.people[0] = gone[0]
    company.sync(code=1)
    company.roster.ctl("approve", "corp/2")
    assert company.active() == {0, *range(6, 30)}


# --- decisions ----------------------------------------------------------------------------------------------------------


def test_approve_releases_what_that_run_holds_and_nothing_else(held):
    held.teams["red"] -= set(range(10, 16))
    held.sync(code=1)
    assert "applied 8 changes" in held.roster.ctl("approve", "corp/2").err
    assert held.members("red") == set(range(8, 30))
    assert held.held("corp/3") == removals("red", *range(10, 16))
    assert "holds nothing" in held.roster.ctl("approve", "corp/2", code=75).err
    held.roster.ctl("approve", "corp/3")
    assert held.members("red") == {8, 9, *range(16, 30)}


def test_what_was_approved_does_not_count_again(held):
    held.roster.ctl("approve", "corp/2")
    held.teams["red"] -= set(range(10, 15))
    held.sync()
    assert held.members("red") == {8, 9, *range(15, 30)}


def test_rejected_changes_stay_undone_until_the_group_changes(held):
    assert "8 changes of run corp/2 are rejected" in held.roster.ctl("reject", "corp/2").err
    held.teams["blue"] -= {9}
    held.people[20] = "p20"
    held.sync()
    assert held.members("red") == set(range(30))
    assert "nothing to do" in held.sync().err
    held.teams["red"] -= {9}
    assert "10 removals of 40 memberships (limit 5, 1 of them within the last 1d)" in held.sync(code=1).err
    assert held.held(held.last_run()["run"]) == removals("red", *range(10)) - removals("red", 8)
    assert held.members("red") == set(range(30))


def test_rejected_changes_stay_when_somebody_else_of_the_place_changes(company):
    company.configure(rule='some: { users: "(cn=p*)"; into: "/some"; role: "Contributor" }')
    company.sync()
    company.people |= {number: f"q{number}" for number in range(8)}
    company.sync(code=1)
    company.roster.ctl("reject", company.last_run()["run"])
    company.people[20] = "p2000"
    company.sync()
    assert company.members("some") == {*range(20), 2000, *range(21, 30)}
    # and below every limit
    company.roster.sql("delete from held_changes where external_id not like '%%000000000003'")
    company.people[21] = "p2100"
    company.sync()
    assert 3 in company.members("some")
    company.people[3] = "r3"
    company.sync()
    assert 3 not in company.members("some")


def test_rejected_changes_stay_when_a_group_that_gives_another_role_there_changes(held):
    held.roster.ctl("reject", "corp/2")
    held.configure(rule='leads: { match: "cn ~ ^team-blue$"; into: "/red"; role: "Developer" }')
    held.sync()
    held.teams["blue"] -= {9}
    held.sync()
    assert held.roster.value("select count(*) from held_changes where state = 'rejected'") == 8
    assert {*range(9), *range(10, 30)} <= held.members("red")


def test_rejected_changes_are_called_rejected(held):
    held.roster.ctl("reject", "corp/2")
    held.configure(rule=ALL)
    listed = held.sync().out
    assert listed.count("(rejected)") == 8 and "(held)" not in listed


def test_what_was_rejected_or_still_waits_is_not_counted_as_to_be_done(held):
    held.roster.ctl("reject", "corp/2")
    held.configure(safety=NUMBERS.format(0), rule=ALL)
    for number in (0, 1):
        held.teams["blue"].remove(number)
        out = held.sync(code=1).out
    assert (out.count("(rejected)"), out.count("(held)")) == (1, 1)
    assert "Plan for corp: 0 to add, 0 to change, 1 to remove (1 of 70 memberships; limit 0)" in out
    approved = held.roster.ctl("approve", held.last_run()["run"]).out
    assert (approved.count("(rejected)"), approved.count("(held)")) == (8, 1)
    assert "Plan for corp: 0 to add, 0 to change, 1 to remove (1 of 70 memberships; limit 0)" in approved
    assert held.members("blue") == {0, *range(2, 10)} and held.members("red") == set(range(30))


def test_rejected_changes_are_asked_again_when_the_person_changes(held):
    held.roster.ctl("reject", "corp/2")
    held.people[3] = "p3000"
    held.sync()
    assert held.members("red") == {3000 if number == 3 else number for number in range(30)} - {3000}


def test_approve_after_reject_has_nothing_to_release(held):
    held.roster.ctl("reject", "corp/2")
    assert "holds nothing" in held.roster.ctl("approve", "corp/2", code=75).err
    assert held.members("red") == set(range(30))


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_who_is_no_administrator_decides_nothing(held, cluster, verb):
    if not cluster.execute("select 1 from pg_roles where rolname = 'visitor'"):
        cluster.execute("create role visitor login in role roster_admin")
    assert "visitor is not allowed to" in held.roster.ctl(verb, "corp/2", user="visitor", code=77).err
    assert held.held("corp/2") == removals("red", *range(8))
    assert held.members("red") == set(range(30))


@pytest.mark.parametrize("run", ["corp/99", "corp/none", "nowhere/2"])
def test_a_run_that_is_not_there_cannot_be_decided(held, run):
    held.roster.ctl("approve", run, code=65)
    held.roster.ctl("reject", run, code=65)


# --- the window -----------------------------------------------------------------------------------------------------------


def test_deletions_one_by_one_stop_at_the_limit(company):
    """A source that loses its people one poll at a time is not worse off than one that loses them at once."""
    codes = []
    for number in range(12):
        del company.people[number]
        company.write()
        codes.append(company.roster.run("sync").code)
    assert codes == [0] * 5 + [1] * 7
    assert company.active() == set(range(5, 30))
    assert company.held("corp/7") == {("user", "p5", None)}


def test_the_window_moves_on(company):
    company.teams["red"] -= set(range(5))
    company.sync()
    company.roster.sql("update guard_log set at = at - interval '25 hours'")
    company.teams["red"] -= set(range(5, 10))
    company.sync()
    assert company.members("red") == set(range(10, 30))


def test_members_who_come_and_go_do_not_widen_the_limit(company):
    company.configure('first_run: "apply"; min_remove: 0; max_remove_percent: 20')
    company.teams["red"] -= set(range(4))
    company.sync()
    company.teams["red"] -= set(range(4, 8))
    assert "8 removals of 30 memberships (26.7 %, limit 20 %, 4 of them within the last 1d) in /red" in (
        company.sync(code=1).err)
    assert company.members("red") == set(range(4, 30))


def test_what_came_and_goes_within_the_window_is_said_as_what_it_is(company):
    """Some of what goes was not there when the window began, so it is no share of what was."""
    company.configure('first_run: "apply"; max_remove: 1000')
    company.people |= {number: f"p{number}" for number in range(30, 60)}
    company.teams["blue"] |= set(range(10, 60))
    company.sync()
    company.teams["blue"] -= set(range(50, 54))
    company.sync()
    company.teams["blue"] -= set(range(10, 50))
    company.write()
    assert "40 to remove (40 of 86 memberships; limit 10 %)" in company.roster.run("plan").out
    assert "44 removals, where there were 40 memberships 1d ago (limit 10 %, 4 of them within the last 1d)" in (
        company.sync(code=1).err)


# --- new holders of sensitive roles -----------------------------------------------------------------------------------------


def administrators(roster):
    return {row["login"] for row in roster.sql("""select u.login from grants g join users u on u.id = g.user_id
            join roles r on r.id = g.role where r.name = 'Platform Administrator'""")}


def test_a_rule_that_makes_everybody_administrator_is_held(company):
    company.configure('first_run: "apply"', EVERYBODY)
    company.people[30] = "p30"
    company.teams["red"].add(30)
    result = company.sync(code=1)
    assert "31 new holders of Platform Administrator (limit 20)" in result.err
    assert administrators(company.roster) == {"admin"}
    assert 30 in company.members("red")
    assert "nothing to do" in company.sync(code=1).err
    assert administrators(company.roster) == {"admin"}
    company.roster.ctl("approve", "corp/2")
    assert len(administrators(company.roster)) == 32


def test_a_role_that_may_something_in_production_is_sensitive(company):
    second_factor(company.roster, "admin")
    company.roster.ctl("role", "create", "Releaser", "--permission", "project.cloud_access", "--production", "env.transport")
    company.configure('first_run: "apply"', EVERYBODY.replace('"platform"', '"/all"').replace("Platform Administrator", "Releaser"))
    assert "30 new holders of Releaser (limit 20)" in company.sync(code=1).err
    assert company.roster.value("select count(*) from grants g join roles r on r.id = g.role where r.name = 'Releaser'") == 0


def test_new_administrators_one_by_one_stop_at_the_limit(company):
    company.configure('first_run: "apply"; max_grant: 2', EVERYBODY.replace("objectClass=*", "cn=boss*"))
    codes = []
    for number in range(4):
        company.write()
        path = company.roster.directory / "people.ldif"
        text = path.read_text()
        for boss in range(number + 1):
            text = text.replace(f"cn: p{boss}\n", f"cn: boss{boss}\n")
        path.write_text(text)
        codes.append(company.roster.run("sync").code)
    assert codes == [0, 0, 1, 1]
    assert administrators(company.roster) == {"admin", "p0", "p1"}


def roles_in_red(roster, login):
    return {row["name"] for row in roster.sql("""select r.name from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
            where u.login = %s and resource_name(g.anchor) = 'group:/red'""", login)}


def test_who_waits_for_a_role_keeps_the_one_he_has(company):
    company.configure('first_run: "apply"; max_remove: 1000; max_remove_percent: 100; max_grant: 2',
                      'bosses: { match: "cn ~ ^team-bosses$"; into: "/red"; role: "Administrator" }')
    company.teams["bosses"] = set()
    company.sync()
    company.teams["bosses"] = set(range(5))
    company.teams["red"] -= set(range(10))
    result = company.sync(code=1)
    assert "5 new holders of Administrator (limit 2); they wait until somebody decides" in result.err
    assert [roles_in_red(company.roster, f"p{number}") for number in (0, 4, 5)] == [{"Contributor"}, {"Contributor"}, set()]
    assert company.held("corp/3") == removals("red", *range(5)), "the new role and the old one"
    company.sync(code=1)
    assert roles_in_red(company.roster, "p0") == {"Contributor"}
    company.roster.ctl("approve", "corp/3")
    assert roles_in_red(company.roster, "p0") == {"Administrator"}


# --- modes -----------------------------------------------------------------------------------------------------------------


def fingerprint(roster):
    """Of every row there is."""
    tables = [row["name"] for row in roster.sql(
        "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'roster'::regnamespace")]
    return {name: roster.value(f"select md5(string_agg(t::text, '' order by t::text)) from {name} t") for name in tables}


def test_mode_observe_writes_nothing_at_all(company):
    company.configure('mode: "observe"; first_run: "apply"')
    before = fingerprint(company.roster)
    company.teams["red"] -= {1}
    company.people[30] = "p30"
    result = company.sync()
    assert "p1 as Contributor" in result.out and 'mode is "observe"' in result.err
    assert fingerprint(company.roster) == before


def test_mode_hold_waits_with_everything(company):
    company.configure('mode: "hold"; first_run: "apply"')
    company.teams["red"] -= {1}
    company.people[30] = "p30"
    result = company.sync(code=1)
    assert "run corp/2 changed nothing and holds 2 changes" in result.err and 'mode is "hold"' in result.err
    assert 1 in company.members("red") and 30 not in company.active()
    company.roster.ctl("approve", "corp/2")
    assert 1 not in company.members("red") and 30 in company.active()
    assert "nothing to do" in company.sync().err
