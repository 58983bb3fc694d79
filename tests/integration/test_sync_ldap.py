# SPDX-License-Identifier: Apache-2.0
"""The whole road from a real slapd: what happens there, in roster's database a run later; and reads that go wrong."""

import ldap
import pytest

import company
import reconciler
import settings
from company import GROUPS, PEOPLE, STAFF, add, change, department, group, person
from ldap_double import CLOSE, HANG, LdapDouble, entry, result
from ldap_double import person as scripted_person
from roster import ADMINISTRATOR
from slapd import PASSWORD, SUFFIX, Slapd, free_port

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{bind_dn}"; password: "file:{password}"; page_size: {page_size}
  users: {{ base: "{staff}" }}
  groups: {{ base: "{groups}" }}
  units: {{ base: "{staff}" }}
}} }}
safety: {{ first_run: "apply" }}
rules: {{
  default_admins: [ "admin" ]
  team-roles: {{
    match: "cn ~ ^(?<unit>[a-z]+)-(?<team>[a-z]+)-(?<kind>admins|devs|readers)$"; into: "/${{unit}}/${{team}}"
    role_by: "kind"; role: {{ admins: "Administrator"; devs: "Developer"; readers: "Contributor" }}
  }}
  org-chart: {{ subtree: "{staff}"; into: "/org"; max_depth: 2; role: "Contributor" }}
}}
"""


@pytest.fixture(scope="module")
def slapd():
    with Slapd(company.ldif(), database=company.ACCESS) as server:
        yield server


class Site:
    """A directory, a roster that reads it, and the second opinion."""

    def __init__(self, slapd, roster):
        self.slapd, self.roster = slapd, roster
        self.directory = slapd.admin()
        self.model = reconciler.Model(ADMINISTRATOR)
        self.password = roster.directory / "password"
        self.configure()

    def configure(self, account="sync", password=PASSWORD, url=None, page_size=500):
        self.password.write_text(password + "\n")
        self.password.chmod(0o600)
        text = CONFIGURATION.format(url=url or self.slapd.url, bind_dn=company.account(account), password=self.password,
                                    page_size=page_size, staff=STAFF, groups=GROUPS)
        self.roster.configure(text)
        self.configuration = settings.parse(text)

    def start(self):
        """The first run, unchecked."""
        self.roster.ctl("sync")
        self.model.sync("corp", self.configuration, company.read(self.directory))

    def sync(self):
        """Plan and sync, which agree; afterwards the database holds what the directory says."""
        plan = self.roster.json("plan")["sources"][0]
        done = self.roster.json("sync")["sources"][0]
        assert done["changes"] == plan["changes"] and done["completeness"] == "complete"
        self.model.sync("corp", self.configuration, company.read(self.directory))
        reconciler.assert_equal(self.roster, self.model)
        return done

    def holdings(self, number):
        """(anchor, role) of a person, whatever his login is now."""
        return {(row["anchor"], row["role"]) for row in self.roster.sql(
            """select resource_name(g.anchor) as anchor, r.name as role from grants g join roles r on r.id = g.role
            join users u on u.id = g.user_id where u.email = %s""", f"u{number}@ex.org")}

    def facts(self):
        """Who may do what, and since when."""
        return {name: self.roster.value(f"select md5(string_agg(t::text, '' order by t::text)) from {name} t")
                for name in ("users", "identities", "groups", "grants", "users_history", "grants_history", "effective")}

    def last_run(self):
        return self.roster.json("runs", "--most", 1)["runs"][0]


@pytest.fixture
def site(slapd, roster):
    """The company as it is in the beginning, read once."""
    site = Site(slapd, roster)
    company.restore(site.directory)
    site.start()
    return site


def lines(done):
    """(kind, action, login, anchor, role)"""
    return {tuple(change.get(key, "") for key in ("kind", "action", "login", "anchor", "role")) for change in done["changes"]}


# --- the company as it is -----------------------------------------------------------------------------------------------


def test_a_company_arrives_as_the_reconciler_expects(site):
    reconciler.assert_equal(site.roster, site.model)
    users = {user["login"] for user in site.roster.json("user", "list")["users"]}
    assert users == {f"u{number}" for number in range(PEOPLE)} | {"admin"}
    inside = {("group:/pay/api", "Developer"), ("group:/web/shop", "Developer")}
    assert site.holdings(24) >= inside and site.holdings(30) >= inside and site.holdings(59) >= inside
    assert ("group:/org/it/core", "Contributor") in site.holdings(36), "night is deeper than max_depth"
    assert ("group:/ops/night", "Contributor") in site.holdings(50)
    assert ("group:/ops/day", "Developer") in site.holdings(53)
    assert "nothing to do" in site.roster.ctl("sync").err


@pytest.mark.parametrize("page_size", [0, 1, 7])
def test_another_page_size_reads_the_same(site, page_size):
    site.configure(page_size=page_size)
    assert site.sync()["changes"] == []


# --- what happens in a directory -----------------------------------------------------------------------------------------


def test_members_join_and_leave(site):
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    change(site.directory, group("pay-api-devs"), "delete", "member", person(1))
    change(site.directory, group("inner"), "add", "member", person(8))
    done = site.sync()
    assert lines(done) == {
        ("grant", "add", "u7", "/pay/api", "Developer"), ("grant", "remove", "u1", "/pay/api", "Developer"),
        ("grant", "add", "u8", "/pay/api", "Developer"), ("grant", "add", "u8", "/web/shop", "Developer")}


def test_members_by_unique_name_and_by_login_join_and_leave(site):
    change(site.directory, group("ops-night-readers"), "add", "uniqueMember", person(6))
    change(site.directory, group("ops-night-readers"), "delete", "uniqueMember", person(50))
    change(site.directory, group("ops-day-devs"), "add", "memberUid", "u9", "later")
    change(site.directory, group("ops-day-devs"), "delete", "memberUid", "u53")
    assert lines(site.sync()) == {
        ("grant", "add", "u6", "/ops/night", "Contributor"), ("grant", "remove", "u50", "/ops/night", "Contributor"),
        ("grant", "add", "u9", "/ops/day", "Developer"), ("grant", "remove", "u53", "/ops/day", "Developer")}
    late = {**company.person_attributes(99), "uid": ["later"]}
    add(site.directory, f"uid=later,{department('law')}", late)
    assert ("grant", "add", "later", "/ops/day", "Developer") in lines(site.sync())


def test_a_cycle_that_is_broken_lets_go(site):
    change(site.directory, group("core"), "delete", "member", group("web"))
    done = site.sync()
    assert ("grant", "remove", "u30", "/pay/api", "Developer") in lines(done)
    assert ("group:/web/shop", "Developer") in site.holdings(24)


@pytest.mark.parametrize("groups_follow", [False, True])
def test_a_renamed_person_keeps_everything(site, groups_follow):
    before = site.holdings(0)
    site.directory.rename_s(person(0), "uid=married")
    if groups_follow:
        change(site.directory, group("pay-api-devs"), "delete", "member", person(0))
        change(site.directory, group("pay-api-devs"), "add", "member", person(0).replace("u0", "married"))
    assert lines(site.sync()) == {("user", "change", "married", "", "")}
    assert site.holdings(0) == before and ("group:/pay/api", "Developer") in before


def test_a_person_moves_to_another_department(site):
    site.directory.rename_s(person(2), "uid=u2", department("law"))
    assert lines(site.sync()) == {("grant", "add", "u2", "/org/law", "Contributor"),
                                  ("grant", "remove", "u2", "/org/sales", "Contributor")}
    assert ("group:/pay/api", "Developer") in site.holdings(2)


def test_a_department_moves_with_its_people(site):
    site.directory.rename_s(department("web"), "ou=web", department("sales"))
    done = site.sync()
    assert lines(done) >= {("group", "add", "", "/org/sales/web", ""), ("group", "archive", "", "/org/it/web", "")}
    assert site.holdings(30) == {("group:/org/sales/web", "Contributor"), ("group:/pay/api", "Developer"),
                                 ("group:/web/shop", "Developer")}


def test_a_deleted_person_is_suspended_at_once_and_keeps_the_grants(site):
    before = site.holdings(0)
    site.directory.delete_s(person(0))
    assert lines(site.sync()) == {("user", "vanish", "u0", "", "")}
    assert site.holdings(0) == before and before
    assert not site.roster.sql("select from effective e join users u on u.id = e.user_id where u.login = 'u0'")
    assert site.roster.json("access", "u0")["reaches"] == []


@pytest.mark.parametrize("seen_gone", [False, True])
def test_who_comes_under_an_old_name_inherits_nothing(site, seen_gone):
    """The groups still list the name; the entry is another one."""
    site.directory.delete_s(person(3))
    if seen_gone:
        site.sync()
    add(site.directory, person(3), {**company.person_attributes(3), "mail": ["new@ex.org"]})
    site.sync()
    access = site.roster.json("access", "u3")
    assert [(row["anchor"], row["role"]) for row in access["holds"]] == [("group:/org/sales", "Contributor")]
    assert ("group:/pay/api", "Contributor") in site.holdings(3), "of the one who is gone"
    change(site.directory, group("pay-api-readers"), "delete", "member", person(3))
    site.sync()
    change(site.directory, group("pay-api-readers"), "add", "member", person(3))
    assert lines(site.sync()) == {("grant", "add", "u3", "/pay/api", "Contributor")}


def test_who_comes_under_an_old_login_does_not_step_into_its_posix_group(site):
    site.directory.delete_s(person(53))
    add(site.directory, person(53), {**company.person_attributes(53), "mail": ["new@ex.org"]})
    site.sync()
    assert {row["role"] for row in site.roster.json("access", "u53")["holds"]} == {"Contributor"}


def test_a_renamed_group_gives_what_its_new_name_says(site):
    site.directory.rename_s(group("pay-api-readers"), "cn=web-shop-admins")
    done = lines(site.sync())
    assert {("grant", "remove", f"u{number}", "/pay/api", "Contributor") for number in (2, 3, 40)} < done
    assert {("grant", "add", f"u{number}", "/web/shop", "Administrator") for number in (2, 3, 40)} < done
    assert len(done) == 6


def test_a_deleted_group_gives_nothing_any_more(site):
    site.directory.delete_s(group("ops-night-readers"))
    done = lines(site.sync())
    assert ("grant", "remove", "u51", "/ops/night", "Contributor") in done
    assert ("group", "archive", "", "/ops/night", "") in done


def test_a_new_group_takes_in_those_who_are_there(site):
    add(site.directory, group("hr-desk-readers"),
        {"objectClass": ["groupOfNames"], "cn": ["hr-desk-readers"], "member": [person(4), group("inner"), "cn=nobody"]})
    done = lines(site.sync())
    assert done == {("group", "add", "", "/hr/desk", ""), ("grant", "add", "u4", "/hr/desk", "Contributor"),
                    ("grant", "add", "u59", "/hr/desk", "Contributor")}


# --- reads that go wrong ---------------------------------------------------------------------------------------------------


def assert_harmless(site, before):
    """Nobody has lost or got anything, and the next good read finds nothing to do."""
    assert site.facts() == before
    site.configure()
    assert site.sync()["changes"] == []


@pytest.mark.parametrize("account, page_size", [("small", 0), ("small", 20), ("paged", 10)])
def test_a_size_limit_takes_nothing_from_anybody(site, account, page_size):
    before = site.facts()
    site.configure(account, page_size=page_size)
    result = site.roster.ctl("sync", code=69)
    assert "! the read is incomplete, nothing is removed by it: Size limit exceeded (4)" in result.out
    run = site.last_run()
    assert (run["state"], run["read"]) == ("nothing", "incomplete")
    assert run["reason"].startswith("Size limit exceeded (4) after ") and STAFF in run["reason"]
    assert_harmless(site, before)


def test_an_incomplete_read_gives_and_takes_nothing(site):
    change(site.directory, group("pay-api-devs"), "add", "member", person(7))
    change(site.directory, group("pay-api-devs"), "delete", "member", person(1))
    site.directory.delete_s(person(5))
    site.configure("small", page_size=0)
    done = site.roster.json("sync", code=69)["sources"][0]
    assert done["completeness"] == "incomplete"
    (source,) = [row for row in site.roster.json("status")["sources"] if row["source"] == "corp"]
    assert (source["settled"], source["last_state"], source["last_read"]) == (False, "applied", "incomplete")
    assert lines(done) == {("grant", "add", "u7", "/pay/api", "Developer")} and done["postponed"] == 1
    site.configure()
    assert lines(site.sync()) == {("grant", "remove", "u1", "/pay/api", "Developer"), ("user", "vanish", "u5", "", "")}


@pytest.mark.parametrize("settings, code, words", [
    ({"password": "wrong"}, 77, "Invalid credentials (49)"),
    ({"url": f"ldap://127.0.0.1:{free_port()}"}, 69, "Connection refused"),
    ({"account": "nobody"}, 77, "Invalid credentials (49)")], ids=["password", "down", "account"])
def test_a_read_that_cannot_begin_changes_nothing(site, settings, code, words):
    before = site.facts()
    site.configure(**settings)
    result = site.roster.ctl("sync", code=code)
    assert "rosterctl: source corp: " in result.err and words in result.err
    run = site.last_run()
    assert (run["state"], run["read"]) == ("failed", "failed") and words in run["reason"]
    assert_harmless(site, before)


@pytest.mark.parametrize("base", [STAFF, GROUPS])
def test_a_base_that_is_gone_changes_nothing(site, base):
    before = site.facts()
    site.directory.rename_s(base, "ou=elsewhere")
    assert "No such object (32)" in site.roster.ctl("sync", code=77).err
    assert base in site.last_run()["reason"]
    site.directory.rename_s(f"ou=elsewhere,{SUFFIX}", base.split(",")[0])
    assert_harmless(site, before)


def test_half_the_people_hidden_by_an_access_rule_are_held(site):
    """The server says success: only the limits can tell."""
    before = site.facts()
    site.configure("half")
    result = site.roster.ctl("sync", code=1)
    assert "applied 0 changes and holds 30 changes: 30 disappearances of 60 people (50.0 %, limit 10 %)" in result.err
    run = site.last_run()
    assert (run["read"], run["held"]) == ("complete", 30) and "30 disappearances" in run["reason"]
    assert_harmless(site, before)
    assert site.roster.json("runs", "diff", run["run"])["changes"] == []


def test_all_people_hidden_while_the_groups_are_not(site):
    before = site.facts()
    site.configure("peopleless")
    assert "nothing is removed by it: it returned no user at all, after 60 before" in site.roster.ctl("sync", code=69).out
    assert_harmless(site, before)


def test_an_empty_answer_after_a_full_one_is_no_answer(site):
    before = site.facts()
    site.configure("outside")
    result = site.roster.ctl("sync", code=69)
    assert "the read is incomplete, nothing is removed by it: it returned no user at all, after 60 before" in result.out
    run = site.last_run()
    assert (run["state"], run["read"], run["entries"]) == ("nothing", "incomplete", 0)
    assert "returned no user at all" in run["reason"]
    assert_harmless(site, before)


def test_groups_whose_members_are_hidden_lose_nobody(site):
    before = site.facts()
    site.configure("blind")
    site.roster.ctl("sync")
    run = site.last_run()
    assert (run["read"], run["unreadable"]) == ("complete", 8)
    problems = site.roster.json("quarantine")["problems"]
    assert {problem["what"] for problem in problems} == {group(name) for name in (*company.NAMED, *company.UNIQUE)}
    assert all("its class requires" in problem["why"] for problem in problems)
    assert_harmless(site, before)
    assert site.roster.json("quarantine")["problems"] == []


# --- what slapd does not do on demand -----------------------------------------------------------------------------------------


SCRIPTED = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; page_size: 0; timeouts: {{ operation: "1s" }}
  users: {{ base: "ou=people,dc=ex,dc=org" }}
  groups: {{ base: "ou=groups,dc=ex,dc=org" }}
}} }}
safety: {{ first_run: "apply" }}
rules: {{ default_admins: [ "admin" ]; team: {{ filter: "(cn=team)"; into: "/team"; role: "Developer" }} }}
"""
TEAM = entry("cn=team,ou=groups,dc=ex,dc=org", objectClass=["groupOfNames"], cn=["team"],
             entryUUID=["00000000-0000-4000-8000-000000000099"],
             member=[f"uid=u{number},ou=people,dc=ex,dc=org" for number in range(8)])
ALL = [[*map(scripted_person, range(8)), result(0)], [TEAM, result(0)]]


REST = [result(0)]
BREAKS = {
    "time limit": ([[scripted_person(0), result(3, "took too long")], REST], 69, "Time limit exceeded (3): took too long after 1 "),
    "time limit of groups": ([ALL[0], [result(3)]], 69, "Time limit exceeded (3) after 0 entries"),
    "end among people": ([[scripted_person(0), CLOSE]], 69, "Can't contact LDAP server (-1)"),
    "end among groups": ([ALL[0], [CLOSE]], 69, "ou=groups"),
    "silence": ([[scripted_person(0), HANG]], 69, "silent for 1s (timeouts.operation)"),
    # What there may be more of elsewhere, or behind a limit: what came is believed, what did not is not missed.
    **{f"code {code}": ([[scripted_person(0), result(code)], REST], 69, f"({code}) after 1 entries") for code in (3, 4, 9, 10, 11)},
    # What says nothing at all about the rest.
    **{f"code {code}": ([[scripted_person(0), result(code)]], exit_code, f"({code})") for code, exit_code in (
        (1, 69), (2, 69), (8, 77), (12, 78), (13, 77), (32, 77), (34, 78), (50, 77), (51, 69), (52, 69), (53, 77), (80, 69),
        (4096, 69))},
}


@pytest.mark.parametrize("second, code, words", BREAKS.values(), ids=BREAKS)
def test_an_answer_that_breaks_off_takes_nothing(roster, second, code, words):
    with LdapDouble(*ALL, *second, *ALL) as double:
        roster.configure(SCRIPTED.format(url=double.url))
        roster.ctl("sync")
        assert roster.value("select count(*) from grants g join sources s on s.id = g.source where s.name = 'corp'") == 8
        head = roster.value("select head()")
        answer = roster.ctl("sync", code=code)
        assert words in answer.out + answer.err
        assert words in roster.json("runs", "--most", 1)["runs"][0]["reason"]
        assert "nothing to do" in roster.ctl("sync").err
        assert roster.value("select head()") == head
