"""The loss of the extractor: over the tokens of answers, with logits only where one is read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from grader.modeling import bare
from train.data import IGNORED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def answer_loss(model: Any, batch: Mapping[str, torch.Tensor], items: Any = None) -> torch.Tensor:
    """Cross-entropy of the labelled tokens of a batch, (B, T) each, divided by ``items``, or by their number in it.

    Rows are padded on the right, where no real token of a causal model sees it: no mask, which would leave the kernels
    that need none.

    Logits are computed at the positions of each row before its own labels: most of a batch are prompts, and over a
    vocabulary of 262,144 their logits would take more memory than all else.
    """
    following = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED).flatten()
    at = (following != IGNORED).nonzero()[:, 0]
    with _read(model, at):
        logits = model(input_ids=batch["input_ids"], use_cache=False).logits.float()
    total = torch.nn.functional.cross_entropy(logits.flatten(0, 1), following[at], reduction="sum")
    return total / (len(at) if items is None else items)


@contextmanager
def _read(model: Any, at: torch.Tensor) -> Iterator[None]:
    """Let the LM head, adapted or not, see of hidden states (B, T, H) those ``at`` (N,) of B * T, as one row.

    All else is the library's way from a batch to its logits, such as their capping.
    """
    head = bare(getattr(model, "module", model)).get_output_embeddings()  # of what several processes wrap

    def pick(_: Any, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (given[0].flatten(0, 1).index_select(0, at)[None],)

    hook = head.register_forward_pre_hook(pick)
    try:
        yield
    finally:
        hook.remove()
