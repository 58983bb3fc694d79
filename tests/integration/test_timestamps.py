# SPDX-License-Identifier: Apache-2.0
"""A server that says nothing by itself is asked what was changed by its own times; who is gone only a whole read tells."""

import pathlib
import re
import time

import company
import pytest
from company import STAFF, add, change, department, group, person
from pushing import Site
from slapd import Slapd

LOOSE = "max_remove: 100000; max_remove_percent: 100; max_suspend: 100000"
DEVS = group("pay-api-devs")


class Hinted(Site):
    def sync(self, *words):
        """How complete the run was, and the entries it read."""
        (done,) = self.roster.json("sync", *words)["sources"]
        return done["completeness"], self.last_run()["entries"]

    def age(self):
        """All that is there was changed long ago, as far as its times tell."""
        self.slapd.rewrite(lambda text: "\n".join(
            f"{line.split(':')[0]}: 20200101000000Z" if line.startswith(("modifyTimestamp:", "createTimestamp:")) else line
            for line in text.splitlines()) + "\n")
        self.directory_again()


@pytest.fixture
def site(roster):
    with Slapd(company.ldif(), database=company.ACCESS) as slapd:
        site = Hinted(slapd, roster)
        site.configure(safety=LOOSE, more='poll: "1h"; changes: "timestamp"')
        site.age()
        assert site.sync()[0] == "complete"
        # One that is younger than the others.
        change(site.directory, person(30), "replace", "mail", "young@ex.org")
        assert site.sync()[0] == "changes"
        yield site
        site.finish()


def test_what_changed_and_what_is_new_comes_without_reading_everything(site):
    change(site.directory, person(1), "replace", "mail", "other@ex.org")
    change(site.directory, DEVS, "add", "member", person(7))
    change(site.directory, DEVS, "delete", "member", person(0))
    add(site.directory, f"uid=u500,{STAFF}", company.person_attributes(500))
    completeness, entries = site.sync()
    assert completeness == "changes" and entries <= 5
    assert site.roster.value("select email from users where login = 'u1'") == "other@ex.org"
    assert ("group:/pay/api", "Developer") in site.holdings("u7")
    assert ("group:/pay/api", "Developer") not in site.holdings("u0")
    assert "u500" in site.active()
    # The same again: what is asked for twice is no change.
    assert site.sync() == ("changes", entries) and site.last_run()["state"] == "nothing"
    site.assert_true()


def test_nobody_is_gone_before_everything_was_read(site):
    site.directory.delete_s(person(2))
    change(site.directory, person(3), "replace", "mail", "m@ex.org")
    assert site.sync()[0] == "changes" and "u2" in site.active()
    assert site.sync("--full")[0] == "complete" and "u2" not in site.active()
    # That it was not told of is no drift: it never is.
    assert site.last_run()["drift"] == 0


def test_whoever_was_changed_last_and_is_gone_leads_to_a_whole_read(site):
    site.directory.delete_s(person(30))
    assert site.sync()[0] == "complete" and "u30" not in site.active()


def test_what_is_below_a_renamed_department_has_its_new_name(site):
    site.directory.rename_s(department("sales"), "ou=trade")
    assert site.sync()[0] == "complete"
    dn = site.roster.value("select dn from directory_entries where login = 'u1'")
    assert dn == f"uid=u1,ou=trade,{STAFF}"
    assert site.sync()[0] == "changes"


def test_a_change_that_kept_its_time_is_drift(site):
    site.slapd.rewrite(lambda text: text.replace("mail: u4@ex.org", "mail: silent@ex.org"))
    site.directory_again()
    assert site.sync()[0] == "changes"
    assert site.roster.value("select email from users where login = 'u4'") == "u4@ex.org"
    assert site.sync("--full")[0] == "complete" and site.last_run()["drift"] == 1
    assert site.roster.value("select email from users where login = 'u4'") == "silent@ex.org"


def test_a_server_that_hides_its_times_is_read_whole(roster):
    hidden = ["access to attrs=modifyTimestamp,createTimestamp by * none", *company.ACCESS]
    with Slapd(company.ldif(), database=hidden) as slapd:
        site = Hinted(slapd, roster)
        site.configure(safety=LOOSE, more='poll: "1h"; changes: "timestamp"')
        for _ in range(2):
            done = site.roster.ctl("--json", "sync")
            assert done.json["sources"][0]["completeness"] == "complete"
            assert "entries show neither modifyTimestamp nor createTimestamp" in done.err
        assert site.roster.value("select count(*) from source_cookies") == 0


def documented_rights():
    page = (pathlib.Path(__file__).parents[2] / "doc/directories.md").read_text()
    (line,) = re.findall(r"^ {4}(entry objectClass .*)$", page.partition("## Any other LDAP server")[2], re.MULTILINE)
    return line.split()


@pytest.mark.parametrize("changes, more", [("full", ()), ("timestamp", ("modifyTimestamp", "createTimestamp"))])
def test_the_rights_that_the_documentation_names_are_enough_for_any_server(roster, changes, more):
    account = company.account("sync")
    rights = ['access to dn.base="" by * read', "access to attrs=userPassword by anonymous auth by * none",
              f'access to attrs={",".join([*documented_rights(), *more])} by dn.exact="{account}" read by * none', "access to * by * none"]
    with Slapd(company.ldif(), database=["sizelimit unlimited", *rights], settings=["include /etc/ldap/schema/dyngroup.schema"]) as slapd:
        site = Hinted(slapd, roster)
        site.configure(safety=LOOSE, more=f'poll: "1h"; dialect: "other"; changes: "{changes}"')
        assert site.sync()[0] == "complete" and site.last_run()["unreadable"] == 0
        site.assert_true()
        change(site.directory, DEVS, "add", "member", person(7))
        change(site.directory, person(8), "add", "objectClass", "shadowAccount")
        change(site.directory, person(8), "add", "shadowExpire", "1")
        assert site.sync()[0] == ("changes" if more else "complete")
        assert ("group:/pay/api", "Developer") in site.holdings("u7") and "u8" not in site.active()
        site.finish()


def test_an_entry_with_a_time_to_come_hides_no_change(site):
    site.slapd.rewrite(lambda text: text.replace(
        "modifyTimestamp: 20200101000000Z", "modifyTimestamp: 20990101000000Z", 1))
    site.directory_again()
    site.sync("--full")
    for _ in range(2):
        change(site.directory, DEVS, "delete", "member", person(0))
        assert site.sync()[0] == "changes" and ("group:/pay/api", "Developer") not in site.holdings("u0")
        change(site.directory, DEVS, "add", "member", person(0))
        assert site.sync()[0] == "changes" and ("group:/pay/api", "Developer") in site.holdings("u0")
    site.assert_true()


def test_a_change_that_comes_late_from_another_server_counts(site):
    """Its time is that of the server where it was made."""
    late = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 300))
    def arrive(text):
        entries = text.split("\n\n")
        (at,) = [i for i, entry in enumerate(entries) if entry.startswith(f"dn: {person(4)}\n")]
        entries[at] = re.sub("modifyTimestamp: .*", f"modifyTimestamp: {late}", entries[at]).replace("mail: u4@", "mail: late@")
        return "\n\n".join(entries)
    site.slapd.rewrite(arrive)
    site.directory_again()
    assert site.sync()[0] == "changes"
    assert site.roster.value("select email from users where login = 'u4'") == "late@ex.org"
