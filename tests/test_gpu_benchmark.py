"""Every case of benchmarks/gpu.py computes what it should before it is timed, and its checks see what is planted."""

import importlib
from pathlib import Path

import pytest
import torch

from grader.engines import torch_classifier
from grader.engines.beginnings import Beginnings
from grader.engines.key_values import NOWHERE, KeyValues
from grader.modeling import attention, compile_parts, fuse_norms
from train.low_rank import OneProduct, fuse_adapters

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _small(monkeypatch, one_thread):
    monkeypatch.syspath_prepend(FOLDER)


def run(*names):
    return importlib.import_module("gpu").run(names, "cpu", tiny=True)


def padded_on_the_left(rows, filler):
    width = max(map(len, rows))
    return [[filler] * (width - len(row)) + row for row in rows]


def plant_left_padding(monkeypatch):
    monkeypatch.setattr(torch_classifier, "_padded", padded_on_the_left)


def plant_lost_positions(monkeypatch):
    monkeypatch.setattr(Beginnings, "get_seq_length", lambda self, *_: 0)


def plant_visible_slots(monkeypatch):
    """Let every token see what a draft wrote in vain, and padding."""
    monkeypatch.setattr(KeyValues, "forget", lambda self, lengths: None)


def plant_open_mask(monkeypatch):
    place = KeyValues.place

    def seen(self, positions, *, masked=True):
        masks = place(self, positions, masked=masked)
        filled = self.positions[:, None, None, : self.used] < NOWHERE
        return {name: mask.masked_fill(filled, 0.0) if masked else None for name, mask in masks.items()}

    monkeypatch.setattr(KeyValues, "place", seen)
    monkeypatch.setattr(attention, "causal_lower_right", attention.torch.nn.attention.bias.causal_upper_left)


def plant_shifted_rows(monkeypatch):
    training = importlib.import_module("gpu_cases.training")
    collate = training.collate

    def shifted(pad, rows):
        batch = collate(pad, rows)
        for index, row in enumerate(rows):
            ids = batch["input_ids"][index]
            batch["input_ids"][index] = ids.roll(len(ids) - len(row["input_ids"]))
        return batch

    monkeypatch.setattr(training, "collate", shifted)


def plant_read_padding(monkeypatch):
    monkeypatch.setattr("train.batches.IGNORED", 0)


PLANTED = {
    "classifier-weights": plant_left_padding,
    "classifier-batches": plant_left_padding,
    "classifier-nf4": plant_left_padding,
    "classifier-problems": plant_lost_positions,
    "extractor-prefill": plant_open_mask,
    "extractor-decode": plant_visible_slots,
    "extractor-drafts": plant_visible_slots,
    "pipeline": plant_left_padding,
    "pipeline-compiled": plant_left_padding,
    "profile": plant_left_padding,
    "pipeline-nf4": plant_visible_slots,
    "training-classifier": plant_shifted_rows,
    "training-extractor": plant_read_padding,
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_case_runs_and_its_checks_pass(name, capsys):
    """On small shapes every part is checked, measured, and told in a table and one JSON line."""
    ceilings, bench = run(name)
    assert not ceilings.failures
    assert not bench.failures
    assert not bench.skipped
    assert bench.checks
    assert max(one["found"] for one in bench.checks.values()) < 1e-4
    assert all(row["seconds"] > 0 for row in bench.rows)
    last = [line for line in capsys.readouterr().out.splitlines() if line.startswith("{")][-1]
    assert f'"benchmark": "gpu_{name}"' in last


@pytest.mark.parametrize(("name", "plant"), PLANTED.items())
def test_a_planted_fault_is_seen_before_anything_is_timed(monkeypatch, name, plant):
    """With a mask or padding that is wrong the check says so, and that part has no figure."""
    module, _, function = importlib.import_module("gpu").CASES[name].partition(".")
    case = getattr(importlib.import_module(f"gpu_cases.{module}"), function)
    bench = importlib.import_module("gpu_cases.bench").Bench(torch.device("cpu"), True, 1e9, 1e9)
    monkeypatch.setattr(bench, "timed", lambda work, **_: 1.0)  # the parts that the fault spares need not be measured
    plant(monkeypatch)
    case(bench)
    wrong = [part for part, said in bench.failures.items() if said.startswith("Wrong: ")]
    assert wrong
    assert wrong == list(bench.failures)
    assert not {row["what"] for row in bench.rows} & set(wrong)


def test_every_case_is_run_here():
    """A case that is added to the script is checked by these tests; Unsloth's needs a GPU."""
    assert {*PLANTED, "training-unsloth"} == set(importlib.import_module("gpu").CASES)


def test_a_reference_is_plain_where_the_model_is_compiled(monkeypatch):
    """The float32 copy of a model with compiled parts computes with its own weights, in the library's code."""
    bases = importlib.import_module("gpu_cases.bases")
    bench = importlib.import_module("gpu_cases.bench").Bench(torch.device("cpu"), tiny=True)
    model = bases.phi(bench)
    ids = torch.arange(1, 9)[None]
    with torch.inference_mode():
        wanted = model(ids).logits
        compile_parts(model, "eager")
        fuse_norms(model)
        reference = bases.exact(model)
        for weight in model.parameters():
            weight.zero_()
        torch.testing.assert_close(reference(ids).logits, wanted)
    assert [type(one.backbone.norm).__name__ for one in (model, reference)] == ["FusedPhi3RMSNorm", "Phi3RMSNorm"]
    assert ["forward" in vars(one.backbone.norm) for one in (model, reference)] == [True, False]


def test_a_reference_has_the_adapters_of_the_library():
    """Layers that add in one product are the library's while the model is plain, and afterwards as they were."""
    bases = importlib.import_module("gpu_cases.bases")
    adapted = bases.with_lora(bases.gemma(importlib.import_module("gpu_cases.bench").Bench(torch.device("cpu"), True)))
    assert fuse_adapters(adapted) == 14
    names = {type(part).__name__ for part in adapted.modules()}
    with bases.plain(adapted):
        assert not any(isinstance(part, OneProduct) for part in adapted.modules())
    assert "OneProductLinear" in names
    assert {type(part).__name__ for part in adapted.modules()} == names


def test_spans_that_overlap_count_once():
    """Kernels that run at the same time keep the device busy once."""
    covered = importlib.import_module("gpu_cases.profile").covered
    assert covered([]) == 0
    assert covered([(5, 9), (0, 2), (6, 7), (8, 12), (1, 2), (20, 21)]) == 2 + 7 + 1


def test_what_is_not_installed_is_said(monkeypatch):
    """Without bitsandbytes and Unsloth the parts that need them are skipped with the reason, the others measured."""
    monkeypatch.setitem(__import__("sys").modules, "bitsandbytes", None)
    _, bench, other = run("classifier-nf4", "training-unsloth")
    assert bench.skipped == {"nf4": "bitsandbytes is not installed"}
    assert bench.rows
    assert list(other.skipped) == ["Unsloth"]


def test_a_part_that_breaks_costs_only_itself(monkeypatch):
    """An error is told with its name, the other parts go on, and the command ends with 1."""
    classifier = importlib.import_module("gpu_cases.classifier")

    def broken(*_, **__):
        raise torch.OutOfMemoryError("made up")

    monkeypatch.setattr(classifier, "compile_parts", broken)
    monkeypatch.setattr("sys.argv", ["gpu.py", "classifier-weights", "--tiny", "--device", "cpu"])
    assert importlib.import_module("gpu").main() == 1


def test_a_check_that_could_see_nothing_is_none():
    """A plain forward that is itself far off passes nothing, nor does a value that is off or no number."""
    module = importlib.import_module("gpu_cases.bench")
    bench, values = module.Bench(torch.device("cpu"), tiny=True), torch.arange(9.0)
    bench.check("same", values, values, values)
    for found, plain in ((values, -values), (values * float("nan"), values), (values + 0.01, values)):
        with pytest.raises(module.Wrong):
            bench.check("other", found, plain, values)


@pytest.mark.parametrize("words", [["nothing"], ["classifier-nf4"], ["training-unsloth", "pipeline", "--tiny"]])
def test_commands_that_make_no_sense_are_refused(monkeypatch, capsys, words):
    """An unknown case, full shapes on a CPU, and Unsloth beside others end with a message."""
    monkeypatch.setattr("sys.argv", ["gpu.py", *words, "--device", "cpu"])
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module("gpu").main()
    assert "error:" in capsys.readouterr().err
