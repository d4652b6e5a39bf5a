"""The engines of a pair as a run asks them: one thread at a time, and the watch runs while one answers."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.engines import Pair
    from grader.run.profile import Watch
    from grader.types import Classification, Solution


class OneAtATime:
    """Both protocols of ``grader.engines``, of which the engine behind it has one."""

    def __init__(self, engine: Any, stage: str, watch: Watch) -> None:
        self._engine = engine
        self._stage = stage
        self._watch = watch
        self._turn = Lock()

    def extract(self, lines: Sequence[str], drafts: Sequence[Sequence[str] | None]) -> list[list[str]]:
        """What the extractor says."""
        found: list[list[str]] = self._ask(self._engine.extract, lines, drafts)
        return found

    def classify(self, solutions: Sequence[Solution]) -> list[Classification]:
        """What the classifier says."""
        found: list[Classification] = self._ask(self._engine.classify, solutions)
        return found

    def identity(self) -> dict[str, Any]:
        """That of the engine."""
        found: dict[str, Any] = self._engine.identity()
        return found

    def _ask(self, act: Callable[..., Any], *arguments: Any) -> Any:
        with self._turn, self._watch(self._stage):
            return act(*arguments)


def one_at_a_time(pair: Pair, watch: Watch) -> Pair:
    """The pair with such engines."""
    return replace(
        pair,
        extractor=pair.extractor and OneAtATime(pair.extractor, "extractor", watch),
        classifier=pair.classifier and OneAtATime(pair.classifier, "classifier", watch),
    )
