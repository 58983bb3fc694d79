#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An example of an app that roster tells about access: it verifies each message, keeps a copy in SQLite, answers.

The form of the messages and the reasons for each step are in roster-events(7).
"""
import argparse
import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGEST_BODY = 16 * 1024 * 1024
TOLERANCE = 5 * 60  # seconds between roster's clock and ours
TABLES = """
create table if not exists histories (number integer primary key, history text not null unique) strict;
create table if not exists resources (
    id integer primary key, name text not null, revision integer not null, window integer not null) strict;
create table if not exists users (
    id text primary key, login text not null, email text, name text, revision integer not null) strict;
create table if not exists access (resource integer not null, user text not null,
    permissions text not null, roles text not null, window integer not null, primary key (resource, user)) strict;
"""
# A row for a resource or a person gives way to what is not older, and to nothing else.
ADVANCE = """insert into resources values (?, ?, ?, ?) on conflict (id) do update
    set name = excluded.name, revision = excluded.revision, window = excluded.window
    where (resources.revision, resources.window) <= (excluded.revision, excluded.window)"""
KNOW = """insert into users values (?, ?, ?, ?, ?) on conflict (id) do update
    set login = excluded.login, email = excluded.email, name = excluded.name, revision = excluded.revision
    where users.revision <= excluded.revision"""
FORGET = "update resources set revision = 0, window = 0; update users set revision = 0; update access set window = 0"
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, OverflowError,
             sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.IntegrityError)


class Refused(Exception):
    """The status to answer instead of 2xx, and why."""


def read_keys(path):
    """The keys in a file of secrets, one on each line; two of them while one takes the place of the other."""
    with open(path, encoding="ascii") as file:
        secrets = file.read().split()
    try:
        keys = [base64.b64decode(secret[6:], validate=True) for secret in secrets if secret.startswith("whsec_")]
    except ValueError:
        keys = []
    if not keys or len(keys) < len(secrets) or not all(24 <= len(key) <= 64 for key in keys):
        sys.exit(f"{path}: each line must be whsec_ and 24 to 64 bytes in base64")
    return keys


def verify(keys, headers, body):
    """Is it from roster, and from now?"""
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or not timestamp.isdecimal() or abs(time.time() - int(timestamp[:20])) > TOLERANCE:
        raise Refused(401, "webhook-id or webhook-timestamp is missing, or the time is more than five minutes off")
    signed = f"{message}.{timestamp}.".encode("latin-1") + body
    wanted = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    given = headers.get("webhook-signature", "").encode("latin-1").split()
    if not any(hmac.compare_digest(one, other) for one in given for other in wanted):
        raise Refused(401, "no signature was made with a key known here")


class Copy:
    """Who may do what, as roster last told it."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.executescript(TABLES)
        self.sql = self.database.execute

    def take(self, event):
        """Store one message, whole or not at all. Returns a line for each person whose access to a resource changed."""
        if event["schema"] != 1 or event["type"] not in ("access.changed", "access.snapshot"):
            raise Refused(400, "not a message this program knows")
        with self.lock, self.database:
            self.sql("begin immediate")
            return list(self.store(event))

    def store(self, event):
        now = event["revision"], event["window"]
        listed = event.get("resources", [])
        named = {one["id"]: one["name"] for one in [*listed, *(change["resource"] for change in event["changes"])]}
        self.enter(event["history"])
        taken = {resource for resource, name in named.items() if self.sql(ADVANCE, [resource, name, *now]).rowcount}
        for change in event["changes"]:
            if change["resource"]["id"] in taken:
                yield from self.change(change, event)
        finished = taken.intersection(resource["id"] for resource in listed if resource["ends"])
        if event.get("complete") and event["last"]:
            unnamed = self.sql("select id, name from resources where (revision, window) < (?, ?)", now).fetchall()
            finished.update(id for id, name in unnamed if self.sql(ADVANCE, [id, name, *now]).rowcount)
        for resource in sorted(finished):
            yield from self.sweep(resource, event)

    def enter(self, history):
        """After roster's database was restored its numbers begin anew; what it said before that counts no more."""
        known = [name for (name,) in self.sql("select history from histories order by number")]
        if history in known[:-1]:
            raise Refused(409, f"history {history} is over")
        if history not in known:
            self.sql("insert into histories (history) values (?)", [history])
            for statement in FORGET.split(";"):
                self.sql(statement)

    def change(self, change, event):
        user, pair = change["user"], [change["resource"]["id"], change["user"]["id"]]
        after = [sorted(change["permissions"]["after"]), sorted(change["roles"]["after"])]
        before = self.sql("select permissions, roles from access where resource = ? and user = ?", pair).fetchone()
        self.sql(KNOW, [user["id"], user["login"], user["email"], user["name"], event["revision"]])
        if any(after):
            row = [*pair, *map(json.dumps, after), event["window"]]
            self.sql("insert or replace into access values (?, ?, ?, ?, ?)", row)
        else:
            self.sql("delete from access where resource = ? and user = ?", pair)
        yield from self.describe(pair, before, after, event)

    def sweep(self, resource, event):
        """All rows of this resource have been told; those that were not are gone."""
        rows = self.sql("delete from access where resource = ? and window < ? returning user, permissions, roles",
                        [resource, event["window"]]).fetchall()
        for user, *before in rows:
            yield from self.describe([resource, user], before, [[], []], event)

    def describe(self, pair, before, after, event):
        before = [json.loads(text) for text in before or ("[]", "[]")]
        if before == after:
            return
        (name,) = self.sql("select name from resources where id = ?", pair[:1]).fetchone()
        (login,) = self.sql("select login from users where id = ?", pair[1:]).fetchone()
        roles = " -> ".join(", ".join(roles) or "no role" for permissions, roles in (before, after))
        counts = f"{len(before[0])} -> {len(after[0])} permissions"
        cause = "".join(f", {latest['cause']}" for latest in event["causes"][:1])
        line = f"{name:<24} {login:<16} {roles}   ({counts}, revision {event['revision']}{cause})"
        yield "".join(letter if letter.isprintable() else "?" for letter in line)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self):
        try:
            body = self.read_body()
            verify(self.server.keys, self.headers, body)
            lines = self.server.copy.take(json.loads(body))
        except Refused as refused:
            self.answer(*refused.args)
        except MALFORMED as error:
            self.answer(400, f"not a message of the documented form: {error!r}")
        except sqlite3.Error as error:
            self.answer(500, f"could not be stored: {error}")
        else:
            for line in lines if self.server.talkative else []:
                print(line, flush=True)
            self.answer(204)

    def read_body(self):
        size = self.headers.get("content-length", "")
        if not size.isdecimal() or len(size) > 18 or int(size) > LARGEST_BODY:
            self.close_connection = True
            raise Refused(413 if size.isdecimal() else 411, f"content-length must be at most {LARGEST_BODY}")
        return self.rfile.read(int(size))

    def answer(self, status, reason=""):
        self.send_response(status)
        if reason:
            print(f"{status}: {reason}", file=sys.stderr, flush=True)
            self.send_header("content-length", str(len(reason.encode())))
        self.end_headers()
        self.wfile.write(reason.encode())

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description="An example receiver of roster's messages about access.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="port 0 takes a free one")
    parser.add_argument("--secret-file", required=True, help="secrets shared with roster, whsec_..., one on each line")
    parser.add_argument("--database", required=True, help="the SQLite file to keep the copy in")
    parser.add_argument("--print", action="store_true", help="print a line for each change")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.keys, server.copy, server.talkative = read_keys(options.secret_file), Copy(options.database), options.print
    print(f"listening on http://{host}:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
