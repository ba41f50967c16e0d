"""Training stages: supervised fine-tuning and preference optimisation through TRL, resumable to the bit on a CPU."""

from lamdagent_gpu.train.run import run_training

__all__ = ["run_training"]
