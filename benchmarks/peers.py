"""The checkers that check_peers.py compares: each gets the two sides of an equation and says true, false or nothing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.checking.check import Checker
from grader.types import CheckStatus, Equation

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[str], bool | None]

OURS, EVAL, MATH_VERIFY = "ours", "eval, rel_tol=1e-2", "math-verify $…$"
ACCEPTED = {CheckStatus.HOLDS: True, CheckStatus.ROUNDED: True, CheckStatus.FAILS: False}
_RELATION = re.compile("[=≈]")


class Peer(NamedTuple):
    """A checker: how to make it, on how many equations its speed is measured, and what says why it cannot be made."""

    make: Callable[[], Check]
    timed: int
    missing: Callable[[], str | None] = lambda: None


def make_ours() -> Check:
    """Make the grader's own: a full status object for every equation."""
    checker = Checker()
    checker.check(Equation("sqrt(8)=2*sqrt(2)"))  # sympy's start is not a text's doing

    def check(text: str) -> bool | None:
        return ACCEPTED.get(checker.check(Equation(text)).status)

    return check


def make_math_verify(pattern: str) -> Callable[[], Check]:
    """Make math-verify's: each side parsed, one verified against the other."""

    def make() -> Check:
        from math_verify import parse, verify

        verify(parse("$1/2$"), parse("$0.5$"))

        def check(text: str) -> bool | None:
            left, right = _sides(text)
            one, other = parse(pattern.format(left)), parse(pattern.format(right))
            return bool(verify(other, one)) if one and other else None

        return check

    return make


def make_sympy(parse_name: str) -> Callable[[], Check]:
    """Make sympy's: each side parsed, the difference simplified."""

    def make() -> Check:
        from sympy import simplify
        from sympy.parsing.latex import parse_latex
        from sympy.parsing.sympy_parser import parse_expr

        parse = {"parse_expr": parse_expr, "parse_latex": parse_latex}[parse_name]

        def check(text: str) -> bool | None:
            left, right = _sides(text.replace("^", "**") if parse is parse_expr else text)
            return bool(simplify(parse(left) - parse(right)) == 0)

        check("1+1=2")
        return check

    return make


def make_eval() -> Check:
    """Make the one that calls ``eval``: it is given texts of unknown origin only in a process of its own."""
    names: dict[str, Any] = {}

    def check(text: str) -> bool | None:
        left, right = text.replace("^", "**").split("=")
        return math.isclose(eval(left, names), eval(right, names), rel_tol=1e-2)

    return check


def _sides(text: str) -> tuple[str, str]:
    left, right = _RELATION.split(text)
    return left, right


def _missing_backend() -> str | None:
    """Why sympy cannot parse LaTeX here, or None."""
    try:
        from sympy.parsing.latex import parse_latex

        parse_latex("1")
    except ImportError as error:
        return str(error)
    return None


PEERS = {
    OURS: Peer(make_ours, 100_000),
    MATH_VERIFY: Peer(make_math_verify("${}$"), 400),
    "math-verify plain": Peer(make_math_verify("{}"), 400),
    "sympy parse_expr": Peer(make_sympy("parse_expr"), 1_000),
    "sympy parse_latex": Peer(make_sympy("parse_latex"), 200, _missing_backend),
    EVAL: Peer(make_eval, 100_000),
}
