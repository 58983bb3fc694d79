# SPDX-License-Identifier: Apache-2.0
"""Figure 22: people of an API, against a bare curl that fetches the same pages over one connection. The API is a double whose
pages are ready as bytes, so that what is measured is who reads."""

import http.server
import json
import subprocess
import threading
import time
import urllib.parse

PEOPLE = {"tiny": 1000, "small": 20000, "medium": 100000, "large": 100000}
PAGE = 500
CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ sso: {{ type: "keycloak"; issuer: "{url}/realms/eng"; token: "file:token"; page_size: {page} }} }}
safety: {{ first_run: "apply" }}
rules: {{ default_admins: [ "admin" ]; all: {{ users: "(department=d1)"; into: "/one"; role: "Contributor" }} }}
"""


def person(number):
    return {"id": f"00000000-0000-4000-8000-{number:012}", "username": f"u{number:06}", "enabled": True,
            "email": f"u{number}@example.org", "firstName": "First", "lastName": f"Last {number}", "emailVerified": True,
            "createdTimestamp": 1700000000000 + number, "attributes": {"department": [f"d{number % 50}"]}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        body = b"[]"
        if url.path.endswith("/users/count"):
            body = b"%d" % len(self.server.people)
        elif url.path.endswith("/users"):
            query = urllib.parse.parse_qs(url.query)
            first = int(query["first"][0])
            body = b"[" + b",".join(self.server.people[first: first + int(query["max"][0])]) + b"]"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Api:
    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.people = [json.dumps(person(number)).encode() for number in range(self.count)]
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def fetch(self, file):
        """Seconds that curl takes for the pages roster asks for."""
        base = f"{self.url}/admin/realms/eng/users?briefRepresentation=false&max={PAGE}&first="
        file.write_text("".join(f'url = "{base}{first}"\noutput = "/dev/null"\n' for first in range(0, self.count + PAGE, PAGE - 1)))
        start = time.perf_counter()
        subprocess.run(["curl", "-s", "-H", "Authorization: Bearer x", "-K", file], check=True)
        return time.perf_counter() - start


def measure(ground, results, options, say):
    if 22 not in options.only:
        return
    count = PEOPLE[options.size]
    with Api(count) as api:
        taken = {"floor": [], "first": [], "same": []}
        for number in range(options.repeat):
            say(f"{count} people of an API, round {number + 1}")
            roster = ground.installation(f"api{number}")
            (roster.directory / "token").write_text("x")
            (roster.directory / "token").chmod(0o600)
            roster.configure(CONFIGURATION.format(url=api.url, page=PAGE))
            taken["floor"].append(api.fetch(roster.directory / "curl"))
            for what in ("first", "same"):
                taken[what].append(ground.rosterctl(roster, "sync", "--local").seconds)
            roster.close()
        results.medians("22", taken["first"], taken["floor"])
        results.medians("22 same", taken["same"], taken["floor"])
