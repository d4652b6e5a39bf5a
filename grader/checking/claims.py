"""Equations with unknowns as the algebra sees them: readings multiplied out, and what they show of their letters."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import NotRationalError, UndefinedError, apply
from grader.checking.comparison import compares
from grader.checking.grammar import GrammarError
from grader.checking.linear import Row, as_row
from grader.checking.polynomial import (
    UNIT,
    NotPolynomialError,
    Polynomial,
    Ratio,
    constant_of,
    difference,
    expand,
    is_constant_name,
)
from grader.checking.readings import readings
from grader.checking.tree import Binary, Letter, Node, fold, numbers_of
from grader.checking.units import conversion_factors
from grader.limits import MAX_READINGS, LimitError
from grader.numbers import RELATION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.numbers import Written
    from grader.types import Equation


class Form(NamedTuple):
    """One reading of an equation: both sides as trees and multiplied out, and left minus right as a row if linear."""

    left: Node
    right: Node
    one: Ratio
    other: Ratio
    zero: Polynomial
    row: Row | None

    def solved(self) -> tuple[str, Fraction] | None:
        """Give the letter and its number where the equation is ``x = 5`` or ``5 = x``."""
        for side, other in ((self.left, self.other), (self.right, self.one)):
            if isinstance(side, Letter) and (value := constant_of(other)) is not None:
                return side.name, value
        return None

    def value_of(self, letter: str) -> Polynomial | None:
        """What a linear equation says of its one letter: a number, perhaps with roots in it."""
        if self.row is None or letter not in self.row.coefficients:
            return None
        factor = self.row.coefficients[letter]
        return {monomial: -value / factor for monomial, value in self.zero.items() if monomial != (letter,)}

    def is_polynomial_in(self, letter: str) -> bool:
        """Whether this letter is its only unknown and divides nothing."""
        names = {name for monomial in self.zero for name in monomial if not is_constant_name(name)}
        return names == {letter} and self.one.below == UNIT == self.other.below

    def is_factored(self) -> bool:
        """Whether it sets a product of two sums or more to zero: ``(x-2)(x-3) = 0``."""
        return (
            not self.other.above
            and isinstance(self.left, Binary)
            and self.left.sign == "*"
            and all(isinstance(side, Binary) and letters_of(side) for side in (self.left.left, self.left.right))
        )

    def rewrites(self) -> bool:
        """Whether one side can only be meant as the other one, rewritten: ``2(x+3)=2x+5``, ``A+2A=4A``.

        Both hold the same letters, and they differ by a number or by a multiple of one letter: as an equation it would
        have no solution, or zero. ``x = x+5`` is an assignment.
        """
        if self.row is None or len(self.zero) != 1 or isinstance(self.left, Letter) or isinstance(self.right, Letter):
            return False
        return bool(letters_of(self.left)) and letters_of(self.left) == letters_of(self.right)

    def defines(self, letters: frozenset[str]) -> bool:
        """Whether it says what a letter other than these stands for: ``y = x^2 + 1``."""
        pairs = ((self.left, self.right), (self.right, self.left))
        return any(
            isinstance(one, Letter) and one.name not in letters and one.name not in letters_of(other)
            for one, other in pairs
        )

    def values(self, known: Mapping[str, Fraction]) -> tuple[Fraction, Fraction] | None:
        """Values of both sides, None where a letter has none."""

        def combine(node: Node, operands: list[Fraction]) -> Fraction:
            return known[node.name] if isinstance(node, Letter) else apply(node, operands)

        try:
            return fold(self.left, combine), fold(self.right, combine)
        except (KeyError, UndefinedError, NotRationalError):
            return None


class Claim(NamedTuple):
    """An equation with unknowns: its place in the solution, its readings (the textbook's first), its letters.

    In ``text`` a function's value is one letter: ``f_(2)`` for ``f(2)``.
    """

    place: int
    equation: Equation
    text: str
    forms: tuple[Form, ...]
    letters: frozenset[str]

    @property
    def row(self) -> Row | None:
        """The textbook's reading, where it is linear."""
        return self.forms[0].row if self.forms and not self.compares else None

    @property
    def compares(self) -> bool:
        """Whether it says more or less, not equal."""
        return compares(self.equation.text)

    def sides(self) -> list[str]:
        """Both sides as they are written."""
        return RELATION.split(self.equation.text)

    def rewrites(self) -> bool:
        """Whether it does so under every reading."""
        return bool(self.forms) and all(form.rewrites() for form in self.forms)

    def counts_in_letters(self) -> bool:
        """Whether a single letter was taken for a unit, and may as well be an unknown (``s = 3c`` read as ``s=3``)."""
        left, right = (side.lower() for side in self.sides())
        pairs = [(unit, left) for unit in self.equation.left_units]
        pairs += [(unit, right) for unit in self.equation.right_units]
        return any(len(unit) == 1 and unit.isalpha() and unit not in side for unit, side in pairs)


def functions_of(texts: Sequence[str]) -> str:
    """Letters that are functions: never without a bracket behind them, and a whole side with it (``f(2) = 7``)."""
    applied = {
        match[1] for text in texts for side in RELATION.split(text) if (match := _APPLIED.fullmatch(side)) is not None
    }
    if applied:
        applied -= {letter for text in texts for letter in _BARE.findall(text)}
    return "".join(applied)


_APPLIED = re.compile(r"([A-Za-z])'*\([^()]*\)")
_BARE = re.compile(r"([A-Za-z])(?!'*(?:\^\(-1\))?\()")


def _as_letters(text: str, functions: str) -> str:
    """Write ``f(2)`` as the letter ``f_(2)``, so that ``f(4)`` is another unknown and no product."""
    return re.sub(rf"([{functions}])('*)\(([^()]*)\)", r"\1_(\3)\2", text) if functions else text


def claim_of(place: int, equation: Equation, functions: str = "") -> Claim:
    """Multiply an equation out under its readings; one that is no quotient of polynomials has no forms."""
    forms: list[Form] = []
    letters: set[str] = set()
    text = _as_letters(equation.text, functions)
    if functions and re.search(rf"[{functions}]'*\(", text):
        return Claim(place, equation, text, (), frozenset(functions))  # "f(g(2))"
    try:
        for reading in islice(readings(*RELATION.split(text)), MAX_READINGS):
            letters |= letters_of(reading.left) | letters_of(reading.right)
            one, other = expand(reading.left), expand(reading.right)
            zero = difference(one, other)
            if all(zero != known.zero for known in forms):
                forms.append(Form(reading.left, reading.right, one, other, zero, as_row(zero, place)))
    except (GrammarError, LimitError, NotPolynomialError, NotRationalError, UndefinedError):
        forms = []
    return Claim(place, equation, text, tuple(forms), frozenset(letters))


def becomes_identity(claim: Claim, known: Mapping[str, Fraction]) -> bool:
    """Whether both sides are equal once the known letters have their values, under any reading."""
    try:
        return any(
            not difference(expand(reading.left, known), expand(reading.right, known))
            for reading in islice(readings(*RELATION.split(claim.text)), MAX_READINGS)
        )
    except (GrammarError, LimitError, NotPolynomialError, NotRationalError, UndefinedError):
        return False


def puts_in(claim: Claim) -> bool:
    """Whether the right side is the left one with numbers for its letters: ``3x+1=3*4+1`` says what it is at one x."""
    left, _, right = claim.equation.text.partition("=")
    if not any(map(str.isdecimal, left)) or len(left) > MAX_PUT_IN:
        return False
    pieces = _PIECE.findall(left)
    pattern = "".join(_PUT_IN if piece[0].isalpha() else re.escape(piece) for piece in pieces)
    return any(piece[0].isalpha() for piece in pieces) and re.fullmatch(pattern, right) is not None


MAX_PUT_IN = 60
"""Characters of a side into which numbers are put."""
_PIECE = re.compile(r"[A-Za-z]+(?:_\w+)?|.")
_PUT_IN = r"\*?\(?-?\d{1,9}(?:[./]\d{1,9})?\)?"


def units_of(claims: Sequence[Claim]) -> list[str]:
    """List the units that are named beside the equations."""
    return [unit for claim in claims for unit in (*claim.equation.left_units, *claim.equation.right_units)]


def letters_of(tree: Node) -> set[str]:
    """Collect the names of a tree's letters."""
    found: set[str] = set()

    def note(node: Node, _: list[None]) -> None:
        if isinstance(node, Letter):
            found.add(node.name)

    fold(tree, note)
    return found


def loose_letters(claims: Sequence[Claim]) -> set[str]:
    """Letters that have no one value in the solution, as far as its equations show.

    They stand in what is not linear, take two values, are applied to something (``f(3)``), are more than one plain
    letter, or never stand but behind a number (``20 t-shirts``).
    """
    loose, bare = {"i"}, set()
    values: dict[str, Fraction] = {}
    for claim in claims:
        text = claim.equation.text
        loose.update(name for name in claim.letters if len(name) > 1 or not name.isascii())
        loose.update(re.findall(r"(?<![\d.)])([A-Za-z])(?:\^\(-1\))?\(", text))
        if claim.compares:
            continue
        if claim.row is None or claim.counts_in_letters():
            loose |= claim.letters
            continue
        bare |= set(re.findall(r"(?<![\d.)])[A-Za-z]", text))
        for form in claim.forms:
            solved = form.solved()
            if solved is not None and values.setdefault(*solved) != solved[1]:
                loose.add(solved[0])
    return loose | {name for claim in claims for name in claim.letters if name not in bare}


def explained_by_decimals(values: tuple[Fraction, Fraction], claims: Sequence[Claim]) -> bool:
    """Whether the gap may come from rounded decimals in the equations: a unit of each, as a share of its number.

    ``claims`` begins with the one that is judged. Where it alone has decimals, and the exact value as few, nothing was
    rounded.
    """
    decimals, *others = map(_decimals, claims)
    if not any(others) and decimals:
        places = max(written.decimals for written in decimals)
        if all((value * 10**places).denominator == 1 for value in values):
            return False
    decimals = decimals.union(*others)
    slack = sum((Fraction(1, 10**written.decimals) / abs(written.value) for written in decimals), Fraction(0))
    return abs(values[0] - values[1]) <= slack * max(map(abs, values))


def _decimals(claim: Claim) -> set[Written]:
    sides = (claim.forms[0].left, claim.forms[0].right)
    return {written for side in sides for written in numbers_of(side) if written.decimals and written.value}


def explained_by_units(values: tuple[Fraction, Fraction], units: Sequence[str]) -> bool:
    """Whether the gap is that between units, of which only one may be named: ``3x = 1 hour, x = 20``."""
    factors = {factor for factor, _ in conversion_factors(tuple(units), _USUAL_UNITS)}
    return any(values[0] * factor == values[1] or values[1] * factor == values[0] for factor in factors)


_USUAL_UNITS = tuple(
    """second minute hour day week month year cent dollar item dozen milligram gram kilogram ounce pound ton milliliter
    liter cup pint quart gallon millimeter centimeter meter kilometer inch foot yard mile""".split()  # noqa: SIM905
)
