"""Everything that is Unsloth's: whether it is used, its model with its adapter, and its masks, held against ours.

``import unsloth`` changes transformers and TRL, and wants to come before them: call ``prepare`` first of all.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from grader.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from train.config import Recipe
    from train.encoding import Row

INSTRUCTION = "<start_of_turn>user\n"
RESPONSE = "<start_of_turn>model\n"
"""The markers by which Unsloth finds where an answer begins: they are those of prompt version 1."""


def wanted(trainer: str) -> bool:
    """Whether Unsloth trains the extractor: where it was asked for, and by itself on CUDA where it is installed."""
    if trainer == "unsloth" and find_spec("unsloth") is None:
        raise UsageError(
            "--trainer unsloth: Unsloth is not installed; pip install 'math-grader[train,gpu]', or use --trainer trl"
        )
    if trainer != "auto":
        return trainer == "unsloth"
    import torch  # noqa: PLC0415 the help of the command does not need it

    return torch.cuda.is_available() and find_spec("unsloth") is not None


def prepare() -> None:
    """Import Unsloth; call it before transformers is imported."""
    importlib.import_module("unsloth")


def load(recipe: Recipe, targets: Sequence[str], *, dtype: torch.dtype, nf4: bool) -> tuple[Any, Any]:
    """The base with a fresh adapter, and the tokenizer, by Unsloth's ``FastModel`` and its gradient checkpointing."""
    from unsloth import FastModel  # noqa: PLC0415 only where it is wanted

    model, tokenizer = FastModel.from_pretrained(
        model_name=recipe.base,
        revision=recipe.revision or "main",
        max_seq_length=recipe.max_tokens,
        dtype=dtype,
        load_in_4bit=nf4,
        full_finetuning=False,
    )
    model = FastModel.get_peft_model(
        model,
        r=recipe.rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.dropout,
        bias="none",
        target_modules=list(targets),
        use_gradient_checkpointing="unsloth",
        random_state=recipe.seed,
    )
    return model, getattr(tokenizer, "tokenizer", tokenizer)


def require_same_masks(trainer: Any, rows: Sequence[Row]) -> None:
    """Hold the labels that Unsloth makes of the token ids, by its markers, against ours.

    Raises InputError at the first row that differs: both trainers must learn from the same tokens.
    """
    from unsloth.chat_templates import train_on_responses_only  # noqa: PLC0415 only where it is wanted

    masked = train_on_responses_only(
        trainer, instruction_part=INSTRUCTION, response_part=RESPONSE, return_function=True
    )
    labels = masked({"input_ids": [row.input_ids for row in rows]})["labels"]
    for row, theirs in zip(rows, labels, strict=True):
        if list(theirs) != row.labels:
            raise InputError(
                f"example {row.example + 1}: Unsloth masks other tokens than TRL would; train with --trainer trl, and "
                "report it"
            )
