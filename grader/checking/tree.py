"""The tree of an expression: its nodes, one way to walk it, and what the checker asks of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from grader.numbers import ANGLE_FUNCTIONS, Written

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Number(NamedTuple):
    """A written number."""

    written: Written


class Unary(NamedTuple):
    """``-``, ``%``, ``!`` or ``°`` with its operand."""

    sign: str
    operand: Node


class Binary(NamedTuple):
    """``+ - * / // ^ mod`` with its operands."""

    sign: str
    left: Node
    right: Node


class Call(NamedTuple):
    """A function of ``numbers.FUNCTIONS``, or a constant where there are no arguments."""

    name: str
    arguments: tuple[Node, ...]


class Letter(NamedTuple):
    """An unknown."""

    name: str


Node: TypeAlias = Number | Unary | Binary | Call | Letter


def children(tree: Node) -> tuple[Node, ...]:
    """Give the operands of a node, from left to right."""
    if isinstance(tree, Binary):
        return tree.left, tree.right
    if isinstance(tree, Unary):
        return (tree.operand,)
    return tree.arguments if isinstance(tree, Call) else ()


def fold(tree: Node, combine: Callable[[Node, list[Result]], Result]) -> Result:
    """Combine each node with the results of its operands, from the leaves up.

    Without recursion: ``5%%%…`` and ``1+1+…`` are as deep as they are long.
    """
    todo: list[tuple[Node, int]] = [(tree, -1)]
    done: list[Result] = []
    while todo:
        node, ready = todo.pop()
        if ready < 0:
            below = children(node)
            if below:
                todo.append((node, len(below)))
                todo.extend((child, -1) for child in reversed(below))
                continue
            ready = 0
        results = done[len(done) - ready :]
        del done[len(done) - ready :]
        done.append(combine(node, results))
    return done[0]


def rebuilt(tree: Node, operands: list[Node]) -> Node:
    """Give the same node with other operands."""
    if isinstance(tree, Binary):
        return Binary(tree.sign, *operands)
    if isinstance(tree, Unary):
        return Unary(tree.sign, *operands)
    return Call(tree.name, tuple(operands)) if isinstance(tree, Call) else tree


def is_percent(tree: Node) -> bool:
    """Whether the tree is something in percent."""
    return isinstance(tree, Unary) and tree.sign == "%"


def has_percent(tree: Node) -> bool:
    """Whether ``%`` stands anywhere in the tree."""
    return "%" in signs_of(tree)


def has_size(angle: Node) -> bool:
    """Whether an angle is written in degrees or as a multiple of pi: ``sin(30)`` may be meant either way."""
    return fold(
        angle,
        lambda node, parts: (
            any(parts)
            or (isinstance(node, Unary) and node.sign == "°")
            or (isinstance(node, Call) and node.name == "pi")
        ),
    )


def is_transcendent(tree: Node) -> bool:
    """Whether a function of an angle or a logarithm is taken in the tree."""
    return fold(tree, lambda node, parts: any(parts) or (isinstance(node, Call) and node.name in TRANSCENDENT))


TRANSCENDENT = ANGLE_FUNCTIONS | {"log", "ln"}


def signs_of(tree: Node) -> set[str]:
    """Collect the operators of a tree; functions and constants count as powers."""
    signs: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (Unary, Binary)):
            signs.add(node.sign)
        elif isinstance(node, Call):
            signs.add("^")
        stack.extend(children(node))
    return signs


class Traits(NamedTuple):
    """What a side is made of, as far as rounding needs to know."""

    letters: bool
    whole: bool
    """All written numbers are integers."""
    quotient: bool
    """The last operation is a division, or a product with one in it."""
    literal: Written | None
    """The side is one written number, perhaps with a sign or ``%``."""


def traits(tree: Node) -> Traits:
    """Walk a tree once for its traits."""
    letters, whole = False, True
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Number):
            whole &= node.written.decimals == 0 and not node.written.endless
        elif isinstance(node, Letter):
            letters = True
        stack.extend(children(node))
    quotient = isinstance(tree, Binary) and tree.sign in ("*", "/", "//") and "/" in signs_of(tree)
    return Traits(letters, whole, quotient, _literal(tree))


def _literal(tree: Node) -> Written | None:
    signs = []
    while isinstance(tree, Unary) and tree.sign in "-%":
        signs.append(tree.sign)
        tree = tree.operand
    if not isinstance(tree, Number):
        return None
    written = tree.written
    for sign in signs:
        if sign == "-":
            written = written._replace(value=-written.value)
        else:
            written = written._replace(value=written.value / 100, decimals=written.decimals + 2)
    return written


def scientific(tree: Node) -> tuple[Written, int] | None:
    """Mantissa and exponent of a side that is one number in scientific notation (``1.2*10^24``), None elsewhere."""
    negative = False
    if isinstance(tree, Unary) and tree.sign == "-":
        negative, tree = True, tree.operand
    if not (isinstance(tree, Binary) and tree.sign == "*" and isinstance(tree.left, Number)):
        return None
    mantissa, power = tree.left.written, tree.right
    if not (isinstance(power, Binary) and power.sign == "^" and 1 <= mantissa.value < 10):
        return None
    base, exponent = _literal(power.left), _literal(power.right)
    if base is None or base.value != 10 or exponent is None or exponent.value.denominator != 1:
        return None
    return mantissa._replace(value=-mantissa.value) if negative else mantissa, int(exponent.value)


def strip_percent(tree: Node) -> Node:
    """Give the same tree with ``%`` read as a label."""

    def combine(node: Node, operands: list[Node]) -> Node:
        return operands[0] if is_percent(node) else rebuilt(node, operands)

    return fold(tree, combine)


def takes_percent_of(tree: Node) -> bool:
    """Whether a product begins with a percentage (``20%*50``): there ``%`` is no label. ``100%*`` may be one."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.sign == "*" and is_percent(node.left):
            share = _literal(node.left)
            if share is None or share.value != 1:
                return True
        stack.extend(children(node))
    return False


def replace_numbers(tree: Node, values: dict[Written, Fraction]) -> Node:
    """Give the same tree with some written numbers replaced by fractions, as divisions of integers."""

    def combine(node: Node, operands: list[Node]) -> Node:
        value = values.get(node.written) if isinstance(node, Number) else None
        return rebuilt(node, operands) if value is None else as_division(value)

    return fold(tree, combine)


def as_division(value: Fraction) -> Node:
    """Write a fraction as a division of integers."""
    return Binary("/", *(Number(Written(Fraction(part), 0)) for part in value.as_integer_ratio()))


def numbers_of(tree: Node) -> list[Written]:
    """List the written numbers of a tree."""
    found: list[Written] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Number):
            found.append(node.written)
        stack.extend(reversed(children(node)))
    return found


def count_terms(tree: Node) -> int:
    """Terms of a sum."""
    terms = 1
    while isinstance(tree, Binary) and tree.sign in "+-":
        terms, tree = terms + 1, tree.left
    return terms


def leading_number(tree: Node) -> Fraction | None:
    """Value of the first written number of a calculation, None where it begins with something else."""
    while isinstance(tree, Binary):
        tree = tree.left
    return tree.written.value if isinstance(tree, Number) else None
