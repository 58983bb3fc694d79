# SPDX-License-Identifier: Apache-2.0
"""Programs of the administrator's own, told by lines of JSON."""

import json
import os
import signal
import time

import pytest

from event_apps import blocks
from receiver import Knowledge
from rosterd import ROSTERD, Rosterd, wait_until
from told import SETTINGS, told  # noqa: F401  (fixture)

PROGRAM = """#!/usr/bin/python3
import json, os, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
def answer_to(told):
    with open(folder + "/answer") as file:
        how = json.load(file)
    if how == "die":
        sys.exit(3)
    if how == "hang":
        time.sleep(1000)
    return how if isinstance(how, str) else json.dumps({"id": told["id"], **how})
for line in sys.stdin:
    told = json.loads(line)
    said = answer_to(told)
    with open(folder + "/told", "a") as file:
        print(json.dumps([os.getpid(), os.environ["ROSTER_TARGET"], told["id"], said, told["message"]]), file=file)
    print(said, flush=True)
"""
YES = {"result": "confirmed"}


class Program:
    def __init__(self, folder):
        self.folder, self.path = folder, folder / "program"
        folder.mkdir()
        self.path.write_text(PROGRAM)
        self.path.chmod(0o755)
        self.answers(YES)

    def answers(self, how):
        made = self.folder / "answer.new"
        made.write_text(json.dumps(how))
        made.rename(self.folder / "answer")

    def target(self, name, more=""):
        return f'  {name}: {{ type: "exec"; exec: "{self.path}"; resources: [ "app:*" ]; {more} }}'

    @property
    def lines(self):
        path = self.folder / "told"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def pids(self):
        return {line[0] for line in self.lines}

    @property
    def state(self):
        """What it knows by the algorithm of roster-events(7), from what it confirmed."""
        faults, seen = [], set()
        knowledge = Knowledge(faults.append)
        for _, _, name, said, message in self.lines:
            if '"confirmed"' in said:
                knowledge.take(message, name in seen)
                seen.add(name)
        assert not faults, faults
        return knowledge.state()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path / "program")


@pytest.fixture
def company(told, program):
    told.configure(program.target("own", 'timeout: "1s";'))
    told.build()
    told.deliver()
    return told


def status(told, name="own"):
    (row,) = [row for row in told.roster.json("status")["targets"] if row["target"] == name]
    return row


def test_it_is_told_what_changed_and_goes_when_roster_does(company, program):
    company.check(program)
    company.leave(0)
    company.join(1, role="Developer")
    company.deliver()
    company.check(program)
    assert {line[1] for line in program.lines} == {"own"} and not any(alive(pid) for pid in program.pids)
    assert program.lines[-1][4]["type"] == "access.changed"


def test_the_example_of_the_manual_is_one(told, tmp_path):
    (text,) = [block for block in blocks() if "/var/lib/example" in block]
    path = tmp_path / "example"
    path.write_text(text.replace("/var/lib/example", str(tmp_path)))
    path.chmod(0o755)
    told.configure(f'  own: {{ type: "exec"; exec: "{path}"; resources: [ "app:*" ] }}')
    told.build(people=2, apps=("shop",))
    told.deliver()
    (number,) = told.truth()
    written = {tuple(line.split()[:2]) for line in (tmp_path / "changes").read_text().splitlines()}
    assert written == {(str(number), user) for user in told.truth()[number]}


@pytest.mark.parametrize("how, flaw", [
    ("die", "ended with status 3"), ("hang", "does not answer in time"), ("[]", "something else than an object"), ("no", "JSON"),
    ('{"id":"another","result":"confirmed"}', 'answers to "another"'), ({"result": "perhaps"}, 'the result "perhaps"'),
    ({"result": "later", "reason": "busy\u001b[2J"}, "it says later: busy"), ("x" * 70000, "more than 64 KiB"), ({}, 'the result ""')])
def test_what_it_did_not_confirm_comes_again(company, program, how, flaw):
    program.answers(how)
    company.leave(0)
    (row,) = company.deliver(code=1)
    assert row["state"] == "failing" and flaw in row["error"] and "\u001b" not in row["error"], row
    program.answers(YES)
    company.at_once()
    company.deliver()
    company.check(program)
    last = [line for line in program.lines if line[2] == program.lines[-1][2]]
    assert all(line[4] == last[0][4] for line in last)
    assert not any(alive(pid) for pid in program.pids)


def test_it_may_say_when_it_can(company, program):
    program.answers({"result": "later", "wait": 500})
    company.leave(0)
    company.deliver(code=1)
    (row,) = company.roster.sql("select due - now() as due from targets")
    assert 480 < row["due"].total_seconds() < 510


def test_what_it_refuses_is_tried_apart_and_what_it_is_done_with_is_not(company, program):
    program.answers({"result": "refused", "reason": "no such project"})
    company.leave(0)
    (row,) = company.deliver(code=1)
    assert row["lanes"] == 2 and "no such project" in str(company.roster.sql("select error from lanes")), row
    program.answers(YES)
    company.at_once()
    company.deliver()
    company.check(program)
    program.answers({"result": "disabled", "reason": "moved away"})
    company.leave(1)
    (row,) = company.deliver(code=1)
    assert row["state"] == "disabled" and "moved away" in row["error"]
    program.answers(YES)
    company.roster.ctl("resume", "own")
    company.deliver()
    company.check(program)


def test_one_that_hangs_delays_no_other(told, tmp_path):
    slow, quick = Program(tmp_path / "slow"), Program(tmp_path / "quick")
    told.configure(slow.target("slow", 'timeout: "5m";'), quick.target("quick"))
    told.build()
    told.deliver()
    slow.answers("hang")
    with Rosterd(told.roster.config, program=ROSTERD, environment=told.roster.environment()) as rosterd:
        rosterd.await_log("exec is ready")
        for number in range(3):
            began = time.monotonic()
            told.leave(number)
            wait_until(lambda: status(told, "quick")["behind"] == 0 and len(quick.pids) == 2, "the quick one")
            assert time.monotonic() - began < 10
        assert len(quick.pids) == 2 and status(told, "slow")["behind"] > 0  # kept from message to message
        assert any(alive(pid) for pid in quick.pids)
        began = time.monotonic()
        rosterd.send(signal.SIGTERM)
        rosterd.await_end()
        assert time.monotonic() - began < 15
    told.check(quick)
    assert not any(alive(pid) for pid in quick.pids | slow.pids)


def test_a_target_that_is_taken_out_is_told_nothing_more(told, program):
    told.configure(program.target("own"))
    told.build()
    told.deliver()
    told.configure()
    told.leave(0)
    told.deliver()
    assert told.roster.sql("select configured from targets") == [{"configured": False}]


def test_its_settings_are_checked(roster, program, tmp_path):
    def refused(target, code=78):
        result = roster.run("check") if roster.config.write_text(SETTINGS.format(targets=target)) else None
        assert result.code == code, result
        return result.err
    assert 'targets.own has no "exec"' in refused('own: { type: "exec"; resources: [ "**" ] }')
    assert "must be an absolute path" in refused('own: { type: "exec"; exec: "program"; resources: [ "**" ] }')
    assert '"url"' in refused(f'own: {{ type: "exec"; exec: "{program.path}"; url: "https://x/"; resources: [ "**" ] }}')
    assert "target own: " in refused(f'own: {{ type: "exec"; exec: "{tmp_path}/none"; resources: [ "**" ] }}')
