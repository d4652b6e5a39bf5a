"""Segments to token ids, so that no text of the data ever becomes a control token."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.errors import AdapterError
from grader.prompts import classifier_prompt

_Text = TypeVar("_Text", str, list[int])

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.prompts import Segment


CHARACTERS_A_TOKEN = 64
"""No text is longer than so many characters a token of the limit: what is behind them could not be read anyway."""


class EncodedSolution(NamedTuple):
    """Token ids of a problem and a solution, the index at which each line's verdict is read, and whether any was cut.

    ``readouts`` is never empty. It has one entry a line, of the lines that fit; in prompt version 0 one for the whole.
    """

    ids: list[int]
    readouts: list[int]
    truncated: bool


def encode(tokenizer: Any, segments: Iterable[Segment]) -> list[int]:
    """The token ids of the segments, one after the other; a control segment is one id.

    Raises ``AdapterError`` if the tokenizer lacks a control token.
    """
    return encode_all(tokenizer, [segments])[0]


def encode_all(tokenizer: Any, prompts: Sequence[Iterable[Segment]]) -> list[list[int]]:
    """The token ids of many prompts, each as ``encode`` gives it, with one call of the tokenizer."""
    prompts = [list(segments) for segments in prompts]
    texts = list(dict.fromkeys(segment.text for prompt in prompts for segment in prompt if not segment.control))
    ids_of = dict(zip(texts, _encode_texts(tokenizer, texts), strict=True))
    return [
        list(
            chain.from_iterable(
                [control_id(tokenizer, segment.text)] if segment.control else ids_of[segment.text] for segment in prompt
            )
        )
        for prompt in prompts
    ]


def control_id(tokenizer: Any, token: str) -> int:
    """The id of a control token. Raises ``AdapterError`` if the tokenizer has no such token."""
    found = _added_tokens(tokenizer).ids.get(token)
    if found is None:
        raise AdapterError(
            f"{tokenizer.name_or_path}: the tokenizer has no control token {token}; "
            "use the base that the adapter was trained on"
        )
    return found


def encode_solutions(
    tokenizer: Any, solutions: Sequence[tuple[str, Sequence[str]]], version: int, max_tokens: int
) -> list[EncodedSolution]:
    """Problems with the lines of their solutions, as the classifier reads them, none longer than ``max_tokens``.

    Of a long problem the middle is left out, of a long solution the last lines, and either is marked ``truncated``.
    """
    limit = max_tokens * CHARACTERS_A_TOKEN
    cut = [_first_characters(problem, lines, limit) for problem, lines in solutions]
    prompts = [classifier_prompt(problem, lines, version) for problem, lines, _ in cut]
    parts = iter(encode_all(tokenizer, [part for prompt in prompts for part in (prompt.head, *prompt.lines)]))
    beginning = tokenizer.encode("")[:1]  # what the tokenizer itself puts before a text: Gemma's <bos>, nothing of Phi
    return [
        _fitted([*beginning, *next(parts)], [next(parts) for _ in prompt.lines], max_tokens, truncated=truncated)
        for prompt, (_, _, truncated) in zip(prompts, cut, strict=True)
    ]


def _first_characters(problem: str, lines: Sequence[str], limit: int) -> tuple[str, list[str], bool]:
    kept, left = [], limit
    for line in lines:
        kept.append(line[: max(left, 0)])
        left -= len(line)
        if left < 0:
            break
    return _without_middle(problem, limit), kept, left < 0 or len(problem) > limit


def _fitted(head: list[int], lines: list[list[int]], limit: int, *, truncated: bool) -> EncodedSolution:
    if len(head) + sum(map(len, lines)) > limit:
        truncated = True
        head = _without_middle(head, limit // 2 if lines else limit)
    ids, readouts = list(head), list[int]()
    for line in lines:
        if readouts and len(ids) + len(line) > limit:
            break
        ids += line[: limit - len(ids)]
        readouts.append(len(ids) - 1)
    return EncodedSolution(ids, readouts or [len(ids) - 1], truncated)


def _without_middle(text: _Text, length: int) -> _Text:
    """The text, or its first and last halves of together ``length``."""
    return text if len(text) <= length else text[: length - length // 2] + text[len(text) - length // 2 :]


def _encode_texts(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    if not texts:
        return []
    plain = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is no text
    # The library's own wrapper costs more than the encoding; without special tokens it adds nothing to it.
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    ids = [encoding.ids for encoding in backend.encode_batch_fast(plain, add_special_tokens=False)]
    _, control, openings = _added_tokens(tokenizer)
    for index, row in enumerate(ids):
        if not control.isdisjoint(row):
            pieces = backend.encode_batch_fast(_torn(openings, plain[index]), add_special_tokens=False)
            ids[index] = list(chain.from_iterable(piece.ids for piece in pieces))
    return ids


class _Added(NamedTuple):
    """Of a tokenizer's added tokens: the id of each, the ids that no text may give, the characters these begin with."""

    ids: dict[str, int]
    control: frozenset[int]
    openings: re.Pattern[str]


@lru_cache(maxsize=8)
def _added_tokens(tokenizer: Any) -> _Added:
    """Read once for each tokenizer: Gemma has six thousand of them.

    An added token that is not marked special is parsed in text all the same: one in brackets counts as control, white
    space and words (Gemma has such tokens) do not.
    """
    tokens = tokenizer.added_tokens_decoder
    control = {
        index: token.content
        for index, token in tokens.items()
        if token.special or (token.content[:1] + token.content[-1:] in ("<>", "[]") and len(token.content) > 2)
    }
    openings = "|".join(sorted({re.escape(name[0]) for name in control.values()}))
    ids = {token.content: index for index, token in tokens.items()}
    return _Added(ids, frozenset(control), re.compile(openings or r"(?!)"))


def _torn(openings: re.Pattern[str], text: str) -> list[str]:
    """The text in pieces of which none holds a control token: it is cut behind every character that could begin one."""
    cuts = [0, *(match.end() for match in openings.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts) if start < end]
