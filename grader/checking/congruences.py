"""Congruences of numbers: ``243≡2 (mod 11)`` by exact residues, powers by modular exponentiation.

A fraction counts by the inverse of its denominator (``2^(-1)≡4 (mod 7)``); decimals, and fractions without one, have
no residue.
"""

from __future__ import annotations

import re
from itertools import islice
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import UndefinedError, apply, show
from grader.checking.explain import shortened
from grader.checking.grammar import GrammarError
from grader.checking.readings import readings
from grader.checking.tree import Binary, Node, Unary, fold, has_percent, signs_of, traits
from grader.limits import MAX_MODULAR_EXPONENT_BITS, MAX_READINGS, LimitError
from grader.numbers import CONGRUENT

if TYPE_CHECKING:
    from fractions import Fraction

    from grader.checking.readings import Reading

_SIDE = f"[^{CONGRUENT}]+"
_CONGRUENCE = re.compile(rf"(?P<left>{_SIDE}){CONGRUENT}(?P<right>{_SIDE}) \(mod (?P<modulus>\d{{1,20}})\)")


class Residue(NamedTuple):
    """A side modulo something: its exact value, None where that is beyond the limits, and its residue."""

    value: Fraction | None
    residue: int


class Comparison(NamedTuple):
    """What a congruence comes to; ``left`` and ``right`` are exact values as the report writes them, if there are."""

    holds: bool
    left: str | None
    right: str | None
    detail: str | None


def judge_congruence(text: str) -> Comparison:
    """Judge a congruence of integers: it holds under any conventional reading of its sides.

    Raises ``GrammarError``, ``UndefinedError``, ``NotRationalError`` and ``LimitError`` as ``parse`` and ``evaluate``.
    """
    match = _CONGRUENCE.fullmatch(text)
    if match is None or int(match["modulus"]) < 2:
        raise GrammarError("a congruence has one modulus")
    left, right, modulus = match["left"], match["right"], int(match["modulus"])
    textbook: Comparison | None = None
    for reading in islice(readings(left, right), MAX_READINGS):
        one, other = residue_of(reading.left, modulus), residue_of(reading.right, modulus)
        values = _shown(one), _shown(other)
        if one.residue == other.residue:
            return Comparison(True, *values, reading.name)
        if any(_is_broken(tree, side) for tree, side in zip((reading.left, reading.right), (one, other), strict=True)):
            raise UndefinedError("a quotient that is no integer may be rounded")  # "123 / 10 mod 10 = 2"
        textbook = textbook or Comparison(False, *values, _explain((left, right), reading, (one, other), modulus))
    assert textbook is not None
    return textbook


def residue_of(tree: Node, modulus: int) -> Residue:
    """Residue of a side; raises where it has none, and ``LimitError`` where only its exact value would tell."""
    if not traits(tree).whole or has_percent(tree):
        raise UndefinedError("decimals have no residue")

    def combine(node: Node, operands: list[Residue]) -> Residue:
        values = [operand.value for operand in operands]
        try:
            return _reduced(apply(node, [_exact(value) for value in values]), modulus)
        except LimitError:
            residue = _beyond(node, operands, modulus)
            if residue is None:
                raise
            return Residue(None, residue)

    return fold(tree, combine)


def _exact(value: Fraction | None) -> Fraction:
    if value is None:
        raise LimitError("MAX_BITS", "a power")
    return value


def _reduced(value: Fraction, modulus: int) -> Residue:
    if gcd(value.denominator, modulus) != 1:
        raise UndefinedError(f"{shortened(show(value))} has no residue modulo {modulus}")
    return Residue(value, value.numerator * pow(value.denominator, -1, modulus) % modulus)


def _beyond(node: Node, operands: list[Residue], modulus: int) -> int | None:
    """Residue of a node whose exact value is beyond the limits, None where its operands' do not tell."""
    if isinstance(node, Unary):
        return -operands[0].residue % modulus if node.sign == "-" else None
    if not isinstance(node, Binary):
        return None
    (_, one), (value, other) = operands
    if node.sign == "^":
        if value is None or value.denominator != 1 or not 0 <= value < 1 << MAX_MODULAR_EXPONENT_BITS:
            return None
        return pow(one, int(value), modulus)
    return {"+": one + other, "-": one - other, "*": one * other}[node.sign] % modulus if node.sign in "+-*" else None


def _is_broken(tree: Node, side: Residue) -> bool:
    return side.value is not None and side.value.denominator != 1 and "/" in signs_of(tree)


def _shown(residue: Residue) -> str | None:
    return None if residue.value is None else show(residue.value)


def _explain(sides: tuple[str, str], reading: Reading, residues: tuple[Residue, Residue], modulus: int) -> str:
    """``243 is 1 modulo 11, not 2``; ``32 is 10 modulo 11, but 20 is 9``, where neither is a residue as it stands."""
    (left, right), (one, other) = map(shortened, sides), residues
    told = [
        traits(tree).literal is not None and residue.value == residue.residue
        for tree, residue in zip((reading.left, reading.right), residues, strict=True)
    ]
    if all(told):
        return f"{left} is not {right} modulo {modulus}"
    if told[0]:
        return f"{right} is {other.residue} modulo {modulus}, not {left}"
    if told[1]:
        return f"{left} is {one.residue} modulo {modulus}, not {right}"
    return f"{left} is {one.residue} modulo {modulus}, but {right} is {other.residue}"
