"""Function calls that a model wrote, as Python calls or as JSON, read without running anything."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from lamdagent_gpu.evaluate.strict_json import parse_json

FENCE = re.compile(r"\A```[a-z]*\n(.*)\n```\Z", re.DOTALL)
TAGGED = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
NAMED = ({"name", "arguments"}, {"name", "parameters"})


@dataclass(frozen=True)
class Call:
    """A function's name (dots allowed) and its arguments by name; values are JSON's."""

    name: str
    arguments: dict[str, Any]


def parse_calls(text: str) -> list[Call]:
    """All calls that the text consists of. A code fence around it is taken off.

    Python: `f(a=1)`, `[f(a=1), g.h(b="x")]`: literal values by keyword alone; tuples are lists.
    JSON: one call or a list of them, `{"name": "f", "arguments": {…}}` (or `parameters`) or `{"f": {…}}`; also one in
    each of several `<tool_call>` … `</tool_call>`.

    Raises:
        ValueError, RecursionError, MemoryError: it is neither.
    """
    text = text.strip()
    fenced = FENCE.match(text)
    text = fenced.group(1).strip() if fenced else text
    tagged = TAGGED.findall(text)
    if tagged and not TAGGED.sub("", text).strip():
        return [call for part in tagged for call in calls_in_json(parse_json(part))]
    try:
        value = parse_json(text)
    except ValueError:
        return calls_in_python(text)
    return calls_in_json(value)


def calls_in_json(value: Any) -> list[Call]:
    return [call_in_json(one) for one in (value if isinstance(value, list) else [value])]


def call_in_json(value: Any) -> Call:
    if not isinstance(value, dict):
        raise ValueError("a call is an object")
    if set(value) in NAMED:
        name, arguments = value["name"], value.get("arguments", value.get("parameters"))
    elif len(value) == 1:
        name, arguments = next(iter(value.items()))
    else:
        raise ValueError("a call has a name and arguments")
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise ValueError("a call has a name and arguments")
    return Call(name, arguments)


def calls_in_python(text: str) -> list[Call]:
    try:
        body = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(str(error)) from None
    nodes = body.elts if isinstance(body, (ast.List, ast.Tuple)) else [body]
    return [call_in_python(node) for node in nodes]


def call_in_python(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call) or node.args:
        raise ValueError("expected calls with arguments by keyword")
    arguments: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in arguments:
            raise ValueError("expected each argument once, by name")
        arguments[keyword.arg] = plain(ast.literal_eval(keyword.value))
    return Call(dotted(node.func), arguments)


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    raise ValueError("expected a function's name")


def plain(value: Any) -> Any:
    """A literal as JSON has it: tuples are lists. Raises ValueError for what JSON has not (bytes, sets, complex)."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("expected texts as keys")
        return {key: plain(one) for key, one in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"expected a value of JSON, got {type(value).__name__}")
