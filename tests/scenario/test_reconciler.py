# SPDX-License-Identifier: Apache-2.0
"""The second opinion itself: it must notice a database that is wrong."""

import pytest

import reconciler
import settings
from directory import filter_matches, read_ldif
from roster import ADMINISTRATOR, ROOT

FIRST = ROOT / "tests/scenario/01-first-sync"


@pytest.fixture
def synced(roster):
    """A roster after its first run, and the model of it."""
    text = (FIRST / "rosterd.conf").read_text()
    (roster.directory / "people.ldif").write_bytes((FIRST / "people.1.ldif").read_bytes())
    roster.configure(text)
    roster.ctl("sync")
    configuration = settings.parse(text)
    model = reconciler.Model(ADMINISTRATOR)
    model.sync("corp", configuration, read_ldif(roster.directory / "people.ldif", configuration["sources"]["corp"]))
    return roster, model


TAMPERING = {
    "people": "update users set active = false where login = 'alice'",
    "groups": "update groups set name = 'tampered' where name = 'api'",
    "grants": "delete from grants where user_id = (select id from users where login = 'bob')",
    "access": "delete from role_permissions where role = (select id from roles where name = 'User')",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_database_that_differs_is_noticed(synced, what):
    roster, model = synced
    reconciler.assert_equal(roster, model)
    if what == "access":
        keep = reconciler.role_permissions(roster)
        roster.sql(TAMPERING[what])
        with pytest.MonkeyPatch.context() as patch, pytest.raises(AssertionError, match="access"):
            patch.setattr(reconciler, "role_permissions", lambda _: keep)
            reconciler.assert_equal(roster, model)
        return
    roster.sql(TAMPERING[what])
    with pytest.raises(AssertionError, match=what):
        reconciler.assert_equal(roster, model)


def test_settings_are_read_like_libconfig_does():
    text = 'a: { b = "x\\"y" "z"; c: [1, -2L], d: (true) } # end\n/* no */ e-f: "//"; rules: {}'
    assert settings.parse(text) == {"a": {"b": 'x"yz', "c": [1, -2], "d": [True]}, "e-f": "//", "rules": {}}


LDIF = """version: 1

dn: uid=a,ou=p
objectClass: person
entryUUID: 1
cn:: w4Q=
description: folded
  line

dn: uid=b,ou=p
objectClass: person
entryUUID: 2
cn:: !

"""


@pytest.mark.parametrize("text, ids, known, complete", [
    (LDIF, ["1"], {"2"}, True),
    (LDIF + "dn: uid=c,ou=p\nobjectClass: person\n", ["1"], {"2"}, False),
    (LDIF + "dn: uid=c,ou=p\nobjectClass: person\nentryUUID: 3", ["1"], {"2"}, False),
    (LDIF + "search: 2\nresult: 4 Size limit exceeded\n", ["1"], {"2"}, False),
    ("", [], set(), False)])
def test_what_an_ldif_file_leaves_open_is_known(tmp_path, text, ids, known, complete):
    path = tmp_path / "x.ldif"
    path.write_text(text)
    read = read_ldif(path, {})
    assert ([entry.id for entry in read.entries], read.known, read.complete) == (ids, known, complete)
    if read.entries:
        attributes = read.entries[0].attributes
        assert attributes["cn"] == ["Ä"] and attributes["description"] == ["folded line"]


@pytest.mark.parametrize("text, expected", [
    ("(uid=A)", True), ("(&(uid=a)(!(uid=b)))", True), ("(|(uid=b)(cn=*x*))", True), ("(mail=*)", False),
    ("(&(uid=a)(mail=*))", False)])
def test_filters_are_evaluated(tmp_path, text, expected):
    path = tmp_path / "x.ldif"
    path.write_text("dn: uid=a,ou=p\nobjectClass: person\nentryUUID: 1\nuid: a\ncn: yXz\n")
    (entry,) = read_ldif(path, {}).entries
    assert filter_matches(text, entry) is expected
