"""Contexts run as a tree: each token that rows share once, no padding, and the numbers of plain passes."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from tiny_models import MODELS, PLAIN, tiny_model
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from lamdagent_gpu.evaluate import attention, contexts
from lamdagent_gpu.evaluate.contexts import run_contexts
from lamdagent_gpu.evaluate.prefixes import tree_of


def test_a_token_is_a_node_unless_another_row_began_alike() -> None:
    tree = tree_of([[7, 8, 9], [7, 8], [7, 5, 9], [7, 8, 9]], "cpu")
    assert tree.tokens.tolist() == [7, 8, 9, 5, 9]
    assert tree.depths.tolist() == [0, 1, 2, 1, 2]
    assert tree.node_of.tolist() == [[0, 1, 2], [0, 0, 1], [0, 3, 4], [0, 1, 2]]
    assert tree.mask.tolist() == [[1, 1, 1], [0, 1, 1], [1, 1, 1], [1, 1, 1]]
    assert tree.ends.tolist() == [2, 1, 4, 2]
    assert tree.begins == [0, 4, 6, 9]
    states = torch.arange(5.0)[None, None, :, None]
    assert tree.rows(states)[:, 0, :, 0].tolist() == tree.node_of.tolist()
    assert torch.equal(tree.nodes(tree.rows(states).transpose(1, 2)).transpose(1, 2), states)


def test_branches_begin_where_their_context_ends_and_share_what_they_begin_with() -> None:
    tree = tree_of([[7, 8], [7]], "cpu", [[[5, 6], [5, 9]], [[8]]])
    assert tree.tokens.tolist() == [7, 8, 5, 6, 9]
    assert tree.depths.tolist() == [0, 1, 2, 3, 3]
    assert tree.node_of.tolist() == [[0, 1, 2, 3, 2, 4], [0, 0, 0, 0, 0, 1]]
    assert tree.branch_of.tolist() == [[0, 0, 1, 1, 2, 2], [-1, -1, -1, -1, 0, 1]]
    assert tree.begins == [0, 10]


def test_a_place_sees_its_context_and_its_own_branch_and_no_padding() -> None:
    tree = tree_of([[7, 8], [7]], "cpu", [[[5], [6, 9]], [[8]]])
    seen = tree.sees(torch.tensor([[1], [0]]))[:, 0].int()
    assert seen[0].tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 0, 1, 0],
        [1, 1, 1, 0, 1, 1],
    ]
    assert seen[1, 3:].tolist() == [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 1]]
    assert attention.added(seen[1, 4].bool(), torch.float32).tolist() == [*[float("-inf")] * 4, 0, 0]


def like_questions(beginning: int) -> list[list[int]]:
    """Rows of several lengths that begin alike in groups, two of them the same."""
    choose = random.Random(4)

    def tokens(count: int) -> list[int]:
        return [choose.randrange(4, 50) for _ in range(count)]

    all_alike = tokens(beginning)
    groups = [tokens(size) for size in (0, 3, 9)]
    rows = [[*all_alike, *choose.choice(groups), *tokens(choose.randrange(1, 7))] for _ in range(14)]
    return [*rows, rows[3]]


@pytest.mark.parametrize("beginning", [0, 5, 40])
@pytest.mark.parametrize("name", PLAIN)
def test_every_token_is_run_once_and_gives_the_same(name: str, beginning: int) -> None:
    model, rows = tiny_model(name), like_questions(beginning)
    with torch.inference_mode():
        plain = run_contexts(model, rows, 0)
        assert attention.is_used(attention.use(model))
        fed: list[int] = []
        model.register_forward_pre_hook(lambda *given: fed.append(given[2]["input_ids"].numel()), with_kwargs=True)
        found = run_contexts(model, rows, 0)
    assert sum(fed) == len({tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)})
    torch.testing.assert_close(found.logits, plain.logits, rtol=1e-4, atol=1e-4)
    assert torch.equal(found.mask, plain.mask)
    assert torch.equal(found.positions, plain.positions)
    real = plain.mask.bool()
    for left, right in zip(found.cache.layers, plain.cache.layers, strict=True):
        for one, other in ((left.keys, right.keys), (left.values, right.values)):
            torch.testing.assert_close(one.transpose(1, 2)[real], other.transpose(1, 2)[real], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", sorted(MODELS.keys() - set(PLAIN)))
def test_models_with_windows_keep_their_attention(name: str) -> None:
    model = tiny_model(name)
    before = model.config._attn_implementation
    assert not attention.is_used(attention.use(model))
    assert model.config._attn_implementation == before


def test_one_row_is_one_path() -> None:
    model = attention.use(tiny_model("llama"))
    with torch.inference_mode():
        found = contexts.run_contexts(model, [[4, 4, 4, 5]], 0)
        torch.testing.assert_close(found.logits, model(input_ids=torch.tensor([[4, 4, 4, 5]])).logits[:, -1])


class Module:
    num_key_value_groups = 3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("masked", ["no", "bool", "added"])
def test_one_token_a_row_attends_as_pytorchs_kernel_has_it(masked: str, dtype: torch.dtype) -> None:
    random_numbers = torch.Generator().manual_seed(3)

    def states(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random_numbers).to(dtype)

    query, key, value = states(5, 6, 1, 8), states(5, 2, 11, 8), states(5, 2, 11, 4)
    seen = (torch.rand(5, 11, generator=random_numbers) < 0.7).long()
    seen[:, -1] = 1
    shown = seen[:, None, None].bool()
    masks: dict[str, Any] = {"no": None, "bool": shown, "added": attention.added(shown, dtype)}
    given: Any = (Module(), query, key, value, masks[masked])
    found, expected = attention.attend(*given, scaling=0.3)[0], sdpa_attention_forward(*given, scaling=0.3)[0]
    tolerance = 1e-6 if dtype == torch.float32 else 2e-2
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
