"""Training examples of our own making from annotated solutions: lines to read, and pairs of solutions to judge.

A correct and a corrupted version of the same problem always come together, with the same numbers in the problem and the
same way of stating the answer, so that neither half can be told by anything but its error.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from train.annotate import annotated
from train.data import AnnotatedSolution, ClassifierExample, ExtractorExample
from train.inject import Flawed, inject_computational, inject_conceptual
from train.redraw import redrawn
from train.restyle import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from train.graph import Graph

REDRAWN = 0.85
"""Share of the pairs whose numbers are drawn anew, where the problem allows it."""
SLIPS = 0.15
"""Share of the flawed halves of pairs whose error is a wrong result, which the exact check finds by itself."""
_FINALS = ("#### {}", "#### {}", "#### {}", "FINAL ANSWER: {}", "FINAL ANSWER: {}", "A: {}", "The answer is {}.", "")


def graphs_of(rows: Iterable[AnnotatedSolution]) -> list[Graph]:
    """The graphs of the solutions that can be understood whole; the others make no pair."""
    graphs = (annotated(row.problem_id, row.problem, row.solution) for row in rows)
    return [graph for graph in graphs if graph is not None]


def draw_pair(graph: Graph, seed: int, slips: float = SLIPS) -> tuple[ClassifierExample, ClassifierExample] | None:
    """A correct solution and one with an error; None where no error can be placed. The same for the same seed."""
    drawn = random.Random(f"{seed}:{graph.problem_id}")
    graph = _perhaps_redrawn(graph, drawn)
    inject = inject_computational if drawn.random() < slips else inject_conceptual
    flawed = inject(graph, drawn)
    if flawed is None:
        return None
    final = drawn.choice(_FINALS)
    if _errs_at_the_end(flawed):
        final = final or _FINALS[0]
    return _example(graph, None, final, seed), _example(flawed.graph, flawed, final, seed)


def draw_turns(graph: Graph, seed: int, count: int) -> tuple[ClassifierExample, list[ClassifierExample]]:
    """A correct solution, and at most ``count`` ways to go wrong in it by a false idea, no two alike."""
    drawn = random.Random(f"turns:{seed}:{graph.problem_id}")
    graph = _perhaps_redrawn(graph, drawn)
    final = drawn.choice(_FINALS)
    found = (inject_conceptual(graph, drawn) for _ in range(count))
    flawed = [one for one in found if one is not None and (final or not _errs_at_the_end(one))]
    wrong = {example.lines: example for one in flawed for example in [_example(one.graph, one, final, seed)]}
    return _example(graph, None, final, seed), list(wrong.values())


def _perhaps_redrawn(graph: Graph, drawn: random.Random) -> Graph:
    return (redrawn(graph, drawn) or graph) if drawn.random() < REDRAWN else graph


def _errs_at_the_end(flawed: Flawed) -> bool:
    """Whether the error is one of the final line, which must then be there."""
    return flawed.first_error_line > len(flawed.graph.steps)


def classifier_examples(
    rows: Sequence[AnnotatedSolution], seed: int, rounds: int = 1, slips: float = SLIPS
) -> list[ClassifierExample]:
    """``rounds`` pairs of every solution that can be understood, each correct one followed by its corrupted one."""
    pairs = (draw_pair(graph, seed + number, slips) for graph in graphs_of(rows) for number in range(rounds))
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


def _example(graph: Graph, flawed: Flawed | None, final: str, seed: int) -> ClassifierExample:
    lines = [step.text.strip() for step in graph.steps]
    if final:
        lines.append(final.format(graph.answer))
    return ClassifierExample(
        problem=graph.question,
        lines=tuple(lines),
        flawed=flawed is not None,
        first_error_line=flawed.first_error_line if flawed else None,
        error_type=flawed.error_type if flawed else "correct",
        seed=seed,
        problem_id=graph.problem_id,
    )
