"""Questions about the tokens around a place in the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.characters import FIRST_SIGN, MATH_OFF
from grader.checking.units import unit_named
from grader.numbers import Kind
from grader.reading.number_words import number_in_words
from grader.reading.words import (
    AFTER_EQUALS,
    NO_UNKNOWNS,
    NUMBER_LABELS,
    ORDERING_NOUNS,
    ORDERING_WORDS,
    PLURAL_LABELS,
    STOP_WORDS,
    THING_WORDS,
    UNKNOWN_NOUNS,
)

if TYPE_CHECKING:
    from grader.numbers import Token

SIGNS = (Kind.OPERATOR, Kind.RELATION)
# To look a member up in its enum takes as long as the rest of a short loop.
_OPEN, _CLOSE = Kind.OPEN, Kind.CLOSE


def word_at(tokens: list[Token], index: int, end: int) -> str:
    """The token's text in lower case, empty beyond the end."""
    return tokens[index].text.lower() if index < end else ""


def unit_at(tokens: list[Token], index: int, end: int) -> str | None:
    """The unit that the word there names; between a number and a sign or an end ``in`` names inches."""
    if index >= end:
        return None
    word = tokens[index]
    if word.text != "in":
        return unit_named(word.text)
    if index == 0 or tokens[index - 1].kind != Kind.NUMBER:
        return None
    if index + 1 == len(tokens):
        return "inch"
    after = tokens[index + 1]
    glued = after.text == "-" and after.start == word.end  # "12 in-stock items"
    return "inch" if after.kind in (*SIGNS, Kind.BREAK, Kind.CLOSE) and not glued else None


def sign_at(tokens: list[Token], index: int, end: int) -> bool:
    """Whether an operator or a relation stands there."""
    return index < end and tokens[index].kind in SIGNS


def chain_follows(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a relation stands there, or an operator that is no dash: ``$= 3$ + $4$ = 7``."""
    return sign_at(tokens, index, end) and tokens[index].text != "-"


def is_torn(tokens: list[Token], index: int) -> bool:
    """``14, 400 / 80``: the number may be the rest of one that a comma and a space tore apart."""
    if index < 2 or tokens[index - 1].text != ",":
        return False
    before, token = tokens[index - 2], tokens[index]
    return before.kind == Kind.NUMBER and len(token.text) == 3 and len(before.text) <= 3 and not token.math


def is_spaced_thousands(tokens: list[Token], index: int) -> bool:
    """``400 000`` and ``1 500 000``: three digits behind one to three, with one space between."""
    token, before = tokens[index], tokens[index - 1]
    return (
        before.kind == Kind.NUMBER
        and token.start == before.end + 1
        and len(token.text) == 3
        and len(before.text) <= 3
        and token.text.isdecimal()
        and before.text.isdecimal()
    )


def is_mixed(tokens: list[Token], whole: int, index: int, end: int, *, regrouped: bool = False) -> bool:
    """Whether the numbers at ``whole`` and ``index`` begin a mixed number (``1 1/2``, ``1 and 1/4``).

    ``regrouped``: its fraction may be one whole or more (``4 5/4``).
    """
    if index + 2 >= end or tokens[whole].kind != Kind.NUMBER or tokens[index + 1].text != "/":
        return False
    if whole > 0 and tokens[whole - 1].text in ("/", "^"):
        return False  # "1/3 and 2/3", "(1/4)^4 3/4"
    above, slash, below = tokens[index : index + 3]
    return (
        above.end == slash.start
        and slash.end == below.start
        and tokens[whole].text.isdecimal()
        and above.text.isdecimal()
        and above.text[0] != "0"  # "18 000/2000"
        and below.text.isdecimal()
        and (int(above.text[:9]) < int(below.text[:9]) or (regrouped and _may_be_regrouped(above.text, below.text)))
    )


def _may_be_regrouped(above: str, below: str) -> bool:
    """Whether this is a fraction of one whole and more as it stands before it is carried over: ``15/12``, ``8/8``."""
    return len(above) <= 3 and len(below) <= 3 and 1 < int(below) <= int(above)


def behind_operator_word(tokens: list[Token], index: int, end: int) -> int:
    """Index of the operand behind a word operator, 0 where no operand follows (``4 times/minute``)."""
    after = index + 1
    if word_at(tokens, index, end) in ("multiplied", "divided"):
        if word_at(tokens, after, end) != "by":
            return 0
        after += 1
    return after if number_follows(tokens, after, end, at_once=True) else 0


def behind_operator_word_of_thing(tokens: list[Token], index: int, end: int) -> int:
    """Index of the thing behind a word operator (``5 times the number``), 0 where the word is a label's own.

    ``4 times a week`` says how often; behind the other words a thing is always meant.
    """
    word, after = tokens[index].text.lower(), index + 1
    if word in ("multiplied", "divided"):
        after += 1
        if word_at(tokens, index + 1, end) != "by":
            return 0
    if after >= end or tokens[after].kind != Kind.WORD:
        return 0
    following = tokens[after].text.lower()
    if word != "times" or is_letter(tokens, after, end):
        return 0 if following in STOP_WORDS - THING_WORDS else after
    if following in ("a", "an"):
        return after if word_at(tokens, after + 1, end) in UNKNOWN_NOUNS else 0
    return after if following in THING_WORDS else 0


_SUMS = frozenset("ΣΠ")
MAX_LETTERS = 8
"""Letters of one product."""


def behind_letters(tokens: list[Token], index: int, end: int) -> int:
    """Where the single letters end that begin there: all of ``P V``, the first of ``a`` and ``I`` alone."""
    behind, end = index, min(end, index + MAX_LETTERS)
    while behind < end and tokens[behind].kind == Kind.WORD and is_one_letter(tokens[behind]):
        if (behind > index and tokens[behind].text in NO_UNKNOWNS) or tokens[behind].text in _SUMS:
            break
        behind += 1
    return behind


def is_one_letter(token: Token) -> bool:
    """Whether a word is one letter of an alphabet: in scripts of syllables and signs that is a word, and no unknown."""
    text = token.text
    return len(text) == 1 and (text.isalpha() or text == "_") and text < FIRST_SIGN  # "3_ + 25 = 61": a blank


_LETTER_RATES = frozenset(
    f"{unit}/{other}"
    for unit, others in {"m": "shmlL", "l": "shmk", "L": "shk", "g": "lLmshk", "c": "hmgk"}.items()
    for other in others
)


def divides_letters(one: Token, other: Token) -> bool:
    """Whether ``h/g`` divides two unknowns: letters that may be units each, and are no rate together."""
    letters = is_one_letter(one) and is_one_letter(other)
    return letters and f"{one.text}/{other.text}" not in _LETTER_RATES


_OF_POWERS = frozenset({Kind.NUMBER, Kind.OPEN, Kind.CLOSE})


def is_term(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a letter stands there that is calculated with: ``x + 15``, but no hyphen (``t-shirts``)."""
    if index + 2 >= end or not is_one_letter(tokens[index]):
        return False
    token, sign, after = tokens[index : index + 3]
    if sign.kind != Kind.OPERATOR or token.text in ("a", "I"):
        return False
    if sign.text == "^" and all(tokens[at].kind in _OF_POWERS for at in range(index + 2, end)):
        return False  # "(m^3)" is a unit
    return not (after.kind == Kind.WORD and sign.text == "-" and token.end == sign.start)


def touches(before: Token, token: Token) -> bool:
    """Whether nothing stands between two tokens; ``π`` was written with spaces around it by the reader."""
    gap = token.start - before.end
    return gap == 0 or (gap == 1 and before.kind == Kind.FUNCTION and before.text == "pi")


def is_letter(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a single letter stands there that is no word of English."""
    if index >= end or tokens[index].kind != Kind.WORD:
        return False
    return is_one_letter(tokens[index]) and tokens[index].text not in NO_UNKNOWNS


def number_follows(tokens: list[Token], index: int, end: int, *, at_once: bool = False) -> bool:
    """Whether a number comes next, behind a currency sign, a bracket and, unless ``at_once``, a few filler words."""
    for position in range(index, min(index + 6, end)):
        token = tokens[position]
        if token.kind in (Kind.NUMBER, Kind.FUNCTION):
            return not _is_ordinal(tokens, position, end)
        if token.kind == Kind.WORD:
            if number_in_words(tokens, position, end):
                return True
            if at_once or token.text.lower() not in AFTER_EQUALS:
                return False
        elif token.kind not in (Kind.CURRENCY, Kind.OPEN) and token.text != "-":
            return False
    return False


def _is_ordinal(tokens: list[Token], index: int, end: int) -> bool:
    """``50th``: it ranks something, and is no result."""
    after = index + 1
    glued = after < end and tokens[after].start == tokens[index].end
    return glued and tokens[after].text.lower() in ("st", "nd", "rd", "th")


def behind_equation(tokens: list[Token], index: int) -> bool:
    """Whether an equation in numbers ends at ``index``: ``84 = 2² · 3 · 7``, but not ``boxes 1``."""
    for token in reversed(tokens[max(0, index - MAX_EQUATION) : index]):
        if token.kind == Kind.RELATION:
            return True
        if token.kind not in _NUMERIC and token.text != MATH_OFF:
            return False
    return False


_NUMERIC = frozenset({Kind.NUMBER, Kind.OPERATOR, Kind.OPEN, Kind.CLOSE, Kind.FACTORIAL})
MAX_EQUATION = 30
"""Tokens behind the relation of such an equation."""


def x_stands_alone(tokens: list[Token]) -> bool:
    """Whether an ``x`` of the line can be an unknown only: beside an operator or a relation, or in ``(2x-5)``."""
    return any(
        token.text in ("x", "X")
        and (
            _is_before_minus(tokens, index)
            if token.kind != Kind.WORD
            else sign_at(tokens, index + 1, len(tokens)) or (index > 0 and sign_at(tokens, index - 1, len(tokens)))
        )
        for index, token in enumerate(tokens)
    )


def _is_before_minus(tokens: list[Token], index: int) -> bool:
    """Whether the ``x`` is that of ``(2x-5)``: glued to both its neighbours, where a factor would stand alone."""
    if index < 2 or index + 3 >= len(tokens) or tokens[index + 1].text != "-":
        return False
    glued = all(tokens[at].end == tokens[at + 1].start for at in range(index - 2, index + 3))
    return glued and tokens[index - 2].kind == Kind.OPEN and tokens[index + 3].kind == Kind.CLOSE


def is_worded_value(tokens: list[Token], start: int, end: int) -> bool:
    """Whether a bracket holds a number in words or a lone letter, and nothing else."""
    if end - start == 1 and is_one_letter(tokens[start]) and tokens[start].kind == Kind.WORD:
        return True
    number = number_in_words(tokens, start, end) if end > start else None
    return number is not None and number[1] == end - start


def leaves_order_open(tokens: list[Token], index: int) -> bool:
    """Whether the words up to ``index`` may take only the first number behind them: ``twice``, ``square root of``."""
    word = tokens[index].text.lower()
    if word in ORDERING_WORDS:
        return True
    if word == "of":
        return index > 0 and tokens[index - 1].text.lower() in ORDERING_NOUNS
    return (
        word == "and" and index > 1 and tokens[index - 2].text.lower() in ("of", "between")
    )  # "the sum of 3 and 4 * 2"


def matching_brackets(tokens: list[Token]) -> dict[int, int]:
    """Index of each opening bracket to that of its closing one; brackets without a partner are left out."""
    pairs: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind is _OPEN:
            stack.append(index)
        elif kind is _CLOSE and stack:
            pairs[stack.pop()] = index
    return pairs


def is_name(word: str | None) -> bool:
    """Whether the word before a bare number makes it a name (``Day 2 = …``) rather than a count."""
    return word is not None and (names_a_thing(word) or (word[0].isupper() and word.lower() not in STOP_WORDS))


def names_a_thing(word: str | None) -> bool:
    """Whether a number behind the word tells things apart (``day 1``, ``weeks 3-4``)."""
    return word is not None and (word.lower() in NUMBER_LABELS or word.lower() in PLURAL_LABELS)
