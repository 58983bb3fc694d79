# SPDX-License-Identifier: Apache-2.0
"""Delivery: cursors, windows, lanes. What a target knows in the end is what the database says, whatever happened."""

import base64

import pytest

from receiver import CLOSE, HANG, SECRET, STORE_AND_CLOSE, Receiver
from told import company, receiver, told  # noqa: F401  (fixtures)


def attempts(receiver):
    return [request.id for request in receiver.requests]


def changes(receiver):
    """(resource, login, permissions before and after) of all messages stored."""
    return [(change["resource"]["name"], change["user"]["login"], bool(change["permissions"]["before"]),
             bool(change["permissions"]["after"])) for event in receiver.events for change in event["changes"]]


def status(told, name="billing"):
    rows = {row["target"]: row for row in told.roster.json("status")["targets"]}
    return rows[name]


# --- snapshots and differences -------------------------------------------------------------------------------------------


def test_a_new_target_gets_a_snapshot_of_all_it_follows(told, receiver):
    told.configure(told.target("billing", receiver))
    told.build()
    (row,) = told.deliver()
    assert row["state"] == "up to date" and row["resources"] == 2
    (event,) = receiver.events
    assert event["type"] == "access.snapshot" and event["complete"] and event["last"] and event["after"] == 0
    assert len(event["changes"]) == 2 * 5  # four members and the owner, on each of the two
    told.check(receiver)


def test_a_change_is_told_as_a_difference(company, receiver):
    company.leave(0)
    company.deliver()
    (event,) = receiver.events
    assert event["type"] == "access.changed" and event["after"] + 1 == event["revision"]
    assert [cause["revision"] for cause in event["causes"]] == [event["revision"]]
    assert changes(receiver) == [("app:billing", "u0", True, False), ("app:shop", "u0", True, False)]
    company.check(receiver)


def test_what_concerns_nobody_there_is_not_sent_and_passes(company, receiver):
    company.roster.ctl("group", "create", "/other", "--description", "x", "--admin", "admin")
    (row,) = company.deliver()
    assert row["behind"] == 0 and not receiver.requests


def test_down_for_a_day_is_told_once_and_only_the_net(company, receiver):
    receiver.stop()
    company.leave(0)
    company.leave(1)
    company.join(1)
    company.join(2, role="Developer")
    (row,) = company.deliver(code=1)
    assert row["state"] == "failing" and "127.0.0.1" in row["error"]
    company.leave(2, role="Developer")
    receiver.start()
    company.at_once()
    company.deliver()
    company.check(receiver)
    # The first window was written while it was down; the rest followed in one more.
    assert len(receiver.events) == 2
    assert {login for _, login, _, _ in changes(receiver)} == {"u0", "u2"}


def test_of_what_came_and_went_nothing_is_said(company, receiver):
    company.leave(1)
    company.join(1)
    (row,) = company.deliver()
    assert row["behind"] == 0 and not receiver.requests


def test_removals_come_before_additions(told, receiver):
    told.configure(told.target("billing", receiver, more="batch: 2"))
    told.build()
    told.deliver()
    receiver.requests.clear()
    told.roster.ctl("user", "create", "a-newcomer")
    told.roster.ctl("group", "members", "/pay", "add", "a-newcomer", "--role", "Contributor")
    told.leave(3)
    told.leave(2)
    told.deliver()
    told.check(receiver)
    assert [after for *_, after in changes(receiver)] == [False] * 4 + [True] * 2
    assert [(event["part"], event["last"]) for event in receiver.events] == [(1, False), (2, False), (3, True)]
    assert len({event["window"] for event in receiver.events}) == 1


def test_a_snapshot_in_parts(told, receiver):
    told.configure(told.target("billing", receiver, "app:*", "group:/**", more="batch: 3"))
    told.build(people=5)
    told.deliver()
    told.check(receiver, "app:*", "group:/**")
    assert len(receiver.events) > 3 and [event["last"] for event in receiver.events][-1]


def test_an_app_nobody_may_use_is_told_as_empty(told, receiver):
    told.configure(told.target("billing", receiver))
    told.build(people=1)
    told.roster.ctl("app", "archive", "shop")
    told.deliver()
    (event,) = receiver.events
    assert [resource["name"] for resource in event["resources"]] == ["app:billing", "app:shop"]
    assert {change["resource"]["name"] for change in event["changes"]} == {"app:billing"}
    told.check(receiver)


# --- faults of the target ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [500, 503, 429, 408, 404, 401, 302, CLOSE, STORE_AND_CLOSE, HANG])
def test_a_target_that_fails_is_told_the_same_again(told, fault):
    with Receiver() as receiver:
        told.configure(told.target("billing", receiver, more='timeout: "1s"'))
        told.build(people=1)
        receiver.answer = [fault]
        (row,) = told.deliver(code=1)
        assert row["state"] == "failing" and row["attempts"] == 1 and row["lanes"] == 0
        told.at_once()
        (row,) = told.deliver()
        assert row["state"] == "up to date"
        first, second = receiver.requests
        assert first.id == second.id and first.body == second.body
        told.check(receiver)


@pytest.mark.parametrize("asked, least, most", [("7200", 7100, 7210), ("60", 40, 61)])
def test_the_wait_a_target_asks_for_is_granted(company, receiver, asked, least, most):
    """Also when it is shorter than ours would be by now."""
    receiver.answer = [503, 503, 503, (503, {"retry-after": asked})]
    company.leave(0)
    for _ in range(4):
        company.at_once()
        company.deliver(code=1)
    assert least < company.roster.value("select extract(epoch from due - now()) from targets") < most


def test_who_is_not_up_to_date_stands_on_standard_error(company, receiver):
    receiver.answer = 503
    company.leave(0)
    assert "rosterctl: target billing is not up to date: failing: it answered 503" in company.roster.ctl("deliver", "--local", code=1).err
    receiver.answer = 204
    company.at_once()
    assert not company.roster.ctl("deliver", "--local").err


def test_attempts_become_rarer(company, receiver):
    company.leave(0)
    waits = []
    receiver.answer = 503
    for _ in range(7):
        company.at_once()
        company.deliver(code=1)
        waits.append(company.roster.value("select extract(epoch from due - now()) from targets"))
    assert all(wait <= 1.25 * limit for wait, limit in zip(waits, [5, 30, 120, 600, 1800, 3600, 3600]))
    assert waits[5] > 2000 > 60 > waits[1] > waits[0] > 2


def test_what_is_refused_goes_into_a_lane_and_the_rest_goes_on(company, receiver):
    """One resource whose messages it does not accept, whatever else changes."""
    billing = company.roster.value("select resource_named('app:billing')")

    def answer(request):
        resources = {change["resource"]["id"] for change in request.event["changes"]}
        return 422 if billing in resources else 204

    receiver.answer = answer
    company.leave(0)
    (row,) = company.deliver(code=1)
    assert row["state"] == "refuses some" and row["behind"] == 0 and "422" in row["error"]
    # Both were in the refused message; the other one is told by itself as soon as it is due.
    company.at_once()
    (row,) = company.deliver(code=1)
    assert row["lanes"] == 1
    company.check_one = company.truth("app:shop")
    assert receiver.people("app:shop") == list(company.check_one.values())[0]
    company.leave(1)
    company.deliver(code=1)
    assert receiver.people("app:shop") == list(company.truth("app:shop").values())[0]
    assert receiver.people("app:billing") != list(company.truth("app:billing").values())[0]
    receiver.answer = 204
    company.at_once()
    (row,) = company.deliver()
    assert row["lanes"] == 0 and row["state"] == "up to date"
    company.check(receiver)


def test_a_refused_part_of_a_snapshot(told):
    with Receiver() as receiver:
        told.configure(told.target("billing", receiver, more="batch: 2"))
        told.build(people=3, apps=("a", "b", "c", "d"))
        bad = told.roster.value("select resource_named('app:b')")
        receiver.answer = lambda request: 400 if any(c["resource"]["id"] == bad for c in request.event["changes"]) else 204
        told.deliver(code=1)
        told.at_once()
        told.deliver(code=1)
        truth = told.truth()
        assert {number: people for number, people in receiver.state.items() if number != bad and people} == \
            {number: people for number, people in truth.items() if number != bad}
        receiver.answer = 204
        told.at_once()
        told.deliver()
        told.check(receiver)


def test_gone_for_good_switches_it_off(company, receiver):
    receiver.answer = [410]
    company.leave(0)
    (row,) = company.deliver(code=1)
    assert row["state"] == "disabled"
    company.leave(1)
    (row,) = company.deliver(code=1)
    assert len(receiver.requests) == 1
    company.roster.ctl("resume", "billing")
    (row,) = company.deliver()
    assert row["state"] == "up to date"
    company.check(receiver)


def test_a_dead_target_holds_nobody_up(told, receiver):
    with Receiver() as dead:
        told.configure(told.target("dead", dead, more='timeout: "1s"'), told.target("billing", receiver))
        dead.answer = HANG
        told.build()
        rows = {row["target"]: row for row in told.deliver(code=1)}
        assert rows["dead"]["state"] == "failing" and rows["billing"]["state"] == "up to date"
        told.leave(0)
        told.deliver(code=1)
        told.check(receiver)


def test_hundreds_of_targets(told):
    """Served by one process, all at once."""
    with Receiver() as receiver:
        names = [f"t{number}" for number in range(200)]
        told.configure(*[told.target(name, receiver, "app:shop") for name in names])
        told.build(people=1)
        receiver.answer = lambda request: 204
        rows = told.deliver()
        assert {row["state"] for row in rows} == {"up to date"} and len(rows) == 200
        told.leave(0)
        told.deliver()
        receiver.faults.clear()  # One app in the role of two hundred does not know which of them it is.
        assert {event["target"] for event in receiver.events if event["type"] == "access.changed"} == set(names)


# --- keys, addresses, history -----------------------------------------------------------------------------------------------


def test_both_keys_sign_while_they_are_changed(company, receiver):
    other = "whsec_" + base64.b64encode(b"another key, also 32 bytes long.").decode()
    second = company.roster.directory / "second"
    second.write_text(other)
    second.chmod(0o600)
    company.configure(company.target("billing", receiver, sign=f'[ "file:{second}", "file:{company.key}" ]'))
    company.leave(0)
    company.deliver()
    receiver.secrets[:] = [other]
    company.leave(1)
    company.deliver()
    company.check(receiver)
    assert all(len(request.headers["webhook-signature"].split()) == 2 for request in receiver.requests)


@pytest.mark.parametrize("text, words", [("secret", "whsec_"), ("whsec_c2hvcnQ=", "24"), ("whsec_%%%", "base64")])
def test_a_key_that_is_none(company, receiver, text, words):
    company.key.write_text(text)
    company.leave(0)
    (row,) = company.deliver(code=1)
    assert row["state"] == "failing" and words in row["error"] and "c2hvcnQ" not in row["error"]
    company.key.write_text(SECRET)
    company.at_once()
    company.deliver()
    company.check(receiver)


@pytest.mark.parametrize("url", ["https://169.254.169.254/latest", "https://[fe80::1]/x", "https://0.0.0.0/"])
def test_addresses_that_are_always_refused(told, url):
    """Before anything is sent; a name that leads there is refused when it is called (unit/link/test_http_guard.c)."""
    told.configure(told.target("billing", url, more='timeout: "2s"'))
    for words in (["check"], ["deliver", "--local"]):
        refused = told.roster.ctl(*words, code=78).err
        assert 'rosterd.conf:5: "url" leads where roster never goes: ' in refused and " address" in refused


def test_a_restored_database_tells_everything_anew(company, receiver):
    """In the history that is over somebody got access that the restored database knows nothing of."""
    company.join(0, role="Developer")
    company.deliver()
    company.roster.sql("update targets set cursor = cursor - 1")  # as the backup had it
    company.roster.sql("alter table grants disable trigger user")
    company.roster.sql("delete from grants g using roles r where r.id = g.role and r.name = 'Developer'")
    company.roster.sql("alter table grants enable trigger user")
    company.roster.ctl("database", "restored")
    company.deliver()
    event = receiver.events[-1]
    assert event["type"] == "access.snapshot" and event["complete"] and event["history"] != receiver.events[0]["history"]
    company.check(receiver)


def test_another_server_is_another_history(company):
    before = company.roster.value("select history from installation")
    company.deliver()
    assert company.roster.value("select history from installation") == before
    company.roster.sql("update installation set server = '1/1'")
    company.deliver()
    assert company.roster.value("select history from installation") != before


def test_explain_says_who_has_been_told(company, receiver):
    company.deliver()
    said = company.roster.json("explain", "u0", "app:shop", "project.view")
    assert [(row["target"], row["state"]) for row in said["told"]] == [("billing", "ok")]
    receiver.answer = 503
    company.leave(0)
    company.deliver(code=1)
    assert "told: billing pending (it answered 503" in company.roster.ctl("explain", "u0", "app:shop").out


# --- who may ---------------------------------------------------------------------------------------------------------------------


def test_without_a_daemon_it_says_so(company):
    result = company.roster.ctl("deliver", code=3)
    assert "--local" in result.err


def test_only_an_administrator_hurries(company, cluster):
    cluster.execute("do $$ begin create role nobody_special login in role roster_admin; exception when duplicate_object then null; end $$")
    company.roster.sql("grant roster_admin to nobody_special")
    assert company.roster.run("deliver", user="nobody_special").code == 77


def test_unknown_target(company):
    assert "no target" in company.roster.ctl("deliver", "nonsense", code=65).err
