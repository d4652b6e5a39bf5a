"""Ratios that are set equal: ``18:24 = 3:4``, ``6 : 8 : 10 = 3 : 4 : 5`` and ``9/4 = 9 : 4``, read as quotients.

Of more than two parts each is compared with the one behind it. Times, scores, odds and scales have colons too.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from grader.characters import STATES
from grader.reading.clock_times import HALF_DAY, HOUR
from grader.reading.written_numbers import GAP, marks_of

_NUMBER = r"\d{1,7}(?:\.\d{1,4})?"
_COLON = rf"{GAP}:{GAP}"
_GLANCE = re.compile(rf"\d{_COLON}\d")
_RATIO = rf"{_NUMBER}(?:{_COLON}{_NUMBER}){{1,3}}"
_ENDS = rf"(?={GAP}[*]*(?:$|[.;!)✓](?!\d)| \(|, (?!\d)|,?{GAP}(?:so|and|which|since|because|therefore|hence|thus)\b))"
_EQUAL = re.compile(rf"(?<![\d.,:/*+^(-])(?<![\d:/*+^-] )(?P<ratios>{_RATIO}(?:{GAP}={GAP}{_RATIO}){{1,4}}){_ENDS}")
_BEHIND_SIGN = re.compile(
    rf"(?<== )({_NUMBER}) : ({_NUMBER})(?!{GAP}={GAP}{_NUMBER}{GAP}:)(?={GAP}(?:$|[=;✓]| \(|[.,](?!\d)))"
)
_PART = r"(?:\d{1,4} )?\d{1,6}/\d{1,6}|\d{1,7}(?:\.\d{1,4})?"
_FRACTIONS = re.compile(
    rf"(?<![\d.,:/*+^(-])(?<![\d:/*+^-] )(?P<one>{_PART}) : (?P<other>{_PART})(?!{GAP}[:/*+^(\d-])(?![\w.,]*\d)"
)
_WHOLE = r"\d{1,3}(?: \d{3}){1,3}|\d{1,9}(?:\.\d{1,6})?"
_QUOTIENT = re.compile(
    rf"(?P<before>^{GAP}|(?:[=;(]|[.,;:]|⇒|→) )(?P<one>{_WHOLE}){GAP} : {GAP}(?P<other>{_WHOLE}){GAP}="
    rf"(?={GAP}(?P<result>\d[\d.]*)(?! ?%|{GAP}[:/*+^-]|[\d.,]*\d))"
)
"""A division as most languages but English write it: ``360 : 8 = 45``."""
_OTHERWISE = re.compile(
    r"\b(?:odds?|scales?|maps?|scores?|scored|times?|clock|watch|a\.?m|p\.?m|o'clock|won|lost)\b", re.IGNORECASE
)


def with_ratios(text: str) -> str:
    """The plain text of a line, with equal ratios as quotients."""
    if ":" not in text or "=" not in text or not _GLANCE.search(text) or _OTHERWISE.search(text):
        return text
    text = _FRACTIONS.sub(_divided, text) if "/" in text else text
    text = _BEHIND_SIGN.sub(r"\1/\2", _EQUAL.sub(_quotients, text))
    return _QUOTIENT.sub(_quotient, text) if " : " in text else text


def _quotient(match: re.Match[str]) -> str:
    """``360 : 8 = 45``; not where the parts are added up (``1 : 4 = 5 parts``)."""
    one, other, result = (match[name].replace(" ", "") for name in ("one", "other", "result"))
    parts = Fraction(one) + Fraction(other) == Fraction(result.rstrip("."))
    return match[0] if parts or not Fraction(other) else f"{match['before']}{one} / {other} ="


def _divided(match: re.Match[str]) -> str:
    """``4 1/5 : 1 2/5`` as a quotient of fractions; of whole numbers elsewhere."""
    one, other = match["one"], match["other"]
    behind_sign = match.string.endswith("= ", 0, match.start())
    divided = "/" in one or ("/" in other and behind_sign)  # "Step 4 : 300/4"
    return f"({one}) / ({other})" if divided else match[0]


def _quotients(match: re.Match[str]) -> str:
    """The chain once for each two parts that stand beside each other."""
    ratios = [re.findall(_NUMBER, side) for side in match["ratios"].split("=")]
    first, *others = ratios
    parts = {len(ratio) for ratio in ratios}
    if len(parts) > 1 or any(_may_be_time(first, other) or other == first[::-1] for other in others):
        return match[0]
    if any(not float(part) for ratio in ratios for part in ratio):
        return match[0]
    marks = marks_of(match[0])
    chains = (
        " = ".join(f"{one}/{other}" for one, other in places)
        for places in zip(*(list(pairwise(ratio)) for ratio in ratios), strict=True)
    )
    return f"{STATES} {' ; '.join(chains)}{marks}"


def _may_be_time(one: list[str], other: list[str]) -> bool:
    """Whether both may be times of day: ``14:30 = 2:30``, ``2:05``, ``21:77 = 22:17``."""
    if one[1:] == other[1:] or any(len(part) > 1 and part[0] == "0" and "." not in part for part in (*one, *other)):
        return True
    minutes = [float(first) * HOUR + float(second) for first, second, *_ in (one, other)]
    return (minutes[0] - minutes[1]) % HALF_DAY == 0
