"""From an adapter folder to a model that is ready to answer: base, adapter, device and number format."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from grader.adapters import base_folder, check_folder
from grader.adapters.manifest import WEIGHTS, file_sha256
from grader.modeling.adapting import attach_adapter, merge_adapter
from grader.modeling.classifier import GPTSequenceClassifier
from grader.modeling.devices import pick_device, pick_dtype
from grader.modeling.loading import load_base, load_tokenizer, position_limit

if TYPE_CHECKING:
    from pathlib import Path

    from grader.adapters import Kind, Manifest

QUANTIZATIONS = ("nf4", "none")
ROOM = 1.25
"""Weights times this must fit the free memory of a GPU, for what a forward needs besides them."""


class Loaded(NamedTuple):
    """A model with its adapter, and everything an engine must know of it.

    ``max_tokens`` is the manifest's, or less where the base has fewer positions. ``identity`` goes into the report.
    """

    model: Any
    tokenizer: Any
    manifest: Manifest
    device: torch.device
    max_tokens: int
    identity: dict[str, Any]


def bare(model: Any) -> Any:
    """The model itself where PEFT has put an adapter around it."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def load_adapted(
    folder: Path,
    kind: Kind,
    *,
    device: str | None = None,
    quantization: Literal["nf4", "none"] | None = None,
    offline: bool = False,
) -> Loaded:
    """Check an adapter folder and load its model.

    With ``quantization="nf4"`` the base keeps 4 bits and the adapter stays beside it; with ``"none"`` the adapter is
    merged into dense weights, also those of a base that comes quantised; None merges, unless the memory of the GPU is
    too short for it. Raises ``AdapterError``.
    """
    manifest = check_folder(folder, kind)
    base = base_folder(folder, manifest.base, offline=offline)
    where = pick_device(device)
    dtype = pick_dtype(where, kind)
    if quantization is None:
        quantization = "nf4" if _is_short(base, dtype, where) else "none"
    small: Literal["nf4"] | None = "nf4" if quantization == "nf4" and not _is_quantised(base) else None
    model = load_base(kind, base, quantization=small, dtype=dtype, device=where, offline=True)
    if kind == "classifier":
        model = GPTSequenceClassifier(model)
    adapted: Any = attach_adapter(model, folder)
    if quantization == "none":
        adapted = merge_adapter(adapted, dtype)
    identity = {
        "base": manifest.base.name,
        "base_revision": manifest.base.revision,
        "adapter_sha256": file_sha256(folder / WEIGHTS),
        "prompt_version": manifest.prompt_version,
        "dtype": str(dtype).removeprefix("torch."),
        "quantization": quantization,
    }
    limit = min(manifest.max_tokens, position_limit(model.config))
    return Loaded(adapted.eval(), load_tokenizer(base, offline=True), manifest, where, limit, identity)


def dense_bytes(base: Path, dtype: torch.dtype) -> int:
    """Bytes of a base's weights in ``dtype``, from the headers of its safetensors; a packed byte holds two weights."""
    weights = 0
    for path in base.glob("*.safetensors"):
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        weights += sum(
            math.prod(tensor["shape"]) * (2 if tensor["dtype"] == "U8" else 1)
            for name, tensor in header.items()
            if name.endswith((".weight", ".bias"))  # and not the constants of the packing
        )
    return weights * dtype.itemsize


def _is_short(base: Path, dtype: torch.dtype, device: torch.device) -> bool:
    return device.type == "cuda" and dense_bytes(base, dtype) * ROOM > torch.cuda.mem_get_info(device)[0]


def _is_quantised(base: Path) -> bool:
    return "quantization_config" in json.loads((base / "config.json").read_text(encoding="utf-8"))
