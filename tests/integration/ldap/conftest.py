# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a small company in a real slapd, and the LDAP driver's own program to read it."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from slapd import PASSWORD, SUFFIX, Slapd, make_certificates  # noqa: E402

BUILD = pathlib.Path(os.environ.get("ROSTER_BUILD", ROOT / "build" / "gcc"))
PEOPLE = 12


def record(dn, **attributes):
    lines = [f"dn: {dn}"]
    for name, values in attributes.items():
        lines += [f"{name}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n\n"


def account(name):
    return record(f"uid={name},ou=service,{SUFFIX}", objectClass=["account", "simpleSecurityObject"], uid=name,
                  userPassword=PASSWORD)


def company():
    """12 people, 3 groups, one of them posix and empty, and service accounts with different rights."""
    text = record(SUFFIX, objectClass=["dcObject", "organization"], dc="ex", o="Example")
    for unit in ("people", "groups", "service"):
        text += record(f"ou={unit},{SUFFIX}", objectClass="organizationalUnit", ou=unit)
    for name in ("sync", "small", "paged", "endless", "unchecked", "blind", "disclosed"):
        text += account(name)
    for i in range(1, PEOPLE + 1):
        text += record(f"uid=u{i},ou=people,{SUFFIX}", objectClass=["inetOrgPerson"], uid=f"u{i}", cn=f"User {i}",
                       sn=f"Nr {i}", mail=f"u{i}@ex.org", userPassword="hidden")
    text += record(f"cn=devs,ou=groups,{SUFFIX}", objectClass="groupOfNames", cn="devs",
                   member=[f"uid=u1,ou=people,{SUFFIX}", f"uid=u2,ou=people,{SUFFIX}"])
    text += record(f"cn=ops,ou=groups,{SUFFIX}", objectClass="groupOfUniqueNames", cn="ops",
                   uniqueMember=[f"uid=u3,ou=people,{SUFFIX}#'0101'B", f"uid=u4,ou=people,{SUFFIX}"])
    text += record(f"cn=empty,ou=groups,{SUFFIX}", objectClass="posixGroup", cn="empty", gidNumber="5000")
    return text


LIMITS = ["sizelimit 500",
          f'limits dn.exact="uid=small,ou=service,{SUFFIX}" size=5',
          f'limits dn.exact="uid=paged,ou=service,{SUFFIX}" size=5 size.pr=4 size.prtotal=6',
          f'limits dn.exact="uid=endless,ou=service,{SUFFIX}" size=5 size.prtotal=unlimited',
          f'limits dn.exact="uid=unchecked,ou=service,{SUFFIX}" size.unchecked=3']

# blind: sees no member and not everybody; disclosed: may know that something is there, but not what.
ACCESS = ["access to attrs=userPassword by anonymous auth by * none",
          f'access to dn.sub="ou=people,{SUFFIX}" filter=(uid=u1*) by dn.exact="uid=blind,ou=service,{SUFFIX}" none '
          "by * break",
          f'access to attrs=member,uniqueMember by dn.exact="uid=blind,ou=service,{SUFFIX}" none by * break',
          f'access to * by dn.exact="uid=disclosed,ou=service,{SUFFIX}" disclose by * read']


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def server(certificates):
    with Slapd(company(), database=[*LIMITS, *ACCESS], certificates=certificates) as slapd:
        yield slapd


class Read:
    """What one run of read_source printed."""

    def __init__(self, output, log, seconds):
        lines = [json.loads(line) for line in output.splitlines()]
        self.result = lines.pop()
        self.entries = [line for line in lines if "kind" in line]
        self.unreadable = [line for line in lines if "unreadable" in line]
        self.completeness = self.result["result"]
        self.reason, self.error, self.error_class = (self.result[key] for key in ("reason", "error", "class"))
        self.log = log
        self.seconds = seconds

    def of(self, kind):
        return [entry for entry in self.entries if entry["kind"] == kind]


def arguments(settings):
    """Keyword names with __ for the dot; a list gives the setting several times; None leaves it out."""
    everything = {"users__base": f"ou=people,{SUFFIX}", "groups__base": f"ou=groups,{SUFFIX}", **settings}
    words = []
    for key, value in everything.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None:
                words.append(f"{key.replace('__', '.')}={one}")
    return words


@pytest.fixture
def secret(tmp_path):
    """A function that gives the reference to a file with this password."""

    def write(password=PASSWORD):
        path = tmp_path / "password"
        path.write_text(password + "\n")
        path.chmod(0o600)
        return f"file:{path}"

    return write


@pytest.fixture
def start(tmp_path):
    """A function that starts read_source with settings and gives the process."""

    def run(**settings):
        return subprocess.Popen([BUILD / "tests/integration/ldap/read_source", *arguments(settings)], cwd=tmp_path,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


@pytest.fixture
def read(start):
    """A function that reads with these settings to the end."""

    def run(**settings):
        began = time.monotonic()
        process = start(**settings)
        output, log = process.communicate(timeout=60)
        assert process.returncode in (0, 1), log
        return Read(output, log, time.monotonic() - began)

    return run


@pytest.fixture
def read_as(read, server, secret):
    """A function that reads the company as one of its service accounts."""

    def run(name, password=PASSWORD, **settings):
        return read(**{"url": server.url, "bind_dn": f"uid={name},ou=service,{SUFFIX}",
                       "password": secret(password), **settings})

    return run
