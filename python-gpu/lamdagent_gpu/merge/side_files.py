"""What lies beside the weights in the merged model's folder: configuration, tokenizer, templates."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.merge.checks import read_json
from lamdagent_gpu.merge.outputs import Outputs
from lamdagent_gpu.merge.tensors import FLOATS

OTHER_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".h5", ".msgpack")
LAYER_NUMBERS = ("num_hidden_layers", "n_layer", "num_layers")
LAYER_LISTS = ("layer_types", "no_rope_layers", "mlp_layer_types")
"""Keys of configurations with one entry a layer."""


def copy_side_files(source: Path, target: Path) -> None:
    """Configuration, tokenizer and chat templates; weights in any format, their index and our manifest stay behind."""
    for path in sorted(source.iterdir()):
        skipped = path.suffix in OTHER_WEIGHTS or path.name == "manifest.json" or path.name.endswith(".index.json")
        if path.is_file() and not skipped:
            shutil.copyfile(path, target / path.name)
    templates = source / "additional_chat_templates"
    if templates.is_dir():
        shutil.copytree(templates, target / templates.name)


def name_dtype(path: Path, outputs: Outputs) -> None:
    """Sets the configuration's dtype to the weights', which differ where the base has another than the models."""
    dtypes = {output.like.dtype for output in outputs.values() if output.like.dtype in FLOATS}
    config = read_json("the merged model", path)
    key = "torch_dtype" if "torch_dtype" in config else "dtype"
    written = str(FLOATS[dtypes.pop()]).removeprefix("torch.") if len(dtypes) == 1 else None
    if written and config.get(key, written) != written:
        write_json(path, {**config, key: written})


def name_layers(path: Path, folders: Sequence[Path], layers: Sequence[tuple[int, int]]) -> None:
    """Rewrites a configuration for a stack of (model, layer), with what the models' configurations say of each layer.

    Raises:
        Rejected: the configuration doesn't count its layers where it is looked for.
    """
    configs = [read_json(folder.name[:8], folder / "config.json") for folder in folders]
    config = read_json("the merged model", path)
    lists = {key: [configs[model][key][layer] for model, layer in layers] for key in LAYER_LISTS if config.get(key)}
    numbers = {key: len(layers) for key in LAYER_NUMBERS if key in config}
    if not numbers:
        raise Rejected(
            f"config.json: expected one of {', '.join(LAYER_NUMBERS)} to say how many layers a stack has, got none of "
            "them. Use another method than passthrough."
        )
    write_json(path, {**config, **lists, **numbers})


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf8")
