"""``audit.toml``: what is audited, with which models, and which gates it must pass. All of it is checked at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from grader.audit.toml_lines import key_lines, line_of
from grader.engines import bytes_of
from grader.errors import InputError, UsageError
from grader.remote import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Measure = Literal[
    "flawed",
    "computational",
    "conceptual",
    "failed",
    "nothing_checked",
    "disagreement",
    "new_flawed",
    "weighted_f1",
]
MEASURES: tuple[Measure, ...] = get_args(Measure)
GOLD_MEASURE: Measure = "weighted_f1"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_DEVICE = re.compile(r"cpu|cuda|cuda:\d{1,3}")
_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*points?")
MAX_CONFIG_BYTES = 1 << 20
Problem = tuple[tuple[str | int, ...], str]
"""Where in the file something is wrong, and what."""


def _name(text: str) -> str:
    if not _FILE_NAME.fullmatch(text):
        raise ValueError("a name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit")
    return text


def _local(text: str) -> str:
    if is_remote(text) or "\0" in text:
        raise ValueError("the store is a folder of this machine; name one")
    return text


def _device(text: str) -> str:
    if not _DEVICE.fullmatch(text):
        raise ValueError("a device is cpu, cuda or cuda:N")
    return text


def _as_tuple(value: Any) -> Any:
    if value == []:
        raise ValueError("name at least one device, or leave it out; a device is cpu, cuda or cuda:N")
    return tuple(value) if isinstance(value, list) else value


def _size(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError("write a size as '8GB' or '7.5GiB'")  # noqa: TRY004 pydantic wants this one
    try:
        return bytes_of(value)
    except ValueError:
        raise ValueError("write a size as '8GB' or '7.5GiB'; allowed are GB, GiB, MB, MiB") from None


def _hundredth(pattern: re.Pattern[str], example: str) -> BeforeValidator:
    """Read texts such as ``5 %`` and ``0.5 points`` as fractions of 1."""

    def read(value: Any) -> float:
        found = pattern.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None or float(found[1]) > 100:
            raise ValueError(f"write it as {example!r}, from 0 to 100")
        return float(found[1]) / 100

    return BeforeValidator(read)


Name = Annotated[str, AfterValidator(_name)]
Share = Annotated[float, _hundredth(_PERCENT, "5 %")]
Points = Annotated[float, _hundredth(_POINTS, "0.5 points")]
Device = Annotated[str, AfterValidator(_device)]
Size = Annotated[float, BeforeValidator(_size)]
Column = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    """A table of the file. Nothing is converted: a number in quotes is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Bounds(_Table):
    """What must not be exceeded: any of them broken is enough. Shares and points are fractions of 1."""

    share: Share | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    worse_than_last: Points | None = None
    below: Annotated[float, Field(gt=0, le=1)] | None = None


class Gate(_Table):
    """One measure and its bounds; ``data`` None means every data set, ``slice`` a column whose values are judged."""

    measure: Measure
    data: Name | None = None
    slice: Column | None = None
    gold: str | None = None
    label: Column | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    warn: Bounds | None = None
    fail: Bounds | None = None


class Models(_Table):
    """The models of every data set; None and True as the options of ``grade`` have it. ``memory`` is in bytes.

    ``devices`` is a tuple: models are looked up by their configuration.
    """

    extractor: Literal["auto", "rules", "model"] = "auto"
    classifier: bool = True
    adapters: str | None = None
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    device: Device | None = None
    devices: Annotated[tuple[Device, ...], BeforeValidator(_as_tuple)] = ()
    memory: Size | None = None
    compile: bool = False
    quantization: Literal["nf4", "none"] | None = None
    offline: bool = False


class Data(_Table):
    """One data set. At most one of ``limit`` (rows) and ``fraction`` samples it, by ``seed``."""

    name: Name
    inputs: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    problem_column: Column | None = None
    solution_column: Column | None = None
    id_column: Column | None = None
    answer_column: Column | None = None
    adapters: str | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    slices: list[Column] = []
    review_rows: Annotated[int, Field(ge=0, le=100_000)] = 1_000
    clean: bool = False
    rejected: bool = False


class OnFailure(_Table):
    """A command, as a list of arguments, that gets the summary on its standard input when a night fails."""

    command: Annotated[list[str], Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0


class Config(_Table):
    """The whole file. ``keep_nights`` bounds the nights on the disk, and for how many an unused result is kept."""

    store: Annotated[str, Field(min_length=1), AfterValidator(_local)]
    keep_nights: Annotated[int, Field(ge=2, le=10_000)] = 30
    models: Models = Models()
    data: Annotated[list[Data], Field(min_length=1)]
    gate: list[Gate] = []
    on_failure: OnFailure | None = None

    def judged_by(self, gate: Gate) -> list[Data]:
        """Give the data sets that a gate looks at."""
        return [one for one in self.data if gate.data in (None, one.name)]

    def models_of(self, data: Data | None) -> Models:
        """Give the models that grade a data set (None: those of every data set that names none)."""
        if data is None or data.adapters is None:
            return self.models
        return self.models.model_copy(update={"adapters": data.adapters})


TABLES: dict[str, type[_Table]] = {
    "models": Models,
    "data": Data,
    "gate": Gate,
    "on_failure": OnFailure,
    "warn": Bounds,
    "fail": Bounds,
}


def read_config(path: Path) -> Config:
    """Read and check ``audit.toml``; relative paths in it are taken from its own folder.

    Raises:
        UsageError: everything that is wrong, each with its line and what would be right.

    """
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise UsageError(f"{path}: this file is larger than {MAX_CONFIG_BYTES:,} bytes, no configuration")
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path}: cannot be read ({why}); write one with grade-audit init") from error
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of numbers and brackets without an end
        raise UsageError(f"{path}: this is not TOML: {error}") from error
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise _refusal(path, text, [_problem(one) for one in error.errors()]) from error
    if problems := list(_contradictions(config)):
        raise _refusal(path, text, problems)
    return _rooted(config, path.parent)


def _refusal(path: Path, text: str, problems: list[Problem]) -> UsageError:
    lines = key_lines(text)
    said = []
    for where, what in problems:
        line = line_of(lines, where)
        said.append(f"{path}{'' if line is None else f', line {line}'}: {what}")
    return UsageError(*said)


def _problem(error: Any) -> Problem:
    """Say what pydantic found, with the keys or values that are allowed there."""
    where: tuple[str | int, ...] = error["loc"]
    name = _spelled(where)
    if error["type"] == "extra_forbidden":
        return where, f"{name} is not a key of {_table_of(where)}{_allowed(where)}"
    if error["type"] == "missing":
        return where[:-1], f"{name} is missing{_allowed(where)}"
    if error["type"] == "literal_error":
        return where, f"{name} is {error['input']!r}; it must be {error['ctx']['expected']}"
    what = error["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(error["input"], dict | list) else f" is {error['input']!r}"
    return where, f"{name}{shown}: {what[:1].lower()}{what[1:]}"


def _spelled(where: tuple[str | int, ...]) -> str:
    """Write a path as TOML does, elements of arrays counted from 1: ``gate 2: fail.share``."""
    parts: list[str] = []
    for one in where:
        if isinstance(one, int):
            parts[-1] += f" {one + 1}:"
        else:
            parts.append(one)
    return ".".join(parts).replace(":.", ": ")


def _parent(where: tuple[str | int, ...]) -> str | None:
    return next((one for one in reversed(where[:-1]) if isinstance(one, str)), None)


def _table_of(where: tuple[str | int, ...]) -> str:
    parent = _parent(where)
    return "the file" if parent is None else f"[[{parent}]]" if parent in ("data", "gate") else f"[{parent}]"


def _allowed(where: tuple[str | int, ...]) -> str:
    """Name the keys of the table, the likeliest first where one is near."""
    parent = _parent(where)
    keys = list(TABLES.get(parent or "", Config).model_fields)
    near = difflib.get_close_matches(str(where[-1]), keys, 1) if where[-1] not in keys else []
    meant = f"; did you mean {near[0]}?" if near else ";"
    return f"{meant} allowed are {', '.join(keys)}"


def _contradictions(config: Config) -> Iterator[Problem]:
    """Find what is well-formed and yet cannot be meant."""
    yield from _model_contradictions(config.models)
    names = [one.name for one in config.data]
    for index, one in enumerate(config.data):
        where = ("data", index)
        if names.index(one.name) != index or one.name == "gold":
            why = "is the folder of gold reports" if one.name == "gold" else "is the name of another data set too"
            yield (*where, "name"), f"data {index + 1}: name {one.name!r} {why}; choose another"
        if one.limit is not None and one.fraction is not None:
            yield (*where, "fraction"), f"data {index + 1}: limit and fraction exclude each other; leave one out"
    for index, gate in enumerate(config.gate):
        for key, what in _gate_contradictions(config, gate, names):
            yield ("gate", index, *key), f"gate {index + 1}: {what}"


def _model_contradictions(models: Models) -> Iterator[Problem]:
    if models.device is not None and models.devices:
        yield ("models", "devices"), "models: device and devices exclude each other; leave one out"
    named = {models.device, *models.devices} - {None}
    if models.memory is not None and named == {"cpu"}:
        yield ("models", "memory"), "models: memory is for a GPU, and the models run on cpu; leave one out"


def _gate_contradictions(config: Config, gate: Gate, names: list[str]) -> Iterator[Problem]:
    if gate.data is not None and gate.data not in names:
        yield ("data",), f"there is no data set {gate.data!r}; there are {', '.join(names)}"
    if gate.slice is not None:
        for one in config.judged_by(gate):
            if gate.slice not in one.slices:
                has = ", ".join(one.slices) or "none"
                yield ("slice",), f"{gate.slice!r} is not among the slices of data set {one.name!r} (it has: {has})"
    if gate.warn is None and gate.fail is None:
        yield (), "it has neither warn nor fail"
    is_gold = gate.measure == GOLD_MEASURE
    for key in ("gold", "label"):
        if is_gold != (getattr(gate, key) is not None):
            yield (key,), f"{key} {'is needed for' if is_gold else 'goes only with'} measure = {GOLD_MEASURE!r}"
    if gate.sha256 is not None and not is_gold:
        yield ("sha256",), f"sha256 goes only with measure = {GOLD_MEASURE!r}"
    if is_gold and gate.slice is not None:
        yield ("slice",), f"slice does not go with measure = {GOLD_MEASURE!r}"
    kinds = {"below", "worse_than_last"} if is_gold else {"share", "count", "worse_than_last"}
    if gate.measure == "new_flawed":
        kinds.remove("worse_than_last")
    for level in ("warn", "fail"):
        bounds = getattr(gate, level)
        given = {kind for kind in Bounds.model_fields if bounds and getattr(bounds, kind) is not None}
        if bounds is not None and not given:
            yield (level,), f"{level} names no bound; allowed are {', '.join(sorted(kinds))}"
        for kind in sorted(given - kinds):
            allowed = ", ".join(sorted(kinds))
            yield (level, kind), f"{level}.{kind} does not go with measure = {gate.measure!r}; allowed are {allowed}"


def _rooted(config: Config, folder: Path) -> Config:
    """Take relative paths from the folder of the file, so that cron's working directory does not matter."""

    def rooted(path: str) -> str:
        return path if is_remote(path) else str(folder / path)

    def adapters(name: str | None) -> str | None:
        # A hub id is no path: only a folder that is there is one.
        return name and ",".join(str(folder / one) if (folder / one).is_dir() else one for one in name.split(","))

    data = [
        one.model_copy(update={"inputs": [*map(rooted, one.inputs)], "adapters": adapters(one.adapters)})
        for one in config.data
    ]
    gates = [gate if gate.gold is None else gate.model_copy(update={"gold": rooted(gate.gold)}) for gate in config.gate]
    models = config.models.model_copy(update={"adapters": adapters(config.models.adapters)})
    return config.model_copy(
        update={"store": str(folder / config.store), "data": data, "gate": gates, "models": models}
    )


def chosen(config: Config, only: list[str]) -> list[Data]:
    """Give the data sets to audit; raises InputError for a name that is none of them."""
    names = [one.name for one in config.data]
    for name in only:
        if name not in names:
            raise InputError(f"--only {name}: there is no such data set; there are {', '.join(names)}")
    return [one for one in config.data if not only or one.name in only]
