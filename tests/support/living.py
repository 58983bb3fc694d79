# SPDX-License-Identifier: Apache-2.0
"""Directories of three makes to live in: what an edit is there, what an administrator reads, and what may befall a server.

Nothing here goes through roster: a Reading is what the server tells its administrator."""

import collections
import signal
import time
import unicodedata
import uuid

import ldap
import ldap.dn

import ds389
import samba
import slapd
from samba_rights import allow_deleted, set_denied
from way import Way

CLASSES = {"user": ("inetorgperson", "user"), "group": ("groupofnames", "group"), "unit": ("organizationalunit",)}
WITHOUT_PASSWORD = 0x20  # in userAccountControl: a domain controller takes its time for one
# Of the people about half, of whatever make.
HALF = "(|" + "".join(f"(uid=*{digit})" for digit in range(0, 10, 2)) + ")"


def fold(text):
    return unicodedata.normalize("NFKC", text).lower()


def canonical(dn):
    return tuple(tuple((name.lower(), " ".join(fold(value).split())) for name, value, _ in part) for part in ldap.dn.str2dn(dn))


class Entry:
    def __init__(self, kind, key, dn, attributes):
        self.kind, self.id, self.dn, self.place = kind, key, dn, canonical(dn)
        self.login = self.mail = self.name = None
        self.open, self.members, self.former = True, frozenset(), frozenset()
        self.attributes = attributes

    def first(self, name):
        values = self.attributes.get(name.lower())
        return values[0].decode() if values else None


class Reading:
    """What is there: entries by id, and what follows from them."""

    def __init__(self, entries, staff):
        self.entries, self.staff = {entry.id: entry for entry in entries}, canonical(staff)

    def of(self, kind):
        return [entry for _, entry in sorted(self.entries.items()) if entry.kind == kind]

    def people(self):
        """Those whose account is open."""
        return [entry for entry in self.of("user") if entry.open]

    def inside(self, group, seen):
        seen.add(group.id)
        people = set()
        for member in group.members:
            entry = self.entries[member]
            if entry.kind == "user":
                people.add(member)
            elif member not in seen:
                people |= self.inside(entry, seen)
        return people

    def circles(self, group, inner=None, seen=frozenset()):
        """Is it in itself?"""
        inner = {one for one in (inner or group).members if self.entries[one].kind == "group"}
        return group.id in inner or any(self.circles(group, self.entries[one], seen | inner) for one in inner - seen)

    def path(self, place):
        """Of a place below the staff."""
        return "/org" + "".join("/" + part[0][1] for part in reversed(place[:len(place) - len(self.staff)]))

    def grants(self):
        """(id, anchor, role): who is in a team is its developer; who is in a unit has a place of that name."""
        found = {(person.id, f"group:{self.path(person.place[1:])}", "Contributor") for person in self.people()}
        for group in self.of("group"):
            if group.name.startswith("team-"):
                found |= {(person, f"group:/{group.name.removeprefix('team-')}", "Developer") for person in self.inside(group, set())}
        active = {person.id for person in self.people()}
        return {row for row in found if row[0] in active}

    def torn(self):
        """Those below a place that is not there."""
        places = {unit.place for unit in self.of("unit")} | {self.staff}
        return {entry.id for entry in self.entries.values() if entry.kind == "user" and entry.place[1:] not in places}

    def admit(self, edges):
        """Of these, whom a group lists by a name that he had and nobody has now."""
        for group in self.of("group"):
            group.members |= {member for member in group.former & self.entries.keys() if (group.id, member) in edges}

    def edges(self):
        """(group, member), of groups and of people whose account is open."""
        return {(group.id, member) for group in self.of("group") for member in group.members if self.entries[member].open}


class Revived:
    """A connection to a server that may fall by itself, by a fault of its own: it is started again, as whoever runs it would.
    See doc/directories.md."""

    def __init__(self, server, cure=lambda: None):
        self.server, self.connection, self.cure = server, server.admin(), cure

    def connect(self):
        self.server.start()
        self.connection = self.server.admin()

    def revive(self):
        """Had it fallen?"""
        fallen = self.server.process.poll() == -signal.SIGSEGV
        if fallen:
            self.connect()
            self.cure()
        return fallen

    def __getattr__(self, name):
        def call(*words):
            for _ in range(2):
                try:
                    return getattr(self.connection, name)(*words)
                except ldap.SERVER_DOWN:
                    self.server.process.wait(timeout=30)
                    if not self.revive():
                        raise
            raise ldap.UNAVAILABLE(f"{name} fells it")
        return call


class Living:
    """A directory in which people live below self.staff, groups below self.groups, and who left below self.elsewhere."""

    login_word, name_word = "uid", "cn"
    tears = False
    turns = True  # may a group in a circle of groups have another name?

    def set_places(self, root):
        self.root, self.called = root, {}
        self.staff, self.groups, self.elsewhere = (f"OU={name},{root}" for name in ("Staff", "Groups", "Elsewhere"))

    def make_places(self):
        for place in (self.staff, self.groups, self.elsewhere):
            self.add_unit(place)

    # --- reading ----------------------------------------------------------------------------------------------------------

    def filter_of(self, kinds):
        """Of what roster does not ask for, whatever it is: what is of these kinds is seen from its classes."""
        return "(objectClass=*)"

    def search(self, base, kinds, *names):
        for dn, attributes in self.directory.search_s(base, ldap.SCOPE_SUBTREE, self.filter_of(kinds), ["*", *names]):
            attributes = {name.lower(): values for name, values in attributes.items()}
            classes = {value.decode().lower() for value in attributes["objectclass"]}
            for kind in kinds:
                if classes & set(CLASSES[kind]):
                    yield Entry(kind, self.key(attributes), dn, attributes)

    def read(self):
        entries = [*self.search(self.staff, ("user", "unit"), *self.wanted), *self.search(self.groups, ("group",), *self.wanted)]
        names = {entry.place: entry.id for entry in entries}
        self.remember(names)
        for entry in entries:
            if entry.kind == "user":
                entry.login, entry.mail, entry.name = (entry.first(name) for name in (self.login_word, "mail", self.name_word))
                entry.open = not self.is_closed(entry)
            elif entry.kind == "group":
                entry.name = entry.first("cn")
                listed = {canonical(value.decode()) for value in entry.attributes.get("member", [])}
                entry.former = frozenset().union(*(self.called.get(one, ()) for one in listed - set(names)))
                entry.members = frozenset({names[one] for one in listed & set(names)} | self.unlisted(entry, entries))
        return Reading(entries, self.staff)

    def remember(self, names):
        """Where a name may change without an edit, who was called so; elsewhere a group lists everybody by the name he has."""
        for place, key in names.items() if self.tears else ():
            self.called.setdefault(place, set()).add(key)

    def unlisted(self, group, entries):
        return set()

    def left(self):
        """Those elsewhere."""
        return [entry.dn for entry in self.search(self.elsewhere, ("user",), *self.wanted)]

    # --- edits ------------------------------------------------------------------------------------------------------------

    def add(self, dn, **attributes):
        self.directory.add_s(dn, [(name, [item if isinstance(item, bytes) else str(item).encode() for item in
                                          (value if isinstance(value, list) else [value])]) for name, value in attributes.items()])

    def replace(self, dn, name, value):
        self.directory.modify_s(dn, [(ldap.MOD_REPLACE, name, None if value is None else [str(value).encode()])])

    def add_unit(self, dn):
        self.add(dn, objectClass="organizationalUnit", ou=ldap.dn.str2dn(dn)[0][0][1])

    def add_person(self, dn, login):
        self.add(dn, objectClass=["inetOrgPerson", "shadowAccount"], uid=login, cn=ldap.dn.str2dn(dn)[0][0][1], sn="x",
                 mail=f"{login}@ex.test")

    def add_group(self, dn, members):
        self.add(dn, objectClass="groupOfNames", cn=ldap.dn.str2dn(dn)[0][0][1], member=members)

    def rename(self, dn, name, parent=None):
        self.directory.rename_s(dn, name, parent)

    def change_member(self, how, group, dn):
        self.directory.modify_s(group, [(how, "member", [dn.encode()])])

    def expire(self, dn, expired):
        """With a value that closes nothing: where the last two were opened by taking it away, it would look hidden."""
        self.replace(dn, "shadowExpire", 1 if expired else -1)

    def kill(self):
        self.server.kill()

    def start(self):
        self.server.start()
        self.directory = Revived(self.server, self.cure)

    def cure(self):
        """After it fell, was killed, or refused an edit."""

    def revive(self):
        """Had it fallen by itself?"""
        return self.directory.revive()

    def signal(self, number):
        self.server.process.send_signal(number)

    def __exit__(self, *_):
        self.server.__exit__(None, None, None)


class OnSlapd(Living):
    """With referential integrity, which edits groups and says nothing of it. What the service account may, and how much it
    gets, follows from groups it is in."""

    wanted, more = ("entryUUID",), ""
    moods = ("half", "all")
    limits = ("small", "paged")
    dates = "dates"  # to be hidden: when accounts end

    def __init__(self):
        self.set_places(slapd.SUFFIX)
        self.service = f"OU=service,{self.root}"
        self.account = f"uid=sync,{self.service}"
        ldif = f"dn: {self.root}\nobjectClass: dcObject\nobjectClass: organization\ndc: ex\no: ex\n"
        conditions = [f'limits group/groupOfNames/member="{self.condition("small")}" size=15',
                      f'limits group/groupOfNames/member="{self.condition("paged")}" size=20 size.pr=10 size.prtotal=30',
                      "sizelimit unlimited", "access to attrs=userPassword by anonymous auth by * none"]
        for place in (self.staff, self.groups):
            conditions.append(f'access to dn.subtree="{place}" by group.exact="{self.condition("all")}" none by * break')
        conditions += [f'access to dn.subtree="{self.staff}" filter={HALF} by group.exact="{self.condition("half")}" none by * break',
                       "access to * by * read"]
        conditions.insert(-1, f'access to attrs=shadowExpire by group.exact="{self.condition(self.dates)}" none by * break')
        self.server = slapd.Slapd(ldif, settings=["moduleload refint"], database=[*conditions, "index uid,member eq"], sync=[
            "syncprov-checkpoint 1 1", "syncprov-sessionlog 1000", "overlay refint", "refint_attributes member",
            f"refint_nothing cn=nobody,{self.root}"])

    def condition(self, name):
        return f"cn={name},{self.service}"

    def __enter__(self):
        self.server.__enter__()
        self.directory = Revived(self.server)
        self.make_places()
        self.add_unit(self.service)
        self.add(self.account, objectClass=["account", "simpleSecurityObject"], uid="sync", userPassword=slapd.PASSWORD)
        for name in (*self.moods, *self.limits, self.dates):
            self.add(self.condition(name), objectClass="groupOfNames", cn=name, member=f"cn=nobody,{self.root}")
        self.login = (self.server.url, self.account, slapd.PASSWORD)
        return self

    def set_condition(self, name, on):
        self.directory.modify_s(self.condition(name), [(ldap.MOD_REPLACE, "member", [
            (self.account if on else f"cn=nobody,{self.root}").encode()])])

    hide = limit = set_condition

    @staticmethod
    def key(attributes):
        return attributes["entryuuid"][0].decode()

    @staticmethod
    def is_closed(entry):
        return entry.first("shadowExpire") == "1"

    def disable(self, dn, disabled):
        self.expire(dn, disabled)


class OnDS389(Living):
    """2.3.1 leaves people below the old name of a unit that is moved while somebody reads them, and so does its reading by an
    administrator, for good: nothing can be said of what their names mean. Some of them only a search for everything shows, no
    search by class: to roster these are gone. Such a name changes when the server is started anew or the entry is written, and
    groups list the one before: whom roster has in them stays, as nobody else is called so.
    It falls when a group in a circle is renamed, and its changelog is then of no use. See doc/directories.md."""

    tears, turns = True, False
    wanted, more = ("nsUniqueId", "nsAccountLock"), ""
    moods = ("half", "all")
    limits = ("nsSizeLimit", "nsLookThroughLimit", "nsPagedSizeLimit", "nsPagedLookThroughLimit")

    def __init__(self):
        self.set_places(ds389.SUFFIX)
        # What it has answered stays done when it is killed.
        self.server = ds389.DS389(ds389.FOLLOWED, {f"cn=config,{ds389.DATABASE}": {"nsslapd-db-durable-transaction": "on"}})

    def filter_of(self, kinds):
        return "(|" + "".join(f"(objectClass={name})" for kind in kinds for name in CLASSES[kind]) + ")"

    def __enter__(self):
        self.server.__enter__()
        self.directory = Revived(self.server, self.cure)
        self.make_places()
        self.account = ds389.add_account(self.directory)
        self.login = (self.server.url, self.account, ds389.PASSWORD)
        return self

    def hide(self, name, on):
        if name == "all" and on:
            self.replace(self.root, "aci", None)
        elif name == "all":
            ds389.allow(self.directory, self.root, self.account)
        else:
            rule = (f'(targetattr="*")(targetfilter="{HALF}")(version 3.0; acl "half"; deny (all) '
                    f'userdn="ldap:///{self.account}";)')
            self.directory.modify_s(self.root, [(ldap.MOD_ADD if on else ldap.MOD_DELETE, "aci", [rule.encode()])])

    def limit(self, name, on):
        self.replace(self.account, name, 10 if on else -1)

    def start(self):
        super().start()
        self.cure()

    def cure(self):
        """Killed, or after a plug-in refused an edit, it may count on from a number that its changelog has, and then refuses
        whatever it is told. A unit whose new name it refuses has it all the same, for a while: so it is found out at once, and
        cured by another start."""
        while True:
            try:
                return self.replace(self.account, "description", "there")
            except ldap.ALREADY_EXISTS:
                self.kill()
                self.directory.connect()

    @staticmethod
    def key(attributes):
        digits = attributes["nsuniqueid"][0].decode().replace("-", "")
        return str(uuid.UUID(digits))

    @staticmethod
    def is_closed(entry):
        return entry.first("nsAccountLock") == "true" or entry.first("shadowExpire") == "1"

    def disable(self, dn, disabled):
        self.replace(dn, "nsAccountLock", "true" if disabled else "false")


class OnSamba(Living):
    """No server limits: it has none. What the service account may list is in the descriptors of the units."""

    login_word, name_word = "sAMAccountName", "displayName"
    wanted = ()
    moods = ("half", "all")
    limits = ()

    def __init__(self, changes="dirsync"):
        self.set_places(f"OU=Company,{samba.SUFFIX}")
        self.server = samba.Samba()
        self.more = f'changes: "{changes}"; ca_file: "{self.server.ca}"; timeouts: {{ connect: "30s" }}'

    def __enter__(self):
        self.server.__enter__()
        self.way = Way(int(self.server.ldaps.rsplit(":", 1)[1]))
        self.directory = self.server.admin()
        self.add_unit(self.root)
        self.make_places()
        samba.add_user(self.directory, "svc", f"CN=Users,{samba.SUFFIX}")
        self.sid = samba.value(self.directory, f"CN=svc,CN=Users,{samba.SUFFIX}", "objectSid")
        allow_deleted(self.directory, samba.SUFFIX, self.sid)
        self.login = (f"ldaps://127.0.0.1:{self.way.port}", f"svc@{samba.REALM}", samba.PASSWORD)
        return self

    def kill(self):
        self.server.inside.signal(signal.SIGKILL)
        self.server.inside.process.wait(timeout=30)
        self.server.inside.stop()

    def start(self):
        self.server.start()
        self.way.to = int(self.server.ldaps.rsplit(":", 1)[1])
        self.directory = self.server.admin()

    def revive(self):
        return False

    def signal(self, number):
        self.server.inside.signal(number)

    def __exit__(self, *_):
        super().__exit__()
        if hasattr(self, "way"):
            self.way.close()

    def crowded(self, places):
        """As few as it takes for half of the people, and what is below them."""
        people = collections.Counter(entry.place[1:] for entry in self.search(self.staff, ("user",)))
        chosen = sorted(places, key=lambda entry: people[entry.place], reverse=True)
        while len(chosen) > 1 and 2 * sum(people[entry.place] for entry in chosen[:-1]) >= people.total():
            chosen.pop()
        return [entry for entry in places if any(entry.place[-len(one.place):] == one.place for one in chosen)]

    def hide(self, name, on):
        """What lies in a unit whose children the account may not list is not there for it."""
        places = list(self.search(self.staff, ("unit",)))
        if name == "half" and on:
            places = self.crowded(places)
        places = [entry.dn for entry in places] + ([self.groups, self.root] if name == "all" else [])
        for place in places:
            set_denied(self.directory, place, self.sid, on)

    @staticmethod
    def key(attributes):
        return str(uuid.UUID(bytes_le=attributes["objectguid"][0]))

    @staticmethod
    def is_closed(entry):
        expires = int(entry.first("accountExpires") or 0)
        return bool(int(entry.first("userAccountControl")) & 2) or (
            0 < expires < int(samba.NEVER) and expires <= int(samba.filetime(time.time())))

    def unlisted(self, group, entries):
        """Whose primary group it is."""
        number = int.from_bytes(group.attributes["objectsid"][0][-4:], "little")
        return {entry.id for entry in entries if entry.kind == "user" and int(entry.first("primaryGroupID")) == number}

    def add_unit(self, dn):
        self.add(dn, objectClass="organizationalUnit")

    def add_person(self, dn, login):
        self.add(dn, objectClass="user", sAMAccountName=login, displayName=ldap.dn.str2dn(dn)[0][0][1], mail=f"{login}@ex.test",
                 userAccountControl=samba.NORMAL | WITHOUT_PASSWORD)

    def add_group(self, dn, members):
        name = ldap.dn.str2dn(dn)[0][0][1]
        self.add(dn, objectClass="group", sAMAccountName=name, **({"member": members} if members else {}))

    def expire(self, dn, expired):
        self.replace(dn, "accountExpires", samba.filetime(1e9) if expired else samba.NEVER)

    def disable(self, dn, disabled):
        self.replace(dn, "userAccountControl", WITHOUT_PASSWORD | (samba.DISABLED if disabled else samba.NORMAL))
