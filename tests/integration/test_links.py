# SPDX-License-Identifier: Apache-2.0
"""Two sources, one person: linked by what neither the person nor chance decides, never by a name alone; each source's word apart."""

import random

import pytest

from api_company import keycloak, write_secrets
from api_double import Keycloak, Person
from ldif_company import entry

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{
  corp: {{ type: "ldif"; file: "corp.ldif"; {corp} }}
  sso: {{ type: "ldif"; file: "sso.ldif"; {sso} }}
}}
safety: {{ first_run: "apply"; {safety} }}
rules: {{
  default_admins: ["admin"]
  corp-devs: {{ source: "corp"; users: "(employeeType=dev)"; into: "/pay"; role: "Developer" }}
  sso-ops: {{ source: "sso"; users: "(employeeType=ops)"; into: "/pay"; role: "Operator" }}
  all: {{ users: "(uid=*)"; into: "/all"; role: "Contributor" }}
}}
"""
NUMBER = 'link: "employeeNumber"'


class Sites:
    """What both sources hold: {number: attributes}."""

    def __init__(self, roster):
        self.roster = roster
        self.corp, self.sso = {}, {}

    def configure(self, corp=NUMBER, sso=NUMBER, safety="max_remove: 100"):
        self.roster.configure(CONFIGURATION.format(corp=corp, sso=sso, safety=safety))

    def put(self, source, number, login, staff=None, kind="dev", **more):
        known = getattr(self, source)
        known[number] = {"objectClass": "inetOrgPerson", "uid": login, "cn": login.title(), "sn": "X", "employeeType": kind,
                         **({"employeeNumber": staff} if staff else {}), **more}

    def sync(self, *sources, code=0):
        for index, name in enumerate(("corp", "sso")):
            people = [entry(number + 1000 * index, f"uid={known['uid']},ou={name},dc=x", **known) for number, known in getattr(self, name).items()]
            (self.roster.directory / f"{name}.ldif").write_text("version: 1\n\n" + "\n".join(people))
        result = None
        for name in sources or ("corp", "sso"):
            result = self.roster.ctl("sync", "--source", name, code=code)
        return result

    def people(self):
        """{login: (active, sources)} but for the administrator."""
        return {u["login"]: (u["active"], u["sources"]) for u in self.roster.json("user", "list")["users"] if u["login"] != "admin"}

    def held(self, login):
        return sorted((h["anchor"], h["role"], h["source"]) for h in self.roster.json("access", login)["holds"])

    def everything(self):
        """{login: {(role in /pay, source)}}."""
        held = {}
        for row in self.roster.sql("select u.login, r.name as role, s.name as source from grants g join users u on u.id = g.user_id join roles r on r.id = g.role "
                                   "join sources s on s.id = g.source where group_path(g.anchor) = '/pay' and s.id > 0"):
            held.setdefault(row["login"], set()).add((row["role"], row["source"]))
        return held

    def caught(self):
        return [problem["why"] for problem in self.roster.json("quarantine")["problems"]]

    def named(self, login):
        rows = self.roster.sql("select u.login, u.email, u.name from users u where u.login = %s", login)
        return (rows[0]["email"], rows[0]["name"]) if rows else None


@pytest.fixture
def sites(roster):
    sites = Sites(roster)
    sites.configure()
    sites.put("corp", 1, "alice", "E1", mail="alice@corp")
    sites.put("corp", 2, "bob", "E2")
    sites.put("sso", 1, "ang", "e1", "ops", mail="ang@sso")
    sites.put("sso", 3, "carol", "E3", "ops")
    return sites


BOTH = [("group:/all", "Contributor", "corp"), ("group:/all", "Contributor", "sso"), ("group:/pay", "Developer", "corp"), ("group:/pay", "Operator", "sso")]


@pytest.mark.parametrize("order", [("corp", "sso"), ("sso", "corp", "sso")], ids=["corp-first", "sso-first"])
def test_entries_with_the_same_value_are_one_person(sites, order):
    """Whichever is read first; what each gives is apart, and what she is called is the word of the first in the file."""
    sites.sync(*order)
    assert sites.people() == {"alice": (True, ["corp", "sso"]), "bob": (True, ["corp"]), "carol": (True, ["sso"])}
    assert sites.held("alice") == BOTH and sites.named("alice") == ("alice@corp", "Alice")
    assert sites.caught() == [] and sites.roster.json("user", "duplicates")["duplicates"] == []
    before = sites.roster.sql("select max(id) as id from revisions")
    sites.sync()
    assert sites.roster.sql("select max(id) as id from revisions") == before, "a second time nothing follows"


def test_a_link_is_said_in_the_plan_and_shown_ever_after(sites):
    sites.sync("corp")
    plan = sites.roster.ctl("plan", "--source", "sso").out
    assert "known now also in sso, as uid=alice,ou=corp,dc=x in source corp by \"e1\"" in plan, plan
    sites.sync("sso")
    shown = {i["source"]: (i["dn"], i["linked_by"]) for i in sites.roster.json("user", "show", "alice")["identities"]}
    assert shown == {"corp": ("uid=alice,ou=corp,dc=x", None), "sso": ("uid=ang,ou=sso,dc=x", "e1")}
    sites.roster.ctl("app", "create", "crm")
    sites.roster.ctl("app", "group", "crm", "/pay")
    explained = sites.roster.ctl("explain", "alice", "app:crm").out
    assert "one person: corp  uid=alice,ou=corp,dc=x; sso  uid=ang,ou=sso,dc=x (linked by e1)" in explained, explained


def test_the_same_login_without_a_link_links_nobody(sites):
    """Who can choose his login could become somebody else: the newcomer waits, and nothing changes for the holder (ruling 19)."""
    sites.configure(corp="", sso="")
    sites.put("sso", 9, "bob", "E2", "ops", mail="bob@corp")
    sites.sync()
    assert sites.people()["bob"] == (True, ["corp"]) and sites.held("bob") == [("group:/all", "Contributor", "corp"), ("group:/pay", "Developer", "corp")]
    (why,) = sites.caught()
    assert 'login "bob" belongs to user bob' in why and "uid=bob,ou=corp,dc=x" in why


def test_active_only_while_every_source_says_so(sites):
    sites.sync()
    sites.put("sso", 1, "ang", "e1", "ops", shadowExpire="1")
    sites.sync("sso")
    assert sites.people()["alice"] == (False, ["corp", "sso"])
    assert "closed in sso" in sites.roster.ctl("explain", "alice", "group:/pay").out
    sites.put("sso", 1, "ang", "e1", "ops")
    del sites.corp[1]
    sites.sync()
    assert sites.people()["alice"] == (False, ["corp", "sso"]), "open again there, and gone here"
    sites.put("corp", 1, "alice", "E1", mail="alice@corp")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp", "sso"]) and sites.held("alice") == BOTH


def test_an_account_that_is_closed_when_it_is_first_seen_closes_the_person(sites):
    sites.sync("corp")
    sites.put("sso", 1, "ang", "e1", "ops", shadowExpire="1")
    sites.put("sso", 4, "nobody-else", "E4", "ops", shadowExpire="1")
    sites.sync("sso")
    assert sites.people() == {"alice": (False, ["corp", "sso"]), "bob": (True, ["corp"]), "carol": (True, ["sso"])}
    sites.put("sso", 1, "ang", "e1", "ops")
    sites.sync("sso")
    assert sites.people()["alice"][0] and sites.held("alice") == BOTH


def test_such_closings_are_guarded(sites):
    """Many at once are held, as any suspension by a source is, and let go when somebody agrees."""
    sites.configure(safety="max_suspend: 0; max_remove: 0; min_remove: 0")
    sites.sync("corp")
    for number in (1, 2):
        sites.put("sso", number, f"s{number}", f"E{number}", "ops", shadowExpire="1")
    sites.sync("sso", code=1)
    assert [sites.people()[login][0] for login in ("alice", "bob")] == [True, True]
    sites.roster.ctl("approve", "sso/2")
    assert [sites.people()[login] for login in ("alice", "bob")] == [(False, ["corp", "sso"])] * 2


def test_a_value_that_two_have_links_neither(sites):
    """In the same source or in the other: both named, nothing guessed; corrected, it links."""
    sites.sync("corp")
    sites.put("sso", 5, "twin", "E1", "ops")
    sites.sync("sso")
    assert sites.people() == {"alice": (True, ["corp"]), "bob": (True, ["corp"]), "carol": (True, ["sso"])}
    assert sorted(why.split(",")[0] + why.split("of ")[1].split(" in")[0] for why in sites.caught()) == [
        'what links ituid=ang,ou=sso,dc=x', 'what links ituid=twin,ou=sso,dc=x'], sites.caught()
    sites.put("sso", 5, "twin", "E5", "ops")
    sites.sync("sso")
    assert sites.people() == {"alice": (True, ["corp", "sso"]), "bob": (True, ["corp"]), "carol": (True, ["sso"]), "twin": (True, ["sso"])}
    assert sites.caught() == []


def test_two_in_the_other_source_link_nobody(sites):
    sites.put("corp", 6, "alina", "E1")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp"]) and sites.people()["alina"] == (True, ["corp"])
    assert len(sites.caught()) == 1 and "only one can be right" in sites.caught()[0]
    sites.put("corp", 6, "alina", "E6")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp", "sso"]) and sites.caught() == []


def test_a_second_entry_of_somebody_the_source_knows_waits(sites):
    """A rehired person's new account: the old entry is hers until an administrator says otherwise."""
    sites.sync()
    del sites.sso[1]
    sites.put("sso", 7, "ang2", "E1", "ops")
    sites.sync("sso")
    (why,) = sites.caught()
    assert "whom this source knows as" in why and "rosterctl user unlink" in why
    sites.roster.ctl("user", "unlink", "alice", "sso")
    sites.roster.ctl("user", "link", "alice", "sso", "uid=ang2,ou=sso,dc=x")
    sites.roster.ctl("user", "resume", "alice")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp", "sso"]) and sites.caught() == [] and sites.held("alice") == BOTH


def test_precedence_is_per_attribute_and_follows(sites):
    """The first source in the file that says an attribute decides it; what it does not say the next one says."""
    sites.put("corp", 1, "alice", "E1")
    sites.sync()
    assert sites.named("alice") == ("ang@sso", "Alice")
    sites.put("sso", 1, "ang", "e1", "ops", mail="new@sso")
    sites.sync("sso")
    assert sites.named("alice") == ("new@sso", "Alice")
    sites.put("corp", 1, "alicia", "E1", mail="alicia@corp")
    sites.sync("corp")
    assert sites.named("alicia") == ("alicia@corp", "Alicia")
    sites.put("sso", 1, "other", "e1", "ops", mail="again@sso")
    sites.sync()
    assert sites.named("alicia") == ("alicia@corp", "Alicia") and "other" not in sites.people()


def test_nobody_gets_a_login_that_somebody_else_has_by_a_link(sites):
    """The first source names the person, and that name is another's: the entry waits, and links when it is free."""
    sites.put("sso", 1, "ang", "E1", "ops")
    sites.put("sso", 2, "alice", "E9", "ops")
    sites.sync("sso")
    sites.sync("corp")
    assert sites.people()["ang"] == (True, ["sso"]) and sites.people()["alice"] == (True, ["sso"])
    assert 'login "alice" belongs to user alice' in sites.caught()[0]
    sites.put("sso", 2, "alix", "E9", "ops")
    sites.sync("sso", "corp")
    assert sites.people() == {"alice": (True, ["corp", "sso"]), "alix": (True, ["sso"]), "bob": (True, ["corp"]), "carol": (True, ["sso"])}


def test_who_comes_back_by_another_login_may_have_lost_the_old_one(sites):
    sites.sync()
    del sites.corp[1]
    sites.sync("corp")
    sites.put("sso", 8, "alice", "E8", "ops")
    sites.sync("sso")
    assert sites.roster.value("select count(*) from users where login = 'alice' and active") == 1
    sites.put("corp", 1, "alicia", "E1", mail="alice@corp")
    sites.sync("corp")
    assert sites.people()["alicia"] == (True, ["corp", "sso"]) and sites.people()["alice"] == (True, ["sso"])


def test_a_login_that_is_given_up_is_free_in_the_same_run(sites):
    """Whoever comes may have it, and two who are linked may change theirs with each other."""
    sites.put("sso", 2, "robert", "E2", "ops")
    sites.sync()
    sites.put("corp", 1, "alicia", "E1", mail="alice@corp")
    sites.put("corp", 9, "alice", "E9")
    sites.sync("corp")
    assert sites.people()["alicia"] == (True, ["corp", "sso"]) and sites.people()["alice"] == (True, ["corp"]) and sites.caught() == []
    sites.put("corp", 1, "bob", "E1", mail="alice@corp")
    sites.put("corp", 2, "alicia", "E2")
    sites.sync("corp")
    assert sites.named("bob") == ("alice@corp", "Bob") and sites.people()["alicia"] == (True, ["corp", "sso"]) and sites.caught() == []


def test_unlink_parts_them_for_good(sites):
    """What the source gave goes, what the other gives stays, and the same value does not bring them together again."""
    sites.sync()
    sites.roster.ctl("user", "unlink", "alice", "sso")
    assert sites.held("alice") == [("group:/all", "Contributor", "corp"), ("group:/pay", "Developer", "corp")]
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp"]) and sites.people()["ang"] == (True, ["sso"])
    (pair,) = sites.roster.json("user", "duplicates")["duplicates"]
    assert (pair["login"], pair["other_login"]) == ("alice", "ang") and "two people" in pair["why"]
    sites.roster.ctl("user", "unlink", "ang", "sso")
    sites.roster.ctl("user", "link", "alice", "sso", "uid=ang,ou=sso,dc=x")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp", "sso"]) and sites.held("alice") == BOTH


def test_unlinked_from_the_source_that_names_her_she_is_called_as_the_other_says(sites):
    sites.sync()
    sites.roster.ctl("user", "unlink", "alice", "corp")
    sites.put("corp", 1, "alice", None)
    sites.sync("sso")
    assert sites.named("ang") == ("ang@sso", "Ang") and sites.people()["ang"] == (True, ["sso"])


def test_who_is_there_twice_already_is_not_merged_but_named(sites):
    sites.configure(corp="", sso="")
    sites.sync()
    assert set(sites.people()) == {"alice", "ang", "bob", "carol"}
    sites.configure()
    sites.sync()
    assert set(sites.people()) == {"alice", "ang", "bob", "carol"}
    (pair,) = sites.roster.json("user", "duplicates")["duplicates"]
    assert (pair["login"], pair["other_login"]) == ("alice", "ang")


def test_a_value_that_changes_after_the_link_is_named_and_parts_nobody(sites):
    sites.sync()
    sites.put("sso", 1, "ang", "E77", "ops", mail="ang@sso")
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp", "sso"]) and sites.held("alice") == BOTH
    (pair,) = sites.roster.json("user", "duplicates")["duplicates"]
    assert pair["why"] == 'one says "E1" and the other "E77", and they are one person'


def test_several_values_and_hidden_characters_link_nobody(sites):
    sites.put("sso", 1, "ang", None, "ops", employeeNumber=["E1", "E2"])
    sites.sync()
    assert sites.people()["alice"] == (True, ["corp"]) and sites.people()["ang"] == (True, ["sso"])
    assert "its employeeNumber links it with nobody" in sites.caught()[0]


@pytest.mark.parametrize("corp, sso, why", [
    ('link: "mail"', NUMBER, "people can write it themselves"),
    (NUMBER, 'link: "cn"', "people can write it themselves"),
    (NUMBER, "", "no other source has a link"),
])
def test_a_link_that_opens_a_door_is_refused(sites, corp, sso, why):
    sites.configure(corp, sso)
    result = sites.roster.run("check")
    assert result.code == 78 and why in result.err, result


def test_the_source_that_is_retired_leaves_the_person_to_the_other(sites):
    sites.sync()
    sites.roster.configure(CONFIGURATION.format(corp=NUMBER, sso="", safety="").replace("  corp: {", "  # corp: {").replace('  corp-devs', "  # corp-devs"))
    sites.roster.ctl("source", "retire", "corp", "--yes")
    (sites.roster.directory / "rosterd.conf").write_text((sites.roster.directory / "rosterd.conf").read_text())
    sites.sync("sso")
    assert sites.people()["ang"] == (True, ["sso"]) and sites.held("ang") == [("group:/all", "Contributor", "sso"), ("group:/pay", "Operator", "sso")]


def test_a_mail_address_counts_at_a_provider_that_verified_it(sites):
    """Of Active Directory, where nobody writes his own, and Keycloak, where he has to prove it; capitals do not matter."""
    write_secrets(sites.roster)
    sites.put("corp", 2, "bob", mail="U2@Ex.org")
    sites.put("corp", 3, "cora", mail="u3@ex.org")
    with Keycloak([Person(2, verified="true"), Person(3, "cora", verified="false"), Person(4, verified="true")]) as api:
        sites.roster.configure(CONFIGURATION.format(corp='link: "mail"; dialect: "active-directory"; users: { attributes: { id: "entryUUID"; login: "uid" } }',
                                                    sso="", safety="").replace('sso: { type: "ldif"; file: "sso.ldif";  }',
                                                                               f'sso: {{ {keycloak(api)}; link: "email" }}'))
        (sites.roster.directory / "corp.ldif").write_text("version: 1\n\n" + "\n".join(
            entry(number, f"uid={known['uid']},dc=x", **{**known, "sAMAccountType": "805306368"}) for number, known in sites.corp.items()))
        sites.roster.ctl("sync")
    assert sites.people()["bob"] == (True, ["corp", "sso"]) and sites.people()["u4"] == (True, ["sso"])
    assert sites.people()["cora"] == (True, ["corp"]), "an address that nobody verified is anybody's"
    assert any("its email is not verified" in why for why in sites.caught()) and any('login "cora" belongs' in why for why in sites.caught())


@pytest.mark.parametrize("seed", range(2))
def test_a_life_of_two_sources(sites, seed):
    """Random edits: who is active, and what each holds, is what the entries say, person by person."""
    chance = random.Random(seed)
    sites.corp, sites.sso = {}, {}
    sites.configure(safety="max_remove: 1000; max_remove_percent: 100; max_suspend: 1000")
    owners = {}
    for number in range(1, 9):
        sites.put("corp", number, f"c{number}", f"E{number}", chance.choice(["dev", "none"]))
    sites.sync("corp")
    sites.put("sso", 8, "s8", "E8", "ops")
    for _ in range(8):
        for _ in range(chance.randint(1, 4)):
            source, number = chance.choice(["corp", "sso"]), chance.randint(1, 8)
            known = getattr(sites, source)
            if source == "sso" and number in known and len(known) > 1 and chance.random() < 0.3:
                del known[number]
            else:
                closed = {"shadowExpire": "1"} if chance.random() < 0.2 else {}
                kind = chance.choice(["dev", "none"] if source == "corp" else ["ops", "none"])
                sites.put(source, number, f"{source[0]}{number}", f"E{number}", kind, **closed)
        sites.sync()
        for number in range(1, 9):
            owners.setdefault(number, set()).update(s for s in ("corp", "sso") if number in getattr(sites, s))
        people, held = sites.people(), sites.everything()
        for number, sources in owners.items():
            open_in = [s for s in sources if number in getattr(sites, s) and "shadowExpire" not in getattr(sites, s)[number]]
            assert people[f"c{number}"] == (len(open_in) == len(sources), sorted(sources)), (seed, number)
            wanted = {({"dev": "Developer", "ops": "Operator"}[getattr(sites, s)[number]["employeeType"]], s) for s in open_in
                      if getattr(sites, s)[number]["employeeType"] != "none"}
            assert {h for h in held.get(f"c{number}", ()) if h[1] in open_in} == wanted, (seed, number)
        assert sites.caught() == []
