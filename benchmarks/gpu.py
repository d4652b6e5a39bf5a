"""Speed and memory at full size on one GPU, each figure beside its bound, each way checked before it is timed.

    python benchmarks/gpu.py CASE... [--tiny] [--device DEVICE] [--solutions N]

Builds both architectures at their true shapes with random weights, on the device: no download, no file but sample_data.
Ceilings are measured first, in every command. A part that fails is told and the next one begins; the exit code is then 1.
``--tiny`` runs the same code on small shapes, on a CPU: it checks, its times mean nothing. GPU.md says which commands to
run, in which order, and what came out.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gpu_cases.bench import Bench


def cases() -> dict[str, Callable[[Bench], None]]:
    """Give the cases by name, in the order of ``GPU.md``."""
    from gpu_cases import classifier, extractor

    return {
        "classifier-weights": classifier.weights,
        "classifier-batches": classifier.batches,
        "classifier-nf4": classifier.nf4,
        "classifier-problems": classifier.problems,
        "extractor-prefill": extractor.prefill,
        "extractor-decode": extractor.decode,
        "extractor-drafts": extractor.drafts,
    }


def run(names: Sequence[str], device: str, *, tiny: bool) -> list[Bench]:
    """Run cases, the ceilings first, and print a table and a JSON line of each."""
    import torch
    from gpu_cases.bench import Bench
    from gpu_cases.ceilings import measure

    first = Bench(torch.device(device), tiny)
    measure(first)
    first.finish("ceilings")
    done = [first]
    for name in names:
        print(f"\n== {name}", flush=True)
        bench = Bench(torch.device(device), tiny, first.matrix, first.copy)
        done.append(bench)
        with bench.part(name):
            cases()[name](bench)
        bench.finish(name)
    return done


def main() -> int:
    """Run what the command line says; 1 means that a part was wrong or failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("cases", nargs="+", metavar="CASE", help=f"all, or of: {', '.join(cases())}")
    parser.add_argument("--tiny", action="store_true", help="small shapes, float32: checks only, also on a CPU")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu (default: %(default)s)")
    options = parser.parse_args()
    names = list(cases()) if options.cases == ["all"] else options.cases
    if unknown := [name for name in names if name not in cases()]:
        parser.error(f"no such case: {', '.join(unknown)}")
    if options.device == "cpu" and not options.tiny:
        parser.error("the full shapes are for a GPU: give --tiny on a CPU")
    return int(any(bench.failures for bench in run(names, options.device, tiny=options.tiny)))


if __name__ == "__main__":
    sys.exit(main())
