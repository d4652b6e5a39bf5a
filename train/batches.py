"""Rows to batches of like length, so that little of what is computed is padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Sampler

from train.data import IGNORED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from train.encoding import Row

CHUNK_BATCHES = 50
"""Rows are sorted by length within chunks of so many shuffled batches: little padding, and another mix each epoch."""


class LengthSampler(Sampler[int]):
    """The order of one epoch: shuffled, with rows of like length in one batch. It depends on seed and epoch alone."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths, self.batch, self.seed, self.epoch = lengths, batch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that is iterated next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        size = self.batch * CHUNK_BATCHES
        batches = []
        for start in range(0, len(order), size):
            chunk = sorted(order[start : start + size], key=lambda index: self.lengths[index], reverse=True)
            batches += [chunk[at : at + self.batch] for at in range(0, len(chunk), self.batch)]
        # The one batch that may be short stays last: the trainer cuts the order into batches by count.
        short = batches.pop() if batches and len(batches[-1]) < self.batch else []
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield from batches[index]
        yield from short


def collate(pad: int, rows: Sequence[Any]) -> dict[str, torch.Tensor]:
    """Rows to one batch, padded on the right: ``input_ids``, ``attention_mask``, ``labels`` and, if any, ``readouts``.

    A padded label is ``IGNORED``, a padded read-out -1.
    """
    batch = {
        "input_ids": _padded([row["input_ids"] for row in rows], pad),
        "attention_mask": _padded([[1] * len(row["input_ids"]) for row in rows], 0),
        "labels": _padded([row["labels"] for row in rows], IGNORED),
    }
    if rows[0].get("readouts"):
        batch["readouts"] = _padded([row["readouts"] for row in rows], -1)
    return batch


def _padded(lists: list[list[int]], value: int) -> torch.Tensor:
    width = max(map(len, lists))
    return torch.tensor([[*values, *[value] * (width - len(values))] for values in lists])


def batches_by_length(
    rows: Sequence[Row], pad: int, tokens: int
) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
    """Batches of at most ``tokens`` tokens with padding, longest rows first, each with the indices of its rows."""
    order = sorted(range(len(rows)), key=lambda index: -len(rows[index].input_ids))
    while order:
        count = max(1, tokens // len(rows[order[0]].input_ids))
        chosen, order = order[:count], order[count:]
        yield chosen, collate(pad, [rows[index]._asdict() for index in chosen])
