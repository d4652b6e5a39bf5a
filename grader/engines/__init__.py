"""The seam to the models: two protocols, and ``load_pair``, which chooses what stands behind them.

Plain text in, plain text and floats out, of the same length and in the same order; no tensor crosses. An engine owns
its tokenizer, its batches, its device and its recovery from lack of memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.types import Classification, Solution

EXTRACTOR_MODES = ("auto", "rules", "model")
DEFAULT_THRESHOLD = 0.5


class Extractor(Protocol):
    """Reads the equations of lines."""

    def extract(self, lines: Sequence[str], drafts: Sequence[Sequence[str] | None]) -> list[list[str]]:
        """The equations of each line, in the order of the lines.

        ``drafts`` holds the rules' readings, or None, for the engine to verify; they never change the answer.
        """
        ...

    def identity(self) -> dict[str, Any]:
        """What the report's metadata says of the model: base, adapter's hash, prompt version."""
        ...


class Classifier(Protocol):
    """Judges the reasoning."""

    def classify(self, solutions: Sequence[Solution]) -> list[Classification]:
        """P(flawed) for each solution, whole and at the end of each of its lines, in their order."""
        ...

    def identity(self) -> dict[str, Any]:
        """What the report's metadata says of the model: base, adapter's hash, prompt version, threshold."""
        ...


@dataclass(frozen=True)
class Pair:
    """What grades: the reading mode, the two engines where there are any, and the classifier's threshold."""

    mode: str = "rules"
    extractor: Extractor | None = None
    classifier: Classifier | None = None
    threshold: float = DEFAULT_THRESHOLD
    name: str = field(default="no adapter pair is installed")

    def describe(self) -> dict[str, Any]:
        """The identity of both halves for the report's metadata; None where a half is absent."""
        return {
            "extractor": {"mode": self.mode, "model": self.extractor.identity() if self.extractor else None},
            "classifier": {**self.classifier.identity(), "threshold": self.threshold} if self.classifier else None,
        }

    def sentence(self) -> str:
        """One line for people: which pair is used."""
        reads = "rules" if self.extractor is None else f"{self.mode} ({self.name})"
        judges = "no classifier" if self.classifier is None else f"classifier of {self.name}"
        reason = "" if self.extractor or self.classifier else f" ({self.name})"
        return f"equations read by {reads}; {judges}{reason}"


def load_pair(extractor: str, classifier: bool, adapters: str | None, threshold: float | None) -> Pair:
    """The pair that the options ask for.

    No adapter pair comes with this version: ``auto`` reads by rules alone and there is no classifier, and the pair says
    so. Raises ``UsageError`` for options that want a model.
    """
    if extractor not in EXTRACTOR_MODES:
        raise UsageError(f"--extractor {extractor}: choose one of {', '.join(EXTRACTOR_MODES)}")
    if adapters is not None:
        raise UsageError(f"--adapters {adapters}: this version has no model engine yet; leave the option out")
    if extractor == "model":
        raise UsageError("--extractor model: no adapter pair is installed; use --extractor rules or auto")
    if threshold is not None:
        raise UsageError("--threshold: there is no classifier to apply it to; leave the option out")
    reason = "no adapter pair is installed" if classifier else "switched off by --no-classifier"
    return Pair(mode="rules", name=reason)
