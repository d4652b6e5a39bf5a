"""What fractions cannot hold (roots, π, broken powers), asked of sympy in a process of its own.

The child is started at the first question, bounded in memory, and killed when the answers to one solution take
longer than ``SYMBOLIC_SECONDS``; the next question starts a new one. Trees travel as JSON lists: no text reaches
sympy's parser, and nothing is unpickled.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from grader.checking.tree import Binary, Call, Letter, Node, Number, Unary
from grader.limits import MAX_SYMBOLIC_QUESTIONS, SYMBOLIC_SECONDS, LimitError

MAX_SYMBOLIC_NODES = 200
"""Nodes of a tree that is worth a question."""

DIGITS = 60
"""Decimal digits to which a value is computed."""


class SymbolicValues(NamedTuple):
    """Both sides to ``DIGITS`` digits, whether sympy proves them equal, and their exact forms as text."""

    left: Fraction
    right: Fraction
    equal: bool
    left_text: str
    right_text: str


class SymbolicError(ArithmeticError):
    """Sympy gives no real value."""


class SymbolicProcess:
    """The child process. Not shared between threads. ``close`` ends it; so does the end of this process."""

    def __init__(self, seconds: float = SYMBOLIC_SECONDS) -> None:
        self._seconds = self._left = seconds
        self._asked = 0
        self._child: subprocess.Popen[bytes] | None = None

    def values(self, left: Node, right: Node) -> SymbolicValues:
        """Values of two trees without letters.

        Raises ``LimitError`` beyond ``MAX_SYMBOLIC_NODES``, ``MAX_BITS``, ``MAX_SYMBOLIC_QUESTIONS`` or
        ``SYMBOLIC_SECONDS``, ``SymbolicError`` where there is no real value.
        """
        if self._left <= 0:
            raise LimitError("SYMBOLIC_SECONDS", "the solution")
        if self._asked >= MAX_SYMBOLIC_QUESTIONS:
            raise LimitError("MAX_SYMBOLIC_QUESTIONS", "the solution")
        self._asked += 1
        question = [as_lists(left), as_lists(right)]
        answer = self._ask((json.dumps(question) + "\n").encode())
        if "limit" in answer:
            raise LimitError(answer["limit"], "a symbolic value")
        if "error" in answer:
            raise SymbolicError(str(answer["error"]))
        return SymbolicValues(
            Fraction(answer["left"]), Fraction(answer["right"]), bool(answer["equal"]), *answer["texts"]
        )

    def refill(self) -> None:
        """Give the questions of the next solution their full number and time."""
        self._left = self._seconds
        self._asked = 0

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _ask(self, question: bytes) -> dict[str, Any]:
        if self._child is None or self._child.poll() is not None:
            self._start()
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(question)
            child.stdin.flush()
            started = time.monotonic()
            ready, _, _ = select.select([child.stdout], [], [], self._left)
            self._left -= time.monotonic() - started
            line = child.stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            self.close()
            raise LimitError("SYMBOLIC_SECONDS", "sympy")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> None:
        """Start the child and wait until sympy is loaded: its import does not count against a question's time."""
        self.close()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
        # -P: a file named like a module in the working directory is not imported.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.checking.symbolic_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert self._child.stdout is not None
        if self._child.stdout.readline() != b"ready\n":
            raise SymbolicError("sympy could not be started")


def as_lists(tree: Node) -> list[Any]:
    """Write a tree as JSON lists: ``["number", "1", "3"]``, ``["+", a, b]``, ``["sqrt", a]``.

    Raises ``LimitError`` beyond ``MAX_SYMBOLIC_NODES``.
    """
    count = 0

    def convert(node: Node) -> list[Any]:
        nonlocal count
        count += 1
        if count > MAX_SYMBOLIC_NODES:
            raise LimitError("MAX_SYMBOLIC_NODES", "a symbolic side")
        if isinstance(node, Number):
            value = node.written.value
            return ["number", str(value.numerator), str(value.denominator)]
        if isinstance(node, Unary):
            return [f"unary {node.sign}", convert(node.operand)]
        if isinstance(node, Binary):
            return [node.sign, convert(node.left), convert(node.right)]
        if isinstance(node, Call):
            return [node.name, *map(convert, node.arguments)]
        assert isinstance(node, Letter)
        return ["letter", node.name]

    return convert(tree)
