"""The checker beside others that people use, on the same equations in one run.

    python benchmarks/check_peers.py [--count N] [--seed S] [--show N]

The peers are those of peers.py: math-verify (with latex2sympy2-extended behind it), sympy's parsers with ``simplify``,
and a checker made of Python's ``eval`` and a relative tolerance. They mostly grade final answers and were not made for
this use.

Golden cases and hostile texts are put to a process of its own for each checker, in an empty folder and with bounded
memory, that is killed after ``SECONDS``; a file that appears in the folder proves that a text ran as code. The hostile
texts are those of tests/test_hostile.py, so pytest must be installed.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import multiprocessing
import os
import random
import re
import resource
import signal
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from common import ROOT, finish, parser, print_table, proportion, read_rows, spell
from mutations import ATTEMPTS, is_false_beyond_rounding, is_true, mutate
from peers import EVAL, MATH_VERIFY, OURS, PEERS

from grader.numbers import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from peers import Check, Peer

SECONDS = 2.0
START_SECONDS = 60.0
MEMORY = 3 * 2**30
REPEATS = 3
ROUNDED = 300
WANTED_RATIO = 100
_ANNOTATION = re.compile(r"<<([^<>=]+=[^<>=]+)>>")


def main() -> None:
    """Ask every checker of everything, and print one table each for answers, hostile texts and speed."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=4_000, help="true equations (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="list up to N wrong answers of each kind")
    options = arguments.parse_args()
    if importlib.util.find_spec("math_verify") is None:
        sys.exit("math-verify is not installed: pip install '.[bench]'")
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    chance = random.Random(options.seed)
    true = chance.sample(known := annotations(options.data), min(options.count, len(known)))
    sets = {
        "true": (true, True),
        "changed": (list(changed(true, chance)), False),
        "rounded": (list(islice(quotients(chance, 0), ROUNDED)), True),
        "two units off": (list(islice(quotients(chance, 2), ROUNDED)), False),
    }
    absent = {name: reason for name, peer in PEERS.items() if (reason := peer.missing())}
    found = {name: peer for name, peer in PEERS.items() if name not in absent}
    answers = {name: {kind: _answers(peer, texts) for kind, (texts, _) in sets.items()} for name, peer in found.items()}
    golden = {name: _golden(peer, options.show) for name, peer in found.items()}
    hostile = {name: _hostile(name, peer, options.show) for name, peer in found.items()}
    rates = _rates(found, true)
    for name in found:
        for kind, (texts, wanted) in sets.items():
            wrong = [text for text, answer in zip(texts, answers[name][kind], strict=True) if answer is not wanted]
            _show(f"{name}: {kind}, not {'accepted' if wanted else 'refused'}", wrong, options.show)
    result = {
        name: {
            **{f"{kind}, accepted": _share(answers[name][kind], True) for kind in sets},
            "true, refused": _share(answers[name]["true"], False),
            **golden[name],
            "hostile": hostile[name],
            "equations_per_second": rates[name],
        }
        for name in found
    }
    _print(result, sets)
    ratios = {
        "to math-verify": round(rates[OURS] / rates[MATH_VERIFY], 1),
        "to eval": round(rates[OURS] / rates[EVAL], 2),
    }
    print(
        f"\nours to math-verify >= {WANTED_RATIO}: {ratios['to math-verify']}; ours to eval >= 1: {ratios['to eval']}"
    )
    for name, reason in absent.items():
        print(f"not measured: {name}: {reason}")
    finish("check_peers", {"peers": result, "ratio": ratios, "absent": absent})


# --- the equations ----------------------------------------------------------------------------------------------------


def annotations(folder: Path) -> list[str]:
    """Distinct calculator annotations of ``gsm8k_train`` that are exactly true: no reader of ours took part."""
    rows = read_rows(folder, "gsm8k_train")
    texts = dict.fromkeys(text.replace(" ", "") for row in rows for text in _ANNOTATION.findall(row["solution"]))
    return [text for text in texts if is_true(text)]


def changed(equations: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Give each with one digit or operator changed, false beyond any rounding."""
    for equation in equations:
        candidates = (mutate(equation, chance).equation for _ in range(ATTEMPTS))
        found = next(filter(is_false_beyond_rounding, candidates), None)
        if found is not None:
            yield found


def quotients(chance: random.Random, off: int) -> Iterator[str]:
    """Endless quotients and long products with a result rounded to 1 to 3 decimals, or ``off`` to 9 units away."""
    seen: set[str] = set()
    while True:
        one, other, decimals = chance.randint(100, 9_999), chance.randint(3, 97), chance.randint(1, 3)
        if chance.random() < 0.5:
            left, exact = f"{one}/{other}", Fraction(one, other)
        else:
            left, exact = f"{one / 100:.2f}*{other / 100:.2f}", Fraction(one * other, 10_000)
            decimals = min(decimals, 2)
        scaled = exact * 10**decimals
        if left in seen or (1_000 * exact).denominator == 1:
            continue
        seen.add(left)
        nearest = math.floor(scaled + Fraction(1, 2))
        written = nearest + chance.choice((-1, 1)) * chance.randint(off, 9) if off else nearest
        yield f"{left}={written / 10**decimals:.{decimals}f}"


def _answers(peer: Peer, texts: Sequence[str]) -> list[bool | None]:
    """Ask a checker of equations of known origin; what it cannot say, or raises, is None."""
    check = peer.make()
    return [_ask(check, text) for text in texts]


def _ask(check: Check, text: str) -> bool | None:
    try:
        return check(text)
    except Exception:  # noqa: BLE001  (peers raise what they like)
        return None


# --- golden cases and hostile texts -----------------------------------------------------------------------------------


class Sandbox:
    """A checker in a process of its own, in an empty folder, that is killed and started anew when it hangs or dies."""

    def __init__(self, make: Callable[[], Check], canary: str = "") -> None:
        self._make, self._canary = make, canary
        self._folder = tempfile.TemporaryDirectory()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._folder.cleanup()

    def ask(self, text: str) -> str:
        """Give ``true``, ``false``, ``nothing``, ``raises``, ``hangs``, ``dies`` or ``runs code``."""
        if self._process is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(text.encode("utf-8", "surrogatepass"))
            answer = self._connection.recv() if self._connection.poll(SECONDS) else "hangs"
        except (EOFError, OSError):
            answer = "dies"
        if answer in ("hangs", "dies"):
            self._kill()
        canary = Path(self._folder.name, self._canary)
        if self._canary and canary.exists():
            canary.unlink()
            return "runs code"
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._make, self._folder.name))
        self._process.start()
        theirs.close()
        if not self._connection.poll(START_SECONDS):
            sys.exit("a checker does not start")
        self._connection.recv()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.is_alive() and process.pid is not None:
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        assert self._connection is not None
        self._connection.close()


def _serve(connection: Connection, make: Callable[[], Check], folder: str) -> None:
    """Answer texts until the end of the connection, away from everything that a text could touch."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ["PATH"] = os.defpath
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    check = make()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.send("ready")
    while True:
        text = connection.recv().decode("utf-8", "surrogatepass")
        try:
            answer = {True: "true", False: "false", None: "nothing"}[check(text)]
        except Exception:  # noqa: BLE001
            answer = "raises"
        connection.send(answer)


def _golden(peer: Peer, show: int) -> dict[str, Any]:
    """Ask of the golden cases that are decided by numbers alone."""
    cases = json.loads((ROOT / "tests" / "cases" / "checking.json").read_text(encoding="utf-8"))
    wanted = {"holds": "true", "rounded": "true", "fails": "false"}
    cases = [case for case in cases if case["status"] in wanted and not {"units", "approximate"} & case.keys()]
    cases = [case for case in cases if COMPARISONS.isdisjoint(case["equation"])]  # the peers have no word for these
    count: Counter[str] = Counter()
    wrong = []
    with Sandbox(peer.make) as sandbox:
        for case in cases:
            answer = sandbox.ask(case["equation"])
            right = answer == wanted[case["status"]]
            opposite = not right and answer in ("true", "false")
            count.update(n=1, right=right, opposite=opposite)
            if not right:
                wrong.append(f"{case['equation']} {case['status']}: {answer}")
    _show("golden cases", wrong, show)
    return {
        "golden, right": proportion(count["right"], count["n"]),
        "golden, the opposite": proportion(count["opposite"], count["n"]),
    }


def _hostile(name: str, peer: Peer, show: int) -> dict[str, int]:
    """Put every hostile text to a checker and count what it did beside answering."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        texts = importlib.import_module("test_hostile")
    finally:
        sys.path.pop(0)
    count: Counter[str] = Counter()
    told = []
    with Sandbox(peer.make, texts.CANARY) as sandbox:
        for text in dict.fromkeys(texts.SHORT):
            answer = sandbox.ask(text)
            count[answer] += 1
            if answer in ("hangs", "dies", "runs code"):
                told.append(f"{answer}: {text[:80]!r}")
    _show(f"{name}, hostile", told, show)
    return {"texts": count.total(), **{what: count[what] for what in ("hangs", "dies", "runs code", "raises")}}


# --- speed ------------------------------------------------------------------------------------------------------------


def _rates(peers: dict[str, Peer], texts: Sequence[str]) -> dict[str, int]:
    """Equations a second of processor time: distinct strings, sympy's cache emptied first, medians of three rounds."""
    from sympy.core.cache import clear_cache

    checks = {name: peer.make() for name, peer in peers.items()}
    rates: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(REPEATS):
        for name, check in checks.items():
            some = texts[: peers[name].timed]
            clear_cache()
            start = time.process_time()
            for text in some:
                _ask(check, text)
            rates[name].append(len(some) / (time.process_time() - start))
    return {name: round(statistics.median(found)) for name, found in rates.items()}


# --- tables -----------------------------------------------------------------------------------------------------------


def _share(answers: Sequence[bool | None], wanted: bool) -> dict[str, Any]:
    return proportion(sum(answer is wanted for answer in answers), len(answers))


def _print(result: dict[str, dict[str, Any]], sets: dict[str, tuple[list[str], bool]]) -> None:
    short = {name: {figure: _fraction(value) for figure, value in row.items()} for name, row in result.items()}
    figures = ["true, refused", "changed, accepted", "rounded, accepted", "two units off, accepted"]
    print_table(
        f"Answers: {len(sets['true'][0])} true annotations of GSM8K, the same with one digit or operator changed, "
        f"{ROUNDED} correctly rounded results, {ROUNDED} off by two units or more",
        ("checker", *figures, "true, accepted", "golden cases, right", "… the opposite", "equations/s"),
        [
            (
                name,
                *(short[name][figure] for figure in [*figures, "true, accepted", "golden, right"]),
                short[name]["golden, the opposite"],
                row["equations_per_second"],
            )
            for name, row in result.items()
        ],
    )
    print_table(
        f"Hostile texts, {SECONDS:g} s each",
        ("checker", "texts", "hang", "end the process", "run as code", "raise"),
        [(name, *row["hostile"].values()) for name, row in result.items()],
    )
    golden = next(iter(result.values()))["golden, right"]["n"]
    print(
        f"\ngolden cases decided by numbers: {golden}; true accepted by ours: {spell(result[OURS]['true, accepted'])}"
    )


def _fraction(value: object) -> str:
    return f"{value['k']}/{value['n']}" if isinstance(value, dict) and "k" in value else str(value)


def _show(title: str, items: Sequence[str], show: int) -> None:
    if show and items:
        print(f"\n{title}: {min(show, len(items))} of {len(items)}")
        for item in items[:show]:
            print(f"  {item}")


if __name__ == "__main__":
    main()
