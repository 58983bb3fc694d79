# SPDX-License-Identifier: Apache-2.0
"""Members that come in parts, as Active Directory gives them (MS-ADTS section 3.1.1.3.1.3.3).

A real one is not to be had, and Samba gives all values at once: the scripted double says what a domain controller says, one
that changes meanwhile too. test_ldap_limits.py reads from a server of another make that keeps such limits by itself."""

import pytest
from ldap_double import LdapDouble, entry, page, result

GROUP = "CN=devs,OU=groups,DC=ex,DC=org"
GUID = bytes(range(16))
ID = "03020100-0504-0706-0809-0a0b0c0d0e0f"
NOBODY = [page(0, "")]


def member(number):
    return f"<GUID={number:08}-0000-0000-0000-000000000000>;<SID=S-1-5-21-1-2-3-{number}>;CN=u{number},OU=people,DC=ex,DC=org"


def members(*numbers):
    return [member(number) for number in numbers]


def group(usn, **attributes):
    return entry(f"<GUID=x>;{GROUP}", cn=["devs"], objectGUID=[GUID], objectClass=["group"],
                 **({"uSNChanged": [str(usn)]} if usn else {}), **{name.replace("__", ";range="): value for name, value in attributes.items()})


def part(usn, low, high, *numbers):
    return {f"member__{low}-{high}": members(*numbers)}, usn


def answer(usn, low, high, *numbers):
    return [group(usn, **{f"member__{low}-{high}": members(*numbers)}), result(0)]


def read_script(read, *script):
    first = [group(None, **{"member__0-1": members(1, 2)}), page(0, "")]
    with LdapDouble(NOBODY, first, *script) as double:
        outcome = read(url=double.url, dialect="active-directory", users__id="objectGUID", groups__id="objectGUID",
                       groups__member="member", groups__filter="(objectClass=group)", users__filter="(objectClass=user)")
        outcome.searches = double.searches()
        return outcome


def only(outcome):
    assert not outcome.unreadable, outcome.unreadable
    (found,) = outcome.entries
    assert found["dn"] == GROUP and found["id"] == ID
    assert {search.base for search in outcome.searches[2:]} == {"<GUID=x>"}, "by what a rename does not change"
    return found["attributes"]["member"]


def test_all_parts_make_one_list(read):
    outcome = read_script(read, answer(7, 0, 1, 1, 2), answer(7, 1, 3, 2, 3, 4), answer(7, 3, "*", 4, 5))
    assert outcome.completeness == "complete" and only(outcome) == members(1, 2, 3, 4, 5)
    assert [search.attributes[0] for search in outcome.searches[-2:]] == ["member;range=1-*", "member;range=3-*"]


def test_a_list_that_fits_meanwhile_is_taken_whole(read):
    outcome = read_script(read, [group(9, member=members(1)), result(0)])
    assert only(outcome) == members(1)


def test_a_group_that_changes_meanwhile_is_read_again(read):
    outcome = read_script(read, answer(7, 0, 1, 1, 2), answer(8, 1, "*", 2, 4), answer(8, 0, 1, 1, 3), answer(8, 1, "*", 3, 4))
    assert only(outcome) == members(1, 3, 4)


def test_a_value_that_goes_from_the_front_moves_the_others(read):
    """Who is deleted leaves his groups without a new uSNChanged: 3 stands where 2 was, and would be passed over."""
    outcome = read_script(read, answer(7, 0, 1, 1, 2), answer(7, 1, "*", 3, 4, 5), answer(7, 0, 1, 2, 3), answer(7, 1, "*", 3, 4, 5))
    assert only(outcome) == members(2, 3, 4, 5)


def test_values_that_are_gone_when_they_are_asked_for_mean_a_change(read):
    """Past the end there is no attribute at all."""
    outcome = read_script(read, answer(7, 0, 1, 1, 2), [group(7), result(0)], answer(8, 0, "*", 1, 2))
    assert only(outcome) == members(1, 2)


def test_a_group_that_never_stands_still_is_named_and_stays_as_it_was(read):
    changing = [step for usn in range(10, 20, 2) for step in (answer(usn, 0, 1, 1, 2), answer(usn + 1, 1, "*", 2, 3))]
    outcome = read_script(read, *changing)
    assert not outcome.entries and outcome.completeness == "complete"
    assert outcome.unreadable[0]["unreadable"] == GROUP and outcome.unreadable[0]["id"] == ID
    assert "changed while they were read" in outcome.unreadable[0]["why"]


def test_a_group_that_is_not_there_any_more_is_named(read):
    outcome = read_script(read, [result(32, "no such object")])
    assert not outcome.entries and outcome.unreadable[0]["id"] == ID and "it went while" in outcome.unreadable[0]["why"]


@pytest.mark.parametrize("code", [3, 51, 80])
def test_a_part_that_cannot_be_had_ends_the_read(read, code):
    outcome = read_script(read, answer(7, 0, 1, 1, 2), [result(code, "because")])
    assert not outcome.entries and outcome.completeness in ("failed", "complete")
    assert outcome.completeness == "failed" or outcome.unreadable
