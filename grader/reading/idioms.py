"""Numbers in phrases that are no operands: scores, times of day, halves that are doubled, powers that are spoken."""

from __future__ import annotations

import re

from grader.characters import UNREADABLE

RESULTS_OF_MATCHES = frozenset({"win", "draw", "tie", "loss", "victory", "defeat", "lead"})
"""What a score is, in one word behind it."""
_SPOKEN_POWER = re.compile(r"(?<=\d) to the minus (\d{1,2})(?![\d.]|th)")
_UNREAD = re.compile(
    r"\b(?:twice|double|triple|thrice) (?=(?:an? |one |the )?(?:half|third|quarter|[a-z]{3,8}th)s? of\b)"
    r"|\b(?:half|quarter|\d{1,2}) past \d{1,2}(?![\d:])"
    rf"|(?<![\d.])\d{{1,2}}[-–]\d{{1,2}}(?= (?:{'|'.join(sorted(RESULTS_OF_MATCHES))})\b)",
    re.IGNORECASE,
)
_GLANCES = (
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
    if not any(map(plain.__contains__, _GLANCES)):
        return plain
    plain = _SPOKEN_POWER.sub(r"^(-\1)", plain)
    return _UNREAD.sub(f" {UNREADABLE} ", plain)
