# SPDX-License-Identifier: Apache-2.0
"""Delivery under random acts, random answers and random patterns: in the end each target knows what is true."""

import random

import psycopg
import pytest

from receiver import CLOSE, STORE_AND_CLOSE, Receiver
from told import Told

PATTERNS = [["app:*"], ["**"], ["group:/a/**", "app:p*"], ["namespace:k/**", "cluster:*"], ["app:p1", "app:p3"], ["group:/*"],
            ["environment:**"], ["environment:p0/*", "app:p0"]]
ANSWERS = [204] * 6 + [500, 422, 400, CLOSE, STORE_AND_CLOSE]
PEOPLE = [f"u{number}" for number in range(6)]
APPS = [f"p{number}" for number in range(5)]
ROLES = ["Contributor", "Developer", "Administrator", "Operator", "Application Operator"]
ENVIRONMENTS = ["p0/test", "p0/live", "p1/test"]
APP_ROLES = ["App Owner", "App Administrator", "App Member", "App Operator"]
PERMISSIONS = ["env.api", "env.transport", "env.backups"]


class Company:
    def __init__(self, roster, chance):
        self.roster = roster
        self.chance = chance
        self.groups = ["/a", "/b", "/a/c"]
        self.made = 0
        for person in PEOPLE:
            self.call("user_create", person, None, None)
        for group in self.groups:
            self.call("group_create", group, "x", ["admin"])
        for app in APPS[:3]:
            self.call("app_create", app, "admin", "/a")
        self.call("namespace_create", "k", "n", ["test"])
        self.call("access_group_create", "club")
        for app in APPS[:2]:
            self.call("app_member_add", app, "u0", "Application Operator")
            self.call("node_create", app, "u0")
        for name in ENVIRONMENTS:
            self.environment(name)
        self.open_and_shut()

    def call(self, function, *arguments):
        """An act, refused or not."""
        places = ", ".join("%s::roster.purpose[]" if function == "namespace_create" and isinstance(a, list) else "%s"
                           for a in arguments)
        try:
            self.roster.sql(f"select {function}({places})", *arguments)
        except psycopg.Error as error:
            assert error.sqlstate[:2] in ("22", "23", "P0"), error

    def open_and_shut(self):
        """Roles whose permissions wait for what another role opens; of some it does."""
        self.call("role_create", "Half", "", ["project.view"], "fixed", ["env.transport"])
        for person in ("u1", "u2"):
            self.call("group_member_add", "/a", person, "App Owner", None)
            self.call("app_member_add", "p0", person, "Half")
        self.call("app_member_add", "p0", "u2", "Application Operator")
        self.call("environment_set", "p0/test", "u2", "env.backups", True)
        self.call("app_member_add", "p0", "u4", "Application Operator")
        self.call("environment_set", "p0/test", "u4", "env.api", False)
        self.call("user_role_add", "u2", "App Viewer")
        self.call("access_group_app", "club", "p1", True)
        self.call("access_group_member_add", "club", "u3", "App Administrator")

    def environment(self, name):
        app, name = name.split("/")
        self.call("environment_create", app, name, "production" if name == "live" else "test")

    def act_on_roles(self):
        """What decides beside membership: user roles, roles of apps, access groups, what roles and settings say of environments."""
        pick = self.chance.choice
        person, app, environment = pick(PEOPLE), pick(APPS), pick(ENVIRONMENTS)
        kind = pick(["user role", "app role", "access group", "access group app", "set", "set", "alerts", "contact", "again", "part"])
        if kind == "user role":
            self.call(pick(["user_role_add", "user_role_remove"]), person, pick(["App Viewer", "App Administrator", "No Access"]))
        elif kind == "app role":
            self.call(pick(["app_role_add", "app_role_remove"]), app, person, pick(APP_ROLES))
        elif kind == "access group":
            self.call(pick(["access_group_member_add", "access_group_member_remove"]), "club", person, pick(APP_ROLES + ROLES))
        elif kind == "access group app":
            self.call("access_group_app", "club", app, self.chance.random() < 0.7)
        elif kind == "set":
            self.call("environment_set", environment, person, pick(PERMISSIONS), pick([True, False, None]))
        elif kind == "alerts":
            self.call("environment_alerts", environment, person, pick([True, False]))
        elif kind == "contact":
            self.call("node_contact", app, person)
        elif kind == "again":
            self.call("environment_delete", environment)
            self.environment(environment)
        else:
            self.role_part(pick(ROLES), pick(["none", "fixed", "custom"]))

    def role_part(self, role, access):
        permissions = self.chance.sample(PERMISSIONS, 2) if access == "fixed" else []
        self.call("role_edit_begin", role)
        if self.chance.random() < 0.5:
            self.call("role_save", role, None, None, None, access, permissions)
        else:
            self.call("role_save", role, None, None, None, None, [], access, permissions)

    def act(self):
        pick = self.chance.choice
        person, group, app = pick(PEOPLE), pick(self.groups), pick(APPS)
        self.made += 1
        new = f"{group if self.chance.random() < 0.7 else ''}/g{self.made}"
        kind = pick(["add", "add", "add", "remove", "remove", "move", "create", "app", "own", "archive", "suspend", "attach", "app member", "role", "roles", "roles", "roles", "roles", "roles"])
        if kind == "add":
            self.call("group_member_add", group, person, pick(ROLES), None)
        elif kind == "remove":
            self.call("group_member_remove", group, person, pick(ROLES))
        elif kind == "move":
            self.call("group_move", group, pick(["/", *self.groups]))
            paths = self.roster.sql("select group_path(id) as path from groups where parent_id is not null")
            self.groups = [row["path"] for row in paths]
        elif kind == "create":
            self.call("group_create", new, "x", ["admin"])
            self.groups.append(new)
        elif kind == "app":
            self.call("app_create", app, person, group)
        elif kind == "own":
            self.call("app_group", app, pick([group, None]))
        elif kind == "archive":
            self.call("app_archive", app, self.chance.random() < 0.5)
        elif kind == "suspend":
            self.call(pick(["user_suspend", "user_resume", "user_resume"]), person)
        elif kind == "attach":
            self.call(pick(["namespace_attach", "namespace_detach"]), "k/n/test", group)
        elif kind == "app member":
            self.call(pick(["app_member_add", "app_member_remove"]), app, person, pick(ROLES))
        elif kind == "roles":
            self.act_on_roles()
        else:
            self.call("role_edit", "Contributor", self.chance.sample(["project.view", "project.edit", "cicd.view"], 2))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_a_target_knows_what_is_true(roster, seed):
    chance = random.Random(seed)
    told = Told(roster)
    with Receiver() as one, Receiver() as two:
        receivers = {"one": one, "two": two}
        patterns = {name: chance.choice(PATTERNS) for name in receivers}

        def configure():
            told.configure(*[told.target(name, receiver, *patterns[name], more=f"batch: {chance.choice([1, 2, 5, 200])}")
                             for name, receiver in receivers.items()])
        configure()
        company = Company(roster, chance)
        for step in range(14):
            for _ in range(chance.randint(0, 5)):
                company.act()
            for receiver in receivers.values():
                receiver.answer = lambda request: chance.choice(ANSWERS)
            if chance.random() < 0.2:
                patterns[chance.choice(list(receivers))] = chance.choice(PATTERNS)
                configure()
            told.at_once()
            roster.run("deliver", "--local")
        for receiver in receivers.values():
            receiver.answer = 204
        for _ in range(4):  # a lane that joins late needs another round
            told.at_once()
            result = roster.run("deliver", "--local")
        assert result.code == 0
        for name, receiver in receivers.items():
            told.check(receiver, *patterns[name])
