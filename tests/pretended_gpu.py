"""A GPU that is pretended, for machines that have none: what would fail on a real one fails, what waits is counted.

A tensor of it holds one of the CPU, on which all is computed, and says that it is on ``cuda:N``. An operator that is
given tensors of two devices fails, as it would there. Queues (streams) are followed by the ticks of their operators: to
read what another queue has still to write fails; memory that goes back to its queue while another one may still read
it is counted in ``freed_in_use``.

Not pretended are kernels (Triton's are left out), their rounding, memory that runs out, bitsandbytes, and loading: load
for a CPU, outside (``real``), and move what comes. Devices need their index (``cuda:0``), and what looks at
``torch.cuda`` when it is imported must be imported before.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from unittest import mock

import torch
from torch.nn.attention.bias import CausalBias
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

from grader.modeling import elementwise

aten = torch.ops.aten
ASKING = {
    aten._local_scalar_dense.default,
    aten.is_nonzero.default,
    aten.nonzero.default,
    aten.equal.default,
    aten.masked_select.default,
    aten._unique2.default,
}
"""Operators whose result the host has to know before it goes on."""
COPIES = {aten._to_copy.default, aten.copy_.default}
GARBAGE = 123
"""What the host reads of a copy that it has not waited for."""


class Memory:
    """What tensors and their views share: whose queue it is, who wrote it last and who used it, at which ticks."""

    def __init__(self, gpu, stream):
        self._gpu = gpu
        self._stream = stream
        self.written = (stream, stream.tick)
        self.used = {stream: stream.tick}

    def __deepcopy__(self, _):
        return Memory(self._gpu, self._gpu.current())

    def __del__(self):
        for stream, tick in self.used.items():
            if stream is not self._stream and max(self._stream.seen[stream], self._gpu.host[stream]) < tick:
                self._gpu.freed_in_use += 1


class OnGPU(torch.Tensor):
    """A tensor of the pretended GPU. For torch's own code it is on ``meta``, for Python on ``cuda:N``."""

    @staticmethod
    def __new__(cls, held, device, memory):
        """As large as what it holds."""
        with torch.inference_mode(held.is_inference()):
            return torch.Tensor._make_wrapper_subclass(
                cls,
                held.size(),
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                device="meta",
            )

    def __init__(self, held, device, memory):
        self.held, self.place, self.memory = held, device, memory

    device = property(lambda self: self.place)
    is_cuda = True
    is_meta = is_cpu = False
    __torch_function__ = torch._C._disabled_torch_function_impl

    @property
    def data(self):
        """The tensor apart from what is known of gradients."""
        return torch.Tensor.data.__get__(self)

    @data.setter
    def data(self, value):
        torch.Tensor.data.__set__(self, value)
        self.held, self.place, self.memory = value.held, value.place, value.memory

    @classmethod
    def __torch_dispatch__(cls, func, _types, args=(), kwargs=None):
        return GPU.here.run(func, args, kwargs or {})

    def tolist(self):
        """Fetch it."""
        return self.cpu().tolist()

    def __repr__(self):
        return f"OnGPU({self.held})"


class Stream:
    """A queue of operators. ``seen`` are the ticks of the others behind which its next operator comes."""

    def __init__(self, device=None, priority=0):
        self.priority = priority
        self.tick = 0
        self.seen = Counter()

    def wait_stream(self, other):
        """Go on behind what stands in another queue by now."""
        self.seen |= other.seen + Counter({other: other.tick})

    def synchronize(self):
        """Let the host wait for all that stands in it."""
        GPU.here.wait_for(self.seen + Counter({self: self.tick}))


class Event:
    """A place in a queue."""

    def record(self, stream=None):
        """Behind all that stands in the queue by now."""
        stream = stream or GPU.here.current()
        self._ticks = stream.seen + Counter({stream: stream.tick})

    def synchronize(self):
        """Let the host wait for what stands before it."""
        GPU.here.counts["waits"] += 1
        GPU.here.wait_for(self._ticks)


class GPU:
    """All that are pretended now. ``counts``: launches, waits for results, uploads, uploads waited for."""

    here = None

    def __init__(self):
        self.counts = Counter()
        self.freed_in_use = 0
        self.host = Counter()
        """Ticks of the queues that the host has waited for."""
        self._fetched = []
        """Copies to the host, which does not wait: the queue, its tick, what the host has, and what comes."""
        self._default = Stream()
        self._local = threading.local()
        self._lock = threading.RLock()

    def current(self, _device=None):
        """The queue of this thread."""
        return getattr(self._local, "stream", self._default)

    @contextmanager
    def entered(self, stream):
        """Let this thread use a queue."""
        before = self.current()
        self._local.stream = stream
        try:
            yield
        finally:
            self._local.stream = before

    def wait_for(self, ticks):
        """The host has waited for these ticks: what was copied before them is there."""
        with self._lock:
            self.host |= ticks
            for stream, tick, shown, out in self._fetched:
                if tick <= self.host[stream]:
                    with self.quietly():
                        shown.copy_(out)
            self._fetched = [one for one in self._fetched if one[1] > self.host[one[0]]]

    @staticmethod
    @contextmanager
    def quietly():
        """What is done here is done on the host, and is no operator of the pretended machine."""
        with real(), torch.inference_mode():
            yield

    def run(self, func, args, kwargs):
        """Do what an operator does, and what would have come of it on a GPU."""
        if func is aten._has_compatible_shallow_copy_type.default:
            return False
        if func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd):
            return self._in_parts(func, args, kwargs)
        leaves = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [leaf for leaf in leaves if isinstance(leaf, OnGPU)]
        place = self._place(func, args, kwargs, there)
        if func not in COPIES and len(places := {leaf.device for leaf in leaves if leaf.dim()}) > 1:
            raise RuntimeError(f"{func}: expected all tensors to be on the same device, found {places}")
        if func is aten._fused_sdp_choice.default:
            return 0  # plain products: no fused kernel knows these tensors
        if there or place.type == "cuda":
            with self._lock:
                self._queue(func, args, kwargs, leaves)
                if func in COPIES and place.type == "cuda" and len(there) < len(leaves):
                    self.counts["uploads"] += 1
                    if not (kwargs.get("non_blocking") or (func is aten.copy_.default and args[2:] == (True,))):
                        self.counts["uploads waited for"] += 1
                        self.current().synchronize()
                at_leisure = func is aten._to_copy.default and place.type == "cpu" and kwargs.get("non_blocking")
                if ((func in COPIES and place.type == "cpu") or func in ASKING) and not at_leisure:
                    self.counts["waits"] += 1
                    self.current().synchronize()
        args_held, kwargs_held = tree_map(lambda leaf: leaf.held if isinstance(leaf, OnGPU) else leaf, (args, kwargs))
        if kwargs_held.get("device") is not None:
            kwargs_held["device"] = "cpu"
        kwargs_held.pop("pin_memory", None)
        out = func(*args_held, **kwargs_held)
        if func is aten.copy_.default:
            return args[0]
        if place.type != "cuda":
            if there and func is aten._to_copy.default and kwargs.get("non_blocking"):
                with self.quietly():
                    shown = torch.full_like(out, GARBAGE)
                self._fetched.append((self.current(), self.current().tick, shown, out))
                return shown
            return out
        aliases = any(value.alias_info for value in func._schema.returns)
        memory = there[0].memory if aliases and there else None
        with self._lock:
            out = tree_map(
                lambda leaf: (
                    OnGPU(leaf, place, memory or Memory(self, self.current()))
                    if isinstance(leaf, torch.Tensor) and not isinstance(leaf, OnGPU)
                    else leaf
                ),
                out,
            )
        return return_and_correct_aliasing(func, args, kwargs, out) if there else out

    def _in_parts(self, func, args, kwargs):
        """Do what an operator is made of."""
        places = [leaf.place for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, OnGPU)]
        before = self._around()
        self._local.around = places[0] if places else before
        try:
            with Mode():
                return func.decompose(*args, **kwargs)
        finally:
            self._local.around = before

    def _around(self):
        """The device of the operator whose part this is."""
        return getattr(self._local, "around", torch.device("cuda", 0))

    def _place(self, func, args, kwargs, there):
        """Where the result is."""
        if func is aten.copy_.default:
            return args[0].device
        wanted = torch.device(kwargs.get("device") or (there[0].place if there else "cpu"))
        if wanted.type == "meta":  # torch's own code asks for what it takes its tensors' device to be
            return there[0].place if there else self._around()
        return torch.device("cuda", wanted.index or 0) if wanted.type == "cuda" else wanted

    def _queue(self, func, args, kwargs, leaves):
        """Put the operator into the queue of its thread, behind all that its tensors and the host wait for."""
        stream = self.current()
        self.counts["launches"] += 1
        stream.tick += 1
        stream.seen |= self.host
        for leaf in leaves:
            if isinstance(leaf, OnGPU):
                writer, tick = leaf.memory.written
                if writer is not stream and stream.seen[writer] < tick:
                    raise RuntimeError(f"{func}: reads what another queue has still to write")
                leaf.memory.used[stream] = stream.tick
        for index, argument in enumerate(func._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                target = args[index] if index < len(args) else kwargs.get(argument.name)
                if isinstance(target, OnGPU):
                    target.memory.written = (stream, stream.tick)


class Mode(TorchDispatchMode):
    """Lets operators without a tensor of the GPU be seen too, in one thread."""

    def __torch_dispatch__(self, func, _types, args=(), kwargs=None):
        return GPU.here.run(func, args, kwargs or {})


real = _disable_current_modes
"""``with real():`` nothing is pretended, as in a block before."""


@contextmanager
def pretended(*, devices=1, free=80e9):
    """A machine with so many GPUs, each with so many bytes free. Gives the ``GPU`` that counts for all of them."""
    gpu = GPU.here = GPU()
    torch.utils._device._device_constructors()  # it remembers what it finds in torch when it is first asked
    start, make = threading.Thread.run, torch.tensor

    def run(thread):
        with Mode():
            start(thread)

    def tensor(data, *, device=None, pin_memory=False, **options):
        device = torch.device(device or torch.empty(0).device)
        if device.type != "cuda":
            return make(data, device=device, **options)
        return make(data, device="cpu", **options).to(torch.device("cuda", device.index or 0))

    def bias(cls, *_):
        with real():  # it says what it is, and holds nothing
            return torch.Tensor._make_subclass(cls, torch.empty(0))

    def synchronize(_device=None):
        gpu.current().synchronize()

    cuda = {
        "is_available": lambda: True,
        "device_count": lambda: devices,
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda _device=None: (int(free), int(free)),
        "current_stream": gpu.current,
        "stream": gpu.entered,
        "Stream": Stream,
        "Event": Event,
        "synchronize": synchronize,
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": lambda _device=None: None,
        "memory_allocated": lambda _device=None: 0,
        "max_memory_allocated": lambda _device=None: 0,
        "get_device_name": lambda _device=None: "pretended GPU",
        "_lazy_init": lambda: None,
    }
    with (
        mock.patch.multiple(torch.cuda, **cuda),
        mock.patch.object(torch, "tensor", tensor),
        mock.patch.object(CausalBias, "__new__", bias),
        mock.patch.object(elementwise, "_kernels", return_value=None),
        mock.patch.object(threading.Thread, "run", run),
        Mode(),
    ):
        yield gpu
