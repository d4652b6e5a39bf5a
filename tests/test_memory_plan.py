"""How a pair is kept on a GPU: by its memory, in turns where it must be, compiled where it is asked."""

import json
from functools import partial

import pytest
import torch
from tiny_models import tiny_adapter

from grader.cli.grade import main
from grader.engines import load_pair
from grader.engines.placing import Keeping, planned
from grader.errors import UsageError
from grader.modeling import Plan, Seat, compile_parts, plan
from grader.modeling.memory import MAX_BATCH_TOKENS, MIN_BATCH_TOKENS
from grader.types import Solution

GPU = torch.device("cuda")
DENSE, MIXED, SMALL = ("none", "none"), ("nf4", "none"), ("nf4", "nf4")
GEMMA = {
    "model_type": "gemma3_text",
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "num_hidden_layers": 26,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
}
PHI = {
    "model_type": "phi3",
    "hidden_size": 3072,
    "intermediate_size": 8192,
    "num_hidden_layers": 32,
    "num_attention_heads": 24,
    "num_key_value_heads": 8,
}


def base(folder, config, blocks, embedded):
    """Write a base's config and the header of its weights, without the weights."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {
        "model.embed_tokens.weight": [embedded, config["hidden_size"]],
        "model.layers.0.mlp.down_proj.weight": [blocks // 1000, 1000],
    }
    header = json.dumps({name: {"dtype": "BF16", "shape": shape} for name, shape in tensors.items()}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return folder


@pytest.fixture
def bases(tmp_path):
    """Give both bases in their true sizes."""
    return {
        "extractor": base(tmp_path / "gemma", GEMMA, 698_000_000, 262_144),
        "classifier": base(tmp_path / "phi", PHI, 3_221_000_000, 200_064),
    }


@pytest.fixture
def bf16(monkeypatch):
    """Have a GPU with bfloat16."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.mark.usefixtures("bf16")
@pytest.mark.parametrize(
    ("gigabytes", "kept", "in_turns"),
    [
        (140, DENSE, False),
        (24, DENSE, False),
        (12, DENSE, False),
        (10, MIXED, False),
        (8, SMALL, False),
        (6, SMALL, False),
        (4, SMALL, True),
    ],
)
def test_the_memory_says_how_the_models_are_kept(bases, gigabytes, kept, in_turns):
    """Dense where they fit, then the extractor in 4 bits, then both, then in turns; batches are as large as fit."""
    found = plan(bases, GPU, gigabytes * 1e9)
    assert (found.quantization["extractor"], found.quantization["classifier"]) == kept
    assert found.in_turns == in_turns
    assert all(MIN_BATCH_TOKENS <= tokens <= MAX_BATCH_TOKENS[kind] for kind, tokens in found.batch_tokens.items())
    assert (found.batch_tokens == MAX_BATCH_TOKENS) == (gigabytes >= 24)
    assert found.together == (gigabytes >= 24)
    assert not (found.together and found.batch_tokens["extractor"] < MAX_BATCH_TOKENS["extractor"] // 2)


@pytest.mark.usefixtures("bf16")
def test_too_little_memory_is_refused_with_what_is_needed(bases):
    """The message says how much is needed at least; with that much there is a plan."""
    with pytest.raises(UsageError, match=r"need (\d\.\d) GB .* and 2\.0 GB may be used; use --device cpu") as caught:
        plan(bases, GPU, 2e9)
    assert plan(bases, GPU, float(str(caught.value).split()[3]) * 1e9 + 5e7).in_turns


@pytest.mark.usefixtures("bf16")
def test_a_quantization_that_is_asked_for_is_kept(bases):
    """4 bits on a large card, dense on a small one, in turns if it must be, or not at all."""
    assert set(plan(bases, GPU, 140e9, "nf4").quantization.values()) == {"nf4"}
    found = plan(bases, GPU, 9e9, "none")
    assert (set(found.quantization.values()), found.in_turns) == ({"none"}, True)
    with pytest.raises(UsageError, match=r"need 8\.0 GB"):
        plan(bases, GPU, 7.8e9, "none")


def test_without_bfloat16_gemma_counts_as_float32(bases, monkeypatch):
    """A card of 16 GB that has float16 only holds both dense, one of 12 GB the extractor in 4 bits."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert set(plan(bases, GPU, 15e9).quantization.values()) == {"none"}
    assert plan(bases, GPU, 12e9).quantization == {"extractor": "nf4", "classifier": "none"}


@pytest.mark.usefixtures("bf16")
def test_one_model_alone_takes_no_turns(bases):
    """Without its half of a pair a model has the memory to itself."""
    found = plan({"classifier": bases["classifier"]}, GPU, 4e9)
    assert (found.quantization, found.in_turns) == ({"classifier": "nf4"}, False)


@pytest.mark.usefixtures("bf16")
def test_no_more_is_used_than_is_free(bases, monkeypatch):
    """``--memory`` is a ceiling: what other programs hold is not promised."""
    monkeypatch.setattr("grader.engines.placing.check_folder", lambda folder, kind: type("M", (), {"base": folder}))
    monkeypatch.setattr("grader.engines.placing.base_folder", lambda folder, base, offline: base)
    monkeypatch.setattr("grader.engines.placing.free_bytes", lambda device: 12e9)
    for memory, kept in ((None, DENSE), (8e9, SMALL), (80e9, DENSE)):
        assert tuple(planned(GPU, bases, Keeping(None, memory, False, False)).quantization.values()) == kept


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    """Give the folder of a tiny pair."""
    folder = tmp_path_factory.mktemp("pair")
    tiny_adapter(folder / "extractor", "extractor")
    tiny_adapter(folder / "classifier", "classifier")
    return folder


def loaded(adapters, **options):
    return load_pair("model", classifier=True, adapters=str(adapters), threshold=None, **options)


def answers(pair):
    lines, solutions = ["1 + 1 = 2", "so 7"], [Solution("p", "1 + 1 = 2\nso 7"), Solution("p", "3")]
    return pair.extractor.extract(lines, [None, None]), pair.classifier.classify(solutions)


def test_models_that_do_not_fit_together_take_turns(adapters, monkeypatch):
    """Each comes when it is asked, after the other has left, and the answers are those of models that stay."""
    wanted, moved = answers(loaded(adapters, device="cpu")), []
    to = torch.nn.Module.to
    monkeypatch.setattr(
        "grader.engines.placing.planned",
        lambda *_: Plan({"extractor": "none", "classifier": "none"}, {"extractor": 900, "classifier": 700}, True),
    )
    pair = loaded(adapters, device="cpu")
    assert (pair.extractor.greedy._batch_tokens, pair.classifier.batch_tokens) == (900, 700)
    judge = pair.classifier.model
    assert pair.extractor._loaded.seat is pair.classifier._loaded.seat
    monkeypatch.setattr(
        torch.nn.Module, "to", lambda self, where: moved.append((self is judge, str(where))) or to(self, where)
    )
    for _ in range(2):
        assert answers(pair) == wanted
    # The extractor is there first: its engine has computed what all prompts begin with.
    assert moved == [(False, "cpu"), (True, "cpu"), (True, "cpu"), (False, "cpu"), (False, "cpu"), (True, "cpu")]


def test_a_seat_holds_one():
    """The one that is there leaves before another comes, and is not moved when it is asked again."""

    class Model:
        def __init__(self, name):
            self.name = name

        def to(self, where):
            """Note the move."""
            moves.append((self.name, str(where)))

    moves, seat, first, second = [], Seat(), Model("first"), Model("second")
    for model in (first, first, second, first):
        seat.take(model, GPU)
    assert moves == [("first", "cuda"), ("first", "cpu"), ("second", "cuda"), ("second", "cpu"), ("first", "cuda")]


def test_a_compiled_model_answers_the_same_and_says_so(adapters, monkeypatch):
    """The parts of every layer are compiled; the report's metadata tells, and only then."""
    plain = loaded(adapters, device="cpu")
    monkeypatch.setattr("grader.modeling.loaded.compile_parts", partial(compile_parts, backend="eager"))
    pair = loaded(adapters, device="cpu", compiled=True)
    compiled = [one for one in pair.classifier.model.modules() if "forward" in vars(one)]
    assert len(compiled) == 2 * 3 + 1  # two norms and an MLP in each of two layers, and the last norm
    found, wanted = answers(pair), answers(plain)
    assert found[0] == wanted[0]
    assert [one.flawed for one in found[1]] == pytest.approx([one.flawed for one in wanted[1]], abs=1e-5)
    assert [one.identity().get("compiled") for one in (pair.classifier, plain.classifier)] == [True, None]


def test_every_shape_runs_compiled(adapters):
    """One row or many, one token or many: no variant is left uncompiled for lack of room, and none is made twice."""
    reader = loaded(adapters, device="cpu").extractor._loaded.model
    config, counted = torch._dynamo.config, torch._dynamo.utils.counters["stats"]
    torch._dynamo.reset()
    compile_parts(reader, "eager")
    made = []
    with config.patch(fail_on_recompile_limit_hit=True), torch.inference_mode():
        for sizes in (((1, 9), (7, 5), (3, 1), (1, 1), (1, 2), (2, 2)), ((1, 8), (6, 7), (4, 1), (1, 1))):
            for rows, tokens in sizes:
                reader(input_ids=torch.ones(rows, tokens, dtype=torch.long))
            made.append(counted["unique_graphs"])
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "8"], "'8' is no size as in 8GB or 7.5GiB"),
        (["--memory", "0GB"], "'0GB' is no size"),
        (["--memory", "8GB", "--device", "cpu"], "--memory is for a GPU, and the models run on cpu"),
        (["--devices", "cpu,"], "'cpu,' is no list of devices"),
        (["--devices", "cpu,tpu"], "--device tpu: no such device"),
        (["--devices", "cpu,cpu", "--device", "cpu"], "--device and --devices: give one of them"),
        (["--devices", "cpu,cpu", "--workers", "0"], "--workers 0 grades in one process"),
        (["--devices", "cpu,cpu", "--text", "1"], "--text checks one solution and takes no file: leave out --devices"),
    ],
)
def test_options_that_cannot_be_are_refused(adapters, tmp_path, capsys, options, words):
    """The message names the option and what it may be."""
    source = tmp_path / "in.csv"
    source.write_text("problem,solution\np,1+1=2\n")
    files = [] if "--text" in options else [str(source), "-o", str(tmp_path / "out.parquet")]
    assert main([*files, "--adapters", str(adapters), *options]) == 2
    assert words in capsys.readouterr().err
