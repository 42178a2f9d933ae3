"""What every rule has: a log that holds all it says, and a usage file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNMEASURED = {"publish": "copies one file"}
"""Rule -> why it leaves no usage file."""


def shell_rules():
    """Name -> text of the rules that run a command."""
    found = {}
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        parts = re.split(r"^ *(?:rule|checkpoint) (\w+):\n", path.read_text(), flags=re.M)
        found |= dict(zip(parts[1::2], parts[2::2], strict=True))
    return {name: text for name, text in found.items() if "shell:" in text}


RULES = shell_rules()


def test_rules_are_found():
    assert {"siamfc", "validate_siamfc", "shards", "publish"} <= set(RULES) and len(RULES) >= 33


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_everything_into_its_log_and_keeps_the_exit_status(name):
    command = RULES[name][RULES[name].index("shell:") :]
    assert re.search(r"(> \{log:q\} 2>&1|> \{output\.\w+:q\} 2> \{log:q\})\"\n", command), command
    assert "|" not in command and ";" not in command


@pytest.mark.parametrize("name", RULES)
def test_a_rule_leaves_a_usage_file_of_the_name_of_its_log(name):
    log = re.search(r"log:\n +PLACES\.log\((.*)\),", RULES[name])
    usage = re.search(r"benchmark:\n +PLACES\.usage\((.*)\)\n", RULES[name])
    assert log and (usage is None) == (name in UNMEASURED)
    assert usage is None or usage[1] == log[1]
    assert RULES[name].count("PLACES.usage") == (usage is not None)  # and is no input of anything
