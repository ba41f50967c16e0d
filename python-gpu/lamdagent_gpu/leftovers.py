"""What a published stage leaves in the work area: checkpoints, fence and attempts."""

from __future__ import annotations

import logging
import shutil

from lamdagent_gpu.store import Store

log = logging.getLogger("lamdagent.leftovers")


def clear_work(store: Store, stage_id: str) -> None:
    """Checkpoints, fence and attempts of a stage that has its end. What stays here by a fault is only rubbish."""
    try:
        store.remove_tree(f"work/{stage_id}")
        shutil.rmtree(store.local_work(stage_id), ignore_errors=True)
    except Exception as error:
        log.warning("work folder of %s: expected to be removed, got %s; `lamdagent gc` removes it", stage_id[:8], error)


def clear_leftovers(store: Store) -> None:
    """Checkpoints on this machine of stages that went on, and ended, on others."""
    if not store.is_shared:
        return
    for folder in (store.local_root / "work").iterdir():
        try:
            if not store.names(f"work/{folder.name}"):
                shutil.rmtree(folder, ignore_errors=True)
        except Exception as error:
            log.warning("local work folder %s: expected to be looked up, got %s", folder.name[:8], error)
