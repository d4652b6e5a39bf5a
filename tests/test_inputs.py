"""Inputs: which files are meant, how they are joined, and what is said of those that cannot be read."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from input_files import jsonl, refusal, rows_of

from grader.columns import ColumnNames
from grader.errors import InputError
from grader.inputs import open_inputs, readers
from grader.inputs.paths import resolve

TABLE = pa.table({"id": [1, 2, 3], "problem": ["p", "q", "r"], "solution": ["1+1=2", "é\n2", None]})


@pytest.fixture
def parquet(tmp_path):
    pq.write_table(TABLE, tmp_path / "in.parquet")
    return tmp_path / "in.parquet"


class TestPaths:
    """From arguments to files."""

    def test_a_folder_gives_its_inputs_sorted(self, tmp_path):
        """Input files directly in a folder are taken in the order of their names; notes of other tools are not."""
        for name in ("b.parquet", "a.PARQUET", "_SUCCESS", "_metadata.parquet", ".a.parquet", "README.md"):
            (tmp_path / name).touch()
        (tmp_path / "deeper").mkdir()
        (tmp_path / "deeper" / "c.parquet").touch()
        assert [file.name for file in resolve([str(tmp_path)])] == ["a.PARQUET", "b.parquet"]
        assert [file.name for file in resolve([f"{tmp_path}/**/*.parquet"])] == [
            "_metadata.parquet",
            "b.parquet",
            "c.parquet",
        ]

    def test_arguments_keep_their_order(self, tmp_path):
        """Files are graded in the order in which they were named."""
        for name in ("a.csv", "b.csv"):
            (tmp_path / name).touch()
        assert [file.name for file in resolve([f"{tmp_path}/b.csv", f"{tmp_path}/a.csv"])] == ["b.csv", "a.csv"]

    def test_a_file_whose_name_looks_like_a_pattern(self, tmp_path):
        """A file that exists under the very name is that file, brackets or not."""
        (tmp_path / "in[1].csv").touch()
        assert [file.name for file in resolve([f"{tmp_path}/in[1].csv"])] == ["in[1].csv"]

    @pytest.mark.parametrize(
        ("argument", "said"),
        [
            ("missing.parquet", "no such file"),
            ("*.parquet", "no file matches"),
            ("empty", "holds no input"),
            ("mixed", "say which"),
            ("notes.txt", "end in .parquet"),
            ("data", "end in .parquet"),
        ],
    )
    def test_what_cannot_be_an_input(self, tmp_path, argument, said):
        """A path that gives no input is an error that names it and the remedy."""
        for folder in ("empty", "mixed"):
            (tmp_path / folder).mkdir()
        for file in ("mixed/a.csv", "mixed/b.parquet", "notes.txt", "data"):
            (tmp_path / file).touch()
        message = refusal(tmp_path / argument)
        assert message.startswith(f"{tmp_path / argument}: ")
        assert said in message

    def test_no_argument_at_all(self):
        """An empty list of inputs is an error."""
        assert "no input" in refusal()

    @pytest.mark.parametrize("path", ["ftp://host/a.parquet", "gs://bucket/a.parquet"])
    def test_other_remote_paths_are_refused(self, path):
        """A remote path that cannot be read is not mistaken for a missing file."""
        with pytest.raises(InputError, match="remote files are s3://, hf:// and https://"):
            resolve([path])

    def test_an_input_named_twice(self, parquet):
        """A file that two arguments name would be graded twice: an error."""
        assert "named twice" in refusal(parquet, parquet.parent)


class TestParquet:
    """Reading Parquet."""

    def test_rows_come_back(self, parquet):
        """All rows are read, the first N with a limit."""
        assert rows_of(parquet) == TABLE.to_pylist()
        assert rows_of(parquet, limit=2) == TABLE.to_pylist()[:2]
        assert rows_of(parquet, limit=9) == TABLE.to_pylist()
        assert open_inputs([str(parquet)]).rows == 3

    @pytest.mark.parametrize("damage", ["empty", "truncated", "no Parquet", "page"])
    def test_a_damaged_file_is_named(self, tmp_path, damage):
        """A file cut short, of another kind, or with a damaged page is an error that names it and the remedy."""
        path = tmp_path / "in.parquet"
        texts = [f"text {index * 7919 % 1000}" for index in range(5000)]
        pq.write_table(pa.table({"problem": texts, "solution": texts}), path, write_page_checksum=True)
        whole = path.read_bytes()
        page = whole[:500] + bytes(byte ^ 0xFF for byte in whole[500:600]) + whole[600:]
        damaged = {"empty": b"", "truncated": whole[:-100], "no Parquet": b"problem,solution\n" * 9, "page": page}
        path.write_bytes(damaged[damage])
        message = refusal(path)
        assert message.startswith(f"{path}: ")
        assert "write it again" in message

    def test_batches_are_small_however_large_the_row_group(self, tmp_path):
        """Batches hold a bounded number of rows, fewer where rows are long."""
        path = tmp_path / "in.parquet"
        pq.write_table(pa.table({"solution": ["x"] * 5000}), path, row_group_size=5000)
        assert max(batch.num_rows for batch in open_inputs([str(path)]).batches()) == readers.BATCH_ROWS
        pq.write_table(pa.table({"solution": ["x" * 1_000_000] * 100}), path, use_dictionary=False)
        assert max(batch.num_rows for batch in open_inputs([str(path)]).batches()) < 40


def test_categories_in_lists_across_row_groups(tmp_path):
    """Nested dictionaries, which Arrow cannot read across the border of two row groups, are read."""
    table = pa.table({"tags": pa.array([["a"], ["b", "a"], []] * 10, pa.list_(pa.dictionary(pa.int8(), pa.string())))})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=7)
    assert rows_of(tmp_path / "in.parquet") == table.to_pylist()


class TestSeveralFiles:
    """Joining files by column name."""

    def test_files_are_joined_by_column_name(self, tmp_path):
        """A column that a file lacks is null in its rows; columns stand in the order in which they first appear."""
        pq.write_table(pa.table({"problem": ["p"], "solution": ["s"]}), tmp_path / "a.parquet")
        pq.write_table(pa.table({"extra": [1], "solution": ["t"]}), tmp_path / "b.parquet")
        assert rows_of(tmp_path) == [
            {"problem": "p", "solution": "s", "extra": None},
            {"problem": None, "solution": "t", "extra": 1},
        ]
        assert rows_of(tmp_path, limit=1) == [{"problem": "p", "solution": "s", "extra": None}]

    @pytest.mark.parametrize(
        "other", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()), pa.null()]
    )
    def test_text_is_text_however_it_is_encoded(self, tmp_path, other):
        """Files whose writers encoded text differently, or had only nulls to write, are joined."""
        values = [None] if pa.types.is_null(other) else ["b"]
        pq.write_table(pa.table({"solution": pa.array(values, other)}), tmp_path / "b.parquet")
        pq.write_table(pa.table({"solution": ["a"]}), tmp_path / "a.parquet")
        expected = [{"solution": "a"}, {"solution": values[0]}]
        assert rows_of(tmp_path / "a.parquet", tmp_path / "b.parquet") == expected
        assert rows_of(tmp_path / "b.parquet", tmp_path / "a.parquet") == expected[::-1]

    def test_formats_may_be_mixed_by_name(self, tmp_path, parquet):
        """Files of different formats are joined where each is named."""
        jsonl(tmp_path / "in.jsonl", {"problem": "j", "solution": "s"})
        assert [row["problem"] for row in rows_of(parquet, tmp_path / "in.jsonl")] == ["p", "q", "r", "j"]

    @pytest.mark.parametrize("role", ["problem", "solution"])
    def test_a_file_without_the_column_is_refused(self, tmp_path, role):
        """Its rows would be skipped or judged without their problem; a file without rows has none to lose."""
        both = {"problem": ["p"], "solution": ["s"]}
        pq.write_table(pa.table(both), tmp_path / "a.parquet")
        pq.write_table(
            pa.table({**{name: both[name] for name in both if name != role}, "text": ["t"]}), tmp_path / "b.parquet"
        )
        with pytest.raises(InputError) as caught:
            open_inputs([str(tmp_path)]).columns(ColumnNames())
        for part in (str(tmp_path / "b.parquet"), repr(role), str(tmp_path / "a.parquet"), "grade the files apart"):
            assert part in str(caught.value)
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "b.parquet")
        assert open_inputs([str(tmp_path)]).columns(ColumnNames()).solution == "solution"

    def test_a_column_of_another_type_is_told_of_its_own_file(self, tmp_path):
        """Not of the first one, which has none of that name."""
        pq.write_table(pa.table({"problem": ["p"], "text": ["s"]}), tmp_path / "a.parquet")
        pq.write_table(pa.table({"problem": ["p"], "solution": [1]}), tmp_path / "b.parquet")
        with pytest.raises(InputError, match=r"b\.parquet: the solution column 'solution' is int64"):
            open_inputs([str(tmp_path)]).columns(ColumnNames())

    def test_a_column_of_two_types_names_both_files(self, tmp_path):
        """Files that disagree about a column's type are an error that names both and the column."""
        for name, value in (("a", 1), ("b", "1")):
            pq.write_table(pa.table({"level": [value]}), tmp_path / f"{name}.parquet")
        message = refusal(tmp_path)
        for part in ("'level'", "int64", "string", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")):
            assert part in message


class TestGradeColumns:
    """Inputs that are reports."""

    def test_they_are_refused_or_dropped(self, tmp_path):
        """Columns of an earlier report are an error that names the option which drops them."""
        path = tmp_path / "in.parquet"
        pq.write_table(pa.table({"solution": ["s"], "Grade_status": ["graded"], "n": [1]}), path)
        assert "--replace-grades" in refusal(path)
        assert "Grade_status" in refusal(path)
        assert rows_of(path, replace_grades=True) == [{"solution": "s", "n": 1}]


class TestFingerprint:
    """Which content a report was made of."""

    def test_it_follows_the_content_not_the_place(self, tmp_path):
        """The same content elsewhere has the same fingerprint, another content another one."""
        prints = []
        for folder, text in (("a", "x"), ("b", "x"), ("c", "y")):
            (tmp_path / folder).mkdir()
            path = jsonl(tmp_path / folder / "in.jsonl", {"solution": text})
            prints.append(open_inputs([str(path)]).fingerprint())
        assert prints[0] == prints[1] != prints[2]
        assert prints[0]["files"] == 1

    def test_large_files_are_sampled(self, tmp_path, monkeypatch):
        """Head, tail and evenly spread parts of a large file count."""
        monkeypatch.setattr("grader.inputs.SAMPLE_BYTES", 10)
        digests = set()
        for place in (8, 5000, -5):
            content = bytearray(b'{"a": "' + b"x" * 10_000 + b'"}\n')
            content[place] = ord("y")
            (tmp_path / "in.jsonl").write_bytes(content)
            digests.add(open_inputs([str(tmp_path / "in.jsonl")]).fingerprint()["sha256"])
        assert len(digests) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.tsv", "write it with commas"), ("a.csv.gz", "gunzip"), ("a.jsonl.zst", "zstd -d"), ("a", "convert or rename")],
)
def test_endings_that_renaming_does_not_help(tmp_path, name, said):
    """What is wrong with another ending is told by it."""
    (tmp_path / name).write_text("problem,solution\n")
    assert said in refusal(tmp_path / name)
