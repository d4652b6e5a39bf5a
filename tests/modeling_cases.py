"""What the tests of modeling share: tiny bases, classifiers and adapters over them, and their logits."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tiny_models import tiny_gemma, tiny_phi

from grader.modeling import GPTSequenceClassifier, load_base, lora_targets

CLOSE = 1e-5
"""Largest difference of a logit in float32 between two ways of computing it."""


@pytest.fixture(scope="module")
def phi(tmp_path_factory):
    """Give the folder of a tiny Phi."""
    return tiny_phi(tmp_path_factory.mktemp("phi"))


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
