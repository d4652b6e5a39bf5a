"""The classifier engine: one forward a solution, the head read at the end of every line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from grader.lines import split_lines, without_annotations
from grader.modeling import encode_solutions, use_threads
from grader.types import Classification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.modeling import EncodedSolution, Loaded
    from grader.types import Solution

BATCH_TOKENS = {"cpu": 4_096, "cuda": 65_536}
"""Tokens of a batch, padding included."""
FLAWED = 1
"""Index of the label (source: the manifest's ``labels``)."""


class TorchClassifier:
    """Implements ``engines.Classifier`` with a loaded model.

    Solutions of like length share a batch. Batch, order and padding change a probability by less than 1e-5 on a CPU in
    float32. Where a GPU's memory does not hold a batch, it is halved, and so is every later one.
    """

    def __init__(self, loaded: Loaded, *, batch_tokens: int | None = None) -> None:
        self._loaded = loaded
        self._batch_tokens = batch_tokens or BATCH_TOKENS[loaded.device.type]
        use_threads()

    def identity(self) -> dict[str, Any]:
        """Base, adapter's hash, prompt version, number format and temperature."""
        return {**self._loaded.identity, "temperature": self._loaded.manifest.temperature}

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
        answers = self._answers(encoded)
        running = self._loaded.manifest.prompt_version > 0  # version 0 was trained on whole solutions only
        return [
            Classification(answer[-1], tuple(answer) if running else (), row.truncated)
            for answer, row in zip(answers, encoded, strict=True)
        ]

    def _answers(self, rows: Sequence[EncodedSolution]) -> list[list[float]]:
        """P(flawed) at the read-outs of each row; the longest go first, so that a lack of memory shows at once."""
        waiting = sorted(range(len(rows)), key=lambda index: len(rows[index].ids))
        answers: list[list[float]] = [[] for _ in rows]
        while waiting:
            longest = len(rows[waiting[-1]].ids)
            batch = waiting[-max(1, self._batch_tokens // longest) :]
            found = self._attempt([rows[index] for index in batch])
            if found is None:
                self._batch_tokens = max(1, len(batch) // 2) * longest
                torch.cuda.empty_cache()
                continue
            for index, answer in zip(batch, found, strict=True):
                answers[index] = answer
            del waiting[-len(batch) :]
        return answers

    def _attempt(self, rows: Sequence[EncodedSolution]) -> list[list[float]] | None:
        """What the forward gives, or None where the memory does not hold these rows; one row must fit."""
        try:
            return self._forward(rows)
        except torch.OutOfMemoryError as error:
            if len(rows) == 1:
                raise RuntimeError(
                    f"a solution of {len(rows[0].ids)} tokens does not fit the memory of the GPU; "
                    "use --quantization nf4 or --device cpu"
                ) from error
        return None

    def _forward(self, rows: Sequence[EncodedSolution]) -> list[list[float]]:
        """One padded batch; padding stands on the right, where no token of a causal model sees it."""
        device = self._loaded.device
        ids = _padded([row.ids for row in rows], self._loaded.tokenizer.pad_token_id or 0).to(device)
        readouts = _padded([row.readouts for row in rows], 0).to(device)
        with torch.inference_mode():
            logits = self._loaded.model(input_ids=ids, readouts=readouts).logits
        flawed = torch.softmax(logits / self._loaded.manifest.temperature, dim=-1)[..., FLAWED].tolist()
        return [answer[: len(row.readouts)] for answer, row in zip(flawed, rows, strict=True)]


def _lines(solution: Solution) -> list[str]:
    return [without_annotations(line.text) for line in split_lines(solution.solution or "")]


def _padded(rows: Sequence[list[int]], filler: int) -> torch.Tensor:
    """The rows as one tensor, the shorter ones filled up on the right."""
    width = max(map(len, rows))
    return torch.tensor([row + [filler] * (width - len(row)) for row in rows])
