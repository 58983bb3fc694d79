# SPDX-License-Identifier: Apache-2.0
"""From where the news of a directory go on: after a pause, a restart of either side, and with a cookie that is no good."""

import os
import re
import signal

import pytest

import company
from company import change, group, person
from pushing import SESSION_LOG, Site, await_true
from slapd import Slapd


@pytest.fixture
def slapd():
    with Slapd(company.ldif(), database=company.ACCESS,
               sync=["syncprov-checkpoint 1000 60", f"syncprov-sessionlog {SESSION_LOG}"]) as server:
        yield server


@pytest.fixture
def site(slapd, roster):
    site = Site(slapd, roster)
    yield site
    site.finish()


def edit_beyond_the_session_log(site):
    for number in range(SESSION_LOG + 5):
        change(site.directory, person(9), "replace", "mail", f"again{number}@ex.org")


def test_another_child_goes_on_where_the_first_one_was(site):
    site.start()
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 1)
    site.restart()
    run = site.last_run()
    assert (run["kind"], run["state"], run["completeness"], run["entries"]) == ("sync", "nothing", "changes", 0)
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(8))
    site.await_head(head, 1)


def test_what_happened_meanwhile_is_read_and_no_more(site):
    child = site.start()
    assert child.end() == 0
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.directory.delete_s(person(5))
    site.start()
    run = site.last_run()
    assert (run["completeness"], run["entries"], run["adds"], run["removes"]) == ("changes", 1, 1, 1)
    assert "u5" not in site.active() and ("group:/pay/api", "Developer") in site.holdings("u7")
    site.assert_true()


def test_sync_asks_again_and_full_reads_everything(site):
    site.start()
    done = site.roster.json("sync")["sources"][0]
    assert done["completeness"] == "changes" and done["changes"] == []
    assert site.last_run()["entries"] == 0
    done = site.roster.json("sync", "--full")["sources"][0]
    assert done["completeness"] == "complete" and site.last_run()["entries"] > company.PEOPLE
    site.roster.json("plan")
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 1)


def test_a_source_that_is_paused_says_nothing_and_catches_up(site):
    child = site.start()
    site.roster.ctl("pause", "corp")
    child.await_word("corp is paused")
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.roster.ctl("resume", "corp")
    site.await_head(head)
    assert ("group:/pay/api", "Developer") in site.holdings("u7")


def test_older_than_the_session_log_everything_is_read_and_what_is_absent_is_judged(site):
    site.configure(safety="max_remove_percent: 10")
    child = site.start()
    assert child.end() == 0
    for number in range(12, 24):
        site.directory.delete_s(person(number))
    edit_beyond_the_session_log(site)
    site.start()
    run = site.last_run()
    assert run["completeness"] == "complete" and run["entries"] > company.PEOPLE, run
    assert run["held"] == 12 and "12 disappearances of 60 people" in run["reason"]
    assert len(site.active()) == company.PEOPLE
    assert site.roster.value("select count(*) from directory_entries where gone_since is not null and not gone_explicit") == 12


def test_an_access_rule_that_hides_half_of_the_people_takes_nothing_from_anybody(site):
    """The present phase leaves them out, and says success."""
    site.start()
    before = site.facts()
    configuration = site.slapd.directory / "slapd.conf"
    hidden = company.ACCESS[4].replace(company.account("half"), company.account("sync"))
    configuration.write_text(configuration.read_text().replace(company.ACCESS[4], hidden + "\n" + company.ACCESS[4]))
    site.slapd.restart()
    site.directory_again()
    edit_beyond_the_session_log(site)
    site.children[-1].await_word("30 disappearances of 60 people")
    after = site.facts()
    assert {**before, "users": None} == {**after, "users": None} and len(site.active()) == company.PEOPLE
    assert site.last_run()["held"] == 30


def test_the_server_restarts(site):
    child = site.start()
    site.slapd.restart()
    child.await_word("the next try is in")
    head = site.head()
    change(site.directory_again(), group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 20)
    assert site.runs()[0]["completeness"] == "complete"
    assert {run["completeness"] for run in site.runs()[1:]} <= {"changes", "failed"}
    site.assert_true()


def test_the_server_is_killed_and_takes_back_what_it_had_said(site):
    """Whatever it says of the cookie then, nobody is lost."""
    child = site.start()
    site.slapd.kill()
    child.await_word("the next try is in")
    site.slapd.start()
    site.directory_again()
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 20)
    assert len(site.active()) == company.PEOPLE
    site.assert_true()


def test_a_server_that_does_not_answer_is_left(site):
    site.configure(more='poll: "1h"; timeouts: { operation: "1s" }')
    child = site.start()
    os.kill(site.slapd.process.pid, signal.SIGSTOP)
    try:
        child.await_word("the server was silent for 1s", seconds=30)
    finally:
        os.kill(site.slapd.process.pid, signal.SIGCONT)
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 30)
    site.assert_true()


def test_a_cookie_that_is_too_old_leads_to_a_full_read(roster):
    with Slapd(company.ldif(), database=company.ACCESS,
               sync=["syncprov-sessionlog 5", "syncprov-reloadhint TRUE"]) as slapd:
        site = Site(slapd, roster)
        try:
            child = site.start()
            assert child.end() == 0
            site.directory.delete_s(person(5))
            edit_beyond_the_session_log(site)
            # Of a time the server knows nothing of.
            site.roster.sql("""update source_cookies set cookie =
                convert_to(regexp_replace(convert_from(cookie, 'UTF8'), 'csn=[0-9]{4}', 'csn=2001'), 'UTF8')""")
            child = site.start()
            assert "is read whole, because it does not go on from where it was" in child.said()
            run = site.last_run()
            assert run["completeness"] == "complete" and run["entries"] > company.PEOPLE - 1
            assert "u5" not in site.active() and len(site.active()) == company.PEOPLE - 1
        finally:
            site.finish()


def test_a_cookie_newer_than_the_server_leads_to_a_full_read(site):
    child = site.start()
    assert child.end() == 0
    before = site.facts()
    site.roster.sql("""update source_cookies set cookie =
        convert_to(regexp_replace(convert_from(cookie, 'UTF8'), 'csn=[0-9]{4}', 'csn=2990'), 'UTF8')""")
    child = site.start()
    assert "newer than provider" in child.said() or "read whole" in child.said(), child.said()
    run = site.last_run()
    assert (run["completeness"], run["state"]) == ("complete", "nothing") and site.facts() == before
    head = site.head()
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    site.await_head(head, 1)


def test_a_cookie_the_server_cannot_read_is_none(site):
    child = site.start()
    assert child.end() == 0
    site.directory.delete_s(person(5))
    site.roster.sql("update source_cookies set cookie = 'nonsense'")
    site.start()
    assert "u5" not in site.active() and site.last_run()["completeness"] == "complete"


def test_another_filter_reads_everything(site):
    child = site.start()
    assert child.end() == 0
    site.configure(users="(&(objectClass=inetOrgPerson)(!(uid=u5)))")
    site.start()
    run = site.last_run()
    assert run["completeness"] == "complete" and run["entries"] > company.PEOPLE - 2
    assert "u5" not in site.active()


def test_full_asks_for_no_news(site):
    site.configure(more='poll: "1h"; changes: "full"')
    child = site.start()
    assert re.search(r'is read whole at each poll: changes: .{1,2}full.{1,2} is set', child.said())
    assert site.roster.value("select count(*) from source_cookies") == 0
    assert site.last_run()["completeness"] == "complete"


def test_a_server_without_news_is_polled(roster):
    with Slapd(company.ldif(), database=company.ACCESS) as slapd:
        site = Site(slapd, roster)
        try:
            child = site.start()
            assert "is read whole at each poll: the server does not offer content synchronization" in child.said()
            assert site.roster.json("sync")["sources"][0]["completeness"] == "complete"
        finally:
            site.finish()


def test_a_size_limit_leads_to_the_paged_read(site):
    site.configure(bind_dn=company.account("paged"), more='poll: "1h"; page_size: 10')
    child = site.start()
    assert "does not say what changed and is read whole at each poll: " in child.said()
    assert site.last_run()["completeness"] == "incomplete"


class WriterLock:
    """Nothing is written while somebody holds this."""

    def __init__(self, roster):
        self.connection = roster.cluster.connect(roster.database)

    def __enter__(self):
        self.connection.execute("select pg_advisory_lock(roster.writer_lock_class(), 1)")
        return self

    def __exit__(self, *_):
        self.connection.close()


def test_a_child_that_dies_before_it_commits_leaves_nothing_and_the_next_one_has_everything(site):
    child = site.start()
    cookies = site.roster.sql("select cookie from source_cookies where part = 'group'")
    before = site.facts()
    with WriterLock(site.roster):
        change(site.directory, group("pay-api-devs"), "add", "member", person(7))
        site.directory.delete_s(person(5))
        await_true(lambda: site.roster.value("select count(*) from pg_locks where locktype = 'advisory' and not granted"))
        child.kill()
    assert site.facts() == before
    assert site.roster.sql("select cookie from source_cookies where part = 'group'") == cookies
    await_true(lambda: not site.roster.value(
        "select count(*) from pg_stat_activity where datname = current_database() and usename = 'roster_daemon'"))
    site.start()
    assert "u5" not in site.active() and ("group:/pay/api", "Developer") in site.holdings("u7")
    site.assert_true()
