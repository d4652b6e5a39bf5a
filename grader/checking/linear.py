"""Systems of linear equations in exact fractions: what follows from them, and what contradicts them.

π and roots stand among the letters, but no system determines them: what sets them equal to a number is a contradiction.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.polynomial import is_constant_name
from grader.limits import MAX_COEFFICIENT_BITS, MAX_UNKNOWNS, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.checking.polynomial import Polynomial


class Row(NamedTuple):
    """``coefficients`` times their letters add up to ``constant``; ``sources`` are the equations it was made from."""

    coefficients: dict[str, Fraction]
    constant: Fraction
    sources: frozenset[int]


class Relation(Enum):
    """What an equation is to a system."""

    IMPLIED = "implied"
    CONTRADICTS = "contradicts"
    NEW = "new"


def as_row(polynomial: Polynomial, source: int) -> Row | None:
    """Write ``polynomial = 0`` as a row, None where it is not linear."""
    coefficients: dict[str, Fraction] = {}
    for monomial, coefficient in polynomial.items():
        if len(monomial) > 1:
            return None
        if monomial:
            coefficients[monomial[0]] = coefficient
    return Row(coefficients, -polynomial.get((), Fraction(0)), frozenset({source}))


class System:
    """Linear equations in reduced form: a row for each letter that the others determine."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows: dict[str, Row] = {}
        for row in rows:
            self.add(row)

    def reduce(self, row: Row) -> Row:
        """Replace the letters of a row by what the system says of them."""
        coefficients, constant, sources = dict(row.coefficients), row.constant, row.sources
        for letter, factor in row.coefficients.items():
            known = self._rows.get(letter)
            if known is None:
                continue
            del coefficients[letter]
            sources |= known.sources
            constant -= factor * known.constant
            for name, coefficient in known.coefficients.items():
                if name != letter:
                    _add(coefficients, name, -factor * coefficient)
        return Row(coefficients, constant, sources)

    def relation(self, row: Row) -> tuple[Relation, frozenset[int]]:
        """Say what the row is to the system, and from which equations that follows."""
        rest = self.reduce(row)
        if _unknown(rest) is not None:
            return Relation.NEW, rest.sources
        contradicts = rest.constant or rest.coefficients
        return (Relation.CONTRADICTS if contradicts else Relation.IMPLIED), rest.sources

    def add(self, row: Row) -> None:
        """Take a row into the system, unless it follows from it or contradicts it.

        Raises ``LimitError`` beyond ``MAX_UNKNOWNS`` or ``MAX_COEFFICIENT_BITS``; the system is then as it was.
        """
        rest = self.reduce(row)
        letter = _unknown(rest)
        if letter is None:
            return
        if len(self._rows) >= MAX_UNKNOWNS:
            raise LimitError("MAX_UNKNOWNS", "a system of equations")
        values = (*rest.coefficients.values(), rest.constant)
        if any(
            value.numerator.bit_length() + value.denominator.bit_length() > MAX_COEFFICIENT_BITS for value in values
        ):
            raise LimitError("MAX_COEFFICIENT_BITS", "a system of equations")
        factor = rest.coefficients[letter]
        coefficients = {name: coefficient / factor for name, coefficient in rest.coefficients.items()}
        rest = Row(coefficients, rest.constant / factor, rest.sources)
        self._rows[letter] = rest
        for name, known in list(self._rows.items()):
            if name != letter and letter in known.coefficients:
                self._rows[name] = self._without(known, letter, rest)

    def value(self, letter: str) -> Fraction | None:
        """Value of a letter, None where the system leaves it open."""
        row = self._rows.get(letter)
        return row.constant if row is not None and len(row.coefficients) == 1 else None

    def values(self, letters: Iterable[str]) -> dict[str, Fraction]:
        """Give the values of those of the letters that have one."""
        return {letter: value for letter in letters if (value := self.value(letter)) is not None}

    @staticmethod
    def _without(row: Row, letter: str, known: Row) -> Row:
        coefficients = dict(row.coefficients)
        factor = coefficients.pop(letter)
        for name, coefficient in known.coefficients.items():
            if name != letter:
                _add(coefficients, name, -factor * coefficient)
        return Row(coefficients, row.constant - factor * known.constant, row.sources | known.sources)


def _unknown(row: Row) -> str | None:
    """The first letter of a row that a system may determine."""
    return next((name for name in row.coefficients if not is_constant_name(name)), None)


def _add(coefficients: dict[str, Fraction], name: str, value: Fraction) -> None:
    total = coefficients.get(name, 0) + value
    if total:
        coefficients[name] = Fraction(total)
    else:
        coefficients.pop(name, None)
