"""A batch of solutions is graded row by row, each by its own lines alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.symbolic import SymbolicProcess
from grader.engines import Pair, load_pair
from grader.engines.scripted import ScriptedClassifier, ScriptedExtractor
from grader.limits import MAX_LINE_CHARACTERS
from grader.pipeline import Grader
from grader.types import CheckStatus, Classification, RowStatus, Solution, Source, Verdict

RULES = load_pair("rules", classifier=False, adapters=None, threshold=None)
PLAIN, UNSURE, PROSE = "3 * 4 = 12", "25 times 4 equals 100", "She smiles."


def grade(text, pair=RULES, reference=None, problem="How many?"):
    with Grader(pair) as grader:
        return grader.grade([Solution(problem, text, reference)])[0]


def statuses(result):
    return [check.status for line in result.lines for check in line.equations]


def auto(answers):
    extractor = ScriptedExtractor(answers)
    return extractor, Pair("auto", extractor, None, 0.5, "a script")


# --- rules alone ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, "", " \n\t", (), ("", "  ")])
def test_an_empty_solution_is_skipped(text):
    """Nothing to grade is no verdict, and the message says why."""
    result = grade(text)
    assert result.status == RowStatus.SKIPPED
    assert (result.verdict, result.message, result.lines) == (None, "the solution is empty", ())


def test_a_solution_that_holds_is_correct():
    """Each line stands in the result with its equations and their exact values."""
    result = grade("She has 48 / 2 = 24 eggs.\nShe smiles.\n#### 24")
    assert (result.status, result.verdict) == (RowStatus.GRADED, Verdict.CORRECT)
    assert [line.line for line in result.lines] == [1, 2, 3]
    (check,) = result.lines[0].equations
    assert (check.text, check.left, check.right, check.status, check.source) == (
        "48/2=24", "24", "24", CheckStatus.HOLDS, Source.RULES,
    )  # fmt: skip


def test_the_first_wrong_line_is_named():
    """The message says what is wrong in the line's own numbers."""
    result = grade("2 + 2 = 4\n12 * 5 = 50\n50 + 1 = 52")
    assert (result.verdict, result.first_error_line) == (Verdict.COMPUTATIONAL_ERROR, 2)
    assert result.message == "line 2: 12*5 is 60, not 50"
    assert (result.n_equations, result.n_failed) == (3, 2)


def test_a_line_is_judged_by_its_own_numbers():
    """A later line that uses an earlier wrong result consistently holds."""
    result = grade("12 * 5 = 50\n50 + 10 = 60")
    assert statuses(result) == [CheckStatus.FAILS, CheckStatus.HOLDS]


def test_a_chain_counts_pair_by_pair():
    """``a = b = c`` is two equations."""
    assert grade("2 * 3 + 1 = 6 + 1 = 7").n_equations == 2


def test_nothing_to_check_is_a_null_verdict():
    """Without an equation that could be judged there is no verdict, and a flag says so."""
    result = grade("She smiles.\nx + y = 10")
    assert (result.status, result.verdict, result.flags) == (RowStatus.GRADED, None, ("nothing_checked",))


@pytest.mark.parametrize(
    "text",
    [
        "<think>\n3 * 4 = 13\n</think>\n3 * 4 = 12",
        "<think>3 * 4 = 13",
        "3 * 4 = 13\nWait, that is wrong.\n3 * 4 = 12",
        "Suppose 3 * 4 = 13.\n3 * 4 = 12",
        "3 * 4 = 13 is false.\n3 * 4 = 12",
        "```\n3 * 4 = 13\n```\n3 * 4 = 12",
    ],
)
def test_what_is_not_claimed_cannot_fail_a_row(text):
    """Traces, retracted steps, hypotheses, denials and code may be read, never failed."""
    assert grade(text).n_failed == 0


@pytest.mark.parametrize(
    ("text", "reference", "flagged"),
    [
        ("3 * 4 = 12\n#### 12", "12", False),
        ("3 * 4 = 12\n#### 13", "12", True),
        ("3 * 4 = 12\n\\boxed{12}", "Some reasoning\n#### 12", False),
        ("3 * 4 = 12", "12", False),
        ("3 * 4 = 12\n#### 13", None, False),
    ],
)
def test_the_reference_answer_is_compared_with_the_final_one(text, reference, flagged):
    """A final answer that differs from the reference is flagged, and the verdict is left alone."""
    result = grade(text, reference=reference)
    assert ("reference_mismatch" in result.flags) == flagged
    assert result.verdict == Verdict.CORRECT


def test_a_line_that_is_too_long_flags_the_row():
    """What stands behind the limit is not read, and the row says so."""
    assert "truncated" in grade("a" * MAX_LINE_CHARACTERS + " 3 * 4 = 13").flags


SOLUTIONS = st.sampled_from(
    [
        Solution("", text, reference)
        for text, reference in [
            (None, None), ("", None), ("3 * 4 = 12", None),
            ("3 * 4 = 13\n13 + 1 = 14", None), (PROSE, None), (UNSURE, None),
            ("10 / 3 = 3.33\n#### 3", "4"), ("<think>\n3 * 4 = 13", None), ("x = 5\n2x = 11", None),
            ("sqrt(2) ≈ 1.41", None),
            (("2 + 2 = 5", "so 5"), None), ("3 * 4 = 13\nWait, 3 * 4 = 12", None), ("100 / 7 = 14", None),
        ]
    ]
)  # fmt: skip


class Counting:
    """A classifier whose answer depends on the solution alone."""

    def classify(self, solutions):
        """Answer by the length of the text."""
        return [Classification(len(str(solution.solution)) % 10 / 10, ()) for solution in solutions]

    def identity(self):
        """Have no name."""
        return {}


@pytest.fixture(scope="module")
def modelled():
    extractor = ScriptedExtractor({UNSURE: ["25*4=100"], "3 * 4 = 13": ["3*4=12"]})
    with Grader(Pair("auto", extractor, Counting(), 0.5, "a script")) as grader:
        yield grader


@settings(deadline=None)
@given(st.lists(SOLUTIONS, max_size=8), st.data())
def test_a_row_does_not_depend_on_its_batch(modelled, solutions, data):
    """Any order and any split of a batch gives each row the result that it has alone."""
    order = data.draw(st.permutations(range(len(solutions))))
    cut = data.draw(st.integers(0, len(solutions)))
    alone = [modelled.grade([solution])[0] for solution in solutions]
    shuffled = [solutions[index] for index in order]
    assert modelled.grade(shuffled[:cut]) + modelled.grade(shuffled[cut:]) == [alone[index] for index in order]


# --- an extractor -----------------------------------------------------------------------------------------------------


def test_auto_asks_only_for_the_unsure_lines():
    """Certain lines and lines without an equation cost no call, and the rules' readings go along as drafts."""
    extractor, pair = auto({UNSURE: ["25*4=100"]})
    result = grade(f"{PLAIN}\n{PROSE}\n{UNSURE}", pair)
    assert extractor.asked == [(UNSURE, ["25*4=100"])]
    assert result.verdict == Verdict.CORRECT
    assert result.flags == ()


def test_auto_asks_once_for_a_whole_batch():
    """The lines of all solutions travel in one call, in order."""
    extractor, pair = auto({})
    with Grader(pair) as grader:
        grader.grade([Solution("", UNSURE), Solution("", None), Solution("", PLAIN), Solution("", UNSURE)])
    assert [line for line, _ in extractor.asked] == [UNSURE, UNSURE]


def test_model_asks_for_every_line_that_can_be_read():
    """The model reads all lines but code and the final answer, with no draft where the rules read nothing."""
    extractor = ScriptedExtractor({PLAIN: ["3*4=12"]})
    result = grade(f"{PLAIN}\n```\ncode = 1\n```\n{PROSE}\n#### 12", Pair("model", extractor, None, 0.5, "a script"))
    assert extractor.asked == [(PLAIN, ["3*4=12"]), (PROSE, None)]
    assert [check.source for line in result.lines for check in line.equations] == [Source.MODEL]


def test_model_replaces_the_rules():
    """In ``model`` the rules' equations do not count, even where the model reads none."""
    assert grade("3 * 4 = 13", Pair("model", ScriptedExtractor({}), None, 0.5, "a script")).n_equations == 0


def test_a_model_and_the_rules_that_agree_can_fail_a_row():
    """What both read is judged like any other equation, and counts as the rules'."""
    line = "25 times 4 is 1000"
    _, pair = auto({line: ["25 * 4 = 1000"]})
    result = grade(line, pair)
    assert (result.verdict, result.flags) == (Verdict.COMPUTATIONAL_ERROR, ())
    assert result.lines[0].equations[0].source == Source.RULES


@pytest.mark.parametrize("answer", [["25+4=1000"], ["4*25=1000"], ["25*4=1000", "25+4=1000"]])
def test_a_disagreement_is_flagged_and_fails_nothing_by_itself(answer):
    """An equation that only one of both reads never fails a row; one that both read still does."""
    line = "25 times 4 is 1000"
    _, pair = auto({line: answer})
    result = grade(line, pair)
    assert "models_disagree" in result.flags
    assert result.n_failed == ("25*4=1000" in answer)


def test_a_mixed_number_is_no_disagreement():
    """The space inside ``2 1/2`` means something, the others do not."""
    line = "2 1/2 times 4 equals 10"
    _, pair = auto({line: ["2 1/2 * 4 = 10"]})
    assert grade(line, pair).flags == ()


def test_a_model_that_reads_where_the_rules_do_not_can_fail_a_row():
    """A grounded equation of the model alone is judged."""
    line = "From 5 the sum - 2 = 9: half of all"
    extractor = ScriptedExtractor({line: ["5-2=9"]})
    result = grade(line, Pair("model", extractor, None, 0.5, "a script"))
    assert result.n_failed == 1


@pytest.mark.parametrize("mode", ["auto", "model"])
def test_invented_numbers_never_fail_a_row(mode):
    """An equation with a number that the line does not hold may be read, never failed."""
    line = "Twice a few equals many"
    result = grade(line, Pair(mode, ScriptedExtractor({line: ["2*17=35"]}), None, 0.5, "a script"))
    assert result.n_failed == 0
    line = "25 times 4 is 1000"
    result = grade(line, Pair("model", ScriptedExtractor({line: ["25*4=999"]}), None, 0.5, "a script"))
    assert statuses(result) == [CheckStatus.UNPARSABLE]


def test_a_model_cannot_fail_a_trace():
    """The doubt of a line holds for what the model reads in it, too."""
    extractor = ScriptedExtractor({"3 * 4 = 13": ["3*4=13"]})
    assert grade("<think>\n3 * 4 = 13\n</think>", Pair("model", extractor, None, 0.5, "a script")).n_failed == 0


@pytest.mark.parametrize("answer", ["", "nonsense", "1=1=1", "9**9**9**9=1", "__import__('os')=1", "=" * 50])
def test_whatever_a_model_says_is_survived(answer):
    """An answer that is no equation fails no row and raises nothing."""
    result = grade(UNSURE, auto({UNSURE: [answer]})[1])
    assert (result.status, result.n_failed) == (RowStatus.GRADED, 0)


# --- a classifier -----------------------------------------------------------------------------------------------------


def classified(text, flawed, by_line=(), threshold=0.5):
    classifier = ScriptedClassifier({text: Classification(flawed, by_line)})
    return grade(text, Pair("rules", None, classifier, threshold, "a script"))


@pytest.mark.parametrize(
    ("threshold", "verdict"), [(0.3, "conceptual_error"), (0.6, "conceptual_error"), (0.61, "correct")]
)
def test_the_pair_s_threshold_decides(threshold, verdict):
    """The probability of the whole solution is compared with the threshold of the pair."""
    assert classified(PLAIN, 0.6, (0.6,), threshold).verdict == verdict


def test_probabilities_stand_beside_their_lines():
    """Each line has the running probability at its end, null where the classifier gave none."""
    result = classified(f"{PLAIN}\n{PROSE}\n{PROSE}", 0.9, (0.1, 0.8))
    assert [line.flaw_probability for line in result.lines] == [0.1, 0.8, None]
    assert (result.verdict, result.first_error_line, result.flaw_probability) == (Verdict.CONCEPTUAL_ERROR, 2, 0.9)


def test_a_classifier_of_whole_solutions_names_no_line():
    """Without running probabilities a flawed verdict claims no place."""
    result = classified(PLAIN, 0.9)
    assert (result.verdict, result.first_error_line) == (Verdict.CONCEPTUAL_ERROR, None)
    assert result.message == "the reasoning looks flawed (P = 0.90)"


@pytest.mark.parametrize(
    ("text", "plain_text", "verdict"),
    [
        ("$\\frac{6}{3} = 2$", True, "correct"),
        ("$\\frac{6}{3} = 2$", False, "conceptual_error"),
        ("$2 \\times 3 = 6$", True, "correct"),
        ("2 * 3 = 6", True, "conceptual_error"),
        ("$\\frac{6}{x}$", True, "None"),  # nothing was checked
    ],
)
def test_a_classifier_of_plain_text_decides_nothing_on_latex(text, plain_text, verdict):
    """Its probability is noted all the same; the verdict is that of the rules."""
    classifier = ScriptedClassifier({text: Classification(0.9, (0.9,))})
    result = grade(text, Pair("rules", None, classifier, 0.5, "a script", plain_text=plain_text))
    assert (str(result.verdict), result.flaw_probability, result.lines[0].flaw_probability) == (verdict, 0.9, 0.9)


def test_nothing_is_judged_without_its_problem():
    """A row without a problem has no probability and the rules' verdict; the rows around it keep theirs."""
    classifier = ScriptedClassifier({}, default=0.9)
    with Grader(Pair("rules", None, classifier, 0.5, "a script")) as grader:
        results = grader.grade([Solution(problem, PLAIN) for problem in ("p", "", "p", " \n")])
    assert [result.flaw_probability for result in results] == [0.9, None, 0.9, None]
    assert [str(result.verdict) for result in results] == ["conceptual_error", "correct"] * 2


def test_a_failed_calculation_wins():
    """The classifier does not talk a wrong calculation away, nor move its line."""
    result = classified("3 * 4 = 12\n3 * 4 = 13", 0.0, (0.9, 0.9))
    assert (result.verdict, result.first_error_line) == (Verdict.COMPUTATIONAL_ERROR, 2)


def test_empty_solutions_are_not_put_to_the_classifier():
    """A skipped row has no probability, and the rows around it keep theirs."""
    classifier = ScriptedClassifier({"a": Classification(0.1, ()), "b": Classification(0.2, ())}, default=0.7)
    with Grader(Pair("rules", None, classifier, 0.5, "a script")) as grader:
        results = grader.grade([Solution("p", text) for text in ("a", None, "b", " ", "c")])
    assert [result.flaw_probability for result in results] == [0.1, None, 0.2, None, 0.7]


def test_what_is_carried_on_asks_sympy_within_the_bounds_of_its_solution(monkeypatch):
    """Judging equations once more gives a solution no further time and questions."""
    begun = []
    refill = SymbolicProcess.refill
    monkeypatch.setattr(SymbolicProcess, "refill", lambda self: begun.append(self) or refill(self))
    lines = ["√5 = 2.24", *(f"2.24 × {times} = {2.236 * times + 1:.2f}" for times in range(2, 8)), "10 × 2.24 = 22.36"]
    with Grader(Pair()) as grader:
        (graded,) = grader.grade([Solution("p", "\n".join(lines))])
    assert graded.n_failed == 6
    assert [check.status for check in graded.lines[-1].equations] == [CheckStatus.ROUNDED]
    assert len(begun) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Solution("p", PLAIN, 42), "solution 2: reference holds int, not text"),
        (Solution("p", 42), "solution 2: solution is int"),
        (Solution(7, PLAIN), "solution 2: problem holds int"),
        (Solution("p", (PLAIN, 3)), "solution 2: solution holds int"),
    ],
)
def test_what_is_no_text_is_named(row, said):
    """The row by its place and the field, before anything is graded."""
    with Grader(Pair()) as grader, pytest.raises(TypeError, match=said):
        grader.grade([Solution("p", PLAIN), row])
