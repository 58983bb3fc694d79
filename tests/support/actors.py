# SPDX-License-Identifier: Apache-2.0
"""Several people at the command line: each with a login of the database that acts for him."""

import os
import pty
import select
import subprocess
import time

from roster import BUILD

SECONDS = 60


def login_of(roster, person):
    """The database login op_PERSON, which acts for this person in the roster under test; the person is made when he is new."""
    if not roster.sql("select id from users where login = %s and active", person):
        roster.ctl("user", "create", person)
    login = f"op_{person}"
    if not roster.cluster.execute(f"select rolname from pg_roles where rolname = '{login}'"):
        roster.cluster.execute(f"create role {login} login")
    roster.sql(f"grant roster_admin to {login}")
    roster.sql("insert into operators (login, user_id) select %s, id from users where login = %s and active", login, person)
    return login


def second_factor(roster, person):
    """As the program that signs people in does."""
    roster.ctl("user", "second-factor", person, user="postgres")


def at_terminal(roster, *words, answer, user="operator", heard=lambda seen: None):
    """(exit code, what was seen) of rosterctl on a terminal, where somebody answers the question it ends with, and may do
    something else when he has heard enough."""
    mine, its = pty.openpty()
    with subprocess.Popen([BUILD / "rosterctl", *words], cwd=roster.directory, env=roster.environment(user), stdin=its,
                          stdout=its, stderr=its, start_new_session=True) as process:
        os.close(its)
        seen, end = "", time.monotonic() + SECONDS
        while time.monotonic() < end and select.select([mine], [], [], SECONDS)[0]:
            try:
                seen += os.read(mine, 4096).decode()
            except OSError:  # the other side has ended
                break
            heard(seen)
            if seen.endswith("[y/N] "):
                os.write(mine, f"{answer}\n".encode())
        os.close(mine)
    return process.returncode, seen.replace("\r\n", "\n")
