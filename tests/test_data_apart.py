"""What is trained on and what is measured on share no problem and no line; run where the data folder is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from train.data import problem_key
from train.embedded import WITHHELD

DATA = Path(os.environ.get("GRADER_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
MEASURED = {
    "gsm8k_dev": "question",
    "verdict_dev": "question",
    "model_solutions_dev": "question",
    "mathclean_simple": "problem",
    "processbench_math": "problem",
    "eic_gsm8k": "problem",
    "stepverify": "problem",
}


def column(name, column):
    path = DATA / f"{name}.parquet"
    if not path.is_file():
        pytest.skip("the data folder is not here; name it with $GRADER_DATA")
    return pq.read_table(path, columns=[column])[column].to_pylist()


@pytest.mark.parametrize("name", MEASURED)
def test_no_problem_is_in_training_and_in_measurement(name):
    """No problem that the embedded pair is trained on stands in a file to measure on, spacing and numbers aside."""
    trained = set(map(problem_key, column("gsm8k_train", "question"))) - WITHHELD
    measured = set(map(problem_key, column(name, MEASURED[name])))
    assert measured
    assert not trained & measured


def test_no_line_is_in_training_and_in_measurement():
    """No line with words in it that the extractor is measured on stands in a training solution, numbers aside."""
    annotation = re.compile(r"<<[^<>]*>>")
    trained = {
        problem_key(annotation.sub("", line))
        for solution in column("gsm8k_train", "solution")
        for line in solution.split("\n")
    }
    measured = {
        problem_key(line) for line in column("extraction_dev", "line") if len(re.findall("[A-Za-z]{3,}", line)) > 3
    }
    assert len(measured) > 1000
    assert not trained & measured
