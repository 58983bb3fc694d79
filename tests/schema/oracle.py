# SPDX-License-Identifier: Apache-2.0
"""Who may do what, worked out from the facts by walking and counting: slow, plain, and without any of the schema's views.

It knows of a table what its columns mean; of groups only their parents, never the closure.
"""

KIND_OF_SCOPE = {"project": "app", "cicd": "app", "app": "app", "cluster": "cluster", "namespace": "namespace", "group": "group",
                 "platform": "platform"}
ENVIRONMENTS = ("environment", "production_environment")


def rows(session, statement):
    return session.execute(statement).fetchall()


class Facts:
    """Everything that decides about access, read in one moment."""

    def __init__(self, session):
        self.parents = dict(rows(session, "select id, parent_id from groups"))
        self.archived = {group for group, in rows(session, "select id from groups where archived")}
        self.active = {user for user, in rows(session, "select id from users where active")}
        self.apps = rows(session, "select id, owner, owner_group, archived from apps")
        self.clusters = [cluster for cluster, in rows(session, "select id from clusters")]
        self.associations = rows(session, "select group_id, namespace from group_namespaces")
        self.grants = rows(session, "select user_id, anchor, role from grants")
        self.platform = rows(session, "select id from resources where kind = 'platform'")[0][0]
        self.structural = dict(rows(session, "select name, id from roles where structural"))
        self.nodes = dict(rows(session, "select app, technical_contact from nodes"))
        self.environments = rows(session, "select id, app, kind::text from environments")
        self.settings = {(environment, user, permission): allowed for environment, user, permission, allowed in
                         rows(session, "select environment, user_id, permission, allowed from environment_settings")}
        self.access_groups = [group for group, in rows(session, "select id from access_groups")]
        self.access_group_apps = rows(session, "select access_group, app from access_group_apps")
        self.role = {(kind, name): role for role, kind, name in rows(session, "select id, kind::text, name from roles")}
        self.role_kinds = dict(rows(session, "select id, kind::text from roles"))
        self.permission = dict(rows(session, "select name, id from permissions"))
        self.gates = dict(rows(session, "select id, gate::text from permissions where scope = 'app'"))
        self.parts = {(role, kind): access for role, kind, access in rows(session, "select role, kind::text, access::text from role_environments")}
        self.fixed = {}
        for role, kind, permission in rows(session, "select role, kind::text, permission from role_environment_permissions"):
            self.fixed.setdefault((role, kind), set()).add(permission)
        self.permissions = {}
        for role, permission, scope in rows(session, "select rp.role, p.id, p.scope::text from role_permissions rp "
                                                     "join permissions p on p.id = rp.permission where p.scope not in ('env', 'env_self')"):
            self.permissions.setdefault(role, set()).add((permission, KIND_OF_SCOPE[scope]))

    def lies_in(self, group, above):
        """Whether a group is another one or lies below it."""
        while group is not None and group != above:
            group = self.parents[group]
        return group is not None

    def ceiling(self, user):
        """0: no app by AppControl's roles; 1: views; 2: manages as well."""
        platform = {role for holder, anchor, role in self.grants if holder == user and self.role_kinds[role] == "platform"
                    and anchor not in self.archived}
        if platform & {self.role["platform", name] for name in ("Platform Administrator", "Group Administrator", "App Administrator")}:
            return 2
        return 1 if self.role["platform", "App Viewer"] in platform else 0

    def roles_on_app(self, user, app, owner, group):
        """The set of roles by which a person has something to do with an app, as member, owner or through groups."""
        places = [app, *(g for g in self.parents if group is not None and self.lies_in(group, g)),
                  *(g for g, a in self.access_group_apps if a == app)]
        roles = set()
        for holder, anchor, role in self.grants:
            if holder != user or anchor not in places:
                continue
            if self.role_kinds[role] == "platform":
                if role == self.role["platform", "Group Administrator"]:
                    roles.add(role)
                continue
            roles.add(role)
            if anchor != app:
                roles.add(self.role["app", "App Member"])
        if user == owner:
            roles.add(self.role["project", "Owner"])
        if (user, self.platform, self.role["platform", "Platform Administrator"]) in self.grants:
            roles.add(self.role["platform", "Platform Administrator"])
        return roles

    def on_app(self, user, roles):
        level = {"view": 1, "manage": 2}
        return {permission for role in roles for permission, kind in self.permissions.get(role, ())
                if kind == "app" and level.get(self.gates.get(permission), 0) <= self.ceiling(user)}

    def in_environment(self, user, environment, kind, app, roles):
        contact = self.nodes[app] == user
        if contact:
            everything = self.fixed[self.role["project", "Technical Contact"], kind]
            roles = roles | {self.role["project", "Technical Contact"]}
        else:
            everything = set()
        if not contact and self.permission["project.cloud_access"] not in self.on_app(user, roles):
            return set()
        answer = set(everything)
        custom = contact
        for role in roles:
            answer |= self.fixed.get((role, kind), set())
            custom = custom or self.parts.get((role, kind)) == "custom"
        set_to = {permission: allowed for (where, who, permission), allowed in self.settings.items() if (where, who) == (environment, user)}
        if custom:
            answer |= {permission for permission, allowed in set_to.items() if allowed}
        api = self.permission["env.api"]
        if any(self.parts.get((role, kind)) == "custom" for role in roles) and kind == "environment" and set_to.get(api, True):
            answer.add(api)
        if set_to.get(self.permission["env.alerts"]):
            answer.add(self.permission["env.alerts"])
        return answer

    def left_open(self, environment, user):
        """Whether a role of his leaves an environment open to settings: though he is suspended, though the app is archived."""
        app, kind = next((app, kind) for where, app, kind in self.environments if where == environment)
        owner, group = next((owner, group) for where, owner, group, _ in self.apps if where == app)
        return self.nodes[app] == user or any(self.parts.get((role, kind)) == "custom" for role in self.roles_on_app(user, app, owner, group))

    def effective(self):
        """The set of (user, resource, permission)."""
        answer = set()
        for user, anchor, role in [*self.grants, *((user, self.platform, self.structural["User"]) for user in self.active)]:
            if user in self.active:
                for resource, kind in self.reached_from(anchor):
                    answer |= {(user, resource, permission) for permission, meant in self.permissions.get(role, ()) if meant == kind}
        for app, owner, group, archived in self.apps:
            for user in self.active if not archived else ():
                roles = self.roles_on_app(user, app, owner, group)
                answer |= {(user, app, permission) for permission in self.on_app(user, roles)}
                for environment, where, kind in self.environments:
                    if where == app:
                        answer |= {(user, environment, permission) for permission in
                                   self.in_environment(user, environment, kind, app, roles)}
        return answer

    def reached_from(self, anchor):
        """(resource, kind) of all that a role held there is about, apps and their environments aside."""
        if anchor == self.platform:
            yield anchor, "platform"
            yield from ((group, "group") for group in self.parents)
            yield from ((cluster, "cluster") for cluster in self.clusters)
        elif anchor in self.parents:
            yield from ((group, "group") for group in self.parents if self.lies_in(group, anchor))
            yield from ((namespace, "namespace") for group, namespace in self.associations if self.lies_in(group, anchor))
            if self.parents[anchor] is None:
                yield from ((cluster, "cluster") for cluster in self.clusters)

    def closure(self):
        """The set of (ancestor, descendant, distance)."""
        answer = set()
        for group in self.parents:
            above, distance = group, 0
            while above is not None:
                answer.add((above, group, distance))
                above, distance = self.parents[above], distance + 1
        return answer
