# SPDX-License-Identifier: Apache-2.0
"""Doubles of Microsoft Graph, Okta, Google Workspace and authentik: see api_double.py."""

import time
import urllib.parse

from api_double import Api, Reply


class Graph(Api):
    """A log of changes makes the answers of delta: change(kind, id) after an edit of people or groups."""

    page_most = 3

    def __init__(self, people=(), groups=()):
        super().__init__(people, groups)
        self.log = []  # (kind, id, "changed" or "deleted")
        self.forgotten = 0  # tokens below are too old
        self.old_token = Reply({"error": {"code": "syncStateNotFound", "message": "start over"}}, 400)

    def change(self, kind, what, reason=None):
        self.log.append((kind, what.id, reason))

    def person(self, person):
        return {"id": person.id, "userPrincipalName": person.login, "displayName": person.login,
                "mail": f"{person.login}@ex.org", "accountEnabled": person.open, **person.more}

    def group(self, group):
        return {"id": group.id, "displayName": group.name}

    def paged(self, request, items, link="@odata.nextLink"):
        at = int(request.query.get("$skiptoken", 0))
        reply = {"value": items[at: at + self.page_most]}
        if at + self.page_most < len(items):
            query = urllib.parse.urlencode({"$skiptoken": at + self.page_most})
            reply[link] = f"{self.origin}/v1.0{request.path.removeprefix('/v1.0')}?{query}"
        return reply

    def delta(self, request, kind):
        token = request.query.get("$deltatoken", "0")
        link = f"{self.origin}{request.path}?%24deltatoken={len(self.log)}"
        if token == "latest":
            return {"value": [], "@odata.deltaLink": link}
        since = int(token)
        if since < self.forgotten:
            return self.old_token
        if "$skiptoken" not in request.query and any(entry[0] == kind for entry in self.log[since:]):
            # A page that holds nothing, as there are.
            return {"value": [], "@odata.nextLink": f"{self.origin}{request.path}?%24deltatoken={since}&%24skiptoken=1"}
        value = []
        for _, found, reason in (entry for entry in self.log[since:] if entry[0] == kind):
            if reason:
                value.append({"id": found, "@removed": {"reason": reason}})
            else:
                # A part of it, and twice.
                value += [{"id": found, "members@delta": []}, {"id": found}]
        return {"value": value, "@odata.deltaLink": link}

    def api(self, request):
        parts = request.path.removeprefix("/v1.0/").split("/")
        if parts[-1] == "delta":
            return self.delta(request, parts[0])
        if parts == ["users"]:
            return self.paged(request, [self.person(person) for person in self.sorted_people()])
        if parts == ["groups"]:
            return self.paged(request, [self.group(group) for group in self.sorted_groups()])
        if parts[0] == "users":
            found = [person for person in self.people.values() if person.id == parts[1]]
            return self.person(found[0]) if found else None
        group = self.group_by_id(parts[1])
        if not group:
            return None
        if len(parts) == 2:
            return self.group(group)
        users = [{"@odata.type": "#microsoft.graph.user", "id": person.id} for person in self.members(group)]
        inner = [{"@odata.type": "#microsoft.graph.group", "id": self.groups[name].id} for name in group.groups]
        devices = [{"@odata.type": "#microsoft.graph.device", "id": "00000000-0000-4000-a000-000000000001"}]
        return self.paged(request, devices + users + inner)


class Okta(Api):
    """Who is not open is DEPROVISIONED, and not listed unless he is asked for."""

    token_path = "/oauth2/v1/token"
    page_most = 3

    def person(self, person):
        return {"id": person.id, "status": "ACTIVE" if person.open else "DEPROVISIONED",
                "profile": {"login": person.login, "email": f"{person.login}@ex.org", "firstName": "First",
                            "lastName": person.login, **person.more}}

    def group(self, group):
        return {"id": group.id, "type": "OKTA_GROUP", "profile": {"name": group.name}}

    def paged(self, request, items):
        at = int(request.query.get("after", 0))
        headers = {}
        if at + self.page_most < len(items):
            query = urllib.parse.urlencode({**request.query, "after": at + self.page_most})
            headers["Link"] = f'<{self.origin}{request.path}?{query}>; rel="next"'
        return Reply([*items[at: at + self.page_most]], headers=headers)

    def api(self, request):
        parts = request.path.removeprefix("/api/v1/").split("/")
        closed = "DEPROVISIONED" in request.query.get("filter", "")
        if parts == ["users"]:
            return self.paged(request, [self.person(person) for person in self.sorted_people() if person.open != closed])
        if parts == ["groups"]:
            return self.paged(request, [self.group(group) for group in self.sorted_groups()])
        group = self.group_by_id(parts[1])
        return self.paged(request, [self.person(person) for person in self.members(group)]) if group else None

    def too_many(self):
        return Reply({"errorCode": "E0000047", "errorSummary": "too many"}, 429,
                     {"X-Rate-Limit-Reset": str(int(time.time() + self.clock_ahead))})


class Google(Api):
    """Lists that are empty are left out; members may be groups, outsiders without an id, or all of the customer."""

    page_most = 3

    def __init__(self, people=(), groups=()):
        super().__init__(people, groups)
        self.outsiders = {}  # name of a group: mail addresses

    def person(self, person):
        return {"id": person.id, "primaryEmail": f"{person.login}@ex.org", "suspended": not person.open, "archived": False,
                "name": {"givenName": "First", "familyName": person.login, "fullName": f"First {person.login}"}, **person.more}

    def group(self, group):
        return {"id": group.id, "email": f"{group.name}@ex.org", "name": group.name}

    def paged(self, request, name, items):
        at = int(request.query.get("pageToken", 0))
        reply = {"kind": "admin#directory#" + name}
        if items[at: at + self.page_most]:
            reply[name] = items[at: at + self.page_most]
        if at + self.page_most < len(items):
            reply["nextPageToken"] = str(at + self.page_most)
        return reply

    def api(self, request):
        parts = request.path.removeprefix("/admin/directory/v1/").split("/")
        if parts == ["users"]:
            return self.paged(request, "users", [self.person(person) for person in self.sorted_people()])
        if parts == ["groups"]:
            return self.paged(request, "groups", [self.group(group) for group in self.sorted_groups()])
        group = self.group_by_id(parts[1])
        if not group:
            return None
        members = [{"id": person.id, "type": "USER"} for person in self.members(group)]
        members += [{"id": self.groups[name].id, "type": "GROUP"} for name in group.groups]
        members += [{"email": address, "type": "USER"} for address in self.outsiders.get(group.name, [])]
        return self.paged(request, "members", members)

    @staticmethod
    def refusal(reason):
        return Reply({"error": {"code": 403, "message": reason, "errors": [{"domain": "usageLimits", "reason": reason}]}}, 403)


class Authentik(Api):
    """Pages have numbers; groups name those above them: all of them since 2025.12, one before."""

    many_parents = True

    def person(self, person):
        return {"pk": person.number, "username": person.login, "name": f"The {person.login}", "is_active": person.open,
                "email": f"{person.login}@ex.org", "attributes": person.more}

    def group(self, group):
        above = [other.id for other in self.groups.values() if group.name in other.groups]
        said = {"pk": group.id, "name": group.name, "users": [*group.people]}
        return {**said, "parents": above} if self.many_parents else {**said, "parent": above[0] if above else None}

    def paged(self, request, items):
        size, number = min(request.number("page_size", 20), 3), request.number("page", 1)
        pages = max(1, -(-len(items) // size))
        if number > pages:
            return Reply({"detail": "Invalid page."}, 404)
        return {"pagination": {"next": number + 1 if number < pages else 0, "previous": number - 1, "count": len(items),
                               "current": number, "total_pages": pages},
                "results": items[(number - 1) * size: number * size]}

    def api(self, request):
        if request.path == "/api/v3/core/users/":
            return self.paged(request, [self.person(person) for person in self.sorted_people()])
        if request.path == "/api/v3/core/groups/":
            return self.paged(request, [self.group(group) for group in self.sorted_groups()])
        return None


class OldAuthentik(Authentik):
    many_parents = False
