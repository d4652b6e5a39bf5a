"""What the models are given: solutions of the length of GSM8K's, and what they are made to answer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

import make_rows
from common import ROOT

from grader.engines.greedy import Row
from grader.types import Solution

if TYPE_CHECKING:
    from collections.abc import Collection

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


TOO_MANY, TWICE = 0.6, 0.39
"""Shares of wrong drafts with tokens too many, and wrong at two places; the rest are wrong up to their end."""


def scripted(prompt: list[int], answer: list[int], acceptance: float | None, rng: random.Random) -> Scripted:
    """A row whose draft is its answer with this probability, and otherwise wrong as on real lines; None for no draft.

    Of 4,277 drafts for lines of extraction_dev, gsm8k_dev and model_solutions_dev (their rules' readings, the embedded
    extractor's answers) 233 were wrong: 50 % had one to a dozen tokens too many at one place, 12 % others and 8 % too
    few, 24 % were wrong at several places, and 6 % of the answers went round in circles. Without the circles the first
    wrong token stood in the first quarter of half of the answers, 7.9 forwards followed without guesses and 2.5 with
    them, more than eight in 1 % of them. Those drawn here are made wrong in the first half and need about 2.8.
    """
    if acceptance is None:
        return Scripted(prompt, [], len(answer), script=answer)
    draft = answer if rng.random() < acceptance else _spoilt(answer, rng)
    return Scripted(prompt, draft, len(answer), script=answer)


def _spoilt(answer: list[int], rng: random.Random) -> list[int]:
    last = len(answer) - 1
    at, kind = rng.randrange(max(1, last // 2)), rng.random()
    wrong = [token + 1 for token in answer]
    if kind < TOO_MANY:
        return [*answer[:at], *(wrong[:at] or wrong[:1])[-rng.randrange(1, 7) :], *answer[at:]]
    if kind < TOO_MANY + TWICE:
        places = (at, (at + last) // 2)
        return [wrong[place] if place in places else token for place, token in enumerate(answer)]
    return [*answer[:at], *wrong[at:last], answer[-1]]
