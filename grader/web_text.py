"""Text from the web: its entities and tags in the characters that they stand for (``x<sup>2</sup> &minus; 3``)."""

from __future__ import annotations

import re
from html import unescape

_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,6}|#[xX][\dA-Fa-f]{2,5});")
_POWER = re.compile(r"<sup>\s*([\w+\-−.]{1,8})\s*</sup>", re.IGNORECASE)
_ORDINAL = re.compile(r"<sup>\s*(st|nd|rd|th)\s*</sup>", re.IGNORECASE)
_INDEX = re.compile(r"<sub>\s*(\w{1,8})\s*</sub>", re.IGNORECASE)
_FRACTION = re.compile(r"<sup>\s*(\d{1,4})\s*</sup>\s*[/⁄]\s*<sub>\s*(\d{1,4})\s*</sub>", re.IGNORECASE)
_STRUCK = re.compile(r"<(s|del|strike)>[^<>]{0,200}</\1>", re.IGNORECASE)
_ATTRIBUTES = r"(?:\s+[a-z-]{2,12}=(?:\"[^\"<>]{0,80}\"|'[^'<>]{0,80}'))"
_BREAK = re.compile(
    rf"\s*<(?:br|hr)\s*/?>\s*|\s*</?(?:p|div|li|ul|ol|h[1-6]|tr|td|th|table|tbody|thead){_ATTRIBUTES}*\s*>\s*",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r" ;(?:  ;)+ ")
# Only tags that are whole: "a <b and c> d" compares.
_TAG = re.compile(
    rf"</?(?:b|i|u|em|span|strong|font|small|big|center|mark)\s*/?>|<(?:span|font){_ATTRIBUTES}+\s*>", re.IGNORECASE
)


def without_markup(text: str) -> str:
    """The text as a browser shows it, with ``^(2)`` and ``_1`` for what is set higher and lower.

    What ends a line in a browser ends a statement; an end of the text is none.
    """
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "<" in text:
        text = _STRUCK.sub(" ", _FRACTION.sub(r" \1/\2", _ORDINAL.sub(r"\1", text)))
        text = _POWER.sub(r"^(\1)", _INDEX.sub(r"_\1", text))
        text = _SEVERAL.sub(" ; ", _TAG.sub("", _BREAK.sub(" ; ", text))).removesuffix(" ; ").removeprefix(" ; ")
    return text


def _character(entity: re.Match[str]) -> str:
    """The character of an entity; a space for what is none that is seen."""
    text = unescape(entity[0])
    return text if text.isprintable() else " "
