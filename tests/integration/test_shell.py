# SPDX-License-Identifier: Apache-2.0
"""rosterctl and what is around it: the shell's completion, the manual, a standard output that takes nothing."""

import re
import subprocess

import pytest

from roster import BUILD, ROOT


@pytest.mark.parametrize("words, offered", [("us", "user"), ("user su", "suspend"), ("plan --so", "--source"),
                                            ("--json -f x.conf runs d", "diff"), ("completion b", "bash"), ("access-group mem", "members"),
                                            ("environment set desk/test bob env.api of", "off"), ("role delete x --y", "--yes")])
def test_bash_completes(words, offered):
    script = f"""source <({BUILD}/rosterctl completion bash)
        COMP_WORDS=(rosterctl {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _rosterctl; echo "${{COMPREPLY[*]}}" """
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == f"{offered}\n"


def test_the_manual_has_every_verb():
    text = subprocess.run([BUILD / "rosterctl", "help"], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)  ", text, re.MULTILINE))
    manual = set(re.findall(r"^\.It Ic ([a-z-]+(?: [a-z-]+)?)(?: [A-Z].*)?$", (ROOT / "doc/rosterctl.1").read_text(), re.MULTILINE))
    assert len(verbs) > 90 and verbs == manual


def test_the_manual_has_the_options_of_every_verb():
    """Those of a verb's usage are in its paragraph, and those of its heading in its usage; --help is help."""
    text = (ROOT / "doc/rosterctl.1").read_text()
    heading, paragraph, last = {}, {}, ""
    for item in re.split(r"^\.It Ic ", text, flags=re.MULTILINE)[1:]:
        verb = re.match(r"([a-z-]+(?: [a-z-]+)?)(?: [A-Z]|\n)", item)
        if verb is None:
            continue
        first = item.split("\n", 1)[0]
        last = last if "the same options" in first else ""
        heading.setdefault(verb[1], set()).update(manual_options(first))
        paragraph.setdefault(verb[1], set()).update(manual_options(item), manual_options(last))
        last = item
    for verb, options in heading.items():
        shown = subprocess.run([BUILD / "rosterctl", "help", *verb.split()], capture_output=True, text=True, check=True).stdout
        usage = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown.split("\n\n")[0]))
        assert options <= usage <= paragraph[verb], verb
        assert subprocess.run([BUILD / "rosterctl", *verb.split(), "--help"], capture_output=True, text=True, check=True).stdout == shown


def manual_options(text):
    """"Fl -wait | -no-wait" is two, "Fl o" is -o."""
    return {f"-{option}" for option in re.findall(r"(?:\bFl |\| (?=-))(-?[a-z][a-z-]*)", text)}


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([BUILD / "rosterctl", "help"], stdout=full, stderr=subprocess.DEVNULL).returncode == 1
