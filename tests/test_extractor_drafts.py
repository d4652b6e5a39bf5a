"""Drafts and guesses are verified, mended or dropped: they change the time that an answer takes, never the answer."""

import random
from unittest.mock import patch

import pytest
from extractor_cases import HOSTILE, LINES, NEW_TOKENS, loaded_from, plain
from tiny_models import tiny_gemma

from grader.engines import greedy
from grader.engines.greedy import Row
from grader.engines.torch_extractor import TorchExtractor


@pytest.mark.parametrize("seed", range(6))
def test_drafts_and_order_do_not_change_the_answers(case, seed):
    """Right, nearly right, foreign, empty, hostile and endless drafts, in any order of lines, change nothing."""
    rng = random.Random(seed)
    lines = rng.sample(LINES, len(LINES))
    kinds = [
        lambda line: None,
        lambda line: [],
        lambda line: case.equations[line],
        lambda line: [f"{one[:-1]}7" for one in case.equations[line]],
        lambda line: [*case.equations[line], "1+1=2"],
        lambda line: case.equations[rng.choice(LINES)],
        lambda line: [HOSTILE, ""],
        lambda line: ["1+" * 500],
    ]
    drafts = [rng.choice(kinds)(line) for line in lines]
    case.check(case.engine(batch_tokens=rng.choice([300, 2_000, 50_000])), lines, drafts)


def test_accepted_drafts_cost_one_forward(trained):
    """Lines whose drafts are what the model would say are answered by the verifying forward alone."""
    lines = [line for line in LINES if trained.extracts(line)]
    engine = trained.engine(batch_tokens=100_000)
    engine.counts.clear()
    with patch.dict(greedy.ENTERING, cpu=100_000):
        trained.check(engine, lines, [trained.equations[line] for line in lines])
    assert len(lines) > 4
    assert engine.counts["accepted"] == engine.counts["drafts"] == len(lines)
    assert engine.counts["forwards"] == 1


def test_a_rejected_draft_goes_on_from_what_was_right(untrained):
    """Decoding takes fewer steps behind a draft whose beginning the model agrees with."""
    engine, known = untrained.engine(), 20
    row = engine._rows({"7": None})["7"]
    row.draft = [*untrained.answers["7"][:known], 5, 5, 5]
    engine.counts.clear()
    with patch.dict(greedy.STEP_TOKENS, cpu=1):
        engine.greedy.answer([row])
    assert row.answer == untrained.answers["7"]
    assert engine.counts["forwards"] == NEW_TOKENS - known


@pytest.mark.parametrize("change", ["another token", "a token too many", "a token too few"])
def test_a_draft_that_is_wrong_once_costs_few_forwards(tmp_path_factory, change):
    """What follows a wrong token is guessed from the rest of the draft, and verified at once."""
    loaded = loaded_from(tiny_gemma(tmp_path_factory.mktemp("varied"), seed=5))
    engine, wanted = TorchExtractor(loaded, max_new_tokens=NEW_TOKENS), plain(loaded, LINES)
    counted = {}
    for step_tokens in (1, 128):
        rows = list(engine._rows(dict.fromkeys(LINES)).values())
        for row, answer in zip(rows, wanted, strict=True):
            at = len(answer) // 3
            row.draft = {
                "another token": [*answer[:at], 5, *answer[at + 1 :]],
                "a token too many": [*answer[:at], 5, *answer[at:]],
                "a token too few": [*answer[:at], *answer[at + 1 :]],
            }[change][: row.limit]
        engine.counts.clear()
        with patch.dict(greedy.STEP_TOKENS, cpu=step_tokens):
            engine.greedy.answer(rows)
        assert [row.answer for row in rows] == wanted
        counted[step_tokens] = engine.counts["forwards"]
    assert counted[128] < counted[1] / 2


@pytest.mark.parametrize("seed", range(4))
def test_guesses_of_any_kind_do_not_change_the_answers(case, seed, monkeypatch):
    """Right, wrong, short and empty guesses, beside each other in a step, in batches of any size."""
    rng = random.Random(seed)
    rows = case.engine()._rows(dict.fromkeys(LINES))
    answers = {id(row): case.answers[line] for line, row in rows.items()}

    def guess(row, most):
        if most < 1:
            return []
        right = answers[id(row)][len(row.answer) :][: rng.randrange(most + 1)]
        return rng.choice([right, [*right[:-1], 5], [5] * rng.randrange(most + 1), []])[:most]

    monkeypatch.setattr(Row, "guess", guess)
    monkeypatch.setitem(greedy.STEP_TOKENS, "cpu", rng.choice([16, 128, 1_000]))
    monkeypatch.setitem(greedy.ENTERING, "cpu", rng.choice([1, 300, 1_024]))
    case.engine(batch_tokens=rng.choice([300, 2_000, 50_000])).greedy.answer(rows.values())
    assert {line: row.answer for line, row in rows.items()} == case.answers


@pytest.mark.parametrize(
    ("draft", "answer", "guess"),
    [
        ([1, 2, 3, 4], [1, 9], []),
        ([1, 2, 3, 4], [1, 3], [4]),
        ([1, 2, 3, 4, 5, 6, 7], [1, 9, 2], [3, 4, 5]),
        ([7, 1, 2, 7, 3, 4], [8, 7], [1, 2, 7]),
        ([7, 1, 2, 7, 3, 4], [8, 9, 2, 7], [3, 4]),
        ([], [1, 2, 5, 1, 2], [5, 1, 2]),
        ([], [1, 2, 5, 2], []),
        ([], [1, 3, 3, 3], [3, 3, 3]),
        ([1, 3, 3, 4], [1, 3, 3, 3, 3], [3, 3, 3]),
    ],
)
def test_what_is_guessed(draft, answer, guess):
    """The rest of the draft from where the answer's end stands in it; a repetition that goes on."""
    row = Row([], draft, 100, answer)
    assert row.guess(3) == guess
    assert row.guess(0) == []
