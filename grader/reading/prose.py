"""Steps of the walk at words: labels, operators and relations in words, numbers in words, or the end of a side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.checking.units import mixes_units, unit_named
from grader.numbers import NUMBER_WORDS, SCALE_WORDS, Kind
from grader.reading.ahead import (
    behind_letters,
    behind_operator_word,
    behind_operator_word_of_thing,
    divides_letters,
    is_letter,
    is_mixed,
    is_one_letter,
    is_term,
    number_follows,
    sign_at,
    touches,
    unit_at,
    word_at,
)
from grader.reading.congruences import MODULUS_WORDS, modulus
from grader.reading.functions import behind_function, names_function
from grader.reading.number_words import is_told_otherwise, number_in_words
from grader.reading.words import (
    AFTER_EQUALS,
    APPROXIMATE_WORDS,
    ARTICLES,
    CURRENCIES,
    EQUALS_WORDS,
    FRACTION_LABELS,
    GLUED_COUNTS,
    GLUED_SUFFIXES,
    IS_WORDS,
    LETTER_UNITS,
    MAGNITUDE_WORDS,
    NO_UNKNOWNS,
    OPERATOR_WORDS,
    PART_WORDS,
    POWER_WORDS,
    RATES,
    STOP_WORDS,
)

if TYPE_CHECKING:
    from grader.reading.walker import Walker

MAX_LABEL = 10
"""Words of one label."""


def word(walker: Walker, index: int, end: int) -> int:
    """A word behind an operand or where one should stand."""
    if names_function(walker.tokens[index].text) and (after := behind_function(walker, index, end)):
        if walker.side.expecting:
            walker.side.stumble()
        walker.side.unreadable = True
        return after
    if walker.side.expecting:
        return _word_for_operand(walker, index, end)
    lower = walker.tokens[index].text.lower()
    if lower in IS_WORDS and walker.side.calculates and number_follows(walker.tokens, index + 1, end):
        walker.chain.loose = True
        return _worded_relation(walker, index, end)
    if lower in STOP_WORDS and not _multiplies(walker, index):
        return _stop_word(walker, index, end, lower)
    if lower in OPERATOR_WORDS:
        after = behind_operator_word(walker.tokens, index, end)
        if after:
            walker.side.ambiguous |= lower == "times" and bool(walker.chain.relations)  # "= 20 times 2 people"
            _worded_operator(walker, OPERATOR_WORDS[lower])
            return after
        after = behind_operator_word_of_thing(walker.tokens, index, end)
        if after and is_letter(walker.tokens, after, end):
            _worded_operator(walker, OPERATOR_WORDS[lower])
            return _word_behind_operator(walker, after, end)
        if after:  # "5 times the number": the reader has no value of it
            walker.side.unreadable |= walker.side.operators > 0
            walker.side.unfinished = True
    elif lower == "of" and _takes_share(walker) and is_letter(walker.tokens, index + 1, end):
        _worded_operator(walker, "*")
        return _word_behind_operator(walker, index + 1, end)  # "half of x"
    elif lower == "of" and _of_multiplies(walker, index, end):
        walker.side.ambiguous |= bool(walker.chain.relations)  # "2/3 - 1/3 = 1/3 of $150"
        _worded_operator(walker, "*")
        walker.side.of = True
        return index + 2 if word_at(walker.tokens, index + 1, end) in ARTICLES else index + 1
    elif lower == "percent":
        walker.side.adjoin("%")
        return index + 1
    elif lower in POWER_WORDS and not walker.side.labels:
        walker.side.ambiguous |= walker.side.operators > 0  # "3 + 4 squared"
        _adjoin_power(walker, POWER_WORDS[lower])
        return index + 1
    elif lower in MODULUS_WORDS:
        return modulus(walker, index, end)
    elif lower in NUMBER_WORDS and word_at(walker.tokens, index + 1, end) in OPERATOR_WORDS:
        walker.close()
        return index
    if walker.side.labels >= MAX_LABEL:
        walker.close()
        return index + 1
    if walker.side.labels and _begins_term(walker, index, end):
        walker.close()
        return index
    return _factor(walker, index) or _label(walker, index)


def _begins_term(walker: Walker, index: int, end: int) -> bool:
    """Whether a letter behind words begins a calculation of its own: ``subtract 15 from both sides of x + 15 = 42``.

    A capital may name the thing before it (``3 in box B + 4 in box C``), so that the side is only doubted.
    """
    if walker.tokens[index - 1].kind != Kind.WORD or not is_term(walker.tokens, index, end):
        return False
    capital = walker.tokens[index].text.isupper()
    walker.side.ambiguous |= capital
    return not capital


def _multiplies(walker: Walker, index: int) -> bool:
    """``2i``: a letter, though it is a word elsewhere."""
    token, before = walker.tokens[index], walker.tokens[index - 1]
    return token.text == "i" and before.end == token.start and before.kind == Kind.NUMBER


def _stop_word(walker: Walker, index: int, end: int, lower: str) -> int:
    """A word that no label holds: a relation (``equals``, ``is equal to``), or the end of the side."""
    if lower in EQUALS_WORDS:
        return _worded_relation(walker, index, end)
    if lower == "is" and word_at(walker.tokens, index + 1, end) in EQUALS_WORDS:
        return _worded_relation(walker, index + 1, end)
    if lower == "is" and word_at(walker.tokens, index + 1, end) == "congruent":
        walker.relation(index + 1, end)
        return index + 3 if word_at(walker.tokens, index + 2, end) == "to" else index + 2
    if lower == "and" and index + 1 < end and is_mixed(walker.tokens, index - 1, index + 1, end):
        alone = len(walker.side.pieces) == 1 and not walker.chain.relations
        walker.side.ambiguous |= alone and index + 4 < end and walker.tokens[index + 4].text == "="
        walker.side.adjoin(" " + walker.tokens[index + 1].text)
        return index + 2  # "1 and 1/4"; "the order is 6 and 1/7 = 0.142857"
    if lower == "and" and _goes_on_in_units(walker, index + 1, end):
        walker.side.ambiguous |= walker.side.units[-1] != unit_at(walker.tokens, index + 2, end)
        walker.close()
        walker.side.ambiguous = True
        return index + 1
    if lower == "can" and sign_at(walker.tokens, index + 1, end):
        return _label(walker, index)  # "3 cans + 1 can = 4 cans"
    walker.close()
    return index + 1


def _adjoin_power(walker: Walker, power: str) -> None:
    walker.side.adjoin(power)
    walker.side.operators += 1
    walker.side.words_used = True


def _goes_on_in_units(walker: Walker, index: int, end: int) -> bool:
    """``1 hour and 30 minutes``, ``$5 and 25 cents``: one quantity, of which neither number is all."""
    side = walker.side
    if not side.units or index + 1 >= end or walker.tokens[index].kind != Kind.NUMBER:
        return False
    unit = unit_at(walker.tokens, index + 1, end)
    return unit is not None and (len(side.pieces) == 1 or mixes_units([side.units[-1], unit]))


def _worded_operator(walker: Walker, sign: str) -> None:
    walker.side.operator(sign)
    walker.side.words_used = True


def _factor(walker: Walker, index: int) -> int:
    """Index behind letters that are multiplied with the operand before them (``2x``, ``(1/2)bh``), 0 for other words.

    A single letter that may be a unit too is noted, and settled with the whole line or solution.
    """
    token, side, before = walker.tokens[index], walker.side, walker.tokens[index - 1]
    text, end = token.text, len(walker.tokens)
    if _DIFFERENTIAL.fullmatch(text) and word_at(walker.tokens, index + 1, end) == "/" and unit_named(text) is None:
        side.unreadable = True
        return min(index + 3, end)  # "4π(25) dr/dt"
    if side.labels:
        return 0
    attached = before.kind in _OPERANDS and touches(before, token)
    if not is_one_letter(token):
        behind = index + 1 if attached and _are_factors(text) else 0  # "b^2 - 4ac", "(1/2)bh", "πrl"
    elif attached or text not in NO_UNKNOWNS:
        glued = attached and before.kind == Kind.NUMBER
        behind = behind_letters(walker.tokens, index, end)  # "1/2 m v^2": units do not stand in a row
        power = glued and side.unknown and side.pieces[-2:-1] == ["^"]  # "a^2c": no unit behind a power
        if text in LETTER_UNITS and behind == index + 1 and not power:
            if not (sign_at(walker.tokens, index + 1, end) and _is_rate(walker, index + 1)):
                side.letters.append((len(side.pieces), text))
                side.glued |= glued
            return 0
    else:
        return 0
    for letter in "".join(word.text for word in walker.tokens[index:behind]):
        side.unknown = True
        side.adjoin(letter)
    return behind


_OPERANDS = frozenset({Kind.NUMBER, Kind.CLOSE, Kind.FUNCTION})


def _label(walker: Walker, index: int) -> int:
    """A word behind an operand: its unit or its label."""
    token, side, before = walker.tokens[index], walker.side, walker.tokens[index - 1]
    text = token.text
    thing = text.lower().removesuffix("s")
    if side.labels and side.things:
        side.things[-1] += f" {thing}"
    else:
        side.things.append(thing)
    side.labels += 1
    lower = text.lower()
    side.shortened |= side.labels == 1 and lower in MAGNITUDE_WORDS
    side.scaled |= side.shortened or lower in PART_WORDS or lower.removesuffix("s") in SCALE_WORDS
    side.ambiguous |= side.labels == 1 and _is_fraction_label(walker, index)
    unit = unit_at(walker.tokens, index, len(walker.tokens)) if side.labels == 1 else None
    if lower in RATES:
        side.rates.append(RATES[lower])
    if unit is not None:
        side.units.append(unit)
    elif before.kind in _OPERANDS and touches(before, token) and len(text) > 1 and lower not in GLUED_SUFFIXES:
        side.ambiguous = True
    return index + 1


def _are_factors(text: str) -> bool:
    """Whether letters that are glued to a number are unknowns: two of them, or ``xyz``; no unit and no suffix."""
    if not (text.isascii() and text.isalpha()) or _MEASURES.fullmatch(text) or text.lower() in GLUED_SUFFIXES:
        return False
    if unit_named(text) is not None or text.lower() in GLUED_COUNTS:
        return False
    return len(text) == 2 or (len(text) == 3 and ord(text[2]) - ord(text[1]) == ord(text[1]) - ord(text[0]) == 1)


_DIFFERENTIAL = re.compile(r"[dΔδ∂][A-Zb-zα-ω]")
_MEASURES = re.compile(r"[kKMGTmcdn][WVAJNBHLlgms]|Hz|Pa|eV|Nm|Wh|Ah|Bq|Gy|Sv|lx|lm")


def _is_fraction_label(walker: Walker, index: int) -> bool:
    """``four eighths``, but neither ``four eighth graders`` nor ``four eighth-grade boys``."""
    label, *after = walker.tokens[index : index + 2]
    if label.text.lower() not in FRACTION_LABELS:
        return False
    if not after or after[0].kind != Kind.WORD:
        return not after or after[0].text != "-" or after[0].start > label.end
    lower = after[0].text.lower()
    return lower == "of" or lower in STOP_WORDS or lower in OPERATOR_WORDS


def _is_rate(walker: Walker, index: int) -> bool:
    """Whether a slash and a word stand there, as in ``200 m/min``, and not two letters that are no units together."""
    if walker.tokens[index].text != "/" or index + 1 >= len(walker.tokens):
        return False
    unit, after = walker.tokens[index - 1], walker.tokens[index + 1]
    return after.kind == Kind.WORD and not divides_letters(unit, after)


def _word_for_operand(walker: Walker, index: int, end: int) -> int:
    side = walker.side
    value = number_in_words(walker.tokens, index, end)
    if value is not None:
        text, used = value
        if not side.pieces and side.label and walker.chain.relations:
            walker.close()
            side = walker.side
        if not side.pieces:
            side.led = index > 0
            side.named = word_at(walker.tokens, index - 1, end) if index else None
        side.operand(text)
        side.words_used = True
        side.ambiguous |= is_told_otherwise(walker.tokens, index, used, end)
        return index + used
    if side.pieces:
        return _word_behind_operator(walker, index, end)
    return _word_before_operand(walker, index, end)


def _word_before_operand(walker: Walker, index: int, end: int) -> int:
    """A word where the first operand of a side should stand."""
    text, side = walker.tokens[index].text, walker.side
    related = bool(walker.chain.relations)
    if text.lower() in CURRENCIES and index + 1 < end and walker.tokens[index + 1].kind == Kind.NUMBER:
        return index + 1
    behind = behind_letters(walker.tokens, index, end)
    before_root = behind < end and walker.tokens[behind].text == "sqrt"
    signed = sign_at(walker.tokens, behind, end)
    if behind > index and (before_root or (related and text not in NO_UNKNOWNS) or signed):
        side.unknown = True
        side.operand(text)
        if not (before_root or signed):
            return index + 1
        for letter in walker.tokens[index + 1 : behind]:
            side.adjoin(letter.text)  # "P V = 24"
        return behind
    if related and not side.label:
        lower = text.lower()
        if lower in AFTER_EQUALS:
            side.approximate |= lower in APPROXIMATE_WORDS
            return index + 1
        if lower in STOP_WORDS:
            walker.close()
            return index + 1
    side.label = True
    return index + 1


def _word_behind_operator(walker: Walker, index: int, end: int) -> int:
    """A word where a further operand should stand."""
    token, side = walker.tokens[index], walker.side
    if is_one_letter(token) and (token.text not in NO_UNKNOWNS or sign_at(walker.tokens, index + 1, end)):
        side.unknown = True
        side.operand(token.text)
        return index + 1
    if token.text.lower() in CURRENCIES and index + 1 < end and walker.tokens[index + 1].kind == Kind.NUMBER:
        return index + 1
    operator = walker.tokens[index - 1]
    if operator.text == "-" and token.start > operator.end:
        side.ambiguous |= token.text.lower() not in STOP_WORDS
        walker.close()  # "= 8 - so he has": a dash
        return index
    side.stumble()
    return index + 1


def _of_multiplies(walker: Walker, index: int, end: int) -> bool:
    """``1/2 of 68`` and ``20% of $50`` multiply; ``3 boxes of 12`` does not."""
    after = index + 2 if word_at(walker.tokens, index + 1, end) in ARTICLES else index + 1
    another = word_at(walker.tokens, after, end) != "one" and number_follows(walker.tokens, after, end)
    return another and _takes_share(walker)


def _takes_share(walker: Walker) -> bool:
    """Whether a fraction or a percentage stands right before."""
    pieces = walker.side.pieces
    share = pieces[-1] == "%" or "/" in pieces[-1] or (len(pieces) >= 3 and pieces[-2] == "/")
    return share and not walker.side.labels


def _worded_relation(walker: Walker, index: int, end: int) -> int:
    """A word that says "equals": the chain is not certain."""
    walker.chain.worded = True
    walker.relation(index, end)
    return index + 2 if word_at(walker.tokens, index + 1, end) == "to" else index + 1
