"""Distance of centroids against consistency of labels: measures, stage, part of the page."""

import csv
import json
import re
import typing

import numpy as np
import pytest
from PIL import Image

from chromatrack.cli.main import main
from chromatrack.data.kinetics import ClipRow
from chromatrack.equalize import MODES
from chromatrack.errors import InputError
from chromatrack.fetch.ledger import Outcome, write_ledger
from chromatrack.labels import over_clips
from chromatrack.labels.analysis import (
    centroid_distances,
    flip_percent,
    lab_sums,
    look_up,
    measure,
    palette,
    still_cells,
    to_cells,
)
from chromatrack.labels.kmeans import ab_histogram, cluster
from chromatrack.reporting.label_analysis import read_label_analysis
from chromatrack.reporting.manifest import read_manifest
from chromatrack.settings import AnalysisSettings, LabelSettings, from_json
from chromatrack.settings.labels import Equalization
from chromatrack.stages.labels.analysis import pick_clips, read_clip
from chromatrack.stages.report.page import make_page
from tests.videos import write_video

SMALL = {"size": 64, "label_size": 8, "frame_stride": 2, "restarts": 2, "backend": "histogram"}
FEW = {"equalizations": ["none", "per_channel"], "colours": [4, 8], "figures": 1}


def test_distances_are_those_of_all_pairs():
    points = np.random.default_rng(0).uniform(0, 255, (6, 2)).astype(np.float32)
    pairs = [np.linalg.norm(points[i] - points[j]) for i in range(6) for j in range(i)]
    assert centroid_distances(points) == pytest.approx((min(pairs), np.mean(pairs)), rel=1e-5)
    assert np.isnan(centroid_distances(points[:1])).all()


def test_a_cell_is_still_where_no_pixel_of_it_moved_further():
    rgb = np.full((3, 8, 8, 3), 254, np.uint8)
    rgb[1, 0, 0, 2] -= 2  # noise in the first cell
    rgb[2, 0, 5, 1] = 1  # one pixel of the second cell; 254 to 1 is no small step
    still = still_cells(rgb, cells=2, levels=2)
    assert still.tolist() == [[[True, True], [True, True]], [[True, False], [True, True]]]
    assert not still_cells(rgb, cells=2, levels=1)[0, 0, 0]
    assert still_cells(rgb[:1], cells=2, levels=2).shape == (0, 2, 2)


def test_flips_are_counted_in_still_cells_alone():
    labels = np.zeros((2, 4, 4), int)
    labels[1, :2, :2] = [[1, 0], [0, 0]]  # one pixel of four
    labels[1, 2:, 2:] = 1  # a cell that moves
    still = np.array([[[True, True], [True, False]]])
    assert flip_percent(labels, still) == pytest.approx(100 / 12)
    cells = labels[:, ::2, ::2]
    assert flip_percent(cells, still) == pytest.approx(100 / 3)
    assert np.isnan(flip_percent(labels, np.zeros_like(still)))
    assert np.isnan(flip_percent(labels[:1], still[:0]))


def test_a_scene_that_stands_still_keeps_its_labels():
    frame = np.random.default_rng(1).integers(0, 256, (16, 16, 2), dtype=np.uint8)
    pixels = np.stack([frame] * 3)
    clusters = cluster(ab_histogram(pixels), colours=4, backend="histogram", restarts=2)
    result = measure(
        clusters,
        clustered=pixels[..., 0].size,
        pixels=pixels,
        cells=to_cells(pixels, 4),
        still=np.ones((2, 4, 4), bool),
    )
    assert result.flips_pixels == result.flips_cells == 0
    labels = look_up(np.arange(65536) % 256, pixels)
    assert (labels == pixels[..., 1]).all()
    nearest = ((pixels[..., None, :] - clusters.centroids) ** 2).sum(-1).min(-1)
    assert result.inertia == pytest.approx(nearest.mean(), rel=1e-4)


def test_lab_sums_give_mean_and_deviation():
    lab = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    result = over_clips.ClipResult("a", 3, 0.0, {}, {"none": lab_sums(lab)}, 3 * 64)
    mean, deviation = over_clips.lab_statistics([result], "none")
    np.testing.assert_allclose(mean, lab.reshape(-1, 3).mean(0) / 255, rtol=1e-9)
    np.testing.assert_allclose(deviation, lab.reshape(-1, 3).std(0) / 255, rtol=1e-9)


def test_pale_centroids_are_told_apart_by_stretching():
    pale = np.array([[126.0, 128.0], [130.0, 128.0]], np.float32)
    assert np.abs(np.diff(palette(pale).astype(int), axis=0)).max() < 15
    assert np.abs(np.diff(palette(pale, reach=70.0).astype(int), axis=0)).max() > 100
    assert palette(np.array([[128.0, 128.0]]), reach=70.0).std() == 0


def test_intervals_are_over_clips():
    random = np.random.default_rng(3)
    few = over_clips.mean(np.array([1.0, np.nan, 3.0]))
    assert few.value == 2 and np.isnan(few.low) and np.isnan(few.high)
    values = random.normal(10, 2, 400)
    wide, narrow = over_clips.mean(values[:20]), over_clips.mean(values)
    assert narrow.low < 10 < narrow.high
    # The interval of a normal mean: 1.96 standard errors to either side.
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert np.isnan(over_clips.mean(np.full(6, np.nan)).value)


def test_ratios_compare_clip_by_clip():
    base = np.array([1.0, 4.0, 9.0, 2.0, 5.0, np.nan])
    triple = over_clips.ratio(3 * base, base)
    assert (triple.value, triple.low, triple.high) == pytest.approx((3, 3, 3))
    assert np.isnan(over_clips.ratio(base, np.zeros(6)).value)


def test_every_mode_can_be_chosen():
    assert set(typing.get_args(Equalization)) == set(MODES) == set(AnalysisSettings().equalizations)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"colours": [8, 8]}', "colours: a value is given twice"),
        ('{"colours": [1]}', "colours: expected 2 to 255, got 1"),
        ('{"equalizations": []}', "equalizations: expected at least one value"),
        ('{"equalizations": ["z"]}', r"equalizations\[0\]: expected one of"),
        ('{"clips": 1, "chosen": ["a", "b"]}', r"chosen: expected at most clips \(1\) ids, got 2"),
        ('{"still_levels": -1}', "still_levels: expected 0 or more"),
    ],
)
def test_a_wrong_setting_is_named(text, message):
    with pytest.raises(InputError, match=message):
        from_json(AnalysisSettings, text)


def shard(folder, name, statuses):
    """A ledger of clips of one video each: id -> status. Returns ledger, folder and clip ids."""
    rows = [ClipRow("label", video, 0.0, 10.0, "train") for video in statuses]
    outcomes = {row.clip_id: Outcome(status=statuses[row.youtube_id]) for row in rows}
    write_ledger(folder / f"{name}.csv", rows, outcomes)
    return folder / f"{name}.csv", folder / name, [row.clip_id for row in rows]


def test_clips_are_the_chosen_ones_and_an_even_spread(tmp_path):
    videos = [f"-video{index:05d}" for index in range(10)]
    one = shard(tmp_path, "shard-0000", {v: "done" for v in videos[:5]} | {"-gone000000": "gone"})
    two = shard(tmp_path, "shard-0001", {v: "done" for v in videos[5:]})
    ids = one[2][:5] + two[2]

    def pick(**settings):
        return pick_clips((one[0], two[0]), one[1].parent, AnalysisSettings(**settings))

    assert list(pick(clips=4)) == [ids[i] for i in (0, 3, 6, 9)]
    assert list(pick(clips=3, chosen=(ids[7],))) == [ids[7], ids[0], ids[9]]
    assert list(pick(clips=100)) == ids
    assert pick(clips=4)[ids[9]] == two[1] / f"{ids[9]}.mp4"
    for unknown in ("nowhere", one[2][5]):
        with pytest.raises(InputError, match=f"analysis.chosen: '{unknown}' is no clip that"):
            pick(chosen=(unknown,))
    gone = shard(tmp_path, "shard-0002", {"-gone000000": "gone"})
    with pytest.raises(InputError, match="not one clip in 1 ledgers is done"):
        pick_clips(gone[:1], gone[1].parent, AnalysisSettings())


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Five clips of a still coloured scene that an object moves into, a grey one, a broken one."""
    folder = tmp_path_factory.mktemp("clips")
    names = [f"-clip{index:06d}" for index in range(5)]
    ledger, files, ids = shard(
        folder, "shard-0000", dict.fromkeys([*names, "-grey000000", "-broken0000"], "done")
    )
    files.mkdir()
    rows, columns = np.mgrid[0:96, 0:96]
    for index, clip_id in enumerate(ids[:5]):
        scene = np.stack([60 + columns // 2 + 9 * index, 70 + rows // 2, 150 - columns // 3], -1)
        frames = []
        for time in range(10):
            frame = scene.astype(np.uint8)
            frame[8 * time :, 64:] = (250, 250, 20)
            frames.append(frame)
        write_video(files / f"{clip_id}.mp4", frames)
    grey = [np.full((96, 96, 3), 128, np.uint8)] * 4
    write_video(files / f"{ids[5]}.mp4", grey)
    (files / f"{ids[6]}.mp4").write_bytes(b"not a video")
    return ledger, files


def analyze(fetched, output, /, **analysis):
    settings = {"labels": SMALL, "analysis": FEW | analysis}
    call = ["analyze-labels", "--ledgers", str(fetched[0]), "--clips", str(fetched[1].parent)]
    return main([*call, f"--output={output}", f"--settings={json.dumps(settings)}"])


@pytest.fixture(scope="module")
def analyzed(clips, tmp_path_factory):
    index = tmp_path_factory.mktemp("analyzed") / "analysis.json"
    assert analyze(clips, index) == 0
    return index


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_tables_hold_every_clip_mode_and_k(analyzed):
    means = rows_of(analyzed.parent / "consistency.csv")
    variants = [("none", "4"), ("none", "8"), ("per_channel", "4"), ("per_channel", "8")]
    assert [(row["equalization"], row["colours"]) for row in means] == variants
    single = rows_of(analyzed.parent / "clips.csv")
    assert len(single) == 6 * 4 and {row["clips"] for row in means} == {"6"}
    for row in means:
        own = [
            float(clip["smallest_distance"])
            for clip in single
            if (clip["equalization"], clip["colours"]) == (row["equalization"], row["colours"])
            and clip["smallest_distance"]
        ]
        assert len(own) == 5  # the grey clip has one colour, and no distance
        assert float(row["smallest_distance"]) == pytest.approx(np.mean(own), rel=1e-4)
        assert float(row["smallest_distance_low"]) <= float(row["smallest_distance_high"])
    grey = [row for row in single if row["clip_id"].startswith("-grey")]
    assert {row["flips_pixels"] for row in grey} == {"0"}


def test_equalising_each_channel_makes_still_regions_change_their_labels(analyzed):
    """What section 5.3.2 fears: the scene stands still, but its equalised colours do not."""
    flips = {
        (row["equalization"], row["colours"]): float(row["flips_pixels"])
        for row in rows_of(analyzed.parent / "consistency.csv")
    }
    for colours in ("4", "8"):
        assert flips["per_channel", colours] > 2 * flips["none", colours]
        assert flips["per_channel", colours] > 1


def test_the_index_is_json_and_names_files_that_are_there(analyzed):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    index = json.loads(analyzed.read_text(), parse_constant=refuse)
    assert index["clips"] == 6 and index["left_out"] == 1
    assert index["made_by"]["stage"] == "analyze-labels"
    assert index["made_by"]["settings"]["analysis"]["colours"] == [4, 8]
    names = [figure["png"] for figure in index["figures"]]
    assert names == ["trade-off.png", "centroids-0.png", "labels-0.png"]
    for figure in index["figures"]:
        assert (analyzed.parent / figure["svg"]).read_text().startswith("<?xml")
        with Image.open(analyzed.parent / figure["png"]) as image:
            assert image.width > 400


def test_a_broken_clip_is_left_out_and_the_rest_is_the_same_bytes(
    clips, analyzed, tmp_path, capsys
):
    assert analyze(clips, tmp_path / "analysis.json") == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert len(lines) == 1 and "-broken0000" in lines[0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in analyzed.parent.iterdir())
    for name in names:
        assert (tmp_path / name).read_bytes() == (analyzed.parent / name).read_bytes(), name


def test_grey_clips_and_single_frames_have_figures_too(clips, tmp_path):
    grey = "-grey000000_000000_000010"
    assert analyze(clips, tmp_path / "a.json", chosen=[grey], clips=1, frames=1) == 0
    index = json.loads((tmp_path / "a.json").read_text())
    assert index["clips"] == 1 and index["still_percent"]["value"] is None
    assert "one colour" in (tmp_path / "centroids-0.svg").read_text()
    table = read_label_analysis(tmp_path / "a.json").table
    assert "No confidence intervals: they need 5 clips." in table.note
    assert table.lines[0].cells[2:4] == ("–", "–")


def test_no_readable_clip_is_one_sentence(clips, tmp_path, capsys):
    chosen = ["-broken0000_000000_000010"]
    assert analyze(clips, tmp_path / "a.json", chosen=chosen, clips=1) == 1
    assert "not one of the 1 picked clips can be decoded" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()


def test_frames_in_memory_are_limited(clips):
    video = next(clips[1].glob("-clip*.mp4"))
    clip = read_clip(video, LabelSettings(**SMALL), AnalysisSettings(frames=3))
    assert clip.rgb.shape == (3, 64, 64, 3)
    assert {mode: lab.shape for mode, lab in clip.lab.items()} == dict.fromkeys(
        AnalysisSettings().equalizations, (3, 64, 64, 3)
    )


def test_the_page_shows_table_figures_and_definitions(analyzed, tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({"title": "w", "label_analysis": str(analyzed)}))
    make_page(read_manifest(tmp_path / "m.json"), tmp_path / "p.html")
    text = (tmp_path / "p.html").read_text()
    assert len(re.findall('<img src="data:image/webp;base64,', text)) == 3
    data = json.loads(re.search('data-kind="main">(.*?)</script>', text)[1])
    panels = json.loads(analyzed.read_text())["centroids"]
    assert data["centroids"] == panels
    first = panels[0]
    assert len(first["points"]) == len(first["colors"]) <= first["colours"]
    assert 'data-plot="centroids"' in text
    assert text.count('href="#analysis"') == text.count('id="analysis"') == 1
    for part in ("moved by more than 2 of 255 levels", "Means over 6 clips", "1 more could not",
                 "0.2242", "0.5242", "With k = 8, equalising each channel"):  # fmt: skip
        assert part in text, part


def test_a_damaged_index_is_named(analyzed, tmp_path):
    index = json.loads(analyzed.read_text())
    path = tmp_path / "analysis.json"
    path.write_text(json.dumps({key: index[key] for key in index if key != "cells"}))
    with pytest.raises(InputError, match=r"analysis\.json: expected the key 'cells'"):
        read_label_analysis(path)
    path.write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"consistency\.csv: cannot be read"):
        read_label_analysis(path)
    (tmp_path / "consistency.csv").write_text("equalization,colours\nnone,8\n")
    with pytest.raises(InputError, match=r"consistency\.csv: expected a column 'smallest_dist"):
        read_label_analysis(path)


@pytest.mark.real_data
def test_on_real_clips_each_channel_separates_and_flips_more(real_data, tmp_path):
    """The finding of section 5.3.1, and its price."""
    videos = ["3rWDlRr3W5h.mp4", "hi8vQyzrrTt.mkv", "m59kRJkMw7P.mp4", "VRuQ_cegljg.mp4"]
    ledger, files, ids = shard(
        tmp_path, "shard-0000", {video.split(".")[0]: "done" for video in videos}
    )
    files.mkdir()
    for clip_id, video in zip(ids, videos, strict=True):
        (files / f"{clip_id}.mp4").symlink_to(real_data / "kinetics" / "source" / video)
    settings = {
        "labels": {"backend": "histogram", "restarts": 4},
        "analysis": FEW | {"colours": [8], "frames": 12, "figures": 0},
    }
    call = ["analyze-labels", "--ledgers", str(ledger), "--clips", str(files.parent)]
    output = tmp_path / "analysis.json"
    assert main([*call, f"--output={output}", f"--settings={json.dumps(settings)}"]) == 0
    (times,) = json.loads(output.read_text())["times_none"]
    assert times["smallest_distance"]["value"] > 1.2
    assert times["flips_pixels"]["value"] > 1.5 and times["flips_cells"]["value"] > 1.5
