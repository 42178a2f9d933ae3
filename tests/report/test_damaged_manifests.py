"""What is wrong with a manifest, or with the files that it names, is one sentence."""

import json
from pathlib import Path

import pytest

from chromatrack.cli.main import main
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.figures import make_figures
from tests.report.evaluated import (
    run_all,
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"titel": "x"}, "manifest.json: titel: unknown key; did you mean 'title'"),
        ({"title": None}, "title: expected text"),
        ({"synthetic": 1}, "synthetic: expected true or false"),
        ({"rows": [{"tracker": "a"}]}, r"rows\[0\]: missing key 'experiment'"),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 2, "seed": 0,
                    "evaluation": "e"}]}, r"rows\[0\]\.alpha: expected 0 to 1"),
        ({"rows": [{"tracker": "a", "experiment": "1", "seed": 0, "evaluation": "e"}]},
         "expected an alpha"),
        ({"davis": {}}, "davis: unknown key; valid keys are title, synthetic, cut"),
        ({"evaluations": [{"benchmark": "davis", "protocol": "propagated", "trackers": ["x"]}]},
         r"evaluations\[0\]\.trackers: expected names and paths"),
        ({"evaluations": [{"benchmark": "davis", "trackers": {}}]},
         r"evaluations\[0\]: missing key 'protocol'"),
        ({"rows": [{"tracker": "a", "experiment": "own", "seed": 0, "evaluation": "e"}]},
         r"rows\[0\]\.seed: expected null"),
        ({"pictures": [{"caption": "c"}]}, r"pictures\[0\]: missing key 'png'"),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 0, "seed": 10**400,
                    "evaluation": "e"}]}, r"rows\[0\].seed: expected a finite number, got 1000"),
        ({"strips": ""}, "strips: expected the path of a file, got ''"),
        ({"plans": {"2": {"alpha": "0.5"}}}, r"plans\.2\.alpha: expected a number or learned, got"),
        ({"plans": {"2": {"alpha": -1}}}, r'plans\.2\.alpha: expected 0 to 1, "learned" or null'),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 0, "seed": "0",
                    "evaluation": "e"}]}, r"rows\[0\].seed: expected a whole number, got '0'"),
        ({"evaluations": [{"benchmark": "b", "protocol": "p", "trackers": {"a": "a.json"},
                           "untrained": {"a": "c"}}]},
         r"evaluations\[0\].untrained: 'c' is none of its trackers"),
    ],
)  # fmt: skip
def test_manifest_names_the_wrong_key(tmp_path, change, message):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"title": "world"} | change))
    with pytest.raises(InputError, match=message):
        read_manifest(path)


def test_a_manifest_is_read_as_it_stands(tmp_path, monkeypatch):
    """A program wrote it: nothing in it is a variable, a home folder or a number in a text."""
    monkeypatch.setenv("NAME", "other")
    path = tmp_path / "manifest.json"
    texts = {"title": "$NAME", "strips": "~/$NAME/${NAME}.json", "notes": ["${NOT_SET}", "3"]}
    path.write_text(json.dumps(texts))
    found = read_manifest(path)
    assert (found.title, found.notes) == ("$NAME", ("${NOT_SET}", "3"))
    assert found.strips == Path("~/$NAME/${NAME}.json")


def test_what_is_written_is_read_again(manifest):
    found = read_manifest(manifest)
    assert found.rows and found.pictures
    manifest.write_text(json.dumps(as_plain(found)))
    assert read_manifest(manifest) == found


def test_missing_and_broken_files_are_named(manifest, tmp_path, capsys):
    run_all(manifest)
    whole = (tmp_path / "davis.json").read_text()
    (tmp_path / "davis.json").write_text('{"J_mean": 1}')
    output = f"--output={tmp_path / 'p.html'}"
    assert main(["page", f"--manifest={manifest}", output]) == 2
    assert (
        "davis.json: expected 'measures' as `chromatrack evaluate` writes it"
        in capsys.readouterr().err
    )
    told = json.loads(whole)
    (tmp_path / "davis.json").write_text(json.dumps(told | {"F_mean": "high"}))
    assert main(["page", f"--manifest={manifest}", output]) == 2
    assert "davis.json: expected a number as 'F_mean'" in capsys.readouterr().err
    (tmp_path / "davis.json").write_text(whole)
    (tmp_path / "curve.csv").write_text("step\n1\n")
    with pytest.raises(InputError, match=r"curve\.csv: expected the columns step and loss"):
        make_figures(read_manifest(manifest), tmp_path / "figures")
    (tmp_path / "2_0.3_0.json").unlink()
    arguments = [f"--manifest={manifest}", f"--output={tmp_path / 's.csv'}"]
    said = f"--statistics={tmp_path / 'verdicts.json'}"
    capsys.readouterr()
    assert main(["summary", *arguments, said]) == main(["statistics", *arguments]) == 2
    assert capsys.readouterr().err.count("2_0.3_0.json: no such file") == 2
    with pytest.raises(SystemExit):
        main(["summary", *arguments])
    assert "--statistics" in capsys.readouterr().err


DAMAGED = [(["success_auc"], value) for value in (None, "x", -1e308)] + [
    (["measures", "success_auc", part], value)
    for part in ("title", "unit", "better", "digits", "scale", "range")
    for value in (None, "x", [], True)
] + [
    (["curves", "success", part], value)
    for part in ("title", "x", "y", "measure", "legend", "mark", "thresholds", "values")
    for value in (7, {}, [None, 1], "gone")
]  # fmt: skip


def test_declared_parts_that_are_damaged_are_one_sentence(manifest, capsys):
    """Each of a scores.json, through every step: right, or one sentence that names the file."""
    value = json.loads(manifest.read_text())
    path = Path(value["rows"][0]["evaluation"])
    whole = json.loads(path.read_text())
    run_all(manifest)
    refused = 0
    for keys, damage in DAMAGED:
        scores = json.loads(json.dumps(whole))
        place = scores
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = damage
        if damage == "gone":
            del place[keys[-1]]
        path.write_text(json.dumps(scores))
        for stage, output in (("statistics", "v.json"), ("figures", "f"), ("page", "q.html")):
            capsys.readouterr()
            call = [stage, f"--manifest={manifest}", f"--output={manifest.parent / output}"]
            if main(call):
                said = capsys.readouterr().err.strip().splitlines()
                assert len(said) == 1 and path.name in said[0], (keys, damage, said)
                refused += 1
    assert refused > len(DAMAGED)
