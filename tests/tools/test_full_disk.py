"""A disk that is full: whoever writes, one sentence, nothing left, and the same file afterwards."""

import errno
import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import got10k_results
from chromatrack.data.crop_parts import CropParts
from chromatrack.data.davis import write_mask
from chromatrack.data.images import write_frames, write_jpeg
from chromatrack.errors import UnwritableError
from chromatrack.fetch.archives import open_archives
from chromatrack.fetch.gate import Gate
from chromatrack.fetch.ledger import Entry, Journal, Outcome
from chromatrack.files import append, write_json
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.parts import Parts
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.reporting import plots
from chromatrack.settings import BackOffSettings, LabelSettings
from chromatrack.stages.labels.labels import label_video
from chromatrack.streams import whole_stream
from chromatrack.training.metrics import Metrics
from chromatrack.training.precision import Precision
from chromatrack.training.state import Training
from chromatrack.video.cut import cut_clip
from chromatrack.video.write import write_video as encode
from tests.crop_shards import write_blobs
from tests.videos import moving_colours, write_video

NOISE = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
CPU = torch.device("cpu")


@contextmanager
def limit(size):
    """Files may have so many bytes; as from a quota, an error comes in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def checkpoint(folder):
    torch.manual_seed(0)
    save_checkpoint(
        folder / "model.pt", kind="siamfc", network={"width": 0.05}, scaling=InputScaling(),
        module=build_siamfc(width=0.05), made_by={},
    )  # fmt: skip


def state(folder):
    torch.manual_seed(0)
    module = build_siamfc(width=0.05)
    optimizer = torch.optim.Adam(module.parameters())
    Training(module, optimizer, Precision(32, CPU)).save(folder / "last.pt", "identity")


def crops(folder):
    write_blobs(folder / "crops.h5")


def labels(folder):
    label_video(
        folder / "clip.mp4", folder / "labels.h5",
        settings=LabelSettings(colours=4, restarts=1, full_resolution=True, chroma=True),
    )  # fmt: skip


def part_of_labels(folder):
    from chromatrack.labels.clip import decode_clip

    settings = LabelSettings(colours=4)
    Parts(folder, "recipe").keep("clip", "sha256", decode_clip(folder / "clip.mp4", settings))


def part_of_crops(folder):
    from chromatrack.data.crops import Crops
    from chromatrack.data.sequence import Sequence

    frames = np.arange(3)
    target = Sequence("one", tuple(Path(f"{i}.jpg") for i in frames), np.ones((3, 4)))
    crops = Crops.of("one", frames, [NOISE.tobytes()] * 3)
    CropParts(folder, "recipe").keep("one", [target], [crops], "digest")


def mask(folder):
    write_mask(folder / "mask.png", NOISE[..., 0])


def plot(folder):
    with plots.style():
        figure, axes = plots.new_figure()
        axes.plot(NOISE[0])
        plots.save(figure, folder / "plot")


def video(folder):
    encode(folder / "video.mp4", [NOISE] * 12, width=128, height=96, fps=25, quality=20)


def clip(folder):
    cut_clip(folder / "clip.mp4", folder / "cut.mp4", start=0.0, end=0.4, quality=18)


def archive(folder):
    boxes = np.random.default_rng(0).random((400, 4))
    sequences = {name: ([boxes] * 3, boxes[:, :3]) for name in "ab"}
    got10k_results.write_archive(folder / "submission.zip", sequences)


def index_of_archive(folder):
    open_archives([folder / "all.tar.gz"], root=folder, index=folder / "index")


def jpeg(folder):
    write_jpeg(folder / "image.jpg", NOISE)


def frames(folder):
    write_frames(folder, [NOISE], pattern="%08d.jpg", first=1, quality=90)


def text(folder):
    write_json(folder / "result.json", NOISE.tolist())


WRITERS = [
    checkpoint, state, crops, labels, part_of_labels, part_of_crops, mask, plot, video, clip,
    archive, index_of_archive, jpeg, frames, text,
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A video and a compressed archive."""
    folder = tmp_path_factory.mktemp("inputs")
    write_video(folder / "clip.mp4", moving_colours(12))
    shutil.make_archive(str(folder / "all"), "gztar", folder, "clip.mp4")
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(write, inputs, tmp_path):
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    before = contents(tmp_path)
    write(tmp_path)
    whole = contents(tmp_path)
    written = {name: content for name, content in whole.items() if name not in before}
    assert written
    largest = max(len(content) for content in written.values())
    for size in {0, 1, largest // 9, largest // 2, largest - 1}:
        for name in written:
            (tmp_path / name).unlink()
        with pytest.raises(UnwritableError) as raised, limit(size):
            write(tmp_path)
        said = str(raised.value)
        assert said.endswith(": cannot be written (File too large)") and "\n" not in said
        name = Path(said.partition(": cannot")[0])
        assert str(name.relative_to(tmp_path)) in written
        left = contents(tmp_path)
        assert set(left) < set(whole) and str(name.relative_to(tmp_path)) not in left
        assert all(left[name] == whole[name] for name in left)  # those before it are whole
        write(tmp_path)
        assert contents(tmp_path) == whole


def test_hdf5_bears_an_error_at_any_of_its_writes(tmp_path, monkeypatch):
    """It reads structures again that it has put aside, and crashes where they are not there."""
    writes, real, last = 0, os.pwrite, None

    def pwrite(*arguments):
        nonlocal writes
        writes += 1
        if last is not None and writes > last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    def write(good=None):
        nonlocal writes, last
        writes, last = 0, good
        with (
            whole_stream(tmp_path / "file.h5", reread=True) as sink,
            h5py.File(sink, "w", track_order=True) as file,
        ):
            chunks = file.create_dataset("chunks", (3000, 8), np.uint8, chunks=(1, 8))
            for index in range(0, 3000, 50):
                chunks[index : index + 50] = index % 251
            file["text"] = ["word"] * 500

    monkeypatch.setattr(os, "pwrite", pwrite)
    write()
    total, whole = writes, (tmp_path / "file.h5").read_bytes()
    assert total > 3000
    for good in [*range(40), *range(40, total - 40, 97), *range(total - 40, total)]:
        with pytest.raises(UnwritableError, match=r"file.h5: cannot be written \(No space left"):
            write(good)
    write()
    assert (tmp_path / "file.h5").read_bytes() == whole
    assert os.listdir(tmp_path) == ["file.h5"]


def test_an_addition_is_whole_or_is_not(tmp_path):
    with open(tmp_path / "lines", "ab", buffering=0) as handle:
        append(handle, b"first\n")
        with pytest.raises(UnwritableError, match="lines: cannot be written"), limit(9):
            append(handle, b"second\n")
        assert (tmp_path / "lines").read_bytes() == b"first\n"
        append(handle, b"third\n")
    assert (tmp_path / "lines").read_bytes() == b"first\nthird\n"


def test_the_journal_and_the_gate_keep_what_they_hold(tmp_path):
    entry = Entry(Outcome("done"), "recipe", "source", "")
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.record("a", entry)
        size = path.stat().st_size
        with pytest.raises(UnwritableError, match=r"journal.jsonl: cannot"), limit(size + 10):
            journal.record("b", entry)
        journal.record("c", entry)
    with Journal(path) as journal:
        assert set(journal.entries) == {"a", "c"}
    gate = tmp_path / "gate.json"
    gate.write_text('{"refusals": 2}')
    with pytest.raises(UnwritableError, match=r"gate.json: cannot be written"), limit(5):
        Gate(gate, BackOffSettings(), source="").before()
    assert gate.read_text() == '{"refusals": 2}'
    assert not list(tmp_path.glob("*.part"))


def test_tables_and_events_of_a_training_end_with_whole_lines(tmp_path):
    table = tmp_path / "metrics.csv"
    metrics = Metrics(table, tmp_path / "tensorboard", 0)
    with metrics, pytest.raises(UnwritableError) as raised, limit(200):
        for step in range(100):
            metrics.add(step, 0.5, 0.1)
    assert "cannot be written (File too large)" in str(raised.value)
    assert table.read_text().endswith("\n") and table.stat().st_size <= 200


MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


@pytest.mark.parametrize("size", ["20k", "60k"])
def test_a_disk_that_is_full_indeed(size, tmp_path):
    """On a file system of that size; skipped where nothing can be mounted."""
    here = tmp_path / "disk"
    here.mkdir()
    words = ["unshare", "-m", "sh", "-c", MOUNT, "sh", size, here]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    if subprocess.run([*words, "true"], capture_output=True, timeout=60).returncode:
        pytest.skip("mounting is not allowed here")
    write_video(tmp_path / "clip.mp4", moving_colours(40))
    settings = '{"full_resolution": true, "restarts": 1}'
    call = [sys.executable, "-m", "chromatrack.cli.main", "label", tmp_path / "clip.mp4",
            "--output", here / "labels.h5", "--settings", settings]  # fmt: skip
    done = subprocess.run(
        [*words, "sh", "-c", '"$@"; echo "code $?"; ls -A "$0"', here, *call],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    told = f"chromatrack label: {here}/labels.h5: cannot be written (No space left on device)"
    assert done.stderr.strip().splitlines()[-1] == told
    assert "Traceback" not in done.stderr
    assert done.stdout == "code 1\n"  # and no file


def test_a_command_ends_with_one_and_its_sentence(inputs, tmp_path, capsys):
    call = ["label", str(inputs / "clip.mp4"), "--output", str(tmp_path / "labels.h5"),
            "--settings", '{"colours": 4, "restarts": 1}']  # fmt: skip
    with limit(3000):
        assert main(call) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    path = tmp_path / "labels.h5"
    assert said == f"chromatrack label: {path}: cannot be written (File too large)"
    assert not list(tmp_path.iterdir())
    assert main(call) == 0 and LabelShard(path).clip_ids == ["clip"]


def test_a_log_that_cannot_be_written_stops_nothing(inputs, tmp_path):
    call = [
        sys.executable,
        "-m",
        "chromatrack.cli.main",
        "label",
        inputs / "clip.mp4",
        "--output",
        tmp_path / "labels.h5",
        "--settings",
        '{"colours": 4, "restarts": 1}',
    ]
    with open("/dev/full", "w") as full:
        assert subprocess.run(call, stderr=full, timeout=120).returncode == 0
        assert LabelShard(tmp_path / "labels.h5").clip_ids == ["clip"]
        done = subprocess.run(
            [*call[:3], "doctor"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert done.returncode == 1
    assert done.stderr.startswith("chromatrack doctor: ") and done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
