"""What training files are turned into, and how examples are split."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.errors import InputError
from train.data import (
    IGNORED,
    AnnotatedSolution,
    ClassifierExample,
    ExtractorExample,
    problem_key,
    read_corpus,
    split_by_problem,
)


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a Parquet file of the given columns and names it."""

    def to_parquet(name="data", **columns):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), path)
        return str(path)

    return to_parquet


def example(*, flawed, first=None, lines=4, problem_id="p"):
    return ClassifierExample("p", ("line",) * lines, flawed, first, "x", 0, problem_id)


def test_annotated_solutions(write):
    """A file whose solutions carry annotations gives them as they stand; rows without any are left out and counted."""
    path = write(question=["How many?", "And now?"], solution=["2+2 = <<2+2=4>>4\n#### 4", "4\n#### 4"])
    corpus = read_corpus([path])
    assert corpus.annotated == [AnnotatedSolution(problem_key("How many?"), "How many?", "2+2 = <<2+2=4>>4\n#### 4")]
    assert not corpus.classified
    assert corpus.notes == [f"{path}: 1 annotated solutions; 1 rows left out"]


def test_labelled_table(write):
    """A labelled solution is shown by lines without annotations; its first error line counts if it is flawed."""
    path = write(
        problem=["q", "q", "q", None, "q"],
        solution=["a <<1+1=2>>\n\nb", "a\nb", "a\nb", "a", None],
        label=["Correct", "incorrect", "conceptual_error", None, "correct"],
        first_error_line=[2, 2, -1, 1, None],
    )
    corpus = read_corpus([path])
    key = problem_key("q")
    assert corpus.classified == [
        ClassifierExample("q", ("a ", "b"), False, None, "correct", 0, key),
        ClassifierExample("q", ("a", "b"), True, 2, "flawed", 0, key),
        ClassifierExample("q", ("a", "b"), True, None, "conceptual_error", 0, key),
    ]
    assert corpus.notes == [f"{path}: 3 solutions labelled in 'label'; 2 rows left out"]


@pytest.mark.parametrize(("column", "flawed"), [("error_type", [False, True]), ("is_correct", [False, True])])
def test_label_columns(write, column, flawed):
    """Labels are also found under other names, and as truth values that say whether the solution is correct."""
    values = ["correct", "computational_error"] if column == "error_type" else [True, False]
    corpus = read_corpus([write(question=["q", "q"], answer=["a", "b"], **{column: values})])
    assert [one.flawed for one in corpus.classified] == flawed


def test_error_line_behind_the_last(write):
    """A labelled line that the solution does not have is taken as not known, and that is said."""
    corpus = read_corpus([write(problem=["q"], solution=["a"], label=["flawed"], first_error_line=[2])])
    assert corpus.classified[0].first_error_line is None
    assert corpus.notes[0].endswith("1 error lines behind the last line are taken as not known")


def test_lines(write):
    """Lines come with one equation, with several in a list or in tags, or with none."""
    path = write(line=["a", "b", "c", " "], equation=["1+1=2", "<eq>1=1</eq><eq>2=2</eq>", None, "3=3"])
    listed = write("listed", line=["d"], equation=[["1=1", "2=2"]])
    found = [one[:2] for one in read_corpus([path, listed]).lines]
    assert found == [("a", ("1+1=2",)), ("b", ("1=1", "2=2")), ("c", ()), ("d", ("1=1", "2=2"))]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"problem": ["q"], "text": ["a"]}, r"data.parquet: no solution column was found.*\n.*line and equation"),
        ({"problem": ["q"], "solution": ["a"]}, r"data.parquet: column 'solution' holds no annotations.*<<48/2=24>>"),
        ({"problem": ["q"], "solution": ["a"], "label": [None]}, r"column 'label' holds no label"),
        ({"problem": ["q"], "solution": ["a"], "label": ["so-so"]}, r"row 1: column 'label' has the label 'so-so'"),
        (
            {"problem": ["q"], "solution": ["a"], "label": ["flawed"], "first_error_line": ["two"]},
            r"row 1: column 'first_error_line' is 'two'; give the number",
        ),
        ({"line": [1], "equation": ["1=1"]}, r"column 'line' is int64; it must be text"),
        ({"line": ["a"], "equation": [1]}, r"column 'equation' is int64; it must be text or a list of texts"),
    ],
)
def test_unusable_files(write, columns, message):
    """What cannot be used is named: the file, the column or row, and what to do."""
    with pytest.raises(InputError, match=f"(?s){message}"):
        read_corpus([write(**columns)])


@pytest.mark.parametrize(
    ("made", "whole", "labels"),
    [
        (example(flawed=False), False, [0, 0, 0, 0]),
        (example(flawed=False), True, [IGNORED, IGNORED, IGNORED, 0]),
        (example(flawed=True, first=2), False, [0, 1, IGNORED, 1]),
        (example(flawed=True, first=4), False, [0, 0, 0, 1]),
        (example(flawed=True, first=1), True, [IGNORED, IGNORED, IGNORED, 1]),
        (example(flawed=True), False, [IGNORED, IGNORED, IGNORED, 1]),
        (example(flawed=True, first=1, lines=1), False, [1]),
    ],
)
def test_line_labels(made, whole, labels):
    """Lines are correct up to the error and flawed at it; behind it only the last has a label, that of the whole."""
    assert made.labels(whole=whole) == labels


def test_split_by_problem():
    """No problem stands in two parts, the shares are of problems, and the order of the examples changes nothing."""
    examples = [example(flawed=bool(i % 2), problem_id=f"p{i // 2}") for i in range(100)]
    split = split_by_problem(examples, 0, 0.1, 0.2)
    problems = [{one.problem_id for one in part} for part in split]
    assert [len(part) for part in problems] == [35, 5, 10]
    assert not problems[0] & problems[1]
    assert not problems[2] & (problems[0] | problems[1])
    mixed = split_by_problem(examples[::-1], 0, 0.1, 0.2)
    assert [{one.problem_id for one in part} for part in mixed] == problems
    assert split_by_problem(examples, 1, 0.1, 0.2) != split


def test_same_problem_in_other_words_of_number():
    """Numbers, case and white space do not make another problem, so redrawn numbers stay in the same part."""
    assert problem_key("Tom has 3 eggs.\nHow many?") == problem_key("tom has 1,200.5 eggs. How many?")
    assert problem_key("Tom has 3 eggs.") != problem_key("Tim has 3 eggs.")


def test_too_few_problems():
    """Two problems cannot be split in three, and the message says so."""
    lines = [ExtractorExample("a", (), "p"), ExtractorExample("b", (), "q")]
    with pytest.raises(InputError, match="hold 2 different problems; at least 3"):
        split_by_problem(lines, 0, 0.1, 0.1)


def test_nothing_left_to_train_on():
    """Shares that leave no problem to train on are an error."""
    lines = [ExtractorExample("a", (), name) for name in "pqrs"]
    with pytest.raises(InputError, match="none is left to train on"):
        split_by_problem(lines, 0, 0.5, 0.49)
