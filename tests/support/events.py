# SPDX-License-Identifier: Apache-2.0
"""Messages of roster-events(7) and their signatures, made by code that owes nothing to roster nor to a receiver."""

import base64
import hashlib
import hmac
import itertools
import time
import uuid

HISTORY = "11111111-1111-4111-8111-111111111111"
BILLING, SHOP = (17, "app:billing"), (18, "app:shop")
OLD, NEW, FOREIGN = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"f"))
numbers = itertools.count(1)


def signature(secret, message, timestamp, body):
    code = hmac.new(base64.b64decode(secret[6:]), f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(code.digest()).decode()


def person(login):
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, login)), "login": login, "email": None, "name": login.title(),
            "external_ids": {"corp": f"id-{login}"}}


def change(resource, login, after=(), before=()):
    """after and before: names of roles; each permits one thing of its own."""
    lists = {"before": list(before), "after": list(after)}
    return {"resource": {"id": resource[0], "name": resource[1]}, "user": person(login), "roles": lists,
            "permissions": {when: [f"may.{name}" for name in names] for when, names in lists.items()}}


def event(window, revision, *changes, **members):
    return {"schema": 1, "type": "access.changed", "history": HISTORY, "target": "billing", "window": window, "part": 1,
            "last": True, "after": revision - 1, "revision": revision,
            "causes": [{"revision": revision, "at": "2026-11-21T09:14:02.123Z", "cause": f"run corp/{revision}"}],
            "changes": list(changes), **members}


def snapshot(window, revision, resources, *changes, **members):
    """resources: {(id, name): ends}."""
    listed = [{"id": number, "name": name, "ends": ends} for (number, name), ends in resources.items()]
    return event(window, revision, *changes, **{"type": "access.snapshot", "after": 0, "resources": listed, **members})


def signed(body, *secrets, message=None, age=0):
    message, timestamp = message or f"msg_{next(numbers)}", str(int(time.time()) - age)
    return {"content-type": "application/json", "user-agent": "roster/0", "webhook-id": message,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signature(secret, message, timestamp, body) for secret in secrets)}


def roles(*names):
    return {f"may.{name}" for name in names}, set(names)


def people(**logins):
    """What an app is to know about a resource: people(alice=["dev"])."""
    return {person(login)["id"]: roles(*names) for login, names in logins.items()}


# --- a company in which something happens ----------------------------------------------------------------------------


class Company:
    """What is so, what was told, and the messages between the two."""

    LOGINS, NAMES = ["ann", "ben", "cat", "dov", "eve", "fay"], ["dev", "ops", "lead"]

    def __init__(self, chance):
        self.chance = chance
        self.resources = [(number, f"app:r{number}") for number in range(1, 6)]
        self.so, self.told = ({resource: {} for resource in self.resources} for _ in range(2))
        self.histories, self.window, self.revision = [str(uuid.UUID(int=chance.getrandbits(128)))], 0, 100

    def live(self):
        """Somebody gets other roles somewhere, now and then none."""
        for _ in range(self.chance.randrange(1, 8)):
            names = self.chance.sample(self.NAMES, self.chance.randrange(0, 3))
            self.so[self.chance.choice(self.resources)][self.chance.choice(self.LOGINS)] = sorted(names)
            self.revision += 1

    def restore(self):
        self.histories.append(str(uuid.UUID(int=self.chance.getrandbits(128))))
        self.window, self.revision = 0, self.chance.randrange(1, self.revision)
        self.live()

    def parts(self, make, changes, ends):
        """The changes in messages of a few; a resource ends with the last of its changes."""
        self.window += 1
        size = self.chance.randrange(1, 5)
        chunks = [changes[start:start + size] for start in range(0, len(changes), size)] or [[]]
        messages = []
        for number, chunk in enumerate(chunks, 1):
            later = {entry["resource"]["id"] for rest in chunks[number:] for entry in rest}
            here = {entry["resource"]["id"] for entry in chunk}
            listed = {resource: resource[0] not in later for resource in ends
                      if resource[0] in here or (number == len(chunks) and resource[0] not in later)}
            messages.append(make(chunk, listed, part=number, last=number == len(chunks), history=self.histories[-1]))
        return messages

    def difference(self):
        """Of some resources: the others are behind, in lanes of their own."""
        chosen = self.chance.sample(self.resources, self.chance.randrange(1, 6))
        changes = []
        for resource in chosen:
            for login in self.LOGINS:
                before, after = (known[resource].get(login, []) for known in (self.told, self.so))
                if before != after:
                    changes.append(change(resource, login, after, before))
        changes.sort(key=lambda entry: len(entry["roles"]["after"]))
        self.confirm(chosen)
        return self.parts(lambda chunk, _, **members: event(self.window, self.revision, *chunk, **members), changes, [])

    def snapshot(self, complete):
        chosen = self.chance.sample(self.resources, 5 if complete else 1)
        if complete:  # One resource the app is to forget.
            self.so[chosen.pop()] = {}
        changes = [change(resource, login, names)
                   for resource in chosen for login, names in self.so[resource].items() if names]
        self.confirm(self.resources if complete else chosen)

        def make(chunk, listed, **members):
            return snapshot(self.window, self.revision, listed, *chunk, complete=complete, **members)
        return self.parts(make, changes, chosen)

    def confirm(self, resources):
        for resource in resources:
            self.told[resource] = dict(self.so[resource])

    def expected(self):
        return {resource[0]: people(**{login: names for login, names in known.items() if names})
                for resource, known in self.told.items() if any(known.values())}

    def step(self):
        self.live()
        kind = self.chance.random()
        if kind < 0.1:
            self.restore()
        if kind < 0.2:
            return self.snapshot(complete=True)
        return self.snapshot(complete=False) if kind < 0.4 else self.difference()
