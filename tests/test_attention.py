"""The ways that a GPU computes by give what the plain ways give: grouped attention, and beginnings that are shared."""

import copy
import random

import pytest
import torch
from extractor_cases import LINES, NEW_TOKENS, STOPS, loaded_from, plain
from tiny_models import tiny_adapter, tiny_gemma, tiny_phi

from grader.engines.beginnings import SHORTEST, Beginnings, blocks_of
from grader.engines.torch_classifier import TorchClassifier
from grader.engines.torch_extractor import TorchExtractor
from grader.modeling import EncodedSolution, grouped_attention, load_adapted, load_base, rotate_in_place
from grader.modeling.rotary import rotate
from grader.types import Solution

CLOSE = 1e-5


def by_hand(query, key, value, seen):
    """Attention in float64, each query head with the keys of its group; gives (B, T, heads, D)."""
    groups = query.shape[1] // key.shape[1]
    key, value = (one.double().repeat_interleave(groups, dim=1) for one in (key, value))
    scores = query.double() @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    return (torch.softmax(scores.masked_fill(~seen, float("-inf")), -1) @ value).transpose(1, 2)


def drawn(heads, shared, tokens, slots):
    shapes = [(heads, tokens), (shared, slots), (shared, slots)]
    return [torch.randn(3, *shape, 8, generator=torch.Generator().manual_seed(heads + slots)) for shape in shapes]


@pytest.mark.parametrize(("heads", "shared"), [(4, 1), (6, 2), (2, 2)])
@pytest.mark.parametrize(("tokens", "slots"), [(9, 9), (4, 11), (1, 11), (1, 1)])
@pytest.mark.parametrize("window", [None, 3, 50])
def test_without_a_mask_the_order_says_what_is_seen(heads, shared, tokens, slots, window):
    """The queries are the last tokens; each sees itself and what is before it, within the window."""
    inputs = drawn(heads, shared, tokens, slots)
    distance = torch.arange(slots)[slots - tokens :, None] - torch.arange(slots)
    seen = (distance >= 0) & (distance < (window or slots))
    found, _ = grouped_attention(None, *inputs, None, scaling=8**-0.5, sliding_window=window)
    assert (found - by_hand(*inputs, seen)).abs().max() < CLOSE


@pytest.mark.parametrize(("heads", "shared"), [(4, 1), (6, 2), (2, 2)])
@pytest.mark.parametrize("tokens", [1, 5])
def test_a_mask_is_obeyed_by_every_head(heads, shared, tokens):
    """Every row has a mask of its own, and all heads of a group see the same of it."""
    inputs = drawn(heads, shared, tokens, 12)
    seen = torch.rand(3, 1, tokens, 12, generator=torch.Generator().manual_seed(1)) < 0.5
    seen[..., 0] = True
    found, _ = grouped_attention(None, *inputs, seen, scaling=8**-0.5)
    assert (found - by_hand(*inputs, seen)).abs().max() < CLOSE


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("window", [None, 5])
def test_rotated_in_place_is_rotated(tmp_path, dtype, window):
    """Every layer attends as the library's does, within the rounding of the number format."""
    model = load_base("classifier", tiny_phi(tmp_path / "base", sliding_window=window, seed=3), dtype=dtype)
    states = torch.randn(2, 9, 64, generator=torch.Generator().manual_seed(4)).to(dtype)
    for weight in model.parameters():
        weight.data.normal_(0, 0.3)
    seen = torch.ones(9, 9, dtype=torch.bool).tril() & ~torch.ones(9, 9, dtype=torch.bool).tril(-(window or 9))
    turns = model.rotary_emb(states, torch.arange(3, 12)[None])
    layers = [layer.self_attn for layer in model.layers]
    with torch.inference_mode():
        wanted = [layer(states, turns, seen[None, None])[0] for layer in layers]
        assert rotate_in_place(model) == len(layers)
        assert rotate_in_place(model) == 0
        found = [layer(states, turns)[0] for layer in layers]
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).norm() < 4 * torch.finfo(dtype).eps * other.norm()
        assert other.std() > 0.1


def test_what_is_not_rotated_stays():
    """Only the first R of each head turn, by the angles of their position, and lengths stay."""
    states = torch.randn(2, 4, 3, 8, generator=torch.Generator().manual_seed(5))
    angles = torch.arange(4)[None, :, None] * torch.tensor([1.0, 0.25, 1.0, 0.25])
    found = states.clone()
    rotate(found, angles.cos(), angles.sin())
    assert torch.equal(found[..., 4:], states[..., 4:])
    assert torch.equal(found[:, 0], states[:, 0])
    turned, plain = (torch.complex(one[..., :2], one[..., 2:4]) for one in (found, states))
    torch.testing.assert_close(turned, plain * torch.exp(1j * angles[..., None, :2]))


def test_gradients_are_those_of_the_library(tmp_path):
    """Where gradients are wanted nothing is overwritten that they need."""
    model = load_base("classifier", tiny_phi(tmp_path / "base"))
    ids = torch.arange(1, 9)[None]
    gradients = []
    for _ in range(2):
        model.zero_grad()
        model(ids).last_hidden_state.square().sum().backward()
        gradients.append(model.layers[0].self_attn.qkv_proj.weight.grad.clone())
        rotate_in_place(model)
    assert torch.equal(*gradients)


@pytest.fixture(scope="module")
def gemma(tmp_path_factory):
    """Give a tiny extractor whose window is shorter than some prompts, with the answers of ``generate``."""
    loaded = loaded_from(tiny_gemma(tmp_path_factory.mktemp("gemma"), sliding_window=64))
    return loaded, plain(loaded, LINES)


@pytest.mark.parametrize("batch_tokens", [700, 100_000])
def test_the_extractor_answers_the_same_in_grouped_attention(gemma, batch_tokens):
    """Behind a shared prefix, with drafts right and wrong, while rows come and go: the tokens of ``generate``."""
    loaded, wanted = gemma
    engine = TorchExtractor(
        loaded._replace(model=copy.deepcopy(loaded.model)),
        batch_tokens=batch_tokens,
        max_new_tokens=NEW_TOKENS,
        grouped=True,
    )
    rows = list(engine._rows(dict.fromkeys(LINES)).values())
    for index, (row, answer) in enumerate(zip(rows, wanted, strict=True)):
        row.draft = [[], answer, [*answer[:9], *STOPS]][index % 3][: row.limit]
    entered, masks = [], []
    inner = engine.greedy._forward

    def forward(*arguments, straight=False):
        entered.append(straight)
        return inner(*arguments, straight=straight)

    engine.greedy._forward = forward
    hook = engine.greedy._backbone.register_forward_pre_hook(
        lambda _, args, names: masks.append(names["attention_mask"]), with_kwargs=True
    )
    engine.greedy.answer(rows)
    hook.remove()
    assert [row.answer for row in rows] == wanted
    assert set(entered) == {True, False}
    assert entered == [mask["full_attention"] is None for mask in masks]


@pytest.fixture(scope="module")
def phi(tmp_path_factory):
    """Give a tiny classifier."""
    return load_adapted(tiny_adapter(tmp_path_factory.mktemp("c"), "classifier"), "classifier", device="cpu")


@pytest.fixture(scope="module")
def solutions():
    """Give solutions of few problems, of one problem up to seven, in no order."""
    draw = random.Random(3)
    problems = [f"How many are {'very ' * draw.randint(0, 9)}{index} things?" for index in range(9)] + ["", "?"]
    return [
        Solution(draw.choice(problems), "\n".join(f"{draw.random()}" for _ in range(draw.randint(1, 6))))
        for _ in range(40)
    ]


def sharing(loaded, model=None, **options):
    return TorchClassifier(loaded._replace(model=model or copy.deepcopy(loaded.model)), **options)


def flat(answers):
    return torch.tensor([value for answer in answers for value in (answer.flawed, *answer.by_line)])


@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
def test_a_shared_problem_changes_no_probability(phi, solutions, batch_tokens):
    """With the problems computed once, every probability is that of the plain forward, for fewer positions."""
    alone, engine = (
        TorchClassifier(phi, batch_tokens=batch_tokens, share_problems=False),
        sharing(phi, batch_tokens=batch_tokens),
    )
    wanted = flat(alone.classify(solutions))
    assert (flat(engine.classify(solutions)) - wanted).abs().max() < CLOSE
    assert wanted.std() > 0.01
    assert engine.counts["positions"] < alone.counts["positions"]


def test_beginnings_that_are_mixed_up_would_show(phi, solutions, monkeypatch):
    """A row behind the beginning of another problem gets another probability: the test above can fail."""
    wanted = flat(TorchClassifier(phi, share_problems=False).classify(solutions))
    chosen = Beginnings.choose
    monkeypatch.setattr(Beginnings, "choose", lambda self, rows: chosen(self, rows.roll(1)))
    assert (flat(sharing(phi).classify(solutions)) - wanted).abs().max() > 100 * CLOSE


def encoded(text, *readouts):
    return EncodedSolution([ord(character) for character in text], list(readouts), truncated=False)


def test_rows_share_what_they_begin_with_up_to_where_one_is_read():
    """Only rows of one problem share, never what another problem begins with, a short beginning or a read-out."""
    head = "p" * (SHORTEST + 8)
    rows = [encoded(f"{head}ab", 24, 25), encoded("alone", 4), encoded(f"{head}ac", 25), encoded(f"{head}x", 20, 24)]
    assert blocks_of(rows, ["p", "a", "p", "q"], share=True) == [([[0, 2]], 24), ([[3], [1]], 0)]
    assert blocks_of(rows, ["p", "a", "p", "p"], share=True) == [([[0, 2, 3]], 20), ([[1]], 0)]
    assert blocks_of(rows[:2], ["p", "p"], share=True) == [([[0], [1]], 0)]
    assert blocks_of(rows, ["p"] * 4, share=False) == [([[0], [2], [3], [1]], 0)]
    assert blocks_of([], [], share=True) == []


class Crowded(torch.nn.Module):
    """Stands for a model on a small GPU: it holds so many rows, and beginnings or not."""

    def __init__(self, model, rows, *, beginnings):
        super().__init__()
        self.model, self.backbone, self.rows, self.beginnings = model, model.backbone, rows, beginnings

    def forward(self, **inputs):
        """Run out of memory, or answer."""
        fills = "beginnings" in inputs and not inputs["beginnings"]._layers
        if (fills and not self.beginnings) or (not fills and len(inputs["input_ids"]) > self.rows):
            raise torch.OutOfMemoryError("made up")
        if not fills and self.beginnings == "alone" and "beginnings" in inputs:
            raise torch.OutOfMemoryError("made up")
        return self.model(**inputs)


@pytest.mark.parametrize("beginnings", [True, False, "alone"])
def test_lack_of_memory_gives_up_what_is_shared_last(phi, solutions, beginnings):
    """Batches are halved; where the beginnings do not fit, or leave no room for one row, it goes without them."""
    wanted = flat(TorchClassifier(phi, share_problems=False).classify(solutions))
    engine = sharing(phi, Crowded(copy.deepcopy(phi.model), 3, beginnings=beginnings), lanes=0)
    assert (flat(engine.classify(solutions)) - wanted).abs().max() < CLOSE
