"""A worker process that does not survive some rows: what a bug in a library below us would look like.

Run in the place of ``grader.run.worker``. A solution that says ``DIE`` kills the process, ``HANG`` stops it for ever
with nothing said, ``RAISE`` raises, ``ONCE path`` kills it the first time only.
"""

import os
import signal
import time
from pathlib import Path

from grader import pipeline
from grader.run import worker

whole = pipeline.draft_of


def draft_of(solution):
    """Read a solution, or not."""
    text = str(solution.solution)
    if "DIE" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "HANG" in text:
        time.sleep(3600)
    if "RAISE" in text:
        raise ValueError("no such number\nreally")
    if "ONCE" in text:
        try:
            Path(text.rsplit(maxsplit=1)[-1]).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
    return whole(solution)


pipeline.draft_of = draft_of
worker.main()
