"""Label caches, crop files and checkpoints: what HDF5 and PyTorch read in C."""

import cv2
import numpy as np
import torch

from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.data.augmentation import Augmentation
from chromatrack.data.crops import Crops, write_crop_shard
from chromatrack.data.pairs import CropPairs
from chromatrack.labels.cache import ClipLabels, LabelShard, write_label_shard
from chromatrack.labels.samples import LabelSamples
from chromatrack.models.build import build_colorizer, build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import LabelSettings
from tests.mutations import right
from tests.mutations.mutators import BYTES
from tests.mutations.running import Case


def labels(folder):
    settings = LabelSettings(size=32, label_size=4, colours=3)
    jpeg = cv2.imencode(".jpg", np.full((32, 32), 90, np.uint8))[1].ravel()
    clips = [
        ClipLabels(
            clip_id=name, sha256="ab" * 32, luma=np.tile(jpeg, 3),
            luma_lengths=np.full(3, len(jpeg)), chroma=jpeg[:0], chroma_lengths=np.zeros(0, int),
            labels=np.ones((3, 4, 4), np.uint8), full_labels=None,
            centroids=np.full((3, 2), 90, np.float32), inertia=1.0,
            lab_sums=np.ones((2, 3)), lab_count=9,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    path = folder / "labels.h5"
    write_label_shard(
        path, clips, [(3, 3 * len(jpeg), 0)] * 2, settings=settings, made_by={"a": 1},
        left_out=[("three", "no reason")],
    )  # fmt: skip

    def read():
        shard = LabelShard(path)
        clips = len(shard.clip_ids)
        assert len(shard.clip_sha256) == clips
        assert shard.centroids.shape[::2] == (clips, 2) and shard.lab_sums.shape == (clips, 2, 3)
        assert shard.centroid_counts.shape == shard.lab_counts.shape == (clips,)
        right.numbers(shard.lab_sums)
        for used, centroids in zip(shard.centroid_counts, shard.centroids, strict=True):
            assert 0 < used <= len(centroids)
            right.numbers(centroids[:used])
        samples = LabelSamples([path], frames=2, batch_size=4, colours=3)
        for step in range(3):
            luma, found = samples.batch(step)
            assert luma.shape == (4, 2, samples.size, samples.size)
            assert found.shape == (4, 2, samples.grid, samples.grid) and found.max() < 3

    return Case(folder, read, [path], BYTES)


def crops(folder):
    jpeg = cv2.imencode(".jpg", np.full((271, 271, 3), 90, np.uint8))[1].tobytes()
    sequences = [Crops.of(name, np.array([0, 1, 5]), [jpeg] * 3) for name in ("one", "two")]
    path = folder / "crops.h5"
    write_crop_shard(path, sequences, margin=8, made_by={"a": 1})

    def read():
        pairs = CropPairs([path], batch_size=2, augmentation=Augmentation())
        batch = pairs.batch(0)
        assert batch.searches.shape == (2, 255, 255, 3)

    return Case(folder, read, [path], BYTES)


def _checkpoint(kind, network, module):
    def make(folder):
        path = folder / "model.pt"
        made = module()
        save_checkpoint(
            path, kind=kind, network=network, scaling=InputScaling(), module=made, made_by={}
        )

        def read():
            loaded = load_checkpoint(path)
            assert (loaded.kind, loaded.network) == (kind, network)
            assert loaded.scaling == InputScaling()
            found = loaded.build().state_dict()
            for name, value in made.state_dict().items():
                assert torch.equal(found[name], value), f"{name} is another"

        return Case(folder, read, [path], BYTES)

    return make


SMALL = {"width": 0.02, "channels": "as_run"}
TRUNK = {"trunk": "alexnet", "width": 0.02, "embedding": 4}
FUSED = {
    "siamfc": SMALL, "auxiliary": {"kind": "siamfc", "network": SMALL}, "alpha": 0.5,
    "normalize": True, "statistics": ((0.0, 1.0), (0.0, 1.0)),
}  # fmt: skip

BINARY = {
    "label caches": labels,
    "crop files": crops,
    "checkpoints of SiamFC": _checkpoint("siamfc", SMALL, lambda: build_siamfc(**SMALL)),
    "checkpoints of colorization": _checkpoint(
        "colorization", TRUNK, lambda: build_colorizer(**TRUNK)
    ),
    "checkpoints of both": _checkpoint("fused", FUSED, lambda: build_fused(**FUSED)),
}
