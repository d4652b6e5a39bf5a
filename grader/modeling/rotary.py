"""Phi's positions for engines: queries and keys are rotated where they are, in five steps in place of twelve.

The library's steps each write a new tensor, and join what is rotated to what is not: on a GPU they move more bytes than
attention itself.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.models.phi3.modeling_phi3 import Phi3Attention

from grader.modeling.attention import grouped_attention


class InPlacePhi3Attention(Phi3Attention):
    """The library's attention without gradients; it attends by ``grouped_attention``. Sums are rounded once less."""

    def forward(
        self,
        hidden_states: torch.Tensor,
        position_embeddings: tuple[torch.Tensor, torch.Tensor],
        attention_mask: torch.Tensor | None = None,
        past_key_values: Any = None,
        **options: Any,
    ) -> Any:
        """``hidden_states`` (B, T, H), the cosines and sines of their positions (B or 1, T, R); (B, T, H), None."""
        if torch.is_grad_enabled():
            return super().forward(hidden_states, position_embeddings, attention_mask, past_key_values, **options)
        config: Any = self.config
        heads, shared = config.num_attention_heads, config.num_key_value_heads
        states = self.qkv_proj(hidden_states).unflatten(-1, (heads + 2 * shared, self.head_dim))
        rotate(states[..., : heads + shared, :], *position_embeddings)
        query, key, value = states.transpose(1, 2).split([heads, shared, shared], dim=1)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer_idx)
        window = getattr(config, "sliding_window", None)
        attended, _ = grouped_attention(
            self, query, key, value, attention_mask, scaling=self.scaling, sliding_window=window
        )
        return self.o_proj(attended.flatten(2)), None


def rotate(states: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> None:
    """Rotate the first R of ``states`` (B, T, heads, size) in place, by ``cosines`` and ``sines`` (B or 1, T, R).

    The halves of R hold the same angles twice: number i of the first half turns with number i of the second.
    """
    half = cosines.shape[-1] // 2
    cosine, sine = cosines[..., None, :half], sines[..., None, :half]
    first, second = states[..., :half], states[..., half : 2 * half]
    turned = (first * cosine).addcmul_(second, sine, value=-1)
    second.mul_(cosine).addcmul_(first, sine)
    first.copy_(turned)


IN_PLACE = {Phi3Attention: InPlacePhi3Attention}
"""The library's class, and what takes its place."""


def rotate_in_place(model: Any) -> int:
    """Let the layers of a Phi model attend so from now on; gives their number."""
    found = [part for part in model.modules() if type(part) in IN_PLACE]
    for part in found:
        part.__class__ = IN_PLACE[type(part)]
    return len(found)


def turn_as_in_short_texts(model: Any) -> None:
    """Let a longrope model turn by its short factors, for texts within its original length, from now on.

    The library looks in every forward at how long the text is, for which the host waits until a GPU has done all else.
    """
    turning: Any = getattr(model, "rotary_emb", None)
    if getattr(turning, "rope_type", None) == "longrope":
        turning.rope_type = "default"
