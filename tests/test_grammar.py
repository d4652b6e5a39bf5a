"""The grammar of a side: what it reads, what it refuses, and that it drops nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.arithmetic import evaluate
from grader.checking.grammar import Convention, GrammarError, parse
from grader.checking.tree import (
    Binary,
    Letter,
    Number,
    children,
    fold,
    leading_number,
    numbers_of,
    rebuilt,
    strip_percent,
    takes_percent_of,
    traits,
)
from grader.limits import MAX_DEPTH, MAX_NODES, LimitError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-1", Fraction(1, 2)),
        ("10-3-2", 5),
        ("24/4/2", 3),
        ("2(3)(4)", 24),
        ("6/2(3)", 9),
        ("3!!", 720),
        ("50%%", Fraction(1, 200)),
        ("1 1/2*2", 3),
        ("root(2,1,024)", 32),
        ("17mod5*2", 4),
        ("+5", 5),
        ("--5", 5),
    ],
)
def test_precedence_is_the_textbook_s(text, value):
    """Operators bind as in a textbook: factorials, powers, signs, products from left to right, sums."""
    assert evaluate(parse(text)) == value


@pytest.mark.parametrize(
    ("text", "convention", "value"),
    [
        ("60/3/4", Convention(tight=True), 80),
        ("5*60/3/4", Convention(tight=True), 400),
        ("60/3/4*2", Convention(tight=True), 160),
        ("1/2/3/4", Convention(tight=True), Fraction(2, 3)),
        ("12/2(3)", Convention(tight=True), 2),
        ("1/1/1/1/2", Convention(tight=True), Fraction(1, 2)),
        ("2 1/3", Convention(product=True), Fraction(2, 3)),
        ("50+20%", Convention(percent="of the rest"), 60),
        ("50%+20%", Convention(percent="of the rest"), Fraction(7, 10)),
        ("17%5", Convention(percent="modulo"), 2),
        ("17%", Convention(percent="modulo"), Fraction(17, 100)),
    ],
)
def test_a_convention_builds_its_own_tree(text, convention, value):
    """Each convention gives the value that people mean by it."""
    assert evaluate(parse(text, convention)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 4", "follows a number without a sign"),
        ("1.2.3", "follows a number without a sign"),
        ("1 1/2 3", "follows a number without a sign"),
        ("(3", "a bracket is not closed"),
        ("3)", "is left over"),
        ("3+", "the text ends where a number should be"),
        ("*3", "stands where a number should"),
        ("3#", "has no meaning here"),
        ("²", "has no meaning here"),
        ("sqrt4", "sqrt wants a bracket"),
        ("sqrt(1,2)", "sqrt takes 1 arguments"),
        ("root(8)", "root takes 2 arguments"),
        ("2 1/00", "a fraction over zero"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(text, words):
    """A text that is not wholly an expression is refused, and the message says why."""
    with pytest.raises(GrammarError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "MAX_DEPTH"),
        ("-" * (MAX_DEPTH + 1) + "1", "MAX_DEPTH"),
        ("2^" * (MAX_DEPTH + 1) + "1", "MAX_DEPTH"),
        ("1+" * MAX_NODES + "1", "MAX_NODES"),
        ("1e9999", "MAX_BITS"),
        ("1e-9999", "MAX_BITS"),
        ("1e99999", "MAX_EXPONENT_DIGITS"),
        ("1" * 1001, "MAX_DIGITS"),
    ],
)
def test_a_bound_is_named(text, name):
    """A text beyond a bound raises ``LimitError`` with the bound's name."""
    with pytest.raises(LimitError) as limit:
        parse(text)
    assert limit.value.name == name


def test_depth_is_of_nesting_not_of_length():
    """Many brackets beside each other are not deep."""
    assert evaluate(parse("+".join(["((1))"] * 100))) == 100


@given(st.text("0123456789.+-*/^%!(),x pisqrt", max_size=40))
@settings(max_examples=500, deadline=None)
def test_nothing_written_is_dropped(text):
    """Whatever parses holds every digit of its text in its numbers."""
    try:
        tree = parse(text)
    except (GrammarError, LimitError):
        return
    digits = sorted(char for char in text if char.isdigit() and char != "0")
    held = []

    def collect(node, _):
        if isinstance(node, Number):
            scaled = node.written.value * 10**node.written.decimals
            held.extend(char for char in str(scaled.numerator) if char != "0")
            assert scaled.denominator == 1

    fold(tree, collect)
    assert sorted(held) == digits


def test_a_tree_as_deep_as_it_is_long_is_walked_without_recursion():
    """Chains of a thousand percent signs or terms are walked however little of the stack is left."""
    for text in ("5" + "%" * 900, "1" + "!" * 900, "1+" * 450 + "1", "(1)" * 300, "x" * 900):
        tree = parse(text)

        def deep(left, tree=tree):
            if left:
                return deep(left - 1)
            strip_percent(tree)
            return traits(tree), numbers_of(tree), takes_percent_of(tree), leading_number(tree)

        deep(500)


def test_fold_goes_from_the_leaves_up_and_from_left_to_right():
    """A fold sees operands before their operation, the left one first."""
    seen = []
    fold(parse("(a+b)*c"), lambda node, _: seen.append(node.name if isinstance(node, Letter) else node.sign))
    assert seen == ["a", "b", "+", "c", "*"]


def test_a_tree_rebuilt_from_its_operands_is_itself():
    """Rebuilding with the same operands changes nothing."""
    tree = parse("-sqrt(4)*2!+x/pi")
    assert fold(tree, rebuilt) == tree
    assert isinstance(tree, Binary)
    assert len(children(tree)) == 2


@pytest.mark.parametrize("text", ["90°-40°", "sin(30)", "sin(2+1)", "cos()", "log_2(8,3)"])
def test_angles_and_logarithms_without_a_size_or_a_base_are_no_expression(text):
    """A function of an angle wants degrees or a multiple of π, degrees want a function, a logarithm its base."""
    with pytest.raises(GrammarError):
        parse(text)
