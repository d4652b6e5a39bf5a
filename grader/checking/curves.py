"""Equations that are not linear: the same one again, what solves it, and a factoring that is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.polynomial import degree, spell, substitute

if TYPE_CHECKING:
    from fractions import Fraction

    from grader.checking.claims import Claim, Form
    from grader.checking.polynomial import Polynomial

MAX_CURVES = 5
"""Equations, counted from the last one, into which a value is put."""
MAX_VALUE_TERMS = 3
"""Terms of such a value: ``2 + sqrt(3)`` has two."""


class Curves:
    """The equations of one solution that are not linear."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self._places: dict[frozenset[tuple[tuple[str, ...], Fraction]], Claim] = {}

    def take(self, claim: Claim) -> None:
        """Add an equation to what is known."""
        form = claim.forms[0]
        self._claims.append(claim)
        self._places.setdefault(_scaled(form.zero), claim)

    def same(self, claim: Claim) -> Claim | None:
        """Give the equation of which this one is a multiple under any of its readings: ``x^2 = 9`` of ``2x^2 = 18``."""
        return next((known for form in claim.forms if (known := self._places.get(_scaled(form.zero)))), None)

    def solved_by(self, claim: Claim) -> Claim | None:
        """Give the last equation that the value of a letter solves: ``x^2 - 5x + 6 = 0`` is solved by ``x = 3``."""
        if len(claim.letters) != 1:
            return None
        (letter,) = claim.letters
        value = claim.forms[0].value_of(letter)
        if value is None or len(value) > MAX_VALUE_TERMS:
            return None
        for known in self._claims[: -MAX_CURVES - 1 : -1]:
            form = known.forms[0]
            if form.is_polynomial_in(letter) and not substitute(form.zero, letter, value):
                return known
        return None


def misfactored(claim: Claim, before: Claim | None) -> str | None:
    """Say what is wrong with ``(x-2)(x-4) = 0`` right after ``x^2-5x+6 = 0``, None where nothing is shown to be.

    Both must keep the degree and the size of a coefficient behind the first, or it may be another equation altogether.
    """
    if before is None or before.place < claim.place - 2 or claim.letters != before.letters or len(claim.letters) != 1:
        return None
    if not (_is_plain(claim) and _is_plain(before)):
        return None
    form, known, (letter,) = claim.forms[0], before.forms[0], claim.letters
    if not (form.is_factored() and _is_changed(form, known, letter)):
        return None
    return f"{claim.sides()[0]} is {spell(form.one.above)}, which is not what {before.equation.text} says"


def _is_plain(claim: Claim) -> bool:
    return len(claim.forms) == 1 and claim.equation.doubt is None and not claim.equation.approximate


def _is_changed(form: Form, known: Form, letter: str) -> bool:
    """Whether the polynomials differ in some coefficients, but neither in the size of all nor in their degree."""
    if known.is_factored() or not (form.is_polynomial_in(letter) and known.is_polynomial_in(letter)):
        return False
    size = degree(known.zero)
    first = (letter,) * size
    if degree(form.zero) != size or first not in form.zero or first not in known.zero:
        return False
    ours, theirs = (
        [one.get((letter,) * power, 0) / one[first] for power in range(size)] for one in (form.zero, known.zero)
    )
    return ours != theirs and any(abs(mine) == abs(other) for mine, other in zip(ours, theirs, strict=True))


def _scaled(polynomial: Polynomial) -> frozenset[tuple[tuple[str, ...], Fraction]]:
    """One form for all multiples of a polynomial."""
    first = polynomial[min(polynomial)]
    return frozenset((monomial, value / first) for monomial, value in polynomial.items())
