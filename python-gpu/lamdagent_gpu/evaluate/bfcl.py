"""The AST metric of the Berkeley Function Calling Leaderboard, for its data format.

Source: Patil et al. 2025, "The Berkeley Function Calling Leaderboard (BFCL)", and the leaderboard's description of its
AST evaluation (gorilla.cs.berkeley.edu). The rules are written down in docs/evaluation.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lamdagent_gpu.evaluate.calls import Call, parse_calls

OPTIONAL = ""
"""Among an argument's accepted values: it may be left out."""
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (float, int),
    "number": (float, int),
    "boolean": (bool,),
    "array": (list,),
    "tuple": (list,),
    "dict": (dict,),
    "object": (dict,),
}
"""What a declared type takes; an int does for a float, not the other way. Other names ("any") take everything."""
IGNORED = re.compile(r"[ ,./\-_*^]")
FORM = "expected ground_truth as a list of {function: {argument: [accepted value, …]}}"


@dataclass(frozen=True)
class ExpectedCall:
    name: str
    accepted: dict[str, list[Any]]
    """Accepted values by argument."""
    types: dict[str, str]
    """Declared types by argument, as far as the item declares the function."""
    required: frozenset[str]


def expected_calls(row: dict[str, Any]) -> list[ExpectedCall]:
    """`ground_truth` of an item, and what its `function` list declares. Raises ValueError for another form."""
    truth, declared = row["ground_truth"], declarations(row.get("function", []))
    if not isinstance(truth, list) or not truth:
        raise ValueError(FORM)
    return [expected_call(one, declared) for one in truth]


def expected_call(value: Any, declared: dict[str, dict[str, Any]]) -> ExpectedCall:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(FORM)
    name, accepted = next(iter(value.items()))
    if not isinstance(accepted, dict) or not all(isinstance(some, list) and some for some in accepted.values()):
        raise ValueError(FORM)
    parameters = declared.get(name, {})
    properties = parameters.get("properties", {})
    types = {key: str(one["type"]) for key, one in properties.items() if isinstance(one, dict) and "type" in one}
    required = frozenset(parameters.get("required", []))
    if declared and name not in declared:
        raise ValueError(f"expected the functions of ground_truth among those of function, {sorted(declared)}")
    return ExpectedCall(name, accepted, types, required)


def declarations(functions: Any) -> dict[str, dict[str, Any]]:
    """Parameters by the function's name."""
    listed = functions if isinstance(functions, list) else [functions]
    try:
        return {one["name"]: dict(one.get("parameters", {})) for one in listed}
    except (TypeError, KeyError, ValueError, AttributeError):
        raise ValueError("expected function as a list of {name, description, parameters}") from None


def bfcl_ast(prediction: str, expected: list[ExpectedCall]) -> float:
    """1 if the prediction is exactly the expected calls, in any order, each with accepted arguments; else 0."""
    try:
        calls = parse_calls(prediction)
        return float(len(calls) == len(expected) and pairs_up(calls, expected))
    except (ValueError, RecursionError, MemoryError):
        return 0.0


def pairs_up(calls: list[Call], expected: list[ExpectedCall]) -> bool:
    """Whether every call answers an expected one of its own: a perfect matching (augmenting paths, Kuhn 1955).

    Two expected calls may accept the same one; taking the first that fits could leave another without its own.
    """
    taken: dict[int, int] = {}  # expected -> call

    def place(call: int, tried: set[int]) -> bool:
        for at, one in enumerate(expected):
            if at in tried or not answers(calls[call], one):
                continue
            tried.add(at)
            if at not in taken or place(taken[at], tried):
                taken[at] = call
                return True
        return False

    return all(place(call, set()) for call in range(len(calls)))


def answers(call: Call, expected: ExpectedCall) -> bool:
    """Name, required arguments, no others than the accepted, types, values."""
    given, accepted = call.arguments, expected.accepted
    if call.name != expected.name or not expected.required <= given.keys() or not given.keys() <= accepted.keys():
        return False
    left_out = accepted.keys() - given.keys()
    if not all(OPTIONAL in accepted[name] for name in left_out):
        return False
    return all(is_accepted(value, accepted[name], expected.types.get(name)) for name, value in given.items())


def is_accepted(value: Any, accepted: list[Any], declared: str | None) -> bool:
    if declared is not None and not fits(value, declared):
        return False
    return any(alike(value, one, by_type=declared is None) for one in accepted)


def fits(value: Any, declared: str) -> bool:
    types = TYPES.get(declared)
    return types is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool)))


def alike(value: Any, accepted: Any, *, by_type: bool) -> bool:
    """Texts by their normal form, lists in order, objects by `accepted`'s lists of values; numbers by value.

    by_type: the function isn't declared, so an accepted int takes no float; an accepted float takes an int.
    """
    if isinstance(value, bool) or isinstance(accepted, bool):
        return value is accepted
    if isinstance(value, str) and isinstance(accepted, str):
        return normal(value) == normal(accepted)
    if isinstance(value, list) and isinstance(accepted, list):
        return len(value) == len(accepted) and all(
            alike(one, other, by_type=by_type) for one, other in zip(value, accepted, strict=True)
        )
    if isinstance(value, dict) and isinstance(accepted, dict):
        return alike_objects(value, accepted, by_type=by_type)
    if isinstance(value, float) and isinstance(accepted, int) and by_type:
        return False
    if isinstance(value, (int, float)) and isinstance(accepted, (int, float)):
        return value == accepted
    return value is None and accepted is None


def alike_objects(value: dict[str, Any], accepted: dict[str, Any], *, by_type: bool) -> bool:
    """Every key of an accepted object has a list of accepted values of its own, "" among them if it may be absent."""
    values = {key: some if isinstance(some, list) else [some] for key, some in accepted.items()}
    if not value.keys() <= values.keys():
        return False
    if not all(OPTIONAL in values[key] for key in values.keys() - value.keys()):
        return False
    return all(any(alike(one, other, by_type=by_type) for other in values[key]) for key, one in value.items())


def normal(text: str) -> str:
    """Lower case, without spaces and , . / - _ * ^, and with " for '."""
    return IGNORED.sub("", text.lower()).replace("'", '"')
