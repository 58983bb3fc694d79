# SPDX-License-Identifier: Apache-2.0
"""The stage of the demonstration: a directory server and a database of its own, and commands shown as they are run."""

import os
import pathlib
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import ldap

from postgres import FAST, SUPERUSER, Cluster
from roster import BUILD, SCHEMA
from slapd import free_port, unprivileged

SUFFIX = "dc=corp,dc=example"
ADMIN = f"cn=admin,{SUFFIX}"
ACCOUNT = f"cn=roster,ou=Services,{SUFFIX}"
LOG_LINES = 15

SLAPD_CONF = f"""\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database config
rootpw @password@
database mdb
suffix "{SUFFIX}"
rootdn "{ADMIN}"
rootpw @password@
directory @directory@/db
maxsize 268435456
dbnosync
index objectClass eq
limits dn.exact="{ACCOUNT}" size=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{ACCOUNT}" read by * none
"""
SERVICE = f"""\
dn: ou=Services,{SUFFIX}
objectClass: organizationalUnit
ou: Services

dn: {ACCOUNT}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: roster
userPassword: @password@
"""


class Failed(Exception):
    """A step did not do what it promises."""


class Directory:
    """slapd on a free port of 127.0.0.1, never as root.

    mortal: it ends when this process does, however that happens.
    """

    def __init__(self, folder, mortal):
        self.folder = folder
        self.mortal = mortal
        self.log = folder / "slapd.log"
        self.url = f"ldap://127.0.0.1:{free_port()}"
        self.password = secrets.token_urlsafe(16)
        self.process = None

    def load(self, company):
        """Everything in this LDIF file, and the account roster reads with."""
        settings = SLAPD_CONF.replace("@password@", self.password).replace("@directory@", str(self.folder))
        write_secret(self.folder / "slapd.conf", settings)
        entries = company.read_text().removeprefix("version: 1\n\n")  # slapadd takes no line of its own for that
        write_secret(self.folder / "all.ldif", entries + SERVICE.replace("@password@", self.password))
        (self.folder / "db").mkdir()
        shed = unprivileged()
        for path in [self.folder, *self.folder.iterdir()] if shed else []:
            shutil.chown(path, shed["user"])
        added = subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.folder / "slapd.conf", "-l",
                                self.folder / "all.ldif"], capture_output=True, text=True, **shed)
        if added.returncode != 0:
            raise Failed(f"slapadd ended with exit code {added.returncode}: {added.stderr}")

    def start(self):
        mortally = ["setpriv", "--pdeathsig", "TERM"] if self.mortal else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*mortally, "/usr/sbin/slapd", "-f", self.folder / "slapd.conf", "-h", self.url, "-d", "stats"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=not self.mortal,
                **unprivileged())
        for _ in range(200):
            try:
                connection = ldap.initialize(self.url)
                connection.simple_bind_s(ADMIN, self.password)
                connection.unbind_s()
                return
            except ldap.SERVER_DOWN:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise Failed("slapd does not start")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


class Stage:
    """with Stage() as stage: stage.scene("..."); stage.show("rosterctl check")

    Commands run in `folder`. Leaving ends both servers and removes the folder, unless keep is set and nothing failed.
    """

    def __init__(self, keep=False):
        self.keep = keep
        self.title = "the beginning"
        self.scenes = 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roster-demo-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in ("slapd", "postgresql"):
            (self.folder / name).mkdir()
        self.directory = Directory(self.folder / "slapd", mortal=not keep)
        # Nobody else on this machine is let in: the server trusts whoever reaches its socket.
        self.cluster = Cluster(self.folder / "postgresql", {**FAST, "unix_socket_permissions": "0700"}, mortal=not keep)
        self.exports = {"PATH": f"{BUILD}:{os.environ['PATH']}", "ROSTER_SCHEMA_DIR": str(SCHEMA),
                        "ROSTER_CONFIG": str(self.folder / "rosterd.conf"), "LDAPURI": self.directory.url,
                        "PGHOST": str(self.folder / "postgresql"), "PGDATABASE": "roster", "PGUSER": SUPERUSER}

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        return self

    def __exit__(self, kind, problem, _):
        if kind is None and self.keep:
            self.say_kept()
            return False
        if problem is not None and not isinstance(problem, SystemExit):
            self.say_failed(problem)
        self.directory.stop()
        self.cluster.stop()
        shutil.rmtree(self.folder)
        if kind is None:
            print("\nBoth servers are stopped and the folder is removed: nothing is left of it.")
        elif not issubclass(kind, SystemExit):
            sys.exit(1)
        return False

    # --- what is shown ---

    def scene(self, title):
        self.scenes += 1
        self.title = f"{self.scenes}. {title}"
        print(f"\n\033[1m{self.title}\033[0m" if sys.stdout.isatty() else f"\n## {self.title}", flush=True)

    def write(self, name, text):
        """A file in the folder, shown as cat would."""
        (self.folder / name).write_text(text)
        self.show(f"cat {name}")

    def export(self, name, value):
        print(f"$ export {name}={shlex.quote(value)}")
        self.exports[name] = value

    def show(self, command, code=0, each=None, most=None):
        """Print a command, run it, print what it says, and give that. code: how it must end. each: of a plan so many
        changes of each kind; most: so many lines."""
        print(f"$ {command}", flush=True)
        kept = {name: value for name, value in os.environ.items()
                if name in ("HOME", "TMPDIR") or name.endswith("SAN_OPTIONS")}
        process = subprocess.run(shlex.split(command), cwd=self.folder, text=True, capture_output=True,
                                 env={**kept, "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", **self.exports})
        lines = process.stdout.splitlines()
        if each is not None:
            lines = shorten_plan(lines, each)
        elif most is not None and len(lines) > most:
            lines = [*lines[:most], f"    ... {len(lines) - most} {'more ' if most else ''}lines"]
        print("".join(line + "\n" for line in lines) + process.stderr, end="", flush=True)
        if process.returncode != code:
            raise Failed(f"`{command}` ended with exit code {process.returncode}, not {code}")
        return process.stdout + process.stderr

    def change_directory(self, name, text, who=ADMIN):
        """Changes in LDIF, made as somebody who may."""
        self.write(name, text)
        self.show(f"ldapmodify -x -D {who} -y ldap.password -f {name}")

    # --- how it ends ---

    def say_failed(self, problem):
        what = f"{type(problem).__name__}: " if not isinstance(problem, Failed) else ""
        print(f"\ndemo: step \"{self.title}\" failed: {what}{problem}", file=sys.stderr)
        for log in (self.directory.log, self.cluster.log):
            if log.exists():
                lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                print(f"--- the end of {log}", *lines, sep="\n", file=sys.stderr)

    def say_kept(self):
        servers = (self.directory.process.pid, self.cluster.process.pid)
        waiting = " ".join(f"tail --pid={pid} -f /dev/null;" for pid in servers)
        print(f"\nIt stays up in {self.folder}. To try it yourself:\n  cd {self.folder}")
        for name, value in self.exports.items():
            print(f"  export {name}={shlex.quote(value) if name != 'PATH' else f'{shlex.quote(str(BUILD))}:$PATH'}")
        print("  rosterctl status; rosterctl help\n"
              f"  ldapmodify -x -D {ADMIN} -y ldap.password    # then: rosterctl plan\n"
              f"To end it:\n  kill -INT {servers[0]} {servers[1]}; {waiting} rm -r {self.folder}")


def write_secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


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
