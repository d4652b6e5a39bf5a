"""The gates of a night: each measure against its bounds. What cannot be judged is broken, never passed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.audit.config import GOLD_MEASURE
from grader.audit.measures import OF_ROWS, share_of
from grader.remote import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.audit.config import Bounds, Config, Gate

CLASSIFIED = frozenset({"conceptual", "disagreement"})
"""What cannot be counted where no classifier ran."""

FIRST = "nothing to compare with yet: tonight becomes the measure for the next night"


class Level(StrEnum):
    """What became of a gate."""

    PASS = "pass"  # noqa: S105  no password
    WARN = "warn"
    FAIL = "fail"


class Reading(NamedTuple):
    """What a gate looks at: tonight's and last night's value, each with its count; None where there is none.

    ``why_not`` says why there is no value tonight, or none to compare with although there was a night before.
    ``is_first`` is True where there was none, so that tonight becomes the measure for the next.
    """

    value: float | None
    rows: int | None = None
    whole: int | None = None
    before: float | None = None
    is_first: bool = False
    why_not: str | None = None
    why_no_before: str | None = None


class Outcome(NamedTuple):
    """One gate, judged for one data set and one value of its slice."""

    measure: str
    data: str | None
    slice: str | None
    slice_value: str | None
    gold: str | None
    level: Level
    value: float | None
    rows: int | None
    before: float | None
    message: str


def judge(gate: Gate, reading: Reading) -> tuple[Level, str]:
    """Hold one value against both sets of bounds: the level, and the reason in words."""
    said = _spelled(gate, reading)
    if reading.is_first and gate.measure == "new_flawed":
        return Level.WARN, FIRST
    if reading.why_not is not None or reading.value is None:
        return Level.FAIL, f"could not be evaluated: {reading.why_not or 'there are no rows to count'}"
    unjudged = None
    for level, bounds in ((Level.FAIL, gate.fail), (Level.WARN, gate.warn)):
        if bounds is None:
            continue
        broken = next(_broken(gate, bounds, reading), None)
        if broken is not None:
            return level, f"{said}{broken}"
        if bounds.worse_than_last is not None and reading.before is None:
            if not reading.is_first:
                return Level.FAIL, f"could not be evaluated: {reading.why_no_before}; {said}"
            unjudged = f"{said}; {FIRST}"
    return (Level.WARN, unjudged) if unjudged is not None else (Level.PASS, said)


def _broken(gate: Gate, bounds: Bounds, reading: Reading) -> Iterator[str]:
    assert reading.value is not None
    if bounds.share is not None and reading.value > bounds.share:
        yield f", more than {_percent(bounds.share)}"
    if bounds.count is not None and (reading.rows or 0) > bounds.count:
        yield f", more than {bounds.count:,}"
    if bounds.below is not None and reading.value < bounds.below:
        yield f", below {bounds.below:g}"
    if bounds.worse_than_last is not None and reading.before is not None:
        worse = reading.before - reading.value if gate.measure == GOLD_MEASURE else reading.value - reading.before
        # Shares are quotients of whole numbers: a difference at the bound must not break it by a rounding error.
        if worse > bounds.worse_than_last + 1e-12:
            was = f"{reading.before:.3f}" if gate.measure == GOLD_MEASURE else _percent(reading.before)
            yield f"; it was {was}, {100 * worse:.2f} points worse now (allowed: {100 * bounds.worse_than_last:g})"


def _spelled(gate: Gate, reading: Reading) -> str:
    if reading.value is None:
        return ""
    if gate.measure == GOLD_MEASURE:
        return f"{reading.value:.3f} on {reading.whole:,} gold rows"
    return f"{reading.rows:,} of {reading.whole:,} rows ({_percent(reading.value)})"


def _percent(share: float) -> str:
    percent = 100 * share
    # Small shares keep their digits: a bound of 0.01 % must not read as none.
    return f"{percent:.3g} %" if percent < 1 else f"{percent:.2f}".rstrip("0").rstrip(".") + " %"


def judge_all(
    config: Config,
    now: Mapping[str, Mapping[str, Any]],
    before: Mapping[str, Mapping[str, Any]],
    gold: Sequence[Reading | None],
) -> list[Outcome]:
    """Judge every gate for the data sets of ``now``.

    ``now`` and ``before`` map the names of data sets to their entries in tonight's summary and in the last one that has
    them; ``gold`` has a reading for each gate of the configuration that wants one.
    """
    outcomes = []
    for gate, gold_reading in zip(config.gate, gold, strict=True):
        if gate.measure == GOLD_MEASURE:
            if gold_reading is not None:
                outcomes.append(_outcome(gate, gate.data, None, gold_reading))
            continue
        for data in config.judged_by(gate):
            if data.name in now:
                outcomes += _judge_data(gate, data.name, now[data.name], before.get(data.name))
    return outcomes


def _judge_data(gate: Gate, name: str, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Outcome]:
    if gate.slice is None:
        yield _outcome(gate, name, None, _reading(gate, now, now["counts"], before, before and before["counts"]))
        return
    if gate.slice in now["slice_errors"]:
        yield _outcome(gate, name, None, Reading(None, why_not=now["slice_errors"][gate.slice]))
        return
    values = now["slices"][gate.slice]
    if not values:
        yield _outcome(gate, name, None, Reading(None, why_not="there are no rows"))
    earlier = {} if before is None else before["slices"].get(gate.slice, {})
    for value, counts in values.items():
        # A value that is new tonight has no last night, as a new data set has none.
        yield _outcome(gate, name, value, _reading(gate, now, counts, before, earlier.get(value)))


def _reading(
    gate: Gate,
    now: Mapping[str, Any],
    counts: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    counts_before: Mapping[str, Any] | None,
) -> Reading:
    if gate.measure in CLASSIFIED and not now["models"]["classifier"]:
        return Reading(None, why_not=f"{gate.measure} errors are found by a classifier, and none ran")
    error = now["changes"]["error"]
    if gate.measure == "new_flawed":
        found = counts["new_flawed"]
        if found is None:
            return Reading(None, why_not=error, is_first=error is None)
        return Reading(found / counts["rows"] if counts["rows"] else None, found, counts["rows"])
    share = share_of(dict(counts), gate.measure)
    whole = counts["rows"] if gate.measure in OF_ROWS else counts["graded"]
    earlier, why = None, error
    if counts_before is not None:
        if gate.measure in CLASSIFIED and before is not None and not before["models"]["classifier"]:
            why = "no classifier ran the last time"
        else:
            earlier = share_of(dict(counts_before), gate.measure)
            why = None if earlier is not None else "there were no rows to count the last time"
    return Reading(share, counts[gate.measure], whole, earlier, counts_before is None and why is None, None, why)


def _outcome(gate: Gate, data: str | None, slice_value: str | None, reading: Reading) -> Outcome:
    level, message = judge(gate, reading)
    return Outcome(
        gate.measure,
        data,
        gate.slice,
        slice_value,
        gate.gold and redacted(gate.gold),
        level,
        reading.value,
        reading.rows,
        reading.before,
        message,
    )


def worst(outcomes: Sequence[Outcome]) -> Level:
    """Give the level of a night: that of its worst gate, ``pass`` without any."""
    order = [Level.PASS, Level.WARN, Level.FAIL]
    return max((one.level for one in outcomes), key=order.index, default=Level.PASS)
