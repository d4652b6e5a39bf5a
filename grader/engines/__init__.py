"""The seam to the models: two protocols, and ``load_pair``, which chooses what stands behind them.

Plain text in, plain text and floats out, of the same length and in the same order; no tensor crosses. An engine owns
its tokenizer, its batches, its device and its recovery from lack of memory.
"""

# ruff: noqa: PLC0415 torch is loaded only where a model is

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol

from grader.adapters import PairLocation, find_pair
from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from grader.adapters import Kind
    from grader.modeling.memory import Quantization
    from grader.types import Classification, Solution

EXTRACTOR_MODES = ("auto", "rules", "model")
QUANTIZATIONS = ("nf4", "none")
DEFAULT_THRESHOLD = 0.5
NOTHING_INSTALLED = "no adapter pair is installed"


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
    """What grades: the reading mode, the two engines where there are any, and the classifier's threshold.

    ``others`` are the same models on other devices. ``beside`` says about how many chunks at once they are asked beside
    the run: 0 where they take the cores of this process, 2 where one engine works on a chunk while the other one works
    on the next. An engine itself is asked about one at a time.
    """

    mode: str = "rules"
    extractor: Extractor | None = None
    classifier: Classifier | None = None
    threshold: float = DEFAULT_THRESHOLD
    name: str = NOTHING_INSTALLED
    others: tuple[Pair, ...] = ()
    beside: int = 0
    plain_text: bool = False
    """The classifier knows nothing of LaTeX: what it says of solutions with commands is noted, and decides nothing."""

    @property
    def reads_by(self) -> str:
        """The mode in which lines are read: ``rules`` where there is no extractor."""
        return "rules" if self.extractor is None else self.mode

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


def load_pair(
    extractor: str = "auto",
    classifier: bool = True,
    adapters: str | None = None,
    threshold: float | None = None,
    *,
    device: str | None = None,
    devices: Sequence[str] = (),
    quantization: Quantization | None = None,
    memory: float | None = None,
    compiled: bool = False,
    offline: bool = False,
) -> Pair:
    """The pair that the options ask for, its models loaded on the ``device``, or once on each of the ``devices``.

    Adapters are looked up as ``grader.adapters.find_pair`` says; where none is found, ``auto`` reads by rules alone,
    there is no classifier, and the pair says so. ``memory`` are the bytes of each GPU that may be used, None for all
    that are free; they choose the quantization where it is None. ``compiled`` compiles parts of the layers.

    Raises ``UsageError`` for values that ``grade`` refuses too, and for options that want a model that is not there or
    memory that is not enough, ``AdapterError`` for adapters that do not load.
    """
    if device is not None and devices:
        raise UsageError("--device and --devices: give one of them")
    if extractor not in EXTRACTOR_MODES:
        raise UsageError(f"--extractor {extractor}: choose one of {', '.join(EXTRACTOR_MODES)}")
    if quantization not in (None, *QUANTIZATIONS):
        raise UsageError(f"--quantization {quantization}: choose one of {', '.join(QUANTIZATIONS)}")
    if threshold is not None and not is_probability(threshold):
        raise UsageError(f"--threshold {threshold!r}: this is not a number between 0 and 1, both excluded")
    if memory is not None and not (isinstance(memory, Real) and memory > 0):
        raise UsageError(f"--memory {memory!r}: this is no number of bytes above 0")
    if extractor == "rules" and not classifier:
        if adapters is not None:
            raise UsageError(f"--adapters {adapters}: --extractor rules --no-classifier uses no model; leave it out")
        found = PairLocation("switched off by --no-classifier", None, None)
    else:
        found = find_pair(adapters, offline=offline) or PairLocation(NOTHING_INSTALLED, None, None)
    if extractor == "model" and found.extractor is None:
        raise UsageError(f"--extractor model: {_without('extractor', found)}; use --extractor rules or auto")
    if threshold is not None and not (classifier and found.classifier):
        why = _without("classifier", found) if classifier else found.name
        raise UsageError(f"--threshold: there is no classifier to apply it to ({why}); leave the option out")
    folders: dict[Kind, Path] = {}
    if found.extractor and extractor != "rules":
        folders["extractor"] = found.extractor
    if found.classifier and classifier:
        folders["classifier"] = found.classifier
    if not folders:
        return Pair("rules", threshold=DEFAULT_THRESHOLD if threshold is None else threshold, name=found.name)
    from grader.engines.placing import Keeping, engines_on

    keeping = Keeping(quantization, memory, compiled, offline)
    pairs = []
    for name in devices or (device,):
        reader, judge, beside = engines_on(name, folders, keeping)
        least = threshold if threshold is not None else judge.threshold if judge else DEFAULT_THRESHOLD
        plain = judge is not None and judge.plain_text
        pairs.append(Pair(extractor if reader else "rules", reader, judge, least, found.name, (), beside, plain))
    return replace(pairs[0], others=tuple(pairs[1:]))


def is_probability(value: object) -> bool:
    """Tell whether a threshold can decide anything: a number between 0 and 1, both excluded."""
    return isinstance(value, Real) and 0 < float(value) < 1


def bytes_of(text: str) -> float:
    """Read a size of memory such as ``8GB`` or ``7.5GiB`` as bytes. Raises ``ValueError`` for what is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(GB|GiB|MB|MiB)", text)
    if found is None or not float(found.group(1)):
        raise ValueError(f"{text!r} is no size as in 8GB or 7.5GiB")
    return float(found.group(1)) * {"GB": 1e9, "GiB": 2**30, "MB": 1e6, "MiB": 2**20}[found.group(2)]


def _without(half: str, found: PairLocation) -> str:
    return found.name if found.name == NOTHING_INSTALLED else f"{found.name} has no {half}"
