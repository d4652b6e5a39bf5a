"""The models that come with the package: their size, their layout, and that they read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from safetensors import safe_open

from grader.adapters.places import EMBEDDED
from grader.engines import load_pair
from grader.modeling import load_tokenizer
from grader.types import Solution

SAMPLES = Path(__file__).parents[1] / "sample_data" / "solutions.parquet"
LINES = {
    "She fills 3 boxes with 12 eggs each, so she has 3 x 12 = 36 eggs.": ["3*12=36"],
    "That leaves $125 - $38 = $87 for the other gifts.": ["125-38=87"],
    "They walked 4.5 + 2.25 = 6.5 miles.": ["4.5+2.25=6.5"],
    "Then she went home.": [],
}


@pytest.fixture(scope="module")
def pair():
    return load_pair("model", classifier=True, adapters=None, threshold=None)


def test_the_pair_is_small_and_holds_no_code():
    """At most 25 MB and 12 million parameters, all of it JSON, safetensors and a page of text."""
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25_000_000
    assert {path.suffix for path in files} == {".json", ".safetensors", ".md"}
    count = 0
    for path in EMBEDDED.rglob("base/model.safetensors"):
        with safe_open(path, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 it is no mapping
                shape = tensors.get_slice(name).get_shape()
                count += shape[0] * (shape[1] if len(shape) > 1 else 1)
    assert 4_000_000 < count <= 12_000_000


def test_the_extractor_is_a_small_gemma():
    """The architecture is the full model's, and every digit is a token."""
    base = EMBEDDED / "extractor" / "base"
    assert json.loads((base / "config.json").read_text())["architectures"] == ["Gemma3ForCausalLM"]
    tokenizer = load_tokenizer(base)
    assert [token for token in tokenizer.tokenize("1234567890.05") if token.isdigit()] == list("123456789005")


def test_it_reads_lines_as_they_stand(pair):
    """Right and wrong calculations are transcribed, and a line without one gives none."""
    assert dict(zip(LINES, pair.extractor.extract(list(LINES), [None] * len(LINES)), strict=True)) == LINES


def test_the_classifier_is_a_small_phi():
    """The architecture is the full model's, and every digit is a token."""
    base = EMBEDDED / "classifier" / "base"
    assert json.loads((base / "config.json").read_text())["architectures"] == ["Phi3ForCausalLM"]
    assert load_tokenizer(base).tokenize("40.5")[-4:] == ["4", "0", ".", "5"]


@pytest.mark.parametrize(
    "wrong",
    [
        "The hens lay 14+6=20 eggs.\nSo 20-9=11 eggs are left.\n#### 11",
        "The hens lay 14*6=84 eggs.\nSo 84+9=93 eggs are left.\n#### 93",
        "The hens lay 14*6=84 eggs.\nSo 84-9=75 eggs are left.\n#### 84",
    ],
)
def test_it_tells_false_ideas_from_right_ones(pair, wrong):
    """A wrong operation and a wrong choice of the answer are likelier flawed than the right solution, from there on."""
    problem = "Ann has 14 hens that lay 6 eggs each. She sells 9 eggs. How many eggs are left?"
    right = "The hens lay 14*6=84 eggs.\nSo 84-9=75 eggs are left.\n#### 75"
    good, bad = pair.classifier.classify([Solution(problem, right), Solution(problem, wrong)])
    assert bad.flawed > good.flawed + 0.2
    first = next(
        at for at, (one, other) in enumerate(zip(right.split("\n"), wrong.split("\n"), strict=True)) if one != other
    )
    assert bad.by_line[first] > good.by_line[first] + 0.2
    assert bad.by_line[:first] == pytest.approx(good.by_line[:first], abs=1e-4)


def test_its_threshold_is_quiet(pair):
    """By default it hardly ever objects to good solutions. The threshold was chosen on these: a guard, no evidence."""
    rows = pq.read_table(SAMPLES, columns=["problem", "solution", "label"]).to_pylist()
    good = [Solution(row["problem"], row["solution"]) for row in rows if row["label"] == "correct"]
    flawed = [answer.flawed for answer in pair.classifier.classify(good)]
    assert len(flawed) > 150
    assert sum(one >= pair.threshold for one in flawed) <= 0.01 * len(flawed)
    assert pair.threshold >= 0.9


def test_a_run_says_which_pair_it_uses(pair):
    """The sentence names the embedded pair and its classifier."""
    assert pair.sentence() == "equations read by model (the embedded pair); classifier of the embedded pair"
