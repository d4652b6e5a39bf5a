"""False ideas: another calculation in the place of the right one, each as people make it.

An injector proposes one change of a graph, before anything is computed anew, or None where it finds no place for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from train.graph import (
    GIVEN,
    Graph,
    Number,
    Piece,
    Sign,
    Source,
    Step,
    number_at,
    places,
    result_of,
    sign_at,
    with_piece,
)
from train.slips import misread_digit

if TYPE_CHECKING:
    import random
    from fractions import Fraction

_SWAPS = {"+": "-*", "-": "++/", "*": "/++", "/": "**-"}


class Change(NamedTuple):
    """What an injector proposes: the changed graph before anything is computed anew, and where."""

    graph: Graph
    line: int
    given: dict[Fraction, Fraction] = {}  # noqa: RUF012 never changed


Injector = Callable[[Graph, "random.Random"], Change | None]


def operator_swap(graph: Graph, random: random.Random) -> Change | None:
    """``20-5`` where ``20+5`` is meant."""
    line = random.choice(_calculating(graph))
    step = graph.steps[line]
    signs = [at for at in places(step, Sign) if sign_at(step, at) in _SWAPS]
    if not signs:
        return None
    at = random.choice(signs)
    sign = random.choice(_SWAPS[sign_at(step, at)])
    changed: Piece = Sign(sign, _style_of(graph, sign))
    return Change(_with_step(graph, line, with_piece(step, at, changed)), line)


def reversed_operands(graph: Graph, random: random.Random) -> Change | None:
    """``5/20`` where ``20/5`` is meant."""
    line = random.choice(_calculating(graph))
    step = graph.steps[line]
    numbers, signs = places(step, Number), places(step, Sign)
    if len(numbers) != 2 or len(signs) != 1 or sign_at(step, signs[0]) not in "-/":
        return None
    one, other = (number_at(step, at) for at in numbers)
    return Change(_with_step(graph, line, with_piece(with_piece(step, numbers[0], other), numbers[1], one)), line)


def wrong_operand(graph: Graph, random: random.Random) -> Change | None:
    """Another number of the problem or of an earlier line in the place of the right one."""
    line = random.choice(_calculating(graph))
    step = graph.steps[line]
    at = random.choice(places(step, Number))
    used = {number_at(step, place).value for place in places(step, Number)}
    others = [number for number in _known(graph, line) if number.value not in used and not number.percent]
    if not others or number_at(step, at).percent:
        return None
    return Change(_with_step(graph, line, with_piece(step, at, random.choice(others))), line)


def percent_base(graph: Graph, random: random.Random) -> Change | None:
    """A percentage, or a share, of the wrong whole."""
    for line in _calculating(graph):
        step = graph.steps[line]
        if "%" not in step.text and "percent" not in step.text and "/100" not in step.equation:
            continue
        numbers = [number_at(step, at) for at in places(step, Number)]
        shares = [one for one, other in pairwise(numbers) if other.value == 100]
        bases = [
            at
            for at in places(step, Number)
            if not (number := number_at(step, at)).percent
            and number.value > 1
            and number.value != 100
            and number not in shares
        ]
        if not bases:
            continue
        at = random.choice(bases)
        value = number_at(step, at).value
        others = [number for number in _known(graph, line) if number.value not in (value, 1, 100)]
        if others:
            return Change(_with_step(graph, line, with_piece(step, at, random.choice(others))), line)
    return None


def dropped_term(graph: Graph, random: random.Random) -> Change | None:
    """One of three or more terms, or of three or more factors, is forgotten."""
    line = random.choice(_calculating(graph))
    step = graph.steps[line]
    signs = places(step, Sign)
    kinds = {sign_at(step, at) for at in signs}
    if len(signs) < 2 or not (kinds <= {"+", "-"} or kinds <= {"*", "/"}):
        return None
    which = random.randrange(len(signs))
    return Change(_with_step(graph, line, _without(step, signs, which)), line)


def unit_forgotten(graph: Graph, random: random.Random) -> Change | None:
    """A factor that the problem does not state, such as the days of a week, is left out."""
    lines = _calculating(graph)
    random.shuffle(lines)
    for line in lines:
        step = graph.steps[line]
        signs = places(step, Sign)
        for which, at in enumerate(signs):
            behind = [place for place in places(step, Number) if place > at]
            constant = bool(behind) and number_at(step, behind[0]).source.kind == "constant"
            if constant and sign_at(step, at) in "*/" and all(sign_at(step, one) in "*/" for one in signs):
                if len(signs) > 1:
                    return Change(_with_step(graph, line, _without(step, signs, which)), line)
                return _skip(graph, line, random)
    return None


def dropped_step(graph: Graph, random: random.Random) -> Change | None:
    """A line is left out, and what it would have changed is used as it was."""
    lines = _calculating(graph)
    return _skip(graph, random.choice(lines), random) if len(lines) > 1 else None


def extra_step(graph: Graph, random: random.Random) -> Change | None:
    """A number that has nothing to do with a sum is added to it."""
    line = random.choice(_calculating(graph))
    step = graph.steps[line]
    signs = places(step, Sign)
    if not signs or not all(sign_at(step, at) in "+-" for at in signs):
        return None
    used = {number_at(step, place).value for place in places(step, Number)}
    others = [number for number in _known(graph, line) if number.value not in used and not number.percent]
    if not others:
        return None
    at = places(step, Number)[-1]
    sign = str(step.pieces[signs[-1]])
    space = " " if " " in "".join(map(str, step.calculation)) else ""
    more: tuple[Piece, ...] = (space, Sign(sign_at(step, signs[-1]), sign), space, random.choice(others))
    assert step.stop is not None
    assert step.result is not None
    pieces = (*step.pieces[: at + 1], *more, *step.pieces[at + 1 :])
    return Change(
        _with_step(graph, line, replace(step, pieces=pieces, stop=step.stop + 4, result=step.result + 4)), line
    )


def misread(graph: Graph, random: random.Random) -> Change | None:
    """A number of the problem is read as another one, wherever the solution uses it."""
    used: dict[Fraction, int] = {}
    lines: dict[Fraction, set[int]] = defaultdict(set)
    for line in range(len(graph.steps) - 1, -1, -1):
        for piece in graph.steps[line].pieces:
            if isinstance(piece, Number) and piece.source == GIVEN:
                used[piece.value] = line
                lines[piece.value].add(line)
    if not used:
        return None
    value = random.choice(sorted(used))
    others = [other for other in graph.given if other != value]
    wrong = random.choice(others) if others and random.random() < 0.5 else misread_digit(value, random)
    # The two are taken for each other; not where a line has both, which may be as right the other way round.
    if wrong in used and not lines[wrong] & lines[value] and random.random() < 0.5:
        return Change(graph, min(used[value], used[wrong]), {value: wrong, wrong: value})
    return None if wrong <= 0 else Change(graph, used[value], {value: wrong})


def order_of_operations(graph: Graph, _random: random.Random) -> Change | None:
    """``2*3+4`` where ``2*(3+4)`` is meant."""
    for line in _calculating(graph):
        step = graph.steps[line]
        brackets = [at for at in places(step, Sign) if sign_at(step, at) in "()"]
        if len(brackets) == 2:
            pieces = tuple("" if at in brackets else piece for at, piece in enumerate(step.pieces))
            return Change(_with_step(graph, line, replace(step, pieces=pieces)), line)
    return None


def wrong_answer(graph: Graph, random: random.Random) -> Change | None:
    """The result of another line is given as the answer."""
    others = [result_of(graph.steps[line]) for line in _calculating(graph)]
    others = [number for number in others if number.value != graph.answer.value]
    if not others:
        return None
    number = others[-1] if random.random() < 0.5 else random.choice(others)
    answer = graph.answer._replace(value=number.value, source=number.source)
    return Change(replace(graph, answer=answer), len(graph.steps))


CONCEPTUAL_INJECTORS: dict[str, Injector] = {
    "operator_swap": operator_swap,
    "wrong_operand": wrong_operand,
    "dropped_step": dropped_step,
    "misread": misread,
    "wrong_answer": wrong_answer,
    "dropped_term": dropped_term,
    "unit_forgotten": unit_forgotten,
    "percent_base": percent_base,
    "extra_step": extra_step,
    "reversed_operands": reversed_operands,
    "order_of_operations": order_of_operations,
}
WEIGHTS = dict(zip(CONCEPTUAL_INJECTORS, (5, 5, 5, 3, 3, 4, 3, 2, 2, 1, 1), strict=True))
"""How often each is tried first: people forget and swap more often than they turn a quotient round."""


def _skip(graph: Graph, line: int, random: random.Random) -> Change | None:
    """The graph without that line: one of its operands stands wherever its result did."""
    step = graph.steps[line]
    operands = [number_at(step, at) for at in places(step, Number)]
    operands = [number for number in operands if number.source.kind != "constant" and not number.percent]
    if graph.answer.source == Source("step", line):  # who stops early gives the last result that there is
        operands = [number for number in operands if number.source.kind == "step"][-1:]
    if not operands:
        return None
    stand_in = random.choice(operands)
    gone = Source("step", line)

    def moved(source: Source) -> Source:
        return Source("step", source.line - 1) if source.kind == "step" and source.line > line else source

    def swapped(piece: Piece) -> Piece:
        if not isinstance(piece, Number):
            return piece
        if piece.source == gone:
            piece = piece._replace(value=stand_in.value, source=stand_in.source)
        return piece._replace(source=moved(piece.source))

    rest = graph.steps[:line] + graph.steps[line + 1 :]
    if not any(step.calculates for step in rest):
        return None
    uses = [
        index
        for index, other in enumerate(rest)
        if any(isinstance(piece, Number) and piece.source == gone for piece in other.pieces)
    ]
    steps = tuple(replace(other, pieces=tuple(map(swapped, other.pieces))) for other in rest)
    answer = swapped(graph.answer)
    assert isinstance(answer, Number)
    return Change(replace(graph, steps=steps, answer=answer), min(uses, default=len(rest)))


def _known(graph: Graph, line: int) -> list[Number]:
    """Numbers that may stand in a line by mistake: those of the problem, and the results of the lines before."""
    given = [piece._replace(source=GIVEN) for piece in graph.problem if isinstance(piece, Number) and piece.value > 1]
    return given + [result_of(step) for step in graph.steps[:line] if step.calculates]


def _without(step: Step, signs: list[int], which: int) -> Step:
    """The calculation without one of its signs and the term behind it (before it, for the first one, now and then)."""
    assert step.stop is not None
    assert step.result is not None
    first = signs[which]
    last = signs[which + 1] if which + 1 < len(signs) else step.stop
    numbers = [at for at in places(step, Number) if first < at < last]
    end = min(numbers[-1] + 1, last) if numbers else last
    begin = first
    while begin > 0 and isinstance(step.pieces[begin - 1], str) and not str(step.pieces[begin - 1]).strip():
        begin -= 1
    fewer = end - begin
    pieces = step.pieces[:begin] + step.pieces[end:]
    return replace(step, pieces=pieces, stop=step.stop - fewer, result=step.result - fewer)


def _style_of(graph: Graph, sign: str) -> str:
    """How this solution writes the sign."""
    for step in graph.steps:
        for piece in step.pieces:
            if isinstance(piece, Sign) and piece.sign == sign:
                return piece.text
    return sign


def _with_step(graph: Graph, line: int, step: Step) -> Graph:
    return replace(graph, steps=(*graph.steps[:line], step, *graph.steps[line + 1 :]))


def _calculating(graph: Graph) -> list[int]:
    return [index for index, step in enumerate(graph.steps) if step.calculates]
