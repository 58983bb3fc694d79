# SPDX-License-Identifier: Apache-2.0
"""What rosterctl explain says is true: of places without a meaning, of what stays for a while, of names that changed hands."""

import re

import pytest

from ldif_company import Company, GROUPS, PEOPLE, entry, group, person, user_dn

UNITS = """
  org: { source: "corp"; subtree: "ou=Eng,dc=x"; into: "/org"; role: "Contributor" }
  leads: { source: "corp"; group: "cn=leads,ou=Groups,dc=x"; into: "/pay"; admin: true }
"""
ENG = [entry(20, "ou=Eng,dc=x", objectClass="organizationalUnit", ou="Eng"),
       person(21, "eve").replace("ou=People,", "ou=Eng,")]
LEADS = group(22, "leads", user_dn("bob"))


@pytest.fixture
def company(roster):
    """As in test_rosterctl, with a unit, whose people are contributors of /org, and admins of /pay by a rule."""
    company = Company(roster)
    company.configure()
    text = roster.config.read_text().replace('"; users: {', '"; units: { filter: "(ou=*)" }; users: {')
    roster.config.write_text(text.replace("  contractors:", f"{UNITS}  contractors:"))
    company.directory(*PEOPLE, *GROUPS, *ENG, LEADS)
    roster.ctl("sync")
    roster.ctl("app", "create", "api", "--owner", "admin", "--group", "/pay/api")
    return company


def whys(roster, *words):
    said = roster.json("explain", *words)
    assert not said["allowed"] and not said["paths"]
    return {(obstacle["kind"], obstacle["rule"], obstacle["why"]) for obstacle in said["obstacles"]}


def kept(roster, *words):
    said = roster.json("explain", *words)
    assert said["allowed"]
    return {path["source"]: path["kept"] for path in said["paths"]}


# --- places where a role means nothing ----------------------------------------------------------------------------------


def test_a_role_that_means_nothing_on_groups_is_the_reason_there(company, roster):
    better = "roles that do: Group Administrator, Platform Administrator"
    assert whys(roster, "alice", "group:/pay/api") == {
        ("role", "", f"alice is Developer in /pay/api, which permits nothing on group:/pay/api; {better}"),
        ("rule", "leads", "alice is not in cn=leads,ou=Groups,dc=x")}
    assert whys(roster, "eve", "group:/org") == {
        ("role", "", f"eve is Contributor in /org, which permits nothing on group:/org; {better}")}
    out = roster.ctl("explain", "alice", "group:/pay/api").out
    assert "team-roles" not in out and "contractors" not in out


def test_the_same_with_a_permission(company, roster):
    assert ("role", "", "alice is Developer in /pay/api, a role without group.members.manage; with it: Group Administrator, "
            "Platform Administrator") in whys(roster, "alice", "group:/pay/api", "group.members.manage")


def test_a_rule_about_a_unit_is_named_only_where_it_gives_something(company, roster):
    roster.ctl("app", "create", "wiki", "--owner", "admin", "--group", "/org")
    assert whys(roster, "carol", "app:wiki") == {("rule", "org", "carol is not directly in ou=Eng,dc=x")}
    assert whys(roster, "carol", "group:/org") == {("nobody", "", "no rule, no hand and no ownership gives carol anything on group:/org")}


# --- what no door gives ---------------------------------------------------------------------------------------------------


def test_what_an_import_gave_is_told_as_that(company, roster):
    (roster.directory / "more.csv").write_text("member,group,role\ncarol,/pay/api,Operator\n")
    roster.ctl("import", "more.csv")
    out = roster.ctl("explain", "carol", "app:api").out
    assert "  import  Operator in /pay/api   by admin: import import   revision " in out and "next run" not in out
    assert kept(roster, "carol", "app:api") == {"import": ""}


def lose(company, roster):
    """alice leaves the group that made her a developer: held, as nothing may be removed."""
    company.directory(*PEOPLE, group(11, "all", user_dn("carol")), GROUPS[1], *ENG, LEADS)
    roster.ctl("sync", code=1)
    return roster.json("runs", "--most", 1)["runs"][0]["run"]


def test_what_is_held_says_so_until_it_is_decided(company, roster):
    run = lose(company, roster)
    assert kept(roster, "alice", "app:api") == {"corp": f"its removal is held in {run}; approve or reject it"}
    assert f"  corp  Developer in /pay/api: its removal is held in {run}; approve or reject it\n" in (
        roster.ctl("explain", "alice", "app:api").out)
    roster.ctl("reject", run)
    stays = {"corp": f"its removal in {run} was rejected, it stays until the entries it follows from change"}
    assert kept(roster, "alice", "app:api") == stays
    roster.ctl("sync")
    assert kept(roster, "alice", "app:api") == stays


def test_what_was_approved_goes_with_the_next_run(company, roster):
    run = lose(company, roster)
    roster.sql("update held_changes set state = 'approved'")  # as approve leaves it for the run that follows
    assert kept(roster, "alice", "app:api") == {"corp": "the directory gives it no more, the next run takes it"}
    roster.sql("update held_changes set state = 'held'")
    roster.ctl("approve", run)
    assert not roster.json("explain", "alice", "app:api")["allowed"]


def test_what_a_run_that_is_held_whole_would_take(company, roster):
    roster.config.write_text(roster.config.read_text().replace('"apply"', '"hold"').replace("|readers)$", "|guests)$").replace(
        'readers: "Contributor"', 'guests: "Contributor"'))
    company.directory(*PEOPLE, group(11, "all", user_dn("carol")), GROUPS[1], *ENG, LEADS)
    roster.ctl("sync", code=1)
    run = roster.json("runs", "--most", 1)["runs"][0]
    assert run["state"] == "held"
    assert kept(roster, "alice", "app:api") == {
        "corp": f"the directory gives it no more, and run {run['run']} is held: {run['reason']}"}
    roster.ctl("reject", run["run"])
    assert f"run {run['run']} is rejected: " in kept(roster, "alice", "app:api")["corp"]


def test_what_a_source_gave_that_is_no_longer_configured(company, roster):
    lose(company, roster)
    roster.config.write_text(roster.config.read_text().replace("corp", "hr"))
    assert kept(roster, "alice", "app:api") == {
        "corp": "corp is not in the configuration and keeps what it gave; see: rosterctl source retire corp"}


def test_who_is_gone_from_a_source_that_does_not_decide_keeps_it_for_a_while(company, roster):
    roster.config.write_text(roster.config.read_text().replace('type: "ldif"', 'type: "ldif"; authoritative: false').replace(
        "max_remove: 0", "max_remove: 10"))
    roster.ctl("sync")
    company.directory(*PEOPLE[1:], *GROUPS[1:], *ENG, LEADS)
    roster.ctl("sync")
    (why,) = kept(roster, "alice", "app:api").values()
    assert why.startswith("gone from corp since ") and why.endswith(", what he had is kept for the time of grace")


def test_it_is_said_whether_somebody_is_gone_by_a_word_of_the_source_or_was_not_found(company, roster):
    roster.config.write_text(roster.config.read_text().replace("max_remove: 0", "max_remove: 10"))
    company.directory(*PEOPLE[1:], *GROUPS[1:], *ENG, LEADS)
    roster.ctl("sync")
    assert re.search(r"gone from corp since \S+ \S+ \(a complete read did not find it\)", roster.ctl("explain", "alice", "app:api").out)


# --- names that changed hands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listing, between", [("pay-api-devs", ""), ("all", "cn=all,ou=Groups,dc=x: ")])
def test_a_group_that_lists_somebody_elses_name(company, roster, listing, between):
    """The carol who was in the group is gone, and another has her name: the group lists it, and she is not in it."""
    members = {"all": [user_dn("alice")], "pay-api-devs": ["cn=all,ou=Groups,dc=x"]}
    members[listing].append(user_dn("carol"))
    groups = [group(number, name, *members[name]) for number, name in ((11, "all"), (12, "pay-api-devs"))]
    roster.config.write_text(roster.config.read_text().replace("max_remove: 0", "max_remove: 10"))
    company.directory(*PEOPLE, *groups, *ENG, LEADS)
    roster.ctl("sync")
    assert roster.json("explain", "carol", "app:api", "cicd.deploy")["allowed"]
    company.directory(*PEOPLE[:2], person(33, "carol"), *groups, *ENG, LEADS)
    roster.ctl("sync")
    why = f"it lists {user_dn('carol')}, whom it knew under this name is gone; take the member out and in again if the new one is meant"
    (problem,) = roster.json("quarantine")["problems"]
    assert (problem["what"], problem["why"]) == (f"cn={listing},ou=Groups,dc=x", why)
    assert ("rule", "team-roles", f"carol is not in cn=pay-api-devs,ou=Groups,dc=x; {between}{why}") in (
        whys(roster, "carol", "app:api", "cicd.deploy"))


def test_a_group_that_lists_somebody_elses_login(company, roster):
    posix = entry(12, "cn=pay-api-devs,ou=Groups,dc=x", objectClass="posixGroup", cn="pay-api-devs", memberUid=["alice", "carol"])
    roster.config.write_text(roster.config.read_text().replace("max_remove: 0", "max_remove: 10"))
    company.directory(*PEOPLE, posix, *ENG, LEADS)
    roster.ctl("sync")
    assert roster.json("explain", "carol", "app:api", "cicd.deploy")["allowed"]
    company.directory(*PEOPLE[:2], person(33, "carol"), posix, *ENG, LEADS)
    roster.ctl("sync")
    (why,) = (why for _, rule, why in whys(roster, "carol", "app:api", "cicd.deploy") if rule == "team-roles")
    assert why.startswith(f"carol is not in cn=pay-api-devs,ou=Groups,dc=x; it lists {user_dn('carol')}, whom it knew under this name is gone")
    assert [problem["what"] for problem in roster.json("quarantine")["problems"]] == ["cn=pay-api-devs,ou=Groups,dc=x"]
