# SPDX-License-Identifier: Apache-2.0
"""A person at a browser, as far as the pages of an identity provider need one: cookies, forms, one after the other."""

import hashlib
import hmac
import html.parser
import http.cookiejar
import struct
import time
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self.forms.append({"action": values.get("action", ""), "method": values.get("method", "get").lower(), "fields": {}})
        elif tag in ("input", "button") and self.forms and values.get("name"):
            self.forms[-1]["fields"].setdefault(values["name"], values.get("value") or "")


class Browser:
    """browser.open(url); browser.fill(username="ann") sends the last form of the page, with what is in it already."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        # A provider on this host marks its cookies as secure, which they are here.
        self.jar.set_policy(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def open(self, url, form=None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        with self.opener.open(url, data, timeout=60) as reply:
            self.url, self.page = reply.geturl(), reply.read().decode()
        self.forms = Forms(self.page).forms
        return self

    def asks_for(self, name):
        return bool(self.forms) and name in self.forms[-1]["fields"]

    def fill(self, *without, **fields):
        form = self.forms[-1]
        sent = {key: value for key, value in {**form["fields"], **fields}.items() if key not in without}
        return self.open(urllib.parse.urljoin(self.url, form["action"]), sent)


def one_time_password(secret):
    """RFC 6238, six digits."""
    digest = hmac.new(secret.encode(), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[-1] & 15:][:4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"
