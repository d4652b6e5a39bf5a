"""Solution text to numbered lines, each with the text that is read for equations and the reason to doubt it, if any."""

from __future__ import annotations

import re
from typing import NamedTuple

from grader.decimal_commas import has_decimal_commas, with_decimal_points
from grader.doubts import RETRACTED, TRACE, Doubts
from grader.results import with_calculation
from grader.web_text import without_markup


class Line(NamedTuple):
    """One non-empty line: its number from 1, its text as it stands, and what the readers see of it.

    ``readable`` is without calculator annotations, list marks, bold marks and code; empty where nothing is to be read.
    ``doubt`` says why no equation of the line may fail the row, None where it may.
    """

    number: int
    text: str
    readable: str
    doubt: str | None = None


_ANNOTATION = re.compile(r"<<[^<>\n]*>>|«[^«»\n]*»")
_LIST_MARK = re.compile(r"(?:(?:[-*+•‣⁃●▪◦–—>]|#{1,6}|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|[ivxIVX]{1,4}[.)])\s+)+(?=\S)")
_BOLD = re.compile(r"(?<![\w)\]])\*\*(?=\S)|(?<=\S)\*\*(?![\w(\[$])|(?<=[?.!:]) \*\*(?= \S)|`+")
_SPACES = re.compile(" {2,}")
_FENCE = re.compile(r"```|~~~|</?llm-code(?:-output)?>$")
_TRACE_NAME = r"(?:think|thinking|reasoning|scratchpad|thoughts?)"
_TRACE_OPEN = re.compile(
    rf"<\|?(?:(?:begin|start)_(?:of_)?)?{_TRACE_NAME}\|?>|\[think\]|◁think▷|<\|channel\|>analysis", re.IGNORECASE
)
_TRACE_CLOSE = re.compile(
    rf"<\|?(?:/|end_(?:of_)?){_TRACE_NAME}\|?>|\[/think\]|◁/think▷|<\|channel\|>(?!analysis)", re.IGNORECASE
)
_FULL_WIDTH = str.maketrans("＝＋－／＊（）％＜＞．", "=+-/*()%<>.") | str.maketrans({"，": ", ", "：": ": "})
_ABSOLUTE = re.compile(r"\|[-−\d][^|=]{0,80}\| ?[=≈+*/×·÷](?!.*\|$)")  # "|3 - 8| = 5" is no row of a table
_FINAL = re.compile(r"(?:####|(?:the )?(?:final )?answer(?: is)?\s*[:=]?|a\s*:)\s*(?P<answer>.*)", re.IGNORECASE)
_HASHES = re.compile(r"####\s*(?P<answer>.*)")
_STATED = re.compile(r"\b(?:final )?answer(?: is|:)\s*:?\s*(?P<answer>[^\n]*)", re.IGNORECASE)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
# "130（页）": pages, not a product.
_UNIT_IN_BRACKETS = re.compile(r"(?<=[\d％%])(?:[（(]([\u4e00-\u9fff/]{1,6})[）)]|（([a-zA-Z/]{1,5}[²³]?)）)")

_GOES_ON = re.compile(
    r"(?:[&\s]|\$+(?=\s*=)|\\[\[(,;]|\\q?quad(?![a-z]))*(?:=(?![=>])|[≈≤≥≡]|\\(?:approx|equiv|[lg](?:t|eq?|eqslant))(?![a-z]))"
)
_ENDS_OPEN = re.compile(r"(?:[\d)}%] | )(?:[+*/×÷·]|\\(?:times|cdot|div))(?:\\\\|[\s&])*$")
# "100 -" above "16 = 84": elsewhere it may be a dash.
_ENDS_IN_MINUS = re.compile(r"=.*\d [-−] *$")
_TAKEN_AWAY = re.compile(r"\$?\d[\d.,]*(?= ?=)")
_LAST_OPEN = "+*/×÷·stv\\& "
"""The characters in which such a line ends: a glance that is cheaper than the pattern."""
_OPERAND = re.compile(r"[&\s]*[$\\({]*[\d.]")
_RELATION = re.compile(r"(?<![<>!=])=(?![=>])|[≈<>≤≥≡]|\\(?:approx|equiv|[lg](?:t|eq?|eqslant))(?![a-z])")
_CLOSING = re.compile(r"(?:\s|&|\\\\|\\[\])]|(?<=[^\s\\])\$+)*$")
_ADDEND = re.compile(r"[-+*/×x÷−] ?[$(]*[\d.]")
_NUMBER = re.compile(r"\$?[\d.,]*\d(?: [a-z]+){0,3}", re.IGNORECASE)
_DELIMITER = re.compile(r"\\[\[\]]|\$\$|\\(?:begin|end)\{[a-z]+\*?\}")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", "**")
_BESIDE = re.compile(r"= ?[^=]{1,40} and [^=]{1,60}=$")
_ROUNDED = re.compile(r",\s+\$?[\d.,]*\d ?(?:≈|\\approx)$")
# "6*7=43\\n43-3=40" in a file that was escaped twice; "\\neq" and its like are commands.
_SPELLED_FEED = re.compile(
    r"(?<!\\)\\n(?!(?:abla|atural|cong|earrow|eg|eq?|ewline|exists|g(?:eq|tr)|i|l(?:eq|ess)|mid|olimits|onumber|ot(?:in)?"
    r"|prec|shortmid|subset\w*|succ|supset\w*|u|warrow|parallel|leftarrow|rightarrow|oindent|ewcommand|ormalsize)(?![A-Za-z]))"
)
_COMMENT = re.compile(r"(?:^|\s)#\s+(?P<said>[^#=]*\d\s?[-+*/×÷]\s?[^#=]*=[^#=]*\d[^#=]*)$")
"""A calculation that a program tells in a comment: ``total = price * 14  # 14 * 11.75 = 164.50``."""
_ASSIGNS = re.compile(r"[a-z_]\w* ?[-+*/]?= ?[^#=]+ #")  # a program without a fence
MAX_TAIL = 500
"""Characters that a line takes over from the one before it."""
MAX_JOINED = 20
"""Lines of one sum, one operand below the other."""


def split_lines(solution: str | tuple[str, ...]) -> list[Line]:
    """Lines of a solution: of a text its non-empty lines, of a list of steps its non-empty elements.

    Carriage returns end a line as line feeds do; other separators of Unicode stay inside the line, as every tool that
    counts lines by ``\\n`` has it. A text without a line feed that spells them, badly escaped, has its lines there.
    """
    if isinstance(solution, str):
        if "\\n" in solution and "\n" not in solution:
            solution = _SPELLED_FEED.sub("\n", solution)
        if "\r" in solution:
            solution = solution.replace("\r\n", "\n").replace("\r", "\n")
        texts = [stripped for text in solution.split("\n") if (stripped := text.strip())]
    else:
        texts = [stripped for text in solution if (stripped := text.strip())]
    return _Splitter(texts).lines()


class _Splitter:
    """One pass over the lines, keeping whether code or a reasoning trace is open."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.code = False
        self.trace = False
        self.traced = 0
        """The line up to which a trace goes that is closed and was never opened; -1 once another mark has come."""
        text = "\n".join(texts)
        self.doubts = Doubts(text)
        self.commas = has_decimal_commas(text)

    def lines(self) -> list[Line]:
        lines = [self._line(number, text) for number, text in enumerate(self.texts, start=1)]
        if self.traced > 0:
            lines = [line._replace(doubt=TRACE) if line.number < self.traced else line for line in lines]
        if lines and lines[-1].readable and is_final_answer(lines[-1].readable):
            lines[-1] = lines[-1]._replace(readable="")
        _join(lines)
        _name_calculations(lines)
        if not self.doubts:
            return lines
        taken_back = max((line.number for line in lines if self.doubts.takes_back(line.readable)), default=0)
        if taken_back:
            lines = [
                line._replace(doubt=line.doubt or RETRACTED) if line.number <= taken_back else line for line in lines
            ]
        return lines

    def _line(self, number: int, text: str) -> Line:
        if text.startswith(("`", "~", "<")) and _FENCE.match(text):
            self.code = not self.code and text.count("```") < 2
            return Line(number, text, "")
        if self.code or text.startswith("####"):
            said = _COMMENT.search(text) if self.code and "#" in text else None
            return Line(number, text, said["said"] if said else "")
        doubt = TRACE if self.trace else None
        text_read = without_annotations(text)
        if "#" in text and _ASSIGNS.match(text) and (said := _COMMENT.search(text)):
            text_read = said["said"]
        if "<" in text_read or "[" in text_read or "◁" in text_read:
            opened, closed = _TRACE_OPEN.search(text), _TRACE_CLOSE.search(text)
            if opened or closed:
                doubt = TRACE
                if opened is None and not (self.trace or self.traced):
                    self.traced = number  # where the prompt opens the trace, the answer begins within it
                self.trace = bool(opened) and not (closed and opened and closed.start() > opened.start())
                self.traced = self.traced or -1
        text_read = _plain(text_read)
        if "<" in text_read or "&" in text_read:
            text_read = without_markup(text_read)
        if not text_read.isascii():
            text_read = _UNIT_IN_BRACKETS.sub(r" \1\2", text_read).translate(_FULL_WIDTH)
        if self.commas:
            text_read = with_decimal_points(text_read)
        if doubt is None and self.doubts:
            doubt = self.doubts.of_line(text_read)
        return Line(number, text, text_read, doubt)


def _plain(text: str) -> str:
    """The line without list marks, bold marks, back-ticks and the bars of a table."""
    if mark := _LIST_MARK.match(text):
        text = text[mark.end() :]
    if "**" in text or "`" in text:
        text = _SPACES.sub(" ", _BOLD.sub(" ", text))
    if text.startswith("|") and not _ABSOLUTE.match(text):
        text = text.replace("|", ";")
    return text


def without_annotations(text: str) -> str:
    """The text without calculator annotations: what a model is shown of a line."""
    return _ANNOTATION.sub("", text) if "<<" in text or "«" in text else text


def _join(lines: list[Line]) -> None:
    """Put before a line that goes on with a calculation what the lines before it begin: ``= 7`` below ``x = 3 + 4``."""
    run = 0
    for index in range(1, len(lines)):
        before, line = lines[index - 1], lines[index]
        if not (before.readable and line.readable):
            continue
        if line.readable[0] in "=≈≡&\\$" and _GOES_ON.match(line.readable):
            start = _column(lines, index) if _ADDEND.match(before.text) else _tail(before.readable)
        elif (
            run < MAX_JOINED
            and before.readable[-1] in _LAST_OPEN
            and _ENDS_OPEN.search(before.readable)
            and _OPERAND.match(line.readable)
        ):
            start = _tail(before.readable)
            run += 1
        elif (
            before.readable[-1] in "-−"
            and _ENDS_IN_MINUS.search(before.readable)
            and (taken := _TAKEN_AWAY.match(line.readable))
        ):
            start = _tail(before.readable)
            lines[index - 1] = before._replace(readable=f"{before.readable} {taken[0]}")
        else:
            run = 0
            continue
        if start:
            joined = _in_one_formula(start, before.readable, line.readable)
            lines[index] = line._replace(readable=joined, doubt=line.doubt or before.doubt)


def _in_one_formula(start: str, before: str, line: str) -> str:
    """The line behind what it goes on with; ``$x = 3!(4)$`` and ``$= 24$`` are one formula, and not text before one."""
    for opening, closing in (("$", "$"), ("\\(", "\\)")):
        opened = line.startswith(opening) and not line.startswith("$$") and opening not in start
        if opened and before.rstrip(" .,").endswith(closing):
            return f"{opening}{start} {line.removeprefix(opening)}"
    return f"{start} {line}"


def _name_calculations(lines: list[Line]) -> None:
    """Write the calculation of a named result before it: ``x = 64/2`` and below it ``x = 32``."""
    before: Line | None = None
    for index, line in enumerate(lines):
        if not line.readable or (line.readable[0] in "\\$" and _DELIMITER.fullmatch(line.readable)):
            continue
        if before is not None and "=" in line.readable:
            readable = with_calculation(before.readable, line.readable)
            if readable is not None:
                lines[index] = line._replace(readable=readable, doubt=line.doubt or before.doubt)
        before = line


def _tail(text: str) -> str:
    """What a line says behind its last relation, without the marks that close mathematics or a row.

    Nothing where that says what a listed number is rounded to (``5.1 ≈ 5, 0.48 ≈ 0.5``), or stands beside another
    equation: ``8 − 3 = 5 and −2√3 + 4√3 = 2√3``.
    """
    start = 0
    for match in _RELATION.finditer(text):
        start = match.end()
    if _ROUNDED.search(text, 0, start) or _BESIDE.search(text, 0, start):
        return ""
    tail = text[start:].strip()
    return "" if len(tail) > MAX_TAIL or tail.endswith(_SENTENCE_ENDS) else _CLOSING.sub("", tail)


def _column(lines: list[Line], index: int) -> str:
    """``120``, ``+ 30`` and so on up to the line at ``index``, as one sum; empty where it may be a list of items."""
    rows: list[str] = []
    for line in reversed(lines[max(0, index - MAX_JOINED) : index]):
        if not _ADDEND.match(line.text):
            begins = _RELATION.search(line.readable) or _NUMBER.fullmatch(line.text)
            top = _tail(line.readable) if begins else ""
            return " ".join([top, *reversed(rows)]) if top else ""
        rows.append(line.text)
    return ""


def is_final_answer(text: str) -> bool:
    """Whether a line only states the final answer: it has no relation in it."""
    return "=" not in text and _FINAL.match(text) is not None


def final_answer(solution: str | tuple[str, ...]) -> str | None:
    """The final answer as it is written, or None: behind ``####``, in the last ``\\boxed``, or behind "answer"."""
    text = solution if isinstance(solution, str) else "\n".join(solution)
    hashes = _HASHES.findall(text) if "####" in text else None
    if hashes:
        return hashes[-1].strip() or None
    if "\\" in text and (boxed := _last_boxed(text)) is not None:
        return boxed
    tail = text[-2_000:].rstrip()
    stated = _STATED.findall(tail) if "nswer" in tail or "NSWER" in tail else None
    if stated:
        return stated[-1].strip() or None
    last = tail.rsplit("\n", 1)[-1].strip()
    match = _FINAL.match(last)
    return (match["answer"].strip() or None) if match else None


def _last_boxed(text: str) -> str | None:
    """Content of the last ``\\boxed{…}`` whose braces close."""
    start = -1
    for match in _BOXED.finditer(text):
        start = match.end()
    if start < 0:
        return None
    depth = 1
    for index in range(start, min(len(text), start + 1_000)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[start:index].strip() or None
    return None
