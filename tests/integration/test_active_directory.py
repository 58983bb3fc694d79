# SPDX-License-Identifier: Apache-2.0
"""Active Directory, a real Samba domain controller: what it calls things, whom it counts in, whom it has closed."""

import re
import shlex
import subprocess
import time

import ldap
import pytest

import leading
import samba
from roster import ADMINISTRATOR
from samba import DISABLED, NEVER, SUFFIX, add_group, add_unit, add_user, filetime, modify

# Nothing is said of the dialect.
CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:{password}"; ca_file: "{ca}"; timeouts: {{ connect: "30s" }}
  users: {{ base: "OU=Staff,{root}" }}
  groups: {{ base: "{groups}" }}
  units: {{ base: "OU=Staff,{root}" }}
  {more}
}} }}
safety: {{ first_run: "apply" }}
rules: {{
  default_admins: [ "admin" ]
  team-roles: {{
    match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ devs: "Developer"; readers: "Contributor" }}
  }}
  everybody: {{ group: "CN=Domain Users,CN=Users,{suffix}"; into: "/everybody"; role: "Contributor" }}
  org-chart: {{ subtree: "OU=Staff,{root}"; into: "/org"; max_depth: 2; role: "Contributor" }}
}}
"""


@pytest.fixture(scope="module")
def domain():
    with samba.Samba() as server:
        yield server


class Site:
    """A tree of its own in the domain, and a roster that reads it."""

    def __init__(self, domain, roster, name):
        self.domain, self.roster = domain, roster
        self.directory = domain.admin()
        self.root = add_unit(self.directory, name)
        self.staff, self.groups = add_unit(self.directory, "Staff", self.root), add_unit(self.directory, "Groups", self.root)
        self.password = roster.directory / "password"
        self.password.write_text(samba.PASSWORD + "\n")
        self.password.chmod(0o600)

    def configure(self, groups=None, **changes):
        settings = {"url": self.domain.ldaps, "bind_dn": samba.ADMIN, "password": self.password, "ca": self.domain.ca,
                    "root": self.root, "suffix": SUFFIX, "groups": groups or SUFFIX, "more": "", **changes}
        self.roster.configure(CONFIGURATION.format(**settings))

    def user(self, login, parent=None, **attributes):
        return add_user(self.directory, login, parent or self.staff, **attributes)

    def group(self, name, *members):
        return add_group(self.directory, name, self.groups, members)

    def sync(self, *words):
        return self.roster.json("sync", *words)["sources"][0]

    def try_by_hand(self, line):
        """What a search that was logged finds in a shell."""
        secret = self.roster.directory / "typed"
        secret.write_text(samba.PASSWORD)
        secret.chmod(0o600)
        done = subprocess.run(line.replace(" -W", f" -y {shlex.quote(str(secret))}"), shell=True, capture_output=True, text=True,
                              timeout=60, check=False)
        print(line, done.stdout, done.stderr, sep="\n")
        assert done.returncode == 0
        return done.stdout

    def check(self):
        """What came bit by bit is what a full read finds."""
        before = self.facts()
        done = self.sync("--full")
        assert done["completeness"] == "complete" and done["changes"] == [] and self.facts() == before

    def facts(self):
        """The membership of somebody who is gone stays until his group is read again."""
        return [self.roster.sql(query) for query in (
            "select external_id, dn, login, email, name, kind, gone_since is not null, closed, alias, parent from directory_entries order by 1",
            """select group_id, e.reference, member_id from directory_edges e left join directory_entries d on d.id = e.member_id
               where d.gone_since is null order by 1, 2""",
            "select user_id, anchor, role from grants order by 1, 2, 3")]

    def people(self):
        """login -> active"""
        return {row["login"]: row["active"] for row in self.roster.sql("select login, active from users")
                if row["login"] != ADMINISTRATOR}

    def holdings(self, login):
        return {(row["anchor"], row["role"]) for row in self.roster.sql(
            """select resource_name(g.anchor) as anchor, r.name as role from grants g join roles r on r.id = g.role
            join users u on u.id = g.user_id where u.login = %s""", login)}


@pytest.fixture
def site(domain, roster, request):
    name = f"T{abs(hash(request.node.name)) % 10**8}"
    site = Site(domain, roster, name)
    site.configure()
    yield site
    site.directory.delete_ext_s(site.root, serverctrls=[ldap.controls.RequestControl("1.2.840.113556.1.4.805", True)])


def test_the_dialect_is_found_and_people_and_groups_arrive(site):
    alice, bob = site.user("alice"), site.user("bob", cn="Bob\\, the \\\"Builder\\\" ü")
    site.group("pay-api-devs", alice)
    site.group("pay-api-readers", site.group("inner", bob))
    done = site.sync()
    assert done["completeness"] == "complete"
    assert site.people() == {"alice": True, "bob": True}, "computers, managed accounts and trusts are no people"
    assert ("group:/pay/api", "Developer") in site.holdings("alice")
    assert ("group:/pay/api", "Contributor") in site.holdings("bob"), "nested"
    assert site.roster.value("select email from users where login = 'alice'") == "alice@ex.test"
    assert "nothing to do" in site.roster.ctl("sync").err


def test_who_is_in_a_group_by_its_primary_group_is_in_it(site):
    """Domain Users lists nobody: each person says himself that it is his."""
    alice = site.user("alice")
    site.sync()
    assert ("group:/everybody", "Contributor") in site.holdings("alice")
    site.roster.adopt("hall", "admin", "/everybody")
    why = site.roster.ctl("explain", "alice", "app:hall").out
    assert f"member of CN=Domain Users,CN=Users,{SUFFIX} (his primary group)" in why
    devs = site.group("pay-api-devs", alice)
    token = samba.value(site.directory, devs, "objectSid")
    modify(site.directory, alice, primaryGroupID=int.from_bytes(token[-4:], "little"))
    assert samba.value(site.directory, devs, "member") is None, "the server has moved him out of the list"
    site.sync()
    assert ("group:/pay/api", "Developer") in site.holdings("alice")
    assert ("group:/everybody", "Contributor") in site.holdings("alice"), "the server lists him there now"
    modify(site.directory, alice, primaryGroupID=513)
    site.directory.modify_s(devs, [(ldap.MOD_DELETE, "member", [alice.encode()])])
    site.sync()
    assert ("group:/pay/api", "Developer") not in site.holdings("alice")
    assert ("group:/everybody", "Contributor") in site.holdings("alice")


def test_a_disabled_account_is_suspended_and_comes_back_whole(site):
    alice = site.user("alice")
    site.user("carol", flags=DISABLED)
    site.group("pay-api-devs", alice, f"CN=carol,{site.staff}")
    site.sync()
    assert site.people() == {"alice": True}, "an account that was never open is nobody yet"
    held = site.holdings("alice")
    modify(site.directory, alice, userAccountControl=DISABLED)
    assert re.search(r"- user +alice +closed in corp: userAccountControl is 514 \(disabled\)", site.roster.ctl("plan").out)
    done = site.sync()
    (person,) = site.roster.json("user", "show", "alice")["identities"]
    assert (person["enabled"], person["closed"]) == (False, "userAccountControl is 514 (disabled)")
    assert [(line["kind"], line["action"], line["login"]) for line in done["changes"]] == [("user", "disable", "alice")]
    assert site.people() == {"alice": False} and site.holdings("alice") == held
    why = site.roster.ctl("explain", "alice", "group:/pay/api").out
    assert "closed in corp since" in why and "(userAccountControl is 514 (disabled))" in why
    refused = site.roster.ctl("explain", "carol", "group:/pay/api", code=65).err
    assert "was never open" in refused and "userAccountControl is 514" in refused
    assert "nothing to do" in site.roster.ctl("sync").err
    modify(site.directory, alice, userAccountControl=samba.NORMAL)
    modify(site.directory, f"CN=carol,{site.staff}", userAccountControl=samba.NORMAL)
    site.sync()
    assert site.people() == {"alice": True, "carol": True} and site.holdings("alice") == held
    assert ("group:/pay/api", "Developer") in site.holdings("carol")


def test_an_account_that_has_expired_is_closed(site):
    alice = site.user("alice", accountExpires=filetime(time.time() - 3600))
    site.user("bob", accountExpires=0)
    site.user("carol", accountExpires=NEVER)
    site.user("dave", accountExpires=filetime(time.time() + 86400))
    site.sync()
    assert site.people() == {"bob": True, "carol": True, "dave": True}
    modify(site.directory, alice, accountExpires=NEVER)
    site.sync()
    assert site.people()["alice"]


def test_an_account_expires_without_a_word_of_the_directory(site):
    """H7"""
    site.user("alice", accountExpires=filetime(time.time() + 3))
    site.sync()
    assert site.people() == {"alice": True}
    time.sleep(4)
    site.sync()
    assert site.people() == {"alice": False}
    assert "nothing to do" in site.roster.ctl("sync").err


def test_members_are_known_by_identity_not_by_name(site):
    alice = site.user("alice")
    devs = site.group("pay-api-devs", alice)
    site.sync()
    site.directory.rename_s(alice, "CN=Alice Ng-Smith", add_unit(site.directory, "Elsewhere", site.staff))
    site.sync()
    assert ("group:/pay/api", "Developer") in site.holdings("alice")
    assert ("group:/org/elsewhere", "Contributor") in site.holdings("alice")
    # Somebody new under the old name is in nothing.
    add_user(site.directory, "alice2", site.staff, cn="alice")
    site.sync()
    assert ("group:/pay/api", "Developer") not in site.holdings("alice2")
    assert devs


def test_members_from_elsewhere_are_kept_and_count_for_nobody(site):
    """A foreign security principal, and an entry outside of what is read."""
    alice = site.user("alice")
    outside = add_user(site.directory, "outsider", site.root)
    group = site.group("pay-api-devs", alice, outside)
    site.directory.modify_s(group, [(ldap.MOD_ADD, "member", [b"<SID=S-1-5-21-1-2-3-4567>"])])
    done = site.sync()
    assert done["completeness"] == "complete" and site.people() == {"alice": True}
    texts = {row["reference_text"] for row in site.roster.sql(
        "select reference_text from directory_edges e join directory_entries g on g.id = e.group_id where g.dn like 'CN=pay-api-devs,%' and member_id is null")}
    assert texts == {outside, f"CN=S-1-5-21-1-2-3-4567,CN=ForeignSecurityPrincipals,{SUFFIX}"}


# --- who we are ------------------------------------------------------------------------------------------------------------


def kerberos(site, url):
    site.keytab, site.roster.more_environment = site.domain.keytab("Administrator")
    lines = CONFIGURATION.format(url=url, bind_dn="", password="", ca=site.domain.ca, root=site.root, suffix=SUFFIX,
                                 groups=SUFFIX, more=f'sasl: "gssapi"; keytab: "{site.keytab}"')
    site.roster.configure(lines.replace('bind_dn: ""; password: "file:"; ', ""))


def test_kerberos_proves_who_we_are(site):
    """It encrypts by itself."""
    site.user("alice")
    kerberos(site, site.domain.ldap)
    assert site.sync()["completeness"] == "complete" and site.people() == {"alice": True}
    kerberos(site, site.domain.ldaps)
    assert "encrypts by itself" in site.roster.ctl("check", code=78).err


def test_a_keytab_that_is_not_there_is_named(site):
    kerberos(site, site.domain.ldap)
    site.keytab.unlink()
    assert f"cannot read the keytab {site.keytab}" in site.roster.ctl("sync", code=78).err


@pytest.mark.parametrize("changes, what", [({"userAccountControl": DISABLED}, "the account is disabled"),
                                           ({"accountExpires": filetime(1e9)}, "the account has expired"),
                                           ({"pwdLastSet": 0}, "the password must be changed first")])
def test_an_account_of_ours_that_is_closed_is_not_tried_again(site, changes, what):
    modify(site.directory, site.user("svc"), **changes)
    site.configure(bind_dn="svc@EX.TEST")
    result = site.roster.ctl("sync", code=77)
    assert what in result.err and "rosterctl sync" in result.err


def lock_out(domain, directory, login):
    """Wrong passwords until the domain controller takes no more."""
    for _ in range(3):
        connection = ldap.initialize(domain.ldap)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(domain.ca))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.start_tls_s()
        with pytest.raises(ldap.INVALID_CREDENTIALS):
            connection.simple_bind_s(f"{login}@{samba.REALM}", "wrong")
    ((dn, attributes),) = [item for item in directory.search_s(SUFFIX, ldap.SCOPE_SUBTREE, f"(sAMAccountName={login})", ["lockoutTime"])
                           if item[0]]
    assert int(attributes["lockoutTime"][0]) > 0
    return dn


@pytest.fixture
def lockouts(domain):
    settings = ["domain", "passwordsettings", "set", "-H", domain.dc / "private/sam.ldb"]
    domain.tool(*settings, "--account-lockout-threshold=3")
    yield
    domain.tool(*settings, "--account-lockout-threshold=0")


def test_an_account_that_is_locked_out_is_open_and_ours_is_not_tried_again(site, lockouts):
    """775: who types a wrong password is not closed; but whoever goes on trying keeps a lock alive."""
    site.user("alice")
    site.user("svc")
    site.configure(bind_dn=f"svc@{samba.REALM}", more='poll: "10s"')
    site.sync()
    lock_out(site.domain, site.directory, "alice")
    assert "nothing to do" in site.roster.ctl("sync").err and site.people()["alice"]
    dn = lock_out(site.domain, site.directory, "svc")
    child = leading.Child(site.roster)
    site.roster.led = True
    try:
        child.await_word("it is not tried again until somebody asks for it")
        assert "the account is locked" in child.said()
        refused = site.roster.ctl("sync", code=77)
        assert "the account is locked" in refused.err
        assert child.said().count("the account is locked") == 2, "once by itself, and once because it was asked"
        modify(site.directory, dn, lockoutTime=0)
        assert "corp" in site.roster.ctl("sync").err and child.said().count("the account is locked") == 2
        site.user("bob")
        child.await_word("run corp/", child.said().count("run corp/") + 1)
        assert site.people()["bob"], "and polls again"
    finally:
        child.end()


def test_starttls_serves_as_well(site):
    site.user("alice")
    site.configure(url=site.domain.ldap, more="starttls: true")
    assert site.sync()["completeness"] == "complete"
    assert "source corp (Active Directory): ok" in site.roster.ctl("check", "--connect").err


# --- what changed since ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["dirsync", "usn"])
def told(site, request):
    """A site that is asked what changed, with somebody in it."""
    site.configure(more=f'changes: "{request.param}"')
    site.alice, site.bob = site.user("alice"), site.user("bob")
    site.devs = site.group("pay-api-devs", site.alice)
    assert site.sync()["completeness"] == "complete"
    site.check()
    return site


def test_changes_are_asked_for_and_nothing_else_is_read(told):
    for change, expected in (
            (lambda: modify(told.directory, told.alice, mail="a@b.c"), {("user", "change", "alice")}),
            (lambda: told.directory.modify_s(told.devs, [(ldap.MOD_ADD, "member", [told.bob.encode()])]),
             {("grant", "add", "bob")}),
            (lambda: told.directory.modify_s(told.devs, [(ldap.MOD_DELETE, "member", [told.alice.encode()])]),
             {("grant", "remove", "alice")}),
            (lambda: told.user("carol"), {("user", "add", "carol"), ("grant", "add", "carol")}),
            (lambda: modify(told.directory, told.bob, userAccountControl=DISABLED), {("user", "disable", "bob")}),
            (lambda: told.directory.delete_s(told.alice), {("user", "disable", "alice")})):
        change()
        done = told.sync()
        assert done["completeness"] in ("changes", "complete"), done
        assert {(line["kind"], line["action"], line["login"]) for line in done["changes"]} == expected
        assert told.sync()["completeness"] == "changes", "and then there is nothing more"
        told.check()


def test_what_leaves_the_base_is_gone_and_what_comes_back_is_there(told):
    held = told.holdings("alice")
    told.directory.rename_s(told.alice, "CN=alice", told.root)
    told.sync()
    assert told.people() == {"alice": False, "bob": True}
    assert re.search(r"gone from corp since \S+ \S+ \(the directory said so\)", told.roster.ctl("explain", "alice", "group:/org").out)
    told.directory.rename_s(f"CN=alice,{told.root}", "CN=alice", told.staff)
    told.sync()
    assert told.people() == {"alice": True, "bob": True} and told.holdings("alice") == held
    told.check()


def test_each_search_is_a_line_to_try_by_hand(told):
    carol = told.user("carol")
    lines = re.findall(r"search: (.*)", told.roster.ctl("-v", "sync").err)
    assert any("carol" in told.try_by_hand(line) for line in lines if "dirSync" in line or "uSNChanged" in line), lines
    assert all("!pr=" in line for line in lines if "objectGUID=" in line and "dirSync" not in line), "a page may be smaller than a batch"
    assert any(f"dn: {carol}" in told.try_by_hand(line) for line in lines if "objectGUID=" in line or "<GUID=" in line), lines


def test_a_filter_on_memberof_follows_groups_although_people_are_not_said_to_have_changed(told):
    """What is written at the people when a group changes is no change of theirs."""
    place = f'users: {{ base: "OU=Staff,{told.root}"'
    told.roster.config.write_text(told.roster.config.read_text().replace(
        place, f'{place}; filter: "(&(!(userAccountControl:1.2.840.113556.1.4.803:=512000))(memberOf:1.2.840.113556.1.4.1941:={told.devs}))"'))
    assert "the filter of users asks for memberOf" in told.roster.ctl("-v", "sync").err
    assert told.people() == {"alice": True, "bob": False}
    told.directory.modify_s(told.devs, [(ldap.MOD_ADD, "member", [told.bob.encode()])])
    told.sync()
    assert told.people() == {"alice": True, "bob": True}
    told.directory.modify_s(told.devs, [(ldap.MOD_DELETE, "member", [told.alice.encode()])])
    told.sync()
    assert told.people() == {"alice": False, "bob": True}


def test_a_renamed_unit_renames_whoever_is_below_it(told):
    inner = add_unit(told.directory, "Inner", told.staff)
    told.user("dave", inner)
    told.sync()
    assert ("group:/org/inner", "Contributor") in told.holdings("dave")
    told.directory.rename_s(inner, "OU=Outer")
    told.sync()
    assert ("group:/org/outer", "Contributor") in told.holdings("dave")
    told.check()


def test_one_deleted_and_made_again_under_his_name_is_another(told):
    told.directory.delete_s(told.alice)
    told.user("alice")
    told.sync()
    assert {(row["login"], row["active"]) for row in told.roster.sql("select login, active from users where login = 'alice'")} \
        == {("alice", False), ("alice", True)}
    active = told.roster.value("select id from users where login = 'alice' and active")
    assert told.roster.sql("select 1 from grants g join roles r on r.id = g.role where g.user_id = %s and r.name = 'Developer'", active) == []
    told.check()


def test_an_account_whose_state_is_hidden_stays_as_it_is(domain, roster):
    """Domains that are hardened empty the group by which everybody may read what says that an account is closed."""
    site = Site(domain, roster, "Hidden")
    add_user(site.directory, "hidden-svc", f"CN=Users,{SUFFIX}")
    site.configure(bind_dn=f"hidden-svc@{samba.REALM}", more='poll: "1h"')
    site.group("hidden-api-devs", site.user("ann"), site.user("ben", flags=DISABLED), site.user("eve", accountExpires=filetime(time.time() - 3600)))
    roster.ctl("sync")
    before = site.people()
    readers = f"CN=Pre-Windows 2000 Compatible Access,CN=Builtin,{SUFFIX}"
    ((_, found),) = site.directory.search_s(readers, ldap.SCOPE_BASE, attrlist=["member"])
    site.directory.modify_s(readers, [(ldap.MOD_REPLACE, "member", None)])
    try:
        assert "it returned no user at all" in roster.ctl("sync", "--full", code=69).out  # not one that could be used
        assert site.people() == before
        named = {row["what"]: row["why"] for row in roster.json("quarantine")["problems"]}
        assert len(named) == 3 and all("it shows no userAccountControl" in why for why in named.values()), named
    finally:
        site.directory.modify_s(readers, [(ldap.MOD_REPLACE, "member", found["member"])])
    roster.ctl("sync", "--full")
    assert site.people() == before and roster.json("quarantine")["problems"] == []
