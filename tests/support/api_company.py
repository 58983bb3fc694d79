# SPDX-License-Identifier: Apache-2.0
"""A small company at a double of an identity provider's API, and a roster that reads it."""

import os

from api_double import Group, Person

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ sso: {{ {source} }} }}
safety: {{ first_run: "apply"; max_remove_percent: 100 }}
rules: {{
  default_admins: [ "admin" ]
  {rules}
}}
"""
CLIENT = 'client_id: "roster"; client_secret: "file:secret"'
SECRETS = {"secret": b"a secret/+%", "token": b"static"}


def keycloak(api, more="page_size: 3"):
    return f'type: "keycloak"; issuer: "{api.issuer}"; {CLIENT}; {more}'


def scim(api, more="page_size: 3"):
    return f'type: "scim"; url: "{api.origin}"; issuer: "{api.issuer}"; {CLIENT}; {more}'


def graph(api, more=""):
    return f'type: "graph"; url: "{api.origin}/v1.0"; issuer: "{api.issuer}"; {CLIENT}; {more}'


def okta(api, more=""):
    return f'type: "okta"; url: "{api.origin}"; client_id: "roster"; client_key: "file:key.pem"; {more}'


def google(api, more=""):
    return (f'type: "google"; url: "{api.origin}/admin/directory/v1"; token_url: "{api.origin}/token"; '
            'client_id: "sync@project"; client_key: "file:key.pem"; subject: "boss@ex.org"; '
            f'users: {{ attributes: {{ login: "/name/familyName" }} }}; {more}')


def authentik(api, more=""):
    return f'type: "authentik"; url: "{api.origin}/api/v3"; token: "file:token"; {more}'


def described(api, pages, more=""):
    """What an administrator writes for an API that is none of these."""
    return (f'type: "rest"; url: "{api.origin}"; token: "file:token"; pages: {{ {pages} }}; page_size: 3; '
            'users: { path: "/Users"; items: "/Resources"; attributes: { login: "userName"; '
            'email: "/emails[?primary=true]/value"; name: "displayName"; enabled: "active" } }; '
            'groups: { path: "/Groups"; items: "/Resources"; attributes: { name: "displayName"; place: "displayName"; '
            f'member: "/members" }} }}; {more}')


def write_secrets(roster, **more):
    for name, text in {**SECRETS, **more}.items():
        path = roster.directory / name.replace("_", ".")
        path.write_bytes(text)
        os.chmod(path, 0o600)


def configure(roster, source, rules=""):
    roster.configure(CONFIGURATION.format(source=source, rules=rules))
    roster.ctl("check")


def people_and_groups():
    return ([Person(number) for number in range(1, 9)],
            [Group(1, "ops", [1, 2], ["on-call"]), Group(2, "on-call", [3, 4, 5, 6]), Group(3, "empty")])


def rules_for(api, **paths):
    """A rule for each group, by the path it has at this make."""
    names = {name: paths.get(name.replace("-", "_"), f"/{name}") for name in api.groups}
    return "\n".join(f'{name}: {{ group: "{path}"; into: "/{name}"; role: "Contributor" }}' for name, path in names.items())


def holders(roster):
    """Who of those who are active holds what where."""
    found = {}
    for row in roster.json("report", "grants")["grants"]:
        if row["login"] != "admin" and row["active"]:
            found.setdefault(row["anchor"].removeprefix("group:/"), set()).add(row["login"])
    return found


def active(roster):
    return {user["login"] for user in roster.json("user", "list")["users"] if user["active"]} - {"admin"}


def expected(api, nested=True):
    """Who is in which group by the model of the double; who is in a group inside counts where groups can be inside."""
    def inside(group):
        found = {person.login for person in api.members(group) if person.open}
        for name in group.groups if nested else []:
            if name in api.groups:
                found |= inside(api.groups[name])
        return found
    return {name: people for name, group in api.groups.items() if (people := inside(group))}
