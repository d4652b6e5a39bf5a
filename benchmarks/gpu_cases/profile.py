"""Where a forward spends its time: the kernels of one warm batch of each engine, and how much of the wall they fill."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity

from gpu_cases import bases, classifier, extractor

if TYPE_CHECKING:
    from collections.abc import Callable

    from gpu_cases.bench import Bench

KERNELS = 15
NAME = 100
"""Characters of a kernel's name that are told."""
ROWS = 1000
"""Rows that the models are asked at a time."""
DECODED = 256
CLASSIFIED_TOKENS, VERIFIED_TOKENS = 8_192, 16_384
"""Tokens of the batches that are watched: fewer than the engines' own, so that little of them is padding."""


def profile(bench: Bench) -> None:
    """The classifier's forward, drafts that are verified, and decoding: one batch of each, of rows of like length.

    On a CPU the operators are told in place of kernels.
    """
    with bench.part("classifier"):
        _classifier(bench)
    with bench.part("extractor"):
        _extractor(bench)


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
        partial(engine._forward, batch, None),  # noqa: SLF001
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
    is of the seconds without it. ``library_norms`` are the seconds with norms as the library has them.
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
        library_norms=library,
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
