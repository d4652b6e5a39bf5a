"""``Grader.grade``: a list of solutions to a list of graded solutions, in the same order.

Three stages, which a run spreads over processes: ``draft_of`` (lines, and the rules' readings), ``ask`` (the models),
``Grader.finish`` (check and decide). What travels between them is plain: texts, and floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, Self

from grader.carried import carried_on
from grader.checking.algebra import judge_unknowns
from grader.checking.check import Checker
from grader.checking.meanings import Words
from grader.checking.units import mismatched
from grader.doubts import RETRACTED
from grader.flow import flow_flags
from grader.kept import Kept
from grader.limits import MAX_LINE_CHARACTERS, MAX_LINE_EQUATIONS, MAX_LINES
from grader.lines import final_answer, split_lines
from grader.programs.blocks import has_programs
from grader.programs.outputs import OUTPUT_MISMATCH, judge_outputs
from grader.reading.rules import NOTHING, read_line
from grader.reading.settling import doubted, settle
from grader.reading.unit_letters import LETTERS, UnitLetters
from grader.second_look import SecondLook
from grader.types import (
    Certainty,
    CheckStatus,
    GradedLine,
    GradedSolution,
    RowStatus,
    Solution,
)
from grader.verdict import MODELS_DISAGREE, REFERENCE_MISMATCH, TRUNCATED, UNIT_MISMATCH, decide, differs_from_reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.engines import Pair
    from grader.lines import Line
    from grader.reading.rules import Reading
    from grader.types import Classification, Equation, EquationCheck

SKIPPED = GradedSolution(RowStatus.SKIPPED, message="the solution is empty")


class Draft(NamedTuple):
    """A solution on its way: its lines and what the rules, then the model, read in them."""

    lines: list[Line]
    readings: list[Reading]
    flags: list[str]


class Question(NamedTuple):
    """What the models are asked about one row: the lines for the extractor, and the rules' readings of each."""

    lines: list[str]
    drafts: list[list[str]]


class Answer(NamedTuple):
    """What the models said of one row: the equations of each line of its ``Question``, and the classification."""

    equations: list[list[str]]
    classification: Classification | None


class Grader:
    """Grades solutions with one pair. Owns worker processes: use it as a context manager, or ``close`` it."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._checker = Checker()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes."""
        self._checker.close()

    def grade(self, solutions: Iterable[Solution]) -> list[GradedSolution]:
        """Grade a batch: a result for each solution, in their order.

        None depends on the others, but for the last digits of P(flawed), which a model adds up in another order in
        another batch. A problem or a step that is None counts as empty, as in a file. Raises TypeError for a row with
        anything but text, with its place in the batch, counted from 1.
        """
        solutions = [_as_texts(number, solution) for number, solution in enumerate(solutions, start=1)]
        drafts = [draft_of(solution) for solution in solutions]
        answers = ask(self.pair, solutions, [question_of(draft, self.pair.reads_by) for draft in drafts])
        return [self.finish(*row) for row in zip(solutions, drafts, answers, strict=True)]

    def finish(self, solution: Solution, draft: Draft | None, answer: Answer | None) -> GradedSolution:
        """Check what was read in a solution, and decide: the stage after the models, ``answer`` is None without any."""
        if draft is None:
            return SKIPPED
        if answer is not None and answer.equations:
            draft = self._settled(draft, answer.equations)
        classification = None if answer is None else answer.classification
        probabilities = classification.by_line if classification is not None else ()
        assert solution.solution is not None
        final = final_answer(solution.solution)
        found = self._check(draft, solution.problem, final)
        lines = [
            GradedLine(
                line.number, line.text, probabilities[index] if index < len(probabilities) else None, tuple(checks)
            )
            for index, (line, checks) in enumerate(zip(draft.lines, found, strict=True))
        ]
        programs = has_programs(solution.solution) and _add_outputs(lines, solution.solution)
        flags, noted = flow_flags(solution.problem, lines, final)
        if programs:
            flags.append(OUTPUT_MISMATCH)
        if solution.reference is not None and _misses_reference(final, solution.reference):
            flags.append(REFERENCE_MISMATCH)
        silent = self.pair.plain_text and any("\\" in line.text for line in draft.lines)
        graded = decide(lines, classification, self.pair.threshold, [*draft.flags, *flags], silent=silent)
        return graded._replace(lines=tuple(noted))

    def _settled(self, draft: Draft, equations: Sequence[Sequence[str]]) -> Draft:
        """Settle the rules' and the model's readings of the lines that the model was asked about."""
        readings, flags = list(draft.readings), list(draft.flags)
        for index, answer in zip(_wanted(draft, self.pair.mode), equations, strict=True):
            text = draft.lines[index].readable
            readings[index], disagree = settle(readings[index], answer, text, replace=self.pair.mode == "model")
            if disagree and MODELS_DISAGREE not in flags:
                flags.append(MODELS_DISAGREE)
        return Draft(draft.lines, readings, flags)

    def _check(self, draft: Draft, problem: str, final: str | None) -> list[list[EquationCheck]]:
        """Judge the equations of each line by themselves, then those with unknowns by the rest of the solution."""
        equations = [
            [doubted(equation, line.doubt) if line.doubt is not None else equation for equation in reading.equations]
            for line, reading in zip(draft.lines, draft.readings, strict=True)
        ]
        if any(equation.text[-1] in LETTERS for found in equations for equation in found):
            units = UnitLetters(problem, [line.readable for line in draft.lines])
            equations = [
                [units.settle(equation, line.readable) for equation in found]
                for line, found in zip(draft.lines, equations, strict=True)
            ]
        flat = list(chain.from_iterable(equations))
        checks = self._checker.check_all(flat)
        if any(line.doubt == RETRACTED for line in draft.lines):
            places = [place for place, found in enumerate(equations) for _ in found]
            for index in Kept(draft.lines, places, checks, problem, final).results():
                flat[index] = flat[index]._replace(doubt=None)
                checks[index] = self._checker.check_by_tree(flat[index])
        if _any(CheckStatus.SYMBOLIC, checks):
            checks = judge_unknowns(checks, flat, lambda: _words(draft.lines, problem, equations))
        if _any(CheckStatus.FAILS, checks):
            # Not ``check``, which would give sympy all of a solution's questions anew for each equation.
            checks = carried_on(flat, checks, self._checker.check_by_tree)
        remaining = iter(checks)
        by_line = [list(islice(remaining, len(found))) for found in equations]
        if _any(CheckStatus.FAILS, checks):
            by_line = SecondLook(draft.lines, by_line, problem).checks()
        return by_line


def _add_outputs(lines: list[GradedLine], solution: str | tuple[str, ...]) -> bool:
    """Add to its lines what its programs print; whether they print something else anywhere."""
    mismatch = False
    for number, check in judge_outputs(solution):
        line = lines[number - 1]
        lines[number - 1] = line._replace(equations=(*line.equations, check))
        mismatch |= check.status is CheckStatus.UNPARSABLE
    return mismatch


def _any(status: CheckStatus, checks: Sequence[EquationCheck]) -> bool:
    return status in [check.status for check in checks]


def _as_texts(number: int, row: Solution) -> Solution:
    """The row with empty texts for what is None. Raises TypeError where a field holds no text, which it names."""
    problem, steps = row.problem or "", row.solution
    if isinstance(problem, str) and isinstance(steps, str) and row.reference is None:
        return row if row.problem else row._replace(problem=problem)
    if not isinstance(steps, str) and steps is not None:
        if not isinstance(steps, Sequence):
            raise TypeError(f"solution {number}: solution is {type(steps).__name__}, not a text or a tuple of texts")
        steps = tuple(step or "" for step in steps)
    fields = {"problem": [problem], "solution": steps if isinstance(steps, tuple) else [], "reference": [row.reference]}
    for name, texts in fields.items():
        for text in texts:
            if not (isinstance(text, str) or (text is None and name == "reference")):
                raise TypeError(f"solution {number}: {name} holds {type(text).__name__}, not text")
    return row._replace(problem=problem, solution=steps)


def draft_of(solution: Solution) -> Draft | None:
    """Split a solution into lines and read them by the rules: the stage before the models. None where it is empty."""
    if solution.solution is None:
        return None
    lines = split_lines(solution.solution)
    if not lines:
        return None
    readings = [read_line(line.readable) if line.readable else NOTHING for line in lines[:MAX_LINES]]
    readings += [NOTHING] * (len(lines) - len(readings))
    cut = (
        len(lines) > MAX_LINES
        or any(len(line.readable) > MAX_LINE_CHARACTERS for line in lines)
        or any(len(reading.equations) == MAX_LINE_EQUATIONS for reading in readings)
    )
    flags = [TRUNCATED] if cut else []
    equations = (equation for reading in readings for equation in reading.equations)
    if any(mismatched(one.text, one.left_units, one.right_units) for one in equations):
        flags.append(UNIT_MISMATCH)
    return Draft(lines, readings, flags)


def question_of(draft: Draft | None, mode: str) -> Question | None:
    """Tell what to ask the models about a row: nothing where it is empty, no line where ``mode`` is ``rules``."""
    if draft is None:
        return None
    wanted = _wanted(draft, mode)
    return Question(
        [draft.lines[index].readable for index in wanted],
        [[equation.text for equation in draft.readings[index].equations] for index in wanted],
    )


def ask(pair: Pair, solutions: Sequence[Solution], questions: Sequence[Question | None]) -> list[Answer | None]:
    """Put the questions about some rows to the models, one call each; None for a row without a question."""
    rows = [(solution, found) for solution, found in zip(solutions, questions, strict=True) if found is not None]
    equations: list[list[str]] = []
    if pair.extractor is not None:
        lines = list(chain.from_iterable(found.lines for _, found in rows))
        drafts = [draft or None for _, found in rows for draft in found.drafts]
        equations = pair.extractor.extract(lines, drafts)
        if len(equations) != len(lines):
            raise RuntimeError(f"the extractor gave {len(equations)} answers to {len(lines)} lines")
    judged = _judge(pair, [solution for solution, _ in rows])
    read = iter(equations)
    answers = iter(
        [Answer(list(islice(read, len(found.lines))), one) for (_, found), one in zip(rows, judged, strict=True)]
    )
    return [None if found is None else next(answers) for found in questions]


def _judge(pair: Pair, solutions: Sequence[Solution]) -> list[Classification | None]:
    """Ask the classifier; None where there is none, and where there is no problem to hold the reasoning against."""
    told = [index for index, one in enumerate(solutions) if one.problem.strip()] if pair.classifier is not None else []
    judged: list[Classification | None] = [None] * len(solutions)
    if pair.classifier is not None and told:
        answers = pair.classifier.classify([solutions[index] for index in told])
        for index, answer in zip(told, answers, strict=True):
            judged[index] = answer
    return judged


def _wanted(draft: Draft, mode: str) -> list[int]:
    """Choose the lines that want the model: all that can be read, or in ``auto`` those the rules are not sure of."""
    if mode == "rules":
        return []
    return [
        index
        for index, (line, reading) in enumerate(zip(draft.lines, draft.readings, strict=True))
        if line.readable and (mode == "model" or reading.certainty == Certainty.UNSURE)
    ]


def _misses_reference(answer: str | None, reference: str) -> bool:
    return differs_from_reference(answer, final_answer(reference) or reference)


def _words(lines: Sequence[Line], problem: str, equations: Sequence[Sequence[Equation]]) -> Words:
    texts = [line.readable for line in lines]
    return Words("\n".join(texts), problem, texts, [[one.text for one in found] for found in equations])
