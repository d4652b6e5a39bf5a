"""Column discovery: which columns are found, and what is said where none is."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.columns import PROBLEM, SOLUTION, ColumnNames, Shape, discover
from grader.errors import InputError

CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SHAREGPT = pa.large_list(pa.struct([("from", pa.large_string()), ("value", pa.string())]))


def find(*columns, **named):
    fields = [(column, pa.string()) if isinstance(column, str) else column for column in columns]
    return discover(pa.schema(fields), ColumnNames(**named), "in.parquet")


def refusal(*columns, **named):
    with pytest.raises(InputError) as caught:
        find(*columns, **named)
    message = str(caught.value)
    assert message.startswith("in.parquet: ")
    assert message.count("\n") <= 1
    return message


@given(st.sampled_from(PROBLEM), st.sampled_from(SOLUTION), st.booleans(), st.randoms(use_true_random=False))
def test_every_listed_pair_is_found_in_any_case_and_order(problem, solution, upper, random):
    """Any listed problem and solution name is found, whatever its case and place."""
    names = [problem.upper() if upper else problem, solution.title(), "extra"]
    random.shuffle(names)
    found = find(*names)
    assert (found.problem.lower(), found.solution.lower()) == (problem, solution)


@given(st.permutations(["problem", "question", "query", "solution", "response", "completion"]))
def test_the_order_of_the_lists_decides(names):
    """Of several names that fit, the first of the list wins, not the first in the file."""
    found = find(*names)
    assert (found.problem, found.solution) == ("problem", "solution")


@pytest.mark.parametrize(
    ("columns", "problem", "solution", "reference"),
    [
        (("question", "answer"), "question", "answer", None),
        (("problem", "solution", "answer"), "problem", "solution", "answer"),
        (("question", "answer", "response"), "question", "response", "answer"),
        (("problem", "generated_solution", "expected_answer"), "problem", "generated_solution", "expected_answer"),
        (("problem", "solution", "answer", "ground_truth"), "problem", "solution", "ground_truth"),
        (("question", "answer", ("messages", CHAT)), "question", "answer", None),
        ((("messages", CHAT), "answer"), "messages", "messages", "answer"),
        ((("conversations", SHAREGPT),), "conversations", "conversations", None),
        ((("prompt", CHAT), "response"), "prompt", "response", None),
    ],
)
def test_known_layouts_of_data_sets(columns, problem, solution, reference):
    """Common layouts of public data sets are read as their authors meant them."""
    found = find(*columns)
    assert (found.problem, found.solution, found.reference) == (problem, solution, reference)


def test_the_id_is_found_but_not_needed():
    """An id column is recorded where there is one."""
    assert find("id", "uuid", "problem", "solution").identifier == "id"
    assert find("problem", "solution").identifier is None


def test_named_columns_override_discovery():
    """What the user names is used, in any case, and is not used for another role."""
    found = find("problem", "solution", "Text", "answer", "key", problem="text", solution="answer", identifier="key")
    assert found[:4] == ("Text", "answer", "key", None)
    assert find("Problem", "problem", "solution", problem="Problem").problem == "Problem"
    assert find(("dialog", CHAT), solution="dialog").problem == "dialog"
    assert find("question", "answer", "output", reference="answer").solution == "output"


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (pa.string(), Shape.TEXT),
        (pa.large_string(), Shape.TEXT),
        (pa.string_view(), Shape.TEXT),
        (pa.dictionary(pa.int8(), pa.string()), Shape.TEXT),
        (pa.null(), Shape.TEXT),
        (pa.list_(pa.string()), Shape.STEPS),
        (pa.large_list(pa.large_string()), Shape.STEPS),
        (CHAT, Shape.CHAT),
        (SHAREGPT, Shape.CHAT),
    ],
)
def test_readable_types(kind, shape):
    """Every encoding of text, lists of steps and both chat layouts are read."""
    assert find("problem", ("solution", kind)).solution_shape is shape


@pytest.mark.parametrize("kind", [pa.int64(), pa.binary(), pa.list_(pa.int64()), pa.struct([("text", pa.string())])])
def test_unreadable_types_are_named_with_the_remedy(kind):
    """A solution or problem column without text is an error that names column, type and option."""
    message = refusal("problem", ("solution", kind))
    assert "'solution'" in message
    assert str(kind) in message
    assert "--solution-column" in message
    assert "--problem-column" in refusal(("problem", kind), "solution")


def test_a_chat_whose_texts_come_in_parts():
    """Chats whose content is a list of parts are an error that says so, not just the type."""
    part = pa.struct([("type", pa.string()), ("text", pa.string())])
    turns = pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(part))]))
    assert "'messages' hold content in parts" in refusal(("messages", turns))


def test_a_problem_is_not_a_list_of_steps():
    """A list of texts is a solution in steps, never a problem."""
    assert "'problem'" in refusal(("problem", pa.list_(pa.string())), "solution")


def test_names_that_differ_in_case_alone_are_ambiguous():
    """Two columns for one name are an error that names both."""
    message = refusal("Problem", "problem", "solution")
    assert "'Problem'" in message
    assert "'problem'" in message
    assert "--problem-column" in message


@pytest.mark.parametrize(
    ("columns", "lacking"),
    [(("text", "label"), ("problem", "solution")), (("problem",), ("solution",)), (("solution",), ("problem",))],
)
def test_a_missing_column_is_an_error_that_names_those_there(columns, lacking):
    """No matching column: the message says which role, what is there, and which option helps."""
    message = refusal(*columns)
    assert ", ".join(columns) in message
    for role in ("problem", "solution"):
        assert (f"--{role}-column" in message) == (role in lacking)


def test_control_characters_in_names_are_spelled():
    """A column's name cannot move the cursor of a terminal, nor begin a line of its own."""
    assert r"a\x1b[31m, b\nb" in refusal("a\x1b[31m", "b\nb")


def test_a_wide_input_does_not_flood_the_terminal():
    """Of hundreds of columns only the first are listed."""
    assert len(refusal(*(f"column_{index}" for index in range(500)))) < 800


def test_a_named_column_that_is_not_there():
    """A wrong name names its option and the columns that are there."""
    message = refusal("problem", "solution", solution="soluton")
    assert "'soluton'" in message
    assert "--solution-column" in message
    assert "problem, solution" in message


def test_one_column_cannot_be_both():
    """Only a chat holds problem and solution in one column."""
    assert "two different columns" in refusal("text", problem="text", solution="text")


def test_a_reference_of_an_unreadable_type():
    """It is passed over where it was found by name, an error where the user named it, used where it is a number."""
    answers = ("final_answer", pa.list_(pa.string()))
    assert find("problem", "solution", answers).reference is None
    assert "--answer-column" in refusal("problem", "solution", answers, reference="final_answer")
    assert find("problem", "solution", ("answer", pa.float64())).reference == "answer"


def test_the_choice_is_said_in_one_line():
    """The sentence for people names every column that was chosen."""
    sentence = find("idx", "question", ("solution", pa.list_(pa.string())), "answer").sentence()
    for part in ("'question'", "'solution' (steps)", "'idx'", "'answer'"):
        assert part in sentence
    assert "no reference answer" in find("problem", "solution").sentence()


def test_a_chat_that_is_text():
    """A chat column of JSON texts is told by its type, not by its two roles."""
    assert "the chat column 'messages' is string, not a list of role and content; parse it" in refusal("messages")
    assert "name two different columns" in refusal("x", "y", problem="x", solution="x")
