"""From an adapter folder to a model that is ready to answer: base, adapter, device and number format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from grader.adapters import base_folder, check_folder
from grader.adapters.manifest import WEIGHTS, file_sha256
from grader.modeling.adapting import attach_adapter, merge_adapter
from grader.modeling.classifier import GPTSequenceClassifier
from grader.modeling.compiling import compile_parts
from grader.modeling.devices import pick_device, pick_dtype
from grader.modeling.loading import load_base, load_tokenizer, position_limit

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from grader.adapters import Kind, Manifest
    from grader.modeling.memory import Quantization, Seat


class Loaded(NamedTuple):
    """A model with its adapter, and everything an engine must know of it.

    ``max_tokens`` is the manifest's, or less where the base has fewer positions. ``identity`` goes into the report.
    Where the models of a pair take turns on a GPU, ``seat`` is the place: call ``come`` before the model is used.
    """

    model: Any
    tokenizer: Any
    manifest: Manifest
    device: torch.device
    max_tokens: int
    identity: dict[str, Any]
    seat: Seat | None = None

    def come(self) -> None:
        """Bring the model to its device."""
        if self.seat is not None:
            self.seat.take(self.model, self.device)


def bare(model: Any) -> Any:
    """The model itself where PEFT has put an adapter around it."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def load_adapted(
    folder: Path,
    kind: Kind,
    *,
    device: str | None = None,
    quantization: Quantization = "none",
    offline: bool = False,
    compiled: bool = False,
    seat: Seat | None = None,
) -> Loaded:
    """Check an adapter folder and load its model.

    With ``quantization="nf4"`` the base keeps 4 bits and the adapter stays beside it; with ``"none"`` the adapter is
    merged into dense weights, also those of a base that comes quantised. ``compiled`` compiles parts of the layers.
    Models of one ``seat`` take turns on their GPU. Raises ``AdapterError``.
    """
    manifest = check_folder(folder, kind)
    base = base_folder(folder, manifest.base, offline=offline)
    where = pick_device(device)
    dtype = pick_dtype(where, kind)
    if seat is not None:
        seat.leave()
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
    if compiled:
        compile_parts(adapted)
        identity["compiled"] = True
    limit = min(manifest.max_tokens, position_limit(model.config))
    tokenizer = load_tokenizer(base, offline=True)
    loaded = Loaded(adapted.eval(), tokenizer, manifest, where, limit, identity, seat)
    loaded.come()
    return loaded


def _is_quantised(base: Path) -> bool:
    return "quantization_config" in json.loads((base / "config.json").read_text(encoding="utf-8"))
