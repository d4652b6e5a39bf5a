"""Congruences: the modulus that is written behind a side (``≡ 2 (mod 11)``, ``500 mod 7``), and what it belongs to.

The modulus is the side's, not the number's: modulo 19 it is all the same whether ``13 + 15 mod 19`` reduces the sum or
its last term.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.numbers import CONGRUENT, Kind
from grader.reading.ahead import word_at
from grader.types import Equation

if TYPE_CHECKING:
    from grader.numbers import Token
    from grader.reading.sides import Chain, Side
    from grader.reading.walker import Walker

MODULUS_WORDS = frozenset(("mod", "modulo"))
MAX_MODULUS_DIGITS = 20
# Of numbers alone: what a step tries, asks or wants is no claim.
_SUPPOSES = re.compile(
    r"\?|n't\b|\b(?:if|whether|unless|not|never|neither|must|should|needs?|wants?|would|suppose|assum\w+|false|option"
    r"|choice)\b",
    re.IGNORECASE,
)
CONDITION = "it may be a condition or a question"
LABELLED = "words stand behind its numbers"


def modulus(walker: Walker, index: int, end: int) -> int:
    """Take the modulus behind the word at ``index``, in brackets or not; index behind it.

    A side whose modulus is no written number (``mod p``, ``mod 10^3``) is not read.
    """
    opens = index + 1 < end and walker.tokens[index + 1].kind == Kind.OPEN
    place = index + 2 if opens else index + 1
    side, after = walker.side, place + 1
    if opens:
        after = walker.closers.get(index + 1, end) + 1
    if place < end and _is_whole(walker.tokens, place, end) and (not opens or after == place + 2):
        side.unreadable |= bool(side.modulus)
        side.modulus = int(walker.tokens[place].text.replace(",", ""))
        side.unreadable |= side.modulus < 2
    else:
        side.unreadable = True
    return min(after, end)


def _is_whole(tokens: list[Token], index: int, end: int) -> bool:
    """Whether an integer stands there, and nothing that multiplies or raises it."""
    token = tokens[index]
    if token.kind != Kind.NUMBER or not token.text.replace(",", "").isdecimal() or len(token.text) > MAX_MODULUS_DIGITS:
        return False
    if index + 1 == end:
        return True
    after = tokens[index + 1]
    glued = after.start == token.end
    return after.kind not in (Kind.VARIABLE, Kind.FACTORIAL, Kind.FUNCTION, Kind.PERCENT, Kind.NUMBER) and not (
        after.text in ("^", "*", "/") or (glued and after.kind in (Kind.OPEN, Kind.WORD))
    )


def bracketed_modulus(walker: Walker, index: int, end: int) -> bool:
    """Whether the bracket at ``index`` says only by what is counted: ``(mod 7)``."""
    return word_at(walker.tokens, index + 1, end) in MODULUS_WORDS


def modulus_follows(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a modulus stands there, bracketed or not."""
    place = index + 1 if index < end and tokens[index].kind == Kind.OPEN else index
    return word_at(tokens, place, end) in MODULUS_WORDS


class Moduli:
    """By which moduli the sides of one chain are compared.

    A modulus at the end of a chain belongs to all its signs of congruence. It belongs to ``=`` only beside it, and only
    where there is no such sign: in ``3^5 = 243 ≡ 2 (mod 11)`` the first two are equal.
    """

    def __init__(self, chain: Chain) -> None:
        self._relations = chain.relations
        self._congruent = CONGRUENT in chain.relations
        self._behind = [side.modulus for side in chain.sides]
        if self._congruent:
            for position in reversed(range(len(self._behind) - 1)):
                self._behind[position] = self._behind[position] or self._behind[position + 1]
        self._none = not (self._congruent or any(self._behind))

    def between(self, before: Side, position: int) -> set[int] | None:
        """Those of a side and of the one at ``position`` behind it; None where they are plainly equal, or compared."""
        if self._none:
            return None
        relation = self._relations[position - 1]
        if relation == "=" and self._congruent:
            return None
        found = {before.modulus, self._behind[position]} - {0}
        if relation == CONGRUENT:
            return found
        return (found if relation == "=" else set()) if found else None


def congruences(left: Side, right: Side, moduli: set[int], *, supposed: bool) -> list[Equation]:
    """``243≡2 (mod 11)``, where there is one modulus and no letter stands for a number that is not known."""
    if len(moduli) != 1 or left.unknown or right.unknown or left.all_letters() or right.all_letters():
        return []
    doubt = None
    if any(side.ambiguous or side.ordered or side.things or side.units or side.scaled for side in (left, right)):
        doubt = LABELLED
    elif supposed or (left.named or "").lower() == "of":
        doubt = CONDITION
    return [Equation(f"{left.text()}{CONGRUENT}{right.text()} (mod {min(moduli)})", doubt=doubt)]


def is_supposed(line: str) -> bool:
    """Whether a line may try or ask for its congruences; False where none can stand in it."""
    return "od" in line.lower() and _SUPPOSES.search(line) is not None
