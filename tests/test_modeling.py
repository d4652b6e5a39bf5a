"""Bases and the classifier's model, with the known traps of the libraries pinned."""

import json

import modeling_cases
import pytest
import torch
from modeling_cases import CLOSE, classifier, logits_of, some_ids, with_lora
from safetensors.torch import load_file, save_file
from tiny_models import tiny_gemma, tiny_phi
from transformers import Gemma3TextConfig

from grader.errors import AdapterError
from grader.modeling import (
    densify,
    fuse_norms,
    last_positions,
    load_base,
    load_tokenizer,
    position_limit,
    quantised_layers,
)
from grader.modeling.memory import Weights, weights_of

phi, phi4bit, gemma4bit = modeling_cases.phi, modeling_cases.phi4bit, modeling_cases.gemma4bit


@pytest.mark.parametrize(("make", "kind", "norms"), [(tiny_phi, "classifier", 5), (tiny_gemma, "extractor", 13)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fused_norms_are_those_of_the_library(tmp_path, make, kind, norms, dtype):
    """Values and gradients stay within the rounding of the number format, and every norm is fused, once."""
    model = load_base(kind, make(tmp_path / "base"), dtype=dtype)
    found = [part for part in model.modules() if type(part).__name__.endswith("RMSNorm")]
    torch.manual_seed(0)
    for part in found:
        part.weight.data.normal_(0.5, 0.5)
    wanted = [gradients_through(part) for part in found]
    assert fuse_norms(model) == len(found) == norms
    assert fuse_norms(model) == 0
    close = 2e-2 if dtype == torch.bfloat16 else 1e-5
    for part, values in zip(found, wanted, strict=True):
        for one, other in zip(gradients_through(part), values, strict=True):
            assert one.dtype == dtype
            torch.testing.assert_close(one, other, rtol=close, atol=close)
    mixed = found[0](torch.ones(2, found[0].weight.numel(), dtype=torch.float16))  # as the library has it
    assert torch.isfinite(mixed).all()


def gradients_through(norm):
    """Give what a norm makes of a random (2, 3, H), spread as residual streams are, and the gradient of its input."""
    torch.manual_seed(1)
    x = (30 * torch.randn(2, 3, norm.weight.numel())).to(norm.weight.dtype).requires_grad_()
    y = norm(x)
    (y * torch.randn(y.shape).to(y.dtype)).sum().backward()
    return y.detach(), 30 * x.grad


class TestClassifierModel:
    """The head is read where it should be, whatever the padding."""

    def test_it_has_no_lm_head(self, phi):
        """The backbone is loaded without the layer that would compute logits over the vocabulary."""
        model = classifier(phi)
        assert not [name for name, _ in model.named_parameters() if "lm_head" in name]
        assert (model.head.weight.dtype, model.head.weight.shape) == (torch.float32, (2, 64))

    def test_a_readout_is_what_the_prefix_alone_would_give(self, phi):
        """The backbone is causal: the logits at a position are those of the text that ends there."""
        model, ids = classifier(phi), some_ids()
        logits = logits_of(model, ids, readouts=torch.tensor([[4, 20, 39]] * 3))
        for column, end in enumerate((5, 21, 40)):
            assert (logits[:, column] - logits_of(model, ids[:, :end])).abs().max() < CLOSE

    def test_padding_does_not_change_a_row_on_either_side(self, phi):
        """The last real token is pooled by index; ``[:, -1]`` would be a pad under right padding."""
        model, ids = classifier(phi), some_ids()
        lengths, pad = (40, 25, 7), 0
        alone = torch.cat([logits_of(model, ids[row : row + 1, :length]) for row, length in enumerate(lengths)])
        right, left = torch.full_like(ids, pad), torch.full_like(ids, pad)
        for row, length in enumerate(lengths):
            right[row, :length] = left[row, -length:] = ids[row, :length]
        steps = torch.arange(40)[None]
        for padded, mask in (
            (right, steps < torch.tensor(lengths)[:, None]),
            (left, steps >= 40 - torch.tensor(lengths)[:, None]),
        ):
            assert (logits_of(model, padded, attention_mask=mask.long()) - alone).abs().max() < CLOSE
        naive = model.head(model.backbone(right).last_hidden_state[:, -1])
        assert (naive[1:] - alone[1:]).abs().max() > 100 * CLOSE

    def test_a_trailing_end_token_that_is_also_the_pad_counts(self):
        """Where pad and end are one token, the length comes from the mask and keeps the real one."""
        ids = torch.tensor([[7, 8, 0, 0, 0], [7, 8, 9, 0, 0]])
        mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]])
        assert last_positions(mask, ids).tolist() == [2, 3]

    def test_the_loss_leaves_out_what_carries_none(self, phi):
        """Only labels that are not -100 count, and each counts the same."""
        model, ids = classifier(phi), some_ids()
        readouts = torch.tensor([[3, 9, -1], [5, -1, -1], [1, 2, 3]])
        labels = torch.tensor([[0, 1, -100], [1, -100, -100], [-100, -100, 1]])
        output = model(input_ids=ids, readouts=readouts, labels=labels)
        kept = labels != -100
        wanted = torch.nn.functional.cross_entropy(output.logits[kept], labels[kept])
        assert output.loss.item() == pytest.approx(wanted.item())

    def test_gradient_checkpointing_reaches_the_backbone_and_changes_nothing(self, phi):
        """The wrapper forwards the switch; gradients are the same with it."""
        gradients = []
        for checkpointing in (False, True):
            model = with_lora(classifier(phi), modules_to_save=["head"]).train()
            if checkpointing:
                model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
                assert model.get_base_model().backbone.gradient_checkpointing
            model(input_ids=some_ids(), labels=torch.tensor([0, 1, 1])).loss.backward()
            gradients.append(torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None]))
        assert (gradients[0] - gradients[1]).abs().max() < CLOSE


class TestBases:
    """Bases load as the real architectures do, and run no code of the checkpoint."""

    def test_a_short_gemma_must_name_its_layers(self, tmp_path):
        """Left alone the library makes two layers local ones; the tiny base has a global one, as the real model."""
        assert Gemma3TextConfig(num_hidden_layers=2).layer_types == ["sliding_attention"] * 2
        model = load_base("extractor", tiny_gemma(tmp_path))
        assert model.config.layer_types == ["sliding_attention", "full_attention"]

    def test_longrope_rows_are_kept_below_the_original_length(self, tmp_path):
        """A longrope batch that is longer than the original length changes its short rows; the limit is that length."""
        rope = {"rope_type": "longrope", "rope_theta": 10_000.0, "partial_rotary_factor": 0.75}
        rope |= {"short_factor": [1.0] * 6, "long_factor": [4.0] * 6, "original_max_position_embeddings": 64}
        model = classifier(tiny_phi(tmp_path, rope_parameters=rope, original_max_position_embeddings=64))
        assert position_limit(model.config) == 64
        row, at = some_ids(1, 30), torch.tensor([[29]])
        padded = {width: torch.nn.functional.pad(row, (0, width - 30)) for width in (64, 100)}
        alone = logits_of(model, row, readouts=at)
        assert (logits_of(model, padded[64], readouts=at) - alone).abs().max() < CLOSE
        assert (logits_of(model, padded[100], readouts=at) - alone).abs().max() > 100 * CLOSE

    def test_code_in_a_checkpoint_is_not_run(self, phi, tmp_path):
        """A config that points to code beside it loads the library's own model, and the code stays text."""
        folder = tiny_phi(tmp_path / "base")
        config = json.loads((folder / "config.json").read_text())
        config["auto_map"] = {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        assert type(load_base("classifier", folder)).__module__ == "transformers.models.phi3.modeling_phi3"
        assert not (tmp_path / "ran").exists()

    def test_pickled_weights_are_refused(self, tmp_path):
        """Only safetensors are read."""
        folder = tiny_phi(tmp_path)
        torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
        with pytest.raises(AdapterError, match="the base could not be loaded"):
            load_base("classifier", folder)

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("layers.1.mlp.down_proj.weight", r"the base lacks 1 tensors \(layers.1.mlp.down_proj.weight\)"),
            ("embed_tokens.weight", "the base lacks"),
        ],
    )
    def test_weights_that_are_missing_are_not_made_up(self, tmp_path, name, words):
        """The library would fill a gap with random numbers; here a tensor that is not there is an error."""
        folder = tiny_phi(tmp_path)
        state = load_file(folder / "model.safetensors")
        del state[f"model.{name}"]
        save_file(state, folder / "model.safetensors", {"format": "pt"})
        with pytest.raises(AdapterError, match=words):
            load_base("classifier", folder)

    def test_damaged_weights_are_an_error(self, tmp_path):
        """A file of weights that was cut off is named."""
        folder = tiny_phi(tmp_path)
        content = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
        with pytest.raises(AdapterError, match="the base could not be loaded"):
            load_base("classifier", folder)

    def test_loading_says_nothing(self, tmp_path, capfd):
        """No progress bars and no reports of unused tensors (an LM head that is not tied) reach the terminal."""
        folder = tiny_phi(tmp_path, tie_word_embeddings=False)
        capfd.readouterr()
        load_base("classifier", folder)
        load_tokenizer(folder)
        assert capfd.readouterr() == ("", "")

    def test_a_folder_without_a_tokenizer_is_named(self, tmp_path):
        """The error names the folder."""
        with pytest.raises(AdapterError, match="no tokenizer could be loaded"):
            load_tokenizer(tmp_path)

    @pytest.mark.parametrize("kind", ["extractor", "classifier"])
    def test_a_base_that_is_already_quantised_loads(self, kind, gemma4bit, phi4bit):
        """A checkpoint that bitsandbytes saved in 4 bits loads, answers, and gives the same when made dense."""
        folder = gemma4bit if kind == "extractor" else phi4bit
        model = load_base(kind, folder)
        assert len(quantised_layers(model)) == (14 if kind == "extractor" else 8)
        read = (
            (lambda: model(some_ids()).logits) if kind == "extractor" else (lambda: model(some_ids()).last_hidden_state)
        )
        with torch.no_grad():
            before = read()
            densify(model, torch.float32)
            assert not quantised_layers(model)
            model.to(torch.float64).to(torch.float32)  # a quantised model would refuse
            assert (read() - before).abs().max() < 10 * CLOSE

    def test_the_memory_of_weights_is_known_beforehand(self, phi, phi4bit):
        """The headers tell how large a base is, dense and in 4 bits, the same when it comes packed."""
        model = load_base("classifier", phi)
        blocks = sum(one.numel() for name, one in model.named_parameters() if "layers." in name and one.dim() == 2)
        found = weights_of(phi)
        assert found == Weights(blocks, sum(one.numel() for one in model.parameters()) - blocks) == weights_of(phi4bit)
        assert found.bytes("none", torch.bfloat16) == 2 * sum(found)
        assert found.bytes("nf4", torch.float32) == 0.52 * found.blocks + 4 * found.others
