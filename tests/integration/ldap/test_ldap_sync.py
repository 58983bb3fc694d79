# SPDX-License-Identifier: Apache-2.0
"""Content synchronization (RFC 4533) with a real slapd: what each kind of refresh says and what follows from it."""

import re
import signal
import time

import ldap
import pytest
from conftest import PEOPLE, company
from slapd import ADMIN, PASSWORD, SUFFIX, Slapd
from sync_run import Refresh, SyncRun, refresh

BASE = f"ou=people,{SUFFIX}"
SESSION_LOG = 5
PROVIDER = ["syncprov-checkpoint 1 1", f"syncprov-sessionlog {SESSION_LOG}"]


@pytest.fixture
def provider():
    with Slapd(company(), sync=PROVIDER) as slapd:
        yield slapd


@pytest.fixture
def admin(provider):
    connection = provider.admin()
    yield connection
    connection.unbind_s()


@pytest.fixture
def sync(provider):
    """A function that does one refresh, with a cookie if there is one."""

    def run(cookie=None, **settings):
        return refresh(**{"url": provider.url, "base": BASE, "filter": "(objectClass=inetOrgPerson)",
                          "attribute": ["cn", "mail"], "cookie": cookie, **settings})

    return run


@pytest.fixture
def persist(provider):
    """A function that starts a persisting search and gives it after its refresh."""
    runs = []

    def run(**settings):
        started = SyncRun(**{"url": provider.url, "base": BASE, "filter": "(objectClass=inetOrgPerson)",
                             "attribute": ["cn", "mail"], "persist": True, **settings})
        runs.append(started)
        started.refresh = Refresh(started.until("refresh"))
        return started

    yield run
    for started in runs:
        started.__exit__()


def dn(name):
    return f"uid={name},{BASE}"


def person(name):
    return [("objectClass", [b"inetOrgPerson"]), ("uid", [name.encode()]), ("cn", [b"Some One"]), ("sn", [b"One"])]


def set_mail(connection, name, mail):
    connection.modify_s(dn(name), [(ldap.MOD_REPLACE, "mail", [mail.encode()])])


def uuid_of(connection, name):
    return connection.search_s(name, ldap.SCOPE_BASE, attrlist=["entryUUID"])[0][1]["entryUUID"][0].decode()


def edit_beyond_the_session_log(connection):
    for number in range(SESSION_LOG + 3):
        set_mail(connection, "u9", f"again{number}@ex.org")


# --- refreshOnly -----------------------------------------------------------------------------------------------------


def test_without_a_cookie_everything_comes_and_the_rest_is_gone(sync, admin):
    first = sync()
    assert set(first.entries) == {dn(f"u{i}") for i in range(1, PEOPLE + 1)}
    assert first.end["kind"] == "done" and first.end["deletes"] and re.search("csn=", first.end["cookie"])
    assert {entry["state"] for entry in first.entries.values()} == {"add"}
    u3 = first.entries[dn("u3")]
    assert u3["attributes"] == {"cn": ["User 3"], "mail": ["u3@ex.org"]} and u3["uuid"] == uuid_of(admin, dn("u3"))
    assert first.verdict["verdict"] == "good" and first.verdict["absent_is_gone"]
    assert first.messages[-1] == {"kind": "afterwards", "entries": 1}


def test_with_a_current_cookie_nothing_comes_and_the_cookie_stays(sync):
    second = sync(sync().cookie())
    assert not second.entries and not second.sets
    assert second.end["deletes"] and "cookie" not in second.end
    assert second.verdict["verdict"] == "good" and second.verdict["cookie_act"] == "stays"
    assert not second.verdict["absent_is_gone"]


def test_edits_within_the_session_log_come_by_name(sync, admin):
    first = sync()
    gone = first.entries[dn("u2")]["uuid"]
    admin.add_s(dn("new"), person("new"))
    set_mail(admin, "u1", "other@ex.org")
    admin.delete_s(dn("u2"))
    second = sync(first.cookie())
    assert set(second.entries) == {dn("new"), dn("u1")}
    assert second.entries[dn("u1")]["attributes"]["mail"] == ["other@ex.org"]
    assert [message["ids"] for message in second.sets if message["deletes"]] == [[gone]]
    assert second.verdict["verdict"] == "good" and not second.verdict["absent_is_gone"]
    assert second.named("removed") == {gone} and len(second.named("came")) == 2
    assert second.cookie() != first.cookie()
    assert not sync(second.cookie()).entries


def test_a_new_name_keeps_the_uuid(sync, admin):
    first = sync()
    admin.rename_s(dn("u4"), "uid=renamed")
    second = sync(first.cookie())
    assert second.entries[dn("renamed")]["uuid"] == first.entries[dn("u4")]["uuid"]
    assert not second.named("removed")


def test_leaving_the_filter_is_a_removal_and_entering_it_an_addition(sync, admin):
    first = sync(filter="(mail=*@ex.org)")
    set_mail(admin, "u1", "u1@elsewhere.org")
    admin.add_s(dn("new"), [*person("new"), ("mail", [b"new@ex.org"])])
    second = sync(first.cookie(), filter="(mail=*@ex.org)")
    assert second.named("removed") == {first.entries[dn("u1")]["uuid"]}
    assert set(second.entries) == {dn("new")}


def test_moving_out_of_the_base_is_a_removal(sync, admin):
    first = sync()
    admin.rename_s(dn("u5"), "uid=u5", f"ou=groups,{SUFFIX}")
    second = sync(first.cookie())
    assert second.named("removed") == {first.entries[dn("u5")]["uuid"]} and not second.entries


def test_delete_and_recreate_of_one_dn_are_two_entries(sync, admin):
    first = sync()
    admin.delete_s(dn("u6"))
    admin.add_s(dn("u6"), person("u6"))
    second = sync(first.cookie())
    old, new = first.entries[dn("u6")]["uuid"], second.entries[dn("u6")]["uuid"]
    assert old != new and second.named("removed") == {old} and second.named("came") == {new}


def test_an_ou_renamed_with_its_children_is_one_message(sync, admin):
    everything = {"base": SUFFIX, "filter": "(objectClass=*)"}
    first = sync(**everything)
    admin.rename_s(BASE, "ou=staff")
    second = sync(first.cookie(), **everything)
    assert set(second.entries) == {f"ou=staff,{SUFFIX}"} and not second.named("removed")
    assert second.entries[f"ou=staff,{SUFFIX}"]["uuid"] == first.entries[BASE]["uuid"]


def test_older_than_the_session_log_the_present_ones_are_named_and_the_rest_is_gone(sync, admin):
    first = sync()
    gone = first.entries[dn("u2")]["uuid"]
    admin.delete_s(dn("u2"))
    edit_beyond_the_session_log(admin)
    second = sync(first.cookie())
    assert not second.end["deletes"] and set(second.entries) == {dn("u9")}
    assert second.verdict["verdict"] == "good" and second.verdict["absent_is_gone"]
    held = {entry["uuid"] for entry in first.entries.values()}
    assert held - set(second.verdict["named"]) == {gone} and not second.named("removed")


def test_a_restart_loses_the_session_log_and_nothing_else(sync, admin, provider):
    first = sync()
    admin.delete_s(dn("u2"))
    set_mail(admin, "u1", "other@ex.org")
    provider.restart()
    second = sync(first.cookie())
    assert not second.end["deletes"] and set(second.entries) == {dn("u1")} and second.verdict["absent_is_gone"]
    held = {entry["uuid"] for entry in first.entries.values()}
    assert held - set(second.verdict["named"]) == {first.entries[dn("u2")]["uuid"]}


def with_csn(cookie, csn):
    return re.sub(r"csn=\d{14}\.\d{6}", f"csn={csn}", cookie)


def test_an_ancient_cookie_brings_everything_again(sync):
    second = sync(with_csn(sync().cookie(), "20000101000000.000000"))
    assert len(second.entries) == PEOPLE and not second.end["deletes"]
    assert second.verdict["verdict"] == "good" and second.verdict["absent_is_gone"]


def test_an_unknown_server_id_brings_everything_again(sync):
    cookie = sync().cookie()
    second = sync(re.sub(r"#000#", "#0ff#", cookie))
    assert len(second.entries) == PEOPLE and second.verdict["absent_is_gone"] and second.cookie()


def test_a_garbage_cookie_comes_back_empty_and_has_to_be_forgotten(sync):
    second = sync("garbage")
    assert len(second.entries) == PEOPLE and second.end["cookie"] == "" and second.end["deletes"]
    assert second.verdict["verdict"] == "anew" and second.verdict["cookie_act"] == "gone"
    assert not second.verdict["absent_is_gone"]


def test_a_cookie_from_the_future_is_refused_as_newer(sync):
    second = sync(with_csn(sync().cookie(), "20990101000000.000000"))
    assert second.end["code"] == 53 and second.end["end"] == "newer"
    assert second.verdict["verdict"] == "newer" and second.verdict["cookie_act"] == "stays"
    assert "consumer state is newer than provider" in second.end["reason"]
    assert second.messages[-1]["kind"] == "afterwards"


def test_a_server_that_respects_the_reload_hint_asks_for_a_refresh_without_it():
    with Slapd(company(), sync=[*PROVIDER, "syncprov-reloadhint TRUE"]) as slapd:
        settings = {"url": slapd.url, "base": BASE, "filter": "(objectClass=inetOrgPerson)"}
        ancient = with_csn(refresh(**settings).cookie(), "20000101000000.000000")
        second = refresh(cookie=ancient, **settings)
        assert second.end["code"] == 4096 and second.end["end"] == "refresh required" and not second.entries
        assert second.verdict["verdict"] == "anew" and second.verdict["cookie_act"] == "gone"
        assert second.messages[-1]["kind"] == "afterwards"
        hinted = refresh(cookie=ancient, reload_hint=True, **settings)
        assert len(hinted.entries) == PEOPLE and hinted.verdict["absent_is_gone"]


def test_a_changed_filter_is_not_noticed_by_the_server_but_by_us(sync):
    cookie = sync(filter="(uid=u1)").cookie()
    assert not sync(cookie, filter="(uid=u2)").entries
    ours = sync(cookie, filter="(uid=u2)", other_settings=True)
    assert set(ours.entries) == {dn("u2")} and ours.verdict["absent_is_gone"]


def test_a_base_that_went_away_concludes_nothing(sync, admin):
    first = sync()
    admin.rename_s(BASE, "ou=staff")
    second = sync(first.cookie())
    assert second.end["code"] == 32 and second.end["class"] == "denied"
    assert second.verdict["verdict"] == "nothing" and second.verdict["cookie_act"] == "stays"
    assert not second.verdict["absent_is_gone"]


def test_a_size_limit_concludes_nothing():
    with Slapd(company(), sync=PROVIDER, database=["sizelimit 5"]) as slapd:
        cut = refresh(url=slapd.url, base=BASE, filter="(objectClass=inetOrgPerson)")
    assert cut.end["code"] == 4 and cut.end["end"] == "failed" and len(cut.entries) == 5
    assert cut.verdict["verdict"] == "nothing" and not cut.verdict["absent_is_gone"]


def test_a_server_without_the_overlay_refuses():
    with Slapd(company()) as slapd:
        refused = refresh(url=slapd.url, base=BASE)
    assert refused.end["code"] == 12 and refused.end["end"] == "failed" and refused.end["class"] == "config"
    assert "overlay syncprov" in refused.end["reason"] and refused.verdict["verdict"] == "nothing"


# --- refreshAndPersist -----------------------------------------------------------------------------------------------


def test_an_edit_arrives_within_a_tenth_of_a_second(persist, admin):
    run = persist()
    assert len(run.refresh.entries) == PEOPLE and run.refresh.end["kind"] == "phase"
    assert run.refresh.end["deletes"] and run.refresh.end["refresh_done"] and run.refresh.verdict["absent_is_gone"]
    delays = []
    for number in range(5):
        began = time.monotonic()
        set_mail(admin, "u1", f"m{number}@ex.org")
        came, message = run.next()
        delays.append(came - began)
        assert message["state"] == "modify" and message["attributes"]["mail"] == [f"m{number}@ex.org"]
        assert message["cookie"]
    assert sorted(delays)[len(delays) // 2] < 0.1


def test_persist_says_add_delete_rename_and_what_leaves(persist, admin):
    run = persist()
    held = run.refresh.entries
    admin.add_s(dn("new"), person("new"))
    admin.rename_s(dn("u4"), "uid=renamed")
    admin.delete_s(dn("u2"))
    admin.rename_s(dn("u5"), "uid=u5", f"ou=groups,{SUFFIX}")
    admin.delete_s(dn("u6"))
    admin.add_s(dn("u6"), person("u6"))
    messages = [run.next()[1] for _ in range(6)]
    assert [message["state"] for message in messages] == ["add", "modify", "delete", "delete", "delete", "add"]
    touched = [held[dn(name)]["uuid"] for name in ("u4", "u2", "u5", "u6")]
    assert [message["uuid"] for message in messages[1:5]] == touched
    assert messages[1]["dn"] == dn("renamed") and not messages[2]["attributes"]
    assert messages[5]["dn"] == dn("u6") and messages[5]["uuid"] != messages[4]["uuid"]


def test_persist_says_an_ou_rename_once(persist, admin):
    run = persist(base=SUFFIX, filter="(objectClass=*)")
    admin.rename_s(BASE, "ou=staff")
    child = f"uid=u1,ou=staff,{SUFFIX}"
    admin.modify_s(child, [(ldap.MOD_REPLACE, "mail", [b"after@ex.org"])])
    assert [run.next()[1]["dn"] for _ in range(2)] == [f"ou=staff,{SUFFIX}", child]


def test_the_cookie_of_a_persist_message_continues_there(persist, admin, sync):
    run = persist()
    set_mail(admin, "u1", "one@ex.org")
    cookie = run.next()[1]["cookie"]
    set_mail(admin, "u2", "two@ex.org")
    assert set(sync(cookie).entries) == {dn("u2")}


def test_closing_a_persisting_search_frees_the_connection(persist, admin):
    run = persist()
    run.say("close")
    assert [message["kind"] for message in run.rest()] == ["descriptor", "afterwards"]


def test_other_descriptor_signal_and_deadline_end_the_wait(persist):
    run = persist(wait_ms=1000)
    run.say("look")
    assert run.next()[1]["kind"] == "descriptor"
    run.process.send_signal(signal.SIGUSR1)
    assert run.next()[1]["kind"] == "signal"
    began = time.monotonic()
    assert [message["kind"] for message in run.rest()] == ["deadline", "afterwards"]
    assert 0.8 < time.monotonic() - began < 5


# --- a server that is not there any more -----------------------------------------------------------------------------


def test_a_killed_server_ends_the_wait(persist, provider):
    run = persist()
    provider.kill()
    began = time.monotonic()
    error = run.rest()[-1]
    assert error["kind"] == "error" and error["class"] == "unreachable" and "(-1)" in error["error"]
    assert f'sync of "{BASE}" for (objectClass=inetOrgPerson) at {provider.url}' in error["error"]
    assert time.monotonic() - began < 5


def test_a_stopped_server_is_noticed_by_the_heartbeat(persist, provider):
    run = persist(heartbeat_ms=300, operation_ms=700)
    provider.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        error = run.rest()[-1]
        assert error["kind"] == "error" and error["class"] == "unreachable"
        assert "silent for 700ms (timeouts.operation)" in error["error"]
        assert 0.9 < time.monotonic() - began < 5
    finally:
        provider.process.send_signal(signal.SIGCONT)


def await_log(server, text, times):
    end = time.monotonic() + 20
    while server.log().count(text) < times:
        assert time.monotonic() < end, f"slapd did not log {text} {times} times"
        time.sleep(0.02)


def test_a_heartbeat_that_is_answered_changes_nothing(persist, provider, admin):
    run = persist(heartbeat_ms=50)
    await_log(provider, "attr=contextCSN", 5)
    set_mail(admin, "u1", "later@ex.org")
    assert run.next()[1]["attributes"]["mail"] == ["later@ex.org"]
    run.say("close")
    assert run.rest()[-1]["kind"] == "afterwards"


def test_an_idle_persist_over_tls_outlives_the_longest_silence(certificates):
    with Slapd(company(), sync=PROVIDER, certificates=certificates) as slapd, SyncRun(
            url=slapd.ldaps, ca_file=certificates / "ca.pem", base=BASE, filter="(uid=*)", attribute="mail",
            persist=True, operation_ms=300, heartbeat_ms=200) as run:
        run.until("refresh")
        await_log(slapd, "attr=contextCSN", 8)
        connection = slapd.admin()
        set_mail(connection, "u1", "later@ex.org")
        connection.unbind_s()
        assert run.next()[1]["attributes"]["mail"] == ["later@ex.org"]
        run.say("close")
        assert run.rest()[-1]["kind"] == "afterwards"


def test_a_bound_reader_may_persist(persist, provider, admin):
    run = persist(bind_dn=ADMIN, password=PASSWORD)
    set_mail(admin, "u3", "bound@ex.org")
    assert run.next()[1]["dn"] == dn("u3")
