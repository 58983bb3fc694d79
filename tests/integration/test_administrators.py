# SPDX-License-Identifier: Apache-2.0
"""There is always a platform administrator who stays one, and no act goes around that, or around what is asked of acts."""

import psycopg
import pytest

from roster import OPERATOR

CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif" } }
safety: { first_run: "apply"; max_grant: 100; max_remove: 100; max_remove_percent: 100 }
rules: { default_admins: [ "admin" ]; chiefs: { match: "cn ~ ^chiefs$"; into: "platform"; role: "Platform Administrator" } }
"""
RECORDS = """version: 1

dn: uid=ada,ou=people,dc=x
entryUUID: 00000000-0000-4000-8000-000000000001
objectClass: inetOrgPerson
uid: ada
cn: ada

dn: cn=chiefs,ou=groups,dc=x
entryUUID: 00000000-0000-4000-8000-000000000009
objectClass: groupOfNames
cn: chiefs
member: uid=ada,ou=people,dc=x
"""
LAST = "nobody would be a platform administrator any more"


@pytest.fixture
def company(roster):
    """ada is an administrator by corp; the one of the installation is called admin, bea is nobody yet."""
    (roster.directory / "people.ldif").write_text(RECORDS)
    roster.configure(CONFIGURATION)
    roster.ctl("sync")
    roster.ctl("user", "create", "bea")
    return roster


def without_the_first(roster):
    """What takes it from the one who acts, an operator's act does not: the database's owner."""
    roster.sql("delete from grants where user_id = (select id from users where login = 'admin')")
    roster.sql("update operators set user_id = (select id from users where login = 'ada')")


@pytest.fixture
def session(company):
    """An operator's session, with transactions."""
    with psycopg.connect(company.cluster.conninfo(company.database), user=OPERATOR) as connection:
        connection.execute("set search_path = roster")
        connection.commit()
        yield connection
        connection.rollback()


def test_the_last_one_is_not_unlinked(company):
    without_the_first(company)
    assert LAST in company.ctl("user", "unlink", "ada", "corp", code=65).err
    company.ctl("user", "role", "bea", "add", "Platform Administrator")
    company.ctl("user", "unlink", "ada", "corp")


@pytest.mark.parametrize("act", [("user", "unlink", "ada", "corp"), ("source", "retire", "corp", "--yes")], ids=" ".join)
def test_one_with_an_end_does_not_count(company, act):
    without_the_first(company)
    company.ctl("user", "role", "bea", "add", "Platform Administrator", "--until", "2100-01-01")
    (company.directory / "people.ldif").unlink()
    company.configure(CONFIGURATION.replace("corp:", "hr:"))
    assert LAST in company.ctl(*act, code=65).err
    company.ctl("user", "role", "bea", "add", "Platform Administrator")
    company.ctl(*act)


def test_nor_in_what_is_taken_back(company):
    revision = company.ctl("user", "role", "bea", "add", "Platform Administrator") and company.value("select head()")
    company.sql("update grants set expires_at = '2100-01-01' where source = 0 and user_id = (select id from users where login = 'admin')")
    company.sql("delete from grants where source <> 0")
    assert LAST in company.ctl("revert", str(revision), "--yes", code=65).err


def test_nor_as_the_last_who_can_act(company):
    company.ctl("user", "role", "bea", "add", "Platform Administrator", "--until", "2100-01-01")
    company.sql("create role other_operator login")
    try:
        company.sql("insert into operators values ('other_operator', (select id from users where login = 'bea'))")
        said = company.ctl("operator", "remove", OPERATOR, "--yes", code=65).err
        assert "is the last database login of a platform administrator" in said
    finally:
        company.sql("delete from operators where login = 'other_operator'")
        company.sql("drop role other_operator")


def test_what_comes_by_itself_lends_nobody_its_freedom(company, session):
    """What is asked of acts when their transaction ends is not asked of what was taken back."""
    company.ctl("group", "create", "/dev", "--description", "x", "--admin", "bea")
    company.ctl("user", "create", "zoe")
    revision = str(company.value("select head()"))
    session.execute("select revert_plan(%s)", [revision])
    session.execute("select revert_apply(%s, true)", [revision])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is a transaction of its own"):
        session.execute("select user_suspend('bea')")


def test_what_is_taken_back_is_what_was_planned(company, session):
    company.ctl("user", "create", "zoe")
    company.ctl("user", "create", "yan")
    last = company.value("select head()")
    session.execute("select revert_plan(%s)", [str(last)])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="it was planned to revert"):
        session.execute("select revert_apply(%s, true)", [str(last - 1)])
