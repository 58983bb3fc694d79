# SPDX-License-Identifier: Apache-2.0
"""Access groups, user roles, roles of apps, groups and invitations, as administrators type them."""

import pytest

from actors import login_of

CONFIGURATION = 'version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n'


@pytest.fixture
def company(roster):
    """gus administers /pay with the app shop; ann owns shop and desk; bob holds nothing."""
    roster.configure(CONFIGURATION)
    for person in ("gus", "ann", "bob"):
        login_of(roster, person)
    roster.ctl("group", "create", "/pay", "--admin", "gus", "--description", "Payments")
    roster.adopt("shop", "ann", "/pay")
    roster.ctl("app", "create", "desk", "--owner", "ann")
    return roster


def can(roster, login, permission, resource):
    return roster.run("can", login, permission, resource).code == 0


# --- access groups ----------------------------------------------------------------------------------------------------


def test_a24_a25_members_reach_the_apps_of_the_group(company):
    company.ctl("user", "role", "bob", "add", "App Administrator")
    company.ctl("access-group", "create", "club", "--description", "All of them")
    for app in ("shop", "desk"):
        company.ctl("access-group", "apps", "club", "add", app)
    company.ctl("access-group", "members", "club", "add", "bob")
    assert can(company, "bob", "app.release.view", "app:shop") and can(company, "bob", "app.release.view", "app:desk")
    assert not can(company, "bob", "app.release.approve", "app:desk")
    company.ctl("access-group", "members", "CLUB", "add", "bob", "--role", "App Owner", "--until", "2099-01-31")
    assert can(company, "bob", "app.release.approve", "app:desk")
    assert company.json("access-group", "list")["access_groups"] == [
        {"access_group": "club", "description": "All of them", "members": 1, "apps": ["desk", "shop"]}]
    shown = company.json("access-group", "show", "Club")
    assert shown["access_group"][0]["access_group"] == "club"
    assert {(row["login"], row["role"]) for row in shown["members"]} == {("bob", "App Member"), ("bob", "App Owner")}
    assert shown["members"] == company.json("access-group", "members", "club")["members"]
    assert any(row["anchor"] == "access-group:club" for row in company.json("access", "bob")["holds"])
    company.ctl("access-group", "apps", "club", "remove", "desk")
    assert not can(company, "bob", "app.release.view", "app:desk") and can(company, "bob", "app.release.view", "app:shop")


def test_a31_who_is_in_is_app_member(company):
    company.ctl("access-group", "create", "club")
    company.ctl("access-group", "members", "club", "add", "bob", "--role", "App Owner")
    said = company.ctl("access-group", "members", "club", "remove", "bob", "--role", "App Member", code=65).err
    assert "take bob out: rosterctl access-group members club remove bob" in said
    company.ctl("access-group", "members", "club", "remove", "bob", "--role", "App Owner")
    assert [row["role"] for row in company.json("access-group", "members", "club")["members"]] == ["App Member"]
    company.ctl("access-group", "members", "club", "remove", "bob")
    company.ctl("access-group", "members", "club", "remove", "bob", code=65)
    assert company.json("access-group", "members", "club")["members"] == []


def test_deleting_an_access_group_says_who_loses(company):
    company.ctl("access-group", "create", "club")
    company.ctl("access-group", "apps", "club", "add", "shop")
    company.ctl("access-group", "members", "club", "add", "bob")
    company.ctl("access-group", "members", "club", "add", "gus")
    assert company.ctl("access-group", "delete", "club", code=2).err == (
        "2 people lose what access group club gives on 1 app\nNothing was done. To do it, say --yes.\n")
    company.ctl("access-group", "delete", "club", "--yes")
    assert company.ctl("access-group", "list").err == "there are no access groups\n"
    assert "see rosterctl access-group list" in company.ctl("access-group", "show", "club", code=65).err


def test_a26_a33_only_platform_administrators_may(company):
    company.ctl("access-group", "create", "club")
    company.ctl("access-group", "members", "club", "add", "bob")
    before = company.value("select head()")
    for words in (["access-group", "create", "x"], ["access-group", "delete", "club", "--yes"], ["access-group", "apps", "club", "add", "shop"],
                  ["access-group", "apps", "club", "remove", "shop"], ["access-group", "members", "club", "add", "ann"],
                  ["access-group", "members", "club", "remove", "bob"], ["user", "role", "gus", "add", "Platform Administrator"],
                  ["user", "role", "admin", "remove", "Platform Administrator"], ["group", "edit", "/pay", "--rename", "x"],
                  ["group", "delete", "/pay", "--yes"], ["cluster", "create", "east"], ["app", "operator", "--purpose", "test"]):
        assert "op_gus is not allowed to" in company.ctl(*words, user="op_gus", code=77).err
    assert company.value("select head()") == before


@pytest.mark.parametrize("words, said", [
    (["create", "a/b"], '"a/b" is no name for an access group'),
    (["create", "x" * 101], "at most 100 characters"),
    (["create", "CLUB"], 'there is an access group "CLUB" already'),
    (["create", "x", "--description", "y" * 251], "the description is longer than 250 characters"),
    (["apps", "club", "add", "nothing"], "there is no app:nothing (see rosterctl app list)"),
    (["members", "club", "add", "nobody"], 'no active user has the login "nobody"'),
    (["members", "club", "add", "bob", "--role", "Nothing"], 'there is no role "Nothing"'),
    (["members", "club", "add", "bob", "--until", "soon"], '"soon" is no time'),
    (["members", "none", "add", "bob"], "there is no access-group:none"),
])
def test_what_is_refused_is_told_in_words(company, words, said):
    company.ctl("access-group", "create", "club")
    assert said in company.ctl("access-group", *words, code=65).err


# --- user roles -------------------------------------------------------------------------------------------------------


def test_a1_a3_a29_a_user_role_and_a_role_on_the_app(company):
    company.ctl("app", "access", "shop", "add", "bob", "--role", "App Owner")
    assert not can(company, "bob", "app.release.view", "app:shop")
    company.ctl("user", "role", "bob", "add", "App Viewer")
    assert can(company, "bob", "app.release.view", "app:shop") and not can(company, "bob", "app.release.approve", "app:shop")
    company.ctl("user", "role", "bob", "add", "App Administrator", "--until", "2099-01-31 12:00")
    assert can(company, "bob", "app.release.approve", "app:shop")
    roles = {row["role"]: row for row in company.json("user", "role", "bob")["roles"]}
    assert roles.keys() == {"App Viewer", "App Administrator"} and roles["App Viewer"]["expires_at"] is None
    assert roles["App Administrator"]["expires_at"].startswith("2099-01-31 12:00")
    for role in roles:
        company.ctl("user", "role", "bob", "remove", role)
    assert not can(company, "bob", "app.release.view", "app:shop")
    assert company.ctl("user", "role", "bob").err == "no user role is held\n"


def test_a5_what_is_no_user_role_is_refused(company):
    assert "see rosterctl group admin" in company.ctl("user", "role", "bob", "add", "Group Administrator", code=65).err
    assert "(every active person has it)" in company.ctl("user", "role", "bob", "add", "User", code=65).err
    for words, said in (("user role bob add Developer", '"Developer" is a role of teams, and a user role is asked for'),
                        ("app access shop add bob --role Developer", '"Developer" is a role of teams, and a role of apps is asked for'),
                        ("role delete --yes app-owner", '"App Owner" is a role of apps, and a role of teams is asked for')):
        typed = [word.replace("app-owner", "App Owner") for word in words.split()]
        assert f"there is no role \"{typed[-1]}\" ({said}; see rosterctl role list)" in company.ctl(*typed, code=65).err
    assert "does not hold" in company.ctl("user", "role", "bob", "remove", "App Viewer", code=65).err
    assert "is the last platform administrator" in company.ctl("user", "role", "admin", "remove", "Platform Administrator", code=65).err
    company.ctl("user", "role", "nobody", code=65)


# --- roles of one app -------------------------------------------------------------------------------------------------


def test_a9_a27_a_role_on_one_app_by_the_admin_of_its_group(company):
    company.ctl("user", "role", "bob", "add", "App Administrator")
    company.ctl("app", "access", "shop", "add", "bob", "--role", "App Administrator", user="op_gus")
    assert can(company, "bob", "app.policies.manage", "app:shop") and not can(company, "bob", "app.policies.manage", "app:desk")
    assert "an admin of its group" in company.ctl("app", "access", "desk", "add", "bob", "--role", "App Member", user="op_gus", code=77).err
    team = {(row["login"], row["membership"], row["role"]) for row in company.json("app", "members", "shop")["members"]}
    assert team == {("ann", "owner", "Owner"), ("bob", "direct", "App Administrator")}
    company.ctl("app", "access", "shop", "remove", "bob", "--role", "App Administrator", user="op_gus")
    assert not can(company, "bob", "app.policies.manage", "app:shop")
    company.ctl("app", "access", "shop", "remove", "bob", "--role", "App Administrator", code=65)
    company.ctl("app", "access", "shop", code=64)


def test_a35_an_operator_for_some_purposes(company):
    assert company.ctl("app", "operator", "--purpose", "test", "--purpose", "acceptance").err == (
        'done: the role is called "App Operator (test, acceptance)"\n')
    company.ctl("user", "role", "bob", "add", "App Administrator")
    company.ctl("app", "access", "shop", "add", "bob", "--role", "App Operator (test, acceptance)")
    assert can(company, "bob", "app.operate.test", "app:shop") and not can(company, "bob", "app.operate.production", "app:shop")
    assert 'there is no purpose "fun"' in company.ctl("app", "operator", "--purpose", "fun", code=65).err
    company.ctl("app", "operator", code=64)


def test_c36_somebody_external_is_invited_and_accepts(company):
    company.ctl("user", "create", "eve", "--external")
    assert [company.json("user", "show", login)["identities"][0]["external"] for login in ("eve", "bob")] == [True, False]
    eve = login_of(company, "eve")
    said = company.ctl("app", "members", "shop", "add", "eve", "--role", "Contributor", user="op_ann").err
    assert said == "done: eve is invited to app:shop\n"
    (invited,) = company.json("invitation", "list")["invitations"]
    assert (invited["app"], invited["login"], invited["role"], invited["invited_by"]) == ("shop", "eve", "Contributor", "op_ann")
    assert not can(company, "eve", "project.view", "app:shop")
    assert "op_bob is not invited to app:shop" in company.ctl("invitation", "accept", "shop", user="op_bob", code=77).err
    company.ctl("invitation", "accept", "shop", user=eve)
    assert can(company, "eve", "project.view", "app:shop")
    assert company.ctl("invitation", "list").err == "there are no invitations\n"


def test_p35_the_owner_takes_an_app_out_of_use_and_back(company):
    assert "is not allowed to: app archive desk" in company.ctl("app", "archive", "desk", user="op_bob", code=77).err
    company.ctl("app", "archive", "desk", user="op_ann")
    assert not can(company, "ann", "project.view", "app:desk")
    assert "is not allowed to: app restore desk" in company.ctl("app", "restore", "desk", user="op_bob", code=77).err
    company.ctl("app", "restore", "desk", user="op_ann")
    assert can(company, "ann", "project.view", "app:desk")


def test_p37_a_member_of_an_app_for_some_time(company):
    company.ctl("app", "members", "desk", "add", "bob", "--role", "Developer", "--until", "2099-01-31", user="op_ann")
    held = [row for row in company.json("access", "bob")["holds"] if row["anchor"] == "app:desk"]
    assert [(row["role"], row["expires_at"][:10]) for row in held] == [("Developer", "2099-01-31")]
    assert '"soon" is no time' in company.ctl("app", "members", "desk", "add", "bob", "--role", "Developer", "--until", "soon", code=65).err
    company.ctl("app", "members", "desk", "add", "bob", "--role", "Developer")
    assert [row["expires_at"] for row in company.json("access", "bob")["holds"] if row["anchor"] == "app:desk"] == [None]


def test_c36_an_invitation_keeps_its_end(company):
    company.ctl("user", "create", "eve", "--external")
    eve = login_of(company, "eve")
    company.ctl("app", "members", "desk", "add", "eve", "--role", "Developer", "--until", "2099-01-31")
    company.ctl("invitation", "accept", "desk", user=eve)
    assert [row["expires_at"][:10] for row in company.json("access", "eve")["holds"] if row["anchor"] == "app:desk"] == ["2099-01-31"]


def test_a33_an_app_is_taken_out_of_its_group(company):
    assert company.ctl("app", "group", "shop", "none").err == "done: app:shop belongs to no group\n"
    assert {row["app"]: row["owner_group"] for row in company.json("app", "list")["apps"]} == {"shop": None, "desk": None}
    company.ctl("app", "group", "shop", code=64)


def test_r27_a_direct_member_who_stays_an_inherited_one_is_named(company):
    remove = ["app", "members", "shop", "remove", "bob", "--role", "Developer"]
    company.ctl("app", "members", "shop", "add", "bob", "--role", "Developer")
    assert company.ctl(*remove).err == "done: bob does not hold that in app:shop any more\n"
    company.ctl("app", "members", "shop", "add", "bob", "--role", "Developer")
    company.ctl("group", "members", "/pay", "add", "bob", "--role", "Contributor")
    company.ctl("access-group", "create", "club")
    company.ctl("access-group", "apps", "club", "add", "shop")
    company.ctl("access-group", "members", "club", "add", "bob")
    assert company.ctl(*remove, user="op_ann").err == (
        "done: bob does not hold that in app:shop any more; he stays an inherited member: App Member in access-group:club, Contributor in /pay\n")
    assert {row["membership"] for row in company.json("app", "members", "shop")["members"] if row["login"] == "bob"} == {"inherited"}


def test_an_owner_is_one_since_he_became_it(company):
    """Whatever else became of the app since: access and explain say what report grants says."""
    company.ctl("app", "archive", "desk")
    company.ctl("app", "restore", "desk")
    (owned,) = [row for row in company.json("access", "ann")["holds"] if (row["anchor"], row["role"]) == ("app:desk", "Owner")]
    (reported,) = [row for row in company.json("report", "grants", "--user", "ann")["grants"] if (row["anchor"], row["role"]) == ("app:desk", "Owner")]
    assert owned["since"] == reported["since"] == company.value("select id from revisions where cause = 'app create desk'")
    assert owned["since_at"] == reported["since_at"]
    assert f"by admin: app create desk   revision {owned['since']}," in company.ctl("explain", "ann", "app:desk", "project.delete").out


# --- groups and clusters ----------------------------------------------------------------------------------------------


def test_p11_groups_are_described_and_renamed_the_root_too(company):
    company.ctl("group", "edit", "/", "--rename", "Acme", "--description", "The whole company")
    company.ctl("group", "edit", "/pay", "--description", "Money")
    (row,) = company.json("group", "show", "/PAY")["group"]
    assert (row["group_path"], row["description"], row["admins"], row["apps"]) == ("/pay", "Money", ["gus"], ["shop"])
    assert [row["login"] for row in company.json("group", "show", "/pay")["members"]] == ["gus"]
    company.ctl("group", "edit", "/pay", "--rename", "money")
    assert company.json("group", "show", "/money")["group"][0]["description"] == "Money"
    (root,) = company.json("group", "show", "/")["group"]
    assert (root["group_path"], root["name"], root["description"]) == ("/", "Acme", "The whole company")
    company.ctl("group", "create", "/ops", "--description", "For tests", "--admin", "bob")
    assert 'there is a group "MONEY" beside it already' in company.ctl("group", "edit", "/ops", "--rename", "MONEY", code=65).err
    assert "is no name for a group" in company.ctl("group", "edit", "/ops", "--rename", "a/b", code=65).err
    company.ctl("group", "edit", "/ops", "--description", "x" * 251, code=65)
    company.ctl("group", "edit", "/ops", code=64)
    company.ctl("group", "show", "/nothing", code=65)


def test_p10_what_a_group_has_keeps_it(company):
    company.ctl("group", "create", "/pay/api", "--description", "For tests", "--admin", "bob")
    assert "the root group cannot be deleted" in company.ctl("group", "delete", "/", "--yes", code=65).err
    assert "/pay has app:shop" in company.ctl("group", "delete", "/pay", "--yes", code=65).err
    company.brought("update apps set owner_group = group_at('/pay/api') where name = 'shop'")
    assert "/pay has group /pay/api" in company.ctl("group", "delete", "/pay", "--yes", code=65).err
    company.ctl("namespace", "create", "east/api", "--purpose", "test")
    company.ctl("namespace", "attach", "east/api/test", "/pay/api")
    company.brought("update apps set owner_group = group_at('/pay') where name = 'shop'")
    assert "/pay/api has namespace:east/api/test" in company.ctl("group", "delete", "/pay/api", "--yes", code=65).err
    company.ctl("namespace", "detach", "east/api/test", "/pay/api")
    assert company.ctl("group", "delete", "/pay/api", code=2).err == (
        "1 person is in /pay/api and would not be any more\nNothing was done. To do it, say --yes.\n")
    company.ctl("group", "delete", "/pay/api", "--yes")
    assert [row["group_path"] for row in company.json("tree")["groups"]] == ["/", "/pay"]
    assert "there is no group /pay/api" in company.ctl("group", "members", "/pay/api", "add", "bob", "--role", "Developer", code=65).err
    assert not any(row["anchor"] == "group:/pay/api" for row in company.json("access", "bob")["holds"])


def test_a_deleted_group_gives_its_name_to_a_new_one(company):
    company.ctl("group", "create", "/ops", "--admin", "bob", "--description", "Old")
    company.ctl("group", "delete", "/ops", "--yes")
    company.ctl("group", "create", "/OPS", "--description", "For tests", "--admin", "ann")
    (row,) = company.json("group", "show", "/ops")["group"]
    assert (row["description"], row["admins"], row["made_by"]) == ("For tests", ["ann"], "hand")
    assert 'there is a group /ops already' in company.ctl("group", "create", "/ops", "--description", "For tests", "--admin", "ann", code=65).err


def test_members_a_source_gives_keep_a_group(company):
    company.sql("insert into sources (name, kind, position) values ('corp', 'ldif', 1)")
    company.ctl("group", "create", "/ops", "--description", "For tests", "--admin", "bob")
    company.sql("insert into grants (user_id, anchor, role, source) select u.id, group_at('/ops'), role_named('project', 'Developer'), s.id "
                "from users u, sources s where u.login = 'ann' and s.name = 'corp'")
    assert "source corp has members in /ops" in company.ctl("group", "delete", "/ops", "--yes", code=65).err


def test_p17_clusters_are_made_and_listed(company):
    company.ctl("cluster", "create", "east")
    assert 'there is a cluster "EAST" already' in company.ctl("cluster", "create", "EAST", code=65).err
    assert '"a/b" is no name for a cluster' in company.ctl("cluster", "create", "a/b", code=65).err
    company.ctl("namespace", "create", "east/api", "--purpose", "test", "--purpose", "production")
    company.ctl("namespace", "create", "west/api", "--purpose", "test")
    assert company.json("cluster", "list")["clusters"] == [{"cluster": "east", "namespaces": 1}, {"cluster": "west", "namespaces": 1}]
    assert "there is no cluster:north (see rosterctl cluster list)" in company.ctl("can", "ann", "cluster.plans", "cluster:north", code=65).err
