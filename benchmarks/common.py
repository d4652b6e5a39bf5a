"""What the benchmarks share: the data folder, intervals, a table, and the one JSON line that ends every run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.statistics import wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parent.parent


class Usage(NamedTuple):
    """What a command used: wall and processor seconds, its largest resident memory in MiB, and what it said.

    The memory is that of the process and its children together, as they were seen ten times a second.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    said: str


def parser(description: str) -> argparse.ArgumentParser:
    """Give a parser that knows ``--data``."""
    result = argparse.ArgumentParser(description=description, allow_abbrev=False)
    result.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("GRADER_DATA", ROOT.parent / "shared" / "data")),
        help="folder of the data files (default: $GRADER_DATA, else %(default)s)",
    )
    return result


def read_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read ``<folder>/<name>.parquet`` as dictionaries, or leave with a message when it is not there."""
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if not path.is_file():
        sys.exit(f"{path} is not there: name the data folder with --data DIR or $GRADER_DATA")
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def proportion(k: int, n: int) -> dict[str, Any]:
    """Give k/n with its Wilson 95 % interval as the JSON line carries it."""
    return {name: round(x, 5) if isinstance(x, float) else x for name, x in wilson(k, n)._asdict().items()}


def spell(share: dict[str, Any]) -> str:
    """Write a proportion for the table: ``12/1200 = 1.00 % [0.57, 1.74]``."""
    if not share["n"]:
        return "0/0"
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{share['k']}/{share['n']} = {100 * share['value']:.2f} % [{low:.2f}, {high:.2f}]"


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown, ready for RESULTS.md."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    print(f"\n{title}\n")
    for index, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def grade(source: Path, report: Path, *options: str, workers: int = 0, ends_after: float | None = None) -> Usage:
    """Grade a file by the rules alone, as a user would: a whole process, Parquet in and out.

    After ``ends_after`` seconds the run is sent SIGTERM, which is then no error.
    """
    command = [str(Path(sys.executable).with_name("grade")), str(source), "-o", str(report), "--overwrite"]
    command += ["--extractor", "rules", "--no-classifier", "--workers", str(workers), *options]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(command, stderr=messages)
        peak = 0.0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            peak = max(peak, _memory(process.pid))
            if ends_after is not None and time.perf_counter() - start > ends_after:
                process.terminate()
                ends_after = None
            time.sleep(0.1)
        seconds = time.perf_counter() - start
        messages.seek(0)
        said = messages.read()
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    if process.returncode not in (0, 143):
        sys.exit(f"grade ended with exit code {process.returncode}:\n{said}")
    return Usage(seconds, ended[2].ru_utime + ended[2].ru_stime, peak, said)


def _memory(pid: int) -> float:
    """Resident MiB of a process and all below it; shared pages count in each."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return (int(found.group(1)) / 1024 if found else 0.0) + sum(_memory(int(child)) for child in children)


def finish(benchmark: str, result: dict[str, Any]) -> None:
    """Print the JSON line: what was measured, on which commit and machine."""
    line = {"benchmark": benchmark, "commit": _commit(), "machine": _machine(), **result}
    print(f"\n{json.dumps(line, ensure_ascii=False)}")


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _machine() -> str:
    found = re.search(r"^model name\s*: (.*)$", _cpuinfo(), re.MULTILINE)
    model = found.group(1) if found else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.is_file() else ""
