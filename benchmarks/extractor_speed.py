"""How fast the extractor engine answers, beside the library's own batched ``generate``, and whether they agree.

    python benchmarks/extractor_speed.py [--adapter FOLDER] [--lines N] [--rows N] [--tokens N]

Without ``--adapter`` it is the embedded extractor. Both sides decode the same distinct lines of gsm8k_dev in float32,
sorted by length. Drafts are made from the answers of ``generate``: all of them, or
``--accepted`` of them and the others spoilt in the middle; and the readings of the rules. Answers are
compared token by token; where they differ, the smallest gap between two best tokens tells whether a tie was that close.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import finish, parser, print_table, read_rows

from grader.adapters.places import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.engines.torch_extractor import TorchExtractor
    from grader.modeling import Loaded


def main() -> None:
    """Time ``generate``, then the engine with each kind of drafts."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument(
        "--adapter", type=Path, default=EMBEDDED / "extractor", help="extractor's folder (default: the embedded one)"
    )
    arguments.add_argument("--lines", type=int, default=500, help="distinct lines (default: %(default)s)")
    arguments.add_argument("--rows", type=int, default=64, help="rows of a batch of generate (default: %(default)s)")
    arguments.add_argument("--tokens", type=int, default=256, help="most tokens of an answer (default: %(default)s)")
    arguments.add_argument("--batch-tokens", type=int, help="tokens of a batch of the engine (default: its own)")
    arguments.add_argument("--accepted", type=float, default=0.8, help="share of right drafts (default: %(default)s)")
    options = arguments.parse_args()

    from grader.engines.torch_extractor import TorchExtractor
    from grader.modeling import load_adapted

    lines = _lines(options.data, options.lines)
    loaded = load_adapted(options.adapter, "extractor", offline=True)
    engine = TorchExtractor(loaded, batch_tokens=options.batch_tokens, max_new_tokens=options.tokens)
    _generate(loaded, lines[: options.rows], options.rows, 2)  # what the library loads on first use is not its speed
    expected, plain = _timed(lambda: _generate(loaded, lines, options.rows, options.tokens))
    measured = {"generate": {**plain, "lines_per_second": round(len(lines) / plain["seconds"], 1)}}
    for name, drafts in _drafts(loaded.tokenizer, lines, expected, options).items():
        measured[name] = _measure(engine, lines, drafts, expected, plain)
    print_table(
        f"{len(lines)} lines, {sum(map(len, expected)) / len(lines):.1f} tokens an answer",
        ("way", *measured["no drafts"]),
        [(name, *(figures.get(key, "") for key in measured["no drafts"])) for name, figures in measured.items()],
    )
    gap = _smallest_gap(engine, lines)
    print(f"\nsmallest gap between the two best logits, over all positions computed without drafts: {gap:.2g}")
    finish("extractor_speed", {"adapter": loaded.identity, "smallest_gap": gap, "measured": measured})


def _lines(data: Path, count: int) -> list[str]:
    from grader.lines import split_lines

    found = {line.readable for row in read_rows(data, "gsm8k_dev") for line in split_lines(row["solution"])} - {""}
    if len(found) < count:
        sys.exit(f"gsm8k_dev has {len(found)} distinct lines: ask for fewer with --lines")
    return sorted(random.Random(0).sample(sorted(found), count), key=len)


def _generate(loaded: Loaded, lines: Sequence[str], rows: int, limit: int) -> list[list[int]]:
    """Decode with the library, in batches padded on the left; gives the tokens of each answer up to its end."""
    import torch

    from grader.modeling import control_id, encode
    from grader.prompts import extractor_prompt

    stops = [loaded.tokenizer.eos_token_id, control_id(loaded.tokenizer, "<end_of_turn>")]
    model = loaded.model
    answers = []
    for start in range(0, len(lines), rows):
        prompts = [
            encode(loaded.tokenizer, extractor_prompt(line, loaded.manifest.prompt_version))
            for line in lines[start : start + rows]
        ]
        width = max(map(len, prompts))
        ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        found = model.generate(
            input_ids=ids.to(loaded.device),
            attention_mask=mask.to(loaded.device),
            max_new_tokens=limit,
            do_sample=False,
            eos_token_id=stops,
            pad_token_id=0,
        )
        answers += [_ended(row, stops) for row in found[:, width:].tolist()]
    return answers


def _ended(tokens: list[int], stops: Sequence[int]) -> list[int]:
    end = next((index + 1 for index, token in enumerate(tokens) if token in stops), len(tokens))
    return tokens[:end]


def _drafts(
    tokenizer: Any, lines: Sequence[str], expected: list[list[int]], options: Any
) -> dict[str, list[list[int]]]:
    """Give the drafts of each way, as tokens."""
    from grader.modeling import encode
    from grader.prompts import extractor_response
    from grader.reading.rules import read_line

    rng = random.Random(0)
    mixed = [
        answer if rng.random() < options.accepted else [*answer[: len(answer) // 2], 0, 0, 0] for answer in expected
    ]
    readings = [[equation.text for equation in read_line(line).equations] for line in lines]
    return {
        "no drafts": [list[int]() for _ in lines],
        f"drafts, {options.accepted:.0%} right": mixed,
        "drafts, all right": expected,
        "drafts of the rules": [encode(tokenizer, extractor_response(reading)) for reading in readings],
    }


def _measure(
    engine: TorchExtractor,
    lines: Sequence[str],
    drafts: list[list[int]],
    expected: list[list[int]],
    plain: dict[str, float],
) -> dict[str, Any]:
    rows = _rows(engine, lines)
    for row, draft in zip(rows, drafts, strict=True):
        row.draft = draft[: row.limit]
    engine.counts.clear()
    _, used = _timed(lambda: engine.greedy.answer(rows))
    return {
        **used,
        "lines_per_second": round(len(lines) / used["seconds"], 1),
        "faster_by": round(plain["seconds"] / used["seconds"], 2),
        "faster_by_cpu": round(plain["cpu_seconds"] / used["cpu_seconds"], 2),
        "forwards": engine.counts["forwards"],
        "positions": engine.counts["positions"],
        "same_answers": sum(row.answer == answer for row, answer in zip(rows, expected, strict=True)),
    }


def _rows(engine: TorchExtractor, lines: Sequence[str]) -> list[Any]:
    return list(engine._rows(dict.fromkeys(lines)).values())  # noqa: SLF001


def _smallest_gap(engine: TorchExtractor, lines: Sequence[str]) -> float:
    engine.greedy.watch_gaps()
    engine.greedy.answer(_rows(engine, lines))
    assert engine.greedy.smallest_gap is not None
    return engine.greedy.smallest_gap


def _timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    used = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    return result, {name: round(value, 2) for name, value in used.items()}


if __name__ == "__main__":
    main()
