"""One training from start to finish: what it is given, where it leaves things, and what is told of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.adapters import Base, Manifest, base_digest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.adapters import Kind
    from train.config import Recipe
    from train.data import Split
    from train.encoding import Encoded

CHECKPOINTS = "checkpoints"
_VERSIONED = ("math-grader", "torch", "transformers", "peft", "trl", "bitsandbytes", "unsloth")

Figures = dict[str, float | None]
"""Figures by name; None where one is not defined, such as the AUROC of rows that are all correct."""


@dataclass(frozen=True)
class Job:
    """What a training is given. ``output`` is the folder of the pair; ``callbacks`` go beside our own.

    ``base_name`` is how the manifest names the base, where that is not the recipe's: ``./base`` of a base that lies in
    the adapter folder.
    """

    kind: Kind
    recipe: Recipe
    split: Split
    output: Path
    resume: bool = False
    report_to: str = "none"
    base_name: str | None = None
    callbacks: Sequence[Any] = field(default=())

    @property
    def folder(self) -> Path:
        """The finished adapter."""
        return self.output / self.kind

    @property
    def checkpoints(self) -> Path:
        """What is kept while the training is under way."""
        return self.output / CHECKPOINTS / self.kind

    @property
    def identity(self) -> dict[str, Any]:
        """The recipe and a hash of the examples: two trainings with the same one give the same adapter."""
        digest = hashlib.sha256(repr(self.split).encode("utf-8", "replace")).hexdigest()
        return {**asdict(self.recipe), "data": digest}


def save_adapter(job: Job, model: Any, *, temperature: float = 1.0, threshold: float = 0.5) -> None:
    """Write the adapter folder in one piece: PEFT's files and the manifest, made beside it and then renamed."""
    fresh = job.checkpoints / "adapter"
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(str(fresh), safe_serialization=True, save_embedding_layers=False)
    (fresh / "README.md").unlink(missing_ok=True)  # PEFT's template of a model card, unfilled
    base = _base(job)
    config = fresh / "adapter_config.json"
    values = json.loads(config.read_text())
    values["target_modules"] = sorted(values["target_modules"])  # a set, written in the order of this process
    values["base_model_name_or_path"] = base.name
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    manifest = Manifest(job.kind, base, job.recipe.prompt_version, job.recipe.max_tokens, threshold, temperature)
    write_manifest(fresh, manifest)
    shutil.rmtree(job.folder, ignore_errors=True)
    fresh.rename(job.folder)


def _base(job: Job) -> Base:
    """A local base by its absolute path, so that the adapter works from every folder; another one by its hub id."""
    local = Path(job.recipe.base)
    if not local.is_dir():
        return Base(job.recipe.base, job.recipe.revision)
    return Base(job.base_name or str(local.resolve()), job.recipe.revision, base_digest(local))


def told(job: Job, trainer: Any, parts: Mapping[str, Encoded], heldout: Mapping[str, Figures]) -> dict[str, Any]:
    """The entry of train_report.json: the recipe, the examples, the course of the training, the held-out figures."""
    state = trainer.state
    best = state.best_model_checkpoint
    return {
        "identity": job.identity,
        "versions": _versions(),
        "device": str(trainer.model.device),
        "examples": {name: len(part.rows) for name, part in parts.items()},
        "too_long_left_out": sum(part.too_long for part in parts.values()),
        "problems": {name: len({one.problem_id for one in part}) for name, part in job.split._asdict().items()},
        "steps": state.global_step,
        "steps_planned": state.max_steps,
        "best_step": int(best.rpartition("-")[2]) if best else state.global_step,
        "history": [
            {name.replace("eval_", "validation_"): value for name, value in log.items()}
            for log in state.log_history
            if "loss" in log or "eval_loss" in log
        ],
        "heldout": dict(heldout),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
