"""Scoring models on benchmark splits by batched greedy generation."""

from lamdagent_gpu.evaluate.run import run_evaluation

__all__ = ["run_evaluation"]
