"""Where the models run, in which number format, and on how many threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from grader.adapters import Kind


def pick_device(name: str | None = None) -> torch.device:
    """The named device, or the GPU if there is one. Raises ``UsageError`` for one that is not there."""
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device {name}: no such device; use cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"--device {name}: the models run on cpu and cuda only")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"--device {name}: torch sees {torch.cuda.device_count()} GPUs here; use --device cpu")
    return device


def pick_dtype(device: torch.device, kind: Kind) -> torch.dtype:
    """float32 on a CPU; on a GPU bfloat16, and where that is only emulated float16, in which Gemma overflows."""
    if device.type == "cpu":
        return torch.float32
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float16 if kind == "classifier" else torch.float32


def upload(numbers: Sequence[Any], device: torch.device) -> torch.Tensor:
    """Whole numbers, in lists of one length where they are nested, as a tensor on the device.

    The host does not wait for a GPU that has still other work to do: it copies from memory that is not paged.
    """
    is_gpu = device.type == "cuda"
    return torch.tensor(numbers, dtype=torch.long, pin_memory=is_gpu).to(device, non_blocking=is_gpu)


class Stream:
    """A GPU's queue of work for one model: ``with stream(): ...``. Elsewhere it is nothing.

    Work of other models, asked for by other threads, is done at the same time; that of an ``urgent`` one goes first.
    """

    def __init__(self, device: torch.device, *, urgent: bool = False) -> None:
        self._stream: Any = None
        if device.type == "cuda":
            make: Any = torch.cuda.Stream
            self._stream = make(device, priority=-1 if urgent else 0)
            self._stream.wait_stream(torch.cuda.current_stream(device))  # the weights may still be on their way

    def __call__(self) -> AbstractContextManager[object]:
        """What the block asks of the device goes into this queue."""
        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)


SMALL = 512
"""Hidden size up to which a product of matrices is too small for several threads to share it well."""


def lanes_of(config: Any, device: torch.device) -> int:
    """How many batches a model of this configuration is given at once, each on a core of its own.

    As many as there are threads for a small model on a CPU. For others 0: a batch has all threads.
    """
    threads = use_threads()
    return threads if device.type == "cpu" and config.hidden_size <= SMALL else 0


def one_core_each(number: int) -> ThreadPoolExecutor:
    """A pool of ``number`` threads, in each of which torch computes with that thread alone."""
    return ThreadPoolExecutor(number, "lane", initializer=torch.set_num_threads, initargs=(1,))


def use_threads() -> int:
    """One thread for each core that this process may use, unless OMP_NUM_THREADS says otherwise; gives the number."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return torch.get_num_threads()
