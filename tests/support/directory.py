# SPDX-License-Identifier: Apache-2.0
"""What an LDIF file says, for the reconciler: entries, what could not be read, and whether that is everything.

Written from the standards (RFC 2849, 4514, 4515), apart from roster's own reader, so that both can be compared.
"""

import base64
import binascii
import dataclasses
import re
import unicodedata

PEOPLE = {"inetorgperson", "organizationalperson", "person", "posixaccount"}
GROUPS = {"groupofnames", "groupofuniquenames", "posixgroup", "group"}
UNITS = {"organizationalunit"}
MEMBERS = ("member", "uniquemember")


def fold(text):
    return unicodedata.normalize("NFKC", text).lower()


@dataclasses.dataclass
class Entry:
    kind: str  # "user", "group", "unit"
    id: str
    dn: str
    attributes: dict  # folded name -> values

    def first(self, name):
        values = self.attributes.get(name.lower(), [])
        return values[0] if values else None


@dataclasses.dataclass
class Read:
    entries: list
    known: set  # ids of entries that are there but could not be read
    complete: bool


# --- names ------------------------------------------------------------------------------------------------------------


def dn_parts(dn):
    """Canonical relative names, the first one first."""
    parts = re.split(r"(?<!\\),", dn)
    return tuple(re.sub(r"\s*=\s*", "=", re.sub(r"\s+", " ", fold(part).strip()), count=1) for part in parts)


def is_under(dn, base):
    upper = dn_parts(base) if base else ()
    return not upper or dn_parts(dn)[-len(upper):] == upper


# --- filters ----------------------------------------------------------------------------------------------------------


def filter_matches(text, entry):
    value, rest = _filter(text.strip(), entry)
    if rest.strip():
        raise ValueError(f"left of the filter: {rest}")
    return value


def _filter(text, entry):
    if text[:2] in ("(&", "(|", "(!"):
        values, rest = [], text[2:].strip()
        while rest.startswith("("):
            value, rest = _filter(rest, entry)
            values.append(value)
        result = {"&": all, "|": any, "!": lambda items: not items[0]}[text[1]](values)
        return result, rest[1:].strip()
    item, _, rest = text[1:].partition(")")
    name, _, wanted = item.partition("=")
    return _item(name, wanted, entry), rest.strip()


def _item(name, wanted, entry):
    values = [fold(value) for value in entry.attributes.get(name.strip().lower(), [])]
    pattern = ".*".join(re.escape(part) for part in fold(wanted).split("*"))
    return any(re.fullmatch(pattern, value, re.DOTALL) for value in values)


# --- LDIF -------------------------------------------------------------------------------------------------------------


def records(text):
    """Lists of unfolded lines. A comment may be folded too."""
    for block in re.split(r"\n(?:[ \t]*\n)+", text.replace("\r\n", "\n").replace("\n ", "")):
        lines = [line for line in block.split("\n") if line and not line.startswith("#")]
        if lines and lines[0].startswith("version:"):
            lines = lines[1:]
        if lines:
            yield lines


def attributes_of(lines):
    """Folded name -> values, and whether all of them could be decoded."""
    found, good = {}, True
    for line in lines:
        name, mark, value = line.partition(":")
        try:
            if value.startswith(":"):
                value = base64.b64decode(value[1:].strip(), validate=True).decode()
            good = good and bool(mark)
        except (binascii.Error, UnicodeDecodeError):
            good = False
            continue
        found.setdefault(name.split(";")[0].strip().lower(), []).append(value.strip())
    return found, good


def kind_of(attributes, dn, source):
    classes = {value.lower() for value in attributes.get("objectclass", [])}
    for kind, plural, usual in (("user", "users", PEOPLE), ("group", "groups", GROUPS), ("unit", "units", UNITS)):
        settings = source.get(plural)
        if (settings is None and kind == "unit") or not is_under(dn, (settings or {}).get("base", "")):
            continue
        chosen = (settings or {}).get("filter")
        if filter_matches(chosen, Entry(kind, "", dn, attributes)) if chosen else classes & usual:
            return kind
    return None


def id_of(attributes, source):
    """By the attribute that holds ids in this source; the scenarios use one for all kinds."""
    name = source.get("users", {}).get("attributes", {}).get("id", "entryUUID")
    values = attributes.get(name.lower(), [])
    return values[0].lower() if values else None


def read_ldif(path, source):
    """source: the settings of the source in rosterd.conf."""
    text = path.read_bytes().decode(errors="replace")
    found = list(records(text))
    read = Read([], set(), bool(found) and text.endswith("\n"))
    for number, lines in enumerate(found):
        cut = number + 1 == len(found) and not text.endswith("\n")
        _take(read, lines, cut, source)
    return read


def _take(read, lines, cut, source):
    attributes, good = attributes_of(lines)
    if "result" in attributes and "dn" not in attributes:
        read.complete = read.complete and attributes["result"][0].split()[0] == "0"
        return
    dn, entry_id = attributes.pop("dn", [""])[0], id_of(attributes, source)
    if cut:
        return
    kind = kind_of(attributes, dn, source) if dn else None
    hidden = kind == "group" and not any(attributes.get(name) for name in MEMBERS) \
        and {"groupofnames", "groupofuniquenames"} & {value.lower() for value in attributes["objectclass"]}
    if not good or hidden:
        _miss(read, entry_id)
    elif kind and entry_id is None:
        read.complete = False
    elif kind:
        read.entries.append(Entry(kind, entry_id, dn, attributes))


def _miss(read, entry_id):
    """Somebody could not be read: without an id it may be anybody."""
    if entry_id is None:
        read.complete = False
    else:
        read.known.add(entry_id)
