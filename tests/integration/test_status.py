# SPDX-License-Identifier: Apache-2.0
"""What `rosterd: status` answers monitoring: over a unix socket and TCP, with a database and without, to good clients and bad."""

import http.client
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from postgres import Cluster
from roster import ROOT, Roster, make_database
from rosterd import ROSTERD, Rosterd, wait_until

SETTINGS = """version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
status: {{ listen: "{listen}" }}
sources: {{ corp: {{ type: "ldif"; file: "corp.ldif" }} }}
rules: {{ default_admins: [ "admin" ]; everybody: {{ users: "(uid=*)"; into: "/all"; role: "Contributor" }} }}
safety: {{ first_run: "apply" }}
"""
PERSON = """
dn: uid={0},dc=x
objectClass: inetOrgPerson
uid: {0}
entryUUID: 00000000-0000-4000-8000-00000000000{1}
"""
ANSWER_SECONDS, CONNECTION_SECONDS, CONNECTIONS, SLACK = 5, 10, 64, 3


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)  # with a time limit it would not wait for its turn
        self.sock.settimeout(self.timeout)


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()

    def figures(self):
        """{'roster_runs_total{source="corp",result="held"}': 0.0}"""
        return {series: float(value) for series, value in re.findall(r"^([^# ]\S*) (\S+)$", self.text, re.MULTILINE)}

    def metrics(self):
        return set(re.findall(r"^# TYPE (\w+) (?:counter|gauge|histogram)$", self.text, re.MULTILINE))


class Status:
    """A configuration with a status page, and the way to ask for it."""

    def __init__(self, roster, address=None):
        self.roster = roster
        self.socket = roster.directory / "status.sock"
        self.address = address
        roster.configure(SETTINGS.format(listen=address or f"unix:{self.socket}"))
        self.people("ann")

    def people(self, *logins):
        text = "version: 1\n" + "".join(PERSON.format(login, number) for number, login in enumerate(logins))
        (self.roster.directory / "corp.ldif").write_text(text)

    def sync(self):
        subprocess.run([ROSTERD, "--once", "-f", self.roster.config], env=self.roster.environment(), check=True, timeout=60,
                       cwd=self.roster.directory)

    def run(self):
        """rosterd with all its children."""
        return Rosterd(self.roster.config, program=ROSTERD, environment=self.roster.environment())

    def run_alone(self):
        """The one child without a supervisor, so that no other changes what it tells."""
        daemon = self.run()
        daemon.words = [ROSTERD, "--child", "status", "", "-f", self.roster.config]
        return daemon

    def connection(self):
        if self.address is None:
            return UnixConnection(self.socket)
        host, port = self.address.rsplit(":", 1)
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=30)

    def ask(self, path, method="GET", **request):
        connection = self.connection()
        connection.request(method, path, **request)
        answer = Answer(connection.getresponse())
        connection.close()
        print(f"{method} {path}: {answer.status}\n{answer.text if path != '/metrics' else ''}")
        return answer

    def figures(self):
        answer = self.ask("/metrics")
        assert answer.status == 200
        return answer.figures()

    def raw(self, *pieces):
        """What comes back for these bytes until the connection is closed."""
        connection = self.connection()
        connection.connect()
        for piece in pieces:
            connection.sock.sendall(piece)
        return read_all(connection.sock)


def read_all(sock):
    answer = b""
    try:
        while piece := sock.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    sock.close()
    return answer


def free_port(family, host):
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


@pytest.fixture
def status(roster):
    return Status(roster)


@pytest.fixture
def served(status):
    with status.run_alone() as daemon:
        daemon.await_log("status is told on")
        status.daemon = daemon
        yield status


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_figures_are_those_of_the_database(served):
    before = served.figures()
    assert before['roster_source_last_complete_timestamp_seconds{source="corp"}'] == 0
    assert before['roster_changes_total{kind="user",action="add"}'] == 0
    served.people("ann", "bob")
    served.sync()
    started = time.time()
    wait_until(lambda: served.figures()["roster_users_active"] == 3, "the figures of now")  # with the administrator
    after = served.figures()
    assert abs(after['roster_source_last_complete_timestamp_seconds{source="corp"}'] - started) < 60
    assert after["roster_revision"] > before["roster_revision"]
    assert after["roster_revision"] == served.roster.value("select roster.head()")
    assert after['roster_runs_total{source="corp",result="applied"}'] == 1
    assert after['roster_changes_total{kind="user",action="add"}'] == 2
    assert after['roster_changes_total{kind="grant",action="add"}'] == 2
    assert after['roster_changes_total{kind="group",action="add"}'] == 1
    assert after['roster_rule_matches{rule="everybody"}'] == 2
    assert after['roster_quarantined{source="corp"}'] == 0 and after['roster_run_held{source="corp"}'] == 0
    assert after["roster_database_up"] == 1 and 0 <= after["roster_metrics_age_seconds"] < 2


def test_a_page_of_the_text_format(served):
    answer = served.ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.split("\n")
    assert lines[-1] == ""
    form = re.compile(r'# (HELP|TYPE) \w+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [-+.e0-9]+')
    assert [line for line in lines[:-1] if not form.fullmatch(line)] == []
    series = [line.split(" ")[0] for line in lines[:-1] if not line.startswith("#")]
    assert len(series) == len(set(series)) and len(series) > 20


def test_the_manual_names_every_metric(served):
    """And the alerts ask for none that there is not."""
    printed = served.ask("/metrics").metrics()
    manual = (ROOT / "doc/rosterd.8").read_text(encoding="utf-8")
    section = re.search(r"^\.Sh METRICS\n(.*?)^\.Sh", manual, re.MULTILINE | re.DOTALL)[1]
    assert set(re.findall(r"^\.It Li (roster_\w+)", section, re.MULTILINE)) == printed
    alerts = (ROOT / "contrib/prometheus/alerts.yml").read_text(encoding="utf-8")
    asked = re.findall(r"\broster_\w+", "\n".join(re.findall(r"^\s+expr: (.*)", alerts, re.MULTILINE)))
    assert len(asked) >= 5 and set(asked) <= printed


def test_the_manual_names_the_labels(served):
    served.sync()
    section = (ROOT / "doc/rosterd.8").read_text(encoding="utf-8")
    labels = {name: re.findall(r"(\w+)=", rest) for name, rest in re.findall(r"^(roster_\w+)\{(.*)\} ", served.ask("/metrics").text, re.MULTILINE)}
    documented = {name: words.replace(",", " ").split() for name, words in re.findall(r"^\.It Li (roster_\w+) Ns Brq Ar (.*)$", section, re.MULTILINE)}
    assert labels and labels.items() <= documented.items()


def test_it_is_ready_when_each_source_was_read(served):
    answer = served.ask("/readyz")
    assert answer.status == 503 and answer.text == "source corp: it was never read completely\n"
    served.sync()
    wait_until(lambda: served.ask("/readyz").status == 200, "readiness")
    assert served.ask("/readyz").text == "ok\n"
    served.roster.sql("update runs set ended_at = now() - interval '46 minutes'")
    served.roster.sql("update sources set last_complete_at = now() - interval '46 minutes' where id <> 0")
    wait_until(lambda: served.ask("/readyz").status == 503, "lateness")
    assert re.fullmatch(r"source corp: it was last read completely \S+ ago, which should be within 45m\n", served.ask("/readyz").text)


def test_another_schema_is_not_ready(served):
    served.roster.sql("insert into migrations (version, name) values (9999, 'from the future')")
    answer = served.ask("/readyz")
    assert answer.status == 503 and "version 9999, newer than this program" in answer.text
    assert served.ask("/livez").status == 200


def test_a_database_without_a_schema_is_not_ready(cluster, tmp_path):
    with_nothing = Status(Roster(cluster, "postgres", tmp_path))
    with with_nothing.run_alone() as daemon:
        daemon.await_log("status is told on")
        answer = with_nothing.ask("/readyz")
        assert answer.status == 503 and answer.text == "the database holds no roster schema; type: rosterctl database init\n"
        figures = with_nothing.figures()
        assert figures["roster_database_up"] == 0 and "roster_metrics_age_seconds" not in figures


def test_the_session_is_the_daemons_and_cannot_write(served):
    """metrics() is replaced by one that tells under which conditions it is called."""
    served.roster.sql("""create or replace function metrics(sources text[]) returns table (metric text, label text, second_label text, value numeric)
        language sql stable security definer set search_path = roster, pg_temp as $$
        select 'roster_revision', null, null, case current_setting('transaction_read_only') when 'on' then 1 else 0 end
        union all select 'roster_quarantined', session_user::text, null, extract(epoch from current_setting('statement_timeout')::interval) $$""")
    figures = served.figures()
    assert figures["roster_revision"] == 1
    assert figures['roster_quarantined{source="roster_daemon"}'] == ANSWER_SECONDS


# --- requests ---------------------------------------------------------------------------------------------------------
def test_head_is_answered_without_a_body(served):
    for path in ("/metrics", "/livez", "/nowhere"):
        full, head = served.ask(path), served.ask(path, "HEAD")
        assert head.text == "" and head.status == full.status
        assert abs(int(head.headers["content-length"]) - len(full.text.encode())) < 8  # the age may be a digit longer
        assert b"\r\n\r\n" == served.raw(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())[-4:]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_only_get_and_head(served, method):
    for path in ("/metrics", "/nowhere"):
        answer = served.ask(path, method)
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"


def test_unknown_pages_are_told_which_there_are(served):
    for path in ("/", "/metric", "/metrics/", "/METRICS", "/livez/../metrics", "/%6detrics"):
        answer = served.ask(path)
        assert answer.status == 404 and answer.text.split("\n")[1:] == ["/livez", "/metrics", "/readyz", ""]
    assert served.ask("/livez?x=y").status == 200


def test_one_request_on_a_connection(served):
    answer = served.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("request_text", [
    b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET /livez HTTP/9.9\r\n\r\n", b"BREW /livez HTTP/1.1\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9 + b"\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"a" * 9000,
    b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
], ids=range(12))
def test_nonsense_is_refused(served, request_text):
    answer = served.raw(request_text)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert answer == b"" or re.match(rb"HTTP/1\.\d (400|405|413|431|501|505) ", answer), answer
    assert served.ask("/livez").status == 200


# --- where it listens -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "[::1]")], ids=["IPv4", "IPv6"])
def test_a_port(roster, family, host):
    port = free_port(family, host.strip("[]"))
    status = Status(roster, f"{host}:{port}")
    with status.run() as daemon:
        daemon.await_log("status is ready")
        assert status.ask("/livez").text == "ok\n"
        assert "roster_revision" in status.figures()
        assert not listens_elsewhere(port)


def listens_elsewhere(port):
    """Addresses other than loopback on which that port is open."""
    found = []
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{name}").read_text().split("\n")[1:-1]:
            _, local, _, state = line.split()[:4]
            address, number = local.split(":")
            if state == "0A" and int(number, 16) == port and address not in ("0100007F", "0" * 24 + "01000000"):
                found.append(local)
    return found


def test_the_socket_is_for_user_and_group_and_goes_with_the_service(status):
    with status.run() as daemon:
        daemon.await_log("status is ready")
        assert stat.S_IMODE(status.socket.stat().st_mode) == 0o660
        daemon.send(signal.SIGTERM)
        assert daemon.await_end() == 0
    assert not status.socket.exists()


def test_what_a_killed_one_left_is_replaced(status):
    with status.run() as daemon:
        pid = wait_until(lambda: daemon.count("status is ready") and daemon.children().get("status"), "status")
        os.kill(pid, signal.SIGKILL)
        daemon.await_log("status is ready", times=2)
        assert status.ask("/livez").status == 200


def test_what_is_no_socket_is_left_alone(status):
    status.socket.write_text("precious")
    with status.run() as daemon:
        daemon.await_log("there is something else of that name")
    assert status.socket.read_text() == "precious"


def test_a_reload_moves_it(status, tmp_path):
    with status.run() as daemon:
        daemon.await_log("status is ready")
        before, status.socket = status.socket, tmp_path / "other.sock"
        status.roster.configure(SETTINGS.format(listen=f"unix:{status.socket}"))
        daemon.send(signal.SIGHUP)
        daemon.await_log("status is ready", times=2)
        assert status.ask("/livez").status == 200 and not before.exists()
        status.roster.configure(re.sub(r"(?m)^status.*\n", "", status.roster.config.read_text()))
        daemon.send(signal.SIGHUP)
        wait_until(lambda: not status.socket.exists(), "the end of the socket")
        wait_until(lambda: "status" not in daemon.children(), "the end of the child")


# --- bad clients ------------------------------------------------------------------------------------------------------


def test_a_slow_client_is_cut_off(served):
    connection = served.connection()
    connection.connect()
    connection.sock.sendall(b"GET /livez HTTP/1.1\r\nX: ")
    begun, cut = time.monotonic(), threading.Event()

    def trickle():
        try:
            while not cut.wait(0.2):
                connection.sock.sendall(b"x")
        except OSError:
            pass

    trickler = threading.Thread(target=trickle)
    trickler.start()
    answer = read_all(connection.sock)
    cut.set()
    trickler.join()
    assert CONNECTION_SECONDS - 1 < time.monotonic() - begun < CONNECTION_SECONDS + SLACK and b" 200 " not in answer
    assert served.ask("/livez").status == 200


def test_many_idle_clients_do_not_keep_others_out(served):
    idle = []
    for _ in range(5 * CONNECTIONS):
        connection = served.connection()
        connection.connect()
        connection.sock.sendall(b"GET /")
        idle.append(connection.sock)
    begun = time.monotonic()
    assert served.ask("/livez").status == 200 and served.figures()["roster_database_up"] == 1
    assert time.monotonic() - begun < SLACK
    files = f"/proc/{served.daemon.process.pid}/fd"
    wait_until(lambda: len(os.listdir(files)) <= CONNECTIONS + 20, "fewer connections", seconds=SLACK)
    for sock in idle:
        sock.close()
    assert served.ask("/livez").status == 200


def test_clients_that_leave_before_the_answer(served):
    for _ in range(50):
        connection = served.connection()
        connection.connect()
        connection.sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.sock.close()
    assert served.figures()["roster_database_up"] == 1


def test_many_at_once_are_all_answered(served):
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(served.ask("/metrics").status)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40


# --- without the database ---------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    """Served from a server of its own, which can be stopped."""
    with Cluster() as cluster:
        roster = Roster(cluster, "roster", tmp_path)
        status = Status(roster)
        make_database(roster)
        status.sync()
        roster.close()
        with status.run_alone() as daemon:
            daemon.await_log("status is told on")
            status.daemon = daemon
            yield status


def test_while_the_database_is_away_what_was_known_is_told(own):
    before = own.figures()
    assert own.ask("/readyz").status == 200
    own.roster.cluster.stop()
    wait_until(lambda: own.figures()["roster_database_up"] == 0, "the loss")
    during = own.figures()
    assert during["roster_revision"] == before["roster_revision"]
    wait_until(lambda: own.figures()["roster_metrics_age_seconds"] > 1.5, "an age")
    answer = own.ask("/readyz")
    assert answer.status == 503 and answer.text.startswith("database: ") and answer.text.count("\n") == 1
    assert own.ask("/livez").status == 200
    assert own.daemon.count("level=warn ") == 1  # said once, not for each question
    own.roster.cluster.start()
    wait_until(lambda: own.ask("/readyz").status == 200, "readiness")
    after = own.figures()
    assert after["roster_database_up"] == 1 and after["roster_metrics_age_seconds"] < 2
    own.daemon.await_log("the database answers again")
    assert own.daemon.count("the database answers again") == 1


def test_a_restart_of_the_database_between_two_questions_is_not_noticed(own):
    assert own.figures()["roster_database_up"] == 1
    own.roster.cluster.stop()
    own.roster.cluster.start()
    time_passes = own.figures()["roster_metrics_age_seconds"]
    wait_until(lambda: own.figures()["roster_metrics_age_seconds"] < time_passes, "a fresh answer")
    assert own.figures()["roster_database_up"] == 1 and "answers again" not in own.daemon.log()


def backend(roster):
    return roster.value("select pid from pg_stat_activity where application_name = 'roster status'")


def test_a_database_that_hangs_holds_nobody_up(served):
    served.figures()
    hanging = backend(served.roster)
    os.kill(hanging, signal.SIGSTOP)
    try:
        answers = []
        begun = time.monotonic()
        waiting = threading.Thread(target=lambda: answers.append((served.figures(), time.monotonic() - begun)))
        wait_until(lambda: time.monotonic() - begun > 1.1, "the first answer to be old")
        waiting.start()
        asked = time.monotonic()
        assert served.ask("/livez").status == 200 and time.monotonic() - asked < 1
        waiting.join()
        (figures, seconds), = answers
        assert figures["roster_database_up"] == 0 and figures["roster_metrics_age_seconds"] > ANSWER_SECONDS
        assert ANSWER_SECONDS < seconds < ANSWER_SECONDS + 1.1 + SLACK
        assert served.ask("/readyz").text == "database: no answer within 5 s\n"
    finally:
        os.kill(hanging, signal.SIGCONT)
    wait_until(lambda: served.figures()["roster_database_up"] == 1, "the next session")


def test_told_to_stop_while_somebody_waits(served):
    served.figures()
    hanging = backend(served.roster)
    os.kill(hanging, signal.SIGSTOP)
    try:
        answers = []
        connections = [served.connection() for _ in range(3)]
        begun = time.monotonic()
        wait_until(lambda: time.monotonic() - begun > 1.1, "the first answer to be old")
        for connection in connections:
            connection.request("GET", "/metrics")
        served.daemon.send(signal.SIGTERM)
        for connection in connections:
            try:
                answers.append(connection.getresponse().status)
            except (http.client.HTTPException, OSError):
                answers.append(None)
        assert served.daemon.await_end() == 0 and time.monotonic() - begun < 1.1 + SLACK
        assert set(answers) <= {200, 503, None}
    finally:
        os.kill(hanging, signal.SIGCONT)
