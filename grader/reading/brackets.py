"""Steps of the walk at brackets: an operand, a remark in words, or a whole calculation of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.units import mixes_units
from grader.limits import MAX_DEPTH
from grader.numbers import COMPARISONS, OWN_OPERATORS, Kind
from grader.reading.ahead import is_term, is_worded_value, touches, unit_at
from grader.reading.congruences import bracketed_modulus, modulus

if TYPE_CHECKING:
    from grader.reading.walker import Walker

_COMPARING = COMPARISONS | {"<=", ">="}
_VALUES = frozenset({Kind.NUMBER, Kind.VARIABLE, Kind.FUNCTION})


def bracket(walker: Walker, index: int, end: int) -> int:
    """A bracket holds an operand, a remark in words, or a whole calculation of its own."""
    closer, side = walker.closers.get(index), walker.side
    follows = walker.tokens[index + 1].kind if index + 1 < end else Kind.BREAK
    if closer is None or closer >= end:
        if not side.expecting and follows == Kind.WORD:
            walker.close()  # "= 5.71 (round down", and the bracket closes in another line
        side.unreadable |= bool(side.pieces or walker.chain.relations)
        return index + 1
    if _names_equation(walker, index, closer, end):
        walker.close()
        return closer + 2
    if not side.expecting and bracketed_modulus(walker, index, end):
        modulus(walker, index + 1, closer)
        return closer + 1
    glued = index > 0 and touches(walker.tokens[index - 1], walker.tokens[index])
    kinds = {token.kind for token in walker.tokens[index + 1 : closer]}
    if glued and _bounds(walker, index, closer):
        side.stumble()  # "P(X > 3) = 1/2"
    elif Kind.RELATION in kinds:
        _remark(walker, index + 1, closer)
    elif glued and not side.pieces and walker.tokens[index - 1].kind == Kind.WORD and not kinds.isdisjoint(_VALUES):
        side.stumble()  # "f(3) = 7"
    elif not side.expecting and closer == index + 2 and (unit := unit_at(walker.tokens, index + 1, closer)) is not None:
        side.units.append(unit)  # "22000000 (cm) = 220 (km)"
        side.labels += 1
    elif kinds.isdisjoint(_VALUES) and not is_worded_value(walker.tokens, index + 1, closer):
        if (side.pieces and (side.expecting or glued)) or _composes(walker, index, closer):
            side.stumble()  # "3(number of trucks)"
    elif (
        not (side.expecting or glued)
        and follows == Kind.WORD
        and not is_worded_value(walker.tokens, index + 1, closer)
        and not (is_term(walker.tokens, index + 1, closer) and walker.tokens[index + 1].text.islower())
    ):
        side.labels += 1  # "3 (Die 1) + 5 (Die 2)"
    elif not glued and _comments_result(walker, index, closer, end):
        side.labels += 1
    elif not side.expecting and side.labels:
        side.ambiguous = True  # "6 cookies (2 * 3)": a remark beside the label, most likely
    else:
        side.ambiguous |= not (side.expecting or glued or walker.tokens[index].math)
        nested(walker, index, closer)
    return closer + 1


def _names_equation(walker: Walker, index: int, closer: int, end: int) -> bool:
    """``(1) reads -1 + 7 = 6``: the number of an equation, and what it says."""
    numbered = closer == index + 2 and walker.tokens[index + 1].kind == Kind.NUMBER and not walker.side.pieces
    return numbered and closer + 1 < end and walker.tokens[closer + 1].text.lower() in _SAYS


_SAYS = frozenset({"reads", "gives", "becomes", "says", "yields", "implies", "states", "shows", "means", "now"})


def _composes(walker: Walker, index: int, closer: int) -> bool:
    """``(f∘g)(3)``: a function, of which the number behind it is the argument."""
    return any(token.text in OWN_OPERATORS for token in walker.tokens[index + 1 : closer])


def _comments_result(walker: Walker, index: int, closer: int, end: int) -> bool:
    """``= 170 (15% off)``, ``= 68 (10 lots)``: a percentage or a count behind a result, and nothing more."""
    if not (walker.chain.relations and walker.side.is_literal()) or walker.tokens[index].math:
        return False
    if closer + 1 < end and walker.tokens[closer + 1].kind not in (Kind.BREAK, Kind.WORD, Kind.CLOSE):
        return False
    first, *others = walker.tokens[index + 1 : closer]
    if first.kind != Kind.NUMBER or not others:
        return False
    if others[0].kind == Kind.PERCENT:
        return {token.kind for token in others[1:]} <= {Kind.WORD}
    return all(token.kind == Kind.WORD and len(token.text) > 2 and token.text.isalpha() for token in others)


def _bounds(walker: Walker, index: int, closer: int) -> bool:
    """Whether a bracket behind a name holds a comparison."""
    if walker.tokens[index - 1].kind not in (Kind.WORD, Kind.VARIABLE):
        return False
    return any(walker.tokens[place].text in _COMPARING for place in range(index + 1, closer))


def _remark(walker: Walker, start: int, end: int) -> None:
    """A calculation in brackets is read on its own; the sentence around it goes on."""
    side = walker.side
    if walker.depth >= MAX_DEPTH:
        side.stumble()
        return
    inner = walker.inside()
    inner.walk(start, end)
    walker.chains.extend(inner.chains)
    walker.doubtful |= inner.doubtful
    if side.expecting and side.pieces:
        side.stumble()


def nested(walker: Walker, index: int, closer: int, before: str = "") -> None:
    """Read ``( … )`` as one operand of the side at hand; commas part the arguments of a function ``before`` it."""
    side = walker.side
    if walker.depth >= MAX_DEPTH:
        side.stumble()
        return
    inner = walker.inside()
    position = index + 1
    while position < closer:
        reading = inner.side
        if before and walker.tokens[position].text == "," and not reading.expecting:
            reading.operator(",")
            position += 1
        else:
            position = inner.step(position, closer)
        if inner.side is not reading:
            side.stumble()  # the bracket holds more than one expression
            return
    content = inner.finished()
    side.unreadable |= not content.readable or content.label or bool(content.modulus)
    side.unknown |= content.unknown
    side.ambiguous |= content.ambiguous or (content.sums() and mixes_units(content.units))  # "(2 ft + 6 in) * 2"
    side.branches += content.branches
    side.transcendent |= content.transcendent
    side.words_used |= content.words_used
    side.glued |= content.glued
    side.units += content.units
    side.rates += content.rates
    side.operators += content.operators + (not side.expecting)
    text, lettered = f"{before}({content.text()})", f"{before}({content.text_with_letters()})"
    if content.unknown or content.counts_some():
        side.unknown, text = True, lettered
    if side.expecting:
        side.operand(text)
    else:
        side.adjoin(text)
    if text != lettered:
        side.lettered[len(side.pieces) - 1] = lettered, tuple(content.all_letters())
