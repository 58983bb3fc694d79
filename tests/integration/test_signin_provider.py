# SPDX-License-Identifier: Apache-2.0
"""Signing in with a real OpenID provider that is certified: its device flow, its keys, its ID tokens."""

import json
import re
import time
import urllib.request

import pytest

from node_servers import NodeServer
from sign_in import Signing, make_administrator, provider


def post(server, path, **body):
    request = urllib.request.Request(f"{server.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def asked(server, what):
    with urllib.request.urlopen(f"{server.url}/test/log") as reply:
        return json.load(reply).count(what)


class Site:
    """People of a double, whom the provider knows by their ids there."""

    def __init__(self, roster, server, api, signing):
        self.roster, self.server, self.api, self.signing = roster, server, api, signing

    def login(self, number, *words, code=0, **claims):
        def approve(said):
            post(self.server, "/test/approve", user_code=re.search(r"the code (\S+)", said)[1], sub=self.api.people[number].id,
                 **{"auth_time": int(time.time()), **claims})
        return self.signing.login(approve, *words, code=code)


@pytest.fixture
def site(roster, request):
    options = getattr(request, "param", {})
    with provider() as api, NodeServer("oidc.js", people=1, life=60, **options) as server:
        with Signing(roster, api.issuer, client_id="rosterctl", vouches=server.url) as signing:
            roster.ctl("sync")
            make_administrator(roster, "u1")
            yield Site(roster, server, api, signing)


def test_a_second_factor_is_what_its_token_says(site):
    said = site.login(1, "--second-factor", amr=["pwd"])
    assert "signed in as u1 until" in said and "amr pwd" in said and "with a second factor until" not in said
    assert "with a second factor until" in site.login(1, "--second-factor", amr=["pwd", "mfa"])
    site.roster.ctl("role", "create", "Deployers", "--production", "env.api")


@pytest.mark.parametrize("site", [{"bound": True, "nonces": True}], indirect=True)
def test_a_provider_that_binds_its_tokens(site):
    assert "signed in as u1 until" in site.login(1)


@pytest.mark.parametrize("site", [{"alg": "ES256"}], indirect=True)
def test_keys_are_rotated(site):
    """Those that are known count until a token names another, which has them asked for once a minute at most."""
    assert "signed in as u2 until" in site.login(2)
    post(site.server, "/test/rotate")
    assert "does not name" in site.login(1, code=77)
    assert asked(site.server, "GET /jwks") == 1
