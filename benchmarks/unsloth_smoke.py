"""The Unsloth path of `train-adapters`, once through on a tiny Gemma, without a GPU: outside CI, since Unsloth is not.

Unsloth's own requirements would pull another torch, so it goes into an environment of its own on top of the project's:

    python -m venv --system-site-packages .venv-unsloth          # made by the project's own .venv/bin/python, or:
    echo "$PWD/.venv/lib/python3.11/site-packages" > .venv-unsloth/lib/python3.11/site-packages/project.pth
    .venv-unsloth/bin/pip install --no-deps unsloth==2026.10.9 unsloth_zoo==2026.10.9
    .venv-unsloth/bin/python benchmarks/unsloth_smoke.py

Trains both adapters with --trainer unsloth and with --trainer trl on the same data, and checks that Unsloth masks the
same tokens (the training itself stops otherwise), that its folder passes the checks and loads without Unsloth, and that
the saved adapter answers like the trained one. Prints both held-out tables and one JSON line.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_data" / "train_sample.parquet"
CHILD = """
import json, sys
from pathlib import Path
from grader.adapters import check_folder
from grader.modeling import load_base, load_tokenizer
from grader.modeling.adapting import attach_adapter
from train.config import recipe
from train.data import read_corpus
from train.encoding import extractor_rows
from train.extractor import measure
from train.run import split_examples
base, folder, sample = sys.argv[1:]
check_folder(Path(folder), "extractor")
made = recipe("extractor", {"base": base})
rows = extractor_rows(load_tokenizer(base), split_examples("extractor", read_corpus([sample]), made).heldout, 512).rows
print(json.dumps(measure(attach_adapter(load_base("extractor", base), Path(folder)), rows, 0)))
"""


def main() -> int:
    """Run it; 1 means that a check failed."""
    import subprocess

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = (
            "import sys; sys.path.insert(0, sys.argv[2])\n"
            "from tiny_models import tiny_gemma, tiny_phi\n"
            "tiny_gemma(sys.argv[1] + '/bases/extractor'); tiny_phi(sys.argv[1] + '/bases/classifier')"
        )
        subprocess.run([sys.executable, "-c", make, name, ROOT / "tests"], check=True, capture_output=True)
        (folder / "train.toml").write_text("lr = 5e-3\nevaluate_every = 6\n[extractor]\nbatch = 16\n")
        found = {}
        for trainer in ("unsloth", "trl"):
            command = [
                sys.executable,
                "-m",
                "train.cli",
                "all",
                "--data",
                SAMPLE,
                "-o",
                folder / trainer,
                "--seed",
                "0",
            ]
            command += ["--base", folder / "bases", "--config", folder / "train.toml", "--epochs", "1"]
            subprocess.run([*command, "--trainer", trainer], check=True, cwd=ROOT)
            report = json.loads((folder / trainer / "train_report.json").read_text())
            child = [
                sys.executable,
                "-c",
                CHILD,
                folder / "bases" / "extractor",
                folder / trainer / "extractor",
                SAMPLE,
            ]
            done = subprocess.run(child, check=True, cwd=ROOT, capture_output=True, text=True)
            found[trainer] = {
                "trained_by": report["extractor"]["trainer"],
                **{part: report["extractor"]["heldout"][part]["loss"] for part in ("untrained", "trained")},
                "loaded_again": json.loads(done.stdout.splitlines()[-1])["loss"],
            }
    found["unsloth_version"] = report["extractor"]["versions"]["unsloth"]
    print(json.dumps(found))
    same = all(abs(found[one]["loaded_again"] - found[one]["trained"]) < 1e-3 for one in ("unsloth", "trl"))
    learned = all(found[one]["trained"] < found[one]["untrained"] - 0.5 for one in ("unsloth", "trl"))
    return 0 if same and learned and found["unsloth"]["trained_by"] == "unsloth" else 1


if __name__ == "__main__":
    sys.exit(main())
