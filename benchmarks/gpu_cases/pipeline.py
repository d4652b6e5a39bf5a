"""The whole command on solutions like GSM8K's, beside a loop over one solution at a time as the predecessor had it."""

from __future__ import annotations

import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from make_rows import Row as Text
from make_rows import write

from gpu_cases import bases, classifier, extractor, inputs
from gpu_cases.bench import Wrong
from grader.engines import Pair
from grader.engines.torch_classifier import TorchClassifier
from grader.engines.torch_extractor import TorchExtractor
from grader.lines import split_lines
from grader.modeling import Seat, compile_parts, encode, encode_solutions
from grader.modeling.memory import batch_tokens_within
from grader.prompts import extractor_parts, extractor_response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gpu_cases.bench import Bench
    from grader.engines.greedy import Row
    from grader.types import Solution

ACCEPTANCE = 0.9
CHECKED = 12
ALONE = 20
"""Solutions of the loop over one at a time."""
WARM = 1000
"""Solutions on which parts are compiled: as many as the models are asked at a time."""
SMALL = 4096
"""Solutions that one engine after the other grades."""
SAME = 1e-3
"""Largest difference of a probability that another place of the weights may make."""
TURNS = 2048
"""Solutions that models in NF4 grade: two chunks, so that in turns each comes and goes more than once."""
AT_ONCE = 2
"""Chunks that the engines are asked about at once, as on a GPU that has room for both."""
NF4_BYTES = 6e9


class ScriptedExtractor(TorchExtractor):
    """Says what the rules read; its drafts are that in ``ACCEPTANCE`` of the lines, and wrong in others."""

    def _rows(self, wanted: Mapping[str, Sequence[str] | None]) -> dict[str, Row]:
        rng = random.Random(0)
        nothing = encode(self._tokenizer, extractor_response([]))
        return {
            line: inputs.scripted(row.ids, row.draft or nothing, ACCEPTANCE if row.draft else None, rng)
            for line, row in super()._rows(wanted).items()
        }


class Run(NamedTuple):
    """The probabilities of a report, the seconds that the run took, and those of its stages."""

    found: list[float]
    seconds: float
    stages: dict[str, float]


def pipeline(bench: Bench) -> None:
    """Read, judge and write a file: every line asked of the extractor, every solution of the classifier."""
    judge, reader = bases.phi(bench), bases.gemma(bench)
    solutions = inputs.solutions(CHECKED * 2 if bench.tiny else bench.solutions)
    engines = pair_of(bench, judge, reader, beside=True)
    each = 0.0
    with bench.part("the whole command"):
        run = _checked_run(bench, engines, judge, reader, solutions, at_once=AT_ONCE)
        each = run.seconds / len(solutions)
        bench.row(
            f"{len(solutions)} solutions, every line read by the model",
            seconds=run.seconds,
            bound=_bound(bench, engines, solutions),
            rows_a_second=1 / each,
            milliseconds_a_row=1e3 * each,
            extractor_seconds=run.stages["extractor"],
            classifier_seconds=run.stages["classifier"],
            lines=engines[0].counts["distinct"],
            accepted=engines[0].counts["accepted"] / max(1, engines[0].counts["drafts"]),
            positions=engines[1].counts["positions"],
        )
    with bench.part("one engine after the other"):
        some = solutions[: CHECKED if bench.tiny else SMALL]
        # Once more the other way, as long: what was graded before is as warm for either.
        both, turns = (grade(engines, some, at_once=at_once) for at_once in (AT_ONCE, 1))
        bench.row(
            f"{len(some)} solutions, one engine after the other",
            seconds=turns.seconds,
            rows_a_second=len(some) / turns.seconds,
            at_once_seconds=both.seconds,
            slower_by=turns.seconds / both.seconds,
            **{f"{name}_seconds": turns.stages[name] for name in ("extractor", "classifier")},
            **{f"at_once_{name}_seconds": both.stages[name] for name in ("extractor", "classifier")},
        )
    with bench.part("one solution at a time"):
        some = solutions[: 2 if bench.tiny else ALONE]
        alone = bench.timed(partial(_alone, bench, judge, reader, some), repeats=1, warm=1) / len(some)
        bench.row(
            f"{len(some)} solutions one at a time, version 0, padded generate", seconds=alone * len(some),
            rows_a_second=1 / alone, milliseconds_a_row=1e3 * alone,
        )  # fmt: skip
        if each:
            bench.row("one solution of the whole command", seconds=each, faster_by=alone / each)


def compiled(bench: Bench) -> None:
    """The whole command with the parts compiled that ``--compile`` compiles, and what compiling them takes, apart."""
    judge, reader = bases.phi(bench), bases.gemma(bench)
    solutions = inputs.solutions(CHECKED * 2 if bench.tiny else bench.solutions)
    for model in (judge, reader):
        compile_parts(model, "eager" if bench.tiny else "inductor")
    engines = pair_of(bench, judge, reader)
    with bench.part("the whole command, compiled"):
        some = solutions[:WARM]
        first, second = (grade(engines, some).seconds for _ in range(2))
        graphs = _graphs()
        seconds = _checked_run(bench, engines, judge, reader, solutions).seconds
        bench.row(
            f"{len(solutions)} solutions, every line read by the model, norms and MLPs compiled",
            seconds=seconds,
            bound=_bound(bench, engines, solutions),
            rows_a_second=len(solutions) / seconds,
            milliseconds_a_row=1e3 * seconds / len(solutions),
            compile_seconds=first - second,
            variants=graphs,
            variants_while_timed=_graphs() - graphs,
        )


def _graphs() -> int:
    """How many variants of parts were compiled in this process."""
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])  # noqa: SLF001


def nf4(bench: Bench) -> None:
    """Both models in NF4 at once, in batches that are to keep all of it within 6 GB; then in turns."""
    stay = None
    with bench.part("both in NF4"):
        judge, reader = (bases.quantise(make(bench), bench.dtype) for make in (bases.phi, bases.gemma))
        budget = NF4_BYTES - sum(_bytes(model) for model in (judge, reader))
        tokens = [batch_tokens_within(budget, model.config, bench.dtype) for model in (reader, judge)]
        engines = pair_of(bench, judge, reader, tokens)
        solutions = inputs.solutions(CHECKED * 2 if bench.tiny else TURNS)
        stay = _checked_run(bench, engines, judge, reader, solutions)
        bench.row(
            f"both in NF4, {len(solutions)} solutions, batches of {tokens[0]} and {tokens[1]} tokens",
            seconds=stay.seconds,
            rows_a_second=len(solutions) / stay.seconds,
            weights_gb=sum(_bytes(model) for model in (judge, reader)) / 1e9,
        )
    with bench.part("both in NF4, in turns"):
        stay = stay or grade(engines, solutions)
        for model in (judge, reader):
            model.to("cpu")
        seat = Seat()
        engines = pair_of(bench, judge, reader, tokens, seat)
        bench.watch_memory()
        run = grade(engines, solutions)
        apart = max(abs(one - other) for one, other in zip(run.found, stay.found, strict=True))
        if not apart < SAME:
            raise Wrong(f"in turns a probability is {apart:.3g} off that of models that stay")
        bench.row(
            f"both in NF4, in turns, {len(solutions)} solutions",
            seconds=run.seconds,
            rows_a_second=len(solutions) / run.seconds,
        )


def pair_of(
    bench: Bench,
    judge: Any,
    reader: Any,
    tokens: Sequence[int | None] = (None, None),
    seat: Seat | None = None,
    *,
    beside: bool = False,
) -> tuple[ScriptedExtractor, TorchClassifier]:
    """The engines of both models, with batches of so many ``tokens``, which take turns where they have a seat."""
    return (
        ScriptedExtractor(
            bases.loaded(bench, "extractor", reader)._replace(seat=seat), batch_tokens=tokens[0], beside=beside
        ),
        TorchClassifier(
            bases.loaded(bench, "classifier", judge)._replace(seat=seat), batch_tokens=tokens[1], beside=beside
        ),
    )


def _checked_run(
    bench: Bench, engines: tuple[Any, Any], judge: Any, reader: Any, solutions: Sequence[Solution], *, at_once: int = 1
) -> Run:
    """Check both engines and a small report against float32, then grade all."""
    reference = bases.exact(judge)
    rows = _encoded(engines[1], solutions[:CHECKED])
    last = [row._replace(readouts=row.readouts[-1:]) for row in rows]
    with bases.plain(judge):
        wanted, plain = (classifier._margins(bench, model, last) for model in (reference, judge))  # noqa: SLF001
    del reference
    extractor._check(  # noqa: SLF001
        bench, "extractor", reader, encode(engines[0]._tokenizer, extractor_parts(1)[0]), grouped=bench.cuda  # noqa: SLF001
    )  # fmt: skip
    if bench.cuda:
        reader.set_attn_implementation("grader_grouped")  # the check leaves the library's own
        torch.cuda.empty_cache()
    found = torch.tensor(grade(engines, solutions[:CHECKED]).found, dtype=torch.float64)
    bench.check("report", torch.logit(found), plain, wanted)
    for engine in engines:
        engine.counts.clear()
    bench.watch_memory()
    return grade(engines, solutions, at_once=at_once)


def grade(engines: tuple[Any, Any], solutions: Sequence[Solution], *, at_once: int = 1) -> Run:
    """Write a report as ``grade`` does; workers check meanwhile."""
    import pyarrow.parquet as pq

    from grader.run import Log, Request, prepare, run_grade
    from grader.run.crew import default_workers
    from grader.run.garbage import collect_rarely
    from grader.run.log import Style
    from grader.run.side_by_side import SideBySide

    pair = Pair("model", *engines, name="random weights", beside=at_once)
    collect_rarely()
    with tempfile.TemporaryDirectory() as name:
        source, report = Path(name, "in.parquet"), Path(name, "out.parquet")
        write(source, iter([Text(one.problem, str(one.solution)) for one in solutions]), len(solutions))
        log = Log(Style.QUIET)
        began = time.perf_counter()
        with SideBySide(pair, default_workers(pair), log) as crew:
            run_grade(prepare(Request([str(source)], report)), crew, log)
        seconds = time.perf_counter() - began
        print(f"   {len(solutions)} rows in {seconds:.1f} s\n" + crew.watch.table(), flush=True)
        found: list[float] = pq.read_table(report)["grade_flaw_probability"].to_pylist()
    return Run(found, seconds, dict(crew.watch.seconds))


def _encoded(engine: TorchClassifier, solutions: Sequence[Solution], version: int = 1) -> list[Any]:
    texts = [(one.problem, [line.text for line in split_lines(one.solution or "")]) for one in solutions]
    return encode_solutions(engine._loaded.tokenizer, texts, version, bases.MAX_TOKENS)  # noqa: SLF001


@torch.inference_mode()
def _alone(bench: Bench, judge: Any, reader: Any, solutions: Sequence[Solution]) -> None:
    """The predecessor's loop: a forward of one solution, then its lines padded on the left and decoded together.

    It is spared the 64 tokens that random weights would run on to: it writes as many as the longest true answer.
    """
    engine = TorchExtractor(bases.loaded(bench, "extractor", reader, version=0))
    encoder = TorchClassifier(bases.loaded(bench, "classifier", judge))
    reader.set_attn_implementation("sdpa")
    tokenizer = engine._tokenizer  # noqa: SLF001
    prefix = encode(tokenizer, extractor_parts(0)[0])
    with bases.plain(judge), bases.plain(reader):
        for solution in solutions:
            row = _encoded(encoder, [solution], version=0)[0]
            judge(input_ids=torch.tensor([row.ids], device=bench.device)).logits.tolist()
            lines = {line.readable: None for line in split_lines(solution.solution or "") if line.readable}
            prompts = [prefix + one.ids for one in engine._rows(lines).values()]  # noqa: SLF001
            width = max(map(len, prompts))
            ids = torch.tensor([[0] * (width - len(one)) + one for one in prompts], device=bench.device)
            mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=bench.device)
            reader.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=extractor.ANSWER,
                min_new_tokens=extractor.ANSWER,
                do_sample=False,
                pad_token_id=0,
            ).tolist()


def _bytes(model: Any) -> int:
    """Of a model's weights; those of the embeddings and a tied head count once."""
    return sum(one.numel() * one.element_size() for one in model.parameters())


def _bound(bench: Bench, engines: tuple[Any, Any], solutions: Sequence[Solution]) -> float:
    """The least seconds: every token of both models once, at the ceiling of products."""
    judge, reader = engines[1].model, engines[0]._loaded.model  # noqa: SLF001
    lengths = [len(row.ids) for row in _encoded(engines[1], solutions)]
    weights = bases.block_weights(judge)
    total = sum(bases.flop(weights, judge.config, length, length / 2) for length in lengths)
    lines = {line.readable for one in solutions for line in split_lines(one.solution or "") if line.readable}
    rows = engines[0]._rows(dict.fromkeys(lines)).values()  # noqa: SLF001
    tokens = sum(len(row.ids) + extractor.ANSWER for row in rows)
    total += bases.flop(bases.block_weights(reader), reader.config, tokens, tokens / len(rows))
    return (total + 2.0 * len(rows) * extractor.ANSWER * reader.lm_head.weight.numel()) / bench.matrix
