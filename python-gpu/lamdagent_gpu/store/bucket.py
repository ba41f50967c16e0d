"""An S3 bucket under a prefix: conditional writes, verified transfers, bounded patience. One boto3 client a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

from lamdagent_gpu.files import sha256_of
from lamdagent_gpu.store.interface import CorruptObject

T = TypeVar("T")
TRIES = 6
CONNECT_SECONDS = 10
READ_SECONDS = 10
"""Silence after which a request is asked again: while a copy of a checkpoint waits, no newer one is safe."""
PART_BYTES = 16 << 20


def connect() -> Any:
    """A client by the standard AWS settings (variables, profile, instance role); AWS_ENDPOINT_URL_S3 names another service."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            tcp_keepalive=True,
            s3={"addressing_style": "path"},  # other servers than AWS' know no other
        ),
    )


def status_of(error: Exception) -> int | None:
    """The HTTP status of a botocore ClientError."""
    response: dict[str, Any] = getattr(error, "response", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return int(status) if status else None


class Bucket:
    """Keys are below `prefix`; they were checked by the store."""

    def __init__(self, name: str, prefix: str, client: Any) -> None:
        self.name = name
        self.prefix = f"{prefix}/" if prefix else ""
        self.client = client

    def put(self, key: str, text: str, *, if_absent: bool = False) -> bool:
        """Whether it was written. A retried request may meet its own first write: then the text is ours."""
        condition = {"IfNoneMatch": "*"} if if_absent else {}

        def attempt() -> bool:
            try:
                self.client.put_object(
                    Bucket=self.name,
                    Key=self.prefix + key,
                    Body=text.encode(),
                    ChecksumAlgorithm="SHA256",
                    **condition,
                )
            except self.client.exceptions.ClientError as error:
                if status_of(error) == 412:
                    return self.get(key) == text
                raise
            return True

        return patiently(attempt)

    def get(self, key: str) -> str | None:
        def attempt() -> str | None:
            try:
                answer = self.client.get_object(Bucket=self.name, Key=self.prefix + key)
                return str(answer["Body"].read().decode())
            except self.client.exceptions.ClientError as error:
                if status_of(error) == 404:
                    return None
                raise

        return patiently(attempt)

    def age_seconds(self, key: str) -> float | None:
        """Both times are the service's own."""
        try:
            answer = patiently(lambda: self.client.head_object(Bucket=self.name, Key=self.prefix + key))
        except self.client.exceptions.ClientError as error:
            if status_of(error) == 404:
                return None
            raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return max(0.0, (now - answer["LastModified"]).total_seconds())

    def pages(self, prefix: str) -> Iterator[dict[str, Any]]:
        """One answer after another; a page that breaks off is asked for again."""
        token: dict[str, Any] = {}
        while True:
            asked = {"Bucket": self.name, "Prefix": f"{self.prefix}{prefix}/", **token}
            page: dict[str, Any] = patiently(lambda: self.client.list_objects_v2(**asked))  # noqa: B023
            yield page
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def names(self, prefix: str) -> list[str]:
        """Names right under the prefix, of records and of folders. A folder is what keys have in common: SeaweedFS still
        lists one, where it is asked to list folders, when its last key is gone."""
        start = len(self.prefix) + len(prefix) + 1
        keys = (entry["Key"][start:] for page in self.pages(prefix) for entry in page.get("Contents", []))
        return sorted({key.split("/", 1)[0] for key in keys})

    def delete_all(self, prefix: str) -> None:
        for page in self.pages(prefix):
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if keys:
                patiently(lambda: self.client.delete_objects(Bucket=self.name, Delete={"Objects": keys, "Quiet": True}))  # noqa: B023

    def upload(self, key: str, path: Path, size: int) -> None:
        """Multipart where it is large. The key holds the content's hash, so a file that is there in full is left."""
        from boto3.s3.transfer import TransferConfig

        if self._size(key) == size:
            return
        settings = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
        extra = {"ChecksumAlgorithm": "SHA256"}
        patiently(
            lambda: self.client.upload_file(str(path), self.name, self.prefix + key, ExtraArgs=extra, Config=settings)
        )

    def download(self, key: str, path: Path, size: int, sha256: str) -> None:
        """Raises CorruptObject when the bytes are not the promised ones, twice."""
        path.parent.mkdir(parents=True, exist_ok=True)
        found = ""
        for _ in range(2):
            try:
                patiently(lambda: self.client.download_file(self.name, self.prefix + key, str(path)))
            except self.client.exceptions.ClientError as error:
                if status_of(error) != 404:
                    raise
                raise CorruptObject(f"file {key}: expected {size} bytes, got none") from None
            found = sha256_of(path)
            if found == sha256:
                return
        raise CorruptObject(f"file {key}: expected SHA-256 {sha256}, got {found}")

    def _size(self, key: str) -> int | None:
        try:
            answer = patiently(lambda: self.client.head_object(Bucket=self.name, Key=self.prefix + key))
        except self.client.exceptions.ClientError as error:
            if status_of(error) == 404:
                return None
            raise
        return int(answer["ContentLength"])


def patiently(attempt: Callable[[], T]) -> T:
    """On top of the client's own retries: broken bodies, and services that are away for some seconds."""
    wait = 0.2
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except Exception as error:
            if not is_transient(error):
                raise
            time.sleep(wait)
            wait = min(wait * 2, 5.0)
    return attempt()


def is_transient(error: Exception) -> bool:
    """Whether the same request may work a moment later."""
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError
    from s3transfer.exceptions import RetriesExceededError
    from urllib3.exceptions import HTTPError

    if isinstance(error, ClientError):
        return status_of(error) in (408, 409, 429) or (status_of(error) or 0) >= 500
    if isinstance(error, S3UploadFailedError):
        cause = error.__context__
        return not isinstance(cause, ClientError) or is_transient(cause)
    return isinstance(
        error, (ConnectionError, HTTPClientError, IncompleteReadError, RetriesExceededError, HTTPError, OSError)
    )
