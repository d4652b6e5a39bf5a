"""Probabilities that mean what they say: a classifier's temperature and threshold, fitted on validation data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grader.statistics import area_under_roc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

TEMPERATURES = (0.2, 10.0)
"""Bounds of the temperature: a small validation set that is told apart without an error would give 0."""
BINS = 10
STEPS = 60


def fit_temperature(margins: Sequence[float], flawed: Bools) -> float:
    """The temperature T that makes ``sigmoid(margin / T)`` likeliest, within ``TEMPERATURES``.

    ``margins`` are the logits of flawed minus those of correct. The negative log-likelihood is convex in 1/T, so golden
    section finds its one minimum. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    values = np.where(flawed, margins, -np.asarray(margins, dtype=np.float64))
    best = _golden_section(
        lambda scale: float(np.logaddexp(0, -scale * values).mean()), 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    )
    return round(1 / best, 4)


def _golden_section(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one minimum between ``low`` and ``high`` has it."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def probabilities(margins: Sequence[float], temperature: float) -> Floats:
    """P(flawed) of each margin."""
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(margins, dtype=np.float64) / (2 * temperature))))


def choose_threshold(flaw: Floats, flawed: Bools, false_alarms: float) -> float:
    """The P(flawed) from which a solution is called flawed: the one with the best mean F1 of both classes.

    Of the correct solutions at most the share ``false_alarms`` may be called flawed. Tried are the middles between
    neighbouring probabilities, and one above them all; of equally good ones the nearest to 0.5 is taken. The mean F1,
    unlike accuracy, does not reward calling everything by the commoner class.
    """
    values = np.unique(flaw)
    middles = [*((values[1:] + values[:-1]) / 2), (values[-1] + 1) / 2]
    tried = sorted([0.5, *map(float, middles)], key=lambda middle: abs(middle - 0.5))
    allowed = false_alarms * max(1, int((~flawed).sum()))
    quiet = [middle for middle in tried if int((flaw[~flawed] >= middle).sum()) <= allowed]
    best = max(quiet, key=lambda middle: round(mean_f1(flaw >= middle, flawed), 9))
    return min(max(best, 0.0001), 0.9999)


def mean_f1(called: Bools, flawed: Bools) -> float:
    """The mean of the F1 of flawed and the F1 of correct."""
    return (class_f1(called, flawed) + class_f1(~called, ~flawed)) / 2


def class_f1(called: Bools, truth: Bools) -> float:
    """The F1 of a class; 1 where it is neither there nor called."""
    total = int(called.sum()) + int(truth.sum())
    return 2 * int((called & truth).sum()) / total if total else 1.0


def calibration_error(flaw: Floats, flawed: Bools) -> float:
    """ECE: how far P(flawed) is from the share of flawed, in ``BINS`` bins of equal width, weighted by their rows."""
    bins = np.minimum((flaw * BINS).astype(int), BINS - 1)
    gaps = (abs(float((flaw - flawed)[bins == one].sum())) for one in range(BINS))
    return sum(gaps) / len(flaw)


def auroc(scores: Floats, flawed: Bools) -> float | None:
    """The area under the ROC curve; None where one class is absent."""
    _, at, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[at]
    return area_under_roc(float(ranks[flawed].sum()), int(flawed.sum()), int((~flawed).sum())).value
