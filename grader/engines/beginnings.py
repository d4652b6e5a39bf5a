"""Solutions of one problem begin with the same tokens: which ones do, and the keys and values of what they share.

A batch takes the same number of tokens from the beginnings of all its rows, so that no mask is needed over them; what a
beginning is longer stays with its rows.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.modeling import EncodedSolution

SHORTEST = 16
"""Tokens of a beginning that are worth a forward of their own."""
GROUPS = 64
"""Most problems whose beginnings are computed together: few enough to be of nearly the same length."""


class Block(NamedTuple):
    """Rows whose batches share what they begin with: ``groups`` of row indices, ``length`` tokens each; 0 for none."""

    groups: list[list[int]]
    length: int

    @property
    def rows(self) -> list[int]:
        """All rows."""
        return [index for group in self.groups for index in group]

    def parts(self, most: int) -> list[Block]:
        """The block in blocks of at most ``most`` rows."""
        owner = {index: number for number, group in enumerate(self.groups) for index in group}
        pieces = [self.rows[at : at + most] for at in range(0, len(owner), most)]
        return [
            Block([list(group) for _, group in groupby(piece, key=owner.__getitem__)], self.length) for piece in pieces
        ]


def blocks_of(
    rows: Sequence[EncodedSolution], problems: Sequence[str], *, share: bool, tokens: int = 65_536
) -> list[Block]:
    """Put the rows of one problem together where they share a beginning that is long enough, the others into a block.

    A row is never read within what it shares. The beginnings of a block have at most ``tokens`` together; longer rows
    and longer beginnings go first.
    """
    alone: list[int] = []
    shared: list[tuple[int, list[int]]] = []
    order = sorted(range(len(rows)), key=lambda index: problems[index]) if share else []
    for _, group in groupby(order, key=lambda index: problems[index]):
        indices = list(group)
        length = _common([rows[index] for index in indices]) if len(indices) > 1 else 0
        if length >= SHORTEST:
            shared.append((length, indices))
        else:
            alone += indices
    shared.sort(key=lambda found: found[0])
    blocks = []
    while shared:
        size = min(GROUPS, max(1, tokens // shared[-1][0]))
        some, shared = shared[-size:], shared[:-size]
        blocks.append(Block([indices for _, indices in some], some[0][0]))
    alone = sorted(alone if share else range(len(rows)), key=lambda index: -len(rows[index].ids))
    return [*blocks, Block([[index] for index in alone], 0)] if alone else blocks


def _common(rows: Sequence[EncodedSolution]) -> int:
    """Count the tokens that all rows begin with, less those at which one of them is read."""
    first = rows[0].ids
    length = min(row.readouts[0] for row in rows)
    for row in rows[1:]:
        length = next((at for at in range(length) if row.ids[at] != first[at]), length)
    return length


class Beginnings:
    """Keys and values of some beginnings of ``length`` tokens, (beginnings, heads, tokens, size) a layer.

    Passed to a model as ``past_key_values``: first in the forward over the beginnings, which fills it, then in those
    over what comes behind them, each after ``choose``.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._chosen: torch.Tensor | None = None

    def choose(self, beginnings: torch.Tensor) -> None:
        """Say with which beginning each row of the next forward goes on, (rows,)."""
        self._chosen = beginnings

    def get_seq_length(self, *_: object) -> int:
        """The position of the first token of the next forward. The model calls."""
        return 0 if self._chosen is None else self.length

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep a layer's keys and values, or give them behind those of the chosen beginnings. The model calls."""
        if self._chosen is None:
            # Copies: these are parts of a layer's states, all of which would be kept with them.
            self._layers.append((keys.contiguous(), values.contiguous()))
            return keys, values
        before, seen = self._layers[layer]
        return torch.cat([before[self._chosen], keys], dim=2), torch.cat([seen[self._chosen], values], dim=2)
