"""Functions of angles, logarithms, binomials, bars, open signs: what is right raises no alarm, what is false fails."""

import pytest

# --- functions of angles, logarithms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sin 45° = √2/2 ≈ 0.707",
        "tan 30° = 1/√3 = √3/3 ≈ 0.577",
        "sin 60° = 0.86",
        "h = 50 tan 35° = 50(0.7002) = 35.01 m",
        "50·tan(35°) = 50·0.7 = 35",
        "\\[\\frac{10 \\sin 40^\\circ}{\\sin 60^\\circ} = \\frac{6.43}{0.87} = 7.39\\]",
        "c² = 5² + 7² − 2·5·7·cos 50° = 74 − 45 = 29",
        "\\(\\sin 75^\\circ = \\sin(45^\\circ + 30^\\circ) = \\frac{\\sqrt6 + \\sqrt2}{4}\\)",
        "\\(\\cos 20^\\circ \\cos 40^\\circ \\cos 80^\\circ = \\frac18\\)",
        "\\(\\int_0^{\\pi} \\sin x \\, dx = -\\cos \\pi + \\cos 0 = 1 + 1 = 2\\)",
        "\\(2(\\cos 60^\\circ + i \\sin 60^\\circ) = 1 + i\\sqrt{3}\\)",
        "\\(\\sin \\pi x = 0\\)",
        "segment = (60/360)π·36 − ½·36·sin 60° = 18.84 − 15.59 = 3.25",
        "F = 500 sin 37° = 500 · 3/5 = 300",
        "sin(30) = -0.988",
        "sin 30° + 15° = 0.707",
        "The way around is 2π·5 = 31.4 cm",
        "In 3 sec 30° = 30",
        "sin 30°15' = 0.5038",
        "b sin 30° = 5",
        "AB sin 30° = 5",
        "(AB) sin 30° = 5",
        "mg sin 30° = 49",
        "\\(\\tan 90^\\circ = 0\\)",
        "2 sin 30° · 10 = 10 + 3 = 13",
        "\\(\\tan 60^\\circ = \\frac{h}{30} \\Rightarrow h = 30\\tan 60^\\circ = 30\\sqrt{3}\\)",
        "The temperature is 30°C = 86°F.",
        "log 8 = 3",
        "pH = -log(10^-3) = 3",
        "\\(\\log_2 4 \\cdot 8 = 5\\)",
        "\\(\\log_2 8^2 = 6\\)",
        "\\(\\log_2 3 \\cdot \\log_3 4 = \\log_2 4 = 2\\)",
        "\\(\\log_{10} 50 = 1.699\\)",
        "\\(n = \\frac{\\ln 2}{\\ln 1.05} = \\frac{0.6931}{0.0488} = 14.2\\)",
        "\\(\\log_{\\frac12} 8 = -3\\)",
        "\\(\\log_2(\\log_2 16) = 2\\)",
        "\\(\\log_2\\frac18 = -3\\)",
        "1.00 sin 40° = 1.50 sin θ₂",
        "3 cos theta = 1.5",
        "f = ω/2π = 40π/2π = 20 Hz",
        "x = 2/3 ÷ 2/3 = 1",
        "\\(\\frac{2}{3} \\div \\frac{2}{3} = 1\\)",
        "100 = 4π(25) dr/dt = 100π dr/dt",
        "2⅓ ÷ 1¾ = 7/3 ÷ 7/4 = 4/3",
        "V = (4/3)π(27) = 36π",
        "S = πrl = π·6·10 = 60π",
        "Eight primes are below 20, so \\(\\pi(20) = 8\\)",
    ],
)
def test_right_functions_raise_no_alarm(messages, text):
    """What is exact or rounded holds; angles without a size, unknown bases and factors in words are not judged."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("\\(\\log_2\\frac18 = -4\\)", "log_2(1/8) is -3, not -4"),
        ("(4/3)π(729) = 986π", "(4/3)*pi(729) is about 3053.6281, but 986*pi is about 3097.6104"),
        ("\\(x = \\frac23 \\div \\frac23 = \\frac49\\)", "(2/3)/(2/3) is 1, but 4/9 is about 0.4444"),
        ("f = 40π/2π = 21 Hz", "40*pi/2*pi is about 197.3921, not 21"),
        (
            "\\(\\frac13\\pi\\times 3^2\\times 4 = 36\\pi\\)",
            "1/3*pi*3^2*4 is about 37.6991, but 36*pi is about 113.0973",
        ),
        ("\\(\\pi(20) = 61.8\\)", "pi(20) is about 62.8319, not 61.8"),
        ("sin 30° = √3/2", "sin(30°) is 0.5, but sqrt(3)/2 is about 0.866"),
        (
            "h = 30 · tan 60° = 30√2 ≈ 42.4 m",
            "30*tan(60°) is about 51.9615, but 30sqrt(2) is about 42.4264",
        ),
        (
            "tan 45° + 2 sin 30° − cos 0° = 1 + 1 − 0 = 2",
            "tan(45°)+2sin(30°)-cos(0°) is 1, but 1+1-0 is 2",
        ),
        ("\\(\\cos\\frac{\\pi}{3} = \\frac{1}{3}\\)", "cos(((pi)/(3))) is 0.5, but 1/3 is about 0.3333"),
        ("Since sin²30° = 1/2, we stop.", "sin(30°)^(2) is 0.25, but 1/2 is 0.5"),
        ("sin 40° = 0.65", "sin(40°) is about 0.6428, not 0.65"),
        ("cos 60 degrees = 0.6", "cos(60°) is 0.5, not 0.6"),
        ("log_2(8) = 4", "log_2(8) is 3, not 4"),
        ("\\(\\log_2 8 + 2 = 4 + 2\\)", "log_2(8)+2 is 5, but 4+2 is 6"),
        (
            "\\(\\log_8 32 = \\frac{\\log_2 32}{\\log_2 8} = \\frac{4}{3}\\)",
            "((log_2(32))/(log_2(8))) is about 1.6667, but 4/3 is about 1.3333",
        ),
        ("log base 2 of 16 = 5", "log_2(16) is 4, not 5"),
        ("\\(\\ln 2 = 0.639\\)", "ln(2) is about 0.6931, not 0.639"),
    ],
)
def test_false_functions_fail(messages, text, detail):
    """A value of an angle whose size is written, or of a logarithm with its base, is checked."""
    assert messages(text) == [detail]


# --- binomials, bars --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "12C3 = 220",
        "Room 12C3 = 5 people",
        "10C4 = 10!/(4!6!) = 210",
        "5C2 × 4C1 = 10 × 4 = 40 ways",
        "The probability is 4C2/52C2 = 6/1326.",
        "\\(\\frac{^{4}C_{2}}{^{52}C_{2}} = \\frac{6}{1326} = \\frac{1}{221}\\)",
        "¹²C₃ = 220",
        "2C1 + 3C2 = 7",
        "2P1 = 10, so P1 = 5",
        "12P1 + 15P2 = 300",
        "P(5,2) = 0.3",
        "The cost C(12,2) = 12*5 + 2*6 = 72",
        "Let P(5,2) = 7 be a value of the polynomial.",
        "x^{12}C_{3} = 5",
        "The areas are $A_1^2 = 9$ and $A_5^3 = 50$",
        "\\(C_5^2 = 9\\)",
        "It was 12C outside = 54F",
        "|3 - 8| = 5",
        "\\(|3-8| = |-5| = 5\\)",
        "P(A|B) = 3/8",
        "| 3 | 4 | 8 |",
        "| Day | 3 + 4 | = 8 |",
        "Mon | 3 + 4 | 7 = 7",
        "3|6|12 = 5",
        "Since 3 | 12 and 4 | 12, 3 + 4 = 7.",
        "{x | x > 3} | 3 = 3",
        "\\(\\|3\\| = 4\\)",
        "||3|-|5|| = 2",
        "|a| = 5",
        "\\(|3+4i| = 5\\)",
        "|(3,4)| = 5",
        "|3 1; 2 4| = 10",
        "\\(\\begin{vmatrix} 3 & 1 \\\\ 2 & 4 \\end{vmatrix} = 12 - 2 = 10\\)",
        "|S| = 12, |T| = 2|S| = 24",
        "\\(\\frac{|3(2) + 4(1) - 5|}{\\sqrt{3^2 + 4^2}} = \\frac{5}{5} = 1\\)",
    ],
)
def test_right_binomials_and_bars_raise_no_alarm(messages, text):
    """Rooms, constants, probabilities, costs, divisors, tables, sets, vectors and determinants are left alone."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("12C3 = 210", "binom(12,3) is 220, not 210"),
        ("\\(^{12}C_{3} = 210\\)", "binom(12,3) is 220, not 210"),
        ("There are $C_4^2C_3^1 = 8 \\times 3$ ways", "binom(4,2)binom(3,1) is 18, but 8*3 is 24"),
        ("We arrange them in $A_5^3 = 50$ ways", "perm(5,3) is 60, not 50"),
        ("The number of ways is $2C_{4}^{2} = 13$", "2binom(4,2) is 12, not 13"),
        ("\\({}_{12}C_3 = 210\\)", "binom(12,3) is 220, not 210"),
        ("¹²C₃ = 210", "binom(12,3) is 220, not 210"),
        ("12 choose 3 = 210", "binom(12,3) is 220, not 210"),
        ("To choose 2 of 12 there are C(12,2) = 72 ways.", "binom(12,2) is 66, not 72"),
        ("The number of committees is \\(C_{10}^{3} = 720\\).", "binom(10,3) is 120, not 720"),
        ("12P3 = 1340", "perm(12,3) is 1320, not 1340"),
        ("There are P(5,2) = 25 ways to arrange them.", "perm(5,2) is 20, not 25"),
        ("|3 - 8| = 6", "abs(3-8) is 5, not 6"),
        ("The distance is |3 - 8| = 6.", "abs(3-8) is 5, not 6"),
        ("\\(\\left|-3\\right| = 4\\)", "abs(-3) is 3, not 4"),
        ("\\(\\lvert -3 \\rvert = 4\\)", "abs(-3) is 3, not 4"),
        ("4 · |2 - 5| = 13", "4*abs(2-5) is 12, not 13"),
        (
            "\\(d = \\frac{|4·1+3·2-5|}{\\sqrt{4^2+3^2}} = \\frac{5}{\\sqrt7}\\)",
            "((abs(4*1+3*2-5))/(sqrt(4^2+3^2))) is 1, but ((5)/(sqrt(7))) is about 1.8898",
        ),
    ],
)
def test_false_binomials_and_bars_fail(messages, text, detail):
    """Combinations, permutations and absolute values of numbers are checked however they are written."""
    assert messages(text) == [detail]


# --- plus and minus ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\\(x = \\frac{3 \\pm \\sqrt{169}}{2} = \\frac{3 \\pm 13}{2} = 8, -5\\)",
        "\\(x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a} = \\frac{7 \\pm \\sqrt{9}}{2}\\)",
        "\\(x = \\frac{-6 \\pm 4}{-2} = 3 \\pm 2\\)",
        "\\(x = \\frac{-6 \\pm 4}{-2} = 3 \\mp 2\\)",
        "\\(x = \\frac{5 \\pm \\sqrt{17}}{2} = \\frac{5 \\pm 4.12311}{2}\\)",
        "\\(x = \\frac{4 \\pm \\sqrt{-4}}{2} = \\frac{4 \\pm 2}{2}\\)",
        "\\(y = \\pm 3 \\pm 2 = \\pm 5\\)",
        "20 ± 0.5 = 19.5 to 20.5",
        "The tolerance is 20 ± 0.5 cm = 200 ± 6 mm",
        "50 ± 1.645 · 1.3 = 50 ± 2.14",
        "mean ± sd = 5 ± 2",
        "a ± b = 5 ± 3",
        "5 ± 3 = 8 and 2",
    ],
)
def test_right_signs_left_open_raise_no_alarm(messages, text):
    """The two values may stand in the other order or rounded; a tolerance and two signs are not judged."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "\\(x = \\frac{3 \\pm \\sqrt{169}}{2} = \\frac{3 \\pm 14}{2}\\)",
            "((3+sqrt(169))/(2)) is 8, but ((3+14)/(2)) is 8.5",
        ),
        ("x = (5 ± √(25 - 24))/2 = (5 ± 2)/2", "(5+sqrt(25-24))/2 is 3, but (5+2)/2 is 3.5"),
        ("x - 3 = ±√16 = ±5", "+sqrt(16) is 4, not +5"),
    ],
)
def test_false_signs_left_open_fail(messages, text, detail):
    """One ± on each side: both values must be those of the other side."""
    assert messages(text) == [detail]
