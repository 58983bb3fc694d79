# SPDX-License-Identifier: Apache-2.0
"""The whole tree keeps every rule of the house."""
import os
from pathlib import Path

import pytest
from lint import RULES
from tree import Tree

TREE = Tree(Path(__file__).resolve().parents[2])


# Beside the integration tests, to which they give way, some take minutes.
@pytest.mark.timeout(max(900, int(os.environ.get("PYTEST_TIMEOUT", "0"))))
@pytest.mark.parametrize("rule", RULES)
def test_rule(rule):
    findings = [str(finding) for finding in RULES[rule](TREE)]
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)
