# SPDX-License-Identifier: Apache-2.0
"""A scripted life: edits of a directory, drawn by chance from what its administrator reads, whatever make it is."""

import ldap
import ldap.dn

from living import fold

UGLY = ["Ng, Alice", "O'Neil \"Bob\"", "#hash first", "a+b=c", "back\\slash", "semi;colon", "<angle>", "Jürgen Größe", "李 小龍",
        "two  spaces", "trailing dot.", "ünïcode, comma"]
TEAMS = ["api", "billing", "cloud", "data", "edge", "forms"]
UNITS = ["North", "South", "Deep", "Far", "High"]
PEOPLE = 50
# How often, of all edits.
EDITS = {"hire": 3, "fire": 3, "again": 2, "rename": 3, "move": 3, "leave": 1, "return": 2, "join": 8, "part": 6, "nest": 2,
         "unnest": 1, "disable": 3, "enable": 4, "expire": 1, "unexpire": 2, "new login": 2, "other's login": 1, "other's mail": 1,
         "new mail": 2, "new group": 2, "end group": 1, "group again": 1, "rename group": 1, "new unit": 1, "rename unit": 2,
         "move unit": 1, "end unit": 1, "name of another": 1}


class Life:
    """edit() does one; readings: what an administrator read after each since begin()."""

    def __init__(self, server, chance):
        self.server, self.chance = server, chance
        self.number = 0
        self.told, self.readings, self.touched = [], [], set()
        self.closed = set()  # how somebody was closed, to open him the same way

    def found(self):
        """The company at the beginning."""
        units = [self.server.staff]
        for name in UNITS[:4]:
            units.append(f"OU={name},{self.chance.choice(units)}")
            self.server.add_unit(units[-1])
        for number in range(PEOPLE):
            self.hire(self.chance.choice(units), UGLY[number] if number < len(UGLY) else None)
        people = self.server.read().of("user")
        for team in TEAMS[:4]:
            for kind in ("team", "inner"):
                self.server.add_group(self.group(f"{kind}-{team}"), [one.dn for one in self.chance.sample(people, 5)])
            self.server.change_member(ldap.MOD_ADD, self.group(f"team-{team}"), self.group(f"inner-{team}"))
        for team, other in zip(TEAMS[:4], [*TEAMS[1:3], TEAMS[0]]):  # a circle of three
            self.server.change_member(ldap.MOD_ADD, self.group(f"inner-{team}"), self.group(f"inner-{other}"))
        self.begin()

    def begin(self):
        """From here on."""
        self.told, self.touched = [], set()
        self.readings = [self.server.read()]

    def group(self, name):
        return f"CN={name},{self.server.groups}"

    @property
    def reading(self):
        return self.readings[-1]

    def fresh(self):
        self.number += 1
        return self.number

    # --- who ----------------------------------------------------------------------------------------------------------------

    def choose(self, entries):
        entries = list(entries)
        return self.chance.choice(entries) if entries else None

    def person(self, condition=lambda person: True):
        """Nobody whose login was touched in this round: who has it in the end must not depend on how much of a round roster
        has seen."""
        return self.choose(person for person in self.reading.of("user")
                           if condition(person) and fold(person.login) not in self.touched)

    def touch(self, *logins):
        self.touched |= {fold(login) for login in logins}

    def unit(self):
        return self.choose([*(unit.dn for unit in self.reading.of("unit")), self.server.staff])

    # --- edits --------------------------------------------------------------------------------------------------------------

    def edit(self, kinds=None):
        """One, in words; None when there was nobody to do it to, or the server refused."""
        kinds = kinds or list(EDITS)
        kind = self.chance.choices(kinds, [EDITS[kind] for kind in kinds])[0]
        try:
            words = getattr(self, "do_" + kind.replace(" ", "_").replace("'", ""))()
        except (ldap.SERVER_DOWN, ldap.CONNECT_ERROR):
            raise
        except ldap.LDAPError as refusal:
            words, kind = None, f"{kind}: {refusal}"
            self.server.cure()
        self.readings.append(self.server.read())
        if words is not None:
            self.told.append(f"{kind}: {words}")
        return words

    def hire(self, unit, name=None):
        number = self.fresh()
        dn = f"CN={ldap.dn.escape_dn_chars(name or f'Person {number}')},{unit}"
        self.server.add_person(dn, f"p{number}")
        return dn

    def do_hire(self):
        return self.hire(self.unit())

    def do_fire(self):
        person = self.person() if len(self.reading.of("user")) > PEOPLE - 15 else None
        if person is None:
            return None
        self.touch(person.login)
        self.server.directory.delete_s(person.dn)
        return person.dn

    def do_again(self):
        """Somebody else under his name and login."""
        person = self.person()
        if person is None:
            return None
        self.touch(person.login)
        self.server.directory.delete_s(person.dn)
        self.server.add_person(person.dn, person.login)
        return person.dn

    def named(self, person, name):
        """His entry under another name, where it is."""
        self.server.rename(person.dn, f"CN={ldap.dn.escape_dn_chars(name)}")
        if self.server.name_word != "cn":
            dn = f"CN={ldap.dn.escape_dn_chars(name)},{ldap.dn.dn2str(ldap.dn.str2dn(person.dn)[1:])}"
            self.server.replace(dn, self.server.name_word, name)
        return f"{person.dn} to {name}"

    def do_rename(self):
        person = self.person()
        return person and self.named(person, f"{self.chance.choice(UGLY)} {self.fresh()}")

    def do_name_of_another(self):
        """He goes, and another takes his name at once."""
        gone, person = self.person(), self.person()
        if gone is None or person is None or gone.id == person.id or gone.place[1:] != person.place[1:]:
            return None
        self.touch(gone.login)
        self.server.directory.delete_s(gone.dn)
        return self.named(person, ldap.dn.str2dn(gone.dn)[0][0][1])

    def do_move(self):
        person, unit = self.person(), self.unit()
        if person is None:
            return None
        self.server.rename(person.dn, ldap.dn.dn2str(ldap.dn.str2dn(person.dn)[:1]), unit)
        return f"{person.dn} to {unit}"

    def do_leave(self):
        person = self.person()
        if person is None:
            return None
        self.touch(person.login)
        self.server.rename(person.dn, ldap.dn.dn2str(ldap.dn.str2dn(person.dn)[:1]), self.server.elsewhere)
        return person.dn

    def do_return(self):
        dn, unit = self.choose(self.server.left()), self.unit()
        if dn is None:
            return None
        self.server.rename(dn, ldap.dn.dn2str(ldap.dn.str2dn(dn)[:1]), unit)
        return f"{dn} to {unit}"

    # members

    def do_join(self):
        group, person = self.choose(self.reading.of("group")), self.person()
        if group is None or person is None or person.id in group.members:
            return None
        self.server.change_member(ldap.MOD_ADD, group.dn, person.dn)
        return f"{person.dn} in {group.name}"

    def member(self, kind):
        groups = [group for group in self.reading.of("group") if any(self.reading.entries[one].kind == kind for one in group.members)]
        group = self.choose(groups)
        if group is None:
            return None, None
        return group, self.choose(one for one in sorted(group.members) if self.reading.entries[one].kind == kind)

    def part(self, kind):
        group, member = self.member(kind)
        if group is None:
            return None
        dn = self.reading.entries[member].dn
        self.server.change_member(ldap.MOD_DELETE, group.dn, dn)
        return f"{dn} in {group.name}"

    def do_part(self):
        return self.part("user")

    def do_unnest(self):
        return self.part("group")

    def do_nest(self):
        group, inner = self.choose(self.reading.of("group")), self.choose(self.reading.of("group"))
        if group is None or inner.id in group.members or group.id == inner.id:
            return None
        self.server.change_member(ldap.MOD_ADD, group.dn, inner.dn)
        return f"{inner.name} in {group.name}"

    # accounts

    def switch(self, how, on):
        person = self.person(lambda person: person.open == on and (on or (how, person.id) in self.closed))
        if person is None:
            return None
        self.touch(person.login)
        (self.server.disable if how == "disable" else self.server.expire)(person.dn, on)
        (self.closed.add if on else self.closed.discard)((how, person.id))
        return person.dn

    def do_disable(self):
        return self.switch("disable", True)

    def do_enable(self):
        return self.switch("disable", False)

    def do_expire(self):
        return self.switch("expire", True)

    def do_unexpire(self):
        return self.switch("expire", False)

    def change_login(self, person, login):
        self.touch(person.login, login)
        self.server.replace(person.dn, self.server.login_word, login)
        return f"{person.dn} from {person.login} to {login}"

    def do_new_login(self):
        person = self.person()
        return person and self.change_login(person, f"p{self.fresh()}")

    def do_others_login(self):
        person, other = self.person(), self.person()
        return person and person.id != other.id and self.change_login(person, other.login) or None

    def do_others_mail(self):
        person, other = self.person(), self.person()
        if person is None:
            return None
        self.server.replace(person.dn, "mail", other.mail)
        return f"{person.dn} has {other.mail}"

    def do_new_mail(self):
        person = self.person()
        return person and (self.server.replace(person.dn, "mail", f"m{self.fresh()}@ex.test"), person.dn)[1]

    # groups

    def name_for_group(self):
        there = {group.name for group in self.reading.of("group")}
        return self.choose(name for team in TEAMS for name in (f"team-{team}", f"inner-{team}") if name not in there)

    def do_new_group(self):
        name = self.name_for_group()
        members = [person.dn for person in self.chance.sample(self.reading.of("user"), 3)]
        return name and (self.server.add_group(self.group(name), members), name)[1]

    def do_end_group(self):
        group = self.choose(self.reading.of("group")) if len(self.reading.of("group")) > 6 else None
        return group and (self.server.directory.delete_s(group.dn), group.name)[1]

    def do_group_again(self):
        """Another of its name, with one of its members."""
        group, member = self.member("user")
        if group is None:
            return None
        dn = self.reading.entries[member].dn
        self.server.directory.delete_s(group.dn)
        self.readings.append(self.server.read())
        self.server.add_group(group.dn, [dn])
        return group.name

    def do_rename_group(self):
        group, name = self.choose(group for group in self.reading.of("group")
                                  if self.server.turns or not self.reading.circles(group)), self.name_for_group()
        if group is None or name is None:
            return None
        self.server.rename(group.dn, f"CN={name}")
        return f"{group.name} to {name}"

    # units

    def below_staff(self):
        """Not the staff itself."""
        return self.choose(unit for unit in self.reading.of("unit") if unit.place != self.reading.staff)

    def do_new_unit(self):
        unit = f"OU={self.chance.choice(UNITS)},{self.unit()}" if len(self.reading.of("unit")) < 9 else None
        return unit and (self.server.add_unit(unit), unit)[1]

    def do_rename_unit(self):
        unit = self.below_staff()
        if unit is None:
            return None
        name = self.chance.choice([*UNITS, f"{self.chance.choice(UNITS)} {self.fresh()}"])
        self.server.rename(unit.dn, f"OU={name}")
        return f"{unit.dn} to {name}"

    def do_move_unit(self):
        unit, parent = self.below_staff(), self.unit()
        if unit is None:
            return None
        self.server.rename(unit.dn, ldap.dn.dn2str(ldap.dn.str2dn(unit.dn)[:1]), parent)
        return f"{unit.dn} to {parent}"

    def do_end_unit(self):
        """One in which nobody is."""
        full = {entry.place[1:] for entry in self.reading.entries.values()}
        unit = self.choose(unit for unit in self.reading.of("unit") if unit.place not in full and unit.place != self.reading.staff)
        return unit and (self.server.directory.delete_s(unit.dn), unit.dn)[1]
