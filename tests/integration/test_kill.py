# SPDX-License-Identifier: Apache-2.0
"""Promise 4: kill -9 of each process of a whole installation while its directory is edited; each time it ends in what an
independent recomputation says, and the app knows it.

ROSTER_KILLS: how often each process is killed.
"""

import os
import random
import signal
import time

import psycopg
import pytest

import company
import reconciler
import settings
from company import STAFF, GROUPS, add, change, group, person
from installation import Installation
from receiver import Receiver
from roster import ADMINISTRATOR
from rosterd import lives, wait_until
from slapd import PASSWORD, Slapd
from told import Told

KILLS = int(os.environ.get("ROSTER_KILLS", "2"))
SECONDS = 120
VICTIMS = ("source corp", "webhook", "clock", "database", "postmaster", "rosterd")
CONFIGURATION = """
version: 1
database: {{ embedded: "db" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:password"; poll: "1h"
  users: {{ base: "{staff}"; filter: "(objectClass=inetOrgPerson)" }}
  groups: {{ base: "{groups}" }}
  units: {{ base: "{staff}" }}
}} }}
safety: {{ first_run: "apply"; max_remove: 100000; max_remove_percent: 100; max_suspend: 100000 }}
rules: {{
  default_admins: [ "admin" ]
  team-roles: {{
    match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>admins|devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ admins: "Administrator"; devs: "Developer"; readers: "Contributor" }}
  }}
  org-chart: {{ subtree: "{staff}"; into: "/org"; max_depth: 2; role: "Contributor" }}
}}
targets: {{ shop: {{ type: "webhook"; url: "{app}"; sign: "file:key"; resources: [ "app:*", "group:/**" ] }} }}
"""


class Site:
    """A directory, rosterd with its own database, and an app that wants to know."""

    def __init__(self, slapd, receiver, roster):
        self.slapd, self.receiver, self.roster = slapd, receiver, roster
        self.directory = slapd.admin()
        self.model = reconciler.Model(ADMINISTRATOR)
        roster.write_secret("password", PASSWORD)
        text = CONFIGURATION.format(url=slapd.url, bind_dn=company.account("sync"), staff=STAFF, groups=GROUPS,
                                    app=receiver.url)
        roster.configure(text)
        self.configuration = settings.parse(text)
        self.told = Told(roster)
        roster.own(self.told.key)
        self.rosterd = None

    def start(self):
        self.rosterd = self.roster.rosterd()
        self.rosterd.__enter__()

    def stop(self):
        if self.rosterd is not None:
            self.rosterd.__exit__(None, None, None)

    def found(self):
        """The administrator, and an app of a team."""
        wait_until(lambda: self.roster.execute("status").code == 0, "the database")
        self.roster.ctl("database", "init", "--administrator", ADMINISTRATOR)
        self.sync_model()
        self.await_settled()
        words = ["app", "create", "api", "--owner", ADMINISTRATOR, "--group", "/pay/api"]
        self.roster.ctl(*words)
        self.model.act(words)
        self.await_settled()

    def sync_model(self):
        self.model.sync("corp", self.configuration, company.read(self.directory))

    def differs(self):
        """What is not as it should be; None when all is well."""
        try:
            reconciler.assert_equal(self.roster, self.model)
            self.told.check(self.receiver, "app:*", "group:/**")
            if not self.roster.value("select bool_and(cursor = head()) from targets"):
                return "the target is behind"
        except AssertionError as problem:
            return problem
        except psycopg.Error as problem:  # the server is down, or was since we asked last
            self.roster.close()
            return problem
        return None

    def await_settled(self):
        deadline = time.monotonic() + SECONDS
        while (problem := self.differs()) is not None:
            assert time.monotonic() < deadline, f"{problem}\n{self.rosterd.log()}"
            time.sleep(0.05)

    def kill(self, victim):
        if victim == "rosterd":
            children = self.rosterd.children().values()
            self.rosterd.process.kill()
            self.stop()
            wait_until(lambda: not any(map(lives, children)), "the children to end with rosterd")
            self.start()
            return
        if victim == "postmaster":
            pid = self.roster.postmaster()
        else:
            pid = wait_until(lambda: self.rosterd.children().get(victim), f"{victim} to run:\n{self.rosterd.log()}")
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def site():
    with Slapd(company.ldif(), database=company.ACCESS, sync=["syncprov-sessionlog 1000"]) as slapd, Receiver() as receiver:
        roster = Installation()
        site = Site(slapd, receiver, roster)
        try:
            site.start()
            yield site
        finally:
            site.stop()
            roster.remove()


class Storm:
    """Edits of a directory, in each round of one thing or person each: what counts is where a round ends, however many of
    the steps in between roster has seen."""

    def __init__(self, site, chance):
        self.site, self.chance = site, chance
        self.names = {number: person(number) for number in range(company.PEOPLE)}
        self.members = {name: {number for number, dn in self.names.items() if dn in company.NAMED[name]} for name in company.NAMED}
        self.next = company.PEOPLE
        self.busy = set()  # in this round

    def choose(self):
        """Somebody of no group who was not touched in this round."""
        free = sorted(number for number in self.names if number not in self.busy
                      and not any(number in members for members in self.members.values()))
        number = self.chance.choice(free)
        self.busy.add(number)
        return number

    def join_or_leave(self):
        name = self.chance.choice(["pay-api-devs", "core", "web"])  # which have members that never leave
        there = bool(self.members[name]) and self.chance.random() < 0.5
        number = self.chance.choice(sorted(self.members[name])) if there else self.choose()
        self.busy.add(number)
        change(self.site.directory, group(name), "delete" if there else "add", "member", self.names[number])
        self.members[name] ^= {number}

    def move(self):
        """To another department."""
        number = self.choose()
        name, where = f"uid=u{number}", company.department(self.chance.choice(list(company.DEPARTMENTS)))
        self.site.directory.rename_s(self.names[number], name, where)
        self.names[number] = f"{name},{where}"

    def leave_for_good(self):
        self.site.directory.delete_s(self.names.pop(self.choose()))

    def arrive(self):
        self.names[self.next] = f"uid=u{self.next},{company.department('board')}"
        add(self.site.directory, self.names[self.next], company.person_attributes(self.next))
        self.next += 1

    def round(self):
        self.busy = set()
        self.join_or_leave()
        self.move()
        (self.arrive if len(self.names) < company.PEOPLE else self.chance.choice([self.leave_for_good, self.arrive]))()


def test_each_process_is_killed(site):
    chance = random.Random(7)
    site.found()
    storm = Storm(site, chance)
    for _ in range(KILLS):
        for victim in VICTIMS:
            storm.round()
            signal.sigtimedwait([], chance.random() * 0.3)
            site.kill(victim)
            site.sync_model()
            site.await_settled()
    site.rosterd.send(signal.SIGTERM)
    assert site.rosterd.await_end() == 0
