# SPDX-License-Identifier: Apache-2.0
"""What `make install` leaves behind fits together."""

import re
import subprocess

import pytest

from roster import BUILD


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The root of a machine roster was installed on, and the prefix there."""
    root = tmp_path_factory.mktemp("root")
    result = subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={root}"], text=True, check=False, timeout=300,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(result.stdout)
    assert result.returncode == 0
    prefix = re.search(r"^prefix = (\S+)$", (BUILD / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    return root, root / prefix.lstrip("/")


def test_the_unit_starts_what_is_installed(installed):
    root, prefix = installed
    unit = (prefix / "lib/systemd/system/rosterd.service").read_text(encoding="utf-8")
    program = root / re.search(r"^ExecStart=/(\S+)$", unit, re.MULTILINE)[1]
    assert program == prefix / "sbin/rosterd" and program.is_file()
    assert re.search(r"^u roster ", (prefix / "lib/sysusers.d/roster.conf").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_sample_is_good_as_it_is(installed):
    _, prefix = installed
    sample = prefix / "share/doc/roster/examples/rosterd.conf"
    checked = subprocess.run([prefix / "bin/rosterctl", "check", "-f", sample], text=True, capture_output=True, check=False,
                             timeout=60)
    assert checked.returncode == 0 and "is good" in checked.stderr, checked.stderr
