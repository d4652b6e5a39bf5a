"""Examples -> token ids, labels and read-outs, by the very prompts and the very encoder that the engines use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from grader.errors import InputError
from grader.modeling import encode_all, encode_solutions
from grader.prompts import PROMPT_VERSION, extractor_prompt, extractor_response
from train.data import IGNORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.data import ClassifierExample, ExtractorExample


class Row(NamedTuple):
    """One example as a model sees it.

    ``labels`` has one label for each token (extractor) or for each of ``readouts``, positions of tokens (classifier);
    ``IGNORED`` where there is no loss. ``example`` is its index among those that were encoded.
    """

    input_ids: list[int]
    labels: list[int]
    readouts: list[int]
    example: int


class Encoded(NamedTuple):
    """The rows of some examples, and how many were left out because they are longer than the limit."""

    rows: list[Row]
    too_long: int


def extractor_rows(tokenizer: Any, examples: Sequence[ExtractorExample], max_tokens: int) -> Encoded:
    """Prompt and answer of every line; the prompt carries no loss.

    Raises InputError if a row carries no loss at all, or none is short enough.
    """
    prompts = encode_all(tokenizer, [extractor_prompt(example.line, PROMPT_VERSION) for example in examples])
    answers = encode_all(tokenizer, [extractor_response(example.equations) for example in examples])
    rows = [
        Row(prompt + answer, [IGNORED] * len(prompt) + answer, [], index)
        for index, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
    ]
    return _kept([row for row in rows if len(row.input_ids) <= max_tokens], len(rows), max_tokens)


def classifier_rows(
    tokenizer: Any,
    examples: Sequence[ClassifierExample],
    max_tokens: int,
    *,
    whole: bool = False,
    version: int = PROMPT_VERSION,
) -> Encoded:
    """Problem and solution of every example, read out at the end of every line that has a label.

    ``version`` is that of the prompt.

    Raises InputError if a row carries no loss at all, or none is short enough.
    """
    encoded = encode_solutions(tokenizer, [(one.problem, one.lines) for one in examples], version, max_tokens)
    rows = [
        Row(one.ids, example.labels(whole=whole), one.readouts, index)
        for index, (example, one) in enumerate(zip(examples, encoded, strict=True))
        if not one.truncated
    ]
    return _kept(rows, len(examples), max_tokens)


def _kept(rows: list[Row], count: int, max_tokens: int) -> Encoded:
    if not rows:
        raise InputError(f"all {count} examples are longer than max_tokens = {max_tokens}; raise it in --config")
    require_loss(rows)
    return Encoded(rows, count - len(rows))


def require_loss(rows: Sequence[Row]) -> None:
    """Raise InputError if there is a row of which every label is masked: a model would learn nothing from it."""
    silent = [row.example for row in rows if all(label == IGNORED for label in row.labels)]
    if silent:
        raise InputError(
            f"{len(silent)} of {len(rows)} examples carry no loss (the first is number {silent[0] + 1}): every label "
            "is masked, so training would do nothing with them; the response was not found behind the prompt"
        )
