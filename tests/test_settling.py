"""What becomes of a line that the rules and a model read: contradictions are doubted, noise changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.engines import Pair
from grader.engines.scripted import ScriptedExtractor
from grader.pipeline import Grader
from grader.reading.grounding import IN_PART, UNGROUNDED
from grader.reading.pair_doubts import QUANTITIES
from grader.reading.rules import NOTHING, Reading, read_line
from grader.reading.settling import DISAGREE, settle
from grader.types import Certainty, CheckStatus, Equation, Solution, Source

WORDS = "25 times 4 is 1000"


def settled(line, *answer, rules=None):
    reading, disagree = settle(rules or read_line(line), answer, line, replace=False)
    return {equation.text: equation.doubt for equation in reading.equations}, disagree


@pytest.mark.parametrize("answer", ["25+4=1000", "4*25=1000", "1000=25*4"])
def test_what_says_something_else_of_the_same_numbers_contradicts(answer):
    """Neither it nor the rules' equation can fail the row."""
    found, disagree = settled(WORDS, answer)
    assert disagree
    assert found["25*4=1000"] == DISAGREE
    assert found[answer] is not None


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (WORDS, "25*4=100"),  # not the line's number
        (WORDS, "25*4"),  # no equation
        (WORDS, "(25*4=1000"),
        (WORDS, "25*4=1000=1000"),
        (WORDS, "25=1000"),  # leaves a number out
        ("35% of 260 = 0.35 × 260 = 9.1.", "260=0.35"),
    ],
)
def test_what_is_about_other_numbers_changes_nothing(line, answer):
    """The rules' equations may fail the row as they could alone; the noise is not kept and no disagreement."""
    rules = read_line(line)
    assert rules.equations
    assert settle(rules, [answer], line, replace=False) == (rules, False)


@pytest.mark.parametrize(
    ("line", "rules", "answer"),
    [
        ("0.3^2 = 0.9, said at once", "0.3^2=0.9", "0.3/2=0.9"),  # the line says sign by sign what the rules read
        ("2/5 of 40 = 20", "2/5*40=20", "2/5-40=20"),  # or in words
        ("So 2C is 50, i.e. 2C = 50", "2C=50", "2=50"),  # the model leaves the letter out
        ("That is 400g / 200g = 2", "400g/200g=2", "400/200=2"),
    ],
)
def test_another_reading_that_does_not_contradict_is_kept(line, rules, answer):
    """It is about the same numbers, so that it is said and flagged; the rules' equation stays sure."""
    assert settled(line, answer) == ({rules: None, answer: settled(line, answer)[0][answer]}, True)
    assert settled(line, answer)[0][answer] is not None


def test_a_model_that_reads_a_part_of_what_the_rules_read_is_no_disagreement():
    """What it leaves out is no evidence against it."""
    line = "Half of 60 is 60/4 = 15 pens."
    found, disagree = settled(line, "60/4=15")
    assert found == {"1/2*60=60/4": None, "60/4=15": None}
    assert not disagree


def test_more_numbers_must_be_borne_out():
    """A model that finds a term which the rules dropped is heard; one that makes one up is not."""
    rules = Reading((Equation("3*4=20"),), Certainty.UNSURE)
    found, disagree = settled("8 + 3 * 4 = 20", "8+3*4=20", rules=rules)
    assert (found, disagree) == ({"3*4=20": DISAGREE, "8+3*4=20": DISAGREE}, True)
    found, disagree = settled("With 8 of them three times 4 and 3 are 20", "8+3*4=20", rules=rules)
    assert (found, disagree) == ({"3*4=20": None}, False)


def test_what_the_line_bears_out_joins_the_rules_but_fails_nothing():
    """An equation that only the model reads is kept beside the rules' when the line holds it whole."""
    rules = Reading((Equation("3*4=12"),), Certainty.UNSURE)
    found, disagree = settled("3 * 4 = 12 and 2 + 2 = 5", "3*4=12", "2+2=5", rules=rules)
    assert (found, disagree) == ({"3*4=12": None, "2+2=5": DISAGREE}, True)


@pytest.mark.parametrize(
    ("answer", "line", "doubt"),
    [
        ("8+3=12", "Of 8 + 3 = 12", None),
        ("8+3=12", "Of 8 and 3 = 12", IN_PART),
        ("8+4=12", "Of 8 + 3 = 12", UNGROUNDED),
        ("40=10", "less 40 min = 10 h", QUANTITIES),
    ],
)
def test_where_the_rules_read_nothing_the_model_is_kept(answer, line, doubt):
    """With the doubt that it has."""
    assert settled(line, answer, rules=NOTHING) == ({answer: doubt}, False)


def test_doubted_noise_does_not_touch_the_unknowns():
    """``4*4=80``, which no line says, is no wrong result that a letter may go on with."""
    text = "Let c be the number of chickens.\n3c + c = 80\nSo 4c = 80.\nDividing both sides by 4, we get c = 10."
    lines = text.split("\n")
    noise = ScriptedExtractor({line: ["4*4=80", "80=10"] for line in lines})
    with Grader(Pair()) as rules, Grader(Pair("auto", noise, None, 0.5, "a script")) as both:
        alone, beside = rules.grade([Solution("", text)])[0], both.grade([Solution("", text)])[0]
    assert alone.first_error_line == beside.first_error_line == 4
    assert alone.message == beside.message


def test_a_doubted_equation_of_the_rules_still_counts_as_inexact():
    """A letter may go on with a result that the rules read, doubted or not."""
    text = "x = 3 * 5\nSuppose 3 * 5 = 16\nx = 16"
    with Grader(Pair()) as rules:
        graded = rules.grade([Solution("", text)])[0]
    assert CheckStatus.FAILS not in {check.status for line in graded.lines for check in line.equations}


@given(st.sampled_from([WORDS, "3 * 4 = 13", "x + 2 = 5, so x = 3"]), st.lists(st.text("0123456789+-*/=(). x")))
def test_the_rules_keep_their_equations_whatever_a_model_says(line, answer):
    """Every equation of the rules stays in its place, and what joins them can fail nothing."""
    rules = read_line(line)
    reading, disagree = settle(rules, answer, line, replace=False)
    count = len(rules.equations)
    assert [one.text for one in reading.equations[:count]] == [one.text for one in rules.equations]
    joined = reading.equations[count:]
    assert disagree == bool(joined)
    assert all(one.source is Source.MODEL and one.doubt is not None for one in joined)
