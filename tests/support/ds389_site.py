# SPDX-License-Identifier: Apache-2.0
"""A roster that reads a 389 Directory Server by rosterctl. The fixtures are for tests to import."""

import ldap
import ldap.dn
import pytest

import ds389
from ds389 import SUFFIX, add_group, add_unit, add_user
from roster import ADMINISTRATOR

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:{password}"; {more}
  users: {{ {users} }}
  groups: {{ {groups} }}
  units: {{ {units} }}
}} }}
safety: {{ first_run: "apply" }}
rules: {{
  default_admins: [ "admin" ]
  team-roles: {{
    match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ devs: "Developer"; readers: "Contributor" }}
  }}
  org-chart: {{ subtree: "{staff}"; into: "/org"; max_depth: 2; role: "Contributor" }}
}}
"""

DEVELOPER, CONTRIBUTOR = ("group:/pay/api", "Developer"), ("group:/pay/api", "Contributor")


class Site:
    """A tree of its own in the directory, and a roster that reads it."""

    def __init__(self, server, roster, root):
        self.server, self.roster, self.root = server, roster, root
        self.directory = server.admin()
        self.password = roster.directory / "password"
        self.password.write_text(ds389.PASSWORD + "\n")
        self.password.chmod(0o600)

    def make_tree(self):
        self.staff, self.groups = add_unit(self.directory, "Staff", self.root), add_unit(self.directory, "Groups", self.root)
        self.configure()

    def configure(self, **changes):
        settings = {"url": self.server.url, "bind_dn": f"uid=sync,{SUFFIX}", "password": self.password, "more": "",
                    "users": f'base: "{self.staff}"', "groups": f'base: "{self.groups}"', "units": f'base: "{self.staff}"',
                    "staff": self.staff, **changes}
        self.roster.configure(CONFIGURATION.format(**settings))

    def user(self, login, parent=None, **attributes):
        return add_user(self.directory, login, parent or self.staff, **attributes)

    def group(self, name, *members, **attributes):
        return add_group(self.directory, name, self.groups, members, **attributes)

    def sync(self, *words):
        return self.roster.json("sync", *words)["sources"][0]

    def last_run(self):
        return self.roster.sql("select * from runs order by id desc limit 1")[0]

    def people(self):
        """login -> active"""
        return {row["login"]: row["active"] for row in self.roster.sql("select login, active from users")
                if row["login"] != ADMINISTRATOR}

    def holdings(self, login):
        return {(row["anchor"], row["role"]) for row in self.roster.sql(
            """select resource_name(g.anchor) as anchor, r.name as role from grants g join roles r on r.id = g.role
            join users u on u.id = g.user_id where u.login = %s and u.active""", login)}

    def assert_true(self):
        """A full read finds nothing to do."""
        done = self.sync("--full")
        assert done["completeness"] == "complete" and done["changes"] == []


def clear(connection, base):
    """Roles and their like are found by their class only."""
    found = connection.search_s(base, ldap.SCOPE_SUBTREE, "(|(objectClass=*)(objectClass=ldapSubentry))", ["1.1"])
    for dn in sorted((dn for dn, _ in found), key=lambda dn: -len(ldap.dn.str2dn(dn))):
        connection.delete_s(dn)


def cookies(site):
    return {row["part"]: bytes(row["cookie"]).decode() for row in site.roster.sql("select part, cookie from source_cookies")}


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    with ds389.DS389(ds389.FOLLOWED) as server:
        ds389.add_account(server.admin())
        yield server


@pytest.fixture
def site(server, roster, request):
    root = add_unit(server.admin(), f"T{abs(hash(request.node.name)) % 10**8}")
    site = Site(server, roster, root)
    site.make_tree()
    yield site
    clear(site.directory, root)


@pytest.fixture
def alone(roster):
    """A site on a server of its own: alone(settings)."""
    servers = []

    def make(*settings, **account):
        server = ds389.DS389(*settings)
        servers.append(server)
        server.__enter__()
        ds389.add_account(server.admin(), **account)
        site = Site(server, roster, SUFFIX)
        site.make_tree()
        return site
    yield make
    for server in servers:
        server.__exit__()
