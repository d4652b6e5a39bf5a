"""Letters with an index outside LaTeX are unknowns, and letters in a row are their product."""

import pytest

from grader.reading.rules import read_line


def texts(line):
    return [equation.text for equation in read_line(line).equations]


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("1/R1 + 1/R2 = 1/6 + 1/3", ["1/R_1+1/R_2=1/6+1/3"]),
        ("1/R₁ + 1/R₂ = 1/6 + 1/3", ["1/R_1+1/R_2=1/6+1/3"]),
        ("x_1 + x_2 = 5", ["x_1+x_2=5"]),
        ("x1 = 3, x2 = 4", ["x_1=3", "x_2=4"]),
        ("2x1 + 3x2 = 12", ["2x_1+3x_2=12"]),
        ("2x1 - x2 = 4", ["2x_1-x_2=4"]),
        ("2R1 + 3R2 = 12", ["2R_1+3R_2=12"]),
        ("3 a_1 = 12", ["3a_1=12"]),
        ("a10 = a1 + 9d = 2 + 27 = 29", ["a_(10)=a_1+9d", "a_1+9d=2+27", "2+27=29"]),
        ("I1 + I2 = 6 A", ["I_1+I_2=6"]),
        ("F1/F2 = 3/4 and $F_1 = 6$", ["F_1/F_2=3/4", "F_1=6"]),
        ("p1·V1 = 2·3 = 6", ["p_1*V_1=2*3", "2*3=6"]),
        ("F = k q1 q2 / r^2", ["F=kq_1q_2/r^2"]),
        ("P1 V1/T1 = P2 V2/T2", ["P_1V_1/T_1=P_2V_2/T_2"]),
        ("1/d_i = 1/f − 1/d_o = 1/10 − 1/15", ["1/d_i=1/f-1/d_o", "1/f-1/d_o=1/10-1/15"]),
        ("k·t½ = 0.693", ["k*t_h=0.693"]),
        ("T_max - T_min = 30 - 12 = 18", ["T_(max)-T_(min)=30-12", "30-12=18"]),
    ],
)
def test_a_letter_with_an_index_is_an_unknown(line, equations):
    """Beside a sign or a bracket; the index stays with it."""
    assert texts(line) == equations


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("4 A4 sheets + 3 A4 sheets = 7 A4 sheets", ["4+3=7"]),
        ("80 m2 - 40 m2 = 40 m2", ["80-40=40"]),
        ("The total is 240 × 1.15 = 276 (M1)", ["240*1.15=276"]),
        ("5 x1 = 5", ["5*1=5"]),
        ("2x1 = 2 and 3x1 = 3", ["2*1=2", "3*1=3"]),
        ("2e5 = 200000", ["2e5=200000"]),
        ("0x5 = 0", ["0*5=0"]),
        ("F_net = 40 - 15 = 25", ["40-15=25"]),
        ("total_cost = unit_price * 5 = 3 * 5 = 15", ["3*5=15"]),
        ("In room B4 there are 3 + 4 = 7 chairs", ["3+4=7"]),
    ],
)
def test_what_is_none_stays_what_it_is(line, equations):
    """Paper, areas, marks of a marker, products with x, powers of ten."""
    assert texts(line) == equations


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("P V = 24", ["PV=24"]),
        ("v = a t = 2.4 × 5 = 12 m/s", ["v=at", "at=2.4*5", "2.4*5=12"]),
        ("W = m g h = 12 × 9 = 108", ["W=mgh", "mgh=12*9", "12*9=108"]),
        ("KE = 1/2 m v^2 = 1/2*2*3^2 = 9", ["1/2mv^2=1/2*2*3^2", "1/2*2*3^2=9"]),
        ("m g h = 1/2 m v^2", ["mgh=1/2mv^2"]),
        ("5 m x 3 m = 15 m", ["5*3=15"]),
        ("2 h a day = 2", ["2h=2"]),
        ("Is it a b? Then b = 3", ["b=3"]),
        ("so I x = 5", ["Ix=5"]),
    ],
)
def test_letters_in_a_row_are_a_product(line, equations):
    """Not the last of them alone."""
    assert texts(line) == equations


@pytest.mark.parametrize("text", ["2 m v = 12 and m = 3", "√n = 5, so n = 25", "n = 36\nSE = σ/√n = 12/√36 = 2"])
def test_no_letter_of_a_product_or_a_root_is_dropped(messages, text):
    """What is left would contradict what is right."""
    assert messages(text) == []


def test_values_of_indexed_letters_are_known(judged):
    """Each has a value of its own."""
    text = "a1 = 4, d = 3\na5 = a1 + 4d = 4 + 12 = 16\nS1 = 3, S2 = 7, so S2 - S1 = 4"
    assert ("holds", "follows from a_1=4 and d=3") in judged(text)
    assert judged(text)[-1] == ("holds", "follows from S_1=3 and S_2=7")


def test_more_letters_than_stand_ins():
    """Those that are left over are what they were: nothing breaks."""
    line = " + ".join(f"a{index}" for index in range(1, 60)) + " = 3 + 4 = 7"
    assert texts(line)[-1] == "3+4=7"


def test_a_text_in_georgian_is_read():
    """Its letters stand in for none."""
    assert texts("აბგ x1 = 3 + 4 = 7")[-1] == "3+4=7"


@pytest.mark.parametrize(
    "text",
    [
        "So order 2023-117 totals $105.47.",
        "In Boolean algebra 1 + B = 1.\nAt A = 1, B = 1 the value is 1.",
        "T = 2π√(1/9.81) = 2π · 0.3193 ≈ 2.006 s",
    ],
)
def test_right_lines_raise_no_alarm(messages, text):
    """A number of an order, an algebra of its own, a factor that is rounded."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("T = 2π√(1/9.81) = 2π · 0.3198", "2*pi*sqrt(1/9.81) is about 2.0061, but 2*pi*0.3198 is about 2.0094"),
        ("√2 · 3 = 1.424 · 3", "sqrt(2)*3 is about 4.2426, but 1.424*3 is 4.272"),
        ("√2 + 3 = 1.424 + 3", "sqrt(2)+3 is about 4.4142, but 1.424+3 is 4.424"),
        ("so 30-12 is 19", "30-12 is 18, not 19"),
    ],
)
def test_wrong_ones_fail(messages, text, detail):
    """A factor that is off by more than its last decimal."""
    assert messages(text) == [detail]
