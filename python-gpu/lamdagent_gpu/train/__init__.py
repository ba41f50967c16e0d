"""Training stages through TRL, resumable to the bit on a CPU: a file a method, and their names in `registry`."""

from lamdagent_gpu.train.run import run_training

__all__ = ["run_training"]
