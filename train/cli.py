"""train-adapters: annotated or labelled solutions -> the two adapters."""

from __future__ import annotations

import os
import sys
from argparse import RawDescriptionHelpFormatter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from grader.adapters import KINDS
from grader.cli.common import Parser, run_command
from grader.errors import UsageError
from train.config import LABELS, QUANTIZATIONS, TRAINERS

if TYPE_CHECKING:
    from argparse import Namespace

    from grader.adapters import Kind

PROG = "train-adapters"
DESCRIPTION = """\
Train the adapters that grade uses: the extractor, which reads equations out of lines, and the classifier, which judges
the reasoning. Without a base of your own the big ones are fetched from the hub."""
EPILOG = """\
data (Parquet, JSON Lines, CSV; told apart by their columns, see docs/training.md):
  problem, solution with <<48/2=24>>      both adapters; flawed solutions are made by injecting errors
  problem, solution, label                the classifier; with first_error_line its lines too
  line, equation                          the extractor

-o holds extractor/, classifier/ and train_report.json in the end, and is what grade --adapters takes.
A training that was killed goes on with the same command and --resume."""
NEEDED = ("trl", "datasets", "bitsandbytes")


def main(argv: list[str] | None = None) -> int:
    """Run train-adapters and give its exit code."""
    return run_command(PROG, _run, argv)


def _run(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    if options.output is None and not options.dry_run:
        raise UsageError("-o names the folder for the adapters; only --dry-run writes none")
    if options.resume and options.overwrite:
        raise UsageError("--resume goes on and --overwrite throws away: give one of them")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"training needs {', '.join(missing)}: pip install 'math-grader[train]'")
    # Threads that wait must not spin: with other work on the same cores they made a step twenty times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _run_options(options)
    return 0


def _run_options(options: Namespace) -> None:
    from train.run import Options, recipes_of, run  # noqa: PLC0415 what computes is not needed for --help
    from train.with_unsloth import prepare, wanted  # noqa: PLC0415

    kinds: tuple[Kind, ...] = KINDS if options.adapter == "all" else (options.adapter,)
    flags = {name: getattr(options, name) for name in FLAGS}
    asked = Options(
        kinds,
        options.data,
        options.output,
        options.config,
        flags,
        resume=options.resume,
        overwrite=options.overwrite,
        dry_run=options.dry_run,
        report_to=options.report_to,
    )
    recipes = recipes_of(asked)
    if "extractor" in recipes and not options.dry_run and wanted(recipes["extractor"].trainer):
        prepare()
    run(asked, recipes)


FLAGS = ("base", "epochs", "lr", "rank", "quantization", "seed", "labels", "trainer")


def _parser() -> Parser:
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("adapter", nargs="?", choices=(*KINDS, "all"), default="all", help="which adapter to train (all)")
    add("--data", metavar="FILE", nargs="+", required=True, help="files, folders or quoted globs to train on")
    add("-o", "--output", metavar="DIR", type=Path, help="the folder for the adapters")
    add("--config", metavar="FILE", type=Path, help="a TOML file of hyperparameters; flags win over it")
    add("--dry-run", action="store_true", help="show the first examples, their tokens and masks; train nothing")
    add("--resume", action="store_true", help="go on with a training that was interrupted")
    add("--overwrite", action="store_true", help="throw away what an earlier training left in DIR")
    recipe = parser.add_argument_group("recipe", "defaults differ by adapter, see docs/training.md")
    add = recipe.add_argument
    add("--base", metavar="BASE", help="hub id or folder; with all, a folder that holds extractor/ and classifier/")
    add("--epochs", metavar="N", type=float, help="passes over the data")
    add("--lr", metavar="RATE", type=float, help="the highest learning rate")
    add("--rank", metavar="R", type=int, help="rank of the LoRA matrices")
    add("--quantization", choices=QUANTIZATIONS, help="how the base is stored (nf4 on CUDA, none on a CPU)")
    add("--seed", metavar="N", type=int, help="of the split, the injected errors and the training")
    add("--labels", choices=LABELS, help="classifier: learn at every line's end, or at the last one only (lines)")
    add("--trainer", choices=TRAINERS, help="extractor: auto is Unsloth on CUDA if installed, else TRL (auto)")
    add("--report-to", metavar="NAME", default="none", help="also log to tensorboard, wandb, … (none)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
