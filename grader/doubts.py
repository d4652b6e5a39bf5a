"""Why a line may be read but must not fail a row: its writer takes it back, tries something out, or calls it false."""

from __future__ import annotations

import re

TRACE = "it stands in a reasoning trace"
RETRACTED = "it is taken back later"
HYPOTHETICAL = "the step is hypothetical"
DENIED = "the line itself calls it false"

_SENTENCE = r"(?:^\s*|[.!?:;,…—]\s*|\*\*|[(\[])"
_RETRACTION = re.compile(
    rf"{_SENTENCE}(?:but |no,? |oh,? )?(?:wait|hmm+|oops|hold on|scratch that|correction)\b"
    r"(?! (?:time|for|until|list|in|at))"
    r"|\b(?:that|this|my)(?: \w+)?(?:'s| is| was| seems| looks| can't be| cannot be)(?: \w+)? "
    r"(?:not right|not correct|wrong|incorrect|a mistake|an error)"
    r"|\b(?:that|this) (?:can't|cannot|isn't|is not|doesn't|does not) (?:be |seem |look )?(?:right|correct|true)"
    r"|\bI(?:'ve| have)? (?:made|make) (?:a|an|some) (?:\w+ )?(?:mistake|error|miscalculation)|\bI miscalculated"
    r"|\b(?:let me|let us|let's|I need to|I should|we should|I must|I will|I'll) "
    r"(?:redo|recalculate|recompute|re-calculate|correct (?:that|this|my|the)|fix|start over|reconsider|try again)"
    rf"|{_SENTENCE}actually,? (?:it|that|this|the answer) (?:should|is|was)"
    r"|\bapologi[sz]e\b|\b(?:I'm|I am) sorry\b",
    re.IGNORECASE,
)
# Whoever only stops to think may go on as before, unless the words behind say that something changes.
_PAUSE = re.compile(rf"{_SENTENCE}(?:but |oh,? )?(?:wait|hmm+|hold on)", re.IGNORECASE)
_TURN = re.compile(
    r"\b(?:no(?=[,.;:!—-]| (?:wait|that|it)\b)|nope|actually|instead|should\w*|forg[eo]t|miss\w*"
    r"|mis(?:read|count|took)\w*|overlook\w*|however|but|rather|careful\w*|ignore|already|different\w*|wrong\w*|incorrect\w*|mistake\w*|errors?"
    r"|redo|again|change|replace|must|cannot|off|except|fix)\b|n't\b|\bnot (?:right|quite|correct|true|so)\b",
    re.IGNORECASE,
)
_HYPOTHESIS = re.compile(
    rf"{_SENTENCE}(?:suppose|assume|assuming|imagine|guess|try|trying|what if|"
    r"if (?:we|I|you|he|she|they|it) (?:tr(?:y|ies)|guess(?:es)?|assume|suppose|plug|test|were|had)|"
    r"in this puzzle\b|"
    r"if \d[^a-z.,;:=]{0,40}[-+*/×·÷][^a-z.,;:=]{0,40}\bwere|"
    r"if [^.;:]{1,40}\bwere (?:(?:an?|the|also|in|not) )*(?:roots?|solutions?|true|rational|possible|equal|integers?"
    r"|primes?|divisible|even|odd|zero|factors?|multiples?|perfect|squares?|so)|"
    r"let(?:'s| us) (?:try|guess|assume|suppose|test|pretend|see if|check if|check whether))\b",
    re.IGNORECASE,
)
# An error that is measured is a quantity like any other.
_ERROR = (
    r"(?<!\bpercent )(?<!\bpercentage )(?<!\brelative )(?<!% )"
    r"\berror\b(?! ?[=≈]| (?:rate|percentage|margin)\b)"
)
_DENIAL = re.compile(
    r"≠|\\neq?\b|(?<![\w)])!=|[✗✘❌]|\b(?:is|are|was|be|would be|which is|that's) "
    r"(?:false|wrong|incorrect|impossible|not (?:true|equal|correct|right|possible))"
    r"|\b(?:does not|doesn't|do not|don't|did not|cannot|can't|not) (?:equal|hold|match|work|satisfy|add up|be)"
    r"|\b(?:I|we|he|she|they) (?:\w+ )?thought\b(?! (?:of|about))"
    r"|\b(?:I|we)(?:'d| had) (?:first|originally|initially) [a-z]+(?:ed|ot|ote|ad|aid|ut|ook)\b"
    r"|\bI (?:first|originally|initially) (?:wrote|got|had|said|put|took|read|considered|misread)\b"
    r"|\b(?:originally|initially),? I (?:wrote|got|had|said|put|took|read|considered|misread)\b"
    r"|\b(?:people|students?|beginners?|easy to|tempted to) (?:often |may |might |would |could )?"
    r"(?:think|believe|write|say)\b"
    r"|\b(?:do not|don't|never) write\b|\bmisprint|\bwhich is (?:\w+ )?too (?:many|much|few|little)\b"
    r"|\binstead of [^=.]{1,30}= ?[^=]{1,60}="
    r"|\b(?:mistake|mistakenly|wrongly|incorrectly|contradict\w*)\b|\b(?:claim|claims|claimed)\b"
    # "It isn't 3 + 4 = 8", "it's not just 3 + 4 = 8".
    r"|(?:\b(?:is|are|was|were)(?:n't|(?: \w+)? (?:not|never))|'s(?: \w+)? (?:not|never))(?: \w+)? [$\\(]*\d"
    rf"|{_ERROR}"
    rf"|{_SENTENCE}(?:incorrect|wrong|no)\b[:,]|\?\s*no\b|\(not "
    rf"|{_SENTENCE}(?:is|does|are)\b[^?=]{{0,300}}(?:=|equal)[^?]{{0,300}}\?",
    re.IGNORECASE,
)
# Text without any of these has nothing to doubt: looking for them is cheaper than the patterns above.
_SIGNS = (
    "wait", "hmm", "oops", "hold on", "scratch that", "correction", "wrong", "correct", "right", "mistake", "error",
    "miscalc", "let me", "let us", "let's", "redo", "recalc", "recompute", "start over", "reconsider", "fix", "try",
    "i must", "sorry", "apolog", "actually", "suppose", "assum", "imagine", "guess", "tries", "what if", "if we",
    "if i", " were", "if you", "if he", "if she", "if they", "if it", "≠", "\\ne", "!=", "false", "impossible", "not ",
    "never ", "cannot", "n't", "contradict", "claim", "thought", " think", " believe", "misprint",
    " too ", "instead of", "easy to", "this puzzle", "d first", "i first", "nitially", "riginally", "?", "✗", "✘", "❌",
)  # fmt: skip


class Doubts:
    """What there is to doubt in one solution. False where nothing in it hints at any: the usual case."""

    def __init__(self, solution: str) -> None:
        lower = _straight(solution).lower()
        self._signs = list(filter(lower.__contains__, _SIGNS))

    def __bool__(self) -> bool:
        return bool(self._signs)

    def of_line(self, text: str) -> str | None:
        """The line's own reason to doubt it, None where it has none."""
        text = _straight(text)
        if not self._may_hold(text):
            return None
        if _HYPOTHESIS.search(text):
            return HYPOTHETICAL
        return DENIED if _DENIAL.search(text) else None

    def takes_back(self, text: str) -> bool:
        """Whether the line takes back what stands before it."""
        text = _straight(text)
        if not self._may_hold(text):
            return False
        return any(not _goes_on(text, match) for match in _RETRACTION.finditer(text))

    def _may_hold(self, text: str) -> bool:
        lower = text.lower()
        return any(map(lower.__contains__, self._signs))


def turns_back(text: str, following: str) -> bool:
    """Whether a line, with the one behind it, takes back what it stops at: ``Wait, is it 5? No`` but not ``… Yes``."""
    text = _straight(text)
    marks = list(_RETRACTION.finditer(text))
    if not marks:
        return False
    if any(_PAUSE.fullmatch(mark[0]) is None for mark in marks):
        return True
    return _TURN.search(f"{text[marks[0].end() :]}\n{_straight(following)}") is not None


_RESULT = re.compile(r"= ?[$\\(]*(\d[\d,]*(?:\.\d+)?)[^\d=]*$")
_ADDS = re.compile(
    r"\W*(?:I|we) [^.!?=]{0,60}\balso\b[^.!?=\d]{0,60}"
    r"(?:\d[^.!?=]{0,60}?)?(?<![\d.,])(\d[\d,]*(?:\.\d+)?) ?[-+*/×·÷−]"
)


def _goes_on(text: str, doubt: re.Match[str]) -> bool:
    """``= 29. Wait, I should also count the 3 extra: 29 + 3``: it takes the result before it for granted."""
    result = _RESULT.search(text, 0, doubt.start())
    adds = _ADDS.match(text, doubt.end())
    return result is not None and adds is not None and result[1] == adds[1]


def _straight(text: str) -> str:
    """The text with its apostrophes straight, as the patterns have them."""
    return text if text.isascii() else text.replace("’", "'")
