# SPDX-License-Identifier: Apache-2.0
"""The rules of a configuration, evaluated for the reconciler: which entry opens which doors."""

import dataclasses
import re

from directory import dn_parts, filter_matches, fold, is_under

SELECTORS = {"group": "group", "filter": "group", "match": "group", "subtree": "unit", "users": "user"}


@dataclasses.dataclass(frozen=True)
class Door:
    rule: str
    anchor: str
    role: str  # "" for administration of the group


class Undecided(Exception):
    """The rule is about this entry, and what it gives cannot be told: what it gave before stays."""


class Unmapped(Exception):
    """The rule is about this entry and its role map has no role for it: it gives nothing, and that is reported."""


class Rule:
    def __init__(self, name, settings, default_admins):
        self.name = name
        self.settings = settings
        self.source = settings.get("source")
        self.admins = settings.get("admins", default_admins)
        (self.selector,) = [key for key in SELECTORS if key in settings]
        self.select = settings[self.selector]

    def matches(self, entry):
        """None when the rule is not about this entry, else its doors. Undecided when they cannot be told."""
        if SELECTORS[self.selector] != entry.kind:
            return None
        return getattr(self, "_" + self.selector)(entry)

    def _door(self, anchor, role=None):
        role = "" if self.settings.get("admin") else role or self.settings["role"]
        return Door(self.name, anchor.rstrip("/") or "/", role)

    def _group(self, entry):
        return [self._door(self.settings["into"])] if dn_parts(entry.dn) == dn_parts(self.select) else None

    def _filter(self, entry):
        return [self._door(self.settings["into"])] if filter_matches(self.select, entry) else None

    _users = _filter

    def _match(self, entry):
        attribute, _, pattern = self.select.partition("~")
        pattern = re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern.strip()))
        found = [pattern.fullmatch(fold(value)) for value in entry.attributes.get(attribute.strip().lower(), [])]
        found = [match for match in found if match]
        return [self._captured(match.groupdict()) for match in found] if found else None

    def _captured(self, captures):
        names = re.findall(r"\$\{([^}]+)\}", self.settings["into"])
        if any(not good_name(captures[name]) for name in names):
            raise Undecided
        anchor = re.sub(r"\$\{([^}]+)\}", lambda found: captures[found[1]], self.settings["into"])
        if "role_by" not in self.settings:
            return self._door(anchor)
        roles = {fold(value): role for value, role in self.settings["role"].items()}
        if captures[self.settings["role_by"]] not in roles:
            raise Unmapped
        return self._door(anchor, roles[captures[self.settings["role_by"]]])

    def _subtree(self, entry):
        if not is_under(entry.dn, self.select):
            return None
        parts = dn_parts(entry.dn)
        below = [part.partition("=")[2].replace("\\", "") for part in parts[:len(parts) - len(dn_parts(self.select))]]
        below = below[::-1][:self.settings.get("max_depth") or None]
        if not all(good_name(name) for name in below):
            raise Undecided
        return [self._door("/".join([self.settings["into"].rstrip("/"), *below]))]


def good_name(name):
    return name and name not in (".", "..") and "/" not in name and len(name) <= 100 and name.isprintable()


class Ruleset:
    """The rules for one source, in order."""

    def __init__(self, configuration, source):
        rules = dict(configuration.get("rules", {}))
        default_admins = rules.pop("default_admins", [])
        self.rules = [Rule(name, settings, default_admins) for name, settings in rules.items()]
        self.rules = [rule for rule in self.rules if rule.source in (None, source)]

    def admins(self, rule):
        return next(known.admins for known in self.rules if known.name == rule)

    def order(self, rule):
        return [known.name for known in self.rules].index(rule)

    def doors(self, entry, earlier):
        """All doors of an entry, and the rules that could not tell theirs. earlier: the doors it had, of which those of
        undecided rules stay."""
        doors, undecided = [], []
        for rule in self.rules:
            try:
                given = rule.matches(entry)
            except Undecided:
                undecided.append(rule.name)
                given = [door for door in earlier if door.rule == rule.name]
            except Unmapped:
                undecided.append(rule.name)
                given = []
            doors += given or []
            if given is not None and rule.settings.get("stop"):
                break
        return doors, undecided
