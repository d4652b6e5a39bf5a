"""Print flagged rows of a report with their messages: an example of reading one with nothing but pyarrow.

python docs/read_report.py REPORT.parquet [ROWS]
"""

from __future__ import annotations

import sys

import pyarrow.dataset as ds


def main(report: str, rows: int = 5) -> None:
    """Print the first rows whose verdict is not correct: where the error is, why, the line, and a label if any."""
    data = ds.dataset(report)
    flagged = ds.field("grade_verdict") != "correct"
    columns = ["grade_verdict", "grade_first_error_line", "grade_message", "grade_lines"]
    columns += [name for name in ("label",) if name in data.schema.names]
    for row in data.scanner(columns=columns, filter=flagged).head(rows).to_pylist():
        label = f"   (labelled {row['label']})" if row.get("label") else ""
        print(f"{row['grade_verdict']}: {row['grade_message']}{label}")
        for line in row["grade_lines"]:
            mark = ">" if line["line"] == row["grade_first_error_line"] else " "
            print(f"  {mark} {line['line']:>2}  {line['text']}")
            for equation in line["equations"]:
                print(f"          {equation['text']}  {equation['status']}")
        print()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
