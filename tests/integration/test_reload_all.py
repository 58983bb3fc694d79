# SPDX-License-Identifier: Apache-2.0
"""rosterctl reload: every rosterd on a database reads its configuration again, and says what became of it."""

import os
import shutil
import signal

import pytest

from rosterd import ROSTERD, Rosterd, wait_until

LDIF = 'sources: { corp: { type: "ldif"; file: "people.ldif"; users: { filter: "(objectClass=inetOrgPerson)" } } }\n'


class Site:
    """Any number of rosterds, each with a file of its own."""

    def __init__(self, roster):
        self.roster = roster
        roster.led = True
        roster.configure('version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n' + LDIF)
        (roster.directory / "people.ldif").write_text("")
        self.other = roster.directory / "other.conf"
        shutil.copy(roster.config, self.other)

    def start(self, config):
        return Rosterd(config, program=ROSTERD, environment=self.roster.environment())

    def await_present(self, count):
        wait_until(lambda: len(self.listed()) == count, f"{count} rosterds to be there")

    @staticmethod
    def child(daemon, name):
        return wait_until(lambda: daemon.children().get(name), f"child {name}")

    def listed(self):
        return [row for row in self.roster.sql("select * from daemon_list() order by configuration") if row["state"] != "away"]

    def reload(self, *words, **options):
        """{file name: state}"""
        return {os.path.basename(row["configuration"]): row["state"] for row in
                self.roster.json("reload", *words, **options)["daemons"]}


@pytest.fixture
def site(roster):
    return Site(roster)


def test_all_read_their_configuration_again(site):
    with site.start(site.roster.config) as one, site.start(site.other) as two:
        site.await_present(2)
        site.roster.config.write_text(site.roster.config.read_text().replace("corp:", "staff:"))
        assert site.reload() == {"rosterd.conf": "in force", "other.conf": "in force"}
        site.child(one, "source staff")
        assert "source corp" not in one.children()
        site.child(two, "source corp")
        assert all(daemon.count("rosterd.conf is in force|other.conf is in force") == 1 for daemon in (one, two))


def test_one_that_refuses_says_why_and_goes_on(site):
    with site.start(site.roster.config) as one, site.start(site.other) as two:
        site.await_present(2)
        before = site.child(two, "source corp")
        site.other.write_text(site.other.read_text() + "sauces: { }\n")
        said = site.roster.ctl("reload", code=1)
        assert 'other.conf:4: unknown key "sauces"' in said.err and f"rosterd {two.process.pid} on " in said.err
        assert [line.split()[-2:] for line in said.out.splitlines() if "rosterd.conf" in line] == [["in", "force"]]
        assert two.children()["source corp"] == before
        site.child(one, "source corp")
        status = site.roster.ctl("status")
        assert f"rosterd {two.process.pid} on " in status.err and "works with an earlier configuration" in status.err
        assert {row["state"] for row in site.roster.json("status")["daemons"]} == {"in force", "refused"}
        # A signal counts as well, and what is mended is no longer said.
        site.other.write_text(site.other.read_text().replace("sauces: { }\n", ""))
        two.send(signal.SIGHUP)
        # Both: while its children are started anew, it may be away.
        wait_until(lambda: [row["state"] for row in site.listed()] == ["in force"] * 2, "the end of the refusal")
        said = site.roster.ctl("status").err
        assert "earlier" not in said and "no rosterd" not in said


def test_one_that_comes_while_it_is_asked_hears_of_it(site):
    """It may have read its file just before."""
    site.roster.ctl("reload", "--no-wait")
    with site.start(site.roster.config) as daemon:
        daemon.await_log("rosterd.conf is in force")
        wait_until(lambda: [row["state"] for row in site.listed()] == ["in force"], "the answer")
        assert daemon.count("is to be read again") == 1


def test_one_that_is_killed_is_not_waited_for(site):
    with site.start(site.roster.config) as one, site.start(site.other) as two:
        site.await_present(2)
        two.process.kill()
        two.process.wait()
        site.await_present(1)
        assert site.reload() == {"rosterd.conf": "in force", "other.conf": "away"}
        said = site.roster.ctl("status").err
        assert f"rosterd {two.process.pid} on " in said and "is away: it was killed, or comes back in a moment" in said
        assert f"rosterd {one.process.pid} on " not in said
        # Its successor is known by the file, and by nothing else.
        with site.start(site.other):
            site.await_present(2)
            assert "is away" not in site.roster.ctl("status").err
            assert site.reload() == {"rosterd.conf": "in force", "other.conf": "in force"}
    assert one.process.returncode is not None
    wait_until(lambda: not site.listed(), "the end of all")
    assert "no rosterd works with this database" in site.roster.ctl("reload", code=3).err


def test_one_that_ended_in_order_is_forgotten(site):
    """Nobody waits for it to come back: not its successor's administrator either."""
    with site.start(site.roster.config) as one, site.start(site.other) as two:
        site.await_present(2)
        one.send(signal.SIGTERM)
        assert one.await_end() == 0
        assert [row["configuration"] for row in site.roster.sql("select * from daemon_list(0)")] == [str(site.other)]
        with site.start(site.roster.config):
            site.await_present(2)
            assert site.reload() == {"rosterd.conf": "in force", "other.conf": "in force"}
        # The children of the other one ended meanwhile, for another configuration: that was not its own end.
        assert two.count("other.conf is in force") == 1


def test_a_listener_that_died_hears_afterwards(site):
    with site.start(site.roster.config) as daemon:
        site.await_present(1)
        listener = site.child(daemon, "reload")
        os.kill(listener, signal.SIGKILL)
        site.roster.ctl("reload", "--no-wait")
        daemon.await_log("rosterd.conf is in force")


def test_only_an_administrator_may(site, cluster):
    cluster.execute("do $$ begin create role nobody_special login in role roster_admin; exception when duplicate_object then null; end $$")
    site.roster.sql("grant roster_admin to nobody_special")
    site.roster.ctl("reload", user="nobody_special", code=77)
    assert site.roster.value("select reloads from installation") == 0
