"""Each loss against the papers' formulas in NumPy, on a random model that has moved away from its reference."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import World
from method_cases import CASES, Case, model_of

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.distil import divergence
from lamdagent_gpu.train.dpo import LOSSES
from lamdagent_gpu.train.kto import mismatched
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.preference import chosen_tokens
from lamdagent_gpu.train.registry import METHODS

ROWS = 4
Values = Any
BETA = 0.3


class Bench:
    """A trainer whose model was moved after its reference was taken, and one batch of its rows."""

    def __init__(self, world: World, case: Case, **changed: Any) -> None:
        context = world.context(case.job(world, batchSize=ROWS, steps=1, **changed))
        folder = world.store.open(world.model)
        model = load_model(folder, "cpu")
        self.reference = copy.deepcopy(model)
        self.trainer: Any = METHODS[case.kind].make(context, model, load_tokenizer(folder), ROWS, None)
        with torch.no_grad():
            torch.manual_seed(5)
            for weight in self.trainer.model.parameters():
                weight += 0.05 * torch.randn_like(weight)
        self.trainer.model.train()
        self.rows = [self.trainer.examples[place] for place in self.trainer.order[:ROWS]]
        self.batch = self.trainer.data_collator(self.rows)

    def loss(self) -> float:
        if "completion_mask" in self.batch and "label" not in self.batch:
            self.trainer.mean_answer_tokens = chosen_tokens(self.batch)
        return float(self.trainer.compute_loss(self.trainer.model, dict(self.batch)).detach())

    def logps(self, prompt: list[int], answer: list[int], model: Any = None) -> Values:
        """log π of each token of the answer, [tokens]."""
        return np.take_along_axis(self.distribution(prompt, answer, model), np.array(answer)[:, None], axis=-1).squeeze(
            -1
        )

    @torch.no_grad()
    def distribution(self, prompt: list[int], answer: list[int], model: Any = None) -> Values:
        """log π(·) where each token of the answer stands, [tokens, vocabulary]."""
        logits = (model or self.trainer.model)(torch.tensor([prompt + answer])).logits[0].double().numpy()
        logits = logits[len(prompt) - 1 : -1]
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True))

    def halves(self, model: Any = None) -> tuple[list[Values], list[Values]]:
        """Token log-probabilities of the chosen and of the rejected answer of each row."""
        chosen, rejected = (
            [self.logps(row["prompt_ids"], row[f"{half}_ids"], model) for row in self.rows]
            for half in ("chosen", "rejected")
        )
        return chosen, rejected


def sums(halves: list[Values]) -> Values:
    return np.array([half.sum() for half in halves])


def counts(halves: list[Values]) -> Values:
    return np.array([len(half) for half in halves])


def sigmoid(x: Values) -> Values:
    return 1 / (1 + np.exp(-x))


def softplus(x: Values) -> Values:
    """-log sigmoid(-x)."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


SMOOTHING, TAU = 0.2, 0.05
DPO_FORMULAS: dict[str, Callable[..., Values]] = {
    # c, r: log ratios of chosen and rejected; n, m: their tokens. Each: the loss of each pair.
    "sigmoid": lambda c, r, n, m: softplus(-BETA * (c - r)),
    "hinge": lambda c, r, n, m: np.maximum(0, 1 - BETA * (c - r)),
    "ipo": lambda c, r, n, m: (c / n - r / m - 1 / (2 * BETA)) ** 2,
    "robust": lambda c, r, n, m: (
        ((1 - SMOOTHING) * softplus(-BETA * (c - r)) - SMOOTHING * softplus(BETA * (c - r))) / (1 - 2 * SMOOTHING)
    ),
    "exoPair": lambda c, r, n, m: (
        sigmoid(BETA * (c - r)) * (-softplus(-BETA * (c - r)) - np.log(1 - SMOOTHING))
        + sigmoid(BETA * (r - c)) * (-softplus(BETA * (c - r)) - np.log(SMOOTHING))
    ),
    "ncaPair": lambda c, r, n, m: softplus(-BETA * c) + 0.5 * softplus(BETA * c) + 0.5 * softplus(BETA * r),
    "bcoPair": lambda c, r, n, m: softplus(-BETA * c) + softplus(BETA * r),
    "sppoHard": lambda c, r, n, m: (c - 0.5 / BETA) ** 2 + (r + 0.5 / BETA) ** 2,
    "apoZero": lambda c, r, n, m: 1 - sigmoid(BETA * c) + sigmoid(BETA * r),
    "apoDown": lambda c, r, n, m: sigmoid(BETA * c) + 1 - sigmoid(BETA * (c - r)),
    "discopop": lambda c, r, n, m: (
        softplus(-BETA * (c - r)) * (1 - sigmoid(BETA * (c - r) / TAU))
        + np.exp(-BETA * (c - r)) * sigmoid(BETA * (c - r) / TAU)
    ),
    "sigmoidNorm": lambda c, r, n, m: softplus(-BETA * (c / n - r / m)),
}


@pytest.mark.parametrize(("loss", "sft_weight"), [("sigmoid", 0), *((loss, 0.7) for loss in LOSSES)])
def test_dpo(world: World, loss: str, sft_weight: float) -> None:
    values = {"beta": BETA, "sftWeight": sft_weight, "loss": loss, "labelSmoothing": SMOOTHING, "discopopTau": TAU}
    bench = Bench(world, Case(kind="dpo", data="preference", parameters=values))
    (chosen, rejected), (ref_chosen, ref_rejected) = bench.halves(), bench.halves(bench.reference)
    ratios = sums(chosen) - sums(ref_chosen), sums(rejected) - sums(ref_rejected)
    assert np.abs(ratios[0] - ratios[1]).max() > 0.1
    expected = DPO_FORMULAS[loss](*ratios, counts(chosen), counts(rejected)).mean()
    expected += sft_weight * -np.concatenate(chosen).mean()
    assert bench.loss() == pytest.approx(expected, rel=2e-4)


def test_orpo(world: World) -> None:
    bench = Bench(world, CASES["orpo"], beta=BETA)
    chosen, rejected = bench.halves()
    c, r = sums(chosen) / counts(chosen), sums(rejected) / counts(rejected)
    odds = (np.exp(c) / (1 - np.exp(c))) / (np.exp(r) / (1 - np.exp(r)))
    expected = -np.concatenate(chosen).mean() + (BETA * softplus(-np.log(odds))).mean()
    assert bench.loss() == pytest.approx(expected, rel=2e-4)


CPO_FORMULAS: dict[str, Callable[..., Values]] = {
    "sigmoid": lambda c, r, n, m: softplus(-BETA * (c - r)),
    "hinge": lambda c, r, n, m: np.maximum(0, 1 - BETA * (c - r)),
    "ipo": lambda c, r, n, m: (c / n - r / m - 1 / (2 * BETA)) ** 2,
    "simpo": lambda c, r, n, m: softplus(-(BETA * (c / n - r / m) - 0.4)),
}


@pytest.mark.parametrize("loss", CPO_FORMULAS)
def test_cpo(world: World, loss: str) -> None:
    bench = Bench(world, CASES["cpo"], loss=loss, beta=BETA, gamma=0.4, sftWeight=0.7)
    chosen, rejected = bench.halves()
    expected = CPO_FORMULAS[loss](sums(chosen), sums(rejected), counts(chosen), counts(rejected)).mean()
    expected += 0.7 * -np.concatenate(chosen).mean()
    assert bench.loss() == pytest.approx(expected, rel=2e-4)


def test_the_reference_free_losses_are_those_of_trl() -> None:
    from trl.experimental.cpo import CPOTrainer
    from trl.experimental.orpo import ORPOTrainer

    from lamdagent_gpu.train.cpo import cpo_loss
    from lamdagent_gpu.train.orpo import log_odds

    chosen, rejected = -torch.rand(6) * 3 - 0.1, -torch.rand(6) * 3 - 0.1
    like: Any = {"beta": BETA, "accelerator": SimpleNamespace(device="cpu"), "alpha": 0.0, "label_smoothing": 0.0}
    theirs = -ORPOTrainer.odds_ratio_loss(SimpleNamespace(**like), chosen, rejected)[0]
    ours = -BETA * torch.nn.functional.logsigmoid(log_odds(chosen) - log_odds(rejected))
    torch.testing.assert_close(ours, theirs)
    for loss in CPO_FORMULAS:
        trainer = SimpleNamespace(**like, loss_type=loss, simpo_gamma=0.4)
        theirs = CPOTrainer.cpo_loss(trainer, chosen, rejected)[0]
        gamma = 0.4 if loss == "simpo" else 0.0
        torch.testing.assert_close(cpo_loss(loss, chosen - rejected, beta=BETA, gamma=gamma), theirs)


@pytest.mark.parametrize("loss", ["kto", "apoZero"])
def test_kto(world: World, loss: str) -> None:
    bench = Bench(world, CASES["kto"], loss=loss, beta=BETA)
    trainer = bench.trainer

    def ratio(prompt: dict[str, Any], answer: dict[str, Any]) -> float:
        given = prompt["prompt_ids"], answer["completion_ids"]
        return float(bench.logps(*given).sum() - bench.logps(*given, bench.reference).sum())

    good = np.array([row["label"] for row in bench.rows])
    assert 0 < good.sum() < ROWS
    r = np.array([ratio(row, row) for row in bench.rows])
    z0 = 0.0
    if loss == "kto":
        places = mismatched(range(ROWS))
        z0 = max(0.0, float(np.mean([ratio(bench.rows[at], bench.rows[other]) for at, other in places])))
        trainer.drift = trainer._drift(mismatched(trainer.order[:ROWS]))
        assert max(0.0, float(trainer.drift)) == pytest.approx(z0, rel=1e-3, abs=1e-5)
    expected = np.where(good, 1.5 * (1 - sigmoid(BETA * (r - z0))), 0.5 * (1 - sigmoid(BETA * (z0 - r)))).mean()
    assert bench.loss() == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("kind", ["forwardKl", "reverseKl", "jsd"])
def test_distillation(world: World, kind: str) -> None:
    bench = Bench(world, CASES["distil"], divergence=kind, jsdBeta=0.3, temperature=2, sftWeight=0.5)
    teacher = load_model(world.store.open(model_of(world, "teacher")), "cpu")
    answers: list[Values] = []
    losses: list[Values] = []

    def softened(logps: Values) -> Values:
        return logps / 2 - np.log(np.exp(logps / 2).sum(-1, keepdims=True))

    def kl(p: Values, q: Values) -> Values:
        return (np.exp(p) * (p - q)).sum(-1)

    for row in bench.rows:
        start = next(place for place, label in enumerate(row["labels"]) if label >= 0)
        given = row["input_ids"][:start], row["input_ids"][start:]
        answers.append(bench.logps(*given))
        t, s = softened(bench.distribution(*given, teacher)), softened(bench.distribution(*given))
        mixed = np.log(0.3 * np.exp(t) + 0.7 * np.exp(s))
        jsd = 0.3 * kl(t, mixed) + 0.7 * kl(s, mixed)
        losses.append({"forwardKl": kl(t, s), "reverseKl": kl(s, t), "jsd": jsd}[kind])
    expected = np.concatenate(losses).mean() + 0.5 * -np.concatenate(answers).mean()
    assert bench.loss() == pytest.approx(expected, rel=2e-4)


def test_a_divergence_of_equals_is_nothing() -> None:
    same = torch.log_softmax(torch.randn(3, 7), dim=-1)
    for kind in ("forwardKl", "reverseKl", "jsd"):
        assert divergence(kind, same, same, beta=0.5).abs().max() < 1e-6


def test_a_teacher_with_another_vocabulary_is_refused(world: World) -> None:
    folder = world.store.new_folder()
    source = world.store.open(world.model)
    for file in source.iterdir():
        if file.is_file() and file.name != "manifest.json":
            (folder / file.name).write_bytes(file.read_bytes())
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf8"))
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["q"], vocabulary["z"] = vocabulary["z"], vocabulary["q"]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf8")
    other = "e" * 64
    world.store.publish(other, "model", folder, {})
    case = CASES["distil"]
    parameters = case.job(world).stage.parameters
    job = world.build_job("distil", parameters, model=[world.model], teacher=[other], data=[world.sft])
    with pytest.raises(Rejected, match="expected the vocabulary of the student, got another in the teacher: 'q' is"):
        run_training(world.context(job))
