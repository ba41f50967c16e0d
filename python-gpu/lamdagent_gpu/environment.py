"""What the training process may see of the environment: it runs other people's models and needs no account but the store's."""

from __future__ import annotations

import re
from collections.abc import Mapping

ACCOUNTS = re.compile(r"(AWS|OPENAI|TEMPORAL)_")
SECRET = re.compile(
    r"(^|_)(KEY|APIKEY|TOKEN|SECRET|PASS|PASSPHRASE|CREDENTIALS?|AUTH)(_|$)|PASSWORD|PASSWD", re.IGNORECASE
)
"""What secrets are called: HF_TOKEN, WANDB_API_KEY, PGPASSWORD ... The same rule as in workers/secrets.ts."""

JUDGE_KEY = "LAMDAGENT_JUDGE_API_KEY"
"""The key of the judges of benchmarks. It isn't in the child's environment: evaluations get it with their job."""

KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
    "MALLOC_TOP_PAD_": str(1 << 24),
}
"""glibc gives every large block back to the system and takes a new one for each tensor, zeroed page by page: 8 % to 25 %
of the processor time of a small model's evaluation. So blocks up to 32 MB stay in the heap, and up to 256 MB of it that
is free. Other systems ignore these."""


def child_environment(variables: Mapping[str, str], *, store: str) -> dict[str, str]:
    """The variables without secrets. `store` is its location: on S3 the AWS variables stay."""
    return {name: value for name, value in variables.items() if _permitted(name, store)}


def _permitted(name: str, store: str) -> bool:
    if name.startswith("AWS_") and store.startswith("s3://"):
        return True
    return not ACCOUNTS.match(name) and not SECRET.search(name)
