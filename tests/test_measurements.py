"""The measurements of the checker measure what they say: changed equations, other spellings, peers and the fuzz."""

import importlib
import os
import random
import time
from itertools import islice
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


@pytest.mark.parametrize(
    ("equation", "false"),
    [
        ("48/2=24", False),
        ("48/2=25", False),
        ("48/2=26", True),
        ("10/3=3.34", False),
        ("10/3=3.36", True),
        ("1/4=25%", False),
        ("1/4=26%", False),
        ("1/4=45%", True),
        ("3*(4+5)=2*9", True),
        ("2x=9", False),
    ],
)
def test_false_beyond_rounding(load, equation, false):
    """Two units of the last written digit are beyond rounding, under every meaning of percent."""
    assert load("mutations").is_false_beyond_rounding(equation) is false


@pytest.mark.parametrize("equation", ["48/2=24", "100*(1-.25)=75", "1.50+2=3.50", "-5+3=-2"])
def test_a_mutation_changes_one_token(load, equation):
    """A mutation is the equation with one digit or one operator changed, and no number grows or shrinks."""
    mutations, spellings = load("mutations"), load("spellings")
    for seed in range(50):
        mutation = mutations.mutate(equation, random.Random(seed))
        before, after = spellings.tokens_of(equation), spellings.tokens_of(mutation.equation)
        different = [place for place, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) == 2]
        assert different == [mutation.place]
        assert len(mutation.equation) == len(equation)


@pytest.mark.parametrize(
    ("equation", "line", "change", "expected"),
    [
        ("1200/2=600", "She pays $1,200 / 2 = $600.", (0, "1300"), "She pays $1,300 / 2 = $600."),
        ("5*12=60", "5 boxes x 12 pens = 60 pens", (1, "+"), "5 boxes + 12 pens = 60 pens"),
        ("5*12=60", "There are 5 times 12 = 60 pens", (1, "-"), "There are 5 minus 12 = 60 pens"),
        ("0.5*8=4", "He eats .5 * 8 = 4", (0, "0.7"), "He eats .7 * 8 = 4"),
        ("5*12=60", "Five boxes of 12 are 60", (0, "6"), None),
    ],
)
def test_a_line_gets_the_same_change(load, equation, line, change, expected):
    """The change is made where the equation stands in its line, as the line writes numbers and operators."""
    mutations = load("mutations")
    kind = "digit" if change[1][-1].isdecimal() else "operator"
    mutation = mutations.Mutation(kind, "", *change)
    assert mutations.mutate_line(mutations.Place(equation, line), mutation) == expected


def test_spellings_keep_the_equation(load):
    """Every spelling applies to some equation and keeps its numbers."""
    spellings = load("spellings")
    made = [pair for equation in ("4800*2=9600", "48/2=24", "3+4=7") for pair in spellings.spellings_of(equation)]
    assert {name for name, _ in made} == spellings.SPELLINGS.keys()
    lines = dict(spellings.spellings_of("48/2=24"))
    assert lines[r"\( \frac \)"] == r"\(\frac{48}{2} = 24\)"
    assert lines["a op b is c"] == "48 divided by 2 is 24."
    assert lines["sides reversed"] == "24 = 48 / 2"
    assert not list(spellings.spellings_of("2x+1=3"))


def test_drawn_quotients_are_rounded_or_off(load):
    """Drawn results are inexact: rounded correctly, or two units of their last digit off and more."""
    peers, mutations = load("check_peers"), load("mutations")
    for equation in islice(peers.quotients(random.Random(0), 0), 100):
        assert not mutations.is_true(equation)
        assert not mutations.is_false_beyond_rounding(equation)
    assert not any(map(mutations.is_true, islice(peers.quotients(random.Random(0), 2), 100)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_sandbox_outlives_what_it_holds(load, monkeypatch):
    """A checker that hangs, dies, raises or writes the canary is told from one that answers, and is started anew."""
    peers = load("check_peers")
    monkeypatch.setattr(peers, "SECONDS", 0.5)

    def make():
        acts = {"hang": lambda: time.sleep(60), "die": lambda: os._exit(1), "raise": lambda: 1 / 0}
        acts["run"] = Path("canary").touch
        return lambda text: acts[text]() if text in acts else text == "yes"

    with peers.Sandbox(make, "canary") as sandbox:
        answers = [sandbox.ask(text) for text in ("yes", "no", "run", "hang", "yes", "die", "raise", "yes")]
    assert answers == ["true", "false", "runs code", "hangs", "true", "dies", "raises", "true"]


def test_the_fuzz_is_seeded_and_judges(load):
    """A seed makes one solution; what is graded in time has no trouble, what raises has."""
    fuzz = load("fuzz")
    made = [fuzz.make(seed) for seed in range(60)]
    assert made == [fuzz.make(seed) for seed in range(60)]
    assert max(len(solution.text) for solution in made) <= fuzz.LENGTH
    with fuzz._grader() as grader:
        _, statuses, trouble = fuzz.grade(grader, fuzz.Made("equations", 0, "2 + 2 = 4\n2 + 2 = 5"))
    assert statuses == {"holds": 1, "fails": 1}
    assert trouble is None
    _, _, trouble = fuzz.grade(None, made[0])
    assert "AttributeError" in trouble
