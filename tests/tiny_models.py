"""Tiny random bases whose folders are laid out as the hub's: config, safetensors, tokenizer with control tokens."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModelForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GenerationConfig,
    Phi3Config,
    Phi3ForCausalLM,
    PreTrainedTokenizerFast,
)

from grader.adapters import Base, Manifest, base_digest, write_manifest
from grader.modeling import GPTSequenceClassifier, load_base, lora_targets, nf4_config

GEMMA_CONTROL = ("<pad>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
PHI_CONTROL = ("<|endoftext|>", "<|user|>", "<|assistant|>", "<|end|>")


def byte_tokenizer(control, *, loose=(), **names):
    """Give a tokenizer of bytes, one token each (so digits are single tokens), behind the control tokens.

    ``loose`` are added tokens that are not marked special; the library parses them in any text.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*control, *loose, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in loose])
    if bos := names.get("bos_token"):
        tokenizer.post_processor = processors.TemplateProcessing(f"{bos} $A", special_tokens=[(bos, vocabulary[bos])])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def tiny_gemma(folder, *, seed=0, loose=(), quantize=False, **config):
    """Write a Gemma3 causal LM of two layers, one local and one global, and give its folder.

    ``quantize=True`` saves it as a checkpoint that bitsandbytes has already quantised to NF4.
    """
    tokenizer = byte_tokenizer(
        GEMMA_CONTROL,
        loose=loose,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
    )
    settings = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        # Left to itself the library makes every layer of so short a model a local one.
        "layer_types": ["sliding_attention", "full_attention"],
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "sliding_window": 32,
        "max_position_embeddings": 1024,
        "query_pre_attn_scalar": 16,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **config,
    }
    torch.manual_seed(seed)
    model = Gemma3ForCausalLM(Gemma3TextConfig(**settings))
    model.generation_config = GenerationConfig(
        do_sample=False, bos_token_id=1, eos_token_id=[2, GEMMA_CONTROL.index("<end_of_turn>")], pad_token_id=0
    )
    return _save(model, tokenizer, folder, quantize=quantize)


def tiny_phi(folder, *, seed=0, loose=(), quantize=False, **config):
    """Write a Phi3 causal LM of two layers, with fused projections and partial rotary, and give its folder.

    As in the hub's Phi-4-mini, the end-of-text token also pads.
    """
    tokenizer = byte_tokenizer(
        PHI_CONTROL,
        loose=loose,
        bos_token=None,
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
    )
    settings = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "original_max_position_embeddings": 1024,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.75},
        "tie_word_embeddings": True,
        "sliding_window": None,
        "pad_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        **config,
    }
    torch.manual_seed(seed)
    return _save(Phi3ForCausalLM(Phi3Config(**settings)), tokenizer, folder, quantize=quantize)


def _save(model, tokenizer, folder, *, quantize):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():  # random weights of the library's size answer the same to everything
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizer.save_pretrained(folder)
        model.to(torch.bfloat16).save_pretrained(folder)
        if quantize:
            _quantise(type(model), folder)
    return folder


def _quantise(kind, folder):
    model = kind.from_pretrained(folder, quantization_config=nf4_config(torch.float32), dtype=torch.float32)
    model.save_pretrained(folder)


def tiny_adapter(folder, kind, base=None, *, seed=1, **manifest):
    """Write an adapter folder with random weights and its manifest, and give the folder.

    Without ``base`` the folder holds its own, as the embedded pair does. ``manifest`` replaces values of the manifest.
    """
    folder = Path(folder)
    if base is None:
        (tiny_gemma if kind == "extractor" else tiny_phi)(folder / "base")
    model = load_base(kind, folder / "base" if base is None else base)
    torch.manual_seed(seed)
    if kind == "classifier":
        model = GPTSequenceClassifier(model)
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=lora_targets(model),
        modules_to_save=["head"] if kind == "classifier" else None,
        init_lora_weights=False,
    )
    get_peft_model(model, config).save_pretrained(folder)
    name = Base("./base", sha256=base_digest(folder / "base")) if base is None else Base(str(base))
    values = {"kind": kind, "base": name, "prompt_version": 1, "max_tokens": 512, **manifest}
    write_manifest(folder, Manifest(**values))
    return folder


def old_classifier(folder, base):
    """Write an adapter as it was published before this tool: LoRA on a causal LM, the head in a file of its own."""
    torch.manual_seed(2)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    adapted = get_peft_model(model, config)
    adapted.save_pretrained(folder)
    head = torch.nn.Linear(model.config.hidden_size, 2)
    torch.save(head.state_dict(), Path(folder) / "classifier_head.pth")
    return adapted.eval(), head
