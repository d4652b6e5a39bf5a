"""A row that cannot be graded costs no other: it is reported as failed, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from grader.errors import EnvironmentStop, GraderError
from grader.pipeline import ask
from grader.types import GradedSolution, RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.engines import Pair
    from grader.pipeline import Answer, Question
    from grader.types import Solution

MESSAGE_CHARACTERS = 200


class Asker(Protocol):
    """Puts the questions about some rows to the models, as ``ask_all`` does."""

    def __call__(
        self, pair: Pair, solutions: Sequence[Solution], questions: Sequence[Question | None], /
    ) -> list[Answer | str | None]:
        """Give an answer for each row that has a question, or the reason why there is none."""


class RowGrader(Protocol):
    """What is wanted of ``grader.pipeline.Grader``."""

    @property
    def pair(self) -> Any:
        """The models behind the answers."""

    def grade(self, solutions: list[Solution]) -> list[GradedSolution]:
        """Grade rows: as many answers, in the same order."""


def reason(error: Exception) -> str:
    """Say in one line what an error was."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:MESSAGE_CHARACTERS]


def failed_row(why: str) -> GradedSolution:
    """Make the answer to a row that could not be graded."""
    return GradedSolution(RowStatus.FAILED, message=f"could not be graded: {why}")


def carefully(act: Callable[..., Any], *arguments: Any) -> Any:
    """Do one row's work; any error but those raised on purpose makes it a failed row."""
    try:
        return act(*arguments)
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 one bad row of a hundred million must not end the night
        return failed_row(reason(error))


def grade_all(grader: RowGrader, solutions: list[Solution]) -> list[GradedSolution]:
    """Grade rows; where the grader raises, row by row."""
    try:
        return _grade(grader, solutions)
    except GraderError:
        raise
    except Exception:  # noqa: BLE001 see carefully
        return [carefully(lambda row: _grade(grader, [row])[0], solution) for solution in solutions]


def _grade(grader: RowGrader, solutions: list[Solution]) -> list[GradedSolution]:
    graded = grader.grade(solutions)
    if len(graded) != len(solutions):
        raise RuntimeError(f"{len(graded)} answers to {len(solutions)} rows")
    return graded


def ask_all(
    pair: Pair, solutions: Sequence[Solution], questions: Sequence[Question | None]
) -> list[Answer | str | None]:
    """Ask the models about some rows; where they raise, row by row: the reason stands in the place of an answer.

    Raises EnvironmentStop where they answer none of several rows: then it is not the rows that are at fault.
    """
    try:
        return list(ask(pair, solutions, questions))
    except GraderError:
        raise
    except Exception as error:
        answers = [_ask_one(pair, *row) for row in zip(solutions, questions, strict=True)]
        asked = [answer for answer in answers if answer is not None]
        if len(asked) > 1 and all(isinstance(answer, str) for answer in asked):
            raise EnvironmentStop(f"the models do not answer ({reason(error)}); run the same command again") from error
        return answers


def _ask_one(pair: Pair, solution: Solution, question: Question | None) -> Answer | str | None:
    try:
        return ask(pair, [solution], [question])[0]
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 see carefully
        return reason(error)
