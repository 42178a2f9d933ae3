"""The command line as a whole."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import chromatrack
from chromatrack.cli.main import build_parser, main


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


def test_help_does_not_load_torch():
    code = (
        "import sys; from chromatrack.cli.main import build_parser; build_parser();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_unknown_commands_are_one_sentence(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["trak"])
    assert raised.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_errors_name_the_setting(tmp_path, capsys):
    call = ["crops", "--sources", "otb:.", "--names", "x", "--output", str(tmp_path / "c.h5")]
    assert main([*call, "--settings", '{"margn": 3}']) == 2
    assert "margn: unknown key; did you mean 'margin'?" in capsys.readouterr().err


def test_doctor(capsys):
    assert main(["doctor"]) == 0
    report = capsys.readouterr().out
    for word in ("Python:", "torch:", "faiss:", "GPU:", "ffmpeg:", "disk:"):
        assert word in report
