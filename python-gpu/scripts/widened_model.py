"""A larger model that gives the same answers: a small Llama with zeros around its weights and layers that add nothing.

For timing at another size what small models really do (answers of many lengths, most of them right), where random
weights would write to the limit. Exact but for the order of sums.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WIDER = 4
"""Times wider: hidden size, heads, feed-forward. A power of four keeps the norms' factor a power of two."""
LAYERS = 12
SIZES = ("hidden_size", "num_attention_heads", "num_key_value_heads", "intermediate_size")


def write_widened(source: Path, target: Path) -> int:
    """Writes the model of `source` (tied embeddings, one weights file) in its wide form; returns its parameters."""
    target.mkdir()
    for path in source.iterdir():
        if path.suffix != ".safetensors":
            shutil.copyfile(path, target / path.name)
    config: dict[str, Any] = json.loads((source / "config.json").read_text("utf8"))
    small = load_file(source / "model.safetensors")
    wide = {name: widened(name, weight) for name, weight in small.items()}
    for layer in range(config["num_hidden_layers"], LAYERS):
        for name in [name for name in small if name.startswith("model.layers.0.")]:
            wide[name.replace(".0.", f".{layer}.", 1)] = torch.zeros_like(wide[name])
    changed = {key: config[key] * WIDER for key in SIZES}
    # A norm divides by the root of the mean square, and zeros make the mean WIDER times smaller.
    changed |= {"num_hidden_layers": LAYERS, "rms_norm_eps": config["rms_norm_eps"] / WIDER}
    (target / "config.json").write_text(json.dumps({**config, **changed}), "utf8")
    save_file(wide, target / "model.safetensors", metadata={"format": "pt"})
    return sum(weight.numel() for weight in wide.values())


def widened(name: str, weight: torch.Tensor) -> torch.Tensor:
    """Zeros on the right and below; tokens stay as many as they are."""
    if weight.dim() == 1:
        return torch.cat([weight * WIDER**-0.5, torch.zeros(len(weight) * (WIDER - 1))])
    rows, columns = weight.shape
    made = torch.zeros(rows if "embed_tokens" in name else rows * WIDER, columns * WIDER)
    made[:rows, :columns] = weight
    return made
