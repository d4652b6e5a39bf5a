"""Other arithmetic than that of numbers, by which what would fail may be right: moduli, bases, clocks, digits."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from grader.characters import LOW_DIGITS
from grader.checking.arithmetic import evaluate
from grader.checking.grammar import parse
from grader.limits import LimitError
from grader.numbers import BASES, CONGRUENT, RELATION

if TYPE_CHECKING:
    from grader.types import EquationCheck

OTHER_ARITHMETIC = "the solution counts by other rules (a base, a modulus, digits, an operation of its own)"
CLOCK = "hours of a clock begin again"

_OWN_OPERATION = re.compile(
    r"\boperat(?:ion|or)s? (?:is |are |\$|\\|[^\w\s.,:;])"
    r"|\b(?:new|binary|following|strange|special) operat(?:ion|or)\b|\bdefin\w+ [^.\n]{0,40}\boperat"
    r"|(?<![A-Za-z])([a-z]) ?(?:[*∗⋆•∘◦÷]|\\(?:star|ast|circ|div|cdot|bullet)\b) ?(?!\1)([a-z])\$? ?="
    r"(?=[^=\n]*[-+\d])(?=[^=\n]*\1)(?=[^=\n]*\2)"  # "a * b = a + 2b"
    r"|(?<![A-Za-z])[a-z] ?(?:[*∗⋆]|\\(?:star|ast)\b) ?[a-z]\b[\s$)]*(?:means?|denotes?|stands for|(?:is|be) defined)\b"
    r"|\bxor\b|\bbitwise\b|\d ?<< ?\d"
    r"|\bif \d+ ?[-+*×x] ?\d+ ?= ?\d+(?:,? (?:and )?\d+ ?[-+*×x] ?\d+ ?= ?\d+){1,5}[,:]? (?:then|what)\b"
    r"|\b(?:rule|pattern)(?: is|:) \$?[a-z] ?[-+*×·]",  # "the rule is a + b → a(a+b)"
    re.IGNORECASE,
)
_MODULUS = re.compile(
    r"\b[pb]?mod(?:ulo|ulus)?(?: is| of| [a-z] =)?\W{0,4}(\d{1,9})"
    r"|(?:\b(?-i:Z)|\b(?:in|over|field) (?-i:F)|ℤ|\\Z|\\(?:mathbb|mathbf|Bbb) ?\{?[ZF]\}?|𝔽|\bGF)"
    r" ?[_/(]? ?[{(]?(\d{1,9}|[₀-₉]{1,9})"
    r"|\b(\d{1,3})[- ]hour (?:(?:analog |digital )?clock|arithmetic)\b|\b(\d{1,9}) (?:be|is|as) (?:the|our) modulus\b",
    re.IGNORECASE,
)
_NINES = re.compile(r"\bdigital roots?\b|\bcast(?:s|ing)? out\b", re.IGNORECASE)
_RESIDUES = re.compile(r"\b(?:legendre|jacobi|quadratic (?:non-?)?residues?|reciprocity)\b", re.IGNORECASE)
_BASE = re.compile(r"\bbase[- ]?[$\\(]{0,3}(\d{1,2}\b|[a-z]+)|\b(binary|octal|hex)|\d\)?_\{?(\d{1,2})\b", re.IGNORECASE)
_WITHOUT_BASE = re.compile(r"(?<![\d_])\d+(?![\d_])")
_DIGITS = re.compile(r"\bdigit", re.IGNORECASE)
_INTEGER_PART = re.compile(r"\bgreatest integer|\binteger part|\[x\]", re.IGNORECASE)  # "[3.7] = 3"
_IN_BRACKETS = re.compile(r"(?:^|[-+*/=])\(-?\d+\.\d+\)(?=[-+*/=]|$)")
_CARRIES = re.compile(r"\bcarr(?:y|ies|ied|ying)\b|\bborrow", re.IGNORECASE)
_CLOCK = re.compile(r"\bclock\b|\bo'clock|\d ?[ap]\.?m\b|\bnoon\b|\bmidnight\b", re.IGNORECASE)


class OtherArithmetic:
    """What the text of one problem and its solution says of how it counts; looked into only where something fails."""

    def __init__(self, text: str) -> None:
        self._text = text

    def doubt_of(self, check: EquationCheck) -> str | None:
        """Why an equation may be right by other rules, None where the text names none by which it is."""
        if CONGRUENT in check.text:
            return OTHER_ARITHMETIC if self._has_own_operation else None
        if _IN_BRACKETS.search(check.text) and self._takes_integer_parts:
            return OTHER_ARITHMETIC
        if "." in check.text or "%" in check.text:
            return None
        left = RELATION.split(check.text)[0]
        if _is_digit_sum(left, check) and self._sums_digits:
            return OTHER_ARITHMETIC
        if _is_symbol(left, check) and (self._moduli or _RESIDUES.search(self._text)):
            return OTHER_ARITHMETIC
        if self._has_own_operation or self._is_congruent(check) or self._holds_in_a_base(check):
            return OTHER_ARITHMETIC
        if _differs_by_tens(check) and self._carries:
            return OTHER_ARITHMETIC
        return CLOCK if _differs_by_hours(check) and self._counts_hours else None

    @cached_property
    def _has_own_operation(self) -> bool:
        return _OWN_OPERATION.search(self._text) is not None

    @cached_property
    def _carries(self) -> bool:
        return _CARRIES.search(self._text) is not None

    @cached_property
    def _takes_integer_parts(self) -> bool:
        return _INTEGER_PART.search(self._text) is not None

    @cached_property
    def _counts_hours(self) -> bool:
        return _CLOCK.search(self._text) is not None

    @cached_property
    def _sums_digits(self) -> bool:
        return _DIGITS.search(self._text) is not None

    @cached_property
    def _moduli(self) -> set[int]:
        named = {int(next(filter(None, groups)).translate(LOW_DIGITS)) for groups in _MODULUS.findall(self._text)}
        return (named | ({9} if _NINES.search(self._text) else set())) - {0, 1}

    @cached_property
    def _bases(self) -> set[int]:
        names = {next(filter(None, groups)).lower() for groups in _BASE.findall(self._text)}
        bases = {int(name) if name.isdecimal() else BASES.get(name, 0) for name in names}
        return {base for base in bases if 2 <= base <= 16}

    def _is_congruent(self, check: EquationCheck) -> bool:
        """Whether both sides differ by a multiple of a modulus that the text names; ``1/3 = 5`` modulo 7 too."""
        if not self._moduli:
            return False
        values = values_of(check)
        return values is not None and any(
            (values[0] - values[1]).numerator % modulus == 0 and not _divides_with_remainder(check.text, modulus)
            for modulus in self._moduli
        )

    def _holds_in_a_base(self, check: EquationCheck) -> bool:
        """Whether both sides are equal once the numerals of one or both are read in a base that the text names."""
        return any(_equal_in(check.text, base) for base in self._bases)


def values_of(check: EquationCheck) -> tuple[Fraction, Fraction] | None:
    """Both values, where they are fractions."""
    try:
        return Fraction(check.left or ""), Fraction(check.right or "")
    except ValueError:
        return None


def _equal_in(text: str, base: int) -> bool:
    left, right = RELATION.split(text)
    ours, theirs = _value_in(left, base), _value_in(right, base)
    return (ours is not None and ours in (theirs, _value_in(right))) or (
        theirs is not None and theirs == _value_in(left)
    )


def _value_in(side: str, base: int = 10) -> Fraction | None:
    """The value of a side whose numerals are of this base, None where they are not."""
    try:
        return evaluate(parse(_WITHOUT_BASE.sub(lambda run: str(int(run[0], base)), side)))
    except (ArithmeticError, ValueError, LimitError):
        return None


def _differs_by_tens(check: EquationCheck) -> bool:
    """``8 + 7 = 5``, and one is carried."""
    values = values_of(check)
    return values is not None and (values[0] - values[1]) % 10 == 0 and 0 <= values[1] < 10 and abs(values[0]) < 100


def _differs_by_hours(check: EquationCheck) -> bool:
    """``7 + 8 = 3``."""
    values = values_of(check)
    return values is not None and values[0] - values[1] in (12, 24) and 0 < values[1] <= 24


def _divides_with_remainder(text: str, modulus: int) -> bool:
    """``100 = 7 * 13 + 2``: what the modulus goes into, which is said of the numbers and not of their residues."""
    product = rf"(?:\d+\*)?{modulus}(?:\*\d+)?(?:\+\d+)?"
    sides = RELATION.split(text)
    number, other = sides if sides[0].isdecimal() else sides[::-1]
    return number.isdecimal() and int(number) > modulus and "*" in other and re.fullmatch(product, other) is not None


def _is_digit_sum(left: str, check: EquationCheck) -> bool:
    """``17 = 1 + 7``: the sum of its digits."""
    return left.isdecimal() and check.right == str(sum(map(int, left)))


def _is_symbol(left: str, check: EquationCheck) -> bool:
    """``(2/11) = -1`` and ``(3/23) = -(23/3)``: whether two is a square modulo eleven, and what that depends on."""
    right = RELATION.split(check.text)[1]
    return re.fullmatch(r"-?(?:\(-?\d+/\d+\))+", left) is not None and (
        check.right in ("1", "-1") or re.fullmatch(r"-?(?:\(-?\d+/\d+\))+", right) is not None
    )
