"""The two architectures at their true shapes (or small ones), random weights made on the device, and their bounds.

Shapes: the config.json of unsloth/gemma-3-1b-it and of microsoft/Phi-4-mini-instruct. Phi's factors for long texts are
all one; Gemma's rope scaling, which is fixed, is left out.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, Phi3Config, Phi3Model

from gpu_cases.bench import Absent
from grader.adapters import Base, Manifest
from grader.adapters.places import EMBEDDED
from grader.modeling import GPTSequenceClassifier, Loaded, load_tokenizer, lora_targets, quantised_layers
from grader.modeling.mlps import GATED
from grader.modeling.norms import FUSED
from grader.modeling.rotary import IN_PLACE
from train import low_rank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gpu_cases.bench import Bench

MAX_TOKENS = 512
LAYERS = 26
WINDOW_PATTERN = 6


def gemma_config(*, tiny: bool) -> Gemma3TextConfig:
    """Gemma-3-1B: 26 layers, of which every sixth sees more than the last 512 tokens."""
    layers = 2 if tiny else LAYERS
    shape: dict[str, Any] = {
        "vocab_size": 262_144,
        "hidden_size": 1152,
        "intermediate_size": 6912,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 256,
        "query_pre_attn_scalar": 256,
        "sliding_window": 512,
    }
    if tiny:
        shape |= {"vocab_size": 4096, "hidden_size": 64, "intermediate_size": 128, "head_dim": 16}
        shape |= {"query_pre_attn_scalar": 16, "sliding_window": 48, "initializer_range": 0.2}
    return Gemma3TextConfig(
        **shape,
        num_hidden_layers=layers,
        layer_types=[
            "full_attention" if (layer + 1) % (2 if tiny else WINDOW_PATTERN) == 0 else "sliding_attention"
            for layer in range(layers)
        ],
        max_position_embeddings=32_768,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )


def phi_config(*, tiny: bool) -> Phi3Config:
    """Phi-4-mini: 32 layers, 24 heads on 8 of keys, rotary on three quarters of each."""
    shape: dict[str, Any] = {
        "vocab_size": 200_064,
        "hidden_size": 3072,
        "intermediate_size": 8192,
        "num_hidden_layers": 32,
        "num_attention_heads": 24,
        "num_key_value_heads": 8,
    }
    if tiny:
        shape |= {"vocab_size": 4096, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
        shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.2}
    turned = shape["hidden_size"] // shape["num_attention_heads"] * 3 // 8
    return Phi3Config(
        **shape,
        max_position_embeddings=131_072,
        original_max_position_embeddings=4096,
        rope_parameters={
            "rope_type": "longrope",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": 0.75,
            "original_max_position_embeddings": 4096,
            "short_factor": [1.0] * turned,
            "long_factor": [1.0] * turned,
        },
        tie_word_embeddings=True,
        sliding_window=None,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
    )


def gemma(bench: Bench) -> Any:
    """A causal LM with random weights on the device."""
    return _made(bench, lambda: Gemma3ForCausalLM(gemma_config(tiny=bench.tiny)))


def phi(bench: Bench) -> GPTSequenceClassifier:
    """A classifier with random weights on the device, its head in float32."""
    backbone = _made(bench, lambda: Phi3Model(phi_config(tiny=bench.tiny)))
    return GPTSequenceClassifier(backbone).eval()


def _made(bench: Bench, make: Any) -> Any:
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(bench.dtype)
    try:
        with torch.device(bench.device):
            model = make()
    finally:
        torch.set_default_dtype(before)
    model.set_attn_implementation("sdpa")
    return model.eval()


@contextmanager
def plain(model: Any) -> Iterator[Any]:
    """The model as the library has it, without compiled parts and what we fused: what it is held against."""
    compiled = [(part, vars(part).pop("forward")) for part in model.modules() if "forward" in vars(part)]
    library = FUSED | IN_PLACE | GATED | low_rank.FUSED
    ours = {fused: plain for plain, fused in library.items()}
    fused = [(part, type(part)) for part in model.modules() if type(part) in ours]
    for part, kind in fused:
        part.__class__ = ours[kind]
    try:
        yield model
    finally:
        for part, kind in fused:
            part.__class__ = kind
        for part, forward in compiled:
            part.forward = forward


def exact(model: Any) -> Any:
    """A plain copy in float32, dense and without TF32: the reference."""
    from grader.modeling import densify

    torch.backends.cuda.matmul.allow_tf32 = False
    with plain(model):  # a copied part would go on calling the compiled forward of the part that it was copied from
        same = copy.deepcopy(model)
    return densify(same, torch.float32).float().eval()


def quantise(model: Any, dtype: torch.dtype) -> Any:
    """Put every linear layer of the model's blocks into NF4, in place. Raises Absent without bitsandbytes."""
    try:
        import bitsandbytes as bnb
    except ImportError as error:
        raise Absent("bitsandbytes is not installed") from error
    for name, layer in list(model.named_modules()):
        if isinstance(layer, torch.nn.Linear) and ".layers." in f".{name}":
            small = bnb.nn.Linear4bit(
                layer.in_features,
                layer.out_features,
                bias=False,
                compute_dtype=dtype,
                compress_statistics=True,
                quant_type="nf4",
                device="meta",
            )
            where = layer.weight.device
            small.weight = bnb.nn.Params4bit(
                layer.weight.data.cpu(), requires_grad=False, quant_type="nf4", compress_statistics=True, module=small
            ).to(where)
            small.compute_type_is_set = True
            small.support_avx512bf16_for_cpu = False
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, small)
    if isinstance(model, GPTSequenceClassifier):
        model.is_loaded_in_4bit = bool(quantised_layers(model.backbone))
    return model


def with_lora(model: Any, *, trainable: bool = False) -> Any:
    """The model with an adapter of the recipe's rank on every linear layer of its blocks, its weights random."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    head = ["head"] if isinstance(model, GPTSequenceClassifier) else None
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        lora_dropout=0.05 if trainable else 0.0,
        target_modules=lora_targets(model),
        modules_to_save=head,
        init_lora_weights=trainable,
        inference_mode=not trainable,
    )
    adapted = get_peft_model(model, config)
    if not trainable:  # PEFT's own random weights would drown those of the base
        for name, weight in adapted.named_parameters():
            if ".lora_" in name:
                weight.data.normal_(0, 0.02)
    return adapted.train(trainable)


def loaded(bench: Bench, kind: Any, model: Any, version: int = 1) -> Loaded:
    """What an engine is made from. The tokenizer is that of the embedded extractor: real text, ids that both have."""
    tokenizer = load_tokenizer(EMBEDDED / "extractor" / "base", offline=True)
    manifest = Manifest(kind, Base("random"), version, MAX_TOKENS)
    return Loaded(model, tokenizer, manifest, bench.device, MAX_TOKENS, {"base": "random", "prompt_version": version})


def block_weights(model: Any) -> int:
    """Count the weights of the linear layers of a dense model's blocks."""
    return sum(
        layer.weight.numel()
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and ".layers." in f".{name}" and ".lora_" not in name
    )


def flop(weights: int, config: Any, tokens: int, context: float) -> float:
    """Of a forward over ``tokens`` tokens that see ``context`` others on the mean: products and attention."""
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return tokens * (2.0 * weights + 4.0 * context * config.num_attention_heads * size * config.num_hidden_layers)
