"""The recipe of one adapter: the defaults, a TOML file, and the flags of the command line, in rising order.

The defaults are the predecessor's hyperparameters. A configuration file has keys for both adapters at its top and keys
for one of them in its tables ``[extractor]`` and ``[classifier]``; a key that is not known is an error.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from grader.adapters import KINDS, Kind
from grader.errors import InputError, UsageError
from grader.prompts import PROMPT_VERSION, PROMPT_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUANTIZATIONS = ("nf4", "none")
TRAINERS = ("auto", "unsloth", "trl")
LABELS = ("lines", "whole")
TRAINED_VERSIONS = PROMPT_VERSIONS["classifier"][1:]
"""Version 0 is that of adapters published before this tool."""
SCHEDULES = ("linear", "cosine", "constant")


@dataclass(frozen=True)
class Recipe:
    """How one adapter is trained. Every field is a key of the configuration file.

    ``warmup`` counts optimiser steps from 1 on, below 1 it is a share of all; ``evaluate_every`` likewise.
    ``quantization`` None means NF4 on CUDA and none on a CPU. ``alpha`` None means twice the rank.
    ``rounds`` is how often an annotated solution is drawn anew, with other numbers and errors. ``validation`` and
    ``heldout`` are shares of the problems. ``labels`` and ``false_alarms``, the largest share of correct solutions
    that may be called flawed, are the classifier's, and so is ``prompt_version``: 2 puts a letter beside every number,
    the same for the same value, which helps a small base. ``trainer`` is the extractor's: ``auto`` is Unsloth on CUDA
    where it is installed, and TRL elsewhere.
    """

    base: str
    revision: str | None = None
    epochs: float = 1.0
    lr: float = 1e-4
    schedule: str = "linear"
    warmup: float = 5.0
    batch: int = 32
    accumulate: int = 1
    weight_decay: float = 0.01
    optimizer: str = "adamw_8bit"
    max_tokens: int = 512
    rank: int = 16
    alpha: int | None = None
    dropout: float = 0.05
    quantization: str | None = None
    evaluate_every: float = 25.0
    patience: int = 10
    validation: float = 0.1
    heldout: float = 0.1
    rounds: int = 1
    seed: int = 0
    labels: str = "lines"
    false_alarms: float = 0.05
    trainer: str = "auto"
    prompt_version: int = PROMPT_VERSION

    @property
    def lora_alpha(self) -> int:
        """The scale of the adapter, as PEFT counts it."""
        return 2 * self.rank if self.alpha is None else self.alpha


DEFAULTS: dict[Kind, Recipe] = {
    "extractor": Recipe(base="unsloth/gemma-3-1b-it-unsloth-bnb-4bit"),
    "classifier": Recipe(
        base="microsoft/Phi-4-mini-instruct",
        epochs=5.0,
        schedule="cosine",
        warmup=0.1,
        batch=8,
        accumulate=4,
        optimizer="paged_adamw_8bit",
    ),
}
OWN_KEYS: dict[Kind, frozenset[str]] = {
    "extractor": frozenset({"base", "revision", "trainer"}),
    "classifier": frozenset({"base", "revision", "labels", "false_alarms", "prompt_version"}),
}
"""Keys that mean one adapter only, so that they stand in its table."""
_KEYS = {field.name for field in fields(Recipe)}
SHARED_KEYS = _KEYS - OWN_KEYS["extractor"] - OWN_KEYS["classifier"]
_OPTIONAL = {"alpha": int, "revision": str, "quantization": str}
_CHOICES = {"quantization": QUANTIZATIONS, "trainer": TRAINERS, "labels": LABELS, "schedule": SCHEDULES}
_POSITIVE = ("epochs", "lr", "batch", "accumulate", "rank", "alpha", "max_tokens", "evaluate_every", "patience")


def recipe(kind: Kind, table: Mapping[str, Any] | None = None, flags: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe of an adapter: its defaults, over them the keys of a configuration, over them the flags that are set.

    ``table`` is what ``read_table`` gave for the kind. Raises UsageError for a value that cannot be.
    """
    chosen = dict(table or {}) | {name: value for name, value in (flags or {}).items() if value is not None}
    made = replace(DEFAULTS[kind], **chosen)
    _check(made)
    return made


def read_table(path: Path | None) -> dict[Kind, dict[str, Any]]:
    """The keys of a configuration file for each adapter: those at its top, and over them those of its table.

    Raises InputError for a file that is no TOML, and for a key or a type that does not belong there, naming it and what
    may stand there.
    """
    if path is None:
        return {kind: {} for kind in KINDS}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check --config") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: this is not a readable TOML file ({error}); repair it") from error
    tables = {kind: document.pop(kind, {}) for kind in KINDS}
    for name, keys, allowed in [
        ("the top of the file", document, SHARED_KEYS),
        *((f"[{kind}]", tables[kind], SHARED_KEYS | OWN_KEYS[kind]) for kind in KINDS),
    ]:
        if not isinstance(keys, dict):
            raise InputError(f"{path}: {name} must be a table")
        for key, value in keys.items():
            _check_key(path, name, key, value, allowed)
    return {kind: document | tables[kind] for kind in KINDS}


def _check_key(path: Path, place: str, key: str, value: Any, allowed: frozenset[str] | set[str]) -> None:
    if key not in allowed:
        table = "; it goes into the table of one adapter" if key in _KEYS else ""
        raise InputError(
            f"{path}: {place} has the unknown key {key!r}{table}; allowed are {', '.join(sorted(allowed))}"
        )
    kind = _OPTIONAL.get(key) or type(getattr(DEFAULTS["extractor"], key))
    accepted = (int, float) if kind is float else (kind,)
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise InputError(f"{path}: {key} in {place} is {value!r}; it must be {_NAMES[kind]}")


_NAMES = {int: "a whole number", float: "a number", str: "a text"}


def _check(made: Recipe) -> None:
    values = asdict(made)
    for name, choices in _CHOICES.items():
        if values[name] is not None and values[name] not in choices:
            raise UsageError(f"{name} is {values[name]!r}; choose one of {', '.join(choices)}")
    if made.prompt_version not in TRAINED_VERSIONS:
        raise UsageError(f"prompt_version is {made.prompt_version}; choose one of {TRAINED_VERSIONS}")
    for name in _POSITIVE:
        if values[name] is not None and not values[name] > 0:
            raise UsageError(f"{name} is {values[name]}; it must be greater than 0")
    for name in ("warmup", "weight_decay", "rounds", "seed"):
        if values[name] < 0:
            raise UsageError(f"{name} is {values[name]}; it must not be negative")
    if not 0 <= made.dropout < 1:
        raise UsageError(f"dropout is {made.dropout}; it must be at least 0 and below 1")
    if not 0 <= made.false_alarms <= 1:
        raise UsageError(f"false_alarms is {made.false_alarms}; it is a share, from 0 to 1")
    if made.validation <= 0 or made.heldout <= 0 or made.validation + made.heldout >= 1:
        raise UsageError(
            f"validation is {made.validation} and heldout {made.heldout}; both are shares above 0, together below 1"
        )
