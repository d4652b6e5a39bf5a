"""Records of calculations, as tools log them: ``{"expr": "90-37", "result": 53}`` and ``Calculator[3*4] -> 12``."""

from __future__ import annotations

import re

from grader.characters import STATES
from grader.reading.written_numbers import marks_of

_CALCULATION = r"(?P<calculation>\(*-?[\d.]+(?: ?[-+*/] ?[\d.()]+){1,12})"
_RESULT = r"[\"']?(?P<result>-?\d[\d.]*(?<!\.))(?![\w%^*/]|,\d| ?[-+*/^])[\"']?"
_FIELDS = re.compile(
    rf"[\"']?\b(?:expr(?:ession)?|calc(?:ulation)?|input|formula)[\"']? ?[:=] ?[\"']?{_CALCULATION}[\"']? ?, ?"
    rf"[\"']?(?:result|value|output|ans(?:wer)?)[\"']? ?[:=] ?{_RESULT}",
    re.IGNORECASE,
)
_CALL = re.compile(
    rf"\bcalc(?:ulator|ulate)? ?[\[(][\"']?{_CALCULATION}[\"']?[\])] ?(?:->|=>|=|→) ?{_RESULT}", re.IGNORECASE
)


def with_records(text: str) -> str:
    """The plain text of a line, with such records as equations."""
    if not may_record(text):
        return text
    return _CALL.sub(_equation, _FIELDS.sub(_equation, text))


def may_record(text: str) -> bool:
    """Whether a line may hold a record: a cheap first glance."""
    return any(map(text.__contains__, ("xpr", "alc", "nput", "ormula")))


def _equation(match: re.Match[str]) -> str:
    calculation = match["calculation"]
    if calculation.count("(") != calculation.count(")"):
        return match[0]
    marks = marks_of(match[0])
    return f"{STATES} {calculation} = {match['result']} ;{marks}"
