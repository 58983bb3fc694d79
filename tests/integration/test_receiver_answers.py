# SPDX-License-Identifier: Apache-2.0
"""What the example prints and answers when something is wrong, and what the receiver of the tests can be told to do."""

import http.client
import json
import ssl
import subprocess
import threading
import time

import pytest

from event_apps import EXAMPLE, Example, Peer
from events import BILLING, NEW, SHOP, change, event, people, signed, snapshot
from receiver import CLOSE, HANG, SECRET, STORE_AND_CLOSE, Receiver, Slow
from slapd import make_certificates

ALICE = event(1, 10, change(BILLING, "alice", ["dev"]))
KNOWN = {17: people(alice=["dev"])}


# --- the example -----------------------------------------------------------------------------------------------------


@pytest.fixture
def example(tmp_path):
    with Example(tmp_path) as app:
        yield app


def post(app, text):
    body = text.encode()
    return app.post(body, signed(body, NEW))


def test_it_prints_a_line_for_each_change_and_none_for_what_is_so_already(example):
    example.send(ALICE)
    example.send(ALICE)
    renamed = (17, "app:new\x1b[1m")
    example.send(event(2, 11, change(renamed, "alice", ["dev", "ops"], ["dev"]), change(SHOP, "bob", ["dev"])))
    example.send(snapshot(3, 12, {BILLING: True}, complete=True))
    assert example.kill().splitlines() == [
        f"app:billing {'':12} alice {'':10} no role -> dev   (0 -> 1 permissions, revision 10, run corp/10)",
        f"app:new?[1m {'':12} alice {'':10} dev -> dev, ops   (1 -> 2 permissions, revision 11, run corp/11)",
        f"app:shop {'':15} bob {'':12} no role -> dev   (0 -> 1 permissions, revision 11, run corp/11)",
        f"app:billing {'':12} alice {'':10} dev, ops -> no role   (2 -> 0 permissions, revision 12, run corp/12)",
        f"app:shop {'':15} bob {'':12} dev -> no role   (1 -> 0 permissions, revision 12, run corp/12)"]


def test_what_it_confirmed_survives_it(example):
    assert example.send(ALICE) == 204
    example.kill()
    example.start()
    assert example.state() == KNOWN
    assert example.send(event(2, 11, change(BILLING, "alice", before=["dev"]))) == 204
    assert example.state() == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '{"schema": 1}'])
def test_what_is_signed_but_no_message_is_refused(example, text):
    assert post(example, text) == 400
    assert example.send(ALICE) == 204


@pytest.mark.parametrize("member, value", [
    ("schema", 2), ("type", "x"), ("revision", "x"), ("revision", 2**70), ("revision", None), ("window", "x"),
    ("changes", None), ("causes", None), ("history", {}), ("history", None)])
def test_a_member_of_another_form_is_refused(example, member, value):
    assert example.send({**ALICE, member: value}) == 400
    assert example.state() == {} and example.sql("select * from histories") == []
    assert example.send(ALICE) == 204


@pytest.mark.parametrize("where, value", [("user", None), ("user", {"id": None}), ("permissions", {"after": [1, "a"]}),
                                          ("roles", {}), ("resource", {"id": 17, "name": None})])
def test_a_message_with_one_bad_change_is_stored_not_at_all(example, where, value):
    bad = event(1, 10, change(BILLING, "alice", ["dev"]), {**change(BILLING, "bob", ["dev"]), where: value})
    assert example.send(bad) == 400
    assert example.state() == {} and example.sql("select * from resources") == []


def test_members_it_does_not_know_are_passed_over(example):
    assert example.send({**ALICE, "weather": {"fine": True}}) == 204
    assert example.state() == KNOWN


def test_what_could_not_be_stored_is_asked_for_again(example):
    example.sql("alter table access rename to elsewhere")
    assert example.send(ALICE, id="msg_again") == 500
    example.sql("alter table elsewhere rename to access")
    assert example.send(ALICE, id="msg_again") == 204
    assert example.state() == KNOWN


@pytest.mark.parametrize("length, status", [
    (None, 411), ("x", 411), ("-1", 411), (str(16 * 1024 * 1024 + 1), 413), ("9" * 40, 413)])
def test_a_body_without_a_length_or_of_too_many_octets_is_not_read(example, length, status):
    connection = example.connection
    connection.putrequest("POST", "/hook")
    if length:
        connection.putheader("content-length", length)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.read() != b"") == (status, True)
    connection.close()
    assert example.send(ALICE) == 204


def test_a_peer_that_stops_in_the_middle_hinders_nobody(example):
    slow = http.client.HTTPConnection(example.connection.host, example.connection.port, timeout=20)
    slow.putrequest("POST", "/hook")
    slow.putheader("content-length", "1000")
    slow.endheaders(b"{")
    assert example.send(ALICE) == 204
    slow.close()


@pytest.mark.parametrize("text", ["", "secret", "whsec_AAAA", "whsec_!!!", f"{NEW}\nwrong", "whsec_" + "A" * 88])
def test_a_file_without_secrets_is_refused_at_the_start(tmp_path, text):
    (tmp_path / "secret").write_text(text + "\n")
    command = [EXAMPLE, "--secret-file", tmp_path / "secret", "--database", tmp_path / "access.db"]
    done = subprocess.run(["/usr/bin/python3", *command], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and done.stdout == ""
    assert f"{tmp_path}/secret: each line must be whsec_ and 24 to 64 bytes in base64\n" in done.stderr
    assert "Traceback" not in done.stderr


# --- the receiver of the tests: answers ------------------------------------------------------------------------------


def peer_of(receiver, **options):
    return Peer(receiver.url, **options)


def send(peer, message, **options):
    return peer.send(message, SECRET, **options)


def test_answers_are_used_up_in_order_and_only_2xx_is_stored():
    with Receiver(answer=[503, (429, {"Retry-After": "7"}), 200]) as receiver:
        peer = peer_of(receiver)
        assert [send(peer, ALICE, id="msg_a") for _ in range(2)] == [503, 429]
        assert receiver.state == {} and receiver.events == []
        assert [send(peer, ALICE, id="msg_a") for _ in range(2)] == [200, 204]
        assert receiver.state == KNOWN and receiver.events == [ALICE]
        assert [request.answer for request in receiver.requests] == [503, (429, {"Retry-After": "7"}), 200, 204]
        assert all(request.verified and request.id == "msg_a" for request in receiver.requests)


def test_headers_of_an_answer_are_sent():
    with Receiver(answer=(503, {"Retry-After": "7"})) as receiver:
        peer = peer_of(receiver)
        body = json.dumps(ALICE).encode()
        peer.connection.request("POST", "/hook", body, signed(body, SECRET))
        assert peer.connection.getresponse().headers["retry-after"] == "7"


def test_a_function_may_decide_by_the_request():
    with Receiver(answer=lambda request: 400 if request.event["window"] == 1 else 204) as receiver:
        peer = peer_of(receiver)
        assert [send(peer, ALICE), send(peer, {**ALICE, "window": 2})] == [400, 204]


@pytest.mark.parametrize("answer, known", [(CLOSE, {}), (STORE_AND_CLOSE, KNOWN)])
def test_an_answer_may_be_lost(answer, known):
    with Receiver(answer=[answer]) as receiver:
        with pytest.raises(http.client.RemoteDisconnected):
            send(peer_of(receiver), ALICE, id="msg_a")
        assert receiver.state == known
        assert send(peer_of(receiver), ALICE, id="msg_a") == 204
        assert receiver.state == KNOWN and receiver.events == [ALICE]


def test_it_may_never_answer_while_others_are_served():
    with Receiver(answer=[HANG]) as receiver:
        peer = peer_of(receiver)
        peer.connection.timeout = 0.2
        with pytest.raises(TimeoutError):
            send(peer, ALICE)
        assert receiver.state == {}
        assert send(peer_of(receiver), ALICE) == 204


def test_it_may_answer_slowly():
    with Receiver(answer=Slow(0.3, (200, {"x-slow": "yes"}))) as receiver:
        before = time.monotonic()
        assert send(peer_of(receiver), ALICE) == 200
        assert time.monotonic() - before >= 0.3
        assert receiver.state == KNOWN


def test_it_may_be_down_and_come_back():
    with Receiver() as receiver:
        peer = peer_of(receiver)
        assert send(peer, ALICE) == 204
        receiver.stop()
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            send(peer, ALICE)
        peer.connection.close()
        with pytest.raises(ConnectionRefusedError):
            send(peer, ALICE)
        peer.connection.close()
        receiver.start()
        assert send(peer, event(2, 11, change(BILLING, "alice", before=["dev"]))) == 204
        assert receiver.people("app:billing") == {}


def test_https(tmp_path):
    make_certificates(tmp_path)
    with Receiver(certificate=tmp_path / "server.pem", key=tmp_path / "server.key") as receiver:
        assert receiver.url.startswith("https://")
        with pytest.raises(ssl.SSLCertVerificationError):
            send(peer_of(receiver), ALICE)
        peer = peer_of(receiver, context=ssl.create_default_context(cafile=tmp_path / "ca.pem"))
        assert send(peer, ALICE) == 204
        assert receiver.people("app:billing") == people(alice=["dev"])


def test_waiting_ends_with_the_request_that_makes_it_so():
    with Receiver() as receiver:
        sender = threading.Thread(target=send, args=(peer_of(receiver), ALICE))
        sender.start()
        assert receiver.wait_for(lambda it: it.people("app:billing")) == people(alice=["dev"])
        sender.join()
        with pytest.raises(AssertionError, match="access.changed window 1 part 1 after 9 revision 10"):
            receiver.wait_for(lambda it: it.people("app:shop"), timeout=0.1)


# --- the receiver of the tests: what it notices ----------------------------------------------------------------------

AGAIN = change(BILLING, "alice", ["ops"], ["dev"])
SNAPSHOT = snapshot(1, 10, {BILLING: True}, change(BILLING, "alice", ["dev"]))
CAUSE = ALICE["causes"][0]


@pytest.mark.parametrize("fault, messages", [
    ("is said to have had", [ALICE, event(2, 11, change(BILLING, "alice", ["ops"], ["lead"]))]),
    ("is said to have had", [event(1, 10, change(BILLING, "alice", ["ops"], ["lead"]))]),
    ("names alice at app:billing twice", [event(1, 10, change(BILLING, "alice", ["dev"]), AGAIN)]),
    ("names alice at app:billing twice", [ALICE, event(1, 10, AGAIN, part=2)]),
    ("told (9, 2) after (10, 1)", [ALICE, event(2, 9, AGAIN)]),
    ("has no before", [snapshot(1, 10, {BILLING: True}, AGAIN)]),
    ("resources {17} are not listed", [snapshot(1, 10, {SHOP: True}, change(BILLING, "alice", ["dev"]))]),
    ("resources belong to snapshots", [{**ALICE, "resources": []}]),
    ("resources belong to snapshots", [{**ALICE, "type": "access.snapshot"}]),
    ("only a snapshot is complete", [{**ALICE, "complete": True}]),
    ("revision 10 after 11", [{**ALICE, "after": 11}]),
    ("window 0", [{**ALICE, "window": 0}]),
    ("last of the message is 1", [{**ALICE, "last": 1}]),
    ("window of the message is True", [{**ALICE, "window": True}]),
    ("the message has no target", [{name: value for name, value in ALICE.items() if name != "target"}]),
    ("more than 10 causes", [{**ALICE, "causes": [CAUSE] * 11}]),
    ("causes are not newest first", [{**ALICE, "causes": [CAUSE, {**CAUSE, "revision": 11}]}]),
    ("badly formed hexadecimal UUID", [{**ALICE, "history": "x"}]),
    ("a user has no email", [event(1, 10, {**AGAIN, "user": {"id": "x", "login": "x"}})]),
    ("Expecting value", ["x"]),
])
def test_faults_of_the_messages(fault, messages):
    with Receiver() as receiver:
        peer = peer_of(receiver)
        for message in messages:
            assert receiver.faults == []
            body = (message if isinstance(message, str) else json.dumps(message)).encode()
            peer.post(body, signed(body, SECRET))
        assert len(receiver.faults) == 1 and fault in receiver.faults[0], receiver.faults
        receiver.faults.clear()


def test_a_message_without_fault():
    with Receiver() as receiver:
        for message in (ALICE, SNAPSHOT, {**SNAPSHOT, "complete": True}, event(2, 11, AGAIN)):
            assert send(peer_of(receiver), message) == 204
        receiver.check()


def test_an_id_with_other_bytes_is_a_fault():
    with Receiver() as receiver:
        send(peer_of(receiver), ALICE, id="msg_a")
        send(peer_of(receiver), {**ALICE, "target": "shop"}, id="msg_a")
        assert receiver.faults.pop() == "msg_a: not the bytes of the first attempt"


@pytest.mark.parametrize("header", ["content-type", "user-agent"])
def test_headers_that_are_wrong_are_a_fault(header):
    with Receiver() as receiver:
        body = json.dumps(ALICE).encode()
        assert peer_of(receiver).post(body, {**signed(body, SECRET), header: "text/xml"}) == 204
        assert receiver.faults.pop().endswith(f"{header} is text/xml")


def test_a_fault_that_nobody_takes_out_fails_the_test():
    with pytest.raises(AssertionError, match="the signature is wrong"), Receiver() as receiver:
        peer_of(receiver).send(ALICE, NEW)
