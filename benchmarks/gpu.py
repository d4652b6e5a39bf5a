"""Speed and memory at full size on one GPU, each figure beside its bound, each way checked before it is timed.

    python benchmarks/gpu.py CASE... [--tiny] [--device DEVICE] [--solutions N]

Builds both architectures at their true shapes with random weights, on the device: no download, no file but
sample_data. Ceilings are measured first, in every command. A part that fails is told and the next one begins; the exit
code is then 1. ``--tiny`` runs the same code on small shapes, on a CPU: it checks, its times mean nothing. GPU.md says
which commands to run, in which order, and what came out.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gpu_cases.bench import Bench


CASES = {
    "classifier-weights": "classifier.weights",
    "classifier-batches": "classifier.batches",
    "classifier-nf4": "classifier.nf4",
    "classifier-problems": "classifier.problems",
    "extractor-prefill": "extractor.prefill",
    "extractor-decode": "extractor.decode",
    "extractor-drafts": "extractor.drafts",
    "pipeline": "pipeline.pipeline",
    "pipeline-compiled": "pipeline.compiled",
    "profile": "profile.profile",
    "pipeline-nf4": "pipeline.nf4",
    "training-classifier": "training.classifier",
    "training-extractor": "training.extractor",
    "training-unsloth": "training.unsloth",
}
"""The functions of the cases, in the order of GPU.md."""


def case(name: str) -> Callable[[Bench], None]:
    """Give a case by name. Unsloth comes before transformers, which it changes: run its case alone."""
    if name == "training-unsloth" and find_spec("unsloth"):
        import_module("unsloth")
    module, _, function = CASES[name].partition(".")
    found: Callable[[Bench], None] = getattr(import_module(f"gpu_cases.{module}"), function)
    return found


def run(names: Sequence[str], device: str, *, tiny: bool, solutions: int = 20_000) -> list[Bench]:
    """Run cases, the ceilings first, and print a table and a JSON line of each."""
    works = [case(name) for name in names]
    import torch
    from gpu_cases.bench import Bench
    from gpu_cases.ceilings import measure

    first = Bench(torch.device(device), tiny)
    measure(first)
    first.finish("ceilings")
    done = [first]
    for name, work in zip(names, works, strict=True):
        print(f"\n== {name}", flush=True)
        bench = Bench(torch.device(device), tiny, first.matrix, first.copy, solutions)
        done.append(bench)
        with bench.part("all of it"):
            work(bench)
        bench.finish(name)
    return done


def main() -> int:
    """Run what the command line says; 1 means that a part was wrong or failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "cases", nargs="+", metavar="CASE", help=f"all (but training-unsloth), or of: {', '.join(CASES)}"
    )
    parser.add_argument("--tiny", action="store_true", help="small shapes, float32: checks only, also on a CPU")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu (default: %(default)s)")
    parser.add_argument("--solutions", type=int, default=20_000, help="of the pipeline (default: %(default)s)")
    options = parser.parse_args()
    names = [*CASES][:-1] if options.cases == ["all"] else options.cases
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)}")
    if "training-unsloth" in names and len(names) > 1:
        parser.error("training-unsloth changes the libraries under the other cases: run it alone")
    if options.device == "cpu" and not options.tiny:
        parser.error("the full shapes are for a GPU: give --tiny on a CPU")
    done = run(names, options.device, tiny=options.tiny, solutions=options.solutions)
    return int(any(bench.failures for bench in done))


if __name__ == "__main__":
    sys.exit(main())
