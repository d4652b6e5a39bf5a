"""What the tests of the audit share: rows, models that answer from a script, and a way to run the command."""

from __future__ import annotations

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.cli.audit import main
from grader.engines import Pair
from grader.engines.scripted import ScriptedClassifier, ScriptedExtractor
from grader.types import Classification

KINDS = ["right"] * 30 + ["false"] * 6 + ["wrong"] * 4 + ["vague"] * 2
UNSURE = "25 times 4 equals 100"


class NamedExtractor(ScriptedExtractor):
    """A scripted extractor that is somebody."""

    def __init__(self, name="reader"):
        super().__init__({UNSURE: ["25*4=100"]})
        self.name = name

    def identity(self):
        """Say who this is."""
        return {"base": self.name}


class NamedClassifier(ScriptedClassifier):
    """A scripted classifier that is somebody, and finds every solution flawed that holds a word."""

    def __init__(self, name="judge", word="wrong", flawed=0.9, other=0.1):
        super().__init__({})
        self.name, self.word, self.flawed, self.other = name, word, flawed, other
        self.judged = []

    def classify(self, solutions):
        """Judge by the word, every line like the whole."""
        self.judged += [solution.solution for solution in solutions]
        found = [self.flawed if self.word in (one.solution or "") else self.other for one in solutions]
        lines = [(one.solution or "").split("\n") for one in solutions]
        return [Classification(p, tuple([p] * len(some))) for p, some in zip(found, lines, strict=True)]

    def identity(self):
        """Say who this is."""
        return {"base": self.name}


def pair(extractor="reader", classifier="judge", **options):
    """Give a pair of scripted models; None leaves one out."""
    reads = None if extractor is None else NamedExtractor(extractor)
    judges = None if classifier is None else NamedClassifier(classifier, **options)
    return Pair("auto" if reads else "rules", reads, judges, 0.5, "a script")


def use(monkeypatch, models):
    """Let the command load these models."""
    monkeypatch.setattr("grader.engines.load_pair", lambda *_, **__: models)
    return models


def solution(index, kind="right"):
    """Write a solution of two lines, and one that only a model reads; ``kind``: right, false, wrong or vague."""
    if kind == "vague":
        return f"It is clear that {'n' * (index + 1)} is enough."
    total = index * 3 + (kind in ("false", "both"))
    reason = "a wrong idea" if kind in ("wrong", "both") else "an idea"
    return f"By {reason}: {index} * 3 = {total}\n{UNSURE}\n#### {total}"


def write_rows(path, kinds, **columns):
    """Write a data set of rows of these kinds, ids from 0; ``columns`` replace or add some."""
    numbers = range(len(kinds))
    table = {
        "id": [f"r{index}" for index in numbers],
        "problem": [f"What is {index} times 3?" for index in numbers],
        "solution": [solution(index, kind) for index, kind in enumerate(kinds)],
        **columns,
    }
    pq.write_table(pa.table(table), path)
    return table


def write_config(folder, gates="", data="", head="", **keys):
    """Write ``audit.toml`` with one data set ``d`` over ``rows.parquet``."""
    path = folder / "audit.toml"
    extra = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    text = f'store = "store"\n{head}\n[[data]]\nname = "d"\ninputs = ["rows.parquet"]\n{extra}{data}\n{gates}\n'
    path.write_text(text)
    return path


def audit(path, *options):
    """Run the command with one worker and give its exit code."""
    return main([str(path), "--workers", "1", *options])


def summary(folder):
    """Read the summary of the latest night."""
    return json.loads((folder / "store" / "latest" / "summary.json").read_text())


def work(folder):
    """What the night's first data set cost."""
    return summary(folder)["data"][0]["work"]


def changes(folder):
    """The changes of data set ``d``, by key, with their causes."""
    table = pl.read_parquet(folder / "store" / "latest" / "d" / "changes.parquet")
    return {row["key"]: (row["change"], row["cause"]) for row in table.iter_rows(named=True)}


@pytest.fixture
def models(monkeypatch):
    """Let the command load scripted models, and give them."""
    return use(monkeypatch, pair())


@pytest.fixture
def folder(tmp_path, models):
    """Give a folder with a data set and its configuration."""
    write_rows(tmp_path / "rows.parquet", KINDS)
    write_config(tmp_path)
    return tmp_path
