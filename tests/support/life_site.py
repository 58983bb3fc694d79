# SPDX-License-Identifier: Apache-2.0
"""A rosterd that runs live beside a directory somebody edits, and what must be true of it at every quiet point."""

import signal
import time

from living import canonical, fold
from rosterd import ROSTERD, Rosterd

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{account}"; password: "file:password"; poll: "1h"; {more}
  users: {{ base: "{staff}" }}
  groups: {{ base: "{groups}" }}
  units: {{ base: "{staff}" }}
}} }}
safety: {{ first_run: "apply"; window: "1m"; {limits} }}
rules: {{
  default_admins: [ "admin" ]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Developer" }}
  org-chart: {{ subtree: "{staff}"; into: "/org"; role: "Contributor" }}
}}
"""
# They bind: half a directory that is not to be seen takes nothing from anybody, and who approves has looked.
LIMITS = "max_suspend: 8; max_remove: 30; max_remove_percent: 20"
NO_LIMITS = "max_suspend: 100000; max_remove: 100000; max_remove_percent: 100"
SECONDS = 60
MIRROR = """select external_id, kind, dn, login, email, name from directory_entries where gone_since is null"""
EDGES = """select g.external_id as group, m.external_id as member from directory_edges e
    join directory_entries g on g.id = e.group_id and g.gone_since is null
    join directory_entries m on m.id = e.member_id and m.gone_since is null"""
PEOPLE = """select i.external_id, u.login from users u join identities i on i.user_id = u.id where u.active"""
GRANTS = """select i.external_id, resource_name(g.anchor) as anchor, r.name as role from grants g
    join identities i on i.user_id = g.user_id join users u on u.id = g.user_id and u.active join roles r on r.id = g.role
    where g.source <> 0"""
# What ended after a revision, and did not go on in the same one.
LOST_PEOPLE = """select i.external_id, h.since from (select id, since from users where not active and since > %s
    union all select id, since from users_history where not active and since > %s) h join identities i on i.user_id = h.id"""
LOST_GRANTS = """select i.external_id, resource_name(h.anchor) as anchor, r.name as role, h.until
    from grants_history h join identities i on i.user_id = h.user_id join roles r on r.id = h.role
    where h.until > %s and h.source <> 0 and not exists (select from grants g
        where (g.user_id, g.anchor, g.role, g.source, g.since) = (h.user_id, h.anchor, h.role, h.source, h.until))
    and not exists (select from grants_history g
        where (g.user_id, g.anchor, g.role, g.source, g.since) = (h.user_id, h.anchor, h.role, h.source, h.until))"""


def difference(what, found, expected):
    lines = [f"{what}: too much: {item}" for item in sorted(found - expected, key=str)]
    return lines + [f"{what}: missing: {item}" for item in sorted(expected - found, key=str)]


class Site:
    def __init__(self, server, life, roster, limits=LIMITS):
        self.server, self.life, self.roster = server, life, roster
        self.users = {}  # id -> whom roster took it for, ever
        self.past = []  # what happened since the last quiet point, besides edits
        url, account, self.secret = server.login
        self.write_password(self.secret)
        roster.configure(CONFIGURATION.format(url=url, account=account, more=server.more, staff=server.staff, groups=server.groups,
                                              limits=limits))
        roster.led = True
        self.rosterd = None
        self.active, self.held, self.head = {}, set(), 0  # at the last quiet point

    def write_password(self, text):
        path = self.roster.directory / "password"
        path.write_text(text + "\n")
        path.chmod(0o600)

    # --- rosterd ------------------------------------------------------------------------------------------------------------

    def start(self):
        self.rosterd = Rosterd(self.roster.config, program=ROSTERD, environment={
            name: value for name, value in self.roster.environment().items() if name != "PGUSER"})
        self.rosterd.__enter__()
        self.rosterd.await_log("source corp is led by this process")

    def stop(self, number=signal.SIGTERM):
        """A killed one leaves children, which end by themselves."""
        if self.rosterd is None:
            return
        rosterd, self.rosterd = self.rosterd, None
        children = rosterd.children()
        rosterd.send(number)
        code = rosterd.await_end()
        rosterd.__exit__(None, None, None)
        assert number == signal.SIGKILL or code == 0, (code, children)

    def ask(self, *words):
        result = self.roster.execute("sync", *words)
        return result if result.code in (0, 1) or not self.server.revive() else self.roster.execute("sync", *words)

    # --- what is true ---------------------------------------------------------------------------------------------------------

    def rows(self, query, *parameters):
        return [tuple(row.values()) for row in self.roster.sql(query, *parameters)]

    def logins(self, reading):
        """id -> the logins he may have, None for not being active: a login belongs to whoever had it first, also when he wants
        another that he cannot get. Of several who want one that nobody keeps the first may get it or, seen together, none,
        and then none gets what these would have left either."""
        wishes = {person.id: fold(person.login) for person in reading.people()}
        taken = {wish for key, wish in wishes.items() if self.active.get(key) == wish}
        while True:
            refused = {key for key, wish in wishes.items() if wish in taken and self.active.get(key) != wish}
            kept = taken | {self.active[key] for key in refused if key in self.active}
            if kept == taken:
                break
            taken = kept
        wanted = [wish for key, wish in wishes.items() if key not in refused]
        undecided = {key for key, wish in wishes.items() if key not in refused and wanted.count(wish) > 1}
        while more := {key for key, wish in wishes.items() if key not in refused | undecided
                       and wish in {self.active.get(other) for other in undecided}}:
            undecided |= more
        return {key: {self.active.get(key)} if key in refused else {wish, self.active.get(key)} if key in undecided else {wish}
                for key, wish in wishes.items()}

    def people(self):
        return {key: fold(login) for key, login in self.rows(PEOPLE)}

    def differences(self, reading):
        """But for those of whom the server does not know where they are."""
        torn = self.torn([reading])
        return [line for line in self.all_differences(reading) if not any(key in line for key in torn)]

    def torn(self, readings):
        found = set().union(*(reading.torn() for reading in readings))
        assert self.server.tears or not found, self.story([f"{key} is below a place that is not there" for key in found])
        return found

    def all_differences(self, reading):
        edges = set(self.rows(EDGES))
        reading.admit(edges)
        mirror = {(key, kind, canonical(dn), *rest) if kind == "user" else (key, kind, canonical(dn))
                  for key, kind, dn, *rest in self.rows(MIRROR)}
        expected = {(entry.id, entry.kind, entry.place, *((entry.login, entry.mail, entry.name) if entry.kind == "user" else ()))
                    for entry in reading.entries.values() if entry.open}
        lines = difference("mirror", mirror, expected)
        lines += difference("member", edges, reading.edges())
        people, logins = self.people(), self.logins(reading)
        lines += difference("person", {key for key in people if logins.get(key) != {None}},
                            {key for key, may in logins.items() if may != {None} and (None not in may or key in people)})
        lines += [f"login: {people[key]} of {key}, not {may}" for key, may in logins.items() if key in people and people[key] not in may]
        grants = {(key, anchor.lower(), role) for key, anchor, role in self.rows(GRANTS)}
        return lines + difference("grant", grants, {(key, anchor.lower(), role) for key, anchor, role in reading.grants() if key in people})

    def lost(self):
        """What somebody lost since the last quiet point although every reading since then gives it to him."""
        readings = self.life.readings
        active = set(self.active).intersection(*({person.id for person in reading.people()} for reading in readings)) - self.torn(readings)
        lines = [f"{key} was not active in revision {since}" for key, since in self.rows(LOST_PEOPLE, self.head, self.head) if key in active]
        held = self.held.intersection(*({(key, anchor.lower(), role) for key, anchor, role in reading.grants()} for reading in readings))
        lines += [f"{key} lost {role} in {anchor} in revision {until}" for key, anchor, role, until in self.rows(LOST_GRANTS, self.head)
                  if (key, anchor.lower(), role) in held and key in active]
        return lines

    def assert_nobody_lost_anything(self):
        lines = self.lost()
        assert not lines, self.story(lines)

    def story(self, lines):
        names = {entry.id: entry.dn for reading in self.life.readings for entry in reading.entries.values()}
        text = "\n".join(lines[:100])
        for key in sorted(key for key in names if key in text):
            text = text.replace(key, f"{key} ({names[key]})")
        return "\n".join(["", f"life {self.life.name}", "since the last quiet point:", *self.past, *self.life.told, "difference:", text])

    def state(self):
        """What there is to look at where it came to no rest."""
        for query in ("select id, kind, state, completeness, entries, adds, removes, held, reason from runs order by id desc limit 8",
                      """select g.dn as group, e.reference = m.reference as by_name, m.dn as member, reference_text, d.void
                      from directory_edges e join directory_entries g on g.id = e.group_id left join directory_entries m on m.id = e.member_id
                      left join doubtful_edges d on d.group_id = e.group_id and d.reference = e.reference
                      where d is not null or e.reference is distinct from m.reference order by 1""",
                      "select what, why, stage from quarantine", "select kind, action, external_id, anchor, state from held_changes"):
            yield from map(str, self.roster.sql(query))

    # --- quiet points ---------------------------------------------------------------------------------------------------------

    def held_runs(self):
        """Also what nobody would notice: a place of somebody who is not active."""
        return [f"corp/{run}" for (run,) in self.rows("select distinct run from held_changes where state = 'held'")]

    def settle(self):
        """Ask once; what follows from that roster does by itself."""
        self.past.append("-- sync")
        result = self.ask()
        assert result.code in (0, 1), self.story([str(result)])
        deadline = time.monotonic() + SECONDS
        while (lines := self.differences(reading := self.server.read())) or self.held_runs():
            assert time.monotonic() < deadline, self.story([*lines[:30], *self.state(), self.rosterd.log()[-3000:]])
            for run in self.held_runs():
                self.roster.execute("approve", run)
            time.sleep(0.05)
        self.life.readings.append(reading)
        self.assert_nobody_lost_anything()
        self.remember()

    def remember(self):
        for key, user in self.rows("select external_id, user_id::text from identities"):
            assert self.users.setdefault(key, user) == user, self.story([f"{key} is somebody else now"])
        assert len(set(self.users.values())) == len(self.users), "two entries, two people"
        self.active = self.people()
        self.held = {(key, anchor.lower(), role) for key, anchor, role in self.rows(GRANTS)}
        self.head = self.roster.value("select head()")
        self.past = []
        self.life.begin()

    def is_housekeeping(self, change):
        """A group that rules made, and in which nobody is any more, is put away when everything was read."""
        anchors = {anchor.lower() for _, anchor, _ in self.server.read().grants()}
        return (change["kind"], change["action"]) == ("group", "archive") and f"group:{change['anchor']}".lower() not in anchors

    def prove(self):
        """What came bit by bit is what a full read finds, but of those of whom the server says now this place and now that."""
        result = self.roster.execute("--json", "sync", "--full")
        assert result.code in (0, 1), self.story([str(result)])
        (done,) = result.json["sources"]
        torn = self.torn([*self.life.readings, reading := self.server.read()])
        assert done["completeness"] == "complete", self.story([str(done)])
        assert all(self.is_housekeeping(change) or change.get("id") in torn for change in done["changes"]), self.story([str(done)])
        assert not (lines := self.differences(reading)), self.story(lines)
