"""The models that come with the package: their size, their layout, and that they read."""

from __future__ import annotations

import json

import pytest
from safetensors import safe_open

from grader.adapters.places import EMBEDDED
from grader.engines import load_pair
from grader.modeling import load_tokenizer

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


def test_a_run_says_which_pair_it_uses(pair):
    """The sentence names the embedded pair and says that it judges no reasoning."""
    assert pair.sentence() == "equations read by model (the embedded pair); no classifier"
