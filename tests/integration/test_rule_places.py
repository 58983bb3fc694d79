# SPDX-License-Identifier: Apache-2.0
"""Rules into access groups, apps and the platform: which roles can be given where, and what the guard counts."""

import pytest

from guarded import SETTINGS, Company, record

SAFETY = 'first_run: "apply"; max_remove_percent: 100'


def rule(place, role):
    return f'more: {{ users: "(uid=*)"; into: "{place}"; role: "{role}" }}'


@pytest.fixture
def company(roster):
    company = Company(roster, people=5, red={0, 1})
    company.start(safety=SAFETY)
    roster.sql("select access_group_create('finance'), app_create('crm', 'p0', null), access_group_app('finance', 'crm', true)")
    return company


@pytest.mark.parametrize("place, role, words", [
    ("platform", "Developer", 'the role "Developer" cannot be given at the platform (there are: Platform Administrator, '
     "App Administrator, App Viewer, No Access)"),
    ("platform", "Group Administrator", 'the role "Group Administrator" cannot be given at the platform'),
    ("platform", "App Owner", 'the role "App Owner" cannot be given at the platform'),
    ("app:crm", "App Viewer", 'the role "App Viewer" cannot be given on an app'),
    ("app:crm", "Owner", 'the role "Owner" cannot be given on an app'),
    ("access-group:finance", "No Access", 'the role "No Access" cannot be given in an access group'),
    ("/x", "Technical Contact", 'the role "Technical Contact" cannot be given in a group'),
    ("access-group:finance", "App Owned", 'there is no role "App Owned" (there are: Developer, '),
])
def test_a_role_that_cannot_be_given_there_stops_the_run(company, roster, place, role, words):
    company.configure(safety=SAFETY, rule=rule(place, role))
    before = roster.value("select head()")
    for command in (["check", "--connect"], ["sync"]):
        assert f"rosterd.conf:9: rule more: {words}" in roster.ctl(*command, code=78).err
    assert roster.value("select head()") == before


@pytest.mark.parametrize("place, role", [("access-group:Finance", "App Owner"), ("app:crm", "app member"), ("platform", "App Viewer"),
                                         ("access-group:finance", "Contributor"), ("/red", "App Operator")])
def test_members_come_and_go(company, roster, place, role):
    company.configure(safety=SAFETY, rule=rule(place, role))
    held = """select count(*) from grants g join roles r on r.id = g.role where lower(r.name) = lower(%s) and g.source <> 0
        and lower(resource_name(g.anchor)) = lower(case when %s ~ '^/' then 'group:' else '' end || %s)"""
    company.sync()
    assert roster.value(held, role, place, place) == 5
    del company.people[4]
    company.people[7] = "p7"
    company.sync()
    assert roster.value(held, role, place, place) == 6, "who is gone keeps his place for the time of grace"
    company.configure(safety=SAFETY)
    company.sync()
    assert roster.value(held, role, place, place) == 1


@pytest.mark.parametrize("place, role, words", [
    ("access-group:finance", "App Owner", "access-group members finance remove p1 --role"), ("app:crm", "App Owner", "app access crm remove p1 --role"),
    ("app:crm", "Developer", "app members crm remove p1 --role"), ("platform", "App Viewer", "user role p1 remove"),
    ("/red", "Contributor", "group members /red remove p1 --role")])
def test_who_takes_by_hand_what_a_source_gives_is_told_where_to_change_it(company, roster, place, role, words):
    company.configure(safety=SAFETY, rule=rule(place, role))
    company.sync()
    assert "(source corp gives it: change it there)" in roster.ctl(*words.split(), role, code=65).err
    assert "(see rosterctl " in roster.ctl(*words.replace("p1", "admin").split(), role, code=65).err


def test_the_limits_count_members_of_access_groups(company, roster):
    company.configure(safety=SAFETY, rule='more: { match: "cn ~ ^team-red$"; into: "access-group:finance"; role: "App Member" }')
    company.teams["red"] = set(range(5))
    company.sync()
    company.configure(safety=SAFETY + "; max_remove: 1", rule='more: { match: "cn ~ ^team-red$"; into: "access-group:finance"; role: "App Member" }')
    company.teams["red"] = {0}
    result = company.sync(code=1)
    assert "holds 8 changes: 8 removals" in result.err
    assert {row[2] for row in company.held(company.last_run()["run"])} == {"/red", "access-group:finance"}


def test_a_sensitive_role_in_an_access_group_waits(company, roster):
    company.configure(safety=SAFETY + "; max_grant: 2", rule=rule("access-group:finance", "Administrator"))
    assert "5 new holders of Administrator" in company.sync(code=1).err
    roster.ctl("approve", company.last_run()["run"])
    assert roster.value("select count(*) from grants where role = role_named('project', 'Administrator')") == 5


def test_an_access_group_that_comes_later_is_filled_and_one_that_goes_is_kept(company, roster):
    company.configure(safety=SAFETY, rule=rule("access-group:later", "App Member"))
    company.sync()
    (row,) = roster.json("quarantine")["problems"]
    assert row["why"] == ("there is no access-group:later for uid=u0,ou=people,dc=x and uid=u1,ou=people,dc=x and uid=u2,ou=people,dc=x and 2 more; "
                          "create or import it, the next run fills it")
    company.people[9] = "p9"
    company.sync()
    (row,) = roster.json("quarantine")["problems"]
    assert "and 3 more;" in row["why"]
    roster.sql("select access_group_create('later')")
    company.sync()
    assert not roster.json("quarantine")["problems"]
    assert roster.value("select count(*) from grants g where resource_name(g.anchor) = 'access-group:later'") == 6


def test_explain_says_what_is_missing_beside_a_place_in_an_access_group(company, roster):
    company.configure(safety=SAFETY, rule=rule("access-group:finance", "App Member"))
    company.sync()
    answer = roster.json("explain", "p2", "app:crm", "app.release.view")
    assert not answer["allowed"]
    assert ("p2 is App Member in access-group:finance, which counts only beside a role that may view apps: App Administrator, App Viewer, "
            "Group Administrator, Platform Administrator") in [row["why"] for row in answer["obstacles"]]
    roster.sql("select user_role_add('p2', 'App Viewer')")
    answer = roster.json("explain", "p2", "app:crm", "app.release.view")
    assert answer["allowed"]
    assert [(path["role"], path["anchor"], path["source"], [door["rule"] for door in path["doors"]]) for path in answer["paths"]] == [
        ("App Member", "access-group:finance", "corp", ["more"]), ("App Viewer", "platform", "hand", [])]
    report = roster.json("report", "grants")["grants"]
    assert ("p2", "access-group:finance", ["more"]) in [(row["login"], row["anchor"], row["rule"]) for row in report]


def test_a_group_that_comes_back_is_the_one_under_its_path(roster):
    """What a rule made and no rule wants is archived; its name is free, and who has it is meant by the rule from then on."""
    company = Company(roster, people=2, red={0, 1}).start(
        safety=SAFETY, rule='more: { match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${team}/core"; role: "Developer" }')

    def places():
        return {row["path"]: row["id"] for row in roster.sql("select path, id from group_paths where not archived and path ~* '^/red'")}

    def goes_and_comes(meanwhile=()):
        company.teams = {}
        company.sync()
        assert not places()
        for words in meanwhile:
            roster.ctl(*words)
        company.teams = {"red": {0, 1}}
        company.sync()
        return places()

    company.sync()
    made = places()
    assert set(made) == {"/red", "/red/core"} and goes_and_comes() == made
    found = goes_and_comes([["group", "create", "/hand", "--description", "For tests", "--admin", "admin"], ["group", "edit", "/hand", "--rename", "Red"]])
    assert set(found) == {"/Red", "/Red/core"} and not set(found.values()) & set(made.values())
    assert roster.value("select description from groups where id = %s", found["/Red"]) == "For tests"
    assert company.members("Red") == company.members("Red/core") == {0, 1}
    assert roster.value("select count(*) from groups where archived and displaced = (name = 'red') and made_for is null") == 2
    company.sync()
    assert places() == found


def test_a_group_made_anew_has_the_admins_that_are_named(roster):
    """A group that no rule wants any more is archived with its admins; whoever makes one under its name says who administers that."""
    company = Company(roster, people=2, red={0}).start(safety=SAFETY)
    company.teams = {}
    company.sync()
    admins = "select string_agg(u.login, ' ' order by u.login) from grants g join users u on u.id = g.user_id where g.anchor = group_at('/red')"
    for named in (["p1"], ["admin", "p1"]):
        roster.ctl("group", "create", "/red", "--description", "By hand", *(word for login in named for word in ("--admin", login)))
        assert roster.value(admins) == " ".join(named)
        roster.sql("update groups set archived = true where id = group_at('/red')")


@pytest.mark.parametrize("words", [[], ["--full"]])
def test_the_place_of_a_department_without_people_goes_and_comes_with_it(roster, words):
    class Departments(Company):
        units = ["north", "south"]

        def configure(self, safety=SAFETY):
            rule = 'org: { subtree: "ou=people,dc=x"; into: "/org"; role: "Contributor" }'
            self.roster.configure(SETTINGS.format(safety=safety, rule=rule).replace(
                'file: "people.ldif"', 'file: "people.ldif"; units: { base: "ou=people,dc=x" }'))

        def write(self):
            super().write()
            with open(self.roster.directory / "people.ldif", "a", encoding="utf-8") as file:
                for number, name in enumerate(["people", *self.units]):
                    dn = f"ou={name},ou=people" if number else "ou=people"
                    file.write("\n" + record(910000 + number, dn, "objectClass: organizationalUnit", f"ou: {name}"))

    company = Departments(roster, people=2).start()
    places = "select string_agg(path, ' ' order by path) from group_paths where not archived and path ~ '^/org'"
    assert roster.value(places) == "/org /org/north /org/south"
    company.units = ["north"]
    company.sync(*words)
    assert roster.value(places) == "/org /org/north"
    company.units = ["north", "south"]
    company.sync()
    assert roster.value(places) == "/org /org/north /org/south"
