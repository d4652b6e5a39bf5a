"""The greatest common divisor and the least common multiple of numbers are judged however they are written."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "gcd(48, 18) = 6",
        "$\\gcd(48,18)=\\gcd(18,12)=\\gcd(12,6)=6$",
        "lcm(4, 5, 6) = 60",
        "GCF(12, 18) = 6 and HCF(8, 12) = 4",
        "$\\text{lcm}(4, 6) = 12$",
        "$\\operatorname{lcm}(4,6) \\cdot \\gcd(4,6) = 24$",
    ],
)
def test_what_holds(judged, text):
    """Each equation."""
    found = judged(text)
    assert found
    assert {status for status, _ in found} == {"holds"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gcd(48, 18) = 8", "gcd(48,18) is 6, not 8"),
        ("lcm(4, 5, 6) = 120", "lcm(lcm(4,5),6) is 60, not 120"),
    ],
)
def test_what_fails(judged, text, message):
    """The message gives the value."""
    assert ("fails", message) in judged(text)


@pytest.mark.parametrize(
    "text",
    [
        "⌊x⌋ = 3",
        "gcd(a, 18) = 6",
        "gcd(n, 12) = 4",
        "floor(7/2) = 4",
        "lcm(1.5, 2) = 7",
        "$\\lfloor n/2 \\rfloor = 3$",
        "the lcm 12 = 3",
    ],
)
def test_what_is_not_judged(judged, text):
    """Letters, broken numbers, and floors for ceilings: who rounds writes their brackets loosely."""
    assert "fails" not in {status for status, _ in judged(text)}
