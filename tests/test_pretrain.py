"""Training of small bases from scratch: what carries loss, and going on after a kill."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from tiny_models import GEMMA_CONTROL, PHI_CONTROL, tiny_gemma, tiny_phi
from transformers import AutoModelForCausalLM

from grader.modeling import load_tokenizer
from train.data import IGNORED, AnnotatedSolution
from train.examples import draw_turns, graphs_of
from train.judgement import Judgement
from train.pretrain import STATE, Row, Schedule, Transcription, pretrain
from train.restyle import Lines
from train.vocabulary import train_tokenizer

EGGS = AnnotatedSolution(
    "eggs",
    "Ann has 14 hens that lay 6 eggs each. She sells 9. How many eggs are left?",
    "The hens lay 14 * 6 = <<14*6=84>>84 eggs.\nSo 84 - 9 = <<84-9=75>>75 eggs are left.\n#### 75",
)
SCHEDULE = Schedule(steps=12, tokens=120, learning_rate=1e-2, warmup=2, save_every=4, show_every=4)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    return {
        "extractor": tiny_gemma(folder / "gemma", hidden_size=32, intermediate_size=32),
        "classifier": tiny_phi(folder / "phi", hidden_size=32, intermediate_size=32),
    }


def task(bases, kind):
    torch.manual_seed(1)
    base = bases[kind]
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), load_tokenizer(base)
    if kind == "extractor":
        return Transcription(model, tokenizer, Lines([EGGS.solution]).draw)
    (graph,) = graphs_of([EGGS])
    return Judgement(model, tokenizer, lambda drawn: draw_turns(graph, drawn.randrange(9999), 4))


@pytest.mark.parametrize(("kind", "muon"), [("extractor", False), ("classifier", True)])
def test_training_goes_on_where_it_was_killed(bases, kind, muon, tmp_path):
    """Stopped after its second checkpoint and started again, a training ends with the same parameters."""
    told = []
    schedule = replace(SCHEDULE, muon=muon)
    whole = task(bases, kind)
    pretrain(whole, schedule, tmp_path / "whole", say=told.append)
    assert len(told) == 3

    def stop(_text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # at step 8: the checkpoint of step 4 is there, that of 8 is not yet
        pretrain(task(bases, kind), replace(schedule, show_every=8), tmp_path / "parts", say=stop)
    resumed = task(bases, kind)
    pretrain(resumed, schedule, tmp_path / "parts", say=told.append)
    for name, parameter in whole.parameters().items():
        assert torch.equal(parameter, resumed.parameters()[name]), name


# What measures coverage warns at the end of a forked process; as an error, that would end the process with a failure.
@pytest.mark.filterwarnings("ignore::coverage.exceptions.CoverageWarning")
def test_rows_may_be_drawn_by_workers(bases, tmp_path):
    """Worker processes draw the same rows for the same steps; losses of rows aside are told and train nothing."""
    told = []
    alone, helped = task(bases, "classifier"), task(bases, "classifier")
    pretrain(alone, SCHEDULE, tmp_path / "alone", say=str)
    pretrain(helped, SCHEDULE, tmp_path / "helped", workers=2, aside=helped.draw(random.Random(5)), say=told.append)
    for name, parameter in alone.parameters().items():
        assert torch.equal(parameter, helped.parameters()[name]), name
    assert [text.split(",")[0] for text in told if "aside" in text] == ["step 4", "step 8", "step 12"]


class Climb:
    """One number that climbs towards the number of its rows."""

    def __init__(self):
        self.model = torch.nn.Linear(1, 1)
        for parameter in self.model.parameters():
            torch.nn.init.zeros_(parameter)

    def draw(self, drawn):
        """Ten, always."""
        drawn.random()
        return [Row([10], [])]

    def batch(self, rows):
        """Where to."""
        return {"aims": torch.tensor([float(row.ids[0]) for row in rows])}

    def loss(self, batch):
        """How far it is."""
        return {"distance": (self.number() - batch["aims"]).abs().mean()}

    def number(self):
        """Where it is."""
        return self.model.weight + self.model.bias

    def modules(self):
        """All that climbs."""
        return [self.model]

    def parameters(self):
        """By name."""
        return dict(self.model.named_parameters())


def test_the_checkpoint_that_does_best_aside_is_kept(tmp_path):
    """On its way to 10 the number passes 3, the aim of the row set aside: there it stays, also when killed later."""
    schedule = Schedule(steps=60, tokens=1, learning_rate=0.2, warmup=1, weight_decay=0, save_every=5, show_every=60)
    told, aside = [], [Row([3], [])]
    climb = Climb()
    pretrain(climb, schedule, tmp_path / "whole", aside=aside, say=told.append)
    best = int(told[-1].split("(the best: step ")[1].rstrip(")"))
    assert best < 60
    assert float(climb.number().detach()) == pytest.approx(3, abs=1.1)

    def stop(text):
        if "step 40, aside" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(Climb(), schedule, tmp_path / "parts", aside=aside, say=stop)
    resumed = Climb()
    pretrain(resumed, schedule, tmp_path / "parts", aside=aside, say=told.append)
    assert told[-1].endswith(f"(the best: step {best})")
    assert torch.equal(resumed.number(), climb.number())


def test_a_loss_that_is_no_number_stops_the_training(bases, tmp_path):
    """A training that has gone astray is no checkpoint to keep."""
    broken = task(bases, "classifier")
    aside = broken.draw(random.Random(5))
    with torch.no_grad():
        broken.model.lm_head.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="set aside is nan after step 4"):
        pretrain(broken, SCHEDULE, tmp_path, aside=aside, say=str)


def test_training_learns(bases, tmp_path):
    """The loss of the answers falls."""
    told = []
    schedule = replace(SCHEDULE, steps=40, show_every=10)
    pretrain(task(bases, "extractor"), schedule, tmp_path, say=told.append)
    first, last = (float(text.split("answer ")[1].split()[0]) for text in (told[0], told[-1]))
    assert last < first - 0.5


def test_another_schedule_is_refused(bases, tmp_path):
    """A checkpoint of another learning rate or seed is not gone on from; one of another length is."""
    pretrain(task(bases, "extractor"), SCHEDULE, tmp_path, say=str)
    assert (tmp_path / STATE).exists()
    pretrain(task(bases, "extractor"), replace(SCHEDULE, steps=13), tmp_path, say=str)
    with pytest.raises(ValueError, match="another schedule"):
        pretrain(task(bases, "extractor"), replace(SCHEDULE, seed=5), tmp_path, say=str)


def test_only_answers_carry_loss(bases):
    """Of a line only the tokens of its answer are learned, up to the end of the turn."""
    one = task(bases, "extractor")
    (row,) = one.draw(random.Random(3))
    learned = one.tokenizer.decode([label for label in row.labels if label != IGNORED])
    assert learned.endswith("</eq><end_of_turn>")
    assert learned.startswith("<eq>")
    assert one.tokenizer.decode(row.ids).endswith(learned)


def test_the_rate_warms_up_stays_and_falls():
    """Up, level, down to nearly nothing."""
    rates = [Schedule(steps=300, warmup=30, learning_rate=1.0).rate(step) for step in (0, 29, 100, 199, 250, 299)]
    assert rates == pytest.approx([1 / 30, 1.0, 1.0, 1.0, 0.5, 0.02])


def test_every_digit_is_a_token():
    """Numbers are tokens of single digits, and no token holds a line end beside other text."""
    names = {"eos_token": PHI_CONTROL[0], "pad_token": PHI_CONTROL[0]}
    texts = ["12 and 1234 and 1234.5\nThen 12 12 12\nso 1234" * 20, "<eq>2+2=4</eq> " * 20]
    tokenizer = train_tokenizer(texts, 340, PHI_CONTROL, names)
    tokens = tokenizer.tokenize("1234 and 12.50\n<eq>12</eq>")
    assert [token for token in tokens if any(char.isdigit() for char in token)] == list("12341250" + "12")
    assert all(len(token) == 1 for token in tokens if "Ċ" in token)
    assert "<eq>" in tokens
    assert tokenizer.decode(tokenizer.encode("1234 and é ∞\n")) == "1234 and é ∞\n"
    assert len(GEMMA_CONTROL) == 5
