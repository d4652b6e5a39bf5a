"""Characters: look-alikes brought to one spelling each, and the private ones with which readers mark a text.

``clean`` comes before anything is read: ``×`` becomes ``*``, ``x²`` becomes ``x^(2)``, ``½`` becomes `` 1/2``.
"""

from __future__ import annotations

import re
import unicodedata

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
LOW_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
"""Digits that are set low: indices, bases, denominators."""
_SET_FRACTION = re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})[⁄∕/]([₀₁₂₃₄₅₆₇₈₉]{1,4}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})")  # "2⁴⁄₈", which is no power
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_MIXED_DIVISOR = re.compile("([÷/] ?)(\\d+)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")  # "7 ÷ 1¾", which is not 7 ÷ 1 · 3/4
# "7/2 ÷ 1/4", which is not 7 ÷ 2 ÷ 1 ÷ 4, and "6/5 ÷ 3", which is not 6 ÷ 5/3.
_DIVISOR = re.compile(r"(?:(?<![\d./^*)])(?<!\d )(\d{1,3}/\d{1,3})(?= ?÷))?( ?)÷( ?)(\d{1,3})/(\d{1,3})(?![\d./^!(])")
_DIVIDED = re.compile(r"(?<![\d./^*)])(?<!\d )(\d{1,3}/\d{1,3})(?= ?÷ ?\d)")
FIRST_SIGN = "\u2e80"
"""The first character behind the alphabets: of Han, kana and Hangul."""
SCRIPT = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Kana, Han and Hangul, as a range of a pattern: scripts that write no spaces around numbers, and have no unknowns."""
_BESIDE_SCRIPT = re.compile(rf"(?<=[{SCRIPT}])(?=-?\d|\()|(?<=[\d)%])(?=[{SCRIPT}])")
"""Where a number touches a word of a script that writes no spaces: ``标价为240元``."""
_HALF_LIFE = re.compile(r"(?<![A-Za-z])([Tt])½")  # "T½", which is no T times a half
_ROOT_OF_DEGREE = re.compile(r"(?<![\w)])[³⁴⁵⁶⁷⁸⁹]√")
_PER_MILLE = re.compile(r"(?<=\d) ?‰")
_FACTOR_OF_ROOT = re.compile(r"(?<![A-Za-z\d\\])([A-Za-z]{1,20})(?=[√∛])")  # "s√3", which is no word before a root
_ROOT_SIGN = re.compile(r"√ *(\d+(?:\.\d+)?|[A-Za-z](?!\w)|(?=[(\[]))")


_APOSTROPHES = re.compile(r"(?<![\w'.,])\d{1,3}(?:'\d{3})+(?![\w'])")


def clean(text: str) -> str:
    """Bring look-alike characters to one spelling each, and Swiss thousands (``1'500``) to commas."""
    text = _clean(text)
    return _APOSTROPHES.sub(lambda number: number[0].replace("'", ","), text) if "'" in text else text


def _clean(text: str) -> str:
    if text.isascii():
        return text.replace("\t", " ") if "\t" in text else text
    text = _MIXED_DIVISOR.sub(lambda mixed: f"{mixed[1]}({mixed[2]}+{mixed[3].translate(_TRANSLATION).strip()})", text)
    if "÷" in text:
        text = _DIVIDED.sub(r"(\1)", _DIVISOR.sub(_divided, text))
    if "½" in text:
        text = _HALF_LIFE.sub(r"\1_h", text)
    text = _ROOT_OF_DEGREE.sub("∛", text)
    text = _SET_FRACTION.sub(_set_fraction, text)
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^({run[0].translate(_SUPERSCRIPTS)})", text)
    text = _PER_MILLE.sub("/1000", text)
    text = _FACTOR_OF_ROOT.sub(r"\1*", text)
    text = _ROOT_SIGN.sub(lambda root: f" sqrt({root[1]})" if root[1] else " sqrt", text)
    text = text.translate(_TRANSLATION)
    if text.isascii():
        return text
    text = _BESIDE_SCRIPT.sub(" ", text)
    return "".join(_ascii_digit(char) for char in text)


def _set_fraction(match: re.Match[str]) -> str:
    return f" {match[1].translate(_SUPERSCRIPTS)}/{match[2].translate(_SUPERSCRIPTS).translate(LOW_DIGITS)}"


def _divided(match: re.Match[str]) -> str:
    """A division by a fraction in brackets, what is divided too where it is one; by a proper one if it is none."""
    left, before, behind, above, below = match.groups(default="")
    if not left and int(above) >= int(below):
        return match[0]
    return f"{left and f'({left})'}{before}/{behind}({above}/{below})"


def _ascii_digit(char: str) -> str:
    if char.isascii() or not char.isdecimal():
        return char
    return str(unicodedata.decimal(char))
