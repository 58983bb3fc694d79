# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL of database.embedded: made, run, left behind by kill -9, closed to others."""

import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

from postgres import program, unprivileged
from private_cluster import SECONDS, USER, Home, empty, home, made, programs, until  # fixtures too


def socket_numbers(pid):
    links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def network_numbers(pid):
    """The inodes of all TCP sockets of the host."""
    tables = [pathlib.Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    return {line.split()[9] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]}


# --- its life --------------------------------------------------------------------------------------------------------------


def test_the_first_start_makes_the_database_and_its_schema(empty):
    process = empty.start()
    state = empty.rosterctl("database", "status", "--plain").stdout.split()
    assert state[0] == state[1] != "0"
    modes = {path: path.stat().st_mode & 0o777 for path in (empty.database, empty.data, empty.database / "run")}
    assert list(modes.values()) == [0o711, 0o700, 0o711]
    settings = empty.value("select string_agg(concat(name, '=', setting), ' ' order by name) from pg_settings where name in"
                           " ('data_checksums', 'fsync', 'jit', 'server_encoding', 'logging_collector')")
    assert settings == "data_checksums=on fsync=on jit=off logging_collector=off server_encoding=UTF8"
    assert empty.value("select datcollate from pg_database where datname = 'roster'") == "C.UTF-8"
    empty.stop(process)
    assert empty.is_quiet() and "database system is shut down" in empty.log.read_text()


def test_the_next_start_takes_what_is_there(home):
    identifier = "select system_identifier from pg_control_system()"
    process = home.start()
    before = home.value(identifier)
    home.stop(process)
    home.start()
    assert home.value(identifier) == before
    assert "making a private PostgreSQL" not in home.log.read_text()
    assert "the schema is" not in home.log.read_text()


def test_what_administrators_set_stays(home):
    process = home.start()
    home.value("alter system set work_mem = '7MB'")
    home.stop(process)
    home.start()
    assert home.value("show work_mem") == "7MB"


def test_an_open_session_does_not_hinder_the_end(home):
    process = home.start()
    session = subprocess.Popen([program("psql"), "-X", f"host={home.database}/run port=5432 dbname=roster user={USER}"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               **unprivileged())
    session.stdin.write("begin; select 'there';\n")
    session.stdin.flush()
    until(lambda: "there" in session.stdout.readline(), "the session is open")
    home.stop(process)
    session.communicate()


def test_an_interrupted_first_start_is_made_up_for(home):
    """initdb killed in the middle leaves files that look like a cluster."""
    shutil.copytree(home.data, home.database / "data.new", symlinks=True)
    shutil.rmtree(home.data)
    (home.database / "data.new" / "global" / "pg_control").unlink()
    subprocess.run(["chown", "-R", USER, home.database], check=True)
    home.start()
    assert not (home.database / "data.new").exists()


def test_a_schema_that_is_too_new_is_refused(home):
    process = home.start()
    home.value("insert into roster.migrations (version, name) values (9999, 'later')")
    home.stop(process)
    code, message = home.refusal()
    assert code == 78 and "newer than this program" in message
    assert home.is_quiet()


def test_an_older_schema_is_brought_up(empty, programs):
    """A version before the last of the files."""
    older = Home(programs)
    older.programs = older.directory / "programs"
    shutil.copytree(programs, older.programs)
    try:
        last = sorted((older.programs / "schema").glob("0*.sql"))[-1]
        last.rename(last.with_suffix(".later"))
        older.stop(older.start())
        shutil.move(older.database, empty.database)
        empty.start()
        state = empty.rosterctl("database", "status", "--plain").stdout.split()
        assert state[0] == state[1] and f"the schema is now version {state[1]}" in empty.log.read_text()
    finally:
        older.close()


# --- its death -------------------------------------------------------------------------------------------------------------


def test_kill_9_ends_the_server_too(home):
    process = home.start()
    home.value("create table kept as select 42 as answer")
    process.kill()
    process.wait()
    began = time.monotonic()
    until(home.is_quiet, "the server has ended")
    assert time.monotonic() - began < 10
    home.start()
    assert home.value("select answer from kept") == "42"


def test_the_next_start_waits_for_the_end_of_the_one_before(home):
    first = home.start()
    server = home.postmaster()
    second = home.launch()
    until(lambda: f"db is used by another process ({server}): waiting for its end" in home.log.read_text(), "it says why it waits")
    assert not select.select([second.stdout], [], [], 1)[0], "two at once"
    home.stop(first)
    assert home.says_ready(second)
    assert home.value("select 42") == "42"


def test_where_another_one_stays_a_second_one_gives_up(home):
    home.start()
    second = home.launch()
    assert second.wait(SECONDS) == 75
    assert f"another process uses {home.database} (process {home.postmaster()})" in home.log.read_text()
    assert home.value("select 42") == "42"


def test_a_stale_number_of_a_process_does_not_hinder(home):
    """A crash of the machine leaves postmaster.pid, and meanwhile another program of that user has the number."""
    process = home.start()
    server = home.postmaster()
    text = (home.data / "postmaster.pid").read_text()
    os.kill(server, signal.SIGKILL)
    assert process.wait(SECONDS) == 69
    until(home.is_quiet, "the last session has ended")
    other = subprocess.Popen(["sleep", "600"], **unprivileged())
    try:
        (home.data / "postmaster.pid").write_text(text.replace(str(server), str(other.pid), 1))
        home.start()
        assert home.postmaster() != other.pid
    finally:
        other.kill()
        other.wait()


def test_the_end_of_the_server_is_an_error_with_its_last_words(home):
    process = home.start()
    os.kill(home.postmaster(), signal.SIGKILL)
    assert process.wait(SECONDS) == 69
    assert f"PostgreSQL in {home.database} ended (signal 9)" in home.log.read_text().splitlines()[-1]


def test_a_server_that_cannot_start_says_why(home):
    """What counts is not the last line."""
    for segment in (home.data / "pg_wal").glob("0*"):
        segment.unlink()
    code, message = home.refusal()
    assert code == 69 and re.search(r"ended \(.*\), it last said: .* PANIC:  could not locate", message), message


# --- who may come in -------------------------------------------------------------------------------------------------------


def test_only_its_own_user_is_the_owner_or_the_daemon(home):
    home.start()
    for role in ("roster_owner", "roster_daemon", USER):
        assert home.psql("select current_user", role) == (role, True)
        for other in ("nobody", "root"):
            text, good = home.psql("select 1", role, user=other)
            assert not good and "Peer authentication failed" in text
    assert home.value("select count(*) from pg_ident_file_mappings where error is not null") == "0"
    assert home.value("select count(*) from pg_hba_file_rules") == "1"


def test_others_are_the_role_of_their_own_name(home):
    home.start()
    text, good = home.psql("select 1", "nobody", user="nobody")
    assert not good and 'role "nobody" does not exist' in text
    home.value("create role nobody login in role roster_admin")
    assert home.psql("select session_user", "nobody", user="nobody") == ("nobody", True)
    done = home.rosterctl("database", "status", user="nobody")
    assert "the schema is version" in done.stdout
    assert home.run("ls", home.data, user="nobody").returncode != 0


def test_a_user_called_like_a_role_of_roster_is_not_that_role(home):
    """The last line of pg_ident.conf, as PostgreSQL reads it; such a user of the host cannot be made here."""
    home.start()
    pattern = re.search(r'"/(.*)" \\1$', (home.data / "pg_ident.conf").read_text(), re.MULTILINE)[1]
    names = ["roster_owner", "roster_daemon", "roster_owners", "alice", "xroster_owner"]
    matched = [home.value(f"select '{name}' ~ '{pattern}'") for name in names]
    assert matched == ["f", "f", "t", "t", "t"]


def test_nothing_listens_but_the_socket(home):
    process = home.start()
    home.value("alter system set listen_addresses = '127.0.0.1'")
    home.value("alter system set unix_socket_permissions = '0700'")
    home.stop(process)
    home.start()
    server = home.postmaster()
    assert home.value("show listen_addresses") == ""
    assert home.value("show unix_socket_permissions") == "0777"
    assert socket_numbers(server) and not socket_numbers(server) & network_numbers(server)


# --- what is refused -------------------------------------------------------------------------------------------------------


def test_root_is_refused(empty):
    code, message = empty.refusal(shed={})
    assert (code, message) == (78, "PostgreSQL does not run as root: start rosterd as a user of its own")
    assert not empty.database.exists()


def test_a_directory_that_holds_something_else_is_not_touched(empty):
    empty.database.mkdir(mode=0o755)
    (empty.database / "thesis.txt").write_text("precious")
    subprocess.run(["chown", "-R", USER, empty.database], check=True)
    code, message = empty.refusal()
    assert code == 78 and "is not empty (there is thesis.txt)" in message
    assert [path.name for path in empty.database.iterdir()] == ["thesis.txt"]
    assert empty.database.stat().st_mode & 0o777 == 0o755


def test_a_directory_of_another_user_is_refused(empty):
    empty.database.mkdir()
    os.chown(empty.database, 0, 0)
    code, message = empty.refusal()
    assert code == 78 and f"belongs to user 0, and this is {USER}; type: chown -R {USER} {empty.database}" in message
    assert list(empty.database.iterdir()) == []


def test_what_a_restore_left_to_another_user_is_not_taken_for_nothing(home):
    """Whoever were told to name another directory would begin anew, and lose what was given by hand."""
    subprocess.run(["chown", "-R", "root", home.data], check=True)
    code, message = home.refusal()
    assert code == 78 and f"{home.data} belongs to user 0, and this is {USER}; type: chown -R {USER} {home.data}" in message
    subprocess.run(["chown", USER, home.data], check=True)
    os.chmod(home.data / "PG_VERSION", 0o600)
    code, message = home.refusal()
    assert code == 78 and "PG_VERSION cannot be read: Permission denied" in message
    (home.data / "PG_VERSION").unlink()
    code, message = home.refusal()
    assert code == 78 and "holds no whole database, since its PG_VERSION is missing or empty: put a backup in its place" in message


@pytest.mark.parametrize("version, words", [
    ("13", r"is of PostgreSQL 13, and roster needs 15 or newer$"),
    ("99", r"is of PostgreSQL 99, which is not installed; type: apt install postgresql-99$")])
def test_another_version_is_refused_with_what_to_type(home, version, words):
    (home.data / "PG_VERSION").write_text(version + "\n")
    code, message = home.refusal()
    assert code == 78 and re.search(words, message), message


def test_a_name_too_long_for_a_socket_is_refused(empty):
    empty.config.write_text(f'version: 1\ndatabase: {{ embedded: "{"x" * 90}" }}\n')
    code, message = empty.refusal()
    assert code == 78 and '"embedded" is too long: the socket in it may have 107 bytes' in message
