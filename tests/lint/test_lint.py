# SPDX-License-Identifier: Apache-2.0
"""Each rule finds a planted violation, and keeps quiet about the same thing done right."""
import subprocess
from pathlib import Path

import pytest
from lint import RULES
from tree import Tree

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
TIDY = (Path(__file__).resolve().parents[2] / ".clang-tidy").read_text(encoding="utf-8")


def findings(rule, tmp_path, files):
    """What a rule says about a tree of these files."""
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [str(finding) for finding in RULES[rule](Tree(tmp_path, build=tmp_path / "build"))]


# Tests of all behaviours: N3 and N4 in Python, N5 and N6 in a scenario, those of A nowhere; and the table that says so.
IDS = [f"{letter}{number}" for letter, last in (("N", 43), ("C", 37), ("P", 49), ("A", 35)) for number in range(1, last + 1)]
OTHERS = {"tests/schema/test_a.py": '"""N3, N4: it is so."""\n', "tests/scenario/1/transcript": "Words (N5, N6), N99.\n\n== 1: (N98)\n"}
SAID = "".join(f"select ok(true, '{name} is so');\n" for name in IDS if name[0] != "A" and name not in ("N3", "N4", "N5", "N6"))
PLACES = {"N3": "`tests/schema/test_a.py`", "N4": "`tests/schema/test_a.py`", "N5": "`tests/scenario/1/transcript`", "N6": "`tests/scenario/1/transcript`"}
TABLE = "| Behaviour | Test |\n|---|---|\n" + "".join(
    f"| {name} | {'the app asks' if name[0] == 'A' else PLACES.get(name, '`tests/schema/1.sql`')} |\n" for name in IDS)


def function(body, signature="int f(void)"):
    return f"{signature}\n{{\n{body}}}\n"


# rule: (a tree that breaks it, where and what the finding says, the same done right)
CASES = {
    "a lower layer includes a higher one": (
        "layers",
        {"src/rules/a.c": '#include "roster/store.h"\n'},
        ["src/rules/a.c:1: rules must not include store"],
        {"src/store/a.c": '#include "roster/rules.h"\n'},
    ),
    "two modules of one layer see each other": (
        "layers",
        {"src/source/a.c": '#include <stdio.h>\n#include "roster/store.h"\n'},
        ["src/source/a.c:2: source must not include store"],
        {"src/job/a.c": '#include "roster/store.h"\n#include "roster/source.h"\n'},
    ),
    "base includes a facade": (
        "layers",
        {"src/base/str.c": "", "src/base/a.c": '#include "roster/text.h"\n'},
        ["src/base/a.c:1: base must not include link"],
        {"src/link/a.c": '#include "roster/str.h"\n', "src/base/str.c": ""},
    ),
    "a public header includes a higher layer": (
        "layers",
        {"include/roster/config.h": '#include "roster/rules.h"\n'},
        ["include/roster/config.h:1: config must not include rules"],
        {"include/roster/rules.h": '#include "roster/config.h"\n'},
    ),
    "a private header is used by another module": (
        "layers",
        {"src/rules/a.c": '#include "config/parse.h"\n'},
        ['src/rules/a.c:1: "config/parse.h" is private to config'],
        {"src/config/a.c": '#include "config/parse.h"\n'},
    ),
    "a module nobody placed": ("layers", {"src/misc/a.c": ""}, ["src/misc/a.c: module misc has no place"], {"a.c": ""}),
    "a foreign header outside the facades": (
        "facades",
        {
            "src/source/a.c": "#include <ldap.h>\n",
            "include/roster/pg.h": "#include <libpq-fe.h>\n",
            "src/daemon/a.c": "#include <event2/event.h>\n",
        },
        ["include/roster/pg.h:1: <libpq-fe.h>", "src/daemon/a.c:1: <event2/event.h>", "src/source/a.c:1: <ldap.h>"],
        {
            "src/link/a.c": "#include <ldap.h>\n",
            "src/source/a.c": '#include "roster/ldap.h"\n/* #include <curl/curl.h> */\n',
        },
    ),
    "a pure module includes the log": (
        "purity",
        {"src/guard/a.c": '#include "roster/log.h"\n#include <time.h>\n'},
        ["src/guard/a.c:1: guard is pure and does not need roster/log.h", "src/guard/a.c:2: guard is pure"],
        {"src/job/a.c": '#include "roster/log.h"\n#include <time.h>\n'},
    ),
    "a pure module reads the clock": (
        "purity",
        {"src/rules/a.c": "long now = time(NULL);\n"},
        ["src/rules/a.c:1: rules is pure and must not call time()"],
        {"src/rules/a.c": "long now = run_time(3); /* not time() */\n"},
    ),
    "SQL outside the store": (
        "sql",
        {"src/job/a.c": 'run("SELECT 1");\n', "src/app/a.c": 'x = "DELETE FROM person";\n'},
        ["src/app/a.c:1: SQL", "src/job/a.c:1: SQL"],
        {"src/store/a.c": 'run("SELECT 1");\n', "src/job/a.c": 'x = "select a source"; /* "SELECT 1" */\n'},
    ),
    "a banned function": (
        "banned",
        {"tests/unit/a.c": "\tstrcpy(a, b);\n\tn = atoi (a);\n"},
        ["tests/unit/a.c:1: strcpy() is banned", "tests/unit/a.c:2: atoi() is banned"],
        {"tests/unit/a.c": 'say("strcpy(a, b)"); /* never system() */\nmy_system();\nsnprintf(a, 1, "%d", b);\n'},
    ),
    "a struct typedef": (
        "typedefs",
        {"include/roster/a.h": "typedef struct a a_t;\n"},
        ["include/roster/a.h:1: say struct"],
        {"include/roster/a.h": "struct a;\ntypedef int (*compare)(int a, int b);\n"},
    ),
    "a header without a purpose": (
        "purpose",
        {"include/roster/arena.h": SPDX + "#ifndef A\n"},
        ['include/roster/arena.h:2: open with a comment " * arena: '],
        {"include/roster/arena.h": SPDX + "/*\n * arena: memory.\n */\n"},
    ),
    "a long function": (
        "functions",
        {"src/job/a.c": function("\tx;\n" * 61)},
        ["src/job/a.c:1: f() has 61 lines, more than 60"],
        {"src/job/a.c": function("\tx;\n" * 60)},
    ),
    "a function of many parameters": (
        "functions",
        {"src/job/a.c": function("", "static int f(int a, int b, int c,\n             int d, int e, int g)")},
        ["src/job/a.c:1: f() takes 6 parameters"],
        {"src/job/a.c": function("", "int f(int a, int (*b)(int, int), int c, int d, int e, struct error *err)")},
    ),
    "deep nesting": (
        "functions",
        {"src/job/a.c": function("\tif (a)\n\t\tfor (;;)\n\t\t\tif (b)\n\t\t\t\tif (c)\n\t\t\t\t\tx;\n")},
        ["src/job/a.c:4: f() nests 4 deep"],
        {"src/job/a.c": function("\tif (a) {\n\t\tfor (;;) {\n\t\t\tif (b)\n\t\t\t\tx;\n\t\t}\n\t}\n")},
    ),
    "functions that are long on the whole": (
        "median",
        {"src/job/a.c": function("\tx;\n" * 16) * 3},
        ["src: half of the functions have 16 lines or more"],
        {"src/job/a.c": function("\tx;\n" * 15) * 3 + function("\tx;\n" * 50)},
    ),
    "a long file": (
        "files",
        {"schema/0001_a.sql": "x\n" * 501, "src/job/a.c": "x\n" * 501},
        ["schema/0001_a.sql: 501 lines", "src/job/a.c: 501 lines"],
        {"src/job/a.c": "x\n" * 500, "doc/long.md": "x\n" * 900},
    ),
    "a file without its licence": (
        "licence",
        {"a.c": "int x;\n", "b.py": "x\n", "c.h": "// SPDX-License-Identifier: Apache-2.0\n", "run": "#!/bin/sh\n:\n"},
        ["a.c:1: begin with", "b.py:1: begin with", "c.h:1: begin with", "run:1: begin with"],
        {"a.c": SPDX, "run": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n", "note.md": "x\n"},
    ),
    "a source nobody builds": (
        "registered",
        {"src/job/a.c": "", "src/job/a.h": ""},
        ["src/job/a.c: no Makefile.inc names it", "src/job/a.h: no Makefile.inc names it"],
        {
            "Makefile.am": "include $(srcdir)/src/job/Makefile.inc\n",
            "src/job/Makefile.inc": "libroster_a_SOURCES += src/job/a.c src/job/a.h\n",
            "src/job/a.c": "",
            "src/job/a.h": "",
        },
    ),
    "a fragment nobody includes": (
        "registered",
        {"src/job/Makefile.inc": ""},
        ["src/job/Makefile.inc: Makefile.am does not include it"],
        {"src/job/Makefile.inc": "", "Makefile.am": "include $(srcdir)/src/job/Makefile.inc\n"},
    ),
    "a fuzz target without seeds": (
        "registered",
        {"tests/fuzz/fuzz_dn.c": "", "Makefile.am": "x = tests/fuzz/fuzz_dn.c\n"},
        ["tests/fuzz/fuzz_dn.c: no seeds in tests/fuzz/seeds/dn"],
        {
            "tests/fuzz/fuzz_dn.c": "",
            "Makefile.am": "x = tests/fuzz/fuzz_dn.c\n",
            "tests/fuzz/seeds/dn/plain": "cn=a",
        },
    ),
    "a behaviour and a promise without a test": (
        "proven",
        {"README.md": "1. **Nothing is lost.**\n2. **No surprise.**\n", "tests/a.py": "# Promise 21 Promise 2\n"},
        ["README.md:1: no test names Promise 1"],
        {"README.md": "1. **Nothing is lost.**\n2. **No surprise.**\n", "tests/a.py": "# Promise 1 Promise 2\n"},
    ),
    "a behaviour without a test or a reason, and a table that says otherwise": (
        "behaviours",
        {"doc/permission-model.md": "| N1-N43, C1-C36, P1-P49 | So. |\n| A1-A35 | Not ours. No test: the app asks. |\n", "schema/README.md": TABLE, **OTHERS,
         "tests/schema/1.sql": SAID.replace("'N7 ", "'N71 ").replace("'C12 ", "it is C12 ")},
        ["doc/permission-model.md:1: no test names N7, and no reason is given", "doc/permission-model.md:1: no test names C12, and no reason is given",
         "doc/permission-model.md: C37 is not listed", "tests/schema/1.sql: C37 is no behaviour of", "tests/schema/1.sql: N71 is no behaviour of",
         "schema/README.md: the table of behaviours is not what the tests say"],
        {"doc/permission-model.md": "| N1-N43, C1-C37, P1-P49 | So. |\n| A1-A35 | Not ours. No test: the app asks. |\n", "schema/README.md": TABLE, **OTHERS,
         "tests/schema/1.sql": SAID},
    ),
    "a shell script that does not parse": (
        "shell",
        {"run": "#!/bin/sh\nif true; then\n"},
        ["run: run: 3: Syntax error"],
        {"run": "#!/bin/bash\na=(1 2)\n"},
    ),
    "a man page mandoc warns about": (
        "manual",
        {"doc/a.5": ".Dd January 1, 2026\n.Dt A 5\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n.Sh DESCRIPTION\n.Fx\n.Xx\nText.\n"},
        ["doc/a.5:9: ERROR: skipping unknown macro"],
        {"doc/a.5": ".Dd January 1, 2026\n.Dt A 5\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n.Sh DESCRIPTION\nText.\n"},
    ),
    "a key the manual does not know": (
        "keys",
        {"src/config/keys.c": '{"sources.*.page_size", "integer"}', "doc/rosterd.conf.5": ".It Ic sources\n"},
        ["doc/rosterd.conf.5: the key sources.*.page_size is not documented"],
        {
            "src/config/keys.c": '{"sources.*.page_size", "integer"}',
            "doc/rosterd.conf.5": ".It Ic sources\n.It Ic page_size\n",
        },
    ),
    "a file clang-format would change": (
        "format",
        {"a.c": "int  x;\n", ".clang-format": "BasedOnStyle: LLVM\n"},
        ["a.c:1: error: code should be clang-formatted"],
        {"a.c": "int x;\n", ".clang-format": "BasedOnStyle: LLVM\n"},
    ),
    "a mistake clang-tidy knows": (
        "tidy",
        {"a.c": "int f(int x);\nint f(int x)\n{\n\treturn x - x;\n}\n", ".clang-tidy": TIDY},
        ["a.c:4: error: both sides of operator are equivalent"],
        {"a.c": "int f(int x);\nint f(int x)\n{\n\treturn x;\n}\n", ".clang-tidy": TIDY},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rule_finds_what_is_wrong_and_nothing_else(case, tmp_path):
    rule, wrong, expected, right = CASES[case]
    found = findings(rule, tmp_path / "wrong", wrong)
    assert len(found) == len(expected), found
    for have, want in zip(found, expected):
        assert have.startswith(want)
    assert findings(rule, tmp_path / "right", right) == []


def test_every_rule_has_a_planted_violation():
    assert set(RULES) == {case[0] for case in CASES.values()} | {"symbols"}


def test_symbols_finds_a_function_no_header_declares(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int told(void) { return 1; }\nint untold(void) { return 1; }\n")
    (tmp_path / "build").mkdir()
    subprocess.run(["gcc", "-c", source, "-o", tmp_path / "a.o"], check=True)
    subprocess.run(["ar", "rcs", tmp_path / "build/libroster.a", tmp_path / "a.o"], check=True)
    found = findings("symbols", tmp_path, {"include/roster/a.h": "int told(void);\n"})
    assert found == ["a.o: untold is in no header: make it static"]


def test_symbols_says_when_there_is_no_library(tmp_path):
    assert "not built" in findings("symbols", tmp_path, {})[0]
