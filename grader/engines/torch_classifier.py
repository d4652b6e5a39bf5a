"""The classifier engine: one forward a solution, the head read at the end of every line."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch

from grader.engines.beginnings import Beginnings, blocks_of
from grader.lines import split_lines, without_annotations
from grader.modeling import (
    Stream,
    bare,
    encode_solutions,
    fuse_mlps,
    fuse_norms,
    lanes_of,
    one_core_each,
    rotate_in_place,
    turn_as_in_short_texts,
    upload,
    use_grouped_attention,
)
from grader.types import Classification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.engines.beginnings import Block
    from grader.modeling import EncodedSolution, Loaded
    from grader.types import Solution

BATCH_TOKENS = {"cpu": 1_024, "cuda": 8_192}
"""Tokens of a batch, padding included. More are no faster on a GPU, and the longer rows of a batch pad the shorter."""
PART = 32
"""Most rows that a lane is given at a time: few, so that all lanes end at about the same time."""
AT_ONCE = 2
"""Batches that a GPU is given before the answers of the first are fetched."""
FLAWED = 1
"""Index of the label (source: the manifest's ``labels``)."""


class TorchClassifier:
    """Implements ``engines.Classifier`` with a loaded model.

    Solutions of like length share a batch. Batch, order and padding change a probability by less than 1e-5 on a CPU in
    float32. Where a GPU's memory does not hold a batch, it is halved, and so is every later one.

    A small model on a CPU is given ``lanes`` batches at once, by itself as many as it may use threads; how many changes
    nothing. With 0, and where the model is large or on a GPU, one batch has all threads. A GPU has its next batch
    while it is at one. With ``beside`` it works beside other engines on the same GPU, in a queue of its own.

    With ``share_problems`` what the solutions of one problem begin with is computed once for them.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        batch_tokens: int | None = None,
        share_problems: bool = True,
        lanes: int | None = None,
        beside: bool = False,
    ) -> None:
        self._loaded = loaded
        self.batch_tokens = batch_tokens or BATCH_TOKENS[loaded.device.type]
        self._share = share_problems
        self.counts: Counter[str] = Counter()
        """Forwards, and the positions that they computed, padding included."""
        self._counting = Lock()
        use_grouped_attention(bare(loaded.model).backbone)
        rotate_in_place(bare(loaded.model).backbone)
        turn_as_in_short_texts(bare(loaded.model).backbone)
        if loaded.device.type == "cuda":
            fuse_norms(loaded.model)
            fuse_mlps(loaded.model)
        self._lanes = lanes_of(bare(loaded.model).backbone.config, loaded.device) if lanes is None else lanes
        self._stream = Stream(loaded.device) if beside else nullcontext

    @property
    def model(self) -> Any:
        """The loaded model."""
        return self._loaded.model

    def identity(self) -> dict[str, Any]:
        """Base, adapter's hash, prompt version, number format, temperature, and whether plain text is all it knows."""
        scope = {"plain_text": True} if self.plain_text else {}
        return {**self._loaded.identity, "temperature": self._loaded.manifest.temperature, **scope}

    @property
    def plain_text(self) -> bool:
        """Whether it was made for plain text alone, as the manifest says."""
        return self._loaded.manifest.plain_text

    @property
    def threshold(self) -> float:
        """The P(flawed) from which the adapter's maker calls a solution flawed."""
        return self._loaded.manifest.threshold

    def classify(self, solutions: Sequence[Solution]) -> list[Classification]:
        """Calibrated P(flawed) of each solution, whole and at the end of each line that was read, in their order."""
        encoded = encode_solutions(
            self._loaded.tokenizer,
            [(solution.problem, _lines(solution)) for solution in solutions],
            self._loaded.manifest.prompt_version,
            self._loaded.max_tokens,
        )
        with self._stream():
            self._loaded.come()
            answers = self._answers(encoded, [solution.problem for solution in solutions])
        running = self._loaded.manifest.prompt_version > 0  # version 0 was trained on whole solutions only
        return [
            Classification(answer[-1], tuple(answer) if running else (), row.truncated)
            for answer, row in zip(answers, encoded, strict=True)
        ]

    def _answers(self, rows: Sequence[EncodedSolution], problems: Sequence[str]) -> list[list[float]]:
        """P(flawed) at the read-outs of each row."""
        answers: list[list[float]] = [[] for _ in rows]
        blocks = blocks_of(rows, problems, share=self._share, tokens=self.batch_tokens)
        if self._lanes:
            parts = [part for block in blocks for part in block.parts(PART)]
            with one_core_each(self._lanes) as pool:
                for _ in pool.map(lambda part: self._answer(rows, [part], answers), parts):
                    pass
        else:
            self._answer(rows, blocks, answers)
        return answers

    def _answer(self, rows: Sequence[EncodedSolution], blocks: Sequence[Block], answers: list[list[float]]) -> None:
        """Fill in the answers of some blocks."""
        device = _Device(rows, answers)
        for block in blocks:
            self._answer_block(rows, block, device)
        device.make_room(0)

    def _answer_block(self, rows: Sequence[EncodedSolution], block: Block, device: _Device) -> None:
        """Give the batches of a block to the device; the longest rows first, so that a lack of memory shows at once."""
        beginnings = self._begin(rows, block, device) if block.length else None
        beginning_of = {index: number for number, group in enumerate(block.groups) for index in group}
        waiting = sorted(block.rows, key=lambda index: len(rows[index].ids))
        while waiting:
            longest = len(rows[waiting[-1]].ids) - (beginnings.length if beginnings else 0)
            batch = waiting[-max(1, self.batch_tokens // longest) :]
            if beginnings:
                beginnings.choose(upload([beginning_of[index] for index in batch], self._loaded.device))
            inputs = self._inputs([rows[index] for index in batch], beginnings)
            device.make_room()
            found = self._attempt(inputs, beginnings)
            if found is None:
                torch.cuda.empty_cache()
                if len(batch) == 1:
                    beginnings = None  # the memory that they take may be what the row lacks
                else:
                    self.batch_tokens = max(1, len(batch) // 2) * longest
                continue
            device.is_at(batch, found)
            del waiting[-len(batch) :]

    def _begin(self, rows: Sequence[EncodedSolution], block: Block, device: _Device) -> Beginnings | None:
        """The keys and values of the block's beginnings, or None where the memory does not hold them."""
        beginnings = Beginnings(block.length)
        ids = upload([rows[group[0]].ids[: block.length] for group in block.groups], self._loaded.device)
        device.make_room()
        try:
            logits = self._model({"input_ids": ids, "readouts": torch.zeros_like(ids[:, :1])}, beginnings)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            return None
        device.is_at([], logits)
        return beginnings

    def _inputs(self, rows: Sequence[EncodedSolution], beginnings: Beginnings | None) -> dict[str, torch.Tensor]:
        """One padded batch on the device; no token of a causal model sees padding on its right."""
        start = beginnings.length if beginnings else 0
        ids = _padded([row.ids[start:] for row in rows], self._loaded.tokenizer.pad_token_id or 0)
        readouts = _padded([[at - start for at in row.readouts] for row in rows], 0)
        return {name: upload(one, self._loaded.device) for name, one in (("input_ids", ids), ("readouts", readouts))}

    def _attempt(self, inputs: dict[str, torch.Tensor], beginnings: Beginnings | None) -> torch.Tensor | None:
        """What the forward gives, or None where the memory does not hold these rows; one row must fit."""
        try:
            return self._forward(inputs, beginnings)
        except torch.OutOfMemoryError as error:
            rows, tokens = inputs["input_ids"].shape
            if rows == 1 and beginnings is None:
                raise RuntimeError(
                    f"a solution of {tokens} tokens does not fit the memory of the GPU; "
                    "use --quantization nf4 or --device cpu"
                ) from error
        return None

    def _forward(self, inputs: dict[str, torch.Tensor], beginnings: Beginnings | None) -> torch.Tensor:
        """P(flawed) of a batch, (rows, read-outs)."""
        logits = self._model(inputs, beginnings)
        return torch.softmax(logits / self._loaded.manifest.temperature, dim=-1)[..., FLAWED].contiguous()

    @torch.inference_mode()
    def _model(self, inputs: dict[str, torch.Tensor], beginnings: Beginnings | None) -> torch.Tensor:
        """The logits (rows, read-outs, 2)."""
        with self._counting:
            self.counts.update(forwards=1, positions=inputs["input_ids"].numel())
        more = {"beginnings": beginnings} if beginnings else {}
        logits: torch.Tensor = self._loaded.model(**inputs, **more).logits
        return logits


class _Device:
    """The batches that the device is at: at most ``AT_ONCE``, whose answers come back in their order.

    While it is at one it has the next, so that it never rests for the host. More of them would fill its queue of some
    thousand steps, and whoever waits to add to a full queue may keep other threads from adding to theirs.
    """

    def __init__(self, rows: Sequence[EncodedSolution], answers: list[list[float]]) -> None:
        self._rows = rows
        self._answers = answers
        self._under_way: deque[tuple[list[int], torch.Tensor, Any]] = deque()

    def is_at(self, batch: list[int], flawed: torch.Tensor) -> None:
        """Note a batch, as indices of rows, and P(flawed) of it to come, (rows, read-outs); beginnings have no rows."""
        done = None
        found = flawed.to("cpu", non_blocking=True)  # into memory that is not paged
        if flawed.is_cuda:
            done = torch.cuda.Event()  # type: ignore[no-untyped-call]
            done.record()
        self._under_way.append((batch, found, done))

    def make_room(self, most: int = AT_ONCE - 1) -> None:
        """Wait until no more than so many batches are under way, and fill in the answers of the others."""
        while len(self._under_way) > most:
            batch, found, done = self._under_way.popleft()
            if done is not None:
                done.synchronize()
            for index, answer in zip(batch, found[: len(batch)].tolist(), strict=True):
                self._answers[index] = answer[: len(self._rows[index].readouts)]


def _lines(solution: Solution) -> list[str]:
    return [without_annotations(line.text) for line in split_lines(solution.solution or "")]


def _padded(rows: Sequence[list[int]], filler: int) -> list[list[int]]:
    """The rows, the shorter ones filled up on the right."""
    width = max(map(len, rows))
    return [row + [filler] * (width - len(row)) for row in rows]
