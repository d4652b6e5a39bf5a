"""Whether the memory of a GPU holds what a training step keeps for its gradients, or must compute layers again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from grader.modeling import bare, free_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.encoding import Row

KEPT_STREAMS, KEPT_INNER = 16, 6
"""Of each token in each layer: copies of the stream (norms, attention, what adapters saw), and of the MLP's width."""
LOGITS = 2
"""Copies of the logits: themselves and their gradients, in float32."""
SHARE = 0.7
"""Of the free memory that they may take: optimiser, gradients and the allocator's gaps have the rest."""


def step_bytes(config: Any, tokens: int, *, logits: bool) -> int:
    """What a step over ``tokens`` tokens, padding included, keeps at most; ``logits`` for those of a causal LM.

    An upper estimate: everything counts as float32, though under autocast most of it is in half of that.
    """
    layer = KEPT_STREAMS * config.hidden_size + KEPT_INNER * config.intermediate_size
    head = LOGITS * config.vocab_size if logits else 0
    kept: int = tokens * (config.num_hidden_layers * layer + head) * torch.float32.itemsize
    return kept


def computes_again(device: torch.device, model: Any, rows: Sequence[Row], batch: int, *, logits: bool) -> bool:
    """Whether the layers must be computed again for the gradients, with the model and its adapter loaded.

    On a CPU they never are. The longest rows make the largest batch.
    """
    if device.type != "cuda":
        return False
    tokens = batch * max(len(row.input_ids) for row in rows)
    return step_bytes(bare(model).config, tokens, logits=logits) > SHARE * free_bytes(device)
