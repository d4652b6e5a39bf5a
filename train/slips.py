"""Slips of the pen: wrong results of a right calculation, as people make them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from train.graph import Number, Sign, Step, number_at, places, sign_at

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


def decimals(value: Fraction) -> int:
    """How many decimals the value needs, 4 for more than three."""
    return next((places for places in range(4) if (value * 10**places).denominator == 1), 4)


def misread_digit(value: Fraction, random: random.Random) -> Fraction:
    """The value with one digit read wrong."""
    digits = str(value.numerator) if value.denominator == 1 else f"{float(value):.2f}".rstrip("0")
    at = random.randrange(len(digits))
    if digits[at] == ".":
        return value
    low = 1 if at == 0 else 0
    return Fraction(digits[:at] + str(random.randint(low, 9)) + digits[at + 1 :])


def _off_by_n(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    return value + random.choice((-3, -2, -1, 1, 2, 3)) * Fraction(1, 10 ** decimals(value))


def _off_by_ten(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    return value + random.choice((-1, 1)) * Fraction(10) ** random.randint(1, max(1, len(str(int(value))) - 1))


def _digit_transposition(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    digits = str(value.numerator)
    swaps = [at for at in range(len(digits) - 1) if digits[at] != digits[at + 1] and (at or digits[1] != "0")]
    if value.denominator != 1 or not swaps:
        return None
    at = random.choice(swaps)
    return Fraction(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])


def _decimal_shift(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    return value * random.choice((Fraction(1, 10), Fraction(10)))


def _stem_off_by_n(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    """A round number with its leading digits off: 340 for 350."""
    digits = str(value.numerator)
    stem = digits.rstrip("0")
    if value.denominator != 1 or stem == digits:
        return None
    return Fraction((int(stem) + random.choice((-2, -1, 1, 2))) * 10 ** (len(digits) - len(stem)))


def _wrong_carry(_step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    digits = len(str(int(value)))
    return None if digits < 2 else value + random.choice((-1, 1)) * 10 ** random.randint(1, digits - 1)


def _fraction(step: Step, value: Fraction, change: Callable[[Fraction, Fraction], Fraction]) -> Fraction | None:
    """The result of a quotient or of a product with a fraction, with one of its two numbers changed."""
    numbers = [number_at(step, at) for at in places(step, Number)]
    signs = [sign_at(step, at) for at in places(step, Sign)]
    if len(numbers) != 2 or signs != ["/"] or numbers[0].percent or numbers[1].percent:
        return None
    wrong = change(numbers[0].value, numbers[1].value)
    return wrong if wrong != value else None


def _fraction_reciprocal(step: Step, value: Fraction, _random: random.Random) -> Fraction | None:
    return _fraction(step, value, lambda above, below: below / above if above else below)


def _fraction_off_by_one(step: Step, value: Fraction, random: random.Random) -> Fraction | None:
    by = random.choice((-1, 1))
    return _fraction(step, value, lambda above, below: above / (below + by) if below + by else above)


COMPUTATIONAL_INJECTORS: dict[str, Callable[[Step, Fraction, random.Random], Fraction | None]] = {
    "off_by_n": _off_by_n,
    "off_by_ten": _off_by_ten,
    "digit_transposition": _digit_transposition,
    "decimal_shift": _decimal_shift,
    "stem_off_by_n": _stem_off_by_n,
    "fraction_reciprocal": _fraction_reciprocal,
    "fraction_off_by_one": _fraction_off_by_one,
    "wrong_carry": _wrong_carry,
}
