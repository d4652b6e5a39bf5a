"""From the tokens of a line to chains of sides.

The walk keeps one question open at each token: is an operand expected, or something behind an operand? Words behind an
operand are its label (``12 boxes of red pens``), words where an operand is expected make the side unknown, and what has
no meaning here ends the side. Nothing is dropped in silence: a side that was not wholly understood says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.characters import MATH_OFF, UNREADABLE
from grader.numbers import CONGRUENT, OWN_OPERATORS, Kind
from grader.reading import brackets, operands, prose, signs
from grader.reading.ahead import chain_follows, is_one_letter, matching_brackets, sign_at
from grader.reading.congruences import modulus_follows
from grader.reading.properties import names_a_property
from grader.reading.sides import Chain, Side
from grader.reading.words import ABBREVIATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.numbers import Token


class Walker:
    """One walk over a line's tokens: ``chains`` is what was found, ``doubtful`` whether the rules would swear to it.

    The steps stand in rooms of their own. Each handles the token at ``index``, may look ahead as far as ``end``,
    changes the side at hand, and gives the index of the next token to handle.
    """

    def __init__(self, tokens: list[Token], closers: dict[int, int] | None = None, depth: int = 0) -> None:
        self.tokens = tokens
        self.chains: list[Chain] = []
        self.doubtful = False
        self.chain = Chain()
        self.side = Side()
        self.closers = matching_brackets(tokens) if closers is None else closers
        """Index of each opening bracket to that of its closing one."""
        self.depth = depth
        self.lone_x: bool | None = None
        """Whether the line uses ``x`` as an unknown; None until somebody asks."""

    def walk(self, start: int, end: int) -> None:
        """Read the chains of ``tokens[start:end]``."""
        index = start
        while index < end:
            index = self.step(index, end)
        self.close()

    def step(self, index: int, end: int) -> int:
        """Handle one token."""
        return _STEPS[self.tokens[index].kind](self, index, end)

    def inside(self) -> Walker:
        """A walker for what stands in a bracket of this line."""
        return Walker(self.tokens, self.closers, self.depth + 1)

    def relation(self, index: int, end: int) -> int:
        """End the side at hand: the next one of its chain begins."""
        side = self.finished()
        if side.unknown and not self.chain.relations:
            side.property = names_a_property(self.tokens, index)
        self.chain.sides.append(side)
        text = self.tokens[index].text
        self.chain.relations.append(_RELATIONS.get(text, text))
        self.side = Side()
        return index + 1

    def junk(self, index: int, end: int) -> int:
        """Something without meaning here stands for an operand."""
        if self.tokens[index].text in _BETWEEN and self._stands_between(index, end):
            return self.own_operator(index)
        self.side.stumble()
        return index + 1

    def own_operator(self, index: int) -> int:
        """``7 ♣ 4 = 18``: an operator that the text defines, or that is not read. Its operands are no sides."""
        if self.side.expecting:
            self.side.stumble()
        self.side.unreadable = True
        self.side.operator(self.tokens[index].text)
        return index + 1

    def _stands_between(self, index: int, end: int) -> bool:
        """Whether a number, a letter or a bracket stands on either side."""
        if not 0 < index < end - 1:
            return False
        before, after = self.tokens[index - 1], self.tokens[index + 1]
        return (before.kind == Kind.CLOSE or _is_value(before)) and (after.kind == Kind.OPEN or _is_value(after))

    def break_off(self, index: int, end: int) -> int:
        """Punctuation ends the side, but the full stop of ``sq. ft.`` and the end of math inside a sentence do not."""
        text = self.tokens[index].text
        if text == MATH_OFF:
            goes_on = chain_follows(self.tokens, index + 1, end) or modulus_follows(self.tokens, index + 1, end)
            if self.chain.relations and not self.side.expecting and not goes_on:
                self.close()
        elif (text in OWN_OPERATORS or self._is_ratio(index)) and self._stands_between(index, end):
            return self.own_operator(index)
        elif text != "." or not self._is_abbreviation(index, end):
            self.close()
        elif self.chain.relations and sign_at(self.tokens, index + 1, end):
            # "4200/3600 = 1.1667 kWh. *0.30 = 0.35" may go on from its result.
            self.side.ambiguous |= self.tokens[index + 1].start > self.tokens[index].end
        return index + 1

    def _is_ratio(self, index: int) -> bool:
        """``9:(25-9)``: a colon without spaces around it, before a bracket."""
        if self.tokens[index].text != ":" or not 0 < index < len(self.tokens) - 1:
            return False
        before, token, after = self.tokens[index - 1 : index + 2]
        return after.kind == Kind.OPEN and before.end == token.start and token.end == after.start

    def _is_abbreviation(self, index: int, end: int) -> bool:
        before = self.tokens[index - 1]
        if self.side.expecting or not self.side.labels or before.kind != Kind.WORD:
            return False
        return before.text.lower() in ABBREVIATIONS or self._operator_follows(index, end)

    def _operator_follows(self, index: int, end: int) -> bool:
        """Whether the calculation goes on behind a full stop: in ``27 cm. -5`` a negative number begins."""
        if not sign_at(self.tokens, index + 1, end):
            return False
        stop, sign = self.tokens[index : index + 2]
        glued = index + 2 < end and self.tokens[index + 2].start == sign.end
        return not (glued and sign.text in "+-" and sign.start > stop.end)

    def close(self) -> None:
        """End the side and its chain."""
        chain, side = self.chain, self.side
        if chain.relations:
            chain.sides.append(self.finished())
            self.chains.append(chain)
            self.chain = Chain()
        elif side.unreadable and side.operators:
            self.doubtful = True
        elif not side.pieces and not side.label and not side.units:
            return
        self.side = Side()

    def finished(self) -> Side:
        """The side at hand, with an operator that nothing follows taken for a dash if it can be one."""
        side = self.side
        if side.pieces and side.expecting:
            if side.pieces[-1] == "-" and side.operators:
                side.pieces.pop()
                side.operators -= 1
                side.expecting = False
            else:
                side.unreadable = True
        return side


def _is_value(token: Token) -> bool:
    return token.kind in (Kind.NUMBER, Kind.VARIABLE) or (token.kind == Kind.WORD and is_one_letter(token))


_BETWEEN = frozenset(UNREADABLE + "±∓")
"""Of what is not read, the signs that may be operators: ``3 \\star 4``, but not ``3 | 12 = 3 * 4``."""
_RELATIONS = {"==": "=", "~=": "≈", "<=": "≤", ">=": "≥", "congruent": CONGRUENT}
"""The one spelling of a relation."""

# In the order of `Kind`. Functions, not bound methods: a walker that held its own would be a cycle for the collector.
_STEPS: tuple[Callable[[Walker, int, int], int], ...] = (
    operands.number,
    prose.word,
    operands.variable,
    signs.operator,
    Walker.relation,
    brackets.bracket,
    Walker.break_off,
    operands.suffix,
    operands.currency,
    operands.suffix,
    operands.function,
    Walker.break_off,
    Walker.junk,
)
