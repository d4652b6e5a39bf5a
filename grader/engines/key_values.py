"""The keys and values of a batch of rows that are decoded together, in place of the library's cache.

The library's cache drops what lies behind the window of a local layer by counting slots, so that a row with slots that
mean nothing (padding, rejected drafts) would lose real tokens. Here every slot knows its position, and masks are made
from positions: rows of any history can share a batch, leave it and enter it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from grader.modeling import upload

if TYPE_CHECKING:
    from collections.abc import Sequence

NOWHERE = 2**30
"""Position of a slot that holds nothing: behind every query, so that none sees it."""
ALIGNED = 16
"""Numbers of a mask's row in memory: a multiple of them, or attention copies it."""
ROOM = 32
"""Free slots of packed memory in decoding: the tokens, guessed ones included, until it has to grow."""


class KeyValues:
    """Keys and values, (layers, rows, slots, heads, head size), and the position of each slot, (rows, slots).

    Passed to a model as ``past_key_values``; ``used`` counts the slots that are written in any row.
    """

    def __init__(self, config: Any, rows: int, slots: int, like: torch.Tensor) -> None:
        shape = (config.num_hidden_layers, rows, slots, config.num_key_value_heads, config.head_dim)
        # Zeros: what attention reads behind the mask is multiplied by nothing, but must be a number.
        self.keys, self.values = like.new_zeros(shape), like.new_zeros(shape)
        self.positions = torch.full((rows, slots), NOWHERE, device=like.device)
        self.used = 0
        self._config = config

    @property
    def free(self) -> int:
        """Slots that can still be written."""
        return self.positions.shape[1] - self.used

    def place(self, positions: torch.Tensor, *, masked: bool = True) -> dict[str, torch.Tensor | None]:
        """Take the next slots for tokens at these positions, (rows, tokens); gives the masks of the forward to come.

        The masks, (rows, 1, tokens, slots) by kind of layer, are added to the scores: 0 where a token sees a slot. They
        are None where they are not wanted, since the order of the slots says the same.
        """
        self.used += positions.shape[1]
        self.positions[:, self.used - positions.shape[1] : self.used] = positions
        if not masked:
            return {"full_attention": None, "sliding_attention": None}
        slots, tokens = self.positions[:, None, None, : self.used], positions[:, None, :, None]
        seen = slots <= tokens
        everything = self._added(seen)
        if self.used <= self._config.sliding_window:  # so is every position
            return {"full_attention": everything, "sliding_attention": everything}
        near = self._added(seen & (tokens - slots < self._config.sliding_window))
        return {"full_attention": everything, "sliding_attention": near}

    def _added(self, seen: torch.Tensor) -> torch.Tensor:
        """A mask as attention on a GPU takes it; it would make this of ``seen`` anew in every layer."""
        width = -(-self.used // ALIGNED) * ALIGNED
        mask = self.keys.new_full((*seen.shape[:-1], width), float("-inf"))[..., : self.used]
        return mask.masked_fill_(seen, 0.0)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write a layer's new keys and values, (rows, heads, tokens, head size); gives all of them. The model calls."""
        start = self.used - keys.shape[2]
        self.keys[layer, :, start : self.used] = keys.transpose(1, 2)
        self.values[layer, :, start : self.used] = values.transpose(1, 2)
        return (
            self.keys[layer, :, : self.used].transpose(1, 2),
            self.values[layer, :, : self.used].transpose(1, 2),
        )

    def forget(self, lengths: Sequence[int]) -> None:
        """Empty each row from its length on: of padding, and of what a draft wrote in vain."""
        ends = upload(lengths, self.positions.device)[:, None]
        self.positions[self.positions >= ends] = NOWHERE


def pack(parts: Sequence[tuple[KeyValues, Sequence[int]]], room: int) -> KeyValues:
    """New memory with the named rows of each part (one may be named often), no empty slots between, ``room`` free ones.

    This is how a prefix is given to many rows, how rows leave and join, and how memory grows.
    """
    pieces = []
    for part, names in parts:
        rows = upload(names, part.positions.device)[:, None]
        positions, order = part.positions[rows[:, 0]].sort(dim=1)
        width = int((positions < NOWHERE).sum(dim=1).max())
        pieces.append((part, rows, order[:, :width], positions[:, :width]))
    first = parts[0][0]
    used = max(order.shape[1] for _, _, order, _ in pieces)
    packed = KeyValues(first._config, sum(len(names) for _, names in parts), used + room, first.keys)  # noqa: SLF001
    packed.used = used
    start = 0
    for part, rows, order, positions in pieces:
        end, width = start + len(rows), order.shape[1]
        packed.keys[:, start:end, :width] = part.keys[:, rows, order]
        packed.values[:, start:end, :width] = part.values[:, rows, order]
        packed.positions[start:end, :width] = positions
        start = end
    return packed
