"""Problems and solutions to token ids for the classifier, and where among them its verdicts are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.modeling.encoding import encode_all
from grader.prompts import PROMPT_VERSION, classifier_prompt

if TYPE_CHECKING:
    from collections.abc import Sequence


def encode_solutions(
    tokenizer: Any, solutions: Sequence[tuple[str, Sequence[str]]], version: int = PROMPT_VERSION
) -> list[tuple[list[int], list[int]]]:
    """The token ids of each problem with the lines of its solution, and the positions of the verdicts.

    The positions are those of the last token of every line; in prompt version 0, which knows no lines, of the last
    token of all. A beginning token stands first where the tokenizer puts one there itself.
    """
    beginning = beginning_ids(tokenizer)
    pieces: list[Any] = []
    counts = []
    for problem, lines in solutions:
        prompt = classifier_prompt(problem, lines, version)
        pieces += [prompt.head, *prompt.lines]
        counts.append(len(prompt.lines))
    encoded = iter(encode_all(tokenizer, pieces))
    found = []
    for count in counts:
        ids, readouts = [*beginning, *next(encoded)], []
        for _ in range(count):
            ids += next(encoded)
            readouts.append(len(ids) - 1)
        found.append((ids, readouts or [len(ids) - 1]))
    return found


def beginning_ids(tokenizer: Any) -> list[int]:
    """The token that the tokenizer itself puts before every text, if it does: Gemma's does, Phi's does not."""
    ids = list(tokenizer("")["input_ids"])
    return ids[:1] if ids and ids[0] == tokenizer.bos_token_id else []
