# SPDX-License-Identifier: Apache-2.0
"""Nodes and environments as those who answer for them type it."""

import csv
import io

import pytest

from actors import at_terminal, login_of, second_factor

CONFIGURATION = 'version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n'
TEAM = {"tec": "Application Operator", "opal": "Application Operator", "sam": "Scrum Master", "pia": "Product Owner"}


@pytest.fixture
def desk(roster):
    """The app desk of olga, with environments test and live (production); tec answers for them, pia has no access to them."""
    roster.configure(CONFIGURATION)
    for person in ("olga", "nel", *TEAM):
        login_of(roster, person)
    roster.ctl("app", "create", "desk", "--owner", "olga")
    for person, role in TEAM.items():
        roster.ctl("app", "members", "desk", "add", person, "--role", role)
    roster.ctl("node", "create", "desk", "--contact", "tec", user="op_olga")
    roster.ctl("environment", "create", "desk/test", "--purpose", "test", user="op_tec")
    roster.ctl("environment", "create", "desk/live", "--purpose", "production", user="op_tec")
    return roster


def may(roster, environment, user="op_tec"):
    """What each on the list may do in an environment."""
    return {row["login"]: set(row["permissions"]) for row in roster.json("node", "permissions", "desk", user=user)["people"]
            if row["environment"] == environment}


# --- nodes ------------------------------------------------------------------------------------------------------------


def test_those_who_may_are_told_that_the_app_is_archived(desk):
    """Of an archived app even the owner and the Technical Contact are refused: that they may is no answer then."""
    desk.ctl("app", "archive", "desk", user="op_olga")
    for user, words in {"op_olga": "app members desk add nel --role Developer", "op_tec": "environment set desk/test opal env.backups on",
                        "op_opal": "node permissions desk", "op_sam": "app owner desk sam"}.items():
        said = desk.ctl(*words.split(), user=user, code=77).err
        assert "(app:desk is archived, and gives nobody anything: its owner or a platform administrator types rosterctl app restore desk)" in said
    for words in ("environment alerts desk/test opal on", "node report desk", "environment create desk/more --purpose test"):
        assert "rosterctl app restore desk" in desk.ctl(*words.split(), user="op_tec", code=77).err
    assert "rosterctl app restore desk" in desk.ctl("node", "contact", "desk", "opal", "--yes", user="op_tec", code=65).err
    desk.ctl("app", "restore", "desk", user="op_olga")
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_tec")


def test_n2_everybody_sees_the_nodes_open_to_him(desk):
    desk.ctl("app", "create", "gate", "--owner", "olga")
    desk.ctl("node", "create", "gate", "--contact", "olga")
    node = {"app": "desk", "technical_contact": "tec", "active": True, "environments": 2}
    assert desk.json("node", "list", user="op_opal")["nodes"] == [node]
    assert desk.ctl("node", "list", user="op_pia").err == "there are no nodes you may see\n"
    assert [row["app"] for row in desk.json("node", "list")["nodes"]] == ["desk", "gate"]
    shown = desk.json("node", "show", "DESK", user="op_opal")
    assert shown["node"] == [node] and shown["environments"] == [
        {"environment": "test", "purpose": "test", "namespace": None},
        {"environment": "live", "purpose": "production", "namespace": None}]
    desk.ctl("node", "show", "desk", user="op_pia", code=77)
    assert "app:nothing" in desk.ctl("node", "show", "nothing", code=65).err


def test_n3_a_node_has_one_contact_who_may_deploy(desk):
    assert "has a node already" in desk.ctl("node", "create", "desk", "--contact", "opal", code=65).err
    desk.ctl("app", "create", "gate", "--owner", "olga")
    desk.ctl("node", "create", "gate", code=64)
    said = desk.ctl("node", "create", "gate", "--contact", "nel", code=65).err
    assert said == ("rosterctl: nel has no access to the environments of app:gate "
                    "(a role with project.cloud_access opens them)\n")
    desk.ctl("node", "create", "gate", "--contact", "olga", user="op_sam", code=77)
    assert "rosterctl node create" in desk.ctl("node", "show", "gate", code=65).err


def test_n13_n14_who_is_listed_reads_the_list(desk):
    assert may(desk, "test").keys() == {"tec", "opal", "sam", "olga"}
    assert may(desk, "test", "op_opal") == may(desk, "test")
    assert may(desk, "test")["tec"] == {"env.manage_permissions", "env.transport", "env.backups", "env.monitoring", "env.api",
                                        "env.alerts"}
    assert may(desk, "test")["opal"] == {"env.api"} and may(desk, "live")["opal"] == set()
    for words in (["node", "permissions", "desk"], ["node", "report", "desk"]):
        desk.ctl(*words, user="op_pia", code=77)


def test_n15_n18_the_contact_hands_over(desk):
    second_factor(desk, "tec")
    second_factor(desk, "opal")
    for user in ("op_opal", "op_sam", "op_olga", "operator"):
        desk.ctl("node", "contact", "desk", "opal", "--yes", user=user, code=77)
    assert "pia has no access" in desk.ctl("node", "contact", "desk", "pia", "--yes", user="op_tec", code=65).err
    said = desk.ctl("node", "contact", "desk", "opal", user="op_tec", code=2).err
    assert said.startswith("tec answers for 2 environments of app:desk and may everything there; from now on opal would, and tec only")
    desk.ctl("node", "contact", "desk", "opal", "--yes", user="op_tec")
    assert desk.json("node", "list")["nodes"][0]["technical_contact"] == "opal"
    assert may(desk, "test")["tec"] == {"env.api"}
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_tec", code=77)


def test_n15_handing_over_asks_on_a_terminal_and_needs_a_second_factor(desk):
    code, seen = at_terminal(desk, "node", "contact", "desk", "opal", answer="y", user="op_tec")
    assert code == 77 and "a second factor is needed" in seen
    second_factor(desk, "tec")
    code, seen = at_terminal(desk, "node", "contact", "desk", "opal", answer="yes", user="op_tec")
    assert code == 0 and seen.endswith("Hand the node over? [y/N] yes\ndone: opal is the Technical Contact of app:desk\n")


def test_n40_of_a_suspended_contact_an_administrator_hands_over(desk):
    second_factor(desk, "admin")
    desk.ctl("user", "suspend", "tec")
    assert desk.json("node", "list")["nodes"][0]["active"] is False
    desk.ctl("node", "contact", "desk", "opal", "--yes", user="op_sam", code=77)
    desk.ctl("node", "contact", "desk", "opal", "--yes")
    assert desk.json("node", "list")["nodes"][0]["technical_contact"] == "opal"


def test_n41_the_contact_stays_in_the_team(desk):
    said = desk.ctl("app", "members", "desk", "remove", "tec", "--role", "Application Operator", user="op_sam", code=65).err
    assert "tec is the Technical Contact of app:desk and stays in its team (hand the node over first: rosterctl node contact)" in said


def test_n43_the_contact_alone_takes_the_report_away(desk):
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_tec")
    rows = desk.json("node", "report", "desk", user="op_tec")["permissions"]
    assert len(rows) == 2 * 4 * 6
    assert {(row["environment"], row["permission"]) for row in rows if row["login"] == "opal" and row["allowed"]} == {
        ("test", "env.backups"), ("test", "env.api")}
    for user in ("op_opal", "op_olga", "operator"):
        assert "permissions of everybody in app:desk" in desk.ctl("node", "report", "desk", user=user, code=77).err
    out = desk.ctl("node", "report", "desk", "--csv", user="op_tec").out
    assert out.splitlines()[0] == "environment,purpose,login,active,contact,permission,allowed"
    texts = {True: "true", False: "false"}
    assert list(csv.DictReader(io.StringIO(out, newline=""))) == [{key: texts.get(value, value) for key, value in row.items()} for row in rows]
    for form in ("--json", "--plain"):
        assert "--csv, --json or --plain: one of them" in desk.ctl("node", "report", "desk", "--csv", form, user="op_tec", code=64).err
    assert "--csv" in desk.ctl("node", "list", "--csv", code=64).err
    assert desk.sql("select cause, login::text from revisions order by id desc limit 1") == [
        {"cause": "environment set desk/test opal env.backups on", "login": "op_tec"}]


# --- environments -----------------------------------------------------------------------------------------------------


def test_n11_what_is_set_changes_nothing_else(desk):
    before = may(desk, "test")
    desk.ctl("environment", "set", "desk/test", "opal", "env.transport", "on", user="op_tec")
    assert may(desk, "test") == {**before, "opal": {"env.api", "env.transport"}} and may(desk, "live")["opal"] == set()
    desk.ctl("environment", "set", "desk/test", "opal", "env.api", "off", user="op_tec")
    assert may(desk, "test")["opal"] == {"env.transport"}
    for permission in ("env.api", "env.transport"):
        desk.ctl("environment", "set", "desk/test", "opal", permission, "default", user="op_tec")
    assert may(desk, "test") == before


@pytest.mark.parametrize("words, said", [
    (["desk/test", "pia", "env.backups", "on"], "pia has no access to the environments of app:desk"),
    (["desk/test", "opal", "env.backups", "yes"], '"yes" is neither on nor off (write on, off or default)'),
    (["desk/test", "opal", "env.alerts", "on"], "env.alerts is not set for each environment"),
    (["desk/test", "opal", "env.bakups", "on"], 'there is no permission "env.bakups"'),
    (["desk/tset", "opal", "env.backups", "on"], 'there is no environment:desk/tset (did you mean "desk/test"? see rosterctl node show desk)'),
    (["desk/test", "nobody", "env.backups", "on"], 'no active user has the login "nobody"'),
    (["desk/test", "sam", "env.backups", "on"], "env.backups cannot be set for sam in environment:desk/test"),
])
def test_n12_what_cannot_be_set(desk, words, said):
    before = desk.value("select head()")
    assert said in desk.ctl("environment", "set", *words, user="op_tec", code=65).err
    assert desk.value("select head()") == before


def test_n37_production_needs_a_second_factor(desk):
    said = desk.ctl("environment", "set", "desk/live", "opal", "env.backups", "on", user="op_tec", code=77).err
    assert "a second factor is needed" in said and may(desk, "live")["opal"] == set()
    second_factor(desk, "tec")
    desk.ctl("environment", "set", "desk/live", "opal", "env.backups", "on", user="op_tec")
    assert may(desk, "live")["opal"] == {"env.backups"}


def test_n38_who_manages_permissions_sets_all_but_that(desk):
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_opal", code=77)
    desk.ctl("environment", "set", "desk/test", "opal", "env.manage_permissions", "on", user="op_tec")
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_opal")
    said = desk.ctl("environment", "set", "desk/test", "olga", "env.manage_permissions", "on", user="op_opal", code=77).err
    assert "only the Technical Contact says who manages permissions" in said


def test_n19_n20_alerts_are_everybodys_own(desk):
    desk.ctl("environment", "alerts", "desk/live", "opal", "on", user="op_opal")
    assert may(desk, "live")["opal"] == {"env.alerts"}
    desk.ctl("environment", "alerts", "desk/live", "olga", "on", user="op_opal", code=77)
    assert "always receives alerts" in desk.ctl("environment", "alerts", "desk/live", "tec", "off", user="op_tec", code=65).err
    assert '"loud" is neither on nor off (write on or off)' in (
        desk.ctl("environment", "alerts", "desk/live", "opal", "loud", user="op_opal", code=65).err)
    desk.ctl("environment", "alerts", "desk/live", "opal", "off", user="op_opal")
    assert may(desk, "live")["opal"] == set()


def test_environments_come_and_go(desk):
    desk.ctl("namespace", "create", "east/desk", "--purpose", "test")
    desk.ctl("environment", "create", "desk/trial", "--purpose", "test", "--namespace", "east/desk/test", user="op_tec")
    assert desk.json("node", "show", "desk")["environments"][1]["namespace"] == "east/desk/test"
    desk.ctl("environment", "set", "desk/trial", "opal", "env.backups", "on", user="op_tec")
    assert desk.ctl("environment", "delete", "desk/trial", user="op_tec", code=2).err == (
        "4 people may do something in environment:desk/trial, and what was set there for 1 person would be forgotten\nNothing was done. To do it, say --yes.\n")
    desk.ctl("environment", "delete", "desk/trial", "--yes", user="op_opal", code=77)
    desk.ctl("environment", "delete", "desk/trial", "--yes", user="op_tec")
    assert "trial" not in desk.ctl("node", "show", "desk").out
    for words in (["desk", "--purpose", "test"], ["desk/", "--purpose", "test"], ["a/b/c", "--purpose", "test"], ["desk/x"]):
        desk.ctl("environment", "create", *words, user="op_tec", code=64)
    for words, said in ((["desk/x", "--purpose", "fun"], 'there is no purpose "fun"'), (["nothing/x", "--purpose", "test"], "app:nothing"),
                        (["desk/TEST", "--purpose", "test"], 'has an environment "TEST" already'),
                        (["desk/a\tb", "--purpose", "test"], 'is no name for an environment'),
                        (["desk/x", "--purpose", "acceptance", "--namespace", "east/desk/test"], "cannot lie in namespace:east/desk/test")):
        assert said in desk.ctl("environment", "create", *words, user="op_tec", code=65).err


# --- wherever a resource is named -------------------------------------------------------------------------------------


def test_an_environment_is_a_resource_everywhere(desk):
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "on", user="op_tec")
    for name in ("environment:desk/test", "env:Desk/TEST"):
        desk.ctl("can", "opal", "env.backups", name)
        desk.ctl("can", "opal", "env.transport", name, code=1)
        assert {row["login"] for row in desk.json("who-can", "env.backups", name)["people"]} == {"tec", "sam", "opal", "olga"}
        assert "opal may env.backups on environment:desk/test" in desk.ctl("explain", "opal", name, "env.backups").out
        assert "opal may not env.transport on environment:desk/test" in desk.ctl("explain", "opal", name, "env.transport").out
        (row,) = [row for row in desk.json("report", "access", "--user", "opal", "--resource", name)["access"]
                  if "env.backups" in row["permissions"]]
        assert row["resource"] == "environment:desk/test"
    assert "environment:desk/test" in {row["resource"] for row in desk.json("access", "opal")["reaches"]}
    assert "there is no env:desk/none" in desk.ctl("can", "opal", "env.backups", "env:desk/none", code=65).err
    before = desk.value("select head()")
    desk.ctl("environment", "set", "desk/test", "opal", "env.backups", "off", user="op_tec")
    (row,) = desk.json("diff", before)["differences"]
    assert (row["resource"], row["login"], row["lost"]) == ("environment:desk/test", "opal", ["env.backups"])


def test_a_reason_says_what_gives_and_what_only_opens(desk):
    second_factor(desk, "tec")
    desk.ctl("environment", "set", "desk/live", "opal", "env.backups", "on", user="op_tec")
    first, second = desk.json("explain", "opal", "environment:desk/live", "env.backups")["paths"]
    assert (first["role"], first["opens"]) == ("env.backups on", "")
    assert (second["role"], second["opens"]) == ("Application Operator", "opens environments, leaves it open to be set")
    said = desk.ctl("explain", "opal", "environment:desk/live", "env.backups").out.splitlines()
    assert "env.backups on in environment:desk/live   by tec: environment set desk/live opal env.backups on" in said[1]
    assert "Application Operator in app:desk, which opens environments, leaves it open to be set   by " in said[3]
    revision = desk.value("select head()")
    assert desk.json("explain", "opal", "environment:desk/live", "env.backups", "--at", str(revision))["paths"][1]["opens"] == second["opens"]


def test_a_no_says_who_could_set_it(desk):
    said = desk.ctl("explain", "opal", "environment:desk/live", "env.api").out
    assert ("opal is Application Operator in app:desk, which leaves it to be set for him: "
            "rosterctl environment set desk/live opal env.api on") in said


def test_r20_what_a_role_fixes_is_not_turned_off_and_that_is_said(desk):
    said = desk.ctl("environment", "set", "desk/test", "olga", "env.transport", "off", user="op_tec").err
    assert said == "done: env.transport is off for olga in environment:desk/test; he has it all the same, by a role that fixes it\n"
    assert "env.transport" in may(desk, "test")["olga"]
    said = desk.ctl("environment", "set", "desk/test", "opal", "env.transport", "off", user="op_tec").err
    assert said == "done: env.transport is off for opal in environment:desk/test\n"
