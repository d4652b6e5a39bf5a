"""A solution becomes the lines that a person would count, each with what is read of it and why it may be doubted."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.doubts import DENIED, HYPOTHETICAL, RETRACTED, TRACE
from grader.lines import final_answer, is_final_answer, split_lines


def texts(solution):
    return [line.text for line in split_lines(solution)]


def readable(text):
    (line,) = split_lines(text)
    return line.readable


def doubts(solution):
    return [line.doubt for line in split_lines(solution)]


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        ("one\ntwo", ["one", "two"]),
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("one\rtwo", ["one", "two"]),
        ("one\n\n  \n\t\ntwo", ["one", "two"]),
        ("  one  ", ["one"]),
        ("one\u2028still one\ntwo", ["one\u2028still one", "two"]),
        ("one\u0085still one\x0bstill one\x0cstill one", ["one\u0085still one\x0bstill one\x0cstill one"]),
        ("", []),
        (" \n \r\n ", []),
    ],
)
def test_only_line_feeds_and_carriage_returns_end_a_line(solution, expected):
    """Empty lines are no lines, and other separators of Unicode stay inside theirs."""
    assert texts(solution) == expected


def test_a_step_of_a_list_is_one_line():
    """A list of steps has a line for each element that is not empty, line feeds inside it notwithstanding."""
    assert texts(("3 + 4 = 7\nso 7", "", "  ", " 7 * 2 = 14 ")) == ["3 + 4 = 7\nso 7", "7 * 2 = 14"]


def test_lines_are_numbered_from_one():
    """Numbers count the non-empty lines."""
    assert [line.number for line in split_lines("a\n\nb\nc")] == [1, 2, 3]


@given(st.text())
@example("\x1c\n\x1d")
@example("```\n<think>\n####")
def test_any_text_splits_into_its_own_non_empty_lines(text):
    """Nothing is raised, nothing but white space is lost, and no line is empty."""
    lines = split_lines(text)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(line.text and line.text == line.text.strip() for line in lines)
    pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [line.text for line in lines] == [piece.strip() for piece in pieces if piece.strip()]


@given(st.lists(st.text(), max_size=6).map(tuple))
def test_any_list_of_steps_splits(steps):
    """A list of any texts has one line for each that is not blank."""
    assert len(split_lines(steps)) == sum(bool(step.strip()) for step in steps)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She has 3 * 4 = <<3*4=12>>12 eggs", "She has 3 * 4 = 12 eggs"),
        ("20 - 5 = «20-5=15»15 left", "20 - 5 = 15 left"),
        ("<<1+1=2>>2 and <<2+2=4>>4", "2 and 4"),
        ("3 << 4", "3 << 4"),
    ],
)
def test_calculator_annotations_are_not_read(text, expected):
    """What stands between double angle brackets or guillemets is left out, and the line's text keeps it."""
    assert readable(text) == expected
    assert texts(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. 5 + 6 = 11", "5 + 6 = 11"),
        ("12) 5 + 6 = 11", "5 + 6 = 11"),
        ("(3) 5 + 6 = 11", "5 + 6 = 11"),
        ("a) 5 + 6 = 11", "5 + 6 = 11"),
        ("(b) 5 + 6 = 11", "5 + 6 = 11"),
        ("ii. 5 + 6 = 11", "5 + 6 = 11"),
        ("- 5 + 6 = 11", "5 + 6 = 11"),
        ("* 5 + 6 = 11", "5 + 6 = 11"),
        ("• 5 + 6 = 11", "5 + 6 = 11"),
        ("### 5 + 6 = 11", "5 + 6 = 11"),
        ("> 5 + 6 = 11", "5 + 6 = 11"),
        ("- 2. 5 + 6 = 11", "5 + 6 = 11"),
        ("-5 + 16 = 11", "-5 + 16 = 11"),
        ("5.5 + 6 = 11.5", "5.5 + 6 = 11.5"),
        ("2023 - 5 = 2018", "2023 - 5 = 2018"),
    ],
)
def test_list_marks_are_no_part_of_the_calculation(text, expected):
    """Bullets, numbers and letters of a list are left out; what belongs to the calculation is not."""
    assert readable(text).strip() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Total:** 5 + 6 = **11**", "Total: 5 + 6 = 11"),
        ("**5 * 6 = 30**", "5 * 6 = 30"),
        ("`5 * 6 = 30`", "5 * 6 = 30"),
        ("How many? ** There are 5 * 6 = 30", "How many? There are 5 * 6 = 30"),
        ("2**3 = 8", "2**3 = 8"),
        ("2 ** 3 = 8", "2 ** 3 = 8"),
        ("(1+1)**3 = 8", "(1+1)**3 = 8"),
    ],
)
def test_bold_and_back_ticks_are_no_operators(text, expected):
    """Marks of bold type and of code vanish, two stars between operands stay a power."""
    assert " ".join(readable(text).split()) == expected


def test_bars_of_a_table_part_its_cells():
    """A row of a table reads as its cells, apart from each other."""
    assert readable("| 3 | 3 * 2 = 6 |") == "; 3 ; 3 * 2 = 6 ;"
    assert readable("so |3| = 3") == "so |3| = 3"


@pytest.mark.parametrize("fence", ["```", "```python", "~~~"])
def test_fenced_code_is_not_read(fence):
    """From a fence to the next one nothing is read, and the lines are counted all the same."""
    lines = split_lines(f"1 + 1 = 2\n{fence}\nx = 2 + 2\n{fence[:3]}\n2 + 3 = 5")
    assert [line.readable for line in lines] == ["1 + 1 = 2", "", "", "", "2 + 3 = 5"]


def test_a_fence_that_closes_on_its_line_opens_nothing():
    """Code between two fences on one line ends there."""
    assert [line.readable for line in split_lines("```x = 1```\n2 + 3 = 5")] == ["", "2 + 3 = 5"]


def test_a_fence_that_never_closes_hides_the_rest():
    """Code that was cut off is code to the end."""
    assert [line.readable for line in split_lines("```\nx = 1\n2 + 3 = 6")] == ["", "", ""]


@pytest.mark.parametrize("tag", ["think", "thinking", "reasoning", "scratchpad", "thought", "THINK"])
def test_a_reasoning_trace_is_doubted_from_its_tag_to_its_end(tag):
    """The lines of the tags and those between them are doubted, the lines behind are not."""
    assert doubts(f"<{tag}>\n3 + 4 = 8\n</{tag}>\n3 + 4 = 7") == [TRACE, TRACE, TRACE, None]


def test_a_trace_on_one_line_ends_there():
    """A tag that is closed on its line doubts that line only."""
    assert doubts("<think>3 + 4 = 8</think>\n3 + 4 = 7") == [TRACE, None]


def test_a_trace_that_never_closes_doubts_the_rest():
    """A trace that was cut off lasts to the end."""
    assert doubts("1 + 1 = 2\n<think>\n3 + 4 = 8\n3 + 5 = 8") == [None, TRACE, TRACE, TRACE]


def test_a_trace_reopened_on_the_line_that_closes_it_goes_on():
    """The last tag of a line decides about the lines behind it."""
    assert doubts("<think>\nab\n</think> well <think>\n3 + 4 = 8") == [TRACE] * 4


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|start_think|>", "<|end_think|>"),
        ("◁think▷", "◁/think▷"),
        ("[THINK]", "[/THINK]"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_traces_of_other_models(opened, closed):
    """Each family of models has marks of its own; what stands behind the last one is judged."""
    assert doubts(f"{opened}3 + 4 = 8\n3 + 5 = 9\n{closed}\n3 + 4 = 7") == [TRACE, TRACE, TRACE, None]


def test_a_trace_whose_opening_stands_in_the_prompt():
    """A closing mark without an opening one doubts all that comes before it, and nothing behind it."""
    assert doubts("3 + 4 = 8\n3 + 5 = 9\n</think>\n3 + 4 = 7\n</think>\n1 + 1 = 2") == [TRACE] * 3 + [None, TRACE, None]


@pytest.mark.parametrize("text", ["[Thinking] 3 + 4 = 8", "He thinks 3 + 4 = 8", "x<think 3"])
def test_what_is_no_mark_of_a_trace(text):
    """Other brackets and words open none."""
    assert TRACE not in doubts(f"{text}\n3 + 4 = 7")


@pytest.mark.parametrize("mark", "-*+•‣⁃●▪◦–—>")
def test_marks_of_a_list_are_no_signs(mark):
    """A dash before a space begins an item."""
    assert split_lines(f"{mark} 12 + 8 = 20 apples")[0].readable == "12 + 8 = 20 apples"


def test_full_width_signs():
    """They are those of Chinese and Japanese text; a unit in such brackets stays one."""
    assert split_lines("（3＋4）×2＝14，80／4＝20％")[0].readable == "(3+4)×2=14, 80/4=20%"
    assert split_lines("320×1／4＝80（页）；5（cm）")[0].readable == "320×1/4=80 页；5 cm"


@pytest.mark.parametrize(
    "taking_back",
    [
        "Wait, that is wrong.",
        "Hmm, let me check.",
        "Oops, I made a mistake.",
        "But wait, it is 30.",
        "Hold on. 5 * 6 = 30.",
        "Scratch that: 5 * 6 = 30",
        "Correction: 5 * 6 = 30",
        "This is incorrect, since 5 * 6 = 30.",
        "I made an error above.",
        "Let me recalculate: 5 * 6 = 30",
        "Let's redo this: 5 * 6 = 30",
        "I apologize, 5 * 6 = 30.",
        "I'm sorry, it is 30.",
    ],
)
def test_taking_back_doubts_the_lines_up_to_it(taking_back):
    """What stands before a retraction, and the line itself, is doubted; what follows is not."""
    before, itself, after = doubts(f"5 * 6 = 35\n{taking_back}\n6 * 6 = 36")
    assert before == RETRACTED
    assert itself in (RETRACTED, DENIED)
    assert after is None


@pytest.mark.parametrize(
    "text",
    [
        "The guests wait 20 + 15 = 35 minutes.",
        "Wait time: 20 + 15 = 35 minutes",
        "The right side is 20 + 15 = 35 minutes.",
        "She corrects 20 + 15 = 35 papers.",
        "Let me add them: 20 + 15 = 35",
        "Let's find the sum: 20 + 15 = 35",
        "If each has 20 + 15 = 35 coins, all are happy.",
        "They do not have 20 + 15 = 35 coins left.",
        "Her assumption of 20 + 15 = 35 guests was fine.",
        "We first need to find 20 + 15 = 35",
        "I first added 20 + 15 = 35",
        "Initially she had 20 + 15 = 35 coins",
    ],
)
def test_ordinary_words_raise_no_doubt(text):
    """Words of doubt that mean something else here change nothing."""
    assert doubts(text) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "Suppose 3 * 5 = 16.",
        "Assume that 3 * 5 = 16",
        "Let's try 5: 3 * 5 = 16",
        "If we guess 5, 3 * 5 = 16",
        "First, suppose 3 * 5 = 16.",
        "Try 5: 3 * 5 = 16",
        "What if 3 * 5 = 16?",
    ],
)
def test_a_hypothesis_is_doubted(text):
    """A step that is only supposed says so."""
    assert doubts(f"{text}\n3 * 5 = 15") == [HYPOTHETICAL, None]


@pytest.mark.parametrize(
    "text",
    [
        "3 * 5 ≠ 16",
        "3 * 5 = 16 is false.",
        "3 * 5 = 16 does not hold",
        "\\( 3 \\cdot 5 \\neq 16 \\)",
        "3 * 5 != 16",
        "3 * 5 = 16 would be a contradiction",
        "3 * 5 = 16, which is impossible",
        "I'd first computed 3 * 5 = 16, which was off",
        "I originally wrote 3 * 5 = 16",
        "Initially I considered 3 * 5 = 16 (no)",
    ],
)
def test_a_denial_is_doubted(text):
    """A line that calls its own calculation false is doubted."""
    assert doubts(f"{text}\n3 * 5 = 15") == [DENIED, None]


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        ("3 + 4 = 7\n#### 7", "7"),
        ("#### 1,234\n", "1,234"),
        ("#### 5\nmore\n#### 6", "6"),
        ("#### ", None),
        ("3 + 4 = 7\nA: 7", "7"),
        ("3 + 4 = 7\nAnswer: 7 apples", "7 apples"),
        ("3 + 4 = 7\nFINAL ANSWER: 7", "7"),
        ("3 + 4 = 7\nThe answer is 7", "7"),
        ("3 + 4 = 7\nThe final answer is: $7", "$7"),
        ("So it is \\boxed{7}.", "7"),
        ("\\boxed{6} no, \\boxed{7}", "7"),
        ("\\boxed{\\frac{3}{4}}", "\\frac{3}{4}"),
        ("\\fbox{7}", "7"),
        ("\\boxed {7}", "7"),
        ("\\boxed{7", None),
        ("\\boxed{}", None),
        ("3 + 4 = 7", None),
        ("", None),
        (("3 + 4 = 7", "#### 7"), "7"),
    ],
)
def test_final_answer_in_each_of_its_forms(solution, expected):
    """The final answer stands behind hashes, in the last box, or behind the word."""
    assert final_answer(solution) == expected


def test_hashes_win_over_a_box():
    """A line of hashes is the clearest statement of all."""
    assert final_answer("\\boxed{6}\n#### 7") == "7"


@pytest.mark.parametrize("last", ["#### 7", "A: 7", "Answer: 7", "FINAL ANSWER: 7", "The final answer is 7"])
def test_a_line_that_states_the_final_answer_is_not_read(last):
    """The last line is counted but not read where it only states the answer."""
    assert [bool(line.readable) for line in split_lines(f"3 + 4 = 7\n{last}")] == [True, False]


def test_a_final_answer_that_calculates_is_read():
    """A last line with a relation in it is a calculation."""
    assert not is_final_answer("Answer: 3 + 4 = 7")
    assert split_lines("Answer: 3 + 4 = 8")[0].readable == "Answer: 3 + 4 = 8"


@given(st.text() | st.lists(st.text(), max_size=4).map(tuple))
@example("\\boxed{" * 500)
def test_final_answer_of_any_text(text):
    """Nothing is raised, and an answer is never blank."""
    answer = final_answer(text)
    assert answer is None or answer.strip() == answer != ""


def test_a_rounding_in_a_list_is_not_gone_on_with():
    """What the last number of several is rounded to is no left side of the next line."""
    lines = split_lines("19.8 ≈ 20, 5.1 ≈ 5, 0.48 ≈ 0.5\n≈ 20 x 5 / 0.5 = 200\nx = 2.98 ≈ 3\n= 1 + 2")
    assert [line.readable for line in lines[1::2]] == ["≈ 20 x 5 / 0.5 = 200", "3 = 1 + 2"]


@pytest.mark.parametrize(
    ("solution", "lines"),
    [
        (r"6*7=43\n43-3=40", ["6*7=43", "43-3=40"]),
        (r"So 42.\n\nThen 42-2 = 41.", ["So 42.", "Then 42-2 = 41."]),
        (r"$a \neq b$ and \nu = 3, x \not= 2", [r"$a \neq b$ and \nu = 3, x \not= 2"]),
        ("a\n" + r"b\nc", ["a", r"b\nc"]),
        (r"2+2&=4\\nonumber", [r"2+2&=4\\nonumber"]),
    ],
)
def test_line_feeds_that_are_spelled_end_lines(solution, lines):
    """Where there are no others, and where they begin no command."""
    assert [line.text for line in split_lines(solution)] == lines


def test_calculations_in_comments_of_programs_are_read():
    """And nothing else of a program."""
    program = """```python
total = 14 * 11.75  # 14 * 11.75 = 165.50
# one price = 11.75
# 3 + 4 = 7
if total == 2 * 3:  # never
    total = 3 + 4
```"""
    assert [line.readable for line in split_lines(program) if line.readable] == ["14 * 11.75 = 165.50", "3 + 4 = 7"]
    (bare,) = split_lines("left = left + 25           # 64 + 25 = 99")
    assert bare.readable == "64 + 25 = 99"
