"""Steps of the walk at operands: numbers, variables, functions, and what is written to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.characters import DEGREE, FUNCTION_MARKS, STATES
from grader.checking.units import OTHER_MONEY, unit_named
from grader.limits import MAX_DIGITS
from grader.numbers import SAME_CURRENCY, Kind
from grader.reading.ahead import (
    behind_equation,
    is_mixed,
    is_spaced_thousands,
    is_torn,
    leaves_order_open,
    names_a_thing,
    unit_at,
)
from grader.reading.brackets import nested
from grader.reading.words import BEFORE_FUNCTION, DETERMINERS, REASONS

if TYPE_CHECKING:
    from grader.reading.walker import Walker


def number(walker: Walker, index: int, end: int) -> int:
    """A number: the operand that was expected, or the end of the side that stands before it."""
    token, side = walker.tokens[index], walker.side
    if side.expecting:
        return _first_or_next_number(walker, index)
    before = walker.tokens[index - 1]
    if side.modulus:
        walker.close()
        return index
    if is_mixed(walker.tokens, index - 1, index, end, regrouped=not (side.units or names_a_thing(side.named))):
        side.adjoin(" " + token.text)
    elif before.kind == Kind.PERCENT and not side.labels:
        side.adjoin(token.text)  # "29 % 4 = 1": a remainder
        side.operators += 1
    elif side.unreadable and (token.math or before.text in _PREFIX_SIGNS):
        pass  # "\log_2 64", "∫ 2x dx": the number belongs to what could not be read
    elif is_spaced_thousands(walker.tokens, index) and _may_grow(side.pieces[-1]):
        side.ambiguous |= side.grouped is None and not _is_result(walker, index - 1)
        side.grouped = side.grouped or side.pieces[-1]
        side.pieces[-1] += token.text
    elif not side.labels and (
        (before.kind == Kind.CLOSE and side.pieces[-1].endswith(")"))
        or (before.kind == Kind.NUMBER and side.pieces[-2:-1] == ["^"])
    ):
        side.operator("*")  # "(1/2) 18" and "(1/4)^4 3/4": products, most likely
        side.operand(token.text.replace(",", ""))
        side.ambiguous = True
    else:
        side.unreadable |= token.math and side.operators > 0
        torn = side.calculates and bool(side.labels)
        if side.labels == 1 and not side.operators and unit_named(before.text):
            # "1 hour 30 minutes": one quantity, of which neither number is all
            torn |= unit_at(walker.tokens, index + 1, end) is not None
            side.ambiguous |= torn
        unknown = side.unknown or any(one.unknown for one in walker.chain.sides)
        side.ambiguous |= unknown and before.kind == Kind.NUMBER  # "7x - 14 = 4x + 1 0"
        torn |= _stands_beside(walker, index)
        walker.close()
        torn |= before.kind == Kind.NUMBER and token.text[0] == "."  # "12*5=60 .60/3= 20"
        walker.side.ambiguous = torn  # "20 + 10 pens to the 29 + 24 pens = 83"
        return index
    return index + 1


def _stands_beside(walker: Walker, index: int) -> bool:
    """``= 1 2 * 22``: a lone short number before this one, another one, whose sign or bar may be lost."""
    before, token = walker.tokens[index - 1], walker.tokens[index]
    alone = before.kind == Kind.NUMBER and index > 1 and walker.tokens[index - 2].kind == Kind.RELATION
    return alone and len(before.text) < 3 and before.text != token.text


_PREFIX_SIGNS = frozenset("∫∑∏∂∇")
"""Signs that are applied to what follows them."""


def _is_result(walker: Walker, index: int) -> bool:
    """Whether a number stands right behind a relation, a currency aside: ``= 12 500``, not ``= 2 boxes + 3 500``."""
    before = walker.tokens[index - 1 - (walker.tokens[index - 1].kind == Kind.CURRENCY)] if index > 1 else None
    return before is not None and before.kind == Kind.RELATION


def _may_grow(digits: str) -> bool:
    return len(digits) <= MAX_DIGITS and digits.isdecimal()


def _first_or_next_number(walker: Walker, index: int) -> int:
    side = walker.side
    if not side.pieces:
        if side.label and walker.chain.relations:
            # "= Tom's 5 apples": the number is part of a name; what follows is no longer this relation's side.
            walker.close()
            side = walker.side
        if index and walker.tokens[index - 1].kind == Kind.WORD and "_" not in walker.tokens[index].text:
            side.named = walker.tokens[index - 1].text
            side.ordered = leaves_order_open(walker.tokens, index - 1)
            side.ambiguous |= len(walker.tokens[index].text) < 3 and _is_numbered(walker, index - 1)
        word = (side.named or "").lower()
        side.reasoned = word in REASONS or (word == "and" and _begins_statement(walker, index - 1))
        side.set_off = index > 0 and walker.tokens[index - 1].text in _STOPS and _begins_statement(walker, index - 1)
        side.led = index > 0 and walker.tokens[index - 1].text != STATES
        side.ambiguous |= is_torn(walker.tokens, index)
    text = walker.tokens[index].text.replace(",", "")
    side.operand(text)
    side.applied |= "_" in text
    return index + 1


def _begins_statement(walker: Walker, index: int) -> bool:
    """Whether a comma, a colon or "and" at ``index`` goes on behind no list of numbers (``boxes 1, 12``)."""
    before = walker.tokens[index - 1] if index > 0 else None
    if before is None or before.text in _STOPS:
        return True
    return behind_equation(walker.tokens, index) or (before.kind == Kind.WORD and walker.tokens[index].text in _STOPS)


_STOPS = frozenset(",:;.")


def _is_numbered(walker: Walker, index: int) -> bool:
    """``day 1 * 2``: the number tells days apart; in ``each day 32 * 9`` it does not."""
    before = walker.tokens[index - 1].text.lower() if index else ""
    return names_a_thing(walker.tokens[index].text) and before not in DETERMINERS


def variable(walker: Walker, index: int, end: int) -> int:
    """An unknown of LaTeX math: an operand, or a factor of the one before it."""
    side = walker.side
    side.unknown = True
    side.unreadable |= not side.expecting and bool(side.labels)
    if side.expecting:
        side.operand(walker.tokens[index].text)
    else:
        side.adjoin(walker.tokens[index].text)
    return index + 1


def function(walker: Walker, index: int, end: int) -> int:
    """``sqrt(…)`` and its like, or ``pi``."""
    side, name = walker.side, walker.tokens[index].text
    side.unreadable |= not side.expecting and bool(side.labels)
    if name == "pi":
        if side.expecting:
            side.operand(name)
        else:
            side.adjoin(f"*{name}")
            side.applied = True
        return index + 1
    mark = name[0] if name[0] in FUNCTION_MARKS else ""
    if mark:
        name = f"log_{name[1:]}" if name[1:] else FUNCTION_MARKS[mark]
        side.transcendent |= name not in _RATIONAL
        side.unreadable |= side.expecting and not _may_begin_with_function(walker, index)
    if side.pieces and (side.pieces[-1][-1].isalpha() if mark else side.pieces[-1].endswith("pi")):
        name = f"*{name}"  # "ab sin 30°", "2π√3"
    closer = walker.closers.get(index + 1)
    if closer is None:
        walker.junk(index, end)
        bare = index + 1 < end and walker.tokens[index + 1].kind == Kind.NUMBER
        return index + 2 if bare else index + 1  # "sqrt 16": the number is the root's
    nested(walker, index + 1, closer, before=name)
    side.applied = True
    return closer + 1


def _may_begin_with_function(walker: Walker, index: int) -> bool:
    """Whether what stands before a function is no factor of it: ``so sin 30° = 1/2``, but not ``AB sin 30°``."""
    before = walker.tokens[index - 1] if index else None
    if before is None or before.kind in _BEFORE_FUNCTION or (walker.tokens[index].math and not before.math):
        return True
    return before.kind == Kind.WORD and before.text.lower() in BEFORE_FUNCTION


_RATIONAL = frozenset({"abs", "binom", "perm", "gcd", "lcm", "floor", "ceil"})
_BEFORE_FUNCTION = frozenset({Kind.BREAK, Kind.RELATION, Kind.OPERATOR, Kind.OPEN, Kind.CURRENCY})


def currency(walker: Walker, index: int, end: int) -> int:
    """A currency, as a sign or in letters: the unit of its number, and the end of a side that waits for none."""
    if not walker.side.expecting and index + 1 < end and walker.tokens[index + 1].kind == Kind.NUMBER:
        walker.close()
    side, text = walker.side, walker.tokens[index].text
    if text == "¢":
        side.units.append("cent")
    else:
        name = SAME_CURRENCY.get(text.capitalize() if text[0] == "r" else text, text)
        side.units.append("$" if name == "$" else OTHER_MONEY)
        side.ambiguous |= side.currency not in (None, name)  # "USD 45 + GBP 30 = USD 82.50"
        side.currency = name
    return index + 1


def suffix(walker: Walker, index: int, end: int) -> int:
    """``%``, ``!`` or a degree sign behind an operand."""
    text = walker.tokens[index].text
    if walker.side.expecting:
        walker.side.unreadable = True
    else:
        walker.side.adjoin("°" if text == DEGREE else text)
        walker.side.applied |= walker.tokens[index].kind == Kind.FACTORIAL
    return index + 1
