"""Word problems about times, lengths, rates, averages, fractions and unknown numbers.

Each function draws numbers and returns the problem, its steps, and steps that reason wrongly.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from drafts import NAMES, Draft
from steps import Ref, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


def boxes_shared(rng: Random) -> Draft:
    """Share and count the rest; flawed: one share is taken away instead of all."""
    boxes, per_box, pupils, share = rng.randint(12, 30), rng.randint(18, 40), rng.randint(15, 60), rng.randint(3, 7)
    problem = (
        f"A school has {boxes} boxes of {per_box} crayons. Each of {pupils} pupils gets {share} crayons. "
        "How many crayons are left?"
    )
    total = Step("There are", boxes, "*", per_box, "crayons")
    given = Step("The pupils get", pupils, "*", share, "crayons")
    left = Step("There remain", Ref(0), "-", Ref(1), "crayons")
    wrong = Step("There remain", Ref(0), "-", share, "crayons")
    return Draft(problem, (total, given, left), (total, wrong), 1)


def minutes_to_hours(rng: Random) -> Draft:
    """Convert minutes to hours; flawed: an hour is given 100 minutes."""
    minutes, days = rng.choice((15, 20, 24, 25, 35, 45, 50)), rng.randint(6, 36)
    name = rng.choice(NAMES)
    problem = f"{name} practises {minutes} minutes a day. How many hours is that in {days} days?"
    total = Step("In all that is", minutes, "*", days, "minutes")
    hours = Step("In hours:", Ref(0), "/", 60, "hours", from_unit="minutes")
    wrong = Step("In hours:", Ref(0), "/", 100, "hours")
    return Draft(problem, (total, hours), (total, wrong), 1)


def metres_to_pieces(rng: Random) -> Draft:
    """Cut a length given in metres; flawed: a metre is given 10 centimetres."""
    piece, pieces = rng.choice((12, 15, 18, 25, 36, 45, 75)), rng.randrange(4, 40, 4)
    metres = Fraction(piece * pieces, 100)
    length = f"{float(metres):g}"
    problem = f"A ribbon of {length} m is cut into pieces of {piece} cm. How many pieces are there?"
    centimetres = Step("The ribbon in centimetres:", metres, "*", 100, "cm", from_unit="m")
    wrong = Step("The ribbon in centimetres:", metres, "*", 10, "cm")
    cut = Step("The number of pieces is", Ref(0), "/", piece)
    return Draft(problem, (centimetres, cut), (wrong, cut), 0)


def linear_equation(rng: Random) -> Draft:
    """Solve ax + b = c; flawed: b changes sides without changing its sign."""
    factor, root, added = rng.choice((2, 4, 5, 8)), rng.randint(3, 25), rng.randint(3, 30)
    total = factor * root + added
    problem = f"{factor} times a number plus {added} is {total}. What is the number?"
    notes = ("Let @x@ be the number.", f"@{factor}x + {added} = {total}@")
    move = Step("So", total, "-", added, symbol=f"{factor}x", notes=notes)
    wrong = Step("So", total, "+", added, symbol=f"{factor}x", notes=notes[:1])
    solve = Step("Hence", Ref(0), "/", factor, symbol="x")
    return Draft(problem, (move, solve), (wrong, solve), 0)


def sum_and_difference(rng: Random) -> Draft:
    """Two numbers from sum and difference; flawed: the difference is subtracted where it must be added."""
    small, gap = rng.randint(5, 60), rng.randint(3, 30)
    total = 2 * small + gap
    problem = f"The sum of two numbers is {total} and their difference is {gap}. What is the larger number?"
    notes = ("Let the numbers be @p@ and @q@, with @p@ the larger.", f"@p + q = {total}@ and @p - q = {gap}@")
    add = Step("Putting both facts together,", total, "+", gap, symbol="2p", notes=notes)
    wrong = Step("Putting both facts together,", total, "-", gap, symbol="2p", notes=notes[:1])
    half = Step("Therefore", Ref(0), "/", 2, symbol="p")
    return Draft(problem, (add, half), (wrong, half), 0)


def two_leg_trip(rng: Random) -> Draft:
    """Add the distances of two legs; flawed: the second leg is given the time of the first."""
    hours = [Fraction(halves, 2) for halves in rng.sample((3, 4, 5, 6, 8, 10), 2)]
    speeds = rng.sample(range(40, 120, 10), 2)
    times = [f"{float(value):g}" for value in hours]
    problem = (
        f"A car drives {times[0]} hours at {speeds[0]} km/h and then {times[1]} hours at {speeds[1]} km/h. "
        "How many kilometres does it drive?"
    )
    first = Step("The first leg is", speeds[0], "*", hours[0], "km")
    second = Step("The second leg is", speeds[1], "*", hours[1], "km")
    wrong = Step("The second leg is", speeds[1], "*", hours[0], "km")
    total = Step("Together that is", Ref(0), "+", Ref(1), "km")
    return Draft(problem, (first, second, total), (first, wrong, total), 1)


def joint_rate(rng: Random) -> Draft:
    """Two machines together; flawed: their rates are subtracted."""
    slow = rng.randint(6, 20)
    fast = slow + rng.choice((2, 4, 5, 10))
    minutes = rng.randint(5, 40)
    problem = (
        f"One machine fills {slow} bottles a minute, another fills {fast}. "
        f"How many minutes do they need together for {(slow + fast) * minutes} bottles?"
    )
    rate = Step("Together they fill", fast, "+", slow, "bottles a minute")
    wrong = Step("Together they fill", fast, "-", slow, "bottles a minute")
    time = Step("They need", (slow + fast) * minutes, "/", Ref(0), "minutes")
    return Draft(problem, (rate, time), (wrong, time), 0)


def average_score(rng: Random) -> Draft:
    """Average of three scores; flawed: the sum is divided by two."""
    scores = [rng.randint(55, 99) for _ in range(3)]
    name = rng.choice(NAMES)
    problem = f"{name} scores {scores[0]}, {scores[1]} and {scores[2]} points in three tests. What is the average?"
    two = Step("The first two tests give", scores[0], "+", scores[1], "points")
    three = Step("All three give", Ref(0), "+", scores[2], "points")
    average = Step("The average is", Ref(1), "/", 3, "points")
    wrong = Step("The average is", Ref(1), "/", 2, "points")
    return Draft(problem, (two, three, average), (two, three, wrong), 2)


def score_needed(rng: Random) -> Draft:
    """Find the score for a wanted average; flawed: the total is that of three tests."""
    goal = rng.randint(65, 75)
    scores = [rng.randint(goal - 8, goal + 2) for _ in range(3)]
    problem = (
        f"After three tests with {scores[0]}, {scores[1]} and {scores[2]} points, "
        f"what must the fourth test bring for an average of {goal}?"
    )
    total = Step("The tests must add up to", goal, "*", 4, "points")
    wrong = Step("The tests must add up to", goal, "*", 3, "points")
    two = Step("The first two gave", scores[0], "+", scores[1], "points")
    three = Step("The first three gave", Ref(1), "+", scores[2], "points")
    needed = Step("The fourth must bring", Ref(0), "-", Ref(2), "points")
    return Draft(problem, (total, two, three, needed), (wrong, two, three, needed), 0)


def fraction_of_rest(rng: Random) -> Draft:
    """Take a fraction of what is left; flawed: a fraction of the whole is taken twice."""
    first = Fraction(*rng.choice(((1, 3), (2, 3), (1, 5), (2, 5))))
    second = Fraction(*rng.choice(((1, 2), (1, 4), (3, 4))))
    eggs = rng.randrange(60, 600, 60)
    problem = (
        f"A baker has {eggs} eggs, uses {first} of them for cakes and {second} of the rest for buns. "
        "How many eggs are left?"
    )
    cakes = Step("The cakes take", first, "*", eggs, "eggs", fractions=True)
    rest = Step("After that there are", eggs, "-", Ref(0), "eggs")
    buns = Step("The buns take", second, "*", Ref(1), "eggs", fractions=True)
    wrong = Step("The buns take", second, "*", eggs, "eggs", fractions=True)
    left = Step("There are left", Ref(1), "-", Ref(2), "eggs")
    return Draft(problem, (cakes, rest, buns, left), (cakes, rest, wrong, left), 2)


def fraction_sum(rng: Random) -> Draft:
    """Add fractions and multiply; flawed: the fractions are multiplied."""
    flour, sugar = rng.choice(((1, 2), (3, 4), (2, 3))), rng.choice(((1, 3), (1, 4), (2, 5), (1, 6)))
    batches = rng.randint(2, 9)
    problem = (
        f"One batch of dough needs {flour[0]}/{flour[1]} cup of flour and {sugar[0]}/{sugar[1]} cup of sugar. "
        f"How many cups of both together do {batches} batches need?"
    )
    parts = Fraction(*flour), Fraction(*sugar)
    one = Step("One batch needs", parts[0], "+", parts[1], "cups", fractions=True)
    wrong = Step("One batch needs", parts[0], "*", parts[1], "cups", fractions=True)
    total = Step("All batches need", Ref(0), "*", batches, "cups", fractions=True)
    return Draft(problem, (one, total), (wrong, total), 0)


def cut_out_square(rng: Random) -> Draft:
    """Area without a square; flawed: the square's perimeter is taken for its area."""
    width, height, side = rng.randint(12, 40), rng.randint(9, 30), rng.choice((3, 5, 6, 7, 8))
    problem = (
        f"A square with a side of {side} cm is cut out of a sheet of {width} cm by {height} cm. What area is left?"
    )
    sheet = Step("The sheet has", width, "*", height, "cm²")
    square = Step("The square has", side, "*", side, "cm²")
    wrong = Step("The square has", 4, "*", side, "cm²")
    left = Step("There are left", Ref(0), "-", Ref(1), "cm²")
    return Draft(problem, (sheet, square, left), (sheet, wrong, left), 1)


def leaking_tank(rng: Random) -> Draft:
    """Inflow against a leak; flawed: the leak is added to the inflow."""
    inflow, leak = rng.randint(12, 30), rng.randint(2, 9)
    minutes, start = rng.randint(8, 45), rng.randrange(50, 400, 25)
    problem = (
        f"A tank holds {start} litres. {inflow} litres a minute flow in and {leak} leak out. "
        f"How much does it hold after {minutes} minutes?"
    )
    net = Step("Each minute the tank gains", inflow, "-", leak, "litres")
    wrong = Step("Each minute the tank gains", inflow, "+", leak, "litres")
    gained = Step("In that time it gains", Ref(0), "*", minutes, "litres")
    held = Step("Then it holds", start, "+", Ref(1), "litres")
    return Draft(problem, (net, gained, held), (wrong, gained, held), 0)


def ages(rng: Random) -> Draft:
    """Compare the ages of three people; flawed: a multiple is read as a difference."""
    young, factor, gap = rng.randint(4, 14), rng.randint(3, 5), rng.randint(2, 12)
    names = rng.sample(NAMES, 3)
    problem = (
        f"{names[0]} is {young} years old. {names[1]} is {factor} times as old, "
        f"and {names[2]} is {gap} years older than {names[1]}. How old is {names[2]}?"
    )
    second = Step(f"{names[1]} is", factor, "*", young, "years old")
    wrong = Step(f"{names[1]} is", factor, "+", young, "years old")
    third = Step(f"{names[2]} is", Ref(0), "+", gap, "years old")
    return Draft(problem, (second, third), (wrong, third), 0)


def town_growth(rng: Random) -> Draft:
    """Add and subtract large numbers; flawed: the people who leave are added."""
    people, born, gone = rng.randint(20_000, 90_000), rng.randint(1_000, 9_000), rng.randint(300, 1_900)
    problem = (
        f"A town of {people:,} people gains {born:,} people in one year and loses {gone:,} in the next. "
        "How many live there then?"
    )
    grown = Step("After the first year there are", people, "+", born, "people")
    shrunk = Step("After the second year there are", Ref(0), "-", gone, "people")
    wrong = Step("After the second year there are", Ref(0), "+", gone, "people")
    return Draft(problem, (grown, shrunk), (grown, wrong), 1)


QUANTITY_TEMPLATES: tuple[Callable[[Random], Draft], ...] = (
    boxes_shared,
    minutes_to_hours,
    metres_to_pieces,
    linear_equation,
    sum_and_difference,
    two_leg_trip,
    joint_rate,
    average_score,
    score_needed,
    fraction_of_rest,
    fraction_sum,
    cut_out_square,
    leaking_tank,
    ages,
    town_growth,
)
