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
from train.memory import computes_again, step_bytes


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
    """Of two rows the positions before their answers' tokens, and none of the prompts both have."""
    seen = []
    hook = model.lm_head.register_forward_pre_hook(lambda _, args: seen.append(tuple(args[0].shape[:2])))
    answer_loss(model, batch((30, 5), (28, 4)))
    hook.remove()
    assert seen == [(2, 7)]


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


def test_layers_are_computed_again_where_memory_asks_for_it(model, monkeypatch):
    """The full shapes at their recipes: on a large card nothing is computed again, on one of 24 GB it is."""
    phi = types.SimpleNamespace(hidden_size=3072, intermediate_size=8192, num_hidden_layers=32, vocab_size=200_064)
    rows = [Row([5] * length, [], [], 0) for length in (40, 512, 90)]
    cuda, held = torch.device("cuda"), types.SimpleNamespace(config=phi)
    for free, again in ((120e9, False), (20e9, True)):
        monkeypatch.setattr("train.memory.free_bytes", lambda _, free=free: free)
        assert computes_again(cuda, held, rows, 8, logits=False) == again
    assert not computes_again(torch.device("cpu"), held, rows, 8, logits=False)
    assert step_bytes(phi, 100, logits=True) - step_bytes(phi, 100, logits=False) == 100 * 2 * 200_064 * 4
