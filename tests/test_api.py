"""The Python API: its names, what importing it costs, and that it grades as the command does."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import grader
from grader.cli.grade import main as grade
from grader.engines import Pair
from grader.engines.scripted import ScriptedExtractor
from grader.errors import InputError, UsageError
from grader.parquet_io.report import REPORT

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
RULES = {"extractor": "rules", "classifier": False}
PINNED = {
    "GradedSolution": "status verdict flaw_probability first_error_line message n_equations n_failed flags lines",
    "Grader": "pair",
    "Pair": "mode extractor classifier threshold name others beside plain_text",
    "Solution": "problem solution reference",
    "grade_dataset": "dataset pair problem_column solution_column id_column answer_column replace_grades workers",
    "load_pair": "extractor classifier adapters threshold device devices quantization memory compiled offline",
}


def test_names_and_parameters():
    """The API is these names with these parameters; a change of them is a change for its users."""
    assert sorted({*PINNED, "__version__"}) == sorted(grader.__all__)
    found = {name: " ".join(inspect.signature(getattr(grader, name)).parameters) for name in PINNED}
    assert found == PINNED


@pytest.mark.parametrize("name", sorted(PINNED))
def test_every_name_is_explained(name):
    """Every name has a docstring and stands on the page of the API."""
    assert inspect.getdoc(getattr(grader, name))
    assert re.search(rf"^### `{name}", PAGE, re.MULTILINE)


def test_a_name_that_is_not_there():
    """A name that the package does not have is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'grade'"):
        grader.grade  # noqa: B018


def test_importing_costs_nothing():
    """Importing the package, or a command, imports no room of the API."""
    heavy = "{'torch', 'sympy', 'polars', 'pyarrow', 'datasets', 'transformers', 'numpy'}"
    code = f"import sys, grader, grader.cli.grade; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_page_runs(tmp_path, monkeypatch):
    """The first example of the page does what it says."""
    code, said = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL).groups()
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, said), done.stderr


@pytest.fixture(scope="module")
def table():
    texts = [f"{index} + 1 = {index + 1 + (index % 7 == 0)}" for index in range(50)]
    texts[3], texts[4] = None, texts[5]
    return pa.table({"question": ["p"] * 50, "answer": texts, "extra": pa.array(range(50), pa.int16())})


class TestDatasets:
    """``grade_dataset``: a data set in, a data set out."""

    @pytest.mark.parametrize("workers", [0, 2])
    def test_it_grades_as_the_command(self, table, tmp_path, workers):
        """Rows, columns and types are those of ``grade`` on the same rows."""
        pq.write_table(table, tmp_path / "in.parquet")
        rules = ("--extractor", "rules", "--no-classifier", "--workers", "0", "--quiet")
        assert grade([str(tmp_path / "in.parquet"), "-o", str(tmp_path / "report.parquet"), *rules]) == 0
        graded = grader.grade_dataset(datasets.Dataset(table), grader.load_pair(**RULES), workers=workers)
        expected = pq.read_table(tmp_path / "report.parquet")
        assert graded.data.table.combine_chunks().cast(expected.schema).equals(expected)

    def test_what_is_chosen_of_a_data_set(self, table):
        """Rows that were selected and columns that were formatted are graded in the order in which they are."""
        chosen = datasets.Dataset(table).select([9, 7, 8]).with_format("numpy", columns=["extra"])
        graded = grader.grade_dataset(chosen, Pair(), workers=0)
        assert graded["extra"][:] == [9, 7, 8]
        assert graded["grade_verdict"][:] == ["correct", "computational_error", "correct"]
        assert chosen.column_names == ["question", "answer", "extra"]

    def test_models_are_asked_and_columns_named(self, table):
        """The pair that is given grades; columns may be named; an earlier result is not taken for a new one."""
        renamed = datasets.Dataset(table.slice(0, 5)).rename_columns({"question": "a", "answer": "b"})
        named = {"problem_column": "a", "solution_column": "b", "workers": 0}
        for text in ("1=1", "2=3"):
            lines = ["0 + 1 = 2", *table["answer"].to_pylist()]
            pair = Pair("model", ScriptedExtractor({line: [text] for line in lines}))
            graded = grader.grade_dataset(renamed, pair, **named)
            checks = [line["equations"][0]["text"] for lines in graded["grade_lines"] for line in lines]
            assert set(checks) == {text}

    def test_on_the_disk(self, table, tmp_path):
        """A data set that lies on the disk gives one that does."""
        datasets.Dataset(table).save_to_disk(tmp_path / "set")
        graded = grader.grade_dataset(datasets.load_from_disk(tmp_path / "set"), Pair(), workers=0)
        assert graded.cache_files
        assert graded.num_rows == 50

    def test_refusals(self, table):
        """What cannot be graded is named with the remedy."""
        dataset = datasets.Dataset(table)
        with pytest.raises(InputError, match="no problem column was found"):
            grader.grade_dataset(dataset.remove_columns("question"), Pair())
        with pytest.raises(InputError, match=r"DatasetDict was given .* choose a split"):
            grader.grade_dataset(datasets.DatasetDict(train=dataset), Pair())
        with pytest.raises(InputError, match="IterableDataset was given"):
            grader.grade_dataset(dataset.to_iterable_dataset(), Pair())
        graded = grader.grade_dataset(dataset, Pair(), workers=0)
        with pytest.raises(InputError, match=r"already has grade_status.*replace_grades=True"):
            grader.grade_dataset(graded, Pair())
        again = grader.grade_dataset(graded, Pair(), replace_grades=True, workers=0)
        assert again.column_names == [*table.column_names, *REPORT.names]


@pytest.mark.parametrize("workers", [-1, "2", 1.5])
def test_workers_that_are_no_number(workers):
    """What the command refuses as a number of workers is refused here."""
    table = datasets.Dataset.from_dict({"problem": ["p"], "solution": ["1+1 = 2"]})
    with pytest.raises(UsageError, match="not a whole number from 0 on"):
        grader.grade_dataset(table, Pair(), workers=workers)


@pytest.mark.parametrize("threshold", [float("nan"), -1, 0, 1, 7, "0.5"])
def test_thresholds_that_decide_nothing(threshold):
    """What the command refuses as a threshold is refused here, before a model is looked for."""
    with pytest.raises(UsageError, match="between 0 and 1, both excluded"):
        grader.load_pair(threshold=threshold)


@pytest.mark.parametrize("memory", [float("nan"), 0, -1, "8GB"])
def test_a_memory_that_is_none(memory):
    """What is no number of bytes is refused before a model is looked for."""
    with pytest.raises(UsageError, match="no number of bytes above 0"):
        grader.load_pair(memory=memory)


def test_a_quantization_that_is_none():
    """A quantization that nobody knows is refused before a model is looked for."""
    with pytest.raises(UsageError, match="int3: choose one of nf4, none"):
        grader.load_pair(quantization="int3")


def test_a_data_set_without_rows():
    """The columns of a report are there though no row is."""
    table = datasets.Dataset.from_dict({"problem": ["p"], "solution": ["1+1 = 2"]})
    graded = grader.grade_dataset(table.select([]), Pair(), workers=0)
    assert graded.num_rows == 0
    assert graded.features == grader.grade_dataset(table, Pair(), workers=0).features


def test_nulls_and_generators():
    """Nulls are graded as in a file, and any iterable of solutions will do."""
    solutions = [grader.Solution(None, "2+2=5"), grader.Solution("p", ("2+2=5", None)), grader.Solution("p", None)]
    plain = [grader.Solution("", "2+2=5"), grader.Solution("p", ("2+2=5", "")), grader.Solution("p", None)]
    with grader.Grader(Pair()) as one:
        found = one.grade(solution for solution in solutions)
        assert found == one.grade(plain)
    assert [row.verdict for row in found] == ["computational_error", "computational_error", None]
