"""LaTeX to the plain spelling that the tokeniser reads: ``\\frac{a}{5}`` becomes ``(a)/(5)``, and math mode is marked.

Commands that carry no value (spacing, fonts) vanish; words inside ``\\text{…}`` stay words; a command that is not known
becomes ``UNREADABLE``, so that what stands around it is never judged by half.
"""

from __future__ import annotations

import re
import unicodedata

from grader.characters import MATH_OFF, MATH_ON, TEXT_OFF, TEXT_ON, UNREADABLE
from grader.limits import MAX_DEPTH

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\$\$|[{}$&~]|[^\\{}$&~]+", re.DOTALL)

_SYMBOLS = {
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "approx": "≈", "simeq": "≈", "cong": "≈", "sim": "≈",
    "equiv": "≡",
    "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥", "ge": "≥", "geqslant": "≥",
    "pi": " pi ", "pm": "±",
    "lbrace": ";", "rbrace": ";", "ldots": UNREADABLE, "dots": UNREADABLE, "cdots": UNREADABLE, "lt": "<", "gt": ">",
    "lparen": "(", "rparen": ")", "colon": ":", "lbrack": "[", "rbrack": "]",
}  # fmt: skip
_BREAKS = frozenset(
    """implies Rightarrow rightarrow to therefore because iff Leftrightarrow leftrightarrow Longrightarrow
    longrightarrow
    neq ne quad qquad newline mid land lor Leftarrow leftarrow hline hfill tag ll gg
    Longleftrightarrow longleftrightarrow and or""".split()  # noqa: SIM905
)
_NOTHING = frozenset(
    """left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle limits nolimits nonumber
    middle bf it rm small large normalsize boldsymbol bold mathbf mathit mathbb mathcal boxed fbox
    underline underbrace cancel bcancel xcancel hbox ensuremath mathstrut strut""".split()  # noqa: SIM905
)
_TEXT = frozenset(
    [
        "text",
        "textbf",
        "textit",
        "textrm",
        "textsf",
        "texttt",
        "mathrm",
        "mathsf",
        "mathtt",
        "mbox",
        "operatorname",
        "emph",
        "unit",
    ]
)
_GREEK = frozenset(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar""".split()  # noqa: SIM905
)
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})
_SINGLE_DOLLAR = re.compile(r"(?<![\\$])\$(?![\s$])((?:[^$\\]|\\.)*?)(?<![\s\\$])\$(?![\d$])", re.DOTALL)
_DEGREES = re.compile(r"\s*\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))")
_RECURRING = re.compile(r"(\d*\.\d*)\\overline\s*\{(\d+)\}")
_BRACED_POWER = re.compile(r"\^\{([^{}]{1,40})\}")
_MOD = re.compile(r"(?<![a-zA-Z])mod(?![a-zA-Z])")
_PROSE_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}")
_HIDDEN = re.compile(r"\\(?:text\w*|mathrm|mbox|operatorname|begin|end)\s*\{[^{}]*\}|\\[a-zA-Z]+")


_BETWEEN = frozenset({"&", "\\quad", "\\qquad", "\\,", "\\;", "\\ "})
_RELATES = re.compile(r"=(?![=>])|[≈<>≤≥≡]|\\(?:approx|equiv|[lg](?:t|eq?|eqslant))$")


class _TooDeepError(Exception):
    """Braces are nested deeper than ``MAX_DEPTH``."""


def delatex(text: str) -> str:
    """Plain spelling of a line, with its math regions marked. Text without LaTeX comes back as it is.

    A line nested deeper than ``MAX_DEPTH`` comes back as ``UNREADABLE``.
    """
    if "$" in text:
        text = _SINGLE_DOLLAR.sub(_math_dollars, text)
    if "\\" not in text and "$$" not in text:
        if "^{" in text:
            text = _BRACED_POWER.sub(r"^(\1)", text)
        return text.replace("&=", "=") if "&" in text else text
    if "\\circ" in text:
        text = _DEGREES.sub("", text)
    if "\\overline" in text:
        text = _RECURRING.sub(r"\1\2\2...", text)
    bare = "\\(" not in text and "\\[" not in text and MATH_ON not in text and "\\begin" not in text
    if bare and "$$" not in text and not _PROSE_WORD.search(_HIDDEN.sub("", text)):
        text = f"\\({text}\\)"
    try:
        return _Reader(text).read()
    except _TooDeepError:
        return UNREADABLE


def _math_dollars(match: re.Match[str]) -> str:
    """``$…$`` is math where a price cannot be meant: it holds a command, or no words and no second price."""
    body = match[1]
    if "\\" in body or not (_PROSE_WORD.search(body) or re.fullmatch(r"[\d.,]+\s*[-+*/x=(]*", body)):
        return f"\\({body}\\)"
    return match[0]


class _Reader:
    """One pass over the LaTeX tokens of a line, keeping the braces in a recursion that is bounded."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self.position = 0
        self.depth = 0
        self.math = False

    def read(self) -> str:
        out: list[str] = []
        while self.position < len(self.tokens):
            out.append(self._one())
        return "".join(out)

    def _one(self) -> str:
        """Plain spelling of the token at hand, with the arguments that it takes."""
        token = self.tokens[self.position]
        self.position += 1
        if token[0] == "\\":
            return self._command(token[1:].rstrip("*") if len(token) > 2 else token[1:])
        if token == "{":
            return self._group_rest()
        if token in "}&":
            return ""
        if token == "$$":
            return self._toggle()
        if token == "~":
            return " " if self.math else token
        if self.math:
            return self._scripts(token)
        return token

    def _toggle(self) -> str:
        self.math = not self.math
        return MATH_ON if self.math else MATH_OFF

    def _scripts(self, token: str) -> str:
        """A trailing ``^`` or ``_`` takes the group that follows in parentheses; ``mod`` is a word there too."""
        if "mod" in token:
            token = _MOD.sub(f"{TEXT_ON} mod {TEXT_OFF}", token)
        if token[-1] == "^" and self._next_is("{"):
            return f"{token}({self._argument()})"
        if token[-1] == "_" and self._next_is("{"):
            return f"{token}({self._argument()})"
        return token

    def _next_is(self, token: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position] == token

    def _command(self, name: str) -> str:
        if name in ("(", "["):
            self.math = True
            return MATH_ON
        if name in (")", "]"):
            self.math = False
            return MATH_OFF
        if name in "%$&#":
            return name
        if name == "\\":
            return " " if self._goes_on() else " ; "
        if name in (",", ";", ":", "!", " ", ">", "thinspace", "enspace"):
            return self._thin_space(name)
        if name in ("{", "}", "|"):
            return UNREADABLE
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if name in _FRACTIONS:
            return self._fraction()
        if name == "sqrt":
            return self._root()
        if name in _TEXT:
            text = self._text()
            applied = (
                name == "operatorname" and self.position < len(self.tokens) and self.tokens[self.position][0] == "("
            )
            # "\\operatorname{ord}(4)", whose bracket is no side
            return text.replace(TEXT_ON, "").replace(TEXT_OFF, "").rstrip() if applied else text
        if name in ("begin", "end"):
            return self._environment(name)
        if name in _BREAKS:
            return " ; "
        if name in _NOTHING:
            return " " if self._next_is("{") is False else ""
        if name in ("color", "label", "vspace", "hspace", "phantom", "hphantom", "vphantom"):
            self._argument()
            return ""
        if name in ("binom", "dbinom", "tbinom"):
            return f"binom({self._argument()}, {self._argument()})"
        if name in ("mod", "bmod", "pmod"):
            modulus = f"{TEXT_ON} mod {TEXT_OFF}" if self.math else " mod "
            return f" ({modulus}{self._argument()})" if name == "pmod" else modulus
        if name in _GREEK:
            return f" {_greek(name)}"
        return UNREADABLE

    def _goes_on(self) -> bool:
        """Whether the next row of an alignment begins with a relation: it goes on with the row before it."""
        position = self.position
        while position < len(self.tokens) and (self.tokens[position] in _BETWEEN or self.tokens[position].isspace()):
            position += 1
        text = self.tokens[position].lstrip() if position < len(self.tokens) else ""
        return bool(_RELATES.match(text))

    def _thin_space(self, name: str) -> str:
        """``400\\,000`` is one number; elsewhere the command is a space."""
        before = self.tokens[self.position - 2][-1:] if self.position > 1 else ""
        after = self.tokens[self.position] if self.position < len(self.tokens) else ""
        if name in (",", "!") and before.isdigit() and re.match(r"\d{3}(?!\d)", after):
            return ""
        return " "

    def _fraction(self) -> str:
        places = range(self.position - 2, -1, -1)  # no slice: a line may hold thousands of fractions
        before = next((self.tokens[at].rstrip() for at in places if not self.tokens[at].isspace()), "")
        above, below = self._argument(), self._argument()
        if not (above.isdecimal() and below.isdecimal()):
            return f" (({above})/({below}))"
        following = range(self.position, len(self.tokens))
        after = next((self.tokens[at].lstrip() for at in following if not self.tokens[at].isspace()), "")
        divided = after.startswith(("/", "÷", "\\div")) and not before[-1:].isdigit()  # no part of a mixed number
        bound = divided or before.endswith(("/", "\\div")) or after.startswith("^")
        return f" ({above}/{below})" if bound else f" {above}/{below} "

    def _root(self) -> str:
        degree = ""
        if self.position < len(self.tokens) and self.tokens[self.position].startswith("["):
            token = self.tokens[self.position]
            close = token.find("]")
            if close < 0:
                return UNREADABLE
            degree = token[1:close]
            self.tokens[self.position] = token[close + 1 :]
            if not self.tokens[self.position]:
                self.position += 1
        return f" root({degree}, {self._argument()})" if degree else f" sqrt({self._argument()})"

    def _text(self) -> str:
        was, self.math = self.math, False
        words = self._argument()
        self.math = was
        return f"{TEXT_ON} {words} {TEXT_OFF}" if was else f" {words} "

    def _environment(self, name: str) -> str:
        environment = self._argument().strip().rstrip("*")
        if environment in (
            "align",
            "aligned",
            "equation",
            "gather",
            "gathered",
            "split",
            "multline",
            "eqnarray",
            "alignat",
        ):
            opened, self.math = self.math, name == "begin"
            return (MATH_OFF if opened else "") + ";" + (MATH_ON if self.math else "")
        return UNREADABLE if environment in ("cases", "array") or environment.endswith("matrix") else " ; "

    def _argument(self) -> str:
        """The group or the single character that a command takes."""
        while self.position < len(self.tokens) and self.tokens[self.position].isspace():
            self.position += 1
        if self.position >= len(self.tokens):
            return ""
        token = self.tokens[self.position]
        if token == "{":
            self.position += 1
            return self._group_rest(bare=True)
        if token[0] in "\\}$&":
            return self._command_as_argument() if token[0] == "\\" and token not in ("\\)", "\\]") else ""
        token = token.lstrip()
        self.tokens[self.position] = token[1:]
        if not token[1:]:
            self.position += 1
        return token[0]

    def _command_as_argument(self) -> str:
        """``\\frac\\pi2``: a command without braces, which may take such a command in its turn."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeepError
        content = self._one()
        self.depth -= 1
        return content

    def _group_rest(self, *, bare: bool = False) -> str:
        """Everything up to the brace that closes; ``{,}`` is a comma and ``{x}`` a parenthesis where it holds a sum."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeepError
        out: list[str] = []
        while self.position < len(self.tokens) and self.tokens[self.position] != "}":
            if self.tokens[self.position] in ("\\)", "\\]"):
                break
            out.append(self._one())
        if self._next_is("}"):
            self.position += 1
        self.depth -= 1
        content = "".join(out)
        return content if bare or not re.search(r"[-+*/]", content) else f"({content})"


def _greek(name: str) -> str:
    """The letter that a command such as ``\\alpha`` names, one character long as every variable is."""
    if name in ("ell", "hbar"):
        return "ℓ" if name == "ell" else "ℏ"
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    name = name.removeprefix("var").upper().replace("LAMBDA", "LAMDA")
    return unicodedata.lookup(f"GREEK {size} LETTER {name}")
