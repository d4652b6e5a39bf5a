"""What a line says in words, written in signs: all that is read so, in one list."""

from __future__ import annotations

from grader.characters import STATES
from grader.reading.clock_times import may_tell_time, with_minutes
from grader.reading.conversions import may_convert, with_conversions
from grader.reading.measured_sums import with_measured_sums
from grader.reading.ratios import with_ratios
from grader.reading.records import may_record, with_records
from grader.reading.restatements import may_restate, with_restatements
from grader.reading.steps_in_words import may_step, with_steps
from grader.reading.sums_in_words import may_calculate, with_signs
from grader.reading.things_in_words import may_count, with_products_of_things
from grader.reading.written_numbers import with_whole_amounts

_GLANCES = (may_record, may_convert, may_calculate, may_step, may_count, may_tell_time, may_restate)
_WRITERS = (
    with_records, with_ratios, with_measured_sums, with_whole_amounts, with_minutes, with_restatements,
    with_conversions, with_signs, with_steps, with_products_of_things,
)  # fmt: skip
"""In the order in which they write."""


def may_state(text: str) -> bool:
    """Whether something may be stated in words alone: a first glance, at the text as it stands."""
    return any(may_say(text) for may_say in _GLANCES)


def states(plain: str) -> bool:
    """Whether something is stated in words alone in the plain text of a line."""
    return may_state(plain) and STATES in put_in_signs(plain)


def put_in_signs(plain: str) -> str:
    """The plain text of a line (no LaTeX, look-alikes brought to one spelling), with what it says in words in signs."""
    for write in _WRITERS:
        plain = write(plain)
    return plain
