"""What a result depends on: the content of a row, and the stages that looked at it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from grader.engines import Pair
    from grader.types import Solution

PACKAGE = Path(__file__).parent.parent
KEY_BYTES = 16
MODEL_ROOMS = frozenset(
    {"prompts.py", "marks.py", "numbers.py", "limits.py", "modeling", "engines", "adapters", "lines.py", "doubts.py"}
)
"""The code between a text and what a model says of it."""
OUTSIDE = frozenset(
    {
        *("cli", "audit", "distributed.py", "distributed", "run", "assets", "evaluate.py", "compare.py"),
        *("statistics.py", "reports.py", "inputs", "columns.py", "engines", "modeling", "adapters", "__init__.py"),
        *("dataset.py", "remote", "version.py"),
    }
)
"""The code that no verdict depends on, or only through what the models say: all other code is that of the stage which
reads, checks and decides, so that a new room is never forgotten."""


class Stages(NamedTuple):
    """The fingerprints of the stages of one pair: the two models, None where there is none, and the whole report."""

    extractor: str | None
    classifier: str | None
    report: str


def key_of(solution: Solution) -> bytes:
    """Give the key of a row: 128 bits over problem, solution and reference, wherever the row stands."""
    return hashlib.blake2b(_packed(solution), digest_size=KEY_BYTES).digest()


def _packed(solution: Solution) -> bytes:
    kind = "none" if solution.solution is None else "text" if isinstance(solution.solution, str) else "steps"
    texts = [solution.solution or ""] if not isinstance(solution.solution, tuple) else list(solution.solution)
    reference = [] if solution.reference is None else [solution.reference]
    # Lengths keep ("ab", "c") and ("a", "bc") apart, their number a step and a reference.
    parts = [f"{kind} {len(texts)} {len(reference)} ".encode()]
    for text in (solution.problem, *texts, *reference):
        data = text.encode("utf-8", "surrogatepass")
        parts += [len(data).to_bytes(8, "little"), data]
    return b"".join(parts)


def stages_of(pair: Pair) -> Stages:
    """Fingerprint the stages of a pair: their code, and what the engines say of themselves."""
    models = code_digest(models=True)
    extractor = None if pair.extractor is None else _digest("extractor", models, pair.extractor.identity())
    classifier = None if pair.classifier is None else _digest("classifier", models, pair.classifier.identity())
    threshold = None if pair.classifier is None else pair.threshold
    mode = "rules" if pair.extractor is None else pair.mode
    report = _digest("report", code_digest(models=False), version("sympy"), mode, extractor, classifier, threshold)
    return Stages(extractor, classifier, report)


@cache
def code_digest(*, models: bool) -> str:
    """SHA-256 over the program's own files that a stage depends on, by name."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if (name.parts[0] in MODEL_ROOMS) if models else (name.parts[0] not in OUTSIDE):
            digest.update(f"{name.as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
