# SPDX-License-Identifier: Apache-2.0
"""A throw-away 389 Directory Server for tests: own directory, free port on 127.0.0.1, gone when the test is.

Its configuration is made from the template of the package, as dscreate does, but with everything in one directory and
with what a test wants set before the first start: that takes a second, where dscreate takes nine. Nothing is written
elsewhere, no unit of systemd is touched."""

import base64
import hashlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

import ldap

from slapd import free_port

SHARED = pathlib.Path("/usr/share/dirsrv")
SUFFIX = "dc=ex,dc=org"
ADMIN = "cn=Directory Manager"
PASSWORD = "Secret123!"

PLUGINS = "cn=plugins,cn=config"
CHANGELOG = f"cn=Retro Changelog Plugin,{PLUGINS}"
SYNC = f"cn=Content Synchronization,{PLUGINS}"
MEMBER_OF = f"cn=MemberOf Plugin,{PLUGINS}"
INTEGRITY = f"cn=referential integrity postoperation,{PLUGINS}"
DATABASE = f"cn=ldbm database,{PLUGINS}"

# What an administrator sets so that the server says what changed, and keeps its groups in order.
FOLLOWED = {
    CHANGELOG: {"nsslapd-pluginEnabled": "on", "nsslapd-attribute": "nsuniqueid:targetUniqueId",
                "nsslapd-changelogmaxage": "2d"},
    SYNC: {"nsslapd-pluginEnabled": "on"},
    MEMBER_OF: {"nsslapd-pluginEnabled": "on"},
    INTEGRITY: {"nsslapd-pluginEnabled": "on"},
}

# Small caches, no waiting for disks: a test's directory is worth nothing.
QUICK = {
    "cn=config": {"nsslapd-listenhost": "127.0.0.1", "nsslapd-rootpwstoragescheme": "SSHA",
                  "passwordStorageScheme": "SSHA", "nsslapd-accesslog-logging-enabled": "off",
                  "nsslapd-errorlog-maxlogsperdir": "1", "nsslapd-maxdescriptors": "256"},
    f"cn=config,{DATABASE}": {"nsslapd-cache-autosize": "0", "nsslapd-dbcachesize": "10000000",
                              "nsslapd-db-durable-transaction": "off"},
}

BACKEND = f"""
dn: cn=userroot,{DATABASE}
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userroot
nsslapd-suffix: {SUFFIX}

dn: cn="{SUFFIX}",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {SUFFIX}
nsslapd-state: backend
nsslapd-backend: userroot
"""


def unprivileged():
    """Arguments of subprocess that shed root."""
    if os.geteuid() == 0:
        return {"user": "dirsrv", "group": "dirsrv", "extra_groups": []}
    if pwd.getpwuid(os.geteuid()).pw_name != "dirsrv":
        raise RuntimeError("389 Directory Server is run by root or by dirsrv")
    return {}


def hashed(password):
    """RFC 2307, quick to compare: a directory with the server's own scheme spends its time with binds."""
    salt = b"saltsalt"
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


def normal(dn):
    return re.sub(r"\s*,\s*", ",", dn.lower())


class Configuration:
    """dse.ldif"""

    def __init__(self, text):
        text = re.sub(r"\n ", "", re.sub(r"(?m)^#.*\n", "", text))
        records = [record.strip().splitlines() for record in re.split(r"\n\s*\n", text) if record.strip()]
        self.entries = {normal(lines[0].split(":", 1)[1].strip()): lines for lines in records}

    def set(self, dn, name, value):
        """value: one, a list of them, or None for none."""
        lines = self.entries[normal(dn)]
        lines[1:] = [line for line in lines[1:] if line.split(":")[0].lower() != name.lower()]
        values = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        lines += [f"{name}: {item}" for item in values]

    def text(self):
        return "\n\n".join("\n".join(lines) for lines in self.entries.values()) + "\n"


class DS389:
    """with DS389(FOLLOWED, schema=[TEXT]) as server: ... server.url, server.ldapi, server.admin()

    settings: {DN: {attribute: value}} of the configuration, later ones win; schema: further LDIF of cn=schema. The suffix
    exists and holds nothing; nobody but the Directory Manager may read it until the test adds an ACI."""

    def __init__(self, *settings, schema=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-389-"))
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.ldapi = "ldapi://" + urllib.parse.quote(str(self.directory / "ldapi"), safe="")
        self.process = None
        self.user = unprivileged()
        self._write(settings, schema)

    def _write(self, settings, schema):
        places = {f"{name}_dir": self.directory / name for name in
                  ("config", "lock", "tmp", "cert", "ldif", "bak", "run", "inst", "log", "db")}
        places["schema_dir"] = self.directory / "config/schema"
        for place in places.values():
            place.mkdir()
        shutil.copy("/etc/dirsrv/config/slapd-collations.conf", self.directory / "config")
        for number, text in enumerate(schema):
            (self.directory / f"config/schema/90test{number}.ldif").write_text(text)
        (self.directory / "config/schema/99user.ldif").write_text("dn: cn=schema\n")
        values = {**places, "fqdn": "localhost", "ds_port": self.port, "ds_user": "dirsrv", "rootdn": ADMIN,
                  "ds_passwd": hashed(PASSWORD), "ldapi_enabled": "on", "ldapi": self.directory / "ldapi",
                  "ldapi_autobind": "off", "ds_suffix": SUFFIX, "db_home_dir": self.directory / "db", "db_lib": "bdb"}
        text = (SHARED / "data/template-dse.ldif").read_text() + BACKEND
        configuration = Configuration(re.sub(r"%(\w+)%", lambda found: str(values[found.group(1)]), text))
        for group in (QUICK, *settings):
            for dn, attributes in group.items():
                for name, value in attributes.items():
                    configuration.set(dn, name, value)
        (self.directory / "config/dse.ldif").write_text(configuration.text())

    def __enter__(self):
        try:
            if self.user:
                for path in (self.directory, *self.directory.rglob("*")):
                    shutil.chown(path, self.user["user"], self.user["group"])
            self.start()
            self.admin().add_s(SUFFIX, [("objectClass", [b"top", b"domain"]), ("dc", [b"ex"])])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory)

    def start(self):
        with open(self.directory / "output", "ab") as output:
            self.process = subprocess.Popen(
                ["/usr/sbin/ns-slapd", "-D", self.directory / "config", "-i", self.directory / "run/pid", "-d", "0"],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, **self.user)
        self._await_answer()

    def _await_answer(self):
        for _ in range(1000):
            try:
                self.admin().unbind_s()
                return
            except ldap.SERVER_DOWN:
                if self.process.poll() is not None:
                    break
                time.sleep(0.03)
        raise RuntimeError("ns-slapd does not start:\n" + self.log()[-4000:])

    def log(self):
        texts = [path.read_text(errors="replace") for path in
                 (self.directory / "output", self.directory / "log/errors") if path.exists()]
        return "\n".join(texts)

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)

    def restart(self, number=signal.SIGTERM):
        self.kill(number)
        self.start()

    def admin(self):
        """A python-ldap connection that may do everything."""
        return self.bound(ADMIN)

    def bound(self, dn, password=PASSWORD):
        connection = ldap.initialize(self.url)
        connection.simple_bind_s(dn, password)
        return connection


# --- entries ------------------------------------------------------------------------------------------------------------


def octets(value):
    return [item if isinstance(item, bytes) else str(item).encode()
            for item in (value if isinstance(value, (list, tuple)) else [value])]


def add(connection, dn, **attributes):
    connection.add_s(dn, [(name, octets(value)) for name, value in attributes.items()])
    return dn


def add_unit(connection, name, parent=SUFFIX, **more):
    return add(connection, f"ou={name},{parent}", objectClass="organizationalUnit", ou=name, **more)


def add_user(connection, login, parent, **attributes):
    return add(connection, f"uid={login},{parent}", **{
        "objectClass": ["inetOrgPerson"], "uid": login, "cn": login, "sn": login, "mail": f"{login}@ex.org", **attributes})


def add_group(connection, name, parent, members=(), **attributes):
    more = {"member": list(members)} if members else {}
    return add(connection, f"cn={name},{parent}", **{"objectClass": "groupOfNames", "cn": name, **more, **attributes})


def modify(connection, dn, **attributes):
    connection.modify_s(dn, [(ldap.MOD_REPLACE, name, None if value is None else octets(value))
                             for name, value in attributes.items()])


def value(connection, dn, name):
    ((_, attributes),) = connection.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [name])
    return attributes.get(name, [None])[0]


def add_account(connection, name="sync", parent=SUFFIX, password=PASSWORD, **attributes):
    """Who reads for roster: all but passwords, and no limit on how much."""
    limits = {"nsSizeLimit": -1, "nsLookThroughLimit": -1, "nsTimeLimit": -1, "nsIdleTimeout": -1}
    account = add(connection, f"uid={name},{parent}", objectClass=["account", "simpleSecurityObject", "extensibleObject"],
                  uid=name, userPassword=password, **{**limits, **attributes})
    allow(connection, SUFFIX, account)
    return account


def allow(connection, dn, account, attributes='targetattr!="userPassword || aci"', rights="read, search, compare"):
    rule = f'({attributes})(version 3.0; acl "{account} may"; allow ({rights}) userdn="ldap:///{account}";)'
    connection.modify_s(dn, [(ldap.MOD_ADD, "aci", rule.encode())])
