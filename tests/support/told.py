# SPDX-License-Identifier: Apache-2.0
"""A small company with apps, a target that is told about them, and what it must know when all is told."""

import re

import pytest

from receiver import SECRET, Receiver

SETTINGS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
targets: {{
{targets}
}}
"""
TARGET = """  {name}: {{ type: "webhook"; url: "{url}"; sign: {sign}; resources: [ {resources} ]; {more} }}"""


class Told:
    """configure() writes the targets; the model is changed by rosterctl; deliver() tells; check() compares."""

    def __init__(self, roster):
        self.roster = roster
        self.key = roster.directory / "key"
        self.key.write_text(SECRET + "\n")
        self.key.chmod(0o600)

    def target(self, name, receiver, *resources, more="", sign=None):
        return TARGET.format(name=name, url=receiver if isinstance(receiver, str) else receiver.url, more=more,
                             sign=sign or f'"file:{self.key}"', resources=", ".join(f'"{r}"' for r in resources or ["app:*"]))

    def configure(self, *targets):
        self.roster.configure(SETTINGS.format(targets="\n".join(targets)))

    def build(self, people=4, apps=("billing", "shop")):
        """Groups /pay and /pay/api, people u0.. in /pay as Contributor, apps owned by /pay/api."""
        ctl = self.roster.ctl
        ctl("group", "create", "/pay", "--description", "Pay", "--admin", "admin")
        ctl("group", "create", "/pay/api", "--description", "Api", "--admin", "admin")
        for number in range(people):
            ctl("user", "create", f"u{number}")
            self.join(number)
        for app in apps:
            self.app(app)
        return self

    def join(self, number, group="/pay", role="Contributor"):
        self.roster.ctl("group", "members", group, "add", f"u{number}", "--role", role)

    def leave(self, number, group="/pay", role="Contributor"):
        self.roster.ctl("group", "members", group, "remove", f"u{number}", "--role", role)

    def app(self, name, group="/pay/api"):
        self.roster.ctl("app", "create", name, "--owner", "admin", "--group", group)

    def deliver(self, *words, code=0):
        return self.roster.json("deliver", "--local", *words, code=code)["targets"]

    def at_once(self):
        """Do not wait for the next attempt."""
        self.roster.sql("update targets set due = now()")
        self.roster.sql("update lanes set due = now()")

    def truth(self, *patterns):
        """{resource: {user: (permissions, roles)}} of the resources whose names match, as the database sees it."""
        names = {row["resource"]: row["name"] for row in self.roster.sql("select * from resource_names")}
        wanted = [number for number, name in names.items() if any(re.fullmatch(regex(p), name) for p in patterns or ["app:*"])]
        state = {number: {} for number in wanted}
        for row in self.roster.sql("""select resource, user_id::text, array_agg(distinct p.name) as permissions,
                coalesce(array_agg(distinct r.name) filter (where r.kind <> 'setting'), '{}') as roles from effective e join permissions p on p.id = e.permission
                join roles r on r.id = e.role where resource = any (%s) group by 1, 2""", wanted):
            state[row["resource"]][row["user_id"]] = (set(row["permissions"]), set(row["roles"]))
        return state

    def check(self, receiver, *patterns):
        """The receiver knows exactly what is true; of what it does not follow it knows of nobody."""
        truth = self.truth(*patterns)
        state = receiver.state
        assert {number: people for number, people in state.items() if people or number in truth} == truth


def regex(pattern):
    return re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")


# --- fixtures: import those that are wanted ----------------------------------------------------------------------------------


@pytest.fixture
def told(roster):
    return Told(roster)


@pytest.fixture
def receiver():
    with Receiver() as it:
        yield it


@pytest.fixture
def company(told, receiver):
    """One target that follows all apps and has its snapshot."""
    told.configure(told.target("billing", receiver))
    told.build()
    told.deliver()
    receiver.requests.clear()
    return told
