# SPDX-License-Identifier: Apache-2.0
"""Three apps that were written apart take the messages of roster-events(7): the example in contrib/receiver, the
receiver the other tests use, and the SQL of the page itself. They agree, whatever comes in whatever order."""

import contextlib
import itertools
import json
import random
import subprocess

import pytest

import receiver
from event_apps import Double, Example, Page, blocks
from events import BILLING, FOREIGN, NEW, OLD, SHOP, Company, change, event, people, signature, signed, snapshot

LATER_HISTORY = "22222222-2222-4222-8222-222222222222"
# The published vector of Standard Webhooks.
VECTOR = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
          "timestamp": "1614265330", "body": '{"test": 2432232314}',
          "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}


@pytest.fixture
def example(tmp_path):
    with Example(tmp_path) as app:
        yield app


@pytest.fixture
def double():
    app = Double()
    with app.receiver:
        yield app


@pytest.fixture
def page(cluster):
    with contextlib.closing(Page(cluster)) as app:
        yield app


@pytest.fixture(params=["example", "double", "page"])
def app(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["example", "double"])
def peer(request):
    return request.getfixturevalue(request.param)


# --- storing ---------------------------------------------------------------------------------------------------------


def test_a_change_has_the_whole_of_what_is_so_after_it(app):
    assert app.send(event(1, 10, change(BILLING, "alice", ["dev"]), change(SHOP, "bob", ["ops"]))) == 204
    assert app.send(event(2, 11, change(BILLING, "alice", ["ops", "lead"], before=["dev"]))) == 204
    assert app.state() == {17: people(alice=["ops", "lead"]), 18: people(bob=["ops"])}
    assert app.send(event(3, 12, change(BILLING, "alice", before=["ops", "lead"]))) == 204
    assert app.state() == {18: people(bob=["ops"])}


def test_a_message_that_comes_twice_changes_nothing(app):
    first = event(1, 10, change(BILLING, "alice", ["dev"]), change(BILLING, "bob", ["dev"]))
    for _ in range(2):
        assert app.send(first, id="msg_first") == 204
    assert app.state() == {17: people(alice=["dev"], bob=["dev"])}
    second = event(2, 11, change(BILLING, "alice", before=["dev"]))
    for _ in range(2):
        assert app.send(second, id="msg_second") == 204
    assert app.state() == {17: people(bob=["dev"])}


def test_what_is_older_is_passed_over_for_that_resource_and_confirmed(app):
    old = event(1, 10, change(BILLING, "alice", ["dev"]), change(BILLING, "bob", ["dev"]), change(SHOP, "bob", ["dev"]))
    assert app.send(event(2, 11, change(BILLING, "carol", ["dev"]))) == 204
    assert app.send(old) == 204
    app.expect_fault("told (10, 1) after (11, 2)")
    assert app.state() == {17: people(carol=["dev"]), 18: people(bob=["dev"])}


def test_a_lower_window_of_the_same_revision_is_older(app):
    first = snapshot(1, 10, {BILLING: True}, change(BILLING, "alice", ["dev"]))
    second = snapshot(2, 10, {BILLING: True}, change(BILLING, "alice", ["dev"]))
    third = snapshot(1, 10, {BILLING: True})
    assert [app.send(first), app.send(second), app.send(third)] == [204] * 3
    app.expect_fault("told (10, 1) after (10, 2)")
    assert app.state() == {17: people(alice=["dev"])}


def test_permissions_without_a_role_and_roles_without_a_permission_are_kept(app):
    alice, bob = change(BILLING, "alice", ["dev"]), change(BILLING, "bob", ["dev"])
    alice["roles"]["after"], bob["permissions"]["after"] = [], []
    app.send(event(1, 10, alice, bob))
    assert app.state()[17] == {alice["user"]["id"]: ({"may.dev"}, set()), bob["user"]["id"]: (set(), {"dev"})}


def test_parts_of_one_window_add_up(app):
    app.send(event(1, 10, change(BILLING, "alice", ["dev"])))
    app.send(event(2, 20, change(BILLING, "alice", before=["dev"]), last=False))
    app.send(event(2, 20, change(BILLING, "bob", ["dev"]), part=2))
    assert app.state() == {17: people(bob=["dev"])}


# --- snapshots -------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(app):
    """An app that knows alice and bob at both resources."""
    everybody = itertools.product((BILLING, SHOP), ("alice", "bob"))
    app.send(event(1, 10, *(change(resource, login, ["dev"]) for resource, login in everybody)))
    return app


def test_whom_a_snapshot_does_not_name_is_gone_when_the_resource_ends(told):
    told.send(snapshot(2, 20, {BILLING: False}, change(BILLING, "carol", ["dev"]), last=False))
    assert told.state()[17] == people(alice=["dev"], bob=["dev"], carol=["dev"]), "not before it ends"
    told.send(snapshot(2, 20, {BILLING: True}, change(BILLING, "bob", ["ops"]), part=2))
    assert told.state() == {17: people(bob=["ops"], carol=["dev"]), 18: people(alice=["dev"], bob=["dev"])}


def test_a_resource_may_end_with_nobody(told):
    told.send(snapshot(2, 20, {BILLING: True, SHOP: False}, last=False))
    assert told.state() == {18: people(alice=["dev"], bob=["dev"])}


def test_what_a_complete_snapshot_does_not_name_is_emptied_with_its_last_part(told):
    told.send(snapshot(2, 20, {SHOP: True}, change(SHOP, "bob", ["dev"]), last=False, complete=True))
    assert told.state() == {17: people(alice=["dev"], bob=["dev"]), 18: people(bob=["dev"])}
    told.send(snapshot(2, 20, {}, part=2, complete=True))
    assert told.state() == {18: people(bob=["dev"])}
    told.send(event(1, 10, change(BILLING, "alice", ["dev"])))
    told.expect_fault("told (10, 1) after (20, 2)")
    assert told.state() == {18: people(bob=["dev"])}, "what was emptied is not filled by what is older"


def test_parts_that_come_again_later_undo_nothing(told):
    parts = [snapshot(2, 20, {BILLING: False}, change(BILLING, "bob", ["dev"]), last=False, complete=True),
             snapshot(2, 20, {BILLING: True}, change(BILLING, "carol", ["dev"]), part=2, complete=True)]
    for part in parts:
        told.send(part, id=f"msg_part_{part['part']}")
    told.send(event(3, 21, change(BILLING, "carol", before=["dev"]), change(SHOP, "dan", ["dev"])))
    for part in [*reversed(parts), *parts]:
        assert told.send(part, id=f"msg_part_{part['part']}") == 204
    assert told.state() == {17: people(bob=["dev"]), 18: people(dan=["dev"])}


def test_a_snapshot_that_is_older_empties_nothing(told):
    told.send(event(3, 30, change(BILLING, "carol", ["dev"])))
    assert told.send(snapshot(2, 20, {BILLING: True})) == 204
    told.expect_fault("told (20, 2) after (30, 3)")
    assert told.state()[17] == people(alice=["dev"], bob=["dev"], carol=["dev"])


def test_after_a_restore_lower_numbers_count(told):
    anew = {"history": LATER_HISTORY, "complete": True}
    told.send(event(7, 30, change(BILLING, "carol", ["dev"])))
    told.send(snapshot(1, 5, {BILLING: False}, change(BILLING, "alice", ["dev"]), last=False, **anew))
    assert told.state()[17] == people(alice=["dev"], bob=["dev"], carol=["dev"])
    told.send(snapshot(1, 5, {BILLING: True}, change(BILLING, "dan", ["dev"]), part=2, **anew))
    assert told.state() == {17: people(alice=["dev"], dan=["dev"])}


def test_a_history_that_is_over_is_refused_and_disturbs_nothing(told):
    told.send(snapshot(1, 5, {BILLING: True}, change(BILLING, "alice", ["dev"]), history=LATER_HISTORY, complete=True))
    assert told.send(event(8, 31, change(BILLING, "bob", ["dev"]))) == 409
    told.send(event(2, 6, change(BILLING, "carol", ["dev"]), history=LATER_HISTORY))
    assert told.state() == {17: people(alice=["dev"], carol=["dev"])}


@pytest.mark.parametrize("name", ["example", "page"])
def test_users_keep_the_newest_login_and_a_restore_begins_anew(request, name):
    app, renamed = request.getfixturevalue(name), change(SHOP, "alice", ["dev"])
    renamed["user"]["login"] = "alice.ng"
    app.send(event(2, 20, renamed))
    app.send(event(1, 10, change(BILLING, "alice", ["dev"])))
    assert set(app.state()) == {17, 18} and app.sql("select login from users") == [("alice.ng",)]
    app.send(event(1, 5, change(BILLING, "alice", ["dev"]), history=LATER_HISTORY))
    assert app.sql("select login from users") == [("alice",)]


# --- anything in any order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_random_messages_with_late_duplicates(app, seed):
    company = Company(random.Random(seed))
    sent = []
    for _ in range(25):
        for message in company.step():
            sent.append(message)
            assert app.send(message, id=f"msg_{seed}_{len(sent) - 1}") == 204
            for number in company.chance.sample(range(len(sent)), min(len(sent), company.chance.randrange(0, 4))):
                over = sent[number]["history"] != company.histories[-1]
                assert app.send(sent[number], id=f"msg_{seed}_{number}") == (409 if over else 204)
        assert app.state() == company.expected()


# --- is it from roster? ----------------------------------------------------------------------------------------------


def test_the_published_vector():
    values = [VECTOR[name] for name in ("secret", "id", "timestamp")]
    assert signature(*values, VECTOR["body"].encode()) == VECTOR["signature"]
    assert receiver.sign(*values, VECTOR["body"].encode()) == VECTOR["signature"]


def test_one_known_key_of_several_is_enough(peer):
    assert peer.send(event(1, 10, change(BILLING, "alice", ["dev"])), FOREIGN, OLD) == 204
    assert peer.send(event(2, 11, change(BILLING, "bob", ["dev"])), NEW, FOREIGN) == 204
    assert peer.state() == {17: people(alice=["dev"], bob=["dev"])}


def test_a_wrong_key_is_refused(peer):
    assert peer.send(event(1, 10, change(BILLING, "alice", ["dev"])), FOREIGN) == 401
    peer.expect_fault("the signature is wrong")
    assert peer.state() == {}


@pytest.mark.parametrize("age", [400, -400])
def test_what_is_not_from_now_is_refused(peer, age):
    assert peer.send(event(1, 10, change(BILLING, "alice", ["dev"])), NEW, age=age) == 401
    peer.expect_fault("the timestamp is")
    assert peer.send(event(1, 10, change(BILLING, "alice", ["dev"])), NEW, age=age * 7 // 10) == 204


@pytest.mark.parametrize("header, fault", [("webhook-id", ""), ("webhook-timestamp", "webhook-timestamp"),
                                           ("webhook-signature", "the signature is wrong")])
@pytest.mark.parametrize("value", [None, "", "v1,AAAA", "\xff"])
def test_a_header_that_is_not_right_is_refused(peer, header, fault, value):
    body = json.dumps(event(1, 10, change(BILLING, "alice", ["dev"]))).encode()
    headers = {**signed(body, NEW), header: value}
    assert peer.post(body, {name: text for name, text in headers.items() if text is not None}) == 401
    peer.expect_fault(fault)
    assert peer.state() == {}


def test_another_octet_in_the_body_is_refused(peer):
    body = json.dumps(event(1, 10, change(BILLING, "alice", ["dev"]))).encode()
    assert peer.post(body.replace(b"alice", b"alicf"), signed(body, NEW)) == 401
    peer.expect_fault("the signature is wrong")
    assert peer.state() == {}


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_message_on_the_page_is_one(app):
    (text,) = [block for block in blocks() if block.startswith("{\n")]
    receiver.check_form(json.loads(text))
    message = event(1, 4700, change(BILLING, "alice", ["dev"]))
    message["changes"].append({**json.loads(text)["changes"][0], "roles": {"before": [], "after": ["Developer"]},
                               "permissions": {"before": [], "after": ["project.edit"]}})
    app.send({**message, "history": json.loads(text)["history"]})
    app.send(json.loads(text))
    assert app.state() == {17: people(alice=["dev"])}


def test_the_signature_on_the_page_is_right():
    (text,) = [block for block in blocks() if block.startswith("secret ")]
    assert dict(line.split(maxsplit=1) for line in text.splitlines()) == VECTOR


def test_the_commands_of_the_page_sign(peer):
    (commands,) = [block for block in blocks() if "openssl" in block]
    body = json.dumps(event(1, 10, change(BILLING, "alice", ["dev"]))).encode()
    script = f'set -eu\n{commands}\necho "$id" "$timestamp" "$signature"'
    environment = {"PATH": "/usr/bin:/bin", "secret": NEW, "body": body.decode()}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = {"content-type": "application/json", "user-agent": "roster/0", **dict(zip(names, done.stdout.split()))}
    assert peer.post(body, headers) == 204
    assert peer.state() == {17: people(alice=["dev"])}
