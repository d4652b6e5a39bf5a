"""Segments to token ids, so that no text of the data ever becomes a control token."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from grader.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.prompts import Segment


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
    found = tokenizer.added_tokens_encoder.get(token)
    if found is None:
        raise AdapterError(
            f"{tokenizer.name_or_path}: the tokenizer has no control token {token}; "
            "use the base that the adapter was trained on"
        )
    return int(found)


def _encode_texts(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    if not texts:
        return []
    plain = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is no text
    # The library's own wrapper costs more than the encoding; without special tokens it adds nothing to it.
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    ids = [encoding.ids for encoding in backend.encode_batch_fast(plain, add_special_tokens=False)]
    control, pattern = _control_tokens(tokenizer)
    for index, row in enumerate(ids):
        if not control.isdisjoint(row):
            pieces = backend.encode_batch_fast(_torn(pattern, plain[index]), add_special_tokens=False)
            ids[index] = list(chain.from_iterable(piece.ids for piece in pieces))
    return ids


@lru_cache(maxsize=8)
def _control_tokens(tokenizer: Any) -> tuple[frozenset[int], re.Pattern[str]]:
    """The ids that text must not give, and a pattern that finds their names.

    An added token that is not marked special is parsed in text all the same: one in brackets counts as control, white
    space and words (Gemma has such tokens) do not.
    """
    control = {
        index: token.content
        for index, token in tokenizer.added_tokens_decoder.items()
        if token.special or (token.content[:1] + token.content[-1:] in ("<>", "[]") and len(token.content) > 2)
    }
    names = sorted(control.values(), key=len, reverse=True)
    return frozenset(control), re.compile("|".join(map(re.escape, names)) or r"(?!)")


def _torn(pattern: re.Pattern[str], text: str) -> list[str]:
    """The text in pieces of which none holds a whole control token: each is cut behind its first character."""
    cuts = [0, *(match.start() + 1 for match in pattern.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts) if start < end]
