# SPDX-License-Identifier: Apache-2.0
"""Promise 2: what is held follows the directory: it ends with what it waits for, and nobody's no is overtaken."""

import pytest

from guarded import ALL, NUMBERS, Company

BOSSES = 'bosses: { match: "cn ~ ^boss-team$"; into: "/red"; role: "Administrator" }'
FEW_BOSSES = 'first_run: "apply"; max_remove: 1000; max_remove_percent: 100; max_grant: 2'


class Red(Company):
    """The team red, and a group that makes administrators of it: two of them in a day, without asking."""

    def __init__(self, roster):
        super().__init__(roster, people=20, red=range(10))
        self.bosses = {19}

    def write(self):
        super().write()
        path = self.roster.directory / "people.ldif"
        members = "".join(f"member: {self.name(number)},dc=x\n" for number in sorted(self.bosses)) or "member: cn=nobody\n"
        path.write_text(path.read_text() + "\ndn: cn=boss-team,ou=groups,dc=x\nentryUUID: 00000000-0000-4000-8000-000000990000\n"
                        f"objectClass: groupOfNames\ncn: boss-team\n{members}")

    def start(self):
        self.configure('first_run: "apply"; max_grant: 1000', BOSSES)
        self.sync()
        self.configure(FEW_BOSSES, BOSSES)
        # He who was made one on the first day does not count.
        self.roster.brought("delete from guard_log")
        return self

    def roles(self):
        """{number: role} of p0 to p4 in red."""
        rows = self.roster.sql("""select u.login, r.name from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
            where resource_name(g.anchor) = 'group:/red' and u.login in ('p0', 'p1', 'p2', 'p3', 'p4') order by 1, 2""")
        return {int(row["login"][1:]): row["name"] for row in rows}

    def promote(self, *numbers):
        self.bosses |= set(numbers)
        self.teams["red"] -= set(numbers)

    def waiting(self):
        return self.roster.json("status")["sources"][0]["held"]


@pytest.fixture
def red(roster):
    return Red(roster).start()


MEMBERS = dict.fromkeys(range(5), "Contributor")


def test_a_removal_does_not_outlive_what_it_waits_for(red):
    red.promote(*range(5))
    red.sync(code=1)
    assert red.roles() == MEMBERS and red.waiting() == 10
    red.bosses -= {0, 1}
    red.teams["red"].add(1)
    red.sync(code=1)
    assert red.roles() == {number: "Contributor" for number in (1, 2, 3, 4)}, "p0 is in no group, p1 is back"
    assert red.waiting() == 6
    red.bosses -= {2, 3, 4}
    assert "held" not in red.sync().err
    assert red.roles() == {1: "Contributor"} and red.waiting() == 0


def test_nor_does_it_when_that_was_refused(red):
    red.promote(*range(5))
    red.sync(code=1)
    red.roster.ctl("reject", "corp/2")
    red.sync()
    assert red.roles() == MEMBERS
    red.bosses -= {3}
    red.sync(code=1)
    assert red.roles() == {number: "Contributor" for number in (0, 1, 2, 4)}


def test_who_waits_for_a_role_keeps_his_own_also_when_he_leaves_it_later(red):
    red.bosses |= set(range(3))
    red.sync(code=1)
    red.teams["red"] -= set(range(3))
    red.sync(code=1)
    assert red.roles() == MEMBERS and red.waiting() == 6
    red.roster.run("approve", "corp/2")
    assert red.roles() == {**MEMBERS, **dict.fromkeys(range(3), "Administrator")} and red.waiting() == 0
    assert "nothing to do" in red.sync().err


def test_a_role_that_was_refused_is_not_given_since_others_left(red):
    red.bosses |= set(range(3))
    red.sync(code=1)
    red.roster.ctl("reject", "corp/2")
    red.bosses -= {2}
    assert "2 changes still wait for a decision" in red.sync(code=1).err
    assert red.roles() == MEMBERS and red.waiting() == 2
    # Who leaves and comes again asks anew, as anybody does.
    red.roster.ctl("reject", "corp/3")
    red.bosses -= {0, 1}
    red.sync()
    red.bosses |= {0}
    red.sync()
    assert red.roster.value("""select count(*) from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
        where u.login = 'p0' and r.name = 'Administrator'""") == 1


@pytest.fixture
def seven(roster):
    """Seven teams of one; three removals may go in a day."""
    return Company(roster, people=10, **{name: {number} for number, name in enumerate("abcdefg")}).start(safety=NUMBERS.format(3))


def groups(company):
    return {row["name"] for row in company.roster.sql("select name from groups where not archived and parent_id is not null")}


def test_groups_that_come_back_wait_for_nobody_and_ask_again_later(seven):
    teams, seven.teams = seven.teams, {"a": {0}}
    seven.write()
    seven.sync(code=1)
    assert groups(seven) == set("abcdefg")
    seven.teams = teams
    assert "still wait" not in seven.sync().err
    seven.teams = {"a": {0}}
    seven.sync(code=1)
    seven.teams = teams
    seven.sync()
    assert seven.roster.json("status")["sources"][0]["held"] == 0 and groups(seven) == set("abcdefg")


def test_an_approval_of_what_came_back_is_spent(seven):
    teams, seven.teams = seven.teams, {"a": {0}}
    seven.sync(code=1)
    seven.teams = teams
    seven.write()
    # What was agreed to while the groups were gone is carried out after they are there again.
    seven.roster.sql("select decide((select max(run) from held_changes), true)")
    seven.sync()
    seven.teams = {"a": {0}}
    seven.sync(code=1)
    assert groups(seven) == set("abcdefg")


def test_a_group_stays_while_somebody_is_kept_in_it(roster):
    company = Company(roster, people=10, a=range(7), b={8}).start(safety=NUMBERS.format(3))
    gone = company.teams.pop("a")
    said = company.sync(code=1)
    assert groups(company) == {"a", "b"} and company.members("a") == gone
    assert "- group    /a" in said.out and "holds 7 changes: 7 removals" in said.err
    approved = company.roster.run("approve", "corp/2").out
    assert "+ group" not in approved and "- group    /a" in approved
    assert groups(company) == {"b"} and company.members("a") == set()
    assert "nothing to do" in company.sync().err


# --- closed accounts, while rules wait ---------------------------------------------------------------------------------------


@pytest.fixture
def ruled(roster):
    """A rule for everybody came in, and waits for its word."""
    company = Company(roster, red=range(10)).start()
    company.configure('first_run: "hold"; max_suspend: 3', ALL)
    company.sync(code=1)
    return company


def test_who_is_closed_does_not_wait_for_an_answer_about_rules(ruled):
    ruled.closed.add(0)
    ruled.teams["red"].discard(2)
    said = ruled.sync(code=1)
    assert "run corp/3 applied 1 change and holds 31 changes: the rules, " in said.err
    assert ruled.active() == set(range(1, 30)) and 2 in ruled.members("red") and ruled.last_run()["state"] == "held"
    assert len(ruled.roster.json("runs", "diff", "corp/3")["changes"]) == 32, "what was done, and what waits"
    # The answer is about the rest.
    ruled.roster.ctl("approve", "corp/3")
    assert ruled.active() == set(range(1, 30)) and ruled.members("red") == {0, 1, *range(3, 10)}
    assert ruled.members("all") == set(range(1, 30))
    assert "nothing to do" in ruled.sync().err


def test_nor_for_one_that_was_no(roster):
    company = Company(roster, red=range(10)).start()
    company.configure('first_run: "hold"', 'one: { users: "(uid=p9)"; into: "/one"; role: "Contributor" }')
    company.sync(code=1)
    company.roster.ctl("reject", "corp/2")
    company.closed.add(4)
    assert "run corp/3 applied 1 change: 2 changes were rejected before and are still all there is to do" in company.sync().err
    assert company.active() == set(range(30)) - {4}
    assert "run corp/4 changed nothing: 2 changes were rejected" in company.sync().err


def test_a_saved_plan_is_all_of_it(ruled):
    ruled.closed.add(4)
    ruled.write()
    ruled.roster.ctl("plan", "--local", "-o", "plan.json")
    ruled.roster.ctl("sync", "--local", "--plan", "plan.json")
    assert ruled.active() == ruled.members("all") == set(range(30)) - {4}


def test_too_many_who_are_closed_wait_with_the_rest(ruled):
    ruled.closed |= set(range(4))
    assert "run corp/3 changed nothing and holds 31 changes: the rules, " in ruled.sync(code=1).err
    assert ruled.active() == set(range(30))


def test_mode_hold_holds_them_too(ruled):
    ruled.configure('mode: "hold"')
    ruled.closed.add(0)
    ruled.sync(code=1)
    assert 0 in ruled.active()


def test_with_nothing_else_to_do_nobody_is_asked(roster):
    company = Company(roster, red=range(10)).start()
    company.configure('first_run: "hold"', 'nobody: { group: "cn=none"; into: "/red"; role: "Contributor" }')
    company.closed.add(0)
    company.sync()
    assert 0 not in company.active()
