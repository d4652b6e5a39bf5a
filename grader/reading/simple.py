"""The fast path of reading: lines whose only mathematics are calculations as most people write them.

``The five boxes hold 5 * 12 pens = 60 pens.`` is read by one regular expression; a line with anything else in it that
could mean something to the reader is left to ``rules.read_by_tokens``. Where this path answers, it answers the same:
the tests hold one against the other.
"""

from __future__ import annotations

import re

from grader.characters import clean
from grader.checking.units import clashing_rates, leaves_units_out, unit_named
from grader.numbers import NUMBER_WORDS, SCALE_WORDS
from grader.reading.functions import names_function
from grader.reading.idioms import RESULTS_OF_MATCHES, may_be_hours
from grader.reading.in_words import states
from grader.reading.number_words import BEGINNINGS
from grader.reading.words import (
    CURRENCIES,
    EQUALS_WORDS,
    FRACTION_LABELS,
    FUNCTION_WORDS,
    IS_WORDS,
    MAGNITUDE_WORDS,
    NUMBER_LABELS,
    OPERATOR_WORDS,
    ORDERING_NOUNS,
    ORDERING_WORDS,
    PART_WORDS,
    PLURAL_LABELS,
    POWER_WORDS,
    RATES,
    STOP_WORDS,
)
from grader.types import Equation, Source

_NUMBER = r"\$?(?:(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*|0(?![xX]\d\d))(?:\.\d+)?|\.\d+)(?![,.]?\d|\.\.)%?"
_LABEL = r"(?: [a-z]{2,}){0,5}(?:/[a-z]{2,}){0,2}"
_CALCULATION = re.compile(
    rf"(?<![^ ])(?P<left>{_NUMBER}{_LABEL}(?: ?[-+*/x] ?{_NUMBER}{_LABEL}){{1,12}}) ?= ?"
    rf"(?P<right>{_NUMBER})(?![\w%(/$!-]|'\d)"
    r"(?! ?[\d$%]| : ?\d| (?:\.\d|[b-zA-Z]|an?|[ap]\.?m)\b| 1/| ?[Rr](?:em\.?)? ?\d)"
)
_OPERAND = re.compile(rf"(?P<sign>(?: ?[-+*/x] ?)?)(?P<number>{_NUMBER})(?P<label>{_LABEL})")
_SIGNS = re.compile(r"[=+*/^<>()\[\]{}|~\\`_&#@]|:(?! )|%(?! [a-z]|[,.](?: [a-zA-Z]|\n|\Z))")
# What these signs may be without meaning anything: "= 9 pens/box", "2/5 of the pens", "wins (or loses)".
_PLAIN_SIGNS = re.compile(
    r"^ [a-z]{2,}/(?P<per>[a-z]{2,})(?=[ .,]|$)"
    r"|(?<![^ ])[1-9]\d{0,2}/[1-9]\d{0,2} of (?:the|his|her|their|its) [a-z]+(?! \d)"
    r"(?![^\d\n]* (?:is|are|was|were) ?$)|(?<=[a-z] )\([a-z][a-z ]*\)",
    re.MULTILINE,
)
# An operation in words has a number on either side of it.
_NO_OPERAND = rf"(?! (?:{'|'.join(sorted(NUMBER_WORDS | SCALE_WORDS))}|half|twice|double)\b)(?= [a-zA-Z])(?=[^\d\n]*$)"
_NOT_OF_NUMBERS = r"(?! (?:up|down|to|off))"
_HARMLESS = {
    word: re.compile(pattern, re.MULTILINE)
    for word, pattern in {
        "equal": "equal(?=ly)",
        "times": rf"times(?:(?= (?:a|an|as|per|each|in|every|more|less)\b|[.,]|$)|{_NO_OPERAND})",
        "plus": f"plus{_NO_OPERAND}",
        "minus": f"minus{_NO_OPERAND}",
        "um of": f"um of{_NO_OPERAND}",
        "roduct of": f"roduct of{_NO_OPERAND}",
        "% of": rf"% of(?:(?= [a-z]+ [a-z])|{_NO_OPERAND})",
        "ercent": rf"(?<=[a-z] p)ercent(?:age)?{_NO_OPERAND}",
        "round": rf"(?<=[ag])round|round(?= ){_NOT_OF_NUMBERS}|rounds{_NOT_OF_NUMBERS}",
        "Round": rf"Rounds{_NOT_OF_NUMBERS}",
        "rough": r"(?<=th)rough|(?<=[bw])rough(?=t)|rough(?= [a-z])",
    }.items()
}
_WORDS = (
    *_HARMLESS, "divided", "multiplied", "nearest", "pprox", "Rough", "stimat", "emainder", "undred", "ousand",
    "illion", "squared", "cubed", "decimal place", "ignificant fig", "sig fig", "sig. fig", "sigfig", " sf", " s.f",
    " dp", " d.p", "..",
)  # fmt: skip
"""What may mean something to the reader, unless each of them stands as its pattern has it."""
_SHARE = re.compile(
    r"(?:alf|hird|uarter|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|teen|tie|hundred|thousand|illion)th)s? of\b"
)
_RELATIONS = (
    "is", "are", "was", "were", "or", "equal", "equals", "make", "makes", "gives", "give", "leaves", "leave", "to",
    "exactly", "meaning", "so", r"i\.e\.",
)  # fmt: skip
# Whatever is stated in words ends in a relation and a number. Looked for from the space: few have a number behind.
_STATED = re.compile(rf" (?=\$?[\d.])(?:{'|'.join(rf'(?<=[ ,(]{word} )' for word in _RELATIONS)}|(?<='s ))")
_GLUED = re.compile(r"\d(?:(?!st|nd|rd|th)[A-Za-z]| ?[apAP]\.?[mM]\b)")
_DASH = re.compile(r"(?<!\w)-|-(?![A-Za-z])")
_TIMES = re.compile(r"\b[xX]\b|[xX](?=[\d$]|\.\d)")
_ORDERING = re.compile(
    rf"(?:\d and|\b(?:of|between) \S+ and|base \S+ of|\b(?:{'|'.join(sorted(ORDERING_NOUNS))}) of) $", re.IGNORECASE
)
_COUNTED = re.compile(r"\d [A-Za-z]+ $")
_JOINED = re.compile(r"\d [A-Za-z]+ and $")
_MODULO = re.compile(r" mod(?:ulo)?\b", re.IGNORECASE)
_TWO_SLASHES = re.compile(r"\d/\d+(?:\.\d+)?/\d")

_SCALES = frozenset(SCALE_WORDS) | {f"{word}s" for word in SCALE_WORDS}
_VALUES = frozenset(NUMBER_WORDS) | _SCALES | BEGINNINGS | PART_WORDS | FRACTION_LABELS | frozenset(POWER_WORDS)
_NO_LABELS = (
    STOP_WORDS
    | IS_WORDS
    | EQUALS_WORDS
    | _VALUES
    | frozenset(OPERATOR_WORDS)
    | frozenset(RATES)
    | MAGNITUDE_WORDS
    | (FUNCTION_WORDS - {"sec"})  # "30 sec" counts seconds
    | RESULTS_OF_MATCHES
    | {"pi", "percent", "am", "pm", "mod", "modulo", "rounds", "round", "rounded", "rounding", "nearest"}
)
_NOT_BEFORE = (
    frozenset(OPERATOR_WORDS) | _VALUES | ORDERING_WORDS | CURRENCIES | FUNCTION_WORDS | {"pi", "mod", "modulo", "base"}
)
_NOT_BEHIND = MAGNITUDE_WORDS | CURRENCIES | {"pi"}


def read_simple(text: str) -> tuple[Equation, ...] | None:
    """The equations of a line that is wholly plain, None where it takes the reference path to say."""
    if not text.isascii():
        text = clean(text)
        if not text.isascii():
            return None
    found: list[Equation] = []
    around: list[str] = []
    position = 0
    for match in _CALCULATION.finditer(text):
        before = text[position : match.start()]
        if not _leaves_alone(before, first=position == 0):
            return None
        equation = _equation(match, text)
        if equation is None:
            return None
        around.append(before)
        found.append(equation)
        position = match.end("right")
    if not found:
        return None
    around.append(text[position:])
    between = "\n".join(around)
    if _says_more(between) or (_STATED.search(between) and states(text)) or may_be_hours(text):
        return None
    return tuple(found)


def _leaves_alone(before: str, *, first: bool) -> bool:
    """Whether the word before a calculation is one that does not change its first number."""
    if not before:
        return first
    word = before.removesuffix(" ").rpartition(" ")[2].rpartition('"')[2].lower()
    ends = word[-1:] in _PUNCTUATION
    if ends:
        word = word[:-1]
    word = word.removeprefix("'")
    if not word:
        return first and not before.strip()
    if not word.replace("'", "").isalpha() or word[-1] == "'":
        return False
    if word in ("and", "of") and _ORDERING.search(before):
        return False
    if word == "and" and _JOINED.search(before):
        return False  # "1 hour and 30 minutes + 15 minutes"
    if unit_named(word) is not None and _COUNTED.search(before):
        return False  # "7 hours 30 minutes - 30 minutes"
    if len(word) == 1 or word in _NOT_BEFORE:
        return False
    return ends or not (word in NUMBER_LABELS or word in PLURAL_LABELS)


_PUNCTUATION = frozenset(",;:.!?")


def _says_more(around: str) -> bool:
    """Whether the text around the calculations may mean anything to the reference path."""
    if _SIGNS.search(around) and _SIGNS.search(_PLAIN_SIGNS.sub(_unless_rate, around)):
        return True
    for word in _WORDS:
        if word in around and not _is_harmless(word, around):
            return True
    if " of" in around and _SHARE.search(around):
        return True
    if " mod" in around and _MODULO.search(around):
        return True
    if "-" in around and _DASH.search(around):
        return True
    return _GLUED.search(around) is not None or (("x" in around or "X" in around) and _TIMES.search(around) is not None)


def _is_harmless(word: str, around: str) -> bool:
    """Whether each of these words stands where it means nothing."""
    pattern = _HARMLESS.get(word)
    return pattern is not None and len(pattern.findall(around)) == around.count(word)


def _unless_rate(sign: re.Match[str]) -> str:
    return sign[0] if sign["per"] and unit_named(sign["per"]) is not None else ""


def _equation(match: re.Match[str], text: str) -> Equation | None:
    left = match["left"]
    if _TWO_SLASHES.search(left) or ("x1" in left and "x2" in left):
        return None  # "2x1 + 3x2 = 12"
    pieces: list[str] = []
    units: list[str] = []
    rates: list[str] = []
    things: list[str] = []
    labelled = glued = False
    for operand in _OPERAND.finditer(left):
        sign, number, label = operand.groups()
        if pieces and not sign:
            return None
        if sign:
            if labelled and sign[0] == "/" and label:
                return None  # "2 cups/10 minutes"
            pieces.append("*" if "x" in sign else sign.strip())
            glued = " " not in sign
        if number[0] == "$":
            units.append("$")
            number = number[1:]
        pieces.append(number.replace(",", "") if "," in number else number)
        labelled = bool(label)
        if label:
            words = label.replace("/", " ").split()
            things.append(words[0])
            if words[0] == "of" or label == " in" or not _NO_LABELS.isdisjoint(words):
                return None
            if "/" in label:
                rates += [unit for word in label.split("/")[1:] if (unit := unit_named(word)) is not None]
            if label[0] == " " and (unit := unit_named(words[0])) is not None:
                units.append(unit)
    if len(pieces) == 3 and glued and _is_pair(*pieces):
        return None
    if len(set(units)) > 1 and ("+" in pieces or "-" in pieces):
        return None
    right = match["right"]
    right_units: tuple[str, ...] = ("$",) if right[0] == "$" else ()
    following = _FOLLOWING.match(text, match.end())
    if following is not None:
        word, number, next_word = following.groups()
        unit = unit_named(word)
        if word.lower() in _NOT_BEHIND or _INCHES.match(text, match.end()):
            return None
        if (unit is None and names_function(word)) or (unit is not None and next_word and names_function(next_word)):
            return None  # "= 12 sin 30", "= 8 cm sin 30"
        if unit is not None:
            if number or _ANOTHER_PART.match(text, following.end(1)):
                return None  # "1 hour 30 minutes", "1 hour and 30 minutes"
            right_units += (unit,)
    if rates and clashing_rates(units, rates, right_units):
        return None
    if leaves_units_out(pieces, units, right_units):
        return None
    if len(things) > len(pieces) // 2 and right_units and set(right_units).isdisjoint(units) and len(things) > 1:
        return None  # "2 apples + 3 oranges = $8"
    value = right.lstrip("$").replace(",", "")
    return Equation(f"{''.join(pieces)}={value}", Source.RULES, False, tuple(units), right_units)


def _is_pair(one: str, sign: str, other: str) -> bool:
    """Whether this may be a fraction or a range by itself rather than a calculation."""
    return sign in "/-" and one.isdecimal() and other.isdecimal() and int(one[:9]) <= int(other[:9])


_ANOTHER_PART = re.compile(r" and \d")
_INCHES = re.compile(r" +in(?! *[\w$(])")
_FOLLOWING = re.compile(r" +([A-Za-z]\w++)(?!['&]\w)(?:( +\d)| +([A-Za-z]\w++))?")
