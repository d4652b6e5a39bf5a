"""True calculations in other spellings: what people and models write for ``48/2=24``.

A spelling takes an equation as the reader writes it and gives a line of text, or None where it does not apply to that
equation. It changes no number and no operation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = re.compile(r"\d+(?:\.\d+)?|\.\d+|[-+*/^()%=]")
OPERATORS = frozenset("+-*/")
NO_OPERAND = frozenset("+-*/^(=")
WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_FLAT = re.compile(r"[\d.]+([-+*/][\d.]+)+=[\d.]+")
_QUOTIENT = re.compile(r"(?<![\d.*/^)-])(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)(?![\d./^(%])")


def tokens_of(equation: str) -> list[str]:
    """Cut an equation into numbers and signs; an empty list where it holds anything else."""
    tokens = TOKEN.findall(equation)
    return tokens if "".join(tokens) == equation else []


def operator_places(tokens: list[str]) -> list[int]:
    """Places of the operators that stand between two operands: no signs of numbers."""
    return [
        place for place in range(1, len(tokens)) if tokens[place] in OPERATORS and tokens[place - 1] not in NO_OPERAND
    ]


def spaced(equation: str, **signs: str) -> str:
    """Write an equation with a space on both sides of its operators, and its own signs for products and the like."""
    tokens = tokens_of(equation)
    between = {*operator_places(tokens), *(place for place, token in enumerate(tokens) if token == "=")}
    spelled = {"*": signs.get("times", "*"), "/": signs.get("by", "/"), "-": signs.get("minus", "-")}
    return "".join(
        f" {spelled.get(token, token)} " if place in between else token for place, token in enumerate(tokens)
    )


def _latex(opening: str, closing: str, times: str, by: str = r"\div") -> Callable[[str], str | None]:
    def spell(equation: str) -> str | None:
        return opening + _braced(spaced(equation, times=times, by=by).replace("%", r"\%")) + closing

    return spell


def _braced(text: str) -> str:
    return re.sub(r"\^(\d+)", r"^{\1}", text)


def _fraction(opening: str, command: str, closing: str) -> Callable[[str], str | None]:
    def spell(equation: str) -> str | None:
        text, count = _QUOTIENT.subn(rf"\\{command}{{\1}}{{\2}}", equation)
        if not count or "/" in text:
            return None
        text = re.sub(r"(?<=[\d}%)])([-+*=])", r" \1 ", text).replace("*", r"\times").replace("%", r"\%")
        return opening + _braced(text) + closing

    return spell


def _is_flat(equation: str) -> bool:
    return _FLAT.fullmatch(equation) is not None


def _sides(equation: str) -> tuple[str, str]:
    left, _, right = equation.partition("=")
    return left, right


def _in_words(equation: str) -> str | None:
    if not _is_flat(equation):
        return None
    left, sign, right, _, result = tokens_of(equation)[:5] if len(tokens_of(equation)) == 5 else [""] * 5
    return f"{left} {WORDS[sign]} {right} is {result}." if sign else None


def _equals(equation: str) -> str | None:
    return spaced(equation).replace(" = ", " equals ")


def _with_words(equation: str) -> str | None:
    """Operators in words, the equals sign kept; of one kind only, so that no precedence is heard."""
    tokens = tokens_of(equation)
    if not _is_flat(equation) or len({tokens[place] for place in operator_places(tokens)}) != 1:
        return None
    return " ".join(WORDS.get(token, token) for token in tokens)


def _grouped(equation: str) -> str | None:
    text = _group(spaced(equation), ",")
    return text if "," in text else None


def _grouped_latex(equation: str) -> str | None:
    text = _group(spaced(equation, times=r"\times", by=r"\div").replace("%", r"\%"), "{,}")
    return f"${_braced(text)}$" if "{,}" in text else None


def _group(text: str, comma: str) -> str:
    return re.sub(r"(?<![\d.])\d{4,}", lambda number: f"{int(number[0]):,}".replace(",", comma), text)


def _money(equation: str) -> str | None:
    return _labelled(equation, before="$", after="")


def _units(equation: str) -> str | None:
    return _labelled(equation, before="", after=" apples")


def _labelled(equation: str, *, before: str, after: str) -> str | None:
    """Label every term of a sum, or the first number of a product, and the result."""
    tokens = tokens_of(equation)
    if not _is_flat(equation):
        return None
    kinds = {tokens[place] for place in operator_places(tokens)}
    if kinds <= {"+", "-"}:
        labelled = [token if token in "+-=" else before + token + after for token in tokens]
    elif kinds <= {"*", "/"}:
        ends = {0, len(tokens) - 1}
        labelled = [before + token + after if place in ends else token for place, token in enumerate(tokens)]
    else:
        return None
    return " ".join(labelled)


def _cents(equation: str) -> str | None:
    left, right = _sides(equation)
    return f"{spaced(left)} = {right}.00" if right.isdecimal() else None


def _reversed(equation: str) -> str | None:
    left, right = _sides(equation)
    return f"{right} = {spaced(left)}" if tokens_of(left)[1:] else None


def _bracketed(equation: str) -> str | None:
    left, right = _sides(equation)
    return f"({spaced(left)}) = {right}" if _is_flat(equation) else None


def _sentence(before: str, after: str) -> Callable[[str], str | None]:
    return lambda equation: before + spaced(equation) + after


SPELLINGS: dict[str, Callable[[str], str | None]] = {
    "tight": lambda equation: equation,
    "spaced": spaced,
    "× ÷ −": lambda equation: spaced(equation, times="×", by="÷", minus="−"),
    "x": lambda equation: spaced(equation, times="x") if "*" in equation else None,
    "·": lambda equation: spaced(equation, times="·") if "*" in equation else None,
    r"\( \times \div \)": _latex(r"\(", r"\)", r"\times"),
    r"$ \cdot / $": _latex("$", "$", r"\cdot", "/"),
    r"\[ \times \div \]": _latex(r"\[ ", r" \]", r"\times"),
    r"\( \frac \)": _fraction(r"\(", "frac", r"\)"),
    r"$ \dfrac $": _fraction("$", "dfrac", "$"),
    "a op b is c": _in_words,
    "operators in words": _with_words,
    "equals": _equals,
    "1,000": _grouped,
    "$1{,}000$": _grouped_latex,
    "money": _money,
    "units": _units,
    ".00": _cents,
    "sides reversed": _reversed,
    "in brackets": _bracketed,
    "in a sentence": _sentence("In the end there are ", " of them left."),
    "behind a colon": _sentence("Total: ", ""),
    "bold in a list": _sentence("- **Step:** **", "**"),
    "numbered": _sentence("2. ", "."),
}


def spellings_of(equation: str) -> Iterator[tuple[str, str]]:
    """Every spelling that applies to an equation, by name."""
    if not tokens_of(equation):
        return
    for name, spell in SPELLINGS.items():
        line = spell(equation)
        if line is not None:
            yield name, line
