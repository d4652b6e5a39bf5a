"""The memory of training at full size, followed on fake tensors, is what a GPU took."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the benchmarks are not part of the package")
def test_what_is_followed_is_what_a_gpu_took():
    """Gemma-3-1B in batches of 32 lines: within three hundredths of what was measured."""
    pytest.importorskip("bitsandbytes")
    command = [sys.executable, "-W", "ignore", BENCHMARKS / "training_memory.py", "--only", "Gemma, LoRA, 32"]
    found_there = os.environ | {"PYTHONPATH": str(BENCHMARKS)}  # a script's own folder may be kept off the path
    done = subprocess.run(command, env=found_there, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-2000:]
    found, measured = map(float, done.stdout.split()[-2:])
    assert abs(found - measured) < 0.03 * measured
