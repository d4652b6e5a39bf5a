"""Changes between two small reports worked by hand, matching, properties, the written file, and every error."""

import json

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cli.compare import main
from grader.compare import (
    ADDED,
    CHANGES,
    NEWLY_CLEARED,
    NEWLY_FLAWED,
    REMOVED,
    UNCHANGED,
    VERDICT_CHANGED,
    changed_rows,
    compare,
    counts,
    transitions,
)

CORRECT, COMPUTATIONAL, CONCEPTUAL = "correct", "computational_error", "conceptual_error"
VERDICTS = (CORRECT, COMPUTATIONAL, CONCEPTUAL, None)
NOTHING = dict.fromkeys(CHANGES, 0)


@pytest.fixture
def two(write_report, tmp_path):
    """Give a function that writes the reports a and b, and gives their paths."""

    def write(a, b, **kwargs):
        return write_report(tmp_path / "a.parquet", a, **kwargs), write_report(tmp_path / "b.parquet", b, **kwargs)

    return write


def rows_of(verdicts, **columns):
    """Give columns of a report whose rows have these verdicts and texts of their own."""
    numbers = range(len(verdicts))
    texts = {"problem": [f"problem {i}" for i in numbers], "solution": [f"solution {i}" for i in numbers]}
    return texts | {"grade_verdict": list(verdicts)} | columns


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (CORRECT, COMPUTATIONAL, NEWLY_FLAWED),
        (None, CONCEPTUAL, NEWLY_FLAWED),
        (COMPUTATIONAL, CORRECT, NEWLY_CLEARED),
        (CONCEPTUAL, None, NEWLY_CLEARED),
        (COMPUTATIONAL, CONCEPTUAL, VERDICT_CHANGED),
        (CORRECT, None, VERDICT_CHANGED),
        (None, CORRECT, VERDICT_CHANGED),
        (None, None, UNCHANGED),
        (CONCEPTUAL, CONCEPTUAL, UNCHANGED),
    ],
)
def test_every_change_has_its_name(two, before, after, change):
    """A row's change is named by its verdicts in the two reports."""
    comparison = compare(*two(rows_of([before]), rows_of([after])))
    assert counts(comparison) == NOTHING | {change: 1}
    moves = transitions(comparison)
    assert moves[before or "no_answer"][after or "no_answer"] == 1
    assert sum(rows for row in moves.values() for rows in row.values()) == 1


def test_a_row_that_was_not_graded_has_no_verdict(two):
    """A failed row counts as one without a verdict."""
    comparison = compare(*two(rows_of([CORRECT]), rows_of([CORRECT], grade_status=["failed"])))
    assert counts(comparison) == NOTHING | {VERDICT_CHANGED: 1}


def test_rows_match_by_content_in_any_order(two):
    """Without ids rows match by their texts, equal ones in the order in which they stand."""
    a = {
        "question": ["p", "q", "p", "p"],
        "answer": ["1", "2", "1", "3"],
        "grade_verdict": [CORRECT, None, CONCEPTUAL, None],
    }
    b = {
        "answer": ["2", "1", "1", "4"],
        "question": ["q", "p", "p", "p"],
        "grade_verdict": [None, CORRECT, CORRECT, None],
    }
    comparison = compare(*two(a, b))
    assert comparison.matched_by is None
    assert counts(comparison) == NOTHING | {UNCHANGED: 2, NEWLY_CLEARED: 1, ADDED: 1, REMOVED: 1}
    cleared = comparison.rows.filter(change=NEWLY_CLEARED)
    assert cleared.select("row_a", "row_b", "occurrence").row(0) == (2, 2, 2)


@pytest.mark.parametrize("name", ["id", "UUID", "problem_id", "idx"])
def test_rows_match_by_an_id_that_is_unique_in_both(two, name):
    """An id column is used without being asked for, and tells rows whose text changed from new ones."""
    a = rows_of([CORRECT, CORRECT, CORRECT], **{name: [7, 8, 9]})
    b = rows_of([CONCEPTUAL, CORRECT, CORRECT], **{name.lower(): ["9", "7", "10"]})
    b["solution"] = ["solution 2", "corrected", "new"]
    b["problem"] = ["problem 2", "problem 0", "new"]
    comparison = compare(*two(a, b))
    assert comparison.matched_by == name
    assert counts(comparison) == NOTHING | {NEWLY_FLAWED: 1, UNCHANGED: 1, ADDED: 1, REMOVED: 1}
    by_key = {row["key"]: row["content_changed"] for row in comparison.rows.iter_rows(named=True)}
    assert by_key == {"7": True, "9": False, "8": None, "10": None}


@pytest.mark.parametrize("ids", [[1, 1], [1, None]])
def test_an_id_that_repeats_is_not_used(two, ids):
    """An id column with repeated or missing values in either report leaves the matching to the texts."""
    paths = two(rows_of([CORRECT, CORRECT], id=[1, 2]), rows_of([CORRECT, CORRECT], id=ids))
    assert compare(*paths).matched_by is None


def test_the_recorded_id_comes_first(two):
    """The id column that both runs recorded is used before those that are known by name."""
    a = rows_of([CORRECT, CONCEPTUAL], id=[1, 2], name=["x", "y"])
    comparison = compare(*two(a, a | {"id": [2, 1]}, metadata={"columns": {"identifier": "name"}}))
    assert comparison.matched_by == "name"
    assert counts(comparison) == NOTHING | {UNCHANGED: 2}


def test_the_recorded_columns_are_the_texts(two):
    """The problem and solution columns are those that the run recorded in the file, whatever their names."""
    a = {"problem": ["same"] * 2, "solution": ["same"] * 2, "task": ["1", "2"], "work": ["x", "y"]}
    b = a | {"task": ["2", "1"], "work": ["y", "x"], "grade_verdict": [CORRECT, None]}
    metadata = {"columns": {"problem": "task", "solution": "work", "identifier": None}}
    comparison = compare(*two(a, b, metadata=metadata))
    assert comparison.rows.filter(change=VERDICT_CHANGED)["row_a"].to_list() == [1]


@pytest.mark.parametrize(
    ("columns", "problem", "solution"),
    [
        ({"problem": ["p"], "steps": [["1+1=2", "so 2"]]}, "p", "1+1=2\nso 2"),
        (
            {"messages": [[{"role": "user", "content": "p"}, {"role": "assistant", "content": "s"}]]},
            None,
            '{"role":"user","content":"p"}\n{"role":"assistant","content":"s"}',
        ),
        ({"problem": pa.array(["p"]).dictionary_encode(), "solution": pa.array(["s"], pa.large_string())}, "p", "s"),
    ],
)
def test_texts_of_every_shape(two, columns, problem, solution):
    """Steps, chats and encoded texts are matched, and written as one text."""
    metadata = {"columns": {"problem": "problem", "solution": "steps"} if "steps" in columns else {}}
    paths = two(columns | {"grade_verdict": [None]}, columns | {"grade_verdict": [CORRECT]}, metadata=metadata)
    table = changed_rows(compare(*paths))
    assert table.select("change", "problem", "solution").rows() == [(VERDICT_CHANGED, problem, solution)]


def test_matching_does_not_depend_on_how_a_file_is_cut(write_report, tmp_path):
    """Texts match over any sizes of row groups, and a null text is not an empty one."""
    columns = rows_of([CORRECT] * 2000)
    columns["problem"][5:7] = [None, ""]
    columns["solution"][5:7] = ["same", "same"]
    paths = [write_report(tmp_path / f"{size}.parquet", columns, row_group_size=size) for size in (7, 2000)]
    assert counts(compare(*paths)) == NOTHING | {UNCHANGED: 2000}


verdict_lists = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(VERDICTS)), max_size=20)


def small(rows):
    return {
        "problem": pa.array([f"p{text % 2}" for text, _ in rows], pa.string()),
        "solution": pa.array([f"s{text}" for text, _ in rows], pa.string()),
        "grade_verdict": [verdict for _, verdict in rows],
    }


@given(a=verdict_lists, b=verdict_lists)
@settings(max_examples=40, deadline=None)
def test_comparing_backwards_swaps_the_changes(write_report, tmp_path_factory, a, b):
    """A against A has no change, every row counts once, and B against A has A against B's changes, swapped."""
    folder = tmp_path_factory.getbasetemp()
    paths = [write_report(folder / f"{name}.parquet", small(rows)) for name, rows in (("a", a), ("b", b))]
    forth, back = counts(compare(*paths)), counts(compare(*reversed(paths)))
    assert counts(compare(paths[0], paths[0])) == NOTHING | {UNCHANGED: len(a)}
    swapped = {NEWLY_FLAWED: NEWLY_CLEARED, NEWLY_CLEARED: NEWLY_FLAWED, ADDED: REMOVED, REMOVED: ADDED}
    assert forth == {change: back[swapped.get(change, change)] for change in CHANGES}
    assert sum(forth.values()) - forth[ADDED] == len(a)
    assert sum(forth.values()) - forth[REMOVED] == len(b)


def test_the_changed_rows_are_written(two, tmp_path, capsys):
    """The file of -o has the rows that changed, in A's order and then B's, with both verdicts and messages."""
    a = rows_of([CORRECT, CORRECT, COMPUTATIONAL], id=["x", "y", "z"], grade_message=[None, None, "line 2: wrong"])
    a |= {"grade_first_error_line": [None, None, 2], "grade_flaw_probability": [0.25, 0.5, 0.75]}
    b = rows_of([CORRECT, CORRECT, CORRECT], id=["x", "z", "new"])
    output = tmp_path / "changed.parquet"
    assert main([*two(a, b), "-o", str(output)]) == 0
    captured = capsys.readouterr()
    assert "3 changed rows written" in captured.err
    assert "matched by column 'id'; the text of 1 matched rows differs" in captured.out
    table = pl.read_parquet(output)
    numbers = [(None, None, 0.5, None), (2, None, 0.75, None), (None, None, None, None)]
    expected = [
        ("y", REMOVED, CORRECT, None, None, None, *numbers[0], None, 1, None, "problem 1", "solution 1"),
        (
            "z",
            NEWLY_CLEARED,
            COMPUTATIONAL,
            CORRECT,
            "line 2: wrong",
            None,
            *numbers[1],
            True,
            2,
            1,
            "problem 1",
            "solution 1",
        ),
        ("new", ADDED, None, CORRECT, None, None, *numbers[2], None, None, 2, "problem 2", "solution 2"),
    ]
    assert table.rows() == expected
    assert table.columns[2:10] == [
        f"{name}_{side}" for name in ("verdict", "message", "first_error_line", "flaw_probability") for side in "ab"
    ]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_keys_of_content_tell_equal_rows_apart(two):
    """Rows matched by content have the hash of their text as key, numbered where texts repeat."""
    a = {"problem": ["p"] * 2, "solution": ["s"] * 2, "grade_verdict": [None, None]}
    keys = changed_rows(compare(*two(a, a | {"grade_verdict": [CORRECT] * 2})))["key"].to_list()
    assert keys[1] == f"{keys[0]}#2"
    assert len(keys[0]) == 16


def test_no_change_writes_an_empty_table(two, tmp_path):
    """Without changes the exit code is 0 and the written table has its columns and no rows."""
    a = rows_of([CORRECT])
    assert main([*two(a, a), "-o", str(tmp_path / "changed.parquet")]) == 0
    table = pl.read_parquet(tmp_path / "changed.parquet")
    assert table.height == 0
    assert table.schema["first_error_line_a"] == pl.Int32


def test_the_json_object(two, capsys):
    """With --json stdout is one JSON object, with every key that --help names."""
    assert main([*two(rows_of([CORRECT]), rows_of([CONCEPTUAL])), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["changes"] == NOTHING | {NEWLY_FLAWED: 1}
    assert printed["transitions"][CORRECT][CONCEPTUAL] == 1
    with pytest.raises(SystemExit):
        main(["--help"])
    help_text = capsys.readouterr().out
    assert all(key in help_text for key in printed)
    assert all(change in help_text for change in CHANGES)


def test_an_existing_file_is_kept(two, tmp_path, capsys):
    """An existing output is replaced only with --overwrite, and never when it is one of the reports."""
    a, b = two(rows_of([CORRECT]), rows_of([CONCEPTUAL]))
    output = tmp_path / "changed.parquet"
    output.write_text("precious")
    assert main([a, b, "-o", str(output)]) == 2
    assert "exists already; name another file or give --overwrite" in capsys.readouterr().err
    assert output.read_text() == "precious"
    assert main([a, b, "-o", a, "--overwrite"]) == 2
    assert "one of the reports" in capsys.readouterr().err
    assert main([a, b, "-o", str(output), "--overwrite"]) == 0
    assert pl.read_parquet(output).height == 1


def test_a_failed_write_leaves_nothing(two, tmp_path, monkeypatch, capsys):
    """When the disk is full the command stops with exit code 3 and leaves no half file."""

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    paths = two(rows_of([CORRECT]), rows_of([CONCEPTUAL]))
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr("os.fsync", full)
    assert main([*paths, "-o", str(tmp_path / "changed.parquet")]) == 3
    assert "No space left on device" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.parquet"], "arguments are required: B"),
        (["a.parquet", "nowhere.parquet"], "nowhere.parquet: no such file"),
        (["a.parquet", "text.parquet"], "cannot be read as Parquet"),
        (["a.parquet", "a.parquet", "--id", "key"], "a.parquet has no column 'key'; its columns are problem"),
        (["a.parquet", "a.parquet", "--id", "twice"], "column 'twice' has nulls, lists or repeated values"),
        (["odd.parquet", "a.parquet"], "odd.parquet: no problem and solution columns are known; match by --id"),
        (["a.parquet", "a.parquet", "-o", "no/such.parquet"], "the folder no does not exist"),
        (["a.parquet", "a.parquet", "-o", "."], "-o names a file that ends in .parquet"),
        (["a.parquet", "a.parquet", "-o", "changed.csv"], "-o names a file that ends in .parquet"),
        (["a.parquet", "a.parquet", "--overwrite"], "--overwrite goes with -o"),
    ],
)
def test_errors_are_one_line_and_exit_2(write_report, tmp_path, monkeypatch, capsys, *, arguments, message):
    """Whatever is wrong with a file, a column or an option ends in exit code 2 and one line that says so."""
    monkeypatch.chdir(tmp_path)
    write_report("a.parquet", rows_of([CORRECT, CORRECT], twice=["x", "x"]))
    write_report("odd.parquet", {"something": ["x"]})
    (tmp_path / "text.parquet").write_text("no table")
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("grade-compare: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
