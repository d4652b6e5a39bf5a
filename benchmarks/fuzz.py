"""Throw made-up solutions at the grader for as long as you like, and see that nothing breaks.

    python benchmarks/fuzz.py --minutes M [--seed S] [--out DIR]

Every input is made from a seed: true equations bent by the grammar, pieces of LaTeX, prose, random Unicode, and runs of
one piece up to 100 kB. Of each solution:

- ``Grader.grade`` returns, with the statuses that there are and no other;
- it takes less than a second of this process's processor time (a suspect is measured three times more, and the least
  counts), and the symbolic child no more than its time limit, however many questions the solution asks;
- at the end no child is left, and the memory has not grown by more than ``MEMORY_MIB``.

What breaks a rule is written to ``--out`` as text, with its seed in the name; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import re
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common import finish, print_table
from spellings import SPELLINGS

from grader.engines import load_pair
from grader.limits import SYMBOLIC_SECONDS
from grader.pipeline import Grader
from grader.types import CheckStatus, RowStatus, Solution, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 1.0
CHILD_START = 2.0
"""Processor seconds that the child may take to load sympy."""

MEMORY_MIB = 500
LENGTH = 100_000
AGAIN = 3
WORST = 5
REPORT_SECONDS = 600

PIECES = [
    *"0123456789+-*/^=()[]{}$%.,:;!<>|&~_#'\"\\ \n\t", *"×÷·−–≈≠≤½⅓²√π°€£¢“”…", "\r\n", "\u00a0", "\u2009", "\u200b",
    "\u202e", "\ue000", "\ue003", "٣", "１", "é", "👍", "\x00", "\ud800", "**", "//", "==", "=>", "~=", "!=", "1,000",
    "400 000", "1,00,000", "3.5", ".25", "1e5", "1e9999", "0.333...", "1 1/2", "2 1/", "20%", "12:30", "3/4/2020",
    "1-2", "\\frac{", "\\frac{1}{2}", "\\dfrac12", "\\sqrt{", "\\sqrt[3]{", "\\times", "\\div", "\\cdot", "\\left(",
    "\\right)", "\\text{", "\\boxed{", "\\(", "\\)", "\\[", "\\]", "$$", "\\begin{align}", "\\end{align}", "&=", "\\\\",
    "\\%", "\\$", "^{", "_{", "\\approx", "\\implies", "\\quad", "\\overline{3}", "\\binom{5}{2}", "\\pi", "\\sum",
    "\\ne", "sqrt(", "x", "2x", "x_1", "a=", "let x be ", "solve for y: ", "plus ", "minus ", "times ", "divided by ",
    "equals ", "is ", "percent of ", "half of ", "twice ", "three ", "hundred ", "million ", "dozen ", "and ", "per ",
    "hours ", "minutes ", "$5 ", "cents ", "feet ", "The total is ", "Wait, ", "Suppose ", "about ", "rounds to ",
    "####", "<<", ">>", "<<1+1=2>>", "<think>", "</think>", "```", "```python\n", "- ", "1. ", "# ", "| ",
    "Week 1:", "Day 2: ", "So the answer is ", "def f(x): return ", "<|end|>", "mod ", "!", "/hour", "(1+", "^9999",
    "!!", "%%",
]  # fmt: skip
WORDS = [
    "each",
    "box",
    "holds",
    "of",
    "the",
    "apples",
    "so",
    "she",
    "has",
    "left",
    "after",
    "that",
    "we",
    "get",
    "a",
    "in",
]


class Made(NamedTuple):
    """A solution made from a seed, and how it was made."""

    kind: str
    seed: int
    text: str


class Trouble(NamedTuple):
    """A broken rule: what was broken by which solution."""

    what: str
    made: Made


def main() -> None:
    """Fuzz until the time is up; say how many inputs of each kind there were, and the slowest."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    arguments.add_argument("--minutes", type=float, default=1.0)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--out", type=Path, default=Path("fuzz-out"), help="folder for what breaks a rule")
    options = arguments.parse_args()
    start = report = time.monotonic()
    counts: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    slowest: list[tuple[float, int, str, int]] = []
    troubles: list[Trouble] = []
    before = 0.0
    with _grader() as grader:
        seed = options.seed * 10**9
        while time.monotonic() - start < 60 * options.minutes:
            made = make(seed)
            seconds, found, trouble = grade(grader, made)
            counts[made.kind] += 1
            statuses.update(found)
            slowest = heapq.nlargest(WORST, [*slowest, (seconds, len(made.text), made.kind, seed)])
            seed += 1
            if counts.total() == 1_000:
                before = memory()
            if trouble:
                troubles.append(Trouble(trouble, made))
                _write(options.out, troubles[-1])
            if time.monotonic() - report > REPORT_SECONDS:
                report = time.monotonic()
                print(
                    f"{(report - start) / 60:.0f} min, {counts.total()} inputs, {len(troubles)} in trouble", flush=True
                )
    grown = memory() - before if before else 0.0
    left = len(children())
    if left or grown > MEMORY_MIB:
        troubles.append(
            Trouble(f"{left} children left, {grown:.0f} MiB more than after 1,000 inputs", Made("end", 0, ""))
        )
    minutes = (time.monotonic() - start) / 60
    print_table(f"{counts.total()} solutions in {minutes:.1f} minutes", ("kind", "solutions"), sorted(counts.items()))
    print_table("Statuses of their equations", ("status", "equations"), sorted(statuses.items()))
    print_table(
        "The slowest",
        ("seconds", "characters", "kind", "seed"),
        [(f"{s[0]:.3f}", *s[1:]) for s in sorted(slowest)[::-1]],
    )
    print(f"\nmemory: {memory():.0f} MiB, {grown:.0f} more than after 1,000 inputs; children left: {left}")
    for reason, some in sorted(_by_reason(troubles).items()):
        shortest = min(some, key=lambda made: len(made.text))
        print(f"{len(some)} times {reason}; shortest: {shortest.kind} {shortest.seed} {shortest.text[:100]!r}")
    finish(
        "fuzz",
        {
            "minutes": round(minutes, 1),
            "seed": options.seed,
            "solutions": counts.total(),
            "equations": statuses,
            "slowest_seconds": round(max(slowest)[0], 3),
            "memory_mib": round(memory()),
            "troubles": len(troubles),
        },
    )
    sys.exit(bool(troubles))


# --- making solutions -------------------------------------------------------------------------------------------------


def make(seed: int) -> Made:
    """Make the solution of a seed."""
    chance = random.Random(seed)
    kind = chance.choices([*KINDS], [weight for weight, _ in KINDS.values()])[0]
    return Made(kind, seed, KINDS[kind][1](chance)[:LENGTH])


def _number(chance: random.Random) -> str:
    size = 10 ** chance.choice((1, 1, 2, 2, 3, 4, 6, 12, 40))
    text = str(chance.randrange(size))
    return chance.choice(
        (text, text, text, f"{text}.{chance.randrange(100)}", f"{int(text):,}", f"${text}", f"{text}%")
    )


def _sum(chance: random.Random, depth: int = 3) -> str:
    if depth == 0 or chance.random() < 0.4:
        return _number(chance)
    form = chance.choice(
        ("{0}{1}{2}", "{0} {1} {2}", "({0}{1}{2})", "\\frac{{{0}}}{{{2}}}", "sqrt({0})", "{0}!", "-{0}", "{0}^{2}")
    )
    sign = chance.choice(["+", "-", "*", "/", "//", "^", "×", "\\times ", "\\div ", " mod ", "x", ""])
    return form.format(_sum(chance, depth - 1), sign, _sum(chance, depth - 1))


def _equation(chance: random.Random) -> str:
    """Make a true equation in a spelling, or one of the grammar, true or not."""
    if chance.random() < 0.5:
        one, other, sign = chance.randrange(1, 1000), chance.randrange(1, 100), chance.choice("+-*/")
        result = {"+": one + other, "-": one - other, "*": one * other, "/": one}[sign]
        equation = f"{one * other if sign == '/' else one}{sign}{other}={result}"
        return chance.choice([*SPELLINGS.values()])(equation) or equation
    return chance.choice((" = ", "=", "≈", " is ", " equals ", "&=")).join(
        _sum(chance) for _ in range(chance.choice((2, 2, 2, 3, 4)))
    )


def _prose(chance: random.Random) -> str:
    return " ".join(
        _equation(chance) if chance.random() < 0.1 else chance.choice(WORDS) for _ in range(chance.randrange(1, 60))
    )


def _bent(chance: random.Random) -> str:
    """Take good lines and cut, repeat, swap and insert pieces at random places."""
    text = "\n".join(chance.choice((_equation, _prose))(chance) for _ in range(chance.randrange(1, 8)))
    for _ in range(chance.randrange(1, 12)):
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        to = min(to, at + 30)
        text = chance.choice((
            text[:at] + text[to:],
            text[:at] + text[at:to] * 3 + text[to:],
            text[:at] + chance.choice(PIECES) + text[at:],
            text[:at] + chance.choice(PIECES) + text[to:],
        ))  # fmt: skip
    return text


def _pieces(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.choice((5, 20, 100, 1_000))))


def _unicode(chance: random.Random) -> str:
    top = chance.choice((0x100, 0x3000, 0xFFFF, 0x10FFFF))
    characters = [chr(chance.randrange(top)) for _ in range(chance.choice((10, 100, 1_000)))]
    return "".join(chance.choice((char, char, chance.choice(PIECES))) for char in characters)


def _run(chance: random.Random) -> str:
    """Repeat a few pieces up to 100 kB, with something before and behind."""
    piece = "".join(chance.choice(PIECES) for _ in range(chance.choice((1, 1, 1, 2, 3, 5)))) or "1"
    length = chance.choice((100, 600, 3_000, 20_000, LENGTH))
    head, tail = (chance.choice(("", "1 + 1 = ", "The total is ", "\\(", _equation(chance))) for _ in range(2))
    return head + piece * ((length - len(head) - len(tail)) // len(piece)) + tail


def _long(chance: random.Random) -> str:
    """Join different lines, or one long line of them, up to 100 kB."""
    joint = chance.choice(("\n", " ", ", ", " = ", "\\\\\n"))
    length = chance.choice((5_000, LENGTH))
    parts = []
    while sum(map(len, parts)) < length:
        parts.extend(_bent(chance) for _ in range(20))
    return joint.join(parts)


KINDS: dict[str, tuple[float, Callable[[random.Random], str]]] = {
    "equations": (20, lambda chance: "\n".join(_equation(chance) for _ in range(chance.randrange(1, 10)))),
    "bent": (40, _bent),
    "pieces": (20, _pieces),
    "unicode": (8, _unicode),
    "run": (10, _run),
    "long": (0.5, _long),
}


# --- judging them -----------------------------------------------------------------------------------------------------


def grade(grader: Grader, made: Made) -> tuple[float, Counter[str], str | None]:
    """Grade one solution: its processor seconds, the statuses of its equations, and what is wrong with the outcome."""
    statuses: Counter[str] = Counter()
    start, child_start = time.process_time(), child_seconds()
    try:
        (graded,) = grader.grade([Solution(made.text, made.text, made.text[-200:])])
    except Exception:  # noqa: BLE001  (that is what is looked for)
        return time.process_time() - start, statuses, traceback.format_exc(limit=-4)
    seconds, child = time.process_time() - start, child_seconds() - child_start
    statuses.update(check.status.value for line in graded.lines for check in line.equations)
    if graded.status not in RowStatus or not (graded.verdict is None or graded.verdict in Verdict):
        return seconds, statuses, f"{graded.status} {graded.verdict}"
    if not statuses.keys() <= set(CheckStatus):
        return seconds, statuses, f"{statuses}"
    if child > SYMBOLIC_SECONDS + CHILD_START:
        return seconds, statuses, f"{child:.1f} s in the symbolic child for {len(made.text)} characters"
    if seconds > SECONDS:
        seconds = min(seconds, *(_again(grader, made) for _ in range(AGAIN)))
        if seconds > SECONDS:
            return seconds, statuses, f"{seconds:.2f} s for {len(made.text)} characters"
    return seconds, statuses, None


def _again(grader: Grader, made: Made) -> float:
    start = time.process_time()
    grader.grade([Solution(made.text, made.text)])
    return time.process_time() - start


def _grader() -> Grader:
    return Grader(load_pair("rules", classifier=False, adapters=None, threshold=None))


def memory() -> float:
    """Largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def children() -> list[int]:
    """Processes that have this one as parent, ended but unwatched ones too."""
    return [int(number) for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def child_seconds() -> float:
    """Processor seconds of all children so far: those that ended, and those that run."""
    ended = os.times()
    running = 0
    for number in children():
        try:
            running += sum(map(int, Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ended.children_user + ended.children_system + running / os.sysconf("SC_CLK_TCK")


def _by_reason(troubles: list[Trouble]) -> dict[str, list[Made]]:
    """Group what broke by the last line that says why, its numbers aside."""
    found: dict[str, list[Made]] = {}
    for trouble in troubles:
        reason = re.sub(r"\d[\d.]*", "N", trouble.what.strip().rpartition("\n")[2][:60])
        found.setdefault(reason, []).append(trouble.made)
    return found


def _write(folder: Path, trouble: Trouble) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{trouble.made.kind}-{trouble.made.seed}.txt"
    path.write_bytes(trouble.made.text.encode("utf-8", "surrogatepass"))
    path.with_suffix(".why").write_text(trouble.what)


if __name__ == "__main__":
    main()
