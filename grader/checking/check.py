"""One equation to one status, with the reason: the checker's decision is on this page.

1. A flat calculation of written numbers that is exactly equal holds: the fast path, most of what people write.
2. Everything else is parsed; what is no expression is ``unparsable``, what has unknowns is ``symbolic``.
3. It holds, or holds as rounded, if it does so under any conventional reading; the reading is named.
4. It fails only if every reading is false and the reader had no doubt.

``outcomes`` compares the values of one reading, ``excuses`` says what may lie between values that differ.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Self

from grader.checking.arithmetic import NotRationalError, UndefinedError
from grader.checking.comparison import compares
from grader.checking.congruences import judge_congruence
from grader.checking.excuses import is_label_by_neighbour, is_nearest, is_no_excuse
from grader.checking.flat import flat_value
from grader.checking.grammar import GrammarError, parse
from grader.checking.outcomes import ON_THE_WAY, RUNS_ON, Outcome, RunsOnError, compare, is_rounded_at_last, order
from grader.checking.readings import FUNCTIONS_READ, LOOSE_FLOORS, PI_READ, Reading, readings
from grader.checking.rounding import rounded_on_the_way
from grader.checking.symbolic import SymbolicError, SymbolicProcess
from grader.checking.tree import count_terms, traits
from grader.limits import MAX_NODES, MAX_READINGS, LimitError
from grader.numbers import CONGRUENT, RELATION
from grader.types import UNIT_LETTER, CheckStatus, Equation, EquationCheck

if TYPE_CHECKING:
    from collections.abc import Iterable


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
        except RunsOnError:
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
        judge = order if compares(equation.text) else compare
        approximate = equation.approximate or "≈" in equation.text
        equation = equation._replace(approximate=approximate)
        textbook: Outcome | None = None
        unanswered: ArithmeticError | None = None
        for reading in islice(readings(*sides), MAX_READINGS):
            if traits(reading.left).letters or traits(reading.right).letters:
                return _answer(equation, CheckStatus.SYMBOLIC, None)
            try:
                outcome = judge(self._symbolic, equation, reading.left, reading.right)
            except (UndefinedError, SymbolicError, RunsOnError) as error:
                # Without a value under the textbook's reading it does not fail, whatever the other readings say.
                if textbook is None or (isinstance(error, RunsOnError) and not _goes_on_alike(reading, sides[1])):
                    unanswered = unanswered or error
                continue
            if reading.name == LOOSE_FLOORS and textbook is not None and outcome.status != CheckStatus.FAILS:
                # It says what was meant, not what is written: neither right nor an error that is sure.
                equation = equation._replace(doubt=equation.doubt or LOOSE_FLOORS)
                continue
            if outcome.status != CheckStatus.FAILS and not is_label_by_neighbour(reading.name, outcome):
                detail = "; ".join(filter(None, (reading.name, outcome.detail))) or None
                return _answer(equation, outcome.status, detail, outcome)
            textbook = textbook or outcome
        if unanswered is not None:
            raise unanswered
        assert textbook is not None
        if equation.doubt == UNIT_LETTER and is_nearest(equation.text, textbook):
            return _answer(equation, CheckStatus.ROUNDED, "rounded", textbook)
        if equation.doubt is not None and not is_no_excuse(equation, textbook):
            return _answer(
                equation, CheckStatus.UNPARSABLE, f"not judged, {equation.doubt}: {textbook.detail}", textbook
            )
        if judge is compare and is_rounded_at_last(self._symbolic, *map(parse, sides)):
            return _answer(equation, CheckStatus.ROUNDED, ON_THE_WAY, textbook)
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
        return check._replace(status=CheckStatus.ROUNDED, detail=ON_THE_WAY)


def _goes_on_alike(reading: Reading, right: str) -> bool:
    """Whether the right side has the left one's functions, or the terms in their place: it is no step of its own.

    ``1/3 π * 9 * 4 = 36π``, ``tan 45° + 2 sin 30° - cos 0° = 1 + 1 - 0``.
    """
    name = reading.name or ""
    if PI_READ in name:
        return "pi" in right
    return FUNCTIONS_READ in name and 3 <= count_terms(reading.left) == count_terms(reading.right)


def _answer(
    equation: Equation, status: CheckStatus, detail: str | None, outcome: Outcome | None = None
) -> EquationCheck:
    left, right = (None, None) if outcome is None else (outcome.left, outcome.right)
    return EquationCheck(equation.text, left, right, status, equation.source, detail)
