"""The child of ``symbolic``: reads trees as JSON lines, answers with values as JSON lines.

Run as ``python -m grader.checking.symbolic_child``. It ends when its input ends; bounds on memory and on the
processor time of a question end it too, even where its parent was killed while it computed.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from typing import Any

import sympy

from grader.limits import MAX_BITS, MAX_EXPONENT, MAX_FACTORIAL, SYMBOLIC_SECONDS

MEMORY_BYTES = 2 * 1024**3
DIGITS = 60
CPU_SECONDS = math.ceil(SYMBOLIC_SECONDS) + 3
"""Processor time of one question: the parent gives up earlier, by the clock."""
_ZERO = sympy.Float(10, DIGITS) ** (-DIGITS + 15)
_SMALLEST = sympy.Float(2, DIGITS) ** -MAX_BITS


def main() -> None:
    """Answer questions until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print("ready", flush=True)
    for line in sys.stdin:
        spent = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(spent.ru_utime + spent.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        try:
            answer = compare(*json.loads(line))
        except (ArithmeticError, ValueError, TypeError, MemoryError, RecursionError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def compare(left: list[Any], right: list[Any]) -> dict[str, Any]:
    """Values of both sides and whether they are proved equal."""
    one, other = build(left), build(right)
    values = [sympy.N(side, DIGITS) for side in (one, other)]
    for value in values:
        if not (value.is_real and value.is_finite):
            raise ValueError("no real value")
        if value != 0 and not _SMALLEST < abs(value) < 1 / _SMALLEST:
            return {"limit": "MAX_BITS"}
    near = abs(values[0] - values[1]) <= _ZERO * max(1, abs(values[0]))
    equal = bool(near) and _proved(one - other)
    return {
        "left": _decimal(values[0]),
        "right": _decimal(values[1]),
        "equal": equal,
        "texts": [str(one), str(other)],
    }


def _proved(gap: Any) -> bool:
    """Whether the gap is zero. Identities of functions take sympy seconds, which not every machine has."""
    if gap.has(*_FUNCTIONS):
        return bool(sympy.expand(gap) == 0)
    return bool(sympy.simplify(gap) == 0)


_FUNCTIONS = (sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc, sympy.log)


def _decimal(value: Any) -> str:
    return str(sympy.Float(value, DIGITS)) if not value.is_Integer else str(value)


def build(tree: list[Any]) -> Any:
    """Sympy object of a tree, node by node, with the bounds of ``limits`` checked before each power."""
    name, arguments = tree[0], tree[1:]
    if name == "number":
        return sympy.Rational(int(arguments[0]), int(arguments[1]))
    values = [build(argument) for argument in arguments]
    if name == "^":
        return _power(*values)
    if name == "unary !":
        if not (values[0].is_Integer and 0 <= values[0] <= MAX_FACTORIAL):
            raise ValueError("a factorial of what is no small natural number")
        return sympy.factorial(values[0])
    return _OPERATIONS[name](*values)


_OPERATIONS: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: sympy.floor(a / b),
    "mod": sympy.Mod,
    "unary -": lambda a: -a,
    "unary %": lambda a: a / 100,
    "sqrt": sympy.sqrt,
    "root": lambda degree, a: sympy.real_root(a, degree),
    "abs": sympy.Abs,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "binom": sympy.binomial,
    "perm": sympy.ff,
    "gcd": sympy.gcd,
    "lcm": sympy.lcm,
    "unary °": lambda a: a * sympy.pi / 180,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "cot": sympy.cot,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "ln": sympy.log,
    "log": lambda base, a: sympy.log(a, base),
    "pi": lambda: sympy.pi,
}


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_Rational and base.is_Rational:
        bits = int(base.p).bit_length() + int(base.q).bit_length()
        if abs(exponent) > MAX_EXPONENT or bits * max(1, abs(int(exponent))) > MAX_BITS or exponent.q > MAX_EXPONENT:
            raise ValueError("an exponent beyond its bound")
    elif abs(sympy.N(exponent, 5)) > 100 or abs(sympy.N(base, 5)) > 10**6:
        raise ValueError("an exponent beyond its bound")
    return base**exponent


if __name__ == "__main__":
    main()
