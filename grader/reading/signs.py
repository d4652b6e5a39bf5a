"""Steps of the walk at operators: between operands, as a sign, as a dash, or as part of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.units import unit_named
from grader.numbers import Kind, Token
from grader.reading.ahead import divides_letters, is_one_letter, sign_at, x_stands_alone
from grader.reading.number_words import number_in_words
from grader.reading.words import LETTER_UNITS, NO_UNKNOWNS

if TYPE_CHECKING:
    from grader.reading.walker import Walker


def operator(walker: Walker, index: int, end: int) -> int:
    """An operator between operands, or a sign before one."""
    token = walker.tokens[index]
    if token.text in ("x", "X"):
        return _times_sign(walker, index)
    if not walker.side.expecting:
        return _binary(walker, index, end)
    return _sign(walker, index, end)


def _sign(walker: Walker, index: int, end: int) -> int:
    """An operator where an operand is expected: a sign, a dash, or the trace of an operand that was not read."""
    token, side = walker.tokens[index], walker.side
    before = walker.tokens[index - 1] if index else None
    after = walker.tokens[index + 1] if index + 1 < end else None
    signs = after is not None and (after.kind != Kind.WORD or _is_unknown(walker, index + 1, end))
    if after is not None and signs and _is_sign(walker, token, before, after):
        follows_sign = bool(side.pieces) and side.pieces[-1] in "+-"
        side.unreadable |= follows_sign and not (token.math or _is_glued_to(token, before, after))
        side.adjoin(token.text)
        side.branches += token.text == "±"
        side.led |= index > 0
    elif side.pieces:
        side.unreadable = True
    elif before is not None and not (token.text == "-" and before.end == token.start):
        # "width * 5 = 50": the first operand is a name; so is whatever else ended just before the sign.
        side.stumble()
        side.operator(token.text)
    return index + 1


def _is_glued_to(token: Token, before: Token | None, after: Token) -> bool:
    """``4 + -6``: the sign touches its number, and not the operator before it."""
    return after.kind == Kind.NUMBER and token.end == after.start and before is not None and before.end < token.start


def _is_unknown(walker: Walker, index: int, end: int) -> bool:
    """``-x = 5``: a letter glued to the sign before it, with a sign or nothing behind it."""
    token = walker.tokens[index]
    if not is_one_letter(token) or walker.tokens[index - 1].end != token.start:
        return False
    return sign_at(walker.tokens, index + 1, end) or (index + 1 == end and token.text not in NO_UNKNOWNS)


def _is_sign(walker: Walker, token: Token, before: Token | None, after: Token) -> bool:
    if token.text not in "+-±":
        return False
    if walker.side.label and not walker.side.pieces:
        return before is not None and token.text == "-" and _begins_value(token, before, after)
    opens = before is not None and before.kind in (Kind.RELATION, Kind.OPEN)
    if token.text == "+":
        return opens
    if token.text == "±" and walker.side.pieces:
        return False
    return bool(walker.side.pieces) or opens or before is None or token.math or after.start == token.end


def _begins_value(token: Token, before: Token, after: Token) -> bool:
    """Whether a minus behind words belongs to the number behind it, not to a name before it (``width - 5``).

    It does between a verb and a number that it touches, or with which a formula begins (``the sum is -3 + 5``).
    """
    if after.kind not in (Kind.NUMBER, Kind.OPEN) or before.end == token.start:
        return False
    return before.text.lower() in _VERBS and (token.math or token.end == after.start)


_VERBS = frozenset(
    """is are was were be becomes become get gets got getting give gives giving have has having obtain obtains obtained
    obtaining so then hence thus therefore equals yields yielding""".split()  # noqa: SIM905
)


def _times_sign(walker: Walker, index: int) -> int:
    """An ``x`` before a number: a sign of multiplication behind an operand, an unknown elsewhere."""
    token, side = walker.tokens[index], walker.side
    after = walker.tokens[index + 1] if index + 1 < len(walker.tokens) else None
    if side.expecting:
        side.unknown = True
        side.operand(token.text)
        if after is not None and after.kind == Kind.NUMBER and after.start == token.end:
            return index + 2  # "x1"
    elif after is None or after.text in ("-", "+") or _is_unknown_x(walker, index, after):
        side.unknown = True
        side.adjoin(token.text)
    else:
        side.operator("*")
    return index + 1


def _is_unknown_x(walker: Walker, index: int, after: Token) -> bool:
    """``3x(1/3) = x``: glued on both sides, while ``x`` stands alone elsewhere in the line."""
    token = walker.tokens[index]
    glued = walker.tokens[index - 1].end == token.start and after.start == token.end
    if not (glued and after.kind == Kind.OPEN):
        return False
    if walker.lone_x is None:
        walker.lone_x = x_stands_alone(walker.tokens)
    return walker.lone_x


def _is_term(walker: Walker, index: int, end: int) -> bool:
    """Whether ``a`` is a letter of algebra: ``b^2-a^2`` and ``5-a+3``, but not ``five-a-day``."""
    if walker.side.unknown:
        return True
    following = walker.tokens[index + 1 : min(end, index + 3)]
    if following and following[0].kind == Kind.WORD:
        return False
    return not (
        sign_at(walker.tokens, index + 1, end) and following[-1].kind == Kind.WORD and len(following[-1].text) > 1
    )


def _binary(walker: Walker, index: int, end: int) -> int:
    """An operator behind an operand."""
    token, side, before = walker.tokens[index], walker.side, walker.tokens[index - 1]
    after = walker.tokens[index + 1] if index + 1 < end else token
    glued_before, glued_after = before.end == token.start, after.start == token.end
    if side.labels and token.text == "-" and token.math and not before.math and before.text.lower() in _VERBS:
        walker.close()  # "Multiplying by 5 to clear the fraction yields $-5x = 10$"
        return index
    if after.kind == Kind.WORD:
        letter = is_one_letter(after) and (after.text not in NO_UNKNOWNS or _is_term(walker, index + 1, end))
        if token.text == "-" and glued_before and glued_after and not letter:
            side.ambiguous |= walker.depth > 0
            return index + 1  # "60-gallon"
        if (
            token.text == "/"
            and not (letter and (after.text not in LETTER_UNITS or divides_letters(before, after)))
            and number_in_words(walker.tokens, index + 1, end) is None
        ):
            side.labels += 1
            if (unit := unit_named(after.text)) is not None:
                side.rates.append(unit)
            return index + 2  # "4 leaves/pot", "$2 / pack": the word is part of the unit
    if side.labels and token.text == "^":
        side.labels += 1
        closer = walker.closers.get(index + 1, index + 1)
        return min(end, closer + 1)  # "cm^3": the power belongs to the unit
    if side.labels and token.text == "/" and glued_before and index + 2 < end:
        side.ambiguous |= walker.tokens[index + 2].kind == Kind.WORD  # "2 cups/10 minutes"
    side.operator(token.text, glued=glued_before and glued_after)
    return index + 1
