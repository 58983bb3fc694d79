# SPDX-License-Identifier: Apache-2.0
"""rosterctl explain and rules test, as an administrator types them."""

from ldif_company import Company, GROUPS, PEOPLE, company, entry, group, person, shop, user_dn  # noqa: F401  (fixtures)


# --- explain -------------------------------------------------------------------------------------------------------------


def explained(roster, *words):
    return roster.json("explain", *words)


def test_a_yes_tells_the_way_from_the_directory_to_the_resource(shop, roster):
    out = roster.ctl("explain", "alice", "app:api", "cicd.deploy").out.splitlines()
    assert out[0].startswith("alice may cicd.deploy on app:api")
    assert out[1].split()[:2] == ["corp", user_dn("alice")]
    assert out[2].strip() == "└ member of cn=all,ou=Groups,dc=x"
    assert out[3].strip() == "└ member of cn=pay-api-devs,ou=Groups,dc=x"
    assert out[4].strip().startswith("└ rule team-roles (rosterd.conf:")
    assert "  unit=pay team=api kind=devs  -> Developer in /pay/api   since revision " in out[4]
    assert out[5].strip() == "└ app:api is owned by /pay/api"
    (path,) = explained(roster, "alice", "app:api", "cicd.deploy")["paths"]
    assert path["doors"][0]["groups"] == ["cn=all,ou=Groups,dc=x", "cn=pay-api-devs,ou=Groups,dc=x"]


def test_a_yes_from_further_up_says_so(shop, roster):
    out = roster.ctl("explain", "bob", "namespace:east/api/test").out
    assert "rule contractors (rosterd.conf:" in out
    assert "namespace:east/api/test is associated with /pay/api, below /pay\n" in out


def test_a_yes_by_hand_says_who_gave_it(shop, roster):
    roster.ctl("group", "members", "/pay/api", "add", "carol", "--role", "Administrator")
    out = roster.ctl("explain", "carol", "app:api").out
    assert "hand  Administrator in /pay/api   by admin: group members /pay/api add carol as Administrator   revision" in out
    assert "app:api itself" in out
    roster.ctl("app", "create", "own", "--owner", "carol")
    out = roster.ctl("explain", "carol", "app:own").out
    assert "hand  Owner in app:own   by admin: app create own   revision" in out
    assert "hand  Scrum Master in app:own   by admin: app create own   revision" in out
    assert "Platform Administrator in platform" in roster.ctl("explain", "admin", "platform").out
    out = roster.ctl("explain", "admin", "group:/pay/api").out
    assert "└ group:/pay/api lies below /pay\n" in out and "└ group:/pay/api belongs to the platform\n" in out


def test_a_yes_mentions_the_rule_that_was_not_used(shop, roster):
    (obstacle,) = explained(roster, "alice", "app:api")["obstacles"]
    assert obstacle["rule"] == "contractors"
    assert obstacle["why"] == 'users filter does not match: employeeType is "internal", not "contractor"'
    assert "  not used: rule contractors (rosterd.conf:" in roster.ctl("explain", "alice", "app:api").out


def obstacles(roster, *words):
    explanation = explained(roster, *words)
    assert not explanation["allowed"] and not explanation["paths"]
    return {(obstacle["kind"], obstacle["rule"], obstacle["why"]) for obstacle in explanation["obstacles"]}


def test_a_no_names_the_doors_that_are_shut(shop, roster):
    assert obstacles(roster, "carol", "namespace:east/api/test") == {
        ("rule", "team-roles", "carol is not in cn=pay-api-devs,ou=Groups,dc=x"),
        ("rule", "contractors", 'users filter does not match: employeeType is "internal", not "contractor"')}
    out = roster.ctl("explain", "carol", "namespace:east/api/test").out
    assert out.startswith("carol may not use namespace:east/api/test")
    assert ") would give Developer in /pay/api: carol is not in cn=pay-api-devs," in out


def test_a_no_of_somebody_no_source_knows(shop, roster):
    roster.ctl("user", "create", "guest")
    assert ("rule", "contractors", "the source does not know guest") in obstacles(roster, "guest", "app:api")


def test_a_no_names_the_role_that_lacks_the_permission(shop, roster):
    assert ("role", "", "alice is Developer in /pay/api, a role without cicd.approve; with it: Administrator, Operator, Scrum Master") in (
        obstacles(roster, "alice", "app:api", "cicd.approve"))


def test_a_rule_that_gave_its_role_is_not_said_to_match_nothing(shop, roster):
    """Only the other half is missing: a user role, beside which the role on the app counts."""
    roster.config.write_text(roster.config.read_text().replace("rules: {", """rules: {
  owners: { source: "corp"; group: "cn=all,ou=Groups,dc=x"; into: "app:api"; role: "App Owner" }
  nobody: { source: "corp"; group: "cn=none,ou=Groups,dc=x"; into: "app:api"; role: "App Owner" }"""))
    roster.ctl("sync")
    rules = {item[1:] for item in obstacles(roster, "alice", "app:api", "app.info.manage") if item[0] == "rule"}
    assert rules == {("nobody", "no entry of the source matches it")}
    rules = {item[1:] for item in obstacles(roster, "carol", "app:api", "app.info.manage") if item[0] == "rule"}
    assert ("owners", "carol is not in cn=all,ou=Groups,dc=x") in rules


def test_a_no_of_the_inactive(shop, roster):
    roster.ctl("user", "suspend", "alice")
    assert obstacles(roster, "alice", "app:api") == {
        ("inactive", "", "alice is suspended by hand; inactive people reach nothing")}


def test_a_no_because_of_the_app_or_the_permission(shop, roster):
    assert obstacles(roster, "alice", "app:api", "cluster.logs") == {
        ("permission", "", "cluster.logs means nothing on app:api: nobody has it there")}
    roster.ctl("app", "archive", "api")
    assert obstacles(roster, "alice", "app:api") == {("archived", "", "app:api is archived and gives nobody anything")}


def test_a_no_nobody_could_help(shop, roster):
    roster.ctl("app", "create", "lonely", "--owner", "admin")
    assert obstacles(roster, "bob", "app:lonely") == {
        ("nobody", "", "no rule, no hand and no ownership gives bob anything on app:lonely")}


def test_a_no_that_waits_for_a_decision(company, roster):
    company.configure(first_run="hold")
    roster.config.write_text(roster.config.read_text().replace("devs|readers)", "devs|readers|guests)").replace(
        'readers: "Contributor"', 'readers: "Contributor"; guests: "Contributor"'))
    company.directory(*PEOPLE, GROUPS[0], group(12, "pay-api-devs", user_dn("carol"), user_dn("alice")))
    assert "held: " in roster.ctl("sync", code=1).err
    roster.ctl("app", "create", "api", "--owner", "admin", "--group", "/pay/api")
    ((kind, rule, why),) = {item for item in obstacles(roster, "carol", "app:api") if item[1] == "team-roles"}
    assert kind == "waiting" and why.startswith("already in cn=pay-api-devs,ou=Groups,dc=x, but run corp/")
    assert " is held: " in why


def test_explain_of_nobody_is_65(roster):
    company = Company(roster)
    company.configure(first_run="hold")
    company.directory(*PEOPLE, *GROUPS)
    roster.ctl("sync", code=1)
    assert 'nobody has the login "zed" (' in roster.ctl("explain", "zed", "platform", code=65).err
    assert 'nobody has the login "alice" yet, though source corp knows it' in roster.ctl("explain", "alice", "platform", code=65).err
    roster.ctl("explain", "admin", "app:none", code=65)
    roster.ctl("explain", "admin", "platform", "no.such", code=65)


def test_explain_of_the_quarantined_says_why(company, roster):
    company.directory(*PEOPLE, *GROUPS, person(4, "dave"), person(5, "dave").replace("uid=dave,", "uid=dave2,", 1))
    roster.ctl("sync")
    result = roster.ctl("explain", "dave", "platform", code=65)
    assert 'nobody has the login "dave": its entry in source corp is in quarantine (' in result.err


# --- rules test ------------------------------------------------------------------------------------------------------------


def test_rules_are_tried_on_the_entry_of_the_mirror(company, roster):
    tested = {row["rule"]: row for row in roster.json("rules", "test", "CN=pay-api-devs,ou=Groups,dc=x")["rules"]}
    assert tested["team-roles"]["matches"] is True
    assert tested["team-roles"]["result"] == "unit=pay team=api kind=devs  -> Developer in /pay/api"
    assert tested["contractors"]["matches"] is False and "looks at users" in tested["contractors"]["result"]
    tested = {row["rule"]: row for row in roster.json("rules", "test", "bob", "--source", "corp")["rules"]}
    assert tested["contractors"]["result"] == "Operator in /pay"
    roster.ctl("rules", "test", "nobody", code=65)
    assert "there is no source" in roster.ctl("rules", "test", "bob", "--source", "crop", code=65).err


def test_a_new_rule_can_be_tried_before_it_is_used(company, roster):
    roster.config.write_text(roster.config.read_text().replace("(employeeType=contractor)", "(employeeType=internal)"))
    tested = {row["rule"]: row for row in roster.json("rules", "test", "alice")["rules"]}
    assert tested["contractors"]["matches"] is True
