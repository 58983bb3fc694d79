# SPDX-License-Identifier: Apache-2.0
"""A throw-away Active Directory domain controller (Samba) for tests: LDAP and Kerberos only, in a network of its own."""

import atexit
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

import ldap
import ldap.controls

import inside
from postgres import quick_folder
from slapd import make_certificates

REALM = "EX.TEST"
SUFFIX = "DC=ex,DC=test"
PASSWORD = "Passw0rd!x"
ADMIN = f"Administrator@{REALM}"

NORMAL, DISABLED = 0x200, 0x202  # userAccountControl
NEVER = "9223372036854775807"


def filetime(seconds):
    """100 nanoseconds since 1601."""
    return str((int(seconds) + 11644473600) * 10000000)


def quoted(password):
    return f'"{password}"'.encode("utf-16-le")


def environment():
    return {**os.environ, "PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}


@functools.cache
def provisioned():
    """A new domain, made once in a process: each Samba begins with a copy."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-samba-", dir=quick_folder()))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    subprocess.run(["samba-tool", "domain", "provision", f"--realm={REALM}", "--domain=EX", "--server-role=dc",
                    "--dns-backend=NONE", f"--adminpass={PASSWORD}", f"--targetdir={directory / 'dc'}", "--host-name=dc1",
                    "--host-ip=127.0.0.1", "--option=interfaces=lo", "--option=bind interfaces only=yes", "--use-rfc2307"],
                   check=True, capture_output=True, text=True, env=environment())
    return directory / "dc"


class Samba:
    """with Samba() as domain: ... domain.ldaps, domain.ldap (StartTLS, GSSAPI), domain.ca, domain.admin()"""

    def __init__(self):
        # It waits for the disk at every change.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-samba-", dir=quick_folder()))
        self.directory.chmod(0o755)
        self.dc = self.directory / "dc"
        self.inside = None
        self.named = False  # for Kerberos, by the address it is reached at
        self.ca = make_certificates(self.directory) / "ca.pem"
        (self.directory / "server.key").chmod(0o600)

    def __enter__(self):
        try:
            self.provision()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.inside:
            print(f"samba ended: {self.inside.process.poll()}", self.log()[-4000:])
            self.inside.stop()
        shutil.rmtree(self.directory)

    def provision(self):
        shutil.copytree(provisioned(), self.dc)
        configuration = self.dc / "etc/smb.conf"
        configuration.write_text(configuration.read_text().replace(str(provisioned()), str(self.dc)))

    def environment(self):
        return environment()

    def start(self):
        options = {"server services": "ldap, kdc", "dcerpc endpoint servers": "", "log file": self.dc / "log.%m",
                   "pid directory": self.dc, "ncalrpc dir": self.dc / "ncalrpc", "tls enabled": "yes",
                   "tls cafile": self.ca, "tls certfile": self.directory / "server.pem",
                   "tls keyfile": self.directory / "server.key"}
        with open(self.directory / "log", "ab") as log:
            self.inside = inside.Inside(["/usr/sbin/samba", "-s", self.dc / "etc/smb.conf", "-i", "-M", "single",
                                         "--debug-stdout", *(f"--option={name}={value}" for name, value in options.items())],
                                        log)
        self.ldap = f"ldap://127.0.0.1:{self.inside.port(389)}"
        self.ldaps = f"ldaps://127.0.0.1:{self.inside.port(636)}"
        self.kdc = self.inside.port(88)
        self.await_answer()

    def await_answer(self):
        for _ in range(300):
            try:
                self.admin().unbind_s()
                return
            except ldap.LDAPError:
                if self.inside.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError("samba does not start:\n" + self.log()[-4000:])

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def restart(self, number=signal.SIGTERM):
        self.inside.signal(number)
        self.inside.process.wait(timeout=30)
        self.inside.stop()
        self.start()

    def tool(self, *words):
        subprocess.run(["samba-tool", *map(str, words)], check=True, capture_output=True, text=True, env=self.environment())

    def keytab(self, login):
        """The file with the key of an account, and the environment in which Kerberos finds this domain."""
        if not self.named:
            self.tool("spn", "add", "ldap/127.0.0.1", "DC1$", "-H", self.dc / "private/sam.ldb")
            self.named = True
        path = self.directory / f"{login}.keytab"
        path.unlink(missing_ok=True)
        self.tool("domain", "exportkeytab", path, f"--principal={login}@{REALM}", "-s", self.dc / "etc/smb.conf")
        settings = self.directory / "krb5.conf"
        settings.write_text(f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
                            f" rdns = false\n udp_preference_limit = 1\n[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{self.kdc}\n }}\n")
        return path, {"KRB5_CONFIG": str(settings)}

    @property
    def ldapi(self):
        """Of the server's own user: everything is allowed, and nobody is asked who he is."""
        return "ldapi://" + urllib.parse.quote(str(self.dc / "private/ldap_priv/ldapi"), safe="")

    def admin(self):
        connection = ldap.initialize(self.ldapi)
        connection.search_s("", ldap.SCOPE_BASE, "(objectClass=*)", ["namingContexts"])
        return connection


# --- entries ------------------------------------------------------------------------------------------------------------


def add(connection, dn, **attributes):
    values = {name: [item if isinstance(item, bytes) else str(item).encode() for item in
                     (value if isinstance(value, (list, tuple)) else [value])] for name, value in attributes.items()}
    connection.add_s(dn, list(values.items()))
    return dn


def add_unit(connection, name, parent=SUFFIX):
    return add(connection, f"OU={name},{parent}", objectClass="organizationalUnit")


def add_user(connection, login, parent, flags=NORMAL, **attributes):
    name = attributes.pop("cn", login)
    return add(connection, f"CN={name},{parent}", objectClass="user", sAMAccountName=login, userAccountControl=flags,
               unicodePwd=quoted(PASSWORD), **{"displayName": login, "mail": f"{login}@ex.test", **attributes})


def add_group(connection, name, parent, members=()):
    more = {"member": list(members)} if members else {}
    return add(connection, f"CN={name},{parent}", objectClass="group", sAMAccountName=name, **more)


def modify(connection, dn, **attributes):
    connection.modify_s(dn, [(ldap.MOD_REPLACE, name, None if value is None else
                              [item if isinstance(item, bytes) else str(item).encode() for item in
                               (value if isinstance(value, (list, tuple)) else [value])]) for name, value in attributes.items()])


def value(connection, dn, name):
    ((_, attributes),) = connection.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [name])
    return attributes.get(name, [None])[0]
