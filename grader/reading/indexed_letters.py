"""Letters with an index outside LaTeX: ``1/R1 + 1/R2``, ``x_1 + x_2 = 5``, ``a₁``. Each is one unknown.

The reader knows unknowns of one letter, so each gets a letter that no text of mathematics uses, and its equations get
the name back. A letter and a number by themselves may be anything (``A4 sheets``, ``room B4``): only beside a sign or a
bracket are they one.
"""

from __future__ import annotations

import re

from grader.characters import LOW_DIGITS, MATH_OFF, MATH_ON

_STAND_INS = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
_MATH = re.compile(f"({MATH_ON}.*?(?:{MATH_OFF}|$))", re.DOTALL)
_DIGIT = r"[\d₀-₉]"
_HINT = re.compile(rf"[A-Za-z](?:_?{_DIGIT}|_[A-Za-z])")
_SIGN = r"[-+*/^=≈<>≤≥±(]"
# Behind digits some letters are none: "2e5", "2x1", "3h20", "0b1".
_LETTER = (
    r"(?:(?<![\w.\\'])(?![xX]\d)[A-Za-z]|(?<=\d)(?<![A-Za-z_]\d)(?![eExXhHmsbo])[A-Za-z]"
    rf"|(?<=[a-z]{_DIGIT})[a-z]|(?<=[a-z]_\d)[a-z])"  # "m1v1"
)
# What x stands behind where it is no "times".
_BEFORE_X = (
    rf"(?:^|(?<={_SIGN})|(?<={_SIGN} )|(?<=[,;:])|(?<=[,;:] )|(?<=\b[Ss]o )|(?<=\band )|(?<=\bor )|(?<=\b[Ll]et ))"
)
_INDEX = rf"_?{_DIGIT}{{1,2}}(?:(?!\.?[\w₀-₉])|(?=[a-z]_?{_DIGIT}{{1,2}}(?!\.?[\w₀-₉])))"
_INDEXED = re.compile(rf"(?:{_LETTER}|{_BEFORE_X}[xX]){_INDEX}")
_ANY = re.compile(rf"(?:{_LETTER}|(?<![A-Za-z_])[xX]){_INDEX}")
_NAMED = re.compile(
    r"(?:(?<=[-+*/^(])|(?<=[-+*/^(−] ))[A-Za-z]_[A-Za-z]{1,4}(?!\w)"
    r"|(?<![\w.\\'])[A-Za-z]_[A-Za-z]{1,4}(?= ?[-+*/^−²³])"
)
"""A letter with a name below it, as in ``1/d_i = 1/f - 1/d_o``: where it is calculated with."""
_X_ONE_AND_TWO = re.compile(r"(?<![A-Za-z_ ]) ?x1\b.{0,80}(?<![A-Za-z_])x2\b")
"""``2x1 + 3x2 = 12``: nobody numbers products so."""
_BEFORE = re.compile(rf"{_SIGN} ?\d*(?:[a-z]_?{_DIGIT})?$")
_BEHIND = re.compile(rf"(?: ?[A-Za-z]_?{_DIGIT}{{1,2}}){{0,2}} ?(?:{_SIGN}|\)|\^)")
_AREAS = frozenset({"m2", "m3", "s2"})
_COUNTED = re.compile(r"(?:^|[^\w.,])\d+(?:[.,]\d+)* $")
MAX_BEFORE, MAX_BEHIND = 12, 12
"""Characters that are looked at beside a letter."""


def with_stand_ins(plain: str) -> tuple[str, dict[int, str]]:
    """The plain text of a line with a letter for each that has an index, and what these letters stand for."""
    if _HINT.search(plain) is None or not set(_STAND_INS).isdisjoint(plain):
        return plain, {}
    left, letters = iter(_STAND_INS), {}

    def stand_in(match: re.Match[str]) -> str:
        name, before = match[0], match.string[max(0, match.start() - MAX_BEFORE) : match.start()]
        behind = match.string[match.end() :][:MAX_BEHIND]
        if not (_BEHIND.match(behind) or _BEFORE.search(before)) or (before[-1:] == "(" and behind[:1] == ")"):
            return name  # "(A1)"
        if "_" not in name and _COUNTED.search(before):
            return name  # "80 m2"
        if name in _AREAS and before[-1:] == "/" and f"{name[0]}1" not in match.string:
            return name  # "$50/m2"
        return letter_of(name)

    def letter_of(name: str) -> str:
        index = name[1:].lstrip("_").translate(LOW_DIGITS)
        spelt = f"{name[0]}_{index}" if len(index) == 1 else f"{name[0]}_({index})"
        if spelt not in letters:
            letters[spelt] = next(left, "")
        return letters[spelt] or name

    parts, pattern = _MATH.split(plain), _ANY if _X_ONE_AND_TWO.search(plain) else _INDEXED
    parts[::2] = [pattern.sub(stand_in, _NAMED.sub(lambda match: letter_of(match[0]), part)) for part in parts[::2]]
    return "".join(parts), {ord(letter): name for name, letter in letters.items() if letter}
