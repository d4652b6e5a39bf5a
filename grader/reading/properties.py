"""What an expression only names: its terms, its minimum, or something of which it is not all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.characters import MATH_OFF
from grader.numbers import Kind
from grader.reading.ahead import word_at
from grader.reading.words import EXTREMES, ORDERING_NOUNS, PROPERTIES, STOP_WORDS, TERM_WORDS

if TYPE_CHECKING:
    from grader.numbers import Token


def names_a_property(tokens: list[Token], relation: int) -> bool:
    """Whether what stands before a relation names a part or a property of an expression, not its value.

    ``The x^2 term is 90x^2``, and before a relation in words ``the minimum of x^2 - 4x + 7 is 3``. Nor is it the value
    of the last of several expressions (``the product of x and x + 2 is 15``).
    """
    if word_at(tokens, relation - 1, relation) in TERM_WORDS:
        return True
    if tokens[relation].kind == Kind.RELATION:
        return False  # "the roots of x^2 - 5x + 6 = 0"
    several = False
    for index in range(relation - 1, max(0, relation - MAX_EXPRESSION), -1):
        token, lower = tokens[index], tokens[index].text.lower()
        if lower in ("of", "in", "for", "between"):
            noun, before = word_at(tokens, index - 1, relation), word_at(tokens, index - 2, index) if index > 1 else ""
            if noun in PROPERTIES or (noun == "value" and before in EXTREMES):
                return True
            if (several and noun in _SUMS) or noun in ORDERING_NOUNS - _SUMS:
                return True
        if lower == "and" or (several and token.text == ","):
            several = True  # "the sum of x and 3x + 1 is 4x + 1"
        elif lower in STOP_WORDS or (token.kind in (Kind.RELATION, Kind.BREAK) and token.text != MATH_OFF):
            return False
    return False


_SUMS = frozenset({"sum", "product", "difference", "average", "mean", "median", "ratio"})
"""Nouns of what one expression may be the whole of: ``the sum of 2x + 3y is 12``."""
MAX_EXPRESSION = 60
"""Tokens between a property and the relation behind its expression."""
