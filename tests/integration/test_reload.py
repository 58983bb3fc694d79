# SPDX-License-Identifier: Apache-2.0
"""Another configuration for rosterd: read, tried and put in force by HUP, or refused. The children are puppets."""

import os
import re
import signal

import pytest

from puppets import Stage
from rosterd import Manager, Rosterd, lives, wait_until


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.fixture
def manager(tmp_path):
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


def test_a_good_configuration_comes_into_force(stage, manager):
    stage.set("base", "steady", "leaving")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        base, steady, leaving = (daemon.child(name) for name in ("base", "puppet steady", "puppet leaving"))
        wait_until(lambda: manager.heard("READY"), "READY")
        stage.set("base", "steady", "coming")
        daemon.send(signal.SIGHUP)
        daemon.child("puppet coming")
        daemon.child("puppet steady", other_than=steady)
        assert daemon.children()["base"] == base and not lives(leaving)
        wait_until(lambda: len(manager.heard("READY")) == 2, "READY after the reload")
        order = [key for message in manager.listen() for key in message if key in ("READY", "RELOADING", "MONOTONIC_USEC")]
        assert order == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]


def test_another_base_is_started_anew_and_waited_for(stage, manager):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        base, steady = daemon.child("base"), daemon.child("puppet steady")
        stage.set("base", "steady", base="another")
        daemon.send(signal.SIGHUP)
        daemon.child("base", other_than=base)
        manager.await_status("^0 of 2 children ready")
        assert set(daemon.children()) == {"base"} and not lives(base) and len(manager.heard("READY")) == 1
        stage.open("another")
        daemon.child("puppet steady", other_than=steady)
        wait_until(lambda: len(manager.heard("READY")) == 2, "READY after the reload")
    assert daemon.log().index('"ends" child="puppet steady"') < daemon.log().index('"ends" child=base')


def test_a_wrong_configuration_changes_nothing(stage, manager):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        before = {name: daemon.child(name) for name in ("base", "puppet steady")}
        wait_until(lambda: manager.heard("READY"), "READY")
        stage.config.write_text(stage.config.read_text() + "sauces: { }\n")
        daemon.send(signal.SIGHUP)
        daemon.await_log("the configuration in force stays")
        assert re.search(r'level=error msg="\S+rosterd.conf:4: unknown key \\"sauces\\" \(did you mean \\"sources\\"\?\)"',
                         daemon.log())
        manager.await_status("the configuration is not in force: .*sauces")
        assert len(manager.heard("RELOADING")) == 1 and len(manager.heard("READY")) == 2
        assert daemon.children() == before
        stage.set("base", "steady", "coming")
        daemon.send(signal.SIGHUP)
        daemon.child("puppet coming")
        manager.await_status("^3 of 3 children ready$")


def test_a_child_that_comes_back_has_what_was_accepted(stage):
    """Whatever the files have become: only an accepted HUP changes what children run with."""
    included = stage.directory / "conf.d"
    included.mkdir()
    (included / "more.conf").write_text('sources: { crash: { type: "ldif"; file: "x" } }\n')
    stage.set("steady")
    stage.config.write_text(f'include_dir: "conf.d"\n{stage.config.read_text()}')
    with Rosterd(stage.config) as daemon:
        steady = daemon.child("puppet steady")
        daemon.await_log("the string is cut")
        stage.config.write_text("sauces: { }\n")
        (included / "more.conf").unlink()
        (included / "other.conf").write_text("{{{")
        daemon.send(signal.SIGHUP)
        daemon.await_log("the configuration in force stays")
        os.kill(steady, signal.SIGKILL)
        again = daemon.child("puppet steady", other_than=steady)
        cut = daemon.count("the string is cut")
        daemon.await_log("the string is cut", times=cut + 1)  # the one of the file that is gone
        (included / "other.conf").unlink()
        stage.set("coming")
        daemon.send(signal.SIGHUP)
        daemon.child("puppet coming")
        wait_until(lambda: set(daemon.children()) == {"puppet coming"}, "the end of the others")
        assert not lives(again)


def test_a_configuration_is_tried_before_it_comes_into_force(stage, manager):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        before = {name: daemon.child(name) for name in ("base", "puppet steady")}
        wait_until(lambda: manager.heard("READY"), "READY")
        stage.set("base", "objection")
        daemon.send(signal.SIGHUP)
        daemon.await_log("the configuration in force stays")
        assert 'msg="this will not do" child="trial secrets"' in daemon.log()
        manager.await_status("the configuration is not in force: ")
        assert len(manager.heard("RELOADING")) == 1 and len(manager.heard("READY")) == 2
        assert daemon.children() == before
        stage.set("base", "steady", "coming", base="another")
        stage.open("another")
        daemon.send(signal.SIGHUP)
        daemon.child("puppet coming")
        assert daemon.count('"tries all"') == 1  # another base
        manager.await_status("^3 of 3 children ready$")


def test_of_two_configurations_the_last_one_is_tried(stage, manager):
    stage.set("steady")
    with Rosterd(stage.config, manager=manager) as daemon:
        daemon.child("puppet steady")
        wait_until(lambda: manager.heard("READY"), "READY")
        stage.set("balance", "objection")
        daemon.send(signal.SIGHUP)
        daemon.await_log('"tries all"')
        stage.set("second")
        daemon.send(signal.SIGHUP)
        wait_until(lambda: len(manager.heard("RELOADING")) == 2, "the second reload")
        stage.open("balance")
        daemon.child("puppet second")
        assert "puppet objection" not in daemon.log()


def test_told_to_stop_while_a_configuration_is_tried(stage):
    stage.set("base", "steady")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        steady = daemon.child("puppet steady")
        stage.set("base", "balance", "coming")
        daemon.send(signal.SIGHUP)
        daemon.await_log('"tries secrets"')
        daemon.send(signal.SIGTERM)
        assert daemon.await_end() == 0
        assert not lives(steady) and "puppet coming" not in daemon.log() and "stays" not in daemon.log()


def test_two_reloads_end_in_the_last_file(stage):
    stage.set("steady", "rude-stubborn")
    with Rosterd(stage.config) as daemon:
        daemon.child("puppet steady")
        daemon.child("rude rude-stubborn")
        stage.set("first")
        daemon.send(signal.SIGHUP)
        daemon.await_log('"ends" child="puppet steady"')  # the stubborn one still keeps the reload waiting
        stage.set("second")
        daemon.send(signal.SIGHUP)
        daemon.child("puppet second")
        assert set(daemon.children()) == {"puppet second"} and "puppet first" not in daemon.log()


def test_a_base_that_is_ending_cannot_be_kept(stage, manager):
    stage.set("base", "anchor", "steady")
    stage.open("base")
    with Rosterd(stage.config, manager=manager) as daemon:
        base = daemon.child("base")
        steady = daemon.child("puppet steady")
        stage.set("base", "anchor", "steady", base="another")
        daemon.send(signal.SIGHUP)
        daemon.await_log('"ends" child=base')
        stage.set("base", "anchor", "steady")
        daemon.send(signal.SIGHUP)
        wait_until(lambda: len(manager.heard("RELOADING")) == 2, "the second reload")
        stage.open("anchor")
        daemon.child("base", other_than=base)
        daemon.child("puppet steady", other_than=steady)


def test_told_to_stop_while_reloading(stage):
    stage.set("base", "steady", "rude-stubborn")
    stage.open("base")
    with Rosterd(stage.config) as daemon:
        base = daemon.child("base")
        daemon.child("puppet steady")
        daemon.child("rude rude-stubborn")
        daemon.send(signal.SIGHUP)
        daemon.await_log('"ends" child="puppet steady"')
        daemon.send(signal.SIGTERM)
        assert daemon.await_end() == 0
        assert not lives(base) and '"ends" child=base' in daemon.log()
