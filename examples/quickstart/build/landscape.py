"""Measures pipelines of the tiny world on the search and the test split, and writes landscape.md.

    OMP_NUM_THREADS=1 ../../../.venv/bin/python landscape.py        (about 15 minutes on one quiet core)

Needs the product's Python environment: merging, generation and metrics are the product's own, and the space of
actions is that of ../spec.yaml. Times are CPU seconds of one thread, so that a busy machine does not show.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from pipelines import measure_pipelines
from random_search import Trial, World, best_of, search
from scoring import Scores, bound, feasible
from world import spec

SEARCHES, TRIALS, EARLY = 10, 12, 8
CLEARLY = 5.0
"""Points above the base that count as a clear improvement: about two standard errors of the mean."""
NOTE = (
    "Picked after looking at search scores: what is reachable, not what a search finds. Rows built on an SFT of more\n"
    "than three sets (the baseline aside), or of 240 steps, are controls outside the spaces; the last eight are inside."
)
Row = tuple[str, Trial]


def skills() -> list[str]:
    return [name for name, one in spec()["benchmarks"].items() if one.get("weight", 1) > 0]


def guards(base: Scores) -> list[str]:
    return list(bound(base))


def cells(scores: Scores, base: Scores) -> str:
    parts = " ".join(f"{scores[name]:.0f}" for name in skills())
    held = " ".join(f"{scores[name]:.0f}" for name in guards(base))
    return f"{parts} | {held} {'' if feasible(scores, base) else '✗'}| **{scores['mean']:.1f}**"


def pipeline_table(world: World, rows: list[Row]) -> list[str]:
    """Search and test figures of hand-picked pipelines; ✗: the constraint is not met."""
    names = ", ".join(skills())
    head = f"| pipeline | search: {names} | guard | mean | test: {names} | guard | mean |"
    base, test_base = world.base.scores, world.test(world.base)
    return [head, "|---|---|---|---|---|---|---|"] + [
        f"| {name} | {cells(trial.scores, base)} | {cells(world.test(trial), test_base)} |" for name, trial in rows
    ]


def gains(world: World, runs: list[list[Trial]], trials: int) -> list[float]:
    base = world.base.scores["mean"]
    return [best_of(world, run[:trials]).scores["mean"] - base for run in runs]


def search_lines(world: World, runs: list[list[Trial]]) -> list[str]:
    """What a seeded random policy finds after 8 and after 12 trials."""
    lines = ["| random search after | feasible and above base | … by 5 points | gain: lowest, median, highest |"]
    lines.append("|---|---|---|---|")
    for trials in (EARLY, TRIALS):
        found = gains(world, runs, trials)
        above, clear = (
            sum(gain > 0 for gain in found),
            sum(gain >= CLEARLY for gain in found),
        )
        spread = f"{min(found):.1f}, {statistics.median(found):.1f}, {max(found):.1f}"
        lines.append(f"| {trials} trials | {above} of {len(found)} | {clear} of {len(found)} | {spread} |")
    return lines


def search_facts(world: World, runs: list[list[Trial]]) -> list[str]:
    trials = [trial for run in runs for trial in run]
    means = [trial.scores["mean"] for trial in trials]
    allowed = [feasible(trial.scores, world.base.scores) for trial in trials]
    test_base = world.test(world.base)["mean"]
    test_gains = [world.test(best_of(world, run))["mean"] - test_base for run in runs]
    beats = sum(best_of(world, run).scores["mean"] > world.all_data().scores["mean"] for run in runs)
    return [
        f"- Trials: median mean {statistics.median(means):.1f}, highest {max(means):.1f}; "
        f"{sum(allowed)} of {len(trials)} meet the constraint.",
        f"- The best feasible trial beats the all-data baseline in {beats} of {len(runs)} searches.",
        f"- Its gain over the base on the test split: median {statistics.median(test_gains):.1f}, "
        f"lowest {min(test_gains):.1f}.",
    ]


def timing_lines(world: World) -> list[str]:
    """CPU seconds of one thread, the product's own overhead (imports, checkpoints) left out."""
    lines = ["| action | CPU s |", "|---|---|"]
    for kind, seconds in sorted(world.seconds.items()):
        lines.append(f"| {kind} | median {statistics.median(seconds):.1f}, most {max(seconds):.1f} |")
    return lines


def settings(spaces: dict[str, Any]) -> list[str]:
    return [f"- {kind}: `{space}`" for kind, space in spaces.items()]


def write(world: World, rows: list[Row], runs: list[list[Trial]]) -> None:
    limits = ", ".join(f"{name} ≥ {least:.1f}" for name, least in bound(world.base.scores).items())
    lines = ["# Landscape of the tiny world", ""]
    lines += [f"Written by `landscape.py`. Scores in percent. Constraint on the search split: {limits};"]
    lines += [
        "✗ marks pipelines that miss it (on the split shown, relative to the base there). Spaces:",
        "",
    ]
    lines += [
        *settings(spec()["actions"]),
        "",
        "## Hand-picked pipelines",
        "",
        NOTE,
        "",
        *pipeline_table(world, rows),
        "",
    ]
    if runs:
        lines += [
            f"## {len(runs)} random searches",
            "",
            *search_lines(world, runs),
            "",
            *search_facts(world, runs),
            "",
        ]
    lines += ["## Time", "", *timing_lines(world), ""]
    Path(__file__).with_name("landscape.md").write_text("\n".join(lines), "utf8")


def main() -> None:
    """The file is written again after each search, so that an interrupted run leaves its figures."""
    world = World()
    rows = measure_pipelines(world)
    runs: list[list[Trial]] = []
    write(world, rows, runs)
    for seed in range(1, SEARCHES + 1):
        runs.append(search(world, seed, TRIALS))
        write(world, rows, runs)
        best = best_of(world, runs[-1])
        print(f"search {seed}: best {best.scores['mean']:.1f} {best.label}", flush=True)


if __name__ == "__main__":
    main()
