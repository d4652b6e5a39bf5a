"""Calculations in words: ``The product of 12 and 11 is 122.`` says that 12 * 11 = 122, and is read as that.

So are ``Dividing 120 by 2.5 gives 46``, ``46 and 38 make 94``, ``$50 less $8 is $41`` and their like. Where the words
may mean something else they are left as they stand: what is read here may fail a row.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from grader.characters import STATES
from grader.reading.written_numbers import GAP, MARKS, NUMBER, in_digits, marks_of

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?"
START = (
    rf"(?:^ ?(?:[-*•] )?[{MARKS} *]*|(?<=[.;:] )|(?<=\b[Ss]o )|(?<=\bthat )|(?<=\b[Ss]ince )|(?<=ecause )"
    r"|(?<=herefore )|(?<=hus )|(?<=ence )|(?<=\b[Ss]o, )|(?<=herefore, )|(?<=hus, )|(?<=ence, )|(?<=hen, ))"
)
"""Where a clause begins."""
END = rf"(?={GAP}[*]*(?:$|[.;!:)](?!\d)|, (?!\d)| (?:in total|in all|altogether|so|which|since|because)\b))"
"""Where it ends."""

# At the beginning of a clause: "the square of the sum of 3 and 4" is something else. Behind the result the clause ends:
# "the sum of 3 and 4 is 7 less than …".
_NAMED = re.compile(
    r"(?:^|(?<=[.;:,] )|(?<=\b[Ss]o )|(?<=\band )|(?<=\bthat )|(?<=\b[Ss]ince )|(?<=ecause )|(?<=herefore )|(?<=hus ))"
    rf"[Tt]he (?P<name>sum|product) of{GAP}"
    rf"(?P<numbers>{_DIGITS}(?:{GAP},{GAP}{_DIGITS}){{0,8}},?{GAP}and{GAP}{_DIGITS})"
    rf"(?P<relation>{GAP}(?:is|equals|is equal to|=){GAP})"
    rf"(?={_DIGITS}{GAP}(?:[.,;!]?{GAP}$|[.;!] |, (?!\d)))"
)

# What a number counts. "Dividing 84 by 2 twice gives 21" and "adding 5 to 20 every day gives …" are more than one step.
WORD = (
    r" (?!(?:and|by|from|to|into|with|at|in|on|for|after|as|until|away|off|out|is|are|makes?|gives?|leaves?|yields?"
    r"|equals?|results?|comes?|produces?|we|you|times|plus|minus|less|over|twice|thrice|again|once|each|every|together"
    r"|more|[a-z]+ly)\b)[A-Za-z][A-Za-z'-]*(?:\^\(?[23]\)?)?"
)
_THE = r"(?:(?:the|his|her|its|their|these|those)(?: [a-z]+'s)? )?"


def _operand(name: str) -> str:
    return rf"{_THE}[{MARKS}]*(?P<{name}>\$?{NUMBER}%?(?![\w^(])(?:{WORD}){{0,4}}?)[{MARKS}]*"


_DONE = re.compile(
    r"\b(?=[DdMmAaSsRrTtHh][a-z]+ing )(?<!and )(?<!then )(?<!by )(?<!or )(?<!not )(?<!of )(?<!from )(?<!to )"
    r"(?<!without )(?:"
    rf"[Dd]ividing {_operand('over')} by {_operand('under')}"
    rf"|[Mm]ultiplying {_operand('factor')} (?:by|with|and) {_operand('other')}"
    rf"|[Aa]dding (?P<terms>(?:{_operand('_')}, )*{_operand('_')},? (?:and|to) {_operand('_')})".replace("?P<_>", "?:")
    + rf"|(?:[Ss]ubtracting|[Dd]educting|[Rr]emoving|[Tt]aking(?: away| off)?) {_operand('less')}(?: away| off| out)?"
    rf" from {_operand('of')}"
    rf"|[Dd]oubling {_operand('twice')}|[Tt]ripling {_operand('thrice')}|[Hh]alving {_operand('half')}"
    r"),? (?:(?:gives|leaves)(?: us| you| him| her| them)?(?: with)?|makes|yields|is|equals|results in|comes to"
    r"|produces|(?:we|you) (?:get|have|obtain|find))"
    rf"(?=(?: a total of| about| only| just)?[ {MARKS}]+\$?{NUMBER}(?![a-z\d]))"
)
_BARE_MATH = re.compile(rf"\$({_DIGITS})\$(?!\d)")  # "$120$", which reads as an amount elsewhere
# "Adding 1 and 2" may add the equations of these numbers, and "adding 7 and 5" give "2 with 1 to carry".
_OTHER_SUMS = re.compile(r"quation|carr[yi]|column|digit|\b[apAP]\.?[mM]\b|o'clock|clock")
_TIME = re.compile(r" (?:hours?|hrs?|minutes?|mins?|days?|months?|years?)\b")
_LIST = re.compile(rf"{_THE}(?P<operand>[{MARKS}]*\$?{NUMBER}%?(?:{WORD}){{0,4}})")

_VERB = rf"(?:is|are|makes?|gives?|equals?|comes? to|adds? up to|totals?|yields?|leaves?){GAP}"
_RESULT = rf"(?P<result>\$?{NUMBER})(?P<label>(?:{WORD}){{0,2}}){END}"
_JOINED = re.compile(
    rf"{START}(?P<one>\$?{NUMBER})(?P<first>(?:{WORD}){{0,2}}) and (?P<other>\$?{NUMBER})"
    rf"(?P<second>(?:{WORD}){{0,2}}) (?:together (?P<together>{_VERB})|(?:more )?(?:makes?|gives?|comes? to|adds? up to"
    rf"|sums? (?:up )?to|(?P<is>is|are|total)) )"
    rf"{_RESULT}"
)
_LESS_OR_OVER = re.compile(
    rf"{START}(?P<one>\$?{NUMBER})(?P<first>(?:{WORD}){{0,2}}) (?P<word>less|over) "
    rf"(?P<other>\$?{NUMBER})(?P<second>(?:{WORD}){{0,2}}) {_VERB}{_RESULT}"
)


def with_signs(text: str) -> str:
    """The plain text of a line, with ``the sum of 3, 4 and 5 is 12`` written as ``3 + 4 + 5 is 12``."""
    if "um of" in text or "roduct of" in text:
        text = _NAMED.sub(_signs, text)
    if "ing " in text and any(map(text.__contains__, _GERUNDS)) and not _OTHER_SUMS.search(text):
        bare = _BARE_MATH.sub(r"\1", text)
        if (found := _DONE.sub(_done, bare)) != bare:
            text = found
    if " and " in text and (any(map(text.__contains__, _JOINING)) or _AND_IS.search(text)):
        text = _JOINED.sub(_joined, text)
    if " less " in text or " over " in text:
        text = _LESS_OR_OVER.sub(_less_or_over, text)
    return text


def may_calculate(text: str) -> bool:
    """Whether a line without a sign may hold such a calculation: a cheap first glance."""
    if "ing " in text and any(map(text.__contains__, _GERUNDS)):
        return True
    if " and " in text and (any(map(text.__contains__, _JOINING)) or _AND_IS.search(text)):
        return True
    return " less " in text or " over " in text


_GERUNDS = (
    "ividing ", "ultiplying ", "dding ", "ubtracting ", "educting ", "emoving ", "aking ", "oubling ", "ripling ",
    "alving ",
)  # fmt: skip
_AND_IS = re.compile(rf" and \$?{NUMBER}(?: [a-z]+){{0,2}} (?:is|are|total) \$?{NUMBER}")
_JOINING = (
    " sum to ",
    " sums to ",
    " sum up to ",
    " make",
    " give",
    " come to ",
    " comes to ",
    " add up to ",
    " adds up to ",
    " together ",
)


def _signs(match: re.Match[str]) -> str:
    numbers = re.findall(_DIGITS, match["numbers"])
    sign = " + " if match["name"] == "sum" else " * "
    return f"{STATES} {sign.join(numbers)}{match['relation']}"


def _done(match: re.Match[str]) -> str:
    """``Dividing 120 by 2.5 gives`` as ``120 / 2.5 gives``."""
    marks = marks_of(match[0])
    operands = {name: _spelled(text) for name, text in match.groupdict().items() if text is not None}
    if ("terms" in operands or "less" in operands) and _is_time_of_day(match[0]):
        return match[0]
    if "terms" in operands:
        listed = [_spelled(term["operand"]) for term in _LIST.finditer(match["terms"])]
        calculation = " + ".join(reversed(listed) if "to" in match["terms"].split() else listed)
    else:
        calculation = next(pattern.format(**operands) for name, pattern in _CALCULATIONS.items() if name in operands)
    return f"{STATES} {calculation} gives{marks}"


def _is_time_of_day(text: str) -> bool:
    """Whether a time is added to a bare number, which may be an hour or a date: ``adding 8 hours to 9 gives 5``."""
    times, numbers = len(_TIME.findall(text)), len(re.findall(NUMBER, text))
    return 0 < times < numbers


_CALCULATIONS = {
    "over": "{over} / {under}",
    "factor": "{factor} * {other}",
    "less": "{of} - {less}",
    "twice": "2 * {twice}",
    "thrice": "3 * {thrice}",
    "half": "{half} / 2",
}


def _spelled(operand: str) -> str:
    """An operand with its number in digits and without marks."""
    operand = operand.translate(dict.fromkeys(map(ord, MARKS)))
    return re.sub(NUMBER, lambda number: in_digits(number[0]), operand, count=1)


def _joined(match: re.Match[str]) -> str:
    """``46 and 38 make 94`` as a sum; not where it may be a product, or what a recipe makes."""
    one, other, result = values(match)
    if not counts_one_thing(match) or result in (one * other, abs(one - other)):
        return match[0]
    if match["is"] is not None and not _is_sum(match):
        return match[0]
    if f"{one}{other}" == str(result) or one**2 + other**2 == result**2:
        return match[0]  # "2 and 3 make 23", "legs of 3 and 4 make 5"
    return as_equation(match, "+")


def _is_sum(match: re.Match[str]) -> bool:
    """Whether ``81 and 20 is 111`` can be nothing else: no factor, multiple or power, nor ``5 are 2 primes``."""
    one, other, result = values(match)
    label = match["label"].strip().removesuffix("s")
    named = {match[name].strip().removesuffix("s") for name in ("first", "second")}
    if result <= max(one, other) or (label and label not in named) or _OTHER_WAYS.search(match.string):
        return False
    if not one.denominator == other.denominator == 1:
        return True
    small = max(one, other) < MAX_POWER
    powers = (
        (one**other, other**one, *(math.comb(int(a), int(b)) for a, b in ((one, other), (other, one)))) if small else ()
    )
    return result != math.lcm(int(one), int(other)) and result not in powers


_OTHER_WAYS = re.compile(
    r"\b(?:average|mean|gcd|gcf|hcf|lcm|lcd|common|multiples?|factors?|between|difference|midpoint|distance|product|ratio"
    r"|times|multipl\w+|power|area|hypotenuse|pages?|rows?|numbers?|chapters?|steps?|rooms?|columns?|next|sequence"
    r"|pattern|choose|mod\w*|clock|range|each|per)\b",
    re.IGNORECASE,
)
"""What a line speaks of in which the result of two numbers may be another one than their sum."""
MAX_POWER = 40


def _less_or_over(match: re.Match[str]) -> str:
    """``$50 less $8 is $41`` and ``700 mL over 35 mL is 25``."""
    one, other, result = values(match)
    if match["word"] == "less":
        return as_equation(match, "-") if counts_one_thing(match) else match[0]
    whole = one.denominator == other.denominator == 1 and max(one, other) < MAX_CHOICES
    ways = math.comb(int(one), int(other)) if whole else None
    if match["first"] != match["second"] or match["label"] or result in (one - other, ways):
        return match[0]  # "20 over 15 is 5", "5 over 2 is 10"
    return as_equation(match, "/")


MAX_CHOICES = 1000
"""Numbers up to which a quotient may be a binomial coefficient as well."""


def values(match: re.Match[str]) -> list[Fraction]:
    """Both operands and the result."""
    return [Fraction(in_digits(match[name].lstrip("$"))) for name in ("one", "other", "result")]


def counts_one_thing(match: re.Match[str]) -> bool:
    """Whether what stands behind the numbers, and the signs of money before them, are the same or left out."""
    things = {word for name in ("first", "second", "label") if (word := match[name].strip().removesuffix("s"))}
    money = {match[name][0] == "$" for name in ("one", "other", "result")}
    return len(things) < 2 and len(money) == 1


def as_equation(match: re.Match[str], sign: str, *, turned: bool = False) -> str:
    """The calculation of a match in signs, its operands in their order or the other one."""
    left, right = (f"{_spelled(match[name])}{match[label]}" for name, label in (("one", "first"), ("other", "second")))
    if turned:
        left, right = right, left
    marks = marks_of(match[0])
    return f"{STATES} {left} {sign} {right} = {_spelled(match['result'])}{match['label']}{marks}"
