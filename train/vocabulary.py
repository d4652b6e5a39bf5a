"""Tokenizers of the embedded pair: byte-level BPE in which every digit is a token of its own.

A number is then read digit by digit, as it must be to be copied or compared exactly, and any text can be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EXTRACTOR_CONTROL = ("<pad>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
CLASSIFIER_CONTROL = ("<|endoftext|>", "<|user|>", "<|assistant|>", "<|end|>")


def train_tokenizer(
    texts: Iterable[str], size: int, control: Sequence[str], names: Mapping[str, str], whole: Sequence[str] = ()
) -> Any:
    """A fast tokenizer of ``size`` tokens, those of ``control`` first and the texts ``whole`` among them.

    ``names`` are its ``bos_token``, ``eos_token`` and ``pad_token``.
    """
    tokenizer = Tokenizer(models.BPE())
    # Words keep the space before them; digits, marks and line ends stand alone, so that no token holds two lines.
    words = Regex(r"</?eq>|\d| ?[A-Za-z]+|\n| ?[^\sA-Za-z\d]| +")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size - len(whole),
            special_tokens=[AddedToken(token, special=True, normalized=False) for token in control],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([AddedToken(one, normalized=False) for one in whole])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)  # type: ignore[no-untyped-call]
