"""The command line as a whole."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import chromatrack.cli
from chromatrack.cli.main import PARTS, TOOLS, build_parser, main


def subcommands():
    (action,) = (a for a in build_parser()._actions if a.dest == "command")
    return sorted(action.choices)


def test_every_module_imports():
    for module in pkgutil.walk_packages(chromatrack.__path__, "chromatrack."):
        importlib.import_module(module.name)


@pytest.mark.parametrize("command", subcommands())
def test_every_subcommand_has_help(command, capsys):
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])
    assert raised.value.code == 0
    assert len(capsys.readouterr().out) > 100


def test_help_does_not_wait_for_large_packages():
    code = (
        "import sys; from chromatrack.cli.main import build_parser; build_parser().format_help();"
        "print({'torch', 'cv2', 'snakemake', 'pandas'} & set(sys.modules))"
    )
    assert (
        subprocess.check_output([sys.executable, "-c", code], text=True, timeout=300) == "set()\n"
    )


def listed():
    """The commands of `chromatrack --help`, by heading."""
    found, heading = {}, None
    for line in build_parser().format_help().splitlines():
        if line.startswith(("options:", "positional")):
            heading = None
        elif line.endswith(":") and line[:1].isalpha() and " " not in line:
            heading = found.setdefault(line[:-1], [])
        elif heading is not None and line.startswith("  ") and line[2] != " ":
            heading.append(line.split()[0])
    return found


def test_help_lists_tools_first_and_then_stages_by_part():
    parts = listed()
    assert list(parts) == [
        "tools", "world", "clips", "labels", "colorization", "siamfc", "fusion", "evaluation",
        "report",
    ]  # fmt: skip
    assert {
        "track", "label", "propagate", "colorize", "import-weights", "doctor", "describe",
        "evaluate", "kinetics",
    } <= set(parts["tools"])  # fmt: skip
    assert parts["clips"] == ["shards", "fetch"]
    assert "train-siamfc" in parts["siamfc"]


def test_help_lists_every_command_once():
    assert sorted(name for names in listed().values() for name in names) == subcommands()


def test_every_module_of_commands_is_in_a_part_and_every_tool_is_a_command():
    under = "chromatrack.cli."
    modules = [m.name for m in pkgutil.walk_packages(chromatrack.cli.__path__, under)]
    has_commands = [
        name.removeprefix(under)
        for name in modules
        if hasattr(importlib.import_module(name), "register")
    ]
    assert sorted(name for part in PARTS.values() for name in part) == sorted(has_commands)
    assert set(TOOLS) <= set(subcommands())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (["trak"], "invalid choice: 'trak'; did you mean 'track'? (see chromatrack --help)"),
        (["fine_tune"], "did you mean 'fine-tune'?"),
        (["xyzzy"], "invalid choice: 'xyzzy' (see chromatrack --help)"),
        (["kinetics", "statsu"], "did you mean 'status'? (see chromatrack kinetics --help)"),
        ([], "required: COMMAND"),
    ],
)
def test_a_wrong_command_is_one_sentence_with_the_nearest(call, sentence, capsys):
    with pytest.raises(SystemExit) as raised:
        main(call)
    assert raised.value.code == 2
    complaint = capsys.readouterr().err
    assert sentence in complaint
    assert complaint.count("\n") == 1


def test_errors_name_the_setting(tmp_path, capsys):
    call = ["crops", "--sources", "otb:.", "--names", "x", "--output", str(tmp_path / "c.h5")]
    assert main([*call, "--settings", '{"margn": 3}']) == 2
    assert "margn: unknown key; did you mean 'margin'?" in capsys.readouterr().err


def test_doctor(capsys):
    assert main(["doctor"]) == 0
    report = capsys.readouterr().out
    for word in ("Python:", "torch:", "faiss:", "GPU:", "ffmpeg:", "disk:"):
        assert word in report


def test_why_tells_a_line_per_rule(tmp_path, monkeypatch, capsys):
    root = Path(__file__).resolve().parents[2]
    for name in ("Snakefile", "config.yaml", "workflow", "profiles", "envs", "config"):
        (tmp_path / name).symlink_to(root / name)
    monkeypatch.chdir(tmp_path)
    target = "results/tiny/evaluation/otb/ope/kcf/scores.json"
    assert main(["why", "--configfile", "config/small.yaml", "--", target]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines] == [["world", "1"], ["track", "1"], ["evaluate", "1"]]
    assert main(["why", "--config", "siamfc={epoch: 3}"]) == 2
    assert "unknown key; did you mean 'epochs'?" in capsys.readouterr().err
