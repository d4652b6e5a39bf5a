"""Make any number of distinct rows that look like real ones, for the measurements of speed and memory.

    python benchmarks/make_rows.py gsm8k 1000000 /tmp/million.parquet

``gsm8k``: solutions of gsm8k_train whose numbers are drawn anew and whose results are computed anew along the
calculator annotations, which are then dropped. Solutions with a result that has no annotation are left out, and a row
in which a plain calculation came out false (a number in words does not move with the digits) is drawn again.
``mathclean``: solutions of mathclean_simple as they are (22 lines each, LaTeX and Python blocks), each behind a line
that numbers it: nothing in the grader remembers a line.

Rows are made one at a time, and the same seed makes the same rows.
"""

from __future__ import annotations

import operator
import random
import re
from fractions import Fraction
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common import parser, read_rows
from rigorous import sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANNOTATION = re.compile(r"<<([^<>=]*)=([^<>]*)>>")
NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+")
CALCULATION = re.compile(r"([\d.,]+(?: ?[-+*/x×–] ?\$?[\d.,]+)+) ?= ?\$?([\d.,]*\d)")
OPERATION: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: Fraction(a) / b,
}
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
WORDED_SHARE = re.compile(r"(?:half|third|quarter|fourth|fifth|tenth|[Tt]wice) of", re.IGNORECASE)
CONSTANTS = {1, 100, 1000}
MAX_DECIMALS = 2
DRAWS = 12
BATCH = 10_000

Number = int | Fraction


class Row(NamedTuple):
    """One problem with its solution."""

    problem: str
    solution: str


def main() -> None:
    """Write the rows that were asked for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("kind", choices=KINDS)
    arguments.add_argument("rows", type=int)
    arguments.add_argument("output", type=Path)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    write(options.output, KINDS[options.kind](options.data, options.seed), options.rows)


def write(path: Path, rows: Iterator[Row], wanted: int) -> None:
    """Write ``wanted`` rows as Parquet (id, problem, solution), a batch at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("id", pa.int64()), ("problem", pa.string()), ("solution", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, wanted, BATCH):
            batch = list(islice(rows, min(BATCH, wanted - start)))
            problems, solutions = zip(*batch, strict=True)
            columns = [range(start, start + len(batch)), problems, solutions]
            writer.write_batch(pa.record_batch([pa.array(column) for column in columns], schema=schema))


def gsm8k_like(folder: Path, seed: int = 0) -> Iterator[Row]:
    """Yield GSM8K's solutions with other numbers and the results that follow from them, never one twice."""
    generator = random.Random(seed)
    templates = list(
        filter(None, (_template(row["question"], row["solution"]) for row in read_rows(folder, "gsm8k_train")))
    )
    return _distinct(lambda: generator.choice(templates).draw(generator))


def mathclean_like(folder: Path, seed: int = 0) -> Iterator[Row]:
    """Yield MathClean's solutions in rounds, each behind a line that numbers it."""
    rows = read_rows(folder, "mathclean_simple")
    for number in count(seed):
        row = rows[number % len(rows)]
        yield Row(row["problem"], f"Solution {number + 1}.\n{row['solution']}")


def _distinct(draw: Callable[[], Row | None]) -> Iterator[Row]:
    """Yield what ``draw`` gives, less repetitions: eight bytes a row are remembered, not the row."""
    seen: set[int] = set()
    while True:
        row = draw()
        if row and (mark := hash(row.solution)) not in seen:
            seen.add(mark)
            yield row


class Template(NamedTuple):
    """A problem as a small program: leaves to draw, steps to compute, and texts in which both are written."""

    texts: tuple[str, str]
    leaves: tuple[int, ...]
    steps: tuple[tuple[Number, tuple[Number | str, ...]], ...]  # old result, its expression in postfix order

    def draw(self, generator: random.Random) -> Row | None:
        """Give the problem with new numbers, or None when no draw of a few keeps the results as plain as they were."""
        for _ in range(DRAWS):
            values: dict[Number, Number] = {}
            for leaf in self.leaves:
                values[leaf] = generator.randint(max(2, leaf // 2), 2 * leaf + 9)
            if self._compute(values):
                row = Row(*(_rewrite(text, values) for text in self.texts))
                if all(_is_true(*found) for found in CALCULATION.findall(row.solution)):
                    return row
        return None

    def _compute(self, values: dict[Number, Number]) -> bool:
        """Add the result of every step to the values; False as soon as one is not positive or needs many decimals."""
        for old, expression in self.steps:
            stack: list[Number] = []
            for item in expression:
                if isinstance(item, str):
                    right, left = stack.pop(), stack.pop()
                    if item == "/" and not right:
                        return False
                    stack.append(OPERATION[item](left, right))
                else:
                    stack.append(values.get(item, item))
            new = stack[0]
            decimals = 0 if old.denominator == 1 else MAX_DECIMALS
            if new <= 0 or (10**decimals) % new.denominator:
                return False
            values[old] = new
        return True


def _is_true(left: str, right: str) -> bool:
    """Whether a plain calculation holds, by the evaluator that is not the grader's."""
    one, other = sides(f"{left}={right}")
    return not one or not other or bool({side.value for side in one} & {side.value for side in other})


def _template(problem: str, solution: str) -> Template | None:
    """Read the program out of the annotations; None where a number stands for two things or a result has no note."""
    for line in solution.split("\n"):
        notes = len(ANNOTATION.findall(line))
        if ANNOTATION.sub("", line).count("=") > notes or WORDED_SHARE.search(line):
            return None
    leaves: dict[Number, None] = {}
    results: dict[Number, tuple[Number | str, ...]] = {}
    for text, result in ANNOTATION.findall(solution):
        expression = _postfix(text)
        if not expression or not NUMBER.fullmatch(result):
            return None
        for item in expression:
            if isinstance(item, int) and item not in CONSTANTS and item not in results:
                leaves[item] = None
        value = _number(result)
        if value in results or value in leaves or value in CONSTANTS:
            return None
        results[value] = expression
    if not results:
        return None
    whole = tuple(leaf for leaf in leaves if isinstance(leaf, int))
    return Template((problem, ANNOTATION.sub("", solution)), whole, tuple(results.items()))


def _postfix(text: str) -> tuple[Number | str, ...]:
    """Turn ``2*(3+4)`` into ``2 3 4 + *`` (the shunting yard); () where it is not that plain."""
    tokens = re.findall(r"\d*\.\d+|\d+|[-+*/()]", text)
    if "".join(tokens) != text:
        return ()
    output: list[Number | str] = []
    waiting: list[str] = []
    expects_number = True
    for token in tokens:
        if expects_number != (token == "(" or token[-1].isdigit()):
            return ()
        if token[-1].isdigit():
            output.append(_number(token))
        elif token == "(":
            waiting.append(token)
        else:
            while waiting and waiting[-1] != "(" and (token == ")" or PRECEDENCE[waiting[-1]] >= PRECEDENCE[token]):
                output.append(waiting.pop())
            if token != ")":
                waiting.append(token)
            elif not waiting or waiting.pop() != "(":
                return ()
        expects_number = token != ")" and not token[-1].isdigit()
    if expects_number or "(" in waiting:
        return ()
    return (*output, *reversed(waiting))


def _number(text: str) -> Number:
    value = Fraction(text.replace(",", ""))
    return int(value) if value.denominator == 1 else value


def _rewrite(text: str, values: dict[Number, Number]) -> str:
    """Write the new values in the manner of the old text: thousands separators where it had them."""

    def new(match: re.Match[str]) -> str:
        old = match.group()
        value = values.get(_number(old))
        if value is None:
            return old
        if value.denominator == 1:
            return f"{int(value):,}" if "," in old else str(int(value))
        return f"{float(value):.{MAX_DECIMALS}f}"

    return NUMBER.sub(new, text)


KINDS = {"gsm8k": gsm8k_like, "mathclean": mathclean_like}

if __name__ == "__main__":
    main()
