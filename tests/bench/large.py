# SPDX-License-Identifier: Apache-2.0
"""Acts on very large things (tests/bench/large.sql): what each takes, what its difference takes, and to take it back.

Acts are an operator's, each in a session of its own, as rosterctl makes one; differences and questions are asked in a session
that stays, as a process that tells targets has one. Every figure is the best of its rounds.
"""

import dataclasses
import os
import subprocess
import time

import psycopg

from figures import amount, columns
from ground import Failed
from postgres import SUPERUSER, program
from roster import ADMINISTRATOR, OPERATOR

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "large.sql")
LONG = 60000  # milliseconds: what takes longer is not waited for
MANY = 10000  # pairs: a difference of so many is judged by what each costs
CREW = "'Crew', array['project.view', {stories}'project.cloud_access', 'cicd.view']"
RETIRED = """select role_create('Retired', '', array['project.view', 'project.stories']);
    insert into grants (user_id, anchor, role) select u.id, group_at('/retired'), role_named('project', 'Retired') from users u where u.login like 'person%'"""
UNRETIRED = "delete from grants where anchor = group_at('/retired') and role = role_named('project', 'Deputy')"


@dataclasses.dataclass
class Act:
    """{link N} is the path of a group of the chain: the last, one in the middle ... many: it concerns a great many people or
    groups. before: what must be there; after: what makes it undone, where that is not revert's to do. asked: somebody whom it
    concerns, and on what."""

    name: str
    does: str
    many: bool = False
    before: str = ""
    after: str = ""
    asked: tuple = ("person7", "app:forum")
    act: list = dataclasses.field(default_factory=list)
    difference: list = dataclasses.field(default_factory=list)
    told: list = dataclasses.field(default_factory=list)
    back: list = dataclasses.field(default_factory=list)
    answer: list = dataclasses.field(default_factory=list)
    can: list = dataclasses.field(default_factory=list)
    pairs: int = 0


def acts():
    deep, place = ("person7", "app:deep10"), ("person7", "app:local8")
    return [
        Act("a member joins the crowd", "group_member_add('/crowd', 'newcomer', 'Crew')", asked=("newcomer", "app:forum")),
        Act("a member leaves it", "group_member_remove('/crowd', 'person7', 'Crew')"),
        Act("a member joins the first group of the chain", "group_member_add('{first}', 'newcomer', 'Developer')", asked=("newcomer", "app:deep10")),
        Act("a member joins the last", "group_member_add('{last}', 'newcomer', 'Developer')", asked=("newcomer", "app:deep10")),
        Act("a group is made at the end of the chain", "group_create('{last}/new', 'new', array['person7'])", asked=deep),
        Act("a group in the middle is deleted", "group_delete('{middle}/leaf')", asked=deep),
        Act("the chain is moved", "group_move('{first}', '/elsewhere')", many=True, asked=deep),
        Act("its lower half is moved", "group_move('{middle}', '/elsewhere')", many=True, asked=deep),
        Act("its last group is moved", "group_move('{last}', '/elsewhere')", asked=deep),
        Act("the crowd's role: on projects", "role_edit(" + CREW.format(stories="") + ")", many=True),
        Act("the crowd's role: in production", "role_edit(" + CREW.format(stories="'project.stories', ") +
            ", null, null, null, null, 'fixed', '{env.monitoring,env.backups}')", many=True),
        Act("the crowd's role: outside production, fixed", "role_edit(" + CREW.format(stories="'project.stories', ") +
            ", null, null, 'fixed', '{env.monitoring}')", many=True),
        Act("the crowd's role: its gate closes", "role_edit('Crew', array['project.view', 'project.stories', 'cicd.view'])", many=True),
        Act("a role held in 1,000 groups", "role_edit('Local', array['project.view', 'project.cloud_access'])", many=True, asked=place),
        Act("a role is deleted, another takes its place", "role_edit_begin('Retired'), role_delete('Retired', 'Deputy')", many=True,
            before=RETIRED, after=UNRETIRED, asked=("person7", "app:attic")),
        Act("a role is merged into another", "role_merge('Retired', 'Deputy')", many=True,
            before=RETIRED, after=UNRETIRED, asked=("person7", "app:attic")),
        Act("an app joins the crowd", "app_group('outside', '/crowd')", many=True, asked=("person7", "app:outside")),
        Act("an app leaves the crowd", "app_group('forum', '/quiet')", many=True),
        Act("an app of the crowd gets another owner", "app_owner('annex', 'person8')", asked=("person8", "app:annex")),
        Act("an app of the crowd is archived", "app_archive('forum', true)", many=True),
        Act("a member is suspended", "user_suspend('person7')"),
        Act("a member gets a user role", "user_role_add('person7', 'App Viewer')"),
        Act("somebody joins the access group", "access_group_member_add('friends', 'newcomer', 'Contributor')", asked=("newcomer", "app:shared")),
        Act("an app joins the access group", "access_group_app('friends', 'outside', true)", many=True, asked=("person7", "app:outside")),
        Act("an app leaves the access group", "access_group_app('friends', 'shared', false)", many=True, asked=("person7", "app:shared")),
        Act("an environment is made", "environment_create('forum', 'acceptance', 'acceptance')", many=True),
        Act("something is set for a member in an environment", "environment_set('forum/test', 'person7', 'env.transport', true)",
            asked=("person7", "environment:forum/test")),
        Act("the node is handed over", "node_contact('forum', 'person7')", asked=("person7", "environment:forum/live")),
    ]


class Large:
    """The database, and a session that stays."""

    def __init__(self, ground, size):
        self.ground = ground
        self.roster = ground.installation("large")
        scale = ["-v", "small=1"] if size == "tiny" else []
        done = subprocess.run([program("psql"), "-Xq", "-d", ground.cluster.conninfo("large"), *scale, "-f", MODEL],
                              env={**os.environ, "PGUSER": SUPERUSER}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{MODEL}: {done.stderr}")
        length = self.roster.value("select count(*) from groups where name ~ '^link'")
        self.paths = {name: self.roster.value("select group_path(id) from groups where name = %s", f"link{number}")
                      for name, number in (("first", 1), ("middle", length // 2), ("last", length))}
        self.roster.sql(f"set statement_timeout = {LONG}")
        self.roster.sql("select register_targets('webhook', '{everything}', '{here}', '{app:**\nenvironment:**}', '{f}')")
        self.roster.sql("select open_targets('webhook', false)")
        self.roster.sql("delete from windows")

    def rounds(self, act, repeat):
        for _ in range(repeat):
            if act.before:
                self.roster.sql(act.before)
            self.roster.sql("select second_factor_proven(%s)", ADMINISTRATOR)
            self.roster.sql("update targets set cursor = head()")
            before = self.head()
            act.act.append(self.acted("select " + act.does.replace("{first}", self.paths["first"]).replace("{middle}", self.paths["middle"])
                                      .replace("{last}", self.paths["last"])))
            if self.head() != before + 1:
                raise Failed(f"{act.name} is {self.head() - before} revisions")
            self.look(act, before)
            if act.after:
                self.roster.brought(act.after)
            else:
                act.back.append(self.acted("select revert_plan(%(what)s); select revert_apply(%(what)s, true)".replace("%(what)s", f"'{before + 1}'")))
                if self.head() != before + 2:
                    raise Failed(f"{act.name}: not taken back within {LONG / 1000:.0f} seconds")

    def head(self):
        return self.roster.value("select head()")

    def acted(self, statement):
        """The milliseconds a statement took an operator."""
        with self.ground.cluster.connect("large", user=OPERATOR) as session:
            session.execute(f"set search_path = roster, pg_temp; set statement_timeout = {LONG}")
            return elapsed(lambda: session.execute(statement))

    def look(self, act, before):
        def count(statement, *arguments):
            self.seen = self.roster.value(statement, *arguments)

        act.difference.append(elapsed(lambda: count("select count(d) from difference(%s, %s) d", before, before + 1)))
        act.pairs = self.seen
        act.told.append(elapsed(lambda: count("select count(d) from main_rows('webhook', %s, %s) d", before, before + 1)))
        act.answer.append(elapsed(lambda: count("select count(a) from effective_access(%s, %s) a", *act.asked)))
        # What an app asks at every click: how long right after the act, by ids.
        login, resource = act.asked
        (ids,) = self.roster.sql("select need_user(%s) as person, permission_named(%s) as permission, resource_named(%s) as resource",
                                 login, "env.monitoring" if resource.startswith("environment:") else "project.view", resource)
        act.can.append(elapsed(lambda: self.roster.value("select can(%s, %s::smallint, %s)", *ids.values())))


def elapsed(does):
    """Milliseconds; of what was given up, infinity."""
    start = time.perf_counter()
    try:
        does()
    except psycopg.errors.QueryCanceled:
        return float("inf")
    return (time.perf_counter() - start) * 1000


def table(done):
    lines = [("act", "ms", "its difference, ms", "told, ms", "pairs", "taken back, ms", "answer, ms", "can, ms")]
    for act in done:
        best = [amount(min(samples)) if samples else "-" for samples in (act.act, act.difference, act.told)]
        lines.append((act.name, *best, f"{act.pairs:,}", amount(min(act.back)) if act.back else "-", amount(min(act.answer)), amount(min(act.can))))
    return columns(lines, left={0})


def summary(results, done):
    best = {act.name: min(act.act) for act in done}
    results.value("18", [max(best[act.name] for act in done if not act.many)])
    results.value("18 many", [max(best[act.name] for act in done if act.many)])
    results.value("19", [max(min(act.difference) for act in done if not act.many)])
    each = [min(act.difference) / act.pairs * 1000 for act in done if act.pairs >= min(MANY, max(one.pairs for one in done))]
    results.value("19 many", [max(each)])
    results.value("20", [max(min(act.back) for act in done if act.back)])


def measure(ground, results, options, say):
    """Figures 18 to 20, as far as they are asked for."""
    if not options.only & {18, 19, 20}:
        return
    say("the model of large.sql")
    large = Large(ground, options.size)
    done = acts()
    try:
        for act in done:
            say(act.name)
            large.rounds(act, options.repeat)
        summary(results, done)
    finally:
        results.more = table([act for act in done if act.answer])
