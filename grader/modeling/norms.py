"""Norms in one kernel or two: the library's take seven steps in float32, each through the memory of the GPU.

In Gemma-3-1B, whose layers have six norms on a narrow stream, those steps move more bytes than all products together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn.functional import rms_norm
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm
from transformers.models.phi3.modeling_phi3 import Phi3RMSNorm

from grader.modeling.elementwise import norm
from grader.modeling.swapping import swap

if TYPE_CHECKING:
    import torch


class FusedGemma3RMSNorm(Gemma3RMSNorm):
    """The library's norm; in bfloat16 its result is rounded once more, before it is scaled, where no kernel does it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., H), normed over its last dimension and scaled by 1 + weight."""
        if x.dtype != self.weight.dtype:
            plain: torch.Tensor = super().forward(x)  # type: ignore[no-untyped-call]
            return plain
        return norm(x, self.weight, self.eps)


class FusedPhi3RMSNorm(Phi3RMSNorm):
    """The library's norm; in bfloat16 its result is rounded once less."""

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """``hidden_states`` (..., H), normed over their last dimension and scaled by the weight."""
        if hidden_states.dtype != self.weight.dtype:
            plain: torch.Tensor = super().forward(hidden_states)
            return plain
        shape = hidden_states.shape[-1:]
        return rms_norm(hidden_states, shape, self.weight, self.variance_epsilon).type_as(hidden_states)


FUSED: dict[type, type] = {Gemma3RMSNorm: FusedGemma3RMSNorm, Phi3RMSNorm: FusedPhi3RMSNorm}
"""The classes of the library's norms, and what takes their place."""


def fuse_norms(model: Any) -> int:
    """Let a model's norms use the fused kernels from now on, in place; gives their number. Compiled ones stay so."""
    return swap(model, FUSED)
