"""What the tests of equations with unknowns share: several equations are judged as those of one solution."""

from __future__ import annotations

from grader.checking.algebra import judge_unknowns
from grader.checking.meanings import Words
from grader.types import CheckStatus, Equation

HOLDS, FAILS, SYMBOLIC = CheckStatus.HOLDS, CheckStatus.FAILS, CheckStatus.SYMBOLIC


def judged(checker, *equations, text=""):
    """Judge equations (texts, or whole equations) as those of one solution."""
    equations = [Equation(one) if isinstance(one, str) else one for one in equations]
    return judge_unknowns([checker.check(one) for one in equations], equations, lambda: Words(text))


def statuses(checker, *equations, text=""):
    return [check.status for check in judged(checker, *equations, text=text)]
