"""Times of a clock and durations, read in minutes or in hours: ``From 9:48 to 13:15 is 3 hours 27 minutes``.

So are ``19:53 + 2 h 6 min = 21:59``, ``13:15 - 1:50 = 11:25``, ``25 minutes after 3:45 is 4:10`` and ``1 h 48 min +
35 min = 2 h 23 min``. A clock goes round: without am and pm, hours are counted from any noon or midnight. A statement
that is true in either direction, or on either half of the day, is taken to be so meant.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from grader.characters import STATES
from grader.reading.sums_in_words import START
from grader.reading.written_numbers import GAP, NUMBER, TO_UNIT, in_digits

_HALF = r"[apAP]\.?[mM]\b\.?"
_TIME = (
    rf"(?:(?<![\d:.])\d{{1,2}}:[0-5]\d(?!:?\d|\.\d)(?: ?{_HALF})?|(?<![\d:.])\d{{1,2}} ?{_HALF}"
    r"|(?:12 )?\b(?:noon|midnight)\b)"
)
_HOURS = rf"{NUMBER}{TO_UNIT}(?:hours?|hrs?|h)(?![A-Za-z/])\.?"
_MINUTES = rf"{NUMBER}{TO_UNIT}(?:minutes?|mins?)(?![A-Za-z/])\.?"
_SPAN = rf"(?:{_HOURS}(?:{GAP}(?:,? ?and |,)?{GAP}{_MINUTES})?|{_MINUTES})"
_END = (
    rf"(?={GAP}[*]*(?:$|[.;!:)](?!\d)|, (?!\d)| \("
    r"| (?:so|which|since|because|later|long|on|at|in total|in all|altogether|the next|next)\b))"
)
_IS = r"(?:=|→|(?:is|are|equals?|gives?|makes?|was|were|takes?|lasts?|spans?)(?![a-z])(?: equal to| exactly)?)"
_SIGN = r"(?:[-+]|plus|minus)"

_BETWEEN = re.compile(
    rf"(?:{START}(?:[Ff]rom|[Bb]etween){GAP}|{START}|(?<=[a-z:] )|(?<=\())(?P<start>{_TIME}){GAP}"
    rf"(?P<word>to|until|till|and|-){GAP}(?P<end>{_TIME}),?{GAP}"
    rf"(?:(?:(?:it|that|there|which) )?{_IS}|(?:it|that|there)'s){GAP}(?:a total of )?(?P<span>{_SPAN}){_END}"
)
_MOVED = re.compile(
    rf"(?<![-+*/=.,\d] )(?P<start>{_TIME})(?P<spans>(?:{GAP}{_SIGN}{GAP}{_SPAN}){{1,3}}){GAP}{_IS}{GAP}(?P<end>{_TIME})"
    rf"{_END}"
)
_AFTER = re.compile(
    rf"{START}(?P<span>{_SPAN}) (?P<word>after|past|before) (?P<start>{_TIME}) (?:is|=|was|will be|would be) "
    rf"(?P<end>{_TIME}){_END}"
)
_TERMS = rf"{_SPAN}(?:{GAP}{_SIGN}{GAP}{_SPAN}){{0,5}}"
_SUM = re.compile(
    rf"(?<![-+*/×÷=.,(\d] )(?<![-+*/×÷=.,(\d])(?<!h )(?<!hr )(?<!hrs )(?<!hour )(?<!hours )(?<!and )"
    rf"(?P<left>{_TERMS}){GAP}(?:=|is(?![a-z])|gives?(?![a-z])|leaves?(?![a-z])){GAP}"
    rf"(?P<rest>{_TERMS}(?:{GAP}={GAP}{_TERMS}){{0,3}}){_END}"
)
_COLON = r"\d{1,2}:\d\d(?![\d:])"
_COLONS = re.compile(
    rf"(?<![-+*/×÷=.,:(\d] )(?<![-+*/×÷=.,:(\d])(?P<left>{_COLON}(?:{GAP}[-+]{GAP}{_COLON}){{1,4}}){GAP}="
    rf"{GAP}(?P<rest>{_COLON}(?:{GAP}={GAP}{_COLON}){{0,2}})(?! ?{_HALF}){_END}"
)
_COLON_PART = re.compile(rf"(?P<sign>[-+])?{GAP}(?P<hours>\d{{1,2}}):(?P<minutes>\d\d)")
_SIGNED = re.compile(rf" {_SIGN} |[-+]")
_TIMES = re.compile(r"\d(?::[0-5]\d| ?[apAP]\.?[mM]\b)")
_HOURS_GLANCE = re.compile(r"[\da-z] ?(?:h|hrs?|hours?)\b")
# Other places have other times, and in a score or a ratio the colon is none of a clock. Breaks may not be counted.
_OTHERWISE = re.compile(
    r"\b(?:zones?|local|ET|EST|PST|CST|GMT|UTC|ratios?|scores?|slow\w*|fast|loses?|gains?|about|approximately|roughly"
    r"|almost|nearly|around)\b"
)
_BREAK = re.compile(r"\b(?:lunch|breaks?|rests?|rested|paus\w+|stops?|stopped|inclusive|excluding|except|without)\b")
_PART = re.compile(rf"(?P<sign>{_SIGN})?{GAP}(?P<span>{_SPAN})")
_COUNT = re.compile(rf"(?P<number>{NUMBER}){TO_UNIT}(?P<unit>[a-z])")
_CLOCK = re.compile(
    rf"(?P<hour>\d{{1,2}})(?::(?P<minute>\d\d))?(?: ?(?P<half>{_HALF}))?|(?P<named>.*(?:noon|midnight))"
)
HOUR, HALF_DAY, DAY = 60, 720, 1440


class _Moment(NamedTuple):
    """Minutes since midnight, and whether it is certain which half of the day is meant."""

    minutes: int
    certain: bool


def with_minutes(text: str) -> str:
    """The plain text of a line, with what it says of times and durations written in minutes."""
    times, spans = _has_times(text), _has_spans(text)
    if not (times or spans) or _OTHERWISE.search(text) is not None:
        return text
    if times and "=" in text:
        text = _COLONS.sub(_colons, text)
    if times:
        text = _AFTER.sub(_after, _MOVED.sub(_moved, text))
        text = text if _BREAK.search(text) else _BETWEEN.sub(_between, text)
    return _SUM.sub(_sum, text) if spans else text


def may_tell_time(text: str) -> bool:
    """Whether a line without a sign may hold such a statement: a cheap first glance."""
    return _has_times(text) or _has_spans(text)


def _has_times(text: str) -> bool:
    return _TIMES.search(text) is not None or "noon" in text or "midnight" in text


def _has_spans(text: str) -> bool:
    return "min" in text and _HOURS_GLANCE.search(text) is not None


def _between(match: re.Match[str]) -> str:
    start, end, (_, stated) = _moment(match["start"]), _moment(match["end"]), _span(match["span"])
    if start is None or end is None:
        return match[0]
    circle = _circle(start, end)
    if (end.minutes - start.minutes - stated) % circle:
        backwards = (start.minutes - end.minutes - stated) % circle == 0
        if backwards and match["word"] not in ("-", "and"):
            return match[0]  # "11 a.m. to 8 a.m. = 3 hours"
        if backwards or (match["word"] == "-" and end.minutes < start.minutes):
            start, end = end, start
    later = _around(end.minutes, start.minutes + stated, circle, start.minutes)
    return _stated(f"{_written(later)} - ({_written(start.minutes)}) = {_span(match['span'])[0]}")


def _moved(match: re.Match[str]) -> str:
    start, end = _moment(match["start"]), _moment(match["end"])
    if start is None or end is None:
        return match[0]
    terms, moved = _terms(match["spans"])
    later = _around(end.minutes, start.minutes + moved, _circle(start, end), start.minutes if moved >= 0 else 0)
    return _stated(f"{_written(start.minutes)} {terms} = {_written(later)}")


def _after(match: re.Match[str]) -> str:
    start, end, (span, minutes) = _moment(match["start"]), _moment(match["end"]), _span(match["span"])
    if start is None or end is None:
        return match[0]
    sign, moved = ("-", -minutes) if match["word"] == "before" else ("+", minutes)
    later = _around(end.minutes, start.minutes + moved, _circle(start, end), 0)
    return _stated(f"{_written(start.minutes)} {sign} ({span}) = {_written(later)}")


def _sum(match: re.Match[str]) -> str:
    """Durations added up; of one unit each they are read as other quantities are."""
    if _COMPOUND.search(match[0]) is None or _SIGNED.search(match[0]) is None:
        return match[0]
    sides = [match["left"], *match["rest"].split("=")]
    return _stated(" = ".join(_terms(side)[0].removeprefix("+ ") for side in sides))


def _colons(match: re.Match[str]) -> str:
    """Sixty of the smaller make one of the larger, whatever they are; a clock begins anew every twelve hours."""
    sides, values = [], []
    for side in (match["left"], *match["rest"].split("=")):
        parts = [(one["sign"] or "", int(one["hours"]), int(one["minutes"])) for one in _COLON_PART.finditer(side)]
        values.append(sum((-1 if sign == "-" else 1) * (HOUR * whole + rest) for sign, whole, rest in parts))
        bare = len(parts) == 1
        sides.append(
            "".join(f"{sign}{'' if bare else '('}{_told(*part)}{'' if bare else ')'}" for sign, *part in parts)
        )
    if any((value - values[0]) % HALF_DAY == 0 and value != values[0] for value in values):
        return match[0]
    return f"{STATES} " + " = ".join(sides)


def _told(whole: int, rest: int) -> str:
    return f"{whole}*{HOUR}+{rest}"


def _stated(equation: str) -> str:
    """An equation in minutes, or in hours where nothing else is counted."""
    if not _MINUTE.search(equation):
        equation = equation.replace(f"*{HOUR}", "")
    return f"{STATES} " + _ONE_NUMBER.sub(r"\1\2", equation)


_MINUTE = re.compile(rf"(?<![\d.*])\d[\d.]*+(?!\*{HOUR})")
_ONE_NUMBER = re.compile(rf"\(([\d.]+(?:\*{HOUR})?)\)|(?<== )\(([^()]+)\)$")
_COMPOUND = re.compile(rf"{_HOURS}{GAP}(?:,? ?and |,)?{GAP}{_MINUTES}")


def _terms(text: str) -> tuple[str, Fraction]:
    """Signed durations as terms in minutes, each in brackets, and what they come to."""
    terms, total = [], Fraction(0)
    for part in _PART.finditer(text):
        span, minutes = _span(part["span"])
        sign = -1 if part["sign"] in ("-", "minus") else 1
        terms.append(f"{'-' if sign < 0 else '+'} ({span})")
        total += sign * minutes
    return " ".join(terms), total


def _span(text: str) -> tuple[str, Fraction]:
    """A duration as a calculation in minutes, and its value."""
    parts, total = [], Fraction(0)
    for count in _COUNT.finditer(text):
        number = in_digits(count["number"])
        parts.append(f"{number}*{HOUR}" if count["unit"] == "h" else number)
        total += Fraction(number) * (HOUR if count["unit"] == "h" else 1)
    return "+".join(parts), total


def _moment(text: str) -> _Moment | None:
    """A time of day, None where there is no such hour."""
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    if clock["named"]:
        return _Moment(HALF_DAY if "noon" in text else 0, certain=True)
    hour, minute, half = int(clock["hour"]), int(clock["minute"] or 0), (clock["half"] or "")[:1].lower()
    if hour > (12 if half else 24):
        return None
    if half:
        return _Moment((hour % 12 + (12 if half == "p" else 0)) * HOUR + minute, certain=True)
    return _Moment(hour * HOUR + minute, certain=not 0 < hour <= 12)


def _circle(one: _Moment, other: _Moment) -> int:
    """After how many minutes the clock shows the same again."""
    return DAY if one.certain and other.certain else HALF_DAY


def _around(minutes: int, wanted: Fraction, circle: int, least: int) -> int:
    """The moment at which the clock shows this time: the one that is wanted, else the first from another one on."""
    if (minutes - wanted) % circle == 0:
        return int(wanted)
    while minutes < least:
        minutes += circle
    return minutes


def _written(minutes: int) -> str:
    hours, rest = divmod(minutes, HOUR)
    return f"{hours}*{HOUR}+{rest}" if rest else f"{hours}*{HOUR}"
