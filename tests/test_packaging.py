"""The wheel, the console scripts, and what importing them costs."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import distribution, entry_points, version
from pathlib import Path

import pytest

import grader
import train

ROOT = Path(__file__).parent.parent
HEAVY = (
    *("torch", "sympy", "polars", "pyarrow", "transformers", "peft", "numpy", "duckdb"),
    *("pydantic", "jinja2", "matplotlib", "sqlite3"),
)
SCRIPTS = sorted(entry.name for entry in distribution("math-grader").entry_points if entry.group == "console_scripts")


def run(command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def script(name):
    return Path(sysconfig.get_path("scripts"), name)


@pytest.mark.skipif(os.environ.get("GRADER_TEST_WHEEL") != "1", reason="only `make test` installs the wheel")
@pytest.mark.parametrize("package", [grader, train])
def test_tests_see_the_installed_wheel(package):
    """Under `make test` both packages come from site-packages, not from the source tree."""
    assert Path(package.__file__).is_relative_to(sysconfig.get_path("purelib"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_version(name, tmp_path):
    """Every command prints its name and the version of the distribution."""
    done = run([script(name), "--version"], tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{name} {version('math-grader')}\n")


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name, tmp_path):
    """Every command explains itself on stdout and says nothing on stderr."""
    done = run([script(name), "--help"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {name} ")


@pytest.mark.parametrize("name", SCRIPTS)
def test_unknown_option(name, tmp_path):
    """An unknown option is exit 2 with one line that names it, and no traceback."""
    done = run([script(name), "--no-such-option"], tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_imports_nothing_heavy(name, tmp_path):
    """Help answers at once: no room that computes, reads files or runs models is imported for it."""
    (entry,) = entry_points(group="console_scripts", name=name)
    code = (
        f"import sys\nfrom {entry.module} import {entry.attr} as main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & {set(HEAVY)!r}), file=sys.stderr)"
    )
    done = run([sys.executable, "-P", "-c", code], tmp_path)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    """Give the names in the wheel: of the one under test where `make test` built it, else of one that is built here."""
    if os.environ.get("GRADER_TEST_WHEEL") == "1":
        files = distribution("math-grader").files or []
        return {str(file) for file in files if not str(file).startswith("..") and "__pycache__" not in file.parts}
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    # Setuptools builds inside the source tree: give it a copy.
    for name in ("grader", "train"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    done = run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_both_packages_and_nothing_else(wheel_names):
    """The wheel ships every module and every data file of grader and train, its own metadata, and no tests."""
    shipped = {name for name in wheel_names if ".dist-info/" not in name}
    wanted = {
        str(file.relative_to(ROOT))
        for package in ("grader", "train")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert shipped == wanted
    assert {"grader/py.typed", "train/py.typed"} <= shipped
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)


def test_no_repeated_group_of_a_pattern_gives_nothing_back():
    """Python before 3.11.3, which machines have, matches "(?:a|b)++" wrongly; of a single character it does not."""
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("grader", "train")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.search(r"(?<!\\)\)(?:[+*?]|\{\d*,?\d*\})\+|\(\?>", node.value)
    }
    assert found == set()
