# SPDX-License-Identifier: Apache-2.0
"""Targets as administrators steer them: checked, paused, forgotten."""

import pytest

from told import company, receiver, told  # noqa: F401  (fixtures)


def status(told, name="billing"):
    rows = {row["target"]: row for row in told.roster.json("status")["targets"]}
    return rows[name]


@pytest.mark.parametrize("text, words", [("secret", "whsec_"), ("whsec_c2hvcnQ=", "has 5 bytes; it needs 24 to 64"), ("whsec_%%%", "base64")])
def test_check_looks_at_the_keys(told, receiver, text, words):
    told.configure(told.target("billing", receiver))
    told.roster.ctl("check")
    told.key.write_text(text)
    refused = told.roster.ctl("check", code=78).err
    assert f"rosterd.conf:5: target billing: the secret file:{told.key}: a key to sign with" in refused and words in refused
    told.key.unlink()
    assert f"rosterd.conf:5: target billing: cannot use the secret file:{told.key}" in told.roster.ctl("check", code=78).err
    told.configure(told.target("billing", receiver, sign='"credential:only-the-service-has-it"'))
    told.roster.ctl("check")


def test_a_target_is_paused_before_it_is_told_anything(told, receiver):
    told.configure(told.target("billing", receiver))
    told.build()
    told.roster.ctl("resume", "billing")  # nobody has paused it
    told.roster.ctl("pause", "billing")
    (row,) = told.deliver(code=1)
    assert row["state"] == "paused" and not receiver.requests
    told.roster.ctl("resume", "billing")
    told.deliver()
    told.check(receiver)
    told.roster.ctl("pause", "nonsense", code=65)


def test_a_target_that_wants_nothing_is_not_paused(company, receiver):
    receiver.answer = 410
    company.leave(0)
    company.deliver(code=1)
    refused = company.roster.ctl("pause", "billing", code=75).err
    assert "told nothing already: it wanted no more messages (rosterctl resume starts it again)" in refused
    assert status(company)["state"] == "disabled"


def test_a_target_that_is_gone_is_forgotten(company, receiver, cluster):
    company.roster.ctl("target", "forget", "billing", code=78)  # still in the file
    company.leave(0)
    company.configure()
    company.deliver()
    said = company.roster.ctl("status")
    assert "no longer in the configuration: billing (see: rosterctl target forget TARGET)\n" in said.err
    assert status(company)["state"] == "not in the configuration"
    cluster.execute("do $$ begin create role nobody_special login in role roster_admin; exception when duplicate_object then null; end $$")
    company.roster.sql("grant roster_admin to nobody_special")
    company.roster.ctl("target", "forget", "billing", user="nobody_special", code=77)
    company.roster.ctl("target", "forget", "billing")
    said = company.roster.ctl("status")
    assert "billing" not in said.out + said.err
    assert company.roster.value("select (select count(*) from followed) + (select count(*) from lanes) + (select count(*) from windows)") == 0
    company.roster.ctl("target", "forget", "billing", code=65)
    company.configure(company.target("billing", receiver))
    receiver.requests.clear()
    company.deliver()
    assert receiver.events[-1]["type"] == "access.snapshot"
    company.check(receiver)
