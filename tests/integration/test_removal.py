# SPDX-License-Identifier: Apache-2.0
"""Namespaces, clusters, nodes and operators are taken away: what is asked first, what is left, and what targets are told."""

import pytest

from actors import at_terminal, login_of, second_factor
from told import receiver, told  # noqa: F401  (fixtures)

CONFIGURATION = 'version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n'


@pytest.fixture
def east(told, receiver):
    """u0..u3 reach the namespace east/api through /pay, in test and in production; a target follows all there is."""
    told.configure(told.target("places", receiver, "namespace:**", "cluster:*"))
    told.build(apps=())
    ctl = told.roster.ctl
    ctl("namespace", "create", "east/api", "--purpose", "test", "--purpose", "production")
    ctl("namespace", "attach", "east/api/test", "/pay")
    for number in range(2):
        told.join(number, role="Operator")
    ctl("group", "members", "/", "add", "u3", "--role", "Administrator")
    told.deliver()
    receiver.requests.clear()
    return told


def withdrawn(receiver):
    """(resource, login) of all that was taken away."""
    return {(change["resource"]["name"], change["user"]["login"]) for event in receiver.events for change in event["changes"]
            if change["permissions"]["before"] and not change["permissions"]["after"]}


def test_a_namespace_goes_and_targets_are_told(east, receiver):
    ctl, roster = east.roster.ctl, east.roster
    before = roster.value("select head()")
    assert ctl("namespace", "delete", "east/api/test", code=2).err == (
        "3 people may do something in namespace:east/api/test, by 1 group, and would not any more\nNothing was done. To do it, say --yes.\n")
    assert roster.value("select head()") == before
    assert at_terminal(roster, "namespace", "delete", "east/api/test", answer="n")[0] == 2
    assert roster.value("select head()") == before
    assert "done: namespace:east/api/test is gone" in ctl("namespace", "delete", "east/api/test", "--yes").err
    assert [row["namespace"] for row in roster.json("namespace", "list")["namespaces"]] == ["east/api/production"]
    east.deliver()
    assert withdrawn(receiver) == {("namespace:east/api/test", login) for login in ("u0", "u1", "u3")}
    east.check(receiver, "namespace:**", "cluster:*")
    assert "there is no namespace:east/api/test" in ctl("who-can", "cluster.logs", "namespace:east/api/test", code=65).err


def test_what_has_something_is_not_deleted(east):
    roster, ctl = east.roster, east.roster.ctl
    assert "cluster:east has namespace east/api" in ctl("cluster", "delete", "east", "--yes", code=65).err
    ctl("app", "create", "shop", "--owner", "admin")
    ctl("node", "create", "shop", "--contact", "admin")
    ctl("environment", "create", "shop/live", "--purpose", "production", "--namespace", "east/api/production")
    assert "environment:shop/live lies in namespace:east/api/production" in ctl("namespace", "delete", "east/api", "--yes", code=65).err
    assert "the node of app:shop has environment shop/live" in ctl("node", "delete", "shop", "--yes", code=65).err
    assert "a second factor is needed" in ctl("environment", "delete", "shop/live", "--yes", code=77).err
    roster.sql("select second_factor_proven('admin')")
    ctl("environment", "delete", "shop/live", "--yes")
    assert "admin is the Technical Contact of app:shop and would not be any more" in ctl("node", "delete", "shop", code=2).err
    ctl("node", "delete", "shop", "--yes")
    assert roster.json("node", "list")["nodes"] == [] and [row["app"] for row in roster.json("app", "list")["apps"]] == ["shop"]
    assert "app:shop has no node" in ctl("node", "delete", "shop", "--yes", code=65).err


def test_a_cluster_goes_when_its_namespaces_are_gone(east, receiver):
    ctl, roster = east.roster.ctl, east.roster
    ctl("namespace", "delete", "east/api", "--yes")
    east.deliver()
    receiver.requests.clear()
    assert "people may do something on cluster:east and would not any more" in ctl("cluster", "delete", "east", code=2).err
    ctl("cluster", "delete", "east", "--yes")
    assert roster.json("cluster", "list")["clusters"] == []
    east.deliver()
    assert {login for _, login in withdrawn(receiver)} >= {"u3"} and {name for name, _ in withdrawn(receiver)} == {"cluster:east"}
    east.check(receiver, "namespace:**", "cluster:*")
    ctl("namespace", "create", "east/api", "--purpose", "test")
    assert roster.json("who-can", "cluster.logs", "namespace:east/api/test")["people"] == []


def test_only_platform_administrators_may(east):
    login_of(east.roster, "u0")
    for words in (["namespace", "delete", "east/api"], ["cluster", "delete", "east"], ["operator", "remove", "operator"], ["operator", "add", "op_u0", "u1"]):
        assert "is not allowed to" in east.roster.ctl(*words, *([] if "add" in words else ["--yes"]), user="op_u0", code=77).err


def test_an_operator_comes_and_goes(roster):
    roster.configure(CONFIGURATION)
    roster.ctl("user", "create", "ann")
    roster.cluster.execute("drop role if exists db_ann")
    roster.cluster.execute("create role db_ann login")
    roster.ctl("tree", user="db_ann", code=77)
    assert "a second factor is needed to: operator add db_ann ann" in roster.ctl("operator", "add", "db_ann", "ann", code=77).err
    second_factor(roster, "admin")
    assert "done: whoever logs into the database as db_ann acts as ann" in roster.ctl("operator", "add", "db_ann", "ann").err
    (row,) = [row for row in roster.json("operator", "list")["operators"] if row["operator"] == "db_ann"]
    assert (row["login"], row["active"], row["admitted"], row["added_by"]) == ("ann", True, True, "operator")
    roster.ctl("app", "create", "shop", user="db_ann")
    assert [row["owner"] for row in roster.json("app", "list", user="db_ann")["apps"]] == ["ann"]
    assert "the database has no login" in roster.ctl("operator", "add", "db_nobody", "ann", code=65).err
    assert "acts as ann and would act as nobody" in roster.ctl("operator", "remove", "db_ann", code=2).err
    assert "done: whoever logs into the database as db_ann acts as nobody\n" in roster.ctl("operator", "remove", "db_ann", "--yes").err
    roster.ctl("tree", user="db_ann", code=77)
    assert "is the last database login of a platform administrator" in roster.ctl("operator", "remove", "operator", "--yes", code=65).err
    roster.cluster.execute("drop role db_ann")


def test_p46_a_member_has_one_role_by_hand(roster):
    roster.configure(CONFIGURATION)
    roster.ctl("user", "create", "ann")
    assert "--description is missing" in roster.ctl("group", "create", "/pay", "--admin", "admin", code=64).err
    roster.ctl("group", "create", "/pay", "--admin", "admin", "--description", "Payments")
    for role in ("Developer", "Operator"):
        roster.ctl("group", "members", "/pay", "set", "ann", "--role", role)
    roster.ctl("group", "admin", "/pay", "add", "ann")
    roster.ctl("group", "members", "/pay", "set", "ann", "--role", "Contributor", "--until", "2099-01-01")
    assert {(row["login"], row["role"]) for row in roster.json("group", "members", "/pay")["members"]} == {
        ("admin", "Group Administrator"), ("ann", "Group Administrator"), ("ann", "Contributor")}


def test_what_is_mistyped_is_named_by_its_right_name(roster):
    roster.configure(CONFIGURATION)
    roster.ctl("user", "create", "annabel")
    roster.ctl("group", "create", "/pay", "--admin", "admin", "--description", "Payments")
    roster.ctl("app", "create", "billing")
    for words, said in ((["user", "show", "anabel"], 'nobody has the login "anabel" (did you mean "annabel"? see rosterctl user list)'),
                        (["group", "show", "/pya"], 'there is no group /pya (did you mean "/pay"? see rosterctl tree)'),
                        (["app", "members", "biling"], 'there is no app:biling (did you mean "billing"? see rosterctl app list)'),
                        (["role", "show", "Develper"], 'there is no role "Develper" (did you mean "Developer"? see rosterctl role list)'),
                        (["node", "show", "billng"], 'there is no app:billng (did you mean "billing"? see rosterctl app list)'),
                        (["explain", "annabell", "app:billing"], 'did you mean "annabel"?'), (["who-can", "project.edit", "app:bling"], 'did you mean "billing"?')):
        assert said in roster.ctl(*words, code=65).err
