"""The prompts of the two models and the shape of the extractor's answer: one wording for training and for use.

A prompt is a list of segments, each either one control token or plain text, so that a control token that stands in data
stays text. The version of the wording is written into every adapter folder; version 0 is that of adapters published
before this tool, whose folders have no manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grader.limits import MAX_LINE_EQUATIONS
from grader.marks import marked

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMPT_VERSION = 1
"""The wording of new adapters, where their recipe does not say otherwise."""
PROMPT_VERSIONS = {"extractor": (0, 1), "classifier": (0, 1, 2)}
"""Those that are known. Version 2 is version 1 with a letter beside every number (``grader.marks``)."""

_EXTRACTOR_TASKS = (
    (
        "[ROLE]\nYou are an expert at parsing mathematical solutions.\n\n"
        "[TASK]\nYou are given one line of a solution. Extract the calculation of this line.\n"
        "- RULE 1: Transcribe exactly. Do not correct errors.\n"
        "- RULE 2: Write only the equation, without words, units or currency signs. Use `*` for multiplication.\n\n"
        "[RESPONSE FORMAT]\nAnswer with the equation in <eq> and </eq> tags.\n"
        "If the line has no calculation, answer with empty tags: <eq></eq>.\n"
        "\n\n### Solution Line:\n"
    ),
    "Write down the calculation of this line.\n",
)
_CLASSIFIER_TASK = (
    "You are a mathematics tutor. You are given a math word problem and a solution written by a student.\n"
    "Analyze the problem and the solution line by line and determine whether the solution has any errors."
)


class Segment(NamedTuple):
    """A piece of a prompt. With ``control`` the text names exactly one control token of the tokenizer."""

    text: str
    control: bool = False


class ClassifierPrompt(NamedTuple):
    """The text before the solution, and the solution by lines: the verdict is read at the last token of each line.

    ``lines`` is empty in version 0, whose model was trained on whole solutions only: it is read at the last token.
    """

    head: list[Segment]
    lines: list[list[Segment]]


_BOS = Segment("<bos>", control=True)
_START = Segment("<start_of_turn>", control=True)
_END = Segment("<end_of_turn>", control=True)
_NEWLINE = Segment("\n")


def extractor_parts(version: int = PROMPT_VERSION) -> tuple[list[Segment], list[Segment]]:
    """The segments before the line, the same for every line, and those after it."""
    _check("extractor", version)
    prefix = [_BOS, _START, Segment("user\n" + _EXTRACTOR_TASKS[version])]
    return prefix, [_END, _NEWLINE, _START, Segment("model\n")]


def extractor_prompt(line: str, version: int = PROMPT_VERSION) -> list[Segment]:
    """The prompt that asks for the equations of one line."""
    prefix, suffix = extractor_parts(version)
    return [*prefix, Segment(line), *suffix]


def extractor_response(equations: Sequence[str]) -> list[Segment]:
    """The answer that the extractor is to give: each equation in tags, empty tags where there is none."""
    return [Segment("".join(f"<eq>{equation}</eq>" for equation in equations or [""])), _END]


def parse_equations(response: str) -> list[str]:
    """The equations of an answer, in order, at most ``MAX_LINE_EQUATIONS``.

    Never raises. What stands outside tags, and an equation whose closing tag is missing (it was cut off), is left out.
    """
    found = []
    for piece in response.split("</eq>")[:-1]:
        _, tag, text = piece.rpartition("<eq>")
        if tag and (equation := text.strip()):
            found.append(equation)
    return found[:MAX_LINE_EQUATIONS]


def classifier_prompt(problem: str, lines: Sequence[str], version: int = PROMPT_VERSION) -> ClassifierPrompt:
    """The problem and the lines of a solution as the classifier reads them. A beginning token is not part of it."""
    _check("classifier", version)
    if version == 0:
        text = f"{_CLASSIFIER_TASK}\n\n### Problem:\n{problem}\n\n### Answer:\n" + "\n".join(lines)
        return ClassifierPrompt([Segment(text)], [])
    if version == 2:
        problem, lines = marked(problem, lines)
    head = [Segment("### Problem:\n"), Segment(problem), Segment("\n\n### Solution:\n")]
    return ClassifierPrompt(head, [[Segment(line), _NEWLINE] for line in lines])


def _check(kind: str, version: int) -> None:
    if version not in PROMPT_VERSIONS[kind]:
        raise ValueError(f"prompt version {version} of the {kind} is not known; known are {PROMPT_VERSIONS[kind]}")
