# SPDX-License-Identifier: Apache-2.0
"""The clock of rosterd: what becomes due is a revision within about a second, and targets are told."""

import signal
import time

import pytest

from receiver import Receiver
from rosterd import ROSTERD, Rosterd, wait_until
from told import Told

SOON = 3  # seconds: what is promised, and what a busy machine adds
LDIF = "version: 1\n\n" + "\n".join(
    f"dn: uid={login},dc=x\nobjectClass: inetOrgPerson\nuid: {login}\nentryUUID: 00000000-0000-4000-8000-00000000000{number}\n"
    for number, login in enumerate(["alice", "bob"], 1))


@pytest.fixture
def told(roster):
    return Told(roster)


def rosterd(roster):
    environment = {name: value for name, value in roster.environment().items() if name != "PGUSER"}
    return Rosterd(roster.config, program=ROSTERD, environment=environment)


def until(roster, seconds):
    return roster.value("select (clock_timestamp() + make_interval(secs => %s))::text", seconds)


def grants(roster, login):
    return roster.value("select count(*) from grants g join users u on u.id = g.user_id where u.login = %s", login)


def clocks(roster):
    """How many processes lead the clock of this database."""
    return roster.value("""select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database()
        and l.locktype = 'advisory' and l.granted and l.classid::bigint = writer_lock_class() + 3""")


def test_what_is_given_until_a_time_is_gone_after_it_and_targets_are_told(told):
    roster = told.roster
    with Receiver() as receiver:
        told.configure(told.target("billing", receiver))
        told.build(people=1)
        with rosterd(roster) as daemon:
            daemon.await_log("clock is ready")
            wait_until(lambda: receiver.events, "a snapshot")
            roster.ctl("user", "create", "guest")
            ends = until(roster, 2)
            roster.ctl("group", "members", "/pay", "add", "guest", "--role", "Contributor", "--until", ends)
            roster.ctl("can", "guest", "project.view", "app:shop")
            wait_until(lambda: not grants(roster, "guest"), "the end of the grant")
            (row,) = roster.sql("select cause, extract(epoch from at - %s::timestamptz)::float8 as late from revisions order by id desc limit 1", ends)
            assert row["cause"] == "expired" and 0 <= row["late"] < 1 + SOON
            roster.ctl("can", "guest", "project.view", "app:shop", code=1)
            wait_until(lambda: [cause["cause"] for cause in receiver.events[-1]["causes"]] == ["expired"], "a message that says so")
            told.check(receiver)
            daemon.send(signal.SIGTERM)
            assert daemon.await_end() == 0
        assert "1 thing that had become due is done" in daemon.log()


def test_what_became_due_while_nobody_watched_is_made_up_for(told):
    roster = told.roster
    told.configure()
    told.build(people=1)
    roster.sql("update grants set expires_at = now() - interval '1 day' where user_id = (select id from users where login = 'u0')")
    with rosterd(roster):
        wait_until(lambda: not grants(roster, "u0"), "the end of the grant", SOON + 10)


def test_there_is_one_clock_and_another_takes_over(told):
    roster = told.roster
    told.configure()
    told.build(people=1)
    with rosterd(roster) as first:
        first.await_log("clock is ready")
        with rosterd(roster) as second:
            wait_until(lambda: "clock" in second.children(), "another clock")
            assert clocks(roster) == 1 and not second.count("clock is ready")
            first.send(signal.SIGTERM)
            assert first.await_end() == 0
            second.await_log("clock is ready")
            roster.sql("update grants set expires_at = now() - interval '1 day' where user_id = (select id from users where login = 'u0')")
            wait_until(lambda: not grants(roster, "u0"), "the end of the grant")


@pytest.fixture
def corp(roster):
    """alice and bob, known from a file, and a grace of two seconds; alice owns an app."""
    roster.configure("""version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "corp.ldif" } }\nsafety: { first_run: "apply"; grace: "2s" }\n""")
    (roster.directory / "corp.ldif").write_text(LDIF)
    roster.ctl("sync")
    roster.ctl("group", "create", "/pay", "--description", "Pay", "--admin", "alice")
    roster.ctl("group", "members", "/pay", "add", "alice", "--role", "Developer")
    roster.ctl("app", "create", "shop", "--owner", "alice", "--group", "/pay")
    return roster


def vanish(roster):
    (roster.directory / "corp.ldif").write_text("version: 1\n\n" + LDIF.split("\n\n")[2])
    roster.ctl("sync")


def attention(roster):
    return [(row["kind"], row["what"], ", ".join(row["who"])) for row in roster.json("attention")["attention"]]


def test_the_time_of_grace_ends_and_what_needs_a_person_is_listed(corp):
    assert attention(corp) == []
    with rosterd(corp) as daemon:
        daemon.await_log("source corp is led")
        corp.led = True
        vanish(corp)
        assert attention(corp)[1] == ("no admin", "group:/pay", "alice")
        wait_until(lambda: grants(corp, "alice") == 1, "the end of grace", 2 + SOON + 5)
    assert attention(corp) == [("no Scrum Master", "app:shop", ""), ("no admin", "group:/pay", "alice"), ("owner past grace", "app:shop", "alice")]
    assert "owner past grace  app:shop" in corp.ctl("attention").out
    corp.ctl("group", "admin", "/pay", "add", "bob")
    corp.ctl("app", "owner", "shop", "bob")
    corp.ctl("app", "members", "shop", "add", "bob", "--role", "Scrum Master")
    assert attention(corp) == []


def test_an_entry_in_the_hands_of_a_run_is_left_for_the_next_time(corp):
    vanish(corp)
    corp.sql("update identities set gone_since = now() - interval '1 day'; update directory_entries set gone_since = now() - interval '1 day' where gone_since is not null")
    with corp.cluster.connect(corp.database, autocommit=False) as run:
        run.execute("update roster.directory_entries set gone_since = null, gone_explicit = false where login = 'alice'")
        corp.sql("set statement_timeout = '10s'")  # it does not wait for the run
        assert corp.value("select clock_tick('2s')") == 0
        run.commit()
    assert corp.value("select clock_due('2s')") is None and grants(corp, "alice") == 3


def test_an_account_closes_when_its_directory_said_it_would_although_it_cannot_be_asked(told):
    """H7: the directory says nothing at that moment, and is not even there."""
    roster = told.roster
    people = roster.directory / "people.ldif"
    ends = int(time.time()) + 5
    people.write_text(LDIF + f"accountExpires: {(ends + 11644473600) * 10000000}\n")
    roster.configure(f"""
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "{people}"; poll: "1h" }} }}
safety: {{ first_run: "apply" }}
rules: {{ all: {{ users: "(uid=*)"; into: "/all"; role: "Contributor" }} default_admins: [ "admin" ] }}
""")
    with rosterd(roster):
        wait_until(lambda: active(roster) == {"alice", "bob"}, "both people")
        people.unlink()
        wait_until(lambda: active(roster) == {"alice"}, "the end of an account")
        late = roster.value("select extract(epoch from max(at)) from revisions") - ends
        assert 0 <= late < 1 + SOON
        assert roster.value("select closed from directory_entries where login = 'bob'") == "its time is over"


def active(roster):
    return {row["login"] for row in roster.sql("select login from users where active and login <> 'admin'")}
