"""The same problem about other people and other things, so that a model learns to read and not to remember.

Which words are names and which are things is read off the corpus itself: names stand with a capital inside sentences
and never without one; things are plurals behind numbers whose singular is there too.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from grader.checking.unit_table import SIZES

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence

    from train.graph import Graph, Piece

NAMES, THINGS = 0.9, 0.8
"""Share of a problem's names, and of its things, that become others."""
_WORD = re.compile(r"[A-Za-z]+")
_COUNTED = re.compile(r"\d ([a-z]{3,}s)\b")
_BEGINNING = ("", *'.?!:"')
"""What stands before the first word of a sentence."""
_NO_NAMES = frozenset(
    """
    January February March April May June July August September October November December Monday Tuesday
    Wednesday Thursday Friday Saturday Sunday Mondays Tuesdays Wednesdays Thursdays Fridays Saturdays
    Sundays Mr Mrs Ms Dr Christmas Halloween Easter Thanksgiving Fahrenheit Celsius English Spanish
    French
    """.split()  # noqa: SIM905
)
_NO_THINGS = frozenset(
    """
    month year decade century dollar cent euro quarter nickel dime penny bill coin dozen pair time
    percent degree point leg wheel eye arm hand ear finger boy girl male female man woman adult kid
    child brother sister sibling parent mother father son daughter friend person side corner half third
    fourth fifth row column square unit kilo
    """.split()  # noqa: SIM905
)
"""Words that calculations rest on: a dozen is twelve, boys and girls are children."""
_HE, _SHE = frozenset({"he", "him", "his"}), frozenset({"she", "her", "hers"})


class Words:
    """The names and things of the problems ``questions``; those of one kind can stand for each other."""

    def __init__(self, questions: Iterable[str]) -> None:
        small, inside, counted = Counter[str](), Counter[str](), Counter[str]()
        texts = list(questions)
        for text in texts:
            counted.update(match[1] for match in _COUNTED.finditer(text))
            for match in _WORD.finditer(text):
                word = match[0]
                if not word[0].isupper():
                    small[word] += 1
                elif word[1:].islower():
                    before = text[max(0, match.start() - 20) : match.start()].rstrip()[-1:]
                    inside[word] += before not in _BEGINNING
        names = {
            word for word, times in inside.items() if times >= 2 and not small[word.lower()] and word not in _NO_NAMES
        }
        self._kinds = _kinds_of(texts, names)
        self._singular: dict[str, str] = {}
        for plural, times in counted.items():
            singular = _singular(plural, small)
            if times < 2 or singular is None or {singular, plural} & (_NO_THINGS | SIZES.keys()):
                continue
            if small[singular] <= 5 * small[plural]:  # "cans", but "can" is another word
                self._singular[plural] = singular
                for form in (plural, singular):
                    self._kinds[form] = "an" if plural[0] in "aeiou" else "a"
        self._plurals = {singular: plural for plural, singular in self._singular.items()}
        self._members: dict[str, list[str]] = defaultdict(list)
        for word, kind in sorted(self._kinds.items()):
            if word not in self._plurals:
                self._members[kind].append(word)

    def reworded(self, graph: Graph, random: random.Random) -> Graph:
        """The problem and its solution with other names and things, each the same wherever it stands."""
        pieces = [*graph.problem, *(piece for step in graph.steps for piece in step.pieces)]
        texts = [piece for piece in pieces if isinstance(piece, str)]
        found = {self._lower(word) for text in texts for word in _WORD.findall(text)}
        taken = {self._plurals.get(word, word) for word in found}
        others: dict[str, str] = {}
        for word in sorted(taken & self._kinds.keys()):
            if random.random() >= (THINGS if word in self._singular else NAMES):
                continue
            other = random.choice(self._members[self._kinds[word]])
            if other not in taken:
                taken.add(other)
                others[word] = other
                if word in self._singular:
                    others[self._singular[word]] = self._singular[other]
        steps = tuple(replace(step, pieces=self._said(step.pieces, others)) for step in graph.steps)
        return replace(graph, problem=self._said(graph.problem, others), steps=steps)

    def _lower(self, word: str) -> str:
        """The word as it is listed: names as they are, things without the capital that begins a sentence."""
        return word if word in self._kinds else word.lower()

    def _said(self, pieces: Sequence[Piece], others: Mapping[str, str]) -> tuple[Piece, ...]:
        def other(match: re.Match[str]) -> str:
            new = others.get(self._lower(match[0]))
            if new is None:
                return match[0]
            return new.capitalize() if match[0][0].isupper() else new

        return tuple(_WORD.sub(other, piece) if isinstance(piece, str) else piece for piece in pieces)


def _kinds_of(texts: Iterable[str], names: set[str]) -> dict[str, str]:
    """He or she, by the problems that speak of one name alone; else either."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        words = set(_WORD.findall(text))
        alone = words & names
        if len(alone) == 1:
            said[alone.pop()].update({"he": bool(words & _HE), "she": bool(words & _SHE)})
    return {
        name: max(("he", "she"), key=lambda one: said[name][one]) if said[name].total() else "any" for name in names
    }


def _singular(plural: str, small: Mapping[str, int]) -> str | None:
    forms = (f"{plural[:-3]}y" if plural.endswith("ies") else "", plural[:-1], plural[:-2])
    return next((form for form in forms if len(form) > 2 and form in small), None)
