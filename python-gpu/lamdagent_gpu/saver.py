"""Saves checkpoints: written here at once, copied to a shared store beside the training, the newest first."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lamdagent_gpu.checkpoint import Checkpoint, Checkpoints
from lamdagent_gpu.fence import StaleFence

log = logging.getLogger("lamdagent.saver")
RETRY_SECONDS = 2.0


class Saver:
    """`safe_step` is the newest step that survives the loss of this machine (with a folder store: of this process)."""

    def __init__(self, checkpoints: Checkpoints, resumed: Checkpoint | None) -> None:
        self.checkpoints = checkpoints
        self.safe_step = resumed.step if resumed else None
        self._stale: StaleFence | None = None
        self._waiting: Checkpoint | None = None
        self._copying = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def save(self, step: int, write: Callable[[Path], None]) -> bool:
        """Whether it was written: a full disk, say, costs a checkpoint, not the training. Raises StaleFence."""
        if self._stale is not None:
            raise self._stale
        try:
            checkpoint = self.checkpoints.commit(step, write)
        except (OSError, RuntimeError) as error:
            if isinstance(error, StaleFence) or not is_write_failure(error):
                raise
            log.warning("checkpoint of step %d: expected to be written, got %s; the one before it stands", step, error)
            return False
        if self.checkpoints.store.is_shared:
            self._submit(checkpoint)
        else:
            self._finished(checkpoint)
        return True

    def flush(self) -> None:
        """Waits until the newest checkpoint is safe. Whoever is in a hurry ends the process."""
        with self._wake:
            self._wake.wait_for(lambda: not self._copying and self._waiting is None)
        if self._stale is not None:
            raise self._stale

    def _submit(self, checkpoint: Checkpoint) -> None:
        with self._wake:
            if self._waiting is not None and self._waiting.folder != checkpoint.folder:
                shutil.rmtree(self._waiting.folder, ignore_errors=True)  # superseded before its turn came
            self._waiting = checkpoint
            if self._thread is None:
                self._thread = threading.Thread(target=self._copy_all, daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _copy_all(self) -> None:
        while True:
            with self._wake:
                if self._waiting is None:
                    self._thread = None
                    self._wake.notify_all()
                    return
                checkpoint, self._waiting, self._copying = self._waiting, None, True
            self._copy(checkpoint)
            with self._wake:
                self._copying = False
                self._wake.notify_all()

    def _copy(self, checkpoint: Checkpoint) -> None:
        """Tries until it is there, or a newer one waits."""
        told = False
        while True:
            try:
                self.checkpoints.share(checkpoint)
                self._finished(checkpoint)
                return
            except StaleFence as stale:
                self._stale = stale
                return
            except Exception as error:
                if not told:
                    log.warning("copy of checkpoint %d: %s; trying again", checkpoint.step, error)
                    told = True
            if self._waiting is not None:
                return
            time.sleep(RETRY_SECONDS)

    def _finished(self, checkpoint: Checkpoint) -> None:
        self.safe_step = checkpoint.step
        self.checkpoints.drop_old()


def is_write_failure(error: OSError | RuntimeError) -> bool:
    """The disk's refusals; torch's writer turns them into a RuntimeError of its own."""
    return isinstance(error, OSError) or "PytorchStreamWriter" in str(error) or "inline_container" in str(error)
