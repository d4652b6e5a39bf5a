"""Compiling the small parts that every layer repeats: norms and MLPs, whose many steps become few."""

from __future__ import annotations

from typing import Any

import torch

PARTS = ("MLP", "RMSNorm")
"""Ends of the names of the classes that are compiled: each class once, for all layers and every size of batch."""
VARIANTS = 32
"""Most variants of a class: one row, one token and one head are cases of their own, and norms come in two widths."""


def compile_parts(model: Any, backend: str = "inductor") -> int:
    """Compile a model's norms and MLPs in place, at their first use; gives their number.

    Not whole layers: attention calls back into the memory of keys and values, by the number of the layer, and would be
    compiled anew for each.
    """
    # The library's 8 are too few for Gemma's norms, and what is beyond them would run uncompiled with a warning only.
    config: Any = torch._dynamo.config  # noqa: SLF001
    config.recompile_limit = max(config.recompile_limit, VARIANTS)
    # What runs while another thread compiles (each device has one) runs uncompiled that once, in place of an error.
    config.error_on_nested_fx_trace = False
    parts = [module for module in model.modules() if type(module).__name__.endswith(PARTS)]
    for part in parts:
        part.forward = torch.compile(part.forward, dynamic=True, backend=backend)
    return len(parts)
