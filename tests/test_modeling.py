"""Bases, the classifier's model, adapters and merging, with the known traps of the libraries pinned."""

import json
import warnings

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from tiny_models import old_classifier, tiny_adapter, tiny_gemma, tiny_phi
from transformers import AutoModelForCausalLM, Gemma3TextConfig

from grader.errors import AdapterError
from grader.modeling import (
    GPTSequenceClassifier,
    attach_adapter,
    densify,
    fuse_norms,
    last_positions,
    load_base,
    load_tokenizer,
    lora_targets,
    merge_adapter,
    pin_gradients,
    position_limit,
    quantised_layers,
)
from grader.modeling.loaded import load_adapted
from grader.modeling.memory import Weights, weights_of

CLOSE = 1e-5
"""Largest difference of a logit in float32 between two ways of computing it."""


@pytest.fixture(scope="module")
def phi(tmp_path_factory):
    """Give the folder of a tiny Phi."""
    return tiny_phi(tmp_path_factory.mktemp("phi"))


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


@pytest.fixture(scope="module")
def phi4bit(tmp_path_factory):
    """Give the folder of a tiny Phi that was saved in NF4."""
    return tiny_phi(tmp_path_factory.mktemp("phi4"), quantize=True)


@pytest.fixture(scope="module")
def gemma4bit(tmp_path_factory):
    """Give the folder of a tiny Gemma that was saved in NF4, as the mission's base is."""
    return tiny_gemma(tmp_path_factory.mktemp("gemma4"), quantize=True)


def classifier(folder, **options):
    torch.manual_seed(3)
    return GPTSequenceClassifier(load_base("classifier", folder, **options)).eval()


def with_lora(model, **options):
    torch.manual_seed(4)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": lora_targets(model), "init_lora_weights": False}
    return get_peft_model(model, LoraConfig(**settings, **options))


def logits_of(model, ids, **options):
    with torch.no_grad():
        return model(input_ids=ids, **options).logits


def some_ids(rows=3, length=40):
    return torch.randint(5, 250, (rows, length), generator=torch.Generator().manual_seed(5))


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


class TestQuantised:
    """QLoRA on a base in NF4: true gradients, a folder that reloads, and a merge that does not round."""

    def test_a_first_forward_does_not_repack_the_weights(self, phi):
        """After a forward in evaluation mode the dequantised weights and the gradients are as before it."""
        model = with_lora(classifier(phi, quantization="nf4"), modules_to_save=["head"])
        layer = model.get_base_model().backbone.layers[0].mlp.down_proj
        assert all(not one.support_avx512bf16_for_cpu for one in quantised_layers(model).values())

        def gradient():
            model.zero_grad()
            model.train()(input_ids=some_ids(), labels=torch.tensor([0, 1, 1])).loss.backward()
            return layer.lora_A["default"].weight.grad.clone()

        packed, first = layer.base_layer.weight.data.clone(), gradient()
        logits_of(model.eval(), some_ids())
        assert torch.equal(layer.base_layer.weight.data, packed)
        assert torch.equal(gradient(), first)

    def test_bitsandbytes_repacks_where_it_is_not_held(self, phi):
        """Why the switch is set: on a CPU with AVX512-BF16 the first evaluation changes the stored weights."""
        functional = pytest.importorskip("bitsandbytes.functional")
        if not functional.has_avx512bf16():
            pytest.skip("this CPU has no AVX512-BF16")
        layer = quantised_layers(load_base("classifier", phi, quantization="nf4"))["layers.0.mlp.down_proj"].eval()
        layer.support_avx512bf16_for_cpu = True
        before = layer.weight.data.clone()
        with torch.no_grad():
            layer(torch.randn(3, layer.in_features, dtype=torch.bfloat16))
        changed = layer.weight.data.shape != before.shape or not torch.equal(layer.weight.data, before)
        assert changed

    def test_all_linear_takes_the_head_and_our_targets_do_not(self, phi):
        """PEFT's shorthand puts LoRA on a classifier's head; the named layers are the backbone's."""
        shorthand = get_peft_model(classifier(phi), LoraConfig(target_modules="all-linear"))
        assert hasattr(shorthand.get_base_model().head, "lora_A")
        model = classifier(phi)
        assert lora_targets(model) == ["down_proj", "gate_up_proj", "o_proj", "qkv_proj"]
        assert not hasattr(with_lora(model).get_base_model().head, "lora_A")

    def test_training_saving_reloading_and_merging_agree(self, phi4bit, tmp_path):
        """A step changes adapter and head only; the reloaded adapter answers the same; merged, within 1e-4."""
        model = with_lora(classifier(phi4bit), modules_to_save=["head"]).train()
        trained = {name for name, one in model.named_parameters() if one.requires_grad}
        assert all("lora_" in name or "head.modules_to_save" in name for name in trained)
        optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.01)
        losses = []
        for _ in range(4):
            loss = model(input_ids=some_ids(), labels=torch.tensor([0, 1, 1])).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0]
        model.save_pretrained(tmp_path)
        wanted = logits_of(model.eval(), some_ids())
        saved = load_file(tmp_path / "adapter_model.safetensors")
        assert {name for name in saved if "lora_" not in name} == {
            f"base_model.model.head.{one}" for one in ("weight", "bias")
        }

        again = attach_adapter(classifier(phi4bit), tmp_path)
        assert torch.equal(logits_of(again, some_ids()), wanted)
        merged = merge_adapter(again, torch.float32)
        assert not quantised_layers(merged)
        assert (logits_of(merged, some_ids()) - wanted).abs().max() < 10 * CLOSE

    def test_merging_into_four_bits_would_round(self, phi4bit, tmp_path):
        """PEFT's own merge on a 4-bit base is off by at least a hundred times what ours is."""
        model = with_lora(classifier(phi4bit), modules_to_save=["head"]).eval()
        wanted = logits_of(model, some_ids())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PEFT warns of just this
            rounded = model.merge_and_unload()
        assert (logits_of(rounded, some_ids()) - wanted).abs().max() > 1000 * CLOSE

    def test_merging_into_bfloat16_casts_once(self, phi):
        """The merged weights are the float32 sum, cast; a head stays float32."""
        model = with_lora(classifier(phi), modules_to_save=["head"]).eval()
        full = merge_adapter(with_lora(classifier(phi), modules_to_save=["head"]), torch.float32)
        merged = merge_adapter(model, torch.bfloat16)
        for name, one in full.named_parameters():
            if "proj" in name:
                assert torch.equal(one.to(torch.bfloat16), merged.get_parameter(name))
        assert merged.head.weight.dtype == torch.float32

    def test_the_extractors_base_merges_too(self, gemma4bit, tmp_path):
        """A Gemma in 4 bits with LoRA gives the same logits merged as beside its base, within 1e-4."""
        adapter = tiny_adapter(tmp_path, "extractor", gemma4bit)
        beside = attach_adapter(load_base("extractor", gemma4bit), adapter)
        wanted = logits_of(beside, some_ids())
        assert (logits_of(merge_adapter(beside, torch.float32), some_ids()) - wanted).abs().max() < 10 * CLOSE


class TestAttaching:
    """Every tensor of a folder finds its place, or the folder is refused."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda state: state.pop("base_model.model.head.bias"), "no tensor for base_model.model.head.bias"),
            (lambda state: state.update({"base_model.model.extra.weight": torch.ones(1)}), "no place for base_model"),
            (lambda state: state.update({"base_model.model.head.bias": torch.ones(3)}), r"is \(3,\), not \(2,\)"),
            (lambda state: state.update({"base_model.model.no.lora_A.weight": torch.ones(4, 4)}), "does not fit"),
            (lambda state: [state.pop(key) for key in list(state) if "lora_" in key], "does not fit"),
        ],
    )
    def test_tensors_that_do_not_fit_are_refused(self, phi, tmp_path, change, words):
        """A missing, superfluous or misshapen tensor is an error that names it."""
        folder = tiny_adapter(tmp_path, "classifier", phi)
        state = load_file(folder / "adapter_model.safetensors")
        change(state)
        save_file(state, folder / "adapter_model.safetensors")
        with pytest.raises(AdapterError, match=words):
            attach_adapter(classifier(phi), folder)

    def test_damaged_weights_are_named(self, phi, tmp_path):
        """A file that is no safetensors file is an error with its path."""
        folder = tiny_adapter(tmp_path, "classifier", phi)
        (folder / "adapter_model.safetensors").write_bytes(b"PK not that")
        with pytest.raises(AdapterError, match=r"adapter_model.safetensors: damaged"):
            attach_adapter(classifier(phi), folder)

    def test_an_adapter_published_before_this_tool_attaches(self, phi, tmp_path):
        """LoRA saved from a causal LM and a head in a .pth file give what the earlier code computed: its last token."""
        adapted, head = old_classifier(tmp_path, phi)
        ids = some_ids()
        with torch.no_grad():
            wanted = head(adapted(input_ids=ids, output_hidden_states=True).hidden_states[-1][:, -1])
        found = logits_of(attach_adapter(classifier(phi), tmp_path), ids)
        assert (found - wanted).abs().max() < CLOSE

    def test_an_extractor_published_before_this_tool_loads(self, gemma4bit, tmp_path):
        """A folder as Unsloth writes it, its layers named by a pattern, on a 4-bit base, gives PEFT's own logits."""
        pattern = r"(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)\.(?:q_proj|v_proj|down_proj))"
        config = LoraConfig(r=4, target_modules=pattern, task_type="CAUSAL_LM", init_lora_weights=False)
        torch.manual_seed(6)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(gemma4bit, dtype=torch.float32), config).eval()
        pin_gradients(model)
        model.save_pretrained(tmp_path)
        wanted = logits_of(model, some_ids())
        loaded = load_adapted(tmp_path, "extractor", device="cpu")
        assert (loaded.manifest.prompt_version, loaded.identity["quantization"]) == (0, "none")
        assert (logits_of(loaded.model, some_ids()) - wanted).abs().max() < 10 * CLOSE

    @pytest.mark.parametrize("content", [{"weight": torch.ones(2, 64)}, [1], {"weight": print, "bias": 1}])
    def test_a_head_file_of_another_content_is_refused(self, phi, tmp_path, content):
        """A head file is two tensors; one that would run code on loading is refused unopened."""
        old_classifier(tmp_path, phi)
        torch.save(content, tmp_path / "classifier_head.pth")
        with pytest.raises(AdapterError, match=r"classifier_head.pth: (must hold|not a file of plain tensors)"):
            attach_adapter(classifier(phi), tmp_path)

    def test_a_trainable_adapter_keeps_its_gradients(self, phi, tmp_path):
        """Attached for training, adapter and head learn; attached for use, nothing does."""
        folder = tiny_adapter(tmp_path, "classifier", phi)
        for trainable in (True, False):
            model = attach_adapter(classifier(phi), folder, trainable=trainable)
            assert isinstance(model, PeftModel)
            assert any(one.requires_grad for one in model.parameters()) is trainable
