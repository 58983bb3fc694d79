# SPDX-License-Identifier: Apache-2.0
"""What the LDAP driver hands on, and what it says about completeness, with a real slapd."""

import os
import pathlib
import re
import subprocess

import ldap
import pytest
from conftest import PEOPLE, company, record
from slapd import SUFFIX, Slapd


def by_name(read, kind):
    return {entry["attributes"]["cn"][0]: entry for entry in read.of(kind)}


def test_small_company_is_read_whole(read_as):
    read = read_as("sync")
    assert read.completeness == "complete" and read.reason == ""
    assert {entry["attributes"]["uid"][0] for entry in read.of("user")} == {f"u{i}" for i in range(1, PEOPLE + 1)}
    assert set(by_name(read, "group")) == {"devs", "ops", "empty"}
    assert read.result["entries"] == PEOPLE + 3 and read.result["unreadable"] == 0


def test_id_is_the_entry_uuid_in_lower_case(read_as, server):
    with_uuid = server.admin().search_s(f"uid=u7,ou=people,{SUFFIX}", ldap.SCOPE_BASE, attrlist=["entryUUID"])
    have = [entry["id"] for entry in read_as("sync").of("user") if entry["attributes"]["uid"] == ["u7"]]
    assert have == [with_uuid[0][1]["entryUUID"][0].decode().lower()]


def test_only_what_is_configured_is_handed_on(read_as):
    plain = read_as("sync").of("user")[0]["attributes"]
    assert set(plain) == {"uid", "mail", "cn"}
    more = read_as("sync", attribute=["sn", "objectClass"]).of("user")[0]["attributes"]
    assert set(more) == {"uid", "mail", "cn", "sn", "objectClass"}


def test_password_is_not_asked_for_even_when_configured(read_as, server):
    read = read_as("sync", attribute=["userPassword", "USERPASSWORD;x-one", "sn"])
    assert "sn" in read.of("user")[0]["attributes"]
    assert not [entry for entry in read.entries if "userPassword" in entry["attributes"]]
    assert "userpassword" not in server.log().lower().split("srch attr=", 1)[1]


def test_members_of_all_usual_attributes_come_and_uid_suffixes_go(read_as):
    groups = by_name(read_as("sync"), "group")
    assert sorted(groups["devs"]["attributes"]["member"]) == [f"uid=u{i},ou=people,{SUFFIX}" for i in (1, 2)]
    assert sorted(groups["ops"]["attributes"]["uniqueMember"]) == [f"uid=u{i},ou=people,{SUFFIX}" for i in (3, 4)]
    assert "memberUid" not in groups["empty"]["attributes"]


def test_units_come_when_they_are_configured(read_as):
    read = read_as("sync", units="true", units__base=SUFFIX)
    assert {entry["attributes"]["ou"][0] for entry in read.of("unit")} == {"people", "groups", "service"}
    assert read.completeness == "complete"


def test_entry_found_by_two_searches_counts_once_as_the_first_kind(read_as):
    read = read_as("sync", groups__base=SUFFIX, groups__filter="(|(cn=devs)(uid=u1))")
    assert sorted(entry["kind"] for entry in read.entries if "u1" in entry["attributes"].get("uid", [])) == ["user"]
    assert len(read.of("group")) == 1


def test_base_may_be_left_out_when_the_server_has_one_suffix(read_as):
    read = read_as("sync", users__base=None, groups__base=None)
    assert read.completeness == "complete" and len(read.of("group")) == 3


@pytest.mark.parametrize("page_size", [0, 1, 5, 12, 500])
def test_page_size_does_not_change_what_is_read(read_as, page_size):
    read = read_as("sync", page_size=page_size)
    assert read.completeness == "complete" and read.result["entries"] == PEOPLE + 3


def test_entries_without_id_are_named_and_not_counted(read_as):
    read = read_as("sync", users__id="employeeNumber")
    assert read.result["entries"] == 3 and read.result["unreadable"] == PEOPLE
    assert read.unreadable[0]["unreadable"].endswith(f"ou=people,{SUFFIX}")
    assert "it has no employeeNumber: set attributes.id of the users" in read.unreadable[0]["why"]


def test_group_whose_members_are_hidden_is_unreadable_not_empty(read_as):
    read = read_as("blind")
    assert set(by_name(read, "group")) == {"empty"}
    assert sorted(line["unreadable"].split(",")[0] for line in read.unreadable) == ["cn=devs", "cn=ops"]
    assert all(line["id"] and "which its class requires" in line["why"] for line in read.unreadable)


def test_entries_hidden_by_access_rules_are_just_not_there(read_as):
    read = read_as("blind")
    assert read.completeness == "complete"
    assert len(read.of("user")) == PEOPLE - len([i for i in range(1, PEOPLE + 1) if str(i).startswith("1")])


def test_no_entry_at_all_is_a_complete_answer_that_says_so(read_as):
    read = read_as("sync", users__filter="(uid=nobody)", groups__filter="(cn=nobody)")
    assert read.completeness == "complete" and read.result["entries"] == 0


def test_values_that_are_not_text_arrive_unchanged(read_as, server):
    octets = bytes(range(256))
    dn = f"uid=u5,ou=people,{SUFFIX}"
    admin = server.admin()
    admin.modify_s(dn, [(ldap.MOD_ADD, "audio", [octets])])
    try:
        read = read_as("sync", attribute=["audio"])
    finally:
        admin.modify_s(dn, [(ldap.MOD_DELETE, "audio", None)])
    values = [entry["attributes"]["audio"] for entry in read.entries if "audio" in entry["attributes"]]
    assert values == [[{"base64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4"
                                  "OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3Bx"
                                  "cnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmq"
                                  "q6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj"
                                  "5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w=="}]]


# --- limits and refusals of the server --------------------------------------------------------------------------------


def test_size_limit_makes_the_read_incomplete_and_names_the_limit(read_as):
    read = read_as("small", page_size=0)
    assert read.completeness == "incomplete" and len(read.of("user")) == 5
    assert read.reason.startswith("Size limit exceeded (4) after 5 entries of \"ou=people")
    assert "size=unlimited size.prtotal=unlimited" in read.reason


def test_size_limit_across_pages_makes_the_read_incomplete(read_as):
    read = read_as("paged", page_size=4)
    assert read.completeness == "incomplete" and 4 <= len(read.of("user")) < PEOPLE
    assert "(4) after" in read.reason


def test_a_limit_that_pages_do_not_have_is_no_obstacle(read_as):
    read = read_as("endless", page_size=500)
    assert read.completeness == "complete" and read.result["entries"] == PEOPLE + 3 == len(read.entries)
    assert read_as("endless", page_size=0).completeness == "incomplete"


def test_an_incomplete_search_does_not_stop_the_others(read_as):
    read = read_as("small", page_size=0)
    assert len(read.of("group")) == 3 and read.completeness == "incomplete"


def test_administrative_limit_makes_the_read_incomplete(read_as):
    read = read_as("unchecked", users__filter="(sn=*)", page_size=0)
    assert read.completeness == "incomplete"
    assert "(11) after 0 entries" in read.reason and "size.unchecked" in read.reason


def test_missing_base_is_an_error_and_names_what_exists(read_as):
    read = read_as("sync", users__base=f"ou=staff,ou=people,{SUFFIX}")
    assert read.completeness == "failed" and read.error_class == "denied"
    assert "No such object (32)" in read.error and f'"ou=people,{SUFFIX}" exists' in read.error


def test_insufficient_access_is_an_error(read_as):
    read = read_as("disclosed", users__filter="(uid=*)")
    assert read.completeness == "failed" and read.error_class == "denied"
    assert "Insufficient access (50)" in read.error


def test_wrong_password_is_an_error_without_the_password(read_as):
    read = read_as("sync", password="hunter2")
    assert read.completeness == "failed" and read.error_class == "denied"
    assert "bind as uid=sync" in read.error and "(49)" in read.error and "hunter2" not in read.error + read.log


def test_empty_password_is_refused_before_the_server_takes_it_for_anonymous(read_as):
    read = read_as("sync", password="")
    assert read.completeness == "failed" and "is empty" in read.error


def test_bad_filter_is_a_configuration_error(read_as):
    read = read_as("sync", users__filter="(uid=*")
    assert read.error_class == "config" and "(uid=*" in read.error and "RFC 4515" in read.error


def test_part_of_the_tree_on_another_server_makes_the_read_incomplete(read):
    elsewhere = f"ou=elsewhere,ou=people,{SUFFIX}"
    ldif = company() + record(elsewhere, objectClass=["referral", "extensibleObject"], ou="elsewhere",
                              ref="ldap://other.example/ou=elsewhere,dc=ex,dc=org")
    with Slapd(ldif) as server:
        below = read(url=server.url)
        base = read(url=server.url, users__base=elsewhere)
    assert below.completeness == "incomplete" and len(below.of("user")) == PEOPLE
    assert "ldap://other.example/ou=elsewhere" in below.reason
    assert base.completeness == "incomplete" and not base.of("user")
    assert "Referral (10) to ldap://other.example/ou=elsewhere" in base.reason


def test_sink_that_stops_the_read_is_heard(read_as):
    read = read_as("sync", stop_after=3)
    assert read.completeness == "failed" and read.error == "the sink has had enough"
    assert read.error_class == "conflict" and len(read.entries) == 3


# --- the line to paste -------------------------------------------------------------------------------------------------


def test_logged_command_finds_the_same_entries(read_as, secret):
    read = read_as("sync", debug="true", page_size=5, users__filter="(!(cn=it's me))")
    commands = re.findall(r"ldapsearch -LLL (?:[^\"\\]|\\.)*", read.log)
    commands = [command for command in commands if "pr=5/noprompt" in command]
    assert len(commands) == 2 and "secret" not in read.log
    command = commands[0].replace('\\"', '"').replace("\\\\", "\\")
    path = pathlib.Path(secret().removeprefix("file:"))
    path.write_text("secret")
    done = subprocess.run(command.replace(" -W", f" -y {path}"), shell=True, capture_output=True, text=True,
                          env={**os.environ, "LDAPNOINIT": "1"})
    assert done.returncode == 0, done.stderr
    found = set(re.findall("^dn: (.*)$", done.stdout, re.MULTILINE))
    assert found == {entry["dn"] for entry in read.of("user")} | {f"ou=people,{SUFFIX}"}
