"""What the tests of inputs share: files of JSON Lines, the rows of files, and what is said of those that have none."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from grader.errors import InputError
from grader.inputs import open_inputs


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
