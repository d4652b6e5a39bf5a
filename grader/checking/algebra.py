"""Equations with unknowns: what the other equations of the same solution prove of them, and what they refute.

1. Both sides are the same expression once multiplied out: it holds, as an identity.
2. It follows from the linear equations before it: it holds, or holds as rounded.
3. It contradicts them: it fails, but only as a step of a derivation in which the letters keep their meaning.
   What comes after it is judged by the line that failed.
4. It rewrites an expression wrongly, and nothing lets it be an equation for its letters: it fails.
5. What is not linear holds as a multiple of an equation before it, as one of its solutions, or for known values. It
   fails as a wrong factoring of the equation before it, and as a next step that nothing solves together with that one.
   Calculations with the imaginary unit are judged by its square.
6. A comparison holds where values or an earlier one prove it.
7. Everything else stays ``symbolic``: givens, definitions, bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.arithmetic import show
from grader.checking.claims import Claim, claim_of, functions_of
from grader.checking.state import State
from grader.limits import MAX_ALGEBRA_CHARACTERS
from grader.numbers import RELATION
from grader.types import CheckStatus, Equation, EquationCheck, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.checking.meanings import Words


def judge_unknowns(
    checks: Sequence[EquationCheck], equations: Sequence[Equation], words: Callable[[], Words]
) -> list[EquationCheck]:
    """Judge the ``symbolic`` ones among the checks of one solution, in their order; the others come back as they are.

    ``equations`` are what was checked, doubts included; ``words`` gives the solution's own, which are looked into only
    where something would fail.
    """
    claims: list[Claim] = []
    inexact: set[str] = set()
    functions = functions_of([check.text for check in checks if check.status is CheckStatus.SYMBOLIC])
    room = MAX_ALGEBRA_CHARACTERS
    for place, (check, equation) in enumerate(zip(checks, equations, strict=True)):
        if check.status is CheckStatus.SYMBOLIC:
            room -= len(equation.text)
            if room >= 0:
                claims.append(claim_of(place, equation, functions))
        elif check.status is not CheckStatus.HOLDS and (equation.source is Source.RULES or equation.doubt is None):
            inexact.update(RELATION.split(equation.text))
    state = State(claims, words, inexact)
    findings = [state.judge(claim) for claim in claims]
    judged = list(checks)
    for claim, finding in zip(claims, map(state.review, claims, findings), strict=True):
        if finding.status is not CheckStatus.SYMBOLIC:
            left, right = (None if value is None else show(value) for value in (finding.left, finding.right))
            judged[claim.place] = checks[claim.place]._replace(
                status=finding.status, detail=finding.detail, left=left, right=right
            )
    return judged
