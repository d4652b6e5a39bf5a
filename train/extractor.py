"""The extractor's training: a causal LM that learns to answer a line with its equations, loss on the answer only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from grader.errors import UsageError
from grader.modeling import load_tokenizer, pick_device, pick_dtype
from train import with_unsloth
from train.batches import batches_by_length, collate
from train.checkpoints import claim
from train.data import IGNORED
from train.encoding import extractor_rows
from train.job import save_adapter, told
from train.loop import OwnTrainer, adapt, bare_base, callbacks, evaluating, lora, quantization_of, trainer_options
from train.loss import answer_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.config import Recipe
    from train.encoding import Encoded, Row
    from train.job import Figures, Job

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MEASURED_LOGITS = 2**28
"""Logits at a time when a model is measured: with a vocabulary of 262,144 they are 1 GB in float32."""


def train_extractor(job: Job) -> dict[str, Any]:
    """Train, save the best adapter as ``job.folder``, and give the entry of the report."""
    recipe, device = job.recipe, pick_device()
    dtype = pick_dtype(device, "extractor")
    unsloth = with_unsloth.wanted(recipe.trainer)
    checkpoint = claim(job)
    torch.manual_seed(recipe.seed)
    if unsloth:
        nf4 = quantization_of(recipe, device) == "nf4"
        model, tokenizer = with_unsloth.load(recipe, TARGETS, dtype=dtype, nf4=nf4)
    else:
        tokenizer = load_tokenizer(recipe.base, recipe.revision)
        model = adapted_base(recipe, dtype, device)
    train, validation, heldout = (extractor_rows(tokenizer, part, recipe.max_tokens) for part in job.split)
    trainer = build_trainer(job, model, tokenizer, train, validation, unsloth=unsloth)
    if unsloth:
        with_unsloth.require_same_masks(trainer, train.rows)
    trainer.train(resume_from_checkpoint=checkpoint)
    figures = {"trained": measure(model, heldout.rows, tokenizer.pad_token_id)}
    with model.disable_adapter():
        figures["untrained"] = measure(model, heldout.rows, tokenizer.pad_token_id)
    save_adapter(job, model)
    parts = {"train": train, "validation": validation, "heldout": heldout}
    return {"trainer": "unsloth" if unsloth else "trl", **told(job, trainer, parts, figures)}


def adapted_base(recipe: Recipe, dtype: torch.dtype, device: torch.device) -> Any:
    """The base with a fresh adapter on the projections of attention and MLP, by PEFT."""
    base = bare_base("extractor", recipe, dtype, device)
    try:
        return adapt(base, lora(recipe, task_type="CAUSAL_LM", target_modules=TARGETS))
    except ValueError as error:
        raise UsageError(
            f"{recipe.base}: this base has none of the layers {', '.join(TARGETS)}; the extractor's base is a Gemma-3 "
            "or has layers of these names"
        ) from error


def build_trainer(
    job: Job, model: Any, tokenizer: Any, train: Encoded, validation: Encoded, *, unsloth: bool = False
) -> Any:
    """TRL's trainer over our rows, as they are: it neither tokenises nor masks anything itself."""
    from datasets import Dataset  # noqa: PLC0415 after unsloth, which replaces parts of TRL
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415

    class Trainer(OwnTrainer, SFTTrainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            # Unsloth's model has a loss of its own, which computes no logits at all; over several GPUs the library
            # would cut the positions apart with the rows.
            if unsloth or self.args.n_gpu > 1:
                library: Any = super()
                return library.compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return answer_loss(model, inputs, num_items_in_batch)

    everywhere = unsloth or torch.cuda.device_count() > 1
    read = max(len(row.labels) if everywhere else sum(label != IGNORED for label in row.labels) for row in train.rows)
    options = trainer_options(job, train.rows, model, read=read)
    rows, seen = (
        Dataset.from_list([{"input_ids": row.input_ids, "labels": row.labels} for row in part.rows])
        for part in (train, validation)
    )
    trainer = Trainer(
        model=model,
        # All rows are short enough; a limit of TRL's own would cut or drop them in silence.
        args=SFTConfig(
            **options, metric_for_best_model="loss", greater_is_better=False, max_length=None, packing=False
        ),
        train_dataset=rows,
        eval_dataset=seen,
        processing_class=tokenizer,
        data_collator=partial(collate, tokenizer.pad_token_id),
    )
    trainer.settle(
        train.rows, job, lambda current: measure(current, validation.rows, tokenizer.pad_token_id), callbacks(job)
    )
    return trainer


def measure(model: Any, rows: Sequence[Row], pad: int) -> Figures:
    """``loss`` and ``token_accuracy`` of the answers' tokens, and ``exact``, the share of answers that are all right.

    A token is right if it is the likeliest behind the right ones before it; where all are, plain greedy decoding would
    have written this very answer.
    """
    loss, right, tokens, exact = 0.0, 0, 0, 0
    width = min(8192, max(512, MEASURED_LOGITS // model.config.get_text_config().vocab_size))
    with evaluating(model):
        for chosen, batch in batches_by_length(rows, pad, width):
            labels = batch["labels"][:, 1:].to(model.device)
            at = (labels != IGNORED).any(0).nonzero()[:, 0]
            wanted = labels[:, at]
            logits = model(
                input_ids=batch["input_ids"].to(model.device), logits_to_keep=at, use_cache=False
            ).logits.float()
            counted = wanted != IGNORED
            hits = logits.argmax(-1).eq(wanted) | ~counted
            each = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="sum")
            loss += float(each)
            right += int((hits & counted).sum())
            tokens += int(counted.sum())
            exact += int(hits.all(1).sum())
            del chosen
    return {"loss": loss / tokens, "token_accuracy": right / tokens, "exact": exact / len(rows)}
