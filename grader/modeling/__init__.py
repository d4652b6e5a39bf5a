"""Models, tokenizers and adapters, shared by the engines and by training. Importing it imports torch: do so lazily."""

# ruff: noqa: E402 the logger is quieted before PEFT imports bitsandbytes

import logging

# It warns, on every start, that an optional kernel is not installed; we keep off its CPU kernels (see quantised.py).
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

from grader.modeling.adapting import attach_adapter, lora_targets, merge_adapter
from grader.modeling.attention import grouped_attention, use_grouped_attention
from grader.modeling.classifier import ClassifierOutput, GPTSequenceClassifier, last_positions
from grader.modeling.compiling import compile_parts
from grader.modeling.devices import Stream, lanes_of, one_core_each, pick_device, pick_dtype, upload, use_threads
from grader.modeling.encoding import EncodedSolution, control_id, encode, encode_all, encode_solutions
from grader.modeling.loaded import Loaded, bare, load_adapted
from grader.modeling.loading import load_base, load_tokenizer, position_limit
from grader.modeling.memory import Plan, Seat, free_bytes, plan
from grader.modeling.mlps import fuse_mlps
from grader.modeling.norms import fuse_norms
from grader.modeling.quantised import densify, nf4_config, pin_gradients, quantised_layers
from grader.modeling.rotary import rotate_in_place, turn_as_in_short_texts
from grader.modeling.swapping import swap

__all__ = [
    "ClassifierOutput",
    "EncodedSolution",
    "GPTSequenceClassifier",
    "Loaded",
    "Plan",
    "Seat",
    "Stream",
    "attach_adapter",
    "bare",
    "compile_parts",
    "control_id",
    "densify",
    "encode",
    "encode_all",
    "encode_solutions",
    "free_bytes",
    "fuse_mlps",
    "fuse_norms",
    "grouped_attention",
    "lanes_of",
    "last_positions",
    "load_adapted",
    "load_base",
    "load_tokenizer",
    "lora_targets",
    "merge_adapter",
    "nf4_config",
    "one_core_each",
    "pick_device",
    "pick_dtype",
    "pin_gradients",
    "plan",
    "position_limit",
    "quantised_layers",
    "rotate_in_place",
    "swap",
    "turn_as_in_short_texts",
    "upload",
    "use_grouped_attention",
    "use_threads",
]
