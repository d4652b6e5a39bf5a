"""The classifier: a causal backbone without its LM head, and one linear layer read wherever a verdict is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers.utils.generic import ModelOutput

from grader.modeling.quantised import quantised_layers

IGNORED = -100


@dataclass
class ClassifierOutput(ModelOutput):
    """``logits`` of (correct, flawed) in float32, and the ``loss`` where labels were given."""

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None


class GPTSequenceClassifier(nn.Module):
    """``backbone`` (hidden size H) and ``head``, a float32 ``Linear(H, 2)``: logits of (correct, flawed).

    Trains with PEFT (``LoraConfig(target_modules=lora_targets(model), modules_to_save=["head"])``) and with the Trainer
    (``label_names=["labels"], remove_unused_columns=False``).
    """

    def __init__(self, backbone: Any, labels: int = 2) -> None:
        super().__init__()
        self.backbone = backbone
        self.config = backbone.config
        self.is_loaded_in_4bit = bool(quantised_layers(backbone))  # PEFT picks its 4-bit layers by this name
        self.head = nn.Linear(backbone.config.hidden_size, labels, dtype=torch.float32, device=backbone.device)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        readouts: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        beginnings: Any = None,
        **_: Any,
    ) -> ClassifierOutput:
        """Logits (B, R, 2) at ``readouts`` (B, R), or (B, 2) at the last real token of each row.

        ``input_ids`` and ``attention_mask`` are (B, T). A negative read-out is padding: its logits mean nothing and its
        label must be -100. ``labels`` (B, R) or (B,) add the mean cross-entropy over those that are not -100.
        ``beginnings`` are the keys and values of equally many tokens before each row: ``past_key_values`` of a backbone
        that uses ``grouped_attention``, for rows that are padded on the right.
        """
        hidden = self._hidden(input_ids, attention_mask, beginnings)
        at = last_positions(attention_mask, input_ids)[:, None] if readouts is None else readouts.clamp(min=0)
        picked = hidden.gather(1, at[..., None].expand(-1, -1, hidden.shape[-1]))
        with torch.autocast(hidden.device.type, enabled=False):
            logits = self.head(picked.float())
        if readouts is None:
            logits = logits[:, 0]
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED)
        return ClassifierOutput(loss=loss, logits=logits)

    def _hidden(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None, beginnings: Any = None
    ) -> torch.Tensor:
        """Hidden states (B, T, H). Right padding needs no mask: no real token of a causal model sees it."""
        if beginnings is not None:
            output = self.backbone(input_ids=input_ids, past_key_values=beginnings, use_cache=False)
        elif attention_mask is None or bool(attention_mask[:, 0].all()):
            output = self.backbone(input_ids=input_ids, use_cache=False)
        else:
            positions = (attention_mask.cumsum(-1) - 1).clamp(min=0)
            output = self.backbone(
                input_ids=input_ids, attention_mask=attention_mask, position_ids=positions, use_cache=False
            )
        hidden: torch.Tensor = output.last_hidden_state
        return hidden

    @property
    def device(self) -> torch.device:
        """Where the head is, and with it the model."""
        return next(self.head.parameters()).device

    def get_input_embeddings(self) -> nn.Module:
        """The backbone's embeddings, for what prepares a quantised model for training."""
        embeddings: nn.Module = self.backbone.get_input_embeddings()
        return embeddings

    def gradient_checkpointing_enable(self, **options: Any) -> None:
        """Hand on to the backbone."""
        self.backbone.gradient_checkpointing_enable(**options)

    def gradient_checkpointing_disable(self) -> None:
        """Hand on to the backbone."""
        self.backbone.gradient_checkpointing_disable()


def last_positions(attention_mask: torch.Tensor | None, input_ids: torch.Tensor) -> torch.Tensor:
    """Index (B,) of the last real token of each row, on whichever side the padding is.

    It comes from the mask, not from the pad id: a pad token that is also the end token would hide a trailing one.
    """
    if attention_mask is None:
        return torch.full(input_ids.shape[:1], input_ids.shape[1] - 1, device=input_ids.device)
    steps = torch.arange(1, attention_mask.shape[1] + 1, device=attention_mask.device)
    return (attention_mask.ne(0) * steps).argmax(dim=1)
