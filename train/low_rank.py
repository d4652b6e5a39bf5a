"""An adapter's product, added to that of its base layer by the product itself.

The library scales what the adapter makes and adds it, in two more passes over an output as wide as the base layer's,
and again for the gradients: on a GPU those passes take longer than the adapter's own products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from peft.tuners.lora import Linear

from grader.modeling import swap

if TYPE_CHECKING:
    Linear4bit: Any = None
else:
    try:
        from peft.tuners.lora.bnb import Linear4bit
    except ImportError:  # no layer is one without bitsandbytes
        Linear4bit = Linear


class OneProduct:
    """Mixed into a LoRA layer of PEFT: one plain adapter is added in place; in bfloat16 the sum is rounded once.

    All else is the library's: several adapters or none, merged ones, variants such as DoRA, biases, adapters by row,
    and number formats that differ where autocast does not settle them.
    """

    def forward(self, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        """``x`` (..., H) to (..., K): ``base(x) + scaling * B(A(dropout(x)))``."""
        layer: Any = self
        if arguments or options or not self._is_plain(x):
            library: Any = super()
            whole: torch.Tensor = library.forward(x, *arguments, **options)
            return whole
        (name,) = layer.active_adapters
        down, up, dropout = layer.lora_A[name], layer.lora_B[name], layer.lora_dropout[name]
        rows = x.reshape(-1, x.shape[-1])  # given more dimensions a linear layer gives a view, whose change is copied
        result: torch.Tensor = layer.base_layer(rows)
        seen = rows.to(down.weight.dtype) if layer.cast_input_dtype_enabled else rows
        narrow = down(dropout(seen)).to(result.dtype)
        result.addmm_(narrow, up.weight.to(result.dtype).t(), alpha=layer.scaling[name])
        return result.view(*x.shape[:-1], result.shape[-1])

    def _is_plain(self, x: torch.Tensor) -> bool:
        layer: Any = self
        if layer.disable_adapters or layer.merged or len(layer.active_adapters) != 1:
            return False
        (name,) = layer.active_adapters
        if name not in layer.lora_A or name in layer.lora_variant or layer.lora_B[name].bias is not None:
            return False
        same: bool = x.dtype == layer.lora_A[name].weight.dtype
        return same or torch.is_autocast_enabled(x.device.type)


FUSED: dict[type, type] = {
    kind: type(f"OneProduct{kind.__name__}", (OneProduct, kind), {}) for kind in {Linear, Linear4bit}
}
"""The library's layers, and what takes their place."""


def fuse_adapters(model: Any) -> int:
    """Let a model's LoRA layers over linear ones add in one product from now on, in place; gives their number."""
    return swap(model, FUSED, lambda layer: isinstance(layer.base_layer, torch.nn.Linear))
