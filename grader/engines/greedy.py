"""Greedy decoding of many prompts with one beginning: drafts are verified, rows come and go, memory may run out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

import torch

from grader.engines.key_values import ROOM, KeyValues, pack
from grader.errors import AdapterError
from grader.modeling import upload, use_grouped_attention

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

EXPECTED_ANSWER = 32
"""Tokens that a batch keeps room for in each row, besides its prompt and draft."""
REFILL = 0.75
"""Share of a batch's rows below which new ones are taken in."""
COMPACT = 0.125
"""Share of finished rows from which they are taken out of the memory."""
LOGITS = 2**27
"""Logits that are computed at once: 512 positions of a vocabulary of 262,144."""


@dataclass(eq=False)
class Row:
    """A prompt behind the shared beginning, a draft of its answer (or none), and the answer as far as it is known.

    ``limit`` is the largest length of the answer, whose last token is the stop unless that limit was met.
    """

    ids: list[int]
    draft: list[int]
    limit: int
    answer: list[int] = field(default_factory=list)
    finished: bool = False

    def append(self, token: int, stops: Collection[int]) -> None:
        """The answer's next token; nothing where it is finished."""
        if not self.finished:
            self.answer.append(token)
            self.finished = token in stops or len(self.answer) >= self.limit

    def verify(self, best: Sequence[int], stops: Collection[int]) -> None:
        """Take the model's own tokens for as long as they are the draft's, and the first one that is not."""
        self.answer, self.finished = [], False
        for token, drafted in zip_longest(best, self.draft):
            self.append(token, stops)
            if token != drafted:
                break


class Greedy:
    """Decodes with a Gemma-3 causal LM. ``prefix`` are the token ids that all prompts begin with, at least one.

    The answers are those of plain greedy decoding, token by token, whatever the drafts, the batches and their order;
    in floating point up to ties closer than the rounding of another batch shape (``smallest_gap``). ``counts`` tells
    the forwards, the positions they computed, and how often memory ran out. Raises ``AdapterError`` for a model of
    another architecture.

    With ``grouped`` the model attends by ``grouped_attention``: the same sums in another order, which on a GPU stay in
    the flash kernel while rows enter, and read the keys that heads share without copying them.
    """

    def __init__(
        self, model: Any, prefix: Sequence[int], stops: Collection[int], batch_tokens: int, *, grouped: bool = False
    ) -> None:
        if model.config.model_type != "gemma3_text":
            raise AdapterError(f"the extractor's base is a {model.config.model_type} model; use a Gemma-3 text model")
        self._backbone, self._head = model.model, model.lm_head
        self._grouped = grouped
        if grouped:
            use_grouped_attention(model)
        self._stops = frozenset(stops)
        self._batch_tokens = batch_tokens
        self._rows: list[Row] = []
        self.counts: Counter[str] = Counter()
        self.smallest_gap: float | None = None
        weight = model.get_input_embeddings().weight
        self._device = weight.device
        self._prefix = KeyValues(model.config, 1, len(prefix), weight)
        with torch.inference_mode():
            self._forward([list(prefix)], self._places(0, len(prefix), 1), self._prefix, straight=True)
        self._memory = self._prefix

    def watch_gaps(self) -> None:
        """From now on keep the smallest distance between the two largest logits of any position, for measurements."""
        self.smallest_gap = float("inf")

    @torch.inference_mode()
    def answer(self, rows: Iterable[Row]) -> None:
        """Fill in the answers. Raises ``RuntimeError`` if a single row does not fit the memory of the GPU."""
        waiting = sorted(rows, key=self._width)  # the longest go first: a lack of memory shows at once
        self._rows = []
        while waiting or self._rows:
            batch = self._next(waiting)
            try:
                if batch:
                    self._enter(batch)
                else:
                    self._step()
            except torch.OutOfMemoryError as error:
                lack = str(error)
            else:
                del waiting[len(waiting) - len(batch) :]
                continue
            waiting = self._retreat(waiting, batch, lack)
        self._memory = self._prefix  # the other model may need the room

    def _width(self, row: Row) -> int:
        return self._prefix.used + len(row.ids) + len(row.draft) + EXPECTED_ANSWER

    def _next(self, waiting: Sequence[Row]) -> Sequence[Row]:
        """The rows that are to enter now: none while those that are being decoded fill the batch well enough."""
        if not waiting:
            return []
        room = max(1, self._batch_tokens // self._width(waiting[-1]))
        if len(self._rows) > room * REFILL:
            return []
        return waiting[-max(1, room - len(self._rows)) :]

    def _enter(self, rows: Sequence[Row]) -> None:
        """One forward over prompts and drafts; the rows whose answer goes on join those that are being decoded."""
        memory = pack([(self._prefix, [0] * len(rows))], room=max(len(row.ids) + len(row.draft) for row in rows))
        tokens = [row.ids + row.draft[:-1] for row in rows]
        width = max(map(len, tokens))
        hidden = self._forward(
            [line + [0] * (width - len(line)) for line in tokens],
            self._places(memory.used, width, len(rows)),
            memory,
            straight=True,
        )
        read = [
            index * width + len(row.ids) - 1 + offset
            for index, row in enumerate(rows)
            for offset in range(max(1, len(row.draft)))
        ]
        best = iter(self._best(hidden.flatten(0, 1)[upload(read, self._device)]))
        for row in rows:
            row.verify(list(islice(best, max(1, len(row.draft)))), self._stops)
        memory.forget([self._position(row) for row in rows])
        self._keep([(self._memory, self._rows), (memory, rows)])

    def _step(self) -> None:
        """One more token for every row; those that are finished leave when there are enough of them."""
        finished = sum(row.finished for row in self._rows)
        if finished >= len(self._rows) * COMPACT or not self._memory.free:
            self._keep([(self._memory, self._rows)])
        hidden = self._forward(
            [row.answer[-1:] for row in self._rows],
            upload([[self._position(row)] for row in self._rows], self._device),
            self._memory,
        )
        for row, token in zip(self._rows, self._best(hidden[:, -1]), strict=True):
            row.append(token, self._stops)
        if all(row.finished for row in self._rows):
            self._rows = []

    def _keep(self, parts: Sequence[tuple[KeyValues, Sequence[Row]]]) -> None:
        """Go on with the rows of these parts that are not finished."""
        going_on = [
            (memory, [index for index, row in enumerate(rows) if not row.finished]) for memory, rows in parts if rows
        ]
        if any(indices for _, indices in going_on):
            self._memory = pack([part for part in going_on if part[1]], room=ROOM)
        self._rows = [row for _, rows in parts for row in rows if not row.finished]

    def _position(self, row: Row) -> int:
        """Of the last token of the answer: it is the first one that the memory does not hold."""
        return self._prefix.used + len(row.ids) + len(row.answer) - 1

    def _places(self, first: int, tokens: int, rows: int) -> torch.Tensor:
        """Positions (rows, tokens), from ``first`` on in every row."""
        return torch.arange(first, first + tokens, device=self._device).expand(rows, -1)

    def _forward(
        self, tokens: Sequence[list[int]], positions: torch.Tensor, memory: KeyValues, *, straight: bool = False
    ) -> torch.Tensor:
        """The last hidden states, (rows, tokens, size); keys and values go into the memory.

        ``straight`` says that every slot of the memory holds the token of its own position, these tokens included.
        """
        self.counts["forwards"] += 1
        self.counts["positions"] += positions.numel()
        ordered = straight and self._grouped
        masks = memory.place(positions, masked=not ordered)
        result = self._backbone(
            input_ids=upload(tokens, self._device),
            position_ids=positions,
            attention_mask=masks,
            past_key_values=memory,
            use_cache=True,
        )
        hidden: torch.Tensor = result.last_hidden_state
        return hidden

    def _best(self, hidden: torch.Tensor) -> list[int]:
        """The likeliest next token at each of the positions, (positions, size), without all logits at once."""
        best: list[torch.Tensor] = []
        for chunk in torch.split(hidden, max(1, LOGITS // self._head.out_features)):
            logits = self._head(chunk)
            if self.smallest_gap is not None:
                first, second = logits.float().topk(2).values.unbind(-1)
                self.smallest_gap = min(self.smallest_gap, float((first - second).min()))
            best.append(logits.argmax(dim=-1))
        found: list[int] = torch.cat(best).tolist()  # the host waits here, and nowhere else in a forward
        return found

    def _retreat(self, waiting: Sequence[Row], batch: Sequence[Row], lack: str) -> list[Row]:
        """Half the batch from now on; all rows wait again, with what they have of an answer as their draft."""
        together = [*batch, *self._rows]
        longest = max(map(self._width, together))
        if len(together) == 1:
            raise RuntimeError(
                f"a line of {longest} tokens does not fit the memory of the GPU; "
                f"use --quantization nf4 or --device cpu ({lack})"
            )
        # Not by the rows alone: they may have been shorter than those that come.
        self._batch_tokens = min(self._batch_tokens // 2, len(together) // 2 * longest)
        rows = [row for row in (*waiting, *self._rows) if not row.finished]
        self._rows, self._memory = [], self._prefix
        self.counts["halved"] += 1
        torch.cuda.empty_cache()
        for row in rows:
            row.draft = row.answer or row.draft
        return sorted(rows, key=self._width)
