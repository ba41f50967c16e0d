"""A parameter that differs by layer: anchors along the depth of the model, by parts of tensors' names where wished.

Written as text, since a parameter of a stage is a number or a text:

    0.2, 0.5, 0.8                     three anchors: first layer, middle, last layer; straight lines between them
    mlp: 0, 1; self_attn: 1, 0; 0.5   tensors with `mlp` in their name, with `self_attn`, and all others

The first filter that fits decides; the last clause has none and stands for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

Clause = tuple[str | None, tuple[float, ...]]
"""(what must be in the name or None, anchors)"""


@dataclass(frozen=True)
class Gradient:
    clauses: tuple[Clause, ...]

    @property
    def anchors(self) -> list[float]:
        """All of them, to be checked against the parameter's range."""
        return [anchor for _, anchors in self.clauses for anchor in anchors]

    @property
    def is_constant(self) -> bool:
        return len(set(self.anchors)) == 1

    def at(self, name: str, depth: float) -> float:
        """The value for a tensor at a depth of the model, 0 the first layer, 1 the last."""
        anchors = next(anchors for part, anchors in self.clauses if part is None or part in name)
        place = depth * (len(anchors) - 1)
        left = min(int(place), len(anchors) - 1)
        right = min(left + 1, len(anchors) - 1)
        share = place - left
        return anchors[left] if share == 0 else anchors[left] * (1 - share) + anchors[right] * share


def gradient_of(value: object) -> Gradient:
    """Of a number or a text as above.

    Raises:
        ValueError: another value, or a text of another form.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Gradient(((None, (value,)),))
    if not isinstance(value, str):
        raise ValueError(f"expected a number or a text, got {value}")
    clauses = [clause(part) for part in value.split(";")]
    rest = [part for part, _ in clauses]
    if rest[-1] is not None or None in rest[:-1]:
        raise ValueError(f"expected one clause without a filter, the last, got {value!r}")
    return Gradient(tuple(clauses))


def clause(text: str) -> Clause:
    part, colon, numbers = text.rpartition(":")
    if colon and not part.strip():
        raise ValueError(f"expected a part of names before the colon, got {text!r}")
    return part.strip() if colon else None, tuple(float(number) for number in numbers.split(","))
