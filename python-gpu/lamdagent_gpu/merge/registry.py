"""The merge methods by name. A new method is one file and one line here."""

from __future__ import annotations

from lamdagent_gpu.merge.breadcrumbs import BREADCRUMBS
from lamdagent_gpu.merge.dare_linear import DARE_LINEAR
from lamdagent_gpu.merge.dare_ties import DARE_TIES
from lamdagent_gpu.merge.della import DELLA
from lamdagent_gpu.merge.karcher import KARCHER
from lamdagent_gpu.merge.linear import LINEAR
from lamdagent_gpu.merge.method import MergeMethod
from lamdagent_gpu.merge.model_stock import MODEL_STOCK
from lamdagent_gpu.merge.nuslerp import NUSLERP
from lamdagent_gpu.merge.passthrough import PASSTHROUGH
from lamdagent_gpu.merge.sce import SCE
from lamdagent_gpu.merge.slerp import SLERP
from lamdagent_gpu.merge.task_arithmetic import TASK_ARITHMETIC
from lamdagent_gpu.merge.ties import TIES

METHODS: dict[str, MergeMethod] = {
    method.name: method
    for method in (
        LINEAR,
        TASK_ARITHMETIC,
        TIES,
        DARE_LINEAR,
        DARE_TIES,
        DELLA,
        BREADCRUMBS,
        SCE,
        MODEL_STOCK,
        SLERP,
        NUSLERP,
        KARCHER,
        PASSTHROUGH,
    )
}
