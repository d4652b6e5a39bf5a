"""What a template of a word problem returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steps import Step

NAMES = ("Aylin", "Bram", "Chidi", "Dunja", "Emil", "Farida", "Goran", "Hana", "Ilse", "Jorge", "Kaia", "Luka")


@dataclass(frozen=True)
class Draft:
    """A problem with its `steps`, and `flawed` steps in which the reasoning goes wrong at index `flaw_at`."""

    problem: str
    steps: tuple[Step, ...]
    flawed: tuple[Step, ...]
    flaw_at: int
