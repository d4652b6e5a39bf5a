"""The deterministic reader: the equations of one line, and how sure the rules are of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from grader.characters import STATES, UNREADABLE, clean
from grader.limits import MAX_LINE_CHARACTERS, MAX_LINE_EQUATIONS, MAX_SIMPLE_CHARACTERS
from grader.numbers import COMPARISONS, tokenise
from grader.reading.components import with_components
from grader.reading.congruences import is_supposed
from grader.reading.idioms import without_idioms
from grader.reading.in_words import may_state, put_in_signs
from grader.reading.indexed_letters import with_stand_ins
from grader.reading.latex import delatex
from grader.reading.notation import in_brackets
from grader.reading.numerals import with_bases
from grader.reading.pairs import as_supposed, pairs_of
from grader.reading.remainders import with_products
from grader.reading.simple import read_simple
from grader.reading.walker import Walker
from grader.reading.words import CONNECTIVES
from grader.reading.written_numbers import NUMBER
from grader.types import SCALED, Certainty, Equation

if TYPE_CHECKING:
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
    r"\b(?:round(?:ed|ing)|rounds? (?:up|down|to|off)|nearest|(?<!\\)approx\w*|roughly|estimat\w+)(?!\w)"
    r"|(?:\bto|[(,]) ?(?:\d|one|two|three|four) ?"
    r"(?:decimal places?|d\.?p|sig(?:nificant|\.)? ?fig(?:ure)?s?|s\.?f)(?!\w)",
    re.IGNORECASE,
)

_SCALE = re.compile(r"\b(?:hundreds?|thousands?|millions?|billions?)\b", re.IGNORECASE)
_ROUNDING_HINTS = ("round", "nearest", "approx", "roughly", "estimat", "decimal", "d.p", "dp", "sig", "s.f", "sf")
_SCALE_HINTS = ("hundred", "thousand", "illion")
"""What a line must hold for these patterns to match: cheaper to look for."""
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
# A dot that multiplies, as in Vietnamese ("4.1.(-14)", "36 = 2² . 3²"); elsewhere it ends a sentence or is a decimal's.
_DOTTED = re.compile(r"(?<![\w.,])\d{1,4}(?:\.\d{1,4}){1,4}\.(?=\(-?\d)|(?<![\w.,])\d{1,4}\.(?=\(-\d)")
_DOT_OF_POWERS = re.compile(r"(?<=[²³⁴⁵⁶⁷⁸⁹]) \. (?=\d)|(?<=\d) \. (?=\d{1,4}[²³⁴⁵⁶⁷⁸⁹^])")
_IN_BRACKETS = re.compile(r"(?<=\d) \(= ([£$€]?-?\d[\d.,]*)\)")  # "M1 3 × 6.20 (= 18.60)"
_PRIME = re.compile(r"(?<=[A-Za-z]) (?=[′'’]{1,3} ?\()")  # "f ′(2) = 8", in which (2) is no side
_LOST_ABOVE = re.compile(r"\d {2,5}[-+=]")  # "5   + 12   = 169", whose exponents stand on the line above
_SPAN = re.compile(r"(?<!\.)\.\.(?!\.)")  # "[x sin x] 0..π/2"
# "∫_0^2 3x^2 dx", "∂f/∂x": neither its integrand nor its letter stands for the whole.
_CALCULUS = re.compile(r"∫[^=≈<>∫]{0,200}?d ?[a-zα-ω](?![a-zα-ω])|∂[^=≈<> ]{0,20}/ ?∂[a-zα-ω](?:\^\(?\d\)?)?")
_AMOUNT_ENDS = re.compile(r"(?<=\d)/-(?![\d.(])")  # "Rs. 4500/-"
_NUMBERED = re.compile(r"\b([A-Z]?[a-z]+ \d{1,3}):(?=\d)")  # "Week 1:600/2=300" is no ratio


# What a colon divides or compares: "450 : 100 * 5.8 = 26.1" is not 100 * 5.8.
_COLON = re.compile(r"(?<=\d) ?(?:[€%]|[a-z]{1,3})? : (?=[\d(][\d.,]* ?[-+*/^])")


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
    if any(map(text.__contains__, _RELATING)) or _CALCULATES.search(text) is not None:
        return True
    # Other words say so little that the statement itself must stand there.
    return may_state(text) and STATES in put_in_signs(delatex(clean(text[:MAX_LINE_CHARACTERS])))


def read_by_tokens(text: str) -> Reading:
    """The reference reading: clean, LaTeX to plain, tokens, sides, equations."""
    if ".(" in text:
        text = _RECURRING.sub(r"\1\2\2...", _DOTTED.sub(lambda run: run[0].replace(".", "*"), text))
    if " . " in text:
        text = _DOT_OF_POWERS.sub(" * ", text)
    if " (= " in text:
        text = _IN_BRACKETS.sub(r" = \1", text)
    if " ′" in text or " '" in text or " ’" in text:
        text = _PRIME.sub("", text)
    if ">" in text or "→" in text or "⇒" in text:
        text = _ARROW.sub(r"\1 = ", text)
    if "/-" in text:
        text = _AMOUNT_ENDS.sub("", text)
    text = in_brackets(text)
    plain = put_in_signs(without_idioms(delatex(clean(text))))
    if ":" in plain:
        plain = _NUMBERED.sub(r"\1: ", plain)
    if " : " in plain:
        plain = _COLON.sub(f" {UNREADABLE} ", plain)
    if "∫" in plain or "∂" in plain:
        plain = _CALCULUS.sub(f" {UNREADABLE} ", plain)
    if ".." in plain:
        plain = _SPAN.sub(f" {UNREADABLE} ", plain)
    plain = with_components(plain)
    plain, letters = with_stand_ins(plain)
    tokens = tokenise(with_bases(with_products(plain)))
    walker = Walker(tokens)
    walker.walk(0, len(tokens))
    lower = text.lower()
    approximate = any(map(lower.__contains__, _ROUNDING_HINTS)) and _ROUNDING.search(text) is not None
    scaled = any(map(lower.__contains__, _SCALE_HINTS)) and _SCALE.search(text) is not None
    equations: list[Equation] = []
    ordered = any(not COMPARISONS.isdisjoint(chain.relations) for chain in walker.chains)
    supposed = ordered and _SUPPOSES.search(text) is not None
    tried = is_supposed(text)
    doubtful = walker.doubtful
    property_named = any(chain.worded for chain in walker.chains) and _PROPERTY.search(text) is not None
    compares = any(chain.loose for chain in walker.chains) and _COMPARISON.search(plain) is not None
    torn = "  " in text and len(_LOST_ABOVE.findall(text)) > 1
    for chain in walker.chains:
        if len(equations) >= MAX_LINE_EQUATIONS:
            break
        if torn or (chain.worded and property_named) or (chain.loose and (compares or _says_more(chain, plain))):
            chain.sides[0].ambiguous = True
        found, clear = pairs_of(chain, approximate=approximate, tried=tried)
        if supposed:
            found = [as_supposed(equation) for equation in found]
        if scaled:
            found = [equation._replace(doubt=equation.doubt or SCALED) for equation in found]
        equations.extend(found)
        doubtful |= scaled or not clear
    if letters:
        equations = [equation._replace(text=equation.text.translate(letters)) for equation in equations]
    if doubtful:
        return Reading(tuple(equations[:MAX_LINE_EQUATIONS]), Certainty.UNSURE)
    return Reading(tuple(equations[:MAX_LINE_EQUATIONS]), Certainty.CERTAIN if equations else Certainty.NONE)


def _counts_among(side: Side) -> bool:
    """``4² is 1 of the squares``."""
    return bool(side.things) and side.things[0].partition(" ")[0] == "of"


def _says_more(chain: Chain, text: str) -> bool:
    """Whether a verb may join other things than the sides beside it."""
    one, other = chain.sides[:2]
    if (one.named or "").lower() == "and" and _OF_TWO.search(text):
        return True  # "the GCD of 6 × 10 and 15^4 is 15"
    if one.named and one.named.lower() not in CONNECTIVES and "-" in one.pieces[1:2] and one.text() in text:
        return True  # "order 2023-117 totals $105.47"
    return _counts_among(other) or ((one.unknown or other.unknown) and "*" in f"{one.text()}{other.text()}")
