"""What one solution has said of its unknowns so far, and what that proves or refutes: see ``algebra``."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from grader.checking import imaginary
from grader.checking.claims import (
    Claim,
    becomes_identity,
    explained_by_decimals,
    explained_by_units,
    loose_letters,
    puts_in,
    units_of,
)
from grader.checking.comparison import Bounds, bound_of, settled
from grader.checking.curves import Curves, misfactored
from grader.checking.explain import explain
from grader.checking.linear import Relation, Row, System
from grader.checking.meanings import Meanings, Words
from grader.checking.next_steps import NEAR, NextSteps
from grader.checking.polynomial import ONE, degree, is_constant_name, spell
from grader.checking.rewriting import wrong_product
from grader.checking.rewritings import Rewritings, vanishes
from grader.checking.rounding import rounds_to
from grader.checking.tree import as_division, traits
from grader.checking.units import mixes_units
from grader.limits import LimitError
from grader.types import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction

IDENTITY = "an identity"
IMAGINARY = "with i^2 = -1"
MAX_WORLDS = 4
"""Systems that are kept after contradictions, each beginning with the equation that contradicted the others."""
MAX_BRANCHES = 12
"""Contradictions in one solution that begin such a system."""
QUADRATIC = 2
"""The least degree of an equation with several roots."""
MAX_NAMED = 2
"""Equations that a detail names."""


class Finding(NamedTuple):
    """What is known of a claim, and the values of its sides where its letters have any."""

    status: CheckStatus
    detail: str | None = None
    left: Fraction | None = None
    right: Fraction | None = None


UNDECIDED = Finding(CheckStatus.SYMBOLIC)


def _failing(reason: str | None) -> Finding | None:
    return None if reason is None else Finding(CheckStatus.FAILS, reason)


class State:
    """What one solution has said so far. ``judge`` takes its claims in their order, ``review`` comes after all of them.

    ``inexact`` are the texts of calculations whose written results are rounded or wrong: a letter that is set equal to
    one of them may go on with that result.
    """

    def __init__(self, claims: Sequence[Claim], words: Callable[[], Words], inexact: set[str]) -> None:
        self._claims = {claim.place: claim for claim in claims}
        self._words = words
        self._letters = {name for claim in claims for name in claim.letters if len(name) == 1}
        self._loose = loose_letters(claims)
        for claim in claims:
            if not inexact.isdisjoint(claim.sides()):
                self._loose |= claim.letters
        self._seen: dict[str, Finding] = {}
        self._identities: set[int] = set()
        self._rewritings = Rewritings(self._claims, self._identities, lambda: self._told)
        self._firm = System()
        """What may refute."""
        self._worlds = [System()]
        """What may prove: all that was said, then the same again from each contradiction on."""
        self._branches = 0
        self._steps: list[Claim] = []
        """Firm equations with one letter."""
        self._curves = Curves()
        self._bounds = Bounds()
        self._solved: dict[int, Claim] = {}
        """By the place of a value, the equation that it solves."""
        self._next = NextSteps(self._claims, self._letters, lambda: self._told)

    def judge(self, claim: Claim) -> Finding:
        """Say what is known of a claim by what stands before it, and take it in."""
        finding = self._seen.get(claim.equation.text)
        if finding is None:
            finding = self._new(claim)
        elif finding.status is CheckStatus.FAILS:
            finding = UNDECIDED
        if finding.detail == IDENTITY:
            self._identities.add(claim.place)
        return finding

    def _new(self, claim: Claim) -> Finding:
        """What is known of an equation that was not said before."""
        try:
            finding = self._judge(claim)
        except LimitError:
            finding = UNDECIDED
        if claim.equation.doubt is None:
            self._seen[claim.equation.text] = finding
        if finding.detail != IDENTITY and not claim.compares:
            self._next.last = claim
            if finding.status is CheckStatus.HOLDS:
                self._next.derived.add(claim.place)
        return finding

    def review(self, claim: Claim, finding: Finding) -> Finding:
        """Judge a wrong rewriting, now that the values of its letters are known; other claims keep their finding."""
        if finding is not UNDECIDED or claim.equation.doubt is not None or claim.compares:
            return finding
        reason = self._rewritings.wrong(claim) or self._no_root(claim)
        if reason is not None:
            return Finding(CheckStatus.FAILS, reason)
        if not claim.rewrites():
            return finding
        form = claim.forms[0]
        known = [self._worlds[0].value(letter) for letter in claim.letters]
        if not all(known) or not self._may_refute([claim]):
            return finding
        left, right = claim.sides()
        return Finding(CheckStatus.FAILS, f"{left} is {spell(form.one.above)}, not {right}")

    def _compared(self, claim: Claim) -> Finding:
        """A comparison holds where values that are known or an earlier comparison prove it; it never fails."""
        for form in claim.forms:
            bound = bound_of(claim.equation.text, form.one, form.other, claim.place)
            if bound is None:
                continue
            if settled(bound, {}):
                return Finding(CheckStatus.HOLDS, IDENTITY)
            known = self._worlds[0].values(claim.letters)
            if settled(bound, known) and self._keeps_values(claim.letters):
                return Finding(CheckStatus.HOLDS, f"follows from {self._names(self._sources(known))}")
            before = self._bounds.place_of(bound)
            if before is not None:
                return Finding(CheckStatus.HOLDS, f"follows from {self._claims[before].equation.text}")
            if claim.equation.doubt is None and form is claim.forms[0]:
                self._bounds.take(bound)
        return UNDECIDED

    def _judge(self, claim: Claim) -> Finding:
        if claim.compares:
            return self._compared(claim)
        if any(not form.zero for form in claim.forms):
            return Finding(CheckStatus.HOLDS, IDENTITY)
        reason = imaginary.judge(claim)
        if reason is not None and claim.equation.doubt is None and not claim.equation.approximate and self._is_complex:
            if not reason:
                return Finding(CheckStatus.HOLDS, IMAGINARY)
            if not self._told.drops_letters(claim.equation.text, {imaginary.I}):
                return Finding(CheckStatus.FAILS, reason)
        rows = [form.row for form in claim.forms if form.row is not None]
        if not rows or claim.row is None or claim.counts_in_letters():
            self._loose |= claim.letters
            return self._curved(claim)
        if claim.rewrites():
            return UNDECIDED
        for world in self._worlds:
            for row in rows:
                relation, sources = world.relation(row)
                if relation is Relation.IMPLIED:
                    self._take(claim, claim.row)
                    values = claim.forms[0].values(world.values(claim.letters))
                    return Finding(
                        CheckStatus.HOLDS, f"follows from {self._names(sources - row.sources)}", *(values or ())
                    )
        finding = self._root(claim) or self._rounded(claim)
        if finding is None:
            finding = self._refuted(claim) or _failing(self._next.wrong(claim))
        proved = finding is None or finding.status is CheckStatus.HOLDS
        if proved and self._worlds[0].relation(claim.row)[0] is Relation.NEW:
            self._take(claim, claim.row)
            return finding or UNDECIDED
        self._branch(claim, claim.row)
        return finding or UNDECIDED

    def _curved(self, claim: Claim) -> Finding:
        """What is not linear holds for the values that its letters have, or as a multiple of an equation before it."""
        known = self._worlds[0].values(claim.letters)
        if known and not self._varies() and becomes_identity(claim, known) and not self._by_chance(claim, known):
            return Finding(CheckStatus.HOLDS, f"follows from {self._names(self._sources(known))}")
        before = self._curves.same(claim)
        if before is not None:
            return Finding(CheckStatus.HOLDS, f"follows from {before.equation.text}")
        if not claim.forms or claim.equation.doubt is not None or claim.equation.approximate:
            return UNDECIDED
        self._curves.take(claim)
        return _failing(misfactored(claim, self._next.last) or self._next.wrong(claim)) or UNDECIDED

    @staticmethod
    def _by_chance(claim: Claim, known: Mapping[str, Fraction]) -> bool:
        """``x^3-7x+6 = (x-1)(x^2+x+6)`` is true for x = 1, whatever the second factor."""
        return vanishes(claim, known) and wrong_product(claim) is not None

    def _root(self, claim: Claim) -> Finding | None:
        """``x = 3`` after ``x^2 - 5x + 6 = 0``."""
        known = self._curves.solved_by(claim)
        if known is None:
            return None
        self._solved[claim.place] = known
        return Finding(CheckStatus.HOLDS, f"a solution of {known.equation.text}")

    def _no_root(self, claim: Claim) -> str | None:
        """Say of which polynomial a value is no root, where the value that it is listed with is one."""
        solved = claim.forms[0].solved() if claim.forms else None
        if solved is None or claim.equation.approximate:
            return None
        for place in (claim.place - 1, claim.place + 1):
            known = self._solved.get(place)
            if known is None or claim.letters != known.letters or degree(known.forms[0].zero) < QUADRATIC:
                continue
            first = min(claim.place, place)
            if first - known.place > NEAR or not self._told.are_listed(first, first + 1):
                continue
            if self._told.has_several() or self._told.counts_otherwise() or self._told.are_given(claim.letters):
                continue
            if not any(
                becomes_identity(one, dict([solved]))
                for place, one in self._claims.items()
                if one is not claim and place not in self._identities
            ):
                return f"{claim.equation.text} does not solve {known.equation.text}"
        return None

    def _sources(self, known: Mapping[str, Fraction]) -> frozenset[int]:
        """Places of the equations that give letters their values."""
        rows = (Row({letter: ONE}, value, frozenset()) for letter, value in known.items())
        return frozenset().union(*(self._worlds[0].relation(row)[1] for row in rows))

    def _take(self, claim: Claim, row: Row) -> None:
        """Add a claim to what is known, and to what may refute."""
        if claim.equation.doubt is not None:
            return
        self._worlds[0].add(row)
        if len(claim.forms) > 1 or claim.equation.approximate or claim.forms[0].solved() is not None:
            return
        if any(map(is_constant_name, row.coefficients)):
            return
        if len(claim.letters) == 1:
            self._steps.append(claim)
        self._next.pair.take(claim)
        self._firm.add(row)

    def _branch(self, claim: Claim, row: Row) -> None:
        """Go on from a claim that contradicts what is known, with all of the latter that agrees with it.

        Its letters refute nothing from here on.
        """
        self._loose |= claim.letters
        self._branches += 1
        if claim.equation.doubt is not None or self._branches > MAX_BRANCHES:
            return
        world = System([row])
        for place in sorted(self._claims, reverse=True):
            known = self._claims[place]
            if place < claim.place and known.row is not None and known.equation.doubt is None:
                world.add(known.row)
        self._worlds[1:] = [world, *self._worlds[1 : MAX_WORLDS - 1]]

    def _rounded(self, claim: Claim) -> Finding | None:
        """``3x=37`` and then ``x=12.33``."""
        known = self._worlds[0].values(claim.letters)
        for form in claim.forms:
            values = form.values(known)
            if values is None:
                continue
            for exact, side, value in ((values[0], form.right, values[1]), (values[1], form.left, values[0])):
                literal = traits(side).literal
                if literal is None:
                    continue
                written = literal._replace(value=value)
                reason = rounds_to(exact, as_division(exact), written, approximate=claim.equation.approximate)
                if reason is not None:
                    return Finding(CheckStatus.ROUNDED, reason, *values)
        return None

    def _refuted(self, claim: Claim) -> Finding | None:
        """Why a claim fails: the firm equations contradict it under every reading, and nothing else can be meant."""
        form = claim.forms[0]
        if claim.equation.doubt is not None or claim.equation.approximate:
            return None
        relations = [form.row is not None and self._firm.relation(form.row) for form in claim.forms]
        if not all(relation and relation[0] is Relation.CONTRADICTS for relation in relations):
            return None
        assert form.row is not None
        step = next((known for known in reversed(self._steps) if known.letters == claim.letters), None)
        if not self._next.is_derived(claim, step):
            return None
        if step is not None and step.row is not None:
            system, sources = System([step.row]), frozenset({step.place})
        else:
            system, sources = self._firm, self._firm.relation(form.row)[1] - form.row.sources
        claims = [claim, *(self._claims[place] for place in sources)]
        values = form.values(system.values(claim.letters))
        if values is None or explained_by_decimals(values, claims) or explained_by_units(values, units_of(claims)):
            return None
        if not self._may_refute(claims) or (puts_in(claim) and any(map(puts_in, claims[1:]))):
            return None
        dollars = "$" in claim.equation.right_units
        reason = explain(claim.equation.text, values[0], form.left, values[1], form.right, dollars=dollars)
        return Finding(CheckStatus.FAILS, f"from {self._names(sources)}, {reason}", *values)

    def _may_refute(self, claims: list[Claim]) -> bool:
        """Whether the letters have one value and one meaning, and the units one scale."""
        letters = {name for claim in claims for name in claim.letters}
        if letters & self._loose or mixes_units(units_of(claims)):
            return False
        if any(self._told.drops_letters(claim.equation.text, self._letters) for claim in claims):
            return False
        return self._told.are_kept(letters)

    def _keeps_values(self, letters: frozenset[str]) -> bool:
        """Whether the letters have the values that equations gave them here too, not those of some interval."""
        return not letters & self._loose and not self._varies()

    def _varies(self) -> bool:
        """Whether the letters have several values, as on curves and in cases."""
        return self._told.vary(bounds=False)

    @cached_property
    def _is_complex(self) -> bool:
        return imaginary.calculates_with_complex_numbers(self._words().text, self._claims.values())

    @cached_property
    def _told(self) -> Meanings:
        """What the words say of the letters."""
        return Meanings(self._words())

    def _names(self, places: frozenset[int]) -> str:
        """The equations by their texts, if they are few."""
        texts = [self._claims[place].equation.text for place in sorted(places)]
        return " and ".join(texts) if len(texts) <= MAX_NAMED else "the equations before it"
