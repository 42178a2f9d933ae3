"""What every rule has: a log that holds all it says, and a usage file."""

import os
import re
import subprocess
import sys
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


def test_commands_are_found_where_no_environment_was_activated(tmp_path):
    for name in ("Snakefile", "config.yaml", "workflow", "config", "profiles", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "config/small.yaml",
         "--", "results/tiny/world/vot.json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
