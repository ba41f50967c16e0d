"""Model merging: our own streaming engine. One file a method; pieces of tensors pass through it, in float32."""

from lamdagent_gpu.merge.run import run_merge

__all__ = ["run_merge"]
