"""The equations of a chain of sides: each pair of neighbours that states one, with the doubt it stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.units import RATE
from grader.numbers import COMPARISONS, CONGRUENT
from grader.reading.ahead import is_name
from grader.reading.congruences import Moduli, congruences
from grader.reading.pair_doubts import NAME, UNITS, doubt_of, doubt_of_comparison, letters_are_unknowns, states_product
from grader.reading.words import CONNECTIVES
from grader.types import Equation

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from grader.reading.sides import Chain, Side

CONDITION = "it may be a condition or a question"


def pairs_of(chain: Chain, *, approximate: bool, tried: bool) -> tuple[list[Equation], bool]:
    """The equations of a chain, each a pair of neighbours, names skipped; and whether the chain was wholly clear."""
    found: list[Equation] = []
    clear = not chain.worded
    before: Side | None = None
    moduli = Moduli(chain)
    for position, side in enumerate(chain.sides):
        if not side.readable:
            if side.pieces or _compares(chain, position):
                before, clear = None, False
            elif _adjoins(chain, position, {CONGRUENT}):
                before = None  # "n = 10 ≡ r = 3"
            continue
        first = position == 0
        if first and (side.property or (_is_name(side) and not states_product(chain))):
            continue
        clear &= not (side.ambiguous or side.words_used)
        if before is not None and (counted := moduli.between(before, position)) is not None:
            found += congruences(before, side, counted, supposed=tried)
        elif before is not None and (_is_function_of_unknown(before, side) or before.branches != side.branches):
            clear = False
        elif before is not None:
            relation = chain.relations[position - 1]
            rounded = approximate or relation == "≈" or side.approximate
            algebra = letters_are_unknowns(before, side)
            if relation in COMPARISONS:
                doubt = doubt_of_comparison(before, side)
            else:
                doubt = doubt_of(before, side, first=position == 1, worded=chain.worded, algebra=algebra)
                if doubt == NAME and states_product(chain):
                    doubt = None
                relation = "≈" if rounded else "="
            clear &= not (algebra and (before.all_letters() or side.all_letters()))
            found.append(_equation(before, side, relation, doubt, approximate=rounded, algebra=algebra))
        before = side
    return found, clear and all(equation.doubt is None for equation in found)


def _is_function_of_unknown(left: Side, right: Side) -> bool:
    """``tan 30° = h/50``: the algebra has no place for it."""
    return (left.transcendent or right.transcendent) and letters_are_unknowns(left, right)


def _compares(chain: Chain, position: int) -> bool:
    """Whether a side stands beside a sign of more or less, which may be the edge of a vector (``<3, 4> =``)."""
    return _adjoins(chain, position, COMPARISONS)


def _adjoins(chain: Chain, position: int, signs: AbstractSet[str]) -> bool:
    return not signs.isdisjoint(chain.relations[max(0, position - 1) : position + 1])


def as_supposed(equation: Equation) -> Equation:
    """A comparison under a condition is no claim (``if 5 < 3``), nor is a vector (``<1, 2>``)."""
    if equation.doubt is not None or COMPARISONS.isdisjoint(equation.text):
        return equation
    return equation._replace(doubt=CONDITION)


def _is_name(side: Side) -> bool:
    """``Day 2 = …`` and ``the cost of 3 tickets = …``: a number inside a name or a phrase."""
    if side.calculates or side.unknown or side.all_letters() or side.named is None:
        return False
    if side.operators and not side.labels:
        return False
    return is_name(side.named) or side.named.lower() not in CONNECTIVES


def _equation(
    left: Side, right: Side, relation: str, doubt: str | None, *, approximate: bool, algebra: bool
) -> Equation:
    one, other = (left.text_with_letters(), right.text_with_letters()) if algebra else (left.text(), right.text())
    return Equation(
        text=f"{one}{relation}{other}",
        approximate=approximate,
        left_units=_units(left, rates=doubt == UNITS),
        right_units=_units(right, rates=doubt == UNITS),
        doubt=doubt,
    )


def _units(side: Side, *, rates: bool) -> tuple[str, ...]:
    """The units of a side; where they do not fit together, with those behind a slash: they may convert."""
    return (*side.units, *(f"{RATE}{unit}" for unit in side.rates if rates))
