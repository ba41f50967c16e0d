"""The GPU worker of LaMDAgent: trains, merges and evaluates language models as Temporal activities."""

__version__ = "0.1.0"
