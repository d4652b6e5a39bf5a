"""Conversions and calculations that are said in words: wrong ones fail, and what may mean something else never does.

All lines are hand-written. Each right line says a thing that is true, or that only looks like such a statement.
"""

import pytest

from grader.reading.rules import read_line
from grader.types import Solution, Verdict

RIGHT = [
    # conversions of several units
    "200 minutes = 3 hours and 20 minutes, since 3 × 60 = 180 and 200 − 180 = 20.",
    "75 minutes is 1 hour 15 minutes",
    "5 ft 7 in = 5.58 ft",
    "9 ft 2 in = 8 ft 14 in",
    "3.456 hours = 3 hours 27 minutes",
    "5 ft 7 in = 170 cm",
    "40 * 5 minutes = 3 hours and 20 minutes.",
    "2 weeks 3 days = 13 days",
    "2 × 3 dollars and 20 cents = $6.40",
    "1 hour 30 minutes is 50 minutes less than 2 hours 20 minutes.",
    "60 km in 1 hour 30 minutes = 40 km/h",
    "On the map, 25 mm = 2.5 m",
    "In the game, 2 hours is 10 minutes.",
    "300 cm × 25 cm = 7,500 cm² = 0.75 m²",
    "1 cm = 10 km",
    "75 + 2 dimes = 95 cents",
    "60 + 2 hours = 180 minutes",
    "1 kg + 500 = 1500 g",
    "2 pairs + 3 = 7 socks",
    "1.3 hours = 80 minutes",
    "4.6 kg = 4590 g",
    "Double 6 is a great roll.",
    "Seven dozen roses is 84 roses.",
    "A baker's dozen is 13.",
    "2 dozen eggs cost 6 dollars.",
    "12 packs of 5 cards are 60 cards",
    "2 of 5 pens are 2 pens",
    "5 bags of 10 apples is 10 apples each",
    "30 tickets at $15 each = $450",
    "Twice 3 plus 4 is 10.",
    "Twice as many as 17 is 34",
    # records
    '{"step":2,"expr":"90-37","result":53}',
    '{"input": "3-4", "output": "3 to 4"}',
    '{"input": "12", "output": "13"}',
    'calculate("7/2") -> 3.5',
    # numbers in words
    "Seven plus nine is fourteen and two, that is, sixteen.",
    "Eighteen hundred minus twenty-four is seventeen seventy-six.",
    "And a quarter of two fifty-six is sixty-four.",
    "3 × $1.75 is five dollars and a quarter, $5.25.",
    "One point two times thirty is thirty-six kilowatt hours.",
    "point five times ten is five",
    "Half of five hundred is two fifty.",
    "Three times four is twelve and five times six is thirty.",
    "Six hundred and fifty minus two hundred is four hundred fifty.",
    "One hundred and twenty divided by four is thirty.",
    "Ten percent of two hundred fifty is twenty-five.",
    "Two thousand plus three hundred equals two thousand three hundred.",
    "two hundred and fifty thousand plus fifty thousand is three hundred thousand",
    "three hundred and two hundred make five hundred",
    "A hundred and twenty minus twenty is one hundred.",
    "The sum of one hundred and fifty minus 20 is 130.",
    "Between one hundred and twenty there are 80: one hundred minus twenty is eighty.",
    "He has two hundred five-dollar bills times 5 = 1000 dollars.",
    # calculations in words
    "Dividing 84 by 2 twice gives 21.",
    "Adding 1 and 2 gives 3x = 9",
    "2 and 3 make 6.",
    "2 eggs and 3 cups of flour make 12 cookies.",
    "10, 46 and 38 make 94",
    "Adding 8 hours to 9 gives 5.",
    "Adding 7 and 5 gives 2 with 1 to carry.",
    "20 over 15 is 5.",
    "5 over 2 is 10.",
    "Therefore, the GCD of \\(6^{2} \\times 10\\) and \\(15^{4}\\) is 45.",
    "One fourth of 72 gallons is 18 gallons.",
    "At 60 miles an hour, 30 minutes is 30 miles.",
    "2 adults at $12 and 3 children at $6 cost $42.",
    "3 books at $12 cost $38.16 with tax.",
    "13 is 25% of 50.",
    "12 months of 30 days come to 365 days.",
    "6 tickets at $5, including a child at $2, cost $27.",
    "Multiplying 3 by 10^4 gives 30000.",
    "Adding 5 to 3 × 4 gives 17.",
    "2 dozen eggs at $3 cost $72.",
    # single steps in words
    "5 and 6 are even.",
    "5 and 6 are 2 numbers.",
    "GCD: 12 and 18 is 6.",
    "2 and 3 is 8.",
    "7 and 3 is on the list.",
    "The primes are known: 3 and 5 are 2 primes.",
    "Seats: rows 5 and 6 total 40 seats.",
    "The difference between 2 and 3 is small.",
    "The difference between 11 and 2 is 3.",
    "The difference between 350 and 10 is 20.",
    "The difference between 9 and 5 is 8 hours.",
    "The difference between 3 and 5 squared is 22.",
    "The sum of 3 and 4 apples is 7 apples.",
    "9 less than 28 is a negative number.",
    "two more than three is possible.",
    "7 more than 3 is 4.",
    "2 dozen more than 10 is 34.",
    "20 percent more than 50 is 60.",
    "Three times more than 5 is 20.",
    "5 minutes less than 1 hour is 55 minutes.",
    "20 minus 6, which is 6.",
    "20 minus 5, which is 15, minus 3, which is 12.",
    "5 plus 3, or 7, could be the answer.",
    "half of 6 times 4, which is 12.",
    "3 times 60 seconds, which is 3 minutes.",
    "60 take away 56 leaves 4",
    "2 goes into 24 three times.",
    "5 goes into 23 four times.",
    "12 goes into 300 25 times.",
    "2.5 km = 2500 m, 1200 cm = 12 m",
    "99 = 2·50 - 1 is the 50th odd number.",
    "2 + 1 is 3rd in line",
    "2 hours, 30 minutes = 150 minutes",
    "Because 1 liter = 1000 cm³, 112,000 cm³ = 112 liters.",
]
WRONG = [
    '{"step":2,"expr":"90-37","result":63}',
    '{step: c, expr: "140/5", value: 26}',
    "Calculator[3*4] -> 13",
    "One point two times thirty is thirty-five.",
    "Three times four is twelve and five times six is forty.",
    "Twice 17 is 32.",
    "Triple $5 is $16.",
    "Seven dozen roses is 74 roses.",
    "3 dozen = 35",
    "12 packs of 5 cards are 50 cards",
    "30 tickets at $15 each = $400",
    "Six hundred and fifty minus two hundred is four hundred sixty.",
    "One hundred and twenty divided by four is forty.",
    "three hundred and two hundred make six hundred",
    "3.5 hours = 215 minutes",
    "$2.5 = 259 cents",
    "4.5 kg = 4590 g",
    "2 hours * 60 + 30 = 160 minutes",
    # conversions of several units
    "75 minutes is 1 hour 25 minutes",
    "234 minutes is 3 hours and 44 minutes",
    "3 lb 7 oz is 57 oz",
    "8 ft 6 in = 8.6 ft",
    "9 ft 2 in = 8 ft 12 in",
    "2.35 kg is 2035 g",
    "640 mm = 6.4 cm",
    "72,000 cm³ = 7.2 liters",
    "Because 1 liter = 1000 cm³, 112,000 cm³ = 11.2 liters.",
    "0.3 ha = 30,000 m²",
    "5 × 40 = 200 minutes = 3 hours 40 minutes.",
    "$2 \\text{ hours } 15 \\text{ minutes} = 145 \\text{ minutes}$",
    "The trip takes 2 hours 15 minutes = 145 minutes.",
    "450 g is 4.5 kg",
    "2 hours, 30 minutes = 160 minutes",
    # calculations in words
    "Dividing 120 by 2.5 gives 46",
    "Dividing $120$ by $2.5$, we get $46$.",
    "Multiplying 5 by 3 gives 16",
    "Adding 46, 38 and 10 makes 96.",
    "46 and 38 make 94",
    "846 and 141 together make 977",
    "Taking the path's 12.4 m² away from 51 m² leaves 39.6 m²",
    "An eighth of $1,600 is $250",
    "Thirty-six less seventeen is twenty-one",
    "Eight minus five and a half is three and a half",
    "Seven times nine dollars and fifty cents is sixty-four dollars and fifty cents",
    "700 mL over 35 mL is 25",
    "Nine crates of 36 oranges come to 334 oranges",
    "Five bottles of one and a half liters hold six and a half liters",
    "Seven groups at two dollars cost sixteen dollars",
    "At $3.60 a loaf, twenty loaves come to $62",
    "Twenty cents is 20 percent of 80 cents",
    "three times 22 is 69",
    "1% is $2.49, and seven times $2.49 is $16.43",
    # single steps in words
    "57 and 48 make 115. Shared among 5 friends, that is 23 each.",
    "Add the 20 km on Sunday: 81 and 20 is 111.",
    "33 and 18 more add up to 41",
    "63 and 49 sum to 102",
    "63 and 49 total 102",
    "The difference between $456 and $420 is $46",
    "The sum of $57 and $48 is $115",
    "60 take away 56 leaves 14",
    "9 fewer than 28 is 17",
    "9 less than 28 is 17",
    "9 more than 28 is 47",
    "63 divided by 9, which is 8",
    "thirty-nine minus five, that is thirty-three",
    "twelve times eighteen, or 206, is the total.",
    "140 goes into 700 exactly 6 times",
    "12 goes into 300 twenty-four times",
]


@pytest.mark.parametrize("line", RIGHT)
def test_right_lines_raise_no_alarm(grader, line):
    """Whether the words say a calculation or something else."""
    (graded,) = grader.grade([Solution("", line)])
    assert graded.verdict is not Verdict.COMPUTATIONAL_ERROR, graded.message


@pytest.mark.parametrize("line", WRONG)
def test_wrong_lines_fail(grader, line):
    """A false statement in words is found."""
    (graded,) = grader.grade([Solution("", line)])
    assert graded.verdict is Verdict.COMPUTATIONAL_ERROR


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("200 minutes = 3 hours and 20 minutes", ["200=3*60+20"]),
        ("3 hours 30 minutes = 3.5 hours", ["(3*60+30)/60=3.5"]),
        ("5 × 40 = 200 minutes = 3 hours 20 minutes.", ["5*40=200", "200=3*60+20"]),
        ("2 liters is 2000 mL", ["2=2000"]),
        ("Subtracting 5 pens from 20 pens leaves 15 pens.", ["20-5=15"]),
        ("Adding 3, 4 and 5 gives 12.", ["3+4+5=12"]),
        ("$50 less $8 is $42.", ["50-8=42"]),
        ("So 20 is 25 percent of 90.", ["20/90=25%"]),
        ("Eleven boxes of twelve eggs hold 132 eggs.", ["11*12=132"]),
        ("The difference between 420 and 456 is 46", ["456-420=46"]),
        ("9 fewer than 28 is 17", ["28-9=17"]),
        ("The common denominator of p and 3p/5 is 5, and 4 for q.", []),
    ],
)
def test_how_statements_in_words_are_read(line, equations):
    """As the calculation that they say."""
    assert [equation.text for equation in read_line(line).equations] == equations


def test_a_solution_that_speaks_of_a_scale_says_no_conversion(grader):
    """Lengths that are set equal may be those of a map and of what it shows."""
    wrong, scaled = grader.grade([Solution("", "25 mm = 2.5 m"), Solution("A map of a park.", "25 mm = 2.5 m")])
    assert wrong.verdict is Verdict.COMPUTATIONAL_ERROR
    assert scaled.verdict is None
