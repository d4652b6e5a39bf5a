"""The extractor engine: every distinct line decoded once, greedily; the rules' readings verified in one forward."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from grader.engines.greedy import Greedy, Row
from grader.modeling import (
    Stream,
    bare,
    control_id,
    encode,
    encode_all,
    fuse_mlps,
    fuse_norms,
    rotate_in_place,
    use_threads,
)
from grader.modeling.encoding import CHARACTERS_A_TOKEN
from grader.prompts import Segment, extractor_parts, extractor_response, parse_equations

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from grader.modeling import Loaded

BATCH_TOKENS = {"cpu": 8_192, "cuda": 65_536}
"""Tokens of a batch: the shared prefix, padding and room for the answers included."""
NEW_TOKENS = (64, 256)
"""Most tokens of an answer, by prompt version."""
TIMES, MORE = 2, 16
"""An answer copies from its line: it has at most so many times the tokens of the prompt, and so many more; one that
goes on is going round in circles. (Of 21,000 lines of real data the rules' answer has 1.84 times the line's at most.)
The answers of prompt version 0 are as long as its maker let them be."""


class TorchExtractor:
    """Implements ``engines.Extractor`` with a loaded model.

    The answer to a line is that of plain greedy decoding: drafts, batches and order change the time it takes, nothing
    else. A line that leaves no room for an answer within the model's ``max_tokens`` has no equations; an answer that
    meets its limit keeps the equations that it closed. ``counts`` tells how often either happened, and what the engine
    did: lines asked, distinct ones, drafts given and accepted, forwards, positions. ``grouped`` (by itself on a GPU)
    says how the model attends: ``Greedy`` explains. With ``beside`` it works beside other engines on the same GPU, in a
    queue of its own, which goes first: its forwards are many and short.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        batch_tokens: int | None = None,
        max_new_tokens: int | None = None,
        grouped: bool | None = None,
        beside: bool = False,
    ) -> None:
        self._loaded = loaded
        self._tokenizer = loaded.tokenizer
        version = loaded.manifest.prompt_version
        prefix, self._suffix = extractor_parts(version)
        self._stops = {control_id(self._tokenizer, "<end_of_turn>"), self._tokenizer.eos_token_id}
        prefix_ids = encode(self._tokenizer, prefix)
        self._shortest = len(encode(self._tokenizer, extractor_response([])))
        self._max_prompt = loaded.max_tokens - len(prefix_ids)
        self._max_new_tokens = max_new_tokens or NEW_TOKENS[version]
        self._copies = version > 0
        use_threads()
        if loaded.device.type == "cuda":
            fuse_norms(loaded.model)
            fuse_mlps(loaded.model)
            rotate_in_place(loaded.model)
        self._stream = Stream(loaded.device, urgent=True) if beside else nullcontext
        with self._stream():
            loaded.come()  # what all prompts begin with is computed now, and stays on the device
            self.greedy = Greedy(
                bare(loaded.model),
                prefix_ids,
                self._stops,
                batch_tokens or BATCH_TOKENS[loaded.device.type],
                grouped=loaded.device.type == "cuda" if grouped is None else grouped,
            )

    @property
    def counts(self) -> Counter[str]:
        """What was done since the engine was made, by name."""
        return self.greedy.counts

    def identity(self) -> dict[str, Any]:
        """Base, adapter's hash, prompt version and number format."""
        return dict(self._loaded.identity)

    def extract(self, lines: Sequence[str], drafts: Sequence[Sequence[str] | None]) -> list[list[str]]:
        """The equations of each line, in the order of the lines; identical lines are decoded once."""
        wanted: dict[str, Sequence[str] | None] = {}
        for line, draft in zip(lines, drafts, strict=True):
            if wanted.get(line) is None:
                wanted[line] = draft
        rows = self._rows(wanted)
        drafted = [(row, row.draft) for row in rows.values() if row.draft]
        with self._stream():
            self._loaded.come()
            self.greedy.answer(rows.values())
        self.counts.update(
            lines=len(lines),
            distinct=len(wanted),
            too_long=len(wanted) - len(rows),
            cut=sum(row.answer[-1] not in self._stops for row in rows.values()),
            drafts=len(drafted),
            accepted=sum(row.answer == draft for row, draft in drafted),
        )
        answers = self._tokenizer.backend_tokenizer.decode_batch(
            [[token for token in row.answer if token not in self._stops] for row in rows.values()],
            skip_special_tokens=False,  # a control token inside an equation makes it unreadable, not another one
        )
        found = dict(zip(rows, map(parse_equations, answers), strict=True))
        return [list(found.get(line, ())) for line in lines]

    def _rows(self, wanted: Mapping[str, Sequence[str] | None]) -> dict[str, Row]:
        """A row for each line that leaves room for an answer."""
        longest = self._max_prompt * CHARACTERS_A_TOKEN
        lines = [line for line in wanted if len(line) <= longest]
        responses = [extractor_response(wanted[line] or []) for line in lines]
        prompts = encode_all(self._tokenizer, [[Segment(line), *self._suffix] for line in lines])
        drafts = encode_all(self._tokenizer, responses)
        rows = {}
        for line, prompt, draft in zip(lines, prompts, drafts, strict=True):
            limit = min(self._max_new_tokens, self._max_prompt - len(prompt))
            if self._copies:
                limit = min(limit, TIMES * len(prompt) + MORE)
            if limit >= self._shortest:
                rows[line] = Row(prompt, [] if wanted[line] is None else draft[:limit], limit)
        return rows
