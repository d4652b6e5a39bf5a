"""What a second night costs, whether it is right, and what a page of a large report costs.

Two nights of `grade-audit` on gsm8k_train and mathclean_simple: before the second one, 1 % of the rows of each are
changed, 1 % added, and the order is shuffled. Then the page of a report of 100,000 rows, made of the first night's.
A night's cost is the whole command, and the same without loading the models.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import ROOT, Usage, finish, parser, print_table

SETS = {"gsm8k_train": ("problem_id", "question"), "mathclean_simple": ("id", "problem")}
SHARE = 0.01
PAGE_ROWS = 100_000
COMMAND = (sys.executable, "-c", "from grader.cli.entry import {0}; raise SystemExit({0}())")
FLAWED = ("computational_error", "conceptual_error")


def run(entry: str, *arguments: str) -> Usage:
    """Run a command of the program as a whole process."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryFile("w+") as said:
        command = [*COMMAND[:2], COMMAND[2].format(entry), *arguments]
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        peak = 0.0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            peak = max(peak, _peak(process.pid))
            time.sleep(0.02)
        said.seek(0)
        text = said.read()
    if os.waitstatus_to_exitcode(ended[1]) != 0:
        sys.exit(f"{entry} ended with {os.waitstatus_to_exitcode(ended[1])}:\n{text}")
    return Usage(time.perf_counter() - began, ended[2].ru_utime + ended[2].ru_stime, peak, text)


def _peak(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def plant(source: Path, target: Path, name: str) -> tuple[set[str], set[str]]:
    """Write the second night's rows of a data set; gives the ids of those that were changed and of those added."""
    import polars as pl

    key, problem = SETS[name]
    rows = pl.read_parquet(source).to_dicts()
    chance = random.Random(name)
    picked = chance.sample(range(len(rows)), 2 * max(1, round(SHARE * len(rows))))
    half = len(picked) // 2
    changed, added = set(), set()
    for place in picked[:half]:
        row = rows[place]
        digits = [at for at, one in enumerate(row["solution"]) if one.isdigit()]
        at = chance.choice(digits) if digits else 0
        other = str((int(row["solution"][at]) + 1) % 10) if digits else "7"
        row["solution"] = row["solution"][:at] + other + row["solution"][at + 1 :]
        changed.add(str(row[key]))
    for index, place in enumerate(picked[half:]):
        row = dict(rows[place])
        row[key] = 10_000_000 + index if isinstance(row[key], int) else f"new-{index}"
        row[problem] = f"{row[problem]} (asked again)"
        rows.append(row)
        added.add(str(row[key]))
    chance.shuffle(rows)
    pl.DataFrame(rows, schema=pl.read_parquet(source).schema).write_parquet(target)
    return changed, added


def expected_change(before: str | None, now: str | None) -> str:
    """Name the change of an edited row from its two verdicts, without the program's help."""
    if (before in FLAWED) != (now in FLAWED):
        return "newly_flawed" if now in FLAWED else "newly_cleared"
    return "text_changed" if before == now else "verdict_changed"


def wrong_changes(nights: list[Path], name: str, changed: set[str], added: set[str]) -> int:
    """Count the rows of changes.parquet that are not as planted, and the planted ones that are not there."""
    import polars as pl

    key = SETS[name][0]
    verdicts = []
    for night in nights:
        report = pl.read_parquet(night / name / "report.parquet")
        verdicts.append(dict(zip(report[key].cast(pl.String), report["grade_verdict"], strict=True)))
    expected = {one: expected_change(verdicts[0][one], verdicts[1][one]) for one in changed}
    expected |= dict.fromkeys(added, "added")
    table = pl.read_parquet(nights[1] / name / "changes.parquet")
    found = dict(zip(table["key"], table["change"], strict=True))
    causes = table.filter(pl.col("cause") != "data").height
    doubled = table.height - len(found)
    return causes + doubled + sum(expected.get(one) != found.get(one) for one in expected.keys() | found.keys())


def two_nights(data: Path, folder: Path, adapters: str | None, rows: int | None) -> dict[str, Any]:
    """Do both nights and compare them."""
    import polars as pl

    config = [f'store = "{folder / "store"}"']
    if adapters:
        config.append(f'[models]\nadapters = "{adapters}"')
    for name in SETS:
        table = pl.read_parquet(data / f"{name}.parquet")
        (table if rows is None else table.head(rows)).write_parquet(folder / f"{name}.parquet")
        config.append(f'[[data]]\nname = "{name}"\ninputs = ["{name}.parquet"]')
    (folder / "audit.toml").write_text("\n".join(config) + "\n")
    usages, summaries = [], []
    planted: dict[str, tuple[set[str], set[str]]] = {}
    for night in (1, 2):
        if night == 2:
            planted = {name: plant(folder / f"{name}.parquet", folder / f"{name}.parquet", name) for name in SETS}
        usages.append(run("grade_audit", str(folder / "audit.toml"), "--quiet"))
        summaries.append(json.loads((folder / "store" / "latest" / "summary.json").read_text()))
    nights = sorted((folder / "store" / "nights").iterdir())
    net = [one["seconds"] - one["loading_seconds"] for one in summaries]
    graded = [sum(data["work"]["graded"] for data in one["data"]) for one in summaries]
    wrong = sum(wrong_changes(nights, name, *planted[name]) for name in SETS)
    return {
        "models": summaries[0]["data"][0]["pair"],
        "rows": [sum(data["counts"]["rows"] for data in one["data"]) for one in summaries],
        "planted": sum(len(changed) + len(added) for changed, added in planted.values()),
        "graded": graded,
        "changes_wrong": wrong,
        "command_seconds": [round(one.seconds, 2) for one in usages],
        "night_seconds": [round(one, 2) for one in net],
        "loading_seconds": [one["loading_seconds"] for one in summaries],
        "cpu_seconds": [round(one.cpu_seconds, 2) for one in usages],
        "ratio": round(net[1] / net[0], 4),
        "ratio_of_commands": round(usages[1].seconds / usages[0].seconds, 4),
        "peak_mib": [round(one.peak_mib) for one in usages],
    }


def page(folder: Path, rows: int) -> dict[str, Any]:
    """Make the page of a report of many rows."""
    import polars as pl

    report = pl.read_parquet(folder / "store" / "latest" / "gsm8k_train" / "report.parquet")
    chance = random.Random(0)
    copies = pl.concat([report] * (rows // report.height + 1)).head(rows)
    numbers = pl.Series("problem_id", range(rows))
    flawed = pl.Series("grade_flaw_probability", [chance.random() for _ in range(rows)], dtype=pl.Float32)
    source = pl.Series("source", [f"source {chance.randint(1, 40)}" for _ in range(rows)])
    metadata = {"grader": json.dumps({"format": 1, "columns": {"identifier": "problem_id"}})}
    path = folder / "large.parquet"
    copies.with_columns(numbers, flawed, source).write_parquet(path, metadata=metadata, row_group_size=16_384)
    usage = run("grade_page", str(path), "-o", str(folder / "page.html"), "--by", "source")
    size = (folder / "page.html").stat().st_size
    return {
        "rows": rows,
        "seconds": round(usage.seconds, 2),
        "cpu_seconds": round(usage.cpu_seconds, 2),
        "megabytes": round(size / 1e6, 3),
        "peak_mib": round(usage.peak_mib),
    }


def main() -> None:
    """Measure, print the table, and one JSON line last."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--adapters", metavar="DIR", help="grade with these models (default: the pair that ships)")
    arguments.add_argument("--rows", type=int, metavar="N", help="only the first N rows of each data set")
    arguments.add_argument("--page-rows", type=int, default=PAGE_ROWS, metavar="N", help="rows of the page's report")
    options = arguments.parse_args()
    for name in SETS:
        if not (options.data / f"{name}.parquet").is_file():
            sys.exit(f"{options.data / name}.parquet is not there: name the data folder with --data or $GRADER_DATA")
    with tempfile.TemporaryDirectory() as folder:
        adapters = None if options.adapters is None else str(Path(options.adapters).resolve())
        nights = two_nights(options.data, Path(folder), adapters, options.rows)
        large = page(Path(folder), options.page_rows)
    rows = [
        ["rows", *nights["rows"]],
        ["of them graded", *nights["graded"]],
        ["planted", "", nights["planted"]],
        ["changes not as planted", "", nights["changes_wrong"]],
        ["seconds, models loaded", *nights["night_seconds"]],
        ["seconds, whole command", *nights["command_seconds"]],
        ["peak MiB", *nights["peak_mib"]],
    ]
    print_table(f"Two nights ({nights['models']})", ["", "first", "second"], rows)
    print_table("Page", list(large), [list(large.values())])
    finish("audit", {"nights": nights, "page": large})


if __name__ == "__main__":
    main()
