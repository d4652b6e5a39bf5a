"""How fast the rules grade, as a whole process with Parquet in and out, and beside math-verify on the same equations.

    python benchmarks/speed.py [--rows N] [--equations N]

Rows are distinct (make_rows.py). math-verify judges a sample of the equations that the report holds: it parses both
sides and verifies one against the other, in this process; only its own time counts, its imports do not. It is given
both the LaTeX that it is made for (``$48/2$``) and plain text (``48/2``), which it reads faster. It grades final
answers and was not made for this use.
"""

from __future__ import annotations

import logging
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import finish, grade, parser, print_table
from make_rows import KINDS, write

if TYPE_CHECKING:
    from collections.abc import Sequence

WANTED_RATIO = 30
NOTATIONS = {"latex": "${}$", "plain": "{}"}
JUDGED = {"holds", "rounded", "fails"}


def main() -> None:
    """Measure both kinds of rows, then math-verify on equations of the first kind."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=20_000, help="rows of each kind (default: %(default)s)")
    arguments.add_argument("--equations", type=int, default=2_000, help="for math-verify (default: %(default)s)")
    options = arguments.parse_args()
    result: dict[str, Any] = {}
    sample: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as name:
        for kind, make in KINDS.items():
            source, report = Path(name, f"{kind}.parquet"), Path(name, f"{kind}-report.parquet")
            write(source, make(options.data, 0), options.rows)
            result[kind] = _measure(source, report, options.rows)
            sample = sample or _sample(report, options.equations)
    print_table(
        "grade, rules only, whole process",
        ("rows", "rows/s", "equations/s", "MB of text/s", "seconds", "processor seconds"),
        [(kind, *(figure for figure in figures.values())) for kind, figures in result.items()],
    )
    rates = {notation: _math_verify(sample, pattern) for notation, pattern in NOTATIONS.items()}
    ours = result["gsm8k"]["equations_per_second"]
    ratios = {notation: round(ours / rate, 1) for notation, rate in rates.items()}
    print_table(
        f"math-verify on {len(sample)} of the same equations (gsm8k)",
        ("notation", "equations/s", "grade is faster by"),
        [(notation, round(rates[notation]), ratios[notation]) for notation in NOTATIONS],
    )
    print(f"\nratio >= {WANTED_RATIO}: {'yes' if ratios['latex'] >= WANTED_RATIO else 'no'}")
    finish("speed", {"rows": options.rows, "grade": result, "math_verify": rates, "ratio": ratios})


def _measure(source: Path, report: Path, rows: int) -> dict[str, float]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    used = grade(source, report)
    equations = pc.sum(pq.read_table(report, columns=["grade_n_equations"]).column(0)).as_py()
    characters = pc.sum(pc.utf8_length(pq.read_table(source, columns=["solution"]).column(0))).as_py()
    return {
        "rows_per_second": round(rows / used.seconds),
        "equations_per_second": round(equations / used.seconds),
        "mb_per_second": round(characters / used.seconds / 1e6, 2),
        "seconds": round(used.seconds, 2),
        "cpu_seconds": round(used.cpu_seconds, 2),
    }


def _sample(report: Path, count: int) -> list[tuple[str, str]]:
    """Take distinct judged equations of a report as pairs of sides."""
    import pyarrow.parquet as pq

    table = pq.read_table(report, columns=["grade_lines"])
    texts = {
        equation["text"]
        for batch in table.to_batches(max_chunksize=1000)
        for lines in batch.column(0).to_pylist()
        for line in lines or ()
        for equation in line["equations"]
        if equation["status"] in JUDGED
    }
    sides = [re.split(r"[=≈]", text) for text in sorted(texts)]
    pairs = [(pair[0], pair[1]) for pair in sides if len(pair) == 2]
    return random.Random(0).sample(pairs, min(count, len(pairs)))


def _math_verify(pairs: Sequence[tuple[str, str]], pattern: str) -> float:
    """Give the equations that math-verify judges in a second."""
    try:
        from math_verify import parse, verify
    except ModuleNotFoundError:
        sys.exit("math-verify is not installed: pip install '.[bench]'")
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    verify(parse("$1/2$"), parse("$0.5$"))  # what it loads on first use is not its speed
    start = time.perf_counter()
    for left, right in pairs:
        verify(parse(pattern.format(right)), parse(pattern.format(left)))
    return round(len(pairs) / (time.perf_counter() - start), 1)


if __name__ == "__main__":
    main()
