"""Preemption notices of spot machines, read from the cloud provider's metadata service."""

from lamdagent_gpu.spot.metadata import DEFAULT_ADDRESS, Metadata
from lamdagent_gpu.spot.notice import Notice
from lamdagent_gpu.spot.watch import CHOICES, Watch

__all__ = ["CHOICES", "DEFAULT_ADDRESS", "Metadata", "Notice", "Watch"]
