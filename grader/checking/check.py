"""One equation to one status, with the reason: the checker's whole decision is on this page.

1. A flat calculation of written numbers that is exactly equal holds: the fast path, most of what people write.
2. Everything else is parsed; what is no expression is ``unparsable``, what has unknowns is ``symbolic``.
3. It holds, or holds as rounded, if it does so under any conventional reading; the reading is named.
4. It fails only if every reading is false and the reader had no doubt.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from grader.checking.arithmetic import NotRationalError, UndefinedError, evaluate, show
from grader.checking.flat import flat_value
from grader.checking.grammar import GrammarError
from grader.checking.readings import LABEL, readings
from grader.checking.rounding import INTEGER_QUOTIENT, as_endless, joined_by_rounding, rounds_to
from grader.checking.symbolic import SymbolicError, SymbolicProcess
from grader.checking.tree import Binary, Node, Number, leading_number, traits
from grader.checking.units import conversion_factors, plural
from grader.limits import MAX_NODES, MAX_READINGS, LimitError
from grader.numbers import SCALE_WORDS, Written
from grader.types import SCALED, CheckStatus, Equation, EquationCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

_RELATION = re.compile("[=≈]")

RUNS_ON = "the calculation runs on: the left side is the first number of the right one"


class _RunsOnError(ArithmeticError):
    """``7*60 = 420 + 23 = 443``: not an equation, but two steps written as one line."""


class _Outcome(NamedTuple):
    """One reading judged: ``status`` is ``HOLDS``, ``ROUNDED`` or ``FAILS``."""

    status: CheckStatus
    left: str
    right: str
    detail: str | None


class Checker:
    """Checks equations. Owns the symbolic process: use it as a context manager, or ``close`` it."""

    def __init__(self) -> None:
        self._symbolic = SymbolicProcess()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the symbolic process."""
        self._symbolic.close()

    def check(self, equation: Equation) -> EquationCheck:
        """Judge one equation. Never raises on any text."""
        return self.check_all((equation,))[0]

    def check_all(self, equations: Iterable[Equation]) -> list[EquationCheck]:
        """Judge the equations of one solution, which share the time that there is for sympy."""
        self._symbolic.refill()
        return [self._check(equation) for equation in equations]

    def _check(self, equation: Equation) -> EquationCheck:
        quick = flat_value(equation.text)
        if quick is not None:
            return EquationCheck(equation.text, quick, quick, CheckStatus.HOLDS, equation.source, None)
        return self.check_by_tree(equation)

    def check_by_tree(self, equation: Equation) -> EquationCheck:
        """Judge as ``check`` does, without its fast path: the reference that it is held against."""
        try:
            return self._judge(equation)
        except LimitError as limit:
            return _answer(equation, CheckStatus.LIMIT, str(limit))
        except GrammarError as error:
            return _answer(equation, CheckStatus.UNPARSABLE, str(error))
        except UndefinedError as error:
            return _answer(equation, CheckStatus.UNPARSABLE, f"no value: {error}")
        except _RunsOnError:
            return _answer(equation, CheckStatus.UNPARSABLE, RUNS_ON)
        except SymbolicError as error:
            return _answer(equation, CheckStatus.UNPARSABLE, f"no real value ({error})")

    def _judge(self, equation: Equation) -> EquationCheck:
        if len(equation.text) > MAX_NODES * 4:
            raise LimitError("MAX_NODES", "the equation")
        sides = _RELATION.split(equation.text)
        if len(sides) != 2:
            raise GrammarError("an equation has one relation")
        approximate = equation.approximate or "≈" in equation.text
        equation = equation._replace(approximate=approximate)
        textbook: _Outcome | None = None
        unanswered: ArithmeticError | None = None
        for reading in islice(readings(*sides), MAX_READINGS):
            if traits(reading.left).letters or traits(reading.right).letters:
                return _answer(equation, CheckStatus.SYMBOLIC, None)
            try:
                outcome = self._compare(equation, reading.left, reading.right)
            except (UndefinedError, SymbolicError, _RunsOnError) as error:
                # Without a value under the textbook's reading it does not fail, whatever the other readings say.
                if textbook is None or isinstance(error, _RunsOnError):
                    unanswered = unanswered or error
                continue
            if outcome.status != CheckStatus.FAILS and not _is_label_by_neighbour(reading.name, outcome):
                detail = "; ".join(filter(None, (reading.name, outcome.detail))) or None
                return _answer(equation, outcome.status, detail, outcome)
            textbook = textbook or outcome
        if unanswered is not None:
            raise unanswered
        assert textbook is not None
        if equation.doubt is not None and not (equation.doubt == SCALED and not _off_by_scale(textbook)):
            return _answer(
                equation, CheckStatus.UNPARSABLE, f"not judged, {equation.doubt}: {textbook.detail}", textbook
            )
        return _answer(equation, CheckStatus.FAILS, textbook.detail, textbook)

    def _compare(self, equation: Equation, left: Node, right: Node) -> _Outcome:
        """Judge one reading of both sides."""
        try:
            a, b = evaluate(left), evaluate(right)
        except NotRationalError:
            return self._compare_symbolic(equation, left, right)
        if a == b:
            return _Outcome(CheckStatus.HOLDS, show(a), show(b), None)
        factors = conversion_factors(equation.left_units, equation.right_units)
        for factor, words in factors:
            if a * factor == b:
                return _Outcome(CheckStatus.HOLDS, show(a), show(b), words)
        reason = _rounded(a, left, b, right, approximate=equation.approximate) or as_endless(left, right)
        literal = traits(left).literal or traits(right).literal
        if reason is None and literal is None and joined_by_rounding(left, right):
            reason = "rounded on the way"
        if reason is not None:
            return _Outcome(CheckStatus.ROUNDED, show(a), show(b), reason)
        if traits(right).literal is None and leading_number(right) == a:
            raise _RunsOnError(RUNS_ON)
        for factor, words in factors:
            if _rounded_in_units(a, left, b, right, factor, approximate=equation.approximate):
                return _Outcome(CheckStatus.ROUNDED, show(a), show(b), words)
        if len(factors) == 1 and traits(left).literal is not None and traits(right).literal is not None:
            detail = _explain_conversion(equation, a * factors[0][0])
        else:
            detail = explain(equation.text, a, left, b, right, dollars="$" in equation.right_units)
        return _Outcome(CheckStatus.FAILS, show(a), show(b), detail)

    def _compare_symbolic(self, equation: Equation, left: Node, right: Node) -> _Outcome:
        values = self._symbolic.values(left, right)
        texts = (values.left_text, values.right_text)
        if values.equal:
            return _Outcome(CheckStatus.HOLDS, *texts, None)
        a, b = values.left, values.right
        reason = _rounded(a, left, b, right, approximate=equation.approximate)
        if reason is not None:
            return _Outcome(CheckStatus.ROUNDED, *texts, reason)
        if _close(a, b):
            raise UndefinedError("equal to sixty digits, not proved")
        return _Outcome(CheckStatus.FAILS, *texts, explain(equation.text, a, left, b, right))


def _is_label_by_neighbour(name: str | None, outcome: _Outcome) -> bool:
    """``5/20=1%``: to drop the percent sign and then to round a quotient up is one liberty too many."""
    if name is None or LABEL not in name or outcome.detail != INTEGER_QUOTIENT:
        return False
    try:
        values = Fraction(outcome.left), Fraction(outcome.right)
    except ValueError:
        return True  # a root or π: no quotient of integers
    exact, written = sorted(values, key=lambda value: value.denominator == 1)
    return written == 0 or (abs(written) > abs(exact) and abs(written - exact) > Fraction(1, 2))


def _off_by_scale(outcome: _Outcome) -> bool:
    """Whether the two values differ by a factor of a hundred, a thousand, a million or a billion."""
    try:
        left, right = abs(Fraction(outcome.left)), abs(Fraction(outcome.right))
    except ValueError:
        return False
    return any(left * scale == right or right * scale == left for scale in SCALE_WORDS.values())


def _close(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) * 10**40 <= max(Fraction(1), abs(a))


def _answer(
    equation: Equation, status: CheckStatus, detail: str | None, outcome: _Outcome | None = None
) -> EquationCheck:
    left, right = (None, None) if outcome is None else (outcome.left, outcome.right)
    return EquationCheck(equation.text, left, right, status, equation.source, detail)


def _rounded(a: Fraction, left: Node, b: Fraction, right: Node, *, approximate: bool) -> str | None:
    """Why one side, a written number, is the other to its written precision, or None."""
    one, other = traits(left).literal, traits(right).literal
    if other is not None:
        reason = rounds_to(a, left, other._replace(value=b), approximate=approximate)
        if reason is not None:
            return reason
    if one is not None:
        return rounds_to(b, right, one._replace(value=a), approximate=approximate)
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
    return any(
        rounds_to(exact, side, literal._replace(value=value), approximate=approximate) is not None
        for exact, side, literal, value in pairs
        if literal is not None and (literal.decimals or approximate)
    )


def _times(tree: Node, factor: Fraction) -> Node:
    above, below = (Number(Written(Fraction(part), 0)) for part in factor.as_integer_ratio())
    return Binary("/", Binary("*", tree, above), below)


def explain(text: str, a: Fraction, one: Node, b: Fraction, other: Node, *, dollars: bool = False) -> str:
    """Say what is wrong, in the equation's own numbers: ``12*5 is 60, not 50``, ``$60, not $50``, ``25%, not 30%``."""
    left, right = (_shortened(side) for side in _RELATION.split(text))
    if traits(other).literal is None:
        if traits(one).literal is None:
            return f"{left} is {say(a)}, but {right} is {say(b)}"
        return f"{right} is {say(b)}, not {left}"
    if traits(one).literal is not None:
        return f"{left} is not {right}"
    if right.endswith("%") and abs(a) < 10 * abs(b):
        return f"{left} is {_in_front(say(a * 100), '')}%, not {right}"
    if not dollars:
        return f"{left} is {say(a)}, not {right}"
    return f"{left} is {_in_front(_to_cents(a), '$')}, not ${right}"


def _to_cents(value: Fraction) -> str:
    """An amount of money: whole, or with its two decimals."""
    text = say(value)
    return f"{text}0" if len(text.partition(".")[2]) == 1 and not text.startswith("about") else text


def _in_front(value: str, sign: str) -> str:
    """The sign right before the number: ``about $3.33``, ``-$5``."""
    about, number = ("about ", value[6:]) if value.startswith("about ") else ("", value)
    return f"{about}-{sign}{number[1:]}" if number.startswith("-") else f"{about}{sign}{number}"


def _explain_conversion(equation: Equation, converted: Fraction) -> str:
    """``3 hours is 180 minutes, not 160``: what a stated conversion should have said."""
    left, right = _RELATION.split(equation.text)
    have, want = equation.left_units[0], equation.right_units[0]
    return f"{_measured(left, have)} is {_measured(say(converted), want)}, not {right}"


def _measured(number: str, unit: str) -> str:
    if unit == "$":
        return f"${number}"
    return f"{number} {unit if number == '1' else plural(unit)}"


def _shortened(side: str) -> str:
    return side if len(side) <= MAX_QUOTED else f"{side[: MAX_QUOTED - 1]}…"


MAX_QUOTED = 120
"""Characters of a side that a message quotes."""


def say(value: Fraction) -> str:
    """Write a value for a person: exact where it is short, ``about 3.3333`` elsewhere."""
    exact = show(value)
    if "/" not in exact and len(exact) <= 20:
        return exact
    size = abs(value)
    if size >= 10**15:
        return f"about {'-' if value < 0 else ''}10^{len(str(int(size))) - 1}"
    if size > Fraction(1, 1000):
        return f"about {float(value):.4f}".rstrip("0").rstrip(".")
    return exact if len(exact) <= 20 else f"about {float(value):.2g}"
