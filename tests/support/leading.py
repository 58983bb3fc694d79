# SPDX-License-Identifier: Apache-2.0
"""A small company in an LDIF file, and the processes that lead it as children of rosterd do."""

import signal
import subprocess
import time

from roster import BUILD, OPERATOR

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{
  corp: {{ type: "ldif"; file: "people.ldif"; poll: "{poll}"; users: {{ filter: "(objectClass=inetOrgPerson)" }} }}
  {more}
}}
safety: {{ mode: "{mode}"; first_run: "{first_run}"; max_remove: 5 }}
rules: {{
  default_admins: ["admin"]
  teams: {{ source: "corp"; match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Contributor" }}
}}
"""
SECONDS = 60
SERVE = BUILD / "tests/integration/serve/serve"


def entry(number, dn, *attributes):
    return "\n".join([f"dn: {dn},dc=x", f"entryUUID: 00000000-0000-4000-8000-{number:012}", *attributes]) + "\n"


def directory(people, **teams):
    text = ["version: 1\n"]
    text += [entry(number, f"uid=u{number},ou=people", "objectClass: inetOrgPerson", f"uid: u{number}") for number in people]
    for position, (team, members) in enumerate(teams.items()):
        text.append(entry(9000 + position, f"cn=team-{team},ou=groups", "objectClass: groupOfNames", f"cn: team-{team}",
                          *[f"member: uid=u{number},ou=people,dc=x" for number in members]))
    return "\n".join(text)


class Child:
    """One process that leads corp, or waits until it can."""

    def __init__(self, roster, source="corp"):
        self.log = roster.directory / f"child-{time.monotonic_ns()}.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([SERVE, "source", source, roster.config], cwd=roster.directory,
                                            env=roster.environment(), stderr=log)

    def said(self):
        return self.log.read_text()

    def await_word(self, word, count=1):
        deadline = time.monotonic() + SECONDS
        while self.said().count(word) < count:
            assert self.process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Orderly; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS)
        print(self.said(), end="")
        assert "Sanitizer" not in self.said() and "runtime error" not in self.said()
        return code


class Site:
    def __init__(self, roster):
        self.roster = roster
        self.children = []
        self.settings = {"poll": "1h", "mode": "enforce", "first_run": "apply", "more": ""}
        self.configure()
        self.write(range(20), red=range(10))

    def configure(self, **settings):
        self.settings.update(settings)
        self.roster.configure(CONFIGURATION.format(**self.settings))

    def write(self, people, **teams):
        temporary = self.roster.directory / "people.new"
        temporary.write_text(directory(people, **teams))
        temporary.rename(self.roster.directory / "people.ldif")

    def start(self, **options):
        child = Child(self.roster, **options)
        self.children.append(child)
        return child

    def lead(self):
        """A child that leads and has done its first run."""
        child = self.start()
        self.roster.led = True
        child.await_word("run corp/")
        return child

    def begin(self, *words, user=OPERATOR, **options):
        """rosterctl in the background."""
        return subprocess.Popen([BUILD / "rosterctl", *words], cwd=self.roster.directory, text=True,
                                env=self.roster.environment(user), stdout=subprocess.PIPE,
                                **{"stderr": subprocess.PIPE, **options})

    def requests(self, *states):
        return self.roster.sql("select * from requests where state::text = any (%s) order by id", list(states))

    def members(self, team):
        return {int(row["login"][1:]) for row in self.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
            join roles r on r.id = g.role where g.anchor = group_at(%s) and r.name = 'Contributor'""", f"/{team}")}

    def await_true(self, condition):
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)


class WriterLock:
    """Nothing is written while somebody holds this."""

    def __init__(self, roster):
        self.connection = roster.cluster.connect(roster.database)

    def __enter__(self):
        self.connection.execute("select pg_advisory_lock(roster.writer_lock_class(), 1)")
        return self

    def __exit__(self, *_):
        self.connection.close()
