"""The GPU's way through engines and runs, on a GPU that is pretended: nothing mixes devices, waits or races."""

import gc
import importlib
from collections import Counter
from pathlib import Path

import bitsandbytes  # noqa: F401 it looks at the GPU when it is imported
import pretended_gpu
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from pretended_gpu import pretended, real
from tiny_models import tiny_adapter

from grader.cli.grade import main
from grader.engines import greedy, load_pair, placing, torch_extractor
from grader.engines.beginnings import Beginnings
from grader.modeling import Plan, loaded
from grader.types import Solution

SAME = 1e-5
"""Largest difference of a probability in float32, whatever the batch and the order of the sums."""
PLACE = torch.device("cuda:0")
SOLUTIONS = [
    Solution(
        f"Problem {number % 3}: how many apples are in {number % 3 + 2} baskets?",
        "\n".join(f"{line} * {number} = {line * number} apples" for line in range(1, number % 4 + 3)),
    )
    for number in range(9)
]
LINES = [line for one in SOLUTIONS for line in one.solution.split("\n")]
DRAFTS = [[line.removesuffix(" apples")] if number % 3 else None for number, line in enumerate(LINES)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, one_thread):
    """Give the folder of a pair."""
    folder = tmp_path_factory.mktemp("pair")
    for kind in ("extractor", "classifier"):
        tiny_adapter(folder / kind, kind)
    return folder


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Compute in float32, as a CPU does, and write short answers: random weights never come to an end."""
    load = loaded.load_base

    def moved(*names, device, **options):
        with real():
            model = load(*names, **options)
        return model.to(device)

    monkeypatch.setattr(loaded, "load_base", moved)
    monkeypatch.setattr(loaded, "pick_dtype", lambda *_: torch.float32)
    monkeypatch.setattr(torch_extractor, "NEW_TOKENS", (24, 24))


@pytest.fixture
def wanted(folder):
    """Give what a CPU says of the solutions and of the lines."""
    pair = on(folder, "cpu")
    return flawed(pair), pair.extractor.extract(LINES, DRAFTS)


def on(folder, device):
    return load_pair("model", adapters=str(folder), device=device)


def flawed(pair):
    return torch.tensor([value for one in pair.classifier.classify(SOLUTIONS) for value in (one.flawed, *one.by_line)])


def test_the_host_waits_for_answers_alone(folder, wanted, monkeypatch):
    """Once a forward, and once for each memory that is packed; nothing that goes to the GPU is waited for."""
    packed = []
    pack = greedy.pack
    monkeypatch.setattr(greedy, "pack", lambda parts, room: packed.extend(parts) or pack(parts, room))
    with pretended() as gpu:
        pair = on(folder, "cuda:0")
        assert pair.beside == 2
        gpu.counts.clear()
        found = flawed(pair)
        judging, gpu.counts = gpu.counts, Counter()
        lines = pair.extractor.extract(LINES, DRAFTS)
    assert (found - wanted[0]).abs().max() < SAME
    assert lines == wanted[1]
    assert judging["waits"] == pair.classifier.counts["forwards"] > 1
    assert gpu.counts["waits"] == pair.extractor.counts["forwards"] - 1 + len(packed)  # one when it was made
    assert min(judging["uploads"], gpu.counts["uploads"]) > 1
    assert judging["uploads waited for"] == gpu.counts["uploads waited for"] == gpu.freed_in_use == 0


def test_models_in_turns(folder, wanted, monkeypatch):
    """Whichever comes finds all that it needs on the GPU, as often as they change places."""
    monkeypatch.setattr(
        placing, "planned", lambda *_: Plan(dict.fromkeys(("extractor", "classifier"), "none"), {}, in_turns=True)
    )
    with pretended():
        pair = on(folder, "cuda:0")
        for _ in range(2):
            assert (flawed(pair) - wanted[0]).abs().max() < SAME
            assert pair.extractor.extract(LINES, DRAFTS) == wanted[1]


@pytest.mark.parametrize("devices", [["--device", "cuda:0"], ["--devices", "cuda:0,cuda:1"]])
def test_a_whole_run(folder, tmp_path, devices):
    """Both engines at work at once, on one device or two, in queues of their own: the report of a CPU, and no race."""
    source = tmp_path / "in.parquet"
    pq.write_table(
        pa.Table.from_pylist([{"problem": one.problem, "solution": one.solution} for one in SOLUTIONS]), source
    )
    options = ["--adapters", str(folder), "--extractor", "model", "--workers", "1", "--quiet"]
    reports = []
    for name, where in (("cpu", ["--device", "cpu"]), ("gpu", devices)):
        report = tmp_path / f"{name}.parquet"
        with pretended(devices=2) as gpu:
            assert main([str(source), "-o", str(report), *options, *where]) == 0
        reports.append(pq.read_table(report).to_pydict())
    gc.collect()
    if devices[0] == "--device":  # of two pairs one may have nothing to do, and end without having been waited for
        assert gpu.freed_in_use == 0
    assert gpu.counts["launches"] > 1000
    for name, values in reports[0].items():
        if name not in ("grade_flaw_probability", "grade_lines"):
            assert reports[1][name] == values
    assert reports[1]["grade_flaw_probability"] == pytest.approx(reports[0]["grade_flaw_probability"], abs=SAME)


def test_the_benchmark_of_the_whole_command(monkeypatch):
    """Its code for a GPU runs through; what it measures means nothing here."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    gpu = importlib.import_module("gpu")
    gpu.case("pipeline")  # imported before
    with pretended() as pretence:
        done = gpu.run(["pipeline"], "cuda:0", tiny=True)
    assert [bench.failures for bench in done] == [{}, {}]
    assert pretence.counts["launches"] > 10_000


class TestPlanted:
    """What the pretence is for is seen."""

    def test_tensors_of_two_devices(self, folder, monkeypatch):
        """Positions that were left on the CPU."""
        places = greedy.Greedy._places
        monkeypatch.setattr(greedy.Greedy, "_places", lambda *arguments: places(*arguments).cpu())
        with pretended(), pytest.raises(RuntimeError, match="expected all tensors to be on the same device"):
            on(folder, "cuda:0")

    def test_a_question_within_a_forward(self, folder, monkeypatch):
        """A layer that asks for a number."""
        update = Beginnings.update
        monkeypatch.setattr(Beginnings, "update", lambda *arguments: arguments[1].sum().item() and update(*arguments))
        with pretended() as gpu:
            pair = on(folder, "cuda:0")
            gpu.counts.clear()
            pair.classifier.classify(SOLUTIONS)
        assert gpu.counts["waits"] > pair.classifier.counts["forwards"]

    def test_answers_that_are_read_before_they_are_there(self, folder, monkeypatch):
        """What is copied to the host is garbage until the host has waited."""
        monkeypatch.setattr(pretended_gpu.Event, "synchronize", lambda _: None)
        with pretended():
            assert flawed(on(folder, "cuda:0")).max() == pretended_gpu.GARBAGE

    def test_a_queue_that_does_not_wait_for_the_weights(self, folder, monkeypatch):
        """An engine's queue that begins while another one still loads."""
        monkeypatch.setattr(pretended_gpu.Stream, "wait_stream", lambda *_: None)
        monkeypatch.setattr(pretended_gpu.Stream, "synchronize", lambda _: None)
        with pretended(), pytest.raises(RuntimeError, match="another queue has still to write"):
            on(folder, "cuda:0")

    def test_memory_that_goes_back_too_early(self):
        """Its own queue may use it anew while another one reads it, unless the host has waited, or the queue."""
        with pretended() as gpu:
            queue = pretended_gpu.Stream()
            for waits, freed in ((True, 0), (False, 1)):
                numbers = torch.zeros(3, device=PLACE)
                queue.wait_stream(gpu.current())
                with gpu.entered(queue):
                    numbers + numbers
                if waits:
                    gpu.current().wait_stream(queue)
                del numbers
                gc.collect()
                assert gpu.freed_in_use == freed
