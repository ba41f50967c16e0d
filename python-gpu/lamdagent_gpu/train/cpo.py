"""Contrastive preference optimisation (Xu et al. 2024, arXiv 2401.08417, eq. 3) and SimPO (Meng et al. 2024, arXiv
2405.14734, eq. 6)."""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid, relu

from lamdagent_gpu.train.method import BETA, SFT_WEIGHT, TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.reference_free import PairLogps, ReferenceFreeTrainer, maker_of

LOSS = Parameter(name="loss", choices=("sigmoid", "hinge", "ipo", "simpo"))
GAMMA = Parameter(name="gamma")
BY_TOKEN = ("ipo", "simpo")
"""Losses of mean log-probabilities; the others take their sums."""


class DurableCPOTrainer(ReferenceFreeTrainer):
    def preference_loss(self, logps: PairLogps) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        values = self.context.parameters
        loss = LOSS.of(values)
        chosen, rejected = logps.means if loss in BY_TOKEN else (logps.chosen, logps.rejected)
        gamma = GAMMA.of(values) if loss == "simpo" else 0.0
        return (
            cpo_loss(loss, chosen - rejected, beta=self.beta, gamma=gamma),
            self.beta * chosen,
            self.beta * rejected,
        )

    @property
    def sft_weight(self) -> float:
        return float(SFT_WEIGHT.of(self.context.parameters))


def cpo_loss(loss: str, difference: torch.Tensor, *, beta: float, gamma: float) -> torch.Tensor:
    """Of the chosen answers' log-probabilities minus the rejected ones': [pairs]."""
    if loss == "hinge":
        return relu(1 - beta * difference)
    if loss == "ipo":
        return (difference - 1 / (2 * beta)) ** 2
    return -logsigmoid(beta * difference - gamma)


CPO = TrainMethod(
    kind="cpo",
    paper="https://arxiv.org/abs/2401.08417",
    formula="mean of -log sigmoid(β(log π(chosen) - log π(rejected))) + sftWeight · SFT loss of chosen; simpo: mean log π, - gamma",
    make=maker_of(DurableCPOTrainer),
    parameters=(*TRAINING, BETA, LOSS, GAMMA, SFT_WEIGHT),
)
