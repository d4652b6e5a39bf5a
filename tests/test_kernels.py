"""The kernels of Triton give what torch gives. Where there is no GPU, Triton interprets them, number by number."""

import warnings

import pytest
import torch
from tiny_models import tiny_gemma, tiny_phi
from torch.nn.functional import gelu, silu

from grader.modeling import elementwise, fuse_mlps, fuse_norms, load_base, rotate_in_place, use_grouped_attention

pytest.importorskip("triton", reason="Triton is not installed")

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPES = [torch.float32, torch.bfloat16]


@pytest.fixture(autouse=True)
def kernels(monkeypatch):
    """Use the kernels on this device, whichever it is."""
    from grader.modeling import kernels

    monkeypatch.setattr(elementwise, "kernels_for", lambda _: None if torch.is_grad_enabled() else kernels)
    with torch.inference_mode():
        yield kernels


def drawn(*shape, dtype=torch.float32):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator).to(DEVICE, dtype)


def angles(rows, tokens, turned, dtype):
    """Cosines and sines, the same twice in a row."""
    found = drawn(rows, tokens, turned // 2).repeat(1, 1, 2)
    return found.cos().to(dtype), found.sin().to(dtype)


def close(found, wanted):
    """Of the same values but for one rounding of the number format."""
    assert found.shape == wanted.shape
    torch.testing.assert_close(found.double(), wanted, rtol=2 * torch.finfo(found.dtype).eps, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [3, 40, 1500])
def test_gated(kernels, dtype, size):
    """Both activations, of halves of wider rows and of tensors of their own."""
    halves = drawn(2, 3, 2 * size, dtype=dtype).chunk(2, dim=-1)
    for gate, up in (halves, [one.contiguous() for one in halves], [halves[0], halves[1].contiguous()]):
        close(kernels.gated(gate, up, gelu=False), silu(gate.double()) * up.double())
        close(kernels.gated(gate, up, gelu=True), gelu(gate.double(), approximate="tanh") * up.double())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 24, 300])
def test_norm(kernels, dtype, size):
    """Rows of any width, also where they do not lie side by side."""
    weight = drawn(size, dtype=dtype)
    wide = drawn(2, 3, 5, size + 1, dtype=dtype)
    for states in (wide[..., :size].contiguous(), wide[..., :size], wide[..., :size].transpose(1, 2)):
        close(kernels.norm(states, weight, 1e-6), normed(states.double(), weight.double()))


def normed(states, weight):
    return states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + weight)


def turned(states, cosines, sines):
    """By complex numbers, in float64."""
    half = cosines.shape[-1] // 2
    angle = torch.complex(cosines.double(), sines.double())[..., None, :half]
    found = torch.complex(states[..., :half].double(), states[..., half : 2 * half].double()) * angle
    return torch.cat([found.real, found.imag, states[..., 2 * half :].double()], dim=-1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 12), (4, 32, 32), (5, 20, 6)])
@pytest.mark.parametrize("rows", [1, 3])
def test_rotate(kernels, dtype, shape, rows):
    """Some heads of wider rows, by angles of their own or of all rows; what is not to turn stays as it is."""
    heads, size, part = shape
    states = drawn(3, 4, heads + 2, size, dtype=dtype)
    turns = angles(rows, 4, part, dtype)
    found = states.clone()
    assert kernels.lies_evenly(found[:, :, :heads])
    kernels.rotate(found[:, :, :heads], *turns)
    assert torch.equal(found[:, :, heads:], states[:, :, heads:])
    assert torch.equal(found[..., part:], states[..., part:])
    torch.testing.assert_close(
        found[:, :, :heads].double(), turned(states[:, :, :heads], *turns), rtol=0, atol=8 * torch.finfo(dtype).eps
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("heads", "size"), [(1, 8), (3, 16), (4, 48)])
def test_norm_and_rotate(kernels, dtype, heads, size):
    """Each head is normed over all that it has, and then turned."""
    states, weight = drawn(2, 5, heads, size, dtype=dtype), drawn(size, dtype=dtype)
    turns = angles(2, 5, size, dtype)
    wanted = turned(normed(states.double(), weight.double()), *turns)
    kernels.rotate(states, *turns, weight, 1e-6)
    torch.testing.assert_close(
        states.double(), wanted, rtol=2 * torch.finfo(dtype).eps, atol=8 * torch.finfo(dtype).eps
    )


def test_what_does_not_lie_evenly_is_left_to_torch(kernels, monkeypatch):
    """Heads and tokens that changed places."""
    states = drawn(2, 3, 4, 8).transpose(1, 2)
    assert not kernels.lies_evenly(states)
    monkeypatch.setattr(kernels, "rotate", None)
    turns = angles(1, 4, 8, torch.float32)
    wanted = turned(states, *turns)
    elementwise.rotate(states, *turns)
    torch.testing.assert_close(states.double(), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["extractor", "classifier"])
def test_a_whole_model(kernels, monkeypatch, tmp_path, dtype, kind):
    """It says what the library says, within the rounding of the number format, and every kernel is asked."""
    make = tiny_gemma if kind == "extractor" else tiny_phi
    model = load_base(kind, make(tmp_path, seed=5), dtype=dtype).to(DEVICE)
    for weight in model.parameters():
        weight.normal_(0, 0.2, generator=None if DEVICE == "cuda" else torch.Generator().manual_seed(len(weight)))
    ids = torch.arange(1, 19, device=DEVICE).reshape(2, 9)
    backbone = model.model if kind == "extractor" else model
    wanted = backbone(ids).last_hidden_state
    use_grouped_attention(backbone)
    layers = len(backbone.layers)
    assert (fuse_mlps(model), rotate_in_place(model)) == (layers, layers)
    assert fuse_norms(model) > layers
    asked = []
    for name in ("gated", "norm", "rotate"):
        plain = getattr(kernels, name)
        monkeypatch.setattr(
            kernels, name, lambda *one, name=name, plain=plain, **more: asked.append(name) or plain(*one, **more)
        )
    found = backbone(ids).last_hidden_state
    assert (found - wanted).norm() < 16 * torch.finfo(dtype).eps * wanted.norm()
    assert set(asked) == {"gated", "rotate", *(["norm"] if kind == "extractor" else [])}


def test_with_gradients_the_library_computes(tmp_path, monkeypatch):
    """What comes behind needs the numbers that a kernel would overwrite."""
    monkeypatch.setattr(elementwise, "kernels_for", lambda _: pytest.fail("a kernel was asked"))
    with torch.inference_mode(False), torch.enable_grad():
        model = load_base("extractor", tiny_gemma(tmp_path))
        ids = torch.arange(1, 9)[None]
        gradients = []
        for fuse in (fuse_mlps, rotate_in_place):
            model.zero_grad()
            model(ids).logits.square().sum().backward()
            gradients.append(model.model.layers[0].self_attn.q_proj.weight.grad.clone())
            fuse(model)
    assert torch.equal(*gradients)


def test_where_kernels_do_not_run_torch_does(monkeypatch):
    """Without a C compiler, say: it is told once, and a machine without Triton is told nothing."""
    from grader.modeling import kernels

    def broken(*_):
        raise RuntimeError("no C compiler\nmore")

    place = torch.device("cpu")
    elementwise._kernels.cache_clear()
    monkeypatch.setattr(kernels, "rotate", broken)
    with pytest.warns(UserWarning, match=r"do not run here, grading is slower \(no C compiler\)"):
        assert elementwise._kernels(place) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert elementwise._kernels(place) is None
        elementwise._kernels.cache_clear()
        monkeypatch.setattr(elementwise, "find_spec", lambda _: None)
        assert elementwise._kernels(place) is None
    elementwise._kernels.cache_clear()
