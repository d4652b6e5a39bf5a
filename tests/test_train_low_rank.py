"""An adapter that is added in one product gives the library's outputs and gradients, and leaves the rest to it."""

import copy

import bitsandbytes
import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from torch.utils._python_dispatch import TorchDispatchMode

from train.low_rank import FUSED, OneProduct, fuse_adapters

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPES = [(5, 64), (2, 5, 64), (64,), (0, 64)]


class Net(torch.nn.Module):
    """A layer with a bias and one without, and what lies between them."""

    def __init__(self, nf4):
        super().__init__()
        self.first = torch.nn.Linear(64, 96)
        self.second = torch.nn.Linear(96, 64, bias=False)
        self.is_loaded_in_4bit = nf4
        if nf4:
            self.first, self.second = (quantised(one) for one in (self.first, self.second))

    def forward(self, x, **options):
        """As a model that hands on what its layers are told."""
        return self.second(torch.tanh(self.first(x, **options)), **options)


def quantised(layer):
    small = bitsandbytes.nn.Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=torch.float32,
        quant_type="nf4",
    )
    small.load_state_dict(layer.state_dict())
    small.support_avx512bf16_for_cpu = False
    return small.to("cpu")


def two(*, nf4=False, dtype=torch.float32, **options):
    """Give a model as the library has it and the same one fused."""
    torch.manual_seed(0)
    net = Net(nf4)
    settings = {"r": 4, "lora_alpha": 12, "lora_dropout": 0.3, "target_modules": ["first", "second"]}
    settings |= {"init_lora_weights": False} | options
    library = get_peft_model(net, LoraConfig(**settings))
    if not nf4:
        library = library.to(dtype)
    fused = copy.deepcopy(library)
    assert fuse_adapters(fused) == len(settings["target_modules"])
    assert fuse_adapters(fused) == 0
    return library, fused


def through(model, shape, *, dtype=torch.float32, autocast=False, **options):
    """Give the output for a random input of this shape, and the gradients of the input and of all weights."""
    torch.manual_seed(1)
    x = torch.randn(shape, dtype=dtype, requires_grad=True)
    weights = torch.randn(shape, dtype=dtype)
    torch.manual_seed(2)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        y = model(x, **options)
    model.zero_grad()
    (y * weights).sum().backward()
    return [y.detach(), x.grad] + [one.grad for one in model.parameters() if one.grad is not None]


def same(model, other, shape=(2, 5, 64), close=1e-5, **options):
    one, wanted = through(model, shape, **options), through(other, shape, **options)
    assert len(one) == len(wanted) > 3
    for found, value in zip(one, wanted, strict=True):
        assert found.dtype == value.dtype
        size = float(value.abs().max()) if value.numel() else 0.0
        torch.testing.assert_close(found, value, rtol=0, atol=close * size)


def passes(model, x):
    """Count the operators over as many numbers as the first layer's output has, forward and backward."""

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, func, _types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            if str(func).split(".")[1] in ("add", "mul", "clone") and result.numel() == len(x) * 96:
                seen.append(str(func))
            return result

    seen = []
    with Counting():
        model.base_model.model.first(x).sum().backward()
    return seen


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("nf4", [False, True], ids=["dense", "NF4"])
@pytest.mark.parametrize("shape", SHAPES)
def test_outputs_and_gradients_are_the_librarys(shape, nf4, training):
    """With the same dropout, in every number of dimensions."""
    library, fused = two(nf4=nf4)
    same(fused.train(training), library.train(training), shape)


def test_in_float64_to_the_last_bits():
    """The mathematics is the same: what differs is the order of a product and a factor."""
    library, fused = two(dtype=torch.float64)
    same(fused.train(), library.train(), dtype=torch.float64, close=1e-13)


@pytest.mark.parametrize("nf4", [False, True], ids=["dense", "NF4"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_under_autocast(nf4, training):
    """Adapters in float32 add to a result in bfloat16, within its rounding and no farther from float32 than before."""
    library, fused = two(nf4=nf4)
    exact = through(library.train(training), (2, 50, 64))
    theirs, ours = (through(one.train(training), (2, 50, 64), autocast=True) for one in (library, fused))
    assert ours[0].dtype == theirs[0].dtype
    for one, other, wanted in zip(ours, theirs, exact, strict=True):
        error, allowed = ((each.float() - wanted).norm() for each in (one, other))
        assert error < 1.1 * allowed + 1e-6
        assert error < 0.02 * wanted.norm()


def test_no_pass_over_the_output_is_left():
    """The library has two forward and one backward; one product has none."""
    library, fused = two(lora_dropout=0.0)
    x = torch.randn(7, 64)
    assert sorted(passes(library, x)) == ["aten.add.Tensor", "aten.mul.Tensor", "aten.mul.Tensor"]
    assert passes(fused, x) == []


def test_without_gradients_and_computed_again():
    """Where no gradient is wanted the values are the same, and so are gradients of layers that are computed again."""
    library, fused = two()
    with torch.no_grad():
        torch.testing.assert_close(*(one.eval()(torch.ones(2, 3, 64)) for one in (fused, library)))

    def again(x):
        return torch.utils.checkpoint.checkpoint(fused, x, use_reentrant=False)

    again.zero_grad, again.parameters = fused.zero_grad, fused.parameters
    same(again, library.train() if fused.train() else None)


class TestTheRestIsTheLibrarys:
    """What is not one plain adapter goes the library's way, to the last bit."""

    @pytest.mark.parametrize("nf4", [False, True], ids=["dense", "NF4"])
    @pytest.mark.parametrize("options", [{"use_dora": True}, {"lora_bias": True, "target_modules": ["first"]}], ids=str)
    def test_variants(self, options, nf4):
        """DoRA, and an adapter with a bias, on the layer that has one."""
        library, fused = two(nf4=nf4, **options)
        same(fused.train(), library.train(), close=0)

    def test_more_than_one_adapter_and_none(self):
        """A second one beside the first, alone, and one that some layers lack; then all of them off."""
        library, fused = two()
        for model in (library, fused):
            torch.manual_seed(3)
            model.add_adapter("other", LoraConfig(r=2, target_modules=["first"], init_lora_weights=False))
        for names in (["default", "other"], "other", "default"):
            for model in (library, fused):
                model.base_model.set_adapter(names)
            assert all(isinstance(part, OneProduct) for part in fused.modules() if isinstance(part, LoraLayer))
            same(fused.train(), library.train())
        for model in (library, fused):
            model.eval()
        x = torch.ones(2, 64)
        with library.disable_adapter(), fused.disable_adapter():
            assert torch.equal(fused(x), library(x))
            assert (library(x) - copy.deepcopy(library).unload()(x)).abs().max() == 0

    def test_merged_adapters_and_adapters_by_row(self):
        """A merged adapter is not added again, and back again it is; rows may name adapters of their own."""
        library, fused = (one.eval() for one in two())
        x, plain = torch.ones(2, 64), fused(torch.ones(2, 64))
        named = {"adapter_names": ["__base__", "default"]}
        assert torch.equal(fused(x, **named), library(x, **named))
        for model in (library, fused):
            model.merge_adapter()
        assert torch.equal(fused(x), library(x))
        torch.testing.assert_close(fused(x), plain)
        for model in (library, fused):
            model.unmerge_adapter()
        torch.testing.assert_close(fused(x), plain)

    def test_number_formats_that_differ(self):
        """Without autocast a float32 adapter on a base in bfloat16 is added in float32, as the library does."""
        library, fused = two()
        for model in (library, fused):
            for name in ("first", "second"):
                getattr(model.base_model.model, name).base_layer.bfloat16()
            model.eval()
        x = torch.ones(2, 64, dtype=torch.bfloat16)
        assert torch.equal(fused(x), library(x))

    def test_layers_over_others(self):
        """A layer of another kind keeps its class."""
        model = get_peft_model(
            torch.nn.Sequential(torch.nn.Embedding(9, 4), torch.nn.Linear(4, 4)), LoraConfig(target_modules=["0", "1"])
        )
        assert fuse_adapters(model) == 1
        assert sum(type(part) in FUSED.values() for part in model.modules()) == 1
