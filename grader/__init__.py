"""Grades solutions of math problems: reads every equation, proves or refutes it exactly, judges the reasoning.

The names of ``__all__`` are the Python API, described in docs/api.md. They are imported when they are first used: the
commands' help must not wait for Arrow, sympy or torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from grader.version import __version__

if TYPE_CHECKING:
    from grader.dataset import grade_dataset
    from grader.engines import Pair, load_pair
    from grader.pipeline import Grader
    from grader.types import GradedSolution, Solution


__all__ = ["GradedSolution", "Grader", "Pair", "Solution", "__version__", "grade_dataset", "load_pair"]

_ROOMS = {
    "GradedSolution": "grader.types",
    "Grader": "grader.pipeline",
    "Pair": "grader.engines",
    "Solution": "grader.types",
    "grade_dataset": "grader.dataset",
    "load_pair": "grader.engines",
}


def __getattr__(name: str) -> Any:
    """Import a name of the API from the room that has it."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
