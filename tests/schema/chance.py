# SPDX-License-Identifier: Apache-2.0
"""Acts at random on whatever there is: what people, sources, imports and the clock may do."""

import random
import re

import psycopg
import pytest
from psycopg import errors

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
        self.as_people_do = True  # this step: by hand, and by write functions alone
        self.acts = [getattr(Chance, name) for name in vars(Chance) if name.startswith("act_")] + [Chance.act_written] * len(WRITES) + \
            [Chance.act_setting_where_open, Chance.act_source_gives_app, Chance.act_app_owner, Chance.act_app_group] * 2

    def fresh(self, prefix):
        self.number += 1
        return f"{prefix}{self.number}"

    def run(self, statement, *arguments):
        self.as_people_do = self.as_people_do and statement.startswith("select") and "by_itself" not in statement
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

    def act_source_gives_app(self):
        """To one person, in an app: what is set for him then is there yet when the source takes it away."""
        self.run("insert into grants (user_id, anchor, role, source) values (need_user(%s), need_app(%s), need_role('project', %s), 1) "
                 "on conflict do nothing", self.user(), self.app(), self.role())

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

    def act_setting_where_open(self):
        """For somebody to whom a role leaves it open: of all people and environments that is seldom anybody."""
        found = self.session.execute("select resource_name(o.environment), u.login from opened_settings(array(select id from environments), "
                                     "array(select id from users)) o join users u on u.id = o.user_id and u.active order by 1, 2").fetchall()
        environment, user = self.random.choice(found) if found else (self.environment(), self.user())
        self.run("select environment_set(%s, %s, %s, true)", environment.removeprefix("environment:"), user, self.setting())

    def act_setting_remove(self):
        self.run("delete from environment_settings where user_id = need_user(%s)", self.user())

    def act_expire(self):
        """What was given until now, which no act does, and the clock that ends it, perhaps later."""
        self.run("update grants g set expires_at = now() where source = 0 and g.user_id = need_user(%s) and anchor in "
                 "(select id from resources where kind in ('app', 'group', 'access_group'))", self.user())
        self.act_clock()

    def act_clock(self):
        if self.switch():
            self.run("select clock_tick('1 day') -- by_itself")

    def act_erase(self):
        self.run("select user_erase(%s)", self.pick("select id::text from users where not active order by login, id"))

    def act_cluster_delete(self):
        self.run("select cluster_delete(%s)", self.pick("select name from clusters order by name"))

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
        self.as_people_do = False  # it brings back what there was
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
        self.as_people_do = True
        try:
            with self.session.transaction():
                self.begin()
                act(self)
            return True
        except REFUSALS:
            return False
        except psycopg.Error as defect:
            pytest.fail(f"{act.__name__}: {type(defect).__name__}: {defect}")
