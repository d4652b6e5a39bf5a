"""Temperature, threshold and the figures of calibration."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from train.calibrate import (
    TEMPERATURES,
    auroc,
    calibration_error,
    choose_threshold,
    fit_temperature,
    mean_f1,
    probabilities,
)


@pytest.fixture(scope="module")
def drawn():
    """Give true margins of 4,000 rows and labels drawn from them."""
    random = np.random.default_rng(0)
    margins = random.normal(size=4000) * 2
    return margins, random.random(4000) < probabilities(margins, 1.0)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_temperature_undoes_overconfidence(drawn, factor):
    """Margins that are too large by a factor are divided by it, and the calibration error goes down with it."""
    margins, flawed = drawn
    temperature = fit_temperature(margins * factor, flawed)
    assert temperature == pytest.approx(factor, rel=0.1)
    assert calibration_error(probabilities(margins * factor, temperature), flawed) < 0.03


def test_temperature_is_bounded():
    """Rows that are told apart without an error do not drive the temperature to 0, nor useless ones to infinity."""
    flawed = np.array([True, False])
    assert fit_temperature([5, -5], flawed) == TEMPERATURES[0]
    assert fit_temperature([-5, 5], flawed) == TEMPERATURES[1]


def test_threshold_has_the_best_mean_f1(drawn):
    """No other threshold does better on the rows that it was chosen on."""
    margins, flawed = drawn
    flaw = probabilities(margins + 1.5, 1.0)
    best = mean_f1(flaw >= choose_threshold(flaw, flawed, 1.0), flawed)
    assert best >= max(mean_f1(flaw >= other, flawed) for other in np.linspace(0, 1, 101)) - 1e-3
    assert best > mean_f1(flaw >= 0.5, flawed)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1])
def test_threshold_keeps_false_alarms_below_their_share(drawn, share):
    """No more correct rows than allowed are called flawed, and of such thresholds none has a better mean F1."""
    margins, flawed = drawn
    flaw = probabilities(margins, 1.0)

    def alarms(threshold):
        return (flaw >= threshold)[~flawed].mean()

    chosen = choose_threshold(flaw, flawed, share)
    assert alarms(chosen) <= share < alarms(choose_threshold(flaw, flawed, 1.0))
    quiet = [other for other in np.linspace(0, 1, 101) if alarms(other) <= share]
    assert mean_f1(flaw >= chosen, flawed) >= max(mean_f1(flaw >= other, flawed) for other in quiet) - 1e-3


def test_threshold_of_ties_is_the_nearest_to_a_half():
    """Where many thresholds are equally good, 0.5 is taken, or the one nearest to it; it is never 0 or 1."""
    flawed = np.array([False, True])
    assert choose_threshold(np.array([0.1, 0.9]), flawed, 1.0) == 0.5
    assert choose_threshold(np.array([0.00001, 0.00002]), flawed, 1.0) == 0.0001


def test_figures_are_those_of_scikit_learn(drawn):
    """AUROC, with ties, and F1 agree with another implementation."""
    margins, flawed = drawn
    flaw = np.round(probabilities(margins, 1.0), 1)
    assert auroc(flaw, flawed) == pytest.approx(roc_auc_score(flawed, flaw))
    assert mean_f1(flaw >= 0.5, flawed) == pytest.approx(f1_score(flawed, flaw >= 0.5, average="macro"))
    assert auroc(flaw, np.ones_like(flawed)) is None


def test_calibration_error():
    """Saying 0.9 of what is true half the time is off by 0.4; a probability of 1 falls into the last bin."""
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0
