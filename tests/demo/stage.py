# SPDX-License-Identifier: Apache-2.0
"""The stage of the demonstration: a private folder, the pieces that run in it, and commands shown as they are run."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from pieces import ADMIN, App, Directory, Failed, Person, Rosterd, interrupts
from roster import BUILD, ROOT, SCHEMA

LOG_LINES = 15
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
PROGRAMS = (BUILD / "rosterd", BUILD / "rosterctl", ROOT / "contrib/receiver/receiver.py",
            ROOT / "tests/bench/generate.py")


class Stage:
    """with Stage() as stage: stage.scene("..."); stage.show("rosterctl check")

    Commands run in `folder`, as one ordinary user. Leaving ends what runs and removes the folder, unless keep is set
    and nothing failed.
    """

    def __init__(self, keep=False):
        self.keep = keep
        self.title = "the beginning"
        self.scenes = 0
        self.person = Person()
        for number in ENDING:
            signal.signal(number, interrupts.take)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roster-demo-", dir="/tmp"))
        self.directory = Directory(self.folder / "slapd", mortal=not keep)
        self.rosterd = Rosterd(self.folder / "rosterd.log", self.folder / "db", mortal=not keep)
        self.app = App(self.folder, mortal=not keep)
        self.pieces = (self.app, self.rosterd, self.directory)
        self.exports = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder),
                        "ROSTER_SCHEMA_DIR": f"{self.folder}/schema", "ROSTER_CONFIG": f"{self.folder}/rosterd.conf",
                        "LDAPURI": self.directory.url}

    def __enter__(self):
        """Signals that came before wait until scene(), so that __exit__() is sure to follow."""
        return self

    def __exit__(self, kind, problem, _):
        if kind is None and self.keep:
            self.say_kept()
            return False
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)  # what follows takes moments, and must be done whole
        if kind is not None and issubclass(kind, SystemExit):
            print(f"\ndemo: interrupted in step \"{self.title}\"", file=sys.stderr)
        elif kind is not None:
            self.say_failed(problem)
        for piece in self.pieces:
            piece.stop()
        shutil.rmtree(self.folder)
        if kind is None:
            print("\nEverything is stopped and the folder is removed: nothing is left of it.")
        elif not issubclass(kind, SystemExit):
            sys.exit(1)
        return False

    def furnish(self):
        """The programs and the schema, where whoever plays can read them."""
        (self.folder / "bin").mkdir()
        (self.folder / "slapd").mkdir()
        for program in PROGRAMS:
            shutil.copy(program, self.folder / "bin")
        shutil.copytree(SCHEMA, self.folder / "schema")
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o755)
        self.person.own(self.folder)

    # --- what is shown ---

    def scene(self, title):
        interrupts.release()
        self.scenes += 1
        self.title = f"{self.scenes}. {title}"
        print(f"\n\033[1m{self.title}\033[0m" if sys.stdout.isatty() else f"\n## {self.title}", flush=True)

    def say(self, *lines, mark="   "):
        print("".join(f"{mark} {line}\n" for line in lines), end="", flush=True)

    def write(self, name, text):
        """A file in the folder, shown as cat would."""
        (self.folder / name).write_text(text)
        self.show(f"cat {name}")

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if name == "TMPDIR" or name.endswith("SAN_OPTIONS")}
        return {**kept, "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", **self.exports}

    def run(self, command):
        """What came of it; it does not outlive this."""
        with interrupts.later():
            process = subprocess.Popen(shlex.split(command), cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(),
                                       **self.person.shed)
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def show(self, command, code=0, each=None, most=None):
        """Print a command, run it, print what it says, and give that. code: how it must end. each: of a plan so many
        changes of each kind; most: so many lines."""
        print(f"$ {command}", flush=True)
        process = self.run(command)
        lines = process.stdout.splitlines()
        lines = shorten_plan(lines, each) if each is not None else shorten(lines, most)
        print("".join(line + "\n" for line in lines) + process.stderr, end="", flush=True)
        if process.returncode != code:
            raise Failed(f"`{command}` ended with exit code {process.returncode}, not {code}")
        return process.stdout + process.stderr

    def begin(self, piece, words):
        """A program in the background."""
        print(f"$ {shlex.join(words)} >>{piece.log.name} 2>&1 &", flush=True)
        words = [self.folder / "bin" / words[0], *words[1:]]
        piece.launch(words, cwd=self.folder, env=self.environment(), **self.person.shed)

    @staticmethod
    def signal(name, pid):
        print(f"$ kill -{name} {pid}", flush=True)
        os.kill(pid, getattr(signal, f"SIG{name}"))

    def change_directory(self, name, text, who=ADMIN):
        """Changes in LDIF, made as somebody who may."""
        self.write(name, text)
        self.show(f"ldapmodify -x -D {who} -y ldap.password -f {name}")

    # --- how it ends ---

    def say_failed(self, problem):
        what = f"{type(problem).__name__}: " if not isinstance(problem, Failed) else ""
        print(f"\ndemo: step \"{self.title}\" failed: {what}{problem}", file=sys.stderr)
        for piece in self.pieces:
            if piece.log.exists():
                lines = piece.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                print(f"--- the end of {piece.log}", *lines, sep="\n", file=sys.stderr)

    def say_kept(self):
        """How to go on, and how to end it: rosterd first, which ends its children and the database."""
        rosterd, others = self.rosterd.process.pid, [piece.process.pid for piece in (self.app, self.directory)]
        waiting = " ".join(f"tail --pid={pid} -f /dev/null;" for pid in (rosterd, *others))
        enter = self.folder / "enter"
        shed = f"setpriv --reuid={self.person.name} --regid={self.person.shed['group']} --clear-groups "
        enter.write_text(f"#!/bin/sh\n# A command, or a shell, as {self.person.name} and beside what is kept here.\n"
                         f"cd {self.folder} || exit 1\n"
                         + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.exports.items())
                         + f"[ $# -gt 0 ] || set -- bash\nexec {shed if self.person.shed else ''}\"$@\"\n")
        enter.chmod(0o755)
        print(f"""
It stays up in {self.folder}. To try it yourself, in a shell as {self.person.name}, whom rosterd runs as:
  {enter}
  rosterctl status; rosterctl help
  ldapmodify -x -D {ADMIN} -y ldap.password    # then: rosterctl runs
  tail -f rosterd.log app.log slapd/slapd.log      # what each piece says; the app prints what it is told
  kill -HUP {rosterd}                            # rosterd reads rosterd.conf again; USR1: it asks for a run
To end it:
  kill {rosterd} {' '.join(map(str, others))}; {waiting} rm -r {self.folder}""")


def shorten(lines, most):
    if most is None or len(lines) <= most:
        return lines
    return [*lines[:most], f"    ... {len(lines) - most} {'more ' if most else ''}lines"]


def shorten_plan(lines, each):
    """A plan with only the first changes of each kind, and how many more there are; anything else as it is."""
    counts = {}
    for line in lines:
        words = line.split(maxsplit=2)
        kind = words[1] if len(words) > 2 and words[0] in "+-~" else None
        counts[kind] = counts.get(kind, 0) + 1
        if kind is None:
            more = [(name, count - each) for name, count in counts.items() if name and count > each]
            yield from (f"    ... and {count} more of {name}" for name, count in more)
            counts = {}
        if kind is None or counts[kind] <= each:
            yield line
