#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make up a company: an LDIF file with departments, people and groups, and a catalogue of apps and namespaces.

The same sizes and seed give the same bytes, on any machine. Departments lie four levels deep; a group is named
unit-team-kind (kind: admins, devs, readers), so that match rules apply; sizes of groups follow Zipf's law; some groups
hold other groups, and two of them each other. Every entry has an entryUUID, made from its DN.
"""

import argparse
import base64
import itertools
import json
import random
import sys
import unicodedata
import uuid

SUFFIX = "dc=corp,dc=example"
SPACE = uuid.UUID("8f3e0c36-6f2b-4c9a-9d1c-5a0d6b7e4f10")
GIVEN = "Ada Bente Chidi Dora Emil Fenna Göran Hana Igor Jūratė Kofi Līga Mirek Nadia Özge Pia Quirin Rosa Søren Tariq " \
        "Ulla Vida Wim Ximena Ying Zoë".split()
FAMILY = "Abara Bøe Castro Dvořák Eklund Fontaine Grün Horvat Ilves Jansen Kowalczyk Lindqvist Marin Nowak Ó-Briain Pham " \
         "Quist Ríos Sato Tóth Uribe Vogt Wójcik Xu Yıldız Zeman".split()
PLAIN = str.maketrans({"ø": "o", "ı": "i", "ł": "l", "-": ""})
AREAS = "sales finance engineering operations people legal research support".split()
FIELDS = "north south east west core field digital plant".split()
UNITS = "pay crm web data infra shop risk mobile".split()
KINDS = ("readers", "devs", "admins")
PURPOSES = ("development", "test", "acceptance", "production")


def line(name, value):
    if value.isascii():
        return f"{name}: {value}\n"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def entry(dn, object_class, *attributes):
    head = line("dn", dn) + line("objectClass", object_class) + line("entryUUID", str(uuid.uuid5(SPACE, dn)))
    return head + "".join(line(name, value) for name, value in attributes) + "\n"


def plain(name):
    """In the letters of ASCII."""
    return unicodedata.normalize("NFD", name.lower().translate(PLAIN)).encode("ascii", "ignore").decode()


class Company:
    def __init__(self, sizes):
        self.sizes = sizes
        self.random = random.Random(sizes.seed)
        self.departments = self._departments()
        self.people = [self._person(number) for number in range(sizes.people)]
        names = (f"{unit}-t{team}-{kind}" for team in itertools.count(1) for kind in KINDS for unit in UNITS)
        self.groups = list(itertools.islice(names, sizes.groups))

    def _departments(self):
        """DNs, four levels below ou=Departments, enough for some forty people in each of the lowest."""
        top = f"ou=Departments,{SUFFIX}"
        levels = [[top], [f"ou={area},{top}" for area in AREAS]]
        levels.append([f"ou={area} {field},{dn}" for dn, area in zip(levels[1], AREAS) for field in FIELDS])
        for _ in range(2):
            wide = 1 + self.sizes.people // 40 // (len(levels[-1]) * 2)
            levels.append([f"ou=unit {n + 1},{dn}" for dn in levels[-1] for n in range(wide)])
        return levels

    def _person(self, number):
        given, family = self.random.choice(GIVEN), self.random.choice(FAMILY)
        login = plain(f"{given[0]}{family}") + str(number)
        # Departments fill one after the other, so that neighbours sit together; a few sit higher up.
        level = self.departments[-1] if self.random.random() < 0.95 else self.departments[2]
        return login, f"{given} {family}", f"uid={login},{level[number * len(level) // self.sizes.people]}"

    def group_dn(self, number):
        return f"cn={self.groups[number]},ou=Groups,{SUFFIX}"

    def group_sizes(self):
        """Zipf's law, at least one and at most a third of the company in each, the sum near to what was asked for."""
        weights = [1 / (rank + 1) for rank in range(self.sizes.groups)]
        scale = self.sizes.memberships / sum(weights)
        sizes = [min(max(1, self.sizes.people // 3), max(1, round(weight * scale))) for weight in weights]
        self.random.shuffle(sizes)
        return sizes

    def members(self, number, size):
        """Mostly neighbours of somebody, and every eighth group the one of the next kind of the same team."""
        start = self.random.randrange(self.sizes.people)
        span = min(self.sizes.people, 4 * size + 8)
        chosen = self.random.sample(range(span), min(size, span))
        dns = [self.people[(start + offset) % self.sizes.people][2] for offset in chosen]
        kind = number // len(UNITS) % len(KINDS)
        if number % 8 == 3 and kind + 1 < len(KINDS) and number + len(UNITS) < self.sizes.groups:
            dns.append(self.group_dn(number + len(UNITS)))
        if number < 2 <= self.sizes.groups:
            dns.append(self.group_dn(1 - number))  # the circle
        return dns

    def write(self, file):
        file.write("version: 1\n\n")
        file.write(entry(SUFFIX, "domain", ("dc", "corp")))
        file.write(entry(f"ou=Groups,{SUFFIX}", "organizationalUnit", ("ou", "Groups")))
        for dn in (dn for level in self.departments for dn in level):
            file.write(entry(dn, "organizationalUnit", ("ou", dn[3:dn.index(",")])))
        for number, (login, name, dn) in enumerate(self.people):
            file.write(entry(dn, "inetOrgPerson", ("uid", login), ("cn", name), ("sn", name.split()[1]),
                             ("mail", f"{login}@corp.example"),
                             ("employeeType", "contractor" if number % 20 == 7 else "employee")))
        for number, size in enumerate(self.group_sizes()):
            file.write(entry(self.group_dn(number), "groupOfNames", ("cn", self.groups[number]),
                             *(("member", dn) for dn in self.members(number, size))))

    def catalogue(self):
        """Lines for rosterctl import: apps and namespaces, by the place their group has under the usual match rule."""
        for number, name in enumerate(self.groups):
            unit, team, kind = name.split("-")
            if kind != "readers":
                continue
            owner = self.people[number % self.sizes.people][0]
            yield {"app": f"{unit}-{team}", "owner": owner, "group": f"/{unit}/{team}"}
            yield {"namespace": f"k8s/{unit}-{team}", "purposes": PURPOSES, "groups": [f"/{unit}/{team}"]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=2000)
    options.add_argument("--groups", type=int, default=150)
    options.add_argument("--memberships", type=int, default=10000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", required=True, metavar="FILE.ldif")
    options.add_argument("--catalogue", metavar="FILE.jsonl", help="what rosterctl import takes")
    sizes = options.parse_args()
    if min(sizes.people, sizes.groups) < 1:
        sys.exit("generate: a company needs people and groups")
    company = Company(sizes)
    with open(sizes.out, "w", encoding="utf-8", buffering=1 << 20) as file:
        company.write(file)
    if sizes.catalogue:
        with open(sizes.catalogue, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in company.catalogue())


if __name__ == "__main__":
    main()
