"""Can the training pairs be told apart without the problem? What can is an artefact that a judge would learn instead.

    python benchmarks/artefacts.py

A logistic regression on the n-grams of the solution alone (numbers by their shape) learns from the injected pairs of
some problems and is measured on those of others, on natural errors, and by kind of error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from common import finish, parser, print_table, read_rows

from train.data import AnnotatedSolution
from train.examples import classifier_examples, graphs_of
from train.inject import inject_conceptual
from train.mistakes import CONCEPTUAL_INJECTORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.data import ClassifierExample

ROUNDS = 2
TEST_EVERY = 5


def main() -> None:
    """Print the baseline's AUROC on every set."""
    options = parser(__doc__.splitlines()[0]).parse_args()
    rows = _annotated(options.data)
    model = solution_only(rows)
    test = [row for number, row in enumerate(rows) if number % TEST_EVERY == 0]
    sets: dict[str, tuple[list[str], list[bool]]] = {"injected, other problems": _texts(classifier_examples(test, 99))}
    for name, found in _by_injector(test).items():
        sets[f"... {name}"] = found
    verdicts = read_rows(options.data, "verdict_dev")
    for name, chosen in {
        "verdict_dev, injected": ("gsm8k", "programmatic_validated"),
        "verdict_dev, manual": ("gsm8k", "manual"),
    }.items():
        kept = [r for r in verdicts if r["source"] in chosen and r["error_type"] != "computational_error"]
        sets[name] = [r["solution"] for r in kept], [r["error_type"] != "correct" for r in kept]
    samples = read_rows(options.data, "model_solutions_dev")
    sets["model_solutions_dev"] = [r["solution"] for r in samples], [not r["is_correct"] for r in samples]
    steps = read_rows(options.data, "stepverify")
    sets["stepverify"] = [r["solution"] for r in steps], [r["label"] != "correct" for r in steps]
    figures = {name: round(area(model, texts, flawed), 4) for name, (texts, flawed) in sets.items()}
    table = [(name, len(sets[name][0]), f"{figure:.3f}") for name, figure in figures.items()]
    print_table("A judge that sees the solution alone", ("data", "rows", "AUROC"), table)
    finish("artefacts", figures)


def solution_only(rows: Sequence[AnnotatedSolution]) -> Any:
    """Train the baseline on pairs of all but every fifth problem."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train = [row for number, row in enumerate(rows) if number % TEST_EVERY]
    texts, flawed = _texts(classifier_examples(train, 1, ROUNDS))
    grams = TfidfVectorizer(preprocessor=shape, token_pattern=r"[a-z]+|#+\.?#*|[^\sa-z#]", ngram_range=(1, 3), min_df=3)
    model = make_pipeline(grams, LogisticRegression(max_iter=300))
    model.fit(texts, flawed)
    return model


def shape(text: str) -> str:
    """Lower case, every digit as ``#``."""
    return re.sub(r"\d", "#", text.lower())


def area(model: Any, texts: Sequence[str], flawed: Sequence[bool]) -> float:
    """AUROC of the baseline."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(flawed, model.predict_proba(texts)[:, 1]))


def _annotated(folder: Any) -> list[AnnotatedSolution]:
    rows = read_rows(folder, "gsm8k_train")
    return sorted(AnnotatedSolution(str(row["problem_id"]), row["question"], row["solution"]) for row in rows)


def _texts(examples: Sequence[ClassifierExample]) -> tuple[list[str], list[bool]]:
    return ["\n".join(one.lines) for one in examples], [one.flawed for one in examples]


def _by_injector(rows: Sequence[AnnotatedSolution]) -> dict[str, tuple[list[str], list[bool]]]:
    """Each kind of error against the correct solutions that it was made from."""
    import random

    found: dict[str, tuple[list[str], list[bool]]] = defaultdict(lambda: ([], []))
    for graph in graphs_of(rows):
        for name in CONCEPTUAL_INJECTORS:
            flawed = inject_conceptual(graph, random.Random(graph.problem_id), (name,))
            if flawed is None:
                continue
            for made, label in ((graph, False), (flawed.graph, True)):
                texts, labels = found[name]
                texts.append("\n".join([*(step.text for step in made.steps), f"#### {made.answer}"]))
                labels.append(label)
    return found


if __name__ == "__main__":
    main()
