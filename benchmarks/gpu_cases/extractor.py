"""The extractor: rows that enter behind a prefix, decoding, drafts that are verified, and logits that nobody reads."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from gpu_cases import bases, inputs
from gpu_cases.inputs import Scripted, scripted
from grader.engines.greedy import EXPECTED_ANSWER, Greedy
from grader.modeling import fuse_mlps, fuse_norms, rotate_in_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpu_cases.bench import Bench

LINE, ANSWER = 37, 15
"""Tokens of a line with what stands behind it in the prompt, and of an answer with its end (source: facts on GSM8K)."""
PREFIXES = {"version 1": 18, "version 0": 190}
"""Tokens of the instruction before the line, by prompt version."""
STOP = 4
ENTERING, ALL_LOGITS = 1024, 64
DECODED = (1, 16, 128, 1024)
DRAFTED = (256, 2048)
"""Lines at a time: as many as the rules leave of a chunk, and about as many as it has."""
CHECKED = 10
WAYS = {"stock attention": False, "grouped attention": True}


class Recorder(Greedy):
    """Keeps the hidden state behind every token that it says, and says its number instead of the token."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.kept: list[torch.Tensor] = []
        super().__init__(*arguments, **options)

    def _best(self, hidden: torch.Tensor, read: Sequence[tuple[int, int]]) -> torch.Tensor:
        start = len(self.kept)
        for row, (first, count) in zip(hidden.float().cpu(), read, strict=True):
            self.kept += row[first : first + count].unbind(0)
        return torch.arange(start, len(self.kept))


def prefill(bench: Bench) -> None:
    """Rows that enter: the prefix in each, or its keys and values taken over; then the cost of logits nobody reads."""
    model = bases.gemma(bench)
    count = 6 if bench.tiny else ENTERING
    for version, length in PREFIXES.items():
        prefix = _prefix(length)
        rows = _rows(count, answer=1)
        bound = _bound(bench, model, len(rows) * LINE, length + LINE / 2, heads=len(rows))
        with bench.part(f"{version}: the prefix in every row"):
            ids = torch.tensor([prefix + row.ids for row in _rows(count, answer=1, spread=False)], device=bench.device)
            tokens = ids[:: max(1, len(ids) // 4)]
            _check_plain(bench, f"{version}, whole prompts", model, tokens)
            seconds = bench.timed(partial(_whole, model, ids, keep=1))
            bench.row(
                f"{version}: the prefix in every row", seconds=seconds, bound=bound, rows_a_second=count / seconds
            )
        for way, grouped in WAYS.items():
            with bench.part(f"{version}: prefix shared, {way}"):
                _check(bench, f"{version}, {way}", model, prefix, grouped=grouped)
                engine = _greedy(bench, model, prefix, len(rows), grouped=grouped)
                seconds = bench.timed(partial(_answer, engine, rows))
                what = f"{version}: prefix shared, {way}"
                bench.row(what, seconds=seconds, bound=bound, rows_a_second=count / seconds)
    ids = torch.tensor([row.ids for row in _rows(3 if bench.tiny else ALL_LOGITS, answer=1, spread=False)])
    for name, keep in {"logits of every position": 0, "logits of the last position": 1}.items():
        with bench.part(name):
            seconds = bench.timed(partial(_whole, model, ids.to(bench.device), keep=keep))
            bench.row(name, seconds=seconds, rows_a_second=len(ids) / seconds)


def decode(bench: Bench) -> None:
    """Answers written token by token, for several numbers of rows at a time."""
    model, prefix = bases.gemma(bench), _prefix(PREFIXES["version 1"])
    for way, grouped in WAYS.items():
        with bench.part(way):
            _check(bench, way, model, prefix, grouped=grouped)
            for count in (1, 4) if bench.tiny else DECODED:
                rows = _rows(count)
                engine = _greedy(bench, model, prefix, count, grouped=grouped)
                seconds = bench.timed(partial(_answer, engine, rows), repeats=3, warm=1)
                bench.row(
                    f"{way}, {count} rows",
                    seconds=seconds,
                    bound=_bound_decode(bench, model, rows, len(prefix)),
                    rows_a_second=count / seconds,
                    tokens_a_second=sum(len(row.script) for row in rows) / seconds,
                )


def drafts(bench: Bench) -> None:
    """Drafts of which a share is what the model says, against decoding without any."""
    model, prefix = bases.gemma(bench), _prefix(PREFIXES["version 1"])
    with bench.part("drafts"):
        _check(bench, "drafts", model, prefix, grouped=True)
        for count in (8,) if bench.tiny else DRAFTED:
            _drafts(bench, model, prefix, count)


def _drafts(bench: Bench, model: Any, prefix: Sequence[int], count: int) -> None:
    alone = 0.0
    for acceptance in (None, 0.7, 0.9, 1.0):
        rows = _rows(count, acceptance=acceptance)
        engine = _greedy(bench, model, prefix, count, grouped=True)
        seconds = bench.timed(partial(_answer, engine, rows), repeats=3, warm=1)
        alone = alone or seconds
        tokens = sum(len(row.ids) + len(row.draft) for row in rows)
        bench.row(
            f"{count} lines, " + ("no drafts" if acceptance is None else f"drafts, {acceptance:.0%} right"),
            seconds=seconds,
            bound=_bound(bench, model, tokens, len(prefix) + LINE / 2, heads=sum(len(row.script) for row in rows)),
            rows_a_second=count / seconds,
            faster_by=alone / seconds,
            forwards=engine.counts["forwards"],
            positions=engine.counts["positions"],
        )


def _prefix(length: int) -> list[int]:
    return inputs.tokens(length, 2048, random.Random(length))


def _rows(
    count: int, *, answer: int = ANSWER, acceptance: float | None = None, spread: bool = True, seed: int = 0
) -> list[Scripted]:
    """Rows of lines between half and one and a half times as long as the mean, with their answers written."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        factor = rng.uniform(0.5, 1.5) if spread else 1.0
        script = [*inputs.tokens(max(0, round(answer * factor) - 1) if answer > 1 else 0, 2048, rng), STOP]
        rows.append(scripted(inputs.tokens(round(LINE * factor), 2048, rng), script, acceptance, rng))
    return rows


def _greedy(bench: Bench, model: Any, prefix: Sequence[int], rows: int, *, grouped: bool, kind: Any = Greedy) -> Any:
    """An engine that takes so many rows at a time, but no more tokens than it does by itself."""
    width = len(prefix) + 2 * LINE + EXPECTED_ANSWER + 2 * ANSWER
    fuse_norms(model)
    fuse_mlps(model)
    rotate_in_place(model)
    if not grouped:
        model.set_attn_implementation("sdpa")
    return kind(model, prefix, {STOP}, rows * width if rows < ENTERING or bench.tiny else 2**18, grouped=grouped)


def _answer(engine: Greedy, rows: Sequence[Scripted]) -> None:
    for row in rows:
        row.answer, row.finished = [], False
    engine.counts.clear()
    engine.answer(rows)


@torch.inference_mode()
def _whole(model: Any, ids: torch.Tensor, keep: int) -> torch.Tensor:
    """The likeliest tokens behind whole prompts by the library alone, at the last position or (0) at all."""
    best: torch.Tensor = model(input_ids=ids, logits_to_keep=keep, use_cache=False).logits.argmax(-1)
    return best.cpu()


def _check_plain(bench: Bench, name: str, model: Any, ids: torch.Tensor) -> None:
    reference = bases.exact(model)
    wanted = torch.cat([_hidden(reference, row.tolist(), 1) for row in ids])
    with bases.plain(model):
        plain = torch.cat([_hidden(model, row.tolist(), 1) for row in ids])
    with torch.inference_mode():
        found = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, -1]
    bench.check(name, found, plain, wanted)


def _check(bench: Bench, name: str, model: Any, prefix: list[int], *, grouped: bool) -> None:
    """Hold the hidden states behind every token of answers, drafted and not, against plain forwards without a cache."""
    rows = [*_rows(CHECKED // 2, acceptance=0.5, seed=5), *_rows(CHECKED - CHECKED // 2, seed=6)]
    engine = _greedy(bench, model, prefix, CHECKED // 2, grouped=grouped, kind=Recorder)
    engine.answer(rows)
    found = [engine.kept[row.said[at]] for row in rows for at in range(len(row.script))]
    model.set_attn_implementation("sdpa")
    texts = [(prefix + row.ids + row.script[:-1], len(row.script)) for row in rows]
    with bases.plain(model):
        plain = torch.cat([_hidden(model, *text) for text in texts])
    reference = bases.exact(model)
    wanted = torch.cat([_hidden(reference, *text) for text in texts])
    bench.check(name, torch.stack(found), plain, wanted)


@torch.inference_mode()
def _hidden(model: Any, ids: list[int], last: int) -> torch.Tensor:
    """The hidden states of the last positions of a text, by the library's plain forward."""
    device = next(model.parameters()).device
    hidden = model.model(input_ids=torch.tensor([ids], device=device), use_cache=False).last_hidden_state
    found: torch.Tensor = hidden[0, -last:].float().cpu()
    return found


def _bound(bench: Bench, model: Any, tokens: int, context: float, heads: int) -> float:
    """The least seconds of one forward over all tokens, of which ``heads`` are read by the LM head."""
    weights = bases.block_weights(model)
    products = bases.flop(weights, model.config, tokens, context) + 2.0 * heads * model.lm_head.weight.numel()
    return max(products / bench.matrix, (weights + model.lm_head.weight.numel()) * bench.dtype.itemsize / bench.copy)


def _bound_decode(bench: Bench, model: Any, rows: Sequence[Scripted], prefix: int) -> float:
    """The least seconds of entering and of every step: its products, or reading all weights and all keys and values."""
    config, weights = model.config, bases.block_weights(model)
    everything = (weights + model.lm_head.weight.numel()) * bench.dtype.itemsize
    slot = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * bench.dtype.itemsize
    total = _bound(bench, model, sum(len(row.ids) for row in rows), prefix + LINE / 2, len(rows))
    for step in range(1, max(len(row.script) for row in rows)):
        alive = [prefix + len(row.ids) + step for row in rows if len(row.script) > step]
        products = bases.flop(weights, config, len(alive), sum(alive) / len(alive))
        products += 2.0 * len(alive) * model.lm_head.weight.numel()
        total += max(products / bench.matrix, (everything + sum(alive) * slot) / bench.copy)
    return total
