"""Adapters fit their base or are refused; they train, reload and merge without rounding, beside four bits too."""

import warnings

import modeling_cases
import pytest
import torch
from modeling_cases import CLOSE, classifier, logits_of, some_ids, with_lora
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from tiny_models import old_classifier, tiny_adapter
from transformers import AutoModelForCausalLM

from grader.errors import AdapterError
from grader.modeling import attach_adapter, load_base, lora_targets, merge_adapter, pin_gradients, quantised_layers
from grader.modeling.loaded import load_adapted

phi, phi4bit, gemma4bit = modeling_cases.phi, modeling_cases.phi4bit, modeling_cases.gemma4bit


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
