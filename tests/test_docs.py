"""The pages say what the code does, and their links lead somewhere."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pyarrow as pa
import pytest

from grader.parquet_io.report import LINE, REPORT
from grader.types import CheckStatus, RowStatus, Source, Verdict

ROOT = Path(__file__).parent.parent
PAGES = [page for folder in (".", "docs", "benchmarks", "sample_data") for page in sorted((ROOT / folder).glob("*.md"))]
README = (ROOT / "README.md").read_text()
CONTRACT = (ROOT / "docs" / "report-format.md").read_text()
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page):
    """Give the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def spelled(kind):
    """Spell an Arrow type as docs/report-format.md does."""
    if pa.types.is_list(kind):
        return "list<struct>" if pa.types.is_struct(kind.value_type) else f"list<{spelled(kind.value_type)}>"
    return "float32" if pa.types.is_float32(kind) else str(kind)


def flat(struct):
    """Give name and type of every field of a struct in reading order, those of structs within in their place."""
    for field in struct:
        yield field.name, spelled(field.type)
        if pa.types.is_list(field.type):
            yield from flat(field.type.value_type)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every relative link of a page names a file, and a heading where it has an anchor."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target for target in LINK.findall(prose) if not target.startswith(("https://", "http://"))]
    for target in targets:
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to {target}"


def test_page_of_commands_is_current():
    """docs/cli.md is what `--help` prints."""
    command = [sys.executable, "-P", ROOT / "docs" / "make_cli_page.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_report_columns_are_as_promised():
    """The report's columns have the names, types and order of docs/report-format.md."""
    promised = re.findall(r"^\| `(grade_\w+)` \| (\S+) \|", CONTRACT, re.MULTILINE)
    assert promised == [(field.name, spelled(field.type)) for field in REPORT]


def test_line_structs_are_as_promised():
    """The structs of grade_lines have the fields of docs/report-format.md in its order."""
    (paragraph,) = re.findall(r"^`grade_lines` element: .*?^- ", CONTRACT, re.MULTILINE | re.DOTALL)
    promised = re.findall(r"`(\w+)` (int32|string|float32|list<struct)", paragraph)
    assert [(name, f"{kind}>" if kind == "list<struct" else kind) for name, kind in promised] == list(flat(LINE))


@pytest.mark.parametrize("value", [*CheckStatus, *Source, *RowStatus, *Verdict])
def test_every_value_is_explained(value):
    """Every status, source and verdict that a report can hold stands in docs/report-format.md."""
    assert f"`{value}`" in CONTRACT


def test_picture_in_the_readme_is_real():
    """The README shows what `grade --text` prints."""
    block = re.search(r"^```console\n\$ (.*\| grade --text -)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    command, shown = block.groups()
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, shown), done.stderr
