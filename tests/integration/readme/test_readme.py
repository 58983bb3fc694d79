# SPDX-License-Identifier: Apache-2.0
"""What README.md shows is what the program does: its configuration is good, its output is what is printed."""

import pathlib
import re
import shlex

import pytest

from roster import ROOT
from slapd import PASSWORD, Slapd

COMPANY = pathlib.Path(__file__).with_name("company.ldif")
README = (ROOT / "README.md").read_text()
VARIES = ((r"in \d+\.\d s", "in 0.0 s"), (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-01 00:00:00"))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def comparable(text):
    for pattern, usual in VARIES:
        text = re.sub(pattern, usual, text)
    return text.rstrip("\n")


def commands():
    """(words, what the README says it prints) of everything it shows as typed."""
    parts = re.split(r"^\$ rosterctl (.*)\n", "".join(blocks("console")), flags=re.MULTILINE)
    return list(zip(map(shlex.split, parts[1::2]), parts[2::2]))


@pytest.fixture
def configuration(roster):
    """The README's, and beside it the password it names."""
    (text,) = [block for block in blocks("") if "version: 1" in block]
    password = roster.directory / "ldap.password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    return text


@pytest.fixture
def server():
    with Slapd(COMPANY.read_text()) as slapd:
        yield slapd


def test_the_configuration_is_eight_lines_and_good(roster, configuration):
    roster.configure(configuration)
    assert configuration.count("\n") == 8
    assert " is good: 1 source, 1 rule, 0 targets\n" in roster.ctl("check").err


def test_what_is_shown_is_what_is_printed(roster, configuration, server):
    here, databases = re.subn(r'embedded: "[^"]*"', 'conninfo: "${env:ROSTER_DATABASE}"', configuration)
    here, servers = re.subn(r'url: "[^"]*"', f'url: "{server.url}"', here)
    assert (databases, servers) == (1, 1)
    roster.configure(here)
    (plan, planned), *explanations = commands()
    assert plan == ["plan"] and [words[0] for words, _ in explanations] == ["explain", "explain"]
    assert comparable(roster.run(*plan).out) == comparable(planned)
    run = re.search(r"approve (corp/\d+)", roster.ctl("sync", code=1).err)[1]
    roster.ctl("approve", run)
    (app,) = re.findall(r"`rosterctl (app create [^`]*)`", README)
    roster.ctl(*app.split())
    for words, expected in explanations:
        assert comparable(roster.ctl(*words).out) == comparable(expected)


def test_it_is_short_and_names_only_files_that_exist():
    assert README.count("\n") < 100
    names = re.findall(r"\]\(([^)#:]+)\)", README)
    assert names and [name for name in names if not (ROOT / name).exists()] == []
