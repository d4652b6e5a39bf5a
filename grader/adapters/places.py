"""Where a pair of adapters, and the base of each, is found: a folder, the hub, or the package itself."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from grader.adapters.manifest import (
    CONFIG,
    HUB_ID,
    KINDS,
    MANIFEST,
    OLD_HEAD,
    PLAIN_NAME,
    REVISION,
    Base,
    file_sha256,
    read_manifest,
)
from grader.errors import AdapterError

VARIABLE = "GRADER_ADAPTERS"
EMBEDDED = Path(__file__).parent.parent / "assets" / "embedded"


class PairLocation(NamedTuple):
    """Where a pair was found: the name for people and the folder of each half, None where it has only the other."""

    name: str
    extractor: Path | None
    classifier: Path | None


def find_pair(adapters: str | None, *, offline: bool = False) -> PairLocation | None:
    """The pair that ``adapters`` names, else ``$GRADER_ADAPTERS``, else the embedded one; None if there is none.

    A name is a folder or a hub id (``owner/name``, ``owner/name@revision``) that holds ``extractor/``, ``classifier/``
    or both, or that is an adapter folder itself; two names may be joined by a comma. Raises ``AdapterError``.
    """
    named = adapters or os.environ.get(VARIABLE)
    if not named:
        pair = _halves(EMBEDDED)
        return PairLocation("the embedded pair", pair.get("extractor"), pair.get("classifier")) if pair else None
    found: dict[str, Path] = {}
    for name in [named] if Path(named).is_dir() else named.split(","):
        halves = _halves(_local(name.strip(), offline=offline))
        if not halves:
            raise AdapterError(f"{name}: no adapter is in it: it needs extractor/ or classifier/, or a {CONFIG}")
        if twice := found.keys() & halves.keys():
            raise AdapterError(f"{named}: two adapters are a {twice.pop()}; name one of each")
        found |= halves
    return PairLocation(named, found.get("extractor"), found.get("classifier"))


def _halves(folder: Path) -> dict[str, Path]:
    if (folder / CONFIG).is_file():
        return {read_manifest(folder).kind: folder}
    return {kind: folder / kind for kind in KINDS if (folder / kind / CONFIG).is_file()}


def base_folder(folder: Path, base: Base, *, offline: bool = False) -> Path:
    """The local folder of an adapter's base, fetched from the hub where it is not there yet, and checked."""
    if base.name.startswith("./"):
        if not PLAIN_NAME.fullmatch(base.name[2:]):
            raise AdapterError(f"{folder / MANIFEST}: the base {base.name!r} must be a folder beside the manifest")
        local = folder / base.name[2:]
    elif Path(base.name).is_absolute():
        local = Path(base.name)
    else:
        return _fetch(base.name, base.revision, offline=offline)
    if not (local / "config.json").is_file():
        raise AdapterError(f"{folder}: its base {local} is not there, or has no config.json")
    if base.sha256 is not None and base_digest(local) != base.sha256:
        raise AdapterError(
            f"{local}: this base is not the one that {folder} was trained on; bring that one back, or train again"
        )
    return local


def base_digest(base: Path) -> str:
    """SHA-256 of a local base: of its ``config.json`` and all its safetensors, by name."""
    digest = hashlib.sha256()
    for path in [base / "config.json", *sorted(base.glob("*.safetensors"))]:
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _local(name: str, *, offline: bool) -> Path:
    folder = Path(name)
    if folder.is_dir():
        return folder
    repository, _, revision = name.partition("@")
    if not HUB_ID.fullmatch(repository) or not REVISION.fullmatch(revision or "main"):
        raise AdapterError(f"{name}: no such folder, and not a hub id such as owner/name or owner/name@revision")
    return _fetch(repository, revision or None, offline=offline)


def _fetch(repository: str, revision: str | None, *, offline: bool) -> Path:
    """The local copy of a hub repository. Nothing is fetched that could be code."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415 only pairs and bases of the hub need it

    if not HUB_ID.fullmatch(repository):
        raise AdapterError(f"{repository!r}: not a hub id such as owner/name")
    patterns = ["*.json", "*.safetensors", "*.model", "*.txt", f"*{OLD_HEAD}"]
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns, local_files_only=offline))
    except (OSError, ValueError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        remedy = "fetch it once without --offline" if offline else "check the name, the revision and the network"
        raise AdapterError(f"{repository}{f'@{revision}' if revision else ''}: {remedy} ({why})") from error
