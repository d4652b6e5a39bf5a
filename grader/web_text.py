"""Text from the web: its entities and tags in the characters that they stand for (``x<sup>2</sup> &minus; 3``)."""

from __future__ import annotations

import re
from html import unescape

_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,6}|#[xX][\dA-Fa-f]{2,5});")
_POWER = re.compile(r"<sup>\s*([\w+\-−.]{1,8})\s*</sup>", re.IGNORECASE)
_ORDINAL = re.compile(r"<sup>\s*(st|nd|rd|th)\s*</sup>", re.IGNORECASE)
_INDEX = re.compile(r"<sub>\s*(\w{1,8})\s*</sub>", re.IGNORECASE)
_END_OF_LINE = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
# Only tags that are whole: "a <b and c> d" compares.
_TAG = re.compile(
    r"</?(?:b|i|u|em|p|div|span|strong|font|small|big|center|li|ul|ol|mark)\s*/?>"
    r"|<(?:p|div|span|font|li|ul|ol)(?:\s+[a-z-]{2,12}=(?:\"[^\"<>]{0,80}\"|'[^'<>]{0,80}'))+\s*>",
    re.IGNORECASE,
)


def without_markup(text: str) -> str:
    """The text as a browser shows it, with ``^(2)`` and ``_1`` for what is set higher and lower.

    What ends a line in a browser ends a statement; an end of the text is none.
    """
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "<" in text:
        text = _POWER.sub(r"^(\1)", _INDEX.sub(r"_\1", _ORDINAL.sub(r"\1", text)))
        text = _TAG.sub("", _END_OF_LINE.sub(" ; ", text)).removesuffix(" ; ").removeprefix(" ; ")
    return text


def _character(entity: re.Match[str]) -> str:
    """The character of an entity; a space for what is none that is seen."""
    text = unescape(entity[0])
    return text if text.isprintable() else " "
