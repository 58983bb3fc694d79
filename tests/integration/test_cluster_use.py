# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL of database.embedded as rosterctl and rosterd find it: hints, backups, the log."""

import re
import shutil
import signal
import subprocess

import pytest

from postgres import program, unprivileged
from private_cluster import USER, empty, environment, home, made, programs, until  # fixtures too


def test_without_a_server_rosterctl_asks_for_rosterd(home):
    with open(home.config, "a", encoding="utf-8") as config:
        config.write('sources: { corp: { type: "ldif"; file: "people.ldif" } }\n')
    for words in (["status"], ["database", "status"], ["database", "init"], ["sync"], ["database", "backup", "file"]):
        assert "is rosterd running? it keeps the database in" in home.rosterctl(*words, code=69).stderr
    assert not list(home.directory.glob("file*"))


def test_who_is_no_role_is_told_so(home):
    home.start()
    assert "others are the role of their own name" in home.rosterctl("status", code=69, user="nobody").stderr


def test_a_server_that_lets_nobody_in_is_not_taken_for_a_stranger(home):
    home.start()
    home.value("create role nobody login connection limit 0")
    refused = home.rosterctl("status", code=69, user="nobody").stderr
    assert "too many connections for role" in refused and "others are the role" not in refused and "is rosterd" not in refused
    home.database.chmod(0o700)
    assert "may not pass through the folders on the way to" in home.rosterctl("status", code=69, user="nobody").stderr


def test_an_older_schema_is_rosterds_to_bring_up(home):
    home.start()
    home.value("delete from roster.migrations where version > 1")
    refused = home.rosterctl("status", code=78).stderr
    assert "rosterd brings it up when it starts" in refused and "database migrate" not in refused


def serve(home):
    with open(home.log, "w+", encoding="utf-8") as log:
        process = subprocess.Popen([home.programs / "rosterd", "-f", home.config], stderr=log, stdin=subprocess.DEVNULL,
                                   env={**environment(), "ROSTER_SCHEMA_DIR": str(home.programs / "schema")}, **unprivileged())
    home.running.append(process)
    process.stdout = log
    return process


def test_a_running_rosterd_does_not_go_over_to_another_database(home):
    """It would be an empty one. The one in use serves on, and so does a reload that says nothing of it."""
    process = serve(home)
    until(lambda: "clock is ready" in home.log.read_text(), "the service works")
    text, server = home.config.read_text(), home.postmaster()
    home.config.write_text(text.replace('"db"', '"another"'))
    process.send_signal(signal.SIGHUP)
    until(lambda: "does not work, see the log of the trial" in home.log.read_text(), "it is refused")
    assert re.search(r'database\.embedded is not the directory in use: \\"\S+/another\\" would be another database', home.log.read_text())
    assert not (home.directory / "another").exists() and home.postmaster() == server
    home.config.write_text(text + 'log: { level: "debug" }\n')
    process.send_signal(signal.SIGHUP)
    until(lambda: "is in force" in home.log.read_text(), "another configuration is taken")
    assert home.postmaster() == server
    home.stop(process)


@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_the_server_says_is_in_the_log_of_rosterd(home, level):
    """What somebody mistypes is told to him; here it would only hide the rest."""
    home.config.write_text(home.config.read_text() + f'log: {{ level: "{level}" }}\n')
    process = serve(home)
    until(lambda: "clock is ready" in home.log.read_text(), "the service works")
    home.psql("select nonsense\nfrom nowhere")
    home.stop(process)
    lines = home.log.read_text().splitlines()
    assert not [line for line in lines if not re.match(r'ts=\S+ level=\w+ msg="', line)]
    assert [line for line in lines if re.search(r'level=info msg="\[\d+\] LOG:  database system is ready .*" child=database$', line)]
    wrong = [line for line in lines if re.search(r'level=debug msg="\[\d+\] ERROR:  relation .*" child=database$', line)]
    assert bool(wrong) == (level == "debug") and (wrong or "nonsense" not in home.log.read_text())


def test_its_user_names_the_first_administrator(home):
    home.start()
    home.rosterctl("database", "init", "--administrator", "alice")
    assert home.rosterctl("user", "list", "--plain").stdout.startswith("alice\t")


def test_a_backup_can_be_read(home):
    home.start()
    done = home.rosterctl("database", "backup", "copy.dump", PGPORT="1")
    assert "copy.dump" in done.stderr
    copy = home.directory / "copy.dump"
    assert copy.stat().st_mode & 0o777 == 0o600 and not list(home.directory.glob("*.part"))
    listed = home.run(program("pg_restore"), "--list", copy)
    assert listed.returncode == 0 and "TABLE DATA roster users roster_owner" in listed.stdout


def test_a_backup_is_restored_into_a_new_database(home):
    """As the manual says it, also for another version of PostgreSQL."""
    process = home.start()
    home.rosterctl("database", "init", "--administrator", "alice")
    home.rosterctl("group", "create", "/before", "--description", "in the copy", "--admin", "alice")
    home.rosterctl("database", "backup", "copy.dump")
    home.stop(process)
    home.database.rename(home.directory / "db.old")
    home.start()
    assert home.value("select count(*) from roster.users") == "0"
    restored = home.run(program("pg_restore"), "--clean", "--if-exists", "--single-transaction", "--dbname",
                        f"host={home.database}/run port=5432 dbname=roster", "copy.dump")
    assert restored.returncode == 0, restored.stderr
    assert "/before" in home.rosterctl("tree", "--plain").stdout
    home.rosterctl("group", "create", "/again", "--description", "goes on", "--admin", "alice")
    assert home.psql("select 1 from roster.users", "roster_daemon")[1] is False


def test_a_backup_overwrites_nothing(home):
    home.start()
    copy = home.directory / "copy.dump"
    copy.write_text("precious")
    assert "is there already" in home.rosterctl("database", "backup", copy, code=65).stderr
    assert copy.read_text() == "precious"
    (home.directory / "other.dump.part").write_text("left by an interrupted backup, and longer than nothing")
    shutil.chown(home.directory / "other.dump.part", USER)
    home.rosterctl("database", "backup", "other.dump")
    assert home.run(program("pg_restore"), "--list", home.directory / "other.dump").returncode == 0


def test_a_backup_in_a_directory_is_named_after_the_time(home):
    home.start()
    folder = home.directory / "copies"
    folder.mkdir()
    shutil.chown(folder, USER)
    home.rosterctl("database", "backup", folder)
    (copy,) = folder.iterdir()
    assert re.fullmatch(r"roster-\d{8}T\d{6}Z\.dump", copy.name)


def test_a_backup_that_fails_leaves_nothing(home):
    home.start()
    home.value("alter table roster.users owner to current_user; revoke all on roster.users from roster_owner")
    assert "there is no backup" in home.rosterctl("database", "backup", "copy.dump", code=69).stderr
    assert not list(home.directory.glob("copy.dump*"))


def test_rosterd_ends_when_its_database_cannot_be(home):
    """Nothing would be different the next time, so it says what to do and does not try again."""
    (home.data / "PG_VERSION").write_text("99\n")
    done = home.run(home.programs / "rosterd", "-f", home.config)
    assert done.returncode == 78
    assert "type: apt install postgresql-99" in done.stderr and "started again" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("rosterd: the database cannot work, and nothing works without it")
