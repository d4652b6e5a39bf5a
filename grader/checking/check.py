"""One equation to one status, with the reason: the checker's whole decision is on this page.

1. A flat calculation of written numbers that is exactly equal holds: the fast path, most of what people write.
2. Everything else is parsed; what is no expression is ``unparsable``, what has unknowns is ``symbolic``.
3. It holds, or holds as rounded, if it does so under any conventional reading; the reading is named.
4. It fails only if every reading is false and the reader had no doubt.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from grader.checking.arithmetic import NotRationalError, UndefinedError, evaluate, show
from grader.checking.comparison import compares, denial, is_true
from grader.checking.congruences import judge_congruence
from grader.checking.explain import explain, explain_conversion, say, shortened
from grader.checking.flat import flat_value
from grader.checking.grammar import GrammarError, parse
from grader.checking.quantities import converted_quotient, converted_sum, product_factors, rate_factors
from grader.checking.readings import FUNCTIONS_READ, LABEL, Reading, readings
from grader.checking.rounding import (
    INTEGER_QUOTIENT,
    as_endless,
    joined_by_rounding,
    printed_by_program,
    rounded_on_the_way,
    rounds_in_scientific,
    rounds_to,
)
from grader.checking.symbolic import SymbolicError, SymbolicProcess
from grader.checking.tree import (
    TRANSCENDENT,
    Binary,
    Node,
    Number,
    count_terms,
    is_transcendent,
    leading_number,
    traits,
)
from grader.checking.units import BARE, conversion_factors, plural
from grader.limits import MAX_NODES, MAX_READINGS, LimitError
from grader.numbers import CONGRUENT, RELATION, SCALE_WORDS, Written
from grader.types import SCALED, UNIT_LETTER, CheckStatus, Equation, EquationCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        except (UndefinedError, NotRationalError) as error:
            return _answer(equation, CheckStatus.UNPARSABLE, f"no value: {error}")
        except _RunsOnError:
            return _answer(equation, CheckStatus.UNPARSABLE, RUNS_ON)
        except SymbolicError as error:
            return _answer(equation, CheckStatus.UNPARSABLE, f"no real value ({error})")

    def _judge(self, equation: Equation) -> EquationCheck:
        if len(equation.text) > MAX_NODES * 4:
            raise LimitError("MAX_NODES", "the equation")
        if CONGRUENT in equation.text:
            return self._judge_congruence(equation)
        sides = RELATION.split(equation.text)
        if len(sides) != 2:
            raise GrammarError("an equation has one relation")
        if "±" in equation.text:
            return self._judge_both(equation, *sides)
        compare = self._order if compares(equation.text) else self._compare
        approximate = equation.approximate or "≈" in equation.text
        equation = equation._replace(approximate=approximate)
        textbook: _Outcome | None = None
        unanswered: ArithmeticError | None = None
        for reading in islice(readings(*sides), MAX_READINGS):
            if traits(reading.left).letters or traits(reading.right).letters:
                return _answer(equation, CheckStatus.SYMBOLIC, None)
            try:
                outcome = compare(equation, reading.left, reading.right)
            except (UndefinedError, SymbolicError, _RunsOnError) as error:
                # Without a value under the textbook's reading it does not fail, whatever the other readings say.
                if textbook is None or (isinstance(error, _RunsOnError) and not _term_by_term(reading)):
                    unanswered = unanswered or error
                continue
            if outcome.status != CheckStatus.FAILS and not _is_label_by_neighbour(reading.name, outcome):
                detail = "; ".join(filter(None, (reading.name, outcome.detail))) or None
                return _answer(equation, outcome.status, detail, outcome)
            textbook = textbook or outcome
        if unanswered is not None:
            raise unanswered
        assert textbook is not None
        if equation.doubt == UNIT_LETTER and _is_nearest(equation.text, textbook):
            return _answer(equation, CheckStatus.ROUNDED, "rounded", textbook)
        if equation.doubt is not None and not _is_no_excuse(equation, textbook):
            return _answer(
                equation, CheckStatus.UNPARSABLE, f"not judged, {equation.doubt}: {textbook.detail}", textbook
            )
        return _answer(equation, CheckStatus.FAILS, textbook.detail, textbook)

    def _judge_congruence(self, equation: Equation) -> EquationCheck:
        found = judge_congruence(equation.text)
        status, detail = CheckStatus.HOLDS if found.holds else CheckStatus.FAILS, found.detail
        if not found.holds and equation.doubt is not None:
            status, detail = CheckStatus.UNPARSABLE, f"not judged, {equation.doubt}: {detail}"
        return EquationCheck(equation.text, found.left, found.right, status, equation.source, detail)

    def _judge_both(self, equation: Equation, left: str, right: str) -> EquationCheck:
        """Judge an equation with one ± on each side: the two values of both must be the same, in any order."""
        if left.count("±") != 1 or right.count("±") != 1:
            raise GrammarError("a ± wants one ± on the other side")
        relation = equation.text[len(left)]
        checks = {
            signs: self._judge_branch(
                equation._replace(text=left.replace("±", signs[0]) + relation + right.replace("±", signs[1]))
            )
            for signs in ("++", "--", "+-", "-+")
        }
        true = (CheckStatus.HOLDS, CheckStatus.ROUNDED)
        for pair in (("++", "--"), ("+-", "-+")):
            if all(checks[signs].status in true for signs in pair):
                return max((checks[signs] for signs in pair), key=lambda check: true.index(check.status))._replace(
                    text=equation.text
                )
        order = (*true, CheckStatus.FAILS)
        worst = next((check for check in checks.values() if check.status not in order), None)
        if worst is None:
            worst = next(check for check in checks.values() if check.status is CheckStatus.FAILS)
        return worst._replace(text=equation.text)

    def _judge_branch(self, equation: Equation) -> EquationCheck:
        """Judge one of the two; a part that was rounded on the way is none of its errors."""
        check = self._judge(equation)
        left, right = map(parse, RELATION.split(equation.text))
        if check.status is not CheckStatus.FAILS or traits(left).literal or traits(right).literal:
            return check
        values = self._symbolic.values(left, right)
        if not rounded_on_the_way(values.left, left, values.right, right, whole=False):
            return check
        return check._replace(status=CheckStatus.ROUNDED, detail="rounded on the way")

    def _compare(self, equation: Equation, left: Node, right: Node) -> _Outcome:
        """Judge one reading of both sides."""
        try:
            a, b = evaluate(left), evaluate(right)
        except NotRationalError:
            return self._compare_symbolic(equation, left, right)
        if a == b:
            return _Outcome(CheckStatus.HOLDS, show(a), show(b), None)
        bare = BARE if "dozen" in equation.right_units else ()  # "3*4 = 1 dozen"
        factors = conversion_factors(equation.left_units or bare, equation.right_units)
        products = product_factors(equation.left_units) if _multiplies(left) else []
        for factor, words in [*factors, *rate_factors(equation.left_units, equation.right_units), *products]:
            if a * factor == b:
                return _Outcome(CheckStatus.HOLDS, show(a), show(b), words)
        if converted_sum(left, equation.left_units, equation.right_units) == b:
            return _Outcome(CheckStatus.HOLDS, show(a), show(b), f"in {plural(equation.right_units[0])}")
        quotient, written = converted_quotient(left, equation.left_units), traits(right).literal
        if quotient is not None and written is not None:
            words = f"in {plural(equation.left_units[1])}"
            if quotient == b:
                return _Outcome(CheckStatus.HOLDS, show(quotient), show(b), words)
            if rounds_to(quotient, left, written._replace(value=b), approximate=equation.approximate):
                return _Outcome(CheckStatus.ROUNDED, show(quotient), show(b), words)
        reason = _rounded(a, left, b, right, approximate=equation.approximate) or as_endless(left, right)
        literal = traits(left).literal or traits(right).literal
        if reason is None and literal is None and joined_by_rounding(left, right):
            reason = "rounded on the way"
        if reason is not None:
            return _Outcome(CheckStatus.ROUNDED, show(a), show(b), reason)
        if traits(right).literal is None and leading_number(right) == a:
            raise _RunsOnError(RUNS_ON)
        for factor, words in [*factors, *products]:
            if _rounded_in_units(a, left, b, right, factor, approximate=equation.approximate):
                return _Outcome(CheckStatus.ROUNDED, show(a), show(b), words)
        stated = len(factors) == 1 and bool(equation.left_units)
        if stated and traits(left).literal is not None and traits(right).literal is not None:
            detail = explain_conversion(equation, a * factors[0][0])
        else:
            detail = explain(equation.text, a, left, b, right, dollars="$" in equation.right_units)
        return _Outcome(CheckStatus.FAILS, show(a), show(b), detail)

    def _order(self, equation: Equation, left: Node, right: Node) -> _Outcome:
        """Judge one reading of a comparison; for ``≤`` and ``≥`` as much is as much as is written."""
        try:
            a, b = evaluate(left), evaluate(right)
            texts = show(a), show(b)
        except NotRationalError:
            values = self._symbolic.values(left, right)
            a, b, texts = values.left, values.right, (values.left_text, values.right_text)
            if values.equal:
                b = a
            elif _close(a, b):
                raise UndefinedError("equal to sixty digits, not proved") from None
        if is_true(equation.text, a, b):
            return _Outcome(CheckStatus.HOLDS, *texts, None)
        for factor, words in conversion_factors(equation.left_units, equation.right_units):
            if is_true(equation.text, a * factor, b):
                return _Outcome(CheckStatus.HOLDS, *texts, words)
        reason = _rounded(a, left, b, right, approximate=equation.approximate)
        if reason is not None and not {"≤", "≥"}.isdisjoint(equation.text):
            return _Outcome(CheckStatus.ROUNDED, *texts, reason)
        ours, theirs = (
            shortened(side) if traits(tree).literal is not None else f"{shortened(side)} = {say(value)}"
            for side, tree, value in zip(RELATION.split(equation.text), (left, right), (a, b), strict=True)
        )
        return _Outcome(CheckStatus.FAILS, *texts, f"{ours} is {denial(equation.text)} {theirs}")

    def _compare_symbolic(self, equation: Equation, left: Node, right: Node) -> _Outcome:
        values = self._symbolic.values(left, right)
        texts = (values.left_text, values.right_text)
        if values.equal:
            return _Outcome(CheckStatus.HOLDS, *texts, None)
        a, b = values.left, values.right
        reason = _rounded(a, left, b, right, approximate=equation.approximate)
        if reason is not None:
            return _Outcome(CheckStatus.ROUNDED, *texts, reason)
        functions = is_transcendent(left) or is_transcendent(right)
        if _close(a, b):
            if functions:
                return _Outcome(CheckStatus.ROUNDED, *texts, "equal to sixty digits")
            raise UndefinedError("equal to sixty digits, not proved")
        if functions:
            inexact = any(f"{name}(" in text for name in TRANSCENDENT for text in texts)
            if inexact and equation.approximate and abs(a - b) * TABLE_ACCURACY <= abs(a):
                return _Outcome(CheckStatus.ROUNDED, *texts, "about")
            literal = traits(left).literal or traits(right).literal
            if literal is None and rounded_on_the_way(a, left, b, right, whole=inexact):
                return _Outcome(CheckStatus.ROUNDED, *texts, "rounded on the way")
        return _Outcome(CheckStatus.FAILS, *texts, explain(equation.text, a, left, b, right))


def _multiplies(tree: Node) -> bool:
    """Whether numbers are multiplied, and nothing else is done with them."""
    while isinstance(tree, Binary) and tree.sign == "*" and isinstance(tree.right, Number):
        tree = tree.left
    return isinstance(tree, Number)


TABLE_ACCURACY = 100
"""Part of a function's value by which "about" may miss it: nobody computes a sine by hand."""


def _term_by_term(reading: Reading) -> bool:
    """Whether values are put for functions term by term: ``tan 45° + 2 sin 30° - cos 0° = 1 + 1 - 0``."""
    return FUNCTIONS_READ in (reading.name or "") and 3 <= count_terms(reading.left) == count_terms(reading.right)


def _is_no_excuse(equation: Equation, outcome: _Outcome) -> bool:
    """Whether the doubt is of those that hold against some results only, and this is none of them."""
    if equation.doubt == SCALED:
        return not (compares(equation.text) or _off_by_scale(outcome))
    return equation.doubt == UNIT_LETTER and not (
        compares(equation.text) or differ_in_magnitude(outcome.left, outcome.right)
    )


MAGNITUDE = 50
"""Factor from which on a result may count in a unit with a prefix, in minutes or in thousands."""


def differ_in_magnitude(left: str | None, right: str | None) -> bool:
    """Whether two values, as an ``EquationCheck`` has them, are so far apart: ``12540`` and ``12.54`` (kJ)."""
    try:
        low, high = sorted((abs(Fraction(left or "")), abs(Fraction(right or ""))))
    except ValueError:
        return False
    return high >= MAGNITUDE * low


def _is_nearest(text: str, outcome: _Outcome) -> bool:
    """Whether a written result is the value in as many digits as it shows: ``3.5 * 9.8 = 34``, ``17 * 13 = 220``."""
    written = RELATION.split(text)[1]
    if not written.replace(".", "", 1).isdecimal():
        return False
    try:
        left, right = Fraction(outcome.left), Fraction(outcome.right)
    except ValueError:
        return False
    whole, _, decimals = written.partition(".")
    place = Fraction(10) ** (-len(decimals) if decimals else len(whole) - len(whole.rstrip("0")))
    return right != 0 and abs(left - right) * 2 <= place


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
    """Whether the two values differ by the factor of a word that counts: a hundred, a lakh, a million."""
    try:
        left, right = abs(Fraction(outcome.left)), abs(Fraction(outcome.right))
    except ValueError:
        return False
    return any(left * scale == right or right * scale == left for scale in _SCALES)


_SCALES = (*SCALE_WORDS.values(), 10**5, 10**7, 10**12)
"""What a lakh, a crore and a trillion count, beside the words that are read as numbers."""


def _close(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) * 10**40 <= max(Fraction(1), abs(a))


def _answer(
    equation: Equation, status: CheckStatus, detail: str | None, outcome: _Outcome | None = None
) -> EquationCheck:
    left, right = (None, None) if outcome is None else (outcome.left, outcome.right)
    return EquationCheck(equation.text, left, right, status, equation.source, detail)


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
    return any(
        rounds_to(exact, side, literal._replace(value=value), approximate=approximate) is not None
        for exact, side, literal, value in pairs
        if literal is not None and (literal.decimals or approximate)
    )


def _times(tree: Node, factor: Fraction) -> Node:
    above, below = (Number(Written(Fraction(part), 0)) for part in factor.as_integer_ratio())
    return Binary("/", Binary("*", tree, above), below)
