"""Training examples of our own making from annotated solutions: lines to read, and pairs of solutions to judge.

A correct and a corrupted version of the same problem always come together, with the same numbers in the problem and the
same way of stating the answer, so that neither half can be told by anything but its error.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, NamedTuple

from train.annotate import annotated
from train.data import AnnotatedSolution, ClassifierExample, ExtractorExample
from train.graph import result_of
from train.inject import Flawed, inject_computational, inject_conceptual
from train.redraw import redrawn
from train.restyle import Lines
from train.reword import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from train.graph import Graph, Step

REDRAWN = 0.85
"""Share of the pairs whose numbers are drawn anew, where the problem allows it."""
SLIPS = 0.15
"""Share of the flawed halves of pairs whose error is a wrong result, which the exact check finds by itself."""
REWORDED = 0.8
"""Share of the pairs that speak of other people and other things, where the corpus knows any."""
PARTS = 0.35
"""Share of the pairs drawn anew in which amounts and measures may have decimals."""
_FINALS = (
    *("#### {}", "FINAL ANSWER: {}", "FINAL ANSWER: {}") * 4,
    *("A: {}", "Answer: {}", "The answer is {}.", "The final answer is {}.", "So the answer is {}.") * 2,
    *("Therefore, {}.", "Therefore, {}."),
    *("**Answer: {}**", "\\boxed{{{}}}", "The answer is $\\boxed{{{}}}$.", "Final answer: **{}**", "= {}"),
    *[""] * 3,
)
BARE = 0.2
"""Share of the pairs whose lines hold calculations without words: only the problem can say what is wrong with them."""
_LINES = (*["{}"] * 14, "- {}", "{number}. {}", "{number}) {}", "Step {number}: {}", "**Step {number}:** {}")
_UNIT = re.compile(r"(%| ?[a-z]{2,})(?![a-z])")
_NO_UNITS = frozenset(
    """
    more less fewer left in for on of to at from per each and total altogether because after are is was were have has so
    than or as by if he she they it the that which who when before until since while with without now
    """.split()  # noqa: SIM905
)


def graphs_of(rows: Iterable[AnnotatedSolution]) -> list[Graph]:
    """The graphs of the solutions that can be understood whole; the others make no pair."""
    graphs = (annotated(row.problem_id, row.problem, row.solution) for row in rows)
    return [graph for graph in graphs if graph is not None]


def draw_pair(
    graph: Graph, seed: int, slips: float = SLIPS, words: Words | None = None
) -> tuple[ClassifierExample, ClassifierExample] | None:
    """A correct solution and one with an error; None where no error can be placed. The same for the same seed."""
    drawn = random.Random(f"{seed}:{graph.problem_id}")
    graph = _perhaps_redrawn(graph, drawn, words)
    inject = inject_computational if drawn.random() < slips else inject_conceptual
    flawed = inject(graph, drawn)
    if flawed is None:
        return None
    manner = _manner(graph, drawn)
    if _errs_at_the_end(flawed):
        manner = manner._replace(final=manner.final or _FINALS[0])
    return _example(graph, None, manner, seed), _example(flawed.graph, flawed, manner, seed)


def draw_turns(
    graph: Graph, seed: int, count: int, words: Words | None = None
) -> tuple[ClassifierExample, list[ClassifierExample]]:
    """A correct solution, and at most ``count`` ways to go wrong in it by a false idea, no two alike."""
    drawn = random.Random(f"turns:{seed}:{graph.problem_id}")
    graph = _perhaps_redrawn(graph, drawn, words)
    manner = _manner(graph, drawn)
    found = (inject_conceptual(graph, drawn) for _ in range(count))
    flawed = [one for one in found if one is not None and (manner.final or not _errs_at_the_end(one))]
    wrong = {example.lines: example for one in flawed for example in [_example(one.graph, one, manner, seed)]}
    return _example(graph, None, manner, seed), list(wrong.values())


def _perhaps_redrawn(graph: Graph, drawn: random.Random, words: Words | None) -> Graph:
    if drawn.random() < REDRAWN:
        graph = redrawn(graph, drawn, parts=drawn.random() < PARTS) or graph
    if words is not None and drawn.random() < REWORDED:
        graph = words.reworded(graph, drawn)
    return graph


class _Manner(NamedTuple):
    """How both halves of a pair are written: templates of a line and of the final one; with words or without."""

    line: str
    final: str
    bare: bool


def _manner(graph: Graph, drawn: random.Random) -> _Manner:
    """A way to write the solution; the answer stands there bare, or with the currency or unit of its line."""
    final = drawn.choice(_FINALS)
    if graph.answer.source.kind == "step" and drawn.random() < 0.5:
        step = graph.steps[graph.answer.source.line]
        assert step.result is not None
        parts = step.pieces[: step.result], step.pieces[step.result + 1 :]
        before, behind = ("".join(map(str, part)) for part in parts)
        unit = _UNIT.match(behind)
        if before.endswith("$"):
            final = final.replace("{}", "${}")
        elif unit is not None and unit[1].strip() not in _NO_UNITS:
            final = final.replace("{}", f"{{}}{unit[1]}")
    return _Manner(drawn.choice(_LINES), final, drawn.random() < BARE)


def _errs_at_the_end(flawed: Flawed) -> bool:
    """Whether the error is one of the final line, which must then be there."""
    return flawed.first_error_line > len(flawed.graph.steps)


def classifier_examples(
    rows: Sequence[AnnotatedSolution], seed: int, rounds: int = 1, slips: float = SLIPS
) -> list[ClassifierExample]:
    """``rounds`` pairs of every solution that can be understood, each correct one followed by its corrupted one."""
    graphs = graphs_of(rows)
    words = Words(graph.question for graph in graphs)
    pairs = (draw_pair(graph, seed + number, slips, words) for graph in graphs for number in range(rounds))
    return [example for pair in pairs if pair is not None for example in pair]


def extractor_examples(rows: Sequence[AnnotatedSolution], seed: int, rounds: int = 1) -> list[ExtractorExample]:
    """The lines of the solutions as they are, and ``rounds`` times as many with numbers and notation drawn anew."""
    drawn = random.Random(seed)
    examples = []
    for row in rows:
        lines = Lines([row.solution])
        found = lines.as_written()
        if lines.steps:
            found += [lines.draw(drawn) for _ in range(rounds * len(found))]
        examples += [ExtractorExample(line, equations, row.problem_id) for line, equations in found]
    return examples


def _example(graph: Graph, flawed: Flawed | None, manner: _Manner, seed: int) -> ClassifierExample:
    texts = (_calculation(step) if manner.bare and step.calculates else step.text.strip() for step in graph.steps)
    lines = [manner.line.format(text, number=number) for number, text in enumerate(texts, start=1)]
    if manner.final:
        lines.append(manner.final.format(graph.answer))
    return ClassifierExample(
        problem=graph.question,
        lines=tuple(lines),
        flawed=flawed is not None,
        first_error_line=flawed.first_error_line if flawed else None,
        error_type=flawed.error_type if flawed else "correct",
        seed=seed,
        problem_id=graph.problem_id,
    )


def _calculation(step: Step) -> str:
    """The line's calculation without a word."""
    shown = " ".join(str(piece) for piece in step.calculation if not isinstance(piece, str))
    return f"{shown} = {result_of(step)}".replace("( ", "(").replace(" )", ")")
