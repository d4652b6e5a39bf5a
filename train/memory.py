"""What the memory of a GPU holds of what an optimiser step keeps for its gradients, and how the step is cut by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from grader.modeling import bare, free_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.encoding import Row

KEPT_STREAMS, KEPT_INNER = 8, 6
"""Of each token in each layer: copies of the stream (norms, attention, what adapters saw), and of the MLP's width."""
LOGITS = 3
"""Copies of the logits that are read: themselves, their logarithms and the gradients, in float32."""
SHARE = 0.7
"""Of the free memory that they may take: optimiser, gradients and the allocator's gaps have the rest."""


class Cut(NamedTuple):
    """Rows of a batch, batches of an optimiser step, and whether layers are computed again for the gradients."""

    batch: int
    accumulate: int
    again: bool


def step_bytes(config: Any, tokens: int, *, read: int, dtype: torch.dtype) -> int:
    """What a batch of ``tokens`` tokens, padding included, keeps at most, computed in ``dtype``.

    ``read`` counts the positions whose logits a causal LM computes. An upper estimate: in bfloat16 it is 6 % more than
    Phi-4-mini keeps of 32 solutions, and 1 % more than Gemma-3-1B keeps of 256 lines (benchmarks/training_memory.py).
    """
    layer = KEPT_STREAMS * config.hidden_size + KEPT_INNER * config.intermediate_size
    kept: int = tokens * config.num_hidden_layers * layer * dtype.itemsize
    logits: int = read * LOGITS * config.vocab_size * torch.float32.itemsize
    return kept + logits


def cut(
    device: torch.device,
    model: Any,
    rows: Sequence[Row],
    batch: int,
    accumulate: int,
    *,
    read: int,
    dtype: torch.dtype,
) -> Cut:
    """How a step of ``batch * accumulate`` rows is cut, with the model and its adapter loaded.

    ``read`` positions of a row at most have logits. On a CPU it is cut as was said; on a GPU into the fewest batches of
    which its free memory holds one, as small ones keep the host busier than the GPU. Where it does not hold even
    ``batch`` rows, layers are computed again.

    However a step is cut, its rows and their weights are the same, also where a training is resumed beside less free
    memory: sums are rounded otherwise, and dropout is drawn otherwise. The longest rows make the largest batch.
    """
    if device.type != "cuda":
        return Cut(batch, accumulate, again=False)
    room, longest = SHARE * free_bytes(device), max(len(row.input_ids) for row in rows)
    for parts in range(1, accumulate + 1):
        size = batch * accumulate // parts
        kept = step_bytes(bare(model).config, size * longest, read=size * read, dtype=dtype)
        if accumulate % parts == 0 and kept <= room:
            return Cut(size, parts, again=False)
    return Cut(batch, accumulate, again=True)
