"""docs/nightly.md: its examples are valid, and it names every key, measure and column there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from audits import audit, pair, summary, use, write_config, write_rows

from grader.audit.changes import ALL_CHANGES, CAUSES, SCHEMA
from grader.audit.config import MEASURES, Bounds, Config, Data, Gate, Models, OnFailure
from grader.audit.review import REASONS
from grader.cli.audit import main

PAGE = (Path(__file__).parent.parent / "docs" / "nightly.md").read_text()
ANALYZE = shutil.which("systemd-analyze")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_workflow_is_valid():
    """The workflow parses, saves what it restores also after a failure, and its commands are those of this package."""
    (text,) = blocks("yaml")
    workflow = yaml.safe_load(text)
    job = workflow["jobs"]["audit"]
    steps = {step.get("uses", step.get("run", "")).split("@")[0]: step for step in job["steps"]}
    restored, saved = steps["actions/cache/restore"], steps["actions/cache/save"]
    assert restored["with"]["key"] == saved["with"]["key"]
    assert restored["with"]["path"] == saved["with"]["path"]
    assert saved["if"] == steps["actions/upload-artifact"]["if"] == "always()"
    for step in job["steps"]:
        if "run" in step:
            assert subprocess.run(["/bin/sh", "-n", "-c", step["run"]], check=False).returncode == 0
    assert re.fullmatch(r"\d+ \d+ \* \* \*", workflow[True]["schedule"][0]["cron"])  # YAML reads `on` as true


def test_the_cron_line_is_valid():
    """Five fields, and a command that a shell can read."""
    (text,) = blocks("cron")
    minute, hour, *days, command = text.strip().split(maxsplit=5)
    assert (0 <= int(minute) < 60, 0 <= int(hour) < 24, days) == (True, True, ["*", "*", "*"])
    assert subprocess.run(["/bin/sh", "-n", "-c", command], check=False).returncode == 0


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze is installed")
def test_the_units_are_valid(tmp_path):
    """Systemd finds no fault with service and timer, and knows the time."""
    service, timer = blocks("ini")
    here = service.replace("/srv/math/.venv/bin/grade-audit", "/bin/true").replace("User=math\n", "")
    (tmp_path / "grade-audit.service").write_text(here)
    (tmp_path / "grade-audit.timer").write_text(timer)
    files = [str(tmp_path / name) for name in ("grade-audit.service", "grade-audit.timer")]
    done = subprocess.run([ANALYZE, "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "grade-audit" in line] == []
    assert done.returncode == 0, done.stderr
    when = re.search(r"OnCalendar=(.*)", timer)[1]
    done = subprocess.run([ANALYZE, "calendar", when], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_commands_are_real(tmp_path, monkeypatch, capsys):
    """The options of the commands shown exist."""
    text = "\n".join([*blocks("console"), *blocks("cron"), *blocks("ini"), *blocks("yaml")])
    options = {option for line in re.findall(r"grade-audit [^\n#]*", text) for option in re.findall(r"--[a-z-]+", line)}
    assert options == {"--check", "--dry-run", "--strict", "--log-json"}
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(option in said for option in options)


@pytest.mark.parametrize("table", [Config, Data, Gate, Bounds, Models, OnFailure])
def test_every_key_is_documented(table):
    """The page names each key of the configuration."""
    for key in table.model_fields:
        names = (f"`{key}`", f"`[{key}]`", f"`[[{key}]]`", f"`{key} = ")
        assert any(name in PAGE for name in names), key


@pytest.mark.parametrize("name", [*MEASURES, *ALL_CHANGES, *CAUSES, *REASONS])
def test_every_name_is_documented(name):
    """The page names each measure, change, cause and reason."""
    assert f"`{name}`" in PAGE


def test_every_key_of_the_summary_is_documented(tmp_path, monkeypatch):
    """The page names each key of summary.json, and nearly each column of changes.parquet."""
    use(monkeypatch, pair())
    write_rows(tmp_path / "rows.parquet", ["right", "false"])
    audit(write_config(tmp_path, '[[gate]]\nmeasure = "flawed"\nfail = { count = 9 }\n'))
    found = summary(tmp_path)
    (data,) = found["data"]
    keys = [*found, *found["gates"][0], *data, *data["counts"], *data["changes"], *data["work"]]
    assert [key for key in keys if f"`{key}`" not in PAGE] == []
    columns = [name for name in SCHEMA if not name.endswith(("_before", "_now"))]
    assert [name for name in columns if f"`{name}`" not in PAGE] == []
