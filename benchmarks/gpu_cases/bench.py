"""What every case is run in: the device and its ceilings, checks before timings, rows as they come, one JSON line."""

from __future__ import annotations

import gc
import statistics
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import torch
from common import finish, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes", "unsloth", "triton")
FLOOR = 1e-4
"""A relative error that float32 arithmetic in another order may have."""
SLACK = 3.0
"""How many times the error of a plain forward in the same number format another way of computing may have."""
BLIND = 0.5
"""From this error of the plain forward on, a check would pass anything."""


class Wrong(Exception):
    """What was to be timed does not compute what it should."""


class Absent(Exception):
    """A package is not installed, without which a part cannot be measured."""


@dataclass
class Bench:
    """One case on one device. ``tiny`` takes small shapes, float32 and few repeats: what a CPU can check."""

    device: torch.device
    tiny: bool
    matrix: float = 0.0
    """FLOP a second of a large bf16 product, measured here."""
    copy: float = 0.0
    """Bytes a second of a large copy, read and written, measured here."""
    solutions: int = 20_000
    """How many the pipeline grades."""
    held: int = 0
    """Bytes that tensors took when memory was last watched from."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the models."""
        return torch.float32 if self.tiny else torch.bfloat16

    @property
    def cuda(self) -> bool:
        """Whether there is a GPU to wait for."""
        return self.device.type == "cuda"

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Run a part: its end, good or bad, is told at once, and what is wrong with it does not stop the others."""
        began = time.perf_counter()
        print(f"-- {name}", flush=True)
        try:
            yield
        except Absent as error:
            self.skipped[name] = str(error)
            print(f"   SKIPPED: {error}")
        except Exception as error:  # noqa: BLE001 device time is short: the other parts go on
            self.failures[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            print(f"   {'WRONG' if isinstance(error, Wrong) else 'FAILED'}: {self.failures[name]}")
            if not isinstance(error, Wrong):
                traceback.print_exc(limit=-4, file=sys.stdout)
        if self.cuda:
            gc.unfreeze()  # what the command freezes for good; the models of one part must leave room for the next
            gc.collect()
            torch.cuda.empty_cache()
        print(f"   ({time.perf_counter() - began:.1f} s)", flush=True)

    def check(self, name: str, found: torch.Tensor, plain: torch.Tensor, reference: torch.Tensor) -> None:
        """Raise Wrong unless ``found`` is about as near the float32 ``reference`` as a ``plain`` forward is.

        All are (values, ...); the error is relative to how the reference varies over its values, so that what all
        values share hides nothing.
        """
        errors = {"plain": error_of(plain, reference), "found": error_of(found, reference)}
        self.checks[name] = {key: round(value, 7) for key, value in errors.items()}
        allowed = max(FLOOR, SLACK * errors["plain"])
        print(f"   check {name}: error {errors['found']:.2g}, of the plain forward {errors['plain']:.2g}", flush=True)
        if not errors["plain"] < BLIND:
            raise Wrong(f"{name}: the plain forward is off by {errors['plain']:.2g}: the check would see nothing")
        if not errors["found"] <= allowed:  # NaN is no number that is smaller
            raise Wrong(f"{name}: off by {errors['found']:.3g}, where {allowed:.3g} is allowed")

    def timed(self, work: Callable[[], Any], *, repeats: int = 5, warm: int = 2) -> float:
        """The median seconds of ``work``, after ``warm`` runs that do not count; the next row tells its peak memory."""
        if self.tiny:
            repeats = warm = 1
        self.watch_memory()
        for _ in range(warm):
            work()
        seconds = []
        for _ in range(repeats):
            self.wait()
            began = time.perf_counter()
            work()
            self.wait()
            seconds.append(time.perf_counter() - began)
        return statistics.median(seconds)

    def watch_memory(self) -> None:
        """From now on, for the next row."""
        if self.cuda:
            torch.cuda.reset_peak_memory_stats(self.device)
            self.held = torch.cuda.memory_allocated(self.device)

    def wait(self) -> None:
        """Until the device has done everything."""
        if self.cuda:
            torch.cuda.synchronize(self.device)

    def row(self, what: str, *, bound: float | None = None, seconds: float, **figures: Any) -> None:
        """Keep a measurement and print it. ``bound`` are the least seconds that the ceilings allow.

        On a GPU it tells the most memory that tensors took since ``watch_memory``, and what they took then:
        ``peak_gb`` and ``held_gb`` of 1e9 bytes.
        """
        figures = {"seconds": seconds, **figures}
        if self.cuda:
            figures |= {"peak_gb": torch.cuda.max_memory_allocated(self.device) / 1e9, "held_gb": self.held / 1e9}
        if bound is not None and bound > 0:
            figures |= {"bound_seconds": bound, "share_of_bound": bound / seconds}
        figures = {key: float(f"{one:.4g}") if isinstance(one, float) else one for key, one in figures.items()}
        self.rows.append({"what": what, **figures})
        print(f"   {what}: " + ", ".join(f"{key} {value}" for key, value in figures.items()), flush=True)

    def finish(self, case: str) -> None:
        """Print the table of the case and its JSON line."""
        names = list(dict.fromkeys(key for row in self.rows for key in row))
        print_table(case, names, [[row.get(name, "") for name in names] for row in self.rows])
        found = {
            **({"tiny": True} if self.tiny else {}),
            "device": torch.cuda.get_device_name(self.device) if self.cuda else "cpu",
            "versions": {name: one for name in PACKAGES if (one := _version(name))},
            "ceilings": {"matrix_flop_a_second": self.matrix, "copy_bytes_a_second": self.copy},
            **{name: one for name in ("rows", "checks", "skipped", "failures") if (one := getattr(self, name))},
        }
        finish(f"gpu_{case}", found)
        sys.stdout.flush()


def error_of(found: torch.Tensor, reference: torch.Tensor) -> float:
    """‖found − reference‖ over how far the reference's values are from their mean."""
    found, reference = found.double().cpu(), reference.double().cpu()
    return float((found - reference).norm() / (reference - reference.mean(dim=0)).norm())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
