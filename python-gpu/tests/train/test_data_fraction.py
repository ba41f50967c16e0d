"""A share of the data: nested subsets, in proportion, and a resume that changes nothing."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from conftest import PREFERENCE, TRAINING, World

from lamdagent_gpu.context import JobContext, Preempted, Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.rows import read_rows
from lamdagent_gpu.train.subset import rows_at, subset

RUNGS = (0.1, 0.25, 0.333, 0.5, 0.999, 1)


def test_a_larger_share_holds_every_row_of_a_smaller_one() -> None:
    for rows in (1, 2, 7, 24, 1000):
        for seed in (1, 2):
            chosen = [set(subset(rows=rows, fraction=share, seed=seed, dataset="a")) for share in RUNGS]
            for smaller, larger in itertools.pairwise(chosen):
                assert smaller <= larger
            assert chosen[-1] == set(range(rows))


def test_the_share_is_rounded_up_and_never_empty() -> None:
    assert [rows_at(10, share) for share in (0.01, 0.1, 0.11, 0.25, 1)] == [1, 1, 2, 3, 10]
    assert rows_at(100, 0.07) == 7  # 0.07 x 100 is 7.000000000000001
    assert len(subset(rows=24, fraction=0.25, seed=1, dataset="a")) == 6


def test_seed_and_dataset_decide_which_rows() -> None:
    def chosen(seed: int, dataset: str) -> list[int]:
        return subset(rows=200, fraction=0.2, seed=seed, dataset=dataset)

    assert chosen(1, "a") == chosen(1, "a") == sorted(chosen(1, "a"))
    assert chosen(1, "a") != chosen(2, "a")
    assert chosen(1, "a") != chosen(1, "b")
    assert chosen(1, "a") != list(range(40))


@pytest.mark.parametrize("fraction", [0, -0.5, 1.5])
def test_a_share_that_is_none_is_refused(world: World, fraction: float) -> None:
    with pytest.raises(Rejected, match=f"dataFraction: expected above 0 and at most 1, got {re.escape(str(fraction))}"):
        run_training(context_of(world, "sft", {**TRAINING, "dataFraction": fraction}))


def context_of(world: World, kind: str, parameters: dict[str, Any], **options: Any) -> JobContext:
    data = world.sft if kind == "sft" else world.preference
    return world.context(world.build_job(kind, parameters, model=[world.model], data=[data]), **options)


def asked(rows: list[dict[str, Any]]) -> set[str]:
    return {str(row["messages"][0]["content"]) for row in rows}


def test_each_dataset_of_a_mixture_gives_its_share(world: World) -> None:
    text = "".join(
        json.dumps({"messages": [{"role": "user", "content": f"other {i}"}, {"role": "assistant", "content": "!"}]})
        + "\n"
        for i in range(8)
    )
    other = world.publish("dataset", {"data.jsonl": text}, {}, shape="sft")

    def rows_of(share: float, data: list[str]) -> set[str]:
        parameters = {**TRAINING, "dataFraction": share}
        return asked(read_rows(world.context(world.build_job("sft", parameters, model=[world.model], data=data))))

    both = rows_of(0.25, [world.sft, other])
    assert (len(both), len([one for one in both if one.startswith("other")])) == (8, 2)
    assert rows_of(0.25, [other]) < both
    assert both < rows_of(0.5, [world.sft, other])


def weights_of(context: JobContext) -> bytes:
    return (context.output_folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize(("kind", "more"), [("sft", {}), ("dpo", PREFERENCE)])
def test_stopped_at_a_share_it_ends_bit_identical(world: World, kind: str, more: dict[str, Any]) -> None:
    parameters = {**TRAINING, **more, "dataFraction": 0.25}
    undisturbed = context_of(world, kind, parameters)
    expected = run_training(undisturbed)
    with pytest.raises(Preempted, match="saved at step 3 of"):
        run_training(
            context_of(
                world, kind, parameters,
                stop=lambda latest: "notice" if latest["phase"] == "training" and latest["step"] >= 2 else None,
            )
        )  # fmt: skip
    resumed = context_of(world, kind, parameters)
    assert resumed.resume is not None
    assert run_training(resumed) == expected
    assert weights_of(resumed) == weights_of(undisturbed)


def test_all_of_the_data_is_as_without_a_share_and_less_is_not(world: World) -> None:
    contexts = [
        context_of(world, "sft", parameters)
        for parameters in (TRAINING, {**TRAINING, "dataFraction": 1}, {**TRAINING, "dataFraction": 0.5})
    ]
    for context in contexts:
        run_training(context)
    whole, same, half = map(weights_of, contexts)
    assert whole == same != half
