# SPDX-License-Identifier: Apache-2.0
"""Delivery under random acts, random answers and random patterns: in the end each target knows what is true."""

import random

import psycopg
import pytest

from receiver import CLOSE, STORE_AND_CLOSE, Receiver
from told import Told

PATTERNS = [["app:*"], ["**"], ["group:/a/**", "app:p*"], ["namespace:k/**", "cluster:*"], ["app:p1", "app:p3"], ["group:/*"]]
ANSWERS = [204] * 6 + [500, 422, 400, CLOSE, STORE_AND_CLOSE]
PEOPLE = [f"u{number}" for number in range(6)]
APPS = [f"p{number}" for number in range(5)]
ROLES = ["Contributor", "Developer", "Administrator"]


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

    def call(self, function, *arguments):
        """An act, refused or not."""
        places = ", ".join("%s::roster.purpose[]" if function == "namespace_create" and isinstance(a, list) else "%s"
                           for a in arguments)
        try:
            self.roster.sql(f"select {function}({places})", *arguments)
        except psycopg.Error as error:
            assert error.sqlstate[:2] in ("22", "23", "P0"), error

    def act(self):
        pick = self.chance.choice
        person, group, app = pick(PEOPLE), pick(self.groups), pick(APPS)
        self.made += 1
        new = f"{group if self.chance.random() < 0.7 else ''}/g{self.made}"
        kind = pick(["add", "add", "add", "remove", "remove", "move", "create", "app", "own", "archive", "suspend", "attach", "app member", "role"])
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
            self.call(pick(["app_member_add", "app_member_remove"]), app, person, "App Member")
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
