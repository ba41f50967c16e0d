"""The table of benchmark kinds."""

from __future__ import annotations

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.choices import MULTIPLE_CHOICE
from lamdagent_gpu.evaluate.command import COMMAND
from lamdagent_gpu.evaluate.generation import GENERATION
from lamdagent_gpu.evaluate.harness import HARNESS_TASK
from lamdagent_gpu.evaluate.judged import JUDGED
from lamdagent_gpu.evaluate.kind import Facts, Kind
from lamdagent_gpu.evaluate.perplexity import PERPLEXITY

KINDS: dict[str, Kind] = {
    "generation": GENERATION,
    "multipleChoice": MULTIPLE_CHOICE,
    "perplexity": PERPLEXITY,
    "command": COMMAND,
    "lmEval": HARNESS_TASK,
    "judge": JUDGED,
}


def kind_of(facts: Facts) -> Kind:
    """A benchmark without `kind` is one of generated answers: there was no other at first."""
    name = facts.get("kind", "generation")
    if name not in KINDS:
        raise Rejected(f"benchmark kind: expected one of {', '.join(KINDS)}, got {name}")
    return KINDS[name]
