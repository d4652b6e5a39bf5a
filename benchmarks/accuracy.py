"""How well the rules read, and how often they are wrong: the figures of RESULTS.md, on the data folder.

    python benchmarks/accuracy.py extraction      is the equation of a line read as a person reads it?
    python benchmarks/accuracy.py false-alarms    how many correct solutions are called wrong?
    python benchmarks/accuracy.py verdicts        how many wrong calculations are found, and on the right line?
    python benchmarks/accuracy.py coverage        how much of what is written is read?
    python benchmarks/accuracy.py all             the four above

``--show N`` lists up to N of the rows behind each figure that went wrong. The models take no part here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from common import finish, parser, print_table, proportion, read_rows, spell
from rigorous import same_reading, sides

from grader.engines import load_pair
from grader.numbers import COMPARISONS
from grader.pipeline import Grader
from grader.reading.rules import read_line
from grader.types import Certainty, CheckStatus, GradedLine, GradedSolution, Solution, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LABEL_ERRORS = Path(__file__).with_name("extraction_label_errors.json")
VERDICT_LABEL_ERRORS = Path(__file__).with_name("verdict_label_errors.json")
JUDGED = {CheckStatus.HOLDS, CheckStatus.ROUNDED, CheckStatus.FAILS}
READ = set(CheckStatus) - {CheckStatus.UNPARSABLE}
BATCH = 1000
HOLDS, ROUNDED = CheckStatus.HOLDS, CheckStatus.ROUNDED
ANNOTATION = re.compile(r"<<([^<>=]*)=([^<>]*)>>")
OPERATION = re.compile(r"\d[^=]*[-+*/]")
# An equals sign with a number right before it (units and closing marks aside) and right after it: a count that owes
# nothing to the grader's reader.
NUMERIC_EQUALS = re.compile(
    r"(?<![.\w])[\d.,]*\d(?:[\s\\$)}\]%]|\b[A-Za-z]{2,}\b)*(?<![=<>!:])=(?!=)[\s\\$({\[€£~-]*\.?\d"
)


def main() -> None:
    """Run the measurement that was asked for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("measure", choices=[*MEASURES, "all"])
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="list up to N of the rows that went wrong")
    options = arguments.parse_args()
    chosen = list(MEASURES) if options.measure == "all" else [options.measure]
    result = {name: MEASURES[name](options.data, options.show) for name in chosen}
    finish("accuracy", result)


# --- extraction -------------------------------------------------------------------------------------------------------


class ReadLine(NamedTuple):
    """One line of extraction_dev as it was read."""

    line: str
    gold: str
    predicted: tuple[str, ...]
    certain: bool
    right: bool

    @property
    def key(self) -> str:
        """The name of this line in the list of label errors: no data is committed."""
        return hashlib.sha256(f"{self.line}\t{self.gold}".encode()).hexdigest()[:16]

    def tell(self) -> str:
        """Say what was read and what should have been."""
        sure = "certain" if self.certain else "unsure"
        return f"{self.key} {sure}: gold {self.gold!r}, read {list(self.predicted)} in {self.line!r}"


def extraction(folder: Path, show: int) -> dict[str, Any]:
    """Score the reader line by line; label errors are listed by the hash of line and label."""
    errors = {entry["line"]: entry["reason"] for entry in json.loads(LABEL_ERRORS.read_text())}
    lines = [_read(row["line"], row["equation"] or "") for row in read_rows(folder, "extraction_dev")]
    kept = [line for line in lines if line.key not in errors]
    with_equation = [line for line in kept if line.gold]
    certain = [line for line in with_equation if line.certain]
    shares = {
        "raw": _right(lines),
        "adjudicated": _right(kept),
        "adjudicated_with_equation": _right(with_equation),
        "adjudicated_without_equation": _right([line for line in kept if not line.gold]),
        "certain": proportion(len(certain), len(with_equation)),
        "certain_adjudicated": _right(certain),
    }
    names = (
        "rigorous score, raw",
        "rigorous score, label errors set aside",
        "… lines with an equation",
        "… lines without one",
        "lines with an equation that are called certain",
        "rigorous score on those",
    )
    rows = [("label errors", len(lines) - len(kept)), *zip(names, map(spell, shares.values()), strict=True)]
    print_table("Extraction (extraction_dev)", ("figure", "value"), rows)
    _show("extraction misses", show, [line for line in kept if not line.right], ReadLine.tell)
    return {**shares, "label_errors": len(lines) - len(kept)}


def _read(line: str, gold: str) -> ReadLine:
    reading = read_line(line)
    # The labels name equations only: a comparison that is read beside them is neither right nor wrong here.
    predicted = tuple(equation.text for equation in reading.equations if COMPARISONS.isdisjoint(equation.text))
    return ReadLine(line, gold, predicted, reading.certainty is Certainty.CERTAIN, same_reading(predicted, gold))


def _right(lines: Sequence[ReadLine]) -> dict[str, float]:
    return proportion(sum(line.right for line in lines), len(lines))


# --- false alarms -----------------------------------------------------------------------------------------------------

CORRECT_ROWS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "gsm8k_dev": ("question", lambda _: True),
    "gsm8k_train": ("question", lambda _: True),
    "mathclean_simple": ("problem", lambda row: row["label"] == "correct"),
    "processbench_math": ("problem", lambda row: row["label"] == "correct"),
    "model_solutions_dev": ("question", lambda row: row["is_correct"]),
}
POOLED = ("mathclean_simple", "processbench_math", "model_solutions_dev")


def false_alarms(folder: Path, show: int) -> dict[str, Any]:
    """Count correct rows that are called a computational error, and how much of them was judged at all."""
    counts: dict[str, Counter[str]] = {}
    for name, (problem, keep) in CORRECT_ROWS.items():
        rows = [row for row in read_rows(folder, name) if keep(row)]
        graded = grade(rows, problem)
        counts[name] = _count(graded)
        flagged = [(row, result) for row, result in zip(rows, graded, strict=True) if _found(result)]
        _show(f"false alarms on {name}", show, flagged, lambda pair: f"{_name(pair[0])}: {pair[1].message}")
    counts["pooled"] = sum((counts[name] for name in POOLED), Counter())
    result = {
        name: {
            "false_alarms": proportion(count["flagged"], count["rows"]),
            "judged_of_read": proportion(count["judged"], count["numeric"]),
            "judged_of_written": proportion(count["covered"], count["written"]),
            "nothing_checked": proportion(count["nothing"], count["rows"]),
        }
        for name, count in counts.items()
    }
    print_table(
        f"False alarms on correct rows (pooled: {', '.join(POOLED)})",
        (
            "correct rows of",
            "flagged",
            "numeric equations read that were judged",
            "`=` between numbers that were judged",
            "rows with nothing judged",
        ),
        [(name, *(spell(share) for share in shares.values())) for name, shares in result.items()],
    )
    return result


def _count(graded: Iterable[GradedSolution]) -> Counter[str]:
    count: Counter[str] = Counter()
    for solution in graded:
        statuses = Counter(
            check.status for line in solution.lines for check in line.equations if COMPARISONS.isdisjoint(check.text)
        )
        judged = sum(statuses[status] for status in JUDGED)
        count.update(
            rows=1,
            flagged=_found(solution),
            judged=judged,
            numeric=statuses.total() - statuses[CheckStatus.SYMBOLIC],
            nothing=judged == 0,
        )
        for line in solution.lines:
            written = len(NUMERIC_EQUALS.findall(line.text))
            count.update(written=written, covered=min(written, _equal(line, JUDGED)))
    return count


def _equal(line: GradedLine, statuses: set[CheckStatus]) -> int:
    """Count a line's equations with one of these statuses; comparisons are no equations."""
    return sum(check.status in statuses and COMPARISONS.isdisjoint(check.text) for check in line.equations)


# --- coverage ---------------------------------------------------------------------------------------------------------


def coverage(folder: Path, show: int) -> dict[str, Any]:
    """Count how much of what is written was read: GSM8K's annotated calculations, and `=` between numbers elsewhere."""
    rows = read_rows(folder, "gsm8k_train")
    annotated, missed = 0, []
    for row, solution in zip(rows, grade(rows, "question"), strict=True):
        for line in solution.lines:
            values = {
                (check.left, check.right) for check in line.equations if check.status in (HOLDS, ROUNDED) and check.left
            }
            for left, right in ANNOTATION.findall(line.text):
                if OPERATION.search(left):
                    annotated += 1
                    if not any(_same(left, one) and _same(right, other) for one, other in values):
                        missed.append((_name(row), f"{left}={right}", line.text))
    result = {"gsm8k_train annotated": proportion(annotated - len(missed), annotated)}
    for name in ("mathclean_simple", "processbench_math"):
        written = read = 0
        for solution in grade(read_rows(folder, name), "problem"):
            for line in solution.lines:
                found = len(NUMERIC_EQUALS.findall(line.text))
                written += found
                read += min(found, _equal(line, READ))
        result[f"{name} `=` between numbers"] = proportion(read, written)
    print_table(
        "Read: annotations as holds or rounded, `=` with a status other than unparsable (all rows)",
        ("what", "read"),
        [(name, spell(share)) for name, share in result.items()],
    )
    _show("annotated calculations not read", show, missed, lambda miss: f"{miss[0]}: {miss[1]} in {miss[2]!r}")
    return result


def _same(text: str, value: str) -> bool:
    """Whether an annotation's side has the value that the report gives."""
    (readings,) = sides(text)
    return any(reading.value == Fraction(value) for reading in readings)


# --- verdicts ---------------------------------------------------------------------------------------------------------


def verdicts(folder: Path, show: int) -> dict[str, Any]:
    """Measure computational errors on verdict_dev and eic_gsm8k."""
    rows = read_rows(folder, "verdict_dev")
    pairs = list(zip(rows, grade(rows, "question"), strict=True))
    flagged = [(row, solution) for row, solution in pairs if _found(solution)]
    injected = [pair for pair in pairs if _is_computational(pair[0]) and pair[0]["source"].startswith("programmatic")]
    manual = [pair for pair in pairs if _is_computational(pair[0]) and pair[0]["source"] == "manual"]
    placed = [pair for pair in injected if _found(pair[1])]
    errors = {entry["row"]: entry["kind"] for entry in json.loads(VERDICT_LABEL_ERRORS.read_text())}
    # Set aside: rows labelled otherwise that hold a false calculation, rows labelled computational that hold none,
    # and labels that point to another line than the false one. Each was read.
    clean = {
        kind: [pair for pair in pairs_of if errors.get(_key(pair[0])) != kind]
        for kind, pairs_of in (("false calculation", flagged), ("no calculation is false", injected), ("line", placed))
    }
    rows = [row for row in read_rows(folder, "eic_gsm8k") if row["error_type"] == "calculation_error"]
    natural = list(zip(rows, grade(rows, "problem"), strict=True))
    result = {
        "precision": proportion(sum(_is_computational(row) for row, _ in flagged), len(flagged)),
        "precision_adjudicated": proportion(
            sum(_is_computational(row) for row, _ in clean["false calculation"]), len(clean["false calculation"])
        ),
        "listed_apart": proportion(len(flagged) - len(clean["false calculation"]), len(flagged)),
        "recall": _recall([*injected, *manual]),
        "recall_programmatic": _recall(injected),
        "recall_programmatic_adjudicated": _recall(clean["no calculation is false"]),
        "recall_manual": _recall(manual),
        "first_line_programmatic": proportion(sum(_is_placed(*pair) for pair in placed), len(placed)),
        "first_line_programmatic_adjudicated": proportion(
            sum(_is_placed(*pair) for pair in clean["line"]), len(clean["line"])
        ),
        "recall_eic_calculation": _recall(natural),
    }
    names = (
        "computational errors, precision",
        "… rows that do hold a false calculation set aside",
        "… false calculations in rows labelled otherwise, listed apart",
        "… recall",
        "… recall, programmatic",
        "… rows in which no calculation is false set aside",
        "… recall, manual",
        "first error line, programmatic ones found",
        "… labels that name another line than the false one set aside",
        "EIC-Math calculation errors, recall",
    )
    print_table(
        "Verdicts (verdict_dev, eic_gsm8k)", ("figure", "value"), zip(names, map(spell, result.values()), strict=True)
    )
    others = Counter(row["error_type"] or "correct" for row, _ in flagged if not _is_computational(row))
    print(f"\nlabelled otherwise: {', '.join(f'{count} {label}' for label, count in sorted(others.items())) or 'none'}")
    _show(
        "called computational but labelled otherwise",
        show,
        [pair for pair in flagged if not _is_computational(pair[0])],
        _tell,
    )
    _show("missed, programmatic", show, [pair for pair in injected if not _found(pair[1])], _tell)
    _show("missed, manual", show, [pair for pair in manual if not _found(pair[1])], _tell)
    _show("wrong line, programmatic", show, [pair for pair in placed if not _is_placed(*pair)], _tell)
    _show("missed, EIC-Math", show, [pair for pair in natural if not _found(pair[1])], _tell)
    return result


def _key(row: dict[str, Any]) -> str:
    """The name of this row in the list of label errors: no data is committed."""
    return hashlib.sha256(f"{row['problem_id']}\t{row['solution']}".encode()).hexdigest()[:16]


def _is_computational(row: dict[str, Any]) -> bool:
    return row["error_type"] == "computational_error"


def _is_placed(row: dict[str, Any], solution: GradedSolution) -> bool:
    return bool(row["first_error_line"] == solution.first_error_line)


def _recall(pairs: Sequence[tuple[dict[str, Any], GradedSolution]]) -> dict[str, float]:
    return proportion(sum(_found(solution) for _, solution in pairs), len(pairs))


def _tell(pair: tuple[dict[str, Any], GradedSolution]) -> str:
    row, solution = pair
    head = f"{_name(row)} {row['error_type']} {row['source']} line {row['first_error_line']}: {solution.message}"
    return head + "".join(
        f"\n    {line.line} {line.text!r} {[f'{check.text} {check.status}' for check in line.equations]}"
        for line in solution.lines
    )


# --- all three --------------------------------------------------------------------------------------------------------


def grade(rows: Sequence[dict[str, Any]], problem: str) -> list[GradedSolution]:
    """Grade rows by the rules alone."""
    solutions = [Solution(problem=row[problem], solution=row["solution"]) for row in rows]
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        return [
            result
            for start in range(0, len(solutions), BATCH)
            for result in grader.grade(solutions[start : start + BATCH])
        ]


def _found(solution: GradedSolution) -> bool:
    return solution.verdict is Verdict.COMPUTATIONAL_ERROR


def _name(row: dict[str, Any]) -> str:
    return str(row.get("id", row.get("problem_id")))


def _show(title: str, show: int, items: Sequence[Any], tell: Callable[[Any], str]) -> None:
    if show and items:
        print(f"\n{title}: {min(show, len(items))} of {len(items)}")
        for item in items[:show]:
            print("  " + tell(item))


MEASURES = {"extraction": extraction, "false-alarms": false_alarms, "coverage": coverage, "verdicts": verdicts}

if __name__ == "__main__":
    main()
