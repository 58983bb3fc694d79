# SPDX-License-Identifier: Apache-2.0
"""Streams of NATS JetStream: a message for each resource, stored once, in order, whatever happens on the way.

ROSTER_CHANGES: how many changes, of 500 messages each, are told while servers are killed.
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from event_apps import Page, blocks
from nats import STREAM, Nats
from postgres import SUPERUSER
from python_packages import packages
from rosterd import ROSTERD, Rosterd, wait_until
from told import SETTINGS, told  # noqa: F401  (fixture)

CHANGES = int(os.environ.get("ROSTER_CHANGES", "2"))


def target(nats, name="bus", more=""):
    return f'  {name}: {{ type: "nats"; url: "{getattr(nats, "url", nats)}"; stream: "{STREAM}"; resources: [ "app:*" ]; timeout: "2s"; {more} }}'


@pytest.fixture
def nats():
    with Nats() as it:
        yield it


@pytest.fixture
def company(told, nats):
    told.configure(target(nats))
    told.build()
    told.deliver()
    return told


def failing(told):
    (row,) = told.deliver(code=1)
    assert row["state"] == "failing", row
    return row["error"]


def test_each_resource_has_a_subject(company, nats):
    snapshot = nats.messages()
    assert [subject for subject, _, _ in snapshot] == ["roster.app.billing", "roster.app.shop", "roster.complete"]
    assert snapshot[2][2]["complete"] and not any("complete" in message for _, _, message in snapshot[:2])
    company.check(nats)
    company.leave(0)
    company.join(1, role="Developer")
    company.deliver()
    company.check(nats)
    told = nats.messages()[3:]
    assert [subject for subject, _, _ in told] == ["roster.app.billing", "roster.app.shop"]
    assert all({change["resource"]["id"] for change in message["changes"]} == {int(name.rpartition("_")[2])} for _, name, message in told)


def test_the_consumer_of_the_manual_keeps_a_copy(company, nats, cluster, tmp_path):
    (text,) = [block for block in blocks() if "jetstream()" in block]
    (tmp_path / "consumer").write_text(text)
    page = Page(cluster)
    environment = {**os.environ, "PYTHONPATH": str(packages()), "NATS_URL": nats.url, "DATABASE": f"{cluster.conninfo(page.database)} user={SUPERUSER}"}
    consumer = subprocess.Popen(["/usr/bin/python3", tmp_path / "consumer"], env=environment)
    try:
        wait_until(lambda: page.state() == known(company), "the snapshot to arrive")
        company.leave(0)
        company.join(1, role="Developer")
        company.deliver()
        wait_until(lambda: page.state() == known(company), "the change to arrive")
        assert consumer.poll() is None
    finally:
        consumer.kill()
        consumer.wait()
        page.close()


def known(told):
    return {number: people for number, people in told.truth().items() if people}


def test_it_is_told_when_it_is_there_again(company, nats):
    nats.nodes[0].kill()
    company.leave(0)
    assert "127.0.0.1" in failing(company) or "roster" in failing(company)
    nats.nodes[0].start().wait()
    company.at_once()
    company.deliver()
    company.check(nats)


class Deaf:
    """Between roster and the server: of what the server stores, the answer to the nth is lost, and the connection with it."""

    def __init__(self, port, lost):
        self.port, self.lost, self.acknowledged = port, set(lost), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"nats://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                ours, _ = self.listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self.port))
            for pair in ((ours, theirs, False), (theirs, ours, True)):
                threading.Thread(target=self.pass_on, args=pair, daemon=True).start()

    def pass_on(self, source, to, answers):
        try:
            while bytes_ := source.recv(65536):
                if answers and b'"seq":' in bytes_ and b'"stream":' in bytes_:
                    self.acknowledged += 1
                    if self.acknowledged in self.lost:
                        break
                to.sendall(bytes_)
        except OSError:
            pass
        for end in (source, to):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


@pytest.mark.parametrize("window", [None, 100_000_000], ids=["remembered", "forgotten"])
def test_what_was_stored_without_a_word_is_not_stored_twice(told, window):
    """Also when the stream no longer remembers the id: the last message of the subject does."""
    with Nats(**({"duplicate_window": window} if window else {})) as nats:
        deaf = Deaf(nats.nodes[0].port, [2, 3])
        told.configure(target(deaf.url))
        told.build(apps=("billing", "shop", "wiki"))
        for _ in range(4):
            told.roster.run("deliver", "--local")
            told.at_once()
        told.deliver()
        deaf.close()
        assert deaf.acknowledged == 4
        told.check(nats)
        assert len(nats.messages()) == 4


def test_another_who_tells_more_is_not_contradicted(company, nats):
    """Somebody was asleep while another led: what he would send is older than what is there."""
    later = {**nats.messages()[0][2], "revision": 10 ** 6, "changes": []}
    nats.publish("roster.app.billing", json.dumps(later))
    company.leave(0)
    assert "another rosterd tells it" in failing(company)


def test_what_somebody_else_sends_is_no_obstacle(company, nats):
    nats.publish("roster.app.billing", '{"what": "nobody knows"}')
    company.leave(0)
    company.deliver()
    last = nats.messages()[-2:]
    assert [subject for subject, _, _ in last] == ["roster.app.billing", "roster.app.shop"] and len(nats.messages()) == 6


def test_what_is_wrong_is_said(told, nats):
    told.configure(target(nats, more='subject: "other";'))
    told.build()
    assert "does the stream take this subject?" in failing(told)
    told.configure(target(nats).replace(STREAM, "NONE"))
    told.at_once()
    assert 'there is no stream "NONE"' in failing(told)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Signed by themselves, for this host and for another."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, host in (("ours", "127.0.0.1"), ("theirs", "127.0.0.2")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=nats",
                        "-addext", f"subjectAltName=IP:{host}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return folder


def test_a_token_is_shown(told):
    secret = told.roster.directory / "token"
    secret.write_text("open sesame")
    secret.chmod(0o600)
    with Nats(settings='authorization { token: "open sesame" }', options={"auth_token": "open sesame"}) as nats:
        told.configure(target(nats))
        told.build()
        assert "uthorization" in failing(told)
        told.configure(target(nats, more='token: "file:token";'))
        told.at_once()
        told.deliver()
        told.check(nats)


@pytest.mark.parametrize("name, trusted, flaw", [("ours", "ours", "there is no stream"), ("ours", None, "certificate"), ("theirs", "theirs", "IP address mismatch"),
                                                 (None, "ours", "Secure Connection not available")])
def test_whom_it_talks_to_is_known(told, certificates, name, trusted, flaw):
    """The one it is sent to, whom an authority it trusts vouches for, and never without encryption."""
    settings = f'tls {{ cert_file: "{certificates}/{name}.pem", key_file: "{certificates}/{name}.key" }}' if name else ""
    with Nats(settings=settings, scheme="tls", stream=False) as nats:
        told.configure(target(nats, more=f'ca_file: "{certificates}/{trusted}.pem"' if trusted else ""))
        told.build()
        assert flaw in failing(told)


def test_a_message_that_is_too_large_is_refused(told):
    with Nats(settings="max_payload: 4000") as nats:
        told.configure(target(nats))
        told.build(people=20)
        (row,) = told.deliver(code=1)
        assert row["lanes"] == 2 and "smaller batch" in str(told.roster.sql("select error from lanes")), row
        told.configure(target(nats, more="batch: 1;"))
        told.at_once()
        told.deliver()
        told.check(nats)


@pytest.mark.parametrize("word, flaw", [
    ('url: "nats://bus.example:4222"; stream: "R"', "without encryption"), ('url: "http://127.0.0.1"; stream: "R"', "not the address of a NATS server"),
    ('url: "tls://a tls://b:x"; stream: "R"', "port that cannot be"), ('url: "tls://a"', 'has no "stream"'), ('stream: "R"', 'has no "url"'),
    ('url: "tls://a"; stream: "R.S"', "another meaning"), ('url: "tls://a"; stream: "R"; subject: "a.>"', "another meaning"),
    ('url: "tls://a"; stream: "R"; sign: "file:key"', "does not apply to a target of type"),
    ('url: "tls://a"; stream: "R"; token: "file:key"; credentials: "x"', "exclude each other")])
def test_its_settings_are_checked(roster, word, flaw):
    roster.config.write_text(SETTINGS.format(targets=f'bus: {{ type: "nats"; {word}; resources: [ "**" ] }}'))
    result = roster.run("check")
    assert result.code == 78 and flaw in result.err, result


class Trouble:
    """One node after the other is killed and started again, or frozen for a while."""

    def __init__(self, nats):
        self.nats, self.done, self.times = nats, threading.Event(), 0
        self.thread = threading.Thread(target=self.make)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def make(self):
        while not self.done.wait(2 if self.times else 0.2):
            node = self.nats.nodes[self.times % len(self.nats.nodes)]
            if self.times % 3 == 2:
                node.send(signal.SIGSTOP)
                time.sleep(2.5)
                node.send(signal.SIGCONT)
            else:
                node.kill()
                time.sleep(0.3)
                node.start().wait()
            self.times += 1


@pytest.mark.parametrize("nodes", [1, 3])
def test_servers_are_killed_during_thousands_of_messages(told, nodes):
    with Nats(nodes=nodes) as nats:
        told.configure(target(nats))
        told.build(apps=())
        told.roster.brought("""insert into apps (name, owner, owner_group)
            select 'app' || n, u.id, group_at('/pay/api') from generate_series(1, 500) n, users u where u.login = 'admin'""")
        with Rosterd(told.roster.config, program=ROSTERD, environment=told.roster.environment()) as rosterd:
            rosterd.await_log("nats is ready")

            def up_to_date():
                return told.roster.run("deliver").code == 0
            wait_until(up_to_date, "the snapshot to be stored", 120)
            with Trouble(nats) as trouble:
                for number in range(CHANGES):
                    (told.leave if number % 2 == 0 else told.join)(number // 2 % 4)
                    wait_until(up_to_date, f"change {number} to be stored", 120)
            wait_until(up_to_date, "everything to be stored", 120)
        assert trouble.times > 0 and len(nats.messages()) >= 501 + CHANGES * 500
        told.check(nats)
