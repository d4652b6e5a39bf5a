"""Points and vectors that are set equal, taken apart: ``(6/3, 2+5) = (2, 7)`` says ``6/3 = 2`` and ``2+5 = 7``."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from grader.characters import MATH_OFF, MATH_ON

_GAP = rf"[ {MATH_ON}{MATH_OFF}]*"
_EQUALS = re.compile(rf"\){_GAP}={_GAP}\(")
_SPACES = f" {MATH_ON}{MATH_OFF}"
_BEFORE = f"=:;,.{_SPACES}"
"""Signs behind which a bracket stands alone."""
_GOES_ON = re.compile(r" ?[-+*/^(\w!']")
_CALCULATES = re.compile(r"[-+*/^]")
_NUMERIC = re.compile(r"(?:sqrt|pi|[-+*/^().\d ])+")
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")
MAX_PARTS = 6
MAX_BRACKET = 300
"""Characters of one bracket: so far an end is looked for."""


class _Tuple(NamedTuple):
    """A bracket with commas: where it begins and ends in the text, and its parts."""

    start: int
    end: int
    parts: tuple[str, ...]


def with_components(text: str) -> str:
    """A plain line with what it says of the parts of points and vectors behind each of them.

    Only of numbers, and only where each part that changes is calculated: ``(462, 147) = (147, 21)`` means a divisor.
    """
    if "," not in text or not _EQUALS.search(text):
        return text
    said, position = [], 0
    for chain in _chains(text):
        claims = [
            f"{one} = {other}"
            for left, right in pairwise(chain)
            if _is_calculated(left, right)
            for one, other in zip(left.parts, right.parts, strict=True)
            if one != other
        ]
        if claims:
            said += [text[position : chain[0].start], " ; ", " ; ".join(claims), " ; "]
            position = chain[-1].end
    return "".join([*said, text[position:]])


def _chains(text: str) -> list[list[_Tuple]]:
    """Brackets that are joined by equals signs, at least two, in order."""
    chains: list[list[_Tuple]] = []
    for sign in _EQUALS.finditer(text):
        left, right = _before(text, sign.start()), _behind(text, sign.end() - 1)
        if left is None or right is None:
            continue
        if chains and chains[-1][-1].start == left.start:
            chains[-1].append(right)
        elif _stands_alone(text, left.start):
            chains.append([left, right])
    return [chain for chain in chains if not _GOES_ON.match(text, chain[-1].end)]


def _stands_alone(text: str, start: int) -> bool:
    """Whether a bracket is no operand: ``(3,4) - (1/2, 1) = …`` says nothing of the second one alone."""
    place = start
    while place and text[place - 1] in _SPACES:
        place -= 1
    return not place or (text[place - 1] not in "-+*/^)" and (place < start or text[place - 1] in _BEFORE))


def _is_calculated(left: _Tuple, right: _Tuple) -> bool:
    """Whether one is the other, worked out."""
    if len(left.parts) != len(right.parts) or not 1 < len(left.parts) <= MAX_PARTS:
        return False
    pairs = zip(left.parts, right.parts, strict=True)
    return all(one == other or _CALCULATES.search(one[1:]) is not None for one, other in pairs) and all(
        _NUMERIC.fullmatch(part) for part in (*left.parts, *right.parts)
    )


def _behind(text: str, start: int) -> _Tuple | None:
    """The bracket that opens here."""
    depth = 0
    for index in range(start, min(len(text), start + MAX_BRACKET)):
        depth += (text[index] == "(") - (text[index] == ")")
        if not depth:
            return _parted(text, start, index + 1)
    return None


def _before(text: str, last: int) -> _Tuple | None:
    """The bracket that closes here."""
    depth = 0
    for index in range(last, max(-1, last - MAX_BRACKET), -1):
        depth += (text[index] == ")") - (text[index] == "(")
        if not depth:
            return _parted(text, index, last + 1)
    return None


def _parted(text: str, start: int, end: int) -> _Tuple | None:
    """A bracket and its parts, None where it holds what may be one number with thousands."""
    inside, parts, depth, begun = text[start + 1 : end - 1], [], 0, 0
    if _THOUSANDS.search(inside):
        return None
    for index, sign in enumerate(inside):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(inside[begun:index].strip())
            begun = index + 1
    return _Tuple(start, end, (*parts, inside[begun:].strip()))
