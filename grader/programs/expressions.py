"""Expressions of Python, walked node by node: what they come to."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from grader.programs.values import (
    BINARY,
    BUILTINS,
    CHEAP,
    COMPARISONS,
    FORMAT,
    METHODS,
    MODULES,
    UNARY,
    Budget,
    Unsupported,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True)
class Module:
    """A module that the program has imported, by the name that the library gives it."""

    name: str


@dataclass(frozen=True)
class Builtin:
    """A function that needs no import."""

    name: str


class Scope:
    """Names and their values, and the scope around. ``own`` are the names that a function assigns itself."""

    def __init__(self, outer: Scope | None = None, own: frozenset[str] = frozenset()) -> None:
        self.names: dict[str, Any] = {}
        self._outer = outer
        self._own = own

    def value(self, name: str) -> Any:
        """Raises ``Unsupported`` where the name has none."""
        if name in self.names:
            return self.names[name]
        if self._outer is not None and name not in self._own:  # Python does not look further for those either
            return self._outer.value(name)
        if self._outer is None and (name in BUILTINS or name == "print"):
            return Builtin(name)
        if name == "__name__":
            return "__main__"
        raise Unsupported(f"the name {name} without a value")


class Expressions(ast.NodeVisitor):
    """Values of expressions in the current scope. Raises ``Unsupported``, and what Python raises."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.scope = Scope()
        self.printed: list[str] = []

    def visit(self, node: ast.AST) -> Any:
        """The value of a node; each costs a step."""
        self.budget.spend()
        return super().visit(node)

    def generic_visit(self, node: ast.AST) -> Any:
        """What has no method here is not known."""
        raise Unsupported(type(node).__name__)

    def visit_Constant(self, node: ast.Constant) -> Any:
        return self.budget.weighed(node.value)

    def visit_Name(self, node: ast.Name) -> Any:
        return self.scope.value(node.id)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return UNARY[type(node.op)](self.visit(node.operand))

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        return self.binary(node.op, self.visit(node.left), self.visit(node.right))

    def binary(self, sign: ast.operator, left: Any, right: Any) -> Any:
        """Two values joined by a sign."""
        if type(sign) not in BINARY:
            raise Unsupported(type(sign).__name__)
        return self.budget.weighed(BINARY[type(sign)](left, right))

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        stops_at = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values:
            value = self.visit(part)
            if bool(value) == stops_at:
                break
        return value

    def visit_Compare(self, node: ast.Compare) -> bool:
        left = self.budget.weighed(self.visit(node.left))
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.budget.weighed(self.visit(part))
            if not COMPARISONS[type(sign)](left, right):
                return False
            left = right
        return True

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if self.visit(node.test) else node.orelse)

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return self.budget.weighed(tuple(map(self.visit, node.elts)))

    def visit_List(self, node: ast.List) -> Any:
        return self.budget.weighed(list(map(self.visit, node.elts)))

    def visit_Set(self, node: ast.Set) -> Any:
        return self.budget.weighed(set(map(self.visit, node.elts)))

    def visit_Dict(self, node: ast.Dict) -> Any:
        if None in node.keys:
            raise Unsupported("a mapping in a mapping")
        pairs = zip(node.keys, node.values, strict=True)
        return self.budget.weighed({self.visit(key): self.visit(value) for key, value in pairs if key is not None})

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        return self.budget.weighed(self._collected(node.generators, lambda: self.visit(node.elt)))

    visit_GeneratorExp = visit_ListComp  # what is made of it is the same, unless its parts print

    def visit_SetComp(self, node: ast.SetComp) -> Any:
        return self.budget.weighed(set(self._collected(node.generators, lambda: self.visit(node.elt))))

    def visit_DictComp(self, node: ast.DictComp) -> Any:
        pairs = self._collected(node.generators, lambda: (self.visit(node.key), self.visit(node.value)))
        return self.budget.weighed(dict(pairs))

    def _collected(self, generators: Sequence[ast.comprehension], make: Callable[[], Any]) -> list[Any]:
        """The parts of a comprehension, whose names have a scope of their own."""
        outer = self.scope
        self.scope = Scope(outer)
        try:
            return [make() for _ in self._walk(generators)]
        finally:
            self.scope = outer

    def _walk(self, generators: Sequence[ast.comprehension]) -> Iterator[None]:
        """Bind the names of a comprehension to each of their values in turn."""
        if not generators:
            yield
            return
        first, *others = generators
        for value in self.budget.items(self.visit(first.iter)):
            self.bind(first.target, value)
            if all(map(self.visit, first.ifs)):
                yield from self._walk(others)

    def bind(self, target: ast.expr, value: Any) -> None:
        """Give a value to a name, to several, or to an element."""
        self.budget.spend()
        if isinstance(target, ast.Name):
            self.scope.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for part, one in zip(target.elts, self.budget.items(value), strict=True):
                self.bind(part, one)
        elif isinstance(target, ast.Subscript):
            container = self.visit(target.value)
            if not isinstance(container, list | dict):
                raise Unsupported("an element of something else")
            container[self.visit(target.slice)] = self.budget.weighed(value)
        else:
            raise Unsupported(type(target).__name__)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        owner = self.visit(node.value)
        if isinstance(owner, Module) and node.attr in MODULES[owner.name]:
            return MODULES[owner.name][node.attr]
        method = METHODS.get(type(owner), {}).get(node.attr)
        if method is None:
            raise Unsupported(f"the attribute {node.attr}")

        if node.attr not in CHEAP:
            self.budget.weighed(owner)
        return partial(method, owner)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        container = self.visit(node.value)
        if not isinstance(container, list | tuple | dict | str | range):
            raise Unsupported("an element of something else")
        return self.budget.weighed(container[self.visit(node.slice)])

    def visit_Slice(self, node: ast.Slice) -> slice:
        return slice(*(None if part is None else self.visit(part) for part in (node.lower, node.upper, node.step)))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> str:
        return self.budget.weighed("".join(map(self.visit, node.values)))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> str:
        value = self.budget.weighed(self.visit(node.value))
        if node.conversion != -1:
            raise Unsupported("a conversion")
        if node.format_spec is None:
            return shown(value)
        form = self.visit(node.format_spec)
        if not FORMAT.fullmatch(form) or not isinstance(value, int | float | str):
            raise Unsupported("a format")
        return format(value, form)

    def visit_Call(self, node: ast.Call) -> Any:
        function = self.visit(node.func)
        values: list[Any] = []
        for part in node.args:
            if isinstance(part, ast.Starred):
                values.extend(self.budget.items(self.visit(part.value)))
            else:
                values.append(self.budget.weighed(self.visit(part)))
        options = {option.arg or "**": self.visit(option.value) for option in node.keywords}
        if function == Builtin("print"):
            return self._print(values, **options)
        if function != Builtin("len"):  # all others walk through it
            values = [list(self.budget.items(one)) if isinstance(one, range | set) else one for one in values]
        known: Callable[..., Any] = BUILTINS[function.name] if isinstance(function, Builtin) else function
        return self.budget.weighed(known(*values, **options))

    def _print(self, values: Sequence[Any], sep: str = " ", end: str = "\n") -> None:
        self.printed.append(self.budget.weighed(sep.join(map(shown, values)) + end))
