# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL of database.embedded: made, run, left behind by kill -9, closed to others, backed up."""

import fcntl
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from postgres import program, unprivileged
from roster import BUILD, SCHEMA

SECONDS = 60
USER = pwd.getpwuid(unprivileged().get("user", os.geteuid())).pw_name


def until(condition, what):
    """Wait for it, not for a time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


def environment():
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.endswith("SAN_OPTIONS")}
    return {**kept, "LANG": "C.UTF-8", "NO_COLOR": "1"}


def socket_numbers(pid):
    links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def network_numbers(pid):
    """The inodes of all TCP sockets of the host."""
    tables = [pathlib.Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    return {line.split()[9] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]}


class Home:
    """A user's folder with rosterd.conf, the database in db, and run_cluster, which keeps it."""

    def __init__(self, programs):
        self.programs = programs
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-cluster-", dir="/tmp"))
        self.directory.chmod(0o755)
        shutil.chown(self.directory, USER)
        self.database = self.directory / "db"
        self.data = self.database / "data"
        self.config = self.directory / "rosterd.conf"
        self.config.write_text('version: 1\ndatabase: { embedded: "db" }\n')
        self.log = self.directory / "log"
        self.running = []

    def launch(self, shed=None):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [self.programs / "run_cluster", self.config.name], cwd=self.directory, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={**environment(), "ROSTER_SCHEMA_DIR": str(self.programs / "schema")},
                **(unprivileged() if shed is None else shed))
        self.running.append(process)
        return process

    def start(self):
        process = self.launch()
        assert self.says_ready(process), self.log.read_text()
        return process

    @staticmethod
    def says_ready(process):
        assert select.select([process.stdout], [], [], SECONDS)[0], "neither ready nor ended"
        return process.stdout.readline() == "ready\n"

    def refusal(self, shed=None):
        """The exit code and the message of a start that fails."""
        process = self.launch(shed)
        assert not self.says_ready(process)
        code = process.wait(SECONDS)
        return code, self.log.read_text().splitlines()[-1].removeprefix("run_cluster: ")

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def is_quiet(self):
        """No process of a server is left."""
        with open(self.database / "lock", "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def run(self, name, *words, user=USER, **variables):
        done = subprocess.run([name, *map(str, words)], cwd=self.directory, text=True, capture_output=True,
                              env={**environment(), "ROSTER_SCHEMA_DIR": str(self.programs / "schema"),
                                   "ROSTER_CONFIG": str(self.config), **variables},
                              timeout=SECONDS, check=False, **({"user": user, "extra_groups": []} if unprivileged() else {}))
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    def rosterctl(self, *words, code=0, **variables):
        done = self.run(self.programs / "rosterctl", *words, **variables)
        assert done.returncode == code, done
        return done

    def psql(self, statement, role=USER, user=USER):
        """What it prints, and whether it succeeded."""
        done = self.run(program("psql"), "-X", "-q", "-A", "-t", "-d",
                        f"host={self.database}/run port=5432 dbname=roster user={role}", "-c", statement, user=user)
        return (done.stdout + done.stderr).strip(), done.returncode == 0

    def value(self, statement):
        text, good = self.psql(statement)
        assert good, text
        return text

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
        try:
            if (self.database / "lock").exists():
                until(self.is_quiet, "the server has ended")
        except AssertionError:
            os.kill(self.postmaster(), signal.SIGQUIT)
            raise
        finally:
            shutil.rmtree(self.directory)


@pytest.fixture(scope="session")
def programs():
    """What is run as another user, where he can read it."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-programs-", dir="/tmp"))
    directory.chmod(0o755)
    shutil.copy(BUILD / "rosterctl", directory)
    shutil.copy(BUILD / "rosterd", directory)
    shutil.copy(BUILD / "tests/integration/cluster/run_cluster", directory)
    shutil.copytree(SCHEMA, directory / "schema")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def empty(programs):
    """A home without a database."""
    home = Home(programs)
    yield home
    if home.log.exists():
        print(home.log.read_text(errors="replace"), end="")
    home.close()


@pytest.fixture(scope="session")
def made(programs):
    """A database that was made once and is not running: copy it."""
    home = Home(programs)
    home.stop(home.start())
    yield home
    home.close()


@pytest.fixture
def home(empty, made):
    """A home with a database of its own that is not running."""
    subprocess.run(["cp", "-a", made.database, empty.database], check=True)
    return empty


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
    second = home.launch()
    assert not select.select([second.stdout], [], [], 1)[0], "two at once"
    home.stop(first)
    assert home.says_ready(second)
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


@pytest.mark.parametrize("version, words", [
    ("13", r"is of PostgreSQL 13, and roster needs 15 or newer$"),
    ("99", r"is of PostgreSQL 99, which is not installed; type: apt install postgresql-99$")])
def test_another_version_is_refused_with_what_to_type(home, version, words):
    (home.data / "PG_VERSION").write_text(version + "\n")
    code, message = home.refusal()
    assert code == 78 and re.search(words, message), message


def test_rosterd_ends_when_its_database_cannot_be(home):
    """Nothing would be different the next time, so it says what to do and does not try again."""
    (home.data / "PG_VERSION").write_text("99\n")
    done = home.run(home.programs / "rosterd", "-f", home.config)
    assert done.returncode == 78
    assert "type: apt install postgresql-99" in done.stderr and "started again" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("rosterd: the database cannot work, and nothing works without it")


def test_a_name_too_long_for_a_socket_is_refused(empty):
    empty.config.write_text(f'version: 1\ndatabase: {{ embedded: "{"x" * 90}" }}\n')
    code, message = empty.refusal()
    assert code == 78 and '"embedded" is too long: the socket in it may have 107 bytes' in message


# --- rosterctl -------------------------------------------------------------------------------------------------------------


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


def test_what_the_server_says_is_in_the_log_of_rosterd(home):
    with open(home.log, "w+", encoding="utf-8") as log:
        process = subprocess.Popen([home.programs / "rosterd", "-f", home.config], stderr=log, stdin=subprocess.DEVNULL,
                                   env={**environment(), "ROSTER_SCHEMA_DIR": str(home.programs / "schema")}, **unprivileged())
    home.running.append(process)
    process.stdout = log
    until(lambda: "clock is ready" in home.log.read_text(), "the service works")
    home.psql("select nonsense\nfrom nowhere")
    home.stop(process)
    lines = home.log.read_text().splitlines()
    assert not [line for line in lines if not re.match(r'ts=\S+ level=\w+ msg="', line)]
    assert [line for line in lines if re.search(r'level=info msg="\[\d+\] LOG:  database system is ready .*" child=database$', line)]
    assert [line for line in lines if re.search(r'level=info msg="\[\d+\] ERROR:  relation .*" child=database$', line)]


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
