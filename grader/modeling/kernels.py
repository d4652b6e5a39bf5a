"""Triton kernels for steps between the products of matrices, each of which goes through memory once.

Imported where there is a GPU only. All compute in float32 and round their result once.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

BLOCK = 1024
"""Numbers of a row that one program of ``gated`` takes."""


def gated(gate: torch.Tensor, up: torch.Tensor, *, gelu: bool) -> torch.Tensor:
    """SiLU or GELU (by tanh) of ``gate`` (..., I) times ``up`` (..., I); either may be a part of wider rows."""
    size = gate.shape[-1]
    out = torch.empty(gate.shape, dtype=gate.dtype, device=gate.device)
    with torch.cuda.device_of(gate):
        _gated[(out.numel() // size, triton.cdiv(size, BLOCK))](
            gate, up, out, gate.stride(-2), up.stride(-2), size, GELU=gelu, BLOCK=BLOCK
        )
    return out


def norm(states: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """``states`` (..., H) over the root of their mean square, times 1 + ``weight`` (H,)."""
    states = states.contiguous()
    size = states.shape[-1]
    out = torch.empty_like(states)
    with torch.cuda.device_of(states):
        _norm[(states.numel() // size,)](states, weight, out, size, eps, BLOCK=triton.next_power_of_2(size))
    return out


def rotate(
    states: torch.Tensor,
    cosines: torch.Tensor,
    sines: torch.Tensor,
    weight: torch.Tensor | None = None,
    eps: float = 0.0,
) -> None:
    """Rotate the first R of ``states`` (B, T, heads, size) in place, by ``cosines`` and ``sines`` (B or 1, T, R).

    With ``weight`` (size,) each head's are normed before, as in ``norm``; R is then their size. Numbers of a head lie
    side by side in memory, heads and tokens at equal distances.
    """
    rows, tokens, heads, size = states.shape
    turned = cosines.shape[-1]
    with torch.cuda.device_of(states):
        _rotate[(rows * tokens,)](
            states,
            cosines,
            sines,
            states if weight is None else weight,
            tokens,
            states.stride(1),
            tokens * turned if len(cosines) > 1 else 0,
            heads,
            eps,
            SIZE=size,
            HALF=turned // 2,
            BLOCK=triton.next_power_of_2(turned // 2),
            HEADS=triton.next_power_of_2(heads),
            NORM=weight is not None,
        )


def lies_evenly(states: torch.Tensor) -> bool:
    """Whether ``rotate`` can take ``states`` (B, T, heads, size)."""
    return states.stride()[2:] == (states.shape[3], 1) and states.stride(0) == states.shape[1] * states.stride(1)


@triton.jit
def _gated(gate, up, out, gate_stride, up_stride, size, GELU: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    first = tl.load(gate + row * gate_stride + at, mask=inside, other=0.0).to(tl.float32)
    second = tl.load(up + row * up_stride + at, mask=inside, other=0.0).to(tl.float32)
    if GELU:  # 0.5 x (1 + tanh z) is x sigmoid(2 z)
        first *= tl.sigmoid(1.5957691216057308 * (first + 0.044715 * first * first * first))
    else:
        first *= tl.sigmoid(first)
    tl.store(out + row * size + at, first * second, mask=inside)


@triton.jit
def _norm(states, weight, out, size, eps, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * size
    at = tl.arange(0, BLOCK)
    inside = at < size
    values = tl.load(states + start + at, mask=inside, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(values * values) / size + eps)
    scales = 1.0 + tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + start + at, values * scale * scales, mask=inside)


@triton.jit(do_not_specialize=["tokens"])
def _rotate(
    states,
    cosines,
    sines,
    weight,
    tokens,
    stride,
    row_of_angles,
    heads,
    eps,
    SIZE: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
    HEADS: tl.constexpr,
    NORM: tl.constexpr,
):
    token = tl.program_id(0).to(tl.int64)
    head = tl.arange(0, HEADS)[:, None]
    at = tl.arange(0, BLOCK)[None, :]
    inside = (head < heads) & (at < HALF)
    place = states + token * stride + head * SIZE + at
    first = tl.load(place, mask=inside, other=0.0).to(tl.float32)
    second = tl.load(place + HALF, mask=inside, other=0.0).to(tl.float32)
    if NORM:
        scale = tl.rsqrt((tl.sum(first * first, 1) + tl.sum(second * second, 1)) / SIZE + eps)[:, None]
        first *= scale * (1.0 + tl.load(weight + at, mask=at < HALF, other=0.0).to(tl.float32))
        second *= scale * (1.0 + tl.load(weight + HALF + at, mask=at < HALF, other=0.0).to(tl.float32))
    angle = token // tokens * row_of_angles + token % tokens * 2 * HALF + at
    cosine = tl.load(cosines + angle, mask=at < HALF, other=0.0).to(tl.float32)
    sine = tl.load(sines + angle, mask=at < HALF, other=0.0).to(tl.float32)
    tl.store(place, first * cosine - second * sine, mask=inside)
    tl.store(place + HALF, second * cosine + first * sine, mask=inside)
