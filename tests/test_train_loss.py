"""A step of the extractor's training computes the library's loss, without the logits that nobody reads."""

import copy
import types

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from tiny_models import tiny_gemma

from grader.modeling import load_base
from train.batches import collate
from train.data import IGNORED
from train.encoding import Row
from train.loop import casting, evaluating
from train.loss import answer_loss
from train.low_rank import fuse_adapters
from train.memory import SHARE, Cut, cut, step_bytes


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Give a tiny causal LM."""
    return load_base("extractor", tiny_gemma(tmp_path_factory.mktemp("gemma")))


def batch(*lengths):
    draw = torch.Generator().manual_seed(0)
    rows = []
    for prompt, answer in lengths:
        ids = torch.randint(5, 250, (prompt + answer,), generator=draw).tolist()
        rows.append({"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]})
    return collate(0, rows)


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return torch.cat([one.grad.flatten() for one in model.parameters()])


@pytest.mark.parametrize("lengths", [[(9, 4)], [(9, 4), (12, 7), (3, 1)], [(30, 2), (5, 20)]])
def test_the_loss_and_its_gradients_are_the_librarys(model, lengths):
    """Rows of unlike length in one batch, divided by their own labels or by those of a whole step."""
    rows = batch(*lengths)
    wanted = model(**rows).loss
    found = answer_loss(model, rows)
    assert found.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert answer_loss(model, rows, 50).item() == pytest.approx(
        wanted.item() * sum(answer for _, answer in lengths) / 50, rel=1e-5
    )
    theirs = gradients(model, wanted)
    assert (gradients(model, found) - theirs).abs().max() < 1e-5 * theirs.abs().max()


def test_logits_are_computed_where_a_label_is_read(model):
    """One for every label of the batch, none for prompts and padding, whatever positions the rows' answers have."""
    seen = []
    hook = model.lm_head.register_forward_hook(lambda *passed: seen.append(tuple(passed[2].shape[:2])))
    answer_loss(model, batch((30, 5), (3, 4), (12, 1)))
    hook.remove()
    assert seen == [(1, 10)]
    assert not model.lm_head._forward_pre_hooks
    with pytest.raises(TypeError):
        answer_loss(model, {"labels": batch((3, 4))["labels"], "input_ids": "no tokens"})
    assert not model.lm_head._forward_pre_hooks


@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`")
@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "autocast"])
@pytest.mark.parametrize("targets", [["q_proj", "down_proj"], ["q_proj", "lm_head"]], ids=" ".join)
def test_adapters_and_caps_of_logits_are_not_passed_over(model, targets, autocast):
    """Through PEFT, with an adapter on the head too and capped logits, in one product or the library's way."""
    same = copy.deepcopy(model)
    same.config.final_logit_softcapping = 1.0
    config = LoraConfig(r=4, target_modules=targets, lora_dropout=0.0, init_lora_weights=False)
    adapted = get_peft_model(same, config)
    rows, found = batch((30, 5), (3, 4), (12, 1)), []
    every = {name: rows[name] for name in ("input_ids", "labels")}
    for loss in (lambda: adapted(**every).loss, lambda: answer_loss(adapted, rows)):
        adapted.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            value = loss()
        value.backward()
        grads = [one.grad.flatten() for one in adapted.parameters() if one.grad is not None]
        found.append(torch.cat([value.detach()[None], *grads]))
        fuse_adapters(adapted)
    assert len(grads) == 2 * sum(isinstance(part, LoraLayer) for part in adapted.modules())
    error = (found[1] - found[0]).norm() / found[0].norm()
    assert error < (0.02 if autocast else 1e-5)
    capless = copy.deepcopy(adapted)
    capless.get_base_model().config.final_logit_softcapping = None
    assert abs(answer_loss(capless, rows) - answer_loss(adapted, rows)) > 0.01


def test_a_wrapper_of_several_processes_is_looked_through(model):
    """What hands a batch on to the model in ``module`` gives its loss."""
    rows = batch((9, 4), (3, 1))
    assert answer_loss(torch.nn.DataParallel(model), rows) == answer_loss(model, rows)


def test_under_autocast_adapters_need_no_copies_in_float32(model):
    """Dropout sees what the layer sees, the gradients are the same, and an evaluation casts as ever."""
    config = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], lora_dropout=0.0, init_lora_weights=False)
    adapted = get_peft_model(copy.deepcopy(model).bfloat16(), config)
    rows, found, seen = batch((9, 4), (6, 2)), [], []
    layer = next(part for part in adapted.modules() if isinstance(part, LoraLayer))
    layer.lora_dropout["default"].register_forward_pre_hook(lambda _, args: seen.append(args[0].dtype))
    for on in (True, False):
        with casting(adapted, on=on):
            with torch.autocast("cpu", torch.bfloat16):
                answer_loss(adapted, rows).backward()
            with evaluating(adapted):
                answer_loss(adapted, rows)
        found.append(torch.cat([one.grad.flatten() for one in adapted.parameters() if one.grad is not None]))
        adapted.zero_grad()
    assert seen == [torch.float32, torch.float32, torch.bfloat16, torch.float32]
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=0.01 * float(found[0].abs().max()))


def test_a_step_is_cut_by_memory(monkeypatch):
    """The full shape at its recipe, by the free memory: whole, in batches of a divisor, layers computed again."""
    phi = types.SimpleNamespace(hidden_size=3072, intermediate_size=8192, num_hidden_layers=32, vocab_size=200_064)
    rows = [Row([5] * length, [], [], 0) for length in (40, 500, 90)]
    cuda, held = torch.device("cuda:0"), types.SimpleNamespace(config=phi)

    def chosen(free, *, device=cuda, batch=8, accumulate=4, read=0, dtype=torch.bfloat16):
        monkeypatch.setattr("train.memory.free_bytes", lambda _: free)
        return cut(device, held, rows, batch, accumulate, read=read, dtype=dtype)

    assert chosen(180e9) == chosen(110e9) == Cut(32, 1, again=False)
    assert chosen(100e9) == chosen(56e9) == Cut(16, 2, again=False)
    assert chosen(50e9) == Cut(8, 4, again=False)
    assert chosen(20e9) == Cut(8, 4, again=True)
    assert chosen(150e9, dtype=torch.float32) == chosen(150e9, read=500) == Cut(16, 2, again=False)
    assert chosen(70e9, batch=4, accumulate=6) == Cut(12, 2, again=False)
    assert chosen(20e9, batch=32, accumulate=1) == Cut(32, 1, again=True)
    assert chosen(20e9, device=torch.device("cpu")) == Cut(8, 4, again=False)
    exact = step_bytes(phi, 32 * 500, read=0, dtype=torch.bfloat16) / SHARE
    assert [chosen(exact * more).accumulate for more in (1.001, 0.999)] == [1, 2]


def test_a_step_keeps_no_less_than_was_measured():
    """32 solutions of up to 378 tokens keep 54 GB of Phi-4-mini in bfloat16, 256 lines of 89 tokens 59 of Gemma-3-1B.

    Three float32 of each logit are kept beside that.
    """
    phi = types.SimpleNamespace(hidden_size=3072, intermediate_size=8192, num_hidden_layers=32, vocab_size=200_064)
    half = step_bytes(phi, 32 * 378, read=0, dtype=torch.bfloat16)
    assert 54e9 < half < 1.1 * 54e9
    gemma = types.SimpleNamespace(hidden_size=1152, intermediate_size=6912, num_hidden_layers=26, vocab_size=262_144)
    assert 59e9 < step_bytes(gemma, 256 * 89, read=0, dtype=torch.bfloat16) < 1.1 * 59e9
    assert step_bytes(phi, 32 * 378, read=0, dtype=torch.float32) == 2 * half
    assert step_bytes(phi, 32 * 378, read=10, dtype=torch.bfloat16) - half == 10 * 3 * 200_064 * 4
