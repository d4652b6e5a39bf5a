"""MLPs whose activation and product are one step: the library's two read what the first one wrote."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.activations import GELUTanh, SiLUActivation
from transformers.models.gemma3.modeling_gemma3 import Gemma3MLP
from transformers.models.phi3.modeling_phi3 import Phi3MLP

from grader.modeling.elementwise import gated
from grader.modeling.swapping import swap


class GatedPhi3MLP(Phi3MLP):
    """The library's MLP without gradients; in bfloat16 the product is rounded once less where a kernel does it."""

    def forward(self, hidden_states: Any) -> Any:
        """``hidden_states`` (..., H); of the same shape."""
        if torch.is_grad_enabled():
            return super().forward(hidden_states)
        gate, up = self.gate_up_proj(hidden_states).chunk(2, dim=-1)
        return self.down_proj(gated(gate, up, gelu=_is_gelu(self.activation_fn)))


class GatedGemma3MLP(Gemma3MLP):
    """The library's MLP without gradients; in bfloat16 the product is rounded once less where a kernel does it."""

    def forward(self, x: Any) -> Any:
        """``x`` (..., H); of the same shape."""
        if torch.is_grad_enabled():
            return super().forward(x)  # type: ignore[no-untyped-call]
        return self.down_proj(gated(self.gate_proj(x), self.up_proj(x), gelu=_is_gelu(self.act_fn)))


GATED: dict[type, type] = {Phi3MLP: GatedPhi3MLP, Gemma3MLP: GatedGemma3MLP}
"""The library's classes, and what takes their place."""


def fuse_mlps(model: Any) -> int:
    """Let a model's MLPs compute so from now on, where their activation is SiLU or GELU by tanh; gives their number."""
    return swap(model, GATED, _knows)


def _knows(mlp: nn.Module) -> bool:
    return isinstance(getattr(mlp, "activation_fn", None) or getattr(mlp, "act_fn", None), SiLUActivation | GELUTanh)


def _is_gelu(activation: nn.Module) -> bool:
    return isinstance(activation, GELUTanh)
