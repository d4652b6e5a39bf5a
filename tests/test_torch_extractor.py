"""The extractor engine answers as plain greedy decoding does, whatever the drafts, the batches and the memory."""

import math
from unittest.mock import patch

import pytest
import torch
from extractor_cases import (
    HOSTILE,
    LINES,
    NEW_TOKENS,
    STOPS,
    equations,
    loaded_from,
    plain,
)
from peft import LoraConfig, get_peft_model
from tiny_models import GEMMA_CONTROL, tiny_gemma, tiny_phi

from grader.engines import greedy
from grader.engines.greedy import Greedy
from grader.engines.torch_extractor import TorchExtractor
from grader.errors import AdapterError
from grader.modeling import encode, encode_all
from grader.prompts import extractor_prompt, extractor_response


def test_the_models_of_these_tests_answer_in_many_ways(trained, untrained):
    """Answers end and run on, are long and short, and hold equations: otherwise these tests would show little."""
    ended = [answer[-1] in STOPS for answer in trained.answers.values()]
    assert sum(ended) > len(LINES) / 2
    assert len({tuple(found) for found in trained.equations.values()}) > 4
    assert len({tuple(answer) for answer in untrained.answers.values()}) > 4
    assert max(map(len, untrained.answers.values())) == NEW_TOKENS


@pytest.mark.parametrize("batch_tokens", [1, 700, 4_000, 100_000])
def test_without_drafts_the_answers_are_those_of_generate(case, batch_tokens):
    """Every batch size, down to one row at a time, gives the tokens of ``generate`` on each line alone."""
    case.check(case.engine(batch_tokens=batch_tokens), LINES, [None] * len(LINES))


def test_rows_enter_with_those_of_their_length(untrained):
    """Many rows enter in several forwards, whose padding is little, and are decoded together from then on."""
    engine = untrained.engine(batch_tokens=100_000)
    shapes = []
    hook = engine.greedy._backbone.register_forward_pre_hook(
        lambda _, args, names: shapes.append(tuple(names["input_ids"].shape)), with_kwargs=True
    )
    with patch.dict(greedy.ENTERING, cpu=100), patch.dict(greedy.STEP_TOKENS, cpu=1):
        untrained.check(engine, LINES, [None] * len(LINES))
    hook.remove()
    entered = [shape for shape in shapes if shape[1] > 1]
    assert len(entered) > 3
    assert shapes[: len(entered)] == entered
    assert sum(rows for rows, _ in entered) == len(LINES)
    assert sum(rows * width for rows, width in entered) < len(LINES) * max(width for _, width in entered) / 2
    assert shapes[len(entered)] == (len(LINES), 1)


def test_identical_lines_are_decoded_once(case):
    """A line that stands many times is one row, with the first draft that any of them has."""
    engine = case.engine()
    lines = [LINES[2], LINES[3], LINES[2], LINES[2]]
    case.check(engine, lines, [None, None, case.equations[LINES[2]], None])
    assert (engine.counts["lines"], engine.counts["distinct"], engine.counts["drafts"]) == (4, 2, 1)


def test_no_lines_no_work(trained):
    """An empty call gives an empty answer without a forward."""
    engine = trained.engine()
    engine.counts.clear()
    assert engine.extract([], []) == []
    assert engine.counts["forwards"] == 0


def test_control_tokens_in_a_line_stay_text(trained):
    """A line that imitates the end of a turn gives no control id to the model."""
    row = trained.engine()._rows({HOSTILE: None})[HOSTILE]
    control = range(len(GEMMA_CONTROL))
    suffix = row.ids[len(HOSTILE.encode()) :]
    assert not [token for token in row.ids[: len(HOSTILE.encode())] if token in control]
    assert [token for token in suffix if token in control] == [4, 3]


def test_a_line_without_room_for_an_answer_has_no_equations(trained):
    """It is counted, not cut, the lines beside it are answered, and one of a million characters is not even encoded."""
    engine = trained.engine()
    lines = ["4 + 4 = 8 " * 110, LINES[2], "9" * 1_000_000]
    with patch("grader.engines.torch_extractor.encode_all", wraps=encode_all) as encoder:
        assert engine.extract(lines, [None, None, ["9=9"]]) == [[], trained.equations[LINES[2]], []]
    assert not [prompt for call in encoder.call_args_list for prompt in call.args[1] if prompt[0].text == lines[2]]
    assert engine.counts["too_long"] == 2


def test_answers_end_where_the_positions_of_the_model_end(untrained):
    """A line that leaves less room than an answer may take is decoded up to the last token that fits, and counted."""
    room = 14
    line = "8" * (100 - room)
    prompt = len(encode(untrained.loaded.tokenizer, extractor_prompt(line)))
    engine = TorchExtractor(untrained.loaded._replace(max_tokens=prompt + room))
    given = engine._rows({line: None})
    engine.greedy.answer(given.values())
    assert given[line].answer == plain(untrained.loaded, [line], room)[0]
    assert len(given[line].answer) == room


def test_a_cut_answer_is_counted_and_keeps_what_it_closed(trained):
    """An answer that meets its limit gives the equations that it closed before."""
    line = next(line for line in LINES if trained.extracts(line) and trained.equations[line])
    engine = trained.engine(max_new_tokens=len(trained.answers[line]) - 1)
    assert engine.extract([line], [None]) == [trained.equations[line]]
    assert engine.counts["cut"] == 1


def test_a_row_leaves_when_it_is_finished_and_another_enters(trained):
    """Forwards over single tokens get smaller as rows finish, and new rows fill the batch before it is empty."""
    engine = trained.engine(batch_tokens=1_600)
    shapes = []
    hook = engine.greedy._backbone.register_forward_pre_hook(
        lambda _, args, names: shapes.append(tuple(names["input_ids"].shape)), with_kwargs=True
    )
    trained.check(engine, LINES, [None] * len(LINES))
    hook.remove()
    entries = [index for index, (_, width) in enumerate(shapes) if width > 1]
    assert len(entries) > 2
    assert any(shapes[index - 1][0] > 1 for index in entries[1:])
    assert shapes[-1][0] < max(rows for rows, width in shapes if width == 1)


def test_only_logits_that_are_read_are_computed(untrained):
    """The head sees one position a row and step, and of a draft those that verify it."""
    engine, seen = untrained.engine(), []
    hook = engine.greedy._head.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[0]))
    with patch.dict(greedy.STEP_TOKENS, cpu=4):
        untrained.check(engine, LINES[:4], [None] * 4)
    assert seen[0] == 4
    assert max(seen) == 4
    seen.clear()
    untrained.check(engine, LINES[:4], [None] * 4)
    assert 4 < max(seen) <= 4 * (1 + greedy.GUESSED)
    seen.clear()
    untrained.check(engine, LINES[:2], [["1=1"], None])
    hook.remove()
    assert seen[0] == len(encode(untrained.loaded.tokenizer, extractor_response(["1=1"]))) + 1


def test_many_logits_are_computed_in_parts(untrained):
    """A vocabulary too wide for all positions at once gives the same answers."""
    with patch("grader.engines.greedy.LOGITS", 1_000):
        untrained.check(untrained.engine(), LINES, [["1=1"]] * len(LINES))


@pytest.fixture
def short_of_memory():
    """Give a function that makes an engine's forward run out of memory on more rows than it is told."""
    hooks = []

    def shorten(engine, largest, spare=0):
        calls = []

        def refuse(_module, _args, names):
            calls.append(1)
            if names["input_ids"].shape[0] > largest and len(calls) > spare:
                raise torch.OutOfMemoryError("made up")

        hooks.append(engine.greedy._backbone.register_forward_pre_hook(refuse, with_kwargs=True))

    yield shorten
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize(("largest", "spare"), [(1, 0), (3, 0), (3, 5), (8, 4)])
def test_out_of_memory_halves_the_batch_and_goes_on(case, short_of_memory, largest, spare):
    """Whether it strikes while rows enter or while they are decoded, the answers stay and the batch gets smaller."""
    engine = case.engine(batch_tokens=100_000)
    short_of_memory(engine, largest, spare)
    drafts = [case.equations[line] if index % 2 else None for index, line in enumerate(LINES)]
    case.check(engine, LINES, drafts)
    assert engine.counts["halved"] >= math.log2(len(LINES) / largest) - 1
    halved = engine.counts["halved"]
    case.check(engine, LINES[:4], [None] * 4)
    assert engine.counts["halved"] <= halved + 1, "the smaller batch is kept"


def test_a_single_line_that_does_not_fit_is_an_error_with_a_remedy(trained, short_of_memory):
    """Halving ends at one row."""
    engine = trained.engine()
    short_of_memory(engine, 0)
    with pytest.raises(RuntimeError, match=r"does not fit the memory of the GPU; use .*--device cpu \(made up\)"):
        engine.extract(LINES[:3], [None] * 3)


def test_the_smallest_gap_is_that_of_the_logits(untrained):
    """The distance between the two best tokens, over all positions of an answer, is what ``generate`` computes."""
    engine = untrained.engine()
    engine.greedy.watch_gaps()
    engine.extract([LINES[2]], [None])
    prompt = torch.tensor([encode(untrained.loaded.tokenizer, extractor_prompt(LINES[2]))])
    scores = untrained.loaded.model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        eos_token_id=STOPS,
        pad_token_id=0,
        return_dict_in_generate=True,
        output_scores=True,
    ).scores
    tops = [step[0].topk(2).values for step in scores]
    assert engine.greedy.smallest_gap == pytest.approx(min(float(top[0] - top[1]) for top in tops), abs=1e-3)


def test_an_adapter_that_is_not_merged_speaks_too(tmp_path):
    """With LoRA layers beside the weights, as over a 4-bit base, the answers are those of that model."""
    loaded = loaded_from(tiny_gemma(tmp_path))
    torch.manual_seed(3)
    config = LoraConfig(target_modules=["q_proj", "down_proj"], r=4, init_lora_weights=False)
    adapted = loaded._replace(model=get_peft_model(loaded.model, config).eval())
    expected = [equations(loaded, answer) for answer in plain(adapted, LINES[:3])]
    assert plain(adapted, LINES[:3]) != plain(loaded_from(tmp_path), LINES[:3])
    assert TorchExtractor(adapted, max_new_tokens=NEW_TOKENS).extract(LINES[:3], [None] * 3) == expected


def test_prompt_version_0_is_read_with_its_own_limits(tmp_path):
    """The predecessor's wording stands before the line, and answers end after its 64 tokens."""
    loaded = loaded_from(tiny_gemma(tmp_path), version=0)
    engine = TorchExtractor(loaded)
    given = engine._rows(dict.fromkeys(LINES[:3]))
    engine.greedy.answer(given.values())
    assert [row.answer for row in given.values()] == plain(loaded, LINES[:3], 64)
    assert engine.identity() == {"base": "tiny"}


def test_a_base_of_another_architecture_is_refused(tmp_path):
    """The error names the architecture that was found and the one that is wanted."""
    loaded = loaded_from(tiny_phi(tmp_path))
    with pytest.raises(AdapterError, match="phi3 model; use a Gemma-3 text model"):
        Greedy(loaded.model, [1], STOPS, 1_000)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_gives_the_answers_of_the_cpu(tmp_path, untrained):
    """In float32 the answers are the same tokens."""
    loaded = loaded_from(tiny_gemma(tmp_path), device="cuda")
    engine = TorchExtractor(loaded, max_new_tokens=NEW_TOKENS)
    untrained.check(engine, LINES, [None] * len(LINES))
