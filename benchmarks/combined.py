"""What a frame of the combined tracker costs on a CPU, beside what its multiply-adds must cost.

    python -m benchmarks.combined [--frames 20] [--rounds 5] [--trunks resnet18 alexnet]

Needs the real files (CHROMATRACK_REAL_DATA). The floor is the number of multiply-adds of a frame,
three search patches through both branches and the correlations, over those that a core reaches in
float32: the better of a large matrix product and a large direct convolution. Both are measured in
each round, one after the other, in CPU seconds of one thread; decoding and cropping count as well.
The network as it runs has fewer multiply-adds than the network as it is defined (Winograd's
algorithm): both floors are printed, the bar is on the defined one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn

from benchmarks.alphas import ALPHAS, ONE, WEIGHTS, alone, chosen, compose, opened
from benchmarks.common import finish, result
from chromatrack.checkpoints import load_checkpoint
from chromatrack.models.winograd import TILE, WinogradConv2d
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch

ALLOWED = 1.4
"""Times the floor."""


def multiply_adds(checkpoint: Path) -> tuple[float, float]:
    """Of a frame: three search patches, both branches, the correlations.

    Returns:
        Of the network as it is defined, and with Winograd's products where they are taken (its
        transforms not counted).
    """
    defined, taken = [], []

    def note(convolution: nn.Conv2d, _, output: Tensor) -> None:
        kernel = convolution.weight[0].numel()  # channels of a group times the window
        defined.append(output.numel() * kernel)
        size = convolution.kernel_size[0]
        wins = (
            (TILE + size - 1) ** 2 / (TILE * size) ** 2 if WinogradConv2d.fits(convolution) else 1
        )
        taken.append(output.numel() * kernel * wins)

    model = load_checkpoint(checkpoint).build().eval()
    channels = (3, 1)  # of SiamFC's patches and of the auxiliary's
    with torch.no_grad():
        exemplar = model.embed(*(torch.zeros(1, c, 127, 127) for c in channels))
        for part in model.modules():
            if isinstance(part, nn.Conv2d):
                part.register_forward_hook(note)
        search = model.embed(*(torch.zeros(3, c, 255, 255) for c in channels))
        response = model.respond(exemplar, search)
    compared = sum(response.numel() * branch.numel() for branch in exemplar)
    return float(sum(defined) + compared), float(sum(taken) + compared)


def reached() -> float:
    """Multiply-adds per CPU second of one thread in float32, the better of two ways."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    convolution = nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last)
    maps = torch.randn(3, 256, 32, 32).to(memory_format=torch.channels_last)
    with torch.no_grad():
        return max(
            1024**3 / shortest(lambda: a @ b),
            maps.numel() * convolution.weight[0].numel() / shortest(lambda: convolution(maps)),
        )


def shortest(work: Callable[[], object], times: int = 10) -> float:
    """CPU seconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def compare(trunk: str, siamfc: Path, sequences: list, rounds: int) -> list[dict]:
    checkpoint = siamfc.with_name(f"{trunk}.pt")
    compose(siamfc, trunk, sequences, checkpoint)
    defined, taken = multiply_adds(checkpoint)
    tracker = opened(checkpoint, sequences[0], alpha=ALPHAS[ONE])
    frames, costs, rates = sum(map(len, sequences)), [], []
    for _ in range(rounds):
        rates.append(reached())
        costs.append(sum(alone(tracker, sequence)[0] for sequence in sequences) / frames)
    ratios = [cost * rate / defined for cost, rate in zip(costs, rates, strict=True)]
    closer = [cost * rate / taken for cost, rate in zip(costs, rates, strict=True)]
    name = f"SiamFC with {trunk}"
    return [
        result(f"{name}: a frame", 1e3 * statistics.median(costs), spread("ms", costs, 1e3)),
        result(f"{name}: a core reaches", statistics.median(rates) / 1e9,
               spread("thousand million multiply-adds per second", rates, 1e-9)),
        result(f"{name}: as defined", defined / 1e9, "thousand million multiply-adds"),
        result(f"{name}: with Winograd's products", taken / 1e9, "thousand million multiply-adds"),
        result(f"{name}: a frame / floor", statistics.median(ratios), spread("times", ratios),
               f"<= {ALLOWED}"),
        result(f"{name}: a frame / floor of Winograd's products", statistics.median(closer),
               spread("times", closer)),
    ]  # fmt: skip


def spread(unit: str, values: list[float], factor: float = 1.0) -> str:
    """The unit, and how far the rounds lie apart."""
    return f"{unit} ({factor * min(values):.3g} to {factor * max(values):.3g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=20, help="of each sequence")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trunks", nargs="+", default=["resnet18", "alexnet"], metavar="TRUNK")
    options = parser.parse_args()
    sequences, results = chosen(options.frames), []
    with tempfile.TemporaryDirectory() as folder:
        siamfc = Path(folder) / "siamfc.pt"
        import_siamfc_pytorch(WEIGHTS, siamfc)
        for trunk in options.trunks:
            results += compare(trunk, siamfc, sequences, options.rounds)
    finish(results)


if __name__ == "__main__":
    main()
