"""The deterministic reader: the equations of one line, and how sure the rules are of them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import evaluate
from grader.checking.grammar import parse
from grader.checking.units import (
    OTHER_MONEY,
    RATE,
    clashing_rates,
    mixes_units,
    refutable,
    same_digits,
    same_units,
    unit_named,
)
from grader.limits import MAX_LINE_CHARACTERS, MAX_LINE_EQUATIONS, MAX_SIMPLE_CHARACTERS, LimitError
from grader.numbers import COMPARISONS, CONGRUENT, CURRENCY_CODES, STATES, UNREADABLE, clean, tokenise
from grader.reading.ahead import is_name
from grader.reading.components import with_components
from grader.reading.congruences import Moduli, congruences, is_supposed
from grader.reading.conversions import may_convert, with_conversions
from grader.reading.latex import delatex
from grader.reading.notation import in_brackets
from grader.reading.numerals import has_numeral, with_bases
from grader.reading.remainders import with_products
from grader.reading.simple import read_simple
from grader.reading.steps_in_words import may_step, with_steps
from grader.reading.sums_in_words import may_calculate, with_signs
from grader.reading.things_in_words import may_count, with_products_of_things
from grader.reading.walker import Walker
from grader.reading.words import CONNECTIVES
from grader.reading.written_numbers import NUMBER, with_whole_amounts
from grader.types import SCALED, Certainty, Equation

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from grader.reading.sides import Chain, Side


class Reading(NamedTuple):
    """The equations of one line, in order, and how sure the rules are that these are all and right."""

    equations: tuple[Equation, ...]
    certainty: Certainty


NOTHING = Reading((), Certainty.NONE)

_RELATING = (
    "≈", "<", ">", "≤", "≥", "≡", "\\equiv", "congruent", "\\le", "\\ge", "\\lt", "\\gt",
    "equal", "times", "plus", "minus", "divided", "multiplied", "ercent", "half of", "Half of", "hird of", "hirds of",
    "uarter of", "uarters of", "roduct of", "um of", "th of", "ths of", "approx", "~=",
)  # fmt: skip
_CALCULATES = re.compile(r"\d[)\]]? *[-+*/x×÷·−–^%²³⁴⁵⁶⁷⁸⁹]")
_ROUNDING = re.compile(
    r"\b(?:round(?:ed|ing)|rounds? (?:up|down|to|off)|nearest|(?<!\\)approx\w*|roughly|estimat\w+"
    r"|(?:to|[(,]) ?(?:\d|one|two|three|four) ?"
    r"(?:decimal places?|d\.?p|sig(?:nificant|\.)? ?fig(?:ure)?s?|s\.?f))(?!\w)",
    re.IGNORECASE,
)

_SCALE = re.compile(r"\b(?:hundreds?|thousands?|millions?|billions?)\b", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(?:remainder|mod|modulo|digits?|least|greatest|probability|square root)\b", re.IGNORECASE)

_COMPARISON = re.compile(
    r"\b(?:more|less|greater|fewer|larger|smaller|older|younger|higher|lower|longer|shorter)\b"
    rf"|\btimes\b(?! \$?{NUMBER})"  # "three times 22 is 69" is a product, and compares nothing
)
_OF_TWO = re.compile(r"\b(?:of|for|between|from)\b[^,;.]{1,100} and\b", re.IGNORECASE)
_SUPPOSES = re.compile(
    r"\?|<[-\w. ]{1,20},[-\w., ]{1,60}>|n't\b"
    r"|\b(?:if|whether|when|unless|until|while|where|not|no|never|neither|either|or|cases?|must|should|needs?"
    r"|requir\w+|condition\w*|constraint\w*|wants?|would|suppose|assum\w+|check\w*|test\w*|false|option|choice)\b",
    re.IGNORECASE,
)
_RECURRING = re.compile(r"(\d\.)\((\d{1,6})\)")  # "0.(3)"
# "12 x 12 → 142": a product of whole numbers and its result, and nothing more in the clause. Sums, differences and
# quotients with an arrow are as often ranges, steps and conversions; a result with idle zeros is an estimate.
_ARROW = re.compile(
    r"((?:^|[:;,.] ) *(?:[$€£₹]?\d+ ?[*x×·] ?){1,4}[$€£₹]?\d+) ?(?:→|⇒|=>|-{1,2}>) ?"
    r"(?=[$€£₹]?\d+[1-9](?:[.,;]?$|[.;] ))"  # one digit may be the last one of a product
)
_AMOUNT_ENDS = re.compile(r"(?<=\d)/-(?![\d.(])")  # "Rs. 4500/-"
_DIVIDES = re.compile(r"[^\d*^()+]")  # more than factors and a remainder
_NUMBERED = re.compile(r"\b([A-Z]?[a-z]+ \d{1,3}):(?=\d)")  # "Week 1:600/2=300" is no ratio

AMOUNTS = frozenset(("$", OTHER_MONEY))
MONEY = AMOUNTS | {"dollar", "cent"}

_DETERMINERS = frozenset("the this that these those its our their his her my your each every a an".split())  # noqa: SIM905
_BEHIND = ("of", "by", "to", "from", "into")
"""Words behind which a calculation is one of two operands: "Adding 5 to 2 * 3 gives 11"."""
# What a colon divides or compares: "450 : 100 * 5.8 = 26.1" is not 100 * 5.8.
_COLON = re.compile(r"(?<=\d) ?(?:[€%]|[a-z]{1,3})? : (?=[\d(][\d.,]* ?[-+*/^])")

CONDITION = "it may be a condition or a question"
AMBIGUOUS = "the line can be read in more than one way"
NAME = "the left side may be a name, not a quantity"
QUANTITIES = "two quantities are set equal without a calculation"
UNITS = "different units stand in one calculation"
WORTH = "things are set equal to what they come to"


def read_line(text: str) -> Reading:
    """Read one line of a solution (annotations stripped). Never raises on any text; linear in its length.

    Characters beyond ``MAX_LINE_CHARACTERS`` are not read; the caller flags the row as ``truncated``.
    """
    if "=" in text:
        equations = read_simple(text) if len(text) <= MAX_SIMPLE_CHARACTERS else None
        if equations is not None:
            return Reading(equations, Certainty.CERTAIN)
    elif not _may_relate(text):
        return NOTHING
    return read_by_tokens(text[:MAX_LINE_CHARACTERS])


def _may_relate(text: str) -> bool:
    """Whether a line without ``=`` can hold a relation: another sign, "equals", or a word behind a calculation."""
    if any(word in text for word in _RELATING) or _CALCULATES.search(text) is not None:
        return True
    # Other words say so little that the statement itself must stand there.
    said = may_convert(text) or may_calculate(text) or may_step(text) or may_count(text)
    return said and STATES in _put_in_signs(delatex(clean(text[:MAX_LINE_CHARACTERS])))


def _put_in_signs(plain: str) -> str:
    """The plain text of a line, with what is said in words written in signs."""
    return with_products_of_things(with_steps(with_signs(with_conversions(with_whole_amounts(plain)))))


def read_by_tokens(text: str) -> Reading:
    """The reference reading: clean, LaTeX to plain, tokens, sides, equations."""
    if ".(" in text:
        text = _RECURRING.sub(r"\1\2\2...", text)
    if ">" in text or "→" in text or "⇒" in text:
        text = _ARROW.sub(r"\1 = ", text)
    if "/-" in text:
        text = _AMOUNT_ENDS.sub("", text)
    text = in_brackets(text)
    plain = delatex(clean(_NUMBERED.sub(r"\1: ", text) if ":" in text else text))
    if " : " in plain:
        plain = _COLON.sub(f" {UNREADABLE} ", plain)
    plain = with_components(_put_in_signs(plain))
    tokens = tokenise(with_bases(with_products(plain)))
    walker = Walker(tokens)
    walker.walk(0, len(tokens))
    approximate = _ROUNDING.search(text) is not None
    scaled = _SCALE.search(text) is not None
    equations: list[Equation] = []
    supposed = _SUPPOSES.search(text) is not None
    tried = is_supposed(text)
    doubtful = walker.doubtful
    property_named = any(chain.worded for chain in walker.chains) and _PROPERTY.search(text) is not None
    compares = any(chain.loose for chain in walker.chains) and _COMPARISON.search(plain) is not None
    for chain in walker.chains:
        if len(equations) >= MAX_LINE_EQUATIONS:
            break
        if (chain.worded and property_named) or (chain.loose and (compares or _says_more(chain, plain))):
            chain.sides[0].ambiguous = True
        found, clear = _pairs(chain, approximate=approximate, tried=tried)
        if supposed:
            found = [_supposed(equation) for equation in found]
        if scaled:
            found = [equation._replace(doubt=equation.doubt or SCALED) for equation in found]
        equations.extend(found)
        doubtful |= scaled or not clear
    if doubtful:
        return Reading(tuple(equations[:MAX_LINE_EQUATIONS]), Certainty.UNSURE)
    return Reading(tuple(equations[:MAX_LINE_EQUATIONS]), Certainty.CERTAIN if equations else Certainty.NONE)


def _pairs(chain: Chain, *, approximate: bool, tried: bool) -> tuple[list[Equation], bool]:
    """The equations of a chain, each a pair of neighbours, names skipped; and whether the chain was wholly clear."""
    found: list[Equation] = []
    clear = not chain.worded
    before: Side | None = None
    moduli = Moduli(chain)
    for position, side in enumerate(chain.sides):
        if not side.readable:
            if side.pieces or _compares(chain, position):
                before, clear = None, False
            elif _adjoins(chain, position, {CONGRUENT}):
                before = None  # "n = 10 ≡ r = 3"
            continue
        first = position == 0
        if first and (side.property or (_is_name(side) and not _states_product(chain))):
            continue
        clear &= not (side.ambiguous or side.words_used)
        if before is not None and (counted := moduli.between(before, position)) is not None:
            found += congruences(before, side, counted, supposed=tried)
        elif before is not None and (_is_function_of_unknown(before, side) or before.branches != side.branches):
            clear = False
        elif before is not None:
            relation = chain.relations[position - 1]
            rounded = approximate or relation == "≈" or side.approximate
            algebra = _letters_are_unknowns(before, side)
            if relation in COMPARISONS:
                doubt = _doubt_of_comparison(before, side)
            else:
                doubt = _doubt(before, side, first=position == 1, worded=chain.worded, algebra=algebra)
                if doubt == NAME and _states_product(chain):
                    doubt = None
                relation = "≈" if rounded else "="
            clear &= not (algebra and (before.letters or side.letters))
            found.append(_equation(before, side, relation, doubt, approximate=rounded, algebra=algebra))
        before = side
    return found, clear and all(equation.doubt is None for equation in found)


def _counts_among(side: Side) -> bool:
    """``4² is 1 of the squares``."""
    return bool(side.things) and side.things[0].partition(" ")[0] == "of"


def _says_more(chain: Chain, text: str) -> bool:
    """Whether a verb may join other things than the sides beside it."""
    one, other = chain.sides[:2]
    if (one.named or "").lower() == "and" and _OF_TWO.search(text):
        return True  # "the GCD of 6 × 10 and 15^4 is 15"
    return _counts_among(other) or ((one.unknown or other.unknown) and "*" in f"{one.text()}{other.text()}")


def _is_function_of_unknown(left: Side, right: Side) -> bool:
    """``tan 30° = h/50``: the algebra has no place for it."""
    return (left.transcendent or right.transcendent) and _letters_are_unknowns(left, right)


def _compares(chain: Chain, position: int) -> bool:
    """Whether a side stands beside a sign of more or less, which may be the edge of a vector (``<3, 4> =``)."""
    return _adjoins(chain, position, COMPARISONS)


def _adjoins(chain: Chain, position: int, signs: AbstractSet[str]) -> bool:
    return not signs.isdisjoint(chain.relations[max(0, position - 1) : position + 1])


def _supposed(equation: Equation) -> Equation:
    """A comparison under a condition is no claim (``if 5 < 3``), nor is a vector (``<1, 2>``)."""
    if equation.doubt is not None or COMPARISONS.isdisjoint(equation.text):
        return equation
    return equation._replace(doubt=CONDITION)


def _is_name(side: Side) -> bool:
    """``Day 2 = …`` and ``the cost of 3 tickets = …``: a number inside a name or a phrase."""
    if side.calculates or side.unknown or side.letters or side.named is None:
        return False
    if side.operators and not side.labels:
        return False
    return is_name(side.named) or side.named.lower() not in CONNECTIVES


def _equation(
    left: Side, right: Side, relation: str, doubt: str | None, *, approximate: bool, algebra: bool
) -> Equation:
    one, other = (left.text_with_letters(), right.text_with_letters()) if algebra else (left.text(), right.text())
    return Equation(
        text=f"{one}{relation}{other}",
        approximate=approximate,
        left_units=_units(left, rates=doubt == UNITS),
        right_units=_units(right, rates=doubt == UNITS),
        doubt=doubt,
    )


def _units(side: Side, *, rates: bool) -> tuple[str, ...]:
    """The units of a side; where they do not fit together, with those behind a slash: they may convert."""
    return (*side.units, *(f"{RATE}{unit}" for unit in side.rates if rates))


def _doubt_of_comparison(left: Side, right: Side) -> str | None:
    """Why ``7 < 5`` must not fail a row: its sides may be counted in different things."""
    for side in (left, right):
        if side.ambiguous or side.ordered or side.scaled or side.letters or side.rates or side.mixes_words_and_ranks():
            return AMBIGUOUS
    return UNITS if set(left.units) != set(right.units) else None


def _doubt(left: Side, right: Side, *, first: bool, worded: bool, algebra: bool) -> str | None:
    """Why this pair must not fail a row, or None. ``first``: the left side is the first of its chain."""
    for side in (left, right):
        if side.ambiguous or (side.ordered and side.calculates) or side.mixes_words_and_ranks() or side.adds_to_share():
            return AMBIGUOUS
    if algebra:
        # "n = 110_2" may be followed by "n = 110"
        return AMBIGUOUS if has_numeral(left) or has_numeral(right) else None
    if any(side.scaled and side.operators for side in (left, right)):
        return AMBIGUOUS
    if worded and left.named is not None and left.named.lower() in (_BEHIND if first else ("of",)):
        return AMBIGUOUS
    if worded and left.labels and left.things and left.things[-1].partition(" ")[0] in _DETERMINERS:
        return AMBIGUOUS  # "At 3 * 4 the total is 15"
    rates = sorted({*left.rates} ^ {*right.rates})
    if rates and clashing_rates(left.units, rates, right.units):
        return UNITS
    if any(mixes_units(side.units) and side.sums() for side in (left, right)):
        return UNITS  # "4 pounds - 6 ounces"
    if left.currency and right.currency and left.currency != right.currency:
        return UNITS  # "EUR 45 x 8 = USD 390"
    if left.is_share() and _is_amount(right, left):
        return QUANTITIES  # "40% = 80, so 100% = 200", "1/3 = 18 / 2"
    if left.sums_things() and _is_worth(right, left):
        return WORTH  # "2 adults + 3 children = 2(12) + 3(6) = $42"
    if right.is_percentage() and left.text().isdecimal():
        return QUANTITIES  # "250 - 125 = 125 = 50%"
    applied = left.applied and not (worded or left.labels)
    if left.unknown or left.calculates or applied or (left.operators and not left.labels and not worded):
        money = not AMOUNTS.isdisjoint((*left.units, *right.units))
        return SCALED if left.is_shortened(money=money) or right.is_shortened(money=money) else None
    if not worded and _states_conversion(left, right):
        return None
    if left.labels or (first and (left.led or left.units or worded)):
        return NAME
    if first and left.is_number() and right.is_number():
        return QUANTITIES  # "0 = 5, so there is no solution"; "-30 = 90" below "120"
    if first and left.is_year() and (right.sums() or "." in right.text()):
        return NAME  # "2021 = 500 + 50", but not "2016 = 32 * 63"
    if not right.operators and (left.labels or right.labels or left.units or right.units):
        return QUANTITIES
    return None


def _states_product(chain: Chain) -> bool:
    """Whether a chain is one number that is taken apart, and nothing more; into powers it may be done step by step."""
    left, right, *others = chain.sides
    if chain.worded or not right.readable or not _is_taken_apart(left, right):
        return False
    return all("^" in right.text() and "^" in other.text() and not other.words_used for other in others)


def _is_taken_apart(left: Side, right: Side) -> bool:
    """Whether a number is said to be a product or a power: ``since 2022 = 4 * 505 + 3``, ``90 = 2 * 3 * 5^2``.

    What 12 of something come to (``so 12 = 12 * 5``) has the number in it, goes on or is much more, and is no power;
    a year brings anything, and so may what stands before a colon or a comma.
    """
    if not left.may_be_taken_apart() or right.things or right.units or right.letters or right.unknown or right.branches:
        return False
    number, text = left.text(), right.text()
    if not ("*" in text or "^" in text) or number in right.pieces:
        return False
    try:
        values = sorted((Fraction(number), evaluate(parse(text))))
    except (ArithmeticError, ValueError, LimitError):
        return False
    if left.led and not left.reasoned and _DIVIDES.search(text):
        return False
    near = left.is_year() or (left.led and not left.reasoned and right.operators == 1 and "^" not in text)
    return values[1] <= values[0] * (Fraction(11, 10) if near else 10 if "^" in text else 2)


def _is_amount(right: Side, share: Side) -> bool:
    """Whether a percentage or a fraction may be named here and not meant: it is set equal to more than a whole."""
    text = right.text()
    if right.calculates:
        return _is_whole_or_more(text)
    if text.isdecimal() and not right.operators:
        return not (text == "1" and share.is_whole())
    return share.is_percentage() and len(share.pieces[0]) < 3 and right.is_literal() and text[0] not in "0."


def _is_whole_or_more(text: str) -> bool:
    """Whether a calculation comes to one or more, or cannot be told."""
    try:
        return evaluate(parse(text)) >= 1
    except (ArithmeticError, ValueError, LimitError):
        return True


def _is_worth(right: Side, things: Side) -> bool:
    """Whether a sum of things is set equal to money, to a calculation or to a measure in place of their number."""
    units = {unit_named(word) for thing in things.things for word in thing.split()} | {*things.units}
    if not AMOUNTS.isdisjoint(right.units):
        return MONEY.isdisjoint(units) and not all(thing.upper() in CURRENCY_CODES for thing in things.things)
    if len(set(things.things)) == 1:
        return False
    return right.calculates or (bool(right.units) and units.isdisjoint(right.units))


def _states_conversion(left: Side, right: Side) -> bool:
    """``3 hours = 160 minutes``: two bare numbers, each with its unit and no word more."""
    for side in (left, right):
        if side.words_used or len(side.pieces) != 1 or side.labels != sum(unit not in AMOUNTS for unit in side.units):
            return False
    if refutable(left.units, right.units):
        return True
    return len(left.units) == len(right.units) == 1 and same_digits(
        left.text(), right.text(), left.units[0], right.units[0]
    )


def _letters_are_unknowns(left: Side, right: Side) -> bool:
    """Whether letters behind the numbers may be unknowns: units stand behind all terms, or behind the result too."""
    if left.unknown or right.unknown:
        return True
    for side in (left, right):
        if side.letters and side.sums() and len(side.letters) != side.operators + 1:
            return True
    if not left.letters:
        return bool(right.letters) and right.operators > 0
    ours, theirs = ({letter for _, letter in side.letters} for side in (left, right))
    return ours != theirs and not same_units(ours, [*right.units, *right.rates])
