# SPDX-License-Identifier: Apache-2.0
"""./dev demo keeps its promises on this machine, and leaves nothing behind."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from roster import BUILD, ROOT, SCHEMA

DEMO = ROOT / "tests/demo/demo"


def environment(**changes):
    return {**os.environ, "ROSTER_BUILD": str(BUILD), "ROSTER_SCHEMA_DIR": str(SCHEMA), **changes}


def run(*words, **changes):
    return subprocess.run([DEMO, *words], env=environment(**changes), capture_output=True, text=True, timeout=120)


def folder_of(output):
    (folder,) = set(re.findall(r"/tmp/roster-demo-\w+", output))
    return pathlib.Path(folder)


def nothing_is_left(folder):
    running = [path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return not folder.exists() and not any(str(folder).encode() in words for words in running)


class Transcript:
    """What was printed: scenes, and in each the commands with what they said."""

    def __init__(self, output):
        self.output = output
        self.scenes = [self._steps(text) for text in re.split(r"^## .*$", output, flags=re.MULTILINE)]

    @staticmethod
    def _steps(text):
        parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2]))

    def said(self, scene, command):
        """By the command of this scene that begins so."""
        (said,) = [text for words, text in self.scenes[scene] if words.startswith(command)]
        return said


@pytest.fixture(scope="module")
def transcript():
    process = run()
    assert process.returncode == 0, process.stdout + process.stderr
    return Transcript(process.stdout)


def test_nothing_is_left_of_it(transcript):
    assert transcript.output.endswith("nothing is left of it.\n")
    assert nothing_is_left(folder_of(transcript.output))


def test_the_configuration_that_is_shown_is_good_and_reaches_both_servers(transcript):
    assert 'type: "ldap"' in transcript.said(2, "cat rosterd.conf")
    said = transcript.said(2, "rosterctl check --connect")
    assert "database: ok" in said and "source corp: ok" in said


def test_a_company_of_the_size_it_says_waits_for_approval(transcript):
    plan = transcript.said(3, "rosterctl plan")
    assert "read 2000 users, 150 groups" in plan and "(complete)" in plan and "Nothing was written." in plan
    assert "holds" in transcript.said(3, "rosterctl sync") and "applied" in transcript.said(3, "rosterctl approve")
    assert "is a platform administrator" in transcript.said(3, "rosterctl database init --administrator")


def test_the_catalogue_is_used(transcript):
    for command in ("rosterctl app create", "rosterctl namespace create", "rosterctl namespace attach k8s/pay-t1/test"):
        assert "done: " in transcript.said(4, command)


def test_a_yes_and_a_no_are_explained(transcript):
    deploys = [text for words, text in transcript.scenes[5] if re.match(r"rosterctl explain .* cicd\.deploy", words)]
    assert len(deploys) == 2
    assert " may cicd.deploy " in deploys[0] and "rosterd.conf:" in deploys[0]
    assert " may not cicd.deploy " in deploys[1] and "is not in cn=pay-t1-devs" in deploys[1]


def test_an_edit_of_the_directory_is_planned_as_it_is_applied_and_gives_and_takes_access(transcript):
    plan, sync = transcript.said(6, "rosterctl plan"), transcript.said(6, "rosterctl sync")
    assert re.findall(r"^  [+~-] .*", plan, re.MULTILINE) == re.findall(r"^  [+~-] .*", sync, re.MULTILINE)
    assert "Plan for corp: 1 to add, 0 to change, 1 to remove" in plan and "applied 2 changes" in sync
    assert [text for words, text in transcript.scenes[6] if words.startswith("rosterctl can ")] == ["yes\n", "no\n"]


def test_half_of_the_people_hidden_is_held(transcript):
    said = transcript.said(7, "rosterctl sync")
    assert "read 1000 users" in said and "(complete)" in said
    assert re.search(r"^held: run corp/\d+ applied 0 changes and holds 1000 changes", said, re.MULTILINE)


def test_when_they_are_back_there_is_nothing_to_do(transcript):
    said = transcript.said(8, "rosterctl sync")
    assert "read 2000 users" in said and "nothing to do" in said


def test_a_read_that_was_cut_short_removes_nothing(transcript):
    cut, whole = [text for words, text in transcript.scenes[9] if words == "rosterctl sync"]
    assert "(incomplete)" in cut and "nothing is removed by it" in cut and " 0 to remove" in cut
    assert "(complete)" in whole and "nothing to do" in whole


def test_nobody_loses_access_from_the_edit_to_the_end(transcript):
    before = transcript.said(6, "rosterctl stats"), transcript.said(6, "rosterctl --plain who-can")
    for scene in (7, 8, 9):
        assert transcript.said(scene, "rosterctl can ") == "yes\n"
        ways = transcript.said(scene, "rosterctl --plain who-can").replace("    All as before.\n", "")
        assert (transcript.said(scene, "rosterctl stats"), ways.strip()) == (before[0], before[1].strip())


def test_a_step_that_fails_is_named_with_the_logs_and_nothing_is_left(tmp_path):
    process = run(ROSTER_SCHEMA_DIR=str(tmp_path))
    assert process.returncode == 1 and "Traceback" not in process.stderr
    assert re.search(r"^demo: step \"2\. .*\" failed: `rosterctl database init` ended with exit code \d+, not 0$",
                     process.stderr, re.MULTILINE)
    assert "slapd starting" in process.stderr and "ready to accept connections" in process.stderr
    assert nothing_is_left(folder_of(process.stdout + process.stderr))


def test_a_demo_that_is_ended_ends_its_servers():
    process = subprocess.Popen([DEMO], env=environment(), stdout=subprocess.PIPE, text=True)
    seen = ""
    while "$ rosterctl plan" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(30) == 128 + signal.SIGTERM
    assert nothing_is_left(folder_of(seen))


def test_it_can_be_kept_tried_and_ended_as_it_says():
    process = run("--keep")
    assert process.returncode == 0, process.stdout + process.stderr
    kept = process.stdout.partition("To try it yourself:\n")[2]
    setting_up, end = kept.partition("  rosterctl status")[0], kept.partition("To end it:\n")[2]
    folder = folder_of(kept)
    try:
        tried = subprocess.run(["bash", "-ec", setting_up + "rosterctl status"], capture_output=True, text=True)
        assert tried.returncode == 0 and "corp" in tried.stdout and folder.exists(), tried
    finally:
        subprocess.run(["bash", "-ec", end], check=True, timeout=60)
    deadline = time.monotonic() + 10
    while not nothing_is_left(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert nothing_is_left(folder)
