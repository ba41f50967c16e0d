"""The merge methods by name. A new method is one file and one line here."""

from __future__ import annotations

from lamdagent_gpu.merge.linear import LINEAR
from lamdagent_gpu.merge.method import MergeMethod
from lamdagent_gpu.merge.task_arithmetic import TASK_ARITHMETIC
from lamdagent_gpu.merge.ties import TIES

METHODS: dict[str, MergeMethod] = {method.name: method for method in (LINEAR, TASK_ARITHMETIC, TIES)}
