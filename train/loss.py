"""The loss of the extractor: over the tokens of answers, with logits only where one is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from train.data import IGNORED

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer_loss(model: Any, batch: Mapping[str, torch.Tensor], items: Any = None) -> torch.Tensor:
    """Cross-entropy of the labelled tokens of a batch, (B, T) each, divided by ``items``, or by their number in it.

    Rows are padded on the right, where no real token of a causal model sees it: no mask, which would leave the kernels
    that need none.

    Logits are computed at the positions before a label of any row: most of a batch are prompts, and over a vocabulary
    of 262,144 their logits would take more memory than all else.
    """
    labels = batch["labels"][:, 1:]
    at = (labels != IGNORED).any(dim=0).nonzero()[:, 0]
    logits = model(input_ids=batch["input_ids"], logits_to_keep=at, use_cache=False).logits.float()
    wanted = labels[:, at].flatten()
    total = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted, ignore_index=IGNORED, reduction="sum")
    return total / ((wanted != IGNORED).sum() if items is None else items)
