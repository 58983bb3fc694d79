# SPDX-License-Identifier: Apache-2.0
"""Two OpenLDAP servers that both take changes: how far each is, and one that lags."""

import ldap
import pytest

import company
from company import change, group, person
from providers import Pair
from pushing import Site, await_true

DEVS, ADMINS = group("pay-api-devs"), group("pay-api-admins")
LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"


@pytest.fixture
def pair():
    hidden = f'access to attrs=contextCSN by dn.exact="{company.account("half")}" none by * break'
    with Pair(company.ldif(), [hidden, *company.ACCESS], ["syncprov-checkpoint 1 1", "syncprov-sessionlog 1000"]) as pair:
        yield pair


@pytest.fixture
def site(pair, roster):
    site = Site(pair.first, roster)
    site.configure(url=f"{pair.first.url} {pair.second.url}", safety=LOOSE)
    yield site
    site.finish()


def stop(server):
    server.process.terminate()
    server.process.wait()


def await_same(pair):
    def same():
        numbers = pair.numbers()
        return numbers[0] == numbers[1]
    await_true(same)


def cookies(site):
    return {row["part"]: row["cookie"].split(",csn=") for row in site.roster.sql(
        "select part, convert_from(cookie, 'UTF8') as cookie from source_cookies")}


def servers_of(csns):
    return [csn.split("#")[2] for csn in csns.split(";")]


def administrators(site):
    return {row["login"] for row in site.roster.sql("""select u.login from grants g join users u on u.id = g.user_id
        join roles r on r.id = g.role where r.name = 'Administrator' and u.active and resource_name(g.anchor) = 'group:/pay/api'""")}


def test_a_cookie_keeps_what_each_server_said(pair, site):
    """A change names the server it was made at, and no other; who forgot the others would be told everything again."""
    site.start()
    head = site.head()
    change(pair.second.admin(), DEVS, "add", "member", person(7))
    head = site.await_head(head)
    change(pair.first.admin(), DEVS, "add", "member", person(8))
    site.await_head(head)
    await_true(lambda: all(servers_of(csns) == ["001", "002"] for _, csns in cookies(site).values()), what=str(cookies(site)))
    assert {start for start, _ in cookies(site).values()} == {"rid=000"}, "no cookie pretends to be a server"
    assert site.children[-1].end() == 0
    change(pair.second.admin(), DEVS, "delete", "member", person(8))
    site.start()
    run = site.last_run()
    assert (run["completeness"], run["entries"]) == ("changes", 1)


def test_what_is_changed_at_a_server_is_told_by_the_other_one(pair, site):
    """Whose cookie came from the first one is not the first one: it would be spared what was changed there."""
    assert site.start().end() == 0
    stop(pair.first)
    site.start()
    assert site.last_run()["completeness"] == "changes", "it goes on at the second one"
    head = site.head()
    change(pair.second.admin(), DEVS, "add", "member", person(7))
    head = site.await_head(head)
    pair.first.start()
    await_same(pair)
    change(pair.first.admin(), DEVS, "add", "member", person(8))
    site.await_head(head)
    assert ("group:/pay/api", "Developer") in site.holdings("u7") & site.holdings("u8")
    site.assert_true()


def replace_admin_while_second_lags(pair, site):
    change(pair.first.admin(), ADMINS, "replace", "member", person(11))
    pair.first.admin().delete_s(person(5))
    await_true(lambda: administrators(site) == {"u11"} and "u5" not in site.active())


def test_a_server_that_lags_tells_nothing(pair, site):
    """It is newer in what was changed at itself, so that it does not say so."""
    child = site.start()
    with pair.second_lags():
        change(pair.second.admin(), DEVS, "add", "member", person(7))
        await_true(lambda: ("group:/pay/api", "Developer") in site.holdings("u7"))
        replace_admin_while_second_lags(pair, site)
        change(pair.second.admin(), DEVS, "add", "member", person(8))
        stop(pair.first)
        child.await_word(f"{pair.second.url} is behind what was read before .*#001#.*another server is tried.*sync --full")
        assert administrators(site) == {"u11"} and "u5" not in site.active()
        assert {run["completeness"] for run in site.runs()[1:]} <= {"changes", "failed"}
        pair.first.start()
        change(pair.first.admin(), ADMINS, "add", "member", person(20))
        await_true(lambda: administrators(site) == {"u11", "u20"}, what=child.said())
    await_same(pair)
    assert "u5" not in site.active()
    site.assert_true()


@pytest.mark.parametrize("changes", ["", 'changes: "full"', 'changes: "timestamp"'])
def test_nothing_is_read_whole_from_a_server_that_lags(pair, site, changes):
    site.configure(more=f'poll: "1h"; {changes}', url=f"{pair.second.url} {pair.first.url}")
    site.start()
    with pair.second_lags():
        change(pair.first.admin(), ADMINS, "replace", "member", person(11))
        site.configure(url=f"{pair.first.url} {pair.second.url}")
        site.restart()
        assert administrators(site) == {"u11"}
        site.configure(url=f"{pair.second.url} {pair.first.url}")
        child = site.restart()
        assert f"{pair.second.url} is behind what was read before" in child.said()
        assert site.last_run()["completeness"] == "complete" and administrators(site) == {"u11"}
        stop(pair.first)
        assert "sync --full" in site.roster.ctl("sync", code=69).err
        assert administrators(site) == {"u11"}
        pair.first.start()
    await_same(pair)
    stop(pair.first)
    assert site.roster.json("sync")["sources"][0]["changes"] == [] and administrators(site) == {"u11"}


def test_whoever_wants_what_is_left_gets_it(pair, site):
    """The first server is lost for good, and with it what nobody else had."""
    child = site.start()
    with pair.second_lags():
        replace_admin_while_second_lags(pair, site)
        stop(pair.first)
        child.await_word(f"{pair.second.url} is behind")
        done = site.roster.json("sync", "--full")["sources"][0]
        assert done["completeness"] == "complete"
        assert administrators(site) == {"u10"} and "u5" in site.active()
        child.await_word(f"what {pair.second.url} has is taken as it is, although more was read before")
        change(pair.second.admin(), ADMINS, "add", "member", person(20))
        await_true(lambda: administrators(site) == {"u10", "u20"}, what="from now on it is followed")


def test_full_prefers_a_server_that_does_not_lag(pair, site):
    site.start()
    with pair.second_lags():
        change(pair.first.admin(), ADMINS, "replace", "member", person(11))
        await_true(lambda: administrators(site) == {"u11"})
        site.configure(url=f"{pair.second.url} {pair.first.url}")
        site.restart()
        assert site.roster.json("sync", "--full")["sources"][0]["completeness"] == "complete"
        assert administrators(site) == {"u11"}


def test_who_may_not_see_how_far_a_server_is_is_told(pair, site):
    site.configure(bind_dn=company.account("half"))
    child = site.start()
    assert "does not show contextCSN of dc=ex,dc=org" not in child.said(), "there is nothing to compare"
    site.restart().await_word("does not show contextCSN of dc=ex,dc=org, so that roster cannot tell whether it lags")
