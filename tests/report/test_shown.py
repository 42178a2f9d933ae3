"""Which files the report of a run reads: what its rules ask for is what its manifest names."""

from pathlib import Path

import pytest

from chromatrack.errors import InputError
from chromatrack.files import read_json, write_json, write_text
from chromatrack.plan import shown
from chromatrack.plan.places import Places
from chromatrack.settings import from_mapping
from chromatrack.stages.report.manifest import write_manifest

DEMO = {"run": "r", "data": {"title": "t", "demo": True}, "seeds": [0]}
GIVEN = {
    "run": "r", "data": {"title": "t"}, "siamfc": {"checkpoint": "model.pt"},
    "experiments": dict.fromkeys("12345"), "trunks": [], "benchmarks": {"otb": {"root": "x"}},
    "baselines": [],
}  # fmt: skip
"""Without clips, and with no network that anything was pretrained for."""


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder in which a run has come as far as its manifest."""
    monkeypatch.chdir(tmp_path)
    places = Places("r")
    write_text(places.shards, "shard-0000.csv\nshard-0001.csv\n")
    write_json(places.pictures, [{"caption": "c", "png": "a.png"}])
    write_json(places.single_video, {"figures": [{"title": "T", "caption": "C", "png": "b.png"}]})
    return places


def written(mapping):
    write_manifest(from_mapping(mapping), Path("m.json"))
    return read_json("m.json")


def test_the_manifest_names_what_the_rules_ask_for(places):
    files, found = shown.report_files(from_mapping(DEMO)), written(DEMO)
    for name in ("strips", "maps", "similarity", "lab_statistics", "label_analysis"):
        assert [found[name]] == files[name]
    assert found["ledgers"] == [places.ledger("shard-0000"), places.ledger("shard-0001")]
    assert [one["png"] for one in found["pictures"]] == ["a.png", "results/r/single_video/b.png"]
    scores = {path for one in found["evaluations"] for path in one["trackers"].values()}
    assert scores == set(files["scores"])
    assert {row["evaluation"] for row in found["rows"]} <= scores


def test_of_what_a_run_has_not_nothing_is_named(places):
    files, found = shown.report_files(from_mapping(GIVEN)), written(GIVEN)
    for name in ("maps", "similarity", "lab_statistics", "label_analysis"):
        assert files[name] == [] and found[name] is None
    assert files["single_video"] == files["validation"] == files["tuned"] == found["ledgers"] == []
    assert [one["png"] for one in found["pictures"]] == ["a.png"]
    assert [found["strips"]] == files["strips"]


def test_scores_of_a_server_are_the_archive_that_it_is_sent():
    benchmarks = {"trackingnet": {"root": "t"}}
    files = shown.scores(from_mapping(GIVEN | {"benchmarks": benchmarks, "seeds": [0]}))
    assert files == [Places("r").archive("trackingnet", "ope", "baseline-seed0")]


@pytest.mark.parametrize("missing", ["shards", "pictures", "single_video"])
def test_a_run_that_is_not_so_far_has_no_manifest(missing, places):
    path = Path(getattr(places, missing))
    path.unlink()
    with pytest.raises(InputError, match=f"{path}: no such file"):
        written(DEMO)
    assert not Path("m.json").exists()


def test_a_damaged_list_of_pictures_is_named(places):
    write_json(places.pictures, [{"caption": "c"}])
    with pytest.raises(InputError, match=r"pictures\.json\[0\]: missing key 'png'"):
        written(DEMO)


def test_videos_are_coloured_where_there_are_clips_and_masks(places):
    settings = from_mapping({**DEMO, "benchmarks": {"otb": {}, "davis": {"max_frames": 9}}})
    assert places.colorized("resnet18") in shown.coloured(settings)
    assert shown.coloured_data(settings) == [places.world("davis")]
    assert shown.coloured_on(settings, trunk="resnet18") == [
        "--max-frames=9", "--", "results/r/world/davis",
    ]  # fmt: skip
    assert shown.coloured(from_mapping({**DEMO, "benchmarks": ["otb"]})) == []
    with pytest.raises(InputError, match="benchmarks: colorize needs one of masks"):
        shown.coloured_on(from_mapping({**DEMO, "benchmarks": ["otb"]}))


def test_a_training_is_validated_where_there_is_something_to_validate_it_on(places):
    def validation(**more):
        return shown.report_files(from_mapping({**DEMO, "seeds": [0, 1], **more}))["validation"]

    assert validation() == [places.siamfc(seed, "validation.json") for seed in (0, 1)]
    assert validation(siamfc={"validation_frames": 0}) == []
    assert validation(siamfc={"checkpoint": "model.pt"}) == []
