"""Fetches the model of ../gpu-qwen3-1.7b.yaml from the hub, 4 GB, and turns thinking off in its chat template.

    .venv/bin/python examples/gpu/qwen3.py

Qwen3's template opens a block of thoughts unless `enable_thinking` is false. Benchmarks and trainings here use the template
as it is in the folder, so it says so itself.
"""

from __future__ import annotations

from pathlib import Path

REPOSITORY, REVISION = "Qwen/Qwen3-1.7B", "70d244cc86ccca08cf5af4e1e306ecf908b1ad5e"
TARGET = Path(__file__).resolve().parents[2] / ".cache" / "qwen3-1.7b" / "model"
SWITCH = "enable_thinking"


def main() -> None:
    from huggingface_hub import snapshot_download
    from transformers import AutoTokenizer

    files = ["*.json", "*.safetensors", "merges.txt"]
    snapshot_download(REPOSITORY, revision=REVISION, local_dir=TARGET, allow_patterns=files)
    tokenizer = AutoTokenizer.from_pretrained(TARGET)
    tokenizer.chat_template = without_thinking(tokenizer.chat_template)
    tokenizer.save_pretrained(TARGET)
    print(f"{TARGET}: {REPOSITORY} at {REVISION}, without thinking")


def without_thinking(template: str) -> str:
    if SWITCH not in template:
        raise ValueError(f"chat template of {REPOSITORY}: expected one that reads {SWITCH}, got another")
    line = f"{{%- set {SWITCH} = false %}}\n"
    return template if template.startswith(line) else line + template


if __name__ == "__main__":
    main()
