"""Write train_sample.parquet anew: right solutions with calculator annotations, for trying out `train-adapters`.

python sample_data/generate_train.py           write it
python sample_data/generate_train.py --check   write nothing; exit 1 if the committed file differs

The problems come from the templates of generate.py with a seed of their own, written as GSM8K writes its solutions.
"""

from __future__ import annotations

import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from generate import FOLDER, draw
from money_templates import MONEY_TEMPLATES
from quantity_templates import QUANTITY_TEMPLATES
from steps import render, work

SEED = 20260301
PROBLEMS_PER_TEMPLATE = 3
PATH = FOLDER / "train_sample.parquet"
SCHEMA = pa.schema([("problem_id", pa.string()), ("problem", pa.string()), ("solution", pa.string())])


def table() -> pa.Table:
    """Return some annotated solutions of every template."""
    rng, seen, rows = random.Random(SEED), set[str](), []
    for template in MONEY_TEMPLATES + QUANTITY_TEMPLATES:
        for _ in range(PROBLEMS_PER_TEMPLATE):
            draft = draw(template, rng, seen)
            seen.add(draft.problem)
            solution = render(work(draft.steps), "annotated").text
            rows.append({"problem_id": f"train-{len(rows) + 1:03d}", "problem": draft.problem, "solution": solution})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def main(arguments: list[str]) -> int:
    """Run the command; 1 means that `--check` found a difference."""
    if arguments == ["--check"]:
        same = PATH.is_file() and pq.read_table(PATH).equals(table())
        if not same:
            print(f"{PATH} is not what generate_train.py makes: run it without --check", file=sys.stderr)
        return 0 if same else 1
    if arguments:
        print("usage: generate_train.py [--check]", file=sys.stderr)
        return 2
    pq.write_table(table(), PATH, compression="zstd", compression_level=9, use_dictionary=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
