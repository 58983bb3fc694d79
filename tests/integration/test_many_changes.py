# SPDX-License-Identifier: Apache-2.0
"""A run of more changes than anybody reads."""

import pytest

CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif"; users: { filter: "(objectClass=inetOrgPerson)" } } }
safety: { first_run: "apply" }
rules: {
  default_admins: ["admin"]
  staff: { source: "corp"; users: "(employeeType=staff)"; into: "/staff"; role: "Contributor" }
  canteen: { source: "corp"; users: "(employeeType=staff)"; into: "/canteen"; role: "Contributor" }
}
"""
PEOPLE, CHANGES = 3400, 3 * 3400 + 2  # each is new and joins two groups, which are made


@pytest.fixture
def crowd(roster):
    roster.configure(CONFIGURATION)
    people = (f"dn: uid=u{n},ou=People,dc=x\nentryUUID: 00000000-0000-0000-0000-{n:012}\nobjectClass: inetOrgPerson\n"
              f"uid: u{n}\ncn: U {n}\nsn: X\nmail: u{n}@x\nemployeeType: staff\n" for n in range(PEOPLE))
    (roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join(people))
    return roster


def test_the_first_changes_of_a_run_are_printed_and_the_rest_counted(crowd):
    result = crowd.execute("sync")
    lines = result.out.splitlines()
    assert result.code == 0 and len([line for line in lines if line.startswith("  + ")]) == 10000, result.err
    (rest,) = [line for line in lines if line.startswith("  ... and ")]
    assert rest == (f"  ... and {CHANGES - 10000} more changes; rosterctl runs diff corp/1 lists what is done, "
                    "--plain and --json print the whole plan")
    assert len(crowd.ctl("--plain", "runs", "diff", "corp/1").out.splitlines()) == CHANGES + 2  # an admin of each group
    assert crowd.value("select count(*) from grants where source <> 0") == 2 * PEOPLE


def test_a_plan_and_what_programs_read_are_whole(crowd):
    plan = crowd.execute("plan").out
    assert len([line for line in plan.splitlines() if line.startswith("  + ")]) == CHANGES and "more changes" not in plan
    (source,) = crowd.execute("--json", "plan").json["sources"]
    run = crowd.execute("--plain", "sync")
    assert len(source["changes"]) == CHANGES and len(run.out.splitlines()) == CHANGES
