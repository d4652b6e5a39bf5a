"""``Grader.grade``: a list of solutions to a list of graded solutions, in the same order."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, Self

from grader.checking.algebra import judge_unknowns
from grader.checking.check import Checker
from grader.checking.units import mismatched
from grader.flow import flow_flags
from grader.limits import MAX_LINE_CHARACTERS, MAX_LINE_EQUATIONS, MAX_LINES
from grader.lines import final_answer, split_lines
from grader.reading.grounding import UNGROUNDED, ungrounded_numbers
from grader.reading.rules import NOTHING, Reading, read_line
from grader.second_look import SecondLook
from grader.types import (
    Certainty,
    CheckStatus,
    Equation,
    GradedLine,
    GradedSolution,
    RowStatus,
    Solution,
    Source,
)
from grader.verdict import MODELS_DISAGREE, REFERENCE_MISMATCH, TRUNCATED, UNIT_MISMATCH, decide, differs_from_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.engines import Pair
    from grader.lines import Line
    from grader.types import Classification, EquationCheck

SKIPPED = GradedSolution(RowStatus.SKIPPED, message="the solution is empty")
_SPACES = re.compile(r"(?<!\d) +| +(?!\d)")  # the one of "2 1/2" stays
DISAGREE = "the rules and the model read the line differently"


class _Draft(NamedTuple):
    """A solution on its way: its lines and what the rules, then the model, read in them."""

    lines: list[Line]
    readings: list[Reading]
    flags: list[str]


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

    def grade(self, solutions: Sequence[Solution]) -> list[GradedSolution]:
        """Grade a batch: a result for each solution, in their order, none of which depends on the others."""
        drafts = [_draft(solution) for solution in solutions]
        if self.pair.extractor is not None:
            self._ask_extractor([draft for draft in drafts if draft is not None])
        classifications = self._classify(solutions, drafts)
        return [
            SKIPPED if draft is None else self._finish(solution, draft, classification)
            for solution, draft, classification in zip(solutions, drafts, classifications, strict=True)
        ]

    def _classify(self, solutions: Sequence[Solution], drafts: Sequence[_Draft | None]) -> list[Classification | None]:
        if self.pair.classifier is None:
            return [None] * len(solutions)
        asked = [solution for solution, draft in zip(solutions, drafts, strict=True) if draft is not None]
        answers = iter(self.pair.classifier.classify(asked))
        return [None if draft is None else next(answers) for draft in drafts]

    def _ask_extractor(self, drafts: Sequence[_Draft]) -> None:
        """Put the lines that want the model to it, in one call, and settle the two readings of each."""
        assert self.pair.extractor is not None
        wanted = [
            (draft, index)
            for draft in drafts
            for index, reading in enumerate(draft.readings)
            if draft.lines[index].readable and (self.pair.mode == "model" or reading.certainty == Certainty.UNSURE)
        ]
        texts = [draft.lines[index].readable for draft, index in wanted]
        rules = [[equation.text for equation in draft.readings[index].equations] for draft, index in wanted]
        answers = self.pair.extractor.extract(texts, [reading or None for reading in rules])
        for (draft, index), text, answer in zip(wanted, texts, answers, strict=True):
            reading, disagree = settle(draft.readings[index], answer, text, replace=self.pair.mode == "model")
            draft.readings[index] = reading
            if disagree and MODELS_DISAGREE not in draft.flags:
                draft.flags.append(MODELS_DISAGREE)

    def _finish(self, solution: Solution, draft: _Draft, classification: Classification | None) -> GradedSolution:
        probabilities = classification.by_line if classification is not None else ()
        lines = [
            GradedLine(
                line.number, line.text, probabilities[index] if index < len(probabilities) else None, tuple(checks)
            )
            for index, (line, checks) in enumerate(zip(draft.lines, self._check(draft, solution.problem), strict=True))
        ]
        assert solution.solution is not None
        answer = final_answer(solution.solution)
        flags, noted = flow_flags(solution.problem, lines, answer)
        if solution.reference is not None and _misses_reference(answer, solution.reference):
            flags.append(REFERENCE_MISMATCH)
        graded = decide(lines, classification, self.pair.threshold, [*draft.flags, *flags])
        return graded._replace(lines=tuple(noted))

    def _check(self, draft: _Draft, problem: str) -> list[list[EquationCheck]]:
        """Judge the equations of each line by themselves, then those with unknowns by the rest of the solution."""
        equations = [
            [_doubted(equation, line.doubt) if line.doubt is not None else equation for equation in reading.equations]
            for line, reading in zip(draft.lines, draft.readings, strict=True)
        ]
        flat = list(chain.from_iterable(equations))
        checks = self._checker.check_all(flat)
        if any(check.status is CheckStatus.SYMBOLIC for check in checks):
            checks = judge_unknowns(checks, flat, lambda: _text(draft.lines))
        remaining = iter(checks)
        by_line = [list(islice(remaining, len(found))) for found in equations]
        if any(check.status is CheckStatus.FAILS for check in checks):
            by_line = SecondLook(draft.lines, by_line, problem).checks()
        return by_line


def _draft(solution: Solution) -> _Draft | None:
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
    return _Draft(lines, readings, flags)


def _misses_reference(answer: str | None, reference: str) -> bool:
    return differs_from_reference(answer, final_answer(reference) or reference)


def settle(rules: Reading, model: Sequence[str], line: str, *, replace: bool) -> tuple[Reading, bool]:
    """One reading from two, and whether they disagree.

    With ``replace`` the model's stands alone. Otherwise the rules' equations that the model reads too stay as they are;
    one that only one of them reads is kept but cannot fail a row. A model's equation whose numbers the line does not
    hold never can.
    """
    read = [
        Equation(text, Source.MODEL, doubt=UNGROUNDED if ungrounded_numbers(text, line) else None)
        for text in dict.fromkeys(_SPACES.sub("", text) for text in model)
        if text
    ]
    if replace:
        return Reading(tuple(read), rules.certainty), False
    by_model = {equation.text for equation in read}
    by_rules = {equation.text for equation in rules.equations}
    disagree = bool(rules.equations) and bool(read) and by_rules != by_model
    kept = [equation if equation.text in by_model or not read else _doubted(equation) for equation in rules.equations]
    kept += [_doubted(equation) if disagree else equation for equation in read if equation.text not in by_rules]
    return Reading(tuple(kept), rules.certainty), disagree


def _doubted(equation: Equation, doubt: str = DISAGREE) -> Equation:
    return equation if equation.doubt is not None else equation._replace(doubt=doubt)


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.readable for line in lines)
