"""JSON Lines and CSV come back as they were written, or are refused with the place and the remedy."""

import re

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from input_files import jsonl, refusal, rows_of

from grader.errors import InputError
from grader.inputs import json_lines, open_inputs

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


def test_utf16_lines(tmp_path):
    """JSON Lines in UTF-16 are called so."""
    (tmp_path / "in.jsonl").write_bytes('{"a": 1}\n'.encode("utf-16"))
    assert "this file is UTF-16" in refusal(tmp_path / "in.jsonl")
