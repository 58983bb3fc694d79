# SPDX-License-Identifier: Apache-2.0
"""P44: after any sequence of acts the database says what a plain recomputation says, and as of every earlier revision it
says what it said then."""

import os
import random
import re

import psycopg
import pytest
from psycopg import errors

from history_log import assert_history, watch_history
from oracle import Facts

STEPS = 120
# What an act may be refused with. Anything else (an ambiguous column, a missing function) is a defect.
REFUSALS = (errors.CheckViolation, errors.ForeignKeyViolation, errors.UniqueViolation, errors.NoDataFound,
            errors.CardinalityViolation, errors.InvalidParameterValue, errors.ObjectNotInPrerequisiteState)
PURPOSES = ["development", "test", "acceptance", "production"]
# Write functions; {WHAT} is what Chance.WHAT() gives. The acts in bare SQL make what these refuse, as imports and sources do.
WRITES = [
    "group_member_set({group}, {user}, {role})", "group_member_remove({group}, {user}, {role})", "group_member_remove({group}, {user}, null)",
    "group_delete({group})", "group_edit({group}, {group_name})", "group_edit({group}, {group_name})", "app_member_remove({app}, {user}, {role})", "app_role_add({app}, {user}, {app_role})",
    "app_role_remove({app}, {user}, {app_role})", "node_create({app}, {user})", "node_contact({app}, {user})", "node_delete({app})",
    "environment_create({app}, {name}, {purpose}::purpose)", "environment_delete({environment})",
    "environment_set({environment}, {user}, {setting}, {switch})", "environment_set({environment}, {user}, {setting}, {switch})",
    "environment_alerts({environment}, {user}, {switch})", "access_group_create({name})", "access_group_delete({access_group})",
    "access_group_app({access_group}, {app}, {switch})", "access_group_member_add({access_group}, {user}, {role})",
    "access_group_member_remove({access_group}, {user})", "user_role_add({user}, {user_role})", "user_role_remove({user}, {user_role})",
    "role_merge({role}, {role})", "role_edit({role}, null, non_production => {access})", "role_edit({role}, null, production => {access})",
    "role_edit({role}, null, production => 'fixed', production_permissions => array[{setting}])", "app_operator_role(array[{purpose}::purpose])"]


class Chance:
    """Acts on whatever there is. Each act is a method that executes one transaction's statements."""

    def __init__(self, session, seed):
        self.session = session
        self.random = random.Random(seed)
        self.number = 0
        self.acts = [getattr(Chance, name) for name in vars(Chance) if name.startswith("act_")] + [Chance.act_written] * len(WRITES)

    def fresh(self, prefix):
        self.number += 1
        return f"{prefix}{self.number}"

    def run(self, statement, *arguments):
        self.session.execute(statement, arguments)

    def begin(self, by_itself=None):
        """Half of what is done comes as of itself, from a source: what an act by hand must leave may be missing then."""
        if self.random.choice([True, False]) if by_itself is None else by_itself:
            self.run("select open_revision('a source', by_itself => true)")

    def begun(self, *acts):
        """To begin with, as an import and a source may leave it."""
        for act in acts:
            with self.session.transaction():
                self.begin(by_itself=True)
                getattr(self, f"act_{act}")()

    def pick(self, statement):
        found = [row[0] for row in self.session.execute(statement)]
        return self.random.choice(found) if found else "none"

    def group(self):
        return self.pick("select path from group_paths order by path")

    def user(self):
        return self.pick("select login from users order by login")

    def app(self):
        return self.pick("select name from apps order by name")

    def role(self):
        return self.pick("select name from roles where kind = 'project' and not structural order by name")

    def namespace(self):
        return self.pick("select substr(resource_name(id), 11) from namespaces order by 1")

    def environment(self):
        return self.pick("select substr(resource_name(id), 13) from environments order by 1")

    def access_group(self):
        return self.pick("select name from access_groups order by name")

    def app_role(self):
        return self.pick("select name from roles where kind = 'app' order by name")

    def user_role(self):
        return self.random.choice(["Platform Administrator", "App Administrator", "App Viewer", "No Access"])

    def name(self):
        return self.fresh("name")

    def group_name(self):
        """One of few: that of another group, or of one that was deleted."""
        return self.random.choice(["one", "two", "three"])

    def purpose(self):
        return self.random.choice(PURPOSES)

    def setting(self):
        return self.random.choice(["env.api", "env.transport", "env.backups", "env.manage_permissions"])

    def switch(self):
        return self.random.choice([True, False])

    def access(self):
        return self.random.choice(["none", "custom", "custom"])

    def act_written(self):
        act = self.random.choice(WRITES)
        arguments = [getattr(self, what)() for what in re.findall(r"\{(\w+)\}", act)]
        self.run("select " + re.sub(r"\{\w+\}", "%s", act), *arguments)

    def listed(self, app):
        """Somebody to whom the environments of an app are open: who may answer for them."""
        found = [row[0] for row in self.session.execute(
            "select u.login from users u, apps a where a.name = %s and u.active and can(u.id, permission_named('project.cloud_access'), a.id) "
            "order by 1", [app])]
        return self.random.choice(found) if found else self.user()

    def permissions(self):
        names = [row[0] for row in self.session.execute("select name from permissions order by id")]
        return self.random.sample(names, self.random.randint(0, 12))

    def act_user_create(self):
        self.run("select user_create(%s)", self.fresh("user"))

    def act_user_suspend(self):
        self.run("select user_suspend(%s)", self.user())

    def act_user_resume(self):
        self.run("select user_resume(%s)", self.user())

    def act_group_create(self):
        parent = self.group()
        self.run("select group_create(%s, 'at random', %s)", f"{parent.rstrip('/')}/{self.fresh('group')}", [self.user()])

    def act_group_move(self):
        self.run("select group_move(%s, %s)", self.group(), self.group())

    def act_groups_move_at_once(self):
        self.run("update groups set parent_id = need_group(%s) where id in (need_group(%s), need_group(%s))",
                 self.group(), self.group(), self.group())

    def act_group_delete(self):
        self.run("delete from groups where id = need_group(%s)", self.group())

    def act_group_archive(self):
        """As a run does with a group that holds nothing and that no rule wants any more: its administrators stay, for when it comes back."""
        self.run("update groups g set archived = true where id = need_group(%s) and parent_id is not null "
                 "and not exists (select from groups b where b.parent_id = g.id and not b.archived) "
                 "and not exists (select from apps a where a.owner_group = g.id) and not exists (select from group_namespaces n where n.group_id = g.id)",
                 self.group())

    def act_group_restore(self):
        self.run("update groups g set archived = false where g.id = (select o.id from groups o join groups above on above.id = o.parent_id "
                 "and not above.archived where o.archived and not o.displaced order by o.id offset %s limit 1)", self.random.randint(0, 3))

    def act_member_add(self):
        self.run("select group_member_add(%s, %s, %s)", self.group(), self.user(), self.role())

    def act_admin_add(self):
        self.run("select group_member_add(%s, %s, null)", self.group(), self.user())

    def act_platform_administrator(self):
        self.run("insert into grants (user_id, anchor, role) values (need_user(%s), platform(), "
                 "role_named('platform', 'Platform Administrator')) on conflict do nothing", self.user())

    def act_member_remove(self):
        self.run("delete from grants where ctid = (select g.ctid from grants g join users u on u.id = g.user_id "
                 "order by u.login, u.active, g.anchor, g.role, g.source offset %s limit 1)", self.random.randint(0, 8))

    def act_member_take_back(self):
        self.run("delete from grants where since = (select max(since) from grants) and source = 0")

    def act_source_gives_many(self):
        self.run("insert into grants (user_id, anchor, role, source) select u.id, g.id, r.id, 1 from users u, groups g, roles r "
                 "where r.name = %s and g.id %% 3 = %s and u.login ~ '[258]$' on conflict do nothing", self.role(), self.random.randint(0, 2))

    def act_source_takes_many(self):
        self.run("delete from grants where source = 1 and anchor %% 2 = %s", self.random.randint(0, 1))

    def group_of(self, statement, *arguments):
        """A group that somebody is in, below a group where he holds something; none: any."""
        found = [row[0] for row in self.session.execute(
            "select distinct p.path from grants g join group_closure c on c.ancestor = g.anchor join group_paths p on p.id = c.descendant "
            f"where g.user_id = ({statement}) order by p.path", arguments)]
        return self.random.choice(found) if found else self.group()

    def act_app_create(self):
        owner = self.user()
        group = self.group_of("select need_user(%s)", owner)
        self.run("select app_create(%s, %s, %s)", self.fresh("app"), owner, self.random.choice([None, group, group, self.group()]))

    def act_app_imported(self):
        self.run("insert into apps (name, owner, owner_group) values (%s, need_user(%s), need_group(%s))", self.fresh("app"), self.user(), self.group())

    def act_app_group(self):
        app = self.app()
        group = self.group_of("select owner from apps where name = %s", app)
        self.run("select app_group(%s, %s)", app, self.random.choice([None, group, group, self.group()]))

    def act_app_owner(self):
        self.run("select app_owner(%s, %s)", self.app(), self.user())

    def act_app_archive(self):
        self.run("select app_archive(%s, %s)", self.app(), self.random.choice([True, False]))

    def act_app_delete(self):
        self.run("delete from apps where name = %s", self.app())

    def act_app_member_add(self):
        self.run("select app_member_add(%s, %s, %s)", self.app(), self.user(), self.role())

    def act_namespace_create(self):
        cluster = self.random.choice(["k1", "k2", self.fresh("k")])
        self.run("select namespace_create(%s, %s, %s::purpose[])", cluster, self.fresh("n"), self.random.sample(PURPOSES, 2))

    def act_namespace_attach(self):
        self.run("select namespace_attach(%s, %s)", self.namespace(), self.group())

    def act_namespace_detach(self):
        self.run("select namespace_detach(substr(resource_name(n.namespace), 11), group_path(n.group_id)) from "
                 "(select * from group_namespaces order by namespace, group_id limit 1) n")

    def act_namespace_delete(self):
        self.run("delete from namespaces where id = resource_named('namespace:' || %s)", self.namespace())

    def act_role_create(self):
        self.run("select role_create(%s, '', %s)", self.fresh("role"), self.permissions())

    def act_role_edit(self):
        self.run("select role_edit(%s, %s)", self.role(), self.permissions())

    def act_role_delete(self):
        self.run("delete from roles where name = %s and not builtin", self.role())

    def act_user_role(self):
        self.run("insert into grants (user_id, anchor, role) values (need_user(%s), platform(), role_named('platform', %s)) "
                 "on conflict do nothing", self.user(), self.random.choice(["App Administrator", "App Viewer", "No Access"]))

    def act_user_role_remove(self):
        self.run("delete from grants where anchor = platform() and user_id = need_user(%s)", self.user())

    def act_app_role(self):
        self.run("insert into grants (user_id, anchor, role) select need_user(%s), id, role_named('app', %s) from resources "
                 "where kind in ('group', 'app', 'access_group') order by id %% %s limit 1 on conflict do nothing", self.user(),
                 self.random.choice(["App Owner", "App Administrator", "App Member", "App Operator"]), self.random.randint(2, 9))

    def act_access_group(self):
        self.run("insert into access_groups (name) values (%s)", self.fresh("access"))

    def act_access_group_app(self):
        self.run("insert into access_group_apps (access_group, app) select x.id, need_app(%s) from access_groups x order by x.id %% %s limit 1 "
                 "on conflict do nothing", self.app(), self.random.randint(2, 5))

    def act_access_group_app_remove(self):
        self.run("delete from access_group_apps where app = need_app(%s)", self.app())

    def act_access_group_member(self):
        self.run("insert into grants (user_id, anchor, role) select need_user(%s), x.id, need_role('project', %s) from access_groups x "
                 "order by x.id %% %s limit 1 on conflict do nothing", self.user(), self.role(), self.random.randint(2, 5))

    def act_node(self):
        app = self.app()
        self.run("insert into nodes (app, technical_contact) values (need_app(%s), need_user(%s)) on conflict do nothing", app, self.listed(app))

    def act_contact(self):
        app = self.app()
        self.run("update nodes set technical_contact = need_user(%s) where app = need_app(%s)", self.listed(app), app)

    def act_environment(self):
        self.run("insert into environments (app, name, purpose) select app, %s, %s from nodes order by app %% %s limit 1",
                 self.fresh("e"), self.random.choice(PURPOSES), self.random.randint(2, 5))

    def act_environment_delete(self):
        self.run("delete from environments where id %% %s = 0", self.random.randint(5, 20))

    def act_setting(self):
        self.run("insert into environment_settings as s (environment, user_id, permission, scope, allowed) "
                 "select e.id, need_user(%s), p.id, p.scope, p.scope = 'env_self' or %s from environments e, permissions p where p.name = %s "
                 "and e.id %% 3 <> %s on conflict (environment, user_id, permission) do update set allowed = excluded.allowed", self.user(),
                 self.random.choice([True, False]), self.random.choice(["env.api", "env.api", "env.transport", "env.alerts"]), self.random.randint(0, 2))

    def act_setting_remove(self):
        self.run("delete from environment_settings where user_id = need_user(%s)", self.user())

    def act_role_part(self):
        self.run("insert into role_environments as e (role, kind, access) values (need_role('project', %s), %s, %s) "
                 "on conflict (role, kind) do nothing", self.role(), self.kind(), self.random.choice(["fixed", "custom"]))

    def act_role_part_remove(self):
        self.run("delete from role_environments where role = need_role('project', %s) and kind = %s", self.role(), self.kind())

    def act_role_fixed(self):
        self.run("insert into role_environment_permissions (role, kind, permission) select e.role, e.kind, p.id from role_environments e, "
                 "permissions p where e.role = need_role('project', %s) and e.access = 'fixed' and p.scope = 'env' and p.id %% 2 = %s "
                 "on conflict do nothing", self.role(), self.random.randint(0, 1))

    def act_role_fixed_remove(self):
        self.run("delete from role_environment_permissions where role = need_role('project', %s)", self.role())

    def act_cloud_access(self):
        self.run("insert into role_permissions (role, permission) values (need_role('project', %s), permission_named('project.cloud_access')) "
                 "on conflict do nothing", self.role())

    def kind(self):
        return self.random.choice(["environment", "production_environment"])

    def act_revert(self):
        revision = self.pick("select id::text from revisions order by id desc limit 20")
        self.run("select revert_plan(%s)", revision)
        try:
            self.run("select revert_apply(%s, true)", revision)
        except errors.UniqueViolation as defect:  # what is in the way is found by the plan
            pytest.fail(f"revert {revision}: {defect}")

    def act_several(self):
        """Some acts in one transaction: one revision, in which something may come and go."""
        for act in self.random.sample([act for act in self.acts if act.__name__ != "act_several"], 4):
            try:
                with self.session.transaction():
                    act(self)
            except REFUSALS:
                pass  # this one was refused, the others stay

    def step(self):
        """One transaction; False when it was refused."""
        act = self.random.choice(self.acts)
        try:
            with self.session.transaction():
                self.begin()
                act(self)
            return True
        except REFUSALS:
            return False
        except psycopg.Error as defect:
            pytest.fail(f"{act.__name__}: {type(defect).__name__}: {defect}")


def read(session, relation):
    """Rows of effective access, and of each whether its role is a setting."""
    return set(session.execute(f"select e.*, exists (select from setting_roles s where s.role = e.role) from {relation} e").fetchall())


def assert_as_recomputed(session):
    facts = Facts(session)
    said = set(session.execute("select distinct user_id, resource, permission from effective").fetchall())
    assert said == facts.effective()
    assert set(session.execute("select ancestor, descendant, distance from group_closure").fetchall()) == facts.closure()


def assert_can_agrees(session, chance):
    """can() is planned in its own way, so it is compared by itself: for all who may, and for some of all others."""
    refused = session.execute("select * from (select distinct user_id, permission, resource from effective) e "
                              "where not can(e.user_id, e.permission, e.resource)").fetchall()
    assert not refused
    wrong = session.execute("""
        select u.id, p.id, r.id from users u, permissions p, resources r
        where (hashtextextended(concat(u.id, p.id, r.id), %s) %% 40) = 0
          and can(u.id, p.id, r.id) <> exists (select from effective e where e.user_id = u.id and e.permission = p.id and e.resource = r.id)
        limit 5""", [chance.random.randint(0, 1 << 30)]).fetchall()
    assert not wrong


ON, OF = ("effective_on(t.resource, %s::smallint, %s::bigint)",
          "effective_of(t.user_id, enum_range(null::resource_kind), %s::smallint, %s::bigint)")


def assert_answers_agree(session, answers, revision):
    """What is asked of one resource or of one person, planned in its own way, is what all of "effective" says."""
    at = None if revision == max(answers) else revision
    said = {row[:8] for row in answers[revision]}
    people, things = (sorted({row[n] for row in said}) for n in (0, 1))
    for asked in [None, *sorted({row[3] for row in said})[::9]]:
        wanted = {row for row in said if asked in (None, row[3])}
        for keys, given, call in ((things, "integer[]) t(resource)", ON), (people, "uuid[]) t(user_id)", OF)):
            rows = session.execute("select user_id, resource, kind, permission, role, anchor, source, distance "
                                   f"from unnest(%s::{given} cross join lateral {call} e", [keys, asked, at]).fetchall()
            assert set(rows) == wanted and len(rows) == len(wanted)
    assert_access_agrees(session, at)


def assert_access_agrees(session, at):
    """The same of one person and one resource, in words."""
    effective = "effective" if at is None else f"effective_at({at})"
    said = set(session.execute("select e.user_id, e.resource, p.name, role_name(e.role, %(at)s), resource_name(e.anchor, %(at)s), s.name, "
                               f"e.distance from {effective} e join permissions p on p.id = e.permission "
                               "join sources s on s.id = e.source", {"at": at}).fetchall())
    pairs = sorted({row[:2] for row in said})[:100]
    rows = session.execute("select t.user_id, t.resource, a.* from unnest(%s::uuid[], %s::integer[]) t(user_id, resource) "
                           "cross join lateral effective_access(t.user_id, t.resource, %s::bigint) a",
                           [[pair[0] for pair in pairs], [pair[1] for pair in pairs], at]).fetchall()
    assert set(rows) == {row for row in said if row[:2] in set(pairs)} and len(rows) == len(set(rows))


def pairs_of(effective):
    """What read() returned, as {(user, resource): (permissions, roles)}; a setting is no role of anybody's."""
    pairs = {}
    for row in effective:
        permissions, roles = pairs.setdefault((row[0], row[1]), (set(), set()))
        permissions.add(row[3])
        if not row[-1]:
            roles.add(row[4])
    return pairs


def said_to_differ(session, call, *arguments):
    """What difference() returned, as {(user, resource): (before, after)}, both as in pairs_of; no pair may come twice."""
    rows = session.execute(f"select * from {call}", arguments).fetchall()
    pairs = {(row[0], row[1]): ((set(row[2]), set(row[4])), (set(row[3]), set(row[5]))) for row in rows}
    assert len(pairs) == len(rows)
    return pairs


def expected_difference(answers, first, last):
    before, after = pairs_of(answers[first]), pairs_of(answers[last])
    nothing = (set(), set())
    return {pair: (before.get(pair, nothing), after.get(pair, nothing))
            for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}


def assert_difference(session, answers, first, last):
    """difference() names exactly the pairs that differ, with what they were and what they are."""
    expected = expected_difference(answers, first, last)
    assert said_to_differ(session, "difference(%s, %s)", first, last) == expected, f"from revision {first} to {last}"
    # Few facts, but too many pairs.
    assert said_to_differ(session, "difference(%s, %s, null, 5)", first, last) == expected, f"from revision {first} to {last}, by resources"


def assert_difference_in_parts(session, answers, first, last, chance):
    """However it is asked: all access with all access, of one or many resources, backwards."""
    expected = expected_difference(answers, first, last)
    for most in (0, 30):  # nothing is expanded; facts are, but their pairs are too many
        assert said_to_differ(session, "difference(%s, %s, null, %s)", first, last, most) == expected
    resources = sorted({row[1] for revision in (first, last) for row in answers[revision]})
    for some in (chance.random.sample(resources, min(1, len(resources))), chance.random.sample(resources, len(resources) // 2), resources):
        of_some = {pair: sides for pair, sides in expected.items() if pair[1] in some}
        for most in (0, 30, 1000000):
            assert said_to_differ(session, "difference(%s, %s, %s, %s)", first, last, some, most) == of_some, f"of {some}, {first} to {last}"
    assert said_to_differ(session, "difference(%s, %s)", last, first) == {pair: sides[::-1] for pair, sides in expected.items()}


def assert_snapshot(session, answers, revision):
    """access_snapshot() returns each pair once, with its permissions and roles in ascending order."""
    resources = sorted({row[1] for row in answers[revision]})
    rows = session.execute("select user_id, resource, permissions, roles from access_snapshot(%s::integer[], %s)", [resources, revision]).fetchall()
    assert sorted(rows) == sorted((*pair, sorted(permissions), sorted(roles))
                                  for pair, (permissions, roles) in pairs_of(answers[revision]).items()), f"as of revision {revision}"
    for resource in resources[:1]:  # none where all people are suspended
        one = session.execute("select user_id, %s, permissions, roles from access_snapshot(%s::integer, %s)", [resource, resource, revision]).fetchall()
        assert sorted(one) == sorted(row for row in rows if row[1] == resource)


@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("ROSTER_SEEDS", 4))))
def test_any_sequence_of_acts(connect, seed):
    session = connect()
    watch_history(session)
    session.execute("insert into sources (name, kind) values ('corp', 'ldif')")
    chance = Chance(session, seed)
    for _ in range(4):
        chance.begun("user_create", "group_create", "app_imported", "namespace_create", "node", "user_role", "access_group")
    chance.run("insert into environments (app, name, purpose) select app, p::text, p from nodes, unnest(enum_range(null::purpose)) p")
    answers, done = {}, 0
    for _ in range(STEPS):
        done += chance.step()
        revision = session.execute("select head()").fetchone()[0]
        effective = read(session, "effective")
        assert answers.setdefault(revision, effective) == effective, "answers changed without a revision"
        assert_as_recomputed(session)
    assert_can_agrees(session, chance)
    for revision in {max(answers), *chance.random.sample(sorted(answers), 3)}:
        assert_answers_agree(session, answers, revision)
    assert_history(session)
    assert done > STEPS / 2, "most acts should be possible"
    assert max(map(len, answers.values())) > 100, "there should be something to answer"
    kinds = {row[2] for effective in answers.values() for row in effective}
    assert kinds >= {"app", "group", "environment", "production_environment"}
    for revision, effective in answers.items():
        assert read(session, f"effective_at({revision})") == effective, f"as of revision {revision}"
    known = sorted(answers)
    for first, last in [(known[0], known[-1]), *zip(known, known[1:])][:40] + [sorted(chance.random.sample(known, 2)) for _ in range(10)]:
        assert_difference(session, answers, first, last)
    for first, last in [(known[0], known[-1]), (known[-2], known[-1])] + [sorted(chance.random.sample(known, 2)) for _ in range(6)]:
        assert_difference_in_parts(session, answers, first, last, chance)
        assert_snapshot(session, answers, last)
