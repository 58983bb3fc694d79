# SPDX-License-Identifier: Apache-2.0
"""The limits of Active Directory, as a server on ldapjs keeps them: pages of entries, parts of a list of values."""

import contextlib
import os
import pathlib
import subprocess

import pytest

DOUBLE = pathlib.Path(__file__).resolve().parents[2] / "support" / "domain_controller.js"
BASE = "dc=ad,dc=example"


@contextlib.contextmanager
def domain_controller(people, members, page, values):
    """Its URL."""
    # Debian's own node looks there anyway.
    environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs"}
    process = subprocess.Popen(["/usr/bin/node", DOUBLE, *map(str, (people, members, page, values))], env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"ldap://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def read_all(read, url, **settings):
    return read(url=url, users__base=f"ou=people,{BASE}", users__id="objectGUID", groups__base=f"ou=groups,{BASE}",
                groups__id="objectGUID", **settings)


def persons(*numbers):
    return [f"cn=u{number},ou=people,{BASE}" for number in numbers]


@pytest.mark.parametrize("asked", [1000, 5, 3])
def test_all_pages_come_however_many_entries_are_asked_for_at_once(read, asked):
    with domain_controller(people=23, members=3, page=5, values=1500) as url:
        outcome = read_all(read, url, page_size=asked)
    assert outcome.completeness == "complete" and not outcome.unreadable
    assert {entry["dn"] for entry in outcome.of("user")} == set(persons(*range(1, 24)))


@pytest.mark.parametrize("members", [4, 5, 6, 23, 101])
def test_a_long_list_of_members_comes_whole(read, members):
    with domain_controller(people=1, members=members, page=1000, values=5) as url:
        outcome = read_all(read, url)
    (group,) = outcome.of("group")
    assert outcome.completeness == "complete" and group["attributes"]["member"] == persons(*range(1, members + 1))


def test_it_is_known_by_what_it_can_do(read):
    with domain_controller(people=2, members=2, page=1000, values=1500) as url:
        outcome = read_all(read, url)
    assert "source test is Active Directory" in outcome.log
    assert [entry["id"] for entry in outcome.of("user")] == [f"00000000-0000-0000-0000-00010000000{number}" for number in (1, 2)]


def test_who_asks_without_pages_is_told_that_it_is_not_all(read):
    with domain_controller(people=23, members=3, page=5, values=1500) as url:
        outcome = read_all(read, url, page_size=0)
    assert outcome.completeness == "incomplete" and "size limit" in outcome.reason.lower(), outcome.result
    assert len(outcome.of("user")) == 5
