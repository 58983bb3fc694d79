# SPDX-License-Identifier: Apache-2.0
"""Names and logins that change hands at random, with groups told before, with them or after: whoever reads that for the first
time gives the same. ROSTER_SEED: of which life; ROSTER_STEPS: how many reads."""

import os
import random

from roster import Roster
from test_other_names import CONFIGURATION, CLOSED, record

SEED = int(os.environ.get("ROSTER_SEED", "1"))
STEPS = int(os.environ.get("ROSTER_STEPS", "12"))
FEWEST = 8


class Town:
    """People by number with a name (in their DN) and a login; groups list them by the one or the other. A server or a person who
    takes care has each group name its members as they are called when it is read."""

    def __init__(self, chance):
        self.chance, self.last = chance, 100
        self.people, self.called, self.listed = {}, {}, {}  # (now; and when it was read before)
        for _ in range(FEWEST + 4):
            self.hire()
        self.groups = {f"team-{letter}": {"by": chance.choice(["name", "login"]), "members": set(chance.sample(sorted(self.people), 4)),
                                          "foretold": {}} for letter in "abcde"}

    def fresh(self):
        self.last += 1
        return self.last

    def someone(self):
        return self.chance.choice(sorted(self.people))

    def hire(self, **called):
        number = self.fresh()
        self.people[number] = {"name": f"n{number}", "login": f"l{number}", "closed": False} | called
        return number

    def fire(self):
        if len(self.people) > FEWEST:
            self.people.pop(self.someone())

    def join(self):
        self.chance.choice(list(self.groups.values()))["members"].add(self.someone())

    def part(self):
        group = self.chance.choice(list(self.groups.values()))
        group["members"] -= {self.someone()}

    def close(self):
        person = self.people[self.someone()]
        person["closed"] = not person["closed"]

    def rename(self):
        by = self.chance.choice(["name", "login"])
        self.people[self.someone()][by] = f"{by[0]}{self.fresh()}"

    def swap(self):
        by, one, other = self.chance.choice(["name", "login"]), self.people[self.someone()], self.people[self.someone()]
        one[by], other[by] = other[by], one[by]

    def take(self):
        """The name of somebody who is gone, or has another one since."""
        by, one, other = self.chance.choice(["name", "login"]), self.someone(), self.someone()
        if one == other or len(self.people) <= FEWEST:
            return
        self.people[one][by] = self.people[other][by]
        if self.chance.random() < 0.5:
            del self.people[other]
        else:
            self.people[other][by] = f"{by[0]}{self.fresh()}"

    def foretell(self):
        group = self.chance.choice(list(self.groups.values()))
        here = sorted(group["members"] & set(self.people))
        if here:
            group["foretold"].setdefault(self.chance.choice(here), f"{group['by'][0]}{self.fresh()}")

    def fulfil(self):
        """He gets the name, and often somebody else his old one, and his groups."""
        group = self.chance.choice(list(self.groups.values()))
        for number, name in group["foretold"].items():
            if number not in self.people:
                continue
            by, old = group["by"], self.people[number][group["by"]]
            self.people[number][by] = name
            if self.chance.random() < 0.7:
                heir = self.hire(**{by: old})
                for other in self.groups.values():
                    if other["by"] == by and number in other["members"] and self.chance.random() < 0.6:
                        other["members"].add(heir)
        group["foretold"] = {}

    def live(self):
        for _ in range(self.chance.randrange(1, 9)):
            self.chance.choice([self.hire, self.fire, self.join, self.part, self.close, self.rename, self.swap, self.take, self.foretell,
                                self.foretell, self.fulfil, self.fulfil])()

    def lists(self, group):
        """Each name, and whose it is."""
        own = {self.people[member][group["by"]]: member for member in sorted(group["members"] & set(self.people))}
        return {name: None for name in group["foretold"].values()} | own

    def is_taken_for_another(self, group, before, name):
        """The group lists what it did, of somebody else, and shows by nothing that it knows: a reused name inherits nothing."""
        former, now, by = before.get(name), self.lists(group)[name], group["by"]
        if former is None or now is None or former == now:
            return False
        knows = former in self.people and self.people[former][by] in self.lists(group)
        earlier = self.called.get(now, {}).get(by)
        return not knows and (earlier not in before or earlier in self.lists(group))

    def read(self):
        """What the directory says now. Whoever would be taken for another leaves that group first."""
        changed = True
        while changed:
            changed = False
            for name, group in self.groups.items():
                for one in [one for one in self.lists(group) if self.is_taken_for_another(group, self.listed.get(name, {}), one)]:
                    group["members"].discard(self.lists(group).get(one))
                    changed = True
        self.listed = {name: self.lists(group) for name, group in self.groups.items()}
        self.called = {number: dict(person) for number, person in self.people.items()}
        return "version: 1\n\n" + "\n".join(self.records())

    def records(self):
        for number, person in self.people.items():
            yield record(number, f"uid={person['name']},ou=people", "objectClass: inetOrgPerson", f"uid: {person['login']}", f"cn: {number}",
                         *([CLOSED] if person["closed"] else []))
        for number, (name, group) in enumerate(self.groups.items(), 1):
            listed = sorted(self.lists(group))
            if group["by"] == "login":
                yield record(number, f"cn={name},ou=groups", "objectClass: posixGroup", f"cn: {name}", "gidNumber: 5", *[f"memberUid: {one}" for one in listed])
            else:
                yield record(number, f"cn={name},ou=groups", "objectClass: groupOfNames", f"cn: {name}",
                             *[f"member: {one}" for one in [f"uid={one},ou=people,dc=x" for one in listed] or ["cn=nobody"]])


def holdings(roster):
    return {(row["login"], row["anchor"]) for row in roster.sql("""select u.login, resource_name(g.anchor) as anchor
        from grants g join users u on u.id = g.user_id and u.active where g.source <> 0""")}


def test_whoever_reads_it_anew_gives_the_same(roster, cluster, template, tmp_path):
    town, other = Town(random.Random(SEED)), f"{roster.database}_anew"
    roster.configure(CONFIGURATION)
    (tmp_path / other).mkdir()
    for step in range(STEPS):
        town.live()
        text = town.read()
        (roster.directory / "people.ldif").write_text(text)
        roster.ctl("sync")
        cluster.create_database(other, template)
        anew = Roster(cluster, other, tmp_path / other)
        anew.configure(CONFIGURATION)
        (anew.directory / "people.ldif").write_text(text)
        anew.ctl("sync")
        expected = holdings(anew)
        anew.close()
        cluster.drop_database(other)
        assert holdings(roster) == expected, f"ROSTER_SEED={SEED} ROSTER_STEPS={step + 1}"
        assert expected
