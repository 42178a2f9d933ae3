"""A scene of VOT, and our own run of it."""

from pathlib import Path

import numpy as np

from chromatrack.cli.main import main
from chromatrack.data import vot
from chromatrack.files import read_json


def write_scene(root: Path, *, frames: int = 130, jump: int = 90) -> None:
    """A textured patch that turns and moves, and is elsewhere from one frame on: a failure."""
    random = np.random.default_rng(2)
    ground = random.integers(0, 80, (120, 200, 3)).astype(np.uint8)
    patch = random.integers(120, 255, (30, 36, 3)).astype(np.uint8)
    images, polygons = [], []
    for index in range(frames):
        left, top = (20 + index // 3, 20) if index < jump else (140, 70 + index % 7)
        image = ground.copy()
        image[top : top + 30, left : left + 36] = patch
        images.append(image)
        lean = 3 * np.sin(index / 9)
        polygons.append([left + lean, top, left + 35, top + lean, left + 35 - lean, top + 29,
                         left, top + 29 - lean])  # fmt: skip
    vot.write_sequence(root, "turns", images, np.array(polygons), fps=25)
    vot.write_sequence(root, "short", images[:40], np.array(polygons[:40]), fps=25)
    # Rectangles, as the first challenges had them, stay rectangles.
    text = "".join(f"{p[0]:.3f},{p[1]:.3f},36.4,29.6\n" for p in polygons[:40])
    (root / "short" / "groundtruth.txt").write_text(text)
    vot.write_list(root, ["turns", "short"])


def run_own(root: Path, folder: Path, *arguments: str, edition: str | None = None) -> dict:
    """Our own two steps: tracked with restarts, then scored."""
    run = [
        "run",
        "vot",
        "--protocol=restarted",
        f"--root={root}",
        f"--output={folder / 'run.json'}",
    ]
    assert main([*run, *arguments]) == 0
    limit = [a.replace("max-frames", "frames-limit") for a in arguments if "max-frames" in a]
    scored = ["evaluate", "vot", f"--annotations={root}", f"--results={folder / 'boxes'}"]
    scored += [] if edition is None else [f"--edition={edition}"]
    assert main([*scored, *limit, f"--output={folder / 'scores.json'}"]) == 0
    return read_json(folder / "scores.json")
