"""The classifier's training: a backbone with a head that says correct or flawed at the end of every line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import Trainer, TrainingArguments

from grader.modeling import GPTSequenceClassifier, load_tokenizer, pick_device, pick_dtype
from grader.modeling.adapting import HEAD, lora_targets
from train.batches import batches_by_length, collate
from train.calibrate import (
    auroc,
    calibration_error,
    choose_threshold,
    class_f1,
    fit_temperature,
    probabilities,
)
from train.checkpoints import claim
from train.data import IGNORED
from train.encoding import classifier_rows
from train.job import save_adapter, told
from train.loop import OwnTrainer, adapt, bare_base, callbacks, evaluating, lora, trainer_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.config import Recipe
    from train.data import ClassifierExample
    from train.encoding import Encoded, Row
    from train.job import Figures, Job

MEASURED_TOKENS = 8192


class OwnClassifierTrainer(OwnTrainer, Trainer):  # type: ignore[misc]
    """The Trainer of transformers with our order of rows and our evaluation."""


def train_classifier(job: Job) -> dict[str, Any]:
    """Train, calibrate, save the best adapter as ``job.folder``, and give the entry of the report."""
    recipe, device = job.recipe, pick_device()
    checkpoint = claim(job)
    tokenizer = load_tokenizer(recipe.base, recipe.revision)
    whole = recipe.labels == "whole"
    train, validation, heldout = (
        classifier_rows(tokenizer, part, recipe.max_tokens, whole=whole, version=recipe.prompt_version)
        for part in job.split
    )
    model = adapted_classifier(recipe, pick_dtype(device, "classifier"), device)
    pad = tokenizer.pad_token_id

    trainer = build_trainer(job, model, pad, train, validation)
    trainer.train(resume_from_checkpoint=checkpoint)

    seen = margins(model, validation.rows, pad)
    temperature = fit_temperature([row[-1] for row in seen], flawed(validation.rows))
    threshold = choose_threshold(
        probabilities([row[-1] for row in seen], temperature), flawed(validation.rows), recipe.false_alarms
    )
    measured = partial(figures, rows=heldout.rows, examples=job.split.heldout)
    after = margins(model, heldout.rows, pad)
    with model.disable_adapter():
        before = margins(model, heldout.rows, pad)
    table = {
        "untrained": measured(before),
        "uncalibrated": measured(after),
        "trained": measured(after, temperature=temperature, threshold=threshold),
    }
    save_adapter(job, model, temperature=temperature, threshold=threshold)
    parts = {"train": train, "validation": validation, "heldout": heldout}
    calibration = {"temperature": temperature, "threshold": threshold}
    return {"trainer": "transformers", **calibration, **told(job, trainer, parts, table)}


def adapted_classifier(recipe: Recipe, dtype: torch.dtype, device: torch.device) -> Any:
    """The base without its LM head, a fresh adapter on every linear layer of its blocks, and a head trained in full."""
    backbone = bare_base("classifier", recipe, dtype, device)
    torch.manual_seed(recipe.seed)
    model = GPTSequenceClassifier(backbone)
    return adapt(model, lora(recipe, target_modules=lora_targets(model), modules_to_save=[HEAD]))


def build_trainer(job: Job, model: Any, pad: int, train: Encoded, validation: Encoded) -> OwnClassifierTrainer:
    """The Trainer over our rows. Read-outs weigh alike, in whatever batch of an optimiser step they stand."""
    trainer = OwnClassifierTrainer(
        model=model,
        args=TrainingArguments(
            **trainer_options(job, train.rows, model), metric_for_best_model="accuracy", greater_is_better=True
        ),
        train_dataset=[row._asdict() for row in train.rows],
        eval_dataset=[row._asdict() for row in validation.rows],
        data_collator=partial(collate, pad),
        compute_loss_func=_loss,
    )

    def measure(current: Any) -> Figures:
        found = figures(margins(current, validation.rows, pad), validation.rows, job.split.validation)
        return {name: value for name, value in found.items() if name in ("loss", "accuracy", "auroc")}

    trainer.settle(train.rows, job, measure, callbacks(job))
    return trainer


def _loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross-entropy over the labelled read-outs, divided by their number in the whole optimiser step."""
    total = torch.nn.functional.cross_entropy(
        outputs["logits"].flatten(0, -2), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return total / ((labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch)


def margins(model: Any, rows: Sequence[Row], pad: int) -> list[list[float]]:
    """The logit of flawed minus that of correct at every read-out of every row."""
    found: list[list[float]] = [[] for _ in rows]
    with evaluating(model):
        for chosen, batch in batches_by_length(rows, pad, MEASURED_TOKENS):
            inputs = {name: value.to(model.device) for name, value in batch.items() if name != "labels"}
            logits = model(**inputs).logits.double().cpu()
            for index, margin in zip(chosen, (logits[..., 1] - logits[..., 0]).tolist(), strict=True):
                found[index] = margin[: len(rows[index].readouts)]
    return found


def flawed(rows: Sequence[Row]) -> Any:
    """Whether each row's solution is flawed, bool (rows,): the label of its last read-out."""
    return np.asarray([row.labels[-1] == 1 for row in rows])


def figures(
    found: Sequence[Sequence[float]],
    rows: Sequence[Row],
    examples: Sequence[ClassifierExample],
    *,
    temperature: float = 1.0,
    threshold: float = 0.5,
) -> Figures:
    """The figures of the margins of some rows.

    ``loss`` is the mean cross-entropy over labelled read-outs; ``accuracy``, ``auroc``, ``f1`` (of flawed), ``ece`` and
    ``false_alarms`` (the share of correct ones called flawed) judge whole solutions; ``first_error_line`` is the share
    of flawed solutions at whose labelled line the verdict first crosses the threshold, or is highest if it never does.
    """
    truth = flawed(rows)
    flaw = probabilities([row[-1] for row in found], temperature)
    pairs = [
        (margin, label)
        for margin_row, row in zip(found, rows, strict=True)
        for margin, label in zip(margin_row, row.labels, strict=True)
        if label != IGNORED
    ]
    signed = np.asarray([margin if label else -margin for margin, label in pairs]) / temperature
    lines = [
        _first_line(margin_row, temperature, threshold) == line
        for margin_row, row in zip(found, rows, strict=True)
        if (line := examples[row.example].first_error_line) is not None
    ]
    return {
        "loss": float(np.logaddexp(0, -signed).mean()),
        "accuracy": float(((flaw >= threshold) == truth).mean()),
        "auroc": auroc(flaw, truth),
        "f1": class_f1(flaw >= threshold, truth),
        "ece": calibration_error(flaw, truth),
        "false_alarms": float((flaw >= threshold)[~truth].mean()) if not truth.all() else None,
        "first_error_line": sum(lines) / len(lines) if lines else None,
    }


def _first_line(margin_row: Sequence[float], temperature: float, threshold: float) -> int:
    running = probabilities(margin_row, temperature)
    crossed = np.nonzero(running >= threshold)[0]
    return int(crossed[0] if len(crossed) else running.argmax()) + 1
