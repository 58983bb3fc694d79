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


def traces(process):
    """What a process was started with, its program and its folder."""
    try:
        yield (process / "cmdline").read_bytes().decode(errors="replace")
        yield os.readlink(process / "exe")
        yield os.readlink(process / "cwd")
    except OSError:  # it has ended
        pass


def nothing_is_left(folder):
    running = [trace for process in pathlib.Path("/proc").glob("[0-9]*") for trace in traces(process)]
    return not folder.exists() and not any(str(folder) in trace for trace in running)


class Transcript:
    """What was printed: scenes, and in each the commands with what they said."""

    def __init__(self, output):
        self.output = output
        self.scenes = [self._steps(text) for text in re.split(r"^## .*$", output, flags=re.MULTILINE)]

    @staticmethod
    def _steps(text):
        parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2]))

    def all_said(self, scene, command):
        """By each command of this scene that begins so, and what is told after it."""
        return [text for words, text in self.scenes[scene] if words.startswith(command)]

    def said(self, scene, command):
        (said,) = self.all_said(scene, command)
        return said


def marked(text, mark):
    """The lines of a program in the background."""
    return re.findall(rf"^    \[{re.escape(mark)}\] (.*)", text, re.MULTILINE)


@pytest.fixture(scope="module")
def transcript():
    process = run()
    assert process.returncode == 0, process.stdout + process.stderr
    return Transcript(process.stdout)


def test_nothing_is_left_of_it(transcript):
    assert transcript.output.endswith("nothing is left of it.\n")
    assert nothing_is_left(folder_of(transcript.output))


def test_the_configuration_that_is_shown_is_good_and_reaches_the_directory_and_the_database(transcript):
    shown = transcript.said(2, "cat rosterd.conf")
    assert 'type: "ldap"' in shown and "embedded:" in shown and 'type: "webhook"' in shown
    assert "is good" in transcript.said(2, "rosterctl check") and "is good" in transcript.said(2, "rosterd -t")
    said = transcript.said(3, "rosterctl check --connect")
    assert "database: ok" in said and "source corp (OpenLDAP): ok" in said


def test_rosterd_makes_its_database_as_an_ordinary_user(transcript):
    log = "\n".join(marked(transcript.said(3, "rosterd "), "rosterd.log"))
    assert "making a private PostgreSQL" in log and "source corp is led by this process" in log
    assert "rosterd starts, as root" not in transcript.output


def test_a_company_of_the_size_it_says_waits_for_approval(transcript):
    plan = transcript.said(3, "rosterctl plan")
    assert "read 2000 users, 150 groups" in plan and "(complete)" in plan and "Nothing was written." in plan
    assert re.search(r"^corp .* held +complete$", transcript.said(3, "rosterctl status"), re.MULTILINE)
    assert "applied" in transcript.said(3, "rosterctl approve")
    assert "is a platform administrator" in transcript.said(3, "rosterctl database init --administrator")


def test_the_catalogue_is_used_and_the_app_gets_its_snapshot(transcript):
    plan, imported = transcript.all_said(4, "rosterctl import catalogue.jsonl")
    assert "app" in plan and "revision" in imported
    said = transcript.said(4, "rosterctl deliver")
    assert "up to date" in said and "The app's own copy names the same" in said
    told = marked(said, "app")
    assert len(told) > 3 and all("app:pay-t1" in line and "no role -> " in line for line in told[:-1])


def test_a_yes_and_a_no_are_explained(transcript):
    deploys = [text for words, text in transcript.scenes[5] if re.match(r"rosterctl explain .* cicd\.deploy", words)]
    assert len(deploys) == 2
    assert " may cicd.deploy " in deploys[0] and "rosterd.conf:" in deploys[0]
    assert " may not cicd.deploy " in deploys[1] and "is not in cn=pay-t1-devs" in deploys[1]


def test_an_edit_of_the_directory_gives_and_takes_access_and_the_app_is_told_at_once(transcript):
    edit = transcript.said(6, "ldapmodify")
    assert not transcript.all_said(6, "rosterctl sync"), "nobody asks for it"
    assert any("applied 2 changes" in line for line in marked(edit, "rosterd.log"))
    left, joined = marked(edit, "app")
    assert "Developer -> no role" in left and "Contributor -> Contributor, Developer" in joined
    assert int(re.search(r"The app knew (\d+) ms after ldapmodify had ended", edit)[1]) < 30000
    can = transcript.all_said(6, "rosterctl can ")
    assert can[0] == "yes\n" and can[1].startswith("no\n")


def test_a_plan_writes_nothing_and_a_signal_asks_for_the_run(transcript):
    assert "Plan for corp: 1 to add, 0 to change, 0 to remove" in transcript.said(7, "rosterctl plan")
    signalled = transcript.said(7, "kill -USR1")
    (told,) = marked(signalled, "app")
    assert "no role -> Developer" in told and re.search(r"The app knew \d+ ms after the signal", signalled)
    before, after = transcript.all_said(7, "rosterctl can ")
    assert before == "no\n" and after.startswith("yes\n")


def test_an_app_that_was_down_is_told_once_and_without_what_was_undone(transcript):
    edits = transcript.all_said(8, "ldapmodify")
    assert len(edits) == 3 and all("applied 1 change" in "".join(marked(edit, "rosterd.log")) for edit in edits)
    down, up = transcript.all_said(8, "rosterctl status")
    assert " failing " in down and "cannot be reached" in down and " up to date " in up
    (told,) = marked(transcript.said(8, "rosterctl resume"), "app")
    assert "Developer -> no role" in told


def test_half_of_the_people_hidden_is_held(transcript):
    said = transcript.said(9, "rosterctl sync")
    assert "read 1000 users" in said and "(complete)" in said
    assert re.search(r"^held: run corp/\d+ applied 0 changes and holds 1000 changes", said, re.MULTILINE)


def test_when_they_are_back_there_is_nothing_to_do(transcript):
    said = transcript.said(10, "rosterctl sync")
    assert "read 2000 users" in said and "nothing to do" in said


def test_a_read_that_was_cut_short_removes_nothing(transcript):
    cut, whole = transcript.all_said(11, "rosterctl sync")
    assert "(incomplete)" in cut and "nothing is removed by it" in cut and " 0 to remove" in cut
    assert "(complete)" in whole and "nothing to do" in whole


def test_a_child_that_is_killed_is_back_and_leads_again(transcript):
    said = transcript.said(12, "kill -KILL")
    (killed,) = [words.split()[-1] for words, _ in transcript.scenes[12] if words.startswith("kill -KILL")]
    log = "\n".join(marked(said, "rosterd.log"))
    assert "was ended by signal KILL; it is started again" in log and "is led by this process" in log
    after = dict(reversed(line.split(maxsplit=1)) for line in marked(said, "process"))
    assert after.keys() >= {"rosterd: database", "rosterd: source corp", "rosterd: webhook"}
    assert after["rosterd: source corp"] != killed and "nothing to do" in transcript.said(12, "rosterctl sync")


def test_a_wrong_configuration_is_refused_with_its_line_and_the_children_stay(transcript):
    wrong, good = transcript.all_said(13, "kill -HUP")
    assert re.search(r'rosterd\.conf:\d+: unknown key \\"max_remove_precent\\" in safety \(did you mean \\"max_remove_percent\\"\?\)', wrong)
    assert "the configuration in force stays" in wrong and "rosterd.conf is in force" in good
    before = marked(transcript.said(12, "kill -KILL"), "process")
    assert sorted(marked(wrong, "process")) == sorted(before) != sorted(marked(good, "process"))


def test_told_to_end_everything_ends(transcript):
    said = transcript.said(14, "kill -TERM")
    assert "stopping, because of signal TERM" in said and "database system is shut down" in said


def test_nobody_loses_access_from_the_edit_to_the_end(transcript):
    before = transcript.said(8, "rosterctl stats"), transcript.said(8, "rosterctl --plain who-can").strip()
    for scene in (9, 10, 11, 12, 13):
        assert transcript.said(scene, "rosterctl can ") == "yes\n"
        ways, all_as_before = transcript.said(scene, "rosterctl --plain who-can").split("    All as before, ")
        assert all_as_before.startswith("and the app has heard nothing.\n")
        assert (transcript.said(scene, "rosterctl stats"), ways.strip()) == before
        assert not [told for _, text in transcript.scenes[scene] for told in marked(text, "app")]


def test_a_step_that_fails_is_named_with_the_logs_and_nothing_is_left(tmp_path):
    process = run(ROSTER_SCHEMA_DIR=str(tmp_path))
    assert process.returncode == 1 and "Traceback" not in process.stderr
    assert re.search(r"^demo: step \"3\. .*\" failed: rosterd has trouble: .*schema", process.stderr, re.MULTILINE)
    assert "slapd starting" in process.stderr and "ready to accept connections" in process.stderr
    assert "listening on http://" in process.stderr
    assert nothing_is_left(folder_of(process.stdout + process.stderr))


@pytest.mark.parametrize("moment, number", [("$ rosterd >>", signal.SIGTERM), ("$ rosterctl resume", signal.SIGINT)],
                         ids=["while-the-database-is-made", "with-an-app-that-is-behind"])
def test_a_demo_that_is_interrupted_says_where_and_ends_what_it_started(moment, number):
    process = subprocess.Popen([DEMO], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = ""
    while moment not in seen:
        line = process.stdout.readline()
        assert line, seen + process.stderr.read()
        seen += line
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert re.search(r"^demo: interrupted in step \"\d+\. ", errors, re.MULTILINE)
    assert nothing_is_left(folder_of(seen))


def test_it_can_be_kept_tried_and_ended_as_it_says():
    process = run("--keep")
    assert process.returncode == 0, process.stdout + process.stderr
    kept = process.stdout.partition("To try it yourself")[2]
    end = kept.partition("To end it:\n")[2]
    folder = folder_of(kept)
    try:
        assert f"  {folder}/enter\n" in kept
        tried = subprocess.run([folder / "enter", "bash", "-ec", "rosterctl status && rosterctl sync"],
                               capture_output=True, text=True)
        assert tried.returncode == 0 and "up to date" in tried.stdout and "nothing to do" in tried.stderr, tried
    finally:
        subprocess.run(["bash", "-ec", end], check=True, timeout=60)
    deadline = time.monotonic() + 10
    while not nothing_is_left(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert nothing_is_left(folder)
