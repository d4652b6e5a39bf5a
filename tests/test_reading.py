"""A line reads as a careful person reads it, by the fast path as by the reference."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.engines import load_pair
from grader.lines import split_lines
from grader.pipeline import Grader
from grader.reading import rules
from grader.reading.rules import Reading, read_by_tokens, read_line
from grader.reading.simple import read_simple
from grader.types import Certainty, Solution

CASES = Path(__file__).parent / "cases"


def load(name):
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


GOLDEN = load("reading")


@pytest.fixture(scope="module")
def grader():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        yield grader


# --- golden lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["line"][:40])
def test_golden_lines(case):
    """Each line has the equations and the certainty that stand beside it, and those named are doubted."""
    (line,) = split_lines(case["line"])
    reading = read_line(line.readable)
    assert [equation.text for equation in reading.equations] == case["equations"]
    assert reading.certainty == case["certainty"]
    assert [equation.text for equation in reading.equations if equation.doubt] == case.get("doubted", [])


def test_golden_cases_are_many_and_varied():
    """There are two hundred cases at least, none twice, and at most five of a kind."""
    lines = [case["line"] for case in GOLDEN]
    sources = [case["source"] for case in GOLDEN]
    assert len(lines) == len(set(lines)) >= 200
    assert max(map(sources.count, sources)) <= 5


def test_golden_lines_are_true_or_doubted(grader):
    """No golden line but the ones that say so holds a false calculation: none fails."""
    graded = grader.grade([Solution("", case["line"]) for case in GOLDEN])
    assert [line for line, result in zip(GOLDEN, graded, strict=True) if result.n_failed] == []


def outcomes(grader, rows, words):
    graded = grader.grade([Solution("", row["line"]) for row in rows])
    return {row["line"]: words[result.n_failed > 0] for row, result in zip(rows, graded, strict=True)}


@pytest.mark.parametrize(("name", "words"), [("true_lines", ("clear", "alarm")), ("false_lines", ("missed", "caught"))])
def test_lines_that_hold_and_lines_that_fail(grader, name, words):
    """Right lines are clear and wrong ones caught; known exceptions say why, and lose their mark once they pass."""
    rows = load(name)
    assert len(rows) == len({row["line"] for row in rows}) >= 100
    assert outcomes(grader, rows, words) == {row["line"]: row["expected"] for row in rows}
    assert all(row.get("why") for row in rows if row["expected"] in ("alarm", "missed"))


# --- properties -------------------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    ["0", "1", "2", "5", "12", "60", "100", "250", "1,000", "12,500", "2.5", "0.75", ".5", "3.333", "007", "1 000",
    "40%", "$7",
     "$1.50", "1/2", "3/4", "2 1/2", "-3", "1st", "5kg", "9:30", "3x", "7!", "1e3", "4-6", "100.", "1,2", "1.2.3",
     "two", "half", "4 5/4", "1'500", "15k"]
)  # fmt: skip
SIGNS = st.sampled_from(
    [
        " + ",
        " - ",
        " * ",
        " / ",
        "+",
        "-",
        "*",
        "/",
        " x ",
        "x",
        " × ",
        " ÷ ",
        " = ",
        "=",
        " = ",
        " ≈ ",
        " == ",
        " => ",
        "^",
        " : ",
    ]
)
WORDS = st.sampled_from(
    ["", " ", "apples", " boxes", " pens per box", " miles/hour", " dollars", " minutes", " hours", " of", " and ",
    ", ", ". ",
     "; ", " is ", " equals ", " times ", " plus ", "Day ", "Total ", "the ", "a ", " (", ") ", "[", "]", "Step 2: ",
     "so ",
     " cm", " m ", " x", " y", "Then ", " about ", " rounded ", " thousand", "\n", "%", "$", " each", " am", " per ",
     "'s ",
     "!", "?", "“", "é", "\\(", "\\)", "**", "percent of ", " half of ", " which ", "approximately ", " can ",
     " pound ", " in", " in ", " ft", "sin ", " log ", "log2 ", " base ", " mod ", " lakh", " dozen", " sec "]
)  # fmt: skip
LINES = st.lists(st.one_of(NUMBERS, SIGNS, WORDS), max_size=16).map("".join)
OPERANDS = st.tuples(NUMBERS, WORDS).map("".join)
CALCULATIONS = st.tuples(
    WORDS, WORDS, OPERANDS, SIGNS, OPERANDS, st.sampled_from([" = ", "=", " ="]), NUMBERS, WORDS, WORDS
).map("".join)


@given(st.text() | LINES)
@example("(" * 5_000)
@example("1+" * 5_000 + "1=2")
@example("=" * 3_000)
@example("9" * 20_000 + " = 1")
@example("\ud800 = 3")
def test_any_text_is_read(text):
    """No text raises, and each equation has one relation."""
    reading = read_line(text)
    for equation in reading.equations:
        assert equation.text.count("=") + equation.text.count("≈") == 1
        assert equation.text == equation.text.strip()
    assert reading.equations or reading.certainty != Certainty.CERTAIN


@given(st.text() | LINES)
def test_a_certain_reading_is_not_doubted(text):
    """Where the rules are certain no equation carries a doubt."""
    reading = read_line(text)
    if reading.certainty == Certainty.CERTAIN:
        assert all(equation.doubt is None for equation in reading.equations)


def assert_paths_agree(text):
    fast = read_simple(text)
    if fast is not None:
        assert Reading(fast, Certainty.CERTAIN) == read_by_tokens(text), text


@settings(max_examples=1_000)
@given(CALCULATIONS | LINES)
def test_the_fast_path_equals_the_reference(text):
    """Where the fast path answers, the reference path gives the same equations, units and certainty."""
    assert_paths_agree(text)


@settings(max_examples=500)
@given(CALCULATIONS | LINES | st.text())
def test_lines_left_unread_hold_no_equation(text):
    """A line that is put aside at the first glance has no equation for the reference path either."""
    if read_line(text) == rules.NOTHING:
        assert read_by_tokens(text).equations == ()


@pytest.mark.parametrize(
    "text",
    [
        "He buys 4 boxesx6 = 24 pens.",
        "3 hundreds + 2 tens = 320",
        "2 thousands + 5 = 2005",
        "The crew needs 5-12,500 minutes = 5 days.",
        "So 0.5/12,500 feet = 3 yards",
        "He has 5/$7 = 2 left",
        "The way around is 2π·5 = 31.4 cm",
        "The way around is 2 * 5 = 10 pi",
    ],
)
def test_the_fast_path_leaves_to_the_reference_what_it_cannot_say(text):
    """Signs glued to a word, numbers counted in hundreds, π and ranges of long numbers read alike on both paths."""
    assert_paths_agree(text)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("16 oz is 1 pound, and he had 32 oz so he had 32/16 = 2 pounds", "16=1"),
        ("The rest takes 2*30 = 60 minutes or 1 hour.", "60=1"),
        ("Three hours are 180 minutes, so she earned 13 * 180 = $2340", "3=180"),
        ("57 and 48 make 115. Shared among 5 friends, each one gets 115 / 5 = 23 marbles.", "57+48=115"),
        ("For two days: 0.7 * 0.7 = 0.49, so 49%.", "0.49=49%"),
        ("150 + 45 + 90 = 285 min, i.e. 4 h 45 min", "285=4*60+45"),
        ("It costs 250*0.92 = 230 EUR", "250*0.92=230"),
    ],
)
def test_what_is_stated_in_words_beside_a_calculation_is_read(text, stated):
    """The fast path leaves a line to the reference that states something in words as well."""
    assert read_simple(text) is None
    assert stated in [equation.text for equation in read_line(text).equations]


@pytest.mark.parametrize(
    "text",
    [
        "The number of plums is three times the number of pears, which is 12*95 = 1140",
        "The sum of the weights of the boys is 119 kg x 12 = 1428 kg.",
        "In one year, which is 93 weeks, he spends 93*$9 = $837 on tea",
        "2/5 of the oranges were eaten, a total of 2/5*240 = 96.",
        "Each hive makes 30 candles / 15 hives = 2 candles/hive",
        "They need 4 * 11 = 44 hours there (and back again).",
        "To find the number: 21 claims + 31 claims = 52 claims",
        "The worth of the gifts is $8382+$45770 =$54152",
        "Ann's percentage of the votes is 100 - 73 = 27",
        "The doughnuts are split equally: 21 ounces / 3 piles = 7 ounces",
    ],
)
def test_words_that_say_no_more_leave_a_line_plain(text):
    """An operation without its number, a rate behind a result and remarks in brackets need no reference path."""
    assert read_simple(text) is not None
    assert_paths_agree(text)


def test_the_fast_path_equals_the_reference_on_golden_lines():
    """The golden lines and the true and false ones read the same on both paths."""
    for name in ("reading", "true_lines", "false_lines"):
        for case in load(name):
            (line,) = split_lines(case["line"])
            assert_paths_agree(line.readable)


@pytest.mark.parametrize(
    "text", ["48 / 2 = 24", "She buys 3 * 12 = 36 eggs.", "It costs $4 x 3 cans = $12, then $12 + $5 = $17."]
)
def test_plain_lines_take_the_fast_path(text):
    """The lines that most solutions are made of are read by one expression."""
    assert read_simple(text) is not None


@pytest.mark.parametrize("line", ["3 * 4 is 12 s", "3 * 4 s is 12", "At 3 * 4 s s is 12"])
def test_a_label_of_one_s(line):
    """Its singular is nothing, and no line breaks the reader."""
    read_line(line)
