"""The nights before tonight: what they said, as far as it can be read. One that cannot is said, and stops nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from grader.audit.history import read_history
from grader.audit.measures import COUNTS
from grader.audit.store import HISTORY, SUMMARY, SUMMARY_FORMAT
from grader.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from grader.audit.store import Store
    from grader.run import Log


class Last(NamedTuple):
    """The last night that has a data set, and its entry there; ``error`` says why there is none all the same."""

    night: Path | None
    entry: dict[str, Any] | None
    error: str | None


class Earlier:
    """The finished nights of a store, while its lock is held; each file that cannot be used is said once."""

    def __init__(self, store: Store, log: Log) -> None:
        self._nights = store.finished()[::-1]
        self._log = log
        self._read: dict[Path, dict[str, Any] | str] = {}

    def newest(self) -> Path | None:
        """Give the last night, None where there is none."""
        return self._nights[0] if self._nights else None

    def summary(self, night: Path) -> dict[str, Any] | str:
        """Give a night's summary, or the reason why it cannot be used."""
        if night not in self._read:
            try:
                self._read[night] = read_summary(night)
            except InputError as error:
                self._read[night] = f"the summary of {night.name} cannot be read: {error}"
                why = f"{error}; this night counts as absent, and what compares with it cannot be evaluated"
                self._log.say("damaged", why, path=str(night / SUMMARY), why=str(error))
        return self._read[night]

    def last(self, name: str) -> Last:
        """Find the last night of a data set and its entry there, or the reason why it cannot be compared with."""
        for night in self._nights:
            summary = self.summary(night)
            if isinstance(summary, str):
                # Whose folder says that it had others is passed over, but the newest: it may have lost its folders too.
                if night == self._nights[0] or (night / name).is_dir():
                    return Last(night, None, summary)
                continue
            entry = next((one for one in summary["data"] if one["name"] == name), None)
            if entry is not None:
                return Last(night, entry, None)
        return Last(None, None, None)

    def history(self, name: str) -> pl.DataFrame | None:
        """Give the newest history of a data set that can be read: it holds the nights before it too."""
        for night in self._nights:
            if (night / name).is_dir():
                path = night / name / HISTORY
                try:
                    return read_history(path)
                except InputError as error:
                    said = f"{error}; going on with the history of an earlier night"
                    self._log.say("damaged", said, path=str(path), why=str(error))
        return None


def _all_counted(counts: dict[str, int | None]) -> dict[str, int | None]:
    if missing := [name for name in COUNTS if counts.get(name) is None]:
        raise ValueError(f"it has no {', '.join(missing)}")
    return counts


Counts = Annotated[dict[str, Annotated[int, Field(ge=0)] | None], AfterValidator(_all_counted)]


class _Part(BaseModel):
    """What a later night reads of a summary; other keys may be there."""

    model_config = ConfigDict(strict=True)


class _Models(_Part):
    classifier: dict[str, Any] | None


class _Data(_Part):
    name: str
    stages: str
    models: _Models
    counts: Counts
    slices: dict[str, dict[str, Counts]]


class _Gate(_Part):
    data: str | None
    gold: str | None
    value: Annotated[float, Field(ge=0, le=1)] | None


class _Summary(_Part):
    format: Literal[1]
    failed: bool
    gates: list[_Gate]
    gold: dict[str, str]
    data: list[_Data]


assert get_args(_Summary.model_fields["format"].annotation) == (SUMMARY_FORMAT,)


def read_summary(night: Path) -> dict[str, Any]:
    """Read a night's ``summary.json``; raises InputError where it is damaged, foreign or of another format."""
    path = night / SUMMARY
    try:
        summary = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
        _Summary.model_validate(summary)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: this is no summary that this version knows ({where}: {first['msg']})") from error
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path}: this summary is damaged ({why})") from error
    return dict(summary)


def _refuse(constant: str) -> float:
    """Refuse NaN and infinities: no bound is broken by a comparison with them."""
    raise ValueError(f"{constant} is no number of a summary")
