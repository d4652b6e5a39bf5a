"""Models, tokenizers and adapters, shared by the engines and by training. Importing it imports torch: do so lazily."""

from grader.modeling.classifier import GPTSequenceClassifier, last_positions
from grader.modeling.devices import pick_device, pick_dtype, use_threads
from grader.modeling.encoding import control_id, encode, encode_all
from grader.modeling.loading import load_base, load_tokenizer, position_limit
from grader.modeling.quantised import densify, pin_gradients, quantised_layers
from grader.modeling.solutions import beginning_ids, encode_solutions

__all__ = [
    "GPTSequenceClassifier",
    "beginning_ids",
    "control_id",
    "densify",
    "encode",
    "encode_all",
    "encode_solutions",
    "last_positions",
    "load_base",
    "load_tokenizer",
    "pick_device",
    "pick_dtype",
    "pin_gradients",
    "position_limit",
    "quantised_layers",
    "use_threads",
]
