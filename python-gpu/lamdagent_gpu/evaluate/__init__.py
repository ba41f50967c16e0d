"""Scoring models on benchmark splits: generated answers, log-likelihoods, programs of the user's."""

from lamdagent_gpu.evaluate.run import run_evaluation

__all__ = ["run_evaluation"]
