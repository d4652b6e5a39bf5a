"""Two values compared: they are equal, equal as rounded or converted, or not, and why."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import NotRationalError, UndefinedError, evaluate, show
from grader.checking.comparison import denial, is_true
from grader.checking.explain import explain, explain_conversion, say, shortened
from grader.checking.quantities import converted_quotient, converted_sum, product_factors, rate_factors
from grader.checking.rounding import (
    TRUNCATED,
    as_endless,
    is_rounded_factor,
    joined_by_rounding,
    long_decimals_explain,
    printed_by_program,
    rounded_on_the_way,
    rounds_in_scientific,
    rounds_to,
)
from grader.checking.tree import TRANSCENDENT, Binary, Node, Number, is_transcendent, leading_number, traits
from grader.checking.units import BARE, conversion_factors, plural
from grader.numbers import RELATION, Written
from grader.types import CheckStatus, Equation

if TYPE_CHECKING:
    from grader.checking.symbolic import SymbolicProcess

RUNS_ON = "the calculation runs on: the left side is the first number of the right one"


ON_THE_WAY = "rounded on the way"


class RunsOnError(ArithmeticError):
    """``7*60 = 420 + 23 = 443``: not an equation, but two steps written as one line."""


class Outcome(NamedTuple):
    """One reading judged: ``status`` is ``HOLDS``, ``ROUNDED`` or ``FAILS``."""

    status: CheckStatus
    left: str
    right: str
    detail: str | None


def compare(symbolic: SymbolicProcess, equation: Equation, left: Node, right: Node) -> Outcome:
    """Judge one reading of both sides."""
    try:
        a, b = evaluate(left), evaluate(right)
    except NotRationalError:
        return _compare_symbolic(symbolic, equation, left, right)
    if a == b:
        return Outcome(CheckStatus.HOLDS, show(a), show(b), None)
    bare = BARE if "dozen" in equation.right_units else ()  # "3*4 = 1 dozen"
    factors = conversion_factors(equation.left_units or bare, equation.right_units)
    products = product_factors(equation.left_units) if _multiplies(left) else []
    for factor, words in [*factors, *rate_factors(equation.left_units, equation.right_units), *products]:
        if a * factor == b:
            return Outcome(CheckStatus.HOLDS, show(a), show(b), words)
    if converted_sum(left, equation.left_units, equation.right_units) == b:
        return Outcome(CheckStatus.HOLDS, show(a), show(b), f"in {plural(equation.right_units[0])}")
    quotient, written = converted_quotient(left, equation.left_units), traits(right).literal
    if quotient is not None and written is not None:
        words = f"in {plural(equation.left_units[1])}"
        if quotient == b:
            return Outcome(CheckStatus.HOLDS, show(quotient), show(b), words)
        if rounds_to(quotient, left, written._replace(value=b), approximate=equation.approximate):
            return Outcome(CheckStatus.ROUNDED, show(quotient), show(b), words)
    reason = _rounded(a, left, b, right, approximate=equation.approximate) or as_endless(left, right)
    literal = traits(left).literal or traits(right).literal
    if reason is None and literal is None and joined_by_rounding(left, right):
        reason = ON_THE_WAY
    if reason is not None:
        return Outcome(CheckStatus.ROUNDED, show(a), show(b), reason)
    if traits(right).literal is None and leading_number(right) == a:
        raise RunsOnError(RUNS_ON)
    for factor, words in [*factors, *products]:
        if _rounded_in_units(a, left, b, right, factor, approximate=equation.approximate):
            return Outcome(CheckStatus.ROUNDED, show(a), show(b), words)
    stated = len(factors) == 1 and bool(equation.left_units)
    if stated and traits(left).literal is not None and traits(right).literal is not None:
        detail = explain_conversion(equation, a * factors[0][0])
    else:
        detail = explain(equation.text, a, left, b, right, dollars="$" in equation.right_units)
    return Outcome(CheckStatus.FAILS, show(a), show(b), detail)


def order(symbolic: SymbolicProcess, equation: Equation, left: Node, right: Node) -> Outcome:
    """Judge one reading of a comparison; for ``≤`` and ``≥`` as much is as much as is written."""
    try:
        a, b = evaluate(left), evaluate(right)
        texts = show(a), show(b)
    except NotRationalError:
        values = symbolic.values(left, right)
        a, b, texts = values.left, values.right, (values.left_text, values.right_text)
        if values.equal:
            b = a
        elif _close(a, b):
            raise UndefinedError("equal to sixty digits, not proved") from None
    if is_true(equation.text, a, b):
        return Outcome(CheckStatus.HOLDS, *texts, None)
    for factor, words in conversion_factors(equation.left_units, equation.right_units):
        if is_true(equation.text, a * factor, b):
            return Outcome(CheckStatus.HOLDS, *texts, words)
    reason = _rounded(a, left, b, right, approximate=equation.approximate)
    if reason is not None and not {"≤", "≥"}.isdisjoint(equation.text):
        return Outcome(CheckStatus.ROUNDED, *texts, reason)
    ours, theirs = (
        shortened(side) if traits(tree).literal is not None else f"{shortened(side)} = {say(value)}"
        for side, tree, value in zip(RELATION.split(equation.text), (left, right), (a, b), strict=True)
    )
    return Outcome(CheckStatus.FAILS, *texts, f"{ours} is {denial(equation.text)} {theirs}")


def _compare_symbolic(symbolic: SymbolicProcess, equation: Equation, left: Node, right: Node) -> Outcome:
    values = symbolic.values(left, right)
    texts = (values.left_text, values.right_text)
    if values.equal:
        return Outcome(CheckStatus.HOLDS, *texts, None)
    a, b = values.left, values.right
    reason = _rounded(a, left, b, right, approximate=equation.approximate)
    if reason is not None:
        return Outcome(CheckStatus.ROUNDED, *texts, reason)
    functions = is_transcendent(left) or is_transcendent(right)
    if _close(a, b):
        if functions:
            return Outcome(CheckStatus.ROUNDED, *texts, "equal to sixty digits")
        raise UndefinedError("equal to sixty digits, not proved")
    if functions:
        inexact = any(f"{name}(" in text for name in TRANSCENDENT for text in texts)
        if inexact and equation.approximate and abs(a - b) * TABLE_ACCURACY <= abs(a):
            return Outcome(CheckStatus.ROUNDED, *texts, "about")
        literal = traits(left).literal or traits(right).literal
        if literal is None and rounded_on_the_way(a, left, b, right, whole=inexact):
            return Outcome(CheckStatus.ROUNDED, *texts, ON_THE_WAY)
    elif is_rounded_factor(a, b, right, left) or is_rounded_factor(b, a, left, right):
        return Outcome(CheckStatus.ROUNDED, *texts, ON_THE_WAY)
    return Outcome(CheckStatus.FAILS, *texts, explain(equation.text, a, left, b, right))


def is_rounded_at_last(symbolic: SymbolicProcess, left: Node, right: Node) -> bool:
    """Whether two calculations that fail in every reading differ by no more than their long decimals may be rounded."""
    if traits(left).literal is not None or traits(right).literal is not None:
        return False
    try:
        a, b = evaluate(left), evaluate(right)
    except NotRationalError:
        values = symbolic.values(left, right)
        a, b = values.left, values.right
    return long_decimals_explain(a, left, b, right)


def _multiplies(tree: Node) -> bool:
    """Whether numbers are multiplied, and nothing else is done with them."""
    while isinstance(tree, Binary) and tree.sign == "*" and isinstance(tree.right, Number):
        tree = tree.left
    return isinstance(tree, Number)


TABLE_ACCURACY = 100
"""Part of a function's value by which "about" may miss it: nobody computes a sine by hand."""


def _close(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) * 10**40 <= max(Fraction(1), abs(a))


def _rounded(a: Fraction, left: Node, b: Fraction, right: Node, *, approximate: bool) -> str | None:
    """Why one side, a written number, is the other to its written precision, or None."""
    for exact, tree, value, side in ((a, left, b, right), (b, right, a, left)):
        written = traits(side).literal
        if written is not None:
            written = written._replace(value=value)
            reason = rounds_to(exact, tree, written, approximate=approximate)
            if reason is None and printed_by_program(tree, written):
                reason = "as a program prints it"
        else:
            reason = rounds_in_scientific(exact, side, approximate=approximate)
        if reason is not None:
            return reason
    return None


def _rounded_in_units(
    a: Fraction, left: Node, b: Fraction, right: Node, factor: Fraction, *, approximate: bool
) -> bool:
    """Whether one side, a written number, is the other one converted: the conversion counts as a division.

    An integer is rounded from a conversion only where the line says "about": ``55 minutes = 1 hour`` does not hold.
    """
    pairs = (
        (a * factor, _times(left, factor), traits(right).literal, b),
        (b / factor, _times(right, 1 / factor), traits(left).literal, a),
    )
    # Who converts 3.5 hours has not cut them off: only the number that comes out is.
    given = traits(right).literal is not None
    return any(
        (reason := rounds_to(exact, side, literal._replace(value=value), approximate=approximate)) is not None
        and not (reason == TRUNCATED and given and literal is traits(left).literal)
        for exact, side, literal, value in pairs
        if literal is not None and (literal.decimals or approximate)
    )


def _times(tree: Node, factor: Fraction) -> Node:
    above, below = (Number(Written(Fraction(part), 0)) for part in factor.as_integer_ratio())
    return Binary("/", Binary("*", tree, above), below)
