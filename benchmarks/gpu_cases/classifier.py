"""The classifier's backbone: adapters beside and merged, compiled, batches by length, NF4, shared problems."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from gpu_cases import bases, inputs
from grader.engines.torch_classifier import TorchClassifier
from grader.modeling import EncodedSolution, compile_parts, merge_adapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpu_cases.bench import Bench

CHECKED = 12
A_PROBLEM = 4
NF4_ROWS = (1, 8, 64, 512)


def weights(bench: Bench) -> None:
    """The adapter beside the weights, merged into them, and the merged layers compiled."""
    rows = _rows(2 if bench.tiny else 1024)
    adapted = bases.with_lora(bases.phi(bench))
    reference = bases.exact(adapted)
    wanted = _margins(bench, reference, rows[:CHECKED])
    plain = _margins(bench, adapted, rows[:CHECKED])  # before any engine is made of it
    del reference
    for name in ("adapter beside the weights", "merged", "merged, norms and MLPs compiled"):
        with bench.part(name):
            if name == "merged":
                adapted = merge_adapter(adapted, bench.dtype)
            if "compiled" in name:
                with bases.plain(adapted):  # as loading does, before an engine fuses anything
                    compile_parts(adapted, "eager" if bench.tiny else "inductor")
            engine = _engine(bench, adapted, share=False)
            bench.check(name, _read(engine, rows[:CHECKED]), plain, wanted)
            _time(bench, name, engine, rows)


def batches(bench: Bench) -> None:
    """Rows of like length together, against batches as they come."""
    rows = _rows(8 if bench.tiny else 1024)
    model = bases.phi(bench)
    wanted, plain = _references(bench, model, rows[:CHECKED])
    engine = _engine(bench, model, share=False)
    with bench.part("sorted by length"):
        bench.check("sorted", _read(engine, rows[:CHECKED]), plain, wanted)
        _time(bench, "sorted by length", engine, rows)
    with bench.part("as they come"):
        longest = max(len(row.ids) for row in rows)
        size = 4 if bench.tiny else max(1, engine.batch_tokens // longest)
        parts = [rows[at : at + size] for at in range(0, len(rows), size)]
        _time(bench, "as they come", engine, rows, parts)


def nf4(bench: Bench) -> None:
    """NF4 against the same weights dense, for several numbers of rows at a time."""
    for name in ("dense", "nf4"):
        with bench.part(name):
            model = bases.phi(bench)
            count = bases.block_weights(model)
            if name == "nf4":
                bases.quantise(model, bench.dtype)
            rows = _rows(4 if bench.tiny else max(NF4_ROWS))
            wanted, plain = _references(bench, model, rows[:CHECKED])
            for size in (1, 4) if bench.tiny else NF4_ROWS:
                engine = _engine(bench, model, share=False)
                if size == max(NF4_ROWS) or bench.tiny:
                    bench.check(f"{name} {size}", _read(engine, rows[:CHECKED]), plain, wanted)
                _time(bench, f"{name}, {size} rows", engine, rows[:size], weights=count)


def problems(bench: Bench) -> None:
    """Several solutions of each problem: the problem computed once for all of them, or with each."""
    rows, names = _of_problems(12 if bench.tiny else 2048)
    model = bases.phi(bench)
    wanted, plain = _references(bench, model, rows[:CHECKED])
    for share in (False, True):
        name = "problems shared" if share else "each with its problem"
        with bench.part(name):
            engine = _engine(bench, model, share=share)
            found = torch.cat([torch.tensor(one) for one in engine._answers(rows, names)[:CHECKED]])  # noqa: SLF001
            bench.check(name, torch.logit(found.double()), plain, wanted)
            engine.counts.clear()
            engine._answers(rows, names)  # noqa: SLF001
            positions = engine.counts["positions"]
            seconds = bench.timed(partial(engine._answers, rows, names))  # noqa: SLF001
            bench.row(
                f"{name} ({A_PROBLEM} solutions of each)",
                seconds=seconds,
                bound=_bound(bench, model, rows),
                rows_a_second=len(rows) / seconds,
                positions=positions,
                tokens=sum(len(row.ids) for row in rows),
            )


def _rows(count: int) -> list[EncodedSolution]:
    """Rows of GSM8K's lengths, read at five places."""
    rng = random.Random(0)
    made = [inputs.tokens(length, 2048, rng) for length in inputs.lengths(max(count, CHECKED))]
    return [EncodedSolution(ids, [len(ids) * part // 5 - 1 for part in range(1, 6)], truncated=False) for ids in made]


def _of_problems(count: int) -> tuple[list[EncodedSolution], list[str]]:
    """Rows of which each few begin with the same problem, of two fifths of their length, and its name."""
    rng = random.Random(1)
    rows, names = [], []
    for number, length in enumerate(inputs.lengths(count // A_PROBLEM, seed=1)):
        problem = inputs.tokens(2 * length // 5, 2048, rng)
        for _ in range(A_PROBLEM):
            ids = problem + inputs.tokens(round(length * 0.6 * rng.uniform(0.7, 1.3)), 2048, rng)
            rows.append(EncodedSolution(ids, [(len(problem) + len(ids)) // 2, len(ids) - 1], truncated=False))
            names.append(str(number))
    return rows, names


def _engine(bench: Bench, model: Any, *, share: bool) -> TorchClassifier:
    return TorchClassifier(bases.loaded(bench, "classifier", model), share_problems=share)


def _references(bench: Bench, model: Any, rows: Sequence[EncodedSolution]) -> tuple[torch.Tensor, torch.Tensor]:
    """The margins in float32, and those of plain forwards in the model's own format."""
    reference = bases.exact(model)
    with bases.plain(model):
        return _margins(bench, reference, rows), _margins(bench, model, rows)


@torch.inference_mode()
def _margins(bench: Bench, model: Any, rows: Sequence[EncodedSolution]) -> torch.Tensor:
    """The margins of the head at all read-outs, of a plain forward of each row alone."""
    found = []
    for row in rows:
        at = torch.tensor([row.readouts], device=bench.device)
        logits = model(input_ids=torch.tensor([row.ids], device=bench.device), readouts=at).logits[0]
        found.append((logits[:, 1] - logits[:, 0]).double().cpu())
    return torch.cat(found)


def _read(engine: TorchClassifier, rows: Sequence[EncodedSolution]) -> torch.Tensor:
    """The margins that the engine gives."""
    return torch.logit(torch.cat([torch.tensor(one).double() for one in engine._answers(rows, [""] * len(rows))]))  # noqa: SLF001


def _time(
    bench: Bench,
    what: str,
    engine: TorchClassifier,
    rows: Sequence[EncodedSolution],
    parts: Sequence[Sequence[EncodedSolution]] | None = None,
    *,
    weights: int | None = None,
) -> None:
    def work() -> None:
        for part in parts or [rows]:
            engine._answers(part, [""] * len(part))  # noqa: SLF001

    engine.counts.clear()
    work()
    positions, forwards = engine.counts["positions"], engine.counts["forwards"]
    seconds = bench.timed(work, repeats=3, warm=0)  # the run that was counted warmed it
    tokens = sum(len(row.ids) for row in rows)
    bench.row(
        what,
        seconds=seconds,
        bound=_bound(bench, engine.model, rows, weights),
        rows_a_second=len(rows) / seconds,
        tokens_a_second=tokens / seconds,
        padding=1 - tokens / positions,
        forwards=forwards,
    )


def _bound(bench: Bench, model: Any, rows: Sequence[EncodedSolution], weights: int | None = None) -> float:
    """The least seconds: the products of all tokens, or reading the weights once, whichever takes longer."""
    count = weights or bases.block_weights(model)
    lengths = [len(row.ids) for row in rows]
    products = sum(bases.flop(count, model.config, length, length / 2) for length in lengths)
    return max(products / bench.matrix, count * bench.dtype.itemsize / bench.copy)
