"""A small part of Python, interpreted: what a program prints, without running it.

Nothing of the program reaches ``eval``, ``exec`` or an import: its text is parsed into a tree, whose nodes are walked.
Only what has a method here is known, every step is counted, and every size is bounded before the work.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Any

from grader.limits import MAX_PROGRAM_CHARACTERS
from grader.programs.expressions import Expressions, Module, Scope
from grader.programs.values import MODULES, Budget, Unsupported, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_CALLS = 40
"""Calls of the program's own functions inside each other."""


class _Leave(Exception):
    """No error: a step leaves a loop or a function."""


class _Break(_Leave):
    pass


class _Continue(_Leave):
    pass


class _Return(_Leave):
    def __init__(self, value: Any) -> None:
        self.value = value


class Session(Expressions):
    """Programs that follow each other and share their names, as in a notebook."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self._calls = 0

    def run(self, source: str) -> list[str]:
        """What may be shown of a program: all that it prints; in a notebook the value of its last expression too.

        Raises ``Unsupported`` where it does what is not known here, takes too many steps or ends in an error; the
        session has then forgotten all names, some of which may have been given other values.
        """
        self.printed = []
        try:
            last = self._run(_parsed(source))
        except Unsupported:
            self.scope = Scope()
            raise
        except (
            _Leave, ArithmeticError, AssertionError, LookupError, MemoryError, RuntimeError, TypeError, ValueError
        ) as error:  # fmt: skip
            self.scope = Scope()
            raise Unsupported(f"an error: {error}") from None
        printed = "".join(self.printed)
        return [printed] if last is None else [printed, printed + last, last]

    def _run(self, program: ast.Module) -> str | None:
        """Run a program; gives what its last statement shows, where that is an expression with a value."""
        last = program.body[-1] if program.body else None
        if not isinstance(last, ast.Expr):
            self._all(program.body)
            return None
        self._all(program.body[:-1])
        value = self.budget.weighed(self.visit(last.value))
        return None if value is None else shown(value, quoted=True)

    def _all(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)

    def visit_Pass(self, _: ast.Pass) -> None:
        pass

    def visit_Assert(self, node: ast.Assert) -> None:
        if not self.visit(node.test):
            raise AssertionError("an assertion that does not hold")

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.visit(node.value)
        for target in node.targets:
            self.bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.visit(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        old = self.scope.names.get(node.target.id) if isinstance(node.target, ast.Name) else self.visit(node.target)
        if not isinstance(old, int | float | str | tuple):  # others change in place, or have no value yet
            raise Unsupported("a container that is changed in place")
        self.bind(node.target, self.binary(node.op, old, self.visit(node.value)))

    def visit_If(self, node: ast.If) -> None:
        self._all(node.body if self.visit(node.test) else node.orelse)

    def visit_For(self, node: ast.For) -> None:
        for value in self.budget.items(self.visit(node.iter)):
            self.bind(node.target, value)
            if not self._goes_on(node.body):
                return
        self._all(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        while self.visit(node.test):
            if not self._goes_on(node.body):
                return
        self._all(node.orelse)

    def _goes_on(self, body: Sequence[ast.stmt]) -> bool:
        """One turn of a loop; whether there may be another one."""
        try:
            self._all(body)
        except _Break:
            return False
        except _Continue:
            pass
        return True

    def visit_Break(self, _: ast.Break) -> None:
        raise _Break

    def visit_Continue(self, _: ast.Continue) -> None:
        raise _Continue

    def visit_Return(self, node: ast.Return) -> None:
        raise _Return(None if node.value is None else self.visit(node.value))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name not in MODULES:
                raise Unsupported(f"import {alias.name}")
            self.scope.names[alias.asname or alias.name] = Module(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        known = MODULES.get(node.module or "", {})
        for alias in node.names:
            if node.level or alias.name not in known:
                raise Unsupported(f"from {node.module} import {alias.name}")
            self.scope.names[alias.asname or alias.name] = known[alias.name]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise Unsupported("a decorator")
        self.scope.names[node.name] = self._function(node.args, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return self._function(node.args, [ast.Return(node.body)])

    def _function(self, arguments: ast.arguments, body: list[ast.stmt]) -> Callable[..., Any]:
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            raise Unsupported("arguments of another kind")
        names = [argument.arg for argument in arguments.args]
        defaults = dict(zip(reversed(names), map(self.visit, reversed(arguments.defaults)), strict=False))
        around, own = self.scope, _assigned(body)

        def call(*values: Any, **options: Any) -> Any:
            inner = Scope(around, own)
            inner.names = defaults | dict(zip(names, values, strict=False)) | options
            if len(values) > len(names) or inner.names.keys() != set(names) or self._calls >= MAX_CALLS:
                raise Unsupported("a call")
            before, self.scope = self.scope, inner
            self._calls += 1
            try:
                self._all(body)
            except _Return as done:
                return done.value
            finally:
                self.scope = before
                self._calls -= 1
            return None

        return call


def _assigned(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that statements give values to, which are those of the function that they stand in."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))


def _parsed(source: str) -> ast.Module:
    """The tree of a program. Raises ``Unsupported`` where it is none."""
    if len(source) > MAX_PROGRAM_CHARACTERS:
        raise Unsupported("a long program")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in its texts
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise Unsupported("no program") from None
