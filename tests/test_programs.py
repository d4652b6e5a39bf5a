"""Programs in solutions: what they print is what Python prints, and none can do harm or run long."""

import contextlib
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.engines import Pair
from grader.limits import MAX_PROGRAM_CHARACTERS, MAX_PROGRAM_STEPS
from grader.pipeline import Grader
from grader.programs.interpreter import Session
from grader.programs.outputs import OUTPUT_MISMATCH, judge_outputs
from grader.programs.values import Budget, Unsupported
from grader.types import Solution, Verdict


def printed(source, steps=MAX_PROGRAM_STEPS):
    return Session(Budget(steps)).run(source)[0]


def by_python(source):
    """Give what Python itself prints."""
    found = io.StringIO()
    with contextlib.redirect_stdout(found):
        exec(source, {"__name__": "__main__"})
    return found.getvalue()


PROGRAMS = [
    "",
    "a = 3\nb = a * 4 + 1\nprint(a, b, a / b, b // a, b % a, -b, a ** 3, 2 ** -1)",
    "price = 19.99\ntax = price * 0.07\nprint(round(price + tax, 2))\nprint(price - tax)",
    "a = b = 2\na += 5; b -= 1; a *= 3; b /= 4\nprint(f'{a} and {b:.2f}, {a:,} of {1234567:,}, {0.256:.1%}')",
    "print('sum:', sum(range(1, 11)), 'max', max([3, 9, 2]), min(4, 2), len('abc'), sep=' | ', end='.\\n')",
    ("total = 0\nfor i in range(5):\n    if i == 2:\n        continue\n    if i == 4:\n"
    "        break\n    total += i\nelse:\n    total = -1\nprint(total)"),
    "n = 27\nsteps = 0\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    steps += 1\nprint(steps)",
    "def area(width, height=2):\n    return width * height\n\nprint(area(3), area(3, 4), area(height=5, width=1))",
    "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\nprint([f(n) for n in range(10)])",
    "x = 5\ndef g():\n    x = 7\n    return x\nprint(g(), x)",
    "y = 1\ndef h():\n    return y\ny = 2\nprint(h(), (lambda a: a + y)(3))",
    ("import math\nfrom math import sqrt, pi as p\n"
    "print(math.ceil(7 / 2), sqrt(16), round(p, 5), math.comb(10, 3), math.gcd(12, 18))"),
    "from fractions import Fraction\nprint(Fraction(1, 3) + Fraction(1, 6), [Fraction(1, 2)], Fraction(3, 4) * 2)",
    ("from itertools import combinations, product\n"
    "print(len(list(combinations(range(6), 2))), [a * b for a, b in product([1, 2], [3, 4])])"),
    "print([x * y for x in range(1, 4) for y in range(x) if (x + y) % 2], {k: k * k for k in (1, 2)}, {1: 'a'}.get(1))",
    ("d = {'a': 1}\nd['b'] = 2\nfor k, v in d.items():\n    print(k, v)\n"
    "print('a' in d, 3 in [1, 2], not 0, None is None)"),
    ("xs = []\nfor i in range(3):\n    xs.append(i * i)\nxs[0] = 9\n"
    "print(xs, xs[-1], xs[1:], sorted(xs, reverse=True), list(reversed(xs)))"),
    "print(0.1 + 0.2, 1e20, 5 / 2, 10 ** 20, True + 1, 7 // -2, divmod(17, 5), 1 < 2 < 3, 3 > 2 > 5)",
    "print(any(n > 3 for n in [1, 5]), all([1, 0]), [i for i, v in enumerate('aba') if v == 'a'], list(zip('a', 'b')))",
    "if __name__ == '__main__':\n    print((1, 2) + (3,), 'a' + 'b', 'ab' * 2, [0] * 3, 'abc'[1])",
    "a, (b, c) = 1, (2, 3)\na, b = b, a\nprint(a, b, c, str(4) + '!', int('12') + 1, float('2.5'), int(3.9), abs(-2))",
    "primes = [n for n in range(2, 50) if all(n % d for d in range(2, int(n ** 0.5) + 1))]\nprint(len(primes), primes)",
    "x: int = 4\nassert x == 4\npass\nprint(x and 3, 0 or 'no', 5 & 3, 5 | 3, 5 ^ 3, 1 << 4, 16 >> 2, pow(3, 100, 7))",
]  # fmt: skip


@pytest.mark.parametrize("source", PROGRAMS)
def test_what_is_printed_is_what_python_prints(source):
    """Statement by statement, number by number, in Python's own spelling."""
    assert printed(source) == by_python(source)


@st.composite
def expressions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["a", "b", "c"]) | st.integers(0, 30).map(str) | st.sampled_from(["0.5", "2.75"]))
    left, right = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    return draw(
        st.sampled_from(
            [f"({left} {sign} {right})" for sign in ("+", "-", "*", "/", "//", "%", "<", "==")]
            + [f"-{left}", f"round({left}, 2)", f"max({left}, {right})", f"int({left})", f"({left} if {right} else a)"]
        )
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), expressions()), min_size=1, max_size=5))
def test_calculations_are_those_of_python(lines):
    """Random programs of assignments print the same, or end in an error in both."""
    source = "a, b, c = 7, 2.5, 0\n" + "\n".join(f"{name} = {text}" for name, text in lines) + "\nprint(a, b, c)"
    try:
        wanted = by_python(source)
    except (ArithmeticError, TypeError, ValueError):
        with pytest.raises(Unsupported):
            printed(source)
        return
    assert printed(source) == wanted


HOSTILE = [
    "import os\nos.system('true')",
    "from os import path",
    "from . import x",
    "import numpy as np",
    "__import__('os')",
    "open('x', 'w')",
    "eval('1')",
    "exec('1')",
    "input()",
    "getattr(1, 'real')",
    "().__class__.__bases__",
    "(1).real",
    "'{}'.format(1)",
    "'%s' % 1",
    "f'{1!r}'",
    "f'{1:999999999}'",
    "f'{1.5:.999f}'",
    "9 ** 9 ** 9",
    "x = 9 ** 99\nwhile True:\n    x = x * x",
    "'a' * 10 ** 9",
    "[0] * 10 ** 9",
    "1 << 10 ** 9",
    "round(5, -10 ** 9)",
    "int('9' * 900 + '9' * 900) ** 9",
    "from fractions import Fraction\nFraction('1e999999999')",
    "import math\nmath.factorial(10 ** 9)",
    "import math\nmath.comb(10 ** 9, 10 ** 8)",
    "from itertools import permutations\nlist(permutations(range(20)))",
    "while True:\n    pass",
    "for i in range(10 ** 12):\n    pass",
    "sum(range(10 ** 12))",
    "list(range(10 ** 12))",
    "def f():\n    return f()\nf()",
    "a = [1]\nfor i in range(60):\n    a = [a, a]\nprint(a)",
    "a = [1, 1]\nfor i in range(60):\n    b = [1, 1]\n    b[0] = a\n    b[1] = a\n    a = b\nprint(len(f'{a}'))",
    "a = [0]\na[0] = a\nprint(a)",
    "a = ['x' * 900]\nwhile True:\n    a = a + a",
    "print({'a', 'b'})",
    "for x in {'a', 'b'}:\n    print(x)",
    "print(print)",
    "print(len)",
    "print(lambda: 1)",
    "x = (-8) ** 0.5",
    "1j",
    "b'x'",
    "...",
    "x = 1\ndef f():\n    x += 1\nf()",
    "x = 1\ndef f():\n    y = x\n    x = 2\n    return y\nf()",
    "def f(*a):\n    pass",
    "def f(a):\n    return a\nf()",
    "def f(a):\n    return a\nf(1, 2)",
    "@staticmethod\ndef f():\n    pass",
    "class A:\n    pass",
    "try:\n    1\nexcept ValueError:\n    pass",
    "with x:\n    pass",
    "del x",
    "global x",
    "import math\nmath.sqrt(-1)",
    "1 / 0",
    "[1][5]",
    "{}['a']",
    "unknown",
    "assert 1 == 2",
    "return 5",
    "break",
    "a, b = 1, 2, 3",
    "a, *b = 1, 2",
    "xs = [1]\nxs += [2]",
    "1 is 1",
    "x = 5\nx.y = 3",
    "not a program",
    "\x00",
    "1+" * 2_000 + "1",
    "-" * 4_000 + "1",
    "(" * 300 + ")" * 300,
    "a = 1\n" * MAX_PROGRAM_CHARACTERS,
]


@pytest.mark.parametrize("source", HOSTILE)
def test_what_is_not_known_or_too_much_is_not_run(source, capfd):
    """Every other name, attribute and construct ends a program, and so does every run that is long or large."""
    began = time.process_time()
    with pytest.raises(Unsupported):
        Session(Budget(MAX_PROGRAM_STEPS)).run(source)
    assert time.process_time() - began < 5  # where it is a fraction of a second
    assert capfd.readouterr() == ("", "")


def test_programs_share_their_names_until_one_fails():
    """As in a notebook; behind what is not known no value is taken from before."""
    session = Session(Budget(MAX_PROGRAM_STEPS))
    assert session.run("x = 4") == [""]
    assert session.run("print(x + 1)") == ["5\n"]
    with pytest.raises(Unsupported):
        session.run("x = 5\nx = [y for y in (1, 2) if z]")
    with pytest.raises(Unsupported):
        session.run("print(x)")
    assert session.run("x = 6\nprint(x)") == ["6\n"]


def test_all_programs_of_a_solution_share_the_steps():
    """A solution of many long programs costs no more than one."""
    loop = "```python\nn = 0\nwhile n < 1000:\n    n += 1\nprint(n)\n```\n```output\n1000\n```\n"
    found = list(judge_outputs(loop * 20))
    assert 0 < len(found) < 20


PYTHON, OUTPUT, END = "```python", "```output", "```"
CODE = ["apples = 4 * 6", "left = apples - 5", "print(left)"]


def statuses(text):
    return [(number, check.text, check.status.value) for number, check in judge_outputs(text)]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([PYTHON, *CODE, END, OUTPUT, "19", END], [(7, "output=19", "holds")]),
        ([PYTHON, *CODE, END, OUTPUT, "19.0", END], [(7, "output=19.0", "holds")]),
        ([PYTHON, *CODE, END, OUTPUT, "20", END], [(7, "output=20", "unparsable")]),
        (["So:", "", PYTHON, *CODE, END, "", OUTPUT, "20", END], [(8, "output=20", "unparsable")]),
        (["~~~py", *CODE, "~~~", "```stdout", "19", END], [(7, "output=19", "holds")]),
        ([PYTHON, *CODE, END, "The output is:", END, "19", END], [(8, "output=19", "holds")]),
        ([PYTHON, *CODE, END, "Another program:", END, "20", END], []),
        (["<llm-code>", *CODE, "</llm-code>", "<llm-code-output>", "20", "</llm-code-output>"],
         [(7, "output=20", "unparsable")]),
        ([PYTHON, "left = 24 - 5", "left", END, OUTPUT, "19", END], [(6, "output=19", "holds")]),
        ([PYTHON, "left = 24 - 5", "left", END, OUTPUT, "18", END], [(6, "output=18", "unparsable")]),
        ([PYTHON, "print('Left:', 19)", "20", END, OUTPUT, "Left: 19", END], [(6, "output=19", "holds")]),
        ([PYTHON, "print('Left:', 19)", END, OUTPUT, "Left: 18", END], [(5, "output=18", "unparsable")]),
        ([PYTHON, "print('Left:', 19)", END, OUTPUT, "19", END], []),
        ([PYTHON, "print(19)", "print(20)", END, OUTPUT, "19", END], []),
        ([PYTHON, "print(19)", "print(20)", END, OUTPUT, "19", "21", END],
         [(6, "output=19", "holds"), (7, "output=21", "unparsable")]),
        ([PYTHON, "print((1, 2, 3))", END, OUTPUT, "(1, 5, 3)", END], [(5, "output=5", "unparsable")]),
        ([PYTHON, "print(10 / 3)", END, OUTPUT, "3.33", END], [(5, "output=3.33", "rounded")]),
        ([PYTHON, "print(10 / 3)", END, OUTPUT, "3.4", END], [(5, "output=3.4", "rounded")]),
        ([PYTHON, "print(10 / 3)", END, OUTPUT, "3.5", END], [(5, "output=3.5", "unparsable")]),
        ([PYTHON, "print(0.1 * 3)", END, OUTPUT, "0.30000000000000016", END],
         [(5, "output=0.30000000000000016", "rounded")]),
        ([PYTHON, "print(f'{12345.5:,}.')", END, OUTPUT, "12,345.5.", END], [(5, "output=12,345.5", "holds")]),
        ([PYTHON, "print(-4)", END, OUTPUT, "4", END], [(5, "output=4", "unparsable")]),
        ([PYTHON, "print(2e-7)", END, OUTPUT, "2e-07", END], [(5, "output=2e-07", "holds")]),
        ([PYTHON, "print(lft)", END, OUTPUT, "19", END], []),
        ([PYTHON, "print('19 left')", END, OUTPUT, "nineteen", END], []),
        ([PYTHON, *CODE, END, OUTPUT, "NameError: name 'left' is not defined", END], []),
        ([PYTHON, *CODE, END, OUTPUT, "19"], []),
        ([PYTHON, *CODE, OUTPUT, "19", END], []),
        ([PYTHON, *CODE, END, PYTHON, "import sympy", END, OUTPUT, "19", END], []),
        (["```js", *CODE, END, OUTPUT, "20", END], []),
        ([OUTPUT, "20", END], []),
    ],
)  # fmt: skip
def test_outputs_are_held_against_what_is_printed(lines, found):
    """Number by number, where lines and words are the same; what was left out or ended in an error is not judged."""
    assert statuses("\n".join(lines)) == found


def test_steps_may_hold_programs():
    """In a list of steps a program and its output may stand in one step, or in two."""
    code = f"{PYTHON}\nfor i in range(2):\n    print(i + 1)\n{END}"
    one = judge_outputs((" ", "First.", f"{code}\n{OUTPUT}\n1\n3\n{END}"))
    two = judge_outputs(("First.", code, f"{OUTPUT}\r\n1\r\n3\r\n{END}"))
    assert [(number, check.status.value) for number, check in one] == [(2, "holds"), (2, "unparsable")]
    assert [(number, check.status.value) for number, check in two] == [(3, "holds"), (3, "unparsable")]


def graded(*lines):
    with Grader(Pair()) as grader:
        return grader.grade([Solution("How many apples are left?", "\n".join(lines))])[0]


def test_an_output_that_is_made_up_is_a_flag_with_both_numbers():
    """The row says what the program prints, on the line of the output, and no verdict follows from it."""
    row = graded(PYTHON, *CODE, END, OUTPUT, "20", END, "So 20 apples are left.")
    assert OUTPUT_MISMATCH in row.flags
    (check,) = row.lines[6].equations
    assert (check.left, check.right, check.detail) == ("19", "20", "not judged, but the program prints 19, not 20")
    assert (row.verdict, row.n_failed) == (None, 0)


def test_an_output_that_is_right_is_something_checked():
    """A solution whose only calculation is a program has its verdict from it."""
    row = graded(PYTHON, *CODE, END, OUTPUT, "19", END, "The answer is 19.")
    assert (row.verdict, row.flags, row.n_equations) == (Verdict.CORRECT, (), 1)


def test_what_stands_in_the_tags_of_programs_is_not_read_as_text():
    """Code between tags is code, as it is between fences."""
    row = graded("<llm-code>", "left = 4 * 6", "x = 7 - 5 == 3", "</llm-code>", "So 4*6 = 24.")
    assert [len(line.equations) for line in row.lines] == [0, 0, 0, 0, 1]
