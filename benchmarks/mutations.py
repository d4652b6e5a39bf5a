"""Whether wrong calculations are caught and true ones stand, whatever their spelling: the mutation proof.

    python benchmarks/mutations.py [--count N] [--seed S] [--show N]

1. True equations that the reader reads in ``gsm8k_train`` get one digit or one operator changed, so that the exact
   evaluator of rigorous.py, which is not the grader's, finds them false beyond any rounding. The checker is asked of
   the equation alone, and reader and checker of the line that it came from, with the same change.
2. The same equations stay true in other spellings (spellings.py).

An equation counts once for every line that it stands in, and no changed equation counts twice.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from common import finish, parser, print_table, proportion, read_rows, spell
from rigorous import sides
from spellings import OPERATORS, SPELLINGS, WORDS, operator_places, spellings_of, tokens_of

from grader.checking.check import Checker
from grader.lines import split_lines
from grader.reading.rules import read_line
from grader.types import CheckStatus, Equation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction
    from pathlib import Path

    from grader.types import EquationCheck

STANDS = {CheckStatus.HOLDS, CheckStatus.ROUNDED}
ATTEMPTS = 30
_SIGNS = {"+": r"\+", "-": "[-−–]", "*": r"[*×·]|(?<![A-Za-z])[xX](?![A-Za-z])", "/": "[/÷]"}
_SPELLED = {"+": "plus", "-": "minus", "*": "times|multiplied by", "/": "divided by"}


class Place(NamedTuple):
    """A true equation and the line that it was read from."""

    equation: str
    line: str


class Mutation(NamedTuple):
    """An equation with one token changed: ``kind`` is ``digit`` or ``operator``."""

    kind: str
    equation: str
    place: int
    token: str


class Miss(NamedTuple):
    """What was not as it should be: the text, and what became of its equations."""

    kind: str
    text: str
    checks: Sequence[EquationCheck]

    @property
    def reason(self) -> str:
        """Why the last equation that is not plainly true was not called false, without its numbers."""
        told = [check for check in self.checks if check.status is not CheckStatus.HOLDS or check.detail] or self.checks
        if not told:
            return "not read"
        status, detail = told[-1].status, told[-1].detail or ""
        return f"{status}: {detail.partition(':')[0]}".rstrip(": ")

    def tell(self) -> str:
        """Say what was written and what was read."""
        read = "; ".join(f"{check.text} {check.status} {check.detail or ''}".rstrip() for check in self.checks)
        return f"{self.kind}: {self.text!r}: {read or 'not read'}"


def main() -> None:
    """Run both halves of the proof."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=15_000, help="mutations (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="list up to N of the misses of each kind")
    options = arguments.parse_args()
    with Checker() as checker:
        places = true_places(checker, options.data)
        chosen = mutated(places, options.count, random.Random(options.seed))
        result = {
            "places": len(places),
            "equations": len({place.equation for place in places}),
            "caught": _caught(checker, chosen, options.show),
            "still_true": _still_true(checker, sorted({place.equation for place, _ in chosen}), options.show),
        }
    finish("mutations", result)


def true_places(checker: Checker, folder: Path) -> list[Place]:
    """Distinct pairs of an equation and its line that the reader reads, and that both evaluators find exactly true."""
    found: dict[Place, None] = {}
    for row in read_rows(folder, "gsm8k_train"):
        for line in split_lines(row["solution"]):
            for equation in read_line(line.readable).equations:
                if checker.check(equation).status is CheckStatus.HOLDS and is_true(equation.text):
                    found[Place(equation.text, line.readable)] = None
    return list(found)


def is_true(equation: str) -> bool:
    """Whether the independent evaluator finds both sides exactly equal under the textbook's meaning of percent."""
    both = sides(equation) if tokens_of(equation) else ()
    return len(both) == 2 and bool({side.value for side in both[0]} & {side.value for side in both[1]})


def is_false_beyond_rounding(equation: str) -> bool:
    """Whether the sides lie two units of the last written digit apart or more, under every meaning of percent."""
    left, right = sides(equation)
    texts = equation.split("=")
    return bool(left and right) and all(
        abs(one.value - other.value) >= 2 * _unit(texts, (one.value, other.value)) for one in left for other in right
    )


def _unit(texts: Sequence[str], values: Sequence[Fraction]) -> Fraction:
    """Give the unit of the last digit of the written result; of two calculations, the coarsest of their numbers."""
    from fractions import Fraction

    written = [(text, value) for text, value in zip(texts, values, strict=True) if re.fullmatch(r"-?[\d.]+%?", text)]
    units = []
    for text, value in written:
        digits = int(re.sub(r"\D", "", text))
        units.append(abs(value) / digits if digits else Fraction(1, 10 ** _decimals(text)))
    numbers = re.findall(r"[\d.]+", "=".join(texts))
    return max(units) if units else Fraction(1, 10 ** min(map(_decimals, numbers)))


def _decimals(number: str) -> int:
    return len(number.rstrip("%").partition(".")[2])


def mutated(places: Sequence[Place], count: int, chance: random.Random) -> list[tuple[Place, Mutation]]:
    """Change as many places as are wanted and possible, each into an equation that was not made before."""
    made: dict[str, tuple[Place, Mutation]] = {}
    for place in chance.sample(places, len(places)):
        if len(made) == count:
            break
        for _ in range(ATTEMPTS):
            mutation = mutate(place.equation, chance)
            if mutation.equation not in made and is_false_beyond_rounding(mutation.equation):
                made[mutation.equation] = (place, mutation)
                break
    return list(made.values())


def mutate(equation: str, chance: random.Random) -> Mutation:
    """Change one digit or one operator, each equally likely."""
    tokens = tokens_of(equation)
    digits = [(at, index) for at, token in enumerate(tokens) for index, char in enumerate(token) if char.isdecimal()]
    choice = chance.choice([*digits, *((at, -1) for at in operator_places(tokens))])
    at, index = choice
    old = tokens[at]
    if index < 0:
        kind, new = "operator", chance.choice(sorted(OPERATORS - {old}))
    else:
        # The number keeps its length: no leading zero appears.
        first = "1" if index == 0 and len(old.partition(".")[0]) > 1 else "0"
        allowed = [digit for digit in "0123456789" if digit not in (old[index], "0" if first == "1" else "")]
        kind, new = "digit", old[:index] + chance.choice(allowed) + old[index + 1 :]
    return Mutation(kind, "".join([*tokens[:at], new, *tokens[at + 1 :]]), at, new)


def mutate_line(place: Place, mutation: Mutation) -> str | None:
    """Make the same change where the equation stands in its line; None where it is not written out there."""
    tokens = tokens_of(place.equation)
    match = _pattern(tokens, _SIGNS).search(place.line) or _pattern(tokens, _SPELLED).search(place.line)
    if match is None:
        return None
    written = match[f"t{mutation.place}"]
    new = mutation.token
    if mutation.kind == "operator":
        new = WORDS[new] if written.isalpha() and len(written) > 1 else new
    else:
        new = _as_written(written, tokens[mutation.place], new)
    start, end = match.span(f"t{mutation.place}")
    return place.line[:start] + new + place.line[end:]


def _pattern(tokens: Sequence[str], operator_spellings: dict[str, str]) -> re.Pattern[str]:
    """Find an equation in its line: its tokens in order, with labels between them but no other number."""
    operators = set(operator_places(list(tokens)))
    pieces = []
    for place, token in enumerate(tokens):
        if token[-1].isdecimal():
            whole, point, rest = token.partition(".")
            number = ",?".join(whole.lstrip("0") or "0") if whole.strip("0") else "0?"
            number = number if whole != "0" or point else "0"
            pieces.append(rf"(?<![\d.])(?P<t{place}>{number}{re.escape(point + rest)})(?![\d]|[.,]\d)")
        elif place in operators:
            pieces.append(rf"(?P<t{place}>{operator_spellings[token]})")
        elif token == "=":
            pieces.append("=")
    return re.compile(r"[^\d=]{0,60}?".join(pieces))


def _as_written(written: str, old: str, new: str) -> str:
    """Write the changed number as the line writes the old one: with its separators, with or without a leading zero."""
    if not old.startswith(".") and written.startswith("."):
        return new[1:] if new.startswith("0.") else new
    if old.startswith(".") and not written.startswith("."):
        return "0" + new
    digits = iter(new)
    return "".join(char if char == "," else next(digits) for char in written)


def _caught(checker: Checker, chosen: Sequence[tuple[Place, Mutation]], show: int) -> dict[str, Any]:
    alone: Counter[str] = Counter()
    in_line: Counter[str] = Counter()
    misses: dict[str, list[Miss]] = {"equation": [], "line": []}
    absent = 0
    for place, mutation in chosen:
        kind = mutation.kind
        check = checker.check(Equation(mutation.equation))
        alone.update({f"{kind} n": 1, f"{kind} k": check.status is CheckStatus.FAILS})
        if check.status is not CheckStatus.FAILS:
            misses["equation"].append(Miss(kind, mutation.equation, [check]))
        line = mutate_line(place, mutation)
        if line is None:
            absent += 1
            continue
        checks = _read_and_check(checker, line)
        found = any(check.status is CheckStatus.FAILS for check in checks)
        in_line.update({f"{kind} n": 1, f"{kind} k": found})
        if not found:
            misses["line"].append(Miss(f"{kind} {mutation.equation}", line, checks))
    result = {
        "equation": {kind: proportion(alone[f"{kind} k"], alone[f"{kind} n"]) for kind in ("digit", "operator")},
        "line": {kind: proportion(in_line[f"{kind} k"], in_line[f"{kind} n"]) for kind in ("digit", "operator")},
    }
    for where, counts in (("equation", alone), ("line", in_line)):
        result[where]["both"] = proportion(
            *(sum(counts[f"{kind} {x}"] for kind in ("digit", "operator")) for x in "kn")
        )
    print_table(
        f"Caught of {len(chosen)} equations made false ({absent} are not written out in their line)",
        ("changed", "the equation alone", "in its line"),
        [(kind, spell(result["equation"][kind]), spell(result["line"][kind])) for kind in result["equation"]],
    )
    reasons = {where: Counter(miss.reason for miss in listed) for where, listed in misses.items()}
    names = sorted(set().union(*reasons.values()), key=lambda name: -reasons["line"][name])
    rows = [(name, reasons["equation"][name], reasons["line"][name]) for name in names]
    print_table("Why the others were not", ("the checker's word", "the equation alone", "in its line"), rows)
    for where, listed in misses.items():
        _show(f"not caught ({where})", listed, show)
    return {**result, "reasons": reasons}


def _still_true(checker: Checker, equations: Iterable[str], show: int) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    misses = []
    for equation in equations:
        for name, line in spellings_of(equation):
            readable = "\n".join(part.readable for part in split_lines(line))
            checks = _read_and_check(checker, readable)
            stands = any(check.status in STANDS for check in checks)
            fails = any(check.status is CheckStatus.FAILS for check in checks)
            counts.update({f"{name} n": 1, f"{name} k": stands and not fails})
            alarms[name] += fails
            if fails or not stands:
                misses.append(Miss(name, line, checks))
    shares = {name: proportion(counts[f"{name} k"], counts[f"{name} n"]) for name in SPELLINGS}
    total = proportion(sum(share["k"] for share in shares.values()), sum(share["n"] for share in shares.values()))
    shares["all"] = total
    alarms["all"] = alarms.total()
    print_table(
        "True equations in another spelling",
        ("spelling", "hold", "called false"),
        [(name, spell(share), alarms[name]) for name, share in shares.items()],
    )
    for name in SPELLINGS:
        _show(f"does not hold ({name})", [miss for miss in misses if miss.kind == name], show)
    return {**shares, "called_false": alarms.total()}


def _read_and_check(checker: Checker, line: str) -> list[EquationCheck]:
    return [checker.check(equation) for equation in read_line(line).equations]


def _show(title: str, misses: Sequence[Miss], show: int) -> None:
    if show and misses:
        print(f"\n{title}: {min(show, len(misses))} of {len(misses)}")
        for miss in misses[:show]:
            print(f"  {miss.tell()}")


if __name__ == "__main__":
    main()
