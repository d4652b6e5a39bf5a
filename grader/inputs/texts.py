"""Texts that Arrow can hold: UTF-8 has no place for half of a surrogate pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence


def storable(value: Any) -> Any:
    """Replace lone surrogates by U+FFFD in a text, and in the texts of lists and dicts however deep."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value


def to_arrow(values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Convert Python values to one Arrow array; the type is inferred where ``kind`` is None.

    Raises Arrow's own errors where the values do not fit one type.
    """
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        # Only now are the texts walked in Python: this happens to one batch in a million.
        return pa.array([storable(value) for value in values], kind)


def to_python(column: pa.Array) -> list[str | None]:
    """Give the texts of a text column of any encoding; bytes that are not UTF-8 become U+FFFD."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[str | None]
    try:
        texts = column.to_pylist()
    except UnicodeDecodeError:
        kind = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
        texts = [None if raw is None else raw.decode("utf-8", "replace") for raw in column.cast(kind).to_pylist()]
    return texts
