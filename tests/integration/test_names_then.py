# SPDX-License-Identifier: Apache-2.0
"""Questions about earlier revisions: what is gone or called otherwise by now is named as it was called then."""

import datetime

import pytest


@pytest.fixture
def company(roster):
    """u0 is the contact of shop in /pay/api, u1 holds a role of an access group and one that is deleted; then much is."""
    roster.configure('version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n')
    ctl, sql = roster.ctl, roster.sql
    for login in ("u0", "u1"):
        ctl("user", "create", login)
    ctl("group", "create", "/pay", "--description", "x", "--admin", "u0")
    ctl("group", "create", "/pay/api", "--description", "x", "--admin", "u0")
    ctl("group", "members", "/pay/api", "add", "u0", "--role", "Developer")
    roster.adopt("shop", "admin", "/pay/api")
    sql("select node_create('shop', 'u0')")
    sql("select environment_create('shop', 'test', 'test')")
    ctl("access-group", "create", "all")
    sql("select access_group_app('all', 'shop', true)")
    sql("select access_group_member_add('all', 'u1', 'Contributor')")
    sql("select role_create('Tester', '', '{project.view,project.edit}')")
    ctl("group", "members", "/pay", "add", "u1", "--role", "Tester")
    roster.then = roster.value("select head()")
    roster.moment = str(roster.value("select clock_timestamp()"))
    return roster


def change(roster):
    """Everything that had a name then is gone, or has another one."""
    ctl, sql = roster.ctl, roster.sql
    ctl("environment", "delete", "shop/test", "--yes")
    sql("delete from nodes")
    ctl("access-group", "delete", "all", "--yes")
    ctl("group", "members", "/pay", "remove", "u1", "--role", "Tester")
    sql("select role_edit_begin('Tester')")
    sql("select role_delete('Tester')")
    ctl("group", "edit", "/pay/api", "--rename", "core")
    ctl("group", "edit", "/pay", "--rename", "money")
    ctl("group", "create", "/old", "--description", "x", "--admin", "u0")
    ctl("group", "move", "/money/core", "/old")
    if not roster.value("select archived from apps"):
        ctl("app", "archive", "shop")
    return roster


def reports(roster, *words):
    found = {}
    for what in ("access", "grants"):
        found[what] = sorted((row["login"], row.get("resource"), row["anchor"], row["role"], row.get("permissions"))
                             for row in roster.json("report", what, *words)[what])
    return found


def test_a_report_says_what_it_said_then(company):
    before = reports(company)
    assert {row[2] for row in before["grants"]} >= {"group:/pay", "group:/pay/api", "access-group:all", "app:shop", "platform"}
    change(company)
    assert reports(company, "--at", str(company.then)) == before
    assert reports(company, "--at", company.moment) == before
    assert reports(company) != before
    # One place, by the name of then or, where nothing was called that, of today.
    for name in ("environment:shop/test", "env:shop/test", "access-group:all", "group:/pay/api", "group:/old/core"):
        rows = company.json("report", "grants", "--at", str(company.then), "--resource", name)["grants"]
        assert bool(rows) != name.endswith("shop/test"), name
    rows = company.json("report", "access", "--at", str(company.then), "--resource", "environment:shop/test")["access"]
    assert {row["login"] for row in rows} >= {"u0"} and {row["resource"] for row in rows} == {"environment:shop/test"}
    assert "there is no environment:shop/test" in company.ctl("report", "access", "--resource", "environment:shop/test", code=65).err


def test_so_do_the_questions_of_apps(company):
    def asked(*words):
        return [(row["login"], row["role"], row["anchor"], row["source"]) for row in company.json("who-can", *words)["people"]]

    questions = [("project.edit", "app:shop"), ("env.monitoring", "environment:shop/test"), ("group.view", "group:/pay/api")]
    before = [asked(*words) for words in questions[:2]]
    assert ("u1", "Tester", "group:/pay", "hand") in before[0] and before[1]
    access = company.sql("select * from effective_access('u0', 'environment:shop/test')")
    change(company)
    for at in (str(company.then), company.moment):
        assert [asked(*words, "--at", at) for words in questions[:2]] == before
    assert company.sql("select * from effective_access('u0', 'environment:shop/test', %s)", company.then) == access != []


def test_a_difference_names_what_is_gone(company):
    change(company)
    rows = company.json("diff", str(company.then))["differences"]
    lost = {(row["login"], row["resource"]): row for row in rows}
    assert all(row["resource"] for row in rows)
    assert ("u0", "environment:shop/test") in lost and "Technical Contact" in lost["u0", "environment:shop/test"]["roles_lost"]
    assert {"Tester", "Contributor"} <= set(lost["u1", "app:shop"]["roles_lost"])
    # Back in time what is gone is won, under the same names; and a time is as good as a number.
    back = company.json("diff", str(company.value("select head()")), str(company.then))["differences"]
    assert ("u0", "environment:shop/test") in {(row["login"], row["resource"]) for row in back}
    assert company.json("diff", company.moment)["differences"] == rows


def test_a_time_must_be_one_of_history(company):
    def refused(at, code=65):
        return company.ctl("report", "grants", "--at", at, code=code).err

    assert '"yesterday-ish" is neither a revision nor a time' in refused("yesterday-ish")
    assert "there was nothing yet at 2001-01-01 (the first revision is of " in refused("2001-01-01")
    tomorrow = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
    assert f"{tomorrow} is still to come" in refused(tomorrow)
    assert "there is no revision 99999" in refused("99999")
    assert "there was nothing yet at yesterday" in refused("yesterday")
    assert company.ctl("report", "grants", "--at", "now").out == company.ctl("report", "grants").out


def explained(roster, *words):
    said = roster.json("explain", *words)
    return said["allowed"], [(path["role"], path["anchor"], path["through"], path["distance"], path["since"], path["by"], path["cause"])
                             for path in said["paths"]], said["resource"]


def test_a_yes_is_explained_as_of_then(company):
    questions = [("u1", "app:shop", "project.edit"), ("u0", "environment:shop/test"), ("u0", "env:shop/test", "env.monitoring"), ("u0", "group:/pay/api"),
                 ("admin", "platform")]
    before = [explained(company, *words) for words in questions]
    assert all(allowed and paths for allowed, paths, _ in before)
    change(company)
    company.ctl("user", "suspend", "u0")
    for at in (str(company.then), company.moment):
        assert [explained(company, *words, "--at", at) for words in questions] == before
    out = company.ctl("explain", "u1", "app:shop", "project.edit", "--at", company.moment).out
    assert out.startswith(f"u1 could project.edit on app:shop   (revision {company.then})\n") and "Tester in /pay   by admin: group members /pay add u1" in out
    assert "could not" not in out and "told:" not in out


def test_a_no_is_explained_as_of_then(company):
    def why(*words):
        said = company.json("explain", *words)
        assert not said["allowed"] and not said["paths"] and not said["told"]
        return [(obstacle["kind"], obstacle["why"]) for obstacle in said["obstacles"]]

    company.ctl("user", "create", "late")
    company.ctl("user", "suspend", "u1")
    suspended = str(company.value("select head()"))
    company.ctl("user", "resume", "u1")
    company.ctl("app", "archive", "shop")
    change(company)
    then = str(company.then)
    assert why("late", "app:shop", "--at", then) == [("inactive", "late was not there yet")]
    assert why("u1", "app:shop", "--at", suspended) == [("inactive", "u1 was not active then; inactive people reach nothing")]
    assert ("role", "u1 was Tester in /pay, which did not permit cicd.deploy on app:shop") in why("u1", "app:shop", "cicd.deploy", "--at", then)
    assert why("u1", "group:/pay", "--at", then) == [("role", "u1 was Tester in /pay, which did not permit anything on group:/pay")]
    assert why("u1", "platform", "platform.roles.manage", "--at", then) == [("nobody", "no role of u1 reached platform then")]
    assert why("u1", "app:shop", "group.members.manage", "--at", then) == [
        ("permission", "group.members.manage means nothing on app:shop: nobody has it there")]
    assert why("u0", "app:shop", "--at", str(company.value("select head()"))) == [
        ("archived", "app:shop was archived or not there, and gave nobody anything")]
    assert company.ctl("explain", "late", "app:shop", "--at", then).out.startswith(f"late could not use app:shop   (revision {then})")


def test_a_name_that_was_given_twice_is_that_of_the_one_of_then(company):
    company.ctl("environment", "delete", "shop/test", "--yes")
    company.sql("select environment_create('shop', 'test', 'test')")
    first = company.json("who-can", "env.monitoring", "environment:shop/test", "--at", str(company.then))["people"]
    assert "u0" in {row["login"] for row in first}
    assert company.value("select resource_named('environment:shop/test', %s) < resource_named('environment:shop/test')", company.then)


def test_names_are_forgotten_with_what_they_named(company):
    change(company)
    assert company.value("select count(*) from past_names") >= 5
    company.sql("alter table revisions disable trigger keep")
    company.sql("update revisions set at = at - interval '1 year'")
    while company.value("select clock_forget('1 day')"):
        pass
    assert company.value("select count(*) from past_names") == 0
