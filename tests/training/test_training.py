"""The engine: what continues, what is kept, what is written down, what stops a training."""

import csv
import json

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from chromatrack.errors import InputError, WorkError
from chromatrack.locks import holding
from chromatrack.training.engine import exponential_rate, fit
from chromatrack.training.plan import FitPlan, Keeping, Validation

CPU = torch.device("cpu")


def plan(folder, **changes):
    values = {
        "steps": 20, "samples": 8, "checkpoint_every": 5, "folder": folder, "identity": "one",
        "workers": 0, "device": CPU, "what": "test",
    }  # fmt: skip
    return FitPlan(**{**values, **changes})


def regression(seed=0):
    torch.manual_seed(seed)
    module = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(4, 1))
    return module, torch.optim.Adam(module.parameters())


def batch_of(step):
    return torch.randn(8, 4, generator=torch.Generator().manual_seed(step))


def loss_of(network, x):
    return (network(x) - x.sum(1, keepdim=True)).square().mean()


def never(step):
    return False


def run(folder, *, fail_at=None, load=batch_of, validation=None, keep=never, **changes):
    """Train; `fail_at` interrupts at that step. Returns the weights."""
    module, optimizer = regression()

    def load_batch(step):
        if step == fail_at:
            raise KeyboardInterrupt
        return load(step)

    fit(
        plan(folder, **changes),
        module=module,
        optimizer=optimizer,
        rate=lambda step: 0.1 / (step + 1),
        load_batch=load_batch,
        loss_of=loss_of,
        names_of=lambda step: [f"clip-{step}"],
        validation=validation,
        keeping=Keeping(lambda path: save_weights(module, path), keep),
    )
    return module.state_dict()


def save_weights(module, path):
    path.parent.mkdir(exist_ok=True)
    torch.save(module.state_dict(), path)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def rows(folder):
    with open(folder / "metrics.csv", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_stopped_run_continues_to_the_same_weights(tmp_path):
    """The module has dropout: its random numbers are those of the step too."""
    expected = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", fail_at=13)
    assert same(expected, run(tmp_path / "stopped"))
    whole, stopped = ((tmp_path / n / "metrics.csv").read_text() for n in ("whole", "stopped"))
    assert whole == stopped and whole.count("\n") == 21


def test_a_row_that_a_kill_cut_off_is_dropped(tmp_path):
    expected = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", fail_at=13)
    growing = tmp_path / "stopped" / "work" / "metrics.csv"
    growing.write_text(growing.read_text() + "1")  # of "13,...": would read as step 1
    assert same(expected, run(tmp_path / "stopped"))
    assert rows(tmp_path / "stopped") == rows(tmp_path / "whole")


def test_tensorboard_holds_every_step_once_after_a_resume(tmp_path):
    validation = Validation(every=10, batches=1, load_batch=lambda index: batch_of(1000))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, fail_at=13, validation=validation)
    run(tmp_path, validation=validation)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    points = events.Scalars("loss")
    assert [point.step for point in points] == list(range(20))
    written = [float(row["loss"]) for row in rows(tmp_path)]
    assert [point.value for point in points] == pytest.approx(written, rel=1e-5)
    assert [point.step for point in events.Scalars("validation_loss")] == [9, 19]


def test_a_checkpoint_of_other_settings_is_not_continued(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, fail_at=13, identity="other")
    expected = run(tmp_path / "fresh")
    assert same(expected, run(tmp_path))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert len(events.Scalars("loss")) == 20


def test_a_state_of_another_network_is_named(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, fail_at=13)
    other = torch.nn.Linear(5, 1)
    with pytest.raises(InputError, match=r"last.pt: the state of another network; remove it to"):
        fit(
            plan(tmp_path), module=other, optimizer=torch.optim.Adam(other.parameters()),
            rate=lambda step: 0.1, load_batch=batch_of, loss_of=loss_of,
        )  # fmt: skip


def test_loader_processes_do_not_change_the_numbers(tmp_path):
    assert same(run(tmp_path / "a"), run(tmp_path / "b", workers=2))


def test_the_best_and_every_nth_network_are_kept(tmp_path):
    """Also over a kill; the best is the one with the lowest validation loss."""
    validation = Validation(every=4, batches=2, load_batch=lambda index: batch_of(1000 + index))
    options = {"validation": validation, "keep": lambda step: step in (0, 10)}
    run(tmp_path / "whole", **options)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", fail_at=13, **options)
    last = run(tmp_path / "stopped", **options)
    kept = sorted(path.name for path in (tmp_path / "stopped" / "checkpoints").iterdir())
    assert kept == ["best.pt", "step-0000000.pt", "step-0000010.pt"]
    for name in kept:
        one, other = (torch.load(tmp_path / n / "checkpoints" / name) for n in ("whole", "stopped"))
        assert same(one, other)
    measured = {int(r["step"]): float(r["validation_loss"]) for r in rows(tmp_path / "stopped")
                if r["validation_loss"]}  # fmt: skip
    assert list(measured) == [3, 7, 11, 15, 19]
    assert rows(tmp_path / "stopped") == rows(tmp_path / "whole")
    best = torch.load(tmp_path / "stopped" / "checkpoints" / "best.pt")
    assert same(best, last) == (min(measured, key=measured.get) == 19)


def test_validation_changes_no_weight(tmp_path):
    validation = Validation(every=3, batches=1, load_batch=batch_of)
    assert same(run(tmp_path / "a"), run(tmp_path / "b", validation=validation))


def test_a_loss_that_is_not_finite_stops_with_step_and_names(tmp_path):
    def load(step):
        return batch_of(step) * (float("nan") if step == 7 else 1)

    message = r"test: the loss is nan at step 7 \(samples of clip-7\); the last good checkpoint is"
    with pytest.raises(WorkError, match=message):
        run(tmp_path, load=load)
    last = tmp_path / "work" / "last.pt"
    assert torch.load(last, weights_only=True)["step"] == 5
    assert same(run(tmp_path / "whole"), run(tmp_path))  # the data mended, it continues


def test_weights_that_are_no_numbers_replace_no_checkpoint(tmp_path):
    """A gradient may overflow although the loss is finite, just before a checkpoint."""
    module, optimizer = regression()
    linear = module[1]
    linear.weight.register_hook(lambda grad: grad * float("inf") if armed else grad)
    armed = []

    def load(step):
        armed.extend([True] * (step == 9))
        return batch_of(step)

    with pytest.raises(WorkError, match=r"a weight is no number at step 9; the last good"):
        fit(plan(tmp_path), module=module, optimizer=optimizer, rate=lambda step: 0.1,
            load_batch=load, loss_of=loss_of)  # fmt: skip
    assert torch.load(tmp_path / "work" / "last.pt", weights_only=True)["step"] == 5


@pytest.mark.parametrize("precision", ["bf16", "16-mixed"])
def test_mixed_precision_continues_to_the_same_weights(tmp_path, precision):
    """float16 scales its loss: the scale and how long it was good are part of the state."""
    expected = run(tmp_path / "whole", precision=precision)
    assert not same(expected, run(tmp_path / "32"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", fail_at=13, precision=precision)
    state = torch.load(tmp_path / "stopped" / "work" / "last.pt", weights_only=True)["precision"]
    assert bool(state) == (precision == "16-mixed")
    if state:  # the first scale was too large: it was lowered, and is good since
        assert state["scale"] < 2**16 and 0 < state["_growth_tracker"] < 10
    assert same(expected, run(tmp_path / "stopped", precision=precision))


def test_speed_is_written_down(tmp_path, capsys):
    run(tmp_path)
    speed = json.loads((tmp_path / "speed.json").read_text())
    assert speed["timed_steps"] == 19 and speed["samples_per_second"] > 0
    assert 0 <= speed["waiting_share"] <= 1
    assert "of the time waiting for data" in capsys.readouterr().err


def test_two_processes_do_not_share_a_training(tmp_path):
    with holding(tmp_path / "work"), pytest.raises(WorkError, match="another process"):
        run(tmp_path)


def test_exponential_rate_ends_where_it_should():
    rate = exponential_rate(1e-2, 1e-5, epochs=50, steps_per_epoch=10)
    assert rate(0) == rate(9) == 1e-2
    assert rate(499) == pytest.approx(1e-5)
    assert rate(10) / rate(0) == pytest.approx(rate(490) / rate(480))
