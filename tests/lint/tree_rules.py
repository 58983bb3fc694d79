# SPDX-License-Identifier: Apache-2.0
"""Rules about files: their size, their licence, their place in the build."""
import re

from tree import Finding

FILE_LINES = 500
SOURCES = {".c", ".h", ".py", ".sh", ".sql"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
LICENSED = SOURCES | {".am", ".ac", ".m4", ".inc", ".1", ".5", ".7", ".8", ".yml", ".yaml", ".toml", ".service"}


def files(tree):
    for path in tree.paths:
        if path.suffix in SOURCES or is_script(tree, path):
            lines = (tree.root / path).read_bytes().count(b"\n")
            if lines > FILE_LINES:
                yield Finding(path, 0, f"{lines} lines, more than {FILE_LINES}: split it by duty")


def is_script(tree, path):
    with open(tree.root / path, "rb") as file:
        return file.read(2) == b"#!"


def licence(tree):
    for path in tree.paths:
        if path.suffix not in LICENSED and not is_script(tree, path):
            continue
        first = (tree.root / path).read_text(encoding="utf-8", errors="replace").split("\n")[:2]
        if path.suffix in (".c", ".h"):
            good = first[0] == f"/* {LICENCE} */"
        else:
            good = any(line.endswith(LICENCE) for line in first)
        if not good:
            yield Finding(path, 1, f"begin with {LICENCE}")


def registered(tree):
    """A source nobody builds and a test nobody runs look like they were fine."""
    fragments = [path for path in tree.paths if path.name in ("Makefile.inc", "Makefile.am")]
    named = set()
    for path in fragments:
        named.update(re.findall(r"[\w./-]+\.[ch]\b", (tree.root / path).read_text(encoding="utf-8")))
    for path in tree.paths:
        if path.suffix == ".c" and str(path) not in named:
            yield Finding(path, 0, "no Makefile.inc names it: it is never built")
        if path.suffix == ".h" and path.parts[0] == "src" and str(path) not in named:
            yield Finding(path, 0, "no Makefile.inc names it: it would be missing in a release")
        if path.parts[:2] == ("tests", "fuzz") and path.name.startswith("fuzz_"):
            seeds = tree.root / "tests/fuzz/seeds" / path.stem.removeprefix("fuzz_")
            if not seeds.is_dir() or not any(seeds.iterdir()):
                yield Finding(path, 0, f"no seeds in {seeds.relative_to(tree.root)}")
    text = (tree.root / "Makefile.am").read_text(encoding="utf-8") if (tree.root / "Makefile.am").exists() else ""
    for path in fragments:
        if path.name == "Makefile.inc" and not included(tree, path, text, fragments):
            yield Finding(path, 0, "Makefile.am does not include it")


def proven(tree):
    """What roster promises has a test that names the promise by its number."""
    said = ""
    for path in tree.paths:
        if path.parts[0] == "tests" and path.parts[1] not in ("lint", "bench"):
            said += (tree.root / path).read_bytes().decode(errors="replace")
    if not (tree.root / "README.md").exists():
        return
    for number, line in enumerate((tree.root / "README.md").read_text(encoding="utf-8").split("\n"), 1):
        found = re.match(r"^(\d+)\. \*\*", line)
        if found and not re.search(rf"\bPromise {found[1]}\b", said):
            yield Finding("README.md", number, f"no test names Promise {found[1]}")


def included(tree, path, text, fragments):
    line = f"include $(srcdir)/{path}"
    return line in text or any(line in (tree.root / other).read_text(encoding="utf-8") for other in fragments)
