"""What a training would see: the first examples as the model reads them, their tokens, and which of them carry loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.modeling import load_tokenizer
from train.data import IGNORED
from train.encoding import classifier_rows, extractor_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.adapters import Kind
    from train.config import Recipe
    from train.data import Split
    from train.encoding import Encoded, Row

SHOWN = 3


def show(kind: Kind, recipe: Recipe, split: Split) -> str:
    """The counts of the three parts, and the first examples with their masks. Loads the tokenizer, no model."""
    tokenizer = load_tokenizer(recipe.base, recipe.revision)
    parts = {name: _rows(kind, recipe, tokenizer, part) for name, part in split._asdict().items()}
    lines = [f"{kind} on {recipe.base}"]
    for name, part in parts.items():
        lengths = sorted(len(row.input_ids) for row in part.rows)
        problems = len({one.problem_id for one in split._asdict()[name]})
        lines.append(
            f"{name}: {len(part.rows)} examples of {problems} problems, {lengths[len(lengths) // 2]} tokens in the "
            f"middle, {lengths[-1]} at most; {part.too_long} longer than {recipe.max_tokens} left out"
        )
    for number, row in enumerate(parts["train"].rows[:SHOWN], 1):
        loss = sum(label != IGNORED for label in row.labels)
        what = (
            f"{loss} of them with loss" if kind == "extractor" else f"{loss} of {len(row.labels)} line ends with loss"
        )
        lines.append(f"\nexample {number}: {len(row.input_ids)} tokens, {what}")
        lines += _answer(tokenizer, row) if kind == "extractor" else _verdicts(tokenizer, row)
    return "\n".join(lines)


def _rows(kind: Kind, recipe: Recipe, tokenizer: Any, part: list[Any]) -> Encoded:
    if kind == "extractor":
        return extractor_rows(tokenizer, part, recipe.max_tokens)
    whole = recipe.labels == "whole"
    return classifier_rows(tokenizer, part, recipe.max_tokens, whole=whole, version=recipe.prompt_version)


def _answer(tokenizer: Any, row: Row) -> Iterator[str]:
    """The masked tokens and those with loss, as they follow each other."""
    start = 0
    for at in range(1, len(row.labels) + 1):
        if at == len(row.labels) or (row.labels[at] == IGNORED) != (row.labels[start] == IGNORED):
            name = "masked" if row.labels[start] == IGNORED else "loss  "
            yield f"  {name} {tokenizer.decode(row.input_ids[start:at])!r}"
            start = at


def _verdicts(tokenizer: Any, row: Row) -> Iterator[str]:
    """The text up to each read-out, with the label that stands there."""
    names, start = {0: "correct", 1: "flawed", IGNORED: "no loss"}, 0
    for at, label in zip(row.readouts, row.labels, strict=True):
        yield f"  {names[label]:7} {tokenizer.decode(row.input_ids[start : at + 1])!r}"
        start = at + 1
