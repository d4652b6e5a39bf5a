"""Whether memory and the cost of a row stay flat up to millions of rows, what workers bring, and what resuming costs.

    python benchmarks/million.py [--sizes 10000 100000 1000000] [--workers 1 2] [--resume 100000] [--work DIR]

Each file of distinct GSM8K-like rows is made and graded by processes of their own; whole millions are so many links to
one file, whose rows repeat farther apart than a part is long. The peak is the resident memory of
the run and its workers together. Seconds of the clock are those of a whole command; processor seconds tell more on a
machine that has other work. ``--resume`` grades so many rows twice with one worker: without a stop, and stopped at
about a half and gone on with. The files are made in ``--work`` (kept, and used again) or in a folder that is removed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import Usage, finish, grade, parser, print_table

MAX_PEAK_MIB = 1024
MILLION = 1_000_000


def main() -> None:
    """Make, grade and measure every size with every number of workers."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], metavar="ROWS")
    arguments.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    arguments.add_argument("--resume", type=int, default=100_000, metavar="ROWS", help="0: leave that out")
    arguments.add_argument("--work", type=Path, help="folder for the files (default: one that is removed)")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = options.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        sizes = [
            _measure(_rows(options.data, work, size), size, workers)
            for size in options.sizes
            for workers in options.workers
        ]
        resumed = _resume(_rows(options.data, work, options.resume), options.resume) if options.resume else {}
    if sizes:
        print_table(
            "Rows graded by the rules, Parquet in and out",
            ("rows", "workers", "seconds", "µs a row", "processor µs a row", "rows/s", "peak MiB of all processes"),
            [list(size.values()) for size in sizes],
        )
        print(f"\npeak <= 1 GiB: {'yes' if all(size['peak_mib'] <= MAX_PEAK_MIB for size in sizes) else 'no'}")
    if resumed:
        print_table("Stopped and gone on with, one worker", list(resumed), [list(resumed.values())])
    finish("million", {"sizes": sizes, "resume": resumed})


def _rows(data: Path, work: Path, rows: int) -> Path:
    if rows > MILLION:
        folder = work / f"rows-{rows}"
        folder.mkdir(exist_ok=True)
        for number in range(rows // MILLION):
            link = folder / f"{number:03}.parquet"
            if not link.exists():
                link.hardlink_to(_rows(data, work, MILLION))
        return folder
    source = work / f"rows-{rows}.parquet"
    if not source.exists():
        # In a process of its own: the kernel counts a parent's memory as its child's until the child has started.
        maker = Path(__file__).with_name("make_rows.py")
        subprocess.run([sys.executable, maker, "gsm8k", str(rows), source, "--data", data], check=True)
    return source


def _measure(source: Path, rows: int, workers: int) -> dict[str, Any]:
    used = grade(source, source.with_name(f"report-{rows}.parquet"), "--profile", workers=workers)
    print(f"\n{rows} rows, {workers} workers:\n{used.said.split(chr(10) * 2)[-1]}", flush=True)
    return {
        "rows": rows,
        "workers": workers,
        "seconds": round(used.seconds, 1),
        "us_per_row": round(1e6 * used.seconds / rows, 1),
        "cpu_us_per_row": round(1e6 * used.cpu_seconds / rows, 1),
        "rows_per_second": round(rows / used.seconds),
        "peak_mib": round(used.peak_mib),
    }


def _resume(source: Path, rows: int) -> dict[str, Any]:
    """Compare a run that is stopped at about a half, and gone on with, to one that is not."""
    report = source.with_name(f"report-{rows}.parquet")
    whole = grade(source, report, workers=1)
    before = grade(source, report, workers=1, ends_after=whole.seconds / 2)
    after = grade(source, report, workers=1)
    halves = Usage(before.seconds + after.seconds, before.cpu_seconds + after.cpu_seconds, 0.0, "")
    return {
        "rows": rows,
        "seconds": round(whole.seconds, 1),
        "stopped and resumed": round(halves.seconds, 1),
        "processor seconds": round(whole.cpu_seconds, 1),
        "processor seconds, stopped and resumed": round(halves.cpu_seconds, 1),
        "overhead": f"{halves.cpu_seconds / whole.cpu_seconds - 1:+.1%}",
        "resumed at": next((line for line in after.said.splitlines() if "resuming" in line), "nothing was kept"),
    }


if __name__ == "__main__":
    main()
