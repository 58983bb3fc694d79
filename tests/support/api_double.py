# SPDX-License-Identifier: Apache-2.0
"""Doubles of the APIs of identity providers, in the shapes their vendors document, with the faults a test asks for.

No real Microsoft Graph, Okta, Google Workspace or authentik can be had in a test; Keycloak and SCIM are doubled too, where a
fault is wanted that the real ones do not have. One provider gives tokens and answers; `people` and `groups` may change meanwhile.
"""

import base64
import email.utils
import http.server
import json
import threading
import time
import urllib.parse


class Reply:
    """What a fault answers instead: bytes or JSON, a status, headers; cut: bytes after which the connection ends."""

    def __init__(self, body=b"", status=200, headers=None, cut=None, delay=0):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers, self.cut, self.delay = status, dict(headers or {}), cut, delay


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        url = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(url.path)
        self.query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query, keep_blank_values=True).items()}
        self.form = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode("utf-8", "replace")).items()}

    def number(self, name, usual):
        return int(self.query.get(name, usual))


class Person:
    """Attributes by the names of the API; `open` is whether the account may be used."""

    def __init__(self, number, login=None, opened=True, **more):
        self.id = f"00000000-0000-4000-8000-{number:012}"
        self.number, self.login, self.open, self.more = number, login or f"u{number}", opened, more


class Group:
    """people: numbers; groups: names of the groups in it; inside: the name of the one around it."""

    def __init__(self, number, name, people=(), groups=()):
        self.id = f"00000000-0000-4000-9000-{number:012}"
        self.number, self.name, self.people, self.groups = number, name, list(people), list(groups)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + self.server.api.clock_ahead, usegmt=True)

    def answer(self, reply):
        time.sleep(reply.delay)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in reply.headers:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.cut is None:
            self.wfile.write(reply.body)
            return
        self.wfile.write(reply.body[: reply.cut])
        self.wfile.flush()
        self.close_connection = True

    def serve(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, self.headers, body)
        with api.lock:
            api.requests.append(request)
            fault = api.fault(request)
            reply = fault or api.provider(request) or api.guarded(request)
        self.answer(reply if isinstance(reply, Reply) else Reply(reply))

    do_GET = do_POST = serve


class Api:
    """with Keycloak(people, groups) as api: ... api.url, api.issuer, api.requests; api.fault = lambda request: Reply or None"""

    token_path = "/token"
    issuer_path = ""

    def __init__(self, people=(), groups=()):
        self.people = {person.number: person for person in people}
        self.groups = {group.name: group for group in groups}
        self.lock = threading.RLock()
        self.requests = []
        self.fault = lambda request: None
        self.tokens, self.life, self.said_life = {}, 3600, 3600  # seconds; None: it does not say
        self.used_jti = set()
        self.clock_ahead = 0

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.api = self
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.issuer = self.origin + self.issuer_path
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- the provider

    def metadata(self):
        return {"issuer": self.issuer, "token_endpoint": self.origin + self.token_path, "jwks_uri": self.origin + "/jwks"}

    def provider(self, request):
        if request.path == self.issuer_path + "/.well-known/openid-configuration":
            return Reply(self.metadata())
        if request.method == "POST" and request.path == self.token_path:
            return self.give_token(request)
        return None

    def knows(self, request):
        """The client, by what it shows: "roster" with the secret "a secret/+%", or an assertion that is new."""
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            pair = base64.b64decode(header[6:]).decode().split(":", 1)
            return [urllib.parse.unquote_plus(part) for part in pair] == ["roster", "a secret/+%"]
        if "client_assertion" in request.form or "assertion" in request.form:
            token = request.form.get("client_assertion") or request.form["assertion"]
            self.header, part, _ = token.split(".")
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            self.claims = claims
            new = claims.get("jti", len(self.used_jti)) not in self.used_jti
            self.used_jti.add(claims.get("jti", len(self.used_jti)))
            now = time.time() + self.clock_ahead
            return new and claims["exp"] > now and claims["iat"] <= now + 5
        return (request.form.get("client_id"), request.form.get("client_secret")) == ("roster", "a secret/+%")

    def give_token(self, request):
        if not self.knows(request):
            return Reply({"error": "invalid_client", "error_description": "no"}, 401)
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = time.time() + self.life
        reply = {"access_token": token, "token_type": "Bearer"}
        if self.said_life is not None:
            reply["expires_in"] = self.said_life
        return Reply(reply)

    def guarded(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < time.time() and token != "static":
            return Reply({"error": "invalid_token"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        found = self.api(request)
        return found if found is not None else Reply({"message": "not found"}, 404)

    # --- what there is

    def sorted_people(self):
        return [self.people[number] for number in sorted(self.people)]

    def sorted_groups(self):
        return [self.groups[name] for name in sorted(self.groups)]

    def group_by_id(self, wanted):
        return next((group for group in self.groups.values() if group.id == wanted), None)

    def members(self, group):
        return [self.people[number] for number in group.people if number in self.people]


class Keycloak(Api):
    issuer_path = "/realms/eng"

    def __init__(self, people=(), groups=(), roles=()):
        super().__init__(people, groups)
        self.roles = {role.name: role for role in roles}  # people: who has it; groups: groups that have it
        self.composites = {}  # name of a role: names of those in it
        self.hidden = set()  # numbers that are left out after the page was counted
        self.services = []  # people who are members and not among the people

    def person(self, person):
        return {"id": person.id, "username": person.login, "enabled": person.open, "firstName": "First",
                "lastName": person.login, "email": f"{person.login}@ex.org", "emailVerified": person.more.get("verified") == "true",
                "attributes": {key: [value] for key, value in person.more.items()}}

    def inner(self):
        return {name for group in self.groups.values() for name in group.groups}

    def path_of(self, name):
        around = next((group.name for group in self.groups.values() if name in group.groups), None)
        return (self.path_of(around) if around else "") + "/" + name

    def group(self, group):
        return {"id": group.id, "name": group.name, "path": self.path_of(group.name), "subGroups": [],
                "subGroupCount": len(group.groups)}

    def page(self, request, items):
        first = request.number("first", 0)
        return items[first: first + request.number("max", 100)]

    def api(self, request):
        parts = request.path.removeprefix("/admin/realms/eng/").split("/")
        if parts == ["users", "count"]:
            return len(self.people)
        if parts == ["users"]:
            page = self.page(request, self.sorted_people())
            return [self.person(person) for person in page if person.number not in self.hidden]
        if parts == ["groups"]:
            inner = self.inner()
            return [self.group(group) for group in self.page(request, self.sorted_groups()) if group.name not in inner]
        if parts == ["roles"]:
            return [{"id": role.id, "name": role.name, "composite": role.name in self.composites}
                    for role in self.page(request, list(self.roles.values()))]
        if len(parts) == 3 and parts[0] == "roles":
            return self.of_role(request, self.roles[parts[1]], parts[2])
        group = self.group_by_id(parts[1]) if len(parts) == 3 else None
        if not group:
            return None
        if parts[2] == "members":
            return [self.person(person) for person in self.page(request, self.members(group) + self.services)]
        return [self.group(self.groups[name]) for name in self.page(request, group.groups)]

    def of_role(self, request, role, what):
        if what == "users":
            return [self.person(person) for person in self.page(request, self.members(role))]
        if what == "groups":
            return [self.group(self.groups[name]) for name in self.page(request, role.groups)]
        return [{"id": self.roles[name].id, "name": name} for name in self.composites[role.name]]


class Scim(Api):
    """most: objects in a page; cursors: RFC 9865 instead of numbers; lazy: lists do not show members."""

    def __init__(self, people=(), groups=(), most=1000, cursors=False, lazy=False):
        super().__init__(people, groups)
        self.most, self.cursors, self.lazy = most, cursors, lazy

    def person(self, person):
        return {"id": person.id, "userName": person.login, "displayName": f"The {person.login}", "active": person.open,
                "emails": [{"value": f"{person.login}@home.org"}, {"value": f"{person.login}@ex.org", "primary": True}],
                **person.more}

    def group(self, group, alone=False):
        found = {"id": group.id, "displayName": group.name}
        if alone or not self.lazy:
            found["members"] = [{"value": person.id, "type": "User"} for person in self.members(group)] + [
                {"value": self.groups[name].id, "type": "Group"} for name in group.groups]
        return found

    def listed(self, request, items):
        count = min(request.number("count", self.most), self.most)
        reply = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(items)}
        if self.cursors:
            at = int(request.query.get("cursor") or 0)
            if at + count < len(items):
                reply["nextCursor"] = str(at + count)
        else:
            at = request.number("startIndex", 1) - 1
            reply["startIndex"] = at + 1
        page = items[at: at + count]
        return reply | {"itemsPerPage": len(page), "Resources": page}

    def api(self, request):
        parts = request.path.strip("/").split("/")
        if parts == ["ServiceProviderConfig"]:
            return {"pagination": {"cursor": self.cursors, "index": not self.cursors}}
        if parts == ["Users"]:
            return self.listed(request, [self.person(person) for person in self.sorted_people()])
        if parts == ["Groups"]:
            return self.listed(request, [self.group(group) for group in self.sorted_groups()])
        group = self.group_by_id(parts[-1]) if len(parts) == 2 and parts[0] == "Groups" else None
        return self.group(group, alone=True) if group else None
