"""The training methods by kind. A new method is one file and one line here."""

from __future__ import annotations

from lamdagent_gpu.train.cpo import CPO
from lamdagent_gpu.train.distil import DISTIL
from lamdagent_gpu.train.dpo import DPO
from lamdagent_gpu.train.grpo import GRPO
from lamdagent_gpu.train.kto import KTO
from lamdagent_gpu.train.method import TrainMethod
from lamdagent_gpu.train.on_policy_dpo import ON_POLICY_DPO
from lamdagent_gpu.train.orpo import ORPO
from lamdagent_gpu.train.reward_model import REWARD_MODEL
from lamdagent_gpu.train.rft import RFT
from lamdagent_gpu.train.sft import SFT

METHODS: dict[str, TrainMethod] = {
    method.kind: method for method in (SFT, DPO, KTO, ORPO, CPO, DISTIL, RFT, ON_POLICY_DPO, GRPO, REWARD_MODEL)
}
