"""What one GPU makes of the worker's code: `python -m benchmarks.gpu`."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when transformers is imported
