"""The figures that the rules alone reach on the development data; skipped where the data folder is absent."""

import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("GRADER_DATA", ROOT.parent / "shared" / "data"))
FILES = (
    "extraction_dev", "gsm8k_dev", "mathclean_simple", "processbench_math", "model_solutions_dev", "verdict_dev",
    "eic_gsm8k"
)  # fmt: skip
MISSING = [name for name in FILES if not (DATA / f"{name}.parquet").is_file()]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not in the data folder {DATA}: {', '.join(MISSING)}")


@pytest.fixture(scope="module")
def accuracy():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield importlib.import_module("accuracy")


@pytest.fixture(scope="module")
def false_alarms(accuracy):
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(accuracy.CORRECT_ROWS, "gsm8k_train")
        return accuracy.false_alarms(DATA, 0)


@pytest.fixture(scope="module")
def verdicts(accuracy):
    return accuracy.verdicts(DATA, 0)


@pytest.fixture(scope="module")
def extraction(accuracy):
    return accuracy.extraction(DATA, 0)


@pytest.mark.parametrize(("rows", "most"), [("gsm8k_dev", 0.01), ("pooled", 0.05)])
def test_few_correct_rows_are_called_wrong(false_alarms, rows, most):
    """Of gold solutions one in a hundred at most is flagged, of correct rows written by models one in twenty."""
    share = false_alarms[rows]["false_alarms"]
    assert share["n"] > 100
    assert share["value"] <= most


@pytest.mark.parametrize(
    ("figure", "least"),
    [("precision", 0.90), ("recall_programmatic", 0.98), ("recall_manual", 0.90)],
)
def test_wrong_calculations_are_found(verdicts, figure, least):
    """Most computational errors are found, and most of what is called one is one."""
    assert verdicts[figure]["n"] > 0
    assert verdicts[figure]["value"] >= least


@pytest.mark.parametrize(
    ("figure", "least"), [("certain", 0.85), ("adjudicated", 0.985), ("certain_adjudicated", 0.995)]
)
def test_lines_are_read_with_certainty(extraction, figure, least):
    """Most lines with an equation are read by the rules alone, and rightly."""
    assert extraction[figure]["value"] >= least


def test_both_paths_read_the_data_alike(accuracy):
    """Where the fast path answers on a line of the data, the reference path gives the same."""
    from grader.lines import split_lines
    from grader.reading.rules import Reading, read_by_tokens
    from grader.reading.simple import read_simple
    from grader.types import Certainty

    different = []
    answered = 0
    for name in ("gsm8k_dev", "mathclean_simple", "processbench_math", "model_solutions_dev", "verdict_dev"):
        for row in accuracy.read_rows(DATA, name)[:400]:
            for line in split_lines(row["solution"] or ""):
                fast = read_simple(line.readable)
                if fast is not None:
                    answered += 1
                    if Reading(fast, Certainty.CERTAIN) != read_by_tokens(line.readable):
                        different.append(line.readable)
    assert different == []
    assert answered > 1_000
