# SPDX-License-Identifier: Apache-2.0
"""The unit of rosterd is one systemd understands, keeps rosterd in a narrow room, and names a user that is made."""

import re
import subprocess

from roster import BUILD, ROOT

UNIT = BUILD / "contrib/systemd/rosterd.service"
USERS = ROOT / "contrib/sysusers.d/roster.conf"


def run(*words):
    result = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
    print(result.stdout)
    return result


def test_exposure_is_at_most_1_5():
    assert run("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=15", UNIT).returncode == 0


def test_every_line_of_the_unit_is_understood(tmp_path):
    text = re.sub(r"^ExecStart=.*$", f"ExecStart={BUILD}/rosterd", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    unit = tmp_path / "rosterd.service"
    unit.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    checked = run("systemd-analyze", "verify", "--man=no", unit)
    assert checked.returncode == 0 and checked.stdout == ""


def test_the_peers_of_the_database_stay_visible():
    """PrivateUsers= would show nobody to the embedded database, whoever connects."""
    assert not re.search(r"^PrivateUsers", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_user_of_the_unit_is_made(tmp_path):
    (tmp_path / "etc").mkdir()
    made = run("systemd-sysusers", f"--root={tmp_path}", USERS)
    assert made.returncode == 0
    user = re.search(r"^User=(\w+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert re.search(rf"^{user}:.*:/var/lib/roster:/usr/sbin/nologin$", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
