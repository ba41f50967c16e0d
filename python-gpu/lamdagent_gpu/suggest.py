"""Proposes points of a described search space: Optuna's TPE (Bergstra et al. 2011, NeurIPS; multivariate: Falkner et al. 2018).

Nothing is kept between calls: each one builds a study in memory from the points it is given, so equal requests have
equal slates, wherever and however often they are asked. Conditional dimensions are sampled group by group (`group`):
each set of dimensions that exist together has its own density. Points that run count as bad ones (constant liar), and
so do the suggestions of the same slate, which keeps parallel trials apart. Points that miss a constraint rank behind
all that meet them, the failed ones last of all (Watanabe and Hutter 2022, arXiv 2211.14411).
"""

from __future__ import annotations

import hashlib
import warnings
from functools import cache
from types import ModuleType
from typing import Any

from lamdagent_gpu.contract.messages import (
    CategoricalDimension,
    Condition,
    NumberDimension,
    SampledPoint,
    Slate,
    SuggestRequest,
)

Values = dict[str, str | float]
FAILED_VIOLATION = 1e9
"""Worse than any constraint that was missed: scores lie in [0, 1]."""


CANDIDATES = 64
"""Draws from the density of good points, of which the best is suggested; Optuna's 24 are few for a dozen dimensions."""


class InvalidRequest(ValueError):
    """A request that can never be answered as sent."""


def suggest(request: SuggestRequest) -> Slate:
    """Different points of the space, the most promising first."""
    study = study_of(request)
    suggestions: list[Values] = []
    for _ in range(request.count):
        values = ask(study.ask(), request)
        if values not in suggestions:
            suggestions.append(values)
    return Slate(schemaVersion=1, suggestions=suggestions)


def study_of(request: SuggestRequest) -> Any:
    """The points as a study whose sampler depends on the request's seed alone."""
    optuna = quiet_optuna()
    check(request)
    distributions = {one.name: distribution_of(one) for one in request.dimensions}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `group` is experimental; Optuna is pinned
        sampler = optuna.samplers.TPESampler(
            seed=seed_of(request.seed),
            multivariate=True,
            group=True,
            constant_liar=True,
            n_startup_trials=1,
            n_ei_candidates=CANDIDATES,
        )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials([trial_of(point, request, distributions) for point in request.points])
    return study


def ask(trial: Any, request: SuggestRequest) -> Values:
    """A value for every dimension that exists beside the ones chosen before it."""
    values: Values = {}
    for one in request.dimensions:
        if not exists(one.when, values):
            continue
        if isinstance(one, CategoricalDimension):
            values[one.name] = trial.suggest_categorical(one.name, one.choices)
        elif one.integer:
            values[one.name] = trial.suggest_int(one.name, int(one.low), int(one.high), log=one.scale == "log")
        else:
            values[one.name] = trial.suggest_float(one.name, one.low, one.high, log=one.scale == "log")
    return values


def trial_of(point: SampledPoint, request: SuggestRequest, distributions: dict[str, Any]) -> Any:
    """A failed point has no value, so it is a pruned trial; unlike Optuna's failed ones those are learned from."""
    optuna = quiet_optuna()
    state = optuna.trial.TrialState
    present = [one for one in request.dimensions if exists(one.when, point.values)]
    if {one.name for one in present} != set(point.values):
        rule = ", ".join(one.name for one in present)
        raise InvalidRequest(f"point: expected values of {rule}, got {', '.join(point.values)}")
    constraints = {f"constraint{index}": missed for index, missed in enumerate(point.violations)}
    try:
        return optuna.trial.create_trial(
            state={"completed": state.COMPLETE, "failed": state.PRUNED, "running": state.RUNNING}[point.state],
            value=point.score,
            params={one.name: typed(one, point.values[one.name]) for one in present},
            distributions={one.name: distributions[one.name] for one in present},
            constraints={"failed": FAILED_VIOLATION} if point.state == "failed" else constraints,
        )
    except ValueError as error:
        raise InvalidRequest(f"point: {error}") from None


def check(request: SuggestRequest) -> None:
    names = [one.name for one in request.dimensions]
    if len(set(names)) != len(names):
        raise InvalidRequest("dimensions: expected names that differ, got one of them twice")
    for index, one in enumerate(request.dimensions):
        if one.when is not None and one.when.dimension not in names[:index]:
            raise InvalidRequest(f"{one.name}.when: expected an earlier dimension, got {one.when.dimension}")
    for point in request.points:
        if (point.score is not None) != (point.state == "completed"):
            raise InvalidRequest(f"point: expected a score where it is completed alone, got {point.score}")


def distribution_of(one: CategoricalDimension | NumberDimension) -> Any:
    distributions = quiet_optuna().distributions
    try:
        if isinstance(one, CategoricalDimension):
            return distributions.CategoricalDistribution(one.choices)
        if one.integer:
            return distributions.IntDistribution(int(one.low), int(one.high), log=one.scale == "log")
        return distributions.FloatDistribution(one.low, one.high, log=one.scale == "log")
    except ValueError as error:
        raise InvalidRequest(f"{one.name}: {error}") from None


def exists(when: Condition | None, values: Values) -> bool:
    return when is None or values.get(when.dimension) in when.isOneOf


def typed(one: CategoricalDimension | NumberDimension, value: str | float) -> str | float:
    return int(value) if isinstance(one, NumberDimension) and one.integer else value


def seed_of(text: str) -> int:
    """NumPy takes 32 bits."""
    return int.from_bytes(hashlib.sha256(text.encode("utf8")).digest()[:4], "big")


@cache
def quiet_optuna() -> ModuleType:
    """Imported when first needed, since a worker that is never asked does without; its talk is of no use to us."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
