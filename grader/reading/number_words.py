"""Numbers written as words: ``forty five``, ``two thirds of``, ``half of``, ``three hundred``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.numbers import FRACTION_WORDS, NUMBER_WORDS, SCALE_WORDS

if TYPE_CHECKING:
    from grader.numbers import Token

BEGINNINGS = frozenset(NUMBER_WORDS) | {"half", "third", "quarter", "a"}
"""Words that a number in words can begin with."""


def number_in_words(tokens: list[Token], index: int, end: int) -> tuple[str, int] | None:
    """The number that begins at ``index``, as digits, and how many tokens it takes; None where none begins."""
    word = tokens[index].text.lower()
    if word not in BEGINNINGS:
        return None
    share = _share(tokens, index, end, word)
    if share is not None or word not in NUMBER_WORDS:
        return share
    value, used = _tens_and_units(tokens, index, end, NUMBER_WORDS[word])
    while index + used < end and (scale := SCALE_WORDS.get(tokens[index + used].text.lower())):
        value *= scale
        used += 1
    if _is_part_of(tokens, index + used, end):
        return f"{value}/{_denominator(tokens, index + used)}", used + 1
    return str(value), used


def _share(tokens: list[Token], index: int, end: int, word: str) -> tuple[str, int] | None:
    """``half of``, ``a third of``, ``one quarter of``."""
    if word in FRACTION_WORDS and _is_part_of(tokens, index, end):
        return f"1/{FRACTION_WORDS[word]}", 1
    if word in ("a", "one") and _is_part_of(tokens, index + 1, end):
        return f"1/{_denominator(tokens, index + 1)}", 2
    return None


def _is_part_of(tokens: list[Token], index: int, end: int) -> bool:
    return (
        index + 1 < end
        and tokens[index].text.lower().removesuffix("s") in FRACTION_WORDS
        and tokens[index + 1].text.lower() == "of"
    )


def _denominator(tokens: list[Token], index: int) -> int:
    return FRACTION_WORDS[tokens[index].text.lower().removesuffix("s")]


def _tens_and_units(tokens: list[Token], index: int, end: int, value: int) -> tuple[int, int]:
    """``forty five`` and ``forty-five``: the value and the tokens used."""
    if value < 20 or index + 1 >= end:
        return value, 1
    following = index + 2 if tokens[index + 1].text == "-" else index + 1
    unit = NUMBER_WORDS.get(tokens[following].text.lower(), 0) if following < end else 0
    return (value + unit, following - index + 1) if 0 < unit < 10 else (value, 1)
