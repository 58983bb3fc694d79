# SPDX-License-Identifier: Apache-2.0
"""Values as directories have them: several of one kind, in other languages, octets that are no text, names nobody has."""

import base64

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ {sources} }}
safety: {{ first_run: "apply"; max_remove_percent: 100; max_suspend: 500 }}
rules: {{
  default_admins: ["admin"]
  teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/teams/${{team}}"; role: "Developer" }}
  french: {{ users: "(cn;lang-fr=Anne*)"; into: "/french"; role: "Contributor" }}
  chiefs: {{ users: "(title=Chief)"; into: "/chiefs"; role: "Contributor" }}
}}
"""
ANN = ("objectClass: inetOrgPerson", "cn: Ann", "uid: ann")


def record(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def octets(name, value):
    return f"{name}:: {base64.b64encode(value).decode()}"


class Company:
    def __init__(self, roster):
        self.roster = roster

    def configure(self, *names):
        sources = " ".join(f'{name}: {{ type: "ldif"; file: "{name}.ldif" }}' for name in names)
        self.roster.configure(CONFIGURATION.format(sources=sources))

    def read(self, *records, source="corp"):
        (self.roster.directory / f"{source}.ldif").write_text("version: 1\n\n" + "\n".join(records))
        return {report["source"]: report for report in self.roster.json("sync")["sources"]}

    def people(self):
        return {user["login"]: user for user in self.roster.json("user", "list")["users"] if user["login"] != "admin"}

    def problems(self):
        return [(problem["what"], problem["why"]) for problem in self.roster.json("quarantine")["problems"]]

    def anchors(self, login):
        return {row["anchor"] for row in self.roster.json("report", "grants")["grants"] if row["login"] == login}


@pytest.fixture
def company(roster):
    company = Company(roster)
    company.configure("corp")
    return company


def team(number, name, *members):
    return record(number, f"cn=team-{name},ou=groups", "objectClass: groupOfNames", f"cn: team-{name}",
                  *(f"member: {member}" for member in members))


def test_the_order_of_values_renames_nobody(company):
    values = ["uid: zoe", "uid: ann", "mail: z@x", "mail: a@x", "cn: Zoe", "cn: Ann"]
    company.read(record(1, "employeeNumber=1,ou=people", "objectClass: inetOrgPerson", *values))
    before = company.people()
    assert list(before) == ["ann"] and before["ann"]["email"] == "a@x"
    done = company.read(record(1, "employeeNumber=1,ou=people", "objectClass: inetOrgPerson", *reversed(values)))
    assert done["corp"]["changes"] == [] and company.people() == before


def test_a_file_without_what_closed_people_opens_nobody(company):
    """By an attribute that gives no time; a third had a time to end besides."""
    def people(*closing):
        return [record(number, f"uid=p{number},ou=people", "objectClass: inetOrgPerson", f"cn: P{number}", f"uid: p{number}", *closing[number:number + 1])
                for number in range(5)]
    closed = ["nsAccountLock: TRUE", "nsAccountLock: TRUE", "nsAccountLock: TRUE\nshadowExpire: 30000", "title: Chief"]
    company.read(*people(*closed))
    assert sorted(login for login, user in company.people().items() if user["active"]) == ["p3", "p4"]
    company.read(*people())
    assert sorted(login for login, user in company.people().items() if user["active"]) == ["p3", "p4"]
    ((what, why),) = company.problems()
    assert what == "nsAccountLock" and "3 accounts were closed" in why and "uid=p0,ou=people,dc=x for one" in why
    company.read(*people("cn: P0", "cn: P1", "nsAccountLock: FALSE"))
    assert sorted(login for login, user in company.people().items() if user["active"]) == ["p0", "p1", "p2", "p3", "p4"]
    assert company.problems() == []


def test_the_login_in_the_name_of_the_entry_is_the_one(company):
    company.read(record(1, "uid=zoe,ou=people", "objectClass: inetOrgPerson", "cn: Ann", "uid: ann", "uid: zoe"))
    assert list(company.people()) == ["zoe"]


def test_an_attribute_with_an_option_is_another_one(company):
    company.read(record(1, "uid=ann,ou=people", *ANN, "cn;lang-fr: Anne-Marie", "title;lang-en: Chief"))
    assert company.roster.value("select name from users where login = 'ann'") == "Ann"
    assert company.anchors("ann") == {"group:/french"}


@pytest.mark.parametrize("value", [b"\xff\xfe", b"Chief\0", b"\xed\xa0\x80"], ids=["not UTF-8", "NUL", "surrogate"])
def test_what_is_no_text_is_named_and_the_rest_counts(company, value):
    done = company.read(record(1, "uid=ann,ou=people", *ANN, "title: Chief", octets("title", value), octets("mail", value)),
                        record(2, "uid=bob,ou=people", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob", "title: Chief"),
                        team(3, "red", "uid=ann,ou=people,dc=x"))
    assert done["corp"]["completeness"] == "complete"
    assert company.anchors("ann") == {"group:/chiefs", "group:/teams/red"} and company.anchors("bob") == {"group:/chiefs"}
    assert company.people()["ann"]["email"] is None
    why = "1 of the values of its {} cannot be used: not UTF-8, or with a NUL in it"
    assert sorted(company.problems()) == [("uid=ann,ou=people,dc=x", why.format("mail")),
                                          ("uid=ann,ou=people,dc=x", why.format("title"))]
    company.read(record(1, "uid=ann,ou=people", *ANN, "title: Chief"), team(3, "red", "uid=ann,ou=people,dc=x"))
    assert company.problems() == []


def test_a_login_that_is_no_text_stops_that_entry_only(company):
    company.read(record(1, "cn=Ann,ou=people", "objectClass: inetOrgPerson", "cn: Ann", octets("uid", b"a\0n")),
                 record(2, "uid=bob,ou=people", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob"))
    assert list(company.people()) == ["bob"]
    ((what, why),) = company.problems()
    assert what == "cn=Ann,ou=people,dc=x" and "it has no uid" in why


def dangling(company, *words):
    return [(row["group_dn"], row["value"], row["why"]) for row in company.roster.json("report", "dangling", *words)["dangling"]]


@pytest.mark.parametrize("value, shown, why", [(b"uid=ann\0,ou=people,dc=x", "uid=ann\\00,ou=people,dc=x", "holds a NUL"),
                                                (b"uid=ann\0\xff", "(not UTF-8)", "holds a NUL"), (b"uid=\xff,dc=x", "(not UTF-8)", "is not a DN")])
def test_a_member_that_is_no_text_is_named_for_what_it_is(company, value, shown, why):
    company.read(record(1, "uid=ann,ou=people", *ANN), team(2, "red", "uid=bob,dc=x") + octets("member", value) + "\n")
    red = "cn=team-red,ou=groups,dc=x"
    assert company.problems() == [(red, f'its member "{shown}" {why} and counts for nobody')]
    assert (red, shown, "nobody known has it") in dangling(company) and company.anchors("ann") == set()


def test_whom_groups_list_without_there_being_anybody_is_reported(company):
    red, blue = "cn=team-red,ou=groups,dc=x", "cn=team-blue,ou=groups,dc=x"
    ghosts = ["uid=ghost,ou=people,dc=x", "uid=out,ou=elsewhere,dc=y"]
    ann = record(1, "uid=ann,ou=people", *ANN)
    company.read(ann, team(2, "red", "uid=ann,ou=people,dc=x", *ghosts), team(3, "blue", "uid=ann,ou=people,dc=x"))
    assert dangling(company) == [(red, ghosts[0], "nobody known has it"), (red, ghosts[1], "nobody known has it")]
    assert dangling(company, "--source", "corp") == dangling(company)
    since = {row["value"]: row["since"] for row in company.roster.json("report", "dangling")["dangling"]}
    (row,) = company.roster.json("status")["sources"]
    assert row["dangling"] == 2
    # One comes; it stays known since when the other does not, whatever else happens to the group.
    ghost = record(4, "uid=ghost,ou=people", "objectClass: inetOrgPerson", "cn: Ghost", "uid: ghost")
    company.read(ann, ghost, team(2, "red", *ghosts), team(3, "blue", "uid=ann,ou=people,dc=x"))
    assert dangling(company) == [(red, ghosts[1], "nobody known has it")]
    assert company.roster.json("report", "dangling")["dangling"][0]["since"] == since[ghosts[1]]
    assert company.anchors("ghost") == {"group:/teams/red"}
    # Who is deleted without his groups is named there.
    company.read(ghost, team(2, "red", *ghosts), team(3, "blue", "uid=ann,ou=people,dc=x"))
    assert (blue, "uid=ann,ou=people,dc=x", "is gone") in dangling(company)
    company.read(ghost, team(2, "red", "uid=ghost,ou=people,dc=x"))
    assert dangling(company) == []
    assert "source,group_dn,value,why,since" in company.roster.ctl("report", "dangling").out


def test_who_is_listed_by_a_former_name_is_explained_and_does_not_dangle(company):
    red = "cn=team-red,ou=groups,dc=x"
    group = team(2, "red", "uid=ann,ou=people,dc=x")
    outer = team(3, "blue", red)
    company.read(record(1, "uid=ann,ou=people", *ANN), group, outer)
    renamed = record(1, "uid=anna,ou=people", "objectClass: inetOrgPerson", "cn: Ann", "uid: anna")
    moved = group.replace(f"dn: {red}", "dn: cn=team-red,ou=teams,dc=x")
    company.read(renamed, moved, outer)
    assert company.anchors("anna") == {"group:/teams/red", "group:/teams/blue"} and dangling(company) == []
    for name in ("red", "blue"):
        company.roster.ctl("app", "create", name, "--owner", "anna", "--group", f"/teams/{name}")
    told = company.roster.ctl("explain", "anna", "app:red").out
    assert "member of cn=team-red,ou=teams,dc=x (listed there as uid=ann,ou=people,dc=x)" in told
    told = company.roster.ctl("explain", "anna", "app:blue").out
    assert "member of cn=team-blue,ou=groups,dc=x (listed there as something it was called before)" in told
    # Listed by the new name there is nothing to be said; who is gone is reported as he is listed.
    company.read(renamed, moved.replace("member: uid=ann,", "member: uid=anna,"), outer)
    assert "listed there" not in company.roster.ctl("explain", "anna", "app:red").out
    company.read(renamed, moved, outer, record(4, "uid=bob,ou=people", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob"))
    assert company.anchors("anna") == {"app:red", "app:blue"} and ("cn=team-red,ou=teams,dc=x", "uid=ann,ou=people,dc=x", "nobody known has it") in dangling(company)


def test_who_is_gone_is_reported_by_the_name_the_group_has(company):
    group = team(2, "red", "uid=ann,ou=people,dc=x")
    bob = record(4, "uid=bob,ou=people", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob")
    company.read(record(1, "uid=ann,ou=people", *ANN), bob, group)
    company.read(record(1, "uid=anna,ou=people", "objectClass: inetOrgPerson", "cn: Ann", "uid: anna"), bob, group)
    company.read(bob, group)
    assert dangling(company) == [("cn=team-red,ou=groups,dc=x", "uid=ann,ou=people,dc=x", "is gone")]


def test_a_former_login_is_remembered_as_what_groups_list(company):
    bob = record(4, "uid=bob,ou=people", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob")
    group = record(2, "cn=team-red,ou=groups", "objectClass: posixGroup", "cn: team-red", "memberUid: ann")
    company.read(record(1, "uid=ann,ou=people", *ANN), bob, group)
    company.read(record(1, "uid=anna,ou=people", "objectClass: inetOrgPerson", "cn: Ann", "uid: anna"), bob, group)
    company.roster.ctl("app", "create", "red", "--owner", "anna", "--group", "/teams/red")
    assert "(listed there as ann)" in company.roster.ctl("explain", "anna", "app:red").out
    company.read(bob, group)
    red = "cn=team-red,ou=groups,dc=x"
    assert dangling(company) == [(red, "ann", "is gone")]
    # Where the name is not kept the column says that it is none.
    company.roster.sql("update former_names set reference = null")
    assert dangling(company) == [(red, "(something it was called before)", "is gone")]


def test_who_claims_a_login_is_named_and_so_is_who_has_it(company):
    company.configure("corp", "hr")
    ann = record(1, "uid=ann,ou=people", *ANN)
    bob = record(7, "uid=bob,ou=staff", "objectClass: inetOrgPerson", "cn: Bob", "uid: bob")
    (company.roster.directory / "hr.ldif").write_text("version: 1\n\n" + bob)
    company.read(ann, team(2, "red", "uid=ann,ou=people,dc=x"))
    company.read(record(8, "uid=ann,ou=staff", "objectClass: inetOrgPerson", "cn: Other", "uid: Ann"), bob, source="hr")
    # The holder keeps what he has, the newcomer gets nothing, and the rest of the source goes on.
    assert company.people()["ann"]["name"] == "Ann" and company.anchors("ann") == {"group:/teams/red"}
    assert set(company.people()) == {"ann", "bob"}
    ((what, why),) = company.problems()
    assert what == "uid=ann,ou=staff,dc=x" and 'login "Ann" belongs to user ann' in why
    assert "in source corp uid=ann,ou=people,dc=x" in why


def test_a_name_that_two_entries_have_is_nobodys(company):
    """A server may keep apart what is the same by RFC 4518, such as ss and sz: a group that lists one gives the other nothing."""
    one, other = "cn=Hans Weiss,ou=people", "cn=HANS  weiss,ou=people"
    person = ("objectClass: inetOrgPerson", "cn: Hans")
    red, blue = team(8, "red", f"{one},dc=x"), team(9, "blue", f"{other},dc=x")
    company.read(record(1, one, *person, "uid: weiss"), red)
    assert company.anchors("weiss") == {"group:/teams/red"}
    company.read(record(1, one, *person, "uid: weiss"), record(2, other, *person, "uid: weisz"), red, blue)
    assert company.anchors("weiss") == {"group:/teams/red"}, "who has it keeps it"
    assert company.anchors("weisz") == set()
    assert dangling(company) == [("cn=team-blue,ou=groups,dc=x", f"{other},dc=x", "several have it")], "by one of its names"
    ((what, why),) = company.problems()
    assert what == f"{other},dc=x and {one},dc=x" and "they have one name" in why
    company.read(record(1, one, *person, "uid: weiss"), record(2, other, *person, "uid: weisz", "title: Chief"), red, blue)
    assert company.problems() == [(what, why)], "once"
    # As quarantine says: one of them gets another name, and the group that waited with it has a member.
    company.read(record(1, one, *person, "uid: weiss"), record(2, "cn=Hans Weisz,ou=people", *person, "uid: weisz"), red, blue)
    assert company.anchors("weiss") == {"group:/teams/red", "group:/teams/blue"} and company.anchors("weisz") == set()
    assert company.problems() == [] and dangling(company) == []
    company.read(record(1, one, *person, "uid: weiss"), record(2, other, *person, "uid: weisz"), red)
    company.read(record(1, one, *person, "uid: weiss"), record(2, other, *person, "uid: weisz"), red, blue)
    company.read(record(2, other, *person, "uid: weisz"), red, blue)
    assert all("they have one name" not in why for _, why in company.problems())
    assert company.anchors("weisz") == {"group:/teams/blue"} and dangling(company) == [
        ("cn=team-red,ou=groups,dc=x", f"{one},dc=x", "is gone")]


def test_two_entries_of_one_name_at_the_first_read_get_nothing_by_it(company):
    """Whichever the group means: nothing tells."""
    company.read(record(1, "cn=Hans Weiss", "objectClass: inetOrgPerson", "cn: Hans", "uid: weiss"),
                 record(2, "cn=hans weiss", "objectClass: inetOrgPerson", "cn: Hans", "uid: weisz"), team(9, "blue", "cn=hans weiss,dc=x"))
    assert company.anchors("weiss") == company.anchors("weisz") == set()
    ((what, why),) = company.problems()
    assert what == "cn=Hans Weiss,dc=x and cn=hans weiss,dc=x" and "they have one name" in why


def test_a_name_outside_of_the_search_base_is_told_from_one_nobody_has(company):
    company.roster.configure(CONFIGURATION.format(sources="""corp: { type: "ldif"; file: "corp.ldif"
        users: { base: "OU=People,dc=x" }; groups: { base: "ou=groups, dc=x" } }"""))
    names = ["uid=ghost,ou=people,dc=x", "cn=ghosts,OU = Groups,dc=x", "uid=out,ou=elsewhere,dc=x", "cn=near,ou=otherpeople,dc=x"]
    company.read(record(1, "uid=ann,ou=people", *ANN), team(2, "red", *names))
    assert {value: why for _, value, why in dangling(company)} == {
        **dict.fromkeys(names[:2], "nobody known has it"), **dict.fromkeys(names[2:], "outside of the search base")}


def test_somebody_of_another_domain_is_not_said_to_be_outside_of_the_base(company):
    company.roster.configure(CONFIGURATION.format(sources="""corp: { type: "ldif"; file: "corp.ldif"
        users: { base: "ou=people,dc=x" }; groups: { base: "ou=groups,dc=x" } }"""))
    foreign, local = "CN=S-1-5-21-1-2-3-4567,CN=ForeignSecurityPrincipals,dc=x", "cn=out,ou=elsewhere,dc=x"
    company.read(record(1, "uid=ann,ou=people", *ANN),
                 team(2, "red", f"<SID=S-1-5-21-1-2-3-4567>;{foreign}", f"<SID=S-1-5-21-7-8-9-1000>;{local}"))
    assert {value: why for _, value, why in dangling(company)} == {
        foreign: "no source has this SID", local: "outside of the search base"}, "a wider base finds one of the own domain"


@pytest.mark.parametrize("login", ["an\u200bn", "an\u00adn", "\u202eann", "ann\n"], ids=["no width", "soft hyphen", "direction", "line"])
def test_a_login_that_only_looks_like_another_is_refused(company, login):
    company.read(record(1, "uid=ann,ou=people", *ANN),
                 record(2, "cn=Other,ou=people", "objectClass: inetOrgPerson", "cn: Other", octets("uid", login.encode())))
    assert list(company.people()) == ["ann"]
    ((what, why),) = company.problems()
    assert what == "cn=Other,ou=people,dc=x" and "a character that is not seen" in why


def test_spaces_around_a_login_make_no_other_person(company):
    company.read(record(1, "cn=Ann,ou=people", "objectClass: inetOrgPerson", "cn: Ann", octets("uid", b" ann ")))
    assert list(company.people()) == ["ann"]


def test_a_mail_address_has_one_line(company):
    company.read(record(1, "uid=ann,ou=people", *ANN, octets("mail", b"x\r\nBcc: y@z")))
    assert company.people()["ann"]["email"] is None
    assert company.problems() == [("uid=ann,ou=people,dc=x", "its mail holds a control character, and is left out")]
