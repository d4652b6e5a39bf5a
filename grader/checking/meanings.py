"""Whether the letters of a solution keep their meaning: the condition under which a contradiction is an error.

Two equations with the same letter contradict each other in many a good solution: cases, roots of a quadratic, a value
put in by way of trial, a second unknown with the same name. Where the text has a sign of any of these, nothing is
refuted: an error that is missed costs less than a false alarm.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_VARIES = re.compile(
    r"\b(?:cases?|either|roots?|quadratic|squared?|graphs?|slopes?|intercepts?|intersect\w*|vert(?:ex|ices)|parabola"
    r"|functions?|curves?|tangent|asymptotes?|domain|range of|sequences?|series|modulo|congruent|boolean|matri(?:x|ces)"
    r"|vectors?|no solutions?|contradict\w*|inconsistent|impossible|infinitely|at least|at most|minim\w+|maxim\w+"
    r"|inequalit\w+|guess\w*|trial|possible values?|possibilit\w+|respectively|equation of|coordinates?|recursion"
    r"|iterat\w+|scenarios?|options?|attempt\w*|redefin\w+|typo|intervals?)\b"
    r"|[≠±|]|\\(?:neq?|pm|mp)\b|\\begin\{(?:cases|array|[pbv]?matrix)\}|\bf\s*\(",
    re.IGNORECASE,
)
_BOUNDS = re.compile(r"[<>≤≥]|\\(?:leq?|geq?|lt|gt)\b", re.IGNORECASE)
_SUPPOSED = (
    r"\b(?:if|when|whenever|for|at|where|with|sets?|setting|let|letting|suppose|say|assum\w+|tak\w+|try\w*|using|put\w*"
    r"|plug\w*|choos\w+|pick\w*|test\w*|once|until|while|or|has|have)\b(?:\s+that)?"
    r"[\s$\\({{]*{letter}[\s$\\)}}]*(?:=|\bis\b|\bequals?\b)\s*[-$\\({{]*\d"
)
"""A value for the sake of argument: ``if x = 3``. ``If x is the price`` defines it."""
_DEFINED = r"\b(?:let|denote|call|define|set|say)\b[^.;\n]{{0,40}}?(?<![A-Za-z]){letter}(?![A-Za-z'])"


_OTHER_ALGEBRA = re.compile(
    r"\bmod(?:ulo|ulus)?\b|\\[pb]?mod\b|≡|\\equiv|\b(?:congruen\w+|matri(?:x|ces)|vectors?|operators?|boolean|logic\w*|commut\w*|rings?"
    r"|fields?|groups?|characteristic|neglect\w*|ignor\w+|approx\w*|small|negligible|no solutions?|contradict\w*"
    r"|inconsistent|impossible|mistakes?|wrong\w*|incorrect\w*|false|counterexamples?|not equal|never|limits?|series"
    r"|perpendicular|orthogonal|(?:is|are|does|do|did|was)(?:n't| not))\b"
    r"|≠|≈|∅|\\(?:neq?|approx|emptyset|varnothing|lim)\b|\bd/d[a-z]\b|\\frac\{d",
    re.IGNORECASE,
)
"""Letters that are no numbers, or an equation that is said not to hold, or nearly to."""


_SEVERAL = re.compile(
    r"\b(?i:mod(?:ulo|ulus)?|congruen\w+|contradict\w*|inconsistent|impossible|no solutions?|counterexamples?"
    r"|neglect\w*|ignor\w+|cases|either|shift\w*|translat\w*|moved?|reflect\w*|parallel|concentric|famil(?:y|ies)"
    r"|scenarios?|options?|splits?|absolute value|(?:two|the other) (?:equations?|quadratics?|branch(?:es)?))\b"
    r"|\b[Cc]ase [\dA-Z]|\bSecond(?:ly)?\b[*_]*[:,]|[≠≡]|\\(?:neq?|equiv|[pb]?mod)\b|(?:\||[vV]ert\b)[\s)$]*[=<>≤≥]"
)
"""Equations beside each other that are no steps of one derivation, or are not said to hold."""
_MODULAR = re.compile(
    r"\b(?:mod|modulo|modulus|congruen\w+|bases?|clock|boolean)\b|≡|\\(?:[pb]?mod|equiv)\b", re.IGNORECASE
)
_SQUARES = re.compile(r"\bsquar(?:e|es|ed|ing)\b", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:[A-Za-z]\(\w\)|y)[\s$]*=")


class Words(NamedTuple):
    """The text of a solution, and of its problem; its lines, and the texts of the equations that were read in each."""

    text: str
    problem: str = ""
    lines: Sequence[str] = ()
    equations: Sequence[Sequence[str]] = ()


class Meanings:
    """What the words of one solution say about its letters; looked into only where something would fail."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._text = words.text
        self._varies: bool | None = None

    def vary(self, *, bounds: bool = True) -> bool:
        """Whether the solution works with cases, curves, bounds or trials, so that letters have no one value."""
        if self._varies is None:
            self._varies = _VARIES.search(self._text) is not None
        return self._varies or (bounds and _BOUNDS.search(self._text) is not None)

    def other_algebra(self) -> bool:
        """Whether letters may be other than numbers, or equations may be written that do not hold."""
        return _OTHER_ALGEBRA.search(self._text) is not None

    def has_several(self) -> bool:
        """Whether there may be several equations of one kind, of cases or of curves, or some that do not hold."""
        return _SEVERAL.search(self._text) is not None

    def squares(self) -> bool:
        """Whether the solution says that something is squared."""
        return _SQUARES.search(self._text) is not None

    def counts_otherwise(self) -> bool:
        """Whether numbers may be those of a modulus or a base."""
        return _MODULAR.search(f"{self._text} {self._words.problem}") is not None

    def follows(self, first: int, second: int, *, derived: bool) -> bool:
        """Whether the words say that the equation at the second place follows from that at the first."""
        return self._ties.follows(first, second, derived=derived)

    def eliminates(self, first: int, second: int) -> bool:
        """Whether the words say that equations up to the first place are added or subtracted to get the second."""
        return self._ties.eliminates(first, second)

    def are_bare(self, first: int, second: int) -> bool:
        """Whether two equations stand one below the other without a word."""
        return self._ties.are_bare(first, second)

    def are_listed(self, first: int, second: int) -> bool:
        """Whether two equations are listed side by side: ``x = 5 or x = -1``."""
        return self._ties.are_listed(first, second)

    @cached_property
    def _ties(self) -> Ties:
        return Ties(self._words.lines, self._words.equations)

    def are_given(self, letters: Collection[str]) -> bool:
        """Whether the problem sets anything equal that may be about these letters, but for what names stand for."""
        problem = _NAMED.sub("", self._words.problem)
        return "=" in problem and any(letter in problem for letter in letters)

    def is_zero(self, letter: str) -> bool:
        """Whether a letter, or a product that it ends, is set to zero."""
        return (
            re.search(
                rf"{re.escape(letter)}[\s$\\)}}]*(?:=|\bis\b|\bequals?\b)[\s$\\({{]*(?:0(?![.\d])|zero\b)", self._text
            )
            is not None
        )

    def are_kept(self, letters: set[str]) -> bool:
        """Whether each of the letters is introduced once at most, and takes no value for the sake of argument."""
        return not self.vary() and not any(self._is_changed(letter) for letter in letters)

    def drops_letters(self, equation: str, letters: set[str]) -> bool:
        """Whether the text goes on with an unknown that was taken for a unit: ``g = 2k`` read as ``g=2``."""
        names = "".join(map(re.escape, sorted(letters)))
        written = r"[\s,$]*".join(map(re.escape, equation))
        return re.search(rf"(?<![\w.]){written} ?[{names}](?![A-Za-z])", self._text) is not None

    def _is_changed(self, letter: str) -> bool:
        name = re.escape(letter)
        if re.search(_SUPPOSED.format(letter=name), self._text, re.IGNORECASE):
            return True
        return len(re.findall(_DEFINED.format(letter=name), self._text, re.IGNORECASE)) > 1
