# SPDX-License-Identifier: Apache-2.0
"""People and groups of a real SCIM server (scimmy): one that is whole, and one that does not see what it is asked for."""

import json
import urllib.request

import pytest

from api_company import active, configure, holders, write_secrets
from node_servers import NodeServer

GROUP = "11111111-1111-4111-8111-111111111111"


def data(count, members):
    users = [{"id": f"00000000-0000-4000-8000-{number:012}", "userName": f"u{number}", "displayName": f"User {number}",
              "active": number != 5, "emails": [{"value": f"u{number}@ex.org", "primary": True}]} for number in range(count)]
    groups = [{"id": GROUP, "displayName": "ops",
               "members": [{"value": f"00000000-0000-4000-8000-{number:012}", "type": "User"} for number in members]}]
    return {"users": users, "groups": groups}


def put(server, count, members):
    request = urllib.request.Request(f"{server.url}/test/data", json.dumps(data(count, members)).encode(),
                                     {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def source(server):
    return f'type: "scim"; url: "{server.url}/scim/v2"; token: "file:token"; page_size: 20'


@pytest.fixture
def installed(roster):
    write_secrets(roster)
    return roster


def test_a_scim_server_is_read_and_followed(installed):
    """In pages of 20 at most, whatever is asked for."""
    with NodeServer("scim.js", express=4, most=20, **data(65, [1, 2, 5])) as server:
        configure(installed, source(server), f'ops: {{ group: "/{GROUP}"; into: "/ops"; role: "Contributor" }}')
        installed.ctl("sync")
        assert active(installed) == {f"u{number}" for number in range(65) if number != 5}
        assert holders(installed) == {"ops": {"u1", "u2"}}
        put(server, 62, [2, 3])
        installed.ctl("sync")
        assert active(installed) == {f"u{number}" for number in range(62) if number != 5}
        assert holders(installed) == {"ops": {"u2", "u3"}}


def test_a_scim_server_that_does_not_see_the_query(installed):
    """Always the first page: that is noticed, and everybody who is known stays."""
    with NodeServer("scim.js", express=5, most=20, **data(15, [1, 2])) as server:
        configure(installed, source(server), f'ops: {{ group: "/{GROUP}"; into: "/ops"; role: "Contributor" }}')
        installed.ctl("sync")
        assert len(active(installed)) == 14
        put(server, 65, [2])
        result = installed.run("sync")
        assert result.code == 69 and "incomplete" in result.out, result
        assert active(installed) >= {f"u{number}" for number in range(15) if number != 5}
        assert holders(installed) == {"ops": {"u1", "u2"}}
