"""What the device can do at all: a large matrix product and a large copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from gpu_cases.bench import Bench

SIDE, TINY_SIDE = 8192, 128
COPIED, TINY_COPIED = 2**32, 2**20
REPEATS = 10


def measure(bench: Bench) -> None:
    """Set the ceilings of the bench: random data, since zeros run faster."""
    with bench.part("matrix product"):
        side = TINY_SIDE if bench.tiny else SIDE
        left, right = (torch.randn(side, side, device=bench.device, dtype=bench.dtype) for _ in range(2))
        some = slice(None) if bench.tiny else slice(0, 64)
        wanted = left[some].float() @ right.float()
        bench.check("product", left[some] @ right, (left[some] @ right.contiguous()), wanted)
        seconds = bench.timed(lambda: left @ right, repeats=REPEATS)
        bench.matrix = 2.0 * side**3 / seconds
        bench.row(f"{side} x {side} x {side} {bench.dtype}", seconds=seconds, tflop_a_second=bench.matrix / 1e12)
    with bench.part("copy"):
        size = TINY_COPIED if bench.tiny else COPIED
        source = torch.randint(0, 127, (size,), device=bench.device, dtype=torch.int8)
        target = torch.zeros_like(source)
        seconds = bench.timed(lambda: target.copy_(source), repeats=REPEATS)
        bench.check("copy", target[:4096].float(), source[:4096].float(), source[:4096].float())
        bench.copy = 2.0 * size / seconds
        bench.row(f"copy of {size} bytes", seconds=seconds, gigabytes_a_second=bench.copy / 1e9)


def ceilings(bench: Bench) -> None:
    """The case of its own: the ceilings are measured before every case anyway."""
    del bench
