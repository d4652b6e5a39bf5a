"""Write the sample data anew: `python sample_data/generate.py`, or compare it with what is committed: `--check`.

The generated rows come from the templates with a fixed seed; the hand-written rows are read from
`handwritten.jsonl` and joined to them. The same pyarrow writes the same bytes; `--check` compares schemas
and rows, which do not depend on the version of pyarrow.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from money_templates import MONEY_TEMPLATES
from odd_rows import odd_rows
from quantity_templates import QUANTITY_TEMPLATES
from steps import STYLES, Worked, natural, render, work, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drafts import Draft

FOLDER = Path(__file__).resolve().parent
SEED = 20260214
PROBLEMS_PER_TEMPLATE = 6
MAX_DRAWS = 1000

SOLUTIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("problem", pa.string()),
        ("solution", pa.string()),
        ("label", pa.string()),
        ("first_error_line", pa.int32()),
        ("kind", pa.string()),
        ("origin", pa.string()),
    ]
)
ODD_SCHEMA = pa.schema(
    [("id", pa.string()), ("problem", pa.string()), ("solution", pa.string()), ("what", pa.string())]
)


@dataclass(frozen=True)
class Item:
    """One generated solution with the exact numbers of its steps."""

    kind: str
    style: str
    label: str
    problem: str
    worked: tuple[Worked, ...]
    error_step: int | None

    def row(self, row_id: str) -> dict[str, object]:
        """Return the columns of this solution."""
        rendered = render(self.worked, self.style)
        return {
            "id": row_id,
            "problem": self.problem,
            "solution": rendered.text,
            "label": self.label,
            "first_error_line": None if self.error_step is None else rendered.calculation_lines[self.error_step],
            "kind": f"{self.kind}/{self.style}",
            "origin": "generated",
        }


def generated_items(seed: int = SEED) -> list[Item]:
    """Return a correct and a flawed solution of every problem; the two kinds of flaw alternate."""
    rng = random.Random(seed)
    items: list[Item] = []
    seen: set[str] = set()
    for offset, template in enumerate(MONEY_TEMPLATES + QUANTITY_TEMPLATES):
        for number in range(PROBLEMS_PER_TEMPLATE):
            draft = draw(template, rng, seen)
            seen.add(draft.problem)
            style = STYLES[(offset + number) % len(STYLES)]
            flaw_style = STYLES[(offset + number + 1 + number // 2) % len(STYLES)]
            items.append(Item(template.__name__, style, "correct", draft.problem, tuple(work(draft.steps)), None))
            flawed = computational if number % 2 == 0 else conceptual
            items.append(flawed(template.__name__, flaw_style, draft, rng))
    return items


def draw(template: Callable[[random.Random], Draft], rng: random.Random, seen: set[str]) -> Draft:
    """Draw numbers until the problem is new and every solution of it can be written without awkward numbers."""
    for _ in range(MAX_DRAWS):
        draft = template(rng)
        right, flawed = work(draft.steps), work(draft.flawed)
        differ = right[-1].result != flawed[-1].result
        if draft.problem not in seen and differ and all(writable(each) and natural(each) for each in (right, flawed)):
            return draft
    raise RuntimeError(f"{template.__name__}: no usable numbers in {MAX_DRAWS} draws; widen its ranges")


def computational(kind: str, style: str, draft: Draft, rng: random.Random) -> Item:
    """Make one written result wrong and work out everything after it from the wrong number."""
    choices = [options for index in range(len(draft.steps)) if (options := wrong_workings(draft, index))]
    error_step, worked = rng.choice(rng.choice(choices))
    return Item(kind, style, "computational_error", draft.problem, tuple(worked), error_step)


def wrong_workings(draft: Draft, index: int) -> list[tuple[int, list[Worked]]]:
    """Return the workings in which the result of step `index` is wrong and every number can still be written."""
    right = work(draft.steps)[index]
    tried = (work(draft.steps, (index, value)) for value in slips(right))
    return [(index, worked) for worked in tried if writable(worked)]


def slips(right: Worked) -> list[Fraction]:
    """Return wrong results such as people write: a digit off, a lost carry, swapped digits, a fraction added badly."""
    value = right.result
    if value.denominator > 1 and right.step.fractions:
        (top, bottom), (other_top, other_bottom) = right.left.as_integer_ratio(), right.right.as_integer_ratio()
        wrong = [Fraction(value.numerator + 1, value.denominator), Fraction(top + other_top, bottom + other_bottom)]
    elif value.denominator > 1:
        wrong = [value + Fraction(change, 10) for change in (-10, -1, 1, 10)]
    else:
        wrong = [value + change for change in (-100, -10, -2, -1, 1, 2, 10, 100) if abs(change) <= value / 3 + 1]
        wrong.append(Fraction(_swapped(value.numerator)))
    return [each for each in wrong if each != value]


def _swapped(value: int) -> int:
    """Swap the last two digits."""
    return value // 100 * 100 + value % 10 * 10 + value // 10 % 10


def conceptual(kind: str, style: str, draft: Draft, _rng: random.Random) -> Item:
    """Take the steps that reason wrongly; their arithmetic is true."""
    return Item(kind, style, "conceptual_error", draft.problem, tuple(work(draft.flawed)), draft.flaw_at)


def handwritten_rows(path: Path = FOLDER / "handwritten.jsonl") -> list[dict[str, object]]:
    """Read the hand-written rows as they stand."""
    with path.open(encoding="utf-8") as lines:
        return [{**json.loads(line), "origin": "handwritten"} for line in lines]


def tables() -> dict[str, pa.Table]:
    """Return every output by its file name."""
    rows = [item.row(f"gen-{number:03d}") for number, item in enumerate(generated_items(), 1)]
    return {
        "solutions.parquet": pa.Table.from_pylist([*handwritten_rows(), *rows], schema=SOLUTIONS_SCHEMA),
        "odd_rows.parquet": pa.Table.from_pylist(odd_rows(), schema=ODD_SCHEMA),
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of the outputs in `folder` that are missing or differ from a regeneration."""
    return [
        name
        for name, table in tables().items()
        if not (folder / name).is_file() or not pq.read_table(folder / name).equals(table)
    ]


def write(folder: Path = FOLDER) -> None:
    """Write every output."""
    for name, table in tables().items():
        pq.write_table(table, folder / name, compression="zstd", compression_level=9, use_dictionary=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 means that `--check` found a difference."""
    parser = argparse.ArgumentParser(description="Write the sample data, or check what is committed.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    if not parser.parse_args(arguments).check:
        write()
        return 0
    names = stale()
    for name in names:
        print(f"sample_data/{name} is not what generate.py makes: run python sample_data/generate.py", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
