"""The page as it grows: a table a section, and a JSON file that is whole after every row."""

from __future__ import annotations

import gc
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(kw_only=True)
class Page:
    out: Path | None
    seconds: float
    """After which no new row is begun."""
    facts: dict[str, Any]
    sections: dict[str, list[Row]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.began)

    def section(self, name: str, columns: dict[str, str]) -> Callable[..., None]:
        """Begins a table; what it returns makes a row of it: a name, and the function that measures it.

        `columns`: keys of a measurement, and how a number is shown. A row that fails is printed as that, and the page
        goes on.
        """
        rows = self.sections.setdefault(name, [])
        print(f"\n## {name}\n\n| case | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}", flush=True)

        def row(case: str, measure: Callable[[], Row]) -> None:
            found = self._measured(measure)
            rows.append({"case": case, **found})
            cells = [shown(found.get(key), form) for key, form in columns.items()]
            told = f"failed: {found['error']}" if "error" in found else found.get("skipped")
            print(f"| {case} | {told or ' | '.join(cells)} |", flush=True)
            if "trace" in found:
                print(f"<!--\n{found['trace']}\n-->", flush=True)
            self.write()

        return row

    def _measured(self, measure: Callable[[], Row]) -> Row:
        if self.left <= 0:
            return {"skipped": "skipped: no time left"}
        began = time.monotonic()
        try:
            found = measure()
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            found = {"error": f"{type(error).__name__}: {first[:300]}", "trace": traceback.format_exc()[-3000:]}
        release_memory()
        return {**found, "tookSeconds": round(time.monotonic() - began, 1)}

    def write(self) -> None:
        if self.out is not None:
            text = json.dumps({"facts": self.facts, "sections": self.sections}, indent=1, default=str)
            self.out.write_text(text + "\n", "utf8")


def shown(value: Any, form: str) -> str:
    if value is None:
        return "-"
    return format(value, form) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def release_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
