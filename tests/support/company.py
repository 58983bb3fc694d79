# SPDX-License-Identifier: Apache-2.0
"""A company for a real slapd: departments with people, groups of every class, and accounts that may read more or less.

LDIF and ACCESS are for Slapd; restore() puts everything back; read() tells the reconciler what the directory says.
"""

import ldap
import ldap.modlist

from directory import Entry, Read, fold
from slapd import PASSWORD, SUFFIX

STAFF, GROUPS, SERVICE = (f"ou={name},{SUFFIX}" for name in ("Departments", "groups", "service"))
PEOPLE = 60
DEPARTMENTS = {"sales": STAFF, "north": f"ou=sales,{STAFF}", "south": f"ou=sales,{STAFF}", "it": STAFF,
               "core": f"ou=it,{STAFF}", "web": f"ou=it,{STAFF}", "night": f"ou=core,ou=it,{STAFF}", "law": STAFF,
               "lab": STAFF, "board": STAFF}
# sync reads everything; the others what their names say.
ACCOUNTS = ("sync", "small", "paged", "half", "blind", "peopleless", "outside")


def department(name):
    return f"ou={name},{DEPARTMENTS[name]}"


def person(number):
    """u0 to u59, six in each department."""
    return f"uid=u{number},{department(list(DEPARTMENTS)[number // 6])}"


def group(name):
    return f"cn={name},{GROUPS}"


def account(name):
    return f"uid={name},{SERVICE}"


def _members(*numbers):
    return [person(number) for number in numbers]


# core and web hold each other; all of both, and u59 alone, are in the innermost.
NAMED = {
    "pay-api-devs": _members(0, 1, 2) + [group("core")],
    "pay-api-readers": _members(2, 3, 40),
    "pay-api-admins": _members(10),
    "web-shop-devs": [group("web")],
    "core": _members(*range(24, 30)) + [group("web")],
    "web": _members(*range(30, 36)) + [group("core"), group("inner")],
    "inner": _members(59),
}
UNIQUE = {"ops-night-readers": _members(50, 51, 52)}
POSIX = {"ops-day-devs": ["u53", "u54"]}


def person_attributes(number):
    return {"objectClass": ["inetOrgPerson"], "uid": [f"u{number}"], "cn": [f"User {number}"], "sn": [f"Nr {number}"],
            "mail": [f"u{number}@ex.org"]}


def entries():
    """(DN, attributes) of all that can change, parents first."""
    yield STAFF, {"objectClass": ["organizationalUnit"], "ou": ["Departments"]}
    yield GROUPS, {"objectClass": ["organizationalUnit"], "ou": ["groups"]}
    for name in DEPARTMENTS:
        yield department(name), {"objectClass": ["organizationalUnit"], "ou": [name]}
    for number in range(PEOPLE):
        yield person(number), person_attributes(number)
    for classes, attribute, groups in (("groupOfNames", "member", NAMED), ("groupOfUniqueNames", "uniqueMember", UNIQUE)):
        for name, members in groups.items():
            yield group(name), {"objectClass": [classes], "cn": [name], attribute: members}
    for position, (name, logins) in enumerate(POSIX.items()):
        yield group(name), {"objectClass": ["posixGroup"], "cn": [name], "gidNumber": [str(5000 + position)],
                            "memberUid": logins}


def _record(dn, attributes):
    return f"dn: {dn}\n" + "".join(f"{name}: {value}\n" for name, values in attributes.items() for value in values) + "\n"


def ldif():
    text = _record(SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": ["ex"], "o": ["Example"]})
    text += _record(SERVICE, {"objectClass": ["organizationalUnit"], "ou": ["service"]})
    for name in ACCOUNTS:
        text += _record(account(name), {"objectClass": ["account", "simpleSecurityObject"], "uid": [name],
                                        "userPassword": [PASSWORD]})
    return text + "".join(_record(dn, attributes) for dn, attributes in entries())


ACCESS = [
    "sizelimit unlimited",
    f'limits dn.exact="{account("small")}" size=20',
    f'limits dn.exact="{account("paged")}" size=20 size.pr=10 size.prtotal=30',
    "access to attrs=userPassword by anonymous auth by * none",
    # u0, u10, u12 ...: every second one.
    f'access to dn.sub="{STAFF}" filter=(|(uid=*0)(uid=*2)(uid=*4)(uid=*6)(uid=*8)) by dn.exact="{account("half")}" none '
    "by * break",
    f'access to dn.sub="{STAFF}" filter=(objectClass=person) by dn.exact="{account("peopleless")}" none by * break',
    f'access to attrs=member,uniqueMember by dn.exact="{account("blind")}" none by * break',
    # May search the bases, and see nothing of them.
    f'access to dn.exact="{STAFF}" by dn.exact="{account("outside")}" search by * break',
    f'access to dn.exact="{GROUPS}" by dn.exact="{account("outside")}" search by * break',
    f'access to * by dn.exact="{account("outside")}" none by * read',
]


def _below(connection, base):
    """DNs, the deepest first."""
    found = connection.search_s(base, ldap.SCOPE_SUBTREE, attrlist=["1.1"])
    return sorted((dn for dn, _ in found), key=lambda dn: -dn.count(","))


def restore(connection):
    """All as at the beginning, under new entryUUIDs."""
    for base, _ in connection.search_s(SUFFIX, ldap.SCOPE_ONELEVEL, "(!(ou=service))", ["1.1"]):
        for dn in _below(connection, base):
            connection.delete_s(dn)
    for dn, attributes in entries():
        add(connection, dn, attributes)


def add(connection, dn, attributes):
    encoded = {name: [value.encode() for value in values] for name, values in attributes.items()}
    connection.add_s(dn, ldap.modlist.addModlist(encoded))


def change(connection, dn, operation, attribute, *values):
    operations = {"add": ldap.MOD_ADD, "delete": ldap.MOD_DELETE, "replace": ldap.MOD_REPLACE}
    connection.modify_s(dn, [(operations[operation], attribute, [value.encode() for value in values] or None)])


KINDS = (("user", STAFF, "(objectClass=person)"), ("unit", STAFF, "(objectClass=organizationalUnit)"),
         ("group", GROUPS, "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"))


def read(connection):
    """A whole read. A memberUid becomes the name of the one who has that login: the reconciler knows names only."""
    found = []
    for kind, base, chosen in KINDS:
        for dn, attributes in connection.search_s(base, ldap.SCOPE_SUBTREE, chosen, ["*", "entryUUID"]):
            texts = {name.lower(): [value.decode() for value in values] for name, values in attributes.items()}
            found.append(Entry(kind, texts["entryuuid"][0].lower(), dn, texts))
    names = {fold(entry.first("uid")): entry.dn for entry in found if entry.kind == "user"}
    for entry in found:
        if "memberuid" in entry.attributes:
            logins = map(fold, entry.attributes["memberuid"])
            entry.attributes["member"] = [names.get(login, f"uid={login},ou=nowhere") for login in logins]
    return Read(found, set(), True)
