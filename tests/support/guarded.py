# SPDX-License-Identifier: Apache-2.0
"""A company in an LDIF file whose people and teams are sets of numbers, and what a run of it holds."""

import pytest

SETTINGS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ type: "ldif"; file: "people.ldif" }} }}
safety: {{ {safety} }}
rules: {{
  default_admins: [ "admin" ]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Contributor" }}
  {rule}
}}
"""
# Only numbers bind, not shares.
NUMBERS = 'first_run: "apply"; max_remove_percent: 100; max_remove: {}'
EVERYBODY = 'all: { users: "(objectClass=*)"; into: "platform"; role: "Platform Administrator" }'
ALL = 'all: { users: "(uid=*)"; into: "/all"; role: "Contributor" }'


def record(number, dn, *attributes):
    lines = [f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]
    return "\n".join(lines) + "\n"


class Company:
    """People p0, p1, ... and teams, as sets of their numbers; write() exports them."""

    def __init__(self, roster, people=30, **teams):
        self.roster = roster
        self.people = {number: f"p{number}" for number in range(people)}
        self.teams = {name: set(numbers) for name, numbers in teams.items()}
        self.places = {}  # of those who are in a department below ou=people
        self.closed = set()  # whose account may not be used

    def configure(self, safety=NUMBERS.format(5), rule=""):
        self.roster.configure(SETTINGS.format(safety=safety, rule=rule))

    def name(self, number):
        return f"uid=u{number},{self.places.get(number, '')}ou=people"

    def write(self):
        text = [record(number, self.name(number), "objectClass: inetOrgPerson", f"uid: {login}", f"cn: {login}",
                       *["nsAccountLock: TRUE"] * (number in self.closed))
                for number, login in self.people.items()]
        for position, (name, numbers) in enumerate(self.teams.items()):
            members = [f"member: {self.name(number)},dc=x" for number in sorted(numbers)] or ["member: cn=nobody"]
            text.append(record(900000 + position, f"cn=team-{name},ou=groups", "objectClass: groupOfNames",
                               f"cn: team-{name}", *members))
        (self.roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join(text))

    def sync(self, *words, code=0):
        self.write()
        return self.roster.ctl("sync", *words, code=code)

    def start(self, **settings):
        """Everything is applied once, whatever the limits."""
        self.configure('first_run: "apply"; max_grant: 1000')
        self.sync()
        self.configure(**settings)
        return self

    def members(self, team):
        """Numbers of those who hold the role in the model."""
        rows = self.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
            where resource_name(g.anchor) = %s and g.source = (select id from sources where name = 'corp')""",
            f"group:/{team}")
        return {int(row["login"][1:]) for row in rows}

    def active(self):
        return {int(row["login"][1:]) for row in self.roster.sql("select login from users where active and login ~ '^p[0-9]'")}

    def held(self, run):
        """(kind, login, anchor) of what the run holds."""
        rows = self.roster.json("runs", "diff", run)["changes"]
        return {(row["kind"], row["login"], row["anchor"]) for row in rows if row["change"] == "held"}

    def last_run(self):
        return self.roster.json("runs", "--most", 1)["runs"][0]


def removals(team, *numbers):
    return {("grant", f"p{number}", f"/{team}") for number in numbers}


# --- fixtures: import those that are wanted ----------------------------------------------------------------------------------


@pytest.fixture
def company(roster):
    """30 people in the team red, 10 of them in blue too; 5 removals may go in a day."""
    return Company(roster, red=range(30), blue=range(10)).start()


@pytest.fixture
def held(company):
    """The same after a run that holds p0 to p7 leaving red: corp/2."""
    company.teams["red"] -= set(range(8))
    company.sync(code=1)
    return company
