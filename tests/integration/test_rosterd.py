# SPDX-License-Identifier: Apache-2.0
"""rosterd and its children: started in order, watched, started again, told to end, and never left behind.

The children are puppets (daemon/puppets.c), which do what their names say.
"""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from puppets import Stage
from rosterd import PUPPETS, ROSTERD, Manager, Rosterd, field, lives, wait_until


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.fixture
def manager(tmp_path):
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


def execute(program, *words, **options):
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    result = subprocess.run([program, *words], text=True, capture_output=True, timeout=60, check=False,
                            env={**environment, **options.pop("environment", {})}, **options)
    print(result.args, result.stdout, result.stderr, result.returncode, sep="\n")
    return result


def pauses(daemon, name):
    return [float(text) for text in re.findall(rf"{name} [^;]*; it is started again in ([\d.]+) s", daemon.log())]


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_as_the_configuration_says(stage):
    """That of the children too, and of all from a reload on."""
    stage.set("steady")
    plain = stage.config.read_text()
    stage.config.write_text(plain + 'log: { format: "json" }\n')
    with Rosterd(stage.config) as daemon:
        daemon.await_log('"msg":"puppet steady is ready"')
        daemon.await_log('"msg":"begins as ')
        lines = [json.loads(line) for line in daemon.lines]
        assert {line["level"] for line in lines} == {"info"} and {line.get("child") for line in lines} == {None, "puppet steady"}
        before, first = len(lines), daemon.children()["puppet steady"]
        stage.config.write_text(plain + 'log: { format: "journal"; level: "warn" }\n')
        daemon.send(signal.SIGHUP)
        wait_until(lambda: daemon.children().get("puppet steady") not in (None, first), "another steady")
        os.kill(daemon.children()["puppet steady"], signal.SIGKILL)
        daemon.await_log("<4>puppet steady was ended by signal KILL")
        assert not [line for line in daemon.lines[before:] if "in force" in line or "<6>" in line]


# --- start ------------------------------------------------------------------------------------------------------------


def test_others_start_when_the_base_is_ready(stage, manager):
    stage.set("base", "steady", "other")
    with Rosterd(stage.config, manager=manager) as daemon:
        daemon.child("base")
        manager.await_status("^0 of 3 children ready")
        assert set(daemon.children()) == {"base"} and not manager.heard("READY")
        stage.open("base")
        daemon.child("puppet steady")
        daemon.child("puppet other")
        wait_until(lambda: manager.heard("READY"), "READY")
        manager.await_status("^3 of 3 children ready")
    assert daemon.log().index("base is ready") < daemon.log().index("puppet")


def test_without_a_base_all_start_at_once(stage, manager):
    stage.set("steady", "crash")
    with Rosterd(stage.config, manager=manager) as daemon:
        wait_until(lambda: manager.heard("READY"), "READY")
        daemon.child("puppet steady")
        daemon.await_log("the string is cut")


def test_a_child_has_a_title_and_clean_surroundings(stage, manager):
    stage.set("steady")
    leak = os.open("/dev/zero", os.O_RDONLY)
    os.set_inheritable(leak, True)
    with Rosterd(stage.config, manager=manager, pass_fds=[leak], stdin=subprocess.PIPE, umask=0) as daemon:
        pid = daemon.child("puppet steady")
        here = pathlib.Path(f"/proc/{pid}")
        words = (here / "cmdline").read_bytes().split(b"\0")
        environment = (here / "environ").read_bytes().decode().split("\0")
        assert words[:-1] == [b"rosterd: puppet steady", b"--child", b"puppet", b"steady", b"-f",
                              str(stage.config).encode()]
        assert {int(entry.name) for entry in (here / "fd").iterdir()} <= {0, 1, 2, 3}
        assert os.readlink(here / "fd/0") == "/dev/null"
        assert os.readlink(here / "cwd") == "/"
        assert field(pid, "Umask") == "0077"
        assert "LDAPNOINIT=1" in environment and not [word for word in environment if word.startswith("NOTIFY_SOCKET")]
        assert os.getsid(pid) == pid
        daemon.process.stdin.close()
    os.close(leak)


def test_a_relative_name_of_the_file_is_found_by_children(stage):
    stage.set("steady")
    with Rosterd(stage.config) as daemon:
        daemon.child("puppet steady")
    daemon.words[2] = stage.config.name
    with daemon:
        daemon.child("puppet steady")


# --- watching ---------------------------------------------------------------------------------------------------------


def test_a_killed_child_is_started_again_after_growing_pauses(stage):
    stage.set("steady", "other")
    with Rosterd(stage.config) as daemon:
        other, pid = daemon.child("puppet other"), None
        for _ in range(2):
            pid = daemon.child("puppet steady", other_than=pid)
            os.kill(pid, signal.SIGKILL)
        daemon.child("puppet steady", other_than=pid)
        first, second = pauses(daemon, "puppet steady")
        assert 0.7 <= first <= 1 and 1.5 <= second <= 2
        assert daemon.count("puppet steady was ended by signal KILL") == 2
        assert daemon.children()["puppet other"] == other


def test_a_child_that_cannot_go_on_says_why_and_comes_back(stage):
    stage.set("crash")
    with Rosterd(stage.config) as daemon:
        daemon.await_log("the string is cut", times=3)
        first, second, *_ = pauses(daemon, "puppet crash")
        assert 0.7 <= first <= 1 and 1.5 <= second <= 2
        assert 'msg="the string is cut" child="puppet crash"' in daemon.log()
        assert "puppet crash ended with 69; it is started again" in daemon.log()


def test_a_silent_child_is_killed_and_started_again(stage):
    stage.set("rude-silent", "steady")
    with Rosterd(stage.config) as daemon:
        steady, silent = daemon.child("puppet steady"), daemon.child("rude rude-silent")
        daemon.child("rude rude-silent", other_than=silent)
        assert "rude rude-silent has given no sign of life for 1s and is killed" in daemon.log()
        assert not lives(silent) and daemon.children()["puppet steady"] == steady


def test_signs_of_life_keep_a_child_alive(stage):
    stage.set("rude-silent", "rude-stubborn")
    with Rosterd(stage.config) as daemon:
        lively = daemon.child("rude rude-stubborn")
        daemon.await_log("rude rude-silent has given no sign of life", times=2)
        assert daemon.children()["rude rude-stubborn"] == lively and daemon.count("rude-stubborn has given") == 0


def test_a_base_that_ends_leaves_the_others_at_work(stage):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        steady, base = daemon.child("puppet steady"), daemon.child("base")
        os.kill(base, signal.SIGKILL)
        daemon.child("base", other_than=base)
        assert daemon.children()["puppet steady"] == steady


def test_who_ends_without_the_base_waits_for_it(stage):
    """Trying again and again against a base that is away would only make the pauses longer."""
    stage.set("base", "steady", "crash")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        base = daemon.child("base")
        daemon.await_log("the string is cut")
        stage.gate("base").unlink()
        os.kill(base, signal.SIGKILL)
        daemon.await_log("puppet crash .*; it is started again when what it leans on is ready")
        again = daemon.child("base", other_than=base)
        begun = daemon.count("the string is cut")
        steady = daemon.children()["puppet steady"]
        os.kill(steady, signal.SIGKILL)
        daemon.await_log("puppet steady was ended by signal KILL; it is started again when")
        assert daemon.count("the string is cut") == begun and set(daemon.children()) == {"base"}
        stage.open("base")
        daemon.child("puppet steady", other_than=steady)
        daemon.await_log("the string is cut", times=begun + 1)
        assert daemon.children()["base"] == again and daemon.count("puppet steady .* started again in") == 0


def test_a_base_that_cannot_be_ends_everything(stage, manager):
    stage.set("base", "steady", base="nowhere")
    with Rosterd(stage.config, manager=manager) as daemon:
        assert daemon.await_end() == 78
        assert "there is no ground" in daemon.log() and "it is started again" not in daemon.log()
        assert daemon.lines[-1].startswith("rosterd: the base cannot work, and nothing works without it")
        assert "puppet steady" not in daemon.log() and not manager.heard("READY")


def test_another_base_that_cannot_be_ends_everything(stage):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        daemon.child("puppet steady")
        stage.set("base", "steady", base="nowhere")
        daemon.send(signal.SIGHUP)
        assert daemon.await_end() == 78
        assert not [pid for pid in daemon.known if lives(pid)]


# --- the end ----------------------------------------------------------------------------------------------------------


def stop(daemon, how):
    if how == "Ctrl-C":
        os.killpg(daemon.process.pid, signal.SIGINT)
    else:
        daemon.send(how)
    assert daemon.await_end() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "Ctrl-C"], ids=["TERM", "INT", "Ctrl-C"])
def test_told_to_stop_the_base_goes_last(stage, manager, how):
    stage.set("base", "steady", "other", "crash")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        for name in ("base", "puppet steady", "puppet other"):
            daemon.child(name)
        # Stopped while it waits to be started again: a process told to end before it has begun ends by the signal.
        daemon.await_log("puppet crash ended with 69; it is started again")
        stop(daemon, how)
        assert manager.heard("STOPPING") == ["1"]
        assert not [pid for pid in daemon.known if lives(pid)]
        ends = re.findall(r'"ends" child="?([\w ]+)', daemon.log())
        assert sorted(ends[:2]) == ["puppet other", "puppet steady"] and ends[2:] == ["base"]
        assert daemon.count("was ended by signal") == 0


def test_who_does_not_end_is_killed(stage):
    stage.set("base", "rude-stubborn", "steady")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        base, stubborn = daemon.child("base"), daemon.child("rude rude-stubborn")
        daemon.send(signal.SIGTERM)
        daemon.await_log("rude rude-stubborn was told to end and has not for 1s and is killed")
        assert daemon.await_end() == 0
        assert not lives(stubborn) and not lives(base)
        assert daemon.log().index("is killed") < daemon.log().index('"ends" child=base')


def test_told_to_stop_before_the_base_is_ready(stage):
    stage.set("base", "steady")
    with Rosterd(stage.config) as daemon:
        base = daemon.child("base")
        daemon.send(signal.SIGTERM)
        assert daemon.await_end() == 0
        assert not lives(base) and "puppet steady" not in daemon.log()


def test_no_child_outlives_a_killed_rosterd(stage):
    stage.set("base", "steady", "rude-stubborn")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        pids = [daemon.child(name) for name in ("base", "puppet steady", "rude rude-stubborn")]
        daemon.send(signal.SIGKILL)
        wait_until(lambda: not any(map(lives, pids)), "the end of all children", seconds=20)


# --- USR1, USR2 -------------------------------------------------------------------------------------------------------


def test_requests_coalesce(stage):
    stage.set("gate", "steady")
    with Rosterd(stage.config) as daemon:
        daemon.child("puppet steady")
        daemon.send(signal.SIGUSR1)
        daemon.child("request sync")
        for _ in range(5):
            daemon.send(signal.SIGUSR1)
        daemon.send(signal.SIGUSR2)
        daemon.child("request full")  # which also shows that the others were seen
        stage.open("gate")
        daemon.await_log('"ends" child="request sync"', times=2)
        wait_until(lambda: set(daemon.children()) == {"puppet steady"}, "the end of the requests")
        daemon.send(signal.SIGUSR2)
        daemon.await_log('"ends" child="request full"', times=2)
        assert daemon.count('"begins as .*child="request sync"') == 2


def test_a_request_waits_for_the_base(stage):
    stage.set("base", "steady")
    with Rosterd(stage.config) as daemon:
        daemon.child("base")
        daemon.send(signal.SIGUSR1)
        stage.open("base")
        daemon.await_log('"ends" child="request sync"')
    assert daemon.log().index("base is ready") < daemon.log().index('child="request sync"')


# --- the service manager ----------------------------------------------------------------------------------------------


def test_signs_of_life_go_to_an_abstract_socket_too(stage, tmp_path):
    manager = Manager(f"@{tmp_path}")
    stage.set("steady")
    with Rosterd(stage.config, manager=manager, environment={"WATCHDOG_USEC": "100000"}) as daemon:
        wait_until(lambda: len(manager.heard("WATCHDOG")) >= 4, "signs of life")
        daemon.send(signal.SIGTERM)
        assert daemon.await_end() == 0
    assert manager.heard("READY") and manager.heard("STOPPING")
    manager.close()


# --- the program ------------------------------------------------------------------------------------------------------


def test_the_configuration_is_checked(stage):
    stage.set("steady")
    good = execute(ROSTERD, "-t", "-f", stage.config)
    assert good.returncode == 0 and "is good" in good.stderr and good.stdout == ""
    stage.config.write_text(stage.config.read_text() + "sauces: { }\n")
    for words in (["-t"], [], ["--once"]):
        bad = execute(ROSTERD, *words, "-f", stage.config)
        assert bad.returncode == 78 and re.search(r'rosterd.conf:4: .*"sauces"', bad.stderr)
        assert bad.stderr.endswith("rosterd: 1 mistake in the configuration\n")
    assert execute(ROSTERD, "-t", environment={"ROSTER_CONFIG": str(stage.config)}).returncode == 78


def test_without_a_database_both_ways_are_shown(stage):
    stage.config.write_text("version: 1\n")
    refused = execute(ROSTERD, "-f", stage.config)
    assert refused.returncode == 78 and "embedded:" in refused.stderr and "conninfo:" in refused.stderr


def test_the_command_line_is_checked():
    unknown = execute(ROSTERD, "--onec")
    assert unknown.returncode == 64 and unknown.stderr == "rosterd: there is no option --onec; did you mean --once?\n"
    unknown = execute(PUPPETS, "--child", "juggler", "")
    assert unknown.returncode == 64 and 'there is no duty "juggler"' in unknown.stderr
    assert execute(ROSTERD, "-V").stdout.startswith("rosterd ")
    assert execute(ROSTERD, "-h").stdout.startswith("usage: rosterd")


def test_root_keeps_no_database(stage, tmp_path):
    """Whoever is not root becomes it in a namespace of his own, which is enough for the question."""
    stage.config.write_text(f'version: 1\ndatabase: {{ embedded: "{tmp_path}/db" }}\n')
    root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
    refused = execute(*root, ROSTERD, "-f", stage.config)
    assert refused.returncode == 77 and "as a user of its own" in refused.stderr
    assert not (tmp_path / "db").exists()


def test_once_does_the_work_of_each_source(roster):
    def once(first_run, *sources):
        listed = " ".join(f'{name}: {{ type: "ldif"; file: "{name}.ldif" }}' for name in sources)
        roster.configure(f"""version: 1\ndatabase: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ {listed} }}\nsafety: {{ first_run: "{first_run}" }}\n""")
        return execute(ROSTERD, "--once", environment=roster.environment())

    def people():
        return [row["login"] for row in roster.sql("select login from users where login <> 'admin'")]

    (roster.directory / "corp.ldif").write_text(
        "version: 1\n\ndn: uid=alice,dc=x\nobjectClass: inetOrgPerson\nuid: alice\n"
        "entryUUID: 00000000-0000-4000-8000-000000000001\n")
    held = once("hold", "corp")
    assert held.returncode == 1 and "changed nothing and holds 1 change: " in held.stderr and people() == []
    worse = once("apply", "lost", "corp")  # the first one fails, the second has its turn all the same
    assert worse.returncode == 69 and "lost.ldif" in worse.stderr and people() == ["alice"]
    assert "not all of the work could be done" in worse.stderr and "applied 1 change (revision" in worse.stderr
    again = once("apply", "corp")
    assert again.returncode == 0 and "nothing to do" in again.stderr
