# SPDX-License-Identifier: Apache-2.0
"""Rules that another tool judges: the shell, mandoc, nm, clang-format, clang-tidy, and rosterctl itself."""
import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import Finding

STATES = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000")]
LIBRARIES = "ldap lber libconfig libcrypto libcurl libevent libpcre2-8 libpq libutf8proc jansson cmocka"


def run(*command, cwd=None):
    """Standard output and error together, and whether it succeeded. A tool that is absent is an exception."""
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout, done.returncode == 0


def findings_in(tree, output, wanted):
    """Lines "path:line:column: message" of a tool's output, as findings."""
    for line in output.split("\n"):
        found = re.match(r"(?:\S+: )?(/?[^:\s]+):(\d+):(?:\d+:)? (.*)", line)
        if found and re.search(wanted, found.group(3)):
            yield Finding(os.path.relpath(tree.root / found.group(1), tree.root), int(found.group(2)), found.group(3))


def shell(tree):
    for path, shell_name in tree.scripts():
        output, good = run(shell_name, "-n", path, cwd=tree.root)
        if not good:
            yield Finding(path, 0, output.strip())


def manual(tree):
    pages = [path for path in tree.paths if path.parts[0] == "doc" and re.fullmatch(r"\.[1-8]", path.suffix)]
    for page in pages:
        output, good = run("mandoc", "-T", "lint", "-W", "warning", page, cwd=tree.root)
        if not good:
            yield from findings_in(tree, output, r"\w") if output else [Finding(page, 0, "mandoc refuses it")]


# --- configuration keys ----------------------------------------------------------------------------------------------


def key_paths(tree):
    """Every key of the table: asked of rosterctl when it is built, else read from the table's source."""
    program = tree.build / "rosterctl"
    if program.exists():
        output, good = run(program, "config", "explain", "--json")
        if good:
            return [key["path"] for key in json.loads(output)["keys"]]
    paths = []
    for source in tree.below("src"):
        if source.path.parts[1] == "config" and source.path.name.startswith("keys"):
            paths += re.findall(r'(?:KEY\(|\{\s*)"([a-z_]+(?:\.(?:[a-z_]+|\*))*)"', "\n".join(source.without_comments))
    return paths


def keys(tree):
    page = tree.root / "doc/rosterd.conf.5"
    paths = key_paths(tree)
    if not paths:
        return
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    documented = set(re.findall(r"[a-z_]+", "\n".join(re.findall(r"^\.(?:It|Ss|Sh) (.*)", text, re.MULTILINE))))
    for path in paths:
        missing = [word for word in path.split(".") if word != "*" and word not in documented]
        if missing:
            yield Finding("doc/rosterd.conf.5", 0, f"the key {path} is not documented")


# --- symbols ---------------------------------------------------------------------------------------------------------


def symbols(tree):
    """What leaves a file is declared in a header; everything else is static."""
    library = tree.build / "libroster.a"
    output, good = run("nm", "--extern-only", "--defined-only", "--print-file-name", library)
    if not good:
        yield Finding(library, 0, "not built: ./dev build")
        return
    declared = set()
    for source in tree.below("src", "include"):
        if source.path.suffix == ".h":
            declared.update(re.findall(r"\b\w+\b", "\n".join(source.code)))
    for line in output.split("\n"):
        found = re.match(r".*:(\S+):\S* [A-Z] (\w+)$", line)
        if found and not found.group(2).startswith("__") and found.group(2) not in declared:
            yield Finding(found.group(1), 0, f"{found.group(2)} is in no header: make it static")


# --- clang -----------------------------------------------------------------------------------------------------------


def format_of_c(tree):
    def check(source):
        return run("clang-format", "--dry-run", "-Werror", source.path, cwd=tree.root)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for output, good in pool.map(check, tree.sources):
            if not good:
                yield from list(findings_in(tree, output, "clang-format"))[:1]


def tidy(tree):
    """clang-tidy on every file, as many at once as there are processors. What was clean and has not changed since,
    headers and settings included, is not asked again: build/tidy remembers the digests.

    The analyzer gives a function up after so many states. The usual number is where nine tenths of its time go; a sixth of it
    is what every run affords, and `./dev test --all` goes to the end."""
    flags = run("pkg-config", "--cflags", *LIBRARIES.split())[0].split()
    flags += ["-std=c17", "-D_GNU_SOURCE", '-DROSTER_SCHEMA_DIR="/"', '-DROSTER_VERSION="0"']
    flags += ["-Iinclude", "-Isrc", "-Itests"]

    states = [] if os.environ.get("ROSTER_TIDY_DEEP") == "yes" else STATES
    settings = (tree.root / ".clang-tidy").read_text(encoding="utf-8") + " ".join(states)
    clean = tree.build.parent / "tidy"
    clean.mkdir(parents=True, exist_ok=True)

    def check(source):
        expanded, _ = run("clang", "-E", *flags, source.path, cwd=tree.root)
        known = clean / hashlib.sha256((settings + expanded).encode()).hexdigest()
        if known.exists():
            return "", True
        output, good = run("clang-tidy", "--quiet", *states, source.path, "--", *flags, cwd=tree.root)
        if good:
            known.touch()
        return output, good

    units = [source for source in tree.sources if source.path.suffix == ".c"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, (output, good) in zip(units, pool.map(check, units)):
            found = set(findings_in(tree, output, r"^(error|warning): "))
            if not good and not found:
                found = {Finding(source.path, 0, output.strip())}
            yield from sorted(found)
