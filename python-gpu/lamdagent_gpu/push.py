"""Uploads an exported model to a repository of the Hugging Face Hub, in one commit.

    python -m lamdagent_gpu.push FOLDER OWNER/NAME [--public]

HF_TOKEN is the account, HF_ENDPOINT another hub that speaks the same paths. Prints the address of the commit. A repository
that is there keeps what else it has, and its visibility. Run again, it uploads what is missing. Exit code 0: it is there; 1: it is not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from httpx2 import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="push", description="Uploads an exported model to a hub.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("repository", help="owner/name")
    parser.add_argument("--public", action="store_true", help="a new repository can be seen by everybody")
    options = parser.parse_args(argv)
    try:
        print(push(options.folder, options.repository, public=options.public))
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "none"
        said = error.server_message or str(error).splitlines()[0]
        sys.stderr.write(
            f"push to {options.repository}: expected the hub to take it, got status {status}: {said} "
            "Look at the rights of HF_TOKEN (it has to write), and at the name.\n"
        )
        return 1
    except (HFValidationError, HTTPError, OSError) as error:
        sys.stderr.write(f"push to {options.repository}: expected an upload, got {error}. The same command goes on.\n")
        return 1
    return 0


def push(folder: Path, repository: str, *, public: bool) -> str:
    """The address of the commit.

    Raises:
        HfHubHTTPError: the hub refuses.
    """
    api = HfApi(token=os.environ.get("HF_TOKEN"))
    api.create_repo(repository, private=not public, exist_ok=True)
    commit = api.upload_folder(repo_id=repository, folder_path=folder, commit_message="LaMDAgent: an exported model")
    return str(commit.commit_url)


if __name__ == "__main__":
    sys.exit(main())
