"""One step of a generated solution: its exact calculation, and how each style writes it down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLES = ("plain", "annotated", "markdown", "latex", "latex_display")

# What stands for + - * / in each style; a LaTeX quotient is a \frac instead.
SIGNS = {
    "plain": {"+": "+", "-": "-", "*": "*", "/": "/"},
    "annotated": {"+": "+", "-": "-", "*": "*", "/": "/"},
    "markdown": {"+": "+", "-": "−", "*": "×", "/": "÷"},
    "latex": {"+": "+", "-": "-", "*": r"\times"},
    "latex_display": {"+": "+", "-": "-", "*": r"\cdot"},
}

MAX_DENOMINATOR = 60  # of a number that is written as a fraction
GROUPED_FROM = 10_000  # smaller numbers have no thousands separator
MATH_IN_NOTE = re.compile("@(.+?)@")


@dataclass(frozen=True)
class Ref:
    """The result of an earlier step, by its index."""

    step: int


@dataclass(frozen=True)
class Step:
    """One binary calculation and the words around it.

    `op` is one of + - * / and % (`left`% of `right`). `symbol` is the unknown that the result belongs to.
    With `from_unit` the calculation is written as a conversion (`90 minutes = 1.5 hours`).
    `rounds` says that a true solution may round here; `fractions` writes 3/4 where decimals would be 0.75.
    `notes` are lines before the calculation, with formulas between @ signs.
    """

    lead: str
    left: Fraction | int | Ref
    op: str
    right: Fraction | int | Ref
    unit: str = ""
    symbol: str = ""
    from_unit: str = ""
    rounds: bool = False
    fractions: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worked:
    """A step with its numbers: `result` is what is written, `exact` is the truth about the written operands."""

    step: Step
    left: Fraction
    right: Fraction
    exact: Fraction
    result: Fraction

    @property
    def inexact(self) -> bool:
        """Whether the exact value cannot be written in full, so that a rounded one stands for it."""
        return _as_written(self.exact, self.step) != self.exact


@dataclass(frozen=True)
class Rendered:
    """The text of a solution and, for every step, the 1-based line that holds its calculation."""

    text: str
    calculation_lines: tuple[int, ...]


def calculate(left: Fraction, op: str, right: Fraction) -> Fraction:
    """Return the exact value of `left op right`."""
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op == "/":
        return left / right
    if op == "%":
        return left / 100 * right
    raise ValueError(f"unknown operator {op!r}")


def work(steps: Sequence[Step], wrong: tuple[int, Fraction] | None = None) -> list[Worked]:
    """Work through the steps; `wrong` = (index, value) writes that value instead, and later steps build on it."""
    done: list[Worked] = []
    for index, step in enumerate(steps):
        left, right = _value(step.left, done), _value(step.right, done)
        exact = calculate(left, step.op, right)
        result = _as_written(exact, step)
        if wrong is not None and wrong[0] == index:
            result = wrong[1]
        done.append(Worked(step, left, right, exact, result))
    return done


def _value(operand: Fraction | int | Ref, done: Sequence[Worked]) -> Fraction:
    return done[operand.step].result if isinstance(operand, Ref) else Fraction(operand)


def _as_written(exact: Fraction, step: Step) -> Fraction:
    """Round a quotient to two decimals where no fraction is written; everything else stays exact."""
    return round(exact, 2) if step.op == "/" and not step.fractions else exact


def writable(worked: Sequence[Worked]) -> bool:
    """Whether every number is positive and short enough to be written in full."""
    return all(
        value > 0 and (value.denominator <= MAX_DENOMINATOR if item.step.fractions else 100 % value.denominator == 0)
        for item in worked
        for value in (item.left, item.right, item.result)
    )


def natural(worked: Sequence[Worked]) -> bool:
    """Whether nothing is rounded except where a step allows it."""
    return all(not item.inexact or item.step.rounds for item in worked)


def number(value: Fraction, style: str, *, money: bool = False, fractions: bool = False) -> str:
    """Write a number the way a style does."""
    latex = style.startswith("latex")
    if value.denominator == 1:
        separator = {"annotated": "", "latex": "{,}", "latex_display": "{,}"}.get(style, ",")
        digits = str(value.numerator)
        return f"{value.numerator:,}".replace(",", separator) if value >= GROUPED_FROM else digits
    if fractions:
        bar = r"\frac{%d}{%d}" if latex else "%d/%d"
        return bar % value.as_integer_ratio()
    cents = int(value * 100)
    text = f"{cents // 100}.{cents % 100:02d}"
    return text if money else text.rstrip("0")


def render(worked: Sequence[Worked], style: str) -> Rendered:
    """Write the whole solution, final answer included."""
    lines: list[str] = []
    calculation_lines: list[int] = []
    for position, item in enumerate(worked, 1):
        lines += [_note(note, style) for note in item.step.notes]
        before, calculation, after = _step_lines(item, style, position)
        calculation_lines.append(len(lines) + len(before) + 1)
        lines += [*before, calculation, *after]
    lines.append(_answer(worked[-1], style))
    return Rendered("\n".join(lines), tuple(calculation_lines))


def _note(note: str, style: str) -> str:
    return MATH_IN_NOTE.sub(r"\\(\1\\)" if style.startswith("latex") else r"\1", note)


def _step_lines(item: Worked, style: str, position: int) -> tuple[list[str], str, list[str]]:
    """Return the lines before the calculation, its own line, and the lines after it."""
    unit, lead = _unit(item.step), item.step.lead
    formula = _formula(item, style)
    if style == "latex_display":
        words = rf" \text{{{unit}}}" if unit else ""
        return [lead, r"\["], formula + words, [r"\]"]
    if style == "latex":
        return [], rf"{lead} \({formula}\){unit}.", []
    if style == "markdown":
        return [], f"{position}. {lead} {formula}{unit}.", []
    return [], f"{lead} {formula}{unit}.", []


def _unit(step: Step) -> str:
    return "" if step.unit in {"", "$"} else f" {step.unit}"


def _formula(item: Worked, style: str) -> str:
    step = item.step
    sign = "=" if not item.inexact else r"\approx" if style.startswith("latex") else "≈"
    shown = _dollar(item, style) + _annotation(item, style) + _result(item, style)
    if style == "markdown":
        shown = f"**{shown}**"
    left_side = _left_side(item, style)
    start = f"{step.symbol} = " if step.symbol else ""
    space = "" if style == "annotated" and not start else " "
    return f"{start}{left_side}{space}{sign}{space}{shown}"


def _left_side(item: Worked, style: str) -> str:
    step = item.step
    latex = style.startswith("latex")
    money = step.unit == "$" and step.op in "+-"
    left = number(item.left, style, money=money, fractions=step.fractions)
    right = number(item.right, style, money=money, fractions=step.fractions)
    if style == "annotated":
        return _ungrouped(item)
    if step.from_unit:
        return rf"{left} \text{{ {step.from_unit}}}" if latex else f"{left} {step.from_unit}"
    if step.op == "%":
        return rf"{left}\% \text{{ of }} {right}" if latex else f"{left}% of {right}"
    if step.op == "/" and latex:
        return rf"\frac{{{left}}}{{{right}}}"
    return f"{left} {SIGNS[style][step.op]} {right}"


def _ungrouped(item: Worked) -> str:
    """Write the calculation as the calculator annotations of GSM8K do."""
    fractions = item.step.fractions
    left = number(item.left, "annotated", fractions=fractions)
    right = number(item.right, "annotated", fractions=fractions)
    return f"{left}/100*{right}" if item.step.op == "%" else f"{left}{item.step.op}{right}"


def _dollar(item: Worked, style: str) -> str:
    if item.step.unit != "$":
        return ""
    return r"\$" if style.startswith("latex") else "$"


def _annotation(item: Worked, style: str) -> str:
    if style != "annotated":
        return ""
    return f"<<{_ungrouped(item)}={number(item.result, style, fractions=item.step.fractions)}>>"


def _result(item: Worked, style: str) -> str:
    return number(item.result, style, money=item.step.unit == "$", fractions=item.step.fractions)


def _answer(last: Worked, style: str) -> str:
    value = _result(last, style)
    return {
        "plain": f"FINAL ANSWER: {value}",
        "annotated": f"#### {value}",
        "markdown": f"**Answer:** {_dollar(last, style)}{value}{_unit(last.step)}",
        "latex": rf"The answer is \(\boxed{{{value}}}\).",
        "latex_display": rf"\[\boxed{{{value}}}\]",
    }[style]
