"""The settings of a merge, checked before any file is opened; and their values for one tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.merge.gradient import Gradient, gradient_of
from lamdagent_gpu.merge.method import MergeMethod
from lamdagent_gpu.merge.parameters import Choice, Parameter
from lamdagent_gpu.merge.registry import METHODS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`weights`: one a model, in the order given; `numbers` and `choices` by the parameter's name."""

    method: MergeMethod
    weights: list[float]
    numbers: Mapping[str, Gradient]
    choices: Mapping[str, str]

    def at(self, name: str, depth: float) -> dict[str, Any]:
        """The parameters for one tensor."""
        return {**self.choices, **{key: gradient.at(name, depth) for key, gradient in self.numbers.items()}}

    @property
    def surveys_vectors(self) -> bool:
        """The method looks at whole task vectors before the first tensor is merged."""
        return self.choices.get("scope") == "vector"


def checked_settings(parameters: Mapping[str, Any], models: int) -> Settings:
    """Raises Rejected, naming the parameter."""
    method = METHODS.get(parameters["method"])
    if method is None:
        raise Rejected(f"merge method: expected one of {sorted(METHODS)}, got {parameters['method']}")
    if not 2 <= models <= method.most_models:
        most = f"to {method.most_models}" if method.most_models > 2 else "models exactly"
        raise Rejected(f"models: expected 2 {most} for {method.name}, got {models}")
    numbers = [one for one in method.parameters if isinstance(one, Parameter)]
    choices = [one for one in method.parameters if isinstance(one, Choice)]
    settings = Settings(
        method=method,
        weights=checked_weights(method, parameters["weights"], models),
        numbers={one.name: checked_number(one, parameters.get(one.name)) for one in numbers},
        choices={one.name: checked_choice(one, parameters.get(one.name, one.default)) for one in choices},
    )
    if settings.surveys_vectors and not settings.numbers["density"].is_constant:
        raise Rejected(
            f"density: expected one number with scope vector, got {parameters['density']!r}. Use scope tensor."
        )
    return settings


def checked_weights(method: MergeMethod, weights: list[float], models: int) -> list[float]:
    if len(weights) != models or not all(isfinite(weight) for weight in weights):
        raise Rejected(f"weights: expected a finite number for each of {models} models, got {weights}")
    if method.name == "linear" and sum(weights) == 0:
        raise Rejected(f"weights: expected a sum other than 0, got {weights}")
    if method.name == "karcher" and not all(weight > 0 for weight in weights):
        raise Rejected(f"weights: expected numbers above 0 for karcher, got {weights}")
    if not method.weighted and len(set(weights)) > 1:
        raise Rejected(f"weights: expected equal ones for {method.name}, which has no use for others, got {weights}")
    return weights


def checked_number(parameter: Parameter, value: object) -> Gradient:
    rule = f"{parameter.name}: expected {parameter.rule}"
    if isinstance(value, str) and not parameter.by_layer:
        raise Rejected(f"{rule}, the same in all layers, got {value!r}")
    try:
        gradient = gradient_of(value)
    except ValueError as error:
        by_layer = ", or anchors by layer such as '0.2, 0.8'" if isinstance(value, str) else ""
        raise Rejected(f"{rule}{by_layer}, got {value!r} ({error})") from None
    wrong = next((anchor for anchor in gradient.anchors if not parameter.allows(anchor)), None)
    if wrong is not None:
        raise Rejected(f"{rule}, got {wrong}{f' in {value!r}' if isinstance(value, str) else ''}")
    return gradient


def checked_choice(choice: Choice, value: object) -> str:
    if not choice.allows(value):
        raise Rejected(f"{choice.name}: expected {choice.rule}, got {value}")
    return str(value)
