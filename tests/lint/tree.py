# SPDX-License-Identifier: Apache-2.0
"""The files of a source tree, as the lint rules see them."""
import os
import re
from collections import namedtuple
from functools import cached_property
from pathlib import Path

# Not sources: what is built or generated, and data whose bytes are the test.
SKIPPED = {".git", "build", "build-aux", "autom4te.cache", "__pycache__", "seeds"}
GENERATED = {"configure", "configure~", "Makefile.in", "aclocal.m4"}


class Finding(namedtuple("Finding", "path line message")):
    """line 0 means the file as a whole."""

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class Source:
    """One text file; path is relative to the tree."""

    def __init__(self, root, path):
        self.path = path
        self.full = root / path
        self.text = self.full.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")

    @cached_property
    def code(self):
        """The lines of C with comments and the insides of strings blanked, so that only code is judged."""
        return blank(self.text, strings=True).split("\n")

    @cached_property
    def without_comments(self):
        return blank(self.text, strings=False).split("\n")


def blank(text, strings):
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def replace(match):
        found = match.group()
        if found[0] == "/":
            return re.sub(r"[^\n]", " ", found)
        return found[0] + " " * (len(found) - 2) + found[-1] if strings else found

    return token.sub(replace, text)


class Tree:
    def __init__(self, root, build=None):
        self.root = Path(root)
        self.build = Path(build or os.environ.get("ROSTER_BUILD") or self.root / "build/gcc")

    @cached_property
    def paths(self):
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(set(folders) - SKIPPED)
            found += [Path(folder, name).relative_to(self.root) for name in sorted(names) if name not in GENERATED]
        return found

    @cached_property
    def sources(self):
        """Every C file."""
        return [Source(self.root, path) for path in self.paths if path.suffix in (".c", ".h")]

    def below(self, *folders):
        """The C files of include/, src/ ... only."""
        return [source for source in self.sources if source.path.parts[0] in folders]

    def scripts(self):
        """Shell scripts, by their first line."""
        for path in self.paths:
            with open(self.root / path, "rb") as file:
                first = file.readline(80)
            if re.match(rb"#!.*\b(sh|bash)\s*$", first):
                yield path, "bash" if b"bash" in first else "sh"
