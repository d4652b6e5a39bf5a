"""Inputs: which files are meant, how they are joined, and what is said of those that cannot be read."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InputError
from grader.inputs import json_lines, open_inputs, readers
from grader.inputs.paths import resolve

TABLE = pa.table({"id": [1, 2, 3], "problem": ["p", "q", "r"], "solution": ["1+1=2", "é\n2", None]})


def rows_of(*arguments, start=0, limit=None, **options):
    inputs = open_inputs([str(argument) for argument in arguments], **options)
    batches = list(inputs.batches(start, limit))
    assert all(batch.schema.equals(inputs.schema) for batch in batches)
    return pa.Table.from_batches(batches, inputs.schema).to_pylist()


def refusal(*arguments, **options):
    with pytest.raises(InputError) as caught:
        rows_of(*arguments, **options)
    message = str(caught.value)
    assert message.count("\n") <= 1
    return message


def jsonl(path: Path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


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


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=3),
    max_leaves=5,
)


class TestJsonLines:
    """Reading JSON Lines."""

    def test_late_keys_and_types(self, tmp_path, monkeypatch):
        """A key, a fraction or a field of an object that appears only after megabytes of rows is not lost."""
        monkeypatch.setattr(json_lines, "BLOCK_BYTES", 100)
        early = [{"solution": f"s{index}", "n": index, "meta": {"a": 1}, "tags": []} for index in range(50)]
        late = {"solution": "s", "n": 0.5, "meta": {"b": "x"}, "tags": ["t"], "late": "here"}
        rows = rows_of(jsonl(tmp_path / "in.jsonl", *early, late))
        assert rows[0] == {"solution": "s0", "n": 0.0, "meta": {"a": 1, "b": None}, "tags": [], "late": None}
        assert rows[-1] == {"solution": "s", "n": 0.5, "meta": {"a": None, "b": "x"}, "tags": ["t"], "late": "here"}

    def test_texts_stay_texts(self, tmp_path):
        """A text that looks like a date stays text; blank lines and a byte order mark are no rows."""
        path = tmp_path / "in.jsonl"
        path.write_bytes(b'\xef\xbb\xbf{"a": "2020-01-01T00:00:00", "b": "007"}\r\n\n  \n{"a": "", "b": null}')
        assert rows_of(path) == [{"a": "2020-01-01T00:00:00", "b": "007"}, {"a": "", "b": None}]
        assert open_inputs([str(path)]).rows == 2

    def test_half_a_surrogate_pair(self, tmp_path):
        """A character that UTF-8 cannot hold becomes the replacement character; the row is kept."""
        path = tmp_path / "in.jsonl"
        path.write_text('{"a": "x\\ud800y", "m": [{"c": "\\udc00"}]}\n{"a": "\\ud83d\\ude00", "m": []}\n')
        assert [row["a"] for row in rows_of(path)] == ["x�y", "😀"]
        assert rows_of(path)[0]["m"] == [{"c": "�"}]

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_values_come_back_or_are_refused(self, tmp_path_factory, data):
        """Whatever JSON holds is read as it is, or refused with the file's name: never changed in silence."""
        values = data.draw(st.lists(JSON_VALUES, min_size=1, max_size=4))
        path = jsonl(tmp_path_factory.mktemp("json") / "in.jsonl", *({"value": value} for value in values))
        try:
            rows = rows_of(path)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017 either outcome is right, the message is the property
        else:
            assert [without_nulls(row["value"]) for row in rows] == [without_nulls(value) for value in values]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ('{"a": 1}\n{"a": 1,}\n', r"line 2: this is not JSON"),
            ('{"a": 1}\n[1]\n', r"line 2: a JSON object"),
            ('{"a": 1}\nnull\n', r"line 2: a JSON object"),
            ('[{"a": 1}, {"a": 2}]\n', r"JSON array.*jq"),
            ('[\n{"a": 1}\n]\n', r"line 1: this is not JSON.*jq"),
            ('{\n"a": 1\n}\n', r"line 1: this is not JSON.*jq"),
            ('{"a": 1}\n{"a": "x"}\n', r"column 'a' is a number in row 1 and text in row 2"),
            ('{"a": "x"}\n{"a": ["x"]}\n', r"column 'a' is text in row 1 and a list in row 2"),
            ('{"a": [1]}\n{"a": ["x"]}\n', r"column 'a'.*two types.*rows 1 to 2"),
            (
                '{"a": 123456789012345678901}\n',
                r"column 'a' has a whole number beyond 64 bits in row 1; write it as text",
            ),
            ('{"a": {}}\n', r"column 'a' holds only empty objects"),
            ("[" * 100_000 + "\n", r"line 1"),
        ],
    )
    def test_what_cannot_be_read(self, tmp_path, content, said):
        """A broken line or a column of two types is an error that names file, line or rows, and remedy."""
        path = tmp_path / "in.json"
        path.write_text(content)
        message = refusal(path)
        assert message.startswith(str(path))
        assert re.search(said, message)

    def test_two_types_far_apart(self, tmp_path, monkeypatch):
        """A column whose type changes after megabytes of rows is an error that names the row."""
        monkeypatch.setattr(json_lines, "BLOCK_BYTES", 100)
        path = jsonl(tmp_path / "in.jsonl", *[{"a": "x"}] * 50, {"b": "x" * 200}, {"a": 5})
        assert re.search(r"column 'a' is string up to row \d+ and int64 after it", refusal(path))

    def test_another_encoding(self, tmp_path):
        """A file that is not UTF-8 is an error that names the line."""
        path = tmp_path / "in.jsonl"
        path.write_bytes(b'{"a": "x"}\n{"a": "\xe9"}\n')
        assert "line 2: this is not UTF-8" in refusal(path)


def without_nulls(value):
    """Arrow gives all objects of a column the same fields: absent ones are null."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


class TestCsv:
    """Reading CSV."""

    @settings(max_examples=40, deadline=None)
    @given(rows=st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=30)] * 2), min_size=1))
    def test_every_text_comes_back(self, tmp_path_factory, rows):
        """Cells are text as it is written: numbers, dates, line breaks, quotes and empty cells too."""
        path = tmp_path_factory.mktemp("csv") / "in.csv"
        table = pa.table({"problem": [row[0] for row in rows], "solution": [row[1] for row in rows]})
        pa_csv.write_csv(table, path)
        assert rows_of(path) == table.to_pylist()

    def test_numbers_stay_text(self, tmp_path):
        """Leading zeros, exponents and NA survive."""
        path = tmp_path / "in.csv"
        path.write_text("\ufeffid,answer,note\n007,1e5,NA\n1,72.0,\n")
        assert rows_of(path) == [
            {"id": "007", "answer": "1e5", "note": "NA"},
            {"id": "1", "answer": "72.0", "note": ""},
        ]
        assert open_inputs([str(path)]).rows is None

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "this file is empty"),
            (b"a,b\n1,2\n1,2,3\n", "Expected 2 columns"),
            (b"a,b\n1,\xe9\n", "not UTF-8; convert it, as in iconv"),
            (b"a,\xe9\n1,2\n", "not UTF-8; convert it, as in iconv"),
            (b"a,a\n1,2\n", "two columns have the name 'a'"),
            (b"a;b\n1;2\n", "its columns are separated by semicolons; write it with commas"),
            (b"a\tb\n1\t2\n", "its columns are separated by tabs; write it with commas"),
            ("a,b\n1,2\n".encode("utf-16"), "this file is UTF-16; convert it, as in iconv"),
            ("a,b\n1,2\n".encode("utf-16-be"), "this file is UTF-16; convert it, as in iconv"),
            (b"a,b\n1," + b"x" * (17 << 20), "longer than 8 MiB, the most that is read, or a quote in it"),
        ],
    )
    def test_what_cannot_be_read(self, tmp_path, content, said):
        """A broken file is an error that names it and says why."""
        path = tmp_path / "in.csv"
        path.write_bytes(content)
        message = refusal(path)
        assert message.startswith(f"{path}: ")
        assert said in message

    @pytest.mark.parametrize("text", ["2+2=5\nb,2\n", "", "\r\n", 'x "" y', 'ends in a ""', "\nb,2", "é,"])
    def test_a_quote_that_is_never_closed(self, tmp_path, text):
        """Rows that a quote swallows are told, wherever the file ends; a quote that is closed swallows none."""
        path = tmp_path / "in.csv"
        path.write_text(f'a,b\n0,"1"\n1,"{text}', newline="")
        assert "row 2: a quote opens in column 'b' and is never closed" in refusal(path)
        for end in ('"', '"\n', '"\r\n\n', '"\n2,3'):
            path.write_text(f'a,b\n0,"1"\n1,"{text}{end}', newline="")
            assert rows_of(path)[1] == {"a": "1", "b": text.replace('""', '"')}

    @pytest.mark.parametrize("end", ['x"', '5"\n', '"x"y', '"x"",\ny"'])
    def test_quotes_that_close_nothing(self, tmp_path, end):
        """A quote inside a text that is not quoted is a quote."""
        path = tmp_path / "in.csv"
        path.write_text(f"a,b\n1,{end}", newline="")
        assert len(rows_of(path)) == 1


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


def test_utf16_lines(tmp_path):
    """JSON Lines in UTF-16 are called so."""
    (tmp_path / "in.jsonl").write_bytes('{"a": 1}\n'.encode("utf-16"))
    assert "this file is UTF-16" in refusal(tmp_path / "in.jsonl")
