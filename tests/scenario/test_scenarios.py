# SPDX-License-Identifier: Apache-2.0
"""Runs every folder here: see README.md for the form. A new case needs no code."""

import difflib
import json
import os
import pathlib
import re
import shlex
import shutil

import pytest

import reconciler
import settings
from directory import read_ldif
from roster import ADMINISTRATOR

FOLDERS = sorted(path.parent for path in pathlib.Path(__file__).parent.glob("*/transcript"))
STEP = re.compile(r"== (\d+): ")
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
MASKS = [(re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?"), "TIME"),
         (re.compile(r"\b\d+\.\d s\b"), "0.0 s")]


class Scenario:
    def __init__(self, folder, roster):
        self.folder = folder
        self.roster = roster
        self.model = reconciler.Model(ADMINISTRATOR)
        self.known_ids = set()
        self.step = 0
        for path in folder.iterdir():
            if path.name != "transcript" and not re.search(r"\.\d+\.\w+$", path.name):
                self.install(path, path.name)

    def install(self, path, name):
        # A new file under the old name, as who exports a directory should do it.
        shutil.copy(path, self.roster.directory / name)
        self.known_ids |= set(UUID.findall(path.read_text(encoding="utf-8", errors="replace")))

    def begin(self, step):
        """people.2.ldif becomes people.ldif at step 2."""
        self.check()
        assert step == self.step + 1, f"step {step} follows step {self.step}"
        self.step = step
        for path in self.folder.glob(f"*.{step}.*"):
            self.install(path, path.name.replace(f".{step}.", "."))

    def check(self):
        if self.step > 0:
            reconciler.assert_equal(self.roster, self.model)

    def command(self, line):
        """Run it, let the model follow, and give what it printed as the transcript has it."""
        words = shlex.split(line)
        assert words[0] == "rosterctl", f"only rosterctl can be run here, not {words[0]}"
        result = self.roster.run(*words[1:])
        self.follow(words[1:], result)
        return self.masked(result)

    def follow(self, words, result):
        if words[0] in ("sync", "approve"):
            self.follow_run(words, result)
        elif words[0] == "import" and result.code == 0 and "--plan" not in words:
            text = (self.roster.directory / words[1]).read_text()
            self.model.load([json.loads(line) for line in text.splitlines()])
        elif result.code == 0:
            self.model.act(words)

    def follow_run(self, words, result):
        configuration = settings.parse(self.roster.config.read_text())
        for source, of_source in configuration["sources"].items():
            read = None if words[0] == "approve" else read_ldif(self.roster.directory / of_source["file"], of_source)
            if result.code in (0, 69):  # 69: the read was not complete, which the reconciler sees for itself
                self.model.sync(source, configuration, read)
            elif f"held: run {source}/" in result.err and read:
                self.model.take(source, read)

    def masked(self, result):
        lines = result.out.splitlines() + ["! " + line for line in result.err.splitlines()]
        lines += [f"[exit {result.code}]"] if result.code else []
        text = "".join(line.rstrip() + "\n" for line in lines).replace(str(self.roster.directory), "DIR")
        for pattern, word in MASKS:
            text = pattern.sub(word, text)
        return UUID.sub(lambda found: found[0] if found[0] in self.known_ids else "UUID", text)


def play(scenario, transcript):
    """The transcript with what the commands print today."""
    today, answering = [], False
    for line in transcript.splitlines():
        step = STEP.match(line)
        if step:
            scenario.begin(int(step[1]))
            answering = False
            today.append(f"\n{line}\n" if today else f"{line}\n")
        elif line.startswith("$ "):
            today.append(f"{line}\n{scenario.command(line[2:])}")
            answering = True
        elif line and not answering:
            today.append(f"{line}\n")
    scenario.check()
    return "".join(today)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_scenario(folder, roster):
    expected = (folder / "transcript").read_text(encoding="utf-8")
    today = play(Scenario(folder, roster), expected)
    if os.environ.get("UPDATE") == "1":
        (folder / "transcript").write_text(today, encoding="utf-8")
        return
    difference = difflib.unified_diff(expected.splitlines(), today.splitlines(), "expected", "today", lineterm="")
    assert today == expected, "\n".join(difference)


def test_there_are_scenarios():
    assert FOLDERS
