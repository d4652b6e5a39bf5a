"""A pause in which nothing changes takes nothing back; everything else that takes something back does."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "40 + 14 = 54. Dividing by 3, n = 54/3 = 16.\n\nWait, is it the number itself? Yes. So the answer is 16.",
        "$\\frac{180}{2} = 80$.\n\nHmm, another way: each is counted twice. Yes, it is the same. So the answer is 80.",
        "64 + 48 = 102, and 102 + 60 = 162.\n\nHmm, compared with Wanda? Yes.\n\nSo in all they sold **162** tickets.",
        "Hmm, 50 + 33 = 83, so 83 − 32 = 41.\n\nWait, is that right? Only 4: 50 − 16 = 34.\n\n**Final Answer**: 41",
        "On 50 L: 50 × 12 = 650 km.\nWait, let me make sure: yes, it asks for 50 L.\nSo the answer is 650 km.",
        "12 * 15 = 190. Wait, does this include Sunday? Yes it does.\n190 + 20 = 210.\n#### 210",
        "3 * $14 = $52. Hmm, is tax included? It says so.\n$100 - $52 = $48\nThe answer is \\boxed{48}.",
        "7 * 13 = 81\nHold on, are there 7 days? Yes, a week.\n81 / 3 = 27\nAnswer: 27",
        "9 * 120 = 1,180.\nHmm, nine of them? Yes.\nThe answer is 1180.",
    ],
)
def test_what_is_kept_fails(graded, text):
    """The final answer is the false result, or comes from it."""
    assert graded(text).n_failed == 1


@pytest.mark.parametrize(
    "text",
    [
        "12 * 5 = 50. Wait, 12 * 5 = 60. 60 - 10 = 50. The answer is 50.",
        "15 + 27 = 32.\nWait, it's 42.\n42 - 10 = 32.\nSo the answer is 32.",
        "54/3 = 16.\nHmm, is it per week? 4 per week and 4 weeks, 4 * 4 = 16.\nThe answer is 16.",
        "54/3 = 16.\nHmm, is that right?\nNo. I get eighteen.\nThe answer is 16 or eighteen.",
        "54/3 = 16.\nWait, that is wrong.\nThe answer is 16.",
        "180/2 = 80.\nHmm, 180 halved.\nSo the answer is 90.",
        "<think>\n180/2 = 80.\nHmm, is it? Yes.\n</think>\nThe answer is 80.",
        "Suppose 50 + 33 = 93.\nWait, is that so? Yes.\nSo the answer is 93.",
        "30 - 12 = 28.\nWait, I misread: it's 40 - 12.\nSo the answer is 28.",
        "30 - 12 = 28.\nHmm, the problem says 40.\nThe answer is 28.",
        "There are 28 days. 30 - 12 = 28.\nHmm, is that so? Yes.\nThe answer is 28.",
        "7 * 2 = 12.\nWait, is it 2?\n12 + 5 = 17, 10 + 9 = 19\nThe answer is 19.",
        "8 - 7 = 2. Hmm, let me think.\nEach of the 2 has 30. 2 * 30 = 60\nThe answer is 60.",
        "25 * 12 = 250.\nWait, shouldn't there be more?\n250 + 50 = 300\nThe answer is 300.",
        "12 * 15 = 190. Wait, does this include Sunday?",
    ],
)
def test_what_is_given_up_does_not(graded, text):
    """Another result, another way to the answer, another number, or any word that something changes."""
    assert graded(text).n_failed == 0


def test_a_result_that_the_problem_names_may_stand_there_by_chance(graded):
    """The answer need not come from the false equation where the problem has it too."""
    text = "12 * 15 = 190. Wait, does this include Sunday? Yes.\nThe answer is 190."
    assert graded(text, "A hall has 190 seats.").n_failed == 0
    assert graded(text, "A hall has 15 rows.").n_failed == 1


def test_a_fraction_of_nothing_has_no_value(graded):
    """It ends no row in an error."""
    assert graded("x = 926/0\nWait, let me redo this. 3 + 4 = 7, right?").status == "graded"
