# SPDX-License-Identifier: Apache-2.0
"""A provider that nobody prepared for roster: glewlwyd, whose API an administrator describes, and whose tokens he asks for."""

import os
import urllib.parse

import pytest

from api_company import active, configure, holders
from api_double import Api, Reply
from glewlwyd import Glewlwyd

PEOPLE = {f"u{number:03}": ["dev", "ops"] if number % 2 else ["dev"] for number in range(250)}
RULES = """
dev: { users: "(scope=dev)"; into: "/dev"; role: "Developer" }
ops: { users: "(scope=ops)"; into: "/ops"; role: "Operator" }
"""


@pytest.fixture(scope="module")
def server():
    with Glewlwyd(PEOPLE) as glewlwyd:
        yield glewlwyd


def keep(roster, name, text):
    path = roster.directory / name
    path.write_text(text)
    os.chmod(path, 0o600)


def described(url, proof):
    """Bare arrays, an end that is an empty page, and no other id than the login; the administrator's own account is none of ours."""
    return (f'type: "rest"; url: "{url}/api"; {proof}; page_size: 40; pages: {{ by: "offset"; at: "offset"; size: "limit" }}; '
            'users: { path: "/user/"; filter: "(!(scope=g_admin))"; attributes: { id: "username"; login: "username"; enabled: "enabled" } }')


@pytest.fixture
def described_roster(roster, server):
    keep(roster, "key", f"token {server.api_key}\n")
    configure(roster, described(server.url, 'token: "file:key"'), RULES)
    return roster


def test_people_of_a_described_api_are_read_and_followed(described_roster, server):
    """250 people, page by page, with the key sent behind the word that the API wants; groups are values of an attribute."""
    roster = described_roster
    roster.ctl("sync")
    assert active(roster) == set(PEOPLE)
    assert holders(roster) == {"dev": set(PEOPLE), "ops": {login for login, groups in PEOPLE.items() if "ops" in groups}}
    server.add("zed", ["dev"])
    server.change("u000", scope=["dev", "ops"])
    server.change("u001", enabled=False)
    server.change("u003", scope=["dev"])
    server.remove("u005")
    try:
        roster.ctl("sync")
        assert active(roster) == set(PEOPLE) - {"u001", "u005"} | {"zed"}
        ops = {login for login, groups in PEOPLE.items() if "ops" in groups} - {"u001", "u003", "u005"} | {"u000"}
        assert holders(roster) == {"dev": active(roster), "ops": ops}
        assert "0 to add, 0 to change, 0 to remove" in roster.ctl("sync", "--full").out
    finally:
        server.remove("zed")
        server.add("u005", PEOPLE["u005"])
        for login in ("u000", "u001", "u003"):
            server.change(login, enabled=True, scope=PEOPLE[login])


def test_a_key_that_is_no_good_removes_nobody(described_roster, server):
    """What is said names the address and not the key; everybody keeps what he has."""
    roster = described_roster
    roster.ctl("sync")
    before = holders(roster)
    keep(roster, "key", "token no-such-key")
    result = roster.run("sync")
    assert result.code == 77 and "/api/user/" in result.err and "no-such-key" not in result.err + result.out, result
    assert active(roster) == set(PEOPLE) and holders(roster) == before


def test_the_client_is_known_by_its_secret_alone(server):
    """What the tests below take for granted of the provider: not the form-encoded secret, and no word of why."""
    status, answer = server.token()
    assert status == 200 and answer["expires_in"] == 5
    assert server.token(urllib.parse.quote_plus(server.secret)) == (403, {})


class Behind(Api):
    """People for whoever has a token of glewlwyd."""

    def api(self, request):
        return Reply([{"username": "alice", "name": "Alice", "enabled": True}] if request.number("offset", 0) == 0 else [])

    def guarded(self, request):
        return self.api(request) if request.headers.get("Authorization", "").startswith("Bearer ey") else Reply({}, 401)


@pytest.mark.parametrize("way, code", [("raw", 0), ("post", 0), ("basic", 77)])
def test_it_wants_the_secret_of_a_client_as_it_is(roster, server, way, code):
    """It does not decode what the standard has encoded, and says nothing but 403: the answer names what to change."""
    keep(roster, "secret", server.secret)
    with Behind() as api:
        configure(roster, described(api.origin, f'issuer: "{server.issuer}"; client_id: "{server.client}"; client_secret: "file:secret"; '
                                                f'client_auth: "{way}"; scope: "people"'))
        result = roster.run("sync")
    assert result.code == code, result
    assert active(roster) == ({"alice"} if code == 0 else set())
    if code:
        assert "/api/oidc/token" in result.err and "client_auth" in result.err and server.secret not in result.err, result
