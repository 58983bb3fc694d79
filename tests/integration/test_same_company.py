# SPDX-License-Identifier: Apache-2.0
"""The same company in OpenLDAP, Active Directory (Samba), 389 Directory Server and a file gives the same people, groups and
memberships, ids aside; and it stays so through a life of changes, however each of them tells of it."""

import pytest

import same_company
from roster import ADMINISTRATOR
from same_company import Company, OnDS389, OnFile, OnSamba, OnSlapd

LDAP = 'type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:{password}"; {more}'
CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{ {reads}
  users: {{ base: "OU=Staff,{root}" }}
  groups: {{ base: "OU=Groups,{root}" }}
  units: {{ base: "OU=Staff,{root}" }}
}} }}
safety: {{ first_run: "apply"; max_remove: 1000000; max_remove_percent: 100; max_suspend: 1000000; max_grant: 1000000 }}
rules: {{
  default_admins: [ "admin" ]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Developer" }}
  org-chart: {{ subtree: "OU=Staff,{root}"; into: "/org"; role: "Contributor" }}
}}
"""
EDITS, TOGETHER = 40, 4


class Site:
    def __init__(self, shore, roster):
        self.shore, self.company, self.roster = shore, shore.company, roster
        self.file = roster.directory / "company.ldif"
        reads = f'type: "ldif"; file: "{self.file}"'
        if not isinstance(shore, OnFile):
            password = roster.directory / "password"
            url, bind_dn, secret, more = shore.login
            password.write_text(secret + "\n")
            password.chmod(0o600)
            reads = LDAP.format(url=url, bind_dn=bind_dn, password=password, more=more)
        roster.configure(CONFIGURATION.format(reads=reads, root=shore.root))

    def sync(self, *words):
        if isinstance(self.shore, OnFile):
            self.file.write_text(self.shore.ldif())
        return self.roster.json("sync", *words)["sources"][0]

    def people(self):
        return {row["login"]: (row["email"], row["name"]) for row in self.roster.sql("select login, email, name from users where active")
                if row["login"] != ADMINISTRATOR}

    def memberships(self):
        """Who is bound to a group that is there, and is there himself, by what every make knows him by."""
        found = {row["name"]: set() for row in self.roster.sql(
            "select attributes->'cn'->>0 as name from directory_entries where kind = 'group' and gone_since is null")}
        for row in self.roster.sql(
                """select g.attributes->'cn'->>0 as name, coalesce(m.login, m.attributes->'cn'->>0) as member
                from directory_edges e join directory_entries g on g.id = e.group_id and g.gone_since is null
                join directory_entries m on m.id = e.member_id and m.gone_since is null"""):
            found[row["name"]].add(row["member"])
        return found

    def grants(self):
        return {(row["login"], row["anchor"].lower(), row["role"]) for row in self.roster.sql(
            """select u.login, resource_name(g.anchor) as anchor, r.name as role from grants g join roles r on r.id = g.role
            join users u on u.id = g.user_id and u.active where u.login <> %s""", ADMINISTRATOR)}

    def check(self, *context):
        assert self.people() == self.company.active(), context
        assert self.memberships() == self.company.memberships(), context
        assert self.grants() == self.company.grants(), context


@pytest.fixture(params=[OnSlapd, OnDS389, OnSamba, OnFile], ids=["slapd", "389", "samba", "ldif"])
def site(request, roster):
    shore = request.param(Company(seed=4))
    try:
        shore.open()
        shore.build()
        yield Site(shore, roster)
    finally:
        if not isinstance(shore, OnFile):
            shore.server.__exit__(None, None, None)


def test_a_company_is_the_same_in_every_directory_and_stays_so(site):
    done = site.sync()
    assert done["completeness"] == "complete"
    site.check("at first")
    for turn in range(EDITS // TOGETHER):
        edits = [site.company.edit(site.shore) for _ in range(TOGETHER)]
        same_company.quiet()
        site.sync()
        site.check(turn, edits)
    assert site.sync("--full")["changes"] == []
    site.check("after everything was read")
