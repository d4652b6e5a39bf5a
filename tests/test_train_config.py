"""Recipes: defaults, configuration files, flags."""

import pytest

from grader.adapters import KINDS
from grader.errors import InputError, UsageError
from train.config import DEFAULTS, SHARED_KEYS, read_table, recipe


@pytest.fixture
def table(tmp_path):
    """Give a function that reads a configuration file of the given text."""

    def read(text):
        path = tmp_path / "train.toml"
        path.write_text(text)
        return read_table(path)

    return read


def test_defaults_are_the_predecessors():
    """Without a file and flags the recipes are those of the system that this one replaces."""
    extractor, classifier = recipe("extractor"), recipe("classifier")
    assert (extractor.rank, extractor.lora_alpha, extractor.dropout, extractor.lr) == (16, 32, 0.05, 1e-4)
    assert (extractor.batch, extractor.epochs, extractor.warmup, extractor.schedule) == (32, 1, 5, "linear")
    assert (classifier.batch, classifier.accumulate, classifier.epochs) == (8, 4, 5)
    assert (classifier.schedule, classifier.warmup, classifier.evaluate_every, classifier.patience) == (
        "cosine",
        0.1,
        25,
        10,
    )


def test_rising_order(table):
    """The top of the file wins over the defaults, a table over the top, a flag over the table."""
    tables = table("lr = 1\nrank = 4\nepochs = 9\n[classifier]\nrank = 8\nepochs = 7\n")
    made = recipe("classifier", tables["classifier"], {"epochs": 3.0, "seed": None})
    assert (made.lr, made.rank, made.epochs, made.seed, made.lora_alpha) == (1, 8, 3, 0, 16)
    assert recipe("extractor", tables["extractor"]).rank == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("leraning_rate = 1", r"the top of the file has the unknown key 'leraning_rate'; allowed are accumulate, .*lr"),
        ("base = 'x'", r"unknown key 'base'; it goes into the table of one adapter"),
        ("[extractor]\nlabels = 'whole'", r"\[extractor\] has the unknown key 'labels'"),
        ("[clasifier]\nlr = 1", r"unknown key 'clasifier'"),
        ("extractor = 1", r"\[extractor\] must be a table"),
        ("lr = 'high'", r"lr in the top of the file is 'high'; it must be a number"),
        ("batch = 1.5", r"batch in the top of the file is 1.5; it must be a whole number"),
        ("batch = true", r"batch in the top of the file is True"),
        ("lr = ", r"this is not a readable TOML file"),
    ],
)
def test_wrong_files(table, text, message):
    """A key that is not known, or a value of another type, is an error that names it and what may stand there."""
    with pytest.raises(InputError, match=message):
        table(text)


def test_missing_file(tmp_path):
    """A configuration that is not there is an error."""
    with pytest.raises(InputError, match="there is no such file; check --config"):
        read_table(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"lr": 0.0}, "lr is 0.0; it must be greater than 0"),
        ({"rank": -1}, "rank is -1"),
        ({"seed": -1}, "seed is -1; it must not be negative"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"schedule": "steps"}, "schedule is 'steps'; choose one of linear, cosine, constant"),
        ({"validation": 0.6, "heldout": 0.5}, "both are shares above 0, together below 1"),
    ],
)
def test_impossible_values(flags, message):
    """A value that cannot be is refused with its name."""
    with pytest.raises(UsageError, match=message):
        recipe("extractor", {}, flags)


def test_every_default_is_written_in_the_manual():
    """docs/training.md has a row for every key, with the defaults of both adapters."""
    from pathlib import Path

    page = (Path(__file__).parent.parent / "docs" / "training.md").read_text()
    for key in SHARED_KEYS | {"base", "revision", "labels", "trainer"}:
        values = [getattr(DEFAULTS[kind], key) for kind in KINDS]
        shown = [
            f"`{value:g}`" if isinstance(value, float) else "" if value is None else f"`{value}`" for value in values
        ]
        row = next(line for line in page.splitlines() if line.startswith(f"| `{key}` |"))
        assert all(value in row for value in shown), row
