"""Loading a pair's models onto one device, within the memory that they may take there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from grader.adapters import base_folder, check_folder
from grader.engines.torch_classifier import TorchClassifier
from grader.engines.torch_extractor import TorchExtractor
from grader.errors import UsageError
from grader.modeling import Plan, Seat, free_bytes, load_adapted, pick_device, plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grader.adapters import Kind
    from grader.modeling.memory import Quantization


class Keeping(NamedTuple):
    """How models are kept: the options of ``load_pair`` of these names."""

    quantization: Quantization | None
    memory: float | None
    compiled: bool
    offline: bool


def engines_on(
    name: str | None, folders: Mapping[Kind, Path], keeping: Keeping
) -> tuple[TorchExtractor | None, TorchClassifier | None, int]:
    """The engines of adapter folders on the named device, or the one that is found; and their pair's ``beside``.

    Raises ``UsageError`` for a device that is not there or whose memory is too short, ``AdapterError`` for adapters
    that do not load.
    """
    device = pick_device(name)
    made = planned(device, folders, keeping)
    seat = Seat() if made.in_turns else None
    loaded = {
        kind: load_adapted(
            folder,
            kind,
            device=str(device),
            quantization=made.quantization[kind],
            offline=keeping.offline,
            compiled=keeping.compiled,
            seat=seat,
        )
        for kind, folder in folders.items()
    }
    tokens = made.batch_tokens
    # While one thread compiles, what another one runs is not compiled: then the chunk decides which way it goes.
    both = made.together and len(loaded) > 1 and not keeping.compiled
    reader = judge = None
    if "extractor" in loaded:
        reader = TorchExtractor(loaded["extractor"], batch_tokens=tokens.get("extractor"), beside=both)
    if "classifier" in loaded:
        judge = TorchClassifier(loaded["classifier"], batch_tokens=tokens.get("classifier"), beside=both)
    if device.type != "cuda":
        return reader, judge, 0
    torch.cuda.empty_cache()  # what loading left would stay with a queue that has nothing more to do
    return reader, judge, 2 if both else 1


def planned(device: torch.device, folders: Mapping[Kind, Path], keeping: Keeping) -> Plan:
    """How the models fit: on a GPU by its memory; on a CPU dense, unless four bits were asked for."""
    if device.type != "cuda":
        if keeping.memory is not None:
            raise UsageError(f"--memory is for a GPU, and the models run on {device.type}; leave the option out")
        return Plan(dict.fromkeys(folders, keeping.quantization or "none"), {})
    bases = {
        kind: base_folder(folder, check_folder(folder, kind).base, offline=keeping.offline)
        for kind, folder in folders.items()
    }
    budget = free_bytes(device)
    return plan(bases, device, budget if keeping.memory is None else min(budget, keeping.memory), keeping.quantization)
