"""Numbers written as words: ``forty five``, ``two thirds of``, ``half of``, ``three hundred and twenty``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.numbers import FRACTION_WORDS, NUMBER_WORDS, SCALE_WORDS
from grader.reading.words import OPERATOR_WORDS, ORDERING_NOUNS

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
    if share is not None or not (word in NUMBER_WORDS or _scale_at(tokens, index + 1, end)):
        return share
    value, used = _whole(tokens, index, end)
    decimals = _decimals(tokens, index + used, end)
    if decimals:
        return f"{value}.{decimals}", used + 1 + len(decimals)
    if _is_part_of(tokens, index + used, end):
        return f"{value}/{_denominator(tokens, index + used)}", used + 1
    return str(value), used


def is_told_otherwise(tokens: list[Token], index: int, used: int, end: int) -> bool:
    """Whether more belongs to a number in words than was read: ``seventeen seventy-six``, ``fourteen and two``.

    So do a half and a quarter behind it, and "point" before it.
    """
    words = [token.text.lower() for token in tokens[index + used : min(index + used + 4, end)]]
    if index and tokens[index - 1].text.lower() == "point":
        return True
    if words[:1] and words[0] in NUMBER_WORDS:
        return True
    if words[1:2] == ["and"] and words[0] not in NUMBER_WORDS:
        words = words[1:]  # "five dollars and a quarter"
    if words[:1] != ["and"] or len(words) < 2:
        return False
    if words[1] in ("a", "one") and words[2:] and words[2].removesuffix("s") in FRACTION_WORDS:
        return True
    return words[1] in NUMBER_WORDS and not (words[2:] and words[2] in OPERATOR_WORDS)


def _decimals(tokens: list[Token], index: int, end: int) -> str:
    """The digits behind a spoken point: ``three point one four``."""
    if index >= end or tokens[index].text.lower() != "point":
        return ""
    digits = ""
    for token in tokens[index + 1 : end]:
        digit = 0 if token.text.lower() == "oh" else NUMBER_WORDS.get(token.text.lower())
        if digit is None or digit > 9:
            break
        digits += str(digit)
    return digits


def _whole(tokens: list[Token], index: int, end: int) -> tuple[int, int]:
    """``two thousand three hundred and five``: the value and the tokens used.

    Groups below a thousand, each before a smaller scale than the last. "And" joins what is left of a number, unless two
    numbers are named: ``the sum of one hundred and fifty``.
    """
    total, group, last, position = 0, 0, max(SCALE_WORDS.values()) + 1, index
    joined = True  # a number may follow: at the beginning, behind "hundred" and behind a scale
    while position < end:
        word = tokens[position].text.lower()
        if word == "and" and joined and position > index:
            if _names_two(tokens, index) or not _goes_on(tokens, position + 1, end, group, last):
                break
            position += 1
            word = tokens[position].text.lower()
        scale = SCALE_WORDS.get(word)
        if joined and (word in NUMBER_WORDS or (word in ("a", "an") and position == index)):
            value, used = _tens_and_units(tokens, position, end, NUMBER_WORDS.get(word, 1))
            if _is_glued(tokens, position + used, end) and position > index:
                break  # "two hundred five-dollar bills"
            group, position, joined = group + value, position + used, False
        elif scale == HUNDRED and 0 < group < HUNDRED:
            group, position, joined = group * HUNDRED, position + 1, True
        elif scale is not None and scale > HUNDRED and group and scale < last:
            total, group, last, position, joined = total + group * scale, 0, scale, position + 1, True
        else:
            break
    return total + group, position - index


HUNDRED = 100


def _goes_on(tokens: list[Token], index: int, end: int, group: int, last: int) -> bool:
    """Whether the number goes on behind "and": not with one of its own (``five thousand and two thousand``)."""
    word = tokens[index].text.lower() if index < end else ""
    if word not in NUMBER_WORDS:
        return False
    behind = index + _tens_and_units(tokens, index, end, NUMBER_WORDS[word])[1]
    if _is_glued(tokens, behind, end):
        return False
    scale = SCALE_WORDS.get(tokens[behind].text.lower()) if behind < end else None
    return scale is None or (group == 0 if scale == HUNDRED else group > 0 and scale < last)


def _names_two(tokens: list[Token], index: int) -> bool:
    """Whether what stands before a number names two of them: ``between``, ``the sum of``."""
    words = [token.text.lower() for token in tokens[max(0, index - 2) : index]]
    return words[-1:] == ["between"] or (words[-1:] == ["of"] and words[0] in ORDERING_NOUNS)


def _scale_at(tokens: list[Token], index: int, end: int) -> bool:
    return index < end and tokens[index].text.lower() in SCALE_WORDS


def _is_glued(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a hyphen joins a word to the number before it."""
    return index + 1 < end and tokens[index].text == "-" and tokens[index].end == tokens[index + 1].start


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
