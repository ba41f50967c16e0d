"""The product's random policy on the tiny world, without the product: what a first run finds.

python random_search.py        (10 searches of 12 trials; called by landscape.py too)
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from recipes import dpo, merge, sft
from scoring import Scores, feasible, score
from world import State, base_state, spec

TRAIN = {"sft": sft, "dpo": dpo}
APPLIES_TO = {"lambda": ("taskArithmetic", "ties"), "density": ("ties",)}
Action = tuple[str, tuple[str, ...], tuple[str, ...], tuple[tuple[str, Any], ...]]
"""Kind, recipes of the models, datasets, parameters."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    recipe: str
    """A short hash of the action, which names its models by their recipes; "base" for the base."""
    label: str
    state: State
    scores: Scores


def choices(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def draw_parameters(kind: str, rng: random.Random) -> dict[str, Any]:
    drawn = {name: rng.choice(choices(value)) for name, value in spec()["actions"][kind]["parameters"].items()}
    method = drawn.get("method")
    return {name: value for name, value in drawn.items() if method in APPLIES_TO.get(name, (method,))}


def datasets_of(kind: str) -> list[str]:
    wanted = {"sft": "sft", "dpo": "preference"}.get(kind)
    return [name for name, one in spec()["datasets"].items() if one.get("shape", "sft") == wanted]


def draw_subset(items: list[str], least: int, most: int, rng: random.Random) -> tuple[str, ...]:
    size = rng.randint(least, min(most, len(items)))
    return tuple(sorted(rng.sample(items, size)))


def draw_action(pool: list[str], rng: random.Random) -> Action:
    """As domain/space.ts draws: the type, how many objects, which, then the parameters."""
    kind = rng.choice([kind for kind in spec()["actions"] if kind != "merge" or len(pool) > 1])
    action = spec()["actions"][kind]
    models = draw_subset(pool, 2, action.get("maxModels", 4), rng) if kind == "merge" else (rng.choice(pool),)
    datasets = () if kind == "merge" else draw_subset(datasets_of(kind), 1, action.get("maxDatasets", 3), rng)
    return kind, models, datasets, tuple(draw_parameters(kind, rng).items())


def describe(action: Action) -> str:
    kind, models, datasets, parameters = action
    values = " ".join(str(value) for name, value in parameters if name not in ("batchSize", "maxLength"))
    return f"{kind}[{','.join(datasets)} {values}]({' + '.join(models)})"


def recipe_of(action: Action) -> str:
    return hashlib.sha256(describe(action).encode()).hexdigest()[:8]


class World:
    """Builds each recipe once, however many searches propose it."""

    def __init__(self) -> None:
        state = base_state()
        self.base = Trial(recipe="base", label="base", state=state, scores=score(state))
        self.trials = {"base": self.base}
        self.tested: dict[str, Scores] = {}
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    def run(self, action: Action) -> Trial:
        recipe = recipe_of(action)
        if recipe not in self.trials:
            begun = time.process_time()
            state = self.build(action)
            built = time.process_time()
            self.trials[recipe] = Trial(recipe=recipe, label=describe(action), state=state, scores=score(state))
            self.seconds[action[0]].append(built - begun)
            self.seconds["evaluate"].append(time.process_time() - built)
        return self.trials[recipe]

    def test(self, trial: Trial) -> Scores:
        if trial.recipe not in self.tested:
            self.tested[trial.recipe] = score(trial.state, "test")
        return self.tested[trial.recipe]

    def build(self, action: Action) -> State:
        kind, models, datasets, parameters = action
        states = [self.trials[recipe].state for recipe in models]
        return (
            merge(states, dict(parameters)) if kind == "merge" else TRAIN[kind](states[0], datasets, dict(parameters))
        )

    def all_data(self) -> Trial:
        """The product's second baseline: SFT on every set, each parameter in the middle of its space."""
        parameters = spec()["actions"]["sft"]["parameters"]
        middle = tuple((name, choices(value)[(len(choices(value)) - 1) // 2]) for name, value in parameters.items())
        return self.run(("sft", ("base",), tuple(sorted(datasets_of("sft"))), middle))


def search(world: World, seed: int, trials: int) -> list[Trial]:
    """The trials of one search after its two baselines, in order; no action twice."""
    rng = random.Random(f"search-{seed}")
    pool = ["base", world.all_data().recipe]
    done: list[Trial] = []
    while len(done) < trials:
        action = draw_action(pool, rng)
        if recipe_of(action) in pool:
            continue
        done.append(world.run(action))
        pool.append(done[-1].recipe)
    return done


def best_of(world: World, trials: list[Trial]) -> Trial:
    """The best trial that meets the constraints; the base where none does."""
    allowed = [trial for trial in trials if feasible(trial.scores, world.base.scores)]
    return max([world.base, *allowed], key=lambda trial: trial.scores["mean"])


if __name__ == "__main__":
    one = World()
    print("base", one.base.scores, "all data", one.all_data().scores)
    for seed in range(1, 11):
        found = search(one, seed, 12)
        best = best_of(one, found)
        print(
            seed,
            round(best_of(one, found[:8]).scores["mean"], 1),
            round(best.scores["mean"], 1),
            best.label,
            flush=True,
        )
