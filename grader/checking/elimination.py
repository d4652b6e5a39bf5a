"""Eliminations that went wrong: ``6x+15y = 3`` less ``6x-8y = 26`` is no ``7y = -23``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.explain import explain
from grader.checking.linear import Relation, System

if TYPE_CHECKING:
    from grader.checking.claims import Claim

LETTERS = 2
"""Unknowns of a pair of equations."""


class Pair:
    """The last two equations that stand one after the other and have the same two letters."""

    def __init__(self) -> None:
        self._last: Claim | None = None
        self._before: Claim | None = None

    def take(self, claim: Claim) -> None:
        """Take a linear equation that is meant exactly."""
        if len(claim.letters) != LETTERS or claim.row is None:
            return
        goes_on = self._last is not None and self._last.letters == claim.letters
        self._before, self._last = (self._last if goes_on else None), claim

    def refutes(self, claim: Claim) -> tuple[str, Claim] | None:
        """Say what is wrong with an equation for one of the letters, and behind which equation it was derived.

        None where the two do not contradict it, or leave its letter open.
        """
        one, other = self._before, self._last
        if one is None or other is None or one.row is None or other.row is None or claim.row is None:
            return None
        if len(claim.letters) != 1 or not claim.letters < other.letters or len(claim.forms) != 1:
            return None
        system = System([one.row, other.row])
        form = claim.forms[0]
        values = form.values(system.values(claim.letters))
        if values is None or system.relation(claim.row)[0] is not Relation.CONTRADICTS:
            return None
        told = explain(claim.equation.text, values[0], form.left, values[1], form.right)
        return f"from {one.equation.text} and {other.equation.text}, {told}", other
