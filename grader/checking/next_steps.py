"""The next step of a derivation: what contradicts the equation before it, does not follow, or was not left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.claims import units_of
from grader.checking.elimination import Pair
from grader.checking.powers import wrong_square
from grader.checking.rewriting import (
    contradicts,
    does_not_follow,
    is_another_polynomial,
    is_next_step,
    rewrites_a_side,
    wrong_root,
)
from grader.checking.tree import traits
from grader.checking.units import mixes_units

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from grader.checking.claims import Claim
    from grader.checking.meanings import Meanings

NEAR = 3
"""Equations from one to the next step of it, with calculations of numbers between them."""


class NextSteps:
    """The equations of one solution as steps: ``last`` is the one before, ``derived`` the places of those that follow.

    ``told`` gives what the words say, which are looked into only where something would fail; ``letters`` are all that
    the solution has.
    """

    def __init__(self, claims: Mapping[int, Claim], letters: Collection[str], told: Callable[[], Meanings]) -> None:
        self._claims = claims
        self._letters = set(letters)
        self._told = told
        self.last: Claim | None = None
        self.derived: set[int] = set()
        self.pair = Pair()

    def wrong(self, claim: Claim) -> str | None:
        """Say what is wrong with a next step that nothing solves together with the equation before it."""
        last = self.last
        if last is None or claim.place - last.place > NEAR or mixes_units(units_of([claim, last])):
            return None
        reason = does_not_follow(claim, last) or wrong_root(claim, last)
        if reason is not None and self._is_said_to_follow(claim, last):
            return reason
        if (reason := self._wrongly_eliminated(claim)) is not None:
            return reason
        if (reason := wrong_square(claim, last)) is not None and self._told().squares():
            return reason
        reason = contradicts(claim, last) or rewrites_a_side(claim, last)
        if reason is not None and not (self._told().has_several() or self._drops_letters(claim, last)):
            return reason
        reason = is_another_polynomial(claim, last)
        return reason if reason is not None and self._is_said_to_follow(claim, last) else None

    def is_derived(self, claim: Claim, step: Claim | None) -> bool:
        """Whether a claim is a result rather than news; ``step`` is the last firm equation for its letter.

        That is a letter's value, the end of a chain (``y = x+3 = 8``), or the next step from the equation before it,
        which keeps a side or the factor of the letter.
        """
        form, last = claim.forms[0], self.last
        solved = form.solved()
        if solved is not None:
            return solved[1] != 0
        if last is None or form.row is None:
            return False
        chained = last.place == claim.place - 1 and last.sides()[1] == claim.sides()[0]
        if chained and traits(form.right).literal is not None:
            return True
        if step is None or step is not last or step.row is None:
            return False
        before = step.forms[0]
        if any(side in (before.one, before.other) for side in (form.one, form.other) if side.above):
            return True
        factors = [abs(factor) for row in (form.row, step.row) for factor in row.coefficients.values()]
        return factors[0] == factors[-1] != 1

    def _wrongly_eliminated(self, claim: Claim) -> str | None:
        """What two equations say of a letter, where it is said to be what adding or subtracting them leaves."""
        refuted = None if claim.equation.approximate or claim.equation.doubt is not None else self.pair.refutes(claim)
        if refuted is None or claim.place - refuted[1].place > NEAR:
            return None
        reason, last = refuted
        told = self._told()
        if not told.eliminates(last.place, claim.place) or told.counts_otherwise() or self._drops_letters(claim, last):
            return None
        return reason

    def _is_said_to_follow(self, claim: Claim, last: Claim) -> bool:
        """Whether the words make a claim the next step of the last one, so that its letter has one value in both."""
        told, derived = self._told(), last.place in self.derived
        if not (told.follows(last.place, claim.place, derived=derived) or self._is_step_below(claim, last)):
            return False
        return not (told.counts_otherwise() or self._drops_letters(claim, last))

    def _is_step_below(self, claim: Claim, last: Claim) -> bool:
        """Whether a claim stands below the last one as the next step of a derivation, neither of them beside words."""
        if not is_next_step(claim, last, self._claims.get(claim.place + 1)):
            return False
        shares = not set(claim.sides()).isdisjoint(last.sides())
        return (shares or last.place in self.derived) and self._told().are_bare(last.place, claim.place)

    def _drops_letters(self, *claims: Claim) -> bool:
        """Whether the text goes on with an unknown that was taken for a unit."""
        return any(self._told().drops_letters(one.equation.text, self._letters) for one in claims)
