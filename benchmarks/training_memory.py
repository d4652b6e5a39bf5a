"""Peak memory of the training cases at their true shapes, computed without a GPU and without weights.

    PYTHONPATH=.:benchmarks python benchmarks/training_memory.py [--only TEXT] [--top N]

Runs optimiser steps of ``gpu_cases.training`` over its longest rows on fake tensors, which have shapes and no values,
follows every storage from its making to its end, and prints the most bytes alive at once beside what an H200 took.

The fakes lie on the CPU; where a GPU's kernels keep other tensors than a CPU's, those of the GPU stand in: flash
attention (no scores), dropout with a mask of one byte, norms that keep the root of each row, NF4 products with a dense
weight for as long as they take. Not counted: what other kernels take within themselves, and gaps of the allocator.
"""

from __future__ import annotations

import argparse
import weakref
from collections import Counter
from typing import Any, ClassVar

import torch
from bitsandbytes.nn import Linear4bit
from gpu_cases import bases, training
from gpu_cases.bench import Bench
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import masking_utils

from grader.modeling import elementwise, norms
from train.batches import LengthSampler, collate
from train.data import IGNORED

Rows = list[dict[str, Any]]
aten = torch.ops.aten
BLOCK = 512
"""The allocator gives multiples of so many bytes."""
OWN, READ = training._own_loss, training.answer_loss
WAYS = {
    training.Way("Phi, LoRA", 32, OWN): 62,
    training.Way("Phi, QLoRA", 32, OWN, small=True): 57,
    training.Way("Phi, QLoRA, layers again", 32, OWN, small=True, checkpointing=True): 7.64,
    training.Way("Phi, LoRA, layers again", 32, OWN, checkpointing=True): 12.42,
    training.Way("Phi, LoRA, batches of 8", 32, OWN, parts=4): 21.62,
    training.Way("Phi, QLoRA, batches of 8", 32, OWN, small=True, parts=4): 16.81,
    training.Way("Phi, QLoRA, batches of 8, layers again", 32, OWN, small=True, checkpointing=True, parts=4): None,
    training.Way("Gemma, LoRA, 32 lines", 32, READ): 11.6,
    training.Way("Gemma, LoRA, 256 lines", 256, READ): 76,
}
"""What is simulated, and the gigabytes that an H200 took."""


class Pretended(Bench):
    """A bench that takes the ways of a GPU with tensors that lie, as fakes, on the CPU; it times nothing."""

    cuda = True

    def wait(self) -> None:
        """For nothing."""

    def timed(self, work: Any, **_: Any) -> float:
        """Two rounds: the first one makes the optimiser's state. What came before, such as dense weights, is over."""
        Memory.running.peak = 0
        for _ in range(2):
            work()
        return 1.0

    def row(self, *_: Any, **__: Any) -> None:
        """Keep nothing."""


class Memory(TorchDispatchMode):
    """Bytes of the storages that live, the most of them so far, and what they were then.

    Values, which fakes have none of, are told from ``rows``: how many positions are answers, how long the longest is.
    """

    running: ClassVar[Memory]

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        Memory.running = self
        self.answers = sum(label != IGNORED for row in rows for label in row["labels"])
        self.tokens = max(len(row["input_ids"]) for row in rows)
        self.now = self.peak = 0
        self.alive: dict[int, tuple[int, str]] = {}
        self.then: list[tuple[int, str]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run it and see what it made."""
        if func is aten._local_scalar_dense.default:  # padding is on the right, where no mask is needed
            return True if args[0].dtype is torch.bool else self.tokens
        if func is aten._scaled_dot_product_flash_attention_backward.default:
            self._mark(self.now + (4 + 3 * 2) * args[1].numel())  # sums in float32, and gradients of all heads
        if func is aten.nonzero.default:
            made = torch.empty(self.answers, args[0].dim(), dtype=torch.long)
        else:
            made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, torch.Tensor):
                self._see(one, func.__name__)
        self._mark(self.now)
        return made

    def _see(self, made: torch.Tensor, name: str) -> None:
        storage = made.untyped_storage()
        if storage._cdata not in self.alive:
            size = -(-storage.nbytes() // BLOCK) * BLOCK
            self.alive[storage._cdata] = size, f"{name} {made.dtype} {tuple(made.shape)}"
            self.now += size
            weakref.finalize(storage, self._free, storage._cdata)

    def _free(self, key: int) -> None:
        self.now -= self.alive.pop(key)[0]

    def _mark(self, size: int) -> None:
        if size > self.peak:
            self.peak, self.then = size, list(self.alive.values())


class Norm(torch.autograd.Function):
    """What the fused kernel keeps: its input and a number a row."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """Of the same shape."""
        ctx.save_for_backward(x, torch.empty(x.shape[:-1]))
        return torch.empty_like(x)

    @staticmethod
    def backward(_: Any, grad: torch.Tensor) -> torch.Tensor:
        """Of the same shape."""
        return torch.empty_like(grad)


class Product(torch.autograd.Function):
    """A product with NF4 weights, as bitsandbytes has it for many rows: a dense copy, made again for the gradients."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: Small) -> torch.Tensor:
        """``x`` (..., H) to (..., K)."""
        ctx.shape = layer.out_features, layer.in_features
        return x @ torch.empty(ctx.shape, dtype=x.dtype).t()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        """``grad`` (..., K) to (..., H)."""
        return grad @ torch.empty(ctx.shape, dtype=grad.dtype), None


class Small(Linear4bit):
    """Stands for a layer in NF4, whose weights can be no fakes."""

    def __init__(self, old: torch.nn.Linear) -> None:
        torch.nn.Module.__init__(self)
        self.in_features, self.out_features = old.in_features, old.out_features
        blocks = old.weight.numel() // 64
        self.weight = torch.nn.Parameter(torch.empty(blocks * 32, 1, dtype=torch.uint8), requires_grad=False)
        self.weight.compress_statistics, self.weight.quant_type = True, "nf4"
        self.scales = torch.empty(blocks, dtype=torch.uint8), torch.empty(blocks // 256)
        self.bias, self.compute_dtype, self.compute_type_is_set, self.quant_state = None, torch.bfloat16, True, None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., H) to (..., K)."""
        return Product.apply(x.to(self.compute_dtype), self).to(x.dtype)


def quantise(model: Any, _: torch.dtype) -> None:
    """As ``bases.quantise`` does."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, torch.nn.Linear) and ".layers." in f".{name}":
            model.set_submodule(name, Small(layer))
    model.is_loaded_in_4bit = True


def attend(*given: torch.Tensor, attn_mask: None = None, **_: Any) -> torch.Tensor:
    """Flash attention; with a mask another kernel would run, which is not modelled."""
    assert attn_mask is None
    return aten._scaled_dot_product_flash_attention(*(one.to(torch.bfloat16) for one in given), 0.0, True)[0]


def as_on_a_gpu() -> None:
    """Let functions keep for the gradients what their kernels on a GPU do, and the libraries take fakes."""
    functions, asked = torch.nn.functional, torch.is_autocast_enabled
    functions.scaled_dot_product_attention = attend
    functions.dropout = lambda x, p, training, _: aten.native_dropout(x, p, True)[0] if training and p else x
    elementwise.rms_norm = norms.rms_norm = lambda x, *_: Norm.apply(x)
    torch.is_autocast_enabled = lambda device="cpu": asked(device)  # without a device it asks of CUDA
    torch.nn.Module.to = lambda self, *_, **__: self  # all is made where and as it stays; fakes cannot be moved
    FakeTensorMode.__deepcopy__ = lambda self, _: self  # a copied fake is of the same mode
    masking_utils.is_tracing = lambda *_: False  # of fakes it is true, and then there always is a mask
    bases.quantise, training._check = quantise, lambda *_: None


def simulate(way: training.Way) -> Memory:
    """Train as ``training`` does, on the optimiser step with the longest row."""
    count, phi = way.batch * training.STEPS, way.name.startswith("Phi")
    rows = (training._solutions if phi else training._lines)(count)
    order = list(LengthSampler([len(row["input_ids"]) for row in rows], way.batch, 0))
    steps = [[rows[one] for one in order[at : at + way.batch]] for at in range(0, count, way.batch)]
    step, size = max(steps, key=lambda one: len(one[0]["input_ids"])), way.batch // way.parts
    training._batches = lambda *_: [collate(0, step[at : at + size]) for at in range(0, way.batch, size)]
    bench, memory = Pretended(torch.device("cpu"), tiny=False, matrix=1.0), Memory(step)
    with FakeTensorMode(), memory:
        training._measure(bench, (bases.phi if phi else bases.gemma)(bench), step, way)
    return memory


def main() -> None:
    """Print the table, and what was alive at each peak."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="ways whose name holds this text")
    parser.add_argument("--top", type=int, default=0, help="so many of the largest kinds of tensors at the peak")
    options = parser.parse_args()
    as_on_a_gpu()
    print(f"{'GB of 1e9 bytes':40} {'tokens':>6} {'peak':>7} {'measured':>8}")
    for way, measured in WAYS.items():
        if options.only in way.name:
            memory, total = simulate(way), Counter[str]()
            print(f"{way.name:40} {memory.tokens:6} {memory.peak / 1e9:7.2f} {measured or '-':>8}", flush=True)
            for size, what in memory.then:
                total[what] += size
            for what, size in total.most_common(options.top):
                print(f"{size / 1e9:10.2f} {sum(what == one for _, one in memory.then):5} x {what}")


if __name__ == "__main__":
    main()
