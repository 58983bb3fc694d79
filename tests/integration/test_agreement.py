# SPDX-License-Identifier: Apache-2.0
"""Promise 3: one definition, asked in several ways: in a company of the demo's size roster.can, roster.effective_access, who_can and
explain say the same, and every reason that is given is true, link by link, by the directory itself."""

import functools
import json
import random
import re
import subprocess

import pytest

from directory import dn_parts, read_ldif
from roster import ROOT, Roster, TEMPLATE
from ruleset import Ruleset

RULES = {
    "team-roles": {"match": r"cn ~ (?<unit>[a-z]+)-(?<team>[a-z0-9]+)-(?<kind>admins|devs|readers)", "into": "/${unit}/${team}",
                   "role_by": "kind", "role": {"admins": "Operator", "devs": "Developer", "readers": "Contributor"}},
    "org-chart": {"subtree": "ou=Departments,dc=corp,dc=example", "into": "/org", "max_depth": 2, "role": "Contributor"},
    "contractors": {"users": "(employeeType=contractor)", "into": "/external", "role": "Contributor"},
}
SOURCE = {"users": {"base": "ou=Departments,dc=corp,dc=example"}, "groups": {"base": "ou=Groups,dc=corp,dc=example"},
          "units": {"base": "ou=Departments,dc=corp,dc=example"}}
SEED = 7
ASKED = 500  # of each answer
SHOWN = 20   # every so many-th by the program itself, too
NOES = 60    # whose obstacles are looked at
ASKED_FOR = {"group": "group.members.manage", "app": "cicd.approve", "namespace": "cluster.stop"}


def setting(value):
    if isinstance(value, dict):
        return "{ " + "; ".join(f"{name}: {setting(item)}" for name, item in value.items()) + " }"
    return json.dumps(value)


CONFIGURATION = f"""
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "company.ldif"; {setting(SOURCE)[1:-1]} }} }}
safety: {{ first_run: "apply" }}
rules: {setting({"default_admins": ["admin"], **RULES})}
"""


class Company:
    """The directory as Python reads it, and what an administrator made by hand."""

    def __init__(self, folder):
        subprocess.run([ROOT / "tests/bench/generate.py", "--people", "2000", "--groups", "150", "--memberships", "6000",
                        "--out", folder / "company.ldif", "--catalogue", folder / "catalogue.jsonl"], check=True)
        self.entries = {dn_parts(entry.dn): entry for entry in read_ldif(folder / "company.ldif", SOURCE).entries}
        self.people = {entry.first("uid"): entry for entry in self.entries.values() if entry.kind == "user"}
        self.rules = Ruleset({"rules": {"default_admins": ["admin"], **RULES}}, "corp")
        self.catalogue = folder / "catalogue.jsonl"
        self.above = {}
        for group in self.entries.values():
            for member in group.attributes.get("member", []):
                self.above.setdefault(dn_parts(member), set()).add(dn_parts(group.dn))
        self.owners, self.groups = {}, {}  # of resources
        for line in map(json.loads, self.catalogue.read_text().splitlines()):
            if "app" in line:
                self.owners[f"app:{line['app']}"] = line["owner"]
                self.groups[f"app:{line['app']}"] = line["group"]
            else:
                self.groups |= {f"namespace:{line['namespace']}/{purpose}": line["groups"][0] for purpose in line["purposes"]}

    @functools.cache
    def standing(self, login):
        """The names of his entry, of the groups he is in, and of the unit he is directly in."""
        person = self.people[login]
        inside, more = set(), {dn_parts(person.dn)}
        while more:
            inside |= more
            more = set().union(*(self.above.get(name, set()) for name in more)) - inside
        return inside | {dn_parts(person.dn)[1:]}

    @functools.cache
    def holds(self, login):
        """(anchor, role) of a person, by the directory and the catalogue alone."""
        standing = [self.entries[name] for name in self.standing(login)]
        held = {(f"group:{door.anchor}", door.role) for entry in standing for door in self.rules.doors(entry, [])[0]}
        return held | {(resource, "Owner") for resource, owner in self.owners.items() if owner == login}


def reaches(anchor, resource, groups):
    """How many groups lie between, None when it does not."""
    if anchor == resource:
        return 0
    above, below = anchor.removeprefix("group:").rstrip("/"), groups.get(resource, "")
    if not anchor.startswith("group:") or not (below + "/").startswith(above + "/"):
        return None
    return below.count("/") - above.count("/") if above else below.count("/")


@pytest.fixture(scope="module")
def world(cluster, template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement")
    cluster.create_database("agreement", template)
    roster = Roster(cluster, "agreement", folder)
    roster.configure(CONFIGURATION)
    company = Company(folder)
    roster.ctl("sync")
    roster.ctl("import", company.catalogue)
    roster.sql("create temporary table allowed as select distinct user_id, resource, kind, permission from effective")
    roster.sql("analyze")
    yield roster, company
    roster.close()
    cluster.drop_database("agreement")


def test_can_and_effective_access_agree_about_every_pair_that_has_access(world):
    roster, _ = world
    (counted,) = roster.sql("""select count(distinct (user_id, resource)) as pairs, count(*) filter (where not can(user_id, permission, resource))
        as denied from allowed""")
    assert counted["pairs"] > 5000 and counted["denied"] == 0
    (counted,) = roster.sql("""
        with meant as materialized (
            select user_id, resource, array_agg(p.name order by p.name) as permissions
            from allowed a join permissions p on p.id = a.permission group by 1, 2)
        select count(*) as pairs, count(*) filter (where m.permissions is distinct from said.permissions) as differing
        from meant m cross join lateral (select array_agg(distinct e.permission order by e.permission) as permissions
            from effective_access(m.user_id, m.resource) e) said""")
    assert counted["pairs"] > 5000 and counted["differing"] == 0


def test_no_is_said_to_everybody_else(world):
    """Of what is not allowed a part is enough."""
    roster, _ = world
    (counted,) = roster.sql("""
        with asked as materialized (
            select u.id as user_id, r.id as resource, q.id as permission from users u, resources r, permissions q
            where hashint8(hashtext(u.id::text)::bigint * r.id + q.id) % 1000 = 0)
        select count(*) as asked, count(*) filter (where can(a.user_id, a.permission, a.resource)) as allowed
        from asked a where not exists (select from allowed e
            where e.user_id = a.user_id and e.resource = a.resource and e.permission = a.permission)""")
    assert counted["asked"] > 10000 and counted["allowed"] == 0


def test_every_reason_is_true_and_every_no_too(world):
    roster, company = world
    chance = random.Random(SEED)
    permits = {}
    for row in roster.sql("""select r.name as role, p.name as permission from role_permissions m join roles r on r.id = m.role
            join permissions p on p.id = m.permission"""):
        permits.setdefault(row["role"], set()).add(row["permission"])
    names = {kind: [row["name"] for row in roster.sql("""select p.name from permissions p join scope_resources s on s.scope = p.scope
        and s.kind::text = %s""", kind)] for kind in ("app", "namespace")}
    yes, no = [], []
    logins, resources = sorted(company.people), sorted(company.groups)
    while len(yes) < ASKED or len(no) < ASKED:
        login, resource = chance.choice(logins), chance.choice(resources)
        permission = chance.choice(names[resource.partition(":")[0]])
        may = any(permission in permits[role] for anchor, role in company.holds(login)
                  if role and reaches(anchor, resource, company.groups) is not None)
        questions = yes if may else no
        if len(questions) < ASKED:
            questions.append((login, permission, resource))
    known = reasons(roster, yes + no)
    for number, question in enumerate(yes):
        assert known[question], question
        for path in known[question]:
            check_path(company, permits, question, path)
        if number % SHOWN == 0:
            said = explain(roster, question)
            assert said["allowed"] and brief(said["paths"]) == brief(known[question])
    for number, question in enumerate(no):
        assert not known[question], question
        if number % SHOWN == 0:
            said = explain(roster, question)
            assert not said["allowed"] and not said["paths"], question


def test_every_obstacle_is_true(world):
    """Of a no, with a permission or without: who is said not to be in a group is not in it, what a rule is said to give would
    do, and a role that is not enough is held. What he does hold is named first."""
    roster, company = world
    chance = random.Random(SEED)
    meant = {}
    for row in roster.sql("""select r.name as role, p.name as permission, s.kind::text as kind from role_permissions m
            join roles r on r.id = m.role join permissions p on p.id = m.permission join scope_resources s on s.scope = p.scope"""):
        meant.setdefault((row["role"], row["kind"]), set()).add(row["permission"])
    groups = [f"group:{row['path']}" for row in roster.sql("select path from group_paths where path <> '/'")]
    company.groups.update((name, name.removeprefix("group:")) for name in groups)
    logins, said, with_role = sorted(company.people), 0, 0
    while said < NOES:
        login = chance.choice(logins)
        held = [(anchor, role) for anchor, role in company.holds(login) if anchor.startswith("group:")]
        # Where he has something, as often as elsewhere.
        resource = chance.choice(held)[0] if held and said % 2 else chance.choice(sorted(company.groups))
        permission = chance.choice([None, ASKED_FOR[resource.partition(":")[0]]])
        explanation = roster.json("explain", login, resource, *filter(None, [permission]))
        if explanation["allowed"]:
            continue
        said += 1
        enough = {role for (role, kind), permissions in meant.items()
                  if kind == resource.partition(":")[0] and (permission is None or permission in permissions)}
        reaching = {(anchor, role) for anchor, role in company.holds(login) if reaches(anchor, resource, company.groups) is not None}
        obstacles = explanation["obstacles"]
        roles = [obstacle["why"] for obstacle in obstacles if obstacle["kind"] == "role"]
        with_role += bool(roles)
        assert {why.split(" in ")[0] + " in " + re.split(", (?:which|a role)", why.split(" in ", 1)[1])[0] for why in roles} == {
            f"{login} is {role} in {anchor.removeprefix('group:')}" for anchor, role in reaching}, (explanation, reaching)
        for obstacle in obstacles:
            assert obstacle["kind"] in ("role", "rule", "nobody", "permission"), obstacle
            if obstacle["kind"] == "rule":
                check_obstacle(company, login, resource, obstacle, enough)
    assert with_role > NOES / 4


def check_obstacle(company, login, resource, obstacle, enough):
    role, _, place = obstacle["gives"].partition(" in ")
    assert role in enough and reaches(f"group:{place}", resource, company.groups) is not None, obstacle
    assert (f"group:{place}", role) not in company.holds(login), obstacle
    shut = re.fullmatch(re.escape(login) + " is not (directly )?in (.*)", obstacle["why"])
    if shut:
        assert dn_parts(shut[2]) not in company.standing(login), obstacle
    else:
        assert obstacle["why"].startswith("users filter does not match: "), obstacle


def explain(roster, question):
    login, permission, resource = question
    return roster.json("explain", login, resource, permission)


def reasons(roster, questions):
    """What explain puts into words."""
    rows = roster.sql("""
        select q.login, q.permission as asked, q.resource, m.*, d.entry_dn as entry, d.path as groups, d.rule
        from unnest(%s::text[], %s::text[], %s::text[]) with ordinality q(login, permission, resource, number)
        cross join lateral (select user_by_login(q.login) as id offset 0) u
        cross join lateral model_paths(u.id, resource_named(q.resource), permission_named(q.permission)) with ordinality m
        left join lateral directory_paths(u.id, m.anchor_id, m.role_id, m.source_id) with ordinality d on true
        order by q.number, m.ordinality, d.ordinality""", *map(list, zip(*questions)))
    known = {question: [] for question in questions}
    for row in rows:
        paths = known[row["login"], row["asked"], row["resource"]]
        same = ("role", "anchor", "source", "through", "distance")
        if not paths or any(paths[-1][name] != row[name] for name in same):
            paths.append({**{name: row[name] for name in same}, "doors": []})
        if row["entry"] is not None:
            paths[-1]["doors"].append({name: row[name] for name in ("entry", "groups", "rule")})
    return known


def brief(paths):
    return [(path["role"], path["anchor"], path["source"], path["distance"],
             [(door["entry"], door["groups"], door["rule"]) for door in path["doors"]]) for path in paths]


def check_path(company, permits, question, path):
    login, permission, resource = question
    assert permission in permits[path["role"]], path
    assert (path["anchor"], path["role"]) in company.holds(login), path
    assert reaches(path["anchor"], resource, company.groups) == path["distance"], path
    if path["anchor"] != resource:
        assert path["through"] == company.groups[resource], path
    assert (path["source"] == "hand") == (path["role"] == "Owner"), path
    assert bool(path["doors"]) == (path["source"] == "corp"), path
    for door in path["doors"]:
        check_door(company, login, path, door)


def check_door(company, login, path, door):
    person = company.people[login]
    assert dn_parts(door["entry"]) == dn_parts(person.dn), door
    at = person
    for name in door["groups"]:
        upper = company.entries[dn_parts(name)]
        if upper.kind == "unit":
            assert at is person and dn_parts(person.dn)[1:] == dn_parts(upper.dn), door
        else:
            assert dn_parts(at.dn) in map(dn_parts, upper.attributes["member"]), door
        at = upper
    given = company.rules.doors(at, [])[0]
    assert (door["rule"], path["anchor"], path["role"]) in {(one.rule, f"group:{one.anchor}", one.role) for one in given}, door
