"""Estimates with 95 % intervals: proportions, functions of a table of counts, and the area under the ROC curve.

Every interval depends on counts and ranks alone, so the order of the rows never changes a figure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Counts = npt.NDArray[np.int64]
    Values = npt.NDArray[np.float64]

Z95 = 1.959963984540054
RESAMPLES = 1_000
SEED = 0
BISECTIONS = 60


class Estimate(NamedTuple):
    """A figure between 0 and 1 with its 95 % interval, over ``n`` rows; ``k`` of them where it is a proportion.

    ``value``, ``low`` and ``high`` are None where the figure is not defined, as a share of no rows is not.
    """

    value: float | None
    low: float | None
    high: float | None
    k: int | None
    n: int


def wilson(k: int, n: int) -> Estimate:
    """Give the proportion ``k`` of ``n`` with Wilson's score interval, without continuity correction.

    It keeps its coverage on few rows and near 0 and 1, where no false alarm in 20 rows still means up to 16 %.
    Source: Wilson 1927; Newcombe 1998 (Statistics in Medicine 17, 857-872), method 3.
    """
    if n == 0:
        return Estimate(None, None, None, k, n)
    share = k / n
    spread = 1 + Z95**2 / n
    centre = (share + Z95**2 / (2 * n)) / spread
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2)) / spread
    # Exact ends at 0 and n of n: rounding must not push the bound past the share itself.
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Estimate(share, low, high, k, n)


def bootstrap(counts: Counts, statistic: Callable[[Counts], Values]) -> Estimate:
    """Give ``statistic(counts)`` with the percentile interval of 1,000 seeded resamples of the rows.

    ``counts`` is a table of any shape whose cells count rows. Drawing rows with replacement is one multinomial draw
    over its cells, which costs the same for a million rows as for ten. ``statistic`` maps tables of shape
    ``(..., *counts.shape)`` to values of shape ``(...)``, NaN where a table leaves it undefined.
    Source: Efron 1979. On few rows a figure of exactly 0 or 1 gets an interval without width: trust it little.
    """
    n = int(counts.sum())
    value = float(statistic(counts)) if n else math.nan
    if math.isnan(value):
        return Estimate(None, None, None, None, n)
    draws = np.random.default_rng(SEED).multinomial(n, counts.ravel() / n, size=RESAMPLES)
    spread = statistic(draws.reshape(RESAMPLES, *counts.shape))
    low, high = np.quantile(spread[~np.isnan(spread)], [0.025, 0.975])
    return Estimate(value, float(low), float(high), None, n)


def area_under_roc(rank_sum: float, positives: int, negatives: int) -> Estimate:
    """Give the AUROC from the sum of the positives' mid-ranks (1 = lowest score) among all rows.

    The interval solves ``|theta - AUROC| = z * sqrt(V(theta))`` with the variance of Hanley and McNeil, the idea of
    Wilson's interval, so it keeps a width at 0 and 1.
    Source: Newcombe 2006 (Statistics in Medicine 25, 559-573), method 5.
    """
    n = positives + negatives
    if not positives or not negatives:
        return Estimate(None, None, None, None, n)
    pairs = positives * negatives
    area = (rank_sum - positives * (positives + 1) / 2) / pairs

    def variance(theta: float) -> float:
        growth = (1 - theta) / (2 - theta) + theta / (1 + theta)
        return theta * (1 - theta) * (1 + (n / 2 - 1) * growth) / pairs

    return Estimate(area, _bound(area, 0.0, variance), _bound(area, 1.0, variance), None, n)


def _bound(value: float, end: float, variance: Callable[[float], float]) -> float:
    """Find by bisection the value farthest towards ``end`` that the data do not reject."""
    inside, outside = value, end
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        if abs(middle - value) <= Z95 * math.sqrt(variance(middle)):
            inside = middle
        else:
            outside = middle
    return outside


def class_f1(table: Counts, i: int) -> Values:
    """Give the F1 of class ``i``: ``(..., C, C + 1)`` -> ``(...)``, NaN where it is neither labelled nor answered.

    ``table[..., i, j]`` counts rows of class ``i`` answered ``j``; the last column is no answer.
    """
    labelled, answered = table[..., i, :].sum(axis=-1), table[..., :, i].sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * table[..., i, i] / (labelled + answered), dtype=np.float64)


def weighted_f1(table: Counts) -> Values:
    """Give the mean of the classes' F1, each weighted by its labelled rows: ``(..., C, C + 1)`` -> ``(...)``."""
    labelled = table.sum(axis=-1)
    scores = np.stack([class_f1(table, i) for i in range(table.shape[-2])], axis=-1)
    total = (np.nan_to_num(scores) * labelled).sum(axis=-1)
    return np.asarray(total / labelled.sum(axis=-1), dtype=np.float64)


def process_bench_f1(table: Counts) -> Values:
    """Give the harmonic mean of two accuracies: ``(..., 2, 2)`` -> ``(...)``, NaN where either has no rows.

    Rows of ``table`` are flawed and correct solutions, columns right and wrong answers.
    Source: Zheng et al. 2024, ProcessBench (arXiv:2412.06559), section 3.
    """
    with np.errstate(invalid="ignore"):
        accuracy = table[..., 0] / table.sum(axis=-1)
        mean = 2 * accuracy.prod(axis=-1) / accuracy.sum(axis=-1)
    return np.where(accuracy.sum(axis=-1) == 0, 0.0, mean)
