"""The sample data is what its generator makes, and a reader that shares nothing with it finds the labels true."""

from __future__ import annotations

import importlib
import operator
import re
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "sample_data"

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "% of": lambda percent, base: percent * base / 100,
}
CONVERSIONS = {
    ("minutes", "hours"): Fraction(1, 60),
    ("m", "cm"): Fraction(100),
    ("cents", "dollars"): Fraction(1, 100),
}

NUMBER = r"(\d+(?:\.\d+)?(?:/\d+)?)"
CALCULATION = re.compile(rf"{NUMBER} ?(\+|-|\*|/|% of) ?{NUMBER} ?([=≈]) ?{NUMBER}")
CONVERSION = re.compile(rf"{NUMBER} (minutes|m|cents) ([=≈]) {NUMBER} (hours|cm|dollars)")
PLAIN = [
    (r"<<.*?>>", ""),
    (r"\\frac\{(.*?)\}\{(.*?)\}", r"\1/\2"),
    (r"\\text\{(.*?)\}", r"\1"),
    (r"\{,\}|(?<=\d),(?=\d{3})", ""),
    (r"\\times|\\cdot|×", "*"),
    (r"\\approx", "≈"),
    (r"÷", "/"),
    (r"−", "-"),
    (r"\\%", "%"),
    (r"\\[()]|\\?\$|\*\*", ""),
    (r" +", " "),
]


@pytest.fixture(scope="module")
def generate():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        return importlib.import_module("generate")


@pytest.fixture(scope="module")
def rows():
    return pq.read_table(FOLDER / "solutions.parquet").to_pylist()


@pytest.fixture(scope="module")
def generated(rows):
    return [row for row in rows if row["origin"] == "generated"]


def lines_of(row):
    return [line for line in row["solution"].split("\n") if line.strip()]


def calculations(line):
    """Return (exact, sign, written) of every calculation that a generated line shows."""
    for pattern, replacement in PLAIN:
        line = re.sub(pattern, replacement, line)
    found = [
        (OPERATORS[sign](Fraction(left), Fraction(right)), equals, Fraction(written))
        for left, sign, right, equals, written in CALCULATION.findall(line)
    ]
    found += [
        (Fraction(value) * CONVERSIONS[unit, other], equals, Fraction(written))
        for value, unit, equals, written, other in CONVERSION.findall(line)
    ]
    return found


def is_true(exact, sign, written):
    return exact == written if sign == "=" else exact != written and abs(exact - written) <= Fraction(1, 200)


def answer(row):
    return re.sub(
        r"\*\*Answer:\*\*|FINAL ANSWER:|####|The answer is|\\boxed|\\text|[^\d./]", "", lines_of(row)[-1]
    ).strip(".")


def test_the_committed_files_equal_a_regeneration(generate):
    """What is committed is what the generator makes, and `--check` agrees."""
    assert generate.stale() == []
    assert generate.main(["--check"]) == 0


def test_writing_twice_gives_the_same_bytes(generate, tmp_path):
    """Two regenerations are equal byte for byte."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        generate.write(folder)
    for name in ("solutions.parquet", "odd_rows.parquet"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_check_names_a_stale_file(generate, tmp_path):
    """A file that is missing or differs from its regeneration is named."""
    generate.write(tmp_path)
    table = pq.read_table(tmp_path / "solutions.parquet")
    pq.write_table(table.slice(1), tmp_path / "solutions.parquet")
    (tmp_path / "odd_rows.parquet").unlink()
    assert generate.stale(tmp_path) == ["solutions.parquet", "odd_rows.parquet"]


def test_ids_are_unique(rows):
    """No two rows share an id."""
    assert len({row["id"] for row in rows}) == len(rows)


def test_first_error_line_fits_the_label(rows):
    """The first error line is null exactly for correct rows, and otherwise a line of the solution."""
    for row in rows:
        if row["label"] == "correct":
            assert row["first_error_line"] is None, row["id"]
        else:
            assert 1 <= row["first_error_line"] <= len(lines_of(row)), row["id"]


def test_there_are_enough_rows_of_every_label(rows, generated):
    """The generated rows are balanced, and every label is well represented among the hand-written ones."""
    assert Counter(row["label"] for row in generated) == {
        "correct": 144, "computational_error": 72, "conceptual_error": 72,
    }  # fmt: skip
    by_hand = Counter(row["label"] for row in rows if row["origin"] == "handwritten")
    assert min(by_hand["correct"] / 2, by_hand["computational_error"], by_hand["conceptual_error"]) >= 15
    assert by_hand.keys() == {"correct", "computational_error", "conceptual_error"}


def test_exact_steps_are_true_except_the_wrong_one(generate):
    """Generated steps are exactly true, or rounded to two decimals, except the one that is meant to be false."""
    for item in generate.generated_items():
        for index, worked in enumerate(item.worked):
            sign = "% of" if worked.step.op == "%" else worked.step.op
            exact = OPERATORS[sign](worked.left, worked.right)
            wrong = item.label == "computational_error" and index == item.error_step
            true = worked.result in (exact, round(exact, 2) if worked.step.op == "/" else exact)
            assert true is not wrong, (item.kind, item.problem)


def test_written_calculations_are_true_except_on_the_error_line(generated):
    """In the text alone, the first error line of a computational row is false, and no other line of any row is."""
    for row in generated:
        false = [
            number
            for number, line in enumerate(lines_of(row), 1)
            if not all(is_true(*calculation) for calculation in calculations(line))
        ]
        expected = [row["first_error_line"]] if row["label"] == "computational_error" else []
        assert false == expected, row["id"]


def test_every_step_is_written_as_one_calculation(generate, generated):
    """The text shows as many calculations as the solution has steps, so that none escapes the reading above."""
    for item, row in zip(generate.generated_items(), generated, strict=True):
        assert sum(len(calculations(line)) for line in lines_of(row)) == len(item.worked), row["id"]


def test_only_correct_solutions_reach_the_right_answer(generated):
    """Each generated problem has one correct solution, and its flawed solution ends with another number."""
    answers = defaultdict(dict)
    for row in generated:
        answers[row["problem"]][row["label"] == "correct"] = answer(row)
    for problem, by_truth in answers.items():
        assert by_truth.keys() == {True, False}, problem
        assert by_truth[True] != by_truth[False], problem


def test_odd_rows_cover_nulls_and_size(generate):
    """The odd rows hold nulls on both sides and lines of a megabyte, and stay small on disk."""
    path = FOLDER / "odd_rows.parquet"
    odd = pq.read_table(path).to_pylist()
    assert len(odd) == len({row["what"] for row in odd}) >= 45
    assert any(row["problem"] is None for row in odd)
    assert any(row["solution"] is None for row in odd)
    assert sum(len(row["solution"] or "") >= 999_000 for row in odd) >= 7
    assert path.stat().st_size < 100_000
