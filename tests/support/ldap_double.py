# SPDX-License-Identifier: Apache-2.0
"""A scripted LDAP server, for what a real one cannot be made to do at will.

slapd never answers busy, unavailable or "other" on demand, never forgets the response control of a page, never stops in
the middle of a message and never answers a search with an extended response; directories in the field do all of that.
This double speaks just enough BER (X.690) for binds and searches. It answers each search with the next item of its
script, a list of what the functions below return; binds succeed unless told otherwise; it keeps what it was asked.
"""

import socket
import threading
import time


# --- BER -------------------------------------------------------------------------------------------------------------


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(number, tag=0x02):
    return tlv(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def text(value, tag=0x04):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def parse(data):
    """[(tag, content)] of the elements that stand one after the other in data."""
    elements = []
    while data:
        size, head = data[1], 2
        if size & 0x80:
            head = 2 + (size & 0x7F)
            size = int.from_bytes(data[2:head], "big")
        elements.append((data[0], data[head:head + size]))
        data = data[head + size:]
    return elements


# --- answers: each is (protocol operation, controls), or an instruction to the connection ------------------------------

CLOSE, HANG = "close", "hang"


class Raw(bytes):
    """Octets sent as they are."""


def entry(dn, **attributes):
    lists = [tlv(0x30, text(name) + tlv(0x31, b"".join(text(value) for value in values)))
             for name, values in attributes.items()]
    return tlv(0x64, text(dn) + tlv(0x30, b"".join(lists))), b""


def person(number):
    return entry(f"uid=u{number},ou=people,dc=ex,dc=org", objectClass=["inetOrgPerson"], uid=[f"u{number}"],
                 cn=[f"User {number}"], entryUUID=[f"00000000-0000-4000-8000-{number:012}"])


def reference(url):
    return tlv(0x73, text(url)), b""


def result(code, message="", matched="", tag=0x65):
    return tlv(tag, integer(code, 0x0A) + text(matched) + text(message)), b""


def page(code, cookie):
    """A result with the response control of RFC 2696."""
    value = tlv(0x30, integer(0) + text(cookie))
    control = tlv(0x30, text("1.2.840.113556.1.4.319") + text(value))
    return result(code)[0], tlv(0xA0, control)


# --- content synchronization (RFC 4533) --------------------------------------------------------------------------------

SYNC = "1.3.6.1.4.1.4203.1.9.1"
PRESENT, ADD, MODIFY, DELETE = range(4)


def controlled(answer, name, value):
    """The answer with a response control."""
    return answer[0], tlv(0xA0, tlv(0x30, text(name) + text(value)))


def optional(cookie, flag):
    return (b"" if cookie is None else text(cookie)) + (b"" if flag is None else tlv(0x01, b"\xff" if flag else b"\0"))


def synced(number, state=ADD, cookie=None):
    """A person with the state of synchronization; uuid(number) is its id."""
    value = tlv(0x30, integer(state, 0x0A) + text(uuid(number)) + optional(cookie, None))
    return controlled(person(number), f"{SYNC}.2", value)


def uuid(number):
    return number.to_bytes(16, "big")


def synced_end(cookie=None, deletes=None, code=0):
    return controlled(result(code), f"{SYNC}.3", tlv(0x30, optional(cookie, deletes)))


def info(value, name=f"{SYNC}.4"):
    """An intermediate response."""
    return tlv(0x79, text(name, 0x80) + text(value, 0x81)), b""


def phase(deletes, cookie=None, done=None):
    return info(tlv(0xA1 if deletes else 0xA2, optional(cookie, done)))


def ids(numbers, cookie=None, deletes=None):
    octets = b"".join(text(uuid(number)) for number in numbers)
    return info(tlv(0xA3, optional(cookie, deletes) + tlv(0x31, octets)))


def disconnection(code, message):
    """Notice of disconnection (RFC 4511 section 4.4.1): it has message id 0."""
    name = text("1.3.6.1.4.1.1466.20036", 0x8A)
    return Raw(tlv(0x30, integer(0) + tlv(0x78, integer(code, 0x0A) + text("") + text(message) + name)))


# --- the server --------------------------------------------------------------------------------------------------------


class Request:
    """tag: 0x60 bind, 0x63 search, 0x77 extended, 0x50 abandon; cookie: of a paged search or a synchronization, else
    None."""

    def __init__(self, message):
        parts = parse(parse(message)[0][1])
        self.id = int.from_bytes(parts[0][1], "big")
        self.tag, operation = parts[1]
        self.base = parse(operation)[0][1].decode() if self.tag == 0x63 else None
        self.attributes = [name.decode() for _, name in parse(parse(operation)[7][1])] if self.tag == 0x63 else []
        self.critical, self.cookie = None, None
        for _, control in parse(parts[2][1]) if len(parts) > 2 else []:
            fields = parse(control)
            self.critical = fields[1][0] == 0x01 and fields[1][1] != b"\0"
            octets = [content for tag, content in parse(parse(fields[-1][1])[0][1]) if tag == 0x04]
            self.cookie = octets[0] if octets else None


class LdapDouble:
    def __init__(self, *script, bind=0):
        self.script = list(script)
        self.bind = bind
        self.requests = []
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "ldap://127.0.0.1:%d" % self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._listener.close()

    def searches(self):
        return [request for request in self.requests if request.tag == 0x63 and request.base]

    def _accept(self):
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
                while (size := self._message_size(data)) is not None and len(data) >= size:
                    request, data = Request(data[:size]), data[size:]
                    self.requests.append(request)
                    if not self._answer(connection, request):
                        return

    @staticmethod
    def _message_size(data):
        if len(data) < 2:
            return None
        if data[1] < 128:
            return 2 + data[1]
        head = 2 + (data[1] & 0x7F)
        return head + int.from_bytes(data[2:head], "big") if len(data) >= head else None

    def _answer(self, connection, request):
        """False ends the connection."""
        if request.tag == 0x60:
            answers = [result(self.bind, tag=0x61)]
        elif request.tag == 0x63 and not request.base:
            answers = [result(0)]
        elif request.tag == 0x63:
            answers = self.script.pop(0)
        else:
            return request.tag != 0x42
        for answer in answers:
            if answer == CLOSE:
                return False
            if answer == HANG:
                self._over.wait(60)
                return False
            if isinstance(answer, (int, float)):
                time.sleep(answer)
            elif isinstance(answer, Raw):
                connection.sendall(answer)
            else:
                connection.sendall(tlv(0x30, integer(request.id) + answer[0] + answer[1]))
        return True
