"""Suggestions without Temporal, for programs that run policies directly.

python -m lamdagent_gpu.suggest_loop

One JSON line in (a SuggestRequest), one JSON line out, in order: `{"slate": …}` or `{"fault": "…"}`. Ends with its input.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import ValidationError

from lamdagent_gpu.contract.messages import SuggestRequest
from lamdagent_gpu.suggest import suggest


def answer(line: str) -> dict[str, Any]:
    try:
        return {"slate": suggest(SuggestRequest.model_validate_json(line)).model_dump()}
    except (ValidationError, ValueError) as error:
        return {"fault": str(error)}


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answer(line), allow_nan=False), flush=True)


if __name__ == "__main__":
    main()
