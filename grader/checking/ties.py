"""Whether the words between two equations say that the second one follows from the first: ``7-k = 4, hence k = 3``.

Where they do, both are about one value of their letter, whatever else the solution speaks of: cases, roots, curves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RELATION = re.compile(
    r"(?<![<>!=:\\])=(?![=>])|[≈≠<>≤≥≡]|\\(?:approx|equiv|neq?|[lg](?:t|eq?|eqslant)|sim|cong)(?![a-z])"
)
_FOLLOWS = re.compile(
    r"\b(?:so|hence|thus|therefore|then|gives?|giving|gets?|obtain|yields?|implies|means|i\.e|consequently|becomes)\b"
    r"|\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|therefore)(?![a-z])|[→⇒⟹⇔∴]|[-=]>",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"\b(?:(?:add|subtract|divid|multipl|simplif|expand|solv|combin|collect|distribut|rearrang|isolat|mov|transpos|cancel"
    r"|cross|factor|clear|tak)(?:e|y|s|es|ies|ing|ying|ed)?|(?:both|each) sides?)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:or|if|and|when|where|whenever|for|let|suppos\w+|assum\w+|tr(?:y|ying)|test\w*|check\w*|say|since|because|but"
    r"|however|otherwise|while|cases?|either|neither|similarly|likewise|first|second|third|other|another|next|last"
    r"|equations|substitut\w+|plug\w*|put\w*|in place of|respectively|instead|not|no|never|if|unless|would|could|might"
    r"|may|mod|modulo|about|approximately|roughly|nearly)\b|[±?≠]|\\(?:pm|mp|neq?|[pb]?mod|equiv|quad|qquad)(?![a-z])",
    re.IGNORECASE,
)
_AND_SO = re.compile(r"\band (?=so|hence|thus|therefore|then)|\bfor (?=[a-z]\b)|\bboth sides\b", re.IGNORECASE)
_GOES_ON = re.compile(r"\b(?:or|and)\b|[±]|\\pm|[,;] *\$?[-−]?\\?[\d(a-zA-Z]{1,6}\s*(?:[,=]|$)", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?:](?=\s|$)|\\\\|\n")
MAX_BETWEEN = 160
"""Characters between two equations."""


class Ties:
    """The lines of one solution as they are read, and the number of equations that were read in each."""

    def __init__(self, lines: Sequence[str], counts: Sequence[int]) -> None:
        self._lines = lines
        self._places = [(line, index) for line, count in enumerate(counts) for index in range(count)]
        self._counts = counts

    def follows(self, first: int, second: int) -> bool:
        """Whether the equation at the second place is said to follow from that at the first, the one before it."""
        if second != first + 1 or second >= len(self._places):
            return False
        (line, index), (next_line, next_index) = self._places[first], self._places[second]
        spans, next_spans = self._relations(line), self._relations(next_line)
        if spans is None or next_spans is None:
            return False
        text, next_text = self._lines[line], self._lines[next_line]
        if _GOES_ON.search(_rest(next_text, next_spans, next_index)) or not _is_alone(text, spans, index):
            return False
        if line == next_line:
            between = text[spans[index][1] : spans[next_index][0]]
            return _ties(between, _FOLLOWS)
        after, lead = text[spans[index][1] :], next_text[: next_spans[0][0]]
        between = " ".join((*self._lines[line + 1 : next_line], lead))
        if _GOES_ON.search(after) or next_index:
            return False
        return _ties(between, _FOLLOWS) or _ties(between, _STEP)

    def _relations(self, line: int) -> list[tuple[int, int]] | None:
        """Where the relations of a line stand; None where not all of them were read."""
        spans = [match.span() for match in _RELATION.finditer(self._lines[line])]
        return spans if len(spans) == self._counts[line] else None


def _ties(between: str, words: re.Pattern[str]) -> bool:
    if len(between) > MAX_BETWEEN or not words.search(between):
        return False
    return not _ELSEWHERE.search(_AND_SO.sub("", between))


def _rest(text: str, spans: Sequence[tuple[int, int]], index: int) -> str:
    """What stands behind a relation, up to the end of its sentence."""
    rest = text[spans[index][1] : spans[index + 1][0] if index + 1 < len(spans) else None]
    end = _SENTENCE.search(rest)
    return rest if end is None else rest[: end.start()]


def _is_alone(text: str, spans: Sequence[tuple[int, int]], index: int) -> bool:
    """Whether no other equation stands beside this one in its sentence, but for what it follows from itself."""
    start = spans[index - 1][1] if index else 0
    before = text[start : spans[index][0]]
    ends = [match.end() for match in _SENTENCE.finditer(before)]
    if ends:
        return not _ELSEWHERE.search(_AND_SO.sub("", before[ends[-1] :]))
    if _ELSEWHERE.search(_AND_SO.sub("", before)):
        return False
    return index == 0 or (_FOLLOWS.search(before) is not None and _is_alone(text, spans, index - 1))
