"""Roots, π and powers, asked of a process that is bounded, killed and replaced."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

from grader.checking import symbolic, symbolic_child
from grader.checking.check import Checker
from grader.checking.grammar import parse
from grader.checking.symbolic import MAX_SYMBOLIC_NODES, SymbolicError, SymbolicProcess, as_lists
from grader.limits import LimitError
from grader.types import CheckStatus, Equation

SLOW = ("root(7,1+sqrt(2))^2", "root(7,3+2*sqrt(2))")
"""Equal to sixty digits, and sympy looks for a proof for longer than a minute."""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, seconds=10.0):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


@pytest.fixture(scope="module")
def process():
    made = SymbolicProcess()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("sqrt(8)", "2*sqrt(2)", True),
        ("sqrt(2)*sqrt(3)", "sqrt(6)", True),
        ("sqrt(5+2*sqrt(6))", "sqrt(2)+sqrt(3)", True),
        ("root(3,2+sqrt(5))+root(3,2-sqrt(5))", "1", True),
        ("pi*2", "2*pi", True),
        ("2^0.5", "sqrt(2)", True),
        ("abs(-sqrt(2))", "sqrt(2)", True),
        ("sqrt(2)", "1.41421356", False),
        ("pi", "22/7", False),
        ("sqrt(2)//1", "1", True),
    ],
)
def test_both_sides_are_proved_equal_or_not(process, left, right, equal):
    """Sympy says whether both sides are the same number, and gives their values."""
    values = process.values(parse(left), parse(right))
    assert values.equal is equal
    assert (abs(values.left - values.right) < Fraction(1, 10**40)) is equal


def test_values_have_sixty_digits(process):
    """Values come to some sixty digits, with their exact forms as text."""
    values = process.values(parse("sqrt(2)"), parse("1/3"))
    assert abs(values.left**2 - 2) < Fraction(1, 10**55)
    assert (values.left_text, values.right_text) == ("sqrt(2)", "1/3")


@pytest.mark.parametrize("text", ["sqrt(pi-4)", "(0-2)^(1/3)", "1/(sqrt(2)*sqrt(2)-2)", "pi^pi^pi^pi", "(pi-pi)^-1"])
def test_what_has_no_real_value_says_so(process, text):
    """No real value within the bounds is an error of its own, and the process goes on."""
    with pytest.raises(SymbolicError):
        process.values(parse(text), parse("1"))
    assert process.values(parse("pi"), parse("pi")).equal


def test_a_tree_of_many_nodes_is_not_asked():
    """A side beyond ``MAX_SYMBOLIC_NODES`` is a limit before any process is started."""
    process = SymbolicProcess()
    with pytest.raises(LimitError, match="MAX_SYMBOLIC_NODES"):
        process.values(parse("+".join(["pi"] * MAX_SYMBOLIC_NODES)), parse("1"))
    assert process._child is None


def test_a_huge_value_is_a_limit(process):
    """A value of millions of digits is a limit, not work for this process."""
    with pytest.raises(LimitError, match="MAX_BITS"):
        process.values(parse("*".join(["pi*9e4000"] * 40)), parse("1"))


def test_many_questions_of_one_solution_are_a_limit(process, monkeypatch):
    """A solution may ask a number of questions; the next one may ask as many again."""
    monkeypatch.setattr(symbolic, "MAX_SYMBOLIC_QUESTIONS", 2)
    process.refill()
    for _ in range(2):
        assert process.values(parse("pi"), parse("pi")).equal
    with pytest.raises(LimitError, match="MAX_SYMBOLIC_QUESTIONS"):
        process.values(parse("pi"), parse("pi"))
    process.refill()
    assert process.values(parse("pi"), parse("pi")).equal


def test_a_slow_question_is_a_limit_and_kills_the_child():
    """A question that takes too long ends with a limit and a dead child, and a new child answers the next one."""
    with Checker() as checker:
        checker._symbolic = SymbolicProcess(seconds=0.4)
        # sympy's first simplification imports more of it: not to be counted against this question.
        checker._symbolic._seconds = 20
        assert checker.check(Equation("sqrt(8)=2*sqrt(2)")).status == CheckStatus.HOLDS
        child = checker._symbolic._child.pid
        checker._symbolic._seconds = 0.4
        start = time.monotonic()
        check = checker.check(Equation("=".join(SLOW)))
        assert time.monotonic() - start < 5
        assert (check.status, check.detail) == (CheckStatus.LIMIT, "SYMBOLIC_SECONDS: sympy")
        assert gone(child)
        checker._symbolic._seconds = 20
        assert checker.check(Equation("pi*5^2=78.54")).status == CheckStatus.ROUNDED
        assert checker._symbolic._child.pid != child


def test_a_child_that_died_is_replaced():
    """A child that something else killed is replaced at the next question."""
    process = SymbolicProcess()
    process.values(parse("pi"), parse("pi"))
    os.kill(process._child.pid, signal.SIGKILL)
    process._child.wait()
    assert process.values(parse("pi"), parse("pi")).equal
    process.close()


def test_close_ends_the_child():
    """After ``close`` no child is left, and closing twice does no harm."""
    process = SymbolicProcess()
    process.values(parse("pi"), parse("pi"))
    child = process._child.pid
    process.close()
    process.close()
    assert gone(child)


PARENT = """
import sys
from grader.checking.check import Checker
from grader.types import Equation
checker = Checker()
checker.check(Equation("sqrt(8)=2*sqrt(2)"))
print(checker._symbolic._child.pid, flush=True)
if sys.argv[1] == "busy":
    checker._symbolic._seconds = 60
    print("asking", flush=True)
    checker.check(Equation(sys.argv[2]))
elif sys.argv[1] == "wait":
    input()
checker._symbolic._child.__class__.__del__ = lambda self: None
"""


@pytest.mark.parametrize("way", ["exit", "wait", "busy"])
def test_no_child_outlives_its_parent(way, monkeypatch):
    """The child ends when its parent exits, is killed while it waits, or is killed while the child computes."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, way, "=".join(SLOW)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        if way == "busy":
            assert parent.stdout.readline() == "asking\n"
            time.sleep(0.3)
            assert alive(child)
        if way != "exit":
            parent.kill()
        parent.wait()
    assert gone(child, seconds=20.0)


def test_the_child_is_bounded_in_memory_and_processor_time(process):
    """The child runs under a bound on its memory and one on its processor time."""
    process.values(parse("pi"), parse("pi"))
    lines = Path(f"/proc/{process._child.pid}/limits").read_text().splitlines()
    table = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert int(table["Max address space"]) == symbolic_child.MEMORY_BYTES
    assert int(table["Max cpu time"]) < 600


def test_a_file_named_like_a_module_is_not_imported(tmp_path, monkeypatch):
    """Python files in the working directory do not get into the child."""
    for name in ("sympy", "json", "grader", "mpmath"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\nraise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    process = SymbolicProcess()
    assert process.values(parse("pi"), parse("pi")).equal
    process.close()
    assert not (tmp_path / "canary").exists()


def test_no_text_reaches_sympy_s_parser(monkeypatch):
    """Trees are built node by node: sympy's own readers of text are never called."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("text was parsed")

    monkeypatch.setattr(sympy, "sympify", refuse)
    monkeypatch.setattr(sympy, "parse_expr", refuse)
    monkeypatch.setattr(sympy.parsing.sympy_parser, "parse_expr", refuse)
    for left, right in (("sqrt(8)", "2*sqrt(2)"), ("pi^2/6+2!", "root(3,5)%"), ("abs(1-pi)", "binom(5,2)")):
        answer = symbolic_child.compare(as_lists(parse(left)), as_lists(parse(right)))
        assert "left" in answer
    source = inspect.getsource(symbolic_child) + inspect.getsource(symbolic)
    assert not any(word in source for word in ("sympify", "parse_expr", "eval(", "exec(", "import pickle", "sympy.S("))


def test_a_tree_travels_as_names_and_integers():
    """What is sent to the child is lists of known names and of digits."""
    assert as_lists(parse("sqrt(1/2)+x*5%!")) == [
        "+",
        ["sqrt", ["/", ["number", "1", "1"], ["number", "2", "1"]]],
        ["*", ["letter", "x"], ["unary !", ["unary %", ["number", "5", "1"]]]],
    ]


def test_an_unknown_operation_is_refused():
    """The child builds nothing but the operations of the grammar."""
    with pytest.raises(KeyError):
        symbolic_child.build(["__import__", ["number", "1", "1"]])
    with pytest.raises(ValueError, match="invalid literal"):
        symbolic_child.build(["number", "exit()", "1"])


def test_the_child_answers_line_by_line(monkeypatch, capsys):
    """The child answers each line of its input with one line, errors too."""
    monkeypatch.setattr(symbolic_child.resource, "setrlimit", lambda *_: None)
    questions = [[as_lists(parse("pi")), as_lists(parse("3"))], [as_lists(parse("1/0")), as_lists(parse("3"))]]
    monkeypatch.setattr(symbolic_child.sys, "stdin", iter(json.dumps(question) + "\n" for question in questions))
    symbolic_child.main()
    ready, first, second = capsys.readouterr().out.splitlines()
    assert ready == "ready"
    assert json.loads(first)["equal"] is False
    assert "no real value" in json.loads(second)["error"]


def test_equal_but_not_proved_is_not_judged(monkeypatch):
    """Two values equal to sixty digits without a proof neither hold nor fail."""
    with Checker() as checker:
        third = Fraction(1, 3)
        unproved = symbolic.SymbolicValues(third, third, equal=False, left_text="a", right_text="b")
        monkeypatch.setattr(checker._symbolic, "values", lambda *_: unproved)
        assert checker.check(Equation("sqrt(2)+1=sqrt(3)+2")).status == CheckStatus.UNPARSABLE
