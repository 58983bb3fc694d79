# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: the database holds the state before the run or the one after it, and the next run goes on."""

import copy
import random
import signal
import subprocess
import time

import pytest

import reconciler
import settings
from directory import read_ldif
from roster import ADMINISTRATOR, BUILD

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "people.ldif" }} }}
safety: {{ mode: "{mode}"; first_run: "apply"; max_remove: 1000000; max_remove_percent: 100 }}
rules: {{
  default_admins: [ "admin" ]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Contributor" }}
}}
"""
PEOPLE, TEAMS, LEAVING, KILLS = 320, 26, 40, 10


def record(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def directory(state):
    """Two states that have nearly nothing in common: logins, members, some people and one team differ."""
    people = range(PEOPLE - LEAVING * state)
    text = ["version: 1\n"]
    text += [record(number, f"uid=u{number},ou=people", "objectClass: inetOrgPerson", f"uid: p{number}-{state}",
                    f"cn: Person {number}") for number in people]
    for team in range(state, TEAMS):
        members = [f"member: uid=u{number},ou=people,dc=x" for number in range(PEOPLE) if (number + state) % 8 == team % 8]
        name = f"cn: team-{chr(97 + team)}"
        text.append(record(900000 + team, name.replace(": ", "=") + ",ou=groups", "objectClass: groupOfNames", name, *members))
    return "\n".join(text)


class Site:
    def __init__(self, roster):
        self.roster = roster
        self.model = reconciler.Model(ADMINISTRATOR)
        self.path = roster.directory / "people.ldif"
        self.configure()

    def configure(self, mode="enforce"):
        text = CONFIGURATION.format(mode=mode)
        self.roster.configure(text)
        self.configuration = settings.parse(text)

    def write(self, state):
        self.path.write_text(directory(state))

    def after(self):
        """The model once a run has ended."""
        model = copy.deepcopy(self.model)
        model.sync("corp", self.configuration, read_ldif(self.path, self.configuration["sources"]["corp"]))
        return model

    def holds(self, model):
        try:
            reconciler.assert_equal(self.roster, model)
        except AssertionError:
            return False
        return True

    def sync(self):
        """A whole run; seconds it took."""
        began = time.monotonic()
        self.roster.ctl("sync")
        return time.monotonic() - began

    def sync_and_kill(self, seconds):
        """False when the run had ended by then."""
        process = subprocess.Popen([BUILD / "rosterctl", "sync", "--local"], cwd=self.roster.directory,
                                   env=self.roster.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        code = process.wait()
        self.await_end()
        return code == -signal.SIGKILL

    def await_end(self):
        """The server notices at the end of the statement under way that nobody listens any more."""
        deadline = time.monotonic() + 30
        while self.roster.value("""select count(*) from pg_stat_activity where datname = current_database()
                and backend_type = 'client backend' and pid <> pg_backend_pid()"""):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def leftovers(self):
        """Rows in tables that only a run under way uses."""
        tables = ("staged_entries", "staged_mappings", "staged_gone", "staged_problems", "staged_edges", "dropped_edges",
                  "touched_entries", "affected_people", "groups_above", "wanted_grants", "wanted_anchors", "planned_changes")
        return sum(self.roster.value(f"select count(*) from {table}") for table in tables)


@pytest.fixture
def site(roster):
    """State 0, applied."""
    site = Site(roster)
    site.write(0)
    site.sync()
    site.model = site.after()
    reconciler.assert_equal(roster, site.model)
    return site


def test_a_killed_run_leaves_the_state_before_or_after(roster):
    site, chance = Site(roster), random.Random(20)
    seconds, killed, undone = 0.5, 0, 0
    for attempt in range(KILLS):
        site.write(attempt % 2)
        after = site.after()
        killed += site.sync_and_kill(chance.random() * seconds)
        if not site.holds(after):
            reconciler.assert_equal(roster, site.model)
            undone += 1
        assert site.leftovers() == 0
        seconds = max(0.2, site.sync())
        site.model = after
        reconciler.assert_equal(roster, site.model)
    assert killed >= 3 and undone > 0
    assert {run["state"] for run in roster.json("runs")["runs"]} <= {"applied", "nothing"}


def test_killed_again_and_again_it_gets_there(site):
    """Nobody completes a run in between."""
    site.write(1)
    after, chance = site.after(), random.Random(21)
    for _ in range(5):
        site.sync_and_kill(chance.random() * 0.3)
    site.sync()
    reconciler.assert_equal(site.roster, after)


def test_a_run_that_ended_half_applied_is_completed(site):
    """As a large one leaves it, which is applied in steps: the mirror is new, the model is partly."""
    site.write(1)
    after = site.after()
    site.configure("hold")
    site.roster.ctl("sync", code=1)
    site.roster.sql("""delete from grants g using sources s, identities i, directory_entries d
        where s.name = 'corp' and s.id = g.source and s.id = i.source and i.user_id = g.user_id
          and d.external_id = i.external_id and d.gone_since is null and i.external_id ~ '[0-4]$'""")
    site.configure()
    site.sync()
    reconciler.assert_equal(site.roster, after)


def leave_a_dead_run(roster):
    """What such a process leaves in the tables of its run; some of it would do harm. Gives its number."""
    run = roster.value("insert into runs (source, kind) select id, 'sync' from sources where name = 'corp' returning id")
    roster.sql("insert into staged_gone select %s, external_id, true from directory_entries", run)
    roster.sql("""insert into staged_mappings select %s, external_id, 1, 'platform', 'Platform Administrator', ''
        from directory_entries""", run)
    roster.sql("insert into touched_entries select %s, id from directory_entries", run)
    roster.sql("""insert into planned_changes (run, seq, kind, action, entry_id)
        select %s, row_number() over (), 'user', 'vanish', id from directory_entries""", run)
    return run


def test_what_a_dead_run_left_behind_does_nothing_and_goes(site):
    run = leave_a_dead_run(site.roster)
    plan = site.roster.ctl("plan").out
    assert "0 to add, 0 to change, 0 to remove" in plan
    assert "nothing to do" in site.roster.ctl("sync").err
    reconciler.assert_equal(site.roster, site.model)
    assert site.leftovers() == 0
    (dead,) = site.roster.json("runs", "show", run)["runs"]
    assert dead["state"] == "failed" and "ended before it was done" in dead["reason"]


def test_a_run_under_way_is_not_taken_for_dead(site, cluster):
    with cluster.connect(site.roster.database) as leader:
        leader.execute("set search_path = roster, pg_temp")
        leader.execute("select lead_source((select id from sources where name = 'corp'))")
        run = leave_a_dead_run(site.roster)
        rows = site.leftovers()
        assert "is being synchronised by another process" in site.roster.ctl("sync", code=75).err
        assert site.leftovers() == rows
        assert site.roster.value("select state from runs where id = %s", run) == "running"
    site.await_end()
    site.roster.ctl("sync")
    assert site.leftovers() == 0
