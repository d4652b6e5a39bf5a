"""Numbers in phrases that are no operands: scores, times of day, halves that are doubled, powers that are spoken.

So are hours of work (``9-5 = 8 hours``), to how many places something is rounded, and equations of chemistry.
"""

from __future__ import annotations

import re

from grader.characters import UNREADABLE

CLOCK_HOURS = 12
RESULTS_OF_MATCHES = frozenset({"win", "draw", "tie", "loss", "victory", "defeat", "lead"})
"""What a score is, in one word behind it."""
_SPOKEN_POWER = re.compile(r"(?<=\d) to the minus (\d{1,2})(?![\d.]|th)")
_UNREAD = re.compile(
    r"\b(?:twice|double|triple|thrice) (?=(?:an? |one |the )?(?:half|third|quarter|[a-z]{3,8}th)s? of\b)"
    r"|\b(?:half|quarter|\d{1,2}) past \d{1,2}(?![\d:])"
    r"|(?<![\d.])\d{1,2}-(?:for|to)-\d{1,2}(?!\d)"
    r"|(?<![\w)\]])(?:\[\d{1,4}\] ?){2,40}"  # the boxes of a bar
    rf"|(?<![\d.])\d{{1,2}}[-–]\d{{1,2}}(?= (?:{'|'.join(sorted(RESULTS_OF_MATCHES))})\b)",
    re.IGNORECASE,
)
_PLACES = re.compile(
    r" ?(?:\((?:(?:correct )?to )?\d{1,2} ?(?:d\.? ?p\b\.?|s\.? ?f\b\.?)[^()\d=]{0,20}\)"
    r"|(?:\b(?:correct )?to |, )\d{1,2} ?(?:d\.? ?p\b|s\.? ?f\b)\.?)",
    re.IGNORECASE,
)
_HOURS_OF_DAY = re.compile(
    r"(?<![\w.,*/+=^(-])(?<![*/+=^-] )(\d{1,2})[-–](\d{1,2}) ?= ?(\d{1,2})(?= ?(?:hours?|hrs?|h)\b)"
)
_ELEMENT = (
    "(?:A[cglmrstu]|B[aehikr]?|C[adeflmorsu]?|D[bsy]|E[rsu]|F[emr]?|G[ade]|H[efgos]?|I[nr]?|Kr?|L[airu]|M[dgnot]|N[abdeiop]?"
    "|Os?|P[abdmortu]?|R[abefghnu]|S[bcegimnr]?|T[abcehilm]|U|V|W|Xe|Yb?|Z[nr])"
)
_FORMULA = (
    rf"(?:\d{{1,2}} ?)?(?:{_ELEMENT}\d{{0,2}}|\((?:{_ELEMENT}\d{{0,2}}){{1,6}}\)\d?){{1,8}}(?:\((?:s|l|g|aq)\))?(?!\w)"
)
_REACTION = re.compile(rf"(?<![\w.)+*/=-])(?<![+*/=-] ){_FORMULA}(?: \+ {_FORMULA})* = {_FORMULA}(?: \+ {_FORMULA})*")
_COMPOUND = re.compile(rf"{_ELEMENT}(?:\d|{_ELEMENT})")
_GLANCES = (
    "d.p",
    "dp",
    "s.f",
    "sf",
    "D.P",
    "-for-",
    "-to-",
    "][",
    " past ",
    " to the minus ",
    "wice ",
    "ouble ",
    "riple ",
    "hrice ",
    *(f" {word}" for word in sorted(RESULTS_OF_MATCHES)),
)


def without_idioms(plain: str) -> str:
    """The plain text of a line, with such numbers unreadable and spoken powers in signs."""
    if "=" in plain:
        if "h" in plain and "-" in plain:
            plain = _HOURS_OF_DAY.sub(_from_to, plain)
        if " + " in plain and _COMPOUND.search(plain):
            plain = _REACTION.sub(_reaction, plain)
    if not any(map(plain.__contains__, _GLANCES)):
        return plain
    plain = _PLACES.sub("", _SPOKEN_POWER.sub(r"^(-\1)", plain))
    return _UNREAD.sub(f" {UNREADABLE} ", plain)


def may_be_hours(text: str) -> bool:
    """Whether a line has a difference of two hours of the day that comes to other hours: ``9-5 = 8 hours``."""
    return "-" in text and " h" in text and any(_from_to(match) != match[0] for match in _HOURS_OF_DAY.finditer(text))


def _from_to(match: re.Match[str]) -> str:
    """From nine to five: where it comes to the hours that are told, and a difference does not."""
    start, end, hours = map(int, match.groups())
    works = start - end != hours and max(start, end) <= CLOCK_HOURS and (end - start - hours) % CLOCK_HOURS == 0
    return f" {UNREADABLE} = {hours}" if works else match[0]


def _reaction(match: re.Match[str]) -> str:
    return f" {UNREADABLE} " if _COMPOUND.search(match[0]) else match[0]
