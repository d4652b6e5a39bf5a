"""Bases and tokenizers: the real Gemma and Phi code, safetensors only, no code from a checkpoint."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from grader.errors import AdapterError
from grader.modeling.quantised import nf4_config, pin_gradients, quantised_layers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grader.adapters import Kind

Quantization = Literal["nf4"]


def load_tokenizer(base: Path | str, revision: str | None = None, *, offline: bool = False) -> Any:
    """The tokenizer of a base: a folder or a hub id. Raises ``AdapterError`` if there is none."""
    try:
        return AutoTokenizer.from_pretrained(
            base, revision=revision, local_files_only=offline, trust_remote_code=False, use_fast=True
        )
    except (OSError, ValueError) as error:
        raise AdapterError(f"{base}: no tokenizer could be loaded: {_first_line(error)}") from error


def load_base(
    kind: Kind,
    base: Path | str,
    *,
    quantization: Quantization | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    revision: str | None = None,
    offline: bool = False,
) -> Any:
    """A base in evaluation mode: a causal LM for the extractor, a backbone without LM head for the classifier.

    ``base`` is a folder or a hub id. ``quantization="nf4"`` stores the linear layers in 4 bits and computes in
    ``dtype``; a checkpoint that is already quantised stays so (``densify`` undoes it). Raises ``AdapterError``.
    """
    loader: Any = AutoModelForCausalLM if kind == "extractor" else AutoModel
    options: dict[str, Any] = {"quantization_config": nf4_config(dtype)} if quantization == "nf4" else {}
    try:
        with _quiet(), warnings.catch_warnings():
            # NF4 asked of a base that is in NF4 already.
            warnings.filterwarnings("ignore", message="You passed `quantization_config`")
            model, found = loader.from_pretrained(
                base,
                revision=revision,
                local_files_only=offline,
                trust_remote_code=False,
                use_safetensors=True,
                attn_implementation="sdpa",
                dtype=dtype,
                device_map={"": str(device)},
                output_loading_info=True,
                **options,
            )
    except ImportError as error:
        raise AdapterError(f"{base}: needs bitsandbytes: pip install 'math-grader[train]'") from error
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise AdapterError(f"{base}: the base could not be loaded: {_first_line(error)}") from error
    if missing := sorted(found["missing_keys"]):  # the library would go on with random weights
        raise AdapterError(f"{base}: the base lacks {len(missing)} tensors ({missing[0]}); fetch it again")
    pin_gradients(model)
    for layer in quantised_layers(model).values():
        layer.compute_dtype, layer.compute_type_is_set = dtype, True  # a checkpoint names the one it was made with
    return model.eval()


def position_limit(config: Any) -> int:
    """Tokens that a batch may be long: behind the original length of a longrope base, padding changes shorter rows."""
    rope = getattr(config, "rope_parameters", None) or {}
    original = getattr(config, "original_max_position_embeddings", None)
    if isinstance(rope, dict):
        original = rope.get("original_max_position_embeddings", original)
    limits = [limit for limit in (config.max_position_embeddings, original) if limit]
    return int(min(limits))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's progress bars and reports off: what matters of them is raised."""
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
