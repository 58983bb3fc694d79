# SPDX-License-Identifier: Apache-2.0
"""The central roles as an administrator types them: made, edited by one at a time, deleted with another in their place."""

import pytest

from actors import at_terminal, login_of, second_factor

CONFIGURATION = 'version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n'


@pytest.fixture
def company(roster):
    """ann owns the apps shop and desk; bob and carl are people."""
    roster.configure(CONFIGURATION)
    for person in ("ann", "bob", "carl"):
        roster.ctl("user", "create", person)
    for app in ("shop", "desk"):
        roster.ctl("app", "create", app, "--owner", "ann")
    return roster


@pytest.fixture
def tester(company):
    """The role Tester, held by bob on both apps and by carl on one."""
    company.ctl("role", "create", "Tester", "--permission", "project.view", "--permission", "cicd.view")
    for person, app in (("bob", "shop"), ("bob", "desk"), ("carl", "shop")):
        company.ctl("app", "members", app, "add", person, "--role", "Tester")
    return company


def listed(roster, name):
    (row,) = [row for row in roster.json("role", "list")["roles"] if row["role"] == name]
    return row


def says(roster, name):
    """What a role permits: a set of (permission, scope)."""
    return {(row["permission"], row["scope"]) for row in roster.json("role", "show", name)["permissions"]}


def names(roster):
    return {row["role"] for row in roster.json("role", "list")["roles"]}


# --- making -----------------------------------------------------------------------------------------------------------


def test_c14_c24_a_role_says_four_things_and_the_overview_sums_them_up(company):
    second_factor(company, "admin")
    company.ctl("role", "create", "Whole", "--description", "All of it", "--permission", "project.view", "--permission",
                "project.cloud_access", "--permission", "cicd.view", "--non-production", "env.transport", "--non-production",
                "env.monitoring", "--production", "custom")
    assert says(company, "whole") == {
        ("project.view", "project"), ("project.cloud_access", "project"), ("cicd.view", "cicd"),
        ("env.transport", "non-production"), ("env.monitoring", "non-production"), ("custom", "production")}
    row = listed(company, "Whole")
    assert row["permissions"] == ["cicd 1", "project 2"] and row["environments"] == ["non-production fixed", "production custom"]
    assert (row["members"], row["group_members"], row["apps"], row["tags"]) == (0, 0, 0, ["not used"])
    (details,) = company.json("role", "show", "Whole")["role"]
    assert (details["role"], details["description"]) == ("Whole", "All of it") and details["id"] == company.value("select id from roles where name = 'Whole'")
    assert company.json("role", "show", details["id"])["role"] == [details]


def test_c22_production_needs_a_second_factor_and_nothing_else_does(company):
    said = company.ctl("role", "create", "Live", "--production", "custom", code=77).err
    assert "a second factor is needed" in said and "Live" not in names(company)
    company.ctl("role", "create", "Live", "--non-production", "custom")
    company.ctl("role", "edit", "Live", "--production", "env.backups", code=77)
    assert says(company, "Live") == {("custom", "non-production")}
    second_factor(company, "admin")
    company.ctl("role", "edit", "Live", "--production", "env.backups")
    assert says(company, "Live") == {("custom", "non-production"), ("env.backups", "production")}


def test_c22_only_the_owner_of_the_schema_vouches_for_somebody(company):
    assert "operator cannot vouch for a second factor" in company.ctl("user", "second-factor", "admin", code=77).err
    assert "for an hour at most" in company.ctl("user", "second-factor", "admin", "--for", "2h", user="postgres", code=65).err
    assert '"soon" is no duration' in company.ctl("user", "second-factor", "admin", "--for", "soon", user="postgres", code=65).err
    company.ctl("user", "second-factor", "nobody", user="postgres", code=65)
    said = company.ctl("user", "second-factor", "admin", "--for", "5m", user="postgres").err
    assert said.startswith("done: the second factor of admin counts until 20")
    assert company.value("select round(extract(epoch from expires_at - proven_at)) from second_factors") == 300


@pytest.mark.parametrize("words, said", [
    (["--permission", "project.veiw"], 'there is no permission "project.veiw"'),
    (["--permission", "env.transport"], "a project role cannot hold env.transport"),
    (["--non-production", "project.view"], "project.view is no permission in environments"),
    (["--non-production", "env.alerts"], "env.alerts is no permission in environments"),
    (["--non-production", "some"], 'there is no permission "some"'),
    (["--non-production", "none", "--non-production", "env.api"], '"none" is said alone, not with permissions or another word'),
])
def test_c12_what_is_wrong_makes_no_role(company, words, said):
    assert said in company.ctl("role", "create", "Odd", *words, code=65).err
    assert "Odd" not in names(company)


def test_c12_a_name_is_used_once(tester):
    assert 'there is a role "TESTER" already' in tester.ctl("role", "create", "TESTER", code=65).err
    assert 'there is a role "Developer" already' in tester.ctl("role", "edit", "Tester", "--rename", "Developer", code=65).err
    tester.ctl("role", "edit", "Tester", "--rename", "Taster")
    assert "Taster" in names(tester) and "Tester" not in names(tester)


def test_c8_every_permission_is_listed_with_its_scope(company):
    rows = {row["permission"]: row for row in company.json("permission", "list")["permissions"]}
    assert rows["env.backups"]["scope"] == "env" and rows["cicd.deploy"]["scope"] == "cicd"
    assert len(rows) == company.value("select count(*) from permissions") and all(row["description"] for row in rows.values())


# --- who holds it -----------------------------------------------------------------------------------------------------


def test_c9_c10_the_overview_counts_and_the_holders_are_named(tester):
    row = listed(tester, "Tester")
    assert (row["members"], row["apps"]) == (2, 2)
    assert {(row["place"], row["login"], row["source"]) for row in tester.json("role", "holders", "tester")["holders"]} == {
        ("app:shop", "bob", "hand"), ("app:desk", "bob", "hand"), ("app:shop", "carl", "hand")}
    assert tester.ctl("role", "holders", "Product Owner").err == "nobody holds it\n"
    assert 'there is no role "Nothing"' in tester.ctl("role", "holders", "Nothing", code=65).err


# --- editing ----------------------------------------------------------------------------------------------------------


def test_c27_one_role_is_edited_at_a_time(tester):
    other = login_of(tester, "dora")
    tester.ctl("user", "role", "dora", "add", "Platform Administrator")
    said = tester.ctl("role", "edit", "Tester").err
    assert said.startswith("done: you are editing role Tester until 20")
    assert "edited by operator" in listed(tester, "Tester")["tags"]
    for words in (["edit", "Tester"], ["edit", "Developer"], ["edit", "Developer", "--permission", "cicd.view"],
                  ["delete", "Product Owner", "--yes"]):
        assert 'operator is editing the role "Tester"' in tester.ctl("role", *words, user=other, code=75).err
    tester.ctl("role", "save", "Tester", "--description", "hers", user=other, code=75)
    tester.ctl("role", "cancel", user=other, code=65)
    tester.ctl("role", "cancel")
    assert tester.ctl("role", "save", "Tester", "--description", "mine", code=75).out == ""
    tester.ctl("role", "edit", "Tester", user=other)
    tester.ctl("role", "save", "Tester", "--description", "hers", user=other)
    assert listed(tester, "Tester")["description"] == "hers"


def test_c26_saving_changes_what_is_named_and_leaves_the_rest(tester):
    tester.ctl("can", "bob", "cicd.view", "app:shop")
    tester.ctl("role", "edit", "Tester")
    tester.ctl("role", "save", "Tester", "--permission", "project.view", "--permission", "cicd.build", "--non-production", "custom")
    tester.ctl("can", "bob", "cicd.view", "app:shop", code=1)
    tester.ctl("can", "bob", "cicd.build", "app:desk")
    tester.ctl("role", "edit", "Tester", "--description", "Tries things")
    assert says(tester, "Tester") == {("project.view", "project"), ("cicd.build", "cicd"), ("custom", "non-production")}
    tester.ctl("role", "edit", "Tester", "--non-production", "none")
    assert says(tester, "Tester") == {("project.view", "project"), ("cicd.build", "cicd")}
    assert tester.value("select cause from revisions order by id desc limit 1") == "role edit Tester"


def test_c34_a_locked_role_stays_as_it_is(company):
    for words in (["edit", "Scrum Master"], ["edit", "Owner", "--permission", "cicd.view"], ["delete", "Scrum Master", "--yes"]):
        assert "is locked" in company.ctl("role", *words, code=65).err


# --- deleting ---------------------------------------------------------------------------------------------------------


def test_c28_c31_deleting_says_what_goes_and_puts_another_in_its_place(tester):
    before = tester.value("select head()")
    result = tester.ctl("role", "delete", "Tester", "--replacement", "Contributor", code=2)
    assert result.err == ('2 people hold the role "Tester" at 2 places, and "Contributor" takes its place\n'
                          "Nothing was done. To do it, say --yes.\n")
    assert tester.json("role", "delete", "Tester", code=2)["would"] == '2 people hold the role "Tester" at 2 places'
    assert tester.value("select head()") == before and "Tester" in names(tester)
    tester.ctl("role", "delete", "Tester", "--replacement", "Contributor", "--yes")
    assert "Tester" not in names(tester)
    assert {row["login"] for row in tester.json("role", "holders", "Contributor")["holders"]} == {"bob", "carl"}
    assert tester.value("select cause from revisions order by id desc limit 1") == "role delete Tester --replacement Contributor"


def test_c30_c33_what_is_held_needs_a_replacement_that_is_another(tester):
    assert '2 people hold the role "Tester"' in tester.ctl("role", "delete", "Tester", "--yes", code=65).err
    assert "cannot take the place" in tester.ctl("role", "delete", "Tester", "--replacement", "Tester", "--yes", code=65).err
    assert 'there is no role "Nobody"' in tester.ctl("role", "delete", "Tester", "--replacement", "Nobody", "--yes", code=65).err
    assert listed(tester, "Tester")["members"] == 2 and listed(tester, "Tester")["tags"] == []


def test_c29_what_nobody_holds_goes_without(company):
    company.ctl("role", "create", "Silent")
    assert 'nobody holds the role "Silent"\n' in company.ctl("role", "delete", "Silent", "--yes").err
    assert "Silent" not in names(company)


def test_c28_on_a_terminal_it_asks(company):
    company.ctl("role", "create", "Silent")
    code, seen = at_terminal(company, "role", "delete", "Silent", answer="no")
    assert code == 2 and "Delete this role for good? [y/N] " in seen and seen.endswith("Nothing was done.\n")
    assert "Silent" in names(company)
    code, seen = at_terminal(company, "role", "delete", "Silent", answer="y")
    assert code == 0 and seen.endswith("done: role Silent is gone\n") and "Silent" not in names(company)


# --- roles that came with apps ----------------------------------------------------------------------------------------


def test_c5_c7_inherited_roles_are_found_merged_and_kept(tester):
    for name, origin in (("Tester", "desk"), ("Guide", "desk")):
        tester.sql("insert into roles (kind, name, origin) values ('project', %s, %s)", name, origin)
    tester.sql("insert into role_permissions select r.id, p.id from roles r, permissions p where r.origin = 'desk' "
               "and p.name in ('project.view', 'cicd.view')")
    ids = {row["name"]: str(row["id"]) for row in tester.sql("select id, name from roles where origin = 'desk'")}
    assert {"Tester (desk)", "Guide (desk)"} <= {row["duplicate"] for row in tester.json("role", "duplicates")["duplicates"]}
    assert set(tester.json("role", "show", ids["Guide"])["role"][0]["tags"]) == {"inherited from desk", "duplicate of Tester, Tester (desk)", "not used"}
    tester.ctl("app", "members", "desk", "add", "carl", "--role", ids["Guide"], code=65)
    tester.ctl("role", "merge", ids["Tester"], "Tester", code=2)
    tester.ctl("role", "merge", ids["Tester"], "Tester", "--yes")
    assert tester.sql("select from roles where origin = 'desk' and name = 'Tester'") == []
    tester.ctl("role", "keep", ids["Guide"])
    tester.ctl("app", "members", "desk", "add", "carl", "--role", "Guide")


# --- who may ----------------------------------------------------------------------------------------------------------


def test_c1_only_a_platform_administrator_changes_roles(tester):
    ann = login_of(tester, "ann")
    before = tester.value("select head()")
    for words in (["create", "Mine"], ["edit", "Tester"], ["edit", "Tester", "--permission", "project.edit"],
                  ["save", "Tester", "--description", "x"], ["cancel"], ["delete", "Tester", "--yes"],
                  ["merge", "Tester", "Contributor", "--yes"], ["keep", "Tester"]):
        assert "op_ann is not allowed to" in tester.ctl("role", *words, user=ann, code=77).err
    assert tester.value("select head()") == before
    assert tester.ctl("role", "list", user=ann).out and tester.ctl("role", "holders", "Tester", user=ann).out


def test_options_of_roles_belong_to_them(company):
    company.ctl("role", "cancel", "--permission", "cicd.view", code=64)
    company.ctl("role", "merge", "Developer", code=64)
    assert "did you mean --non-production?" in company.ctl("role", "edit", "Developer", "--non-prodution", "none", code=64).err
