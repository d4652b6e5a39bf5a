"""Wrong rewritings in one solution, and whether the rest of it lets them be equations after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.claims import becomes_identity
from grader.checking.powers import wrong_power
from grader.checking.rewriting import breaks_chain, miswritten, wrong_product

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from fractions import Fraction

    from grader.checking.claims import Claim
    from grader.checking.meanings import Meanings


class Rewritings:
    """Claims by their places, the places of those that are identities, and what the words say, asked for last."""

    def __init__(self, claims: Mapping[int, Claim], identities: Collection[int], told: Callable[[], Meanings]) -> None:
        self._claims = claims
        self._identities = identities
        self._told = told

    def wrong(self, claim: Claim) -> str | None:
        """Say what is wrong with a claim that can only be meant as a rewriting; None for any other."""
        for find, may_be_an_equation in (
            (miswritten, self._may_be_zero),
            (self._broken_chain, self._is_bound),
            (wrong_product, self._may_be_solved),
            (wrong_power, self._is_bound),
        ):
            reason = find(claim)
            if reason is not None and not may_be_an_equation(claim) and not self._told().other_algebra():
                return reason
        return None

    def _broken_chain(self, claim: Claim) -> str | None:
        before = self._claims.get(claim.place - 1)
        return breaks_chain(claim, before) if before is not None and before.place in self._identities else None

    def _may_be_zero(self, claim: Claim) -> bool:
        """Whether the solution sets one of the claim's letters, or a product of them, to zero."""
        terms = (
            next(iter(one.forms[0].zero)) for one in self._claims.values() if one.forms and len(one.forms[0].zero) == 1
        )
        return any(term and claim.letters.issuperset(term) for term in terms if term not in claim.forms[0].zero) or any(
            self._told().is_zero(letter) for letter in claim.letters
        )

    def _is_bound(self, claim: Claim) -> bool:
        """Whether another equation is about a claim's letters, but for what a name stands for and for values put in."""
        if self._told().are_given(claim.letters):
            return True
        others = (
            one
            for place, one in self._claims.items()
            if one is not claim and one.letters & claim.letters and place not in self._identities
        )
        return not all(one.forms and (one.forms[0].defines(claim.letters) or _is_put_in(one, claim)) for one in others)

    def _may_be_solved(self, claim: Claim) -> bool:
        """Whether the problem may give an equation, or a value that is stated solves it and is no root of both sides.

        What is set to zero in the same breath (``x^2-4x-5 = (x-5)(x-1) = 0``) is a factoring whatever the problem says.
        """
        after = self._claims.get(claim.place + 1)
        zero = after is not None and after.sides() == [claim.sides()[1], "0"]
        if not zero and self._told().are_given(claim.letters):
            return True
        values = [one.forms[0].solved() for one in self._claims.values() if one.forms and not one.compares]
        known = [dict([value]) for value in values if value is not None and value[0] in claim.letters]
        return any(becomes_identity(claim, value) and not vanishes(claim, value) for value in known)


def _is_put_in(one: Claim, claim: Claim) -> bool:
    """Whether an equation gives a letter a number, which does not solve the claim."""
    solved = one.forms[0].solved()
    return solved is not None and not becomes_identity(claim, dict([solved]))


def vanishes(claim: Claim, known: Mapping[str, Fraction]) -> bool:
    """Whether both sides are zero for these values: a common factor is, and says nothing of the others."""
    values = claim.forms[0].values(known) if claim.forms else None
    return values is not None and not any(values)
