# SPDX-License-Identifier: Apache-2.0
"""Other rules while the source cannot be asked: they look at what it said last, which is in the mirror."""

import pytest

import company as directory
from company import change, group, person
from guarded import Company
from guarded import company  # noqa: F401  (a fixture)
from pushing import Site
from slapd import PASSWORD, Slapd

ODD = 'odd: { match: "cn ~ ^team-red$"; into: "/odd"; role: "Developer" }'
BY_TITLE = 'chiefs: { users: "(title=chief)"; into: "/chiefs"; role: "Developer" }'
AWAY = "the source could not be asked, this follows from what it said last"


class Away(Company):
    """Its file is not where it was."""

    def take_away(self):
        (self.roster.directory / "people.ldif").rename(self.roster.directory / "away")

    def bring_back(self):
        (self.roster.directory / "away").rename(self.roster.directory / "people.ldif")


@pytest.fixture
def away(roster):
    company = Away(roster, red=range(5), blue=range(2)).start()
    company.take_away()
    return company


def test_other_rules_are_planned_and_applied_while_the_source_is_away(away):
    away.configure(rule=ODD)
    plan = away.roster.ctl("plan")
    assert "source corp     as last read" in plan.out and f"! {AWAY}: " in plan.out and "people.ldif" in plan.out
    assert "Plan for corp: 6 to add" in plan.out
    result = away.roster.ctl("sync", code=69)
    assert f"applied 6 changes (revision 4); {AWAY}" in result.err
    assert away.members("odd") == set(range(5))
    assert "corp: the last read failed: cannot open" in away.roster.ctl("status").err, "what was applied is no word of the source"
    assert [run["reason"].startswith("source corp: cannot open") for run in away.roster.json("runs", "--most", 2)["runs"]] == [True, True]
    run = away.last_run()
    assert (run["kind"], run["state"]) == ("apply", "applied") and "people.ldif" in run["reason"]
    away.bring_back()
    assert "nothing to do" in away.roster.ctl("sync").err and "cannot open" not in away.roster.ctl("status").err


def test_rules_that_are_taken_out_end_what_they_gave(away):
    away.bring_back()
    away.configure(rule=ODD)
    away.sync()
    away.take_away()
    away.configure()
    away.roster.ctl("sync", code=69)
    assert away.members("odd") == set() and away.members("red") == set(range(5))


def test_the_same_rules_do_nothing_while_the_source_is_away(away):
    result = away.roster.ctl("sync", code=69)
    assert "cannot open" in result.err and AWAY not in result.err
    assert away.last_run()["state"] == "failed"


def test_who_asks_for_everything_asks_the_source(away):
    away.configure(rule=ODD)
    assert AWAY not in away.roster.ctl("sync", "--full", code=69).err
    assert away.members("odd") == set()


def test_rules_that_look_at_more_than_was_read_wait_for_the_source(away):
    """Nobody knows who has that title: that nobody has it would end what other rules of the kind gave."""
    away.configure(rule=BY_TITLE)
    assert AWAY not in away.roster.ctl("sync", code=69).err
    assert AWAY not in away.roster.ctl("plan", code=69).err
    assert away.last_run()["state"] == "failed"


def test_what_was_not_read_in_full_was_not_asked_for(away):
    """Also not by the rules that the next ones look like."""
    away.bring_back()
    away.configure(rule=BY_TITLE)
    with open(away.roster.directory / "people.ldif", "a", encoding="utf-8") as file:
        file.write("\ndn: uid=nameless,ou=people,dc=x\nobjectClass: inetOrgPerson\nuid: nameless\ncn: nameless\n")
    assert "the read is incomplete" in away.roster.ctl("sync", code=69).err
    away.take_away()
    away.configure(rule=BY_TITLE.replace("/chiefs", "/heads"))
    assert AWAY not in away.roster.ctl("sync", code=69).err


def test_the_first_run_of_other_rules_waits_for_a_word_also_then(away):
    away.configure(safety='first_run: "hold"', rule=ODD)
    result = away.roster.ctl("sync", code=69)
    assert "changed nothing and holds 6 changes: the rules, or which entries they see, have changed" in result.err
    assert AWAY in result.err and away.members("odd") == set()
    away.roster.ctl("approve", away.last_run()["run"])
    assert away.members("odd") == set(range(5))


def test_limits_stand_also_then(away):
    away.bring_back()
    away.configure(safety='first_run: "apply"; max_grant: 1000', rule=ODD)
    away.sync()
    away.take_away()
    away.configure(safety='first_run: "apply"; max_remove_percent: 100; max_remove: 3')
    assert "holds 5 changes" in away.roster.ctl("sync", code=69).err
    assert away.members("odd") == set(range(5))


def test_a_saved_plan_of_other_rules_is_applied_also_then(away):
    away.configure(rule=ODD)
    away.roster.ctl("plan", "-o", "plan.json")
    away.roster.ctl("sync", "--plan", "plan.json", code=69)
    assert away.members("odd") == set(range(5))


# --- a directory ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(roster):
    with Slapd(directory.ldif(), database=directory.ACCESS, sync=["syncprov-sessionlog 100"]) as slapd:
        site = Site(slapd, roster)
        site.configure(safety="max_remove: 100000; max_remove_percent: 100; max_suspend: 100000; max_grant: 100000")
        yield site
        site.finish()


def with_guests(site):
    """One more rule: who may only read in the team pay-api is a guest of the house, too."""
    path = site.roster.directory / "rosterd.conf"
    rule = 'guests: { match: "cn ~ ^pay-api-readers$"; into: "/guests"; role: "Contributor" }'
    path.write_text(path.read_text().replace("  org-chart:", f"  {rule}\n  org-chart:"))


def test_a_directory_that_is_down_does_not_keep_other_rules_from_what_they_give(site):
    """What was picked for its dialect is not known either: it is not asked for that."""
    assert site.start().end() == 0
    site.slapd.kill()
    with_guests(site)
    child = site.begin()
    child.await_word(AWAY)
    guests = {row["login"] for row in site.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
        where resource_name(g.anchor) = 'group:/guests' and g.source = (select id from sources where name = 'corp')""")}
    assert guests and guests <= site.active()
    child.await_word("the next try is in")
    assert AWAY not in site.roster.ctl("sync", code=69).err, "once is enough"
    site.slapd.start()
    assert "nothing to do" in site.roster.ctl("sync").err
    head = site.head()
    newcomer = next(number for number in range(directory.PEOPLE) if f"u{number}" not in guests)
    change(site.directory_again(), group("pay-api-readers"), "add", "member", person(newcomer))
    site.await_head(head)
    assert ("group:/guests", "Contributor") in site.holdings(f"u{newcomer}")
    site.assert_true()


def test_whoever_asks_again_is_told_again_what_waits(site):
    assert site.start().end() == 0
    site.slapd.kill()
    with_guests(site)
    path = site.roster.directory / "rosterd.conf"
    path.write_text(path.read_text().replace('first_run: "apply"', 'first_run: "hold"'))
    site.begin().await_word(AWAY)
    for _ in range(2):
        told = site.roster.ctl("sync", code=69).err
        assert AWAY in told and "the rules, or which entries they see, have changed" in told, told


def test_a_directory_that_refuses_is_as_one_that_is_down(site):
    assert site.start().end() == 0
    with_guests(site)
    password = site.roster.directory / "password"
    password.write_text("another\n")
    site.roster.led = False
    result = site.roster.ctl("sync", "--local", code=69)
    assert AWAY in result.err
    assert ("group:/guests", "Contributor") in {held for login in site.active() for held in site.holdings(login)}
    password.write_text(PASSWORD + "\n")
    assert "nothing to do" in site.roster.ctl("sync", "--local").err
