"""A process beside the child on a worker with several devices: trains its part of each batch, and tells nobody but the others.

    python -m lamdagent_gpu.rank PLACE STORE CACHE

Started by `ranks.OtherRanks`, which sends it the child's jobs as JSON lines.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from lamdagent_gpu.child import TYPED, Mailbox, make_context, warm_up
from lamdagent_gpu.context import TooLarge
from lamdagent_gpu.parent import die_with_parent
from lamdagent_gpu.ranks import SHORT_OF_MEMORY, Place
from lamdagent_gpu.store import Store, open_store

FAILURE_SECONDS = 20.0
"""What ends this rank ends rank 0 too as a rule, which then says why and ends this one; it gets so long to."""


def follow(message: dict[str, Any], store: Store, mailbox: Mailbox, place: Place) -> None:
    from lamdagent_gpu.train import run_training

    context = make_context(message, store, mailbox, lambda event: None, place)
    try:
        run_training(context)
    except TooLarge:
        os._exit(SHORT_OF_MEMORY)
    except Exception as error:
        if not isinstance(error, TYPED):
            traceback.print_exc()
        time.sleep(FAILURE_SECONDS)
        os._exit(1)
    finally:
        context.pace.close()


def main() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    place = Place(**json.loads(sys.argv[1]))
    store = open_store(sys.argv[2], Path(sys.argv[3]))
    mailbox = Mailbox()
    warm_up()
    place.join()
    while True:
        follow(mailbox.jobs.get(), store, mailbox, place)


if __name__ == "__main__":
    main()
