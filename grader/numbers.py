"""Numbers, operators and words as they are written: the one tokeniser that reading and checking share.

``tokenise`` cuts a line that ``characters.clean`` has brought to one spelling into tokens, ``parse_number`` gives the
exact value of a written number and the decimals that it shows.
"""

from __future__ import annotations

import re
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

from grader.characters import DEGREE, FACTORIAL, FUNCTION_MARKS, MATH_OFF, MATH_ON, TEXT_OFF, TEXT_ON, UNREADABLE
from grader.limits import MAX_DIGITS, MAX_EXPONENT_DIGITS, LimitError


class Kind(IntEnum):
    """What a token is to the reader."""

    NUMBER = 0
    WORD = 1
    VARIABLE = 2
    OPERATOR = 3
    RELATION = 4
    OPEN = 5
    CLOSE = 6
    PERCENT = 7
    CURRENCY = 8
    FACTORIAL = 9
    FUNCTION = 10
    BREAK = 11
    JUNK = 12


class Token(NamedTuple):
    """A piece of a cleaned line; ``math`` is True inside LaTeX math."""

    kind: Kind
    text: str
    start: int
    end: int
    math: bool


BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "sixteen": 16, "binary": 2, "octal": 8, "hex": 16,
}  # fmt: skip
"""Bases of numerals, in words."""
MAX_BASE = 36


RELATION = re.compile("[=≈<>≤≥≡]")
"""The one relation sign of a normalised equation."""
CONGRUENT = "≡"
"""Of these, the sign of a congruence; its modulus stands behind the right side: ``243≡2 (mod 11)``."""
COMPARISONS = frozenset("<>≤≥")
"""Of these, the signs that say more or less, not equal."""

NUMBER = (
    r"(?:(?!0,)\d{1,3}(?:,\d{3})+(?![\d])|\d{1,2}(?:,\d{2}){1,8},\d{3}(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?"
    r"|\.\d+(?:[eE][+-]?\d+(?![\w.]))?"
)
IN_BASE = r"_\d\d?(?!\w)"
"""The base behind a numeral, as ``reading.numerals`` writes it: ``101_2``."""
_WRITTEN = rf"(?P<number>(?:{NUMBER})(?:\.\.\.(?!\.)|…|{IN_BASE})?)"
_CODED = r"0[xX](?:\d+[A-Fa-f]|[A-Fa-f]|\d\d)[\dA-Fa-f]*|0[bB][01]+(?!\w)|0[oO][0-7]+(?!\w)"
"""Numbers of programs, which are not read: ``0x1F``, but not ``0x5 = 0``."""
_UNGROUPED = (
    rf"(?!(?:{NUMBER})(?!,?\d|\.\d))\d+(?:,\d+)+|\d+\.\d+,\d+"  # digits and commas that are no number: "16,0000", "1,2"
)
_SIGNS = (
    r"(?P<relation>==?(?![=>])|≈|~=|[≤≥≡]|(?<![-=<>])[<>]=?(?![=<>]|-(?!\d)))|(?P<operator>\*\*|//|[-+*/^±])|(?P<percent>%)|(?P<currency>[$€£¥₹¢])"
    r"|(?P<open>[(\[])|(?P<close>[)\]])"
)
CURRENCY_CODES = frozenset(
    """USD EUR GBP INR PKR LKR NPR BDT JPY CNY RMB KRW HKD SGD MYR THB PHP IDR AUD CAD NZD CHF SEK NOK DKK PLN CZK ZAR
    NGN KES GHS BRL MXN AED SAR""".split()  # noqa: SIM905
)
"""Currencies written as three letters before an amount."""
SAME_CURRENCY = {"USD": "$", "US$": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "Rs": "₹", "Rs.": "₹"}
"""The signs of currencies that are also written in letters."""
# A currency in letters stands right before its amount, or ends a piece of text inside LaTeX (``\text{Rs. } 40``).
_CURRENCY_CODE = rf"(?=[A-Zr])(?<!\w)(?:[Rr]s\.?|US\$|{'|'.join(sorted(CURRENCY_CODES))})(?=\ *(?:\.?\d|$))"
_MARK = rf"[{''.join(FUNCTION_MARKS)}]\d*"
_PROSE = re.compile(
    rf"""\ *+(?:(?P<code>{_CURRENCY_CODE})
    |(?P<word>(?![xX](?=\ *[\d($.€£¢]|\ *-[\d($.])|(?:sqrt|pi)(?![\w']))[^\W\d_]\w*(?:['&]\w+)*(?:['"′″‴]+(?=\())?|_\w*)
    |(?P<junk>{_CODED}|{_UNGROUPED}|\d+:\d+(?::\d+)*|\d+(?:\.\d+){{2,}}|\d+'\d+
        |\d+/\d+/\d\d+(?!\d)|(?<!\d\ )0\d+(?![.\d]|,\d)|\d+\ ?[aApP]\.?[mM]\b\.?)
    |{_WRITTEN}
    |(?P<function>(?:sqrt|pi)(?![\w'])|{_MARK})
    |(?P<degree>{DEGREE})
    |(?P<tag></?[a-zA-Z]\w{{0,9}}/?>)
    |(?P<times>[xX](?=\ *[\d($.€£¢]|\ *-[\d($.]))
    |{_SIGNS}
    |(?P<factorial>{FACTORIAL}|(?<!\ )!(?=\ *[=≡+*/^)\]-]))
    |(?P<other>[^ ]))""",
    re.VERBOSE | re.DOTALL,
)
FUNCTIONS = frozenset({"sqrt", "root", "binom", "abs"})
ANGLE_FUNCTIONS = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})
APPLIED = ANGLE_FUNCTIONS | {"ln", "perm", "gcd", "lcm", "floor", "ceil"}
"""Functions that are letters like others unless a bracket follows."""
CONSTANTS = frozenset({"pi"})
_MATH = re.compile(
    rf"""\ *+(?:(?P<junk>{_CODED}|{_UNGROUPED})
    |{_WRITTEN}
    |(?P<function>(?:{"|".join(sorted(FUNCTIONS | CONSTANTS))})(?![a-zA-Z])|{_MARK})
    |(?P<degree>{DEGREE})
    |(?P<variable>[^\W\d_](?:_(?:\w|\([^()]*\)))?'*)
    |{_SIGNS}
    |(?P<factorial>[!{FACTORIAL}])
    |(?P<other>[^ ]))""",
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "junk": Kind.JUNK,
    "number": Kind.NUMBER,
    "times": Kind.OPERATOR,
    "word": Kind.WORD,
    "relation": Kind.RELATION,
    "operator": Kind.OPERATOR,
    "percent": Kind.PERCENT,
    "currency": Kind.CURRENCY,
    "code": Kind.CURRENCY,
    "open": Kind.OPEN,
    "close": Kind.CLOSE,
    "factorial": Kind.FACTORIAL,
    "degree": Kind.FACTORIAL,
    "function": Kind.FUNCTION,
    "variable": Kind.VARIABLE,
}
_PROSE_KINDS = (Kind.BREAK, *(_KINDS.get(name, Kind.BREAK) for name in _PROSE.groupindex))
_MATH_KINDS = (Kind.BREAK, *(_KINDS.get(name, Kind.BREAK) for name in _MATH.groupindex))
_REGIONS = re.compile(f"[{MATH_ON}{MATH_OFF}{TEXT_ON}{TEXT_OFF}]")


def tokenise(text: str) -> list[Token]:
    """Cut a cleaned line, with math mode marked, into tokens. Nothing is dropped but spaces and the marks."""
    tokens: list[Token] = []
    math = False
    position = 0
    for mark in _REGIONS.finditer(text):
        _tokenise_region(text, position, mark.start(), tokens, math=math)
        position = mark.end()
        math = mark[0] in (MATH_ON, TEXT_OFF)
        if mark[0] == MATH_OFF:
            tokens.append(Token(Kind.BREAK, MATH_OFF, position, position, math))
    _tokenise_region(text, position, len(text), tokens, math=math)
    return tokens


# To look a member up in its enum takes as long as the rest of a short loop.
_BREAK, _JUNK = Kind.BREAK, Kind.JUNK


def _tokenise_region(text: str, start: int, end: int, tokens: list[Token], *, math: bool) -> None:
    pattern, kinds = (_MATH, _MATH_KINDS) if math else (_PROSE, _PROSE_KINDS)
    for match in pattern.finditer(text, start, end):
        group = match.lastindex or 0
        kind, piece = kinds[group], match[group]
        if kind is _BREAK:
            if piece in UNJUDGED:
                kind = _JUNK
        elif piece in _SPELT:
            piece = _SPELT[piece]
        first, last = match.span(group)
        tokens.append(_new_token(Token, (kind, piece, first, last, math)))


_SPELT = {"**": "^", FACTORIAL: "!"}
_new_token = tuple.__new__
"""Builds a token without the detour over keyword arguments: a third of the tokeniser's time."""


# Signs with a meaning that this grammar does not hold: what stands around them is not read.
UNJUDGED = frozenset(UNREADABLE + "∓|_{}\\∑∫∏∈∪∩∛∜")


# Signs that a text may define an operation by. Others end what stands before them: arrows, ticks, marks of a list.
OWN_OPERATORS = frozenset("♠♡♢♣♤♥♦♧★☆⋆✦✧✩✪∘○◦◯◎⊕⊖⊗⊘⊙⊚⊛⊞⊟⊠⊡⨁⨂△▲▽▼∇∆◇◆◊⋄□▢⋇⊥∥∧∨§#@¤☺☼‡†")


class Written(NamedTuple):
    """A written number: its exact value, the decimals it shows, and whether it ends in an ellipsis."""

    value: Fraction
    decimals: int
    endless: bool = False


def parse_number(text: str) -> Written:
    """Exact value of a written number (``1,234.50``, ``.25``, ``1.5e3``, ``33.333...``).

    Raises ``LimitError`` before any work for numbers beyond ``MAX_DIGITS`` or ``MAX_EXPONENT_DIGITS``.
    """
    if len(text) > MAX_DIGITS:
        raise LimitError("MAX_DIGITS", f"a number of {len(text)} characters")
    endless = text.endswith(("...", "…"))
    if endless:
        text = text.rstrip(".…")
    digits, _, exponent = text.replace(",", "").lower().partition("e")
    whole, _, fraction = digits.partition(".")
    decimals = len(fraction)
    value = Fraction(int(whole + fraction or "0"), 10**decimals)
    if endless and fraction:
        value = _continued(value, fraction)
    if exponent:
        if len(exponent.lstrip("+-")) > MAX_EXPONENT_DIGITS:
            raise LimitError("MAX_EXPONENT_DIGITS", f"the exponent of {text}")
        value *= Fraction(10) ** int(exponent)
        decimals = max(0, decimals - int(exponent))
    return Written(value, decimals, endless)


MAX_CYCLE = 6


def _continued(value: Fraction, fraction: str) -> Fraction:
    """Go on with the shortest cycle that the last decimals show twice (``0.333...``); a lone digit counts as shown."""
    for length in range(1, MAX_CYCLE + 1):
        cycle = fraction[-length:]
        if fraction.endswith(cycle * 2) or len(fraction) == 1:
            tail = Fraction(int(cycle), (10**length - 1) * 10 ** len(fraction))
            return value + tail
    return value


_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_UNITS += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS: dict[str, int] = {word: value for value, word in enumerate(_UNITS)}
NUMBER_WORDS |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
SCALE_WORDS = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
FRACTION_WORDS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
