# SPDX-License-Identifier: Apache-2.0
"""Notices of rosterd: what needs a person is told once, and once more when it is over."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import time

import pytest

from leading import directory
from receiver import Receiver
from rosterd import ROSTERD, Rosterd, lives, wait_until

SETTINGS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "people.ldif"; poll: "1h"; users: {{ filter: "(objectClass=inetOrgPerson)" }} }} }}
safety: {{ first_run: "apply"; max_remove: 2; min_remove: 0 }}
rules: {{
  default_admins: ["admin"]
  teams: {{ source: "corp"; match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Contributor" }}
}}
notify: {{ {notify} }}
{more}
"""
# Writes what it gets to a file of its own, whole or not at all, and then does what the test wants.
SCRIPT = """#!/bin/sh
set -eu
{{ for word; do printf '%s\\n' "$word"; done; cat; env; }} >"{folder}/new.$$"
mv "{folder}/new.$$" "{folder}/$(date +%s%N)"
{then}
"""


class Told:
    """What a script was called with so far: .words, .json and .environment of each call."""

    def __init__(self, folder):
        lines = pathlib.Path(folder).read_text(encoding="utf-8").split("\n")
        self.words, self.json = lines[:4], json.loads(lines[4])
        self.environment = lines[5:]


class Site:
    def __init__(self, roster):
        self.roster = roster
        self.calls = roster.directory / "calls"
        self.calls.mkdir()
        self.script = roster.directory / "tell"
        roster.led = True
        self.write(range(6))
        self.then("exit 0")

    def configure(self, *kinds, notify="", more=""):
        told = " ".join(f'{kind}: {{ exec: "{self.script}" }}' for kind in kinds)
        self.roster.configure(SETTINGS.format(notify=told + notify, more=more))

    def write(self, members):
        (self.roster.directory / "people.new").write_text(directory(range(6), pay=members))
        os.replace(self.roster.directory / "people.new", self.roster.directory / "people.ldif")

    def then(self, command):
        """What the script does once it has noted its call."""
        new = self.roster.directory / "tell.new"
        new.write_text(SCRIPT.format(folder=self.calls, then=command))
        new.chmod(new.stat().st_mode | stat.S_IXUSR)
        os.replace(new, self.script)

    def service(self):
        environment = {**self.roster.environment(), "SECRET_OF_ROSTERD": "x"}
        return Rosterd(self.roster.config, program=ROSTERD, environment=environment)

    def told(self):
        return [Told(path) for path in sorted(self.calls.iterdir()) if not path.name.startswith("new.")]

    def await_told(self, count):
        """So many calls, all of them written down."""
        wait_until(lambda: len(self.told()) >= count, f"{count} calls")
        assert len(self.told()) == count
        wait_until(lambda: not self.roster.sql("select 1 from notices where told_at is null or state = 'ends'"), "a note of it")
        return self.told()

    def first_run(self, rosterd):
        rosterd.await_log("notices is ready")
        wait_until(lambda: self.roster.value("select count(*) from runs where state = 'applied'"), "the first run")

    def hold(self):
        """More than may be removed: the name of the run that holds it."""
        self.write(range(1))
        self.roster.ctl("sync", code=1)
        return "corp/" + str(self.roster.value("select max(run) from held_changes where state = 'held'"))

    def looked_at(self):
        """When it last ended a look, 0 while it is at one."""
        return self.roster.value("""select coalesce(extract(epoch from max(state_change)), 0)::float8 from pg_stat_activity
            where datname = current_database() and state = 'idle' and query ~ 'notices_wait'""")

    def looks(self):
        """Wait until it has looked again, from the beginning: what is so is told by then, if it is told at all."""
        for _ in range(2):
            seen = wait_until(self.looked_at, "a look")
            self.roster.sql("notify roster_revision")
            wait_until(lambda: self.looked_at() > seen, "another look")


@pytest.fixture
def site(roster):
    return Site(roster)


def waiting(site):
    """Notices that were tried in vain, as rows."""
    return site.roster.sql("select * from notices where attempts > 0")


def test_what_a_poll_holds_is_told_at_once(site):
    """Nothing is written and nobody has asked, so nothing else says that there is something to tell."""
    site.configure("run_held")
    with site.service() as rosterd:
        site.first_run(rosterd)
        site.looks()
        site.write(range(1))
        began = time.monotonic()
        rosterd.send(signal.SIGUSR1)
        site.await_told(1)
        assert time.monotonic() - began < 10


def test_a_held_run_is_told_once_and_its_end_once(site):
    site.configure("run_held")
    with site.service() as rosterd:
        site.first_run(rosterd)
        run = site.hold()
        (begins,) = site.await_told(1)
        assert begins.words == ["run_held", "begins", run, begins.json["text"]]
        assert begins.json == {"schema": 1, "kind": "run_held", "state": "begins", "subject": run, "text": begins.words[3], "since": begins.json["since"]}
        assert begins.words[3].startswith(f"run {run} waits for approval: 5 changes, ")
        assert begins.json["since"] == site.roster.value("""select to_char(min(held_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from held_changes""")
        names = {line.partition("=")[0] for line in begins.environment if line}
        assert {"PATH", "LANG"} <= names <= {"PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}
        site.roster.ctl("sync", code=1)  # it waits still
        site.looks()
        assert len(site.told()) == 1
        site.roster.ctl("approve", run)
        assert [told.words[:3] for told in site.await_told(2)] == [["run_held", "begins", run], ["run_held", "ends", run]]
        assert site.roster.sql("select * from notices") == []
        rosterd.send(signal.SIGTERM)
        assert rosterd.await_end() == 0


def test_a_restart_tells_nothing_twice(site):
    site.configure("run_held")
    with site.service() as rosterd:
        site.first_run(rosterd)
        run = site.hold()
        site.await_told(1)
        os.kill(rosterd.children()["notices"], signal.SIGKILL)
        rosterd.await_log("notices is ready", times=2)
        site.looks()
    with site.service() as rosterd:
        rosterd.await_log("notices is ready")
        site.looks()
        assert len(site.told()) == 1
        site.roster.ctl("approve", run)
        assert site.await_told(2)[1].words[1] == "ends"


def test_what_ended_while_nobody_watched_is_told_afterwards(site):
    site.configure("run_held")
    with site.service() as rosterd:
        site.first_run(rosterd)
        run = site.hold()
        site.await_told(1)
    site.roster.led = False
    site.roster.ctl("approve", run, "--local")
    with site.service():
        assert site.await_told(2)[1].words == ["run_held", "ends", run, f"run {run} does not wait for approval any more"]


def test_a_target_that_is_switched_off(site):
    (site.roster.directory / "key").write_text("whsec_" + "QUJD" * 11 + "\n")
    (site.roster.directory / "key").chmod(0o600)
    with Receiver("whsec_" + "QUJD" * 11, answer=410) as receiver:
        site.configure("target_stuck", more=f'targets: {{ billing: {{ type: "webhook"; url: "{receiver.url}"; sign: "file:key"; resources: ["app:*"] }} }}')
        with site.service() as rosterd:
            rosterd.await_log("billing is switched off")
            site.looks()
            (begins,) = site.await_told(1)
            assert begins.words[:3] == ["target_stuck", "begins", "billing"]
            assert begins.words[3].startswith("target billing is switched off: it answered 410")
            receiver.answer = 204
            site.roster.ctl("resume", "billing")
            wait_until(lambda: site.roster.value("select cursor = head() from targets"), "the target to be told")
            site.looks()
            assert site.await_told(2)[1].words == ["target_stuck", "ends", "billing", "target billing is not stuck any more"]


def test_what_needs_attention(site):
    site.configure("needs_attention")
    with site.service() as rosterd:
        site.first_run(rosterd)
        site.roster.ctl("user", "create", "olga")
        site.roster.ctl("app", "create", "shop", "--owner", "olga")
        site.roster.ctl("user", "suspend", "olga")
        assert site.await_told(1)[0].words == ["needs_attention", "begins", "app:shop", "app:shop: no Scrum Master (olga), owner suspended (olga)"]
        site.roster.ctl("app", "owner", "shop", "admin")
        site.roster.ctl("app", "members", "shop", "add", "admin", "--role", "Scrum Master")
        assert site.await_told(2)[1].words == ["needs_attention", "ends", "app:shop", "app:shop needs nobody any more"]


def test_a_script_that_fails_is_tried_again(site):
    site.configure("run_held")
    site.then("echo no mail today >&2; exit 3")
    with site.service() as rosterd:
        site.first_run(rosterd)
        site.hold()
        (row,) = wait_until(lambda: waiting(site), "a failure")
        assert row["error"] == f"{site.script} ended with exit status 3: no mail today"
        assert 50 < site.roster.value("select extract(epoch from due - clock_timestamp())::float8 from notices") <= 60
        rosterd.await_log("could not be told: .*the next try is in ")
        site.looks()
        assert len(site.told()) == 1
        site.then("exit 0")
        site.roster.sql("update notices set due = now()")
        site.roster.sql("notify roster_revision")
        first, second = site.await_told(2)
        assert first.words == second.words and not waiting(site)


def test_a_script_that_hangs_is_killed_with_what_it_started(site):
    site.configure("run_held")
    site.then(f"trap '' TERM; sleep 600 & echo $! >{site.roster.directory}/pid; wait")
    with site.service() as rosterd:
        site.first_run(rosterd)
        site.hold()
        pid = int(wait_until(lambda: (site.roster.directory / "pid").exists() and (site.roster.directory / "pid").read_text(), "the script"))
        assert lives(pid)
        (row,) = wait_until(lambda: waiting(site), "its end")
        assert row["error"] == f"{site.script} was killed: it did not end in time"
        wait_until(lambda: not lives(pid), "the end of its child")
        assert rosterd.count("notices is ready") == 1


def test_a_stop_waits_for_a_script_that_is_about_to_end(site):
    site.configure("run_held")
    site.then(f"touch {site.roster.directory}/begun; until test -e {site.roster.directory}/go; do sleep 0.02; done")
    with site.service() as rosterd:
        site.first_run(rosterd)
        site.hold()
        wait_until((site.roster.directory / "begun").exists, "the script")
        rosterd.send(signal.SIGTERM)
        wait_until(lambda: "clock" not in rosterd.children(), "the others to end")
        assert "notices" in rosterd.children()
        (site.roster.directory / "go").touch()
        assert rosterd.await_end() == 0
    assert site.roster.value("select told_at is not null from notices")


def test_a_url_that_is_not_trusted_gets_nothing(site):
    folder = site.roster.directory
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "tls.key", "-out", folder / "tls.pem", "-days", "2"], check=True, capture_output=True)
    with Receiver(certificate=folder / "tls.pem", key=folder / "tls.key") as receiver:
        site.configure(notify=f'run_held: {{ url: "{receiver.url}" }}')
        with site.service() as rosterd:
            site.first_run(rosterd)
            site.hold()
            (row,) = wait_until(lambda: waiting(site), "a failure")
            assert "has a certificate that is not trusted" in row["error"] and not receiver.requests


def test_without_notices_there_is_no_such_child(site):
    site.configure()
    with site.service() as rosterd:
        rosterd.await_log("clock is ready")
        wait_until(lambda: site.roster.value("select count(*) from runs where state = 'applied'"), "the first run")
        assert "notices" not in rosterd.children()


def test_one_process_tells_and_another_takes_over(site):
    site.configure("run_held")
    with site.service() as first:
        site.first_run(first)
        with site.service() as second:
            wait_until(lambda: "notices" in second.children(), "another child")
            site.hold()
            site.await_told(1)
            assert not second.count("notices is ready")
            first.send(signal.SIGTERM)
            assert first.await_end() == 0
            second.await_log("notices is ready")
            site.looks()
            assert len(site.told()) == 1


def test_once_tells_what_is_due(site):
    """From cron: the same notices, each once."""
    def once(code):
        done = subprocess.run([ROSTERD, "--once"], env=site.roster.environment(), text=True, capture_output=True, timeout=60,
                              check=False)
        print(done.stderr)
        assert done.returncode == code
        return done.stderr

    site.configure("run_held")
    once(0)
    assert not site.told()
    site.write(range(1))
    assert "told: run_held begins: run corp/2 waits" in once(1)
    once(1)
    assert [told.words[:3] for told in site.told()] == [["run_held", "begins", "corp/2"]]
    site.then("exit 3")
    site.roster.led = False
    site.roster.ctl("approve", "corp/2")
    assert "run_held ends corp/2 could not be told" in once(0)
    site.roster.sql("update notices set due = now()")
    site.then("exit 0")
    once(0)
    assert [told.words[1] for told in site.told()] == ["begins", "ends", "ends"]
