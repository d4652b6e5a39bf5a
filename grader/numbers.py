"""Numbers, operators and words as they are written: the one tokeniser that reading and checking share.

``clean`` brings the spellings of a character to one (``×`` to ``*``), ``tokenise`` cuts a cleaned line into tokens,
``parse_number`` gives the exact value of a written number and the decimals that it shows.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

from grader.limits import MAX_DIGITS, MAX_EXPONENT_DIGITS, LimitError

# Math mode is marked in the text itself, by private-use characters that `clean` removes from the input first.
MATH_ON, MATH_OFF, TEXT_ON, TEXT_OFF, UNREADABLE = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
# Breaks the line where the reader has put a statement in other words: the number behind it is no name.
STATES = "\ue005"
# The reader's own spelling of a degree sign and of functions (``reading.notation``).
DEGREE = "\ue006"
FACTORIAL = "\ue007"
"""Marks a ``!`` that is none of a cry, wherever it stands."""
FUNCTION_MARKS = {
    "\ue010": "sin", "\ue011": "cos", "\ue012": "tan", "\ue013": "cot", "\ue014": "sec", "\ue015": "csc",
    "\ue016": "log", "\ue017": "ln", "\ue018": "abs", "\ue019": "binom", "\ue01a": "perm",
    "\ue01b": "gcd", "\ue01c": "lcm", "\ue01d": "floor", "\ue01e": "ceil",
}  # fmt: skip


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


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TRANSLATION = str.maketrans(
    {
        **dict.fromkeys("×⋅·∙•✕✖∗⨯", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("−–‒⁻﹣－", "-"),
        "—": ";",
        **dict.fromkeys("≃≅≒∼", "≈"),
        **dict.fromkeys("≦⩽", "≤"),
        **dict.fromkeys("≧⩾", "≥"),
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\u2002\u2003\u2004\u2005\u2006\u2008\u3000\t", " "),
        # Zero-width and direction marks change what a person sees of a number, never its value.
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u00ad", None),
        **dict.fromkeys((MATH_ON, MATH_OFF, TEXT_ON, TEXT_OFF, UNREADABLE, STATES), None),
        "’": "'",
        "°": None,
        "π": " pi ",
        "½": " 1/2",
        "⅓": " 1/3",
        "⅔": " 2/3",
        "¼": " 1/4",
        "¾": " 3/4",
        "⅕": " 1/5",
        "⅖": " 2/5",
        "⅗": " 3/5",
        "⅘": " 4/5",
        "⅙": " 1/6",
        "⅚": " 5/6",
        "⅛": " 1/8",
        "⅜": " 3/8",
        "⅝": " 5/8",
        "⅞": " 7/8",
    }
)
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_MIXED_DIVISOR = re.compile("([÷/] ?)(\\d+)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")  # "7 ÷ 1¾", which is not 7 ÷ 1 · 3/4
# "7/2 ÷ 1/4", which is not 7 ÷ 2 ÷ 1 ÷ 4.
_DIVISOR = re.compile(r"(?:(?<![\d./^*)])(?<!\d )(\d{1,3}/\d{1,3})(?= ?÷))?( ?)÷( ?)(\d{1,3})/(\d{1,3})(?![\d./^!(])")
_ROOT_OF_DEGREE = re.compile(r"(?<![\w)])[³⁴⁵⁶⁷⁸⁹]√")
_PER_MILLE = re.compile(r"(?<=\d) ?‰")
_FACTOR_OF_ROOT = re.compile(r"(?<![A-Za-z\d\\])([A-Za-z]{1,20})(?=[√∛])")  # "s√3", which is no word before a root
_ROOT_SIGN = re.compile(r"√ *(\d+(?:\.\d+)?|[A-Za-z](?!\w)|(?=[(\[]))")


_APOSTROPHES = re.compile(r"(?<![\w'.,])\d{1,3}(?:'\d{3})+(?![\w'])")


BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "sixteen": 16, "binary": 2, "octal": 8, "hex": 16,
}  # fmt: skip
"""Bases of numerals, in words."""
MAX_BASE = 36


def clean(text: str) -> str:
    """Bring look-alike characters to one spelling each, and Swiss thousands (``1'500``) to commas."""
    text = _clean(text)
    return _APOSTROPHES.sub(lambda number: number[0].replace("'", ","), text) if "'" in text else text


def _clean(text: str) -> str:
    if text.isascii():
        return text.replace("\t", " ") if "\t" in text else text
    text = _MIXED_DIVISOR.sub(lambda mixed: f"{mixed[1]}({mixed[2]}+{mixed[3].translate(_TRANSLATION).strip()})", text)
    if "÷" in text:
        text = _DIVISOR.sub(_divided, text)
    text = _ROOT_OF_DEGREE.sub("∛", text)
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^({run[0].translate(_SUPERSCRIPTS)})", text)
    text = _PER_MILLE.sub("/1000", text)
    text = _FACTOR_OF_ROOT.sub(r"\1*", text)
    text = _ROOT_SIGN.sub(lambda root: f" sqrt({root[1]})" if root[1] else " sqrt", text)
    text = text.translate(_TRANSLATION)
    if text.isascii():
        return text
    return "".join(_ascii_digit(char) for char in text)


def _divided(match: re.Match[str]) -> str:
    """A division by a proper fraction in brackets, what is divided too where it is one."""
    left, before, behind, above, below = match.groups(default="")
    if int(above) >= int(below):
        return match[0]
    return f"{left and f'({left})'}{before}/{behind}({above}/{below})"


def _ascii_digit(char: str) -> str:
    if char.isascii() or not char.isdecimal():
        return char
    return str(unicodedata.decimal(char))


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
    |(?P<word>(?![xX](?=\ *[\d($.€£¢-])|(?:sqrt|pi)(?![\w']))[^\W\d_]\w*(?:['&]\w+)*(?:['"′″‴]+(?=\())?|_\w*)
    |(?P<junk>{_CODED}|{_UNGROUPED}|\d+:\d+(?::\d+)*|\d+(?:\.\d+){{2,}}|\d+'\d+
        |\d+/\d+/\d\d+(?!\d)|(?<!\d\ )0\d+(?![.\d]|,\d)|\d+\ ?[aApP]\.?[mM]\b\.?)
    |{_WRITTEN}
    |(?P<function>(?:sqrt|pi)(?![\w'])|{_MARK})
    |(?P<degree>{DEGREE})
    |(?P<tag></?[a-zA-Z]\w{{0,9}}/?>)
    |(?P<times>[xX](?=\ *[\d($.€£¢-]))
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
