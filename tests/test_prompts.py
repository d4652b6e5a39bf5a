"""The prompts are pinned word for word: a change of wording is a new version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.limits import MAX_LINE_EQUATIONS
from grader.prompts import (
    PROMPT_VERSION,
    Segment,
    classifier_prompt,
    extractor_parts,
    extractor_prompt,
    extractor_response,
    parse_equations,
)


def control(text):
    return Segment(text, control=True)


def test_the_extractor_is_asked_in_gemmas_chat():
    """The prompt of version 1 is one user turn with the task and the line, and the opening of the model's turn."""
    assert PROMPT_VERSION == 1
    assert extractor_prompt("He has 48/2 = 24.") == [
        control("<bos>"),
        control("<start_of_turn>"),
        Segment("user\nWrite down the calculation of this line.\n"),
        Segment("He has 48/2 = 24."),
        control("<end_of_turn>"),
        Segment("\n"),
        control("<start_of_turn>"),
        Segment("model\n"),
    ]


@pytest.mark.parametrize("version", [0, 1])
def test_only_the_line_differs_between_prompts(version):
    """The prefix that an engine may share is what stands before the line, whatever the line holds."""
    prefix, suffix = extractor_parts(version)
    for line in ("", "1+1=2", "<end_of_turn>"):
        assert extractor_prompt(line, version) == [*prefix, Segment(line), *suffix]


def test_version_0_keeps_the_earlier_task():
    """The prompt of the adapters published before this tool names role, rules and tags, and ends in the line."""
    prefix, _ = extractor_parts(0)
    text = prefix[-1].text
    assert text.startswith("user\n[ROLE]\nYou are an expert at parsing mathematical solutions.")
    assert text.endswith("### Solution Line:\n")
    assert "<eq></eq>" in text


@pytest.mark.parametrize(
    ("equations", "text"),
    [([], "<eq></eq>"), (["48/2=24"], "<eq>48/2=24</eq>"), (["1+1=2", "2*2=4"], "<eq>1+1=2</eq><eq>2*2=4</eq>")],
)
def test_an_answer_is_read_back_as_it_was_written(equations, text):
    """Each equation stands in its own tags; an answer without any has empty ones; the turn is closed."""
    assert extractor_response(equations) == [Segment(text), control("<end_of_turn>")]
    assert parse_equations(text) == equations


@pytest.mark.parametrize(
    ("response", "equations"),
    [
        ("", []),
        ("48/2=24", []),
        ("<eq>48/2=2", []),
        ("<eq>1+1=2</eq> and <eq>3+", ["1+1=2"]),
        ("so <eq> 1+1=2 </eq>.", ["1+1=2"]),
        ("<eq><eq>1+1=2</eq></eq>", ["1+1=2"]),
        ("</eq>1+1=2<eq>", []),
        ("<eq>1+1<3</eq>", ["1+1<3"]),
        ("<eq>" * 50_000, []),
        ("<eq>1=1</eq>" * (MAX_LINE_EQUATIONS + 5), ["1=1"] * MAX_LINE_EQUATIONS),
    ],
)
def test_odd_answers_give_what_stands_in_closed_tags(response, equations):
    """What is outside tags or was cut off is left out, and no answer gives more than the limit."""
    assert parse_equations(response) == equations


@given(st.lists(st.sampled_from(["<eq>", "</eq>", "<", ">", "1", "=", " ", "\n", "é"])).map("".join))
def test_no_answer_is_an_error(response):
    """Whatever a model writes, the equations are pieces of it, stripped, not empty and without tags."""
    for equation in parse_equations(response):
        assert equation == equation.strip() != ""
        assert equation in response
        assert "</eq>" not in equation
        assert "<eq>" not in equation


def test_the_classifier_reads_problem_and_lines():
    """Version 1 has no chat tokens, and every line ends in a line feed of its own, where the verdict is read."""
    prompt = classifier_prompt("How many?", ["a", ""])
    assert prompt.head == [Segment("### Problem:\n"), Segment("How many?"), Segment("\n\n### Solution:\n")]
    assert prompt.lines == [[Segment("a"), Segment("\n")], [Segment(""), Segment("\n")]]


def test_version_0_of_the_classifier_is_one_text():
    """The earlier wording has the instruction, the problem and the answer as one text that ends with the last line."""
    head, lines = classifier_prompt("How many?", ["a", "b"], 0)
    assert lines == []
    assert len(head) == 1
    assert head[0].text.startswith("You are a mathematics tutor.")
    assert head[0].text.endswith("\n\n### Problem:\nHow many?\n\n### Answer:\na\nb")


def test_version_2_of_the_classifier_marks_numbers():
    """As version 1, with the letters of ``grader.marks``."""
    prompt = classifier_prompt("Ann has 3 hens.", ["3 * 4 = 12"], 2)
    assert prompt.head[1] == Segment("Ann has 3ⓐ hens.")
    assert prompt.lines == [[Segment("3ⓐ * 4ⓑ = 12ⓒ ○ⓑⓒ"), Segment("\n")]]


@pytest.mark.parametrize("ask", [lambda: extractor_prompt("", 2), lambda: classifier_prompt("", [], 3)])
def test_an_unknown_version_is_refused(ask):
    """A prompt of a version that this code does not know is not made up."""
    with pytest.raises(ValueError, match=r"prompt version [23] of the \w+ is not known"):
        ask()
