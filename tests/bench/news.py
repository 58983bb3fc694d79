# SPDX-License-Identifier: Apache-2.0
"""Figures of a directory that says what changed (RFC 4533): runs by cookie, and single edits on their way through rosterd."""

import contextlib
import os
import random
import select
import statistics
import subprocess
import time

import ldap

from generate import SUFFIX
from ground import PROGRAMS, Failed
from model import percentile
from receiver import SECRET
from rosterd import ROSTERD, Rosterd, wait_until
from runs import BELOW, CONFIGURATION, GROUPS, JOINED, PEOPLE, SEARCHES, Site
from roster import ADMINISTRATOR

OVERLAY = ("syncprov-checkpoint 1000 60", "syncprov-sessionlog 20000")
# All that roster asks for, in one search.
EVERYTHING = "(|" + "".join(sorted({chosen for _, chosen, _ in SEARCHES})) + ")"
ATTRIBUTES = sorted({name for _, _, names in SEARCHES for name in names.split(",")})
CHANGED = 1000
EDITS = {"tiny": 4, "small": 60, "medium": 60, "large": 60}  # of each kind and round
# The part of all people who are in the large group: 40,000 of the medium company.
LARGE, LARGE_SHARE = "big-t1-devs", 0.4
SECONDS = 60
TARGET = """
targets: {{ told: {{ type: "webhook"; url: "http://127.0.0.1:{port}/"; sign: "file:{key}"; resources: [ "app:pay-t1*" ] }} }}
"""


class Said(Site):
    """A company whose directory says what changed, with one large group and an app for each team."""

    def __init__(self, ground, size):
        super().__init__(ground, size, sync=OVERLAY)
        self.large_dn = f"cn={LARGE},{GROUPS}"
        self.outside = [dn for _, _, dn in self.company.people][int(len(self.company.people) * LARGE_SHARE):]

    def __enter__(self):
        super().__enter__()
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _prepare(self):
        inside = [dn.encode() for _, _, dn in self.company.people[:len(self.company.people) - len(self.outside)]]
        self.admin.add_s(self.large_dn, [("objectClass", [b"groupOfNames"]), ("cn", [LARGE.encode()]), ("member", inside)])
        self.first_run()
        self.roster.brought("""insert into apps (name, owner, owner_group)
            select p.name || '-' || g.name, u.id, g.id from groups g join groups p on p.id = g.parent_id, users u
            where u.login = %s and p.parent_id = root_group() and g.name ~ '^t[0-9]+$'""", ADMINISTRATOR)
        self.ground.settle(self.roster.database)

    def cookie(self):
        """Where the directory is now."""
        ((_, found),) = self.admin.search_s(SUFFIX, ldap.SCOPE_BASE, attrlist=["contextCSN"])
        return "rid=000,csn=" + found["contextCSN"][0].decode()

    def search_since(self, cookie):
        return self.ground.measured("ldapsearch", "-x", "-LLL", "-H", self.directory.url, "-b", SUFFIX, "-E", f"sync=ro/{cookie}",
                                    EVERYTHING, *ATTRIBUTES)

    def sync_by_cookie(self, entries):
        taken = self.sync()
        (run,) = self.roster.sql("select completeness, entries, reason from runs order by id desc limit 1")
        if run["completeness"] != "changes" or run["entries"] != entries:
            raise Failed(f"a run by cookie was none: {run}")
        return taken


# --- runs by cookie -------------------------------------------------------------------------------------------------------


def take_runs(site, repeat, changed):
    """Seconds: [run without a change], [ldapsearch], and the same after changed entries became others."""
    same, floor, ours, theirs = [], [], [], []
    site.sync()
    for number in range(repeat):
        cookie = site.cookie()
        floor.append(site.search_since(cookie).seconds)
        same.append(site.sync_by_cookie(0).seconds)
        if not changed:
            continue
        people = random.Random(number).sample(site.company.people, min(CHANGED, len(site.company.people)))
        for _, name, dn in people:
            site.admin.modify_s(dn, [(ldap.MOD_REPLACE, "cn", f"{name} of {number}".encode())])
        theirs.append(site.search_since(cookie).seconds)
        ours.append(site.sync_by_cookie(len(people)).seconds)
    return same, floor, ours, theirs


def measure_runs(results, site, options, below):
    same, floor, ours, theirs = take_runs(site, options.repeat, 5 in options.only)
    if 3 in options.only:
        results.ratio("3", same, floor)
        if below:
            results.ratio("3 size", [statistics.median(same)], [statistics.median(below)])
    if ours:
        results.ratio("5", ours, theirs)


# --- single edits ---------------------------------------------------------------------------------------------------------


class Sink:
    """A receiver that answers at once and says when: next() is the instant of the next message."""

    def __enter__(self):
        self.process = subprocess.Popen([PROGRAMS / "sink", "times"], stdout=subprocess.PIPE, bufsize=0)
        self.port = int(self._line())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def _line(self):
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            raise Failed("no message came")
        return self.process.stdout.readline()

    def next(self):
        return float(self._line())

    def forget(self):
        while select.select([self.process.stdout], [], [], 0)[0]:
            self._line()


class Listener:
    """A session of an app that listens for revisions."""

    def __init__(self, site):
        self.connection = site.ground.cluster.connect(site.roster.database, prepare_threshold=0)
        self.told = False  # it may come together with the answer to a question, and the socket stays silent then
        self.connection.add_notify_handler(self._note)
        for statement in ("set search_path = roster, pg_temp", "listen roster_revision"):
            self.connection.execute(statement)

    def has_access(self, login, resource):
        return self.connection.execute("select exists (select from effective_access(%s::text, %s::text))", (login, resource)).fetchone()[0]

    def _note(self, _):
        self.told = True

    def await_revision(self):
        if not self.told and not select.select([self.connection.fileno()], [], [], SECONDS)[0]:
            raise Failed("no revision came")
        self.told = False
        self.connection.pgconn.consume_input()
        while self.connection.pgconn.notifies():
            pass

    def await_access(self, login, resource, wanted):
        while self.has_access(login, resource) != wanted:
            self.await_revision()


class Floor:
    """The least that hears of a large entry: next() is the instant at which it had come."""

    def __init__(self, site):
        self.words = [PROGRAMS / "floor_persist", site.directory.url, GROUPS, f"(cn={LARGE})", "cn,member,entryUUID"]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, bufsize=0)
        self.next()  # as it is
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def next(self):
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            raise Failed("the directory says nothing")
        return float(self.process.stdout.readline().split()[0])


@contextlib.contextmanager
def running(site, sink):
    """rosterd, when it has read all there is and told all it owes."""
    key = site.ground.folder / "key"
    key.write_text(SECRET + "\n")
    key.chmod(0o600)
    site.roster.configure(CONFIGURATION.format(url=site.directory.url, people=PEOPLE, groups=GROUPS, administrator=ADMINISTRATOR) +
                          TARGET.format(port=sink.port, key=key))
    site.roster.close()
    environment = {name: value for name, value in site.roster.environment().items() if name != "PGUSER"}
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere), \
            Rosterd(site.roster.config, program=ROSTERD, environment=environment) as daemon:
        daemon.await_log("run corp/")
        wait_until(lambda: site.roster.value("select count(*) from targets t where t.cursor = head()") == 1, "the target is told")
        site.roster.close()
        sink.forget()
        yield daemon


def joiners(site, app, count):
    """People who may not yet do anything with the app."""
    known = {row["login"] for row in site.roster.sql("select distinct u.login from effective e join users u on u.id = e.user_id "
                                                     "where e.resource = resource_named(%s)", app)}
    return [(login, dn) for login, _, dn in site.company.people[::-1] if login not in known][:count]


class Edits:
    """Somebody joins a group or leaves it, in turns of many."""

    def __init__(self, site, count):
        unit, team, _ = site.company.groups[JOINED].split("-")
        self.site, self.app, self.group = site, f"app:{unit}-{team}", site.company.group_dn(JOINED)
        self.people = joiners(site, self.app, count)
        self.joined = False

    def turn(self, group=None, people=None):
        """(login, whether he has access afterwards, the edit) for each."""
        self.joined = not self.joined
        operation = ldap.MOD_ADD if self.joined else ldap.MOD_DELETE
        for login, dn in people or self.people:
            yield login, self.joined, [(group or self.group, [(operation, "member", dn.encode())])]


def timed(site, edit):
    """Both instants: before it, and when the server had answered."""
    start = time.monotonic()
    for dn, changes in edit:
        site.admin.modify_s(dn, changes)
    return start, time.monotonic()


def measure_visible(results, site, edits, sink):
    listener = Listener(site)
    listener.connection.execute("create table public.one_row (n integer)")
    ours, floors = [], []
    for login, wanted, edit in [*edits.turn(), *edits.turn()]:  # all join, and leave
        listener.has_access(login, edits.app)
        start, answered = timed(site, edit)
        listener.await_access(login, edits.app, wanted)
        ours.append(time.monotonic() - start)
        sink.next()
        commit = time.monotonic()
        listener.connection.execute("insert into public.one_row values (1)")
        floors.append(answered - start + time.monotonic() - commit)
    results.medians("7", ours, floors)


def measure_told(results, site, edits, sink, repeat):
    taken = []
    for _ in range(repeat):
        for _, _, edit in edits.turn():
            _, answered = timed(site, edit)
            taken.append(1000 * (sink.next() - answered))
    results.value("8", taken)
    results.value("8 p99", [percentile(sorted(taken), 0.99)])


def measure_large(results, site, sink, repeat):
    """In turns: without rosterd what the least program hears of it, and with it alone until others see the revision."""
    ours, floors = [], []
    count = min(3, len(site.outside) // (2 * repeat))
    fresh = iter(site.outside[-2 * repeat * count:])
    for _ in range(repeat):
        with Floor(site) as floor:
            for _ in range(count):
                start, _ = timed(site, [(site.large_dn, [(ldap.MOD_ADD, "member", next(fresh).encode())])])
                floors.append(floor.next() - start)
        with running(site, sink):
            listener = Listener(site)
            for _ in range(count):
                start, _ = timed(site, [(site.large_dn, [(ldap.MOD_ADD, "member", next(fresh).encode())])])
                listener.await_revision()
                ours.append(time.monotonic() - start)
    results.medians("9", ours, floors)


def measure_edits(results, site, options, say):
    wanted, count = options.only, EDITS[options.size]
    with Sink() as sink:
        if wanted & {7, 8}:
            edits = Edits(site, count)
            with running(site, sink):
                for number, part in ((7, measure_visible), (8, measure_told)):
                    if number in wanted:
                        say(part.__name__.replace("measure_", "edits until "))
                        part(results, site, edits, sink, *([options.repeat] if number == 8 else []))
        if 9 in wanted:
            say("a large group")
            measure_large(results, site, sink, options.repeat)


def measure(ground, results, options, say):
    """Figures 3, 5, 7, 8 and 9, as far as they are asked for."""
    wanted = options.only
    below = None
    if not wanted & {3, 5, 7, 8, 9}:
        return
    if 3 in wanted and options.size in BELOW:
        say(f"{BELOW[options.size]}: runs by cookie")
        with Said(ground, BELOW[options.size]) as site:
            below, *_ = take_runs(site, options.repeat, False)
    with Said(ground, options.size) as site:
        if wanted & {3, 5}:
            say("runs by cookie")
            measure_runs(results, site, options, below)
        if wanted & {7, 8, 9}:
            measure_edits(results, site, options, say)
