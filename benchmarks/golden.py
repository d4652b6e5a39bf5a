"""How the golden cases of tests/cases are made up: how many, how many modelled on real rows, how many must not fail.

    python benchmarks/golden.py

A case with ``seen`` is modelled on a form of writing that stands in that data set: the same equation or line once its
numbers and words are taken for any others. No row is copied. Every mark is looked up in the data.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from accuracy import grade
from common import ROOT, finish, parser, print_table, proportion, read_rows, spell

from grader.lines import split_lines
from grader.reading.rules import read_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASES = ROOT / "tests" / "cases"
SETS = (
    "gsm8k_train", "gsm8k_dev", "mathclean_simple", "processbench_math", "model_solutions_dev", "verdict_dev",
    "eic_gsm8k", "stepverify",
)  # fmt: skip
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")


def main() -> None:
    """Count the cases of each file and look every mark up."""
    options = parser(__doc__.splitlines()[0]).parse_args()
    forms = {name: set(_forms_of_data(options.data, name)) for name in SETS}
    rows, wrong, counts = [], [], Counter()
    for path in sorted(CASES.glob("*.json")):
        cases = json.loads(path.read_text(encoding="utf-8"))
        seen = [case for case in cases if "seen" in case]
        wrong += [case for case in seen if not forms_of_case(case) <= forms[case["seen"]]]
        kept = sum(map(must_not_fail, cases))
        counts.update(cases=len(cases), seen=len(seen), kept=kept)
        rows.append(
            (path.stem, len(cases), spell(proportion(len(seen), len(cases))), spell(proportion(kept, len(cases))))
        )
    shares = {name: proportion(counts[name], counts["cases"]) for name in ("seen", "kept")}
    rows.append(("all", counts["cases"], spell(shares["seen"]), spell(shares["kept"])))
    print_table("Golden cases", ("file", "cases", "modelled on real rows", "must not fail"), rows)
    for case in wrong:
        print(f"not in {case['seen']}: {case}")
    finish("golden", {"cases": counts["cases"], **shares, "marks_not_found": len(wrong)})
    sys.exit(bool(wrong))


def must_not_fail(case: dict[str, Any]) -> bool:
    """Whether a case is one that the grader must leave alone."""
    if "status" in case:
        return bool(case["status"] != "fails")
    if "expected" in case:
        return case["expected"] in ("clear", "alarm")
    return case.get("line") is None or "certainty" in case


def forms_of_case(case: dict[str, Any]) -> set[str]:
    """The forms that a case names: of its equation, of its line, or of each equation of its solution."""
    if "equation" in case:
        return {form_of_equation(case["equation"])}
    if "solution" not in case:
        return {form_of_line(case["line"])}
    lines = [line.readable for line in split_lines(case["solution"]) if line.readable]
    return {form_of_equation(equation.text) for line in lines for equation in read_line(line).equations}


def form_of_equation(text: str) -> str:
    """An equation with its numbers and letters taken for any others: ``N*D=N``."""
    text = NUMBER.sub(lambda number: "D" if "." in number[0] else "N", text)
    return re.sub(r"[a-zA-Z](?![a-z(])", "v", text)


def form_of_line(text: str) -> str:
    """A line with its numbers and runs of words taken for any others; those at its ends are left away."""
    text = NUMBER.sub("N", re.sub(r"<<.*?>>", "", text).strip())
    text = re.sub(r"(?<!\\)\b[A-Za-z][A-Za-z'’-]+\b", "w", text)
    text = re.sub(r"\s+", " ", re.sub(r"w(?:[ ,]+w)*", "w", text)).strip(" .")
    return re.sub(r"^(?:[-*#\d.) ]*w[:,]? )|(?: w[.,!]?)$", "", text)


def _forms_of_data(folder: Path, name: str) -> Iterator[str]:
    rows = read_rows(folder, name)
    for solution in grade(rows, "problem" if "problem" in rows[0] else "question"):
        for line in solution.lines:
            yield form_of_line(line.text)
            yield from (form_of_equation(check.text) for check in line.equations)


if __name__ == "__main__":
    main()
