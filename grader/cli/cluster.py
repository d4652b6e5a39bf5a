"""The options of ``grade`` that say on which Ray cluster a run is done."""

# ruff: noqa: PLC0415 `grade --help` must not wait for Arrow

from __future__ import annotations

import argparse
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.run_options import positive
from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.run import Log, Request

NOT_WITH_RAY = {
    "workers": "--workers (--ray-cpus says how many an actor has)",
    "shard": "--shard",
    "to": "--to (grade-join has it)",
    "profile": "--profile",
    "overwrite": "--overwrite (--restart throws the parts away)",
}


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of ``grade``."""
    cluster = parser.add_argument_group(
        "a Ray cluster",
        "-o is a folder for the parts then, which grade-join makes one report of; the same command goes on",
    )
    cluster.add_argument(
        "--ray",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help="grade on this cluster (auto: the one that runs here; local: one that is started for the run)",
    )
    cluster.add_argument("--ray-actors", type=positive, metavar="N", help="pairs of models (default: as many as fit)")
    cluster.add_argument(
        "--ray-cpus", type=_share, metavar="F", help="cores of an actor, which reads and checks with them (default: 1)"
    )
    cluster.add_argument("--ray-gpus", type=_share, metavar="F", help="GPUs of an actor, or a part of one (default: 0)")


def check_cluster_options(options: argparse.Namespace) -> None:
    """Raise UsageError for options that do not go together."""
    if options.ray is None:
        for name in ("actors", "cpus", "gpus"):
            if getattr(options, f"ray_{name}") is not None:
                raise UsageError(f"--ray-{name} goes with --ray")
        return
    for name, option in NOT_WITH_RAY.items():
        value = getattr(options, name)
        if not (value is None or value is False or value == {}):
            raise UsageError(f"with --ray leave out {option}")
    if Path(options.ray).exists():
        raise UsageError(f"--ray took {options.ray} for the address of a cluster; write --ray=auto before an input")


def grade_on_cluster(options: argparse.Namespace, request: Request, models: Mapping[str, Any], log: Log) -> None:
    """Do the run that a request asks for, on the cluster; ``models`` are the arguments of ``load_pair``."""
    from grader.distributed import Cluster, run_on_ray
    from grader.run.request import prepare_parts

    job = prepare_parts(request)
    log.say("columns", job.columns.sentence(), **job.columns._asdict())
    cpus = 1.0 if options.ray_cpus is None else options.ray_cpus
    summary = run_on_ray(job, models, Cluster(options.ray, options.ray_actors, cpus, options.ray_gpus or 0.0), log)
    log.show(f"\n{summary.table()}")
    log.say("done", None, **summary.as_dict())


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return value
