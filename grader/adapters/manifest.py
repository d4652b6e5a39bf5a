"""The manifest of an adapter folder, and whether the files are those that it speaks of."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from grader.errors import AdapterError
from grader.prompts import PROMPT_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grader.remote import Place

Kind = Literal["extractor", "classifier"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORMAT = 1
MANIFEST = "grader_adapter.json"
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
OLD_HEAD = "classifier_head.pth"
OLD_MAX_TOKENS = 2048
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
HUB_ID = re.compile(r"[A-Za-z0-9_][\w.-]*/[\w.-]*\w")
REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]*")

_PATTERN_KEY = re.compile(r"[\w.]+")
_NOT_LORA = (
    *("use_dora", "use_qalora", "lora_bias", "fan_in_fan_out", "layer_replication", "trainable_token_indices"),
    *("target_parameters", "megatron_config", "arrow_config", "alora_invocation_tokens", "corda_config"),
)


@dataclass(frozen=True)
class Base:
    """The base of an adapter: a hub id, an absolute path or ``./name`` in the adapter folder.

    ``sha256`` is that of ``base_digest``; None where it was not recorded.
    """

    name: str
    revision: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What ``grader_adapter.json`` says. ``files`` maps the names of the folder's files to their SHA-256.

    ``plain_text`` says of a classifier that it knows nothing of LaTeX: it decides no verdict on a
    solution with a backslash. It may be left out.
    """

    kind: Kind
    base: Base
    prompt_version: int
    max_tokens: int
    threshold: float = 0.5
    temperature: float = 1.0
    labels: tuple[str, ...] = ("correct", "flawed")
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT
    plain_text: bool = False


_OPTIONAL = frozenset({"plain_text"})


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an adapter folder, or what stands for it in one of prompt version 0. Raises ``AdapterError``."""
    if not folder.is_dir():
        raise AdapterError(f"{folder}: no such adapter folder")
    path = folder / MANIFEST
    if not path.exists():
        return _old_manifest(folder)
    values = _json(path)
    known = {one.name for one in fields(Manifest)}
    if wrong := sorted((values.keys() ^ known) - (_OPTIONAL - values.keys())):
        raise AdapterError(f"{path}: the keys {', '.join(wrong)} are missing or unknown; write it with this version")
    if values["format"] != FORMAT:
        raise AdapterError(f"{path}: format {values['format']} is not known; this version reads format {FORMAT}")
    try:
        base = Base(**values["base"])
        manifest = Manifest(**{**values, "base": base, "labels": tuple(values["labels"])})
    except TypeError as error:
        raise AdapterError(f"{path}: {error}") from error
    _check_values(path, manifest)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a folder whose other files are final; gives it with their hashes filled in."""
    (folder / MANIFEST).unlink(missing_ok=True)
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    manifest = replace(manifest, files={name: file_sha256(folder / name) for name in names})
    _check_values(folder / MANIFEST, manifest)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def check_folder(folder: Path, kind: Kind) -> Manifest:
    """The manifest of an adapter folder of that kind whose files are complete and unchanged, else ``AdapterError``."""
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise AdapterError(f"{folder}: this is the {manifest.kind} of a pair, not its {kind}; name the other one")
    for name in (CONFIG, WEIGHTS, *manifest.files):
        if not (folder / name).is_file():
            raise AdapterError(f"{folder / name}: this file of the adapter is missing; fetch or train it again")
    for name, expected in manifest.files.items():
        if file_sha256(folder / name) != expected:
            raise AdapterError(f"{folder / name}: changed since {MANIFEST} was written; fetch or train it again")
    config = _json(folder / CONFIG)
    if config.get("peft_type") != "LORA":
        raise AdapterError(f"{folder / CONFIG}: peft_type {config.get('peft_type')!r}; only LORA adapters are read")
    odd = [name for name in _NOT_LORA if config.get(name)]
    odd += ["bias"] * (config.get("bias", "none") != "none")
    odd += [name for name in ("rank_pattern", "alpha_pattern") for key in config.get(name) or {} if not _is_name(key)]
    if odd:
        raise AdapterError(f"{folder / CONFIG}: {', '.join(odd)}: only plain LoRA adapters are read")
    return manifest


def _is_name(text: object) -> bool:
    return isinstance(text, str) and _PATTERN_KEY.fullmatch(text) is not None


def _check_values(path: Path, manifest: Manifest) -> None:
    """Refuse what would be used without a further look: numbers out of their range, file names that are paths."""
    versions = PROMPT_VERSIONS[manifest.kind] if manifest.kind in KINDS else ()
    problems = {
        f"kind must be one of {', '.join(KINDS)}": manifest.kind in KINDS,
        f"prompt_version must be one of {versions}": manifest.prompt_version in versions,
        "max_tokens must be a whole number from 16 on": isinstance(manifest.max_tokens, int)
        and manifest.max_tokens >= 16,
        "threshold must lie between 0 and 1": _number(manifest.threshold) and 0 < manifest.threshold < 1,
        "temperature must be above 0": _number(manifest.temperature) and 0 < manifest.temperature < 1e6,
        "labels must be correct, flawed": manifest.labels == ("correct", "flawed"),
        "plain_text must be true or false": isinstance(manifest.plain_text, bool),
        "base must have a name, and a revision and sha256 that are text or null": _is_base(manifest.base),
        "files must map plain file names to hashes": isinstance(manifest.files, dict)
        and all(PLAIN_NAME.fullmatch(name) and isinstance(value, str) for name, value in manifest.files.items()),
        f"files must hold {CONFIG} and {WEIGHTS}": {CONFIG, WEIGHTS} <= set(manifest.files or ()),
    }
    if wrong := [problem for problem, holds in problems.items() if not holds]:
        raise AdapterError(f"{path}: {'; '.join(wrong)}")


def _is_base(base: Base) -> bool:
    named = isinstance(base.name, str) and isinstance(base.sha256, (str, type(None)))
    return named and (
        base.revision is None or (isinstance(base.revision, str) and bool(REVISION.fullmatch(base.revision)))
    )


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _old_manifest(folder: Path) -> Manifest:
    config = folder / CONFIG
    if not config.is_file():
        raise AdapterError(f"{folder}: neither {MANIFEST} nor {CONFIG} is in it; name an adapter folder")
    values = _json(config)
    name = values.get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise AdapterError(f"{config}: base_model_name_or_path does not name the base; add it, or a {MANIFEST}")
    kind: Kind = "classifier" if (folder / OLD_HEAD).is_file() else "extractor"
    return Manifest(kind, Base(name, values.get("revision")), prompt_version=0, max_tokens=OLD_MAX_TOKENS)


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(values, dict):
        raise AdapterError(f"{path}: holds {type(values).__name__}, not an object")
    return values


def file_sha256(path: Place) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
