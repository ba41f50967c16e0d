"""Measures pipelines of the tiny world and writes landscape.md.

python landscape.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from lab import GUARD, SKILLS, dpo, load_base, merge, score, sft

ALL = [*SKILLS, GUARD]
Model = torch.nn.Module
lines: list[str] = []


def show(name: str, make: Callable[[], Model]) -> Model:
    """Builds and scores one model; adds its row to the table."""
    begun = time.perf_counter()
    model = make()
    built = time.perf_counter()
    points = score(model)
    scored = time.perf_counter()
    cells = " ".join(f"{points[skill]:.0f}" for skill in SKILLS)
    lines.append(
        f"| {name} | {cells} | {points[GUARD]:.0f} | {points['mean']:.1f} | {built - begun:.1f} | {scored - built:.1f} |"
    )
    print(lines[-1], flush=True)
    return model


def main() -> None:
    lines.append(f"| pipeline | {', '.join(SKILLS)} (%) | guard (%) | mean | build s | score s |")
    lines.append("|---|---|---|---|---|---|")
    base = show("base", load_base)
    singles = {name: show(f"SFT {name}, 3e-4", lambda n=name: sft(base, [n], lr=3e-4)) for name in SKILLS}
    show("DPO on base, 3e-5", lambda: dpo(base, lr=3e-5))
    show("SFT all skills, 3e-4", lambda: sft(base, SKILLS, lr=3e-4))
    everything = show("SFT all skills and guard, 3e-4", lambda: sft(base, ALL, lr=3e-4))
    show("… then DPO 3e-5", lambda: dpo(everything, lr=3e-5))
    strong = show("SFT all skills and guard, 1e-3", lambda: sft(base, ALL, lr=1e-3))
    show("… then DPO 3e-5", lambda: dpo(strong, lr=3e-5))
    show("SFT plural on SFT number, 3e-4", lambda: sft(singles["number"], ["plural"], lr=3e-4))
    show("SFT number on SFT plural, 3e-4", lambda: sft(singles["plural"], ["number"], lr=3e-4))
    four = list(singles.values())
    show("linear merge of the four", lambda: merge(four, "linear"))
    show("task arithmetic 0.5 of the four", lambda: merge(four, "taskArithmetic", lam=0.5))
    ties = show("TIES 0.5 of the four", lambda: merge(four, "ties", density=0.5))
    last = show("… then SFT all skills and guard, 1e-3", lambda: sft(ties, ALL, lr=1e-3))
    both = show("linear merge of that and all-data 1e-3", lambda: merge([last, strong], "linear"))
    show("… then DPO 3e-5", lambda: dpo(both, lr=3e-5))
    Path(__file__).with_name("landscape.md").write_text("\n".join(lines) + "\n", "utf8")


if __name__ == "__main__":
    main()
