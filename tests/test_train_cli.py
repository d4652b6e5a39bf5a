"""`train-adapters` from the shell: a sample becomes both adapters, also when it is killed on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from filecmp import cmp
from pathlib import Path

import pytest
from tiny_models import tiny_gemma, tiny_phi

from grader.adapters import check_folder, find_pair
from train.cli import main

ROOT = Path(__file__).parent.parent
SAMPLE = str(ROOT / "sample_data" / "train_sample.parquet")
KINDS = ("extractor", "classifier")
pytestmark = pytest.mark.usefixtures("one_thread")
CONFIG = """
lr = 1e-2
evaluate_every = 8
rank = 8
[extractor]
batch = 16
[classifier]
epochs = 2
accumulate = 1
"""


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    """Give the arguments that train both adapters on tiny bases, less the output."""
    folder = tmp_path_factory.mktemp("train")
    tiny_gemma(folder / "bases" / "extractor")
    tiny_phi(folder / "bases" / "classifier" / "base")
    (folder / "train.toml").write_text(CONFIG)
    return ["all", "--data", SAMPLE, "--base", str(folder / "bases"), "--config", str(folder / "train.toml")]


@pytest.fixture(scope="module")
def trained(arguments, tmp_path_factory):
    """Give the folder of a pair that was trained without an interruption."""
    folder = tmp_path_factory.mktemp("trained")
    assert main([*arguments, "-o", str(folder)]) == 0
    return folder


def test_both_adapters_beat_the_untrained(trained):
    """On held-out problems the answers' loss falls by 1 and more, and that of the verdicts by 0.02 and more."""
    report = json.loads((trained / "train_report.json").read_text())
    extractor, classifier = (report[kind]["heldout"] for kind in KINDS)
    assert extractor["trained"]["loss"] < extractor["untrained"]["loss"] - 1
    assert classifier["uncalibrated"]["loss"] < classifier["untrained"]["loss"] - 0.02
    assert report["extractor"]["data"] == [f"{SAMPLE}: 72 annotated solutions; 0 rows left out"]


def test_output_is_a_pair(trained):
    """The folder holds both adapters, found as a pair and unchanged, the report, and no checkpoint."""
    assert sorted(path.name for path in trained.iterdir()) == ["classifier", "extractor", "train_report.json"]
    pair = find_pair(str(trained))
    assert (pair.extractor, pair.classifier) == (trained / "extractor", trained / "classifier")
    for kind in KINDS:
        assert check_folder(trained / kind, kind).base.name.endswith(("bases/extractor", "classifier/base"))


def test_killed_process_goes_on(arguments, trained, tmp_path):
    """A process that is killed in its second training goes on with --resume and ends with the very same adapters."""
    command = [sys.executable, "-P", "-m", "train.cli", *arguments, "-o", str(tmp_path)]
    with subprocess.Popen(
        command,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not list(tmp_path.glob("checkpoints/classifier/checkpoint-*")):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "classifier").exists()
    assert main([*arguments, "-o", str(tmp_path), "--resume"]) == 0
    for kind in KINDS:
        names = sorted(path.name for path in (trained / kind).iterdir())
        assert all(cmp(trained / kind / name, tmp_path / kind / name, shallow=False) for name in names)


def test_finished_is_not_trained_again(arguments, trained, capsys):
    """A finished adapter is kept: without an option it is an error, and --resume shows its table again."""
    assert main([*arguments, "-o", str(trained)]) == 2
    assert "there is an adapter already; name another folder, or give --overwrite" in capsys.readouterr().err
    before = (trained / "train_report.json").read_bytes()
    assert main([*arguments, "-o", str(trained), "--resume"]) == 0
    assert capsys.readouterr().out.count("finished before") == 2
    assert (trained / "train_report.json").read_bytes() == before
    assert main([*arguments, "-o", str(trained), "--resume", "--lr", "1"]) == 2
    assert "the finished training had other lr" in capsys.readouterr().err


def test_dry_run(arguments, capsys, tmp_path):
    """The dry run shows both adapters' first examples with their masks and writes nothing."""
    assert main([*arguments, "-o", str(tmp_path / "none"), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "  masked '<bos><start_of_turn>user\\nWrite down" in shown
    assert "line ends with loss" in shown
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "-o names the folder for the adapters"),
        (["-o", "x", "--resume", "--overwrite"], "give one of them"),
        (["-o", "x", "--base", "nowhere"], "with all, the base is a folder that holds one base for each adapter"),
        (["-o", "x", "--config", "nowhere.toml"], "nowhere.toml: there is no such file; check --config"),
        (["-o", "x", "--epochs", "0"], "epochs is 0.0; it must be greater than 0"),
        (["-o", "x", "--quantization", "int8"], "invalid choice: 'int8'"),
    ],
)
def test_wrong_options(more, message, capsys, tmp_path, monkeypatch):
    """Options that cannot be are refused in one message before anything is read or written."""
    monkeypatch.chdir(tmp_path)
    assert main(["all", "--data", SAMPLE, *more]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_data_for_the_other_adapter(capsys, tmp_path):
    """Data that hold nothing for the adapter that is asked for are an error that says what to give."""
    (tmp_path / "lines.csv").write_text("line,equation\n1+1=2,1+1=2\n")
    assert main(["classifier", "--data", str(tmp_path / "lines.csv"), "--dry-run"]) == 2
    assert "nothing to train the classifier on: give annotated solutions or labelled" in capsys.readouterr().err


def test_missing_packages(monkeypatch, capsys):
    """Without the packages that train, the message says how to install them."""
    monkeypatch.setattr("train.cli.find_spec", lambda name: None)
    assert main(["--data", SAMPLE, "--dry-run"]) == 2
    assert "training needs trl, datasets, bitsandbytes: pip install 'math-grader[train]'" in capsys.readouterr().err


def test_overwrite(arguments, tmp_path, monkeypatch):
    """--overwrite throws an earlier adapter and an unfinished training away, of the adapters asked for alone."""
    for name in ("extractor", "classifier", "checkpoints/extractor"):
        (tmp_path / name).mkdir(parents=True)
    begun = []
    monkeypatch.setattr("train.run._train", lambda job, notes: begun.append(job.kind) or "")
    assert main(["extractor", *arguments[1:3], "--config", arguments[-1], "-o", str(tmp_path), "--overwrite"]) == 0
    assert begun == ["extractor"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "classifier"]
    assert not list((tmp_path / "checkpoints").iterdir())


def test_sample_is_what_the_generator_makes():
    """The committed sample is what sample_data/generate_train.py writes."""
    command = [sys.executable, ROOT / "sample_data" / "generate_train.py", "--check"]
    # `make test` keeps this folder off the path; the generator needs its own, as its user has it.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)
    assert done.returncode == 0, done.stderr
