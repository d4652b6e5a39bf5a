"""Letters beside numbers: the same for the same value, whatever stands behind."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.limits import MAX_DIGITS
from grader.marks import LETTERS, OPEN, marked


def test_the_same_value_has_the_same_letter():
    """However it is written: with decimals, thousands apart, as a word, as a percentage or its hundredth."""
    problem, lines = marked("2 coffees at $3.00, 20% off, twelve of 1,200; half.", ["2*3=6", "1200*.2=240, 12/100"])
    assert problem == "2ⓐ coffees at $3.00ⓑ, 20%ⓒ off, twelveⓓ of 1,200ⓔ; halfⓐ."
    assert lines == ["2ⓐ*3ⓑ=6ⓕ ○ⓒⓓⓔⓕ", "1200ⓔ*.2ⓒ=240ⓖ, 12ⓓ/100ⓗ ○ⓕⓖⓗ"]
    assert marked("0 and 0.00", [])[0] == "0ⓐ and 0.00ⓐ"
    assert marked("1,250.5", [r"1{,}250.5 + 1\,250 = 5\%"])[1] == [r"1{,}250.5ⓐ + 1\,250ⓑ = 5\%ⓒ ○ⓑⓒ"]


@pytest.mark.parametrize("word", ["f\u0131ve", "\u017fix", "F\u0130VE"])
def test_letters_that_only_look_like_a_word_are_none(word):
    """A dotless i or a long s equals an ASCII letter where case is ignored, and is in no table of words."""
    assert marked(f"He has {word} apples", [])[0] == f"He has {word} apples"
    assert marked("FIVE and Six", [])[0] == "FIVE\u24d0 and Six\u24d1"


@pytest.mark.parametrize("piece", ["11,", "1{,}111{,}", "111,", "1.5e1", "1.", "five "])
def test_marks_cost_in_proportion_to_the_text(piece):
    """Text eight times as long takes at most some thirty times as long, not sixty-four."""
    text = piece * (20_000 // len(piece))
    short, long = (min(_seconds(text[: len(text) // share]) for _ in range(3)) for share in (8, 1))
    assert long < 30 * max(short, 0.002)


def _seconds(text):
    began = time.process_time()
    marked(text, [text])
    return time.process_time() - began


def test_a_line_tells_what_is_left_open():
    """Numbers of the problem that no line used, and results that no later line took up."""
    _, lines = marked("She has 5 and 7 and 9.", ["5 + 7 = 12", "12 * 2 = 24", "Answer: 24"])
    assert [line.partition(OPEN)[2] for line in lines] == ["ⓒⓓ", "ⓒⓔⓕ", "ⓒⓔ"]


def test_after_the_last_letter_numbers_stay_bare():
    """26 values have letters; a number too long to be worth a value has none."""
    text = " ".join(map(str, range(100, 140)))
    problem, _ = marked(text, [])
    assert sum(problem.count(letter) for letter in LETTERS) == len(LETTERS)
    assert problem.endswith("139")
    assert marked("9" * (MAX_DIGITS + 1), [])[0] == "9" * (MAX_DIGITS + 1)


@given(st.text(), st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=3))
def test_what_comes_later_changes_nothing_before(problem, lines, more):
    """A solution that goes on has the same marks up to there, and without marks it is the text that it was."""
    first, some = marked(problem, lines)
    longer, all_of_them = marked(problem, [*lines, *more])
    assert (longer, all_of_them[: len(some)]) == (first, some)
    if not set(problem + "".join(lines)) & {*LETTERS, OPEN}:
        bare = str.maketrans("", "", LETTERS)
        assert first.translate(bare) == problem
        assert [line.translate(bare) for line in some] == [f"{line} {OPEN}" for line in lines]
