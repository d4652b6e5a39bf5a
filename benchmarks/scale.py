"""What a row costs in each process of a run, and what follows for many rows on many workers.

    python benchmarks/scale.py [--sizes 5000 20000 60000] [--work DIR]

Processor seconds of the run's own process (reading, writing, joining: it cannot be shared out within a run) and of one
worker (reading equations and checking: it can), taken apart, so that a busy machine distorts them little. The costs are
fitted to all sizes but the largest, which checks them; so do the seconds of the clock that this takes with one worker
and with two. The table that follows is arithmetic with the costs fitted to all sizes: rows / workers, each worker on a
core of its own; beyond the workers that one run can feed, the rows are shared out as shards, joined by one grade-join.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import finish, parser, print_table

from grader.run.progress import duration

MEASURED = """
import json, resource, sys
from grader.cli.{command} import main
code = main(sys.argv[1:])
own, others = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps([one.ru_utime + one.ru_stime for one in (own, others)]))
raise SystemExit(code)
"""
RULES = ("--extractor", "rules", "--no-classifier", "--quiet", "--overwrite")
ROWS = (10**6, 10**7, 10**8)
WORKERS = (1, 2, 4, 8, 16, 32, 64)


def main() -> None:
    """Measure, check, and tell."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=[5_000, 20_000, 60_000], metavar="ROWS")
    arguments.add_argument("--work", type=Path, help="folder for the files (default: one that is removed)")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = options.work or Path(name)
        sizes = [_measure(_rows(options.data, work, size), size) for size in sorted(options.sizes)]
        last = sizes[-1]
        costs = {name: _line([(size["rows"], size[name]) for size in sizes[:-1]]) for name in ("run", "worker", "join")}
        walls = [_wall(last["source"], last["rows"], workers, costs) for workers in (1, 2)]
    checked = {name: (start + each * last["rows"], last[name]) for name, (start, each) in costs.items()}
    print_table(
        f"Processor seconds, and what the smaller sizes predict for {last['rows']:,} rows",
        ("process", "to start", "µs a row", "predicted", "measured", "off by"),
        [
            [
                name,
                f"{costs[name][0]:.2f}",
                f"{1e6 * costs[name][1]:.1f}",
                f"{told:.2f}",
                f"{seen:.2f}",
                f"{told / seen - 1:+.1%}",
            ]
            for name, (told, seen) in checked.items()
        ],
    )
    print_table(
        f"Seconds of the clock for {last['rows']:,} rows on {len(os.sched_getaffinity(0))} cores",
        ("workers", "predicted", "measured", "off by"),
        [
            [one["workers"], f"{one['told']:.1f}", f"{one['seen']:.1f}", f"{one['told'] / one['seen'] - 1:+.1%}"]
            for one in walls
        ],
    )
    run, worker, join = (_line([(size["rows"], size[name]) for size in sizes])[1] for name in ("run", "worker", "join"))
    fed = max(1, int(worker / run))
    print(f"\none run feeds {worker / run:.1f} workers")
    table = [
        [f"10^{len(str(rows)) - 1}", *(duration(_seconds(rows, one, run, worker, join)) for one in WORKERS)]
        for rows in ROWS
    ]
    print_table(
        f"Wall time by arithmetic; shards from {fed + 1} workers on", ("rows \\ workers", *map(str, WORKERS)), table
    )
    for size in sizes:
        del size["source"]
    finish("scale", {"sizes": sizes, "costs": costs, "checked": checked, "walls": walls})


def _seconds(rows: int, workers: int, run: float, worker: float, join: float) -> float:
    fed = max(1, int(worker / run))
    shards = -(-workers // fed)
    graded = rows / shards * max(run, worker / (workers / shards))
    return graded + (rows * join if shards > 1 else 0.0)


def _line(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Give the seconds to start and those of a row, by the first and the last of the points."""
    (few, short), (many, long) = points[0], points[-1]
    each = (long - short) / (many - few)
    return short - each * few, each


def _rows(data: Path, work: Path, rows: int) -> Path:
    source = work / f"rows-{rows}.parquet"
    if not source.exists():
        maker = Path(__file__).with_name("make_rows.py")
        subprocess.run([sys.executable, maker, "gsm8k", str(rows), source, "--data", data], check=True)
    return source


def _measure(source: Path, rows: int) -> dict[str, Any]:
    shards = [source.with_name(f"shard-{number}.parquet") for number in (1, 2)]
    run = worker = 0.0
    for number, shard in enumerate(shards, 1):
        own, others = _spent("grade", source, "-o", shard, *RULES, "--workers", 1, "--shard", f"{number}/2")
        run, worker = run + own, worker + others
    join, _ = _spent("join", *shards, "-o", source.with_name("report.parquet"), "--overwrite")
    return {"rows": rows, "source": source, "run": run, "worker": worker, "join": join}


def _wall(source: Path, rows: int, workers: int, costs: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """What one run takes by the clock, and what the costs say: all its processes share the cores of this machine."""
    (run_start, run), (worker_start, worker) = costs["run"], costs["worker"]
    # Each of the two shards measured had a start of its own; here there is one run, whose workers start together.
    start = (run_start + worker_start) / 2
    told = start + rows * max(run, worker / workers, (run + worker) / len(os.sched_getaffinity(0)))
    began = time.perf_counter()
    _spent("grade", source, "-o", source.with_name("whole.parquet"), *RULES, "--workers", workers)
    return {"workers": workers, "told": told, "seen": time.perf_counter() - began}


def _spent(command: str, *arguments: object) -> tuple[float, float]:
    """Run a command, and give the processor seconds of its process and of the processes it had."""
    program = [sys.executable, "-c", MEASURED.format(command=command), *map(str, arguments)]
    done = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    own, others = json.loads(done.stdout)
    return own, others


if __name__ == "__main__":
    main()
