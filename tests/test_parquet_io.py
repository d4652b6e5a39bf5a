"""Rows in, report columns out, and a file that is there whole or not at all."""

import json
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.columns import ColumnNames, discover
from grader.errors import EnvironmentStop, InputError
from grader.parquet_io import writer as writer_module
from grader.parquet_io.report import REPORT, report_batch
from grader.parquet_io.rows import solutions_of
from grader.parquet_io.writer import AtomicWriter, write_text
from grader.types import CheckStatus, EquationCheck, GradedLine, GradedSolution, RowStatus, Solution, Source, Verdict

TEXTS = st.text(max_size=20)
MAYBE_TEXTS = st.none() | TEXTS
PROBABILITIES = st.none() | st.floats(0, 1, width=32)
EQUATIONS = st.builds(
    EquationCheck, TEXTS, MAYBE_TEXTS, MAYBE_TEXTS, st.sampled_from(CheckStatus), st.sampled_from(Source), MAYBE_TEXTS
)
LINES = st.builds(GradedLine, st.integers(1, 999), TEXTS, PROBABILITIES, st.lists(EQUATIONS, max_size=3).map(tuple))
GRADED = st.builds(
    GradedSolution,
    st.sampled_from(RowStatus),
    st.none() | st.sampled_from(Verdict),
    PROBABILITIES,
    st.none() | st.integers(1, 999),
    MAYBE_TEXTS,
    st.integers(0, 99),
    st.integers(0, 99),
    st.lists(st.sampled_from(["nothing_checked", "truncated"]), max_size=2).map(tuple),
    st.lists(LINES, max_size=3).map(tuple),
)


def read(table, limit=None, **named):
    table = pa.table(table)
    columns = discover(table.schema, ColumnNames(**named), "in.parquet")
    return [row for batch in table.to_batches() for row in solutions_of(batch, columns)]


def as_dict(graded):
    """Build the report row the slow and plain way."""
    lines = [line._asdict() | {"equations": [check._asdict() for check in line.equations]} for line in graded.lines]
    row = graded._asdict() | {"flags": list(graded.flags), "lines": lines}
    return {f"grade_{name}": value for name, value in row.items()}


class TestRows:
    """Record batches -> solutions."""

    @pytest.mark.parametrize(
        "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
    )
    def test_text_of_any_encoding(self, kind):
        """A text column is read whatever its encoding; null problem is empty, null solution None."""
        table = {"problem": pa.array(["p", None], kind), "solution": pa.array(["é", None], kind)}
        assert read(table) == [Solution("p", "é"), Solution("", None)]

    def test_slices(self):
        """A batch that is a slice of a larger one gives its own rows."""
        table = pa.table(
            {
                "problem": list("pqrs"),
                "solution": [["a"], None, ["b", None, "c\nd"], []],
                "answer": [1.0, 2.0, 0.5, None],
            }
        )
        assert read(table.slice(1)) == [
            Solution("q", None, "2"),
            Solution("r", ("b", "", "c\nd"), "0.5"),
            Solution("s", (), None),
        ]
        assert read(table.cast(table.schema.set(1, pa.field("solution", pa.large_list(pa.large_string())))))[3] == (
            "s",
            (),
            None,
        )

    @pytest.mark.parametrize(("role", "content"), [("role", "content"), ("from", "value")])
    def test_chats(self, role, content):
        """The solution is the last assistant turn, the problem the last user turn before it, in any slice."""
        chats = [
            [("system", "s"), ("user", "p1"), ("assistant", "a1"), ("User", "p2"), ("assistant", "a2"), ("user", "p3")],
            None,
            [("human", "p"), ("gpt", "a")],
            [("user", "only a question")],
            [],
            [("assistant", "only an answer")],
            [("user", "p"), ("assistant", None)],
        ]
        turns = [None if chat is None else [{role: who, content: text} for who, text in chat] for chat in chats]
        expected = [("p2", "a2"), ("", None), ("p", "a"), ("", None), ("", None), ("", "only an answer"), ("p", None)]
        table = pa.table({"messages": turns})
        assert [(row.problem, row.solution) for row in read(table)] == expected
        assert [(row.problem, row.solution) for row in read(table.slice(2))] == expected[2:]

    def test_prompt_and_completion_chats(self):
        """Where problem and solution are two chats, the problem is the last question of its own."""
        turn = {"role": "user", "content": "example"}, {"role": "assistant", "content": "shot"}
        table = {
            "prompt": [[*turn, {"role": "user", "content": "p"}]],
            "completion": [[{"role": "assistant", "content": "a"}]],
        }
        assert read(table) == [Solution("p", "a")]

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            (pa.array([72, None]), ["72", None]),
            (pa.array([72.0, 0.1]), ["72", "0.1"]),
            (pa.array(["72 ", ""]), ["72 ", ""]),
            (pa.array(["1.50", None]).cast(pa.decimal128(5, 2)), ["1.50", None]),
        ],
    )
    def test_reference_answers_are_text(self, values, texts):
        """A number as reference answer is read as text."""
        rows = read({"problem": ["p"] * 2, "solution": ["s"] * 2, "ground_truth": values})
        assert [row.reference for row in rows] == texts

    @pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
    def test_bytes_that_are_not_utf8(self, kind):
        """A text that is not UTF-8 costs its own bad bytes, not the run."""
        raw = pa.array([b"a\xffb", b"ok", None], pa.large_binary() if kind == pa.large_string() else pa.binary())
        bad = pa.Array.from_buffers(kind, 3, raw.buffers())
        rows = read({"problem": ["p"] * 3, "solution": bad})
        assert [row.solution for row in rows] == ["a�b", "ok", None]


class TestReport:
    """Graded solutions -> Arrow."""

    @settings(max_examples=60, deadline=None)
    @given(st.lists(GRADED, max_size=5))
    def test_flat_building_equals_building_from_dicts(self, graded):
        """The columns built from flat lists are those that Arrow builds from nested dicts."""
        fast = report_batch(graded)
        slow = pa.RecordBatch.from_pylist([as_dict(row) for row in graded], schema=REPORT)
        assert fast.schema.equals(REPORT)
        assert fast.equals(slow)
        fast.validate(full=True)

    def test_the_columns_of_the_contract(self):
        """Names and types are those of the report's contract."""
        equation = "struct<text: string, left: string, right: string, status: string, source: string, detail: string>"
        line = f"struct<line: int32, text: string, flaw_probability: float, equations: list<item: {equation}>>"
        assert {field.name: str(field.type) for field in REPORT} == {
            "grade_status": "string",
            "grade_verdict": "string",
            "grade_flaw_probability": "float",
            "grade_first_error_line": "int32",
            "grade_message": "string",
            "grade_n_equations": "int32",
            "grade_n_failed": "int32",
            "grade_flags": "list<item: string>",
            "grade_lines": f"list<item: {line}>",
        }
        assert [name.removeprefix("grade_") for name in REPORT.names] == list(GradedSolution._fields)

    def test_half_a_surrogate_pair(self):
        """A text that Arrow cannot hold is stored with the replacement character."""
        check = EquationCheck("1=\ud800", None, None, CheckStatus.HOLDS, Source.RULES, "\udfff")
        graded = GradedSolution(RowStatus.GRADED, message="\ud800", lines=(GradedLine(1, "x\ud83d", None, (check,)),))
        row = report_batch([graded]).to_pylist()[0]
        assert row["grade_message"] == "�"
        assert row["grade_lines"][0]["text"] == "x�"
        assert row["grade_lines"][0]["equations"][0]["text"] == "1=�"

    def test_a_report_opens_everywhere(self, tmp_path):
        """DuckDB, pandas and polars read the report, nested columns and all."""
        check = EquationCheck("12*5=50", "60", "50", CheckStatus.FAILS, Source.RULES, "12*5 is 60")
        lines = (GradedLine(1, "so 12*5 = 50", 0.5, (check,)),)
        graded = GradedSolution(
            RowStatus.GRADED, Verdict.COMPUTATIONAL_ERROR, 0.5, 1, "line 1", 1, 1, ("truncated",), lines
        )
        path = str(tmp_path / "report.parquet")
        with AtomicWriter(tmp_path / "report.parquet", REPORT) as writer:
            writer.write(report_batch([graded, GradedSolution(RowStatus.SKIPPED)]))
            writer.commit({})
        query = (
            "select x.text, e.status from (select unnest(grade_lines) x from read_parquet(?)), unnest(x.equations) t(e)"
        )
        assert duckdb.execute(query, [path]).fetchall() == [("so 12*5 = 50", "fails")]
        frame = pl.read_parquet(path)
        assert frame["grade_lines"].to_list()[0][0]["equations"][0]["left"] == "60"
        assert frame.schema["grade_lines"].inner.fields[0].dtype == pl.Int32
        table = pd.read_parquet(path)
        assert list(table["grade_status"]) == ["graded", "skipped"]
        assert isinstance(table["grade_lines"][0], np.ndarray)
        assert pl.scan_parquet(path).filter(pl.col("grade_n_failed") > 0).collect().height == 1


class TestAtomicWriter:
    """A file that is there whole or not at all."""

    BATCH = pa.RecordBatch.from_pydict({"grade_status": ["graded"] * 10})

    def _open(self, tmp_path):
        return AtomicWriter(tmp_path / "out.parquet", self.BATCH.schema)

    def test_metadata_and_rows(self, tmp_path):
        """After the commit the file holds all rows, and the metadata as JSON."""
        with self._open(tmp_path) as writer:
            writer.write(self.BATCH)
            writer.write(self.BATCH.slice(0, 3))
            assert [file.suffix for file in tmp_path.iterdir()] == [".tmp"]
            writer.commit({"format": 1, "name": "é"})
        assert [file.name for file in tmp_path.iterdir()] == ["out.parquet"]
        file = pq.ParquetFile(tmp_path / "out.parquet")
        assert file.metadata.num_rows == writer.rows == 13
        assert json.loads(file.metadata.metadata[b"grader"]) == {"format": 1, "name": "é"}

    def test_no_rows(self, tmp_path):
        """A report of no rows is a valid file."""
        with self._open(tmp_path) as writer:
            writer.commit({})
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 0

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_is_left_after_an_error(self, tmp_path, error):
        """Whatever interrupts the writing, the temporary file goes and an older report stays."""
        (tmp_path / "out.parquet").write_text("older")

        def interrupted():
            with self._open(tmp_path) as writer:
                writer.write(self.BATCH)
                raise error

        with pytest.raises(error):
            interrupted()
        assert [file.name for file in tmp_path.iterdir()] == ["out.parquet"]
        assert (tmp_path / "out.parquet").read_text() == "older"

    def test_row_groups_are_bounded(self, tmp_path, monkeypatch):
        """Rows wait in memory until a row group's worth of rows or bytes is there."""
        monkeypatch.setattr(writer_module, "ROW_GROUP_ROWS", 25)
        with self._open(tmp_path) as writer:
            for _ in range(10):
                writer.write(self.BATCH)
            writer.commit({})
        metadata = pq.read_metadata(tmp_path / "out.parquet")
        assert [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)] == [30, 30, 30, 10]

    def test_free_text_has_no_dictionary(self, tmp_path):
        """Columns of few values are stored by dictionary, texts of the rows and lines are not."""
        schema = pa.schema([("solution", pa.string()), ("source", pa.string()), *REPORT])
        graded = GradedSolution(RowStatus.GRADED, lines=(GradedLine(1, "x", None, ()),))
        report = report_batch([graded])
        with AtomicWriter(tmp_path / "out.parquet", schema, {"solution"}) as writer:
            writer.write(pa.RecordBatch.from_arrays([pa.array(["s"]), pa.array(["t"]), *report.columns], schema=schema))
            writer.commit({})
        group = pq.read_metadata(tmp_path / "out.parquet").row_group(0)
        dictionary = {
            group.column(index).path_in_schema
            for index in range(group.num_columns)
            if "RLE_DICTIONARY" in group.column(index).encodings
        }
        assert {"source", "grade_status", "grade_lines.list.element.equations.list.element.status"} <= dictionary
        assert not {"solution", "grade_lines.list.element.text"} & dictionary
        assert all(group.column(index).compression == "ZSTD" for index in range(group.num_columns))

    def test_a_folder_that_is_gone(self, tmp_path):
        """Where nothing can be written the run stops with the file's name."""
        with pytest.raises(EnvironmentStop, match=r"out\.parquet: writing stopped"):
            AtomicWriter(tmp_path / "gone" / "out.parquet", REPORT)
        with pytest.raises(EnvironmentStop, match=r"out\.json: writing stopped"):
            write_text(tmp_path / "gone" / "out.json", "{}")

    @pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
    def test_a_full_disk(self, tmp_path):
        """A disk that fills up stops the run; nothing is left behind and nothing else is said."""
        script = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from grader.errors import EnvironmentStop, InputError
from grader.parquet_io.writer import AtomicWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
batch = pa.RecordBatch.from_pydict({"x": [str(index * 7919) * 10 for index in range(20_000)]})
try:
    with AtomicWriter(Path(sys.argv[1]), batch.schema, {"x"}) as writer:
        for _ in range(50):
            writer.write(batch)
        writer.commit({})
except EnvironmentStop as error:
    print(error)
"""
        ended = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "out.parquet")], capture_output=True, text=True, check=True
        )
        assert "raise the limit on file sizes" in ended.stdout
        assert ended.stderr == ""
        assert list(tmp_path.iterdir()) == []


def test_pages_have_checksums_and_others_read_them(tmp_path):
    """A flipped bit of a report or a table is seen; pandas, polars and DuckDB read both."""
    from grader.parquet_io.reader import verify
    from grader.reports import write_table

    columns = pa.table({"text": [f"row {index}" for index in range(500)]})
    with AtomicWriter(tmp_path / "report.parquet", columns.schema) as writer:
        writer.write(columns.to_batches()[0])
        writer.commit({})
    write_table(pl.from_arrow(columns), tmp_path / "table.parquet")
    for path in (tmp_path / "report.parquet", tmp_path / "table.parquet"):
        verify(path)
        assert pd.read_parquet(path)["text"].tolist() == columns["text"].to_pylist()
        assert pl.read_parquet(path)["text"].to_list() == columns["text"].to_pylist()
        assert duckdb.sql(f"SELECT count(DISTINCT text) FROM '{path}'").fetchall() == [(500,)]
        data = bytearray(path.read_bytes())
        chunk = pq.read_metadata(path).row_group(0).column(0)
        data[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 1] ^= 1
        path.write_bytes(data)
        with pytest.raises(InputError, match="this Parquet file is damaged: a page"):
            verify(path)
