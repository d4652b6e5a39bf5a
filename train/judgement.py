"""What the classifier's base learns: a correct solution, and the wrong turns that could be taken in it.

All wrong turns of a solution are read in one pass: the trunk is the problem with the correct solution, and each turn is
a branch that leaves it at the first token that differs. A branch sees the trunk up to there and itself, and its tokens
stand at the positions that they would have alone, so that the model computes what it would compute for each solution
by itself, at a third of the cost.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional

from grader.modeling import encode_all
from grader.prompts import PROMPT_VERSION, classifier_prompt
from train.data import IGNORED
from train.pretrain import padded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from train.data import ClassifierExample

WHOLE = 0.2
"""Share of the wrong turns that are followed to the solution's end; the others end with the line of their error."""


class Branch(NamedTuple):
    """Tokens ``first`` to ``last`` of a tree, which follow the trunk's first ``after`` tokens."""

    first: int
    last: int
    after: int


class Tree(NamedTuple):
    """A trunk and its branches, one behind the other.

    ``labels`` is what comes next, ``verdicts`` the label of each line's end, ``signs`` whether the solution has gone
    wrong at this very token; each has an entry a token, ``IGNORED`` where it carries no loss.
    """

    ids: list[int]
    labels: list[int]
    verdicts: list[int]
    signs: list[int]
    branches: list[Branch]


class Judgement:
    """The classifier's base: correct solutions token by token, and where solutions go wrong.

    The heads that read the verdicts are thrown away: ``train-adapters`` trains its own.
    """

    TEXT = 0.3
    """Weight of the next tokens beside the verdicts."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        draw: Callable[[random.Random], tuple[ClassifierExample, Sequence[ClassifierExample]]],
        version: int = PROMPT_VERSION,
    ) -> None:
        self.model, self.tokenizer, self._draw, self._version = model, tokenizer, draw, version
        self.heads = torch.nn.ModuleDict(
            {name: torch.nn.Linear(model.config.hidden_size, 2) for name in ("verdicts", "signs")}
        )

    def draw(self, drawn: random.Random) -> list[Tree]:
        """A correct solution with its wrong turns."""
        right, wrong = self._draw(drawn)
        cut = [
            one if drawn.random() < WHOLE else one._replace(lines=one.lines[: one.first_error_line]) for one in wrong
        ]
        return [tree_of(self.tokenizer, right, cut, self._version)]

    def batch(self, rows: Sequence[Tree]) -> dict[str, torch.Tensor]:
        """The trees as tensors, each (B, T): ``placed`` says where a token stands, the others are those of ``Tree``."""
        named = {name: padded([getattr(row, name) for row in rows]) for name in ("labels", "verdicts", "signs")}
        return {"ids": padded([row.ids for row in rows], self.tokenizer.pad_token_id), **named, **placed(rows)}

    def loss(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Cross-entropy of both kinds of verdict, and of the correct solutions' tokens by ``TEXT``."""
        hidden = self.model.model(
            input_ids=batch["ids"],
            position_ids=batch["positions"],
            attention_mask=seen(batch["branch"], batch["after"]),
        ).last_hidden_state
        losses = {}
        for name, head, weight in (
            ("verdicts", self.heads["verdicts"], 1.0),
            ("signs", self.heads["signs"], 1.0),
            ("labels", self.model.lm_head, self.TEXT),
        ):
            read = batch[name] != IGNORED
            losses[name] = weight * functional.cross_entropy(head(hidden[read]).float(), batch[name][read])
        return losses

    def modules(self) -> list[torch.nn.Module]:
        """The model and the heads."""
        return [self.model, self.heads]

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The model's and the heads'."""
        return {**dict(self.model.named_parameters()), **dict(self.heads.named_parameters(prefix="heads"))}


def tree_of(
    tokenizer: Any, right: ClassifierExample, wrong: Sequence[ClassifierExample], version: int = PROMPT_VERSION
) -> Tree:
    """The tokens of a correct solution and of the wrong turns in it; ``wrong`` has the same problem."""
    prompts = [classifier_prompt(example.problem, example.lines, version) for example in (right, *wrong)]
    head, *lines = encode_all(tokenizer, [prompts[0].head, *chain.from_iterable(prompt.lines for prompt in prompts)])
    remaining = iter(lines)
    trunk, *others = [[next(remaining) for _ in prompt.lines] for prompt in prompts]
    ids = [*head, *chain.from_iterable(trunk)]
    tree = Tree(
        ids,
        _next_tokens(tokenizer, ids, len(head)),
        [*[IGNORED] * len(head), *_at_line_ends(trunk, right.labels())],
        [*[IGNORED] * len(head), *[0] * (len(ids) - len(head))],
        [],
    )
    for example, turn in zip(wrong, others, strict=True):
        after = _common(ids, [*head, *chain.from_iterable(turn)])
        first, behind = len(tree.ids), after - len(head)
        tree.ids.extend([*chain.from_iterable(turn)][behind:])
        tree.labels.extend([IGNORED] * (len(tree.ids) - first))
        tree.verdicts.extend(_at_line_ends(turn, example.labels())[behind:])
        tree.signs.extend(_signs(trunk, turn, example.first_error_line or 0)[behind:])
        tree.branches.append(Branch(first, len(tree.ids), after))
    return tree


def placed(rows: Sequence[Tree]) -> dict[str, torch.Tensor]:
    """Where the tokens stand, each (B, T).

    ``positions`` are those that they have in their own solution, ``branch`` is the number of their branch, 0 for the
    trunk, and ``after`` how many tokens of the trunk they follow.
    """
    found: dict[str, list[list[int]]] = {"positions": [], "branch": [], "after": []}
    for row in rows:
        trunk = row.branches[0].first if row.branches else len(row.ids)
        positions, branch, after = list(range(trunk)), [0] * trunk, [trunk] * trunk
        for number, one in enumerate(row.branches, start=1):
            length = one.last - one.first
            positions += range(one.after, one.after + length)
            branch += [number] * length
            after += [one.after] * length
        for name, values in (("positions", positions), ("branch", branch), ("after", after)):
            found[name].append(values)
    return {name: padded(values, 0) for name, values in found.items()}


def seen(branch: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Which tokens each token sees, bool (B, 1, T, T): of the trunk those that it follows, and of its own branch."""
    before = torch.ones(branch.shape[1], branch.shape[1], dtype=torch.bool, device=branch.device).tril()
    own = branch[:, :, None] == branch[:, None, :]
    followed = (branch == 0)[:, None, :] & (torch.arange(branch.shape[1], device=branch.device) < after[:, :, None])
    return (before & (own | followed))[:, None]


def _next_tokens(tokenizer: Any, ids: Sequence[int], solution: int) -> list[int]:
    """What comes next: every token of the solution, and of the problem all but digits, which were drawn at random."""
    digits = {tokenizer.convert_tokens_to_ids(digit) for digit in "0123456789"}
    shown = [token if at >= solution or token not in digits else IGNORED for at, token in enumerate(ids)]
    return [*shown[1:], IGNORED]


def _at_line_ends(lines: Sequence[Sequence[int]], labels: Sequence[int]) -> list[int]:
    return [label for line, end in zip(lines, labels, strict=True) for label in (*[IGNORED] * (len(line) - 1), end)]


def _signs(trunk: Sequence[Sequence[int]], turn: Sequence[Sequence[int]], error_line: int) -> list[int]:
    """Of the line with the error all tokens from the first that no correct line has at this place."""
    signs: list[int] = []
    for number, line in enumerate(turn, start=1):
        alike = max(_common(line, other) for other in trunk) if number == error_line else len(line)
        signs += [*[IGNORED] * alike, *[1] * (len(line) - alike)]
    return signs


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two texts share."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)
