# SPDX-License-Identifier: Apache-2.0
"""People, groups in groups and roles of a real Keycloak."""

import re
import subprocess

import pytest

from api_company import active, configure, holders, write_secrets
from browser import Browser, one_time_password
from keycloak import Keycloak
from sign_in import Signing, make_administrator
from slapd import SUFFIX, Slapd

SECRET = "a secret/+%"
TEAMS = [{"name": "ops", "people": ["ann"], "groups": [{"name": "on-call", "people": ["bob", "cat"]}]},
         {"name": "dev", "people": ["dan"], "groups": [{"name": "api", "groups": [{"name": "on-call", "people": ["eve"]}]}]}]
PEOPLE = ["ann", "bob", "cat", "dan", "eve", "fay"]
RULES = """
  ops: { group: "/ops"; into: "/ops"; role: "Contributor" }
  on-call: { group: "/ops/on-call"; into: "/ops/on-call"; role: "Operator" }
  api: { group: "/dev/api/on-call"; into: "/api"; role: "Operator" }
  d2: { users: "(department=d2)"; into: "/d2"; role: "Contributor" }
"""


def source(keycloak, more=""):
    return f'type: "keycloak"; issuer: "{keycloak.issuer}"; client_id: "roster"; client_secret: "file:secret"; {more}'


@pytest.fixture(scope="module")
def server():
    with Keycloak() as keycloak:
        yield keycloak


@pytest.fixture
def keycloak(server):
    yield server
    server.drop_realm()


@pytest.fixture
def installed(roster):
    write_secrets(roster)
    return roster


def test_a_realm_is_read_and_followed(installed, keycloak):
    """A group is named by its path, so two of one name are two; who is in a group inside is in the one around it."""
    keycloak.make_realm(PEOPLE, TEAMS, SECRET)
    configure(installed, source(keycloak, "page_size: 2"), RULES)
    installed.ctl("sync")
    assert active(installed) == set(PEOPLE)
    assert holders(installed) == {"ops": {"ann", "bob", "cat"}, "ops/on-call": {"bob", "cat"}, "api": {"eve"}, "d2": {"cat"}}

    keycloak.join("fay", "/ops/on-call")
    keycloak.leave("bob", "/ops/on-call")
    keycloak.change("cat", enabled=False)
    keycloak.ask("DELETE", f"/eng/users/{keycloak.user('eve')['id']}")
    renamed = keycloak.user("dan")["id"]
    keycloak.change("ann", attributes={"department": ["d2"]})
    installed.ctl("sync")
    assert active(installed) == {"ann", "bob", "dan", "fay"}
    assert holders(installed) == {"ops": {"ann", "fay"}, "ops/on-call": {"fay"}, "d2": {"ann"}}
    assert renamed
    assert "0 to add, 0 to change, 0 to remove" in installed.ctl("sync", "--full").out


def test_the_roles_of_a_realm_are_groups_where_they_are_asked_for(installed, keycloak):
    """Held by people, by groups, and by who holds a role that is made of others."""
    keycloak.make_realm(PEOPLE, TEAMS, SECRET, roles=["deployer", "boss"])
    roles = {name: keycloak.ask("GET", f"/eng/roles/{name}") for name in ("deployer", "boss")}
    keycloak.ask("POST", f"/eng/users/{keycloak.user('fay')['id']}/role-mappings/realm", [roles["boss"]])
    keycloak.ask("POST", f"/eng/users/{keycloak.user('dan')['id']}/role-mappings/realm", [roles["deployer"]])
    keycloak.ask("POST", f"/eng/groups/{keycloak.group('/ops/on-call')}/role-mappings/realm", [roles["deployer"]])
    keycloak.ask("POST", "/eng/roles/boss/composites", [roles["deployer"]])
    configure(installed, source(keycloak, "roles: true"),
              'deploy: { group: "role:deployer"; into: "/deploy"; role: "Operator" }\n'
              'boss: { group: "role:boss"; into: "/boss"; role: "Operator" }')
    installed.ctl("sync")
    assert holders(installed) == {"deploy": {"fay", "dan", "bob", "cat"}, "boss": {"fay"}}


def test_five_thousand_people_with_a_key_and_tokens_of_two_seconds(installed, keycloak):
    """In 50 groups, three deep; each token is asked for with another assertion, and ends while pages are read."""
    people = [f"u{number:04}" for number in range(5000)]
    groups = [{"name": f"unit{unit}", "groups": [
        {"name": f"team{team}", "people": people[unit * 5 + team::250], "groups": [{"name": "leads", "people": people[unit * 5 + team:][:1]}]}
        for team in range(5)]} for unit in range(5)]
    key, jwk = make_key(installed)
    keycloak.make_realm(people, groups, SECRET, lifespan=2, clientAuthenticatorType="client-jwt",
                        attributes={"use.jwks.string": "true", "jwks.string": jwk})
    configure(installed, f'type: "keycloak"; issuer: "{keycloak.issuer}"; client_id: "roster"; client_key: "file:{key}"; page_size: 100',
              'teams: { match: "path ~ ^/(?<unit>unit[0-9])/(?<team>team[0-9])$"; into: "/${unit}/${team}"; role: "Contributor" }')
    installed.ctl("sync")
    assert active(installed) == set(people)
    found = holders(installed)
    assert len(found) == 25 and found["unit3/team2"] == set(people[17::250]) | {people[17]}


LINKED = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{
  corp: {{ type: "ldap"; url: "{url}"; users: {{ base: "ou=people,{suffix}"; filter: "(objectClass=inetOrgPerson)" }}; link: "employeeNumber" }}
  sso: {{ {keycloak} link: "employeeNumber" }}
}}
safety: {{ first_run: "apply"; max_remove_percent: 100 }}
rules: {{
  default_admins: [ "admin" ]
  staff: {{ source: "corp"; users: "(uid=*)"; into: "/staff"; role: "Contributor" }}
  ops: {{ source: "sso"; group: "/ops"; into: "/ops"; role: "Operator" }}
}}
"""


def staff(*people):
    """LDIF of people in a directory: login, number."""
    entries = [f"dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\no: ex\ndc: ex\n",
               f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n"]
    entries += [f"dn: uid={login},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {login}\nsn: X\nemployeeNumber: {number}\n"
                for login, number in people]
    return "\n".join(entries)


def test_a_person_of_a_directory_and_of_keycloak_is_one(installed, keycloak):
    """By the number both have; what each gives him is kept apart, and each may close him."""
    keycloak.make_realm(PEOPLE, TEAMS, SECRET)
    for login, number in (("ann", "7"), ("bob", "8")):
        keycloak.change(login, attributes={"employeeNumber": [number]})
    with Slapd(staff(("a.smith", "7"), ("b.jones", "8"), ("c.only", "9"))) as directory:
        installed.configure(LINKED.format(url=directory.url, suffix=SUFFIX, keycloak=source(keycloak)))
        installed.ctl("sync")
        assert active(installed) == {"a.smith", "b.jones", "c.only", "cat", "dan", "eve", "fay"}
        assert holders(installed) == {"staff": {"a.smith", "b.jones", "c.only"}, "ops": {"a.smith", "b.jones", "cat"}}
        said = installed.ctl("explain", "a.smith", "group:/ops").out
        assert f"corp  uid=a.smith,ou=people,{SUFFIX}; sso  ann (linked by 7)" in said
        keycloak.change("bob", enabled=False)
        installed.ctl("sync", "--source", "sso")
        assert "b.jones" not in active(installed)
        connection = directory.admin()
        connection.delete_s(f"uid=a.smith,ou=people,{SUFFIX}")
        installed.ctl("sync", "--source", "corp")
        assert "a.smith" not in active(installed) and "ann" not in active(installed)


def visit(said, browser=None, login="ann"):
    """What that person does with the page rosterctl tells of."""
    browser = (browser or Browser()).open(re.search(r"Open (\S+)", said)[1])
    for _ in range(5):
        if browser.asks_for("password"):
            browser.fill(username=login, password="password")
        elif browser.asks_for("otp"):
            browser.fill(otp=one_time_password("it is hers"))
        elif browser.asks_for("accept"):
            browser.fill("cancel")
        else:
            break
    assert "Device Login Successful" in browser.page, browser.page


def test_an_administrator_signs_in_with_a_one_time_password(roster, keycloak):
    """Through the pages of Keycloak, and its second factor; what it remembers of her is as old as it says."""
    keycloak.make_realm(PEOPLE, TEAMS, SECRET)
    keycloak.let_sign_in("rosterctl", SECRET, ["ann"], "it is hers")
    production = ("role", "create", "Deployers", "--production", "env.api")
    with Signing(roster, keycloak.issuer, 'second_factor: { amr: [ "otp" ] };', client_id="rosterctl") as site:
        roster.ctl("sync")
        make_administrator(roster, "ann")
        browser = Browser()
        said = site.login(lambda said: visit(said, browser), "--second-factor")
        assert "signed in as ann" in said and "with a second factor until" in said
        roster.ctl(*production)
        # She is known there now, and nobody asks her.
        assert "with a second factor until" in site.login(lambda said: visit(said, browser), "--second-factor")
        keycloak.change("ann", enabled=False)
        roster.ctl("logout")
        roster.ctl("sync")
        assert not roster.sql("select * from users where login = 'ann' and active")


def make_key(roster):
    """The name of a file with a private key, and the JWK Set with its public half, for the provider."""
    import base64
    import json
    path = roster.directory / "client.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path], check=True,
                   capture_output=True)
    path.chmod(0o600)
    text = subprocess.run(["openssl", "rsa", "-in", path, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
    modulus = base64.urlsafe_b64encode(bytes.fromhex(text.strip().removeprefix("Modulus="))).decode().rstrip("=")
    return path.name, json.dumps({"keys": [{"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"}]})
