"""The grammar of an equation's side: text to a tree, never through ``eval``.

    sum      = product { ("+" | "-") product }
    product  = factor { ("*" | "/" | "//" | "mod" | nothing) factor }
    factor   = [ "-" | "+" ] power
    power    = postfix [ "^" factor ]
    postfix  = primary { "%" | "!" | "°" }
    primary  = numeral | "(" sum ")" | function "(" sum { "," sum } ")" | constant | letter
    numeral  = number [ " " integer "/" integer | "_" base ]

A text that this grammar does not consume whole raises ``GrammarError``: what is left over is never dropped. ``nothing``
stands for a product (``2(3+4)``, ``2pi``), but not between two written numbers.
Where convention leaves two readings, ``Convention`` says which one to build.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from grader.checking.tree import Binary, Call, Letter, Node, Number, Unary, has_percent, has_size, is_percent
from grader.limits import MAX_BITS, MAX_DEPTH, MAX_DIGITS, MAX_NODES, LimitError
from grader.numbers import (
    ANGLE_FUNCTIONS,
    APPLIED,
    CONSTANTS,
    FUNCTIONS,
    IN_BASE,
    MAX_BASE,
    NUMBER,
    Written,
    parse_number,
)


class GrammarError(ValueError):
    """The text is no expression of this grammar; the message says where it ends to be one."""


class Convention(NamedTuple):
    """How to read what people write in more than one way; the defaults are the textbook's."""

    percent: str = "hundredths"
    """``hundredths`` (20% is 1/5), ``of the rest`` (50 + 20% is 60) or ``modulo`` (17 % 5 is 2)."""
    tight: bool = False
    """What stands behind a division belongs together: ``60/3/4`` is 60/(3/4), ``1/2x`` is 1/(2x)."""
    product: bool = False
    """``2 1/3`` is 2 times 1/3, not 2 and a third."""


_TOKEN = re.compile(
    rf"(?P<mixed>(?<=\d )\d+/\d+(?![\d.]))|(?P<number>(?:{NUMBER})(?:\.\.\.|…|{IN_BASE})?)"
    rf"|(?P<name>{'|'.join(sorted(FUNCTIONS | CONSTANTS))}|(?:{'|'.join(sorted(APPLIED))}|log_\d{{1,3}})(?=\())"
    r"|(?P<sign>//|mod|[-+*/^%!°(),])"
    r"|(?P<letter>[^\W\d_](?:_(?:\w|\([^()]*\)))?'*)|(?P<space> )|(?P<other>.)",
    re.DOTALL,
)
_STARTS_OPERAND = frozenset({"number", "name", "letter", "("})
_FACTOR_SIGNS = frozenset({"*", "/", "//", "mod"})
_FUNCTION_ARGUMENTS = {
    "sqrt": 1,
    "root": 2,
    "binom": 2,
    "perm": 2,
    "gcd": 2,
    "lcm": 2,
    "abs": 1,
    "floor": 1,
    "ceil": 1,
    "ln": 1,
    **dict.fromkeys(ANGLE_FUNCTIONS, 1),
}
DEFAULT = Convention()


def parse(text: str, convention: Convention = DEFAULT) -> Node:
    """Tree of one side of an equation.

    Raises ``GrammarError`` for text that is not wholly an expression, ``LimitError`` beyond ``MAX_NODES``,
    ``MAX_DEPTH`` or the bounds of ``parse_number``.
    """
    return _Parser(text, convention).parse()


class _Parser:
    """Recursive descent over the tokens of one side; ``depth`` bounds the recursion."""

    def __init__(self, text: str, convention: Convention) -> None:
        self.convention = convention
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind == "other" or (kind == "letter" and not match[0][0].isalpha()):
                raise GrammarError(f"{match[0]!r} has no meaning here")
            if kind == "number" and "," in match[0] and self._opens_arguments():
                first, _, second = match[0].partition(",")
                self.tokens += [("number", first), (",", ","), ("number", second)]
            elif kind != "space":
                self.tokens.append((match[0] if kind == "sign" else kind, match[0]))
            if len(self.tokens) > MAX_NODES:
                raise LimitError("MAX_NODES", "the equation")
        self.tokens.append(("end", ""))
        self.position = 0
        self.depth = 0
        self.angles = 0
        """Functions of angles whose brackets are open."""

    def parse(self) -> Node:
        tree = self._sum()
        if self.tokens[self.position][0] != "end":
            raise GrammarError(f"{self.tokens[self.position][1]!r} is left over")
        return tree

    def _opens_arguments(self) -> bool:
        """Whether a comma parts arguments here: ``root(3,125)`` is no root of 3,125."""
        return len(self.tokens) > 1 and self.tokens[-1][0] == "(" and _FUNCTION_ARGUMENTS.get(self.tokens[-2][1]) == 2

    def _take(self, kind: str) -> bool:
        if self.tokens[self.position][0] == kind:
            self.position += 1
            return True
        return False

    def _sum(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitError("MAX_DEPTH", "parentheses")
        tree = self._product()
        while (sign := self.tokens[self.position][0]) in ("+", "-"):
            self.position += 1
            right = self._product()
            if self.convention.percent == "of the rest" and is_percent(right) and not has_percent(tree):
                right = Binary("*", tree, right)
            tree = Binary(sign, tree, right)
        self.depth -= 1
        return tree

    def _product(self) -> Node:
        factors = [self._factor()]
        signs: list[str] = []
        while (sign := self.tokens[self.position][0]) in _FACTOR_SIGNS or sign in _STARTS_OPERAND:
            if sign in _FACTOR_SIGNS:
                self.position += 1
                signs.append(sign)
                factors.append(self._factor())
            elif sign == "number" and self.tokens[self.position - 1][0] in ("number", "mixed"):
                raise GrammarError(f"{self.tokens[self.position][1]!r} follows a number without a sign")
            else:
                signs.append("")
                factors.append(self._power())
        return _grouped(factors, signs) if self.convention.tight else _left_to_right(factors, signs)

    def _factor(self) -> Node:
        sign = self.tokens[self.position][0]
        if sign not in ("-", "+"):
            return self._power()
        self.position += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitError("MAX_DEPTH", "signs")
        operand = self._factor()
        self.depth -= 1
        return Unary("-", operand) if sign == "-" else operand

    def _power(self) -> Node:
        base = self._postfix()
        if self._take("^"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise LimitError("MAX_DEPTH", "powers")
            base = Binary("^", base, self._factor())
            self.depth -= 1
        return base

    def _postfix(self) -> Node:
        tree = self._primary()
        while (sign := self.tokens[self.position][0]) in ("%", "!", "°"):
            self.position += 1
            if sign == "°" and not self.angles:
                raise GrammarError("degrees are those of a function")  # elsewhere the sign is a label
            if sign == "%" and self.convention.percent == "modulo" and self.tokens[self.position][0] in _STARTS_OPERAND:
                tree = Binary("mod", tree, self._primary())
            else:
                tree = Unary(sign, tree)
        return tree

    def _primary(self) -> Node:
        kind, text = self.tokens[self.position]
        self.position += 1
        if kind == "number":
            return self._number(text)
        if kind == "letter":
            return Letter(text)
        if kind == "(":
            tree = self._sum()
            if not self._take(")"):
                raise GrammarError("a bracket is not closed")
            return tree
        if kind == "name":
            return self._call(text)
        if not text:
            raise GrammarError("the text ends where a number should be")
        raise GrammarError(f"{text!r} stands where a number should")

    def _number(self, text: str) -> Node:
        if "_" in text:
            digits, _, base = text.partition("_")
            return _numeral(digits, int(base))
        number: Node = Number(_bounded(parse_number(text)))
        if self.tokens[self.position][0] != "mixed":
            return number
        above, _, below = self.tokens[self.position][1].partition("/")
        if int(below[:9]) == 0:
            raise GrammarError("a fraction over zero")
        self.position += 1
        part = Binary("/", Number(parse_number(above)), Number(parse_number(below)))
        return Binary("*" if self.convention.product else "+", number, part)

    def _call(self, name: str) -> Node:
        if name in CONSTANTS:
            return Call(name, ())
        if not self._take("("):
            raise GrammarError(f"{name} wants a bracket")
        self.angles += name in ANGLE_FUNCTIONS
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self.angles -= name in ANGLE_FUNCTIONS
        wanted = _FUNCTION_ARGUMENTS.get(name, 1)
        if not self._take(")") or len(arguments) != wanted:
            raise GrammarError(f"{name} takes {wanted} arguments in closed brackets")
        if name in ANGLE_FUNCTIONS and not has_size(arguments[0]):
            raise GrammarError(f"{name} wants an angle in degrees or a multiple of pi")
        name, _, base = name.partition("_")
        if base:
            arguments.insert(0, Number(parse_number(base)))
        return Call(name, tuple(arguments))


def _numeral(digits: str, base: int) -> Node:
    """A numeral of another base: added to nothing, because it is no written number, which might be rounded."""
    if len(digits) > MAX_DIGITS:
        raise LimitError("MAX_DIGITS", f"a number of {len(digits)} characters")
    if not (digits.isdecimal() and 2 <= base <= MAX_BASE) or any(int(digit) >= base for digit in digits):
        raise GrammarError(f"{digits} is no numeral of base {base}")
    value = Number(Written(Fraction(int(digits, base)), 0))
    return value if base == 10 else Binary("+", Number(Written(Fraction(0), 0)), value)


def _left_to_right(factors: list[Node], signs: list[str]) -> Node:
    tree = factors[0]
    for sign, factor in zip(signs, factors[1:], strict=True):
        tree = Binary(sign or "*", tree, factor)
    return tree


def _grouped(factors: list[Node], signs: list[str]) -> Node:
    """Build the other reading of a product with divisions: numbers written together first, ``a/b/c`` as a/(b/c)."""
    together: list[Node] = [factors[0]]
    rest: list[str] = []
    for sign, factor in zip(signs, factors[1:], strict=True):
        if sign:
            rest.append(sign)
            together.append(factor)
        else:
            together[-1] = Binary("*", together[-1], factor)
    position = 0
    while position < len(rest):
        length = 0
        while position + length < len(rest) and rest[position + length] == "/":
            length += 1
        if length in (2, 3):
            # Of two divisions the second is the fraction, of three the first and the third.
            fraction = position + length - 1
            together[fraction : fraction + 2] = [Binary("/", *together[fraction : fraction + 2])]
            del rest[fraction]
            length -= 1
        position += max(1, length)
    return _left_to_right(together, rest)


def _bounded(written: Written) -> Written:
    """Refuse a number in scientific notation that is larger than any result may be."""
    if written.value.numerator.bit_length() + written.value.denominator.bit_length() > MAX_BITS:
        raise LimitError("MAX_BITS", "a number")
    return written
