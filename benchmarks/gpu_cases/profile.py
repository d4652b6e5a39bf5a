"""Where the time goes: the kernels of a warm batch of each engine, and how busy whole chunks keep the device."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity

from gpu_cases import bases, classifier, extractor, inputs, pipeline
from grader.lines import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gpu_cases.bench import Bench

KERNELS = 15
NAME = 100
"""Characters of a kernel's name that are told."""
ROWS = 1000
"""Rows that the models are asked at a time."""
CHUNKS = 4096
"""Solutions of the whole chunks: four of them."""
DECODED = 256
CLASSIFIED_TOKENS, VERIFIED_TOKENS = 8_192, 16_384
"""Tokens of the batches that are watched: no more than the engines' own, so that little of them is padding."""


def profile(bench: Bench) -> None:
    """Whole chunks, and a batch of rows of like length: the classifier's forward, drafts that are verified, decoding.

    On a CPU the operators are told in place of kernels.
    """
    with bench.part("whole chunks"):
        _chunks(bench)
    with bench.part("classifier"):
        _classifier(bench)
    with bench.part("extractor"):
        _extractor(bench)


def _chunks(bench: Bench) -> None:
    """Grade a few chunks twice: timed, and watched for the share of the wall in which the device computed.

    ``kernels`` are the seconds of all of them, some of which run at the same time; ``waits`` how often the host waited
    for the device, and where, in one chunk more. A CPU tells neither.
    """
    engines = pipeline.pair_of(bench, bases.phi(bench), bases.gemma(bench), beside=True)
    solutions = inputs.solutions(16 if bench.tiny else CHUNKS)
    pipeline.grade(engines, solutions[:ROWS])
    run = pipeline.grade(engines, solutions, at_once=pipeline.AT_ONCE)
    with torch.profiler.profile(activities=[ProfilerActivity.CUDA if bench.cuda else ProfilerActivity.CPU]) as watch:
        watched = pipeline.grade(engines, solutions, at_once=pipeline.AT_ONCE)
        bench.wait()
    spans = [
        (one.start_ns(), one.start_ns() + one.duration_ns())
        for one in watch.profiler.kineto_results.events()
        if one.device_type() == DeviceType.CUDA
    ]
    lines = [line.readable for one in solutions[:ROWS] for line in split_lines(one.solution or "") if line.readable]
    waits = {
        "extractor": _waits(bench, lambda: engines[0].extract(lines, [None] * len(lines))),
        "classifier": _waits(bench, lambda: engines[1].classify(solutions[:ROWS])),
    }
    bench.row(
        f"{len(solutions)} solutions in whole chunks",
        seconds=run.seconds,
        seconds_watched=watched.seconds,
        **{f"{name}_seconds": run.stages[name] for name in waits},
        **(
            {
                "busy": covered(spans) / 1e9 / watched.seconds,
                "kernels": sum(end - start for start, end in spans) / 1e9,
                **{f"{name}_waits": count for name, count in waits.items()},
            }
            if bench.cuda
            else {}
        ),
    )


def covered(spans: Iterable[tuple[int, int]]) -> int:
    """How much the spans (start, end) cover together."""
    total, until = 0, -1
    for start, end in sorted(spans):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total


def _waits(bench: Bench, work: Callable[[], Any]) -> int:
    """How often the host waits for the device, and where."""
    if not bench.cuda:
        work()
        return 0
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            work()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    found = Counter(f"{Path(one.filename).name}:{one.lineno}" for one in caught if "synchroniz" in str(one.message))
    for place, times in found.most_common():
        print(f"   {times:6d} waits at {place}")
    return found.total()


def _classifier(bench: Bench) -> None:
    model = bases.phi(bench)
    rows = sorted(classifier._rows(8 if bench.tiny else ROWS), key=lambda row: len(row.ids))  # noqa: SLF001
    wanted, plain = classifier._references(bench, model, rows[: classifier.CHECKED])  # noqa: SLF001
    engine = classifier._engine(bench, model, share=bench.cuda)  # noqa: SLF001
    found = classifier._read(engine, rows[: classifier.CHECKED])  # noqa: SLF001
    bench.check("classifier", found, plain, wanted)
    end = len(rows) * 3 // 4  # a batch from the middle, where most rows are
    longest = rows[end - 1]
    batch = rows[max(0, end - CLASSIFIED_TOKENS // len(longest.ids)) : end]
    tokens = sum(len(row.ids) for row in batch)
    _kernels(
        bench,
        f"classifier, a batch of {len(batch)} solutions",
        model,
        lambda: engine._forward(engine._inputs(batch, None), None),  # noqa: SLF001
        bound=classifier._bound(bench, model, batch),  # noqa: SLF001
        tokens=tokens,
        padding=1 - tokens / (len(batch) * len(longest.ids)),
    )


def _extractor(bench: Bench) -> None:
    model = bases.gemma(bench)
    prefix = extractor._prefix(extractor.PREFIXES["version 1"])  # noqa: SLF001
    extractor._check(bench, "extractor", model, prefix, grouped=bench.cuda)  # noqa: SLF001
    count = 8 if bench.tiny else ROWS
    for what, acceptance, most in (("drafts verified", 1.0, None), ("decoding", None, DECODED)):
        engine = extractor._greedy(bench, model, prefix, count, grouped=bench.cuda)  # noqa: SLF001
        rows = sorted(extractor._rows(count, acceptance=acceptance), key=engine._width)  # noqa: SLF001
        end = count * 3 // 4
        batch = rows[max(0, end - (most or VERIFIED_TOKENS // engine._width(rows[end - 1]))) : end]  # noqa: SLF001
        work = partial(extractor._answer, engine, batch)  # noqa: SLF001
        work()
        tokens = sum(len(row.ids) + max(len(row.script), len(row.draft)) - 1 for row in batch)
        _kernels(
            bench,
            f"extractor, {what}, {len(batch)} lines",
            model,
            work,
            tokens=tokens,
            padding=1 - tokens / engine.counts["positions"],
            forwards=engine.counts["forwards"],
        )


def _kernels(bench: Bench, what: str, model: Any, work: Callable[[], Any], **figures: Any) -> None:
    """Time the work, then watch it once: ``busy`` is the share of the wall in which the device computed.

    A share well below one means that the host is late with its launches. Watching itself slows the host, so the share
    is of the seconds without it. ``library`` are the seconds with the library's norms and rotations.
    """
    with bases.plain(model):
        library = bench.timed(work, repeats=3, warm=1)
    seconds = bench.timed(work, repeats=3, warm=2)
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if bench.cuda else [])]
    bench.wait()
    began = time.perf_counter()
    with torch.profiler.profile(activities=kinds) as watch:
        work()
        bench.wait()
    watched = time.perf_counter() - began
    total: dict[str, tuple[float, int]] = {}
    for one in watch.key_averages():
        spent = one.self_device_time_total if bench.cuda else one.self_cpu_time_total
        if (one.device_type == DeviceType.CUDA) is bench.cuda and spent and not one.is_user_annotation:
            before = total.get(_short(one.key), (0.0, 0))
            total[_short(one.key)] = (before[0] + spent / 1e6, before[1] + one.count)
    busy = sum(spent for spent, _ in total.values())
    for name, (spent, times) in sorted(total.items(), key=lambda one: -one[1][0])[:KERNELS]:
        print(f"   {spent / busy:6.1%} {1e3 * spent:9.3f} ms {times:6d} x {name}")
    bench.row(
        what,
        seconds=seconds,
        library=library,
        busy_seconds=busy,
        busy=busy / seconds,
        launches=sum(times for _, times in total.values()),
        seconds_watched=watched,
        **figures,
    )


def _short(name: str) -> str:
    """The name of a kernel without what all of them begin with."""
    for word in ("void ", "at::native::", "(anonymous namespace)::", "at::", "c10::", "std::"):
        name = name.replace(word, "")
    return name[:NAME]
