# SPDX-License-Identifier: Apache-2.0
"""Promise 1: answers that slapd does not give on demand, from the scripted double."""

import pytest
from ldap_double import CLOSE, HANG, LdapDouble, Raw, entry, page, person, reference, result, tlv

PEOPLE = [person(1), person(2)]
NOBODY = [result(0)]


def read_script(read, *script, bind=0, **settings):
    with LdapDouble(*script, bind=bind) as double:
        outcome = read(url=double.url, **{"page_size": 0, **settings})
        outcome.searches = double.searches()
        return outcome


def test_time_limit_makes_the_read_incomplete(read):
    outcome = read_script(read, [*PEOPLE, result(3, "took too long")], NOBODY)
    assert outcome.completeness == "incomplete" and len(outcome.entries) == 2
    assert "Time limit exceeded (3): took too long after 2 entries" in outcome.reason
    assert "time=unlimited" in outcome.reason


@pytest.mark.parametrize("code", [3, 4, 11, 10, 9])
def test_cut_answer_is_incomplete_even_on_the_last_page(read, code):
    outcome = read_script(read, [PEOPLE[0], page(0, "next")], [PEOPLE[1], page(code, "")], [page(0, "")], page_size=1)
    assert outcome.completeness == "incomplete" and f"({code})" in outcome.reason and len(outcome.entries) == 2


@pytest.mark.parametrize("code, kind", [(51, "unreachable"), (52, "unreachable"), (53, "denied"), (80, "protocol"),
                                        (1, "protocol"), (2, "protocol"), (8, "denied"), (13, "denied"),
                                        (12, "config"), (4096, "protocol")])
def test_failed_search_is_never_an_empty_answer(read, code, kind):
    outcome = read_script(read, [*PEOPLE, result(code, "because")])
    assert outcome.completeness == "failed" and outcome.error_class == kind
    assert f"({code}): because" in outcome.error and "ou=people" in outcome.error


@pytest.mark.parametrize("code, kind", [(51, "unreachable"), (52, "unreachable"), (80, "protocol"), (53, "denied"),
                                        (48, "denied"), (7, "denied")])
def test_refused_bind_names_the_code(read, code, kind):
    outcome = read_script(read, bind=code)
    assert outcome.error_class == kind and f"({code})" in outcome.error and "anonymous bind failed" in outcome.error


def test_busy_server_gives_way_to_the_next(read):
    with LdapDouble(bind=51) as busy, LdapDouble(NOBODY, NOBODY) as other:
        outcome = read(url=[busy.url, other.url], page_size=0)
    assert outcome.completeness == "complete" and not busy.searches() and len(other.searches()) == 2


# --- paging ------------------------------------------------------------------------------------------------------------


def test_paging_is_critical_and_hands_the_cookie_back(read):
    outcome = read_script(read, [PEOPLE[0], page(0, b"\0\xff")], [PEOPLE[1], page(0, "")], [page(0, "")], page_size=1)
    assert outcome.completeness == "complete" and len(outcome.entries) == 2
    assert [search.cookie for search in outcome.searches] == [b"", b"\0\xff", b""]
    assert all(search.critical for search in outcome.searches)


def test_empty_page_with_a_cookie_goes_on(read):
    outcome = read_script(read, [page(0, "a")], [page(0, "b")], [*PEOPLE, page(0, "")], [page(0, "")], page_size=1)
    assert outcome.completeness == "complete" and len(outcome.entries) == 2


def test_answer_without_response_control_counts_as_unpaged(read):
    outcome = read_script(read, [*PEOPLE, result(0)], NOBODY, page_size=1)
    assert outcome.completeness == "complete" and len(outcome.entries) == 2


def test_unpaged_answer_with_a_limit_is_incomplete(read):
    outcome = read_script(read, [*PEOPLE, result(4)], NOBODY, page_size=1)
    assert outcome.completeness == "incomplete"


def test_response_control_lost_on_the_way_makes_the_read_incomplete(read):
    outcome = read_script(read, [PEOPLE[0], page(0, "a")], [PEOPLE[1], result(0)], NOBODY, page_size=1)
    assert outcome.completeness == "incomplete" and "lost its place" in outcome.reason


def test_malformed_response_control_is_an_error(read):
    broken = tlv(0xA0, tlv(0x30, tlv(0x04, b"1.2.840.113556.1.4.319") + tlv(0x04, b"\x30\x05xx")))
    outcome = read_script(read, [PEOPLE[0], (result(0)[0], broken)], page_size=1)
    assert outcome.completeness == "failed" and outcome.error_class == "protocol"


# --- references ----------------------------------------------------------------------------------------------------------


def test_references_are_counted_and_not_followed(read):
    with LdapDouble() as elsewhere:
        outcome = read_script(read, [PEOPLE[0], reference(elsewhere.url + "/dc=x"), PEOPLE[1], result(0)], NOBODY)
        assert not elsewhere.requests
    assert outcome.completeness == "incomplete" and len(outcome.entries) == 2
    assert f"a part of the tree is at {elsewhere.url}/dc=x" in outcome.reason


# --- broken connections --------------------------------------------------------------------------------------------------


def test_connection_closed_between_entries_fails(read):
    outcome = read_script(read, [*PEOPLE, CLOSE])
    assert outcome.completeness == "failed" and outcome.error_class == "unreachable" and "(-1)" in outcome.error


def test_connection_closed_between_pages_fails(read):
    outcome = read_script(read, [PEOPLE[0], page(0, "a")], [CLOSE], page_size=1)
    assert outcome.completeness == "failed" and outcome.error_class == "unreachable"


def test_silence_after_some_entries_ends_at_the_operation_deadline(read):
    outcome = read_script(read, [*PEOPLE, HANG], operation_ms=800)
    assert outcome.completeness == "failed" and "silent for 800ms (timeouts.operation)" in outcome.error
    assert 0.8 <= outcome.seconds < 2 and outcome.result["cpu_ms"] < 300


def test_silence_in_the_middle_of_a_message_ends_at_the_operation_deadline(read):
    outcome = read_script(read, [PEOPLE[0], Raw(b"\x30\x7f\x02\x01"), HANG], operation_ms=800)
    assert outcome.completeness == "failed" and "silent for 800ms" in outcome.error
    assert outcome.seconds < 2 and outcome.result["cpu_ms"] < 300


def test_each_entry_renews_the_operation_deadline(read):
    outcome = read_script(read, [0.4, PEOPLE[0], 0.4, PEOPLE[1], 0.4, result(0)], NOBODY, operation_ms=700)
    assert outcome.completeness == "complete"


@pytest.mark.parametrize("octets", [b"\x00\x00", b"\x30\x84\x7f\xff\xff\xff", b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                    b"\x30\x80\x00\x00", b"\x30\x02\x02\x05"])
def test_nonsense_ends_the_read(read, octets):
    outcome = read_script(read, [PEOPLE[0], Raw(octets), CLOSE], operation_ms=1000)
    assert outcome.completeness == "failed" and outcome.error_class in ("protocol", "unreachable")


def test_malformed_entry_is_an_error(read):
    broken = tlv(0x64, tlv(0x04, b"uid=u1") + tlv(0x30, tlv(0x30, tlv(0x04, b"cn") + b"\x31\x20xx")))
    outcome = read_script(read, [(broken, b""), result(0)])
    assert outcome.completeness == "failed" and outcome.error_class == "protocol"


def test_extended_response_to_a_search_is_an_error(read):
    outcome = read_script(read, [result(12, "critical control", tag=0x78)], operation_ms=2000)
    assert outcome.completeness == "failed" and "(12): critical control" in outcome.error
    outcome = read_script(read, [result(0, tag=0x78)], operation_ms=2000)
    assert outcome.completeness == "failed" and "type 0x78" in outcome.error


def test_intermediate_response_nobody_asked_for_is_an_error(read):
    outcome = read_script(read, [(tlv(0x79, tlv(0x80, b"1.2.3")), b""), result(0)], operation_ms=2000)
    assert outcome.completeness == "failed" and outcome.error_class == "protocol"


# --- odd entries ---------------------------------------------------------------------------------------------------------


def group(**attributes):
    return entry("cn=g,ou=groups,dc=ex,dc=org", cn=["g"], entryUUID=["00000000-0000-4000-8000-0000000000FF"],
                 **attributes)


def test_a_part_of_the_members_is_never_taken_for_all_of_them(read):
    """Whatever the server: what is missing is asked for."""
    ranged = group(objectClass=["group"], **{"member;range=0-1499": ["cn=a", "cn=b"]})
    rest = group(objectClass=["group"], **{"member;range=1499-*": ["cn=b", "cn=c"]})
    outcome = read_script(read, NOBODY, [ranged, result(0)], [ranged, result(0)], [rest, result(0)])
    assert outcome.entries[0]["attributes"]["member"] == ["cn=a", "cn=b", "cn=c"]


def test_group_without_visible_class_and_members_is_unreadable(read):
    outcome = read_script(read, NOBODY, [group(), result(0)])
    assert "hidden like its objectClass" in outcome.unreadable[0]["why"]


def test_member_attribute_without_values_is_no_member(read):
    outcome = read_script(read, NOBODY, [group(objectClass=["groupOfNames"], member=[]), result(0)])
    assert "it shows no member" in outcome.unreadable[0]["why"]


def test_attributes_nobody_asked_for_are_dropped(read):
    person_with_more = entry("uid=u1", entryUUID=["x"], objectClass=["person"], uid=["u1"], userPassword=["secret"],
                             jpegPhoto=[b"\0"], **{"cn;lang-es": ["Uno"]})
    outcome = read_script(read, [person_with_more, result(0)], NOBODY)
    assert outcome.entries[0]["attributes"] == {"uid": ["u1"]} and outcome.entries[0]["id"] == "x"


@pytest.mark.parametrize("ids, words", [([], "has no entryUUID"), (["a", "b"], "has 2 values"), ([b"\xff"], "not text"),
                                        ([b"a\0b"], "not text"), ([""], "not text")])
def test_entry_without_a_usable_id_is_unreadable(read, ids, words):
    odd = entry("uid=u1", objectClass=["person"], entryUUID=ids)
    outcome = read_script(read, [odd, PEOPLE[1], result(0)], NOBODY)
    assert words in outcome.unreadable[0]["why"] and "id" not in outcome.unreadable[0]
    assert len(outcome.entries) == 1


@pytest.mark.parametrize("dn", [b"uid=\xff", b"uid=a\0b"])
def test_entry_whose_name_is_not_text_is_unreadable(read, dn):
    outcome = read_script(read, [entry(dn, entryUUID=["x"]), result(0)], NOBODY)
    assert outcome.unreadable[0]["why"] == "its DN is not valid UTF-8" and outcome.unreadable[0]["id"] == "x"


def test_entry_that_moves_between_pages_counts_once(read):
    outcome = read_script(read, [PEOPLE[0], page(0, "a")], [PEOPLE[0], PEOPLE[1], page(0, "")], [page(0, "")],
                          page_size=1)
    assert len(outcome.entries) == 2 and outcome.result["entries"] == 2


def test_suffix_of_a_unique_member_is_cut_only_where_it_is_one(read):
    values = ["cn=a#'01'B", "cn=b#''B", "cn=c'B", "cn=d#'012'B", "#'1'B", "'B", ""]
    outcome = read_script(read, NOBODY, [group(objectClass=["groupOfUniqueNames"], uniqueMember=values), result(0)])
    assert outcome.entries[0]["attributes"]["uniqueMember"] == ["cn=a", "cn=b", "cn=c'B", "cn=d#'012'B", "", "'B", ""]


def test_thousands_of_ids_are_told_apart(read):
    outcome = read_script(read, [*(person(i % 3000) for i in range(6000)), result(0)], NOBODY, quiet="true")
    assert outcome.result["entries"] == 3000


def test_id_of_zeros_is_an_id_like_others(read):
    zero = entry("uid=z", entryUUID=["00000000-0000-0000-0000-000000000000"])
    outcome = read_script(read, [zero, PEOPLE[0], zero, result(0)], NOBODY)
    assert outcome.result["entries"] == 2
