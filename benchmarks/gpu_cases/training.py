"""Steps of both recipes: LoRA on dense weights, QLoRA on NF4, and for Gemma Unsloth's own model."""

from __future__ import annotations

import os
import random
import tempfile
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from gpu_cases import bases, inputs
from gpu_cases.bench import Absent
from grader.modeling import bare, fuse_norms
from train.batches import LengthSampler, collate
from train.config import DEFAULTS
from train.data import IGNORED
from train.loop import casting
from train.loss import answer_loss
from train.low_rank import fuse_adapters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gpu_cases.bench import Bench

    Batch = dict[str, torch.Tensor]
    Loss = Callable[[Any, Batch], torch.Tensor]

STEPS, TINY_STEPS = 8, 2
CHECKED = 3
LINE, ANSWER = 45, 15
MANY_LINES = 256


class Way(NamedTuple):
    """One way to train: rows of an optimiser step, the loss, NF4 or not, layers computed again for gradients or not.

    ``parts`` are the batches that a step is cut into, as the recipe's accumulation does where memory is small.
    """

    name: str
    batch: int
    loss: Loss
    small: bool = False
    checkpointing: bool = False
    parts: int = 1


def classifier(bench: Bench) -> None:
    """The classifier's recipe: LoRA on every linear layer, 32 solutions an optimiser step, with and without NF4."""
    parts = 2 if bench.tiny else DEFAULTS["classifier"].accumulate
    batch = 4 if bench.tiny else DEFAULTS["classifier"].batch * parts
    cut = f", in batches of {batch // parts}"
    rows = _solutions(batch * (TINY_STEPS if bench.tiny else STEPS))
    again = ", layers computed again for the gradients"
    for way in (
        Way("LoRA on dense weights", batch, _own_loss),
        Way("QLoRA on NF4", batch, _own_loss, small=True),
        Way(f"QLoRA on NF4{again}", batch, _own_loss, small=True, checkpointing=True),
        Way(f"LoRA on dense weights{again}", batch, _own_loss, checkpointing=True),
        Way(f"LoRA on dense weights{cut}", batch, _own_loss, parts=parts),
        Way(f"QLoRA on NF4{cut}", batch, _own_loss, small=True, parts=parts),
    ):
        with bench.part(way.name):
            _measure(bench, bases.phi(bench), rows, way)


def extractor(bench: Bench) -> None:
    """The extractor's recipe: LoRA on its projections, 32 lines a step, with logits of all positions and of answers."""
    batch, many = (4, 8) if bench.tiny else (DEFAULTS["extractor"].batch, MANY_LINES)
    for way in (
        Way("logits of answers", batch, answer_loss),
        Way(f"logits of answers, {many} lines a step", many, answer_loss),
        Way("logits of every position", batch, _every_loss),
        Way("logits of answers, QLoRA on NF4", batch, answer_loss, small=True),
    ):
        with bench.part(way.name):
            rows = _lines(way.batch * (TINY_STEPS if bench.tiny else STEPS))
            _measure(bench, bases.gemma(bench), rows, way)


def unsloth(bench: Bench) -> None:
    """Unsloth's Gemma over the same base, saved to a folder for it to load; its loss is its own and is not checked.

    It compiles its blocks, unless ``UNSLOTH_BLOCK_COMPILE`` is 0: what that takes is in the seconds of the first steps.
    Skipped without Unsloth, or without a GPU, which it needs.
    """
    compiled = "" if os.environ.get("UNSLOTH_BLOCK_COMPILE") == "0" else ", its blocks compiled"
    with bench.part("Unsloth"):
        if find_spec("unsloth") is None:
            raise Absent("unsloth is not installed")
        if not bench.cuda:
            raise Absent("unsloth trains on a GPU only")
        from unsloth import FastModel

        model = bases.gemma(bench)
        weights = bases.block_weights(model)
        batch = DEFAULTS["extractor"].batch
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            bases.loaded(bench, "extractor", model).tokenizer.save_pretrained(folder)
            del model
            base, _ = FastModel.from_pretrained(folder, max_seq_length=512, dtype=bench.dtype, load_in_4bit=False)
            adapted = FastModel.get_peft_model(base, r=16, lora_alpha=32, use_gradient_checkpointing=False)
        for count in (batch, MANY_LINES):
            way = Way(f"Unsloth, LoRA, {count} lines a step{compiled}", count, _own_loss)
            _time(bench, adapted.train(), _lines(count * STEPS), way, weights)


def _measure(bench: Bench, model: Any, rows: Sequence[dict[str, Any]], way: Way) -> None:
    """Check the gradients of a batch, then time optimiser steps over batches of rows of like length."""
    weights = bases.block_weights(model)
    if way.small:
        bases.quantise(model, bench.dtype)
    fuse_norms(model)
    adapted = bases.with_lora(model, trainable=True)
    fuse_adapters(adapted)
    _shake(adapted)
    with casting(adapted, on=not bench.cuda):
        _check(bench, adapted, rows[:CHECKED], way)
        if way.checkpointing:
            adapted.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        _time(bench, adapted, rows, way, weights)


def _time(bench: Bench, adapted: Any, rows: Sequence[dict[str, Any]], way: Way, weights: int) -> None:
    """The bound counts the passes over the frozen weights: forward, gradients of inputs, the forward if repeated."""
    optimizer = torch.optim.AdamW([one for one in adapted.parameters() if one.requires_grad], lr=1e-4, fused=True)
    batches = list(_batches(bench, rows, way.batch, way.parts))

    def work() -> None:
        for number, one in enumerate(batches, 1):
            with _mixed(bench):
                found = way.loss(adapted, one) / way.parts
            found.backward()
            if number % way.parts == 0:
                optimizer.step()
                optimizer.zero_grad()

    began = time.perf_counter()
    work()
    bench.wait()
    first = time.perf_counter() - began
    seconds = bench.timed(work, repeats=3, warm=0)
    tokens = sum(len(row["input_ids"]) for row in rows)
    products = bases.flop(weights, bare(adapted).config, tokens, tokens / len(rows) / 2)
    bench.row(
        way.name,
        seconds=seconds,
        bound=(3 if way.checkpointing else 2) * products / bench.matrix,
        tokens_a_second=tokens / seconds,
        first_seconds=first,
        steps=len(batches) // way.parts,
        padding=1 - tokens / sum(one["input_ids"].numel() for one in batches),
    )


def _check(bench: Bench, adapted: Any, rows: Sequence[dict[str, Any]], way: Way) -> None:
    """Hold the gradients of a padded batch against the mean of those of its rows alone, in float32 without padding.

    Every row weighs by its labels, as it does in the batch.
    """
    adapted.eval()  # without dropout, which would be drawn otherwise
    alone = [_on(bench, collate(0, [row])) for row in rows]
    shares = [int((one["labels"] != IGNORED).sum()) for one in alone]
    together = [_on(bench, collate(0, rows))]
    with _mixed(bench):
        found = _gradients(adapted, together, [1], way.loss)
        with bases.plain(adapted), casting(adapted, on=True):
            plain = _gradients(adapted, alone, shares, way.loss)
    reference = bases.exact(adapted)
    wanted = _gradients(reference, alone, shares, way.loss)
    adapted.train()
    bench.check(way.name, found, plain, wanted)


def _gradients(model: Any, batches: Sequence[Batch], shares: Sequence[int], loss: Loss) -> torch.Tensor:
    for batch, share in zip(batches, shares, strict=True):
        (loss(model, batch) * share / sum(shares)).backward()
    weights = [one for _, one in sorted(model.named_parameters()) if one.requires_grad]
    found = torch.cat([one.grad.float().flatten().cpu() for one in weights if one.grad is not None])
    model.zero_grad()
    return found


def _mixed(bench: Bench) -> torch.autocast:
    """The number format of the products as the Trainer has it: adapters are float32, and multiply in bfloat16."""
    return torch.autocast(bench.device.type, torch.bfloat16, enabled=bench.cuda)


def _shake(adapted: Any) -> None:
    """Move the adapter off its beginning, where half of its gradients are zero."""
    torch.manual_seed(2)
    for name, weight in adapted.named_parameters():
        if ".lora_B" in name:
            weight.data.normal_(0, 0.02)


def _own_loss(model: Any, batch: Batch) -> torch.Tensor:
    """The loss that the model computes."""
    loss: torch.Tensor = model(**batch, use_cache=False).loss
    return loss


def _every_loss(model: Any, batch: Batch) -> torch.Tensor:
    """The loss as the library computes it, with the logits of all positions."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    wanted = batch["labels"][:, 1:].flatten()
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), wanted, ignore_index=IGNORED)


def _batches(bench: Bench, rows: Sequence[dict[str, Any]], batch: int, parts: int) -> Iterator[Batch]:
    order = list(LengthSampler([len(row["input_ids"]) for row in rows], batch, 0))
    size = batch // parts
    for at in range(0, len(order), size):
        yield _on(bench, collate(0, [rows[index] for index in order[at : at + size]]))


def _on(bench: Bench, batch: Batch) -> Batch:
    return {name: value.to(bench.device) for name, value in batch.items()}


def _lines(count: int) -> list[dict[str, Any]]:
    """Prompts and answers of lines, 60 tokens on the mean; the prompt carries no loss."""
    rng, rows = random.Random(0), []
    for _ in range(count):
        prompt, answer = (inputs.tokens(round(size * rng.uniform(0.5, 1.5)), 2048, rng) for size in (LINE, ANSWER))
        rows.append({"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer})
    return rows


def _solutions(count: int) -> list[dict[str, Any]]:
    """Solutions read at the ends of five lines, one of which carries no loss."""
    rng, rows = random.Random(0), []
    for length in inputs.lengths(count):
        ids = inputs.tokens(length, 2048, rng)
        labels = [rng.randrange(2) for _ in range(4)]
        reads = [length * part // 5 - 1 for part in range(1, 6)]
        rows.append({"input_ids": ids, "labels": [*labels, IGNORED], "readouts": reads})
    return rows
