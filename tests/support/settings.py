# SPDX-License-Identifier: Apache-2.0
"""Enough of libconfig's grammar to read the configurations of tests: a file becomes dictionaries and lists."""

import re

TOKEN = re.compile(r"""
    (?P<space>\s+ | \#[^\n]* | //[^\n]* | /\*.*?\*/) |
    (?P<string>"(?:[^"\\]|\\.)*") |
    (?P<number>[-+]?\d+L?\b) |
    (?P<name>[A-Za-z*][-A-Za-z0-9_*]*) |
    (?P<mark>[{}()\[\]=:;,])""", re.VERBOSE | re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
CLOSING = {"{": "}", "(": ")", "[": "]"}


def tokens(text):
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"not a setting: {text[at:at + 40]!r}")
        at = found.end()
        if found.lastgroup != "space":
            yield found.lastgroup, found.group()
    yield "end", ""


class Reader:
    def __init__(self, text):
        self.tokens = tokens(text)
        self.kind, self.text = next(self.tokens)

    def take(self):
        taken = self.kind, self.text
        if self.kind != "end":
            self.kind, self.text = next(self.tokens)
        return taken

    def group(self, end):
        settings = {}
        while self.text != end or self.kind == "string":
            _, name = self.take()
            _, mark = self.take()
            if mark not in (":", "="):
                raise ValueError(f"{name!r} is not followed by a value")
            settings[name] = self.value()
            while self.kind == "mark" and self.text in (";", ","):
                self.take()
        self.take()
        return settings

    def items(self, end):
        items = []
        while self.text != end or self.kind == "string":
            items.append(self.value())
            if self.text == ",":
                self.take()
        self.take()
        return items

    def value(self):
        kind, text = self.take()
        if kind == "mark" and text in CLOSING:
            return self.group("}") if text == "{" else self.items(CLOSING[text])
        if kind == "number":
            return int(text.rstrip("L"))
        if kind == "name":
            return {"true": True, "false": False}[text.lower()]
        if kind != "string":
            raise ValueError(f"not a value: {text!r}")
        value = re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text[1:-1])
        while self.kind == "string":  # adjacent strings are one
            value += self.value()
        return value


def parse(text):
    return Reader(text).group("")
