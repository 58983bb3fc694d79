# SPDX-License-Identifier: Apache-2.0
"""An app as roster's tests want it: it can be told how to answer, keeps what it was sent, and notices what is wrong.

What it notices is in Receiver.faults; leaving the `with` block with one that nobody has taken out is an error. The
state is kept by the algorithm of roster-events(7), written apart from the example in contrib/receiver, so that each
tests the other.
"""

import base64
import collections
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300
SECRET = "whsec_" + base64.b64encode(b"the key of the tests, 32 bytes..").decode()


# --- how to answer: a status, (status, {header: value}), or one of these ---------------------------------------------

HANG = "never answer"
CLOSE = "close the connection without an answer"
STORE_AND_CLOSE = "store the message as if all were well, but let the answer be lost"
Slow = collections.namedtuple("Slow", "seconds answer")


# --- signatures ------------------------------------------------------------------------------------------------------


def key_of(secret):
    """The octets of "whsec_BASE64"."""
    kind, _, text = secret.partition("_")
    key = base64.b64decode(text, validate=True)
    assert kind == "whsec" and 24 <= len(key) <= 64, "not a secret of the documented form"
    return key


def sign(secret, message, timestamp, body):
    """One element of webhook-signature."""
    signed = b".".join([message.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


# --- what has been told ----------------------------------------------------------------------------------------------

Entry = collections.namedtuple("Entry", "permissions roles window")
TIMES = ("before", "after")


class Resource:
    def __init__(self):
        self.name = None
        self.stamp = (0, 0)  # revision, window
        self.people = {}  # id: Entry


class Knowledge:
    """Who may do what according to the messages taken so far. Wrong ones are taken too, and noted by fault()."""

    def __init__(self, fault):
        self.fault = fault
        self.resources = collections.defaultdict(Resource)
        self.histories = []
        self.pairs = {}  # (history, window): {(resource, user): part} of differences

    def state(self):
        return {number: {user: (entry.permissions, entry.roles) for user, entry in resource.people.items()}
                for number, resource in self.resources.items()}

    def take(self, event, again):
        """False for what belongs to a history that is over. again: this id was taken before."""
        if event["history"] in self.histories[:-1]:
            return False
        if event["history"] not in self.histories:
            self.histories.append(event["history"])
            for resource in self.resources.values():
                resource.stamp = (0, 0)
                resource.people = {user: entry._replace(window=0) for user, entry in resource.people.items()}
        snapshot = event["type"] == "access.snapshot"
        if not snapshot:
            self._check_disjoint(event)
        stamp = (event["revision"], event["window"])
        current = set()
        for named in [*event.get("resources", ()), *(change["resource"] for change in event["changes"])]:
            resource = self.resources[named["id"]]
            if resource.stamp <= stamp:
                resource.stamp, resource.name = stamp, named["name"]
                current.add(named["id"])
            elif not again:
                self.fault(f"{named['name']}: told {stamp} after {resource.stamp}")
        for change in event["changes"]:
            if change["resource"]["id"] in current:
                self._change(change, event, check=not snapshot and not again)
        for named in event.get("resources", ()):
            if named["ends"] and named["id"] in current:
                self._keep_only_named(self.resources[named["id"]], event["window"])
        if event.get("complete") and event["last"]:
            for resource in self.resources.values():
                if resource.stamp < stamp:
                    resource.stamp = stamp
                    resource.people.clear()
        return True

    def _change(self, change, event, check):
        people, user = self.resources[change["resource"]["id"]].people, change["user"]["id"]
        known = people.pop(user, Entry(set(), set(), 0))
        before, after = ((set(change["permissions"][when]), set(change["roles"][when])) for when in TIMES)
        if check and before != known[:2]:
            who = f"{change['resource']['name']}: {change['user']['login']}"
            self.fault(f"{who} is said to have had {before}, but {known[:2]} was told")
        if any(after):
            people[user] = Entry(*after, event["window"])

    @staticmethod
    def _keep_only_named(resource, window):
        resource.people = {user: entry for user, entry in resource.people.items() if entry.window == window}

    def _check_disjoint(self, event):
        """Neither a message nor two parts of a window name a pair twice."""
        pairs = self.pairs.setdefault((event["history"], event["window"]), {})
        within = set()
        for change in event["changes"]:
            pair = (change["resource"]["id"], change["user"]["id"])
            if pair in within or pairs.setdefault(pair, event["part"]) != event["part"]:
                who = f"{change['user']['login']} at {change['resource']['name']}"
                self.fault(f"window {event['window']} names {who} twice")
            within.add(pair)


# --- the form --------------------------------------------------------------------------------------------------------

MEMBERS = {"schema": int, "type": str, "history": str, "target": str, "window": int, "part": int, "last": bool,
           "after": int, "revision": int, "causes": list, "changes": list}
CAUSE = {"revision": int, "at": str, "cause": str}
LISTED = {"id": int, "name": str, "ends": bool}
USER = {"id": str, "login": str, "email": (str, type(None)), "name": (str, type(None)), "external_ids": dict}


def require(members, value, what):
    for name, kind in members.items():
        assert name in value, f"{what} has no {name}"
        right = isinstance(value[name], kind) and (kind is not int or not isinstance(value[name], bool))
        assert right, f"{name} of {what} is {value[name]!r}"


def check_form(event):
    """AssertionError unless this is a message of the documented form."""
    assert isinstance(event, dict), "not an object"
    require(MEMBERS, event, "the message")
    snapshot = event["type"] == "access.snapshot"
    assert event["schema"] == 1 and (snapshot or event["type"] == "access.changed"), (event["schema"], event["type"])
    assert snapshot == ("resources" in event), "resources belong to snapshots, and only to them"
    assert snapshot or not event.get("complete"), "only a snapshot is complete"
    assert uuid.UUID(event["history"])
    assert 0 <= event["after"] <= event["revision"] > 0, f"revision {event['revision']} after {event['after']}"
    assert event["window"] > 0 and event["part"] > 0, f"window {event['window']}, part {event['part']}"
    assert len(event["causes"]) <= 10, "more than 10 causes"
    for cause in event["causes"]:
        require(CAUSE, cause, "a cause")
    revisions = [cause["revision"] for cause in event["causes"]]
    assert revisions == sorted(revisions, reverse=True), f"causes are not newest first: {revisions}"
    for resource in event.get("resources", ()):
        require(LISTED, resource, "a resource")
    for change in event["changes"]:
        check_change(change, snapshot)
    listed = {resource["id"] for resource in event.get("resources", ())}
    changed = {change["resource"]["id"] for change in event["changes"]}
    assert not snapshot or changed <= listed, f"resources {changed - listed} are not listed"


def check_change(change, snapshot):
    require({"resource": dict, "user": dict, "permissions": dict, "roles": dict}, change, "a change")
    require({"id": int, "name": str}, change["resource"], "a resource")
    require(USER, change["user"], "a user")
    assert uuid.UUID(change["user"]["id"])
    for lists in (change["permissions"], change["roles"]):
        require({"before": list, "after": list}, lists, "a change")
        for names in lists.values():
            assert all(isinstance(name, str) for name in names) and len(set(names)) == len(names), names
    before = change["permissions"]["before"] + change["roles"]["before"]
    assert not snapshot or not before, f"a snapshot has no before: {before}"


# --- the server ------------------------------------------------------------------------------------------------------


class Request:
    """One attempt. event: the message, None when it cannot be read; answer: what was said to it, None so far."""

    def __init__(self, path, headers, body):
        self.at = time.time()
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self.id = self.headers.get("webhook-id")
        self.timestamp = self.headers.get("webhook-timestamp")
        self.verified = False
        self.event = None
        self.answer = None

    def __repr__(self):
        event = self.event or {}
        what = " ".join(f"{name} {event.get(name)}" for name in ("type", "window", "part", "after", "revision"))
        return f"<{self.id} {what}, {len(event.get('changes', ()))} changes, answer {self.answer}>"


class Receiver:
    """with Receiver() as receiver: ... receiver.url ... receiver.wait_for(lambda it: it.people("app:billing"))

    secrets: with any of them a message may be signed. certificate, key: paths; with them it speaks https.
    answer: what to say. A list is used up one by one, 204 after that; a function is called with the Request and must
    not wait; a single answer holds until it is changed. Only what is answered 2xx, or STORE_AND_CLOSE, is stored.
    """

    def __init__(self, *secrets, certificate=None, key=None, answer=204):
        self.secrets = list(secrets or [SECRET])
        self.answer = answer
        self.requests = []
        self.faults = []
        self.changed = threading.Condition(threading.RLock())
        self.knowledge = Knowledge(self.faults.append)
        self._bodies = {}
        self._taken = set()
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        self._server = None
        self.port = 0
        self.start()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/hook"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            self.check()

    def start(self):
        """Listen, after stop() on the same port."""
        self._server = Server(("127.0.0.1", self.port), self, self._tls)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        """As an app that is down: connections are cut, new ones refused."""
        if self._server:
            self._server.stop()
            self._server = None

    def check(self):
        assert not self.faults, "\n".join(map(str, self.faults))

    @property
    def events(self):
        """The messages stored, in the order they came, each once."""
        with self.changed:
            first = {request.id: request.event for request in reversed(self.requests) if request.id in self._taken}
            return list(reversed(first.values()))

    @property
    def state(self):
        """{resource's id: {user's id: (permissions, roles)}}; resources without anybody have an empty entry."""
        with self.changed:
            return self.knowledge.state()

    def people(self, name):
        """{user's id: (permissions, roles)} of the resource that has this name; {} for an unknown one."""
        with self.changed:
            numbers = [number for number, resource in self.knowledge.resources.items() if resource.name == name]
            return self.state[numbers[0]] if numbers else {}

    def wait_for(self, predicate, timeout=20):
        """What predicate(receiver) gives, once that is true. It is asked again after each request."""
        with self.changed:
            if not self.changed.wait_for(lambda: predicate(self), timeout):
                lines = "\n".join(map(repr, self.requests)) or "nothing"
                raise AssertionError(f"not within {timeout} s; received:\n{lines}\nfaults: {self.faults}")
            return predicate(self)

    # What happens to a request, in the thread of its connection.

    def receive(self, request):
        """Note it and say how to answer: a status, (status, headers), or an instruction."""
        with self.changed:
            self._examine(request)
            self.requests.append(request)
            if callable(self.answer):
                answer = self.answer(request)
            elif isinstance(self.answer, list):
                answer = self.answer.pop(0) if self.answer else 204
            else:
                answer = self.answer
            request.answer = answer = self._store(request, answer)
            self.changed.notify_all()
            return answer

    def _examine(self, request):
        headers = request.headers
        if headers.get("content-type") != "application/json":
            self.faults.append(f"{request.id}: content-type is {headers.get('content-type')}")
        if not headers.get("user-agent", "").startswith("roster/"):
            self.faults.append(f"{request.id}: user-agent is {headers.get('user-agent')}")
        if self._bodies.setdefault(request.id, request.body) != request.body:
            self.faults.append(f"{request.id}: not the bytes of the first attempt")
        request.verified = self._verify(request)
        if not request.verified:
            return
        try:
            event = json.loads(request.body)
            check_form(event)
            request.event = event
        except (AssertionError, ValueError) as error:
            self.faults.append(f"{request.id}: {error}")

    def _verify(self, request):
        if not request.id or "." in request.id or not (request.timestamp or "").isdecimal():
            self.faults.append(f"webhook-id is {request.id}, webhook-timestamp {request.timestamp}")
            return False
        if abs(request.at - int(request.timestamp)) > TOLERANCE:
            self.faults.append(f"{request.id}: the timestamp is {request.timestamp}, the time {request.at:.0f}")
            return False
        wanted = {sign(secret, request.id, request.timestamp, request.body) for secret in self.secrets}
        given = request.headers.get("webhook-signature", "").split(" ")
        if not wanted.intersection(given):
            self.faults.append(f"{request.id}: the signature is wrong: {given}")
            return False
        return True

    def _store(self, request, answer):
        """The answer wanted, or that to a message that cannot be accepted."""
        final = answer.answer if isinstance(answer, Slow) else answer
        status = final[0] if isinstance(final, tuple) else final
        if status != STORE_AND_CLOSE and not (isinstance(status, int) and 200 <= status < 300):
            return answer
        if request.event is None:
            return 400 if request.verified else 401
        if not self.knowledge.take(request.event, again=request.id in self._taken):
            return 409
        self._taken.add(request.id)
        return answer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, receiver, tls):
        self.receiver = receiver
        self.tls = tls
        self.over = threading.Event()
        self.connections = set()
        super().__init__(address, Handler)
        self.socket.setblocking(False)  # a peer that is gone before it is accepted holds nobody up

    def get_request(self):
        connection, peer = super().get_request()
        if self.tls:  # The handshake is made by the thread of the connection.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, peer

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_):
        """A peer that goes away, or does not like our certificate, is the test's business."""

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = self.server.receiver.receive(Request(self.path, self.headers, body))
        if isinstance(answer, Slow):
            self.server.over.wait(answer.seconds)
            answer = answer.answer
        if answer == HANG:
            self.server.over.wait()
        if answer in (HANG, CLOSE, STORE_AND_CLOSE):
            self.close_connection = True
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
