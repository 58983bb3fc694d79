# SPDX-License-Identifier: Apache-2.0
"""Entries stream: ten times as many of them take little more memory, the first time, again, and when a few have changed."""

import os
import pathlib
import subprocess
import time

import pytest

from roster import BUILD

MANY = int(os.environ.get("ROSTER_MANY", 30000))
# Of an entry that was read a few words stay: a slot of a table for its id and content, and one for its name.
BYTES_OF_AN_ENTRY = 256
BUFFERS = 4 * 2 ** 20  # which a few entries do not fill
CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif" } }
safety: { first_run: "apply"; max_remove: 1000000 }
rules: {
  default_admins: ["admin"]
  boards: { match: "cn ~ ^board-(?<place>[a-z]+)$"; into: "/${place}"; role: "Contributor" }
}
"""


def write(path, count, mail):
    """So many people, of whom those at the beginning have this mail address."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("version: 1\n\n")
        for number in range(count):
            file.write(f"dn: uid=u{number},ou=people,dc=x\nentryUUID: 00000000-0000-4000-8000-{number:012}\n"
                       f"objectClass: inetOrgPerson\nuid: u{number}\ncn: User {number}\nsn: {number}\n"
                       f"mail: {mail if number < 100 else 'u'}{number}@x\n\n")
        file.write("dn: cn=board-main,dc=x\nentryUUID: 00000000-0000-4000-8001-000000000000\n"
                   "objectClass: groupOfNames\ncn: board-main\nmember: uid=u1,ou=people,dc=x\n")


def memory(roster):
    """Of one run, in bytes: the most it ever had. A sanitizer keeps what is freed for a while: not here."""
    environment = {**roster.environment(), "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
    process = subprocess.Popen([BUILD / "rosterctl", "sync", "--local"], cwd=roster.directory, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # (what wait4() tells includes the memory of whoever forked)
    most = 0
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))])
        time.sleep(0.005)
    assert process.returncode == 0 and most > 0, process.stderr.read()
    return most * 1024


@pytest.fixture
def used(roster):
    """By so many entries, of the three runs."""
    def measure(count):
        roster.configure(CONFIGURATION)
        write(roster.directory / "people.ldif", count, "u")
        most = [memory(roster), memory(roster)]
        write(roster.directory / "people.ldif", count, "changed")
        most.append(memory(roster))
        assert roster.value("select count(*) from directory_entries where kind = 'user'") == count
        assert roster.value("select count(*) from users where email like 'changed%%'") == 100
        return most
    return measure


def test_memory_grows_by_a_few_words_for_each_entry(used):
    few, many = used(MANY // 10), used(MANY)
    print("MiB:", [round(number / 2 ** 20, 1) for number in (*few, *many)])
    for less, more in zip(few, many):
        assert more - less < BYTES_OF_AN_ENTRY * (MANY - MANY // 10) + BUFFERS
