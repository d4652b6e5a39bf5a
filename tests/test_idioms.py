"""Numbers in phrases, letters behind words, parts and places: right text of many kinds raises no alarm."""

import pytest

from grader.reading.rules import read_line

RIGHT = [
    "Ones: 8 + 7 = 5, carry 1.\nTens: 2 + 3 + 1 = 6.",
    "6 × 7 = 2, carry 4",
    "7 + 5 = 1 ten and 2 ones",
    "60 + 50 = 11 tens",
    "2/5 + 1/5 = 3 fifths",
    "0.2 + 0.3 = 5 tenths",
    "Twice half of 7 is 7.",
    "Double half of 10 is 10.",
    "10 to the minus 2 is 0.01.",
    "A quarter past 3 plus 45 minutes is 4 o'clock.",
    "Half past 2 plus 45 minutes is 3:15.",
    "A 3-1 win = 3 points, a 1-1 draw = 1 point",
    "2-2 tie = 1 point each",
    "[3.7] = 3 where [x] is the greatest integer",
    "$[x]+[2x]=[1.6]+[3.2]=1+3=4$",
    "Many people think 0.1 + 0.2 = 0.12. The right sum is 0.3.",
    "It is easy to think 2^3 = 6. It is 8.",
    "Do not write 5^2 = 10!",
    "Instead of 4 × 6 = 24 he computed 4 × 6 = 26, so he was off by 2.",
    "Tom got 8 + 9 = 18, which is one too many.",
    "The printed answer 4 × 5 = 25 has a misprint.",
    "Ann computed 4 × 2.5 = 8.10.\nShe put the point in the wrong place.\nThe product is 10.",
    "Mon-Fri: 9-5 = 8 hours a day, 5 days: 5 × 8 = 40",
    "Sat: 10-2 = 4 hours",
    "6-for-12 = .500",
    "Then $f\\left(\\frac12\\right) = \\frac72$, and (1) reads $-1+7 = 6$.",
    "(2) gives -3 + 5 = 2",
    "$(3,4)-\\left(\\tfrac{13}9,\\tfrac{26}9\\right) = \\left(\\tfrac{14}9,\\tfrac{10}9\\right).$",
    "9-to-5 is 8 hours, minus the 1-hour lunch is 7 hours a day.",
    "t = [18 + √(324 + 98)]/9.8 = (18 + 20.543)/9.8 ≈ 3.93 s",
    "= 0.5/2 · [1 + 2(0.66667 + 0.5 + 0.4) + 0.33333]\n= 0.25 · [1 + 3.13333 + 0.33333]",
    "$x_1=0.75+\\dfrac{0.7316889-0.75}{1.6816388}=0.75-0.0108889=0.7391111$",
    "$D_3=3!\\left(1-1+\\frac1{2}-\\frac1{6}\\right)$\n$=6-6+3-1$\n$=2$",
    "$\\operatorname{ord}(4)=6/\\gcd(2,6)=3$",
    "13 = 1101₂, 0.625 = 0.5 + 0.125 = 0.101₂",
    "Mod 4: $\\left(\\frac3{23}\\right)=-\\left(\\frac{23}3\\right)=-\\left(\\frac23\\right)=1$ by reciprocity",
    "(2 + √3)(4 − √3) = 8 − 2√3 + 4√3 − 3\n8 − 3 = 5 and −2√3 + 4√3 = 2√3\n= 5 + 2√3 as required.",
    "A = 2.5 × 3.1 = 7.8 (2 significant figures)",
    "12 * 2 = 24 (5 times)",
    "7 − +2 = 5, 4 - -6 = 10",
    "Ta có Δ = (-5)² - 4.1.(-14) = 25 + 56 = 81 > 0",
    "36 = 2² . 3²",
    "and so f ′(2) = 3 · 4 − 4 = 8. The tan-",
    "= 1 2 ⋅ 22 ⋅ 5 = 55",
    "We have  5   + 12   = 25 + 144 = 169,",
    "C(10,4) = 10·9·8·7 / 4!\n10·9·8·7 = 5040",
    "\\log_232+\\log_381=5+4=9, since 2^5=32, 3^4=81",
    "$\\log_10 100 = 2$, $\\log_28 = 3$",
    "还剩-20+10=-10个",
    "[12][12][12][12] = 48 → 48 ÷ 4 = 12",
    "If 1 + 4 = 5, 2 + 5 = 12, 3 + 6 = 21, then 8 + 11 = 96 (a + ab).",
    "4 Al + 3 O2 = 2 Al2O3",
    "CaCO3 = CaO + CO2",
    "7/5 gives 49/25 = 1.96, 17/12 gives 289/144.",
    "The order is 6 and 1/7 = 0.142857142857… has period 6.",
    "2,754 ÷ 26 = 105.9 (1 d.p.)",
    "a) 3x + 1 = 3·4 + 1 = 13\nb) 3x + 1 = 3·(-2) + 1 = -5\nc) 3x + 1 = 0, 3x = -1, x = -1/3",
    "a = 7, b = 3: 10² − 4² = 100 −\n16 = 84",
    "(A) 3 + 4 = 8 (B) 3 + 4 = 7 (C) 3 + 4 = 6. The answer is B.",
    "In this puzzle 1 + 4 = 5, 2 + 5 = 12, 3 + 6 = 21.",
    "We subtract 15 from both sides of x + 15 = 42.\nThis gives x = 42 - 15 = 27.",
    "Adding 4 to both sides of x - 4 = 6 gives x = 10.",
    "Take away 6 from m + 6 = 14, so m = 8.",
    "Only one of the 3 values satisfies x + 2 = 7: x = 5.",
    "In 5 years A + 5 = 20, so A = 15.",
    "The 2 cases give x + 2 = 9 or x - 2 = 3.",
    "y - 5 = -1/2 (x - 4)\ny = -1/2 x + 7",
    "x + x - 6 + 4 (x - 6) = 30\n6x - 30 = 30",
    "7 ( x - 2 ) = 4 x + 1 0\n7 x - 1 4 = 4 x + 1 0\n3 x = 2 4\nx = 8 .",
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_text_raises_no_alarm(messages, text):
    """Whatever was read in it holds, or is not judged."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("60 + 50 = 12 tens", "60+50 is 110, not 12"),
        ("12-5 = 8 hours", "12-5 is 7, not 8"),
        ("−7 + −5 = −2", "-7+-5 is -12, not -2"),
        ("408 − 340 = 78 (10 lots)", "408-340 is 68, not 78"),
        ("M1 3 × 6.20 (= 18.40)", "3*6.20 is 18.6, not 18.40"),
        (
            "x = (18 + 20.543)/9.8 = (18 + 20.6)/9.8",
            "(18+20.543)/9.8 is about 3.933, but (18+20.6)/9.8 is about 3.9388",
        ),
        ("2,754 ÷ 26 = 100.9 (1 d.p.)", "2754/26 is about 105.9231, not 100.9"),
        ("2,754 ÷ 26 = 100.9 (3 s.f.)", "2754/26 is about 105.9231, not 100.9"),
        ("M(H2O) = 2 × 1 + 16 = 19 g/mol", "2*1+16 is 18, not 19"),
        ("12/4 gives 4", "12/4 is 3, not 4"),
        ("x = 30 −\n12 = 17", "30-12 is 18, not 17"),
        ("Half of 7 is 7.", "1/2*7 is 3.5, not 7"),
        ("They had 160 - 132 = 38 wheels too many.", "160-132 is 28, not 38"),
        ("The options are: A. 10, B. 8. We get 24 / 2 = 13.", "24/2 is 12, not 13"),
        ("A win is 3 points: 3 * 4 = 13 points", "3*4 is 12, not 13"),
        ("10 to the minus 2 is 0.1.", "10^(-2) is 0.01, not 0.1"),
        ("V = 1.5 × 0.8 × 0.6 = 0.84 (m³)", "1.5*0.8*0.6 is 0.72, not 0.84"),
    ],
)
def test_what_is_false_beside_such_phrases_fails(messages, text, message):
    """The phrases excuse nothing else."""
    assert messages(text) == [message]


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("We subtract 15 from both sides of x + 15 = 42.", ["x+15=42"]),
        ("Adding 4 to both sides of x - 4 = 6", ["x-4=6"]),
        ("y - 5 = -1/2 (x - 4)", ["y-5=-1/2(x-4)"]),
        ("3 apples in box B + 4 apples in box C = 7 apples", ["3+4=7"]),
        ("3 (Die 1) + 5 (Die 2) = 8", ["3+5=8"]),
        ("5 x 3 = 15", ["5*3=15"]),
    ],
)
def test_a_letter_that_is_calculated_with_is_none_of_the_words(line, equations):
    """It begins a term; names of boxes and dice are words."""
    assert [one.text for one in read_line(line).equations] == equations
