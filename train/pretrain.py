"""Training of the embedded bases from scratch: all parameters, on examples drawn anew at every step.

The examples of a step follow from the seed and the number of the step alone, so that a run goes on after a kill from
its last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from grader.modeling import encode, pick_device
from grader.prompts import Segment, extractor_response
from train.data import IGNORED
from train.loop import evaluating
from train.muon import Muon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

STATE, BEST = "pretraining.pt", "best.pt"
HALVES = torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001 there is no public name
"""Whether this processor multiplies bfloat16 itself: where it does not, float32 is six times as fast."""
POOL = 8
"""Batches that are drawn together and sorted by length, so that little of a batch is padding."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train. ``tokens`` are those of one step, padding included.

    With ``muon`` the matrices of the layers are trained by Muon, whose step costs a tenth as much again.
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


class Sized(Protocol):
    """A drawn example: its tokens are counted."""

    @property
    def ids(self) -> list[int]:
        """Its tokens."""


class Task(Protocol):
    """What is learned: rows to draw, and the loss of a batch of them."""

    model: Any

    def draw(self, drawn: random.Random) -> Sequence[Sized]:
        """Some rows, the same for the same state of ``drawn``."""

    def batch(self, rows: Sequence[Any]) -> dict[str, torch.Tensor]:
        """The rows as tensors, by name."""

    def loss(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The losses of a batch, by name; their sum is learned."""

    def modules(self) -> Sequence[torch.nn.Module]:
        """All that is trained, the model first."""

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """All that is trained, by name."""


class Row(NamedTuple):
    """One text, token by token, and what comes next, ``IGNORED`` where it carries no loss."""

    ids: list[int]
    labels: list[int]


class Transcription:
    """The extractor's base: a line, a line end, its equations."""

    def __init__(self, model: Any, tokenizer: Any, draw: Callable[[random.Random], tuple[str, Sequence[str]]]) -> None:
        self.model, self.tokenizer, self._draw = model, tokenizer, draw

    def draw(self, drawn: random.Random) -> list[Row]:
        """One line."""
        line, equations = self._draw(drawn)
        prompt = encode(self.tokenizer, [Segment("<bos>", control=True), Segment(line), Segment("\n")])
        answer = encode(self.tokenizer, extractor_response(equations))
        return [Row(prompt + answer, [*[IGNORED] * (len(prompt) - 1), *answer, IGNORED])]

    def batch(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Tokens and what comes next, each (B, T)."""
        ids = padded([row.ids for row in rows], self.tokenizer.pad_token_id)
        return {"ids": ids, "labels": padded([row.labels for row in rows])}

    def loss(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Cross-entropy of the answer's tokens alone."""
        labels = batch["labels"]
        hidden = self.model.model(input_ids=batch["ids"]).last_hidden_state
        wanted = labels != IGNORED
        return {"answer": functional.cross_entropy(self.model.lm_head(hidden[wanted]).float(), labels[wanted])}

    def modules(self) -> list[torch.nn.Module]:
        """The model."""
        return [self.model]

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The model's."""
        return dict(self.model.named_parameters())


def pretrain(
    task: Task,
    schedule: Schedule,
    folder: Path,
    *,
    aside: Sequence[Any] = (),
    workers: int = 0,
    say: Callable[[str], None] = print,
) -> None:
    """Train to the end of the schedule, from the last checkpoint in ``folder`` where there is one.

    With rows ``aside``, what is left is the checkpoint whose losses on them were the lowest, else the last one.
    ``workers`` processes draw the rows, 0: this one.
    """
    torch.manual_seed(schedule.seed)
    device = pick_device()
    for module in task.modules():
        module.to(device)
    parameters = task.parameters()
    optimizers = _optimizers(parameters, schedule)
    first = _resume(folder / STATE, parameters, optimizers, schedule)
    if not first:
        (folder / BEST).unlink(missing_ok=True)  # of another training
    began = time.monotonic()
    totals: dict[str, torch.Tensor] = {}
    for step, batch in zip(range(first, schedule.steps), _batches(task, schedule, first, workers), strict=False):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
        losses = _losses(task, batch, device)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for name, loss in losses.items():
            totals[name] = totals.get(name, 0) + loss.detach() / schedule.show_every
        if (step + 1) % schedule.show_every == 0:
            rate = (time.monotonic() - began) / (step + 1 - first)
            say(f"step {step + 1} of {schedule.steps}  {_shown(totals)}  {rate:.2f} s a step")
            totals = {}
        if (step + 1) % schedule.save_every == 0 or step + 1 == schedule.steps:
            if aside:  # before the state is saved: no checkpoint that a later run goes on from is left out
                with evaluating(task.model):
                    losses = _losses(task, task.batch(aside), device)
                best = _keep_if_better(folder / BEST, parameters, sum(map(float, losses.values())), step + 1)
                say(f"step {step + 1}, aside  {_shown(losses)}  (the best: step {best})")
            _save(folder / STATE, parameters, optimizers, schedule, step + 1)
    if aside and (folder / BEST).exists():
        _fill(parameters, torch.load(folder / BEST, weights_only=True, map_location="cpu")["parameters"])


def _losses(task: Task, batch: Mapping[str, torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    there = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
    with torch.autocast(device.type, torch.bfloat16, enabled=HALVES or device.type == "cuda"):
        return task.loss(there)


def _shown(losses: Mapping[str, torch.Tensor]) -> str:
    return "  ".join(f"{name} {float(value):.4f}" for name, value in losses.items())


class _Pools(Dataset[list[dict[str, torch.Tensor]]]):
    """The pools of a training, by number."""

    def __init__(self, task: Task, schedule: Schedule) -> None:
        self._task, self._schedule = task, schedule

    def __getitem__(self, number: int) -> list[dict[str, torch.Tensor]]:
        return [self._task.batch(rows) for rows in _pool(self._task, self._schedule, number)]


def _batches(task: Task, schedule: Schedule, first: int, workers: int) -> Iterator[dict[str, torch.Tensor]]:
    """The batches of the steps from ``first`` on: where a pool has fewer than ``POOL``, some come again."""
    numbers = range(first // POOL, -(-schedule.steps // POOL))
    more: dict[str, Any] = {"prefetch_factor": 4, "multiprocessing_context": "fork"} if workers else {}
    loader = DataLoader(
        _Pools(task, schedule), batch_size=None, sampler=numbers, num_workers=workers, collate_fn=_as_it_is, **more
    )
    for number, pool in zip(numbers, loader, strict=True):
        for step in range(max(first, number * POOL), (number + 1) * POOL):
            yield pool[step % POOL % len(pool)]


def _as_it_is(pool: Any) -> Any:
    return pool


def _optimizers(parameters: dict[str, torch.nn.Parameter], schedule: Schedule) -> list[torch.optim.Optimizer]:
    """One for the matrices, which decay, and one for vectors, which do not."""
    matrices = {n: p for n, p in parameters.items() if p.dim() == 2 and (".layers." in n or not schedule.muon)}
    others = [p for n, p in parameters.items() if n not in matrices]
    rate, decay, betas = schedule.learning_rate, schedule.weight_decay, (0.9, 0.98)
    first: torch.optim.Optimizer
    if schedule.muon:
        first = Muon(matrices.values(), lr=rate, weight_decay=decay)
    else:
        first = torch.optim.AdamW(matrices.values(), lr=rate, betas=betas, weight_decay=decay)
    return [first, torch.optim.AdamW(others, lr=rate, betas=betas, weight_decay=0.0)]


def _pool(task: Task, schedule: Schedule, number: int) -> list[list[Sized]]:
    """The next ``POOL`` batches: rows of like length together, in a random order."""
    drawn = random.Random(f"{schedule.seed}:{number}")
    rows: list[Sized] = []
    size = 0
    while size < schedule.tokens * POOL:
        for row in task.draw(drawn):
            rows.append(row)
            size += len(row.ids)
    rows.sort(key=lambda row: len(row.ids))
    batches: list[list[Sized]] = [[] for _ in range(POOL)]
    seen = 0
    for row in rows:
        batches[min(POOL - 1, seen * POOL // size)].append(row)
        seen += len(row.ids)
    batches = [batch for batch in batches if batch]
    drawn.shuffle(batches)
    return batches


def padded(rows: Sequence[Sequence[int]], fill: int = IGNORED) -> torch.Tensor:
    """The rows as one tensor (B, T), filled up on the right. A causal model needs no mask for what stands behind."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


def _save(path: Path, parameters: dict[str, Any], optimizers: Sequence[Any], schedule: Schedule, step: int) -> None:
    state = {
        "step": step,
        "schedule": _lasting(schedule),
        "parameters": {name: parameter.detach() for name, parameter in parameters.items()},
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    _write(path, state)


def _keep_if_better(path: Path, parameters: dict[str, Any], loss: float, step: int) -> int:
    """Keep the parameters if no checkpoint had a lower loss; the step of the best one.

    Raises ``FloatingPointError`` if the loss is no number.
    """
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss of the rows set aside is {loss} after step {step}")
    if path.exists():
        best = torch.load(path, weights_only=True, map_location="cpu")
        if best["step"] < step and loss >= best["loss"]:
            return int(best["step"])
    state = {"step": step, "loss": loss, "parameters": {name: one.detach() for name, one in parameters.items()}}
    _write(path, state)
    return step


def _write(path: Path, state: Any) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def _fill(parameters: dict[str, torch.nn.Parameter], kept: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(kept[name])


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
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["schedule"] != _lasting(schedule):
        raise ValueError(f"{path}: a training with another schedule; remove it to start over")
    _fill(parameters, state["parameters"])
    for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(kept)
    return int(state["step"])
