"""The training loop of every stage: steps, validation, checkpoints, resume, metrics.

A batch is a function of its step number alone, and so are the random numbers of a step. A run that
was killed and continues sees what one sees that was never stopped, and on a CPU ends with the same
weights.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from chromatrack.errors import WorkError
from chromatrack.files import whole_file, write_json
from chromatrack.locks import holding
from chromatrack.machine import bfloat16
from chromatrack.progress import progress
from chromatrack.training.loading import loaded, loading
from chromatrack.training.metrics import Clock, Metrics
from chromatrack.training.plan import FitPlan, Keeping, Validation
from chromatrack.training.precision import Precision
from chromatrack.training.processes import Team
from chromatrack.training.state import Training

LOOK_EVERY = 10
"""Steps after which a GPU is asked for its losses; asking for each would make it wait."""


def fit(
    plan: FitPlan,
    *,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    rate: Callable[[int], float],
    load_batch: Callable[[int], Any],
    loss_of: Callable[[nn.Module, Any], Tensor],
    names_of: Callable[[int], Sequence[str]] | None = None,
    validation: Validation | None = None,
    keeping: Keeping | None = None,
    team: Team | None = None,
) -> None:
    """Train `module` in place up to `plan.steps`, continuing from the last state if any.

    Args:
        rate: step -> learning rate.
        load_batch: step -> this process's part of the batch, as CPU tensors.
        loss_of: network to call, and batch on the device -> scalar loss.
        names_of: step -> names of this process's samples, for a message.
        validation: None for no validation loss.
        keeping: None to keep no network but the last; the best needs a validation.
        team: the processes of this training; None: this one alone.

    Raises:
        WorkError: the loss is not finite (the last good state stays), or another process is at the
            same training.
    """
    team = team or Team()
    if team.leads:
        bfloat16.remark(plan.precision, plan.device)
    with contextlib.ExitStack() as stack:
        if team.leads:
            # A killed workflow may leave its trainings behind, alive, when the next one starts.
            stack.enter_context(holding(plan.work_dir))
        team.wait()
        training = Training(module, optimizer, Precision(plan.precision, plan.device))
        training.resume(plan.work_dir / "last.pt", plan.identity)
        team.wait()
        log = None
        if team.leads:
            if training.step == 0:
                shutil.rmtree(plan.folder / "checkpoints", ignore_errors=True)
            log = stack.enter_context(
                Metrics(plan.work_dir / "metrics.csv", plan.folder / "tensorboard", training.step)
            )
        loop = _Loop(plan, training, team, log, rate, loss_of, names_of, validation, keeping)
        loop.run(load_batch)
    if team.leads:
        with whole_file(plan.folder / "metrics.csv") as part:
            shutil.copyfile(plan.work_dir / "metrics.csv", part)


def finish(plan: FitPlan) -> None:
    """Once the stage has written its result: remove what was kept for continuing."""
    shutil.rmtree(plan.work_dir)


class _Loop:
    """The steps of one call of `fit`."""

    def __init__(
        self,
        plan: FitPlan,
        training: Training,
        team: Team,
        log: Metrics | None,
        rate: Callable[[int], float],
        loss_of: Callable[[nn.Module, Any], Tensor],
        names_of: Callable[[int], Sequence[str]] | None,
        validation: Validation | None,
        keeping: Keeping | None,
    ):
        self.plan, self.training, self.team, self.log = plan, training, team, log
        self.rate, self.loss_of, self.names_of = rate, loss_of, names_of
        self.validation, self.keeping = validation, keeping
        self.network = team.wrap(training.module, plan.device)
        self.look_every = LOOK_EVERY if plan.device.type == "cuda" else 1
        self.unseen: list[tuple[int, Tensor]] = []
        self.clock = Clock(plan.samples)
        self.bar = progress(
            what=plan.what, unit="step", total=plan.steps, initial=training.step,
            disable=None if team.leads else True,
        )  # fmt: skip

    def run(self, load_batch: Callable[[int], Any]) -> None:
        """All steps that are left."""
        plan, training = self.plan, self.training
        start = training.step
        steps = range(start, plan.steps)
        if start == 0:
            self._keep()
        training.module.train()
        self.network.train()
        options = {
            "workers": plan.workers, "what": plan.what, "pinned": plan.device.type == "cuda"
        }  # fmt: skip
        with loading(load_batch, steps, **options) as batches, self.bar:
            for step in steps:
                self.clock.ask()
                batch = next(batches)
                self.clock.got()
                self._step(step, batch)
                training.step = step + 1
                self._after_step()
        training.module.eval()
        self._report(start)

    def _step(self, step: int, batch: Any) -> None:
        training = self.training
        # A step that draws random numbers draws the same ones after a kill.
        torch.manual_seed(((self.plan.seed << 44) + (step << 12) + self.team.rank) % (1 << 63))
        for group in training.optimizer.param_groups:
            group["lr"] = self.rate(step)
        with training.precision.forward():
            loss = self.loss_of(self.network, _to(batch, self.plan.device))
        if self.look_every == 1:
            self._check(step, loss.item())
        training.precision.step(loss, training.optimizer, clip_norm=self.plan.clip_norm)
        self.unseen.append((step, loss.detach()))
        self.clock.stepped()

    def _after_step(self) -> None:
        plan, done = self.plan, self.training.step
        last = done == plan.steps
        validates = self.validation and (last or done % self.validation.every == 0)
        saves = done % plan.checkpoint_every == 0 and not last
        if last or saves or validates or len(self.unseen) >= self.look_every:
            self._look(validates=bool(validates))
        with self.clock.paused():
            self._keep()
            if saves and self._is_good():
                self.training.save(plan.work_dir / "last.pt", plan.identity)

    def _look(self, *, validates: bool) -> None:
        """Take note of the losses since the last look, and of the validation loss if it is due."""
        steps = [step for step, _ in self.unseen]
        losses = torch.stack([loss for _, loss in self.unseen]).float()
        for step, value in zip(steps, losses.tolist(), strict=True):
            self._check(step, value)
        self.unseen.clear()
        values = self.team.mean(losses).tolist()
        with self.clock.paused():
            found = self._validate() if validates else None
        if not self.log:
            return
        for step, value in zip(steps, values, strict=True):
            last = step == steps[-1]
            self.log.add(step, value, self.rate(step), found if last else None)
        self.bar.set_postfix_str(
            f"loss {values[-1]:.4f}, {self.clock.samples_per_second:.1f} samples/s", refresh=False
        )
        self.bar.update(len(steps))

    def _check(self, step: int, value: float) -> None:
        if not math.isfinite(value):
            raise self._broken(f"the loss is {value}", step)

    def _is_good(self) -> bool:
        """Whether this process writes; weights that are no numbers must not replace good ones."""
        if self.team.leads and not self.training.is_finite():
            raise self._broken("a weight is no number", self.training.step - 1)
        return self.team.leads

    def _broken(self, what: str, step: int) -> WorkError:
        names = dict.fromkeys(self.names_of(step)) if self.names_of else ()
        clips = f" (samples of {', '.join(names)})" if names else ""
        last = self.plan.work_dir / "last.pt"
        kept = f"the last good checkpoint is {last}" if last.exists() else "there is no checkpoint"
        return WorkError(f"{self.plan.what}: {what} at step {step}{clips}; {kept}")

    def _validate(self) -> float:
        module = self.training.module.eval()
        total = torch.zeros((), device=self.plan.device)
        with torch.no_grad(), self.training.precision.forward():
            for index in range(self.validation.batches):
                batch = loaded(self.validation.load_batch, index, f"{self.plan.what}, validation")
                batch = _to(batch, self.plan.device)
                total += self.loss_of(module, batch).float()
        module.train()
        value = self.team.mean(total).item() / self.validation.batches
        if value < self.training.best:
            self.training.best = value
            if self.keeping and self._is_good():
                self.keeping.save(self.plan.folder / "checkpoints" / "best.pt")
        return value

    def _keep(self) -> None:
        step = self.training.step
        if self.keeping and self.keeping.at(step) and self._is_good():
            self.keeping.save(self.plan.folder / "checkpoints" / f"step-{step:07d}.pt")

    def _report(self, start: int) -> None:
        if not self.log:
            return
        speed = self.clock.summary()
        print(
            f"{self.plan.what}: steps {start} to {self.plan.steps}, "
            f"{speed['samples_per_second']:.1f} samples per second, "
            f"{100 * speed['waiting_share']:.1f} % of the time waiting for data",
            file=sys.stderr,
        )
        about = {
            "first_step": start,
            "steps": self.plan.steps,
            **speed,
            "devices": self.team.size,
            "device": self.plan.device.type,
            "precision": str(self.plan.precision),
            "workers": self.plan.workers,
        }
        write_json(self.plan.folder / "speed.json", about)


def _to(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    return tuple(_to(part, device) for part in batch)


def exponential_rate(first: float, last: float, *, epochs: int, steps_per_epoch: int):
    """Learning rate that falls exponentially from epoch to epoch, from `first` to `last`."""
    factor = (last / first) ** (1 / max(1, epochs - 1))
    return lambda step: first * factor ** (step // steps_per_epoch)
