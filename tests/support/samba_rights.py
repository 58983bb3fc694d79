# SPDX-License-Identifier: Apache-2.0
"""Who may or may not list what is in a place of Active Directory: an entry of its security descriptor (MS-DTYP 2.4)."""

import struct

import ldap
import ldap.controls

LIST_CHILDREN, READ_PROPERTY, LIST_OBJECT = 0x4, 0x10, 0x80
ALLOWED, DENIED, RIGHTS = 0, 1, LIST_CHILDREN | READ_PROPERTY | LIST_OBJECT
HEADER, LIST_HEADER = struct.Struct("<BBHIIII"), struct.Struct("<BBHHH")
# SD_FLAGS, of the access list alone: SEQUENCE { INTEGER 4 }.
ACCESS_LIST = ldap.controls.RequestControl("1.2.840.113556.1.4.801", True, b"\x30\x03\x02\x01\x04")
SHOW_DELETED = ldap.controls.RequestControl("1.2.840.113556.1.4.417", True)


def entries(descriptor):
    """The control bits of a descriptor, the revision of its access list, and the entries of that."""
    _, _, bits, _, _, _, at = HEADER.unpack_from(descriptor)
    revision, _, _, count, _ = LIST_HEADER.unpack_from(descriptor, at)
    found, at = [], at + LIST_HEADER.size
    for _ in range(count):
        (size,) = struct.unpack_from("<H", descriptor, at + 2)
        found.append(descriptor[at:at + size])
        at += size
    return bits, revision, found


def change(connection, dn, control, alter):
    """Make its access list alter(list)."""
    ((_, attributes),) = connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["nTSecurityDescriptor"],
                                                 serverctrls=[ACCESS_LIST, *control])
    bits, revision, found = entries(attributes["nTSecurityDescriptor"][0])
    wanted = alter(found)
    text = b"".join(wanted)
    descriptor = HEADER.pack(1, 0, bits, 0, 0, 0, HEADER.size) \
        + LIST_HEADER.pack(revision, 0, LIST_HEADER.size + len(text), len(wanted), 0) + text
    connection.modify_ext_s(dn, [(ldap.MOD_REPLACE, "nTSecurityDescriptor", [descriptor])], serverctrls=[ACCESS_LIST, *control])


def entry(kind, sid):
    return struct.pack("<BBHI", kind, 0, 8 + len(sid), RIGHTS) + sid


def set_denied(connection, dn, sid, denied):
    """Whether this account may list what is below dn, and see what it is."""
    ours = entry(DENIED, sid)
    change(connection, dn, [], lambda found: [*([ours] if denied else []), *(item for item in found if item != ours)])


def allow_deleted(connection, suffix, sid):
    """What dsacls does, as doc/directories.md says."""
    change(connection, f"CN=Deleted Objects,{suffix}", [SHOW_DELETED], lambda found: [*found, entry(ALLOWED, sid)])
