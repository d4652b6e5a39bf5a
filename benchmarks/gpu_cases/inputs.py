"""What the models are given: solutions of the length of GSM8K's, and what they are made to answer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import cycle, zip_longest
from typing import TYPE_CHECKING

import make_rows
from common import ROOT

from grader.engines.greedy import Row
from grader.types import Solution

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SAMPLE = ROOT / "sample_data" / "train_sample.parquet"
DISTINCT = 2_000
"""Solutions that are drawn, which takes milliseconds each: more than a run asks the models at a time."""
LONG = 0.6
"""Share of the problems that are made of two of the sample data: GSM8K's are between one and two of them long."""


def solutions(count: int) -> list[Solution]:
    """Draw solutions; behind the first ``DISTINCT`` they come again with another last line, so that no row is known."""
    import pyarrow.parquet as pq

    rows = pq.read_table(SAMPLE).to_pylist()
    templates = [one for one in (make_rows._template(row["problem"], row["solution"]) for row in rows) if one]  # noqa: SLF001
    rng = random.Random(0)
    drawn: list[tuple[str, list[str]]] = []
    while len(drawn) < min(count, DISTINCT):
        texts = [template.draw(rng) for template in rng.sample(templates, 2 if rng.random() < LONG else 1)]
        if parts := [text for text in texts if text]:
            lines = [line for part in parts for line in part.solution.split("\n") if not line.startswith("####")]
            drawn.append((" Then: ".join(part.problem for part in parts), lines))
    return [
        Solution(problem, "\n".join([*lines, f"#### {number}"]))
        for number, (problem, lines) in zip(range(count), cycle(drawn), strict=False)
    ]


def lengths(count: int, *, mean: int = 170, seed: int = 0) -> list[int]:
    """Draw lengths spread like those of GSM8K's problems with solutions: most near the mean, a few far above."""
    rng = random.Random(seed)
    return [max(mean // 4, min(3 * mean, round(rng.lognormvariate(0, 0.35) * mean * 0.94))) for _ in range(count)]


def tokens(count: int, vocabulary: int, rng: random.Random) -> list[int]:
    """Draw token ids that are none of the control tokens."""
    return [rng.randrange(256, vocabulary) for _ in range(count)]


@dataclass(eq=False)
class Scripted(Row):
    """A row whose answer is written beforehand: random weights say nothing that ends, or that a draft could be.

    The model computes every position as for any row; of what it says only ``said`` is kept, by position of the answer.
    """

    script: list[int] = field(default_factory=list)
    said: dict[int, int] = field(default_factory=dict)

    def append(self, token: int, stops: Collection[int]) -> None:
        """The script's next token."""
        if not self.finished:
            self.said[len(self.answer)] = token
            super().append(self.script[len(self.answer)], stops)

    def verify(self, best: Sequence[int], stops: Collection[int]) -> None:
        """As a model would that says what the script says."""
        self.answer, self.finished = [], False
        for token, drafted in zip_longest(best, self.draft):
            self.append(token, stops)
            if self.answer[-1] != drafted:
                break


def scripted(prompt: list[int], answer: list[int], acceptance: float | None, rng: random.Random) -> Scripted:
    """A row whose draft is its answer with this probability, and otherwise goes wrong half-way; None for no draft."""
    draft: list[int] = []
    if acceptance is not None:
        half = len(answer) // 2
        wrong = [*answer[:half], *(token + 1 for token in answer[half:-1]), answer[-1]]
        draft = answer if rng.random() < acceptance else wrong
    return Scripted(prompt, draft, len(answer), script=answer)
