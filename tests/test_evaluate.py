"""Figures are those of tables worked by hand, and every error of the command is one line that says what is wrong."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from verdicts import COMPUTATIONAL, CONCEPTUAL, CORRECT, VERDICTS

from grader.cli.evaluate import main
from grader.errors import InputError
from grader.evaluate import evaluate

# Rows of each label by verdict: correct, computational, conceptual, none. Twenty rows in all.
CONFUSION = {CORRECT: (6, 1, 0, 1), COMPUTATIONAL: (1, 4, 1, 0), CONCEPTUAL: (2, 1, 2, 1)}


def spread(confusion):
    """Give the labels and verdicts that a confusion table counts."""
    pairs = [
        (label, verdict)
        for label, counts in confusion.items()
        for verdict, count in zip(VERDICTS, counts, strict=True)
        for _ in range(count)
    ]
    return {"label": [label for label, _ in pairs], "grade_verdict": [verdict for _, verdict in pairs]}


def report_of(write_report, tmp_path, columns):
    return write_report(tmp_path / "report.parquet", columns)


def test_auroc_is_the_share_of_ordered_pairs(write_report, tmp_path):
    """AUROC counts the pairs in which the flawed row scores higher, a tie for half: 7.5 of 9."""
    columns = {
        "label": ["flawed"] * 3 + ["correct"] * 3 + ["flawed"],
        "grade_flaw_probability": [0.9, 0.8, 0.4, 0.7, 0.4, 0.1, None],
    }
    figure = evaluate(report_of(write_report, tmp_path, columns), "label").overall.figures["auroc"]
    assert figure.value == pytest.approx(7.5 / 9)
    assert figure.n == 6
    assert figure.low < figure.value < figure.high


def test_three_classes(write_report, tmp_path):
    """Labels that name the kind of error are evaluated over three classes, a null verdict as wrong."""
    overall = evaluate(report_of(write_report, tmp_path, spread(CONFUSION)), "label").overall
    figures, classes = overall.figures, overall.classes
    assert (figures["accuracy"].k, figures["accuracy"].n) == (12, 20)
    assert (figures["false_alarms"].k, figures["false_alarms"].n) == (1, 8)
    assert (figures["flaws_found"].k, figures["flaws_found"].n) == (8, 12)
    assert (figures["no_answer"].k, figures["no_answer"].n) == (2, 20)
    shares = {name: (c["precision"][3:], c["recall"][3:], c["f1"].value) for name, c in classes.items()}
    assert shares == {
        CORRECT: ((6, 9), (6, 8), pytest.approx(12 / 17)),
        COMPUTATIONAL: ((4, 6), (4, 6), pytest.approx(8 / 12)),
        CONCEPTUAL: ((2, 3), (2, 6), pytest.approx(4 / 9)),
    }
    assert figures["weighted_f1"].value == pytest.approx((8 * 12 / 17 + 6 * 8 / 12 + 6 * 4 / 9) / 20)
    assert list(overall.confusion[CONCEPTUAL].values()) == [2, 1, 2, 1]


def test_two_classes(write_report, tmp_path):
    """One label that says only flawed makes both kinds of error flawed, in labels and verdicts."""
    columns = spread(CONFUSION)
    columns["label"][-1] = "flawed"
    overall = evaluate(report_of(write_report, tmp_path, columns), "label").overall
    assert overall.confusion == {
        CORRECT: {CORRECT: 6, "flawed": 1, "no_answer": 1},
        "flawed": {CORRECT: 3, "flawed": 8, "no_answer": 1},
    }
    assert overall.figures["accuracy"].value == 14 / 20
    assert overall.figures["weighted_f1"].value == pytest.approx((8 * 12 / 17 + 12 * 16 / 21) / 20)
    assert overall.figures["false_alarms"].value == 1 / 8


@pytest.mark.parametrize(
    "labels",
    [
        [True, False, None],
        [1, 0, None],
        [1.0, 0.0, float("nan")],
        ["correct", "flawed", None],
        ["Correct", " WRONG ", ""],
        ["true", "incorrect", " "],
        ["1", "0", None],
    ],
)
def test_ways_to_write_a_label(write_report, tmp_path, labels):
    """Booleans, 0/1 and words say the same, and a row without a label is left out and counted."""
    columns = {"label": labels, "grade_verdict": [CORRECT, CONCEPTUAL, CORRECT]}
    evaluation = evaluate(report_of(write_report, tmp_path, columns), "label")
    assert evaluation.unlabelled == 1
    assert evaluation.overall.figures["accuracy"][3:] == (2, 2)
    assert evaluation.overall.confusion["flawed"] == {CORRECT: 0, "flawed": 1, "no_answer": 0}


def test_rows_that_were_not_graded_are_no_answer(write_report, tmp_path):
    """Skipped, failed and unchecked rows are counted apart, and none of them is right, whatever its verdict says."""
    columns = {
        "label": [CORRECT] * 4,
        "grade_status": ["graded", "skipped", "failed", "graded"],
        "grade_verdict": [CORRECT, CORRECT, None, None],
    }
    overall = evaluate(report_of(write_report, tmp_path, columns), "label").overall
    assert overall.unanswered == {"skipped": 1, "failed": 1, "nothing_checked": 1}
    assert overall.figures["accuracy"][3:] == (1, 4)
    assert overall.figures["false_alarms"][3:] == (0, 4)


LINES = {
    "label": ["flawed"] * 6 + ["correct"] * 5,
    "grade_verdict": [CONCEPTUAL, COMPUTATIONAL, COMPUTATIONAL, CORRECT, CONCEPTUAL, None]
    + [CORRECT] * 4
    + [CONCEPTUAL],
    "grade_first_error_line": [2, 3, 1, None, 5, None, None, None, None, None, 1],
}


@pytest.mark.parametrize(
    "lines",
    [
        [2, 3, 4, 1, None, 2, None, None, None, -1, 0],
        ["2", "3.0", " 4 ", "1", "", "2", None, None, "", "-1", "0"],
        [2.0, 3.0, 4.0, 1.0, float("nan"), 2.0, None, None, None, -1.0, 0.0],
    ],
)
def test_first_error_lines(write_report, tmp_path, lines):
    """The first error line is right on 2 of 3 rows found flawed and 2 of 5 flawed rows that have a labelled line."""
    evaluation = evaluate(report_of(write_report, tmp_path, LINES | {"line": lines}), "label", line="line")
    figures = evaluation.overall.figures
    assert figures["first_error_line_when_found"][3:] == (2, 3)
    assert figures["first_error_line"][3:] == (2, 5)
    assert figures["process_bench_f1"].value == pytest.approx(2 * 0.4 * 0.8 / (0.4 + 0.8))


@pytest.mark.parametrize(
    ("recorded", "share"),
    [
        ({}, (1, 3)),
        ({"problem": "label", "reference": "answer"}, (1, 2)),
        ({"problem": "label", "reference": None}, (0, 0)),
    ],
)
def test_reference_answers(write_report, tmp_path, recorded, share):
    """Rows that differ from the reference answer are a share of the labelled rows that have one."""
    flags = [["reference_mismatch", "truncated"], [], None]
    columns = {"label": [CORRECT] * 3, "answer": ["1", "2", None], "grade_flags": flags}
    path = write_report(tmp_path / "report.parquet", columns, metadata={"columns": recorded})
    assert evaluate(path, "label").overall.figures["reference_mismatch"][3:] == share


def test_slices(write_report, tmp_path):
    """Each value of the by column has its own figures, null too, over the classes of the whole report."""
    columns = spread(CONFUSION)
    columns["source"] = ["gsm8k"] * 8 + ["manual"] * 11 + [None]
    evaluation = evaluate(report_of(write_report, tmp_path, columns), "label", by="source")
    assert {name: metrics.rows for name, metrics in evaluation.slices.items()} == {
        "(null)": 1,
        "gsm8k": 8,
        "manual": 11,
    }
    assert evaluation.slices["gsm8k"].figures["accuracy"][3:] == (6, 8)
    assert evaluation.slices["gsm8k"].classes[COMPUTATIONAL]["recall"].value is None
    assert sum(metrics.figures["accuracy"].k for metrics in evaluation.slices.values()) == 12


def test_older_reports_lack_columns(tmp_path):
    """A report without probabilities and flags is evaluated without the figures that need them."""
    table = pa.table(
        {
            "label": ["correct", "flawed"],
            "grade_status": ["graded", "graded"],
            "grade_verdict": pa.array([CORRECT, CORRECT]).dictionary_encode(),
            "grade_first_error_line": pa.array([None, None], pa.int32()),
        }
    )
    pq.write_table(table, tmp_path / "report.parquet")
    figures = evaluate(str(tmp_path / "report.parquet"), "label").overall.figures
    assert figures["auroc"].value is None
    assert figures["accuracy"].value == 0.5


def test_the_tables_for_people(write_report, tmp_path, capsys):
    """The command prints aligned tables, the null verdicts, and what they mean."""
    columns = spread(CONFUSION) | {"source": ["a"] * 20}
    assert main([report_of(write_report, tmp_path, columns), "--label", "label", "--by", "source"]) == 0
    out = capsys.readouterr().out
    assert "20 rows, 20 with a label in 'label', 0 without one left out" in out
    assert "no answer: 0 skipped, 0 failed, 2 nothing checked" in out
    assert "accuracy                           0.600  0.387 to 0.781  12/20" in out
    assert "A null verdict is no answer" in out
    assert "ProcessBench F1 " not in out.split("A null verdict")[0]


def test_the_json_object(write_report, tmp_path, capsys):
    """With --json stdout is one JSON object, with every key that --help names."""
    path = report_of(write_report, tmp_path, LINES | {"line": [2] * 11})
    assert main([path, "--label", "label", "--line", "line", "--by", "grade_status", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["report", "label", "line", "by", "rows", "unlabelled", "overall", "slices"]
    assert printed["slices"] == {"graded": printed["overall"]}
    assert list(printed["overall"]["figures"]["accuracy"]) == ["value", "low", "high", "k", "n"]
    with pytest.raises(SystemExit):
        main(["--help"])
    help_text = capsys.readouterr().out
    assert all(key in help_text for key in (*printed, *printed["overall"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.parquet", "--label", "label"], "nowhere.parquet: no such file"),
        ([".", "--label", "label"], "a directory"),
        (["text.parquet", "--label", "label"], "cannot be read as Parquet"),
        (["cut.parquet", "--label", "label"], "cannot be read as Parquet"),
        (["plain.parquet", "--label", "label"], "run `grade plain.parquet -o REPORT` first"),
        (["report.parquet"], "--label"),
        (["report.parquet", "--lab", "label"], "--label"),
        (["report.parquet", "--label", "labels"], "no column 'labels'; its columns are label, line, by, none, steps"),
        (["report.parquet", "--label", "by"], "column 'by' has the label '0.5'; allowed are correct, flawed"),
        (["report.parquet", "--label", "none"], "column 'none' holds no label"),
        (["report.parquet", "--label", "steps"], "column 'steps' holds List"),
        (["report.parquet", "--label", "label", "--line", "by"], "column 'by' has the value '0.5'; line numbers"),
        (["report.parquet", "--label", "label", "--line", "line"], "column 'line' has line 0 on a flawed row"),
        (["report.parquet", "--label", "label", "--by", "number"], "column 'number' has 101 values"),
        (["strange.parquet", "--label", "label"], "grade_verdict has the unknown value 'perhaps'"),
    ],
)
def test_errors_are_one_line_and_exit_2(write_report, tmp_path, monkeypatch, capsys, *, arguments, message):
    """Whatever is wrong with the file, a column or a label ends in exit code 2 and one line that says so."""
    monkeypatch.chdir(tmp_path)
    columns = {
        "label": ["flawed"] * 101,
        "line": [0] * 101,
        "by": [0.5] * 101,
        "none": pa.nulls(101),
        "steps": [["a"]] * 101,
        "number": list(range(101)),
    }
    whole = (tmp_path / write_report("report.parquet", columns)).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.parquet").write_text("label,grade_verdict\n" * 3)
    pq.write_table(pa.table({"label": ["flawed"]}), "plain.parquet")
    write_report("strange.parquet", {"label": ["flawed"], "grade_verdict": ["perhaps"]})
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("grade-evaluate: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_damaged_pages_are_an_input_error(write_report, tmp_path):
    """A file whose footer is whole but whose pages are not is named, without a traceback."""
    path = tmp_path / "report.parquet"
    write_report(path, {"label": ["flawed", "correct"] * 500, "grade_verdict": [CORRECT, CONCEPTUAL] * 500})
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    with pytest.raises(InputError, match="this is not a whole and readable Parquet file"):
        evaluate(str(path), "label")


@pytest.mark.parametrize("module", ["grader.cli.evaluate", "grader.cli.compare"])
def test_help_does_not_wait_for_polars(module):
    """Importing a command imports none of the packages that take a while."""
    program = f"import sys, {module}; print({{'polars', 'pyarrow', 'numpy', 'torch'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
