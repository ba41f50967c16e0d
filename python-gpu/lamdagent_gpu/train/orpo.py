"""Odds-ratio preference optimisation (Hong et al. 2024, arXiv 2403.07691, eqs. 6 and 7)."""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid

from lamdagent_gpu.train.method import BETA, TRAINING, TrainMethod
from lamdagent_gpu.train.reference_free import PairLogps, ReferenceFreeTrainer, maker_of

CLOSEST = -1e-7
"""The largest mean log-probability whose odds float32 still tells from infinite ones."""


class DurableORPOTrainer(ReferenceFreeTrainer):
    @property
    def sft_weight(self) -> float:
        return 1.0

    def preference_loss(self, logps: PairLogps) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        chosen, rejected = (one.float() for one in logps.means)
        losses = -self.beta * logsigmoid(log_odds(chosen) - log_odds(rejected))
        return losses, self.beta * chosen, self.beta * rejected


def log_odds(logp: torch.Tensor) -> torch.Tensor:
    """log(p / (1 - p)) of p = exp(logp); logp below 0."""
    logp = logp.clamp(max=CLOSEST)
    return logp - torch.log(-torch.expm1(logp))


ORPO = TrainMethod(
    kind="orpo",
    paper="https://arxiv.org/abs/2403.07691",
    formula="SFT loss of chosen - β log sigmoid(log odds(chosen) - log odds(rejected)), odds = p / (1 - p), p = exp(mean log π)",
    make=maker_of(DurableORPOTrainer),
    parameters=(*TRAINING, BETA),
)
