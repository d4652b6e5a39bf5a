"""The embedded pair, from nothing: ``python -m train.embedded all --data FILE -o grader/assets/embedded``.

Tokenizer, base (this module), then the adapter by the very code of ``train-adapters``. Every stage can be repeated and
goes on where it was killed. Not covered: any text other than word problems in the manner of the data.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig, Phi3Config, Phi3ForCausalLM

from train.data import AnnotatedSolution, read_corpus
from train.examples import draw_pair, graphs_of
from train.pretrain import Judgement, Schedule, Transcription, pretrain
from train.restyle import Lines
from train.vocabulary import CLASSIFIER_CONTROL, EXTRACTOR_CONTROL, train_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.data import ClassifierExample

EXTRACTOR_TOKENS, CLASSIFIER_TOKENS = 2048, 4096
TOKENIZER_LINES = 40_000
HELD_BACK = 20
"""Every twentieth problem is kept from the bases, so that the adapters' held-out figures mean something."""
SCHEDULES = {
    "extractor": Schedule(steps=3000, tokens=3_200, learning_rate=2e-3),
    "classifier": Schedule(steps=1800, tokens=4_000, learning_rate=1.5e-3),
}


def extractor_base(folder: Path, rows: Sequence[AnnotatedSolution], schedule: Schedule) -> None:
    """Train the small Gemma-3 to transcribe calculations, and write it as a folder of the hub's layout."""
    lines = Lines([row.solution for row in rows])
    drawn = random.Random(schedule.seed)
    texts = (line + "".join(f"<eq>{one}</eq>" for one in found) for line, found in _many(lines, drawn))
    tokenizer = train_tokenizer(
        texts,
        EXTRACTOR_TOKENS,
        EXTRACTOR_CONTROL,
        dict(zip(("pad_token", "bos_token", "eos_token"), EXTRACTOR_CONTROL, strict=False)),
    )
    end = EXTRACTOR_CONTROL.index("<end_of_turn>")
    torch.manual_seed(schedule.seed)
    model: Any = Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=EXTRACTOR_TOKENS,
            hidden_size=256,
            intermediate_size=1024,
            num_hidden_layers=4,
            layer_types=["sliding_attention", "full_attention"] * 2,
            num_attention_heads=4,
            num_key_value_heads=1,
            head_dim=64,
            query_pre_attn_scalar=64,
            sliding_window=512,
            max_position_embeddings=2048,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        )
    )
    stops = {"bos_token_id": 1, "eos_token_id": [2, end], "pad_token_id": 0}
    model.generation_config = GenerationConfig(do_sample=False, **stops)  # type: ignore[no-untyped-call]
    pretrain(Transcription(model, tokenizer, lines.draw), schedule, folder.parent / "work-extractor", pad=0)
    _write(model, tokenizer, folder)


def classifier_base(folder: Path, rows: Sequence[AnnotatedSolution], schedule: Schedule) -> None:
    """Train the small Phi-3 to judge and to continue solutions, and write it as a folder of the hub's layout."""
    graphs = graphs_of(rows)
    texts = (f"{graph.question}\n" + "\n".join(step.text for step in graph.steps) for graph in graphs)
    tokenizer = train_tokenizer(
        texts, CLASSIFIER_TOKENS, CLASSIFIER_CONTROL, dict.fromkeys(("eos_token", "pad_token"), CLASSIFIER_CONTROL[0])
    )
    torch.manual_seed(schedule.seed)
    model: Any = Phi3ForCausalLM(  # type: ignore[no-untyped-call]
        Phi3Config(  # type: ignore[call-arg]
            vocab_size=CLASSIFIER_TOKENS,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=5,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=2048,
            partial_rotary_factor=0.75,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=0,
        )
    )

    def draw(drawn: random.Random) -> Sequence[ClassifierExample]:
        return draw_pair(drawn.choice(graphs), drawn.randrange(2**31)) or ()

    pretrain(Judgement(model, tokenizer, draw), schedule, folder.parent / "work-classifier", pad=0)
    _write(model, tokenizer, folder)


def _many(lines: Lines, drawn: random.Random) -> list[tuple[str, tuple[str, ...]]]:
    return [lines.draw(drawn) for _ in range(TOKENIZER_LINES)]


def _write(model: Any, tokenizer: Any, folder: Path) -> None:
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    """Build the bases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("which", choices=["extractor", "classifier"])
    parser.add_argument("--data", nargs="+", required=True, help="annotated solutions (GSM8K's train split)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    rows = read_corpus(options.data).annotated
    kept = [row for number, row in enumerate(sorted(rows)) if number % HELD_BACK]
    build = {"extractor": extractor_base, "classifier": classifier_base}[options.which]
    build(options.output / options.which / "base", kept, SCHEDULES[options.which])


if __name__ == "__main__":
    main()
