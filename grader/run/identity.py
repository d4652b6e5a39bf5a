"""What a run is a run of: the same command goes on with its parts, another one is refused, the difference named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grader.errors import InputError, UsageError
from grader.remote import RemoteStat
from grader.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from grader.inputs import Inputs
    from grader.remote import Place

MAX_DIFFERENCES = 5
Stamp = tuple[int, int | str | None]


class Originals:
    """The inputs as they were when the run began, identified by content."""

    def __init__(self, inputs: Inputs) -> None:
        """Raises EnvironmentStop where an input cannot be read any more."""
        self.fingerprints = inputs.fingerprints()
        self._inputs = inputs
        self._stamps = [_stamp(file.path) for file in inputs.files]

    def check(self) -> None:
        """Raise InputError where an input has been written to; one that is gone meanwhile has been read whole."""
        stamps = [_stamp(file.path) for file in self._inputs.files]
        pairs = zip(self._inputs.files, self._stamps, stamps, strict=True)
        touched = [file for file, before, now in pairs if now is not None and now != before]
        if not touched:
            return
        now = {one["name"]: one for one in self._inputs._replace(files=tuple(touched)).fingerprints()}
        for file in touched:
            if now[file.path.name] not in self.fingerprints:
                raise InputError(
                    f"{file.path}: this input was changed while it was read, so that rows of both states may have been "
                    "graded; run the command again with --restart"
                )


def identity_of(
    options: Mapping[str, Any], models: Mapping[str, Any], originals: Originals, part_rows: int
) -> dict[str, Any]:
    """Give all that decides what stands in the parts, as JSON has it."""
    identity = {
        "version": __version__,
        "part_rows": part_rows,
        "options": dict(options),
        "models": dict(models),
        "inputs": originals.fingerprints,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity, default=str))
    return plain


def check_same(folder: Path, earlier: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise UsageError where the parts in a folder belong to another command or to other inputs."""
    found = list(differences(earlier, now))
    if found:
        more = f" and {len(found) - MAX_DIFFERENCES} more" if len(found) > MAX_DIFFERENCES else ""
        as_it_was = "" if earlier["inputs"] == now["inputs"] else ", with the inputs as they were,"
        raise UsageError(
            f"{folder}: an unfinished run is there, but {'; '.join(found[:MAX_DIFFERENCES])}{more}. "
            f"Give the same command{as_it_was} to go on, or throw its parts away with --restart"
        )


def differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs, in words."""
    if earlier["version"] != now["version"]:
        yield f"it was version {earlier['version']} of this program, this is {now['version']}"
    if earlier["part_rows"] != now["part_rows"]:
        yield f"--part-rows was {earlier['part_rows']} and is {now['part_rows']}"
    for name, old, new in unequal(earlier["options"], now["options"]):
        yield f"--{name.replace('_', '-')} was {spelled(old)} and is {spelled(new)}"
    for name, old, new in unequal(earlier["models"], now["models"]):
        yield f"the models differ ({name} was {spelled(old)} and is {spelled(new)})"
    if len(earlier["inputs"]) != len(now["inputs"]):
        yield f"there were {len(earlier['inputs'])} inputs and are {len(now['inputs'])}"
    for old, new in zip(earlier["inputs"], now["inputs"], strict=False):
        if old["name"] != new["name"]:
            yield f"the input {old['name']} was where {new['name']} is now"
        elif old != new:
            yield f"the input {new['name']} has changed ({old['bytes']:,} bytes before, {new['bytes']:,} now)"


def unequal(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Give the leaves of two trees of dicts that are not equal, with their names."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from unequal(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield name, old, new


def spelled(value: Any) -> str:
    """Write the value of an option or of the metadata as people read it."""
    return "not given" if value is None or value is False else str(value)


def _stamp(path: Place) -> Stamp | None:
    try:
        status = path.stat()
    except (OSError, InputError):
        return None
    return status.st_size, status.version if isinstance(status, RemoteStat) else status.st_mtime_ns
