"""The output layer without prompts and padding gives what it gives with them."""

from __future__ import annotations

from pathlib import Path

import torch
from conftest import save_tiny_model
from trl.kernels.chunked_logprob import ChunkedLogProbFunction
from trl.trainer import utils

from lamdagent_gpu.train.model import load_model
from lamdagent_gpu.train.output_layer import labelled_positions_alone, log_probs_alone


def test_unlabelled_positions_are_left_out_and_change_nothing(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    seen: list[int] = []

    class Counting(ChunkedLogProbFunction):
        @staticmethod
        def forward(ctx, hidden, *rest):  # type: ignore[no-untyped-def]
            seen.append(len(hidden))
            return ChunkedLogProbFunction.forward(ctx, hidden, *rest)

    monkeypatch.setattr(utils, "_ChunkedLogProbFunction", Counting)
    model = load_model(save_tiny_model(tmp_path), "cpu")
    log_probs_alone(model)
    ids = torch.randint(5, 40, (2, 9), generator=torch.Generator().manual_seed(1))
    labels = ids.clone()
    labels[0, :5] = labels[1, 7:] = -100

    def found() -> tuple[torch.Tensor, torch.Tensor]:
        model.zero_grad()
        outputs = model(input_ids=ids, labels=labels, fused_lm_head=True)
        assert outputs.entropy is None
        outputs.log_probs.sum().backward()
        return outputs.log_probs.detach(), model.get_input_embeddings().weight.grad.clone()

    everywhere = found()
    with labelled_positions_alone():
        alone = found()
    assert seen == [16, int((labels[:, 1:] != -100).sum())]
    for one, other in zip(everywhere, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert everywhere[0][labels[:, 1:] == -100].eq(0).all()
    assert found()[0].equal(everywhere[0])  # outside it TRL has its own way again
