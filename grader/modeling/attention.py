"""Attention as the engines want it: no copies of shared heads, and no mask where the order says it all.

The library's own builds a mask as soon as there are cached keys, which takes it out of the flash kernel, and as soon as
there is a mask it copies keys and values for every head that shares them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.attention.bias import causal_lower_right
from transformers import AttentionInterface

NAME = "grader_grouped"


def use_grouped_attention(model: Any) -> None:
    """Let a model attend by ``grouped_attention`` from now on, which knows no padding but that on the right."""
    AttentionInterface.register(NAME, grouped_attention)
    model.set_attn_implementation(NAME)


def grouped_attention(
    _module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of queries (B, heads, T, D) over S keys and values (B, shared heads, S, D); gives (B, T, heads, D).

    ``attention_mask``, (B, 1, T, S), is true where a token sees a slot, or is added to the scores. Without one the
    queries are the last T of S tokens in a row: each sees itself and what is before it, within ``sliding_window`` if
    that is given.
    """
    rows, heads, tokens, size = query.shape
    shared, slots = key.shape[1:3]
    if attention_mask is None and sliding_window is not None and slots > sliding_window:
        attention_mask = _window(tokens, slots, sliding_window, query.device)
    options: dict[str, Any] = {"dropout_p": dropout, "scale": scaling}
    attend = torch.nn.functional.scaled_dot_product_attention
    if attention_mask is None and tokens > 1:
        grouped = heads != shared
        if tokens == slots:
            found = attend(query, key, value, is_causal=True, enable_gqa=grouped, **options)
        else:
            mask = causal_lower_right(tokens, slots)
            found = attend(query, key, value, attn_mask=mask, enable_gqa=grouped, **options)
        return found.transpose(1, 2), None
    # The heads that share keys become more queries of one head: the same products, and nothing is copied.
    groups = heads // shared
    folded = query.reshape(rows, shared, groups * tokens, size)
    if attention_mask is not None and tokens > 1:  # one token's is that of all heads as it is
        attention_mask = attention_mask.repeat(1, 1, groups, 1)
    found = attend(folded, key, value, attn_mask=attention_mask, **options)
    return found.reshape(rows, heads, tokens, size).transpose(1, 2), None


def _window(tokens: int, slots: int, width: int, device: torch.device) -> torch.Tensor:
    """The mask (1, 1, T, S) of the last T of S tokens that see the ``width`` tokens up to themselves."""
    at = torch.arange(slots, device=device)
    distance = at[slots - tokens :, None] - at
    return ((distance >= 0) & (distance < width))[None, None]
