"""What was rewritten wrongly: expressions that another one was meant to be, and the next step of an equation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.checking.claims import letters_of
from grader.checking.explain import say
from grader.checking.polynomial import ONE, UNIT, ZERO, constant_of, degree, difference, spell
from grader.checking.tree import Binary, Letter, Number, Unary

if TYPE_CHECKING:
    from fractions import Fraction

    from grader.checking.claims import Claim, Form
    from grader.checking.polynomial import Polynomial, Ratio
    from grader.checking.tree import Node

_SEGMENT = re.compile(r"[A-Z]{2}")
SQUARE = 2
"""The degree of what is not linear."""


def miswritten(claim: Claim) -> str | None:
    """Say what is wrong with ``(x+1)^2 = x^2+x+1``, None where it may be an equation for its letters.

    The sides hold the same letters, one at least is not multiplied out and collected, and what is left between them is
    one term: as an equation it would have no solution, or zero. So looks what was meant to be the other side,
    rewritten. ``3(x+2) = 5x+6`` may be an equation whose solution is zero.
    """
    if not is_firm(claim) or not all(map(_can_only_be_meant_so, claim.forms)):
        return None
    form, (left, right) = claim.forms[0], claim.sides()
    if is_multiplied_out(form.left) or _bare(left) == _bare(spelled(form.one)):
        return f"{right} is {spelled(form.other)}, not {left}"
    return f"{left} is {spelled(form.one)}, not {right}"


def _bare(text: str) -> str:
    return text.replace("(", "").replace(")", "")


def _can_only_be_meant_so(form: Form) -> bool:
    if form.one.below != form.other.below or letters_of(form.left) != letters_of(form.right):
        return False
    zero = difference(*(ratio._replace(below=UNIT) for ratio in (form.one, form.other)))
    if len(zero) != 1:
        return False
    if () not in zero and max(degree(form.one.above), degree(form.other.above)) < SQUARE:
        return False
    return not (is_multiplied_out(form.left) and is_multiplied_out(form.right))


def breaks_chain(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with the second half of ``n^3-n = n(n^2-1) = n(n-1)^2``, whose first is an identity."""
    if not is_firm(claim) or before.place != claim.place - 1 or before.sides()[1] != claim.sides()[0]:
        return None
    form, (left, right) = claim.forms[0], claim.sides()
    if len(claim.forms) > 1 or letters_of(form.left) != letters_of(form.right) or isinstance(form.right, Letter):
        return None
    return f"{left} is {spelled(form.one)}, which {right} is not"


def wrong_product(claim: Claim) -> str | None:
    """Say what is wrong with ``x^3-8 = (x-2)(x^2-2x+4)``: a polynomial and factors that come to another one.

    Degree and first coefficient are the same, so that it looks like a factoring; it may be an equation all the same.
    """
    if not is_firm(claim) or len(claim.forms) > 1 or len(claim.letters) > 1:
        return None
    form, (left, right) = claim.forms[0], claim.sides()
    for product, written, is_now, plain, meant in (
        (form.left, left, form.one, form.right, form.other),
        (form.right, right, form.other, form.left, form.one),
    ):
        size = degree(meant.above)
        if size < SQUARE or len(meant.above) + size <= SQUARE * 2 or meant.below != UNIT or is_now.below != UNIT:
            continue
        first = tuple(claim.letters) * size
        if degree(is_now.above) != size or is_now.above.get(first) != meant.above[first]:
            continue
        if is_multiplied_out(plain) and _sums_multiplied(product) > 1:
            return f"{written} is {spelled(is_now)}, not {right if written == left else left}"
    return None


def _sums_multiplied(tree: Node) -> int:
    """How many different sums with letters are multiplied, 0 where anything else with letters is."""
    factors, stack = set(), [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.sign == "*":
            stack += [node.left, node.right]
        elif letters_of(node):
            base = node.left if isinstance(node, Binary) and node.sign == "^" else node
            if not isinstance(base, Binary) or base.sign not in ("+", "-"):
                return 0
            factors.add(base)
    return len(factors)


def contradicts(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``(x-3)^2 = 13`` right after ``x^2-6x = -4``: no numbers solve both.

    They differ by a number, once multiplied out, in what has two terms with letters or more. A side that both have,
    written alike, is a name or a constant in families of equations (``x^2+y^2 = 4`` and ``x^2+y^2 = 9``), unless
    something is rewritten beside it.
    """
    if not (is_firm(claim) and is_firm(before)) or claim.letters != before.letters:
        return None
    if not (len(claim.forms) == 1 == len(before.forms)):
        return None
    form, known = claim.forms[0], before.forms[0]
    factor = _factor(form.zero, known.zero)
    if factor is None or not _is_rewritten(claim, before):
        return None
    gap = form.zero.get((), ZERO) - factor * known.zero.get((), ZERO)
    if not gap or _may_be_rounded(claim, before, gap):
        return None
    return _told_from(claim, before, gap)


def does_not_follow(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``k = 11`` where it is said to follow from ``7-k = 4``: both hold one letter, one power.

    Between two values, of which the letter may take one after the other, nothing is said.
    """
    gap = _gap(claim, before)
    if not gap or before.forms[0].solved() is not None or _may_be_rounded(claim, before, gap):
        return None
    form = claim.forms[0]
    value = constant_of(form.other)
    if value is None or form.one.below != UNIT:
        return f"{claim.equation.text} does not follow from {before.equation.text}"
    left, right = claim.sides()
    return f"from {before.equation.text}, {left} is {say(value + gap)}, not {right}"


def rewrites_a_side(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``2x+7 = x^2-4x+16`` right after ``2x+7 = (x-4)^2``: a side was meant to be that one.

    As ``miswritten``: one term is left between them, the side before is not multiplied out, and the one now is.
    """
    if not (is_firm(claim) and is_firm(before)) or not (len(claim.forms) == 1 == len(before.forms)):
        return None
    if len(claim.letters | before.letters) > 1:
        return None
    form, known = claim.forms[0], before.forms[0]
    ours = ((form.left, form.one), (form.right, form.other))
    theirs = ((known.left, known.one), (known.right, known.other))
    for side, beside in ((0, 1), (1, 0)):
        for other, meant in ((0, 1), (1, 0)):
            kept = claim.sides()[side] == before.sides()[other] and len(claim.sides()[side]) > 1
            (tree, ratio), (source, wanted) = ours[beside], theirs[meant]
            if not kept or not letters_of(source) or letters_of(tree) != letters_of(source):
                continue
            if ratio.below != UNIT or wanted.below != UNIT or not is_multiplied_out(tree) or is_multiplied_out(source):
                continue
            zero = difference(wanted, ratio)
            if len(zero) == 1 and degree(wanted.above) == degree(ratio.above) >= SQUARE:
                return f"{before.sides()[meant]} is {spelled(wanted)}, not {claim.sides()[beside]}"
    return None


def is_another_polynomial(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``x^2-6x+4 = 0`` where it is said to be what ``(x-2)^2 = 4x`` comes to.

    Both are polynomials of one degree in one letter: what has the same roots is a multiple.
    """
    if not (is_firm(claim) and is_firm(before)) or claim.letters != before.letters or len(claim.letters) != 1:
        return None
    if not (len(claim.forms) == 1 == len(before.forms)) or "." in claim.equation.text + before.equation.text:
        return None
    form, known, (letter,) = claim.forms[0], before.forms[0], claim.letters
    if not (form.is_polynomial_in(letter) and known.is_polynomial_in(letter)):
        return None
    size = degree(form.zero)
    if size < SQUARE or degree(known.zero) != size or form.zero.keys() != known.zero.keys():
        return None
    factors = {form.zero[term] / known.zero[term] for term in known.zero}
    return f"{claim.equation.text} does not follow from {before.equation.text}" if len(factors) > 1 else None


def wrong_root(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``b = 25`` where it is said to follow from ``b^2 = 225``: its power is another number."""
    if not (is_firm(claim) and is_firm(before)) or not (len(claim.forms) == 1 == len(before.forms)):
        return None
    solved, zero = claim.forms[0].solved(), before.forms[0].zero
    powers = [monomial for monomial in zero if monomial]
    if solved is None or "." in claim.equation.text or len(powers) != 1 or set(powers[0]) != {solved[0]}:
        return None
    size, power, value = len(powers[0]), -zero.get((), ZERO) / zero[powers[0]], abs(solved[1])
    if size < SQUARE or power == solved[1] ** size:
        return None
    if value < 1 or (value - 1) ** size < abs(power) < (value + 1) ** size:
        return None  # a whole number beside a root that is none: "x^2 = 50, so x = 7"
    return f"{claim.equation.text} does not solve {before.equation.text}"


def is_next_step(claim: Claim, before: Claim, after: Claim | None) -> bool:
    """Whether the form of equations alone shows a derivation: ``2x-15 = 49``, ``2x = 74``, ``x = 37``.

    The next one follows from the claim, and something was done to the equation before: ``x+1 = 4`` and ``x+1 = -4`` are
    equations beside each other, and so are two factors that are zero.
    """
    if after is None or _gap(after, claim) != 0 or after.equation.text == claim.equation.text:
        return False
    for ours, beside in _sides(claim):
        for theirs, others in _sides(before):
            # The same side, and beside it another number or the opposite: two signs of one value.
            if degree(ours) and _same_size(ours, theirs) and (not degree(beside) or _same_size(beside, others)):
                return False
    return constant_of(claim.forms[0].other) != ZERO or constant_of(before.forms[0].other) != ZERO


def _sides(claim: Claim) -> list[tuple[Polynomial, Polynomial]]:
    one, other = (ratio.above for ratio in (claim.forms[0].one, claim.forms[0].other))
    return [(one, other), (other, one)]


def _same_size(one: Polynomial, other: Polynomial) -> bool:
    """Whether two polynomials are equal or opposite."""
    return one == other or one == {term: -value for term, value in other.items()}


def _gap(claim: Claim, before: Claim) -> Fraction | None:
    """What left minus right has more than in a multiple of the equation before; None for other letters or powers."""
    if not (is_firm(claim) and is_firm(before)) or claim.letters != before.letters or len(claim.letters) != 1:
        return None
    if not (len(claim.forms) == 1 == len(before.forms)):
        return None
    zero, known = claim.forms[0].zero, before.forms[0].zero
    terms = [monomial for monomial in zero if monomial]
    if len(terms) != 1 or [monomial for monomial in known if monomial] != terms:
        return None
    return zero.get((), ZERO) - zero[terms[0]] / known[terms[0]] * known.get((), ZERO)


def _may_be_rounded(claim: Claim, before: Claim, gap: Fraction) -> bool:
    """Whether the gap may come from decimals: ``x+y = 33.33`` and then ``3x+3y = 100``."""
    if not any("." in one.equation.text for one in (claim, before)):
        return False
    numbers = [abs(one.forms[0].zero.get((), ZERO)) for one in (claim, before)]
    return abs(gap) * 50 <= max(*numbers, ONE)


def _told_from(claim: Claim, before: Claim, gap: Fraction) -> str:
    """What a side is, by the equation before; ``gap`` is what left minus right has more than it should."""
    form, known = claim.forms[0], before.forms[0]
    (left, right), (first, second) = claim.sides(), before.sides()
    if {left, right} & {first, second}:
        was, is_now = (first, known.one) if second in (left, right) else (second, known.other)
        return f"{was} is {spelled(is_now)}, not {left if right in (first, second) else right}"
    value = constant_of(form.other)
    if value is None or form.one.below != UNIT:
        return f"{claim.equation.text} contradicts {before.equation.text}"
    return f"from {before.equation.text}, {left} is {say(value + gap)}, not {right}"


def _factor(zero: Polynomial, known: Polynomial) -> Fraction | None:
    """By what the terms with letters of one are multiplied in the other; None for other terms, or fewer than two."""
    ours = {monomial: value for monomial, value in zero.items() if monomial}
    theirs = {monomial: value for monomial, value in known.items() if monomial}
    if len(ours) < SQUARE or ours.keys() != theirs.keys():
        return None
    factors = {ours[monomial] / theirs[monomial] for monomial in ours}
    return factors.pop() if len(factors) == 1 else None


def _is_rewritten(claim: Claim, before: Claim) -> bool:
    """Whether something was done to the equation before, more than giving one side another number."""
    shared = set(claim.sides()) & set(before.sides())
    if not shared:
        return True
    ours, theirs = (next((side for side in one.sides() if side not in shared), "") for one in (claim, before))
    trees = [_tree(claim, ours), _tree(before, theirs)]
    if any(tree is None or not letters_of(tree) for tree in trees) or any(side.isalpha() for side in shared):
        return False
    return not all(tree is not None and is_multiplied_out(tree) for tree in trees)


def _tree(claim: Claim, side: str) -> Node | None:
    if not side:
        return None
    form = claim.forms[0]
    return form.left if claim.sides()[0] == side else form.right


def is_firm(claim: Claim) -> bool:
    """Whether it is meant exactly, of letters that stand for any number."""
    exact = claim.equation.doubt is None and not claim.equation.approximate and not claim.compares
    if "^(-1)(" in claim.equation.text or _SEGMENT.search(claim.equation.text):
        return False  # the inverse of a function; "AB·CD = BC·AD" is about segments
    return exact and bool(claim.forms) and all(map(_is_unknown, claim.letters))


def _is_unknown(name: str) -> bool:
    """Whether a letter stands for any number: none that is a number itself, nor an index or a function's value."""
    return len(name) == 1 and name.isascii() and name not in "ide"


def spelled(ratio: Ratio) -> str:
    """Write a quotient of polynomials for a person."""
    if ratio.below == UNIT:
        return spell(ratio.above)
    return f"({spell(ratio.above)})/({spell(ratio.below)})"


def is_multiplied_out(tree: Node) -> bool:
    """Whether a tree is a sum of terms of different letters, each a number times powers of letters."""
    terms, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.sign in ("+", "-"):
            stack += [node.left, node.right]
        elif isinstance(node, Unary) and node.sign == "-":
            stack.append(node.operand)
        else:
            terms.append(_monomial(node))
    return None not in terms and len(set(terms)) == len(terms)


def _monomial(term: Node) -> tuple[tuple[str, str], ...] | None:
    """The powers of a term, each letter once and one number at most; None for any other term."""
    powers: dict[str, str] = {}
    numbers, stack = 0, [term]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.sign == "*":
            stack += [node.left, node.right]
        elif isinstance(node, Binary) and node.sign == "/" and isinstance(node.right, Number):
            stack.append(node.left)
        elif isinstance(node, Number) or (isinstance(node, Unary) and isinstance(node.operand, Number)):
            numbers += 1
        else:
            letter, power = (node.left, node.right) if isinstance(node, Binary) and node.sign == "^" else (node, None)
            if not isinstance(letter, Letter) or letter.name in powers:
                return None
            if power is not None and not isinstance(power, Number):
                return None
            powers[letter.name] = str(power.written.value) if power is not None else "1"
    return tuple(sorted(powers.items())) if numbers <= 1 else None
