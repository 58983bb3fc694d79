# SPDX-License-Identifier: Apache-2.0
"""A company whose directory says what changed (RFC 4533), and the process that leads it."""

import re
import time

import company
import leading
from company import GROUPS, STAFF
from slapd import PASSWORD

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:{password}"; {more}
  users: {{ base: "{staff}"; filter: "{users}" }}
  groups: {{ base: "{groups}" }}
  units: {{ base: "{staff}" }}
}} }}
safety: {{ first_run: "apply"; {safety} }}
rules: {{
  default_admins: [ "admin" ]
  team-roles: {{
    match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>admins|devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ admins: "Administrator"; devs: "Developer"; readers: "Contributor" }}
  }}
  org-chart: {{ subtree: "{staff}"; into: "/org"; max_depth: 2; role: "Contributor" }}
}}
"""
SESSION_LOG = 100
SECONDS = 60


def await_true(condition, seconds=SECONDS, what=""):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.0005)
    return value


class Child(leading.Child):
    """The process that leads corp."""

    def await_word(self, word, count=1, seconds=SECONDS):
        """A regular expression."""
        def heard():
            assert self.process.poll() is None, self.said()
            return len(re.findall(word, self.said())) >= count
        await_true(heard, seconds, f"{word} in:\n{self.said()}")


class Site:
    """A company whose directory says what changes, and a roster that listens."""

    def __init__(self, slapd, roster):
        self.slapd, self.roster = slapd, roster
        self.directory = slapd.admin()
        self.children = []
        self.settings = {"bind_dn": company.account("sync"), "more": 'poll: "1h"', "safety": "", "url": slapd.url,
                         "users": "(objectClass=inetOrgPerson)", "staff": STAFF, "groups": GROUPS}
        self.configure()

    def configure(self, **settings):
        self.settings.update(settings)
        password = self.roster.directory / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        self.roster.configure(CONFIGURATION.format(password=password, **self.settings))

    def begin(self):
        """A child that will lead."""
        child = Child(self.roster)
        self.children.append(child)
        self.roster.led = True
        return child

    def start(self):
        """A child that leads and listens: its first run is over."""
        child = self.begin()
        child.await_word("run corp/|held: run")
        return child

    def restart(self):
        """The one that leads now ends, and another takes over."""
        assert self.children[-1].end() == 0
        return self.start()

    def directory_again(self):
        self.directory = self.slapd.admin()
        return self.directory

    def finish(self):
        for child in self.children:
            if child.process.poll() is None:
                assert child.end() == 0

    def head(self):
        return self.roster.value("select head()")

    def await_head(self, head, seconds=10):
        """The number of a revision after head."""
        return await_true(lambda: (now := self.head()) > head and now, seconds, self.children[-1].said())

    def runs(self):
        return self.roster.sql("select * from runs order by id")

    def last_run(self):
        return self.runs()[-1]

    def holdings(self, login):
        """(anchor, role) of whoever is active under this login."""
        return {(row["anchor"], row["role"]) for row in self.roster.sql(
            """select resource_name(g.anchor) as anchor, r.name as role from grants g join roles r on r.id = g.role
            join users u on u.id = g.user_id where u.login = %s and u.active""", login)}

    def active(self):
        return {row["login"] for row in self.roster.sql("select login from users where active and login <> 'admin'")}

    def user(self, login):
        """The id of the active person."""
        return self.roster.value("select id from users where login = %s and active", login)

    def facts(self):
        """Who may do what, and since when."""
        return {name: self.roster.value(f"select md5(string_agg(t::text, '' order by t::text)) from {name} t")
                for name in ("users", "identities", "groups", "grants")}

    def assert_true(self):
        """A full read finds nothing to do: what was pushed has led to what a read would."""
        done = self.roster.json("sync", "--full")["sources"][0]
        assert done["completeness"] == "complete" and done["changes"] == []


def milliseconds(site, edits):
    """From the server's answer to the revision as another session sees it, for each edit."""
    taken = []
    head = site.head()
    for edit in edits:
        edit()
        began = time.monotonic()
        head = site.await_head(head)
        taken.append(1000 * (time.monotonic() - began))
    return taken
