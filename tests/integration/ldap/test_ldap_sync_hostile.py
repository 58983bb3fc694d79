# SPDX-License-Identifier: Apache-2.0
"""Answers to a content synchronization that slapd does not give on demand, from the scripted double."""

import time

import pytest
from ldap_double import (ADD, CLOSE, DELETE, HANG, PRESENT, SYNC, LdapDouble, Raw, controlled, disconnection, ids, info,
                         integer, person, phase, reference, result, synced, synced_end, text, tlv, uuid)
from sync_run import Refresh, SyncRun

NOTHING_MORE = [result(0)]


def play(*answers, then=NOTHING_MORE, **settings):
    """What a run says to these answers; then answers the search on the connection afterwards."""
    with LdapDouble([*answers], then) as double, SyncRun(url=double.url, base="dc=ex", **settings) as run:
        refresh = Refresh(run.rest())
        refresh.searches = double.searches()
        return refresh


def key(number):
    octets = uuid(number).hex()
    return "-".join((octets[:8], octets[8:12], octets[12:16], octets[16:20], octets[20:]))


def test_the_control_is_critical_and_carries_the_cookie():
    refresh = play(synced_end("new", True), cookie="old")
    assert refresh.searches[0].critical and refresh.searches[0].cookie == b"old"
    assert refresh.cookie() == "new"


def test_without_a_cookie_none_is_sent():
    assert play(synced_end("new", True)).searches[0].cookie is None


def test_states_and_sets_of_any_kind_are_understood():
    refresh = play(synced(1, ADD), synced(2, PRESENT), synced(3, DELETE, "c1"), ids([4, 5]), ids([6], "c2", True),
                   synced_end(cookie="c3"), cookie="old")
    assert refresh.named("came") == {key(1)} and refresh.named("present") == {key(2), key(4), key(5)}
    assert refresh.named("removed") == {key(3), key(6)} and refresh.verdict["absent_is_gone"]
    assert refresh.cookie() == "c3"


def test_389_ds_ends_as_a_present_phase_that_named_nothing():
    script = [synced(1), synced_end(cookie="new")]
    assert play(*script, cookie="old").verdict["absent_is_gone"]
    assert not play(*script, cookie="old", names_no_present=True).verdict["absent_is_gone"]


def test_a_reference_says_that_absence_says_nothing():
    refresh = play(synced(1), reference("ldap://other/"), synced_end("new", True))
    assert not refresh.verdict["absent_is_gone"] and refresh.cookie() == "new"
    assert "ldap://other/" in [message.get("reference") for message in refresh.messages]


def test_a_phase_that_is_not_the_last_is_followed_by_another():
    refresh = play(ids([1, 2]), phase(False, "c1", done=False), ids([3], deletes=True), phase(True, "c2"),
                   persist=True, cookie="old", wait_ms=300)
    assert refresh.verdict["verdict"] == "good" and refresh.verdict["absent_is_gone"]
    assert refresh.named("removed") == {key(3)} and refresh.cookie() == "c2"


@pytest.mark.parametrize("code, kind, end", [(4, "none", "failed"), (32, "denied", "failed"),
                                             (51, "unreachable", "failed"), (53, "denied", "failed"),
                                             (80, "protocol", "failed"), (4096, "protocol", "refresh required")])
def test_other_results_are_ends_with_their_class(code, kind, end):
    refresh = play(synced(1), ids([2], "new", True), result(code, "because"), cookie="old")
    assert refresh.end["end"] == end and refresh.end["code"] == code and refresh.end["class"] == kind
    assert f"({code}): because" in refresh.end["reason"] and "dc=ex" in refresh.end["reason"]
    assert refresh.verdict["verdict"] == ("anew" if code == 4096 else "nothing")
    assert refresh.messages[-1]["kind"] == "afterwards"


def test_the_cookie_that_is_newer_is_told_from_other_refusals():
    refused = result(53, "consumer state is newer than provider!")
    assert play(refused, cookie="old").end["end"] == "newer"
    assert play(result(53, "operation restricted"), cookie="old").end["end"] == "failed"


# --- what is nonsense ------------------------------------------------------------------------------------------------

NO_STATE = person(1)
BAD_STATE = controlled(person(1), f"{SYNC}.2", tlv(0x30, integer(9, 0x0A) + text(uuid(1))))
SHORT_UUID = controlled(person(1), f"{SYNC}.2", tlv(0x30, integer(1, 0x0A) + text(b"short")))
BAD_END = controlled(result(0), f"{SYNC}.3", b"\x30\x05")


@pytest.mark.parametrize("answer, complaint", [
    (NO_STATE, "an entry came without its synchronization state"),
    (BAD_STATE, "malformed entry"),
    (SHORT_UUID, "malformed entry"),
    (result(0), "the result came without the control that ends a synchronization"),
    (BAD_END, "malformed control of the result"),
    (info(b"\xa3\x00"), "malformed synchronization info"),
    (info(b""), "malformed synchronization info"),
    (info(b"\x80\x00", "1.2.3"), "an intermediate response that nobody asked for: 1.2.3"),
    (result(12, "unknown control", tag=0x78), "0x78, not of a search: Critical extension is unavailable (12): unknown"),
    (result(0, tag=0x61), "not of a search"),
])
def test_nonsense_is_a_protocol_error_and_never_a_hang(answer, complaint):
    refresh = play(synced(1), answer, HANG, cookie="old")
    assert refresh.error["class"] == "protocol" and complaint in refresh.error["error"]
    assert refresh.verdict is None


def test_a_notice_of_disconnection_is_an_error_with_its_code():
    # libldap 2.5 itself loses the text of the notice, once for each connection that ends so.
    refresh = play(synced(1), disconnection(52, "going down"), HANG, environment={"ASAN_OPTIONS": "detect_leaks=0"})
    assert refresh.error["class"] == "unreachable" and "(52)" in refresh.error["error"]


def test_a_connection_that_ends_in_the_middle_is_an_error():
    assert play(synced(1), CLOSE).error["class"] == "unreachable"


# --- silence ---------------------------------------------------------------------------------------------------------


def test_silence_in_the_refresh_ends_after_the_longest_one():
    began = time.monotonic()
    refresh = play(synced(1), HANG, operation_ms=400)
    assert refresh.error["class"] == "unreachable" and "silent for 400ms" in refresh.error["error"]
    assert 0.4 <= time.monotonic() - began < 5


def test_silence_in_the_middle_of_a_message_ends_too():
    refresh = play(synced(1), Raw(b"\x30\x50\x02"), HANG, operation_ms=400)
    assert refresh.error["class"] == "unreachable" and "in the middle of a message" in refresh.error["error"]


def test_the_deadline_of_the_caller_is_not_an_error():
    refresh = play(synced(1), wait_ms=300)
    assert [message["kind"] for message in refresh.messages][1:] == ["entry", "deadline", "afterwards"]


def test_messages_without_end_do_not_shut_out_the_caller():
    with LdapDouble([synced(1)] * 20000 + [synced_end("new", True)], NOTHING_MORE) as double, SyncRun(
            url=double.url, base="dc=ex", persist=True) as run:
        run.until("entry")
        run.say("close")
        seen = run.rest()
    assert "descriptor" in [message["kind"] for message in seen] and len(seen) < 19000


def test_an_unanswered_heartbeat_is_the_end():
    answers = [phase(True, "new")]
    with LdapDouble(answers, [HANG]) as double, SyncRun(url=double.url, base="dc=ex", persist=True, heartbeat_ms=100,
                                                        operation_ms=300) as run:
        error = run.rest()[-1]
        assert len(double.searches()) == 2
    assert error["class"] == "unreachable" and "silent for 300ms" in error["error"]


@pytest.mark.parametrize("answer", [[result(0)], [result(32)], [result(50)], [person(1), result(0)]])
def test_any_answer_to_a_heartbeat_is_a_sign_of_life(answer):
    with LdapDouble([phase(True, "new")], answer, answer, [HANG]) as double, SyncRun(
            url=double.url, base="dc=ex", persist=True, heartbeat_ms=50, operation_ms=400) as run:
        run.until("refresh")
        messages = run.rest()
        assert len(double.searches()) == 4
    assert [message["kind"] for message in messages] == ["error"]
