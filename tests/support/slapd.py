# SPDX-License-Identifier: Apache-2.0
"""A throw-away OpenLDAP server for tests: own directory, free port on 127.0.0.1, gone when the test is."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

import ldap

SUFFIX = "dc=ex,dc=org"
ADMIN = "cn=admin," + SUFFIX
PASSWORD = "secret"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged():
    """Arguments of subprocess that shed root: slapd as root would hide what a packaged one may not read."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    return {"user": "openldap" if "openldap" in names else "nobody", "extra_groups": []}


def make_certificates(directory, san="IP:127.0.0.1"):
    """A CA (ca.pem) and a server certificate (server.pem, server.key) signed by it."""
    directory = pathlib.Path(directory)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    (directory / "san").write_text(f"subjectAltName={san}\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "san", "-out", "server.pem")
    return directory


class Slapd:
    """with Slapd(ldif, database=[...], certificates=DIR) as server: ... server.url, server.ldaps, server.ldapi

    database: further lines of slapd.conf for the database, access rules included (everybody may read without any);
    settings: further global lines; sync: lines for overlay syncprov, None for no overlay. It stands last (before dynlist
    it crashes slapd 2.5 on a search with a current cookie) and has the index without which slapd takes any old cookie
    for a good one.
    log: changes are also kept in a database of their own, where syncprov finds them after a restart.
    """

    suffix = SUFFIX

    def __init__(self, ldif, database=(), settings=(), certificates=None, sync=None, log=False):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-slapd-"))
        self.directory.chmod(0o755)
        self.ldif = ldif
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.ldaps = f"ldaps://127.0.0.1:{self.tls_port}"
        self.ldapi = "ldapi://" + urllib.parse.quote(str(self.directory / "ldapi"), safe="")
        self.certificates = certificates
        self.process = None
        if log:
            (self.directory / "log.db").mkdir()
            settings = [*settings, "moduleload accesslog", "moduleload syncprov", "database mdb", "suffix cn=accesslog",
                        'rootdn "cn=admin,cn=accesslog"', f"directory {self.directory}/log.db", "maxsize 268435456",
                        "dbnosync", "index reqStart,entryCSN,objectClass,reqEntryUUID,reqDN eq", "overlay syncprov",
                        "syncprov-nopresent TRUE", "syncprov-reloadhint TRUE"]
            database = [*database, "overlay accesslog", "logdb cn=accesslog", "logops writes", "logsuccess TRUE"]
            sync = [*sync, "syncprov-sessionlog-source cn=accesslog"]
        if sync is not None:
            settings = settings if log else [*settings, "moduleload syncprov"]
            database = [*database, "index entryCSN,entryUUID eq", "overlay syncprov", *sync]
        self._write_configuration(database, settings)

    def _write_configuration(self, database, settings):
        schemas = [f"include /etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson", "nis")]
        if self.certificates:
            for name in ("ca.pem", "server.pem", "server.key"):
                shutil.copy(self.certificates / name, self.directory / name)
                (self.directory / name).chmod(0o644)
            settings = [*settings, f"TLSCACertificateFile {self.directory}/ca.pem",
                        f"TLSCertificateFile {self.directory}/server.pem",
                        f"TLSCertificateKeyFile {self.directory}/server.key"]
        lines = [*schemas, "modulepath /usr/lib/ldap", "moduleload back_mdb", f"pidfile {self.directory}/slapd.pid",
                 f"argsfile {self.directory}/slapd.args", *settings,
                 "database mdb", f'suffix "{SUFFIX}"', f'rootdn "{ADMIN}"', f"rootpw {PASSWORD}",
                 f"directory {self.directory}/db", "maxsize 268435456", "dbnosync", "index objectClass eq", *database]
        (self.directory / "db").mkdir()
        (self.directory / "slapd.conf").write_text("\n".join(lines) + "\n")
        (self.directory / "base.ldif").write_text(self.ldif)

    def own(self):
        """All that slapd writes to belongs to its user."""
        user = unprivileged()
        for folder in [self.directory, *self.directory.glob("*db")] if user else ():
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user["user"])

    def load(self, *options):
        self.own()
        subprocess.run(["/usr/sbin/slapadd", "-q", "-b", self.suffix, *options, "-f", self.directory / "slapd.conf", "-l",
                        self.directory / "base.ldif"], check=True, capture_output=True, **unprivileged())

    def __enter__(self):
        self.load()
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory)

    def start(self):
        urls = f"{self.url} {self.ldapi}" + (f" {self.ldaps}" if self.certificates else "")
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/slapd", "-f", self.directory / "slapd.conf", "-h", urls, "-d", "stats"],
                stdout=log, stderr=log, **unprivileged())
        self._await_answer()

    def _await_answer(self):
        for _ in range(200):
            try:
                connection = ldap.initialize(self.ldapi)
                connection.simple_bind_s(ADMIN, PASSWORD)
                connection.unbind_s()
                return
            except ldap.SERVER_DOWN:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError("slapd does not start:\n" + self.log())

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self):
        """An orderly one: what slapd keeps in memory is lost, what it writes when it stops is not."""
        self.process.terminate()
        self.process.wait(timeout=30)
        self.start()

    def rewrite(self, edit):
        """Stop, put edit(LDIF) in the place of the content, and start: what no CSN tells of."""
        user = unprivileged()
        self.process.terminate()
        self.process.wait(timeout=30)
        configuration = self.directory / "slapd.conf"
        text = subprocess.run(["/usr/sbin/slapcat", "-o", "ldif-wrap=no", "-f", configuration], check=True,
                              capture_output=True, text=True, **user).stdout
        for file in (self.directory / "db").iterdir():
            file.unlink()
        (self.directory / "again.ldif").write_text(edit(text))
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", configuration, "-l", self.directory / "again.ldif"],
                       check=True, capture_output=True, **user)
        self.start()

    def admin(self):
        """A python-ldap connection that may do everything."""
        connection = ldap.initialize(self.url)
        connection.simple_bind_s(ADMIN, PASSWORD)
        return connection
