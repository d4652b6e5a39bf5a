"""Whether the words between two equations say that the second one follows from the first: ``7-k = 4, hence k = 3``.

Where they do, both are about one value of their letter, whatever else the solution speaks of: cases, roots, curves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.numbers import RELATION

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
    r"|equations|substitut\w+|plug\w*|put\w*|in place of|respectively|instead|not|no|never|unless|would|could|might"
    r"|may|mod|modulo|about|approximately|roughly|nearly)\b|[±?≠]|\\(?:pm|mp|neq?|[pb]?mod|equiv|quad|qquad)(?![a-z])",
    re.IGNORECASE,
)
_ELIMINATES = re.compile(r"\b(?:add|subtract|eliminat|combin)(?:e|s|es|ing|ed)?\b", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:or|if|when|suppos\w+|assum\w+|tr(?:y|ying)|test\w*|check\w*|but|however|otherwise|cases?|either|neither"
    r"|instead|not|no|never|unless|would|could|might|mod|modulo|about|approximately|both sides|each side)\b|[±?≠]",
    re.IGNORECASE,
)
_AND_SO = re.compile(r"\band (?=so|hence|thus|therefore|then)|\bfor (?=[a-z]\b)|\bboth sides\b", re.IGNORECASE)
_GOES_ON = re.compile(r"\b(?:or|and)\b|[±]|\\pm|[,;] *\$?[-−]?\\?[\d(a-zA-Z]{1,6}\s*(?:[,=]|$)", re.IGNORECASE)
_OR = re.compile(r"\bor\b|[±]|\\pm", re.IGNORECASE)
# Between the number of the first equation and the letter of the second.
_LISTED = re.compile(
    r"^[-−\s\d./$(){}\\a-z]{1,40}?(?:,|;|\bor\b|\band\b|\\text\{ ?(?:or|and) ?\}|\\q?quad)[\s$({,;\\]*"
    r"(?:(?:or|and|so)\b|\\text\{ ?(?:or|and) ?\}|\\q?quad|[\s$({])*[a-z](?:_\{?\w\}?)?[\s$)}]*$"
)
_SENTENCE = re.compile(r"[.!?:](?=\s|$)|\\\\|\n")
_SIGN = re.compile(r"[A-Za-z\d.+-]")
_WORD = re.compile(r"[A-Za-z]{2}|[±?≠]")
_LIST_MARK = re.compile(r"[,;&]|\\q?quad")
_MARKUP = re.compile(r"\\(?!pm|mp|ne)[a-zA-Z]+(?:\{[a-z]+\*?\})?")
_COMMAND = re.compile(r"\\[a-zA-Z]+|\bsqrt|\bpi\b")
_PLAIN = str.maketrans("−–²³⁴", "--234")
MAX_SIDE = 200
"""Characters in which a side is looked for."""
MAX_BETWEEN = 160
"""Characters between two equations."""


class Ties:
    """The lines of one solution as they are read, and the texts of the equations that were read in each."""

    def __init__(self, lines: Sequence[str], equations: Sequence[Sequence[str]]) -> None:
        self._lines = lines
        self._places = [(line, index) for line, found in enumerate(equations) for index in range(len(found))]
        self._equations = equations
        self._found: dict[int, list[tuple[int, int]] | None] = {}

    def follows(self, first: int, second: int, *, derived: bool = False) -> bool:
        """Whether the equation at the second place is said to follow from that at the first, the one before it.

        ``derived`` tells that the first follows from the one before it, so that it is no case beside others.
        """
        if second >= len(self._places) or second != (end := self._chain_end(first)) + 1:
            return False
        (line, index), (next_line, next_index) = self._places[first], self._places[second]
        spans, next_spans = self._relations(line), self._relations(next_line)
        if spans is None or next_spans is None:
            return False
        text, next_text = self._lines[line], self._lines[next_line]
        rest = _rest(next_text, next_spans, next_index)
        if not (derived or _is_alone(text, spans, index)):
            return False
        index += end - first
        if line == next_line:
            between = text[spans[index][1] : spans[next_index][0]]
            return _ties(between, _FOLLOWS) and not _OR.search(rest)
        if _GOES_ON.search(rest):
            return False
        after, lead = text[spans[index][1] :], next_text[: next_spans[0][0]]
        between = " ".join((*self._lines[line + 1 : next_line], lead))
        if _GOES_ON.search(after) or next_index:
            return False
        return _ties(between, _FOLLOWS) or _ties(between, _STEP)

    def _chain_end(self, place: int) -> int:
        """The place of the last equation of a chain: of that of ``289-64 = 225`` in ``b^2 = 289-64 = 225``."""
        while place + 1 < len(self._places):
            (line, index), (next_line, next_index) = self._places[place : place + 2]
            if line != next_line:
                break
            sides, next_sides = (RELATION.split(self._equations[line][one]) for one in (index, next_index))
            if sides[-1] != next_sides[0]:
                break
            place += 1
        return place

    def eliminates(self, first: int, second: int) -> bool:
        """Whether what stands between two equations says that equations are added or subtracted."""
        (line, index), (next_line, next_index) = self._places[first], self._places[second]
        spans, next_spans = self._relations(line), self._relations(next_line)
        if spans is None or next_spans is None:
            return False
        text, lead = self._lines[line], self._lines[next_line][: next_spans[next_index][0]]
        if line == next_line:
            between = lead[spans[index][1] :]
        else:
            between = "\n".join((text[spans[index][1] :], *self._lines[line + 1 : next_line], lead))
        if len(between) > MAX_BETWEEN or _ELIMINATES.search(between) is None:
            return False
        return _OTHERWISE.search(between) is None and not _GOES_ON.search(
            _rest(self._lines[next_line], next_spans, next_index)
        )

    def are_bare(self, first: int, second: int) -> bool:
        """Whether two equations stand one below the other, each alone on its line and without a word."""
        if second != first + 1 or second >= len(self._places):
            return False
        lines = [self._places[place][0] for place in (first, second)]
        if lines[0] == lines[1] or any(len(self._equations[line]) != 1 for line in lines):
            return False
        return not any(_WORD.search(_MARKUP.sub("", text)) for text in self._lines[lines[0] : lines[1] + 1])

    def are_listed(self, first: int, second: int) -> bool:
        """Whether two equations that follow each other are listed side by side: ``x = 5 or x = -1``."""
        if not 0 <= first == second - 1 < len(self._places) - 1:
            return False
        (line, index), (next_line, next_index) = self._places[first], self._places[second]
        spans = self._relations(line)
        if line != next_line or spans is None:
            return False
        return _LISTED.search(self._lines[line][spans[index][1] : spans[next_index][0]]) is not None

    def _relations(self, line: int) -> list[tuple[int, int]] | None:
        """Where the relations of a line's equations stand; None where not each is written as it was read."""
        if line not in self._found:
            self._found[line] = self._find(line)
        return self._found[line]

    def _find(self, line: int) -> list[tuple[int, int]] | None:
        text, sides = self._lines[line], [RELATION.split(one) for one in self._equations[line]]
        found: list[tuple[int, int]] = []
        for match in _RELATION.finditer(text):
            if len(found) == len(sides):
                break
            left, right = map(_signs, sides[len(found)])
            before, after = text[max(0, match.start() - MAX_SIDE) : match.start()], text[match.end() :][:MAX_SIDE]
            if _signs(before).endswith(left) and _signs(after).startswith(right):
                found.append(match.span())
        return found if len(found) == len(sides) else None


def _signs(text: str) -> str:
    """The letters, digits and signs of a text, without the commands and brackets in which LaTeX has them."""
    return "".join(_SIGN.findall(_COMMAND.sub("", text).translate(_PLAIN)))


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
    while True:
        before = text[spans[index - 1][1] if index else 0 : spans[index][0]]
        ends = [match.end() for match in _SENTENCE.finditer(before)]
        if _ELSEWHERE.search(_AND_SO.sub("", before[ends[-1] if ends else 0 :])):
            return False
        if ends or index == 0:
            return True
        chained = not _WORD.search(_MARKUP.sub("", before)) and not _LIST_MARK.search(before)
        if not (chained or _FOLLOWS.search(before)):
            return False
        index -= 1
