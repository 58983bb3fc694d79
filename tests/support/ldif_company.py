# SPDX-License-Identifier: Apache-2.0
"""A small company in an LDIF file: alice develops /pay/api, bob operates /pay, carol is nothing. What its tests share."""

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "people.ldif"; users: {{ filter: "(objectClass=inetOrgPerson)" }} }} }}
safety: {{ first_run: "{first_run}"; max_remove: 0 }}
rules: {{
  default_admins: ["admin"]
  team-roles: {{ source: "corp"; match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ devs: "Developer"; readers: "Contributor" }} }}
  contractors: {{ source: "corp"; users: "(employeeType=contractor)"; into: "/pay"; role: "Operator" }}
}}
"""


def entry(number, dn, **attributes):
    lines = [f"dn: {dn}", f"entryUUID: 00000000-0000-0000-0000-{number:012}"]
    for name, values in attributes.items():
        lines += [f"{name}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n"


def person(number, login, kind="internal"):
    return entry(number, f"uid={login},ou=People,dc=x", objectClass="inetOrgPerson", uid=login, cn=login.title(), sn="X",
                 mail=f"{login}@x", employeeType=kind)


def group(number, name, *members):
    return entry(number, f"cn={name},ou=Groups,dc=x", objectClass="groupOfNames", cn=name, member=list(members))


def user_dn(login):
    return f"uid={login},ou=People,dc=x"


PEOPLE = [person(1, "alice"), person(2, "bob", "contractor"), person(3, "carol")]
GROUPS = [group(11, "all", user_dn("alice")), group(12, "pay-api-devs", "cn=all,ou=Groups,dc=x")]


class Company:
    def __init__(self, roster):
        self.roster = roster

    def directory(self, *entries):
        (self.roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join(entries))

    def configure(self, first_run="apply"):
        self.roster.configure(CONFIGURATION.format(first_run=first_run))


@pytest.fixture
def company(roster):
    """alice is a developer of /pay/api through a nested group, bob an operator of /pay, carol is nothing."""
    company = Company(roster)
    company.configure()
    company.directory(*PEOPLE, *GROUPS)
    roster.ctl("sync")
    return company


@pytest.fixture
def shop(company, roster):
    """The same with an app and a namespace in /pay/api."""
    roster.adopt("api", "carol", "/pay/api")
    roster.ctl("namespace", "create", "east/api", "--purpose", "test", "--purpose", "production")
    roster.ctl("namespace", "attach", "east/api/test", "/pay/api")
    return company


def logins(rows):
    return {row["login"] for row in rows}
