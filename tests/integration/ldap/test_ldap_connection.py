# SPDX-License-Identifier: Apache-2.0
"""Getting to a server and being sure that it is the right one: TLS, binds, failover, deadlines."""

import os
import socket
import time

import pytest
from conftest import PEOPLE, company
from slapd import SUFFIX, Slapd, free_port, make_certificates

BIND_DN = f"uid=sync,ou=service,{SUFFIX}"


@pytest.fixture
def silent():
    """The URL authority of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield "127.0.0.1:%d" % listener.getsockname()[1]


def test_ldaps_with_our_ca_works(read_as, server, certificates):
    read = read_as("sync", url=server.ldaps, ca_file=certificates / "ca.pem")
    assert read.completeness == "complete"


def test_starttls_with_our_ca_works(read_as, certificates):
    read = read_as("sync", starttls="true", ca_file=certificates / "ca.pem")
    assert read.completeness == "complete"


def test_certificate_of_another_ca_is_refused(read_as, server, tmp_path):
    other = make_certificates(tmp_path)
    for settings in ({"url": server.ldaps}, {"starttls": "true"}):
        read = read_as("sync", ca_file=other / "ca.pem", **settings)
        assert read.completeness == "failed" and read.error_class == "unreachable"
        assert f"not signed by a CA in {other}/ca.pem" in read.error


def test_certificate_for_another_name_is_refused(read, tmp_path, secret):
    certificates = make_certificates(tmp_path, san="DNS:ldap.example")
    with Slapd(company(), certificates=certificates) as server:
        result = read(url=server.ldaps, ca_file=certificates / "ca.pem", bind_dn=BIND_DN, password=secret())
        assert result.completeness == "failed" and "not for the name 127.0.0.1" in result.error
        assert BIND_DN not in server.log()


def test_unreadable_ca_file_is_a_configuration_error(read_as, server):
    read = read_as("sync", url=server.ldaps, ca_file="/nonexistent/ca.pem")
    assert read.error_class == "config" and "ca_file /nonexistent/ca.pem: No such file" in read.error


def test_ca_file_without_certificates_vouches_for_nobody(read_as, server, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    read = read_as("sync", url=server.ldaps, ca_file=empty)
    assert read.completeness == "failed" and str(empty) in read.error


def test_system_certificates_do_not_vouch_for_our_server(read_as, server):
    assert read_as("sync", url=server.ldaps).completeness == "failed"


def test_ldaprc_and_environment_do_not_switch_verification_off(read_as, server, tmp_path, monkeypatch):
    (tmp_path / "ldaprc").write_text("TLS_REQCERT never\n")
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    monkeypatch.setenv("LDAPTLS_CACERT", "/nonexistent")
    assert read_as("sync", url=server.ldaps).completeness == "failed"
    assert read_as("sync").completeness == "complete"


def test_refused_starttls_ends_the_attempt_before_any_bind(read, secret):
    with Slapd(company()) as server:
        before = server.log().count("BIND dn")
        result = read(url=server.url, starttls="true", bind_dn=BIND_DN, password=secret())
        assert result.completeness == "failed" and "StartTLS failed" in result.error
        assert server.log().count("BIND dn") == before and BIND_DN not in server.log()
        assert "EXT oid=1.3.6.1.4.1.1466.20037" in server.log()


def own_address():
    """An address of this machine that is not the loopback's; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


@pytest.mark.parametrize("allowed", [False, True])
def test_password_goes_to_another_machine_in_clear_text_only_if_allowed(read, secret, allowed):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        url = f"ldap://{own_address()}:{listener.getsockname()[1]}"
        result = read(url=url, bind_dn=BIND_DN, password=secret("hunter2"), connect_ms=500,
                      allow_plaintext=str(allowed).lower())
        connection, _ = listener.accept()
        with connection:
            assert (b"hunter2" in connection.recv(1000)) == allowed
    if not allowed:
        assert result.error_class == "config" and "not sent in clear text" in result.error


def test_ldapi_external_binds_as_the_user_of_the_process(read, server):
    result = read(url=server.ldapi, sasl="external")
    assert result.completeness == "complete" and len(result.of("user")) == PEOPLE
    assert f"gidNumber={os.getegid()}+uidNumber={os.geteuid()},cn=peercred" in server.log()


def test_external_over_tcp_is_a_configuration_error(read, server):
    result = read(url=server.url, sasl="external")
    assert result.error_class == "config" and "ldapi:// only" in result.error


@pytest.mark.parametrize("url, words", [("http://127.0.0.1/", "not an LDAP URL"), ("cldap://127.0.0.1/", "cldap://"),
                                        ("ldap:///", "names no host"), ("ldapi://" + "%2Fx" * 60, "longer than")])
def test_url_that_cannot_be_is_a_configuration_error(read, url, words):
    result = read(url=url)
    assert result.error_class == "config" and words in result.error


# --- failover ----------------------------------------------------------------------------------------------------------


def test_second_url_serves_when_the_first_is_dead(read_as, server, silent):
    dead = f"ldap://127.0.0.1:{free_port()}"
    read = read_as("sync", url=[dead, f"ldap://{silent}", server.url], connect_ms=300, debug="true")
    assert read.completeness == "complete" and f"connected to {server.url}" in read.log


def test_all_urls_dead_names_each(read_as):
    dead = [f"ldap://127.0.0.1:{free_port()}" for _ in range(2)]
    read = read_as("sync", url=dead)
    assert read.error_class == "unreachable" and all(url in read.error for url in dead)
    assert read.error.count("Connection refused") == 2


def test_refused_credentials_are_not_tried_on_the_next_server(read_as, server):
    before = server.log().count(f'BIND dn="{BIND_DN}"')
    read = read_as("sync", password="wrong", url=[server.url, server.url])
    assert read.error_class == "denied"
    assert server.log().count(f'BIND dn="{BIND_DN}"') == before + 1


def test_host_that_does_not_resolve_is_named(read):
    result = read(url="ldap://no-such-host.invalid")
    assert result.error_class == "unreachable" and "cannot resolve host no-such-host.invalid" in result.error


# --- deadlines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme, settings", [("ldap", {}), ("ldaps", {}), ("ldap", {"starttls": "true"})])
def test_silent_server_costs_the_connect_deadline_and_no_cpu(read, silent, certificates, scheme, settings):
    result = read(url=f"{scheme}://{silent}", connect_ms=1500, ca_file=certificates / "ca.pem", **settings)
    assert result.completeness == "failed" and result.error_class == "unreachable"
    assert "no answer within 1500ms (timeouts.connect)" in result.error
    assert 1.5 <= result.seconds < 3
    assert result.result["cpu_ms"] < 300


def test_connection_attempt_that_gets_no_answer_ends(read):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):  # the queue is full: the kernel drops further attempts
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(full.getsockname())
            waiting.append(client)
        time.sleep(0.1)
        result = read(url="ldap://127.0.0.1:%d" % full.getsockname()[1], connect_ms=700)
    assert result.error_class == "unreachable" and "Connection timed out" in result.error
    assert 0.7 <= result.seconds < 2


def test_run_deadline_ends_a_read_that_goes_on(read_as):
    read = read_as("sync", run_ms=500, slow_ms=100, page_size=2)
    assert read.completeness == "failed" and "longer than 500ms (timeouts.run)" in read.error
    assert read.seconds < 2


def test_slow_consumer_is_no_silence_of_the_server(read_as):
    read = read_as("sync", operation_ms=200, slow_ms=300, page_size=2, users__filter="(uid=u2)")
    assert read.completeness == "complete"


def test_server_killed_in_mid_read_is_never_complete(start, tmp_path):
    with Slapd(company()) as server:
        process = start(url=server.url, page_size=2, slow_ms=50)
        process.stdout.readline()
        server.kill()
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1 and '"result":"failed"' in output.splitlines()[-1]
    assert '"class":"unreachable"' in output.splitlines()[-1]
