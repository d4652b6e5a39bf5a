"""Write grader/checking/unit_table.py from pint's definitions: exact factors, in the base units named there.

    python docs/make_unit_table.py [--check]

pint is needed here and in the test that runs ``--check``, not by the grader: loading its registry takes longer than
grading a thousand rows, and nothing that a solution says is ever given to it.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pint

TABLE = Path(__file__).parent.parent / "grader" / "checking" / "unit_table.py"
BASES = {"time": "second", "length": "meter", "mass": "kilogram", "volume": "liter", "area": "are", "data": "byte"}
NAMES = {
    "time": ("millisecond", "second", "minute", "hour", "day", "week", "fortnight"),
    "length": ("millimeter", "centimeter", "decimeter", "meter", "kilometer", "inch", "foot", "yard", "mile"),
    "mass": ("milligram", "gram", "kilogram", "metric_ton", "ounce", "pound", "ton"),
    "volume": (
        "milliliter", "centiliter", "deciliter", "liter", "teaspoon", "tablespoon", "fluid_ounce", "cup", "pint",
        "quart", "gallon",
    ),
    "area": ("acre", "hectare"),
    "data": ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte"),
}  # fmt: skip


def table() -> str:
    """Text of the module."""
    registry = pint.UnitRegistry(non_int_type=Fraction)
    lines = [
        '"""Exact sizes of units, from pint\'s definitions. Written by docs/make_unit_table.py; not to be edited."""',
        "",
        "from __future__ import annotations",
        "",
        "SIZES: dict[str, tuple[str, str]] = {",
    ]
    for dimension, names in NAMES.items():
        for name in names:
            size = registry.Quantity(Fraction(1), name).to(BASES[dimension]).magnitude
            lines.append(f'    "{name}": ("{dimension}", "{Fraction(size)}"),')
    return "\n".join([*lines, "}", f'"""Unit to dimension and size in {", ".join(BASES.values())}."""', ""])


def main() -> int:
    """Write the module, or with ``--check`` say whether it is current."""
    if "--check" in sys.argv[1:]:
        current = TABLE.read_text() == table()
        print("current" if current else f"{TABLE} is not what pint defines: run python docs/make_unit_table.py")
        return not current
    TABLE.write_text(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
