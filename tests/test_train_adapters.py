"""Both trainings on small bases: they learn, survive a kill, quantise, and leave folders that load."""

import json
from filecmp import cmp

import pytest
import torch
from safetensors.torch import load_file
from tiny_models import tiny_gemma, tiny_phi
from transformers import TrainerCallback

from grader.adapters import check_folder
from grader.engines.torch_classifier import TorchClassifier
from grader.errors import UsageError
from grader.modeling import GPTSequenceClassifier, load_adapted, load_base, load_tokenizer, quantised_layers
from grader.modeling.adapting import attach_adapter, merge_adapter
from grader.types import Solution
from train import classifier, extractor
from train.batches import LengthSampler, batches_by_length
from train.calibrate import probabilities
from train.checkpoints import last_checkpoint
from train.config import recipe
from train.data import ClassifierExample, ExtractorExample, split_by_problem
from train.encoding import classifier_rows, extractor_rows
from train.job import Job
from train.loop import steps_between
from train.memory import Cut

TRAIN = {"extractor": extractor.train_extractor, "classifier": classifier.train_classifier}
BASE = {"extractor": tiny_gemma, "classifier": tiny_phi}
KINDS = ("extractor", "classifier")
pytestmark = pytest.mark.usefixtures("one_thread")
FILES = ("adapter_config.json", "adapter_model.safetensors", "grader_adapter.json")


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Give a folder with a tiny base for each adapter."""
    folder = tmp_path_factory.mktemp("bases")
    for kind, make in BASE.items():
        make(folder / kind)
        make(folder / f"{kind}-nf4", quantize=True)
    return folder


def examples(kind):
    """Give 48 examples of 24 problems: half of the classifier's are flawed, told by a word."""
    made = []
    for number in range(48):
        a, b, wrong = number % 7 + 1, number % 5 + 1, number % 2
        line = f"{'not' if wrong else 'yes'}, {a}+{b}={a + b + wrong}"
        if kind == "extractor":
            made.append(ExtractorExample(line, (f"{a}+{b}={a + b + wrong}",), str(number // 2)))
        else:
            kinds = "x" if wrong else "correct"
            made.append(
                ClassifierExample("q", (line, "#### 1"), bool(wrong), 1 if wrong else None, kinds, 0, str(number // 2))
            )
    return split_by_problem(made, 0, 0.1, 0.1)


def job(kind, base, output, *, resume=False, callbacks=(), data=None, **keys):
    settings = {"base": str(base), "lr": 5e-3, "epochs": 2.0, "batch": 8, "accumulate": 1, "evaluate_every": 3.0}
    made = recipe(kind, {**settings, "rank": 4, **keys})
    return Job(kind, made, data or examples(kind), output, resume=resume, callbacks=callbacks)


class Kill(TrainerCallback):
    """Ends the training in the middle of a step's bookkeeping, as a kill would: nothing more is written."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):  # noqa: D102
        if state.global_step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", KINDS)
def test_killed_and_resumed_is_the_same(kind, bases, tmp_path):
    """A training that is killed between two checkpoints and resumed gives the very bytes of one that was not."""
    whole = TRAIN[kind](job(kind, bases / kind, tmp_path / "whole"))
    killed = job(kind, bases / kind, tmp_path / "killed", callbacks=[Kill(5)])
    with pytest.raises(KeyboardInterrupt):
        TRAIN[kind](killed)
    assert [path.name for path in killed.checkpoints.glob("checkpoint-*")] == ["checkpoint-3"]
    torn = killed.checkpoints / "checkpoint-4"  # one that the kill cut short
    torn.mkdir()
    resumed = TRAIN[kind](job(kind, bases / kind, tmp_path / "killed", resume=True))
    assert not torn.exists()
    assert all(cmp(tmp_path / "whole" / kind / name, killed.folder / name, shallow=False) for name in FILES)
    assert resumed["heldout"] == whole["heldout"]
    assert resumed["steps"] == whole["steps"] == 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_the_same_however_it_is_cut(kind, bases, tmp_path, monkeypatch):
    """Steps that are whole, in batches, and in other batches after a kill, give the same weights to rounding.

    Rows have unlike numbers of labels, and the last step of an epoch has fewer rows.
    """
    answers = [[f"{number}+{other}={number + other}" for other in range(1 + number % 4)] for number in range(48)]
    lines = [ExtractorExample(str(number), tuple(one), str(number // 2)) for number, one in enumerate(answers)]
    data = split_by_problem(lines, 0, 0.1, 0.1) if kind == "extractor" else examples(kind)
    parts, whole = Cut(2, 4, again=False), Cut(8, 1, again=False)

    def trained(name, first, then):
        """Give the adapter of a training whose steps are cut one way until it is killed, and another way after it."""
        keys = {"data": data, "batch": 2, "accumulate": 4, "dropout": 0.0}
        killed = job(kind, bases / kind, tmp_path / name, callbacks=[Kill(8)], **keys)
        resumed = job(kind, bases / kind, tmp_path / name, resume=True, **keys)
        monkeypatch.setattr("train.loop.cut", lambda *_, **__: first)
        with pytest.raises(KeyboardInterrupt):
            TRAIN[kind](killed)
        monkeypatch.setattr("train.loop.cut", lambda *_, **__: then)
        assert TRAIN[kind](resumed)["steps"] == 10
        return load_file(resumed.folder / "adapter_model.safetensors")

    wanted = trained("parts", parts, parts)
    for name, cuts in {"whole": (whole, whole), "both": (parts, whole)}.items():
        for tensor, value in trained(name, *cuts).items():
            torch.testing.assert_close(value, wanted[tensor], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_another_training_is_not_resumed(kind, bases, tmp_path):
    """An unfinished training is neither overwritten unasked nor resumed with other options."""
    with pytest.raises(KeyboardInterrupt):
        TRAIN[kind](job(kind, bases / kind, tmp_path, callbacks=[Kill(1)]))
    with pytest.raises(UsageError, match="an unfinished training is here; go on with --resume"):
        TRAIN[kind](job(kind, bases / kind, tmp_path))
    with pytest.raises(UsageError, match="the unfinished training had other rank, seed; resume with the same options"):
        TRAIN[kind](job(kind, bases / kind, tmp_path, resume=True, rank=8, seed=1))


def test_early_stopping(bases, tmp_path):
    """Training ends when the metric has not become better for so many evaluations, and the best checkpoint is kept."""
    told = TRAIN["classifier"](
        job("classifier", bases / "classifier", tmp_path, lr=1e-9, evaluate_every=1.0, patience=2)
    )
    assert (told["steps"], told["steps_planned"], told["best_step"]) == (3, 10, 1)


def test_checkpoints_hold_no_base(bases, tmp_path):
    """A checkpoint of a quantised classifier holds the adapter and the head, not the base."""
    killed = job("classifier", bases / "classifier", tmp_path, callbacks=[Kill(4)], quantization="nf4")
    with pytest.raises(KeyboardInterrupt):
        TRAIN["classifier"](killed)
    from safetensors import safe_open

    (checkpoint,) = killed.checkpoints.glob("checkpoint-*")
    assert not list(checkpoint.glob("model*"))
    with safe_open(checkpoint / "adapter_model.safetensors", "pt") as file:
        names = list(file.keys())
    assert {"base_model.model.head.weight", "base_model.model.head.bias"} < set(names)
    assert all("lora_" in name for name in names if ".head." not in name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("already", [False, True], ids=["quantised now", "quantised before"])
def test_qlora(kind, already, bases, tmp_path):
    """On an NF4 base the loss falls, and the saved adapter, loaded anew or merged, answers as the trained one did."""
    base = bases / (f"{kind}-nf4" if already else kind)
    trained = job(kind, base, tmp_path, quantization="nf4", lr=1e-2)
    told = TRAIN[kind](trained)
    assert told["heldout"]["trained"]["loss"] < told["heldout"]["untrained"]["loss"] - 0.1
    check_folder(trained.folder, kind)
    model = load_base(kind, base, quantization="nf4")
    if kind == "classifier":
        model = GPTSequenceClassifier(model)
    adapted = attach_adapter(model, trained.folder)
    assert quantised_layers(adapted)
    rows = _heldout(kind, base, trained)
    again = _loss(kind, adapted, rows, trained)
    name = "uncalibrated" if kind == "classifier" else "trained"
    assert again == pytest.approx(told["heldout"][name]["loss"], abs=1e-5)
    merged = merge_adapter(adapted, torch.float32)
    assert not quantised_layers(merged)
    assert _loss(kind, merged, rows, trained) == pytest.approx(again, abs=1e-3)


def _heldout(kind, base, trained):
    encoder = extractor_rows if kind == "extractor" else classifier_rows
    return encoder(load_tokenizer(base), trained.split.heldout, 512).rows


def _loss(kind, model, rows, trained):
    if kind == "extractor":
        return extractor.measure(model, rows, 0)["loss"]
    found = classifier.margins(model, rows, 0)
    return classifier.figures(found, rows, trained.split.heldout)["loss"]


@pytest.mark.parametrize("kind", KINDS)
def test_folder_and_entry(kind, bases, tmp_path):
    """The folder is checked and names its base; the entry of the report holds figures of the best checkpoint."""
    trained = job(kind, bases / kind, tmp_path, epochs=1.0)
    told = TRAIN[kind](trained)
    manifest = check_folder(trained.folder, kind)
    assert manifest.base.name == str(bases / kind)
    assert manifest.max_tokens == 512
    assert sorted(path.name for path in trained.folder.iterdir()) == sorted(FILES)
    values = json.loads((trained.folder / "adapter_config.json").read_text())
    assert (values["r"], values["lora_alpha"], values["bias"]) == (4, 8, "none")
    assert told["examples"] == {"train": 40, "validation": 4, "heldout": 4}
    evaluated = {log["step"]: log for log in told["history"] if "validation_loss" in log}
    assert set(evaluated) == {3, 5}
    if kind == "classifier":
        assert (manifest.temperature, manifest.threshold) == (told["temperature"], told["threshold"])
        assert values["modules_to_save"] == ["head"]
        assert told["best_step"] == max(evaluated, key=lambda step: (evaluated[step]["validation_accuracy"], -step))
    else:
        assert told["best_step"] == min(evaluated, key=lambda step: evaluated[step]["validation_loss"])


def test_engine_says_what_training_measured(bases, tmp_path):
    """The engine's probabilities are those that training calibrated: same prompt, same read-outs, same temperature."""
    trained = job("classifier", bases / "classifier", tmp_path, epochs=1.0)
    told = TRAIN["classifier"](trained)
    model = attach_adapter(GPTSequenceClassifier(load_base("classifier", bases / "classifier")), trained.folder)
    rows = _heldout("classifier", bases / "classifier", trained)
    wanted = [probabilities(row, told["temperature"]) for row in classifier.margins(model, rows, 0)]
    engine = TorchClassifier(load_adapted(trained.folder, "classifier", device="cpu"))
    answers = engine.classify([Solution(one.problem, one.lines) for one in trained.split.heldout])
    assert len(answers) == len(wanted) > 0
    for answer, row in zip(answers, wanted, strict=True):
        assert answer.by_line == pytest.approx(row, abs=1e-5)
        assert answer.flawed == answer.by_line[-1]


def test_first_error_line_figure():
    """A verdict names the first line that crosses the threshold, or the likeliest one where none does."""
    assert classifier._first_line([-1.0, 2.0, 3.0], 1.0, 0.5) == 2
    assert classifier._first_line([-3.0, -1.0, -2.0], 1.0, 0.5) == 2


def test_exact_is_greedy_decoding(bases):
    """An answer counts as exact if plain greedy decoding writes it."""
    model, tokenizer = load_base("extractor", bases / "extractor"), load_tokenizer(bases / "extractor")
    (row,) = extractor_rows(tokenizer, [ExtractorExample("1+1=2", ("1+1=2",), "a")], 512).rows
    assert extractor.measure(model, [row], 0)["exact"] == 0
    start = next(at for at, label in enumerate(row.labels) if label >= 0)
    prompt = torch.tensor([row.input_ids[:start]])
    written = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=6, do_sample=False)[
        0
    ].tolist()
    greedy = row._replace(input_ids=written, labels=[-100] * start + written[start:])
    assert extractor.measure(model, [greedy, row], 0)["exact"] == 0.5


def test_measuring_does_not_depend_on_batches(bases):
    """The figures of many rows in padded batches are those of the rows one by one."""
    tokenizer = load_tokenizer(bases / "classifier")
    rows = classifier_rows(tokenizer, examples("classifier").train[:6], 512).rows
    model = GPTSequenceClassifier(load_base("classifier", bases / "classifier"))
    together = classifier.margins(model, rows, 0)
    alone = [classifier.margins(model, [row], 0)[0] for row in rows]
    assert torch.tensor(together) == pytest.approx(torch.tensor(alone), abs=1e-5)


def test_order_of_an_epoch():
    """Every row comes once an epoch, in an order that seed and epoch decide; a batch holds rows of like length."""
    lengths = [number * 37 % 101 for number in range(1000)]
    sampler = LengthSampler(lengths, 8, seed=1)
    first, again = list(sampler), list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert first == again != second
    assert sorted(first) == sorted(second) == list(range(1000))
    spread = [max(each) - min(each) for each in ([lengths[i] for i in first[at : at + 8]] for at in range(0, 1000, 8))]
    assert sum(spread) / len(spread) < 5
    assert first[:8] != sorted(first[:8], key=lambda index: lengths[index])[:8] or spread[0] == 0


def test_batches_of_tokens(bases):
    """Batches hold at most so many tokens with padding, and every row once."""
    rows = extractor_rows(load_tokenizer(bases / "extractor"), examples("extractor").train, 512).rows
    seen = []
    for chosen, batch in batches_by_length(rows, 0, 300):
        assert batch["input_ids"].numel() <= 300
        seen += chosen
    assert sorted(seen) == list(range(len(rows)))


@pytest.mark.parametrize(("every", "steps"), [(25.0, 12), (5.0, 5), (0.25, 3), (0.001, 1)])
def test_steps_between_evaluations(every, steps):
    """Evaluations come after so many steps, or after a share of all, and at least at the end."""
    assert steps_between(recipe("classifier", {"evaluate_every": every, "epochs": 3.0}), 128) == steps


def test_no_checkpoint_yet(tmp_path):
    """A folder without a whole checkpoint starts afresh."""
    assert last_checkpoint(tmp_path) is None
