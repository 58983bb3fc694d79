# SPDX-License-Identifier: Apache-2.0
"""An attribute that closes accounts is not shown any more: whoever it closed stays closed until that is known to be meant
(decision 0019)."""

import pytest

from living import OnSlapd
from test_hidden import PEOPLE, active, completeness, directory, quarantined, server, shadow  # noqa: F401 (fixtures)
from test_values import Company, record

LOCK = "nsAccountLock: TRUE"
SPAN = ("pwdStartTime: 20350101000000Z", "pwdEndTime: 20340101000000Z")
ENDS = ("shadowExpire: 30000", "krbPrincipalExpiration: 20990101000000Z")


@pytest.fixture
def company(roster):
    company = Company(roster)
    company.configure("corp")
    return company


def person(number, *more):
    return record(number, f"uid=p{number},ou=people", "objectClass: inetOrgPerson", f"cn: P{number}", f"uid: p{number}", *more)


def opened(company):
    return sorted(login for login, user in company.people().items() if user["active"])


def read_a_part(company, *records):
    (company.roster.directory / "corp.ldif").write_text("version: 1\n\n" + "\n".join(records) + "\nsearch: 2\nresult: 4 Size limit exceeded\n")
    company.roster.execute("sync")


def test_what_was_said_meanwhile_is_taken_back(company):
    def said():
        return company.roster.sql("select email, attributes from directory_entries where login = 'p0'"), company.anchors("p0")

    company.read(person(0), person(1), person(2))
    company.read(person(0, LOCK, "mail: a@x"), person(1, LOCK), person(2))
    before = said()
    company.read(person(0, "mail: b@x", "title: Chief"), person(1), person(2))
    assert said() != before and opened(company) == ["p2"]
    company.read(person(0, LOCK, "mail: a@x"), person(1, LOCK), person(2))
    assert said() == before and opened(company) == ["p2"] and not company.problems()


def test_a_read_of_a_part_opens_nobody(company):
    company.read(person(0, LOCK), person(1, LOCK), person(2), person(3))
    read_a_part(company, person(0), person(2))
    assert opened(company) == ["p2", "p3"]


def test_a_read_of_a_part_does_not_say_that_it_can_be_seen(company):
    company.read(person(0, LOCK), person(1, LOCK), person(2), person(3))
    company.read(person(0), person(1), person(2), person(3))
    company.read(person(0), person(2), person(3))
    read_a_part(company, person(2))
    company.read(person(0), person(2), person(3))
    assert opened(company) == ["p2", "p3"]


def test_two_attributes_close_together(company):
    company.read(person(0, *SPAN), person(1, *SPAN), person(2))
    assert opened(company) == ["p2"]
    company.read(person(0, SPAN[0]), person(1, SPAN[0]), person(2))
    assert opened(company) == ["p2"]


def test_the_earlier_of_two_ends_is_hidden(company):
    def ends():
        return {str(row["ends_at"])[:4] for row in company.roster.sql("select ends_at from directory_entries where ends_at is not null")}

    company.read(person(0, *ENDS), person(1, *ENDS), person(2))
    assert ends() == {"2052"}
    company.read(person(0, ENDS[1]), person(1, ENDS[1]), person(2))
    assert ends() == {"2052"} and company.problems()
    company.read(person(0, ENDS[1]), person(1, *ENDS), person(2))
    assert ends() == {"2052", "2099"} and not company.problems()


def test_a_lock_that_is_lifted_opens_nobody_whose_time_is_over(company):
    company.read(person(0, LOCK, "shadowExpire: 1"), person(1, LOCK, "shadowExpire: 1"), person(2), person(3, "shadowExpire: 1"))
    company.read(person(0, LOCK), person(1, LOCK), person(2), person(3))
    company.read(person(0, "nsAccountLock: FALSE"), person(1, "nsAccountLock: FALSE"), person(2), person(3))
    assert opened(company) == ["p2"]


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_news_of_one_who_is_closed_open_him_only_after_all_was_read(directory, roster):  # noqa: F811
    shadow(directory, 0, 1, 2, value=1)
    assert completeness(roster) == "changes" and active(roster) == PEOPLE - 3
    directory.hide(directory.dates, True)
    directory.replace(f"cn=Person 0,{directory.staff}", "mail", "new@ex.test")
    assert completeness(roster) == "complete" and active(roster) == PEOPLE - 3 and quarantined(roster)
    directory.hide(directory.dates, False)
    shadow(directory, 0, value=None)
    assert completeness(roster) == "complete" and active(roster) == PEOPLE - 2 and not quarantined(roster)
