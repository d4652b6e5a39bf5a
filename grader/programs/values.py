"""What programs calculate with: the operators, functions and methods that are known, each bounded before its work."""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from grader.limits import MAX_BITS, MAX_FACTORIAL, MAX_MODULAR_EXPONENT_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")

FORMAT = re.compile(r"[<>^]?\d{0,2}[,_]?(?:\.\d{1,2})?[dfeg%s]?")
"""The formats of f-strings that are known, which bound the length of what they make."""
MAX_DIGITS_ROUNDED = 30
WORD = 64
"""Bits, and letters, that count as one step."""


class Unsupported(Exception):
    """The program does what is not known here, or too much of it."""


class Budget:
    """Steps that are left to the programs of a solution. What is large costs as many steps as it has parts."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Raise ``Unsupported`` where fewer are left."""
        self._left -= steps
        if self._left < 0:
            raise Unsupported("a long run")

    def weighed(self, value: T) -> T:
        """The value, once its parts are counted. Raises ``Unsupported`` for one of a kind that is not known."""
        self.spend()
        if isinstance(value, int):
            if value.bit_length() > MAX_BITS:
                raise Unsupported("a large number")
            self.spend(value.bit_length() // WORD)
        elif isinstance(value, str):
            self.spend(len(value) // WORD)
        elif isinstance(value, Fraction):
            self.weighed(value.numerator)
            self.weighed(value.denominator)
        elif isinstance(value, list | tuple | set):
            for part in value:
                self.weighed(part)
        elif isinstance(value, dict):
            for pair in value.items():
                self.weighed(pair)
        elif not (value is None or isinstance(value, float | range) or callable(value)):
            raise Unsupported(type(value).__name__)
        return value

    def items(self, value: Any) -> Iterator[Any]:
        """The parts of what can be walked through. The order of texts in a set is not that of another process."""
        if not isinstance(value, list | tuple | dict | set | range | str):
            raise Unsupported(f"a walk through {type(value).__name__}")
        if isinstance(value, set) and any(isinstance(part, str) for part in value):
            raise Unsupported("a set of texts")
        for part in value:
            self.spend()
            yield part


def shown(value: Any, *, quoted: bool = False) -> str:
    """What ``print`` writes of a value, or ``repr``. Raises ``Unsupported`` for what shows an address or an order."""
    if not _is_plain(value):
        raise Unsupported(f"{type(value).__name__} shown")
    return repr(value) if quoted else str(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(one) for key, one in value.items())
    return value is None or isinstance(value, int | float | str | Fraction)


def _times(left: Any, right: Any) -> Any:
    if _is_repeated_often(left, right) or _is_repeated_often(right, left):
        raise Unsupported("a long repetition")
    return left * right


def _is_repeated_often(parts: Any, times: Any) -> bool:
    return isinstance(parts, str | list | tuple) and len(parts) * times > MAX_FACTORIAL


def _power(base: Any, exponent: Any, modulus: Any = None) -> Any:
    if modulus is not None:
        if not isinstance(exponent, int) or exponent.bit_length() > MAX_MODULAR_EXPONENT_BITS:
            raise Unsupported("a power with a modulus")
        return pow(base, exponent, modulus)
    if isinstance(base, int | Fraction) and isinstance(exponent, int | Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator == 1 and bits > 1 and bits * abs(int(exponent)) > MAX_BITS:
            raise Unsupported("a large power")
    return base**exponent


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise Unsupported("a format")
    return left % right


def _shift(left: Any, right: Any) -> Any:
    if not 0 <= right <= WORD:
        raise Unsupported("a shift")
    return left << right


def _is(left: Any, right: Any) -> bool:
    if left is not None and right is not None:
        raise Unsupported("the identity of objects")
    return left is right


UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _times,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _remainder,
    ast.Pow: _power,
    ast.LShift: _shift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda part, whole: part in whole,
    ast.NotIn: lambda part, whole: part not in whole,
    ast.Is: _is,
    ast.IsNot: lambda left, right: not _is(left, right),
}


def _round(number: Any, digits: Any = None) -> Any:
    if digits is not None and abs(digits) > MAX_DIGITS_ROUNDED:
        raise Unsupported("a rounding")
    return round(number, digits)


def _sorted(values: Any, *, reverse: bool = False) -> list[Any]:
    return sorted(values, reverse=reverse)


def _factorial(number: int) -> int:
    if number > MAX_FACTORIAL:
        raise Unsupported("a large factorial")
    return math.factorial(number)


def _counts(function: Callable[..., int]) -> Callable[..., int]:
    """A number of selections: none from a thousand things and more."""

    def bounded(things: int, *chosen: int) -> int:
        if things > MAX_FACTORIAL:
            raise Unsupported("a large count")
        return function(things, *chosen)

    return bounded


def _fraction(above: Any = 0, below: Any = 1) -> Fraction:
    if not isinstance(above, int | Fraction) or not isinstance(below, int | Fraction):
        raise Unsupported("a fraction of something else")  # a text may hold an exponent
    return Fraction(above) / Fraction(below)


def _selections(function: Callable[..., Iterable[Any]]) -> Callable[..., list[Any]]:
    def listed(*values: Any) -> list[Any]:
        found = list(islice(function(*values), MAX_FACTORIAL + 1))
        if len(found) > MAX_FACTORIAL:
            raise Unsupported("many selections")
        return found

    return listed


_MATH = [
    "acos",
    "asin",
    "atan",
    "atan2",
    "ceil",
    "cos",
    "degrees",
    "e",
    "exp",
    "fabs",
    "floor",
    "fsum",
    "gcd",
    "hypot",
    "inf",
]
_MATH += ["isclose", "isqrt", "lcm", "log", "log10", "log2", "pi", "prod", "radians", "sin", "sqrt", "tan", "trunc"]
BUILTINS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "all": all,
    "any": any,
    "bool": bool,
    "dict": dict,
    "divmod": divmod,
    "enumerate": lambda values, start=0: list(enumerate(values, start)),
    "float": float,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "pow": _power,
    "range": range,
    "reversed": lambda values: list(reversed(values)),
    "round": _round,
    "set": set,
    "sorted": _sorted,
    "str": lambda value="": shown(value),
    "sum": sum,
    "tuple": tuple,
    "zip": lambda *values: list(zip(*values, strict=False)),
}
MODULES: Mapping[str, Mapping[str, Any]] = {
    "math": {
        **{name: getattr(math, name) for name in _MATH},
        "comb": _counts(math.comb),
        "factorial": _factorial,
        "perm": _counts(math.perm),
    },
    "fractions": {"Fraction": _fraction},
    "itertools": {name: _selections(getattr(itertools, name)) for name in ("combinations", "permutations", "product")},
}
METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    list: {"append": list.append, "count": list.count, "index": list.index},
    dict: {"get": dict.get, "items": lambda of: list(of.items()), "keys": list, "values": lambda of: list(of.values())},
    set: {"add": set.add},
}
CHEAP = frozenset({"add", "append", "get"})
"""Methods that do not walk through what they belong to."""
