# SPDX-License-Identifier: Apache-2.0
"""Snapshots of many rounds: what is sent again comes from the database, where their parts are briefs."""

import itertools

import pytest

from receiver import Receiver
from told import receiver, told  # noqa: F401  (fixtures)

PEOPLE, APPS = 1500, 40


@pytest.fixture
def crowd(told):
    """Everybody may work on every app: some 24 MB of messages, three rounds."""
    told.configure()
    told.build(people=0, apps=())
    told.roster.sql("""insert into users (login, name) select 'p' || n, 'Person "ä" ' || n from generate_series(1, %s) n""", PEOPLE)
    told.roster.sql("""insert into grants (user_id, anchor, role)
        select u.id, group_at('/pay'), role_named('project', case when u.login ~ '[05]$' then 'Operator' else 'Developer' end)
        from users u where u.login ~ '^p[0-9]'""")
    told.roster.brought("""insert into apps (name, owner, owner_group)
        select 'app' || n, u.id, group_at('/pay/api') from generate_series(1, %s) n, users u where u.login = 'admin'""", APPS)
    return told


def told_pairs(receiver):
    return sum(len(people) for people in receiver.state.values())


def test_it_is_told_whole(crowd, receiver):
    crowd.configure(crowd.target("billing", receiver))
    (row,) = crowd.deliver()
    assert row["state"] == "up to date" and told_pairs(receiver) == APPS * (PEOPLE + 1)
    assert len({request.id for request in receiver.requests}) == len(receiver.requests) > 16
    crowd.check(receiver)
    assert not crowd.roster.value("select count(*) from part_people")


def test_what_is_sent_again_has_the_same_bytes(crowd):
    """Also when what it says about people has changed: the receiver compares, and says so when it is left."""
    with Receiver() as receiver:
        crowd.configure(crowd.target("billing", receiver))
        fails = iter([204] * 18 + [500] + [204] * 3 + [503])
        receiver.answer = lambda request: next(fails, 204)
        crowd.deliver(code=1)
        assert receiver.requests[-1].answer == 500
        assert crowd.roster.value("select bool_or(body not like '{%%') from parts"), "the parts are no briefs"
        assert crowd.roster.value("select count(*) from part_people") > 0
        crowd.roster.sql("update users set name = 'another' where login like 'p%%'")
        crowd.at_once()
        crowd.deliver(code=1)
        crowd.at_once()
        crowd.deliver()
        sent = [request.id for request in receiver.requests]
        assert len(sent) == len(set(sent)) + 2
        crowd.check(receiver)


def test_a_refusal_in_the_middle(crowd):
    """What was not sent yet is written anew without what was refused."""
    with Receiver() as receiver:
        crowd.configure(crowd.target("billing", receiver))
        refused, numbers = set(), itertools.count(1)

        def answer(request):  # what is refused once is refused until the call has ended, however long that takes
            resources = {change["resource"]["id"] for change in request.event["changes"]}
            if next(numbers) == 19:
                refused.update(resources)
            return 400 if resources & refused else 204

        receiver.answer = answer
        crowd.deliver(code=1)
        assert refused
        refused.clear()
        crowd.at_once()
        crowd.deliver()
        crowd.check(receiver)


def test_two_at_the_same_time(crowd, receiver):
    with Receiver() as other:
        crowd.configure(crowd.target("billing", receiver), crowd.target("shop", other, "app:app1*", more="batch: 500"))
        crowd.deliver()
        crowd.check(receiver)
        crowd.check(other, "app:app1*")
