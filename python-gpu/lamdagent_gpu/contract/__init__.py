"""The contract with the orchestrator: generated models."""
