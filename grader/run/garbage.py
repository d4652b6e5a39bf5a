"""When a process that grades looks for garbage."""

from __future__ import annotations

import gc

OBJECTS = 200_000


def collect_rarely() -> None:
    """From now on look for cycles in new objects only, and seldom: call it when everything is loaded.

    A chunk makes a hundred thousand objects and no cycles. On the usual count all objects of the libraries were looked
    through once a chunk, which took a fifth of the time by rules, and with models a third of a second in which no work
    went to the device.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 20)
