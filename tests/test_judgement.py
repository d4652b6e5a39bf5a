"""The classifier's base: many wrong turns of a solution in one pass."""

import random

import pytest
import torch
from tiny_models import tiny_phi
from transformers import AutoModelForCausalLM

from grader.modeling import encode_solutions, load_tokenizer
from train.data import IGNORED, AnnotatedSolution
from train.examples import draw_turns, graphs_of
from train.judgement import Judgement, placed, seen, tree_of
from train.muon import Muon
from train.pretrain import padded

EGGS = AnnotatedSolution(
    "eggs",
    "A farmer has 12 hens. Each lays 5 eggs a week. He sells 20 eggs and packs the rest in boxes of 8. How many boxes?",
    "The hens lay 12*5=<<12*5=60>>60 eggs.\nHe keeps 60-20=<<60-20=40>>40 eggs.\n"
    "He fills 40/8=<<40/8=5>>5 boxes.\n#### 5",
)
COUNT = 8


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(tiny_phi(tmp_path_factory.mktemp("judgement") / "phi", hidden_size=32, intermediate_size=32))


@pytest.fixture(scope="module")
def tokenizer(base):
    return load_tokenizer(base)


def drawn(seed=3):
    (graph,) = graphs_of([EGGS])
    return draw_turns(graph, seed, COUNT)


def whole(tokenizer, example):
    return encode_solutions(tokenizer, [(example.problem, example.lines)], 1, 4096)[0]


def test_turns_differ_and_share_problem_and_answer_style():
    """The wrong turns of a solution are all different, all flawed, and of the same problem."""
    right, wrong = drawn()
    assert not right.flawed
    assert len(wrong) > 2
    assert len({one.lines for one in (right, *wrong)}) == len(wrong) + 1
    assert {one.problem for one in wrong} == {right.problem}
    assert all(one.flawed and one.error_type == "conceptual_error" for one in wrong)
    assert drawn() == (right, wrong)


def test_a_branch_continues_the_trunk(tokenizer):
    """Trunk up to a branch and the branch are the tokens of that solution, labelled as by itself."""
    right, wrong = drawn()
    tree = tree_of(tokenizer, right, wrong)
    assert len({len(part) for part in (tree.ids, tree.labels, tree.verdicts, tree.signs)}) == 1
    for example, (first, last, after) in zip(wrong, tree.branches, strict=True):
        alone = whole(tokenizer, example)
        assert [*tree.ids[:after], *tree.ids[first:last]] == alone.ids
        label = dict(zip(alone.readouts, example.labels(), strict=True))
        assert tree.verdicts[first:last] == [label.get(at, IGNORED) for at in range(after, len(alone.ids))]
        assert tree.signs[first:last].count(0) == 0


def test_the_first_wrong_sign_lies_in_the_line_of_the_error(tokenizer):
    """A branch is called wrong nowhere but in its error line, and there from one token on to the line's end."""
    right, wrong = drawn()
    tree = tree_of(tokenizer, right, wrong)
    for example, (first, last, after) in zip(wrong, tree.branches, strict=True):
        ends = whole(tokenizer, example).readouts
        line = example.first_error_line
        begin = ends[line - 2] + 1 if line > 1 else 0
        marked = [at + after for at, sign in enumerate(tree.signs[first:last]) if sign == 1]
        assert marked
        assert begin <= marked[0]
        assert marked == list(range(marked[0], ends[line - 1] + 1))


def test_a_tree_gives_what_its_solutions_give_alone(base, tokenizer):
    """Hidden states of trunk and branches equal those of each solution by itself."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).model.eval()
    right, wrong = drawn()
    rows = [tree_of(tokenizer, right, wrong), tree_of(tokenizer, *drawn(4))]
    ids = padded([row.ids for row in rows], 0)
    where = placed(rows)
    with torch.no_grad():
        mask = seen(where["branch"], where["after"])
        hidden = model(input_ids=ids, position_ids=where["positions"], attention_mask=mask).last_hidden_state[0]
        for example, (first, last, after) in zip(wrong, rows[0].branches, strict=True):
            alone = model(input_ids=torch.tensor([whole(tokenizer, example).ids])).last_hidden_state[0]
            torch.testing.assert_close(hidden[first:last], alone[after:], rtol=0, atol=2e-5)
            torch.testing.assert_close(hidden[:after], alone[:after], rtol=0, atol=2e-5)


def test_only_words_of_the_problem_and_the_solution_are_continued(tokenizer):
    """Digits of the problem, drawn at random, and wrong turns carry no loss of the next token."""
    right, wrong = drawn()
    tree = tree_of(tokenizer, right, wrong)
    trunk = tree.branches[0].first
    assert set(tree.labels[trunk - 1 :]) == {IGNORED}
    digits = {tokenizer.convert_tokens_to_ids(digit) for digit in "0123456789"}
    assert digits.isdisjoint(tree.labels[: tree.signs.index(0) - 1])
    assert not digits.isdisjoint(tree.labels[tree.signs.index(0) - 1 :])


def test_losses_by_name_are_finite_and_train_both_heads(base, tokenizer):
    """Each loss is a number, and its gradient reaches the heads and the embedding."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    task = Judgement(model, tokenizer, lambda one: drawn(one.randrange(99)))
    losses = task.loss(task.batch(task.draw(random.Random(1))))
    assert set(losses) == {"verdicts", "signs", "labels"}
    sum(losses.values()).backward()
    missing = [name for name, parameter in task.parameters().items() if parameter.grad is None]
    assert not missing
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_muon_steps_as_the_library_does():
    """Our step of Muon is that of ``torch.optim.Muon`` at its own precision, in float32."""
    torch.manual_seed(3)
    weight, gradients = torch.randn(12, 20), [torch.randn(12, 20) for _ in range(3)]
    ours, library = (torch.nn.Parameter(weight.clone()) for _ in range(2))
    steps = [
        Muon([ours], lr=0.05, weight_decay=0.1),
        torch.optim.Muon([library], lr=0.05, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    ]
    for gradient in gradients:
        ours.grad, library.grad = gradient.clone(), gradient.clone()
        for optimizer in steps:
            optimizer.step()
    moved = (library - weight).norm()
    assert (ours - library).norm() < 0.01 * moved
    assert moved > 0.1
