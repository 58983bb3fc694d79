# SPDX-License-Identifier: Apache-2.0
"""FreeIPA, which is not in Debian 12: 389 Directory Server dressed as FreeIPA, with the tree and the few elements of schema
that roster reads, and with the dialect named in the configuration."""

import time

import pytest

import ds389
from ds389 import SUFFIX, add, modify
from ds389_site import DEVELOPER, Site

# The names of FreeIPA, with what is enough of their definitions.
IPA_SCHEMA = """dn: cn=schema
attributeTypes: ( 2.16.840.1.113730.3.8.3.1 NAME 'ipaUniqueID' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributeTypes: ( 2.16.840.1.113719.1.301.4.6.1 NAME 'krbPrincipalExpiration' EQUALITY generalizedTimeMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectClasses: ( 2.16.840.1.113730.3.8.4.1 NAME 'ipaObject' AUXILIARY MUST ipaUniqueID )
objectClasses: ( 2.16.840.1.113730.3.8.4.3 NAME 'ipaUserGroup' AUXILIARY )
objectClasses: ( 2.16.840.1.113719.1.301.6.8.1 NAME 'krbPrincipalAux' AUXILIARY MAY krbPrincipalExpiration )
objectClasses: ( 2.16.840.1.113730.3.8.4.99 NAME 'testNestedGroup' STRUCTURAL MUST cn MAY ( member $ description ) )
"""


@pytest.fixture
def ipa(roster):
    """cn=accounts with people and groups; stage users, deleted ones and the copies for old clients are elsewhere."""
    server = ds389.DS389(ds389.FOLLOWED, schema=[IPA_SCHEMA])
    with server:
        site = Site(server, roster, SUFFIX)
        d = site.directory
        ds389.add_account(d)
        accounts = add(d, f"cn=accounts,{SUFFIX}", objectClass="nsContainer", cn="accounts")
        site.staff = add(d, f"cn=users,{accounts}", objectClass="nsContainer", cn="users")
        site.groups = add(d, f"cn=groups,{accounts}", objectClass="nsContainer", cn="groups")
        provisioning = add(d, f"cn=provisioning,{SUFFIX}", objectClass="nsContainer", cn="provisioning")
        site.stage = add(d, f"cn=staged,{provisioning}", objectClass="nsContainer", cn="staged")
        site.configure(users="", groups="", units="", more='dialect: "freeipa";')
        yield site


def ipa_user(site, login, number, parent=None, **attributes):
    return site.user(login, parent=parent, **{
        "objectClass": ["inetOrgPerson", "posixAccount", "ipaObject", "krbPrincipalAux"], "uidNumber": number,
        "gidNumber": number, "homeDirectory": "/", "ipaUniqueID": f"e7a4ba5c-0000-11ee-8c99-{number:012}", **attributes})


def ipa_group(site, name, number, *members):
    return add(site.directory, f"cn={name},{site.groups}", objectClass=["testNestedGroup", "ipaUserGroup", "ipaObject"],
               cn=name, ipaUniqueID=f"e7a4ba5c-0000-11ee-8c99-{number:012}", **({"member": list(members)} if members else {}))


def test_freeipa_people_are_those_of_its_accounts(ipa):
    alice, bob = ipa_user(ipa, "alice", 1), ipa_user(ipa, "bob", 2)
    ipa_user(ipa, "stage", 3, parent=ipa.stage)
    ipa_group(ipa, "pay-api-devs", 10, alice, ipa_group(ipa, "inner", 11, bob))
    ipa_group(ipa, "empty-team-devs", 12)
    done = ipa.roster.ctl("-v", "sync")
    assert "FreeIPA keeps a record of changes for its DNS only" in done.err
    assert ipa.people() == {"alice": True, "bob": True}
    assert DEVELOPER in ipa.holdings("alice") & ipa.holdings("bob")
    ids = {row["external_id"] for row in ipa.roster.sql("select external_id from directory_entries where kind = 'user'")}
    assert ids == {f"e7a4ba5c-0000-11ee-8c99-{number:012}" for number in (1, 2)}
    ipa.directory.rename_s(f"uid=stage,{ipa.stage}", "uid=stage", newsuperior=ipa.staff)
    assert ipa.sync()["completeness"] == "complete" and ipa.people()["stage"]


def test_freeipa_accounts_are_disabled_and_expire(ipa):
    def moment(seconds):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
    alice = ipa_user(ipa, "alice", 1)
    bob = ipa_user(ipa, "bob", 2, krbPrincipalExpiration=moment(86400))
    ipa_user(ipa, "carol", 3, krbPrincipalExpiration=moment(-60))
    ipa.sync()
    assert ipa.people() == {"alice": True, "bob": True}
    modify(ipa.directory, alice, nsAccountLock="TRUE")
    modify(ipa.directory, bob, krbPrincipalExpiration=moment(-1))
    ipa.sync()
    assert ipa.people() == {"alice": False, "bob": False}
    modify(ipa.directory, alice, nsAccountLock="FALSE")
    modify(ipa.directory, bob, krbPrincipalExpiration=None)
    ipa.sync()
    assert ipa.people() == {"alice": True, "bob": True}
