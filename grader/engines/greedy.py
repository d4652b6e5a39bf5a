"""Greedy decoding of many prompts with one beginning: drafts are verified, rows come and go, memory may run out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice, zip_longest
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
ENTERING = {"cpu": 1_024, "cuda": 16_384}
"""Tokens from which rows of like lengths enter in a forward of their own: with fewer, launching it takes longer."""
STEP_TOKENS = {"cpu": 128, "cuda": 8_192}
"""Tokens of a step, the guessed ones included, that take hardly longer than one a row."""
GUESSED = 8
"""Most tokens that are guessed of a row at a time."""
REPEATED = 2
"""Tokens in a row that must stand in the answer before, for it to be going round in circles."""
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

    def verify(self, best: Sequence[int], drafted: Sequence[int], stops: Collection[int]) -> None:
        """Take the model's own tokens for as long as they are the drafted ones, and the first one that is not."""
        for token, expected in zip_longest(best, drafted):
            self.append(token, stops)
            if self.answer[-1] != expected:
                break

    def guess(self, most: int) -> list[int]:
        """At most so many tokens that may come next, perhaps none: those behind where the answer's end stands already.

        That is in the draft, which was wrong for some tokens and may be right again, or in the answer itself, which
        then goes round in circles. Of several places it is the one with most tokens in common, then the nearest.
        """
        if self.finished or most < 1:
            return []
        places = [
            (common, -abs(len(self.answer) - end), tokens, end)
            for tokens, least in ((self.draft, 1), (self.answer, REPEATED))
            for end in range(1, len(tokens))
            if tokens[end - 1] == self.answer[-1] and (common := _common_end(tokens[:end], self.answer)) >= least
        ]
        if not places:
            return []
        _, _, tokens, end = max(places, key=lambda place: place[:2])
        return list(islice(cycle(tokens[end:]) if tokens is self.answer else tokens[end:], most))


def _common_end(first: Sequence[int], second: Sequence[int]) -> int:
    """How many of the last tokens are the same."""
    count = 0
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other:
            break
        count += 1
    return count


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
        """From now on keep the smallest distance between the two largest logits of any position, for measurements.

        Nothing is guessed any more, so that without drafts these positions are those of the answers.
        """
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
        """Prompts and drafts, in a forward for each length; the rows that go on join those that are being decoded."""
        parts = _by_length(rows, ENTERING[self._device.type])
        # All before the first forward: the host waits for the device when it packs.
        memories = [pack([(self._prefix, [0] * len(part))], room=max(map(_entering, part))) for part in parts]
        found = [self._entered(part, memory) for part, memory in zip(parts, memories, strict=True)]
        best = iter(torch.cat(found).tolist())
        for part, memory in zip(parts, memories, strict=True):
            for row in part:
                row.answer, row.finished = [], False
                row.verify(list(islice(best, max(1, len(row.draft)))), row.draft, self._stops)
            memory.forget([self._position(row) for row in part])
        self._keep([(self._memory, self._rows), *zip(memories, parts, strict=True)])

    def _entered(self, rows: Sequence[Row], memory: KeyValues) -> torch.Tensor:
        """One forward over prompts and drafts: the likeliest token instead of each drafted one, (tokens,)."""
        width = max(map(_entering, rows))
        hidden = self._forward(
            _padded([row.ids + row.draft[:-1] for row in rows], width),
            self._places(memory.used, width, len(rows)),
            memory,
            straight=True,
        )
        return self._best(hidden, [(len(row.ids) - 1, max(1, len(row.draft))) for row in rows])

    def _step(self) -> None:
        """The next token of every row, and those behind it that were guessed; rows leave when enough are finished."""
        most = max(0, min(GUESSED, STEP_TOKENS[self._device.type] // len(self._rows) - 1))
        if self.smallest_gap is not None:
            most = 0
        finished = sum(row.finished for row in self._rows)
        if finished >= len(self._rows) * COMPACT or self._memory.free <= most:
            self._keep([(self._memory, self._rows)])
        # The last token that there is room for needs no guess: it follows from those before it.
        guesses = [row.guess(min(most, row.limit - len(row.answer) - 1)) for row in self._rows]
        width = 1 + max(map(len, guesses))
        hidden = self._forward(
            _padded([[row.answer[-1], *guess] for row, guess in zip(self._rows, guesses, strict=True)], width),
            upload([list(range(at, at + width)) for at in map(self._position, self._rows)], self._device),
            self._memory,
        )
        best = iter(self._best(hidden, [(0, 1 + len(guess)) for guess in guesses]).tolist())
        for row, guess in zip(self._rows, guesses, strict=True):
            row.verify(list(islice(best, 1 + len(guess))), guess, self._stops)
        if width > 1:
            self._memory.forget([self._position(row) for row in self._rows])
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

    def _best(self, hidden: torch.Tensor, read: Sequence[tuple[int, int]]) -> torch.Tensor:
        """The likeliest next tokens, (tokens,), from a first position on at so many of each row.

        Not all logits are computed at once, and the host does not wait for them: it does where it asks what they are.
        """
        width = hidden.shape[1]
        places = [row * width + first + offset for row, (first, count) in enumerate(read) for offset in range(count)]
        best = []
        asked = hidden.flatten(0, 1)[upload(places, self._device)]
        for chunk in torch.split(asked, max(1, LOGITS // self._head.out_features)):
            logits = self._head(chunk)
            if self.smallest_gap is not None:
                first, second = logits.float().topk(2).values.unbind(-1)
                self.smallest_gap = min(self.smallest_gap, float((first - second).min()))
            best.append(logits.argmax(dim=-1))
        return torch.cat(best)

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


def _entering(row: Row) -> int:
    """Tokens that are computed when a row enters: what follows the draft's last one is not asked."""
    return len(row.ids) + max(0, len(row.draft) - 1)


def _by_length(rows: Sequence[Row], tokens: int) -> list[list[Row]]:
    """Rows sorted by length, in parts of at least so many tokens, unless there are fewer in all."""
    parts: list[list[Row]] = [[]]
    held, left = 0, sum(map(_entering, rows))
    for row in sorted(rows, key=_entering):
        if held >= tokens <= left:
            parts.append([])
            held = 0
        parts[-1].append(row)
        held += _entering(row)
        left -= _entering(row)
    return parts


def _padded(rows: Sequence[list[int]], width: int) -> list[list[int]]:
    return [row + [0] * (width - len(row)) for row in rows]
