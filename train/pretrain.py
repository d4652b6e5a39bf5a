"""Training of the embedded bases from scratch: all parameters, on examples drawn anew at every step.

The examples of a step follow from the seed and the number of the step alone, so that a run goes on after a kill from
its last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional

from grader.modeling import encode
from grader.prompts import Segment, classifier_prompt, extractor_response
from train.data import IGNORED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from train.data import ClassifierExample

STATE = "pretraining.pt"
POOL = 8
"""Batches that are drawn together and sorted by length, so that little of a batch is padding."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train. ``tokens`` are those of one step, padding included.

    With ``muon`` the matrices of the layers are trained by Muon, whose step costs half as much again on a CPU.
    """

    steps: int
    tokens: int = 6_000
    learning_rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.05
    seed: int = 0
    muon: bool = False
    save_every: int = 100
    show_every: int = 20

    def rate(self, step: int) -> float:
        """Linear warm-up, a long level stretch, then linearly down over the last third.

        A level stretch lets a run be made longer or shorter while it is under way.
        """
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        left = (self.steps - step) / (self.steps / 3)
        return self.learning_rate * max(0.02, min(1.0, left))


@dataclass(frozen=True)
class Row:
    """One example, token by token: what comes next and what the verdict is, ``IGNORED`` where it carries no loss."""

    ids: list[int]
    labels: list[int]
    verdicts: list[int]


class Task(Protocol):
    """What is learned: rows to draw, and the loss of a batch of them."""

    def draw(self, drawn: random.Random) -> list[Row]:
        """Some rows, the same for the same state of ``drawn``."""

    def loss(self, ids: torch.Tensor, labels: torch.Tensor, verdicts: torch.Tensor) -> dict[str, torch.Tensor]:
        """The losses of a batch, all (B, T), by name; their sum is learned."""

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """All that is trained, by name."""


class Transcription:
    """The extractor's base: a line, a line end, its equations."""

    def __init__(self, model: Any, tokenizer: Any, draw: Callable[[random.Random], tuple[str, Sequence[str]]]) -> None:
        self.model, self.tokenizer, self._draw = model, tokenizer, draw

    def draw(self, drawn: random.Random) -> list[Row]:
        """One line."""
        line, equations = self._draw(drawn)
        prompt = encode(self.tokenizer, [Segment("<bos>", control=True), Segment(line), Segment("\n")])
        answer = encode(self.tokenizer, extractor_response(equations))
        ids = prompt + answer
        labels = [*[IGNORED] * (len(prompt) - 1), *answer, IGNORED]
        return [Row(ids, labels, [])]

    def loss(self, ids: torch.Tensor, labels: torch.Tensor, verdicts: torch.Tensor) -> dict[str, torch.Tensor]:
        """Cross-entropy of the answer's tokens alone."""
        del verdicts
        hidden = self.model.model(input_ids=ids).last_hidden_state
        wanted = labels != IGNORED
        return {"answer": functional.cross_entropy(self.model.lm_head(hidden[wanted]).float(), labels[wanted])}

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The model's."""
        return dict(self.model.named_parameters())


class Judgement:
    """The classifier's base: correct solutions token by token, and the verdict at the end of every line.

    The head that reads the verdict is thrown away: ``train-adapters`` trains its own.
    """

    TEXT = 0.3
    """Weight of the tokens beside the verdicts."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        draw: Callable[[random.Random], Sequence[ClassifierExample]],
    ) -> None:
        self.model, self.tokenizer, self._draw = model, tokenizer, draw
        self.head = torch.nn.Linear(model.config.hidden_size, 2)

    def draw(self, drawn: random.Random) -> list[Row]:
        """A pair."""
        return [self._row(example) for example in self._draw(drawn)]

    def _row(self, example: ClassifierExample) -> Row:
        prompt = classifier_prompt(example.problem, example.lines)
        ids = encode(self.tokenizer, prompt.head)
        text, verdicts = [IGNORED] * len(ids), [IGNORED] * len(ids)
        for line, label in zip(prompt.lines, example.labels(), strict=True):
            tokens = encode(self.tokenizer, line)
            text += [IGNORED if example.flawed else token for token in tokens]
            verdicts += [*[IGNORED] * (len(tokens) - 1), label]
            ids += tokens
        return Row(ids, [*text[1:], IGNORED], verdicts)

    def loss(self, ids: torch.Tensor, labels: torch.Tensor, verdicts: torch.Tensor) -> dict[str, torch.Tensor]:
        """Cross-entropy of the verdicts, and of the correct solutions' tokens by ``TEXT``."""
        hidden = self.model.model(input_ids=ids).last_hidden_state
        text, read = labels != IGNORED, verdicts != IGNORED
        tokens = functional.cross_entropy(self.model.lm_head(hidden[text]).float(), labels[text])
        verdict = functional.cross_entropy(self.head(hidden[read]).float(), verdicts[read])
        return {"verdict": verdict, "text": self.TEXT * tokens}

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The model's and the head's."""
        return {**dict(self.model.named_parameters()), "head.weight": self.head.weight, "head.bias": self.head.bias}


def pretrain(task: Task, schedule: Schedule, folder: Path, *, pad: int, say: Callable[[str], None] = print) -> None:
    """Train to the end of the schedule, from the last checkpoint in ``folder`` where there is one."""
    torch.manual_seed(schedule.seed)
    parameters = task.parameters()
    optimizers = _optimizers(parameters, schedule)
    first = _resume(folder / STATE, parameters, optimizers, schedule)
    began = time.monotonic()
    totals: dict[str, float] = {}
    pool: list[list[Row]] = []
    for step in range(first, schedule.steps):
        if step % POOL == 0 or not pool:
            pool = _pool(task, schedule, step // POOL)
        ids, labels, verdicts = _batch(pool[step % POOL % len(pool)], pad)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
        with torch.autocast(ids.device.type, torch.bfloat16):
            losses = task.loss(ids, labels, verdicts)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for name, loss in losses.items():
            totals[name] = totals.get(name, 0.0) + loss.item() / schedule.show_every
        if (step + 1) % schedule.show_every == 0:
            rate = (time.monotonic() - began) / (step + 1 - first)
            shown = "  ".join(f"{name} {value:.4f}" for name, value in totals.items())
            say(f"step {step + 1} of {schedule.steps}  {shown}  {rate:.2f} s a step")
            totals = {}
        if (step + 1) % schedule.save_every == 0 or step + 1 == schedule.steps:
            _save(folder / STATE, parameters, optimizers, schedule, step + 1)


def _optimizers(parameters: dict[str, torch.nn.Parameter], schedule: Schedule) -> list[torch.optim.Optimizer]:
    """One for the matrices, which decay, and one for vectors, which do not."""
    matrices = {n: p for n, p in parameters.items() if p.dim() == 2 and (".layers." in n or not schedule.muon)}
    others = [p for n, p in parameters.items() if n not in matrices]
    rate, decay, betas = schedule.learning_rate, schedule.weight_decay, (0.9, 0.98)
    first: torch.optim.Optimizer
    if schedule.muon:
        first = torch.optim.Muon(matrices.values(), lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
    else:
        first = torch.optim.AdamW(matrices.values(), lr=rate, betas=betas, weight_decay=decay)
    return [first, torch.optim.AdamW(others, lr=rate, betas=betas, weight_decay=0.0)]


def _pool(task: Task, schedule: Schedule, number: int) -> list[list[Row]]:
    """The next ``POOL`` batches: rows of like length together, in a random order."""
    drawn = random.Random(f"{schedule.seed}:{number}")
    rows: list[Row] = []
    size = 0
    while size < schedule.tokens * POOL:
        for row in task.draw(drawn):
            rows.append(row)
            size += len(row.ids)
    rows.sort(key=lambda row: len(row.ids))
    batches: list[list[Row]] = [[] for _ in range(POOL)]
    seen = 0
    for row in rows:
        batches[min(POOL - 1, seen * POOL // size)].append(row)
        seen += len(row.ids)
    batches = [batch for batch in batches if batch]
    drawn.shuffle(batches)
    return batches


def _batch(rows: Sequence[Row], pad: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Right-padded tensors: tokens, labels, verdicts, each (B, T). A causal model needs no mask for padding behind."""
    width = max(len(row.ids) for row in rows)

    def padded(values: list[int], fill: int) -> list[int]:
        return values + [fill] * (width - len(values))

    return (
        torch.tensor([padded(row.ids, pad) for row in rows]),
        torch.tensor([padded(row.labels, IGNORED) for row in rows]),
        torch.tensor([padded(row.verdicts, IGNORED) for row in rows]),
    )


def _save(path: Path, parameters: dict[str, Any], optimizers: Sequence[Any], schedule: Schedule, step: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step,
        "schedule": _lasting(schedule),
        "parameters": {name: parameter.detach() for name, parameter in parameters.items()},
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def _lasting(schedule: Schedule) -> str:
    """What must not change between two parts of one training."""
    kept = (
        schedule.tokens,
        schedule.learning_rate,
        schedule.warmup,
        schedule.weight_decay,
        schedule.seed,
        schedule.muon,
    )
    return json.dumps(kept)


def _resume(path: Path, parameters: dict[str, Any], optimizers: Sequence[Any], schedule: Schedule) -> int:
    """Load the last checkpoint, if there is one of the same schedule; the step to go on from."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["schedule"] != _lasting(schedule):
        raise ValueError(f"{path}: a training with another schedule; remove it to start over")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state["parameters"][name])
    for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(kept)
    return int(state["step"])
