"""What fits the memory of a GPU: the number format of each base, how large the batches are, and whether both can stay.

Weights are counted from the headers of their files; what a forward needs besides them is estimated from the shapes. An
estimate that is too low costs nothing but time: the engines halve a batch that does not fit.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from grader.errors import UsageError
from grader.modeling.devices import pick_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grader.adapters import Kind

Quantization = Literal["nf4", "none"]

NF4_BYTES = 0.52
"""Bytes of a weight in NF4 with its constants."""
MAX_BATCH_TOKENS: Mapping[Kind, int] = {"extractor": 65_536, "classifier": 8_192}
"""More tokens in a batch make no GPU faster. The classifier's rows, which differ in length, would be padded more."""
MIN_BATCH_TOKENS = 2_048
"""Batches of fewer tokens leave a GPU idle, and a long solution would not fit: smaller weights are better."""
USABLE = 0.8
"""Share of the memory beside the weights that batches may take; the allocator's gaps have the rest."""
LOGITS_BYTES = 2**29
"""Of the logits that the extractor computes at once."""


class Weights(NamedTuple):
    """Of a base: the weights of its blocks' linear layers, which NF4 makes small, and all others."""

    blocks: int
    others: int

    def bytes(self, quantization: Quantization, dtype: torch.dtype) -> float:
        """Of the model when it is loaded."""
        blocks = NF4_BYTES if quantization == "nf4" else dtype.itemsize
        return self.blocks * blocks + self.others * dtype.itemsize


@dataclass(frozen=True)
class Plan:
    """How the models are loaded; ``in_turns``: only the one that is asked is in the memory of the GPU.

    ``together``: there is room for the batches of all models at the same time.
    """

    quantization: Mapping[Kind, Quantization]
    batch_tokens: Mapping[Kind, int]
    in_turns: bool = False
    together: bool = False


WAYS: tuple[tuple[Mapping[Kind, Quantization], bool], ...] = (
    ({"extractor": "none", "classifier": "none"}, False),
    ({"extractor": "nf4", "classifier": "none"}, False),
    ({"extractor": "nf4", "classifier": "nf4"}, False),
    ({"extractor": "nf4", "classifier": "nf4"}, True),
)
"""What is tried, best first: dense weights answer as trained and fastest; moving models to and fro costs most."""


def plan(
    bases: Mapping[Kind, Path], device: torch.device, budget: float, quantization: Quantization | None = None
) -> Plan:
    """The best way to have the bases in ``budget`` bytes of a GPU, all in ``quantization`` if it is given.

    Raises UsageError, with the bytes that are needed at least, where none fits.
    """
    weights = {kind: weights_of(base) for kind, base in bases.items()}
    configs = {kind: json.loads((base / "config.json").read_text(encoding="utf-8")) for kind, base in bases.items()}
    dtypes = {kind: pick_dtype(device, kind) for kind in bases}
    least = math.inf
    for way, in_turns in WAYS if quantization is None else _ways_of(quantization):
        sizes = {kind: weights[kind].bytes(way[kind], dtypes[kind]) for kind in bases}
        there = {kind: sizes[kind] if in_turns else sum(sizes.values()) for kind in bases}
        tokens = {kind: batch_tokens_within(budget - there[kind], configs[kind], dtypes[kind]) for kind in bases}
        if min(tokens.values()) >= MIN_BATCH_TOKENS:
            quantized = {kind: way[kind] for kind in bases}
            if len(bases) > 1 and (shared := _shared(budget - sum(sizes.values()), configs, dtypes)):
                return Plan(quantized, shared, together=True)
            return Plan(quantized, tokens, in_turns and len(bases) > 1)
        smallest = {kind: batch_bytes(MIN_BATCH_TOKENS, configs[kind], dtypes[kind]) for kind in bases}
        least = min(least, max(there[kind] + smallest[kind] for kind in bases))
    raise UsageError(
        f"the models need {least / 1e9:.1f} GB of the GPU's memory at least, and {budget / 1e9:.1f} GB may be used; "
        "use --device cpu, or --extractor rules or --no-classifier to leave one out"
    )


def _ways_of(quantization: Quantization) -> tuple[tuple[Mapping[Kind, Quantization], bool], ...]:
    way: Mapping[Kind, Quantization] = {"extractor": quantization, "classifier": quantization}
    return (way, False), (way, True)


def _shared(
    left: float, configs: Mapping[Kind, Mapping[str, Any]], dtypes: Mapping[Kind, torch.dtype]
) -> dict[Kind, int] | None:
    """Tokens of the models' batches that ``left`` bytes hold at once: the most, or half of the extractor's, or None."""
    for part in (1, 2):
        tokens = {kind: most // part if kind == "extractor" else most for kind, most in MAX_BATCH_TOKENS.items()}
        wanted = sum(batch_bytes(tokens[kind], configs[kind], dtypes[kind]) for kind in configs)
        beginnings = tokens["classifier"] * _kept_bytes(configs["classifier"], dtypes["classifier"]) / USABLE
        if wanted + beginnings <= left:
            return tokens
    return None


def batch_bytes(tokens: int, config: Mapping[str, Any], dtype: torch.dtype) -> float:
    """The memory that a batch of so many tokens wants beside the weights."""
    return (tokens * bytes_a_token(config, dtype) + _logits(config)) / USABLE


def batch_tokens_within(left: float, config: Any, dtype: torch.dtype) -> int:
    """How many tokens a batch may have where ``left`` bytes are free beside the weights, at most MAX_BATCH_TOKENS.

    ``config`` is a model's, or the dictionary of its file.
    """
    config = config if isinstance(config, dict) else config.to_dict()
    room = left * USABLE - _logits(config)
    most = MAX_BATCH_TOKENS["extractor" if _keeps_keys(config) else "classifier"]
    return max(0, min(most, int(room / bytes_a_token(config, dtype))))


def bytes_a_token(config: Mapping[str, Any], dtype: torch.dtype) -> int:
    """What a forward without gradients holds of a token at its widest: an MLP, the stream around it, keys and values.

    The MLP has two inner widths and their product; the stream is held four times, and twice in float32 for a norm. The
    extractor keeps keys and values of all layers, twice while its batch is packed anew. What the classifier keeps of
    the beginnings of problems is not in it.
    """
    inner, stream = config["intermediate_size"], config["hidden_size"]
    kept = _kept_bytes(config, dtype)
    layer = kept // config["num_hidden_layers"]
    queries = config["num_attention_heads"] * _head_size(config)
    values = 3 * inner + 4 * stream + queries
    held = 2 * kept if _keeps_keys(config) else layer
    return int(values * dtype.itemsize + layer + held + 2 * stream * torch.float32.itemsize)


def _kept_bytes(config: Mapping[str, Any], dtype: torch.dtype) -> int:
    """The keys and values of a token in all layers."""
    shared = config.get("num_key_value_heads") or config["num_attention_heads"]
    return int(2 * config["num_hidden_layers"] * shared * _head_size(config) * dtype.itemsize)


def _head_size(config: Mapping[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _keeps_keys(config: Mapping[str, Any]) -> bool:
    return str(config.get("model_type", "")).startswith("gemma3")


def _logits(config: Mapping[str, Any]) -> int:
    return LOGITS_BYTES if _keeps_keys(config) else 0


def weights_of(base: Path) -> Weights:
    """Count the weights of a base by the headers of its safetensors; a packed byte of a 4-bit one holds two."""
    blocks = others = 0
    for path in base.glob("*.safetensors"):
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        for name, tensor in header.items():
            if not name.endswith((".weight", ".bias")):  # the constants of the packing
                continue
            packed = tensor["dtype"] == "U8"
            count = math.prod(tensor["shape"]) * (2 if packed else 1)
            if packed or (".layers." in f".{name}" and len(tensor["shape"]) == 2):
                blocks += count
            else:
                others += count
    return Weights(blocks, others)


def free_bytes(device: torch.device) -> int:
    """Of a GPU, now."""
    return int(torch.cuda.mem_get_info(device)[0])


class Seat:
    """A place on a GPU for one model at a time; the others wait in the memory of the machine."""

    def __init__(self) -> None:
        self._model: Any = None

    def take(self, model: Any, device: torch.device) -> None:
        """Bring a model to the GPU, after the one that is there has left; nothing where it is there already."""
        if self._model is model:
            return
        self.leave()
        model.to(device)
        self._model = model

    def leave(self) -> None:
        """Send the model that is there away."""
        if self._model is not None:
            self._model.to("cpu")
            self._model = None
            torch.cuda.empty_cache()
