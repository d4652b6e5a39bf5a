"""Whether a Ray cluster and shards give the rows of a local run, whatever dies, and what a second actor brings.

    python benchmarks/cluster.py [--rows 10000] [--pair-rows N] [--parts 40] [--shards 16] [--no-rules] [--work DIR]

mathclean_simple and generated rows, shuffled, are graded locally, and by ``grade --ray=local`` with one actor of one
core, with two, and with two of which one is killed under way: by the rules alone, and the first ``--pair-rows`` of them
with the pair that ships. What ``grade-join`` makes of the parts is compared with the local report: every value of every
row, the columns, and the file metadata. So are shards, graded by the rules one after the other.

Seconds are those of the whole command, without the joining. A run on Ray has started when its first part is there; its
speed is that at which the second half of the parts appeared, when all actors are at work. Needs the extra ``ray`` and
the /proc of Linux.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import finish, parser, print_table, read_rows
from make_rows import gsm8k_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND = "from grader.cli.entry import {0}; raise SystemExit({0}())"
RULES = ("--extractor", "rules", "--no-classifier")
RUNS = (("1 actor", 1, False), ("2 actors", 2, False), ("2 actors, 1 killed", 2, True))
HEADER = ("models", "rows", "run", "seconds", "to the first part", "rows/s then", "rows that differ", "else")


def main() -> None:
    """Grade in every way, compare, and tell."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=10_000, help="rows to generate (default: %(default)s)")
    arguments.add_argument("--pair-rows", type=int, metavar="N", help="rows for the pair (default: all; 0: none)")
    arguments.add_argument("--parts", type=int, default=40, metavar="N", help="of every run (default: %(default)s)")
    arguments.add_argument("--no-rules", action="store_true", help="the runs with the pair alone")
    arguments.add_argument("--shards", type=int, default=16, metavar="N", help="default: %(default)s; 0: none")
    arguments.add_argument("--work", type=Path, help="folder for the files (default: one that is removed)")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = options.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        rows = _write_rows(work / "rows.parquet", options.data, options.rows)
        runs: list[dict[str, Any]] = []
        if not options.no_rules:
            runs += _every_way(work, "none", rows, RULES, count=options.parts, shards=options.shards)
        if paired := rows if options.pair_rows is None else min(rows, options.pair_rows):
            runs += _every_way(work, "pair", paired, ("--limit", str(paired)), count=options.parts, shards=0)
    print_table("The same rows in every way", HEADER, [[run.get(name, "") for name in HEADER] for run in runs])
    finish("cluster", {"parts": options.parts, "runs": runs})
    if any(run.get("rows that differ") or run.get("else") for run in runs):
        sys.exit("not all reports are the same")


def _write_rows(path: Path, data: Path, generated: int) -> int:
    """Write the rows of mathclean_simple and generated ones, shuffled; gives how many they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(row["problem"], row["solution"]) for row in read_rows(data, "mathclean_simple")]
    rows += islice(gsm8k_like(data), generated)
    random.Random(0).shuffle(rows)
    problems, solutions = zip(*rows, strict=True)
    pq.write_table(pa.table({"id": range(len(rows)), "problem": problems, "solution": solutions}), path)
    return len(rows)


def _every_way(
    work: Path, models: str, rows: int, options: Sequence[str], *, count: int, shards: int
) -> Iterator[dict[str, Any]]:
    """Grade the rows in ``count`` parts, locally and in every other way; gives a line of the table for each run."""
    local = work / f"{models}.parquet"
    command = [str(work / "rows.parquet"), *options, "--part-rows", str(-(-rows // count)), "--quiet"]
    line = {"models": models, "rows": rows}
    began = time.time()
    _end(_start("grade", *command, "-o", local, "--overwrite"))
    yield _told(line | {"run": "local", "seconds": _since(began)})
    for run, actors, kills in RUNS:
        parts = Path(tempfile.mkdtemp(dir=work))
        began = time.time()
        process = _start("grade", *command, "-o", parts, "--ray=local", "--ray-actors", actors)
        after = f" after {_kill_an_actor(process, parts, max(1, count // 8))} parts" if kills else ""
        _end(process)
        taken = {"run": run + after, "seconds": _since(began), **_speed(parts, began, rows)}
        yield _told(line | taken | _compared(parts, local))
    if shards:
        parts = Path(tempfile.mkdtemp(dir=work))
        began = time.time()
        for number in range(1, shards + 1):
            share = ("--shard", f"{number}/{shards}", "--workers", 0)
            _end(_start("grade", *command, "-o", parts / f"{number}.parquet", *share))
        yield _told(line | {"run": f"{shards} shards", "seconds": _since(began)} | _compared(parts, local))


def _told(line: dict[str, Any]) -> dict[str, Any]:
    print(line, file=sys.stderr, flush=True)
    return line


def _since(began: float) -> float:
    return round(time.time() - began, 1)


def _speed(parts: Path, began: float, rows: int) -> dict[str, Any]:
    """Give the seconds to the first part, and the rows a second of the second half of the parts."""
    appeared = sorted(part.stat().st_mtime for part in parts.iterdir())
    half = len(appeared) // 2
    seconds = appeared[-1] - appeared[half - 1]
    each = rows / len(appeared)
    return {
        "to the first part": round(appeared[0] - began, 1),
        "rows/s then": round(each * (len(appeared) - half) / seconds, 1),
    }


def _compared(parts: Path, local: Path) -> dict[str, Any]:
    """Join the parts, and count the rows that are not those of the local report; names what else differs."""
    import pyarrow.parquet as pq

    joined = local.with_suffix(".joined.parquet")
    _end(_start("grade_join", parts, "-o", joined, "--overwrite"))
    one, other = pq.read_table(joined), pq.read_table(local)
    pairs = zip(one.to_pylist(), other.to_pylist(), strict=False)
    rows = sum(row != expected for row, expected in pairs) + abs(one.num_rows - other.num_rows)
    said, expected = (json.loads(pq.read_metadata(path).metadata[b"grader"]) for path in (joined, local))
    names = [name for name in {**said, **expected} if said.get(name) != expected.get(name)]
    if not one.schema.equals(other.schema):
        names.append("columns")
    return {"rows that differ": rows, "else": ", ".join(names)}


def _start(entry: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COMMAND.format(entry), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen[str]) -> None:
    said = process.communicate()[1]
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}:\n{said}")


def _kill_an_actor(process: subprocess.Popen[str], parts: Path, some: int) -> int:
    """Kill an actor of a run when ``some`` of its parts are there; gives how many there were."""
    while process.poll() is None:
        there = len(list(parts.glob("part-*.parquet")))
        if there >= some and (actors := list(filter(_is_actor, _below(process.pid)))):
            os.kill(actors[0], signal.SIGKILL)
            return there
        time.sleep(0.02)
    _end(process)
    sys.exit("the run was over before an actor was killed: generate more rows")


def _is_actor(pid: int) -> bool:
    try:
        return "MapWorker(MapBatches(PartGrader))" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def _below(pid: int) -> Iterator[int]:
    """Give the processes that a process has started, and those that these have."""
    try:
        children = [one for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _below(child)


if __name__ == "__main__":
    main()
