"""How well a pair of models reads and judges: the figures of RESULTS.md and of the model card, on the data folder.

    python benchmarks/models.py reading     the extractor alone, and together with the rules
    python benchmarks/models.py judging     the classifier against baselines that know less, and its calibration
    python benchmarks/models.py verdicts    the whole pipeline
    python benchmarks/models.py all

Without ``--adapters`` the embedded pair is measured. ``--show N`` lists lines that were read wrong.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import finish, parser, print_table, proportion, read_rows, spell
from rigorous import same_reading

from grader.engines import load_pair
from grader.lines import split_lines
from grader.numbers import COMPARISONS
from grader.pipeline import Grader
from grader.reading.grounding import ungrounded_numbers
from grader.reading.rules import read_line
from grader.reading.settling import settle
from grader.statistics import area_under_roc, bootstrap, process_bench_f1, weighted_f1
from grader.types import Certainty, Solution, Verdict
from train.calibrate import calibration_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.engines import Pair
    from grader.statistics import Estimate

LABEL_ERRORS = Path(__file__).with_name("extraction_label_errors.json")
CLASSES = (Verdict.CORRECT, Verdict.COMPUTATIONAL_ERROR, Verdict.CONCEPTUAL_ERROR)
BATCH = 256


def main() -> None:
    """Run the measurements that were asked for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("measure", choices=[*MEASURES, "all"])
    arguments.add_argument("--adapters", help="the pair to measure (default: the embedded one)")
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="list up to N of the lines read wrong")
    arguments.add_argument("--limit", type=int, help="measure on the first rows of every file only")
    options = arguments.parse_args()
    pair = load_pair("auto", classifier=True, adapters=options.adapters, threshold=None)
    print(pair.sentence())
    there = [name for name, half in HALVES.items() if half is None or getattr(pair, half) is not None]
    chosen = there if options.measure == "all" else [options.measure]
    if not set(chosen) <= set(there):
        sys.exit(f"{options.measure}: there is no {HALVES[options.measure]} to measure")
    finish("models", {name: MEASURES[name](pair, options) for name in chosen})


def _rows(options: Any, name: str) -> list[dict[str, Any]]:
    return read_rows(options.data, name)[: options.limit]


# --- reading ----------------------------------------------------------------------------------------------------------


def reading(pair: Pair, options: Any) -> dict[str, Any]:
    """The rigorous score of the extractor alone, of the rules alone, and of both as ``--extractor auto`` has them."""
    import hashlib

    assert pair.extractor is not None
    errors = {entry["line"] for entry in json.loads(LABEL_ERRORS.read_text())}
    rows = _rows(options, "extraction_dev")
    lines, golds = [row["line"] for row in rows], [row["equation"] or "" for row in rows]
    kept = [
        hashlib.sha256(f"{line}\t{gold}".encode()).hexdigest()[:16] not in errors
        for line, gold in zip(lines, golds, strict=True)
    ]
    began = time.perf_counter()
    model = pair.extractor.extract(lines, [None] * len(lines))
    seconds = time.perf_counter() - began
    rules = [read_line(line) for line in lines]
    by_rules = [tuple(equation.text for equation in one.equations) for one in rules]
    both = [
        tuple(e.text for e in settle(one, answer, line, replace=False)[0].equations)
        if one.certainty == Certainty.UNSURE
        else alone
        for one, answer, line, alone in zip(rules, model, lines, by_rules, strict=True)
    ]
    unsure = [one.certainty == Certainty.UNSURE for one in rules]
    everywhere = [True] * len(rows)
    grounded = [
        [e for e in answer if not ungrounded_numbers(e, line)] for answer, line in zip(model, lines, strict=True)
    ]
    invented = sum(len(answer) - len(left) for answer, left in zip(model, grounded, strict=True))
    table: dict[str, dict[str, Any]] = {}
    for who, answers in (("extractor alone", model), ("rules alone", by_rules), ("auto", both)):
        # As in accuracy.py: the labels name equations only.
        told = [tuple(e for e in answer if COMPARISONS.isdisjoint(e)) for answer in answers]
        right = [same_reading(answer, gold) for answer, gold in zip(told, golds, strict=True)]
        for where, chosen in (("raw", everywhere), ("label errors aside", kept), ("rules unsure", unsure)):
            picked = [hit for hit, take in zip(right, chosen, strict=True) if take]
            table[f"{who}, {where}"] = proportion(sum(picked), len(picked))
        if who == "extractor alone":
            wrong = [at for at, hit in enumerate(right) if not hit and kept[at]]
            for at in wrong[: options.show]:
                print(f"  gold {golds[at]!r}, read {answers[at]} in {lines[at]!r}")
    print_table(
        "Reading (extraction_dev)", ("figure", "value"), [(name, spell(share)) for name, share in table.items()]
    )
    total = sum(map(len, model))
    print(f"\nequations with a number that is not in the line: {invented} of {total}; after grounding 0 can fail a row")
    return {**table, "invented": proportion(invented, total), "lines_a_second": round(len(lines) / seconds, 1)}


# --- judging ----------------------------------------------------------------------------------------------------------


def judging(pair: Pair, options: Any) -> dict[str, Any]:
    """AUROC of flawed against correct, beside two baselines; ECE of the probabilities as they are."""
    assert pair.classifier is not None
    verdicts = _rows(options, "verdict_dev")
    correct = [row for row in verdicts if row["error_type"] == "correct"]
    concepts = [row for row in verdicts if row["error_type"] == "conceptual_error"]
    samples, steps = _rows(options, "model_solutions_dev"), _rows(options, "stepverify")
    sets: dict[str, tuple[list[Solution], list[bool]]] = {
        "verdict_dev, conceptual": _set(correct + concepts, "question", _is_flawed),
        "verdict_dev, injected": _set(
            correct + [row for row in concepts if row["source"] != "manual"], "question", _is_flawed
        ),
        "verdict_dev, manual": _set(
            correct + [row for row in concepts if row["source"] == "manual"], "question", _is_flawed
        ),
        "model_solutions_dev": _set(samples, "question", lambda row: not row["is_correct"]),
        "stepverify": _set(steps, "problem", lambda row: row["label"] != "correct"),
    }
    table, result = [], {}
    seen = _judged(pair, {one for solutions, _ in sets.values() for one in solutions})
    hidden = _judged(pair, {one._replace(problem="") for one in seen})
    for name, (solutions, flawed) in sets.items():
        answers = [seen[one] for one in solutions]
        blind = [hidden[one._replace(problem="")] for one in solutions]
        lengths = [float(len(str(one.solution))) for one in solutions]
        ece = calibration_error(np.array(answers), np.array(flawed))
        figures = {
            "auroc": _auroc(answers, flawed),
            "without the problem": _auroc(blind, flawed),
            "length": max(
                _auroc(lengths, flawed), _auroc([-one for one in lengths], flawed), key=lambda one: one.value or 0
            ),
        }
        shares = {key: {"value": one.value, "low": one.low, "high": one.high} for key, one in figures.items()}
        result[name] = {"rows": len(flawed), "flawed": sum(flawed), "ece": round(ece, 4), **shares}
        table.append((name, f"{sum(flawed)}/{len(flawed)}", *(_figure(one) for one in figures.values()), f"{ece:.3f}"))
    header = ("data", "flawed", "AUROC", "same model, problem hidden", "length alone", "ECE")
    print_table("Judging: flawed against correct", header, table)
    return result


def _judged(pair: Pair, solutions: set[Solution]) -> dict[Solution, float]:
    assert pair.classifier is not None
    ordered = sorted(solutions, key=lambda one: (one.problem, str(one.solution)))
    answers = pair.classifier.classify(ordered)
    return {one: answer.flawed for one, answer in zip(ordered, answers, strict=True)}


def _is_flawed(row: dict[str, Any]) -> bool:
    return bool(row["error_type"] != "correct")


def _set(
    rows: Sequence[dict[str, Any]], problem: str, flawed: Callable[[dict[str, Any]], bool]
) -> tuple[list[Solution], list[bool]]:
    return [Solution(row[problem], row["solution"]) for row in rows], [flawed(row) for row in rows]


def _auroc(scores: Sequence[float], flawed: Sequence[bool]) -> Estimate:
    """From mid-ranks: a tie counts half."""
    values, truth = np.array(scores), np.array(flawed)
    order = np.sort(values)
    ranks = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") + 1) / 2
    return area_under_roc(float(ranks[truth].sum()), int(truth.sum()), int((~truth).sum()))


def _figure(one: Estimate) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "not defined"
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


# --- verdicts ---------------------------------------------------------------------------------------------------------


def verdicts(pair: Pair, options: Any) -> dict[str, Any]:
    """Grade whole files: weighted F1 over three classes, ProcessBench's F1 on first error lines, model calls."""
    table, result = [], {}
    for name, problem in (
        ("verdict_dev", "question"),
        ("model_solutions_dev", "question"),
        ("eic_gsm8k", "problem"),
        ("stepverify", "problem"),
        ("mathclean_simple", "problem"),
        ("processbench_math", "problem"),
    ):
        rows = _rows(options, name)
        began = time.perf_counter()
        graded = []
        with Grader(pair) as grader:
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                graded += grader.grade([Solution(row[problem], row["solution"]) for row in part])
        seconds = time.perf_counter() - began
        found = [one.verdict or Verdict.CORRECT for one in graded]
        flaws = [_flawed(row) for row in rows]
        called = [one is not Verdict.CORRECT for one in found]
        two = np.zeros((2, 3))
        for truth, answer in zip(flaws, called, strict=True):
            two[int(truth), int(answer)] += 1
        figures: dict[str, Estimate] = {"weighted F1, two classes": bootstrap(two, weighted_f1)}
        if name == "verdict_dev":
            three = np.zeros((3, 4))
            for row, answer in zip(rows, found, strict=True):
                three[CLASSES.index(Verdict(row["error_type"])), CLASSES.index(answer)] += 1
            figures["weighted F1, three classes"] = bootstrap(three, weighted_f1)
        if "first_error_line" in rows[0]:
            counts = np.zeros((2, 2))
            for row, truth, one in zip(rows, flaws, graded, strict=True):
                if truth and row["first_error_line"] is None:
                    continue
                right = one.first_error_line == (int(row["first_error_line"]) if truth else None)
                counts[0 if truth else 1, 0 if right else 1] += 1
            figures["ProcessBench F1"] = bootstrap(counts, process_bench_f1)
        alarms = proportion(sum(c and not f for c, f in zip(called, flaws, strict=True)), flaws.count(False))
        caught = proportion(sum(c and f for c, f in zip(called, flaws, strict=True)), flaws.count(True))
        rate = len(rows) / seconds
        result[name] = {
            **{key: {"value": one.value, "low": one.low, "high": one.high} for key, one in figures.items()},
            "false_alarms": alarms,
            "flaws_found": caught,
            "rows_a_second": round(rate, 1),
        }
        shown = "; ".join(f"{key} {_figure(one)}" for key, one in figures.items())
        table.append((name, len(rows), shown, spell(alarms), spell(caught), f"{rate:.0f}"))
    header = ("data", "rows", "figures", "false alarms", "flaws found", "rows a second")
    print_table("Verdicts of the whole pipeline", header, table)
    asked = sum(read_line(line.readable).certainty == Certainty.UNSURE for line in _lines(options))
    solutions = len(_rows(options, "model_solutions_dev"))
    print(f"\nlines put to the extractor under auto: {asked / solutions:.2f} a solution of model_solutions_dev")
    return {**result, "extractor_lines_a_solution": round(asked / solutions, 3)}


def _lines(options: Any) -> list[Any]:
    found = (line for row in _rows(options, "model_solutions_dev") for line in split_lines(row["solution"]))
    return [line for line in found if line.readable]


def _flawed(row: dict[str, Any]) -> bool:
    if "is_correct" in row:
        return not row["is_correct"]
    return bool((row.get("error_type") if "error_type" in row and "label" not in row else row["label"]) != "correct")


MEASURES: dict[str, Callable[[Pair, Any], dict[str, Any]]] = {
    "reading": reading,
    "judging": judging,
    "verdicts": verdicts,
}

HALVES = {"reading": "extractor", "judging": "classifier", "verdicts": None}
"""What a measurement cannot do without."""

if __name__ == "__main__":
    main()
