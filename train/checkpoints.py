"""The folder of a training under way: whose it is, and where to go on after a kill."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from train.job import Job


def claim(job: Job) -> str | None:
    """Make the job's folder of checkpoints its own and give the checkpoint to go on from, None to start afresh.

    Raises UsageError where an unfinished training is that is not to be resumed, or that was another one.
    """
    note, identity = job.checkpoints / "run.json", job.identity
    if note.exists():
        if not job.resume:
            raise UsageError(
                f"{job.checkpoints}: an unfinished training is here; go on with --resume, or throw it away with "
                "--overwrite"
            )
        require_same(job, json.loads(note.read_text()), f"{job.checkpoints}: the unfinished training")
    job.checkpoints.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(identity, indent=1))
    checkpoint = last_checkpoint(job.checkpoints)
    return None if checkpoint is None else str(checkpoint)


def require_same(job: Job, before: Mapping[str, Any], what: str) -> None:
    """Raise UsageError if ``before`` is the identity of another training than this job's."""
    changed = [name for name, value in job.identity.items() if before.get(name) != value]
    if changed:
        raise UsageError(
            f"{what} had other {', '.join(changed)}; resume with the same options and data, or throw it away with "
            "--overwrite"
        )


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; one whose writing was cut short is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: -int(path.name.rpartition("-")[2]))
    for checkpoint in found:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text())  # the Trainer writes it last
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)
        else:
            return checkpoint
    return None
