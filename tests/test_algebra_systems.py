"""Random systems and quadratics: what follows from them holds and wrong values fail, by an arithmetic with bounds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unknowns import FAILS, HOLDS, SYMBOLIC, judged, statuses

from grader.checking.arithmetic import UndefinedError
from grader.checking.claims import claim_of, loose_letters
from grader.checking.grammar import parse
from grader.checking.linear import Relation, System, as_row
from grader.checking.polynomial import NotPolynomialError, constant_of, difference, expand, spell
from grader.limits import MAX_COEFFICIENT_BITS, MAX_UNKNOWNS, LimitError
from grader.types import Equation

# --- random systems

numbers = st.integers(-30, 30)
factors = st.integers(-9, 9).filter(bool)


def spelled(coefficients, constant):
    """Write a linear equation: ``3*x-2*y=7``."""
    terms = [f"{factor:+d}*{letter}" for letter, factor in coefficients.items()]
    return f"{''.join(terms).removeprefix('+')}={constant}"


@st.composite
def systems(draw):
    """Equations of a system with one integer solution, and that solution."""
    letters = draw(st.lists(st.sampled_from("bnpqrvwxyz"), min_size=1, max_size=4, unique=True))
    values = {letter: draw(numbers) for letter in letters}
    rows = []
    for index in range(len(letters)):
        # Triangular, so that there is one solution.
        row = {letter: draw(factors) for letter in letters[: index + 1]}
        rows.append(spelled(row, sum(factor * values[letter] for letter, factor in row.items())))
    return draw(st.permutations(rows)), values


@given(systems(), st.data())
def test_true_steps_hold_and_never_fail(checker, system, data):
    """Sums of a system's equations and its solved forms follow from it, in any order."""
    rows, values = system
    letters = data.draw(st.permutations(sorted(values)))
    steps = [f"{letter}={values[letter]}" for letter in letters]
    row = {letter: data.draw(factors) for letter in letters}
    steps.append(spelled(row, sum(factor * values[letter] for letter, factor in row.items())))
    new = [step for step in steps if step not in rows]
    found = dict(zip([*rows, *new], statuses(checker, *rows, *new), strict=True))
    assert FAILS not in found.values()
    assert all(found[step] is HOLDS for step in new)


@given(systems(), st.data())
def test_a_wrong_value_fails(checker, system, data):
    """A solved form with another number fails."""
    rows, values = system
    letter = data.draw(st.sampled_from(sorted(values)))
    wrong = data.draw(numbers.filter(lambda value: value not in (0, values[letter])))
    found = judged(checker, *rows, f"{letter}={wrong}")[-1]
    assert found.status is FAILS
    assert found.left == str(values[letter])


@given(systems(), st.data())
def test_names_of_letters_do_not_matter(checker, system, data):
    """The same solution in other letters has the same statuses."""
    rows, values = system
    steps = [f"{letter}={value + data.draw(st.integers(0, 1))}" for letter, value in values.items()]
    others = dict(zip(sorted(values), data.draw(st.permutations("BDFGHJKMNPQ")), strict=False))
    renamed = [text.translate(str.maketrans(others)) for text in (*rows, *steps)]
    assert statuses(checker, *rows, *steps) == statuses(checker, *renamed)


@given(st.lists(st.sampled_from([*"xyz0123456789+-*/^()=%.", "2x", "x=", "3*"]), max_size=30).map("".join))
def test_no_text_raises(checker, text):
    """Whatever stands in an equation with unknowns, it is judged without an error."""
    judged(checker, "3x=21", text, f"x={text}", "x=7")


# --- polynomials and systems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3(x+2)", "3x+6"),
        ("(a+b)^2", "a^2+2a*b+b^2"),
        ("(x+1)(x-1)", "x^2-1"),
        ("x/2+x/3", "5x/6"),
        ("(x^2-1)/(x+1)", "x-1"),
        ("x^(-2)", "1/x^2"),
        ("20%*x", "x/5"),
        ("-(x-y)", "y-x"),
        ("x*sqrt(16)", "4x"),
    ],
)
def test_equal_expressions_have_no_difference(one, other):
    """Two spellings of one expression leave nothing once one is taken from the other."""
    assert difference(expand(parse(one)), expand(parse(other))) == {}


@pytest.mark.parametrize("text", ["2^x", "sqrt(x)", "x!", "x^(1/2)", "x//2", "x mod 3", "x/(y-y)"])
def test_what_is_no_quotient_of_polynomials_is_refused(text):
    """An unknown in an exponent, a root, a factorial or a remainder is not multiplied out."""
    with pytest.raises((NotPolynomialError, UndefinedError)):
        expand(parse(text))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("x^13", "MAX_DEGREE"),
        ("(w+x+y+z)^12", "MAX_TERMS"),
        ("x^7*y^7", "MAX_DEGREE"),
        (f"{'9' * 400}x*{'9' * 400}y", "MAX_COEFFICIENT_BITS"),
        ("+".join(f"x_{letter}" for letter in map(chr, range(0x4E00, 0x4E00 + 401))), "MAX_TERMS"),
    ],
)
def test_bounds_are_met_before_the_work(text, limit):
    """Expressions beyond a bound raise it by name."""
    with pytest.raises(LimitError) as error:
        expand(parse(text))
    assert error.value.name == limit


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("2A+4A", "6A"), ("3(x-2)+1", "3x-5"), ("y-x", "-x+y"), ("x/3", "(1/3)x"), ("x-x", "0"), ("x*x*y", "x^2*y")],
)
def test_polynomials_are_spelled_for_people(text, spelling):
    """A polynomial is written with its terms in order of degree and letter."""
    assert spell(expand(parse(text)).above) == spelling


def test_a_constant_has_a_value():
    """An expression whose letters cancel, or that has none, is a constant."""
    assert constant_of(expand(parse("1/3+1/6"))) == Fraction(1, 2)
    assert constant_of(expand(parse("x-x"))) == 0
    assert constant_of(expand(parse("x+1"))) is None


def row_of(text, source=0):
    left, right = text.split("=")
    row = as_row(difference(expand(parse(left)), expand(parse(right))), source)
    assert row is not None
    return row


def test_a_system_knows_what_follows_and_from_what():
    """A row is implied, contradicted or new, with the equations that say so."""
    system = System([row_of("x+y=10", 1), row_of("x-y=4", 2)])
    assert system.values("xyz") == {"x": 7, "y": 3}
    assert system.relation(row_of("2x=14", 3)) == (Relation.IMPLIED, {1, 2, 3})
    assert system.relation(row_of("x=8", 3))[0] is Relation.CONTRADICTS
    assert system.relation(row_of("x+z=8", 3))[0] is Relation.NEW
    assert System([row_of("x+y=10")]).value("x") is None


def test_a_system_refuses_what_is_too_large():
    """Beyond the bounds on unknowns and on coefficients the system stays as it was."""
    letters = [f"x_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    system = System(row_of(f"{letter}=1") for letter in letters[:MAX_UNKNOWNS])
    with pytest.raises(LimitError, match="MAX_UNKNOWNS"):
        system.add(row_of(f"{letters[-1]}=1"))
    assert system.value(letters[-1]) is None
    with pytest.raises(LimitError, match="MAX_COEFFICIENT_BITS"):
        System([row_of("x=1")._replace(constant=Fraction(2**MAX_COEFFICIENT_BITS))])


def test_letters_without_one_value_are_loose():
    """Powers, products, two values, functions, indices and letters glued to numbers say nothing reliable."""
    texts = ["x^2=49", "a*b=6", "n=1", "n=2", "f(3)=7", "p_1=5", "20t=8", "w=3", "i=1"]
    claims = [claim_of(place, Equation(text)) for place, text in enumerate(texts)]
    assert loose_letters(claims) == {"x", "a", "b", "n", "f", "p_1", "t", "i"}


SMALL = st.integers(-30, 30)


@given(SMALL, SMALL, SMALL, st.integers(1, 5))
def test_only_roots_solve_a_quadratic(checker, one, other, value, factor):
    """A value holds after a quadratic exactly where it solves it, in whichever multiple that is written."""
    quadratic = f"{factor}x^2+({-factor * (one + other)})x+({factor * one * other})=0"
    solves = value in (one, other)
    assert statuses(checker, quadratic, f"x={value}")[1] is (HOLDS if solves else SYMBOLIC)


@given(SMALL, st.integers(1, 30), st.integers(2, 60))
def test_roots_with_radicals_solve_their_quadratic(checker, whole, factor, inside):
    """The value a + b*sqrt(n) solves (x-a)^2 = b^2*n, and a + 1 + b*sqrt(n) does not."""
    quadratic = f"(x-({whole}))^2={factor**2 * inside}"
    found = statuses(checker, quadratic, f"x={whole}+{factor}sqrt({inside})", f"x={whole + 1}+{factor}sqrt({inside})")
    assert found[1] is HOLDS
    rational = int(inside**0.5) ** 2 == inside
    assert found[2] is SYMBOLIC or rational


@given(SMALL, SMALL.filter(bool), st.sampled_from("<>≤≥"), st.integers(-9, 9).filter(bool))
def test_multiples_of_a_bound_follow_and_others_do_not(checker, bound, factor, sign, off):
    """A bound multiplied by a number holds with its sign turned where the number is negative, and only so."""
    turned = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}[sign] if factor < 0 else sign
    other = next(one for one in "<>≤≥" if one != turned)
    first = f"x{sign}{bound}"
    # As two solutions: an equation that stands twice is judged once.
    assert statuses(checker, first, f"({factor})x{turned}({factor * bound})")[1] is HOLDS
    assert statuses(checker, first, f"({factor})x{other}({factor * bound})")[1] is SYMBOLIC
    assert statuses(checker, first, f"({factor})x{turned}({factor * bound + off})")[1] is SYMBOLIC
