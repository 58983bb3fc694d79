# SPDX-License-Identifier: Apache-2.0
"""Delivery: what a target follows. What comes under its patterns it is told anew, what leaves them is taken back, or kept."""

import pytest

from receiver import Receiver
from told import company, receiver, told  # noqa: F401  (fixtures)


def named(receiver):
    """The resources that messages changed."""
    return {change["resource"]["name"] for event in receiver.events for change in event["changes"]}


def test_a_new_app_under_the_pattern_comes_as_a_snapshot_of_its_own(company, receiver):
    company.app("fresh")
    company.deliver()
    (event,) = receiver.events
    assert event["type"] == "access.snapshot" and not event.get("complete")
    assert [resource["name"] for resource in event["resources"]] == ["app:fresh"]
    company.check(receiver)


def test_what_leaves_the_pattern_is_taken_back(company, receiver):
    company.configure(company.target("billing", receiver, "app:billing"))
    company.deliver()
    company.check(receiver, "app:billing")
    assert named(receiver) == {"app:shop"}
    company.configure(company.target("billing", receiver))
    company.deliver()
    company.check(receiver)


def test_what_leaves_the_pattern_can_be_kept(company, receiver):
    before = receiver.people("app:shop")
    company.configure(company.target("billing", receiver, "app:billing", more='left: "keep"'))
    (row,) = company.deliver()
    assert row["resources"] == 1 and not receiver.requests and receiver.people("app:shop") == before


GONE = ["environment:shop/test", "group:/pay/old", "app:billing"]


@pytest.mark.parametrize("more", ["", 'left: "keep"'])
def test_what_is_deleted_is_taken_back_under_its_name(company, receiver, more):
    """An environment is gone, and an access group that gave something on an app; a group and an app are archived."""
    ctl, sql = company.roster.ctl, company.roster.sql
    for number in (0, 3):
        company.join(number, role="Developer")
    sql("select node_create('shop', 'u0')")
    sql("select environment_create('shop', 'test', 'test')")
    ctl("access-group", "create", "all")
    sql("select access_group_app('all', 'shop', true)")
    sql("select access_group_member_add('all', 'u1')")
    ctl("group", "create", "/pay/old", "--description", "Old", "--admin", "u2")
    sql("select node_create('billing', 'u3')")
    patterns = ["app:*", "environment:*/*", "group:/**"]
    written = [pattern.replace("environment:", "env:") for pattern in patterns] if more else patterns
    company.configure(company.target("billing", receiver, *written, more=more))
    company.deliver()
    company.check(receiver, *patterns)
    known = {name: receiver.people(name) for name in GONE}
    assert known["environment:shop/test"] and known["group:/pay/old"] and known["app:billing"]
    receiver.requests.clear()
    ctl("environment", "delete", "shop/test", "--yes")
    ctl("access-group", "delete", "all", "--yes")
    ctl("group", "delete", "/pay/old", "--yes")
    ctl("app", "archive", "billing")
    company.deliver()
    company.check(receiver, "app:*", "environment:*/*", "group:/", "group:/pay", "group:/pay/api")
    assert not any(receiver.people(name) for name in GONE)
    taken = named(receiver)
    assert taken == {name for name in GONE if known[name]} | {"app:shop"}, "u1 has lost shop, too"
    assert not company.roster.value("select count(*) from followed where name in ('environment:shop/test', 'group:/pay/old')")
    ctl("group", "create", "/pay/old", "--description", "Old", "--admin", "u2")
    company.deliver()
    company.check(receiver, *patterns)
    assert receiver.people("group:/pay/old") == known["group:/pay/old"]


def test_what_was_kept_stays_also_when_everything_is_told_anew(company, receiver):
    before = receiver.people("app:shop")
    company.configure(company.target("billing", receiver, "app:billing", more='left: "keep"'))
    company.deliver()
    company.deliver("billing", "--snapshot")
    assert receiver.events[-1]["type"] == "access.snapshot" and receiver.people("app:shop") == before


def test_who_answers_at_a_new_address_is_told_everything(company):
    with Receiver() as elsewhere:
        company.configure(company.target("billing", elsewhere))
        company.deliver()
        assert elsewhere.events[0]["complete"]
        company.check(elsewhere)


def test_a_resource_that_leaves_while_it_is_on_its_way(company, receiver):
    receiver.answer = 503
    company.app("fresh")
    company.deliver(code=1)
    company.configure(company.target("billing", receiver, "app:billing", "app:shop"))
    company.deliver(code=1)
    receiver.answer = 204
    for _ in range(2):
        company.at_once()
        company.deliver()
    company.check(receiver, "app:billing", "app:shop")


@pytest.mark.parametrize("left, waiting", [("", 204), ('left: "keep"', 422)])
def test_a_resource_that_leaves_while_a_part_of_a_window_is_refused_and_another_waits(told, receiver, left, waiting):
    """The part that waits still speaks of it: it goes out before the resource is withdrawn, and may be refused like the other."""
    def follow(*resources, more=""):
        told.configure(told.target("billing", receiver, *resources, more=f"batch: 1; {more}"))

    def deliver(answer, code=1):
        receiver.answer = answer
        told.at_once()
        told.deliver(code=code)

    def of_billing(request):
        return f"\"id\":{billing}," in request.body.decode()

    follow()
    told.build()
    deliver(204, code=0)
    billing = told.roster.value("select resource_named('app:billing')")
    told.leave(0)
    deliver(lambda request: 422 if of_billing(request) else 204)  # its lane begins with a snapshot
    deliver(lambda request: 503 if of_billing(request) else 204)
    told.join(1, role="Developer")
    told.join(2, role="Developer")
    answers = [422, 503]  # of what has changed since the snapshot, which is behind by now
    deliver(lambda request: answers.pop(0) if of_billing(request) and request.event["type"] == "access.changed" else 204)
    assert not answers and told.roster.value("select count(*) from parts where %s = any (resources)", billing) == 1
    follow("app:shop", more=left)
    deliver(waiting, code=0)
    assert told.roster.value("select count(*) from followed") == 1
    if not left:
        told.check(receiver, "app:shop")


def test_a_group_that_moves_out_of_the_pattern(told, receiver):
    told.configure(told.target("billing", receiver, "group:/pay/**"))
    told.build()
    told.deliver()
    told.check(receiver, "group:/pay/**")
    told.roster.ctl("group", "create", "/elsewhere", "--description", "x", "--admin", "admin")
    told.roster.ctl("group", "move", "/pay/api", "/elsewhere")
    told.deliver()
    told.check(receiver, "group:/pay/**")
    told.roster.ctl("group", "move", "/elsewhere/api", "/pay")
    told.deliver()
    told.check(receiver, "group:/pay/**")


def test_a_target_that_is_no_longer_configured_is_told_nothing(company, receiver):
    company.configure()
    company.leave(0)
    company.roster.ctl("deliver", "--local")
    assert not receiver.requests
    company.configure(company.target("billing", receiver))
    company.deliver()
    company.check(receiver)


def test_an_archived_app_is_emptied(company, receiver):
    company.roster.ctl("app", "archive", "shop")
    company.deliver()
    assert receiver.people("app:shop") == {}
    company.check(receiver)


def test_a_target_that_lost_its_copy_gets_everything_anew(company, receiver):
    receiver.requests.clear()
    receiver.knowledge.resources.clear()
    receiver.knowledge.pairs.clear()
    company.deliver("billing", "--snapshot")
    assert receiver.events[-1]["complete"]
    company.check(receiver)
