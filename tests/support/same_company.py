# SPDX-License-Identifier: Apache-2.0
"""One company, generated, in directories of several makes; and what follows from it, computed from the company alone.

Company is the truth. Each Shore puts it into a directory in that directory's own words, and follows its changes."""

import random
import time
import uuid

import ldap
import ldap.dn

import ds389
import samba
import slapd
from samba import DISABLED, NORMAL

UGLY = ["Ng, Alice", "O'Neil \"Bob\"", "#hash first", "a+b=c", "back\\slash", "semi;colon", "<angle>", "Jürgen Größe", "李 小龍",
        "two  spaces", "trailing dot.", "ünïcode, comma"]
TEAMS = ["pay", "web", "ops", "hr", "law"]


class Person:
    def __init__(self, login, name, unit):
        self.login, self.name, self.unit, self.closed, self.gone, self.id = login, name, unit, False, False, uuid.uuid4()


class Company:
    """Units have a name and a parent; groups have a name and members, which are people and names of groups."""

    def __init__(self, seed, people=40):
        self.random = random.Random(seed)
        self.units = {"Staff": None, "North": "Staff", "South": "Staff", "Deep": "North"}
        self.people = []
        for number in range(people):
            name = UGLY[number] if number < len(UGLY) else f"Person {number}"
            self.people.append(Person(f"p{number}", name, self.random.choice(sorted(self.units))))
        self.groups = {}
        for team in TEAMS:
            self.groups[f"team-{team}"] = set(self.random.sample(self.people, 4))
            self.groups[f"inner-{team}"] = set(self.random.sample(self.people, 3))
        for team, other in zip(TEAMS, TEAMS[1:] + TEAMS[:1]):
            self.groups[f"team-{team}"].add(f"inner-{team}")
            self.groups[f"inner-{team}"].add(f"inner-{other}")  # a circle
        for person in self.random.sample(self.people, 5):
            person.closed = True

    # --- what is to be seen ----------------------------------------------------------------------------------------------

    def active(self):
        return {person.login: (f"{person.login}@ex.test", person.name) for person in self.people if not person.gone and not person.closed}

    def memberships(self):
        """Who is listed where: people whose account is open, and groups."""
        return {name: {member if isinstance(member, str) else member.login for member in members
                       if isinstance(member, str) or not (member.gone or member.closed)} for name, members in self.groups.items()}

    def inside(self, name, seen=()):
        people = set()
        for member in self.groups.get(name, ()):
            if not isinstance(member, str):
                people.add(member)
            elif member not in seen:
                people |= self.inside(member, (*seen, member))
        return people

    def grants(self):
        """Who is open and in a team is its developer; who is in a unit has a place of that name."""
        found = {(person.login, f"group:/{name.removeprefix('team-')}", "Developer") for name in self.groups if name.startswith("team-")
                 for person in self.inside(name)}
        for person in self.people:
            found.add((person.login, f"group:/org{self.path(person.unit)}".lower(), "Contributor"))
        active = self.active()
        return {row for row in found if row[0] in active}

    def path(self, unit):
        return "" if self.units[unit] is None else f"{self.path(self.units[unit])}/{unit}"

    # --- what happens -----------------------------------------------------------------------------------------------------

    def there(self):
        return [person for person in self.people if not person.gone]

    def edit(self, shore):
        """One change, in the company and in the directory."""
        choice = self.random.choice(["rename", "move", "close", "join", "leave", "hire", "fire", "again", "unit"])
        person = self.random.choice(self.there())
        group = self.random.choice(sorted(self.groups))
        if choice == "rename":
            old = shore.dn(person)
            person.name = f"{self.random.choice(UGLY)} {self.random.randrange(10 ** 6)}"
            shore.move(old, person)
        elif choice == "move":
            old = shore.dn(person)
            person.unit = self.random.choice(sorted(self.units))
            shore.move(old, person)
        elif choice == "close":
            person.closed = not person.closed
            shore.close(person)
        elif choice == "join" and person not in self.groups[group]:
            self.groups[group].add(person)
            shore.join(group, person)
        elif choice == "leave" and person in self.groups[group] and len(self.groups[group]) > 2:
            self.groups[group].discard(person)
            shore.leave(group, person)
        elif choice in ("fire", "again") and all(len(members) > 2 for members in self.groups.values()):
            self.fire(person, shore)
            if choice == "again":  # under the same name and login: somebody else
                self.hire(Person(person.login, person.name, person.unit), shore)
        elif choice == "hire":
            number = len(self.people)
            self.hire(Person(f"p{number}", f"Person {number}", self.random.choice(sorted(self.units))), shore)
        elif choice == "unit":
            old = self.random.choice(["North", "South", "Deep"])
            if old in self.units:
                self.rename_unit(old, f"{old[0]}{self.random.randrange(10 ** 6)}", shore)
        return choice

    def hire(self, person, shore):
        self.people.append(person)
        shore.add_person(person)

    def fire(self, person, shore):
        shore.remove(person)
        person.gone = True
        for members in self.groups.values():
            members.discard(person)

    def rename_unit(self, old, new, shore):
        shore.rename_unit(old, new)
        self.units = {new if name == old else name: new if parent == old else parent for name, parent in self.units.items()}
        for person in self.people:
            person.unit = new if person.unit == old else person.unit


class Shore:
    """A directory that holds the company below self.root."""

    def __init__(self, company):
        self.company = company

    def build(self):
        for unit in self.company.units:
            self.add_unit(self.unit(unit))
        self.add_unit(f"OU=Groups,{self.root}")
        for person in self.company.people:
            self.add_person(person)
        for name in self.company.groups:
            self.add_group(name)
        for name, members in self.company.groups.items():
            for member in members:
                if isinstance(member, str):
                    self.change_member(ldap.MOD_ADD, name, self.group(member))

    def unit(self, name):
        parent = self.company.units[name]
        return f"OU={name},{self.unit(parent) if parent else self.root}"

    def dn(self, person):
        return f"CN={ldap.dn.escape_dn_chars(person.name)},{self.unit(person.unit)}"

    def group(self, name):
        return f"CN={name},OU=Groups,{self.root}"

    def people_of(self, name):
        return [self.dn(member) for member in self.company.groups[name] if not isinstance(member, str)]

    def add(self, dn, **attributes):
        self.directory.add_s(dn, [(name, [item if isinstance(item, bytes) else str(item).encode() for item in
                                          (value if isinstance(value, list) else [value])]) for name, value in attributes.items()])

    def add_unit(self, dn):
        self.add(dn, objectClass="organizationalUnit", ou=dn.split(",")[0][3:])

    def move(self, old, person):
        new = self.dn(person)
        if new != old:
            name, parent = new[:len(new) - len(self.unit(person.unit)) - 1], self.unit(person.unit)
            self.directory.rename_s(old, name, parent)

    def rename_unit(self, old, new):
        self.directory.rename_s(self.unit(old), f"OU={new}")

    def change_member(self, how, group, dn):
        self.directory.modify_s(self.group(group), [(how, "member", [dn.encode()])])

    def join(self, group, person):
        self.change_member(ldap.MOD_ADD, group, self.dn(person))

    def leave(self, group, person):
        self.change_member(ldap.MOD_DELETE, group, self.dn(person))

    def remove(self, person):
        self.directory.delete_s(self.dn(person))

    def replace(self, dn, name, value):
        self.directory.modify_s(dn, [(ldap.MOD_REPLACE, name, None if value is None else [str(value).encode()])])


class Plain(Shore):
    """inetOrgPerson and groupOfNames."""

    def add_person(self, person):
        self.add(self.dn(person), objectClass=["inetOrgPerson", "shadowAccount"], uid=person.login, cn=person.name, sn="x",
                 mail=f"{person.login}@ex.test")
        if person.closed:
            self.close(person)

    def add_group(self, name):
        self.add(self.group(name), objectClass="groupOfNames", cn=name, member=self.people_of(name))


class OnSlapd(Plain):
    """With referential integrity, which edits groups and says nothing of it."""

    def __init__(self, company):
        super().__init__(company)
        self.root = slapd.SUFFIX
        ldif = f"dn: {self.root}\nobjectClass: dcObject\nobjectClass: organization\ndc: ex\no: ex\n"
        self.server = slapd.Slapd(ldif, settings=["moduleload refint"], sync=[
            "syncprov-checkpoint 1 1", "syncprov-sessionlog 10000", "overlay refint", "refint_attributes member", "refint_nothing cn=nobody"])

    def open(self):
        self.server.__enter__()
        self.directory = self.server.admin()
        self.login = (self.server.url, slapd.ADMIN, slapd.PASSWORD, "")

    def close(self, person):
        self.replace(self.dn(person), "shadowExpire", 1 if person.closed else None)


class OnDS389(Plain):
    def __init__(self, company):
        super().__init__(company)
        self.root = ds389.SUFFIX
        self.server = ds389.DS389(ds389.FOLLOWED)

    def open(self):
        self.server.__enter__()
        self.directory = self.server.admin()
        self.login = (self.server.url, ds389.ADMIN, ds389.PASSWORD, "")

    def close(self, person):
        self.replace(self.dn(person), "nsAccountLock", "true" if person.closed else None)


class OnSamba(Shore):
    def __init__(self, company):
        super().__init__(company)
        self.root = f"OU=Company,{samba.SUFFIX}"
        self.server = samba.Samba()

    def open(self):
        self.server.__enter__()
        self.directory = self.server.admin()
        self.add(self.root, objectClass="organizationalUnit")
        self.login = (self.server.ldaps, samba.ADMIN, samba.PASSWORD, f'ca_file: "{self.server.ca}"; timeouts: {{ connect: "30s" }}')

    def add_unit(self, dn):
        self.add(dn, objectClass="organizationalUnit")

    def add_person(self, person):
        self.add(self.dn(person), objectClass="user", sAMAccountName=person.login, displayName=person.name,
                 mail=f"{person.login}@ex.test", unicodePwd=samba.quoted(samba.PASSWORD),
                 userAccountControl=DISABLED if person.closed else NORMAL)

    def add_group(self, name):
        self.add(self.group(name), objectClass="group", sAMAccountName=name, member=self.people_of(name))

    def move(self, old, person):
        super().move(old, person)
        self.replace(self.dn(person), "displayName", person.name)

    def close(self, person):
        self.replace(self.dn(person), "userAccountControl", DISABLED if person.closed else NORMAL)


class OnFile(Plain):
    """What an export of it would say."""

    def __init__(self, company):
        super().__init__(company)
        self.root, self.ids = "DC=ex,DC=test", {}

    def open(self):
        pass

    def id_of(self, name):
        return self.ids.setdefault(name, uuid.uuid4())

    def ldif(self):
        records = []
        for unit in self.company.units:
            records.append((self.unit(unit), {"objectClass": ["organizationalUnit"], "ou": [unit], "entryUUID": [self.id_of(unit)]}))
        for person in self.company.there():
            records.append((self.dn(person), {
                "objectClass": ["inetOrgPerson"], "uid": [person.login], "cn": [person.name], "mail": [f"{person.login}@ex.test"],
                "entryUUID": [person.id], **({"nsAccountLock": ["TRUE"]} if person.closed else {})}))
        for name, members in self.company.groups.items():
            there = [self.group(member) if isinstance(member, str) else self.dn(member) for member in members]
            records.append((self.group(name), {"objectClass": ["groupOfNames"], "cn": [name], "member": there,
                                               "entryUUID": [self.id_of(name)]}))
        return "version: 1\n\n" + "\n".join(map(record, records))

    def rename_unit(self, old, new):
        self.ids[new] = self.ids.pop(old, uuid.uuid4())

    def nothing(self, *_):
        """The company is what is written."""

    build = add_person = move = close = join = leave = remove = nothing


def record(item):
    import base64

    dn, attributes = item
    lines = ["dn:: " + base64.b64encode(dn.encode()).decode()]
    for name, values in attributes.items():
        lines += [f"{name}:: " + base64.b64encode(str(value).encode()).decode() for value in values]
    return "\n".join(lines) + "\n"


def quiet(seconds=0.2):
    """What a server does in silence after an edit."""
    time.sleep(seconds)
