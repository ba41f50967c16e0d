"""Hand-picked pipelines of the tiny world: single sets, orders, merges, a last SFT, preference optimisation."""

from __future__ import annotations

from typing import Any

from random_search import Trial, World, datasets_of
from world import spec

Row = tuple[str, Trial]
SKILLS = ("number", "plural", "tool", "roman")
ALL = (*SKILLS, "format")


def fixed(kind: str) -> dict[str, Any]:
    """The kind's parameters; where the spec gives a choice, its first one."""
    written = spec()["actions"][kind]["parameters"]
    return {name: value[0] if isinstance(value, list) else value for name, value in written.items()}


class Bench:
    """Runs named pipelines and keeps their rows."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[Row] = []

    def show(self, name: str, trial: Trial) -> Trial:
        self.rows.append((name, trial))
        print(
            f"{name}: { {key: round(value) for key, value in trial.scores.items()} }",
            flush=True,
        )
        return trial

    def sft(self, on: Trial, sets: tuple[str, ...], rate: float, **more: Any) -> Trial:
        parameters = {**fixed("sft"), "learningRate": rate, **more}
        return self.world.run(("sft", (on.recipe,), tuple(sorted(sets)), tuple(parameters.items())))

    def dpo(self, on: Trial, rate: float, **more: Any) -> Trial:
        parameters = {**fixed("dpo"), "learningRate": rate, **more}
        return self.world.run(("dpo", (on.recipe,), tuple(datasets_of("dpo")), tuple(parameters.items())))

    def merge(self, of: list[Trial], method: str, **more: float) -> Trial:
        parameters = {"method": method, **more}
        return self.world.run(
            (
                "merge",
                tuple(sorted(one.recipe for one in of)),
                (),
                tuple(parameters.items()),
            )
        )

    def chain(self, order: tuple[str, ...], rate: float) -> Trial:
        trial = self.world.base
        for name in order:
            trial = self.sft(trial, (name,), rate)
        return trial


def singles(bench: Bench) -> list[Trial]:
    base = bench.show("base", bench.world.base)
    low = [bench.show(f"SFT {name}, 3e-4", bench.sft(base, (name,), 3e-4)) for name in SKILLS]
    for name in ("tool", "roman"):
        bench.show(f"SFT {name}, 1e-3", bench.sft(base, (name,), 1e-3))
    bench.show("DPO", bench.dpo(base, 5e-5))
    return low


def orders(bench: Bench) -> None:
    for order in (SKILLS, SKILLS[::-1]):
        bench.show(f"{' → '.join(order)}, 3e-4", bench.chain(order, 3e-4))


def mixes(bench: Bench) -> Trial:
    base = bench.world.base
    bench.show("SFT the four skills, 1e-3", bench.sft(base, SKILLS, 1e-3))
    bench.show("SFT all data, 3e-4 (the product's baseline)", bench.sft(base, ALL, 3e-4))
    strong = bench.show("SFT all data, 1e-3 (A)", bench.sft(base, ALL, 1e-3))
    steps = fixed("sft")["steps"]
    long = bench.show(
        f"SFT all data, 1e-3, {4 * steps} steps",
        bench.sft(base, ALL, 1e-3, steps=4 * steps),
    )
    bench.show("… then DPO 5e-5", bench.dpo(long, 5e-5))
    bench.show("A, then DPO 5e-5", bench.dpo(strong, 5e-5))
    return strong


def merges(bench: Bench, low: list[Trial]) -> Trial:
    bench.show("linear merge of the four 3e-4", bench.merge(low, "linear"))
    task = bench.show(
        "task arithmetic 0.5 of the four (M)",
        bench.merge(low, "taskArithmetic", **{"lambda": 0.5}),
    )
    bench.show("TIES of the four", bench.merge(low, "ties", **{"lambda": 1.0, "density": 0.5}))
    return task


def long_pipelines(bench: Bench, strong: Trial, merged: Trial) -> None:
    last = bench.show("M, then SFT all data 1e-3 (L)", bench.sft(merged, ALL, 1e-3))
    bench.show("L, then DPO 5e-5", bench.dpo(last, 5e-5))
    again = bench.show("A, then SFT all data 1e-3 (B)", bench.sft(strong, ALL, 1e-3))
    both = bench.show("linear merge of L and B", bench.merge([last, again], "linear"))
    final = bench.show("… then SFT all data 3e-4", bench.sft(both, ALL, 3e-4))
    bench.show("… then DPO 5e-5", bench.dpo(final, 5e-5))
    bench.show(
        "… DPO before that last SFT instead",
        bench.sft(bench.dpo(both, 5e-5), ALL, 3e-4),
    )


def few_sets(bench: Bench) -> None:
    """Pipelines inside the spec's space: at most three sets an SFT."""
    first, second = ("plural", "tool", "format"), ("number", "roman", "format")
    base = bench.world.base
    one = bench.show(
        "plural+tool+format → number+roman+format, 3e-4 (P)",
        two_steps(bench, base, first, second),
    )
    two = bench.show(
        "number+roman+format → plural+tool+format, 3e-4 (Q)",
        two_steps(bench, base, second, first),
    )
    both = bench.show("linear merge of P and Q", bench.merge([one, two], "linear"))
    bench.show("… then DPO 5e-5", bench.dpo(both, 5e-5))
    chain = bench.chain(SKILLS[::-1], 3e-4)
    three = bench.show(
        "linear merge of P, Q and the chain from roman",
        bench.merge([one, two, chain], "linear"),
    )
    last = bench.show(
        "… then SFT number+tool+format 3e-4",
        bench.sft(three, ("number", "tool", "format"), 3e-4),
    )
    bench.show("… then DPO 5e-5", bench.dpo(last, 5e-5))
    bench.show("merge of the three, then DPO 5e-5 at once", bench.dpo(three, 5e-5))


def two_steps(bench: Bench, on: Trial, first: tuple[str, ...], second: tuple[str, ...]) -> Trial:
    return bench.sft(bench.sft(on, first, 3e-4), second, 3e-4)


def measure_pipelines(world: World) -> list[Row]:
    bench = Bench(world)
    low = singles(bench)
    orders(bench)
    strong = mixes(bench)
    merged = merges(bench, low)
    long_pipelines(bench, strong, merged)
    few_sets(bench)
    return bench.rows
