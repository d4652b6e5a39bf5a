"""NF4 layers of bitsandbytes: making them, keeping their gradients true, and undoing them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import BitsAndBytesConfig


def nf4_config(dtype: torch.dtype) -> Any:
    """The configuration that stores linear layers in NF4 (with double quantisation) and computes in ``dtype``."""
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def quantised_layers(model: nn.Module) -> dict[str, Any]:
    """The 4-bit linear layers of a model by name; empty, without an import, where nothing is quantised."""
    return {
        name: module
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear4bit" and type(module).__module__.startswith("bitsandbytes.")
    }


def pin_gradients(model: nn.Module) -> None:
    """Keep the 4-bit weights in the layout that they were loaded in.

    On a CPU with AVX512-BF16 the first forward in evaluation mode repacks them in place, and later gradients and
    dequantised weights are silently wrong.
    """
    for layer in quantised_layers(model).values():
        layer.support_avx512bf16_for_cpu = False


def densify(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Replace every 4-bit layer by a plain one in ``dtype``; gives the same model."""
    for name, layer in quantised_layers(model).items():
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, dense_linear(layer, dtype))
    for attribute in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(getattr(model, "config", None), attribute):
            delattr(model.config, attribute)
    for part in model.modules():  # a wrapper and its backbone both say so
        for attribute in ("is_quantized", "is_loaded_in_4bit"):
            if attribute in vars(part):
                setattr(part, attribute, False)
        for attribute in ("hf_quantizer", "quantization_method"):
            vars(part).pop(attribute, None)
    return model


def dense_linear(layer: Any, dtype: torch.dtype) -> nn.Linear:
    """A plain linear layer with the weights of ``layer``, 4-bit or not, in ``dtype``."""
    weight = layer.weight
    if type(weight).__name__ == "Params4bit":
        from bitsandbytes.functional import dequantize_4bit  # noqa: PLC0415 only quantised models need bitsandbytes

        values = dequantize_4bit(weight.data, weight.quant_state)
    else:
        values = weight.data
    with torch.device("meta"):
        linear = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None)
    linear.weight = nn.Parameter(values.to(dtype), requires_grad=False)
    if layer.bias is not None:
        linear.bias = nn.Parameter(layer.bias.data.to(dtype), requires_grad=False)
    return linear
