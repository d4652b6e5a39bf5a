"""The steps between products of matrices: in kernels of Triton on a GPU where they can be compiled, else in torch."""

from __future__ import annotations

import functools
import warnings
from importlib.util import find_spec
from typing import Any

import torch
from torch.nn.functional import gelu as gelu_of
from torch.nn.functional import rms_norm, silu


def gated(gate: torch.Tensor, up: torch.Tensor, *, gelu: bool) -> torch.Tensor:
    """SiLU, or GELU by its tanh, of ``gate`` (..., I) times ``up`` (..., I)."""
    kernels = kernels_for(gate)
    if kernels:
        found: torch.Tensor = kernels.gated(gate, up, gelu=gelu)
        return found
    return (gelu_of(gate, approximate="tanh") if gelu else silu(gate)).mul_(up)


def norm(states: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """``states`` (..., H) over the root of their mean square, times 1 + ``weight`` (H,)."""
    kernels = kernels_for(states)
    if kernels:
        found: torch.Tensor = kernels.norm(states, weight, eps)
        return found
    normed = rms_norm(states, states.shape[-1:], None, eps).type_as(states)  # autocast may give float32
    return torch.addcmul(normed, normed, weight)


def rotate(states: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> None:
    """Rotate the first R of ``states`` (B, T, heads, size) in place, by ``cosines`` and ``sines`` (B or 1, T, R).

    The halves of R hold the same angles twice: number i of the first half turns with number i of the second.
    """
    kernels = kernels_for(states)
    if kernels and kernels.lies_evenly(states):
        kernels.rotate(states, cosines, sines)
        return
    half = cosines.shape[-1] // 2
    cosine, sine = cosines[..., None, :half], sines[..., None, :half]
    first, second = states[..., :half], states[..., half : 2 * half]
    turned = (first * cosine).addcmul_(second, sine, value=-1)
    second.mul_(cosine).addcmul_(first, sine)
    first.copy_(turned)


def norm_and_rotate(
    states: torch.Tensor, weight: torch.Tensor, eps: float, cosines: torch.Tensor, sines: torch.Tensor
) -> torch.Tensor:
    """``norm`` of every head of ``states`` (B, T, heads, size), then ``rotate``; may be done in place."""
    kernels = kernels_for(states)
    if kernels and kernels.lies_evenly(states):
        kernels.rotate(states, cosines, sines, weight, eps)
        return states
    normed = norm(states, weight, eps)
    rotate(normed, cosines, sines)
    return normed


def kernels_for(states: torch.Tensor) -> Any:
    """The kernels, where they run on the device of ``states`` and no gradient is asked for; else None."""
    return _kernels(states.device) if states.is_cuda and not torch.is_grad_enabled() else None


@functools.cache
def _kernels(device: torch.device) -> Any:
    """The kernels, tried out on the device: they are compiled at their first use, which needs a C compiler."""
    if find_spec("triton") is None:
        return None
    from grader.modeling import kernels  # noqa: PLC0415 there are machines without Triton

    try:
        states = torch.ones(1, 2, 1, 16, dtype=torch.bfloat16, device=device)
        kernels.rotate(states, states[0], states[0], states[0, 0, 0])
        torch.cuda.synchronize(device)
    except Exception as error:  # noqa: BLE001 whatever it is, torch can do without them
        said = str(error).strip().splitlines() or [""]
        warnings.warn(f"Triton's kernels do not run here, grading is slower ({said[0][:200]})", stacklevel=2)
        return None
    return kernels
