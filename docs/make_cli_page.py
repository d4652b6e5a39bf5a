"""Write docs/cli.md from the ``--help`` of every command, so that the page cannot fall behind.

python docs/make_cli_page.py            write the page
python docs/make_cli_page.py --check    exit 1 if it is not current (the tests do this)
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# The commands

This page is generated: `python docs/make_cli_page.py`. What the commands write is described in
[the report format](report-format.md).
"""


def page() -> str:
    """Give the text of docs/cli.md for the commands that are installed."""
    # argparse folds lines to the terminal's width and colours them from Python 3.14 on.
    os.environ.update(COLUMNS="100", NO_COLOR="1")
    commands = [
        entry for entry in entry_points(group="console_scripts") if entry.dist and entry.dist.name == "math-grader"
    ]
    return "".join([HEAD, *(f"\n## {entry.name}\n\n```text\n{_help(entry)}```\n" for entry in commands)])


def _help(entry: EntryPoint) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        entry.load()(["--help"])
    return output.getvalue()


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if arguments not in ([], ["--check"]):
        print("usage: make_cli_page.py [--check]", file=sys.stderr)
        return 2
    text = page()
    if not arguments:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print(f"{PAGE} is not current: run python docs/make_cli_page.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
