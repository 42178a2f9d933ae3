"""The training loop of every stage: steps, checkpoints, resume, metrics.

A batch is a function of its step number alone, so a run that was killed and continues sees the same
batches as one that was never stopped, and on a CPU ends with the same weights.
"""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from chromatrack.checkpoints import load_tensors
from chromatrack.errors import InputError, WorkError
from chromatrack.files import holding, whole_file
from chromatrack.progress import progress


@dataclass(frozen=True)
class FitPlan:
    """What `fit` does besides calling the task.

    Attributes:
        steps: optimiser steps in all.
        checkpoint_every: steps between checkpoints in `work_dir`.
        work_dir: holds last.pt and the growing metrics.csv; no output of a rule, so that a
            workflow that removes the outputs of a killed job leaves them alone.
        metrics: where the complete metrics.csv goes in the end.
        identity: digest of everything that determines the result; a checkpoint of another
            identity is not continued.
        workers: background processes that load batches.
        device: where the network is.
        what: name of the bar.
    """

    steps: int
    checkpoint_every: int
    work_dir: Path
    metrics: Path
    identity: str
    workers: int
    device: torch.device
    what: str


class _Batches(Dataset):
    """Step number -> batch, for a DataLoader that loads ahead in other processes."""

    def __init__(self, load: Callable[[int], Any], steps: int):
        self.load = load
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Any:
        return self.load(step)


def fit(
    plan: FitPlan,
    *,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    rate: Callable[[int], float],
    load_batch: Callable[[int], Any],
    loss_of: Callable[[Any], Tensor],
) -> None:
    """Train `module` in place up to `plan.steps`, continuing from the last checkpoint if any.

    Args:
        rate: step -> learning rate.
        load_batch: step -> batch of CPU tensors.
        loss_of: batch on the device -> scalar loss.

    Raises:
        WorkError: the loss is not finite (the last good checkpoint stays), or another process is
            at the same training.
    """
    # A killed workflow may leave its trainings behind, alive, when the next one starts.
    with holding(plan.work_dir):
        _train(plan, module, optimizer, rate, load_batch, loss_of)


def _train(plan: FitPlan, module, optimizer, rate, load_batch, loss_of) -> None:
    last = plan.work_dir / "last.pt"
    start = _resume(plan, last, module, optimizer)
    metrics = _Metrics(plan.work_dir / "metrics.csv", start)
    module.train()
    loader = DataLoader(
        _Batches(load_batch, plan.steps),
        batch_size=None,
        sampler=range(start, plan.steps),
        num_workers=plan.workers,
        persistent_workers=False,
    )
    bar = progress(what=plan.what, unit="step", total=plan.steps, initial=start)
    with bar, metrics:
        for step, batch in zip(range(start, plan.steps), loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
            loss = loss_of(_to(batch, plan.device))
            value = loss.item()
            if not math.isfinite(value):
                raise WorkError(
                    f"{plan.what}: the loss is {value} at step {step}; "
                    f"the last good checkpoint is {last}"
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            metrics.add(step, loss=value, learning_rate=rate(step))
            bar.set_postfix(loss=f"{value:.4f}", refresh=False)
            bar.update()
            if (step + 1) % plan.checkpoint_every == 0 and step + 1 < plan.steps:
                metrics.flush()
                _save(plan, last, step + 1, module, optimizer)
    module.eval()
    with whole_file(plan.metrics) as part:
        shutil.copyfile(plan.work_dir / "metrics.csv", part)


def finish(plan: FitPlan) -> None:
    """Once the stage has written its result: remove what was kept for continuing."""
    shutil.rmtree(plan.work_dir)


def _resume(plan: FitPlan, last: Path, module: nn.Module, optimizer) -> int:
    if not last.exists():
        return 0
    try:
        state = load_tensors(last)
    except InputError:
        return 0
    if state.get("identity") != plan.identity:
        return 0
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


def _save(plan: FitPlan, last: Path, step: int, module: nn.Module, optimizer) -> None:
    with whole_file(last) as part:
        torch.save(
            {
                "identity": plan.identity,
                "step": step,
                "module": module.state_dict(),
                "optimizer": optimizer.state_dict(),
            },
            part,
        )


class _Metrics:
    """metrics.csv: one row per step; a resumed run drops the rows it is about to repeat."""

    columns = ("step", "loss", "learning_rate")

    def __init__(self, path: Path, start: int):
        kept = []
        if start and path.exists():
            with open(path, newline="", encoding="utf-8") as handle:
                kept = [row for row in csv.DictReader(handle) if int(row["step"]) < start]
        with whole_file(path) as part, open(part, "w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, self.columns)
            writer.writeheader()
            writer.writerows(kept)
        self._handle = open(path, "a", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = csv.DictWriter(self._handle, self.columns)

    def add(self, step: int, **values: float) -> None:
        self._writer.writerow({"step": step, **{k: f"{v:.6g}" for k, v in values.items()}})

    def flush(self) -> None:
        self._handle.flush()

    def __enter__(self) -> _Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()


def _to(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    return tuple(_to(part, device) for part in batch)


def exponential_rate(first: float, last: float, *, epochs: int, steps_per_epoch: int):
    """Learning rate that falls exponentially from epoch to epoch, from `first` to `last`."""
    factor = (last / first) ** (1 / max(1, epochs - 1))
    return lambda step: first * factor ** (step // steps_per_epoch)
