# SPDX-License-Identifier: Apache-2.0
"""Figures of the road from a directory into the model: whole runs against a bare read and a bare COPY."""

import argparse
import collections
import os
import random
import statistics
import time

import ldap
from psycopg import sql

from figures import growth
from generate import SUFFIX, Company
from ground import PROGRAMS, Directory, Failed
from postgres import SUPERUSER
from roster import ADMINISTRATOR

SIZES = {"tiny": (100, 10, 1000), "small": (1000, 100, 10000), "medium": (100000, 10000, 1000000),
         "large": (1000000, 50000, 5000000)}
BELOW = {"small": "tiny", "medium": "small", "large": "medium"}
# A run in this process, without a daemon.
SYNC = ("sync", "--local")
PEOPLE, GROUPS = f"ou=Departments,{SUFFIX}", f"ou=Groups,{SUFFIX}"
# The same searches for both: base, filter, and the attributes roster asks for with this configuration.
SEARCHES = (
    (PEOPLE, "(objectClass=inetOrgPerson)", "uid,mail,cn,entryUUID,employeeType,objectClass"),
    (GROUPS, "(objectClass=groupOfNames)", "cn,member,uniqueMember,memberUid,entryUUID,objectClass"),
    (PEOPLE, "(objectClass=organizationalUnit)", "ou,entryUUID"),
)
CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"
  users: {{ base: "{people}"; filter: "(objectClass=inetOrgPerson)" }}
  groups: {{ base: "{groups}"; filter: "(objectClass=groupOfNames)" }}
  units: {{ base: "{people}"; filter: "(objectClass=organizationalUnit)" }}
}} }}
safety: {{ first_run: "apply"; max_remove: 1000000; max_remove_percent: 100; max_grant: 1000000 }}
rules: {{
  default_admins: [ "{administrator}" ]
  team-roles: {{
    match: "cn ~ (?<unit>[a-z]+)-(?<team>[a-z0-9]+)-(?<kind>admins|devs|readers)"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ admins: "Operator"; devs: "Developer"; readers: "Contributor" }}
  }}
  org-chart: {{ subtree: "{people}"; into: "/org"; max_depth: 2; role: "Contributor" }}
  contractors: {{ users: "(employeeType=contractor)"; into: "/external"; role: "Contributor" }}
}}
"""
# A group that no other holds, so that who joins it gets one grant.
JOINED = 8


class Site:
    """The company of one size in a slapd, and what roster is asked to do with it. sync: lines for overlay syncprov."""

    def __init__(self, ground, size, sync=None):
        people, groups, memberships = SIZES[size]
        self.ground, self.size = ground, size
        self.company = Company(argparse.Namespace(people=people, groups=groups, memberships=memberships, seed=1))
        ldif = ground.folder / f"{size}.ldif"
        with open(ldif, "w", encoding="utf-8", buffering=1 << 20) as file:
            self.company.write(file)
        self.directory = Directory(ldif, sync=sync)
        self.admin = self.roster = self.rows = None
        self.edits = 0

    def __enter__(self):
        self.directory.__enter__()
        self.admin = self.directory.admin()
        return self

    def __exit__(self, *_):
        self.directory.__exit__()

    # --- ours -----------------------------------------------------------------------------------------------------------

    def renew(self):
        """An empty model, configured."""
        self.roster = self.ground.installation(self.size)
        self.roster.configure(CONFIGURATION.format(url=self.directory.url, people=PEOPLE, groups=GROUPS,
                                                   administrator=ADMINISTRATOR))
        self.ground.settle()

    def sync(self):
        return self.ground.rosterctl(self.roster, *SYNC)

    def first_run(self):
        self.renew()
        taken = self.sync()
        grants = self.roster.value("select count(*) from grants where source <> 0")
        if grants < len(self.company.people):
            raise Failed(f"the first run left {grants} grants")
        self.ground.settle(self.roster.database)
        return taken

    # --- floors ---------------------------------------------------------------------------------------------------------

    def read(self):
        return self.ground.measured(PROGRAMS / "floor_ldap", self.directory.url, *(word for s in SEARCHES for word in s))

    def keep_rows(self):
        """Write every row that the first run left into files, and make tables with the same keys for them."""
        with self.ground.cluster.connect(self.roster.database) as connection:
            before = self._counts(self.ground.template)
            self.rows = {name: self.ground.folder / f"{self.size}.{name}"
                         for name, count in self._counts(self.roster.database).items() if count > before.get(name, 0)}
            for name, path in self.rows.items():
                with open(path, "wb") as file, connection.cursor().copy(
                        sql.SQL("copy (select * from roster.{}) to stdout").format(sql.Identifier(name))) as copy:
                    for part in copy:
                        file.write(part)

    def _counts(self, database):
        """Rows of each table that outlives a crash: staging tables are no result."""
        with self.ground.cluster.connect(database) as connection:
            names = [name for (name,) in connection.execute(
                "select relname from pg_class where relnamespace = 'roster'::regnamespace and relkind = 'r' "
                "and relpersistence = 'p'")]
            return {name: connection.execute(sql.SQL("select count(*) from roster.{}").format(sql.Identifier(name))).fetchone()[0]
                    for name in names}

    def copy(self):
        """COPY of those rows. Keys are primary keys and what is unique; indexes for questions are not among them."""
        with self.ground.cluster.connect(self.roster.database) as connection:
            connection.execute("drop schema if exists floor cascade")
            connection.execute("create schema floor")
            for name in self.rows:
                connection.execute(sql.SQL("create table floor.{0} (like roster.{0} including indexes)").format(sql.Identifier(name)))
            for (index,) in connection.execute(
                    "select indexrelid::regclass::text from pg_index join pg_class c on c.oid = indrelid "
                    "where c.relnamespace = 'floor'::regnamespace and not indisunique").fetchall():
                connection.execute(f"drop index {index}")
        self.ground.settle()
        words = [word for name, path in self.rows.items() for word in (f"floor.{name}", path)]
        taken = self.ground.measured(PROGRAMS / "floor_copy", self.ground.cluster.conninfo(self.roster.database), *words,
                                     environment={**os.environ, "PGUSER": SUPERUSER})
        with self.ground.cluster.connect(self.roster.database) as connection:
            connection.execute("drop schema floor cascade")
        return taken

    # --- edits ----------------------------------------------------------------------------------------------------------

    def change_some(self):
        """One person in a hundred gets another name, and one group in a hundred another member in the place of one."""
        self.edits += 1
        chance = random.Random(self.edits)
        people = chance.sample(self.company.people, max(1, len(self.company.people) // 100))
        for _, name, dn in people:
            self.admin.modify_s(dn, [(ldap.MOD_REPLACE, "cn", f"{name} {self.edits}".encode())])
        for number in chance.sample(range(len(self.company.groups)), max(1, len(self.company.groups) // 100)):
            dn = self.company.group_dn(number)
            ((_, found),) = self.admin.search_s(dn, ldap.SCOPE_BASE, attrlist=["member"])
            members = set(found["member"])
            joiner = next(dn.encode() for _, _, dn in people if dn.encode() not in members)
            self.admin.modify_s(dn, [(ldap.MOD_DELETE, "member", found["member"][:1]), (ldap.MOD_ADD, "member", joiner)])

    def join(self):
        """Somebody who holds nothing there joins a group."""
        unit, team, _ = self.company.groups[JOINED].split("-")
        held = {row["login"] for row in self.roster.sql(
            "select u.login from grants g join users u on u.id = g.user_id where g.anchor = group_at(%s)", f"/{unit}/{team}")}
        dn = next(dn for login, _, dn in self.company.people if login not in held)
        self.admin.modify_s(self.company.group_dn(JOINED), [(ldap.MOD_ADD, "member", dn.encode())])


# --- whole runs -----------------------------------------------------------------------------------------------------------


def take_rounds(site, repeat, say):
    """Each round is a read, a COPY, a first run, a run without a change and one with some, one after the other."""
    taken = collections.defaultdict(list)
    site.first_run()  # warms everything up, and leaves the rows for the floor
    site.keep_rows()
    for number in range(repeat):
        say(f"{site.size}: round {number + 1} of {repeat}")
        taken["read"].append(site.read().seconds)
        taken["copy"].append(site.copy().seconds)
        runs = [site.first_run()]
        taken["read before same"].append(site.read().seconds)
        runs.append(site.sync())
        site.change_some()
        taken["read before changed"].append(site.read().seconds)
        runs.append(site.sync())
        for name, run in zip(("first", "same", "changed"), runs):
            taken[name].append(run.seconds)
            taken[f"{name} cpu"].append(run.user + run.system)
        taken["peak"].append(max(run.mib for run in runs))
    return taken


def record_rounds(results, taken):
    floor = [read + copy for read, copy in zip(taken["read"], taken["copy"])]
    results.ratio("1", taken["first"], floor, read=statistics.median(taken["read"]), copy=statistics.median(taken["copy"]),
                  cpu=statistics.median(taken["first cpu"]))
    results.ratio("2", taken["same"], taken["read before same"], cpu=statistics.median(taken["same cpu"]))
    results.ratio("4", taken["changed"], taken["read before changed"], cpu=statistics.median(taken["changed cpu"]))
    results.value("6", taken["peak"])


def record_growth(results, taken, below):
    for number, key, floors in (("15", "first", ("read", "copy")), ("15 same", "same", ("read before same",))):
        ours, floor = growth(taken, below, key, floors)
        results.ratio(number, [ours], [floor])


# --- single edits ---------------------------------------------------------------------------------------------------------


def measure_facts(results, site, repeat):
    """Rows of the facts that one who joins a group takes."""
    facts = []
    for _ in range(repeat):
        site.join()
        before = written(site.roster)
        site.sync()
        facts.append(written(site.roster) - before)
    results.ratio("12", facts, [1] * repeat)


def written(roster):
    """Rows of the facts as they are, ever written. A session reports them when it ends."""
    deadline = time.monotonic() + 30
    while roster.value("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"):
        if time.monotonic() > deadline:
            raise Failed("a session does not end")
        time.sleep(0.01)
    return int(roster.value("""select sum(n_tup_ins + n_tup_upd + n_tup_del)
        from pg_stat_user_tables s join fact_tables f on f.name = s.relid"""))


def measure_move(results, site):
    """Rows of groups and their closure that a moved subtree takes, against those that differ afterwards."""
    site.roster.sql("""create table public.was as select ancestor, descendant, distance from group_closure""")
    site.roster.sql("begin")
    site.roster.sql("update groups set parent_id = group_at('/pay') where id = group_at('/crm')")
    ours = int(site.roster.value("""select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_xact_user_tables
        where relid in ('groups'::regclass, 'group_closure'::regclass)"""))
    needed = 1 + site.roster.value("""select count(*) from (
        (select ancestor, descendant, distance from group_closure except select * from public.was) union all
        (select * from public.was except select ancestor, descendant, distance from group_closure)) differing""")
    site.roster.sql("rollback")
    results.ratio("12 move", [ours], [needed])


def measure(ground, results, options, say):
    """Figures 1, 2, 4, 6, 12 and 15, as far as they are asked for."""
    wanted = options.only
    if not wanted & {1, 2, 4, 6, 12, 15}:
        return
    below = None
    if 15 in wanted and options.size in BELOW:
        with Site(ground, BELOW[options.size]) as site:
            below = take_rounds(site, options.repeat, say)
    with Site(ground, options.size) as site:
        if wanted & {1, 2, 4, 6, 15}:
            taken = take_rounds(site, options.repeat, say)
            record_rounds(results, taken)
            if below:
                record_growth(results, taken, below)
        else:
            site.first_run()
        if 12 in wanted:
            say("facts")
            measure_facts(results, site, options.repeat)
            measure_move(results, site)
