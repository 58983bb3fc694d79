# SPDX-License-Identifier: Apache-2.0
"""An independent model of roster in plain Python: what the database must hold after a sequence of runs and acts.

Written from doc/permission-model.md, not from the program: sets and loops, no cleverness, everything from scratch each
time it is asked. Model.sync() is told what a source said, Model.act() what an administrator did by hand; then
assert_equal() compares people, groups, grants with their sources, and all effective access with a database.

What permissions exist, which a role holds and what it opens is data, taken from the database (assert_equal gives it to
effective()). There are no nodes here, so nothing is said of environments.
"""

import collections
import dataclasses

from directory import dn_parts, fold
from ruleset import Ruleset

HAND = "hand"
ADMIN_ROLE = "Group Administrator"
# Where permissions of a scope mean something.
SCOPES = {"project": "app", "cicd": "app", "cluster": "cluster", "namespace": "namespace", "group": "group",
          "platform": "platform", "app": "app", "env": None, "env_self": None}


class Person:
    """Known by identity: two people may have had the same login."""

    def __init__(self, login):
        self.login = login
        self.suspended = False
        self.gone = set()  # sources that no longer have him

    @property
    def active(self):
        return not self.suspended and not self.gone


class Group:
    def __init__(self, name, parent, made_by=HAND, made_for=None):
        self.name, self.parent = name, parent
        self.made_by, self.made_for = made_by, made_for
        self.archived = False

    def above(self):
        """Itself and all its ancestors."""
        return [self] + (self.parent.above() if self.parent else [])

    @property
    def path(self):
        return "/" + "/".join(group.name for group in self.above()[-2::-1])


@dataclasses.dataclass(eq=False)
class App:
    name: str
    owner: Person
    group: Group | None
    archived: bool = False


@dataclasses.dataclass(eq=False)
class AccessGroup:
    name: str
    apps: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True)
class Grant:
    person: Person
    anchor: object  # Group, App, AccessGroup or "platform"
    role: str
    source: str


class Known:
    """What a source last said about one entry."""

    def __init__(self):
        self.entry = None
        self.gone = False
        self.doors = []
        self.undecided = []  # names of rules
        self.refused = False  # a person whose login belongs to another
        self.members = {}  # canonical DN -> id of the entry it was when it was bound, None while nobody is there
        self.person = None


class Model:
    def __init__(self, administrator):
        self.root = Group("root", None)
        self.groups = [self.root]
        self.people = []
        self.apps = {}
        self.access_groups = {}
        self.namespaces = {}  # "cluster/name/purpose" -> set of groups
        self.grants = set()
        self.known = {}  # source -> id -> Known
        self.grants.add(Grant(self.add_person(administrator), "platform", "Platform Administrator", HAND))

    # --- looking things up --------------------------------------------------------------------------------------------

    def add_person(self, login):
        self.people.append(Person(login))
        return self.people[-1]

    def person(self, login):
        """The active one, else the one who had the login."""
        found = [person for person in self.people if fold(person.login) == fold(login)]
        return next((person for person in found if person.active), found[0] if found else None)

    def group(self, path):
        here = self.root
        for name in filter(None, path.split("/")):
            below = [group for group in self.groups if group.parent is here and fold(group.name) == fold(name)]
            here = below[0] if below else None
            if here is None:
                return None
        return here

    def anchor(self, source, text):
        """What a rule's anchor names: a group it made is found wherever it was moved."""
        if text == "platform":
            return "platform"
        if text.startswith("app:"):
            return self.apps.get(fold(text[4:]))
        if text.startswith("access-group:"):
            return self.access_groups.get(fold(text[13:]))
        made = [group for group in self.groups if group.made_by == source and group.made_for == fold(text)]
        return made[0] if made else self.group(text)

    # --- what a source said -------------------------------------------------------------------------------------------

    def sync(self, source, configuration, read):
        """One applied run. read None: nothing was read, the last word counts."""
        known = self.known.setdefault(source, {})
        rules = Ruleset(configuration, source)
        whole = read is None or self.take(source, read)
        for item in known.values():
            item.doors, item.undecided = rules.doors(item.entry, item.doors) if not item.gone else ([], [])
        self._people(source, known)
        for anchor, rule in self._wanted_groups(known, rules):
            self._make_group(source, anchor, rules.admins(rule))
        nested = configuration["sources"][source].get("groups", {}).get("nested", True)
        wanted = {item: self._wanted(source, known, item, nested) for item in known.values()}
        for item, doors in wanted.items():
            if item.entry.kind == "user" and not item.gone and item.person:
                self._hold(source, item.person, doors, read is None or whole)
        if whole:
            self._archive(source, known)

    def take(self, source, read):
        """The mirror, and all there is to a held run: nothing is inferred from what an incomplete read lacks, nor from
        an empty one after a full one. True when the read was whole."""
        known = self.known.setdefault(source, {})
        complete = read.complete and not (not read.entries and known)
        for entry in read.entries:
            item = known.setdefault(entry.id, Known())
            item.entry, item.gone = entry, False
        if complete:
            here = {entry.id for entry in read.entries} | read.known
            for item in known.values():
                item.gone = item.gone or item.entry.id not in here
        names = {}
        for item in known.values():
            if not item.gone:
                names[dn_parts(item.entry.dn)] = item.entry.id
        for item in known.values():
            self._bind(item, names)
        return complete

    @staticmethod
    def _bind(group, names):
        """A name stays bound to whom it named first: who takes over the name does not take over the place."""
        if group.gone and group.entry.kind != "user":
            group.members = {}
            return
        listed = [dn_parts(dn) for name in ("member", "uniquemember") for dn in group.entry.attributes.get(name, [])]
        group.members = {dn: group.members.get(dn) or names.get(dn) for dn in listed}

    def _people(self, source, known):
        """Make, suspend and restore people. Those whose login cannot be given to them are left as they are."""
        users = [item for item in known.values() if item.entry.kind == "user"]
        for item in users:
            if item.gone and item.person:
                item.person.gone.add(source)
        login_of = {item: fold(item.entry.first("uid")) for item in users if not item.gone}
        settled = {item for item, login in login_of.items()
                   if item.person and item.person.active and fold(item.person.login) == login}
        moving = [item for item in login_of if item not in settled]
        leaving = {item.person for item in moving if item.person}
        taken = {fold(person.login) for person in self.people if person.active and person not in leaving}
        wishes = [login_of[item] for item in moving]
        for item in users:
            item.refused = item in moving and (login_of[item] in taken or wishes.count(login_of[item]) > 1)
        for item in moving:
            if item.refused:
                continue
            item.person = item.person or self.add_person(item.entry.first("uid"))
            item.person.login = item.entry.first("uid")
            item.person.gone.discard(source)
        for item in settled:
            item.person.login = item.entry.first("uid")

    @staticmethod
    def _wanted_groups(known, rules):
        doors = {(door.anchor, door.rule) for item in known.values() for door in item.doors
                 if door.anchor.startswith("/")}
        return sorted(doors, key=lambda door: (door[0].count("/"), rules.order(door[1])))

    def _make_group(self, source, anchor, admins):
        found = self.anchor(source, anchor)
        if found is None:
            upper, _, name = anchor.rpartition("/")
            parent = self._make_group(source, upper, admins) if upper else self.root
            found = Group(name, parent, source, fold(anchor))
            self.groups.append(found)
            for person in filter(None, map(self.person, admins)):
                if person.active:
                    self.grants.add(Grant(person, found, ADMIN_ROLE, HAND))
        for group in found.above():
            group.archived = False
        return found

    def _wanted(self, source, known, item, nested):
        """Anchor and role of every door that is open to this person."""
        entries = {item.entry.id}
        fresh = set(entries)
        while fresh:
            fresh = {upper.entry.id for upper in known.values() if fresh & set(upper.members.values())} - entries
            entries |= fresh
            if not nested:
                break
        for unit in known.values():
            if unit.entry.kind == "unit" and not unit.gone and dn_parts(unit.entry.dn) == dn_parts(item.entry.dn)[1:]:
                entries.add(unit.entry.id)
        doors = [door for entry in entries for door in known[entry].doors]
        return {(self.anchor(source, door.anchor), door.role or ADMIN_ROLE) for door in doors
                if self.anchor(source, door.anchor) is not None}

    def _hold(self, source, person, wanted, whole):
        """A source takes away only what it gave, and only when it was read in full."""
        have = {grant for grant in self.grants if grant.person is person and grant.source == source}
        want = {Grant(person, anchor, role, source) for anchor, role in wanted}
        self.grants = self.grants - (have if whole else set()) | want

    def _archive(self, source, known):
        """Groups the rules made and no longer want go, unless they or a group below hold something."""
        wanted = {fold(door.anchor) for item in known.values() for door in item.doors}
        used = {group for grant in self.grants if grant.role != ADMIN_ROLE and isinstance(grant.anchor, Group)
                for group in grant.anchor.above()}
        used |= {group for app in self.apps.values() if app.group for group in app.group.above()}
        used |= {group for groups in self.namespaces.values() for below in groups for group in below.above()}
        used |= {group for below in self.groups if below.made_by != source or below.made_for in wanted
                 for group in below.above()}
        for group in self.groups:
            if group.made_by == source and group not in used:
                group.archived = True

    # --- what was done by hand ----------------------------------------------------------------------------------------

    def act(self, words):
        """The words of a rosterctl command that succeeded. True when it was one that changes the model."""
        method = getattr(self, "_act_" + "_".join(words[:2]), None)
        if method:
            method(*_options(words[2:]))
        return method is not None

    def _act_user_create(self, words, _):
        self.add_person(words[0])

    def _act_user_suspend(self, words, _):
        self.person(words[0]).suspended = True

    def _act_user_resume(self, words, _):
        self.person(words[0]).suspended = False

    def _act_group_create(self, words, options):
        upper, _, name = words[0].rpartition("/")
        group = Group(name, self.group(upper))
        self.groups.append(group)
        self.grants |= {Grant(self.person(login), group, ADMIN_ROLE, HAND) for login in options["--admin"]}

    def _act_group_move(self, words, _):
        self.group(words[0]).parent = self.group(words[1])

    def _act_group_members(self, words, options):
        self._change_grant(self.group(words[0]), words[1:], options)

    def _act_group_admin(self, words, _):
        self._change_grant(self.group(words[0]), words[1:], {"--role": [ADMIN_ROLE]})

    def _change_grant(self, anchor, words, options):
        if not words:
            return  # a list was asked for
        grant = Grant(self.person(words[1]), anchor, options["--role"][0], HAND)
        if words[0] == "add":
            self.grants.add(grant)
        else:
            self.grants.remove(grant)

    def _act_app_create(self, words, options):
        owner = self.person(options["--owner"][0])
        group = self.group(options["--group"][0]) if "--group" in options else None
        groups = {grant.anchor for grant in self.grants if grant.person is owner and isinstance(grant.anchor, Group)
                  and grant.role != ADMIN_ROLE}
        if group is None and len(groups) == 1:
            (group,) = groups  # the owner's only group
        self.apps[fold(words[0])] = App(words[0], owner, group)
        self.grants.add(Grant(owner, self.apps[fold(words[0])], "Scrum Master", HAND))

    def _act_app_owner(self, words, _):
        self.apps[fold(words[0])].owner = self.person(words[1])

    def _act_app_group(self, words, _):
        self.apps[fold(words[0])].group = self.group(words[1])

    def _act_app_members(self, words, options):
        self._change_grant(self.apps[fold(words[0])], words[1:], options)

    def _act_app_archive(self, words, _):
        self.apps[fold(words[0])].archived = True

    def _act_app_restore(self, words, _):
        self.apps[fold(words[0])].archived = False

    def _act_namespace_create(self, words, options):
        for purpose in options["--purpose"]:
            self.namespaces.setdefault(f"{words[0]}/{purpose}", set())

    def _act_namespace_attach(self, words, _):
        self.namespaces[words[0]].add(self.group(words[1]))

    def _act_namespace_detach(self, words, _):
        self.namespaces[words[0]].remove(self.group(words[1]))

    # --- what a file said ---------------------------------------------------------------------------------------------

    def load(self, lines):
        """An import that succeeded, without --complete: each line must be so afterwards."""
        order = ["group", "app", "access_group", "member"]
        for kind in order:
            for line in lines:
                if next(key for key in ("member", "access_group", "app", "group") if key in line) == kind:
                    getattr(self, "_load_" + kind)(line)

    def _load_group(self, line):
        upper, _, name = line["group"].rpartition("/")
        if self.group(line["group"]) is None:
            self.groups.append(Group(name, self.group(upper)))
        self.group(line["group"]).archived = False
        self.grants |= {Grant(self.person(login), self.group(line["group"]), ADMIN_ROLE, "import") for login in line.get("admins", [])}

    def _load_app(self, line):
        app = self.apps.setdefault(fold(line["app"]), App(line["app"], None, None))
        app.owner = self.person(line["owner"]) if "owner" in line else app.owner
        app.group = self.group(line["group"]) if "group" in line else app.group

    def _load_access_group(self, line):
        found = self.access_groups.setdefault(fold(line["access_group"]), AccessGroup(line["access_group"]))
        found.apps |= {self.apps[fold(name)] for name in line.get("apps", [])}

    def _load_member(self, line):
        anchor = self.group(line["group"]) if "group" in line else (
            self.apps[fold(line["app"])] if "app" in line else self.access_groups[fold(line["access_group"])])
        self.grants.add(Grant(self.person(line["member"]), anchor, line.get("role", "App Member"), "import"))

    def quarantine(self):
        """(source, id, why) of each entry of which something could not be used."""
        for source, known in self.known.items():
            for entry_id, item in known.items():
                yield from ((source, entry_id, "rule") for _ in item.undecided)
                yield from ((source, entry_id, "person") for _ in range(item.refused))

    # --- what follows -------------------------------------------------------------------------------------------------

    def anchor_name(self, anchor):
        if isinstance(anchor, Group):
            return "group:" + anchor.path
        if isinstance(anchor, AccessGroup):
            return "access-group:" + anchor.name
        return "app:" + anchor.name if isinstance(anchor, App) else anchor

    def reach(self):
        """For each resource the anchors from which roles reach it: (resource, its kind, anchors)."""
        yield "platform", "platform", ["platform"]
        for app in self.apps.values():
            if not app.archived:
                yield "app:" + app.name, "app", [app, "platform"] + (app.group.above() if app.group else []) + [
                    found for found in self.access_groups.values() if app in found.apps]
        for name, groups in self.namespaces.items():
            yield "namespace:" + name, "namespace", [upper for group in groups for upper in group.above()]
        for cluster in {name.split("/")[0] for name in self.namespaces}:
            yield "cluster:" + cluster, "cluster", [self.root, "platform"]
        for group in self.groups:
            yield "group:" + group.path, "group", group.above() + ["platform"]

    def opened(self, opens):
        """What each person's user roles open on apps; who administers some group is a user of the highest kind."""
        found = collections.defaultdict(set)
        for grant in self.grants:
            if grant.anchor == "platform" or grant.role == ADMIN_ROLE:
                found[grant.person] |= opens["platform", grant.role]
        return found

    def effective(self, permissions_of, opens):
        """{(login, resource, permission)}; permissions_of: (kind, role) -> {(permission, scope, gate)}."""
        def kind(grant):
            if grant.anchor == "platform" or grant.role == ADMIN_ROLE:
                return "platform"
            return "app" if ("app", grant.role) in opens else "project"  # of two that are called the same, that of apps

        held = [(grant.person, grant.anchor, (kind(grant), grant.role)) for grant in self.grants]
        held += [(app.owner, app, ("project", "Owner")) for app in self.apps.values()]
        held += [(person, "platform", ("platform", "User")) for person in self.people]
        # Who is in a group or an access group is App Member of its apps.
        held += [(grant.person, grant.anchor, ("app", "App Member")) for grant in self.grants
                 if isinstance(grant.anchor, (Group, AccessGroup)) and grant.role != ADMIN_ROLE]
        opened = self.opened(opens)
        given = set()
        for resource, kind, anchors in self.reach():
            for person, anchor, role in held:
                if person.active and any(anchor is reaching for reaching in anchors):
                    given |= {(person.login, resource, permission) for permission, scope, gate in permissions_of.get(role, ())
                              if SCOPES[scope] == kind and (gate is None or gate in opened[person])}
        return given


def _options(words):
    """Positional words, and the values of each option in order."""
    plain, options = [], {}
    words = iter(words)
    for word in words:
        if word.startswith("--"):
            options.setdefault(word, []).append(next(words))
        else:
            plain.append(word)
    return plain, options


# --- comparing --------------------------------------------------------------------------------------------------------


def tuples(roster, query):
    return sorted((tuple(row.values()) for row in roster.sql(query)), key=repr)


def role_permissions(roster):
    found = {}
    for kind, role, permission, scope, gate in tuples(roster, """
            select r.kind::text, r.name as role, p.name as permission, p.scope::text as scope, p.gate::text from role_permissions rp
            join roles r on r.id = rp.role join permissions p on p.id = rp.permission"""):
        found.setdefault((kind, role), set()).add((permission, scope, gate))
    return found


def role_opens(roster):
    return {(kind, role): set(opens) for kind, role, opens in
            tuples(roster, "select kind::text, name, opens::text[] from roles where origin is null")}


def same(what, have, want):
    have, want = collections.Counter(have), collections.Counter(want)
    lacks, surplus = sorted((want - have).elements()), sorted((have - want).elements())
    assert not lacks and not surplus, f"{what}: the database lacks {lacks}, and has {surplus} too many"


def assert_equal(roster, model):
    """The database holds what the model holds, and answers what follows from it."""
    same("people", tuples(roster, "select login, active from users"),
         [(person.login, person.active) for person in model.people])
    same("groups", tuples(roster, """select p.path, g.archived, s.name as source from group_paths p
            join groups g using (id) join sources s on s.id = g.made_by"""),
         [(group.path, group.archived, group.made_by) for group in model.groups])
    same("grants", tuples(roster, """select u.login, u.active, resource_name(g.anchor) as anchor, r.name as role,
            s.name as source from grants g
            join users u on u.id = g.user_id join roles r on r.id = g.role join sources s on s.id = g.source"""),
         [(grant.person.login, grant.person.active, model.anchor_name(grant.anchor), grant.role, grant.source)
          for grant in model.grants])
    same("quarantine", tuples(roster, """select s.name as source, q.external_id, q.stage from quarantine q
            join sources s on s.id = q.source where q.stage in ('rule', 'person')"""), model.quarantine())
    same("access", tuples(roster, """select distinct u.login, resource_name(e.resource) as resource, p.name
            from effective e join users u on u.id = e.user_id join permissions p on p.id = e.permission"""),
         model.effective(role_permissions(roster), role_opens(roster)))
