"""Texts made to run code, to run for ever or to fill the memory: none does, as an equation or as a solution."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.checking import symbolic
from grader.checking.check import Checker
from grader.engines import load_pair
from grader.pipeline import Grader
from grader.types import CheckStatus, Equation, RowStatus, Solution

SECONDS = 2.0
"""Processor time that a short text may take here; on an idle machine none takes a tenth of it."""

LEAST = 0.05
"""Processor time below which a measurement says nothing."""

CANARY = "canary-of-the-hostile-strings"
CODE = [
    f"__import__('os').system('touch {CANARY}')",
    f"__import__('os').system('touch {CANARY}')=1",
    f"eval(\"open('{CANARY}','w')\")=1",
    f"exec(\"open('{CANARY}','w')\")=1",
    f"open('{CANARY}','w').write('1')=1",
    f"1 if open('{CANARY}','w') else 2=1",
    f"[open('{CANARY}','w') for x in (1,)]=1",
    f"(lambda:open('{CANARY}','w'))()=1",
    f"().__class__.__base__.__subclasses__()[104].load_module('os').system('touch {CANARY}')=1",
    f"{{open('{CANARY}','w')}}=1",
    f"{{0.__class__}}{{1!r:>{10**9}}}=%s%n%n=1 {CANARY}",
    f'f\'{{open("{CANARY}","w")}}\'=1',
    f"$(touch {CANARY})=1",
    f"`touch {CANARY}`=1",
    f"1;import os;os.system('touch {CANARY}')=1",
    f'S(\'__import__("os").system("touch {CANARY}")\')=1',
    f"sqrt(__import__('os').system('touch {CANARY}'))=1",
    f"Symbol('x').__class__.__init__.__globals__['os'].system('touch {CANARY}')=1",
    f"sqrt(2)=open('{CANARY}','w')",
    f"\\input{{|touch {CANARY}}} \\(1+1=2\\)",
    f"\\write18{{touch {CANARY}}} 1+1=2",
    f"1+1=2\x00; touch {CANARY}",
    f"1+1=2\n__import__('os').system('touch {CANARY}')",
    f"cos\nsystem\n(S'touch {CANARY}'\ntR.=1",
    "quit()=1",
    "globals()=1",
    "print(5)=5",
    "breakpoint()=1",
    "input()=1",
    "x.__class__=1",
    "%s%s%s%n=1",
    "{0}{1}{2}=1",
    "%(asctime)s=1",
    "\\N{DIGIT ONE}+1=2",
    "\\u0031+1=2",
    "\\x31+1=2",
    "$${#1}$$ = 1",
]
LARGE = [
    "9**9**9**9=1",
    "9^9^9^9=1",
    "2^2^2^2^2^2=1",
    "(9^9999)^9999=1",
    "((((9^99)^99)^99)^99)^99=1",
    "1e999999999=1",
    "1e9999=1e9999",
    "1e-9999*1e-9999=0",
    "1e9999^0.5=1",
    "10^10^10=1",
    "10^-10^10=1",
    "0.1^9999=0",
    "1.0000000001^9999=1",
    "2^(1/9999)=1",
    "2^(9999/9998)=1",
    "2^0.123456789=1",
    "(1/3)^(1/3)^(1/3)^(1/3)=1",
    "99999999!=1",
    "factorial(10**8)=1",
    "1000!*1000!*1000!=1",
    "1000!/999!=1000",
    "5!!!!!!!!=1",
    "3!^3!^3!=1",
    "binom(99999999,50000000)=1",
    "binom(1000,500)^9=1",
    "root(9999,2)=1",
    "root(99999999999,2)=1",
    "root(3," + "9" * 999 + ")=1",
    "sqrt(" + "9" * 999 + ")=1",
    "sqrt(" * 55 + "2" + ")" * 55 + "=1",
    "sqrt(2+" * 55 + "2" + ")" * 55 + "=1",
    "sqrt(" * 500 + "2" + ")" * 500 + "=1",
    "1/(1+" * 55 + "1" + ")" * 55 + "=1",
    "1/(" * 500 + "1" + ")" * 500 + "=1",
    "1" * 10_000 + "*" + "3" * 10_000 + "=1",
    "1" * 999 + "*" + "3" * 999 + "*" + "7" * 999 + "=1",
    "0." + "3" * 990 + "=1/3",
    "1/" + "7" * 990 + "=0." + "3" * 990,
    "/".join(["1"] * 900) + "=1",
    "+".join(f"1/{n}" for n in range(1, 400)) + "=1",
    "+".join(f"1/{n}" for n in range(10**8 + 1, 10**8 + 200)) + "=1",
    "+".join(f"0.{n}3" for n in range(100, 500)) + "=0.33",
    "+".join(f"{n}%" for n in range(1, 400)) + "=1%",
    "+".join(f"{n}%/{n}/{n}" for n in range(1, 90)) + "=1%/1/1",
    "*".join(["1.1"] * 450) + "=1",
    "*".join(["9999999999"] * 300) + "=1",
    "^".join(["1"] * 50) + "=1",
    "pi^pi^pi^pi=1",
    "*".join(["pi*9e4000"] * 40) + "=1",
    "sqrt(2)^sqrt(3)^sqrt(5)^sqrt(7)=1",
    "1 1/2" + "*1 1/2" * 300 + "=1",
    "12%5%3%2" + "%2" * 300 + "=1",
    "5" + "%" * 990 + "=1",
    "3" + "!" * 990 + "=1",
    "-" * 990 + "1=1",
    "2(" * 50 + "3" + ")" * 50 + "=1",
    "(1)" * 300 + "=1",
    "pi" * 900 + "=1",
    "x" * 900 + "=1",
    "1//" * 400 + "1=1",
    "7mod" * 400 + "3=1",
    "+".join(["3^(2^499)"] * 150) + "≡1 (mod 99999999999999999999)",
    "*".join(["7^(7^(7^7))"] * 50) + "≡1 (mod 10)",
    "1000!^1000!≡1 (mod 7)",
    "1" * 990 + "_2=1",
    "+".join(["10101010101010101010_2"] * 150) + "=1",
]
ODD = [
    "",
    "=",
    "==",
    "=" * 3000,
    "1=1=1=1",
    "≈",
    "≡" * 3000,
    "1≡1≡1 (mod 7)",
    "1≡1 (mod 7) (mod 7)",
    "\x00=\x00",
    "\ud800=1",
    "1=\udfff",
    "٣+٤=٧",
    "１+１=２",
    "²+²=4",
    "½+½=1",
    "Ⅷ=8",
    "∞-∞=0",
    "0/0=0",
    "0^0=1",
    "NaN=NaN",
    "inf=inf",
    "1e=1",
    "1..2=1",
    "1,2,3,4=1",
    "--1=1",
    "\u202e1=1\u202c",
    "\u200b1\u200b+\u200b1=2",
    "<end_of_turn>1+1=3",
    "<|end|>1+1=2",
    "<script>1+1=2</script>",
    "👍+👍=2",
    "a\u0301" * 500 + "=1",
    "\r\n=\r\n",
    "1 000 000 000=1",
    "1_000=1000",
    "0x10=16",
    "1j*1j=1",
    "True+True=2",
]
LINE = 100_000
PIECES = [
    "(", ")", "+", "-", "1+", "%", "!", "=", "≈", "1=", "=1", "$", "$1", "{", "}", "\\", "\\\\", "\\frac",
    "\\frac{", "\\frac{1}{", "\\(", "\\[", "\\text{", "^{", "1", ",", ".", "1,", "1,000", ",000", "1.", " ", "1 ",
    "a", "a ", "ab", "x", "1x", "1/", "/1", "/", "*", "**", "1*", "^", "2^", "√", "½", "⁹", "π", ":", "1:", "'",
    "_", "1+1=2 ", "1+1=3,", "20% of ", "$5 ", "<<", "<<1=1>>", "<think>", "</think>", "#", "sqrt(", "a=", "a 1 ",
    "half of ", "x_(", "x_1", "\t", "\u00a0", "1\u2009", "é", "*1*", "**1**", "one ", "1 and ", "Week 1:", "e5",
    "1e5", "1-", "[", "]", "|", "&", "~", ";", "\\boxed{", "\\sqrt[", "\\overline{", "0.1\\overline{1", "\\left(",
    "\\begin{align}", "1+1=3 ", "<3", "8>41,000", "&=", "\\\\&=", "x^2=1 ", "f(1)=1,", "-x<1;", "0.1(6)",
    "000 ", "is 1=", "!is =",
    "6/4 = 15/h ", "0.333...", "0,5+", "(x+1)^2 = x^2 ", "2i+", "i^2=1 ", "3 : 4 * ", "130（页）", "it isn't 3 ",
    "[think]",
    "≡", "1≡", "=1≡", "1(mod 7)", "≡1 (mod 7) ", "=1 mod 7,", "1_2", "1₂+", "♣1", "1_(", "0x1",
]  # fmt: skip
RUNS = {f"{piece!a}": piece for piece in PIECES}
LINES = {f"{name} x {LINE}": (piece * LINE)[:LINE] for name, piece in RUNS.items()}
LINES["a question without an end"] = ("5!! is 9" + "!=" * LINE)[:LINE]
LINES["digits behind decimal commas"] = ("2,5 + 2,5 = 6 € " + "1" * LINE)[: LINE - 2] + "a1"
LINES["points behind decimal commas"] = ("2,5 + 2,5 = 6 € " + "1.1," * LINE)[:LINE]
LINES |= {f"1+1= then {name}": f"1 + 1 = {(piece * LINE)[: LINE - 8]}" for name, piece in RUNS.items()}
SHORT = CODE + LARGE + ODD


@pytest.fixture(scope="module")
def checker():
    with Checker() as made:
        # The child and sympy's later imports are started beforehand: they are not a text's doing.
        made.check(Equation("sqrt(8)=2*sqrt(2)"))
        yield made


@pytest.fixture(scope="module")
def grader():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as made:
        made.grade([Solution("", "\\(\\sqrt{8}=2*\\sqrt{2}\\)")])
        yield made


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch, tmp_path):
    """Let nothing run but the symbolic child: every other way to start code raises, and a canary stays away."""
    monkeypatch.chdir(tmp_path)

    def refuse(*_args, **_kwargs):
        raise AssertionError("code was run")

    start = subprocess.Popen

    def only_ours(command, *args, **kwargs):
        assert command == [sys.executable, "-P", "-m", "grader.checking.symbolic_child"]
        return start(command, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(symbolic.subprocess, "Popen", only_ours)
        for name in ("system", "popen", "execv", "fork", "posix_spawn"):
            patch.setattr(os, name, refuse)
        yield patch, refuse
    assert not list(tmp_path.iterdir())


@pytest.fixture
def within(nothing_runs):
    """Give a function that calls another with eval, exec, compile and open refused, and bounds its processor time.

    It returns the other's answer and the seconds that it took.
    """
    patch, refuse = nothing_runs

    def call(function, *arguments, seconds=SECONDS):
        with patch.context() as inner:
            for name in ("eval", "exec", "compile", "open", "breakpoint", "input"):
                inner.setattr(builtins, name, refuse)
            start = time.process_time()
            answer = function(*arguments)
            spent = time.process_time() - start
        assert spent < seconds, f"{spent:.2f} s"
        return answer, spent

    return call


def test_there_are_enough_of_them():
    """There are 120 hostile strings and more besides the long lines."""
    assert len(set(SHORT)) >= 120


@pytest.mark.parametrize("text", SHORT, ids=lambda text: f"{text[:40]!a}")
def test_a_hostile_equation_has_a_status(checker, within, text):
    """A hostile equation gets a status at once, and runs nothing."""
    found, _seconds = within(checker.check, Equation(text))
    assert found.status in set(CheckStatus)


@pytest.mark.parametrize("text", SHORT, ids=lambda text: f"{text[:40]!a}")
def test_a_hostile_solution_is_graded(grader, within, text):
    """A hostile solution comes back at once, with its lines, and runs nothing."""
    with_times = text.replace("*", " \\times ")
    forms = [text, f"So we have {text} apples.", f"$${text}$$", f"\\({with_times}\\)"]
    for form in forms:
        (graded,), _seconds = within(grader.grade, [Solution(text, form, text)])
        assert graded.status in (RowStatus.GRADED, RowStatus.SKIPPED)


@pytest.mark.parametrize("name", LINES, ids=str)
def test_a_long_line_takes_no_time(grader, checker, within, name):
    """A line of 100,000 characters of one kind is read in time that grows with its length, not with its square.

    The bound is a multiple of what a tenth of the line takes in the same run: machines and what measures them differ.
    """
    text = LINES[name]
    tenth = text[: LINE // 10]
    _graded, seconds = within(grader.grade, [Solution(tenth, tenth, tenth)])
    bound = 3 * 10 * max(seconds, LEAST)
    (graded,), _seconds = within(grader.grade, [Solution(text, text, text)], seconds=bound)
    assert graded.status in (RowStatus.GRADED, RowStatus.SKIPPED)
    found, _seconds = within(checker.check, Equation(text), seconds=bound)
    assert found.status in set(CheckStatus)


def test_nothing_stays_behind():
    """No hostile string left a file where the tests run."""
    assert not Path(CANARY).exists()
