"""The folder of a training under way: whose it is, and where to go on after a kill."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from grader.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from train.config import Recipe


def claim(folder: Path, recipe: Recipe, data: str, *, resume: bool) -> Path | None:
    """Make the folder of checkpoints this training's own and give the checkpoint to go on from, None to start afresh.

    ``data`` identifies the examples. Raises UsageError for a folder with an unfinished training that is not to be
    resumed, or that was another one.
    """
    record = {**asdict(recipe), "data": data}
    note = folder / "run.json"
    if note.exists():
        if not resume:
            raise UsageError(
                f"{folder}: an unfinished training is here; go on with --resume, or throw it away with --overwrite"
            )
        before = json.loads(note.read_text())
        changed = [name for name, value in record.items() if before.get(name) != value]
        if changed:
            raise UsageError(
                f"{folder}: the unfinished training had other {', '.join(changed)}; resume it with the same options "
                "and data, or throw it away with --overwrite"
            )
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(record, indent=1))
    return last_checkpoint(folder)


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
