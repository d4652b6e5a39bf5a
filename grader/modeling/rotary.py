"""Positions for engines: queries and keys are normed and rotated where they are.

The library's steps, twelve of them for Phi, each write a new tensor, and join what is rotated to what is not: on a GPU
they move more bytes than attention itself.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.gemma3.modeling_gemma3 import Gemma3Attention, eager_attention_forward
from transformers.models.phi3.modeling_phi3 import Phi3Attention

from grader.modeling.attention import grouped_attention
from grader.modeling.elementwise import norm_and_rotate, rotate
from grader.modeling.swapping import swap


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


class InPlaceGemma3Attention(Gemma3Attention):
    """The library's attention without gradients. Sums are rounded less often."""

    def forward(
        self,
        hidden_states: torch.Tensor,
        position_embeddings: Any = None,
        attention_mask: torch.Tensor | None = None,
        past_key_values: Any = None,
        **options: Any,
    ) -> Any:
        """``hidden_states`` (B, T, H), the cosines and sines of their positions (B or 1, T, size); (B, T, H), None."""
        if torch.is_grad_enabled() or self.q_norm.weight.dtype != hidden_states.dtype:
            return super().forward(hidden_states, position_embeddings, attention_mask, past_key_values, **options)
        states = [part(hidden_states) for part in (self.q_proj, self.k_proj, self.v_proj)]
        query, key, value = (one.unflatten(-1, (-1, self.head_dim)) for one in states)
        query = norm_and_rotate(query, self.q_norm.weight, self.q_norm.eps, *position_embeddings)
        key = norm_and_rotate(key, self.k_norm.weight, self.k_norm.eps, *position_embeddings)
        query, key, value = (one.transpose(1, 2) for one in (query, key, value))
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer_idx)
        config: Any = self.config
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(config._attn_implementation, eager_attention_forward)  # noqa: SLF001
        attended, weights = attend(
            self,
            query,
            key,
            value,
            attention_mask,
            dropout=0.0,
            scaling=self.scaling,
            sliding_window=self.sliding_window,
            **options,
        )
        return self.o_proj(attended.flatten(2)), weights


IN_PLACE: dict[type, type] = {Phi3Attention: InPlacePhi3Attention, Gemma3Attention: InPlaceGemma3Attention}
"""The library's classes, and what takes their place."""


def rotate_in_place(model: Any) -> int:
    """Let the layers of a model attend so from now on; gives their number."""
    return swap(model, IN_PLACE)


def turn_as_in_short_texts(model: Any) -> None:
    """Let a longrope model turn by its short factors, for texts within its original length, from now on.

    The library looks in every forward at how long the text is, for which the host waits until a GPU has done all else.
    """
    turning: Any = getattr(model, "rotary_emb", None)
    if getattr(turning, "rope_type", None) == "longrope":
        turning.rope_type = "default"
