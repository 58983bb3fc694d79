# SPDX-License-Identifier: Apache-2.0
"""plan, sync and approve through the database: the process that leads the source does them, wherever it runs."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from leading import SECONDS, SERVE, Site, WriterLock, directory
from roster import OPERATOR, Result, Roster


@pytest.fixture
def site(roster):
    site = Site(roster)
    yield site
    codes = [child.end() for child in site.children if child.process.poll() is None]
    assert all(code == 0 for code in codes)


def finish(process):
    out, err = process.communicate(timeout=SECONDS)
    result = Result(process.args[1:], process)
    result.out, result.err = out, err
    print(result, end="")
    return result


# --- the same as with --local --------------------------------------------------------------------------------------------


@pytest.fixture
def twin(site, cluster, template, tmp_path):
    """The same beside it, in a database of its own, with nobody who leads."""
    (tmp_path / "twin").mkdir()
    roster = Roster(cluster, f"{site.roster.database}_twin", tmp_path / "twin")
    cluster.create_database(roster.database, template)
    yield Site(roster)
    roster.close()
    cluster.drop_database(roster.database)


@pytest.mark.parametrize("form", [[], ["--json"], ["--plain"]], ids=["text", "json", "plain"])
def test_what_is_printed_is_the_same_as_with_local(site, twin, form):
    """The same company twice, one with a child that leads: each word of every answer is the same."""
    printed = []
    for company in (twin, site):
        if company is site:
            company.lead()
        else:
            company.roster.ctl("sync")
        company.write(range(1, 21), red=range(3, 12), blue=[1, 2, 3])
        commands = [["plan", "--exit-code"], ["sync"], ["plan", "--exit-code"], ["sync", "--full"], ["approve", "corp/9"]]
        results = [company.roster.run(*form, *words) for words in commands]
        company.write(range(1, 21), red=[11], blue=[])
        results += [company.roster.run(*form, *words) for words in (["sync"], ["approve", "corp/6"], ["sync"])]
        printed.append([(re.sub(r"in \d+\.\d s", "", result.out), result.err, result.code) for result in results])
    assert printed[0] == printed[1]
    assert [code for *_, code in printed[0]] == [2, 0, 0, 0, 65, 1, 0, 0]


def test_what_is_held_and_approved_is_the_same(site):
    site.lead()
    site.write(range(20), red=[9], blue=range(3))
    result = site.roster.ctl("sync", code=1)
    assert re.search(r"^held: run corp/\d+ applied 4 changes and holds 9 changes: 9 removals of ", result.err, re.MULTILINE)
    run = re.search(r"release: rosterctl approve (corp/\d+)", result.err)[1]
    assert site.members("red") == set(range(10)) and site.members("blue") == {0, 1, 2}
    result = site.roster.ctl("approve", run)
    assert "source corp     as last read\n" in result.out and "applied 9 changes" in result.err
    assert site.members("red") == {9}
    assert "holds nothing" in site.roster.ctl("approve", run, code=75).err


def test_a_first_run_waits_and_is_approved(site):
    site.configure(first_run="hold")
    child = site.start()
    site.roster.led = True
    child.await_word("held: run corp/1 changed nothing and holds")
    assert site.members("red") == set() and site.requests("waiting", "taken", "done", "failed") == []
    assert "applied" in site.roster.ctl("approve", "corp/1").err
    assert site.members("red") == set(range(10))


def test_reject_needs_no_child(site):
    site.lead().end()
    site.roster.led = False
    site.write(range(20), red=[9])
    run = re.search(r"approve (corp/\d+)", site.roster.ctl("sync", code=1).err)[1]
    site.roster.led = True
    assert "no rosterd leads source corp" in site.roster.ctl("approve", run, code=3).err
    assert "9 changes of run" in site.roster.ctl("reject", run).err
    assert "holds nothing" in site.roster.ctl("approve", run, "--local", code=75).err


def test_a_saved_plan_is_applied_as_agreed_or_not_at_all(site):
    site.lead()
    site.write(range(20), red=range(12))
    site.roster.ctl("plan", "-o", "plan.json")
    site.write(range(20), red=range(13))
    assert "the plan is not the one that was agreed to" in site.roster.ctl("sync", "--plan", "plan.json", code=75).err
    assert site.members("red") == set(range(10))
    site.write(range(20), red=range(12))
    assert "applied 2 changes" in site.roster.ctl("sync", "--plan", "plan.json").err
    assert site.members("red") == set(range(12))


def test_mode_observe_is_told_and_writes_no_run(site):
    site.configure(mode="observe")
    child = site.start()
    site.roster.led = True
    child.await_word("observed: ")
    assert 'safety.mode is "observe"' in site.roster.ctl("sync").err
    assert site.roster.value("select count(*) from runs") == 0
    (request,) = site.requests("done")
    assert request["run"] is None


def test_a_failure_has_the_class_and_the_words_it_has_with_local(site):
    child = site.lead()
    (site.roster.directory / "people.ldif").unlink()
    there = site.roster.run("sync")
    (request,) = site.requests("failed")
    assert request["error_class"] == "unreachable" and request["run"] is None
    child.end()
    here = site.roster.run("sync", "--local")
    assert there.code == here.code == 69 and there.err == here.err and there.out == here.out == ""


# --- who may ask, and whether anybody is there -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["plan"], ["sync"], ["sync", "--no-wait"]])
def test_without_a_rosterd_it_is_3_and_says_what_to_do(site, words):
    site.roster.ctl("sync")
    site.roster.led = True
    result = site.roster.ctl(*words, code=3)
    assert result.err.endswith("rosterctl: no rosterd leads source corp: start rosterd, or use --local\n")
    assert site.requests("waiting") == []


def test_who_reads_it_once_is_no_rosterd(site):
    """A process with --local leads the source while it runs; a request would wait for nobody."""
    site.roster.ctl("sync")
    site.write(range(20), red=range(11))
    with WriterLock(site.roster):
        local = site.begin("sync", "--local")
        site.await_true(lambda: site.roster.value("""select exists (select from pg_locks where not granted
            and classid = roster.writer_lock_class()::oid and objid = 1)"""))
        site.roster.led = True
        site.roster.ctl("plan", code=3)
    assert finish(local).code == 0


def test_beside_a_rosterd_local_is_refused(site):
    site.lead()
    result = site.roster.ctl("sync", "--local", code=75)
    assert "is being synchronised by another process; a rosterd that leads it" in result.err


def test_who_is_no_administrator_may_not_ask(site, cluster):
    site.lead()
    if not cluster.execute("select 1 from pg_roles where rolname = 'visitor'"):
        cluster.execute("create role visitor login in role roster_admin")
    for words in (["plan"], ["sync"], ["sync", "--no-wait"], ["pause", "corp"], ["resume", "corp"]):
        assert "visitor is not allowed to: " in site.roster.ctl(*words, user="visitor", code=77).err
    assert site.roster.sql("select * from requests") == []


# --- many at once ------------------------------------------------------------------------------------------------------------


def test_ten_at_once_are_at_most_two_runs(site):
    site.lead()
    before = site.roster.value("select count(*) from runs")
    site.write(range(20), red=range(12))
    with WriterLock(site.roster):
        asking = [site.begin("sync")]
        site.await_true(lambda: len(site.requests("taken")) == 1)
        asking += [site.begin("sync") for _ in range(9)]
        # Each of them listens once it has asked.
        site.await_true(lambda: site.roster.value("""select count(*) from pg_stat_activity
            where datname = current_database() and usename = %s and query ~ 'request_show'""", OPERATOR) == 10)
        assert len(site.requests("waiting")) == 1 and len(site.requests("taken")) == 1
    results = [finish(process) for process in asking]
    assert [result.code for result in results] == [0] * 10
    assert site.roster.value("select count(*) from runs") == before + 2
    assert len({result.out for result in results[1:]}) == 1 and "applied 2 changes" in results[0].err
    assert all("nothing to do" in result.err for result in results[1:])


def test_without_waiting_the_number_is_printed(site):
    child = site.lead()
    site.write(range(20), red=range(12))
    (row,) = site.roster.json("sync", "--no-wait")["requests"]
    assert row["source"] == "corp" and isinstance(row["request"], int)
    child.await_word("asked for by operator")
    site.await_true(lambda: site.roster.json("requests")["requests"][0]["state"] == "done")
    (listed,) = [request for request in site.roster.json("requests")["requests"] if request["request"] == row["request"]]
    assert listed["run"].startswith("corp/") and listed["subject"] == "corp" and listed["kind"] == "sync"
    assert site.members("red") == set(range(12))
    assert "leave --no-wait away" in site.roster.ctl("sync", "--no-wait", "--local", code=64).err


def test_each_source_has_its_own(site):
    site.configure(more='uni: { type: "ldif"; file: "uni.ldif"; poll: "1h"; }')
    (site.roster.directory / "uni.ldif").write_text(directory(range(100, 103)).replace("00000000", "11111111"))
    site.lead()
    assert "no rosterd leads source uni" in site.roster.ctl("plan", code=3).err
    site.start(source="uni").await_word("run uni/")
    documents = site.roster.json("plan")["sources"]
    assert [(source["source"], source["users"]) for source in documents] == [("corp", 20), ("uni", 3)]
    assert [row["source"] for row in site.roster.json("sync", "--no-wait")["requests"]] == ["corp", "uni"]


@pytest.mark.parametrize("subject, options", [("sync", {}), ("full", {"full": True})])
def test_a_signal_asks_for_all_sources(site, subject, options):
    """The duty that a signal starts; a source nobody has ever led does not keep it from the others."""
    site.configure(more='uni: { type: "ldif"; file: "uni.ldif"; }')
    child = site.lead()
    site.write(range(20), red=range(12))
    asked = subprocess.run([SERVE, "request", subject, site.roster.config], env=site.roster.environment(), text=True,
                           capture_output=True, timeout=SECONDS)
    assert asked.returncode == 65 and "source uni cannot be asked to synchronise: there is no source" in asked.stderr
    child.await_word("applied 2 changes")
    child.await_word("asked for by roster_daemon")
    site.await_true(lambda: site.requests("done"))
    (request,) = site.requests("done")
    assert (request["kind"], request["options"], request["login"]) == ("sync", options, "roster_daemon")


# --- dying and taking over -----------------------------------------------------------------------------------------------------


def test_another_takes_over_within_a_second(site):
    """Four times, since a single one may be lucky."""
    first = site.lead()
    took = 0
    for _ in range(4):
        second = site.start()
        second.await_word("is led by another process")
        site.roster.ctl("sync")
        assert "asked for by" in first.said() and "asked for by" not in second.said()
        first.kill()
        began = time.monotonic()
        second.await_word("is led by this process")
        took += time.monotonic() - began
        first = second
    print(f"{took / 4:.2f} s each")
    assert took / 4 < 1
    site.roster.ctl("sync")
    assert "asked for by" in second.said()


def test_what_a_killed_one_had_begun_is_done_by_the_next(site):
    first = site.lead()
    site.write(range(20), red=range(12))
    with WriterLock(site.roster):
        waiting = site.begin("sync")
        site.await_true(lambda: [request["progress"] for request in site.requests("taken")] == ["applying 2 changes"])
        first.kill()
        site.await_true(lambda: not site.roster.value("select leads('sync', 'corp')"))
    assert waiting.poll() is None
    site.start()
    result = finish(waiting)
    assert result.code == 0 and site.members("red") == set(range(12))
    (request,) = site.requests("done")
    assert request["attempts"] == 2
    assert [row["state"] for row in site.requests("waiting", "taken", "failed")] == []


def test_one_that_ends_it_again_and_again_is_given_up(site):
    site.lead().end()
    site.roster.sql("insert into requests (kind, subject, state, attempts) values ('plan', 'corp', 'taken', 3)")
    site.lead()
    (request,) = site.requests("failed")
    assert "ended before it was done (3 of 3 attempts)" in request["error"]


def test_told_to_stop_it_ends_at_once(site):
    child = site.lead()
    began = time.monotonic()
    assert child.end() == 0 and time.monotonic() - began < 5


def test_a_lost_database_ends_the_child(site):
    child = site.lead()
    site.roster.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'roster_daemon' and datname = current_database()")
    assert child.process.wait(SECONDS) == 69
    assert "serve: source corp: " in child.said()


def test_a_schema_of_another_version_ends_the_child(site):
    site.roster.sql("insert into migrations (version, name) values (9999, 'later')")
    child = site.start()
    assert child.process.wait(SECONDS) == 78 and "newer than this program" in child.said()


# --- polls and pauses ----------------------------------------------------------------------------------------------------------


def test_it_reads_by_itself_at_each_poll(site):
    site.configure(poll="10s")
    child = site.lead()
    assert site.members("red") == set(range(10))
    site.write(range(20), red=range(12))
    child.await_word("applied 2 changes")
    assert site.members("red") == set(range(12))


def test_a_failed_run_is_logged_and_tried_again(site):
    site.configure(poll="10s")
    (site.roster.directory / "people.ldif").unlink()
    child = site.start()
    child.await_word("the next try is in 10s")
    site.write(range(20), red=range(10))
    child.await_word("run corp/")
    assert site.members("red") == set(range(10))


def test_a_paused_source_does_what_is_asked_and_nothing_by_itself(site):
    site.configure(poll="10s")
    child = site.lead()
    assert "is left alone until" in site.roster.ctl("pause", "corp").err
    assert site.roster.json("status")["sources"][0]["paused"] is True
    site.write(range(20), red=range(12))
    assert "2 to add" in site.roster.ctl("plan").out
    child.await_word("source corp is paused: its poll is left out")
    assert site.members("red") == set(range(10))
    began = time.monotonic()
    site.roster.ctl("resume", "corp")
    child.await_word("applied 2 changes")
    assert time.monotonic() - began < 5, "what was left out is made up for at once"
    site.roster.ctl("pause", "nowhere", code=65)


def test_a_pause_does_not_wait_for_a_run_under_way(site):
    site.lead()
    site.write(range(20), red=range(12))
    with WriterLock(site.roster):
        waiting = site.begin("sync")
        site.await_true(lambda: len(site.requests("taken")) == 1)
        began = time.monotonic()
        site.roster.ctl("pause", "corp")
        assert time.monotonic() - began < 10 and waiting.poll() is None
    assert finish(waiting).code == 0


# --- waiting -----------------------------------------------------------------------------------------------------------------------


def test_interrupted_it_says_that_the_request_goes_on(site):
    site.lead()
    site.write(range(20), red=range(12))
    with WriterLock(site.roster):
        waiting = site.begin("sync")
        site.await_true(lambda: len(site.requests("taken")) == 1)
        (request,) = site.requests("taken")
        # It listens once it can be interrupted.
        site.await_true(lambda: site.roster.value("select exists (select from pg_stat_activity where query ~ 'request_show')"))
        waiting.send_signal(signal.SIGINT)
        result = finish(waiting)
    assert result.code == -signal.SIGINT
    assert f"request {request['id']} goes on in rosterd" in result.err
    site.await_true(lambda: site.requests("done"))
    assert site.members("red") == set(range(12))


class Terminal:
    """Standard error of a process."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.seen = b""

    def await_word(self, word):
        deadline = time.monotonic() + SECONDS
        while word not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.ours], [], [], 1)[0]:
                self.seen += os.read(self.ours, 4096)


@pytest.mark.parametrize("words", [["sync"], ["sync", "--local"]])
def test_at_a_terminal_it_tells_how_far_it_is(site, words):
    if "--local" in words:
        site.roster.ctl("sync", "--local")
    else:
        site.lead()
    site.write(range(20), red=range(12))
    terminal = Terminal()
    with WriterLock(site.roster):
        waiting = site.begin(*words, stderr=terminal.theirs)
        os.close(terminal.theirs)
        terminal.await_word(b"source corp: applying 2 changes")
    out, _ = waiting.communicate(timeout=SECONDS)
    assert waiting.returncode == 0 and "applying" not in out
    os.close(terminal.ours)


def test_at_a_terminal_a_share_is_a_bar(site):
    site.lead()
    site.write(range(20), red=range(12))
    terminal = Terminal()
    with WriterLock(site.roster):
        waiting = site.begin("sync", stderr=terminal.theirs)
        os.close(terminal.theirs)
        terminal.await_word(b"applying 2 changes")
        for words, bar in (("applying, 5 of 20 changes done", b"[#####---------------]"),
                           ("reading, 7 of about 7 entries", b"[####################]")):
            site.roster.sql("update requests set progress = %s where state = 'taken'", words)
            terminal.await_word(b"source corp: " + words.encode() + b" " + bar)
    waiting.communicate(timeout=SECONDS)
    os.close(terminal.ours)


def test_a_long_change_list_arrives_whole(site):
    site.lead()
    site.write(range(1800), red=range(1500))
    there = site.roster.json("plan")["sources"][0]
    assert len(there["changes"]) == there["add"] == 1780 + 1490
    assert json.loads(json.dumps(there["changes"][0]))["kind"] == "user"
    assert site.roster.value("select count(*) from request_lines") == 3270
