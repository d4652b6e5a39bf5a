"""Whether memory and the cost of a row stay flat from ten thousand rows to a million.

    python benchmarks/million.py [--sizes 10000 100000 1000000] [--work DIR]

Each file of distinct GSM8K-like rows is made and graded by processes of their own. The peak is the largest resident
memory of the grading process as the kernel counted it. The files are made in ``--work`` (kept, and used again) or in a
folder that is removed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import finish, grade, parser, print_table

MAX_PEAK_MIB = 700 * 1000**2 / 1024**2


def main() -> None:
    """Make, grade and measure every size."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], metavar="ROWS")
    arguments.add_argument("--work", type=Path, help="folder for the files (default: one that is removed)")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = options.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        sizes = [_measure(options.data, work, size) for size in options.sizes]
    print_table(
        "Rows graded by the rules, Parquet in and out",
        ("rows", "seconds", "µs a row", "rows/s", "peak MiB"),
        [list(size.values()) for size in sizes],
    )
    print(f"\npeak <= 700 MB: {'yes' if all(size['peak_mib'] <= MAX_PEAK_MIB for size in sizes) else 'no'}")
    finish("million", {"sizes": sizes})


def _measure(data: Path, work: Path, rows: int) -> dict[str, Any]:
    source = work / f"rows-{rows}.parquet"
    if not source.exists():
        # In a process of its own: the kernel counts a parent's memory as its child's until the child has started.
        maker = Path(__file__).with_name("make_rows.py")
        subprocess.run([sys.executable, maker, "gsm8k", str(rows), source, "--data", data], check=True)
    used = grade(source, work / f"report-{rows}.parquet")
    return {
        "rows": rows,
        "seconds": round(used.seconds, 1),
        "us_per_row": round(1e6 * used.seconds / rows, 1),
        "rows_per_second": round(rows / used.seconds),
        "peak_mib": round(used.peak_mib),
    }


if __name__ == "__main__":
    main()
