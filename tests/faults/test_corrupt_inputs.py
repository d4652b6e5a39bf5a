"""Damaged and odd Parquet files: exit 0 with every row, or exit 2 with one message; never a traceback or a hang.

``GRADER_FAULTS=full pytest tests/faults`` tries 2,000 damaged files.
"""

import json
import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

# Each file is graded in this process, by the command itself; a file at which it dies is the last one in the output.
GRADE_EACH = """
import contextlib, io, json, sys
from pathlib import Path
import pyarrow.parquet as pq
from grader.cli.grade import main

for path in sys.argv[1:]:
    report = Path(path + ".report.parquet")
    said = io.StringIO()
    print(json.dumps({"path": path}), flush=True)
    with contextlib.redirect_stderr(said):
        code = main([path, "-o", str(report), "--extractor", "rules", "--no-classifier", "--workers", "0", "--quiet"])
    rows = pq.read_metadata(report).num_rows if report.exists() else None
    print(json.dumps({"code": code, "said": said.getvalue(), "rows": rows}), flush=True)
    report.unlink(missing_ok=True)
"""
ROWS = 300
BATCH = 50


def originals():
    """Give tables with the options they are written with: what a mutation hits depends on both."""
    solutions = [f"{index} + 1 = {index + 1}\n" + "x" * (index % 50) for index in range(ROWS)]
    plain = pa.table({"problem": ["p"] * ROWS, "solution": solutions, "n": list(range(ROWS))})
    nested = plain.append_column("tags", pa.array([[str(index % 3)] * (index % 4) for index in range(ROWS)]))
    return [
        (plain, {"compression": "zstd", "row_group_size": 100}),
        (plain, {"compression": "none", "use_dictionary": False, "write_page_checksum": True}),
        (nested, {"compression": "snappy", "write_page_index": True, "data_page_version": "2.0"}),
        (nested, {"compression": "gzip", "row_group_size": 64}),
    ]


def mutated(data, generator):
    """Flip bits, cut, or edit the footer; gives the new bytes and what was done."""
    data = bytearray(data)
    footer = int.from_bytes(data[-8:-4], "little") + 8
    kind = generator.choice(["flip", "flip", "cut", "footer", "footer", "length", "zeros"])
    if kind == "flip":
        for _ in range(generator.choice([1, 1, 3, 20])):
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    elif kind == "cut":
        start = generator.randrange(len(data))
        del data[start : start + generator.randint(1, len(data))]
    elif kind == "footer":
        for _ in range(generator.choice([1, 1, 2, 5])):
            data[len(data) - footer + generator.randrange(footer)] = generator.randrange(256)
    elif kind == "length":
        data[-8:-4] = generator.randrange(2**32).to_bytes(4, "little")
    else:
        start = generator.randrange(len(data))
        data[start : start + 64] = bytes(len(data[start : start + 64]))
    return bytes(data), kind


def graded(paths):
    """Grade files in one process; gives code, message and rows of each, in order."""
    done = subprocess.run(
        [sys.executable, "-c", GRADE_EACH, *map(str, paths)], capture_output=True, text=True, check=False, timeout=300
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, ""), (lines[-1:], done.stderr[-2000:])
    return lines[1::2]


def test_damaged_files(tmp_path, amount):
    """Whatever is flipped, cut or edited, the file is graded whole or refused in one message that names it."""
    sources = []
    for number, (table, options) in enumerate(originals()):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table, path, **options)
        sources.append(path.read_bytes())
    generator = random.Random(0)
    codes = []
    files = amount(100, 2_000)
    for first in range(0, files, BATCH):
        paths = [tmp_path / f"damaged-{number}.parquet" for number in range(first, min(first + BATCH, files))]
        for path in paths:
            path.write_bytes(mutated(generator.choice(sources), generator)[0])
        for path, found in zip(paths, graded(paths), strict=True):
            codes.append(found["code"])
            assert found["code"] in (0, 2), (path, found)
            assert (found["rows"], found["said"]) == (ROWS, "") if found["code"] == 0 else found["rows"] is None, found
            if found["code"] == 2:
                assert found["said"].startswith(f"grade: {path}: "), found
                assert len(found["said"].splitlines()) <= 2, found
            path.unlink()
    print(f"{codes.count(0)} of {files} damaged files were graded, {codes.count(2)} refused")
    assert codes.count(2) > files / 3


KINDS = {
    "timestamps": pa.array([0, 1, None], pa.timestamp("ns", "UTC")),
    "decimals": pa.array(["1.50", None, "-2.25"]).cast(pa.decimal128(20, 2)),
    "wide decimals": pa.array(["1.50", None, "-2.25"]).cast(pa.decimal256(50, 2)),
    "durations": pa.array([1, 2, None], pa.duration("ms")),
    "times": pa.array([1, 2, None], pa.time64("us")),
    "dictionaries": pa.array(["a", None, "a"]).dictionary_encode(),
    "lists of dictionaries": pa.array([["a"], None, ["b", "a"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "list views": pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())),
    "fixed lists": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int16(), 2)),
    "maps": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "structs": pa.array([{"a": {"b": [1]}}, None, {"a": None}]),
    "string views": pa.array(["a", None, "long enough not to be inlined"], pa.string_view()),
    "binary": pa.array([b"\xff", None, b""], pa.large_binary()),
    "half floats": pa.array([0.5, None, 1.5], pa.float16()),
    "nulls": pa.nulls(3),
    "booleans": pa.array([True, None, False]),
    "unsigned": pa.array([2**64 - 1, None, 0], pa.uint64()),
}
TABLE = pa.table({"problem": ["p"] * 3, "solution": ["1+1=2", "1+1=3", None]})


def grade(path, report):
    from grader.cli.grade import main

    options = ["--extractor", "rules", "--no-classifier", "--workers", "0", "--quiet", "--part-rows", "2"]
    return main([str(path), "-o", str(report), *options])


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_every_type_pass_through(tmp_path, kind):
    """Columns that grading does not need come back as they were, over row groups, parts and the join."""
    table = TABLE.append_column("extra", KINDS[kind])
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=1)
    assert grade(tmp_path / "in.parquet", tmp_path / "report.parquet") == 0
    written = pq.read_table(tmp_path / "report.parquet")
    read = pq.read_table(tmp_path / "in.parquet")
    assert written["extra"].to_pylist() == read["extra"].to_pylist()
    assert written.schema.field("extra").type == read.schema.field("extra").type


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_every_compression(tmp_path, compression):
    """Files are read however they are packed."""
    pq.write_table(TABLE, tmp_path / "in.parquet", compression=compression)
    assert grade(tmp_path / "in.parquet", tmp_path / "report.parquet") == 0
    assert pq.read_metadata(tmp_path / "report.parquet").num_rows == 3


class _Keys(pe.KmsClient):
    """Keeps no secrets."""

    def wrap_key(self, key_bytes, master_key_identifier):
        """Give the key as it is."""
        return key_bytes.hex()

    def unwrap_key(self, wrapped_key, master_key_identifier):
        """Give the key back."""
        return bytes.fromhex(wrapped_key)


@pytest.mark.parametrize("footer", [True, False])
def test_encrypted_files_are_refused(tmp_path, capsys, footer):
    """A file whose footer or columns are encrypted is an error that names it, not a traceback."""
    factory = pe.CryptoFactory(lambda _: _Keys())
    columns = {"c": ["problem", "solution"]}
    settings = pe.EncryptionConfiguration(footer_key="f", column_keys=columns, plaintext_footer=not footer)
    keys = factory.file_encryption_properties(pe.KmsConnectionConfig(), settings)
    with pq.ParquetWriter(tmp_path / "in.parquet", TABLE.schema, encryption_properties=keys) as writer:
        writer.write_table(TABLE)
    assert grade(tmp_path / "in.parquet", tmp_path / "report.parquet") == 2
    message = capsys.readouterr().err
    assert message.startswith(f"grade: {tmp_path / 'in.parquet'}: ")
    assert message.count("\n") == 1


def test_no_rows_no_columns_and_names_that_are_there_twice(tmp_path, capsys):
    """Zero rows make a report of zero rows; zero columns and doubled names are refused."""
    pq.write_table(TABLE.slice(0, 0), tmp_path / "rows.parquet")
    assert grade(tmp_path / "rows.parquet", tmp_path / "report.parquet") == 0
    assert pq.read_metadata(tmp_path / "report.parquet").num_rows == 0
    pq.write_table(pa.table({}), tmp_path / "columns.parquet")
    assert grade(tmp_path / "columns.parquet", tmp_path / "other.parquet") == 2
    assert "the input has no columns" in capsys.readouterr().err
    names = ["problem", "solution", "solution"]
    pq.write_table(pa.Table.from_arrays([TABLE[0], TABLE[1], TABLE[1]], names), tmp_path / "twice.parquet")
    assert grade(tmp_path / "twice.parquet", tmp_path / "other.parquet") == 2
    assert "two columns have the name 'solution'" in capsys.readouterr().err
