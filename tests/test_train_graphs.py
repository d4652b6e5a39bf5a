"""Annotated solutions as computation graphs, redrawn numbers, injected errors, lines in other spellings."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.types import CheckStatus, Equation
from train.annotate import aligned_step, annotated
from train.data import AnnotatedSolution
from train.examples import classifier_examples, draw_pair, extractor_examples, graphs_of
from train.graph import CarryError, Source, carried, value_of
from train.inject import COMPUTATIONAL, CONCEPTUAL, inject_computational, inject_conceptual
from train.mistakes import CONCEPTUAL_INJECTORS
from train.redraw import changeable, redrawn
from train.restyle import Lines
from train.reword import Words
from train.slips import COMPUTATIONAL_INJECTORS

FARM = AnnotatedSolution(
    "farm",
    "A farm has 14 hens. Each hen lays 6 eggs, and 9 eggs break. The rest goes into boxes of 5. How many are full?",
    "The hens lay 14 * 6 = <<14*6=84>>84 eggs.\n"
    "That leaves 84 - 9 = <<84-9=75>>75 eggs.\n"
    "So there are 75 / 5 = <<75/5=15>>15 boxes.\n#### 15",
)
SHOP = AnnotatedSolution(
    "shop",
    "A coat costs $80 and a hat $25. Ann buys 3 coats and 2 hats and pays 10% less for all. Her budget is $300 a week.",
    "The coats cost 3 coats * $80/coat = $<<3*80=240>>240.\n"
    "The hats cost 2*25=$<<2*25=50>>50.\n"
    "Together that is $240 + $50 = $<<240+50=290>>290.\n"
    "She saves $290 * 10% = $<<290*10*.01=29>>29.\n"
    "In a week she spends 290-29+(5+7) = $<<290-29+(5+7)=273>>273 because of the 5 + 7 for the bus.\n#### 273",
)
WORK = AnnotatedSolution(
    "work",
    "Tom works 5 hours on Monday, 3 on Tuesday and 20 on Friday, and rests 2 minutes in every hour of two days.",
    "He works 5 + 3 + 20 = <<5+3+20=28>>28 hours.\n"
    "That is 28 * 60 = <<28*60=1680>>1680 minutes.\n"
    "He rests 2 * (5 + 3) = <<2*(5+3)=16>>16 minutes.\n"
    "The first days are 20 / 8 = <<20/8=2.5>>2.5 times shorter.\n"
    "So he gets 1680 - 16 * 2.5 = <<1680-16*2.5=1640>>1640 points.\n#### 1640",
)


def graph_of(row):
    graph = annotated(*row)
    assert graph is not None
    return graph


def test_numbers_know_their_source():
    """An operand is the result of an earlier line, a number of the problem, or a constant."""
    graph = graph_of(SHOP)
    sources = {str(piece): piece.source for piece in graph.steps[2].calculation if hasattr(piece, "source")}
    assert sources == {"240": Source("step", 0), "50": Source("step", 1)}
    assert [step.equation for step in graph.steps[3:]] == ["290*10%=29", "290-29+(5+7)=273"]
    assert graph.answer.source == Source("step", 4)


def test_the_text_of_a_graph_is_the_text_without_annotations():
    """What the models read is the solution as it was written."""
    graph = graph_of(SHOP)
    assert graph.question == SHOP.problem
    assert graph.steps[0].text == "The coats cost 3 coats * $80/coat = $240."


@pytest.mark.parametrize(
    "solution",
    [
        "There are 5 + 4 = <<5*4=20>>20.\n#### 20",
        "There are 5 * 4 = <<5*4=21>>21.\n#### 21",
        "There are 5 * 4 = <<5*4=20>>20.\n#### 19",
        "There are 5 * 4 = <<5*4=20>>20.",
        "There are 2 * 5 * 4 = <<5*4=20>>20.\n#### 20",
        "There are 5 * 4 = <<5*4=20>>20 and 6 * 4 = <<6*4=24>>24.\n#### 24",
        "",
    ],
)
def test_what_is_not_understood_makes_no_graph(solution):
    """Where annotation, text and answer do not agree, there is no graph."""
    assert annotated("x", "There are 5 rows of 4.", solution) is None


def test_a_changed_value_is_carried_to_all_that_follows():
    """A forced result changes every later result and every place that tells it."""
    graph = carried(graph_of(FARM), forced={0: Fraction(94)})
    assert [step.text for step in graph.steps] == [
        "The hens lay 14 * 6 = 94 eggs.",
        "That leaves 94 - 9 = 85 eggs.",
        "So there are 85 / 5 = 17 boxes.",
    ]
    assert str(graph.answer) == "17"


def test_an_impossible_calculation_is_refused():
    """A division by nothing is an error, not a number."""
    with pytest.raises(CarryError):
        carried(graph_of(FARM), given={Fraction(5): Fraction(0)})


@given(st.integers(0, 10_000))
def test_redrawn_solutions_are_right(seed):
    """With other numbers every calculation is true, integers stay integers, and constants stay what they are."""
    graph = graph_of(FARM)
    assert changeable(graph) == [5, 6, 9, 14]
    other = redrawn(graph, random.Random(seed))
    if other is None:
        return
    assert other.question != graph.question
    for step in other.steps:
        assert value_of(step) == step.pieces[step.result].value
        assert step.pieces[step.result].value.denominator == 1
    assert all(str(piece) in other.question for piece in other.problem)


@given(st.integers(0, 2_000))
def test_amounts_may_come_to_have_parts(seed):
    """With ``parts`` what is paid may be $2.50, and what is counted stays whole; every calculation is true."""
    row = AnnotatedSolution(
        "shop",
        "Eve buys 5 hens for $13 each and pays with $85. How much is left?",
        "The 5 hens cost 5 * 13 = $<<5*13=65>>65.\nSo 85 - 65 = $<<85-65=20>>20 are left.\n#### 20",
    )
    (graph,) = graphs_of([row])
    other = redrawn(graph, random.Random(seed), parts=True)
    if other is None:
        return
    hens, price, paid = (piece.value for piece in other.problem if hasattr(piece, "value"))
    assert hens.denominator == 1
    assert other.answer.value == paid - hens * price
    assert str(other.answer) == str(other.steps[1].pieces[other.steps[1].result])
    assert (100 * price).denominator == 1


def test_a_solution_with_numbers_from_nowhere_keeps_its_numbers():
    """The 5 and the 7 of the bus are told, not derived: they might depend on the others."""
    assert changeable(graph_of(SHOP)) == []


@pytest.mark.parametrize("name", list(CONCEPTUAL_INJECTORS))
def test_a_conceptual_error_leaves_every_calculation_true(name):
    """The flawed solution has another answer, no false calculation, and is unchanged before its first error line."""
    found = 0
    for row in (FARM, SHOP, WORK):
        graph = graph_of(row)
        for seed in range(60):
            flawed = inject_conceptual(graph, random.Random(seed), (name,))
            if flawed is None:
                continue
            found += 1
            assert (flawed.error_type, flawed.subtype) == (CONCEPTUAL, name)
            assert flawed.graph.answer.value != graph.answer.value
            for step in flawed.graph.steps:
                if step.calculates:
                    assert value_of(step) == step.pieces[step.result].value
            before = [step.text for step in graph.steps[: flawed.first_error_line - 1]]
            if name not in ("dropped_step", "unit_forgotten"):
                assert [step.text for step in flawed.graph.steps[: flawed.first_error_line - 1]] == before
            assert 1 <= flawed.first_error_line <= len(flawed.graph.steps) + 1
    assert found


@pytest.mark.parametrize("name", list(COMPUTATIONAL_INJECTORS))
def test_a_slip_makes_exactly_one_calculation_false(name):
    """The exact check refutes the labelled line and no other."""
    found = 0
    with Checker() as checker:
        for row in (FARM, SHOP, WORK):
            for seed in range(10):
                flawed = inject_computational(graph_of(row), random.Random(seed), (name,))
                if flawed is None:
                    continue
                found += 1
                assert (flawed.error_type, flawed.subtype) == (COMPUTATIONAL, name)
                wrong = [
                    number
                    for number, step in enumerate(flawed.graph.steps, start=1)
                    if step.calculates and value_of(step) != step.pieces[step.result].value
                ]
                assert wrong == [flawed.first_error_line]
                equation = flawed.graph.steps[wrong[0] - 1].equation
                assert checker.check(Equation(equation)).status in (CheckStatus.FAILS, CheckStatus.ROUNDED)
    assert found


def test_pairs_share_their_problem_and_their_manner():
    """Correct and corrupted come in equal numbers, of the same problem, with the same way of stating the answer."""
    examples = classifier_examples([FARM, SHOP], seed=3, rounds=20)
    right, wrong = examples[::2], examples[1::2]
    endings = set()
    assert len(examples) > 60
    for one, other in zip(right, wrong, strict=True):
        assert (one.flawed, other.flawed) == (False, True)
        assert one.problem == other.problem
        assert one.error_type == "correct"
        assert other.first_error_line is not None
        assert one.lines != other.lines
        before = other.first_error_line - 1
        assert one.lines[:before] == other.lines[:before]
        if "=" not in one.lines[-1]:
            answers = [re.sub(r"[\d.,]+", "#", half.lines[-1]) for half in (one, other)]
            assert answers[0] == answers[1]
            endings.add(answers[0])
    assert len(endings) > 5


def test_amounts_do_come_to_have_parts():
    """Over some draws there are cents, and only with ``parts``."""
    row = AnnotatedSolution("pen", "A pen costs $13. What do 6 cost?", "They cost 13 * 6 = $<<13*6=78>>78.\n#### 78")
    (graph,) = graphs_of([row])
    for parts in (True, False):
        drawn = (redrawn(graph, random.Random(seed), parts=parts) for seed in range(40))
        assert any(one.answer.value.denominator != 1 for one in drawn if one is not None) is parts


def test_numbers_taken_for_each_other_err_where_they_are_used():
    """Swapped numbers of one line are not offered: 9 + 5 is as right as 5 + 9, and would be called the error."""
    row = AnnotatedSolution(
        "hens", HENS, "They have 5 + 9 = <<5+9=14>>14.\nAll cost 14 * 5 = <<14*5=70>>70 dollars.\n#### 70"
    )
    (graph,) = graphs_of([row])
    for seed in range(200):
        change = CONCEPTUAL_INJECTORS["misread"](graph, random.Random(seed))
        assert change is None or len(change.given) == 1


def test_answers_come_with_currency_and_units():
    """A correct answer is written in many ways, with decimals too: none of them may count as an error."""
    row = AnnotatedSolution("pen", "A pen costs $13. What do 6 cost?", "They cost 13 * 6 = $<<13*6=78>>78.\n#### 78")
    (graph,) = graphs_of([row])
    pairs = [draw_pair(graph, seed, 0.0) for seed in range(300)]
    answers = {pair[0].lines[-1] for pair in pairs if pair is not None}
    assert any("$" in answer for answer in answers)
    assert any(re.search(r"\$\d+\.\d\d\b", answer) for answer in answers)
    assert any("boxed" in answer for answer in answers)
    lines = {pair[0].lines[0].split("=")[0].strip() for pair in pairs if pair is not None}
    assert any(re.fullmatch(r"[\d.]+ \* [\d.]+", line) for line in lines), "some have no words"


HENS = "Ann has 5 hens and Bob has 9 hens. How many hens do they have?"
CORPUS = [
    HENS,
    "Then Ann sold 3 pears to Bob.",
    "When Eve met Ann, Eve had 4 pears.",
    "So Eve and Bob ate 6 hens, a hen",
    "or 2 pears: a pear each for Ann and Eve.",
]


@given(st.integers(0, 300))
def test_reworded_problems_are_the_same_problem(seed):
    """Names and things change everywhere at once, to others of their kind; numbers and calculations stay."""
    row = AnnotatedSolution("hens", HENS, "Ann and Bob have 5 + 9 = <<5+9=14>>14 hens.\n#### 14")
    (graph,) = graphs_of([row])
    other = Words(CORPUS).reworded(graph, random.Random(seed))
    assert [step.equation for step in other.steps] == ["5+9=14"]
    one, two, thing = re.fullmatch(
        r"(\w+) has 5 (?:hens|pears) and (\w+) has 9 (hens|pears)\. How many \3 do they have\?", other.question
    ).groups()
    assert {one, two} < {"Ann", "Bob", "Eve"}
    assert other.steps[0].text == f"{one} and {two} have 5 + 9 = 14 {thing}."


def test_other_words_come_up():
    """Over some draws both names and things have become others."""
    row = AnnotatedSolution("hens", HENS, "Ann and Bob have 5 + 9 = <<5+9=14>>14 hens.\n#### 14")
    (graph,) = graphs_of([row])
    words = Words(CORPUS)
    seen = {words.reworded(graph, random.Random(seed)).question for seed in range(40)}
    assert any("Eve" in question for question in seen)
    assert any("pears" in question for question in seen)


def test_words_of_meaning_stay():
    """Units, kin, dozens and verbs that look like things are no things; months and titles are no names."""
    texts = [
        "Mr Lee saw 5 dozens in May, 5 cans, 7 boys.",
        "If Mr Lee can, in May, 6 dozens, a dozen, a boy; 3 cans",
        "the boys can see Lee can; 4 boys can",
        "He can can can can can can can 8 inches and 9 inches an inch",
    ]
    words = Words([*texts, *CORPUS])  # there are others that could stand in their place
    question = "Mr Lou saw 5 dozens and 6 inches in May, 7 boys and 8 cans."
    row = AnnotatedSolution("x", question, "So 5 + 6 = <<5+6=11>>11 dozens.\n#### 11")
    (graph,) = graphs_of([row])
    assert all(words.reworded(graph, random.Random(seed)) == graph for seed in range(20))


def test_examples_follow_from_their_seed():
    """The same seed gives the same examples, another one others."""
    graph = graph_of(FARM)
    assert draw_pair(graph, 5) == draw_pair(graph, 5)
    assert extractor_examples([FARM, SHOP], 1, 3) == extractor_examples([FARM, SHOP], 1, 3)
    assert extractor_examples([FARM], 1, 3) != extractor_examples([FARM], 2, 3)


def test_a_line_is_read_as_it_stands():
    """The equation of a line has the numbers and the signs of its text, without words and currency."""
    step = aligned_step("He pays 3 coats x $1,200/coat = $<<3*1200=3600>>3,600.")
    assert step is not None
    assert step.equation == "3*1200=3600"


def test_redrawn_lines_hold_their_equations():
    """Whatever the spelling, every digit string of the equation stands in the line, as digits or as a word."""
    lines = Lines([FARM.solution, SHOP.solution, "Let us see.\nThat is 12 eggs for each.\n#### 12"])
    drawn = random.Random(4)
    seen = [lines.draw(drawn) for _ in range(400)]
    for line, equations in seen:
        plain = line.replace(",", "").replace(r"\frac{", "").replace("}{", "/")
        for equation in equations:
            left, right = equation.split("=")
            assert right in plain
            for number in left.replace("%", "").translate(str.maketrans("+-*/()", "      ")).split():
                assert number in plain or not number.isdigit() or int(number) <= 20
    assert any(not equations for _, equations in seen)
    assert any(len(equations) == 2 for _, equations in seen)
    assert any("\\frac" in line or "\\times" in line for line, _ in seen)
