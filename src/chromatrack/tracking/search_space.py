"""What is searched of a tracker's settings, and which of them is tried next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chromatrack.errors import InputError

RANGES = {
    "window_influence": (0.0, 0.6, 0.002),
    "scale_step": (1.005, 1.08, 0.0005),
    "scale_penalty": (0.9, 1.0, 0.0005),
    "scale_rate": (0.1, 1.0, 0.005),
    "alpha": (0.0, 1.0, 0.005),
}
"""Setting -> least and largest value, and the step between values."""

DRAWN = 10
"""Settings that are drawn at random before the optimiser has anything to go by."""

Values = dict[str, float]


def check_optimiser() -> None:
    """An `InputError` where optuna is missing."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise InputError(
            "optuna is not installed, which searches for settings; pip install "
            "'chromatrack[tune]', or ./run setup"
        ) from None


def next_values(
    names: Sequence[str], tried: Sequence[tuple[Mapping[str, float], float]], *, seed: int
) -> Values:
    """The values that are tried after those that were, by the tree-structured Parzen estimator.

    A function of the seed and of what was tried, and of nothing else: a search that was killed
    goes on as if it had not been.

    Args:
        names: settings that are searched.
        tried: values and score of each trial, in their order; the first one is as configured.

    Raises:
        InputError: optuna is missing.
    """
    check_optimiser()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {
        name: optuna.distributions.FloatDistribution(low, high, step=step)
        for name, (low, high, step) in RANGES.items()
        if name in names
    }
    # Its own seed for each trial, so that no state of a generator has to outlive the process.
    number = int(np.random.SeedSequence([seed, len(tried)]).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(
        seed=number, n_startup_trials=DRAWN, multivariate=True, constant_liar=False
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for values, score in tried:
        inside = {name: _within(name, values[name]) for name in space}
        study.add_trial(optuna.trial.create_trial(params=inside, distributions=space, value=score))
    found = study.ask(space).params
    return {name: round(float(found[name]), 4) for name in space}


def _within(name: str, value: float) -> float:
    """The nearest value that is searched: a configured one may lie outside."""
    low, high, step = RANGES[name]
    return min(high, max(low, low + round((value - low) / step) * step))
