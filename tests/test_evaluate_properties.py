"""Intervals are the published ones, the order of rows changes no figure, and no score rises by an answer withheld."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import COMPUTATIONAL, CONCEPTUAL, CORRECT, VERDICTS

from grader.evaluate import evaluate
from grader.statistics import Z95, area_under_roc, bootstrap, process_bench_f1, weighted_f1, wilson


# Newcombe 1998, Statistics in Medicine 17, 857-872, Table I, method 3.
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_the_published_interval(k, n, low, high):
    """Wilson's interval has the bounds of Newcombe's table."""
    estimate = wilson(k, n)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)
    assert estimate.value == k / n


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_its_share(k, n):
    """The interval lies in 0..1, holds the share, and mirrors when successes and failures swap."""
    k = min(k, n)
    estimate, mirrored = wilson(k, n), wilson(n - k, n)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low == pytest.approx(1 - mirrored.high)


def test_a_share_of_no_rows_is_not_defined():
    """A proportion of no rows has no value and no interval."""
    assert wilson(0, 0)[:3] == (None, None, None)


def test_auroc_interval_solves_its_equation():
    """Each bound is as far from the AUROC as 1.96 of its own standard errors, by Hanley and McNeil's formula."""
    positives, negatives, area = 51, 58, 0.893
    estimate = area_under_roc(area * positives * negatives + positives * (positives + 1) / 2, positives, negatives)
    for theta in (estimate.low, estimate.high):
        first, second = theta / (2 - theta) - theta**2, 2 * theta**2 / (1 + theta) - theta**2
        star = (positives + negatives) / 2 - 1
        variance = (theta * (1 - theta) + star * first + star * second) / (positives * negatives)
        assert abs(theta - area) == pytest.approx(Z95 * variance**0.5, rel=1e-6)
    assert area_under_roc(3 + 4, 2, 2).low < 0.9


def test_bootstrap_agrees_with_the_binomial():
    """The bootstrap of a plain share has the spread that the binomial says."""
    estimate = bootstrap(np.array([300, 700]), lambda tables: tables[..., 0] / tables.sum(axis=-1))
    assert estimate.value == 0.3
    assert estimate.high - estimate.low == pytest.approx(2 * Z95 * (0.3 * 0.7 / 1000) ** 0.5, rel=0.1)


def test_process_bench_f1_wants_both_halves():
    """ProcessBench F1 is 0 where nothing is right, and not defined without flawed or without correct rows."""
    tables = np.array([[[0, 3], [0, 2]], [[3, 0], [0, 2]], [[3, 1], [0, 0]], [[0, 0], [4, 1]]])
    assert np.array_equal(process_bench_f1(tables), [0, 0, np.nan, np.nan], equal_nan=True)


row_lists = st.lists(
    st.tuples(
        st.sampled_from((CORRECT, COMPUTATIONAL, CONCEPTUAL)),
        st.sampled_from(VERDICTS),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(0, 4).map(lambda tenths: tenths / 4)),
    ),
    min_size=1,
    max_size=30,
)


def figures_of(write_report, folder, rows):
    """Evaluate rows of (label, verdict, line, probability); every flawed row's labelled line is 2."""
    columns = {
        "label": [label for label, *_ in rows],
        "line": pa.array([None if label == CORRECT else 2 for label, *_ in rows], pa.int64()),
        "grade_verdict": [verdict for _, verdict, *_ in rows],
        "grade_first_error_line": [
            line if verdict in (COMPUTATIONAL, CONCEPTUAL) else None for _, verdict, line, _ in rows
        ],
        "grade_flaw_probability": [probability for *_, probability in rows],
    }
    return evaluate(write_report(folder / "property.parquet", columns), "label", line="line").overall


@given(rows=row_lists, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_row_order_changes_nothing(write_report, tmp_path_factory, rows, seed):
    """Every figure and interval is the same in any order of the rows, and lies between 0 and 1."""
    folder = tmp_path_factory.getbasetemp()
    shuffled = random.Random(seed).sample(rows, len(rows))
    overall = figures_of(write_report, folder, rows)
    assert overall == figures_of(write_report, folder, shuffled)
    by_class = [figure for figures in overall.classes.values() for figure in figures.values()]
    for figure in [*overall.figures.values(), *by_class]:
        assert figure.value is None or 0 <= figure.low <= figure.high <= 1
        assert figure.value is None or 0 <= figure.value <= 1


@given(rows=row_lists, which=st.integers(0, 29))
@settings(max_examples=40, deadline=None)
def test_a_null_verdict_never_pays(write_report, tmp_path_factory, rows, which):
    """Withdrawing an answer never raises a score that is taken over labelled rows, nor, if it was right, any F1."""
    which %= len(rows)
    label, verdict, line, probability = rows[which]
    withdrawn = [*rows[:which], (label, None, line, probability), *rows[which + 1 :]]
    folder = tmp_path_factory.getbasetemp()
    before, after = (figures_of(write_report, folder, version) for version in (rows, withdrawn))
    scores = ["accuracy", "flaws_found", "first_error_line", "process_bench_f1"]
    pairs = [(before.figures[name], after.figures[name]) for name in scores]
    pairs += [(before.classes[name]["recall"], after.classes[name]["recall"]) for name in before.classes]
    if len(before.classes) == 3 and label == verdict:
        pairs += [(before.figures["weighted_f1"], after.figures["weighted_f1"])]
        pairs += [(before.classes[name]["f1"], after.classes[name]["f1"]) for name in before.classes]
    for old, new in pairs:
        assert (new.value or 0) <= (old.value or 0) + 1e-12


def test_weighted_f1_has_any_number_of_tables():
    """A stack of tables gives a stack of scores, each as if it were alone."""
    tables = np.arange(24).reshape(2, 3, 4)
    assert weighted_f1(tables).tolist() == [float(weighted_f1(table)) for table in tables]
