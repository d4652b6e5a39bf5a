"""Word problems about prices, wages and shares.

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


def shopping_change(rng: Random) -> Draft:
    """Change from a note; flawed: the second purchase is forgotten."""
    count, price, extra, note = rng.randint(3, 9), rng.randint(4, 12), rng.randint(5, 25), rng.choice((100, 150, 200))
    name = rng.choice(NAMES)
    problem = (
        f"{name} buys {count} notebooks at ${price} each and a bag for ${extra}. "
        f"{name} pays with ${note}. How much change is due?"
    )
    first = Step("The notebooks cost", count, "*", price, "$")
    second = Step("With the bag that is", Ref(0), "+", extra, "$")
    third = Step("The change is", note, "-", Ref(1), "$")
    wrong = Step("The change is", note, "-", Ref(0), "$")
    return Draft(problem, (first, second, third), (first, wrong), 1)


def percent_discount(rng: Random) -> Draft:
    """Take a percentage off; flawed: it is added."""
    price, percent = rng.randrange(40, 400, 20), rng.choice((5, 10, 15, 20, 25, 30, 35, 40))
    problem = f"A coat costs ${price} and is reduced by {percent}%. What is the new price?"
    off = Step("The discount is", percent, "%", price, "$")
    return Draft(
        problem,
        (off, Step("The new price is", price, "-", Ref(0), "$")),
        (off, Step("The new price is", price, "+", Ref(0), "$")),
        1,
    )


def percent_chain(rng: Random) -> Draft:
    """Change a price twice; flawed: the second percentage is taken of the first price."""
    price, rise, fall = rng.randrange(200, 1200, 100), rng.choice((10, 20, 30, 40)), rng.choice((5, 10, 20, 25))
    problem = (
        f"A bicycle costs ${price}. The price rises by {rise}% and later falls by {fall}%. What is the final price?"
    )
    up = Step("The rise is", rise, "%", price, "$")
    risen = Step("After the rise it costs", price, "+", Ref(0), "$")
    down = Step("The fall is", fall, "%", Ref(1), "$")
    wrong = Step("The fall is", fall, "%", price, "$")
    final = Step("The final price is", Ref(1), "-", Ref(2), "$")
    return Draft(problem, (up, risen, down, final), (up, risen, wrong, final), 2)


def coupon_order(rng: Random) -> Draft:
    """Prices with cents; flawed: the coupon is added."""
    count, cents = rng.randint(2, 8), rng.choice((285, 349, 475, 599, 1275, 1999))
    price, fee = Fraction(cents, 100), Fraction(rng.choice((295, 350, 499)), 100)
    coupon = rng.randint(2, 5)
    problem = (
        f"{count} candles at ${float(price):.2f} each are sent for a fee of ${float(fee):.2f}. "
        f"A coupon takes ${coupon} off. What is to be paid?"
    )
    goods = Step("The candles cost", count, "*", price, "$")
    sent = Step("With the fee that is", Ref(0), "+", fee, "$")
    paid = Step("With the coupon it comes to", Ref(1), "-", coupon, "$")
    wrong = Step("With the coupon it comes to", Ref(1), "+", coupon, "$")
    return Draft(problem, (goods, sent, paid), (goods, sent, wrong), 2)


def shared_bill(rng: Random) -> Draft:
    """Split a bill with a tip, rounded to the cent; flawed: the tip is left out of the split."""
    bill, tip, people = rng.randrange(60, 240, 10), rng.choice((10, 15, 20)), rng.choice((3, 6, 7))
    problem = (
        f"{people} friends have a bill of ${bill} and add a tip of {tip}%. "
        "What does each pay in equal shares, to the nearest cent?"
    )
    added = Step("The tip is", tip, "%", bill, "$")
    total = Step("With it they pay", bill, "+", Ref(0), "$")
    share = Step("Each pays", Ref(1), "/", people, "$", rounds=True)
    wrong = Step("Each pays", bill, "/", people, "$", rounds=True)
    return Draft(problem, (added, total, share), (added, wrong), 1)


def ratio_share(rng: Random) -> Draft:
    """Divide in a ratio; flawed: the total is divided by one side of the ratio."""
    small, large = rng.choice(((2, 3), (1, 4), (2, 5), (4, 5), (5, 8)))
    amount = (small + large) * rng.randrange(40, 400, 20)
    problem = f"Two sisters share ${amount} in the ratio {small}:{large}. How much is the larger share?"
    parts = Step("The number of parts is", small, "+", large)
    part = Step("One part is", amount, "/", Ref(0), "$")
    share = Step("The larger share is", large, "*", Ref(1), "$")
    wrong = Step("One part is", amount, "/", small, "$")
    wrong_share = Step("The larger share is", large, "*", Ref(0), "$")
    return Draft(problem, (parts, part, share), (wrong, wrong_share), 0)


def fence_cost(rng: Random) -> Draft:
    """Price of a fence around a garden; flawed: the area is fenced."""
    length, width = rng.randint(12, 40), rng.randint(5, 11)
    price = Fraction(rng.choice((350, 425, 600, 975)), 100)
    problem = (
        f"A garden is {length} m by {width} m. A fence costs ${float(price):.2f} a metre. "
        "What does a fence all round cost?"
    )
    half = Step("One long and one short side are", length, "+", width, "m")
    around = Step("All round that is", 2, "*", Ref(0), "m")
    cost = Step("The fence costs", Ref(1), "*", price, "$")
    wrong = Step("The fence has a length of", length, "*", width, "m")
    wrong_cost = Step("The fence costs", Ref(0), "*", price, "$")
    return Draft(problem, (half, around, cost), (wrong, wrong_cost), 0)


def savings_weeks(rng: Random) -> Draft:
    """Weeks to save up; flawed: the spending is left out."""
    wage, hours, weeks = rng.randint(11, 25), rng.choice((10, 16, 20, 25)), rng.randint(6, 30)
    spent = rng.randrange(20, 100, 10)
    goal = (wage * hours - spent) * weeks
    name = rng.choice(NAMES)
    problem = (
        f"{name} earns ${wage} an hour for {hours} hours a week, spends ${spent} a week and saves the rest. "
        f"How many weeks does it take to save ${goal}?"
    )
    earned = Step("A week brings in", wage, "*", hours, "$")
    saved = Step("Of that is saved", Ref(0), "-", spent, "$")
    needed = Step("It takes", goal, "/", Ref(1), "weeks")
    wrong = Step("It takes", goal, "/", Ref(0), "weeks", rounds=True)
    return Draft(problem, (earned, saved, needed), (earned, wrong), 1)


def cents_to_dollars(rng: Random) -> Draft:
    """Cents to dollars; flawed: a dollar is given 10 cents."""
    count, cents, note = rng.randint(6, 24), rng.choice((15, 25, 35, 45, 65)), rng.choice((200, 250))
    problem = f"{count} stickers cost {cents} cents each. How many dollars are left of ${note}?"
    total = Step("The stickers cost", count, "*", cents, "cents")
    dollars = Step("In dollars:", Ref(0), "/", 100, "dollars", from_unit="cents")
    wrong = Step("In dollars:", Ref(0), "/", 10, "dollars")
    left = Step("There are left", note, "-", Ref(1), "$")
    return Draft(problem, (total, dollars, left), (total, wrong, left), 1)


MONEY_TEMPLATES: tuple[Callable[[Random], Draft], ...] = (
    shopping_change,
    percent_discount,
    percent_chain,
    coupon_order,
    shared_bill,
    ratio_share,
    fence_cost,
    savings_weeks,
    cents_to_dollars,
)
