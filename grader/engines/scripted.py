"""Engines that answer from a script, for tests of everything that stands on this side of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.types import Classification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.types import Solution


class ScriptedExtractor:
    """Answers each line from a mapping, with no equation for a line that is not in it; keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Sequence[str]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Sequence[str] | None]] = []

    def extract(self, lines: Sequence[str], drafts: Sequence[Sequence[str] | None]) -> list[list[str]]:
        """The scripted equations of each line."""
        self.asked.extend(zip(lines, drafts, strict=True))
        return [list(self._answers.get(line, ())) for line in lines]

    def identity(self) -> dict[str, Any]:
        """Says that this is a script."""
        return {"base": "scripted"}


class ScriptedClassifier:
    """Answers each solution text from a mapping, with a default for a text that is not in it."""

    def __init__(self, answers: Mapping[str, Classification], default: float = 0.0) -> None:
        self._answers = answers
        self._default = default

    def classify(self, solutions: Sequence[Solution]) -> list[Classification]:
        """The scripted probabilities of each solution."""
        return [self._answers.get(str(solution.solution), Classification(self._default, ())) for solution in solutions]

    def identity(self) -> dict[str, Any]:
        """Says that this is a script."""
        return {"base": "scripted"}
