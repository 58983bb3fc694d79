# SPDX-License-Identifier: Apache-2.0
"""The whole service: an edit of a source becomes an event at an app, whatever dies on the way; steered by signals."""

import os
import random
import signal

import pytest

from leading import directory
from receiver import Receiver
from rosterd import ROSTERD, Rosterd, wait_until
from told import Told

SOURCE = """
sources: {{ corp: {{ type: "ldif"; file: "people.ldif"; poll: "{poll}"; users: {{ filter: "(objectClass=inetOrgPerson)" }} }} }}
safety: {{ first_run: "apply"; max_remove_percent: 100; max_remove: 100000; max_suspend: 100000 }}
rules: {{
  default_admins: ["admin"]
  teams: {{ source: "corp"; match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Contributor" }}
}}
"""


class Site:
    """A source, one app /pay owns, and a target that is told about everything below."""

    def __init__(self, roster, receiver):
        self.roster = roster
        self.receiver = receiver
        self.told = Told(roster)
        roster.led = True
        self.configure()

    def configure(self, poll="1h", target=True):
        self.told.configure(*[self.told.target("billing", self.receiver, "app:*", "group:/**")] if target else [])
        self.roster.config.write_text(self.roster.config.read_text() + SOURCE.format(poll=poll))

    def write(self, people, **teams):
        (self.roster.directory / "people.new").write_text(directory(people, **teams))
        os.replace(self.roster.directory / "people.new", self.roster.directory / "people.ldif")

    def service(self):
        return Rosterd(self.roster.config, program=ROSTERD, environment=self.roster.environment())

    def is_told(self):
        """Everything the database says now, and nothing else."""
        try:
            self.told.check(self.receiver, "app:*", "group:/**")
        except AssertionError:
            return False
        return self.roster.value("select bool_and(cursor = head() and history is not null) from targets")

    def found_apps(self, *teams):
        """An app for each team, named like it, once its group is there."""
        for team in teams:
            wait_until(lambda: self.roster.sql("select 1 from resource_names where name = %s", f"group:/{team}"), team)
            self.roster.ctl("app", "create", team, "--owner", "admin", "--group", f"/{team}")

    def members(self, team):
        """Those of whom the app of a team was told that they are in it."""
        return {user for user, (_, roles) in self.receiver.people(f"app:{team}").items() if "Contributor" in roles}

    def await_told(self, **teams):
        """How many people of each."""
        for team, count in teams.items():
            wait_until(lambda: len(self.members(team)) == count, f"{count} people of {team}")
        wait_until(self.is_told, "the target to know everything")


@pytest.fixture
def site(roster):
    with Receiver() as receiver:
        yield Site(roster, receiver)


def test_an_edit_becomes_an_event(site):
    site.write(range(5), pay=[0, 1, 2])
    with site.service() as rosterd:
        site.found_apps("pay")
        site.await_told(pay=3)
        site.write(range(5), pay=[1, 2, 3, 4])
        site.roster.ctl("sync")
        site.await_told(pay=4)
        took = site.roster.value("select value::float8 from metrics('{}') where metric = 'roster_propagation_seconds_sum'")
        count = site.roster.value("select value::int from metrics('{}') where metric = 'roster_propagation_seconds_count'")
        assert count > 0 and 0 < took / count < 60
        assert {name.split()[0] for name in rosterd.children()} >= {"source", "webhook"}
        rosterd.send(signal.SIGTERM)
        assert rosterd.await_end() == 0 and not rosterd.children()


def test_each_call_is_a_line_to_try_by_hand_at_the_level_debug(site):
    site.write(range(3), pay=[0])
    site.roster.config.write_text(site.roster.config.read_text() + 'log: { level: "debug" }\n')
    with site.service() as rosterd:
        site.await_told()
        rosterd.await_log(r'level=debug msg="curl .*child=webhook')


def test_nothing_is_told_before_the_first_run_was_applied(site):
    """An app must not take an empty tree for the truth."""
    site.write(range(3), pay=[0])
    site.roster.config.write_text(site.roster.config.read_text().replace('first_run: "apply"', 'first_run: "hold"'))
    with site.service() as rosterd:
        rosterd.await_log("holds")
        assert not site.receiver.requests
        site.roster.ctl("approve", "corp/1")
        site.await_told()
        assert site.receiver.events[0]["complete"] and site.receiver.events[0]["resources"]


def test_a_schema_of_another_version_ends_rosterd(site):
    """At the start, and while it runs, also one that only waits for the other to end: nothing here can change that."""
    site.write(range(3), pay=[0])
    with site.service() as rosterd, site.service() as waiting:
        for one in rosterd, waiting:
            one.await_log("source corp is ready")
        wait_until(lambda: rosterd.count("clock is ready") + waiting.count("clock is ready"), "a clock")
        site.roster.sql("insert into migrations (version, name) values (9999, 'later')")
        site.roster.sql("notify roster_revision, '1'")
        assert rosterd.await_end() == 78 and waiting.await_end() == 78
    with site.service() as again:
        assert again.await_end() == 78
    for one in rosterd, waiting, again:
        assert "newer than this program" in one.log() and "it is started again" not in one.log()
        assert one.lines[-1].startswith("rosterd: the schema of the database is not that of this version")


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_a_signal_asks_for_a_run(site, number):
    site.write(range(3), pay=[0])
    with site.service() as rosterd:
        site.found_apps("pay")
        site.await_told(pay=1)
        site.write(range(3), pay=[0, 1])
        rosterd.send(number)
        site.await_told(pay=2)


def test_a_new_configuration_is_taken_and_a_wrong_one_is_not(site):
    site.write(range(3), pay=[0])
    site.configure(target=False)
    with site.service() as rosterd:
        site.found_apps("pay")
        good = site.roster.config.read_text()
        site.roster.config.write_text(good + "\nnonsense: true\n")
        rosterd.send(signal.SIGHUP)
        rosterd.await_log("stays")
        assert "unknown key" in rosterd.log() and "rosterd.conf:" in rosterd.log()
        assert not site.receiver.requests
        site.configure()
        rosterd.send(signal.SIGHUP)
        site.await_told(pay=1)
        site.configure(target=False)
        rosterd.send(signal.SIGHUP)
        wait_until(lambda: site.roster.value("select bool_and(not configured) from targets"), "the target to be forgotten")


def test_a_plan_says_whom_it_would_be_told_to(site):
    """As many resources as the messages name that come of it."""
    site.write(range(6), pay=[0, 1], api=[2])
    with site.service():
        site.found_apps("pay", "api")
        site.await_told(pay=2, api=1)
        assert "0 to remove. Would notify nobody.\n" in site.roster.ctl("plan").out
        assert site.roster.json("plan")["sources"][0]["would_notify"] == []
        for people, teams in ((range(6), {"pay": [0, 1, 3], "api": [2]}), (range(6), {"pay": [0], "api": [2, 3]}),
                              (range(1, 6), {"pay": [1], "api": [2, 3]}), (range(1, 6), {"pay": [1], "api": [2, 3], "new": [4]})):
            site.write(people, **teams)
            (told,) = site.roster.json("plan")["sources"][0]["would_notify"]
            assert f"Would notify: billing {told['resources']}.\n" in site.roster.ctl("plan").out
            before = len(site.receiver.events)
            assert "Would notify" not in site.roster.ctl("sync").out
            site.await_told(**{team: len(members) for team, members in teams.items() if team != "new"})
            named = {item["id"] for event in site.receiver.events[before:]
                     for item in [*event.get("resources", ()), *(change["resource"] for change in event["changes"])]}
            assert told == {"target": "billing", "resources": len(named)}


def test_a_target_that_is_served_is_not_forgotten(site):
    """rosterctl looks at another file here than rosterd."""
    site.write(range(3), pay=[0])
    with site.service():
        site.found_apps("pay")
        site.await_told(pay=1)
        site.configure(target=False)
        refused = site.roster.ctl("target", "forget", "billing", code=75)
        assert "is in the configuration of the rosterd that serves it" in refused.err
        assert site.roster.json("status")["targets"]


def test_a_configuration_that_does_not_work_is_not_taken(site):
    """Well written, but the key is not one, the secret is not there, or nobody is at the address of the database."""
    site.write(range(3), pay=[0])
    with site.service() as rosterd:
        site.found_apps("pay")
        site.await_told(pay=1)
        good = site.roster.config.read_text()
        no_key = site.roster.directory / "no-key"
        no_key.write_text("whsec_c2hvcnQ=\n")
        no_key.chmod(0o600)
        for number, (old, new, words) in enumerate([
                (str(site.told.key), str(no_key), "target billing: .*no-key: a key to sign with has 5 bytes"),
                (str(site.told.key), f"{no_key}.gone", "target billing: .*No such file"),
                ("sign:", f'ca_file: "{no_key}.pem"; sign:', "target billing: .*no-key.pem: No such file"),
                ("${env:ROSTER_DATABASE}", "host=/nowhere dbname=none", "connection to server .* failed")], 1):
            site.roster.config.write_text(good.replace(old, new))
            rosterd.send(signal.SIGHUP)
            rosterd.await_log("the configuration in force stays", times=number)
            assert rosterd.count(words) == 1
        site.write(range(3), pay=[0, 1])
        rosterd.send(signal.SIGUSR1)
        site.await_told(pay=2)
        site.roster.config.write_text(good)
        rosterd.send(signal.SIGHUP)
        rosterd.await_log("is in force")


def test_deliver_by_the_service(site):
    site.write(range(3), pay=[0])
    with site.service():
        site.found_apps("pay")
        site.await_told(pay=1)
        site.receiver.answer = 503
        site.write(range(3), pay=[0, 1])
        site.roster.ctl("sync")
        wait_until(lambda: site.roster.value("select attempts > 0 from targets"), "the first attempt")
        site.receiver.answer = 204
        site.roster.ctl("deliver", "billing")
        site.await_told(pay=2)
        site.roster.ctl("pause", "billing")
        site.write(range(3), pay=[0])
        site.roster.ctl("sync")
        assert [row["state"] for row in site.roster.json("status")["targets"]] == ["paused"]
        site.roster.ctl("resume", "billing")
        site.await_told(pay=1)


@pytest.mark.parametrize("seed", range(3))
def test_whoever_is_killed_nothing_is_lost(site, seed):
    """Promise 4: kill -9 of any child at any instant, with a target that fails now and then."""
    chance = random.Random(seed)
    site.write(range(30), pay=range(10), api=range(5, 15))
    site.receiver.answer = lambda request: chance.choice([204, 204, 204, 500, 422])
    with site.service() as rosterd:
        site.found_apps("pay", "api")
        for _ in range(4):
            pay, api = (chance.sample(range(30), chance.randint(3, 20)) for _ in range(2))
            site.write(range(30), pay=pay, api=api)
            rosterd.send(signal.SIGUSR1)
            for _ in range(3):
                # One that was there is enough: between two looks all of them may have gone.
                victim = chance.choice(wait_until(lambda: list(rosterd.children().values()), "children"))
                signal.sigtimedwait([], chance.random() * 0.4)
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        site.receiver.answer = 204
        site.receiver.faults.clear()  # what was refused is told once more, and what it was before is not known exactly

        def settled():
            site.told.at_once()
            site.roster.sql("notify roster_revision")
            return len(site.members("pay")) == len(pay) and len(site.members("api")) == len(api) and site.is_told()

        rosterd.send(signal.SIGUSR1)
        wait_until(settled, "everything to be told", seconds=120)
        site.receiver.faults.clear()
