# SPDX-License-Identifier: Apache-2.0
"""The schema tier loads the schema with psql: it needs PostgreSQL and pgTAP, and no program of ours."""

import os
import pathlib
import subprocess

import pytest

from roster import SCHEMA

TEMPLATE = "roster_schema"


@pytest.fixture(scope="session")
def psql(cluster):
    """psql(database, *arguments): runs it, and fails the test with what it printed."""
    def run(database, *arguments):
        environment = {**os.environ, "PGHOST": str(cluster.directory), "PGUSER": "postgres", "PGDATABASE": database}
        process = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", *map(str, arguments)], env=environment,
                                 capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout
    return run


@pytest.fixture(scope="session")
def template(cluster, psql):
    """Every migration in one transaction, as `rosterctl database init` does it."""
    cluster.create_database(TEMPLATE)
    files = [SCHEMA / "init.sql", *sorted(pathlib.Path(SCHEMA).glob("[0-9]*.sql"))]
    become_owner = "set role roster_owner; set search_path = roster, pg_temp"
    arguments = ["-1", "-o", os.devnull, "-f", files[0], "-c", become_owner]
    for file in files[1:]:
        arguments += ["-f", file]
    psql(TEMPLATE, *arguments)
    return TEMPLATE


@pytest.fixture
def connect(cluster, database):
    """connect(user="postgres"): a session in the private database that names roster's objects without their schema."""
    opened = []

    def open_session(user="postgres", **options):
        session = cluster.connect(database, user=user, **options)
        opened.append(session)
        session.execute("set search_path = roster; set statement_timeout = '60s'")
        if not session.autocommit:
            session.commit()
        return session
    yield open_session
    for session in opened:
        session.close()
