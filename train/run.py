"""From the options of ``train-adapters`` to finished adapters, their held-out tables and ``train_report.json``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.errors import InputError, UsageError
from grader.parquet_io.writer import write_text
from train.checkpoints import require_same
from train.config import read_table, recipe
from train.data import Corpus, Split, read_corpus, split_by_problem
from train.examples import classifier_examples, extractor_examples
from train.job import CHECKPOINTS, Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.adapters import Kind
    from train.config import Recipe

REPORT = "train_report.json"
REPORT_FORMAT = 1


class Options(NamedTuple):
    """What the command line said; ``flags`` are keys of a recipe, None where a flag was not given."""

    kinds: tuple[Kind, ...]
    data: Sequence[str]
    output: Path | None
    config: Path | None
    flags: Mapping[str, Any]
    resume: bool = False
    overwrite: bool = False
    dry_run: bool = False
    report_to: str = "none"


def run(options: Options, recipes: Mapping[Kind, Recipe]) -> None:
    """Train what the options ask for by these recipes, one adapter after the other, or show what would be trained."""
    if options.output is not None and not options.dry_run:
        _make_room(options, options.output)
    corpus = read_corpus(options.data)
    for note in corpus.notes:
        print(note, file=sys.stderr)
    splits = {kind: split_examples(kind, corpus, made) for kind, made in recipes.items()}
    if options.dry_run:
        from train.show import show  # noqa: PLC0415 with the first tokenizer comes transformers

        for kind, made in recipes.items():
            print(show(kind, made, splits[kind]))
        return
    assert options.output is not None
    for kind, made in recipes.items():
        job = Job(kind, made, splits[kind], options.output, options.resume, options.report_to)
        print(_train(job, corpus.notes))


def recipes_of(options: Options) -> dict[Kind, Recipe]:
    """The recipe of every adapter that is asked for. Raises InputError for a key or a value that cannot be."""
    tables = read_table(options.config)
    found: dict[Kind, Recipe] = {}
    for kind in options.kinds:
        flags = dict(options.flags)
        if flags.get("base") is not None and len(options.kinds) > 1:
            flags["base"] = str(_base_of_pair(Path(flags["base"]), kind))
        found[kind] = recipe(kind, tables[kind], flags)
    return found


def _base_of_pair(folder: Path, kind: Kind) -> Path:
    for base in (folder / kind, folder / kind / "base"):
        if (base / "config.json").is_file():
            return base
    raise UsageError(
        f"--base {folder}: with all, the base is a folder that holds one base for each adapter, and {folder / kind} "
        "is none; train them one by one, or name the bases in the tables [extractor] and [classifier] of --config"
    )


def _make_room(options: Options, output: Path) -> None:
    """Refuse, before any work, to replace a finished adapter, or throw it away with ``--overwrite``."""
    for kind in options.kinds:
        finished, unfinished = output / kind, output / CHECKPOINTS / kind
        if options.overwrite:
            shutil.rmtree(finished, ignore_errors=True)
            shutil.rmtree(unfinished, ignore_errors=True)
        elif finished.exists() and not options.resume:
            raise UsageError(f"{finished}: there is an adapter already; name another folder, or give --overwrite")


def split_examples(kind: Kind, corpus: Corpus, made: Recipe) -> Split:
    """The examples of an adapter, split by problem. Raises InputError where the data hold none for it."""
    examples: Sequence[Any]
    if kind == "extractor":
        examples = [*corpus.lines, *extractor_examples(corpus.annotated, made.seed, made.rounds)]
    else:
        examples = [*corpus.classified, *classifier_examples(corpus.annotated, made.seed, made.rounds)]
    if not examples:
        wanted = "lines with their equations" if kind == "extractor" else "labelled solutions"
        raise InputError(f"the data hold nothing to train the {kind} on: give annotated solutions or {wanted}")
    return split_by_problem(examples, made.seed, made.validation, made.heldout)


def _train(job: Job, notes: Sequence[str]) -> str:
    """Train one adapter unless it is finished, write the report, and give its table."""
    path = job.output / REPORT
    report = _report(path)
    entry = report.get(job.kind)
    if job.resume and entry and job.folder.is_dir() and not job.checkpoints.exists():
        require_same(job, entry["identity"], f"{job.folder}: the finished training")
        return f"{job.kind}: finished before\n{table(job.kind, entry)}"
    if job.kind == "extractor":
        from train.extractor import train_extractor as train  # noqa: PLC0415 torch comes with it
    else:
        from train.classifier import train_classifier as train  # noqa: PLC0415
    entry = train(job)
    write_text(
        path, json.dumps({**report, "format": REPORT_FORMAT, job.kind: {"data": list(notes), **entry}}, indent=1)
    )
    shutil.rmtree(job.checkpoints)
    if not any(job.checkpoints.parent.iterdir()):
        job.checkpoints.parent.rmdir()
    return table(job.kind, entry)


def _report(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: this is no report of train-adapters ({error}); move it away") from error
    return report if isinstance(report, dict) else {}


def table(kind: Kind, entry: Mapping[str, Any]) -> str:
    """The held-out figures of an adapter beside those of the untrained one, as text."""
    columns = entry["heldout"]
    names = [name for name in ("untrained", "uncalibrated", "trained") if name in columns]
    rows = [(f"{kind}, held out", *names)]
    for figure in columns["trained"]:
        cells = (columns[name][figure] for name in names)
        rows.append((figure.replace("_", " "), *("-" if cell is None else f"{cell:.4f}" for cell in cells)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rows_of = ", ".join(f"{count} {name}" for name, count in entry["examples"].items())
    best = (
        f"best at step {entry['best_step']} of {entry['steps']} ({entry['steps_planned']} planned); examples: {rows_of}"
    )
    return "\n".join([*lines, best])
