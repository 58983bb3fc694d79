# SPDX-License-Identifier: Apache-2.0
"""Who may do what, worked out from the facts by walking and counting: slow, plain, and without any of the schema's views.

It knows of a table what its columns mean; of groups only their parents, never the closure.
"""

KIND_OF_SCOPE = {"project": "app", "cicd": "app", "cluster": "cluster", "namespace": "namespace", "group": "group",
                 "platform": "platform"}


def rows(session, statement):
    return session.execute(statement).fetchall()


class Facts:
    """Everything that decides about access, read in one moment."""

    def __init__(self, session):
        self.parents = dict(rows(session, "select id, parent_id from groups"))
        self.active = {user for user, in rows(session, "select id from users where active")}
        self.apps = rows(session, "select id, owner, owner_group, archived from apps")
        self.clusters = [cluster for cluster, in rows(session, "select id from clusters")]
        self.associations = rows(session, "select group_id, namespace from group_namespaces")
        self.grants = rows(session, "select user_id, anchor, role from grants")
        self.platform = rows(session, "select id from resources where kind = 'platform'")[0][0]
        self.structural = dict(rows(session, "select name, id from roles where structural"))
        self.permissions = {}
        for role, permission, scope in rows(session, "select rp.role, p.id, p.scope::text from role_permissions rp "
                                                     "join permissions p on p.id = rp.permission"):
            self.permissions.setdefault(role, set()).add((permission, KIND_OF_SCOPE[scope]))

    def lies_in(self, group, above):
        """Whether a group is another one or lies below it."""
        while group is not None and group != above:
            group = self.parents[group]
        return group is not None

    def reached_from(self, anchor):
        """(resource, kind) of all that a role held there is about."""
        if anchor == self.platform:
            yield anchor, "platform"
            yield from ((group, "group") for group in self.parents)
            yield from ((cluster, "cluster") for cluster in self.clusters)
        elif anchor in self.parents:
            yield from self.reached_from_group(anchor)
        else:
            yield from ((app, "app") for app, _, _, archived in self.apps if app == anchor and not archived)

    def reached_from_group(self, anchor):
        yield from ((group, "group") for group in self.parents if self.lies_in(group, anchor))
        yield from ((app, "app") for app, _, group, archived in self.apps if not archived and self.lies_in(group, anchor))
        yield from ((namespace, "namespace") for group, namespace in self.associations if self.lies_in(group, anchor))
        if self.parents[anchor] is None:
            yield from ((cluster, "cluster") for cluster in self.clusters)

    def holdings(self):
        yield from self.grants
        yield from ((owner, app, self.structural["Owner"]) for app, owner, _, _ in self.apps)
        yield from ((user, self.platform, self.structural["User"]) for user in self.active)

    def effective(self):
        """The set of (user, resource, permission)."""
        answer, reach = set(), {}
        for user, anchor, role in self.holdings():
            if user not in self.active:
                continue
            if anchor not in reach:
                reach[anchor] = list(self.reached_from(anchor))
            for resource, kind in reach[anchor]:
                answer |= {(user, resource, permission) for permission, meant in self.permissions.get(role, ())
                           if meant == kind}
        return answer

    def closure(self):
        """The set of (ancestor, descendant, distance)."""
        answer = set()
        for group in self.parents:
            above, distance = group, 0
            while above is not None:
                answer.add((above, group, distance))
                above, distance = self.parents[above], distance + 1
        return answer
