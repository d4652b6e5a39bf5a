"""Adapters on bases: attaching one exactly as its files say, and merging it without loss to rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.utils import ModulesToSaveWrapper
from safetensors import SafetensorError
from safetensors.torch import load_file

from grader.adapters.manifest import CONFIG, OLD_HEAD, WEIGHTS
from grader.errors import AdapterError
from grader.modeling.classifier import GPTSequenceClassifier
from grader.modeling.quantised import dense_linear, densify

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

HEAD = "head"
_PREFIX = "base_model.model."


def lora_targets(model: nn.Module) -> list[str]:
    """Names of the linear layers inside a model's blocks: PEFT's ``all-linear`` would take a classifier's head too."""
    names = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and ".layers." in f".{name}"
    }
    return sorted(names)


def attach_adapter(model: nn.Module, folder: Path, *, trainable: bool = False) -> PeftModel:
    """Put the adapter of a checked folder on its base, a causal LM or a ``GPTSequenceClassifier``.

    Every tensor of the folder must find its place and every place its tensor; raises ``AdapterError`` otherwise.
    """
    state = _adapter_state(folder, classifier=isinstance(model, GPTSequenceClassifier))
    places = sorted({key.removeprefix(_PREFIX).rpartition(".lora_")[0] for key in state if ".lora_" in key})
    try:
        saved = LoraConfig.from_pretrained(str(folder))
        config = LoraConfig(
            # From the weights: what stands in the file may be a pattern, and of layers that this base does not have.
            target_modules=places,
            modules_to_save=[HEAD] if isinstance(model, GPTSequenceClassifier) else None,
            r=saved.r,
            lora_alpha=saved.lora_alpha,
            lora_dropout=saved.lora_dropout,
            use_rslora=saved.use_rslora,
            rank_pattern=saved.rank_pattern,
            alpha_pattern=saved.alpha_pattern,
            inference_mode=not trainable,
        )
        adapted = get_peft_model(model, config)
        _check_state(adapted, state, folder)
        set_peft_model_state_dict(adapted, state)
    except (ValueError, TypeError, RuntimeError) as error:
        raise AdapterError(f"{folder}: the adapter does not fit its base: {str(error).splitlines()[0]}") from error
    return adapted if trainable else adapted.eval()


def _adapter_state(folder: Path, *, classifier: bool) -> dict[str, torch.Tensor]:
    """The tensors of the folder under the names that they have on our models."""
    try:
        state: dict[str, torch.Tensor] = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise AdapterError(f"{folder / WEIGHTS}: damaged: {error}") from error
    if not classifier or f"{_PREFIX}{HEAD}.weight" in state:
        return state
    # Adapters of prompt version 0 were saved from a causal LM, their head beside them.
    state = {key.replace(f"{_PREFIX}model.", f"{_PREFIX}backbone.", 1): value for key, value in state.items()}
    return state | {f"{_PREFIX}{HEAD}.{name}": value for name, value in _old_head(folder / OLD_HEAD).items()}


def _old_head(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise AdapterError(f"{path.parent}: the classifier's head is neither in {WEIGHTS} nor in {OLD_HEAD}")
    try:
        head = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or hostile archive may raise anything
        raise AdapterError(f"{path}: not a file of plain tensors: {str(error).splitlines()[0]}") from error
    if not isinstance(head, dict) or head.keys() != {"weight", "bias"}:
        raise AdapterError(f"{path}: must hold the weight and the bias of a linear layer, and nothing else")
    return {name: value.float() for name, value in head.items()}


def _check_state(adapted: PeftModel, state: dict[str, torch.Tensor], folder: Path) -> None:
    wanted = get_peft_model_state_dict(adapted)
    problems = [f"no tensor for {name}" for name in sorted(wanted.keys() - state.keys())]
    problems += [f"no place for {name}" for name in sorted(state.keys() - wanted.keys())]
    problems += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(value.shape)}"
        for name, value in sorted(wanted.items())
        if name in state and state[name].shape != value.shape
    ]
    if problems:
        raise AdapterError(
            f"{folder / WEIGHTS}: does not fit the base ({len(problems)} tensors; {problems[0]}); "
            f"use the base that {CONFIG} names"
        )


def merge_adapter(adapted: PeftModel, dtype: torch.dtype) -> Any:
    """The base with the adapter in its weights, every linear layer dense in ``dtype``; a head stays float32.

    4-bit weights are dequantised and the sum is made in float32 before it is cast once: merged into 4 bits, or added in
    bfloat16, it would be rounded (facts of PEFT's own ``merge_and_unload``: logits off by 0.08 to 0.19 on 4 bits).
    """
    base: Any = adapted.get_base_model()
    new: Any
    for name, module in list(base.named_modules()):
        if isinstance(module, LoraLayer):
            layer: Any = module
            new = dense_linear(layer.get_base_layer(), torch.float32)
            for adapter in layer.active_adapters:
                new.weight.data += layer.get_delta_weight(adapter).float()
            new = new.to(dtype)
        elif isinstance(module, ModulesToSaveWrapper):
            new = module.modules_to_save[module.active_adapter]  # type: ignore[index]
        else:
            continue
        parent, _, child = name.rpartition(".")
        setattr(base.get_submodule(parent), child, new)
    return densify(base, dtype).eval()
