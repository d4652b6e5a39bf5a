"""Where the models run, in which number format, and on how many threads."""

from types import SimpleNamespace

import pytest
import torch

from grader.errors import UsageError
from grader.modeling import lanes_of, pick_device, pick_dtype, use_threads


@pytest.mark.parametrize("name", ["tpu", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_named(name):
    """The message names the option and what to use."""
    with pytest.raises(UsageError, match=f"--device {name}: "):
        pick_device(name)


def test_a_cpu_computes_in_float32():
    """On a CPU both models run in float32."""
    assert {pick_dtype(pick_device("cpu"), kind) for kind in ("extractor", "classifier")} == {torch.float32}


@pytest.mark.parametrize(
    ("bf16", "formats"), [(True, (torch.bfloat16, torch.bfloat16)), (False, (torch.float32, torch.float16))]
)
def test_a_gpu_without_bfloat16_runs_gemma_in_float32(monkeypatch, bf16, formats):
    """Gemma overflows float16, Phi does not."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bf16)
    assert tuple(pick_dtype(torch.device("cuda"), kind) for kind in ("extractor", "classifier")) == formats


def test_threads_are_the_environments_where_it_says_so(monkeypatch):
    """OMP_NUM_THREADS is left alone; without it there is a thread for each core of this process."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert use_threads() == 1
        monkeypatch.delenv("OMP_NUM_THREADS")
        monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
        assert use_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("device", "hidden", "wanted"), [("cpu", 192, 3), ("cpu", 3072, 0), ("cuda", 192, 0)])
def test_a_small_model_on_a_cpu_has_a_lane_a_thread(monkeypatch, device, hidden, wanted):
    """Large matrices are shared by the threads well enough, and a GPU takes one batch after the other."""
    asked = []
    monkeypatch.setattr("grader.modeling.devices.use_threads", lambda: asked.append(True) or 3)
    assert lanes_of(SimpleNamespace(hidden_size=hidden), torch.device(device)) == wanted
    assert asked  # whoever has no lanes of its own uses the threads too
