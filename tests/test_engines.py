"""The pair is what the options ask for, or a clear refusal."""

import pytest

from grader.adapters import places
from grader.engines import DEFAULT_THRESHOLD, EXTRACTOR_MODES, Pair, load_pair
from grader.engines.scripted import ScriptedClassifier, ScriptedExtractor
from grader.errors import InputError
from grader.types import Classification, Solution


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """Take the embedded pair and the variable away."""
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "none")
    monkeypatch.delenv(places.VARIABLE, raising=False)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("mode", ["auto", "rules"])
def test_without_a_pair_the_rules_read(mode):
    """No adapters are installed: the rules read, nothing classifies, and the pair says so."""
    pair = load_pair(mode, classifier=True, adapters=None, threshold=None)
    assert (pair.mode, pair.extractor, pair.classifier, pair.threshold) == ("rules", None, None, DEFAULT_THRESHOLD)
    assert pair.sentence() == "equations read by rules; no classifier (no adapter pair is installed)"
    assert pair.describe() == {"extractor": {"mode": "rules", "model": None}, "classifier": None}


def test_a_classifier_that_was_switched_off_is_named():
    """The sentence tells an option from an absence."""
    pair = load_pair("rules", classifier=False, adapters=None, threshold=None)
    assert pair.sentence() == "equations read by rules; no classifier (switched off by --no-classifier)"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("best", True, None, None), "--extractor best: choose one of auto, rules, model"),
        (("model", True, None, None), "--extractor model: no adapter pair is installed"),
        (("auto", True, "somewhere", None), "somewhere: no such folder"),
        (("rules", False, "somewhere", None), "--adapters somewhere: --extractor rules --no-classifier uses no model"),
        (("auto", False, None, 0.3), "--threshold: there is no classifier"),
        (("auto", True, None, 0.3), "--threshold: there is no classifier"),
    ],
)
def test_options_that_want_a_model_are_refused(options, words):
    """The message names the option, the reason and the remedy."""
    with pytest.raises(InputError) as caught:
        load_pair(*options)
    assert str(caught.value).startswith(words)


def test_modes():
    """The three modes are those of the option."""
    assert EXTRACTOR_MODES == ("auto", "rules", "model")


def test_a_pair_describes_both_halves():
    """The sentence and the metadata name the pair, its mode and its threshold."""
    pair = Pair("auto", ScriptedExtractor({}), ScriptedClassifier({}), 0.3, "a script")
    assert pair.sentence() == "equations read by auto (a script); classifier of a script"
    assert pair.describe() == {
        "extractor": {"mode": "auto", "model": {"base": "scripted"}},
        "classifier": {"base": "scripted", "threshold": 0.3},
    }


def test_the_scripted_engines_answer_from_their_scripts():
    """A line or a solution that is not in the script has no equation, and the default probability."""
    extractor = ScriptedExtractor({"a": ["1+1=2"]})
    assert extractor.extract(["a", "b"], [None, ["2+2=4"]]) == [["1+1=2"], []]
    assert extractor.asked == [("a", None), ("b", ["2+2=4"])]
    known = Classification(0.9, (0.9,))
    classifier = ScriptedClassifier({"a": known}, default=0.2)
    assert classifier.classify([Solution("", "a"), Solution("", "b")]) == [known, Classification(0.2, ())]
