"""A side of an equation while it is read, and a chain of sides: ``Billy = 350 + 126 = 478 cm`` is three."""

from __future__ import annotations

from itertools import chain

MAX_SHARE = 12
"""Greatest denominator of a fraction that people set equal to the amount that it is (``2/3 = 12 girls``)."""


class Side:
    """What stands between two relations, or before the first or behind the last."""

    __slots__ = (
        "ambiguous",
        "applied",
        "approximate",
        "branches",
        "currency",
        "expecting",
        "fraction",
        "glued",
        "grouped",
        "label",
        "labels",
        "led",
        "lettered",
        "letters",
        "modulus",
        "named",
        "of",
        "operators",
        "ordered",
        "pieces",
        "property",
        "rates",
        "reasoned",
        "scaled",
        "set_off",
        "shortened",
        "things",
        "transcendent",
        "unfinished",
        "units",
        "unknown",
        "unreadable",
        "words_used",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pieces: list[str] = []
        """The normalised text so far."""
        self.expecting = True
        """An operand is expected next."""
        self.operators = 0
        self.labels = 0
        """Words behind the last operand."""
        self.label = False
        """Words stand where the first operand should."""
        self.named: str | None = None
        """The word right before the first number."""
        self.ordered = False
        """The words before it leave open whether they take the first number or all of it."""
        self.led = False
        """Something stands before the first number."""
        self.reasoned = False
        """A word such as "since" stands right before the first number."""
        self.set_off = False
        """A comma, a colon or a full stop stands right before it, and no list of numbers before that."""
        self.fraction = False
        """The last division was written without spaces, as fractions and ranges are."""
        self.grouped: str | None = None
        """The first group of a number whose thousands are set apart by spaces."""
        self.unknown = False
        """Letters stand for numbers."""
        self.property = False
        """Its unknowns name a part or a property of something: ``the x^2 term``."""
        self.unreadable = False
        """Something in it has no meaning to the reader."""
        self.ambiguous = False
        """It can be read in more than one way."""
        self.applied = False
        """A function or a factorial is taken: more than a quantity by itself."""
        self.unfinished = False
        """Its last number is multiplied with a thing that is no number."""
        self.branches = 0
        """How often ± stands in it."""
        self.transcendent = False
        """A function of an angle or a logarithm is taken."""
        self.approximate = False
        """A word such as "about" stands before it."""
        self.words_used = False
        """A word was read as an operator or a number."""
        self.of = False
        """A share was taken of something (``10% of``): of how much, a sum behind it leaves open."""
        self.scaled = False
        """A number is counted in thousands, dozens or parts."""
        self.shortened = False
        """A number is counted in a short or an Indian word for thousands or millions."""
        self.letters: list[tuple[int, str]] = []
        """Single letters behind its numbers, taken for units, with their places among the pieces."""
        self.glued = False
        """Such a letter is written to its number: ``3m``."""
        self.lettered: dict[int, tuple[str, tuple[str, ...]]] = {}
        """By its place, a bracket in which such letters stand: its text with them as unknowns, and the letters."""
        self.modulus = 0
        """By what it is counted: ``(mod 7)`` stands behind it. Nothing of a calculation follows a modulus."""
        self.things: list[str] = []
        """The label of each operand that has one, its words in the singular."""
        self.rates: list[str] = []
        """Units behind a slash (``km/h``)."""
        self.units: list[str] = []
        self.currency: str | None = None
        """The sign of the currency that stands before its numbers."""

    @property
    def readable(self) -> bool:
        """Whether this is an expression that was understood whole."""
        if self.branches and (self.branches > 1 or self.unknown or self.units or self.things):
            return False  # "20 ± 0.5 cm" is a tolerance
        return bool(self.pieces) and not self.unreadable and not self.expecting

    @property
    def calculates(self) -> bool:
        """Whether something is computed here: ``3/4`` and ``45-54`` may be a quantity and a range."""
        return self.operators > 1 or (self.operators == 1 and not self._is_pair() and not self._is_mixed())

    def _is_mixed(self) -> bool:
        """Whether the only division is that of a mixed number (``7 1/2``)."""
        return len(self.pieces) == 4 and self.pieces[1][0] == " "

    def _is_pair(self) -> bool:
        if not self.fraction or len(self.pieces) != 3:
            return False
        one, sign, other = self.pieces
        return sign in "/-" and one.isdecimal() and other.isdecimal() and int(one[:9]) < int(other[:9])

    def operand(self, text: str) -> None:
        """Take the operand that was expected."""
        self.pieces.append(text)
        self.expecting = False
        self.labels = 0

    def operator(self, text: str, *, glued: bool = False) -> None:
        """Take an operator behind an operand; ``glued`` without spaces around it."""
        self.ambiguous |= self.of and text in "+-"
        self.unreadable |= bool(self.modulus)
        self.branches += text == "±"
        self.unreadable |= self.unfinished
        self.fraction = glued and not self.labels
        self.pieces.append(text)
        self.operators += 1
        self.expecting = True
        self.labels = 0

    def adjoin(self, text: str) -> None:
        """Write something to the operand that is already there: ``%``, ``!``, a letter that multiplies it."""
        self.unreadable |= bool(self.modulus)
        self.pieces.append(text)

    def stumble(self) -> None:
        """Stand a question mark where an operand is that cannot be read."""
        self.unreadable = True
        self.operand("?")

    def text(self) -> str:
        """The side as it is normalised: ``48/2``."""
        return "".join(self.pieces)

    def text_with_letters(self) -> str:
        """The side with the letters as the unknowns that they may be: ``4c``."""
        pieces = list(self.pieces)
        for place, (text, _) in self.lettered.items():
            pieces[place] = text
        for place, letter in reversed(self.letters):
            pieces.insert(place, letter)
        return "".join(pieces)

    def all_letters(self) -> list[str]:
        """The letters behind its numbers, in brackets too."""
        inside = (letters for _, letters in self.lettered.values())
        return [*(letter for _, letter in self.letters), *chain.from_iterable(inside)]

    def counts_some(self) -> bool:
        """Whether letters stand behind some terms of a sum only, so that they are no units."""
        letters = self.all_letters()
        return bool(letters) and self.sums() and len(letters) != self.operators + 1

    def mixes_words_and_ranks(self) -> bool:
        """Whether operators in words stand beside operators of another rank (``3 plus 4 times 2``)."""
        ranks = {piece in ("+", "-") for piece in self.pieces[1:] if piece in ("+", "-", "*", "/")}
        return self.words_used and len(ranks) > 1

    def is_literal(self) -> bool:
        """Whether this is one written number and nothing else."""
        return len(self.pieces) == 1 and self.pieces[0][0] in ".0123456789" and "_" not in self.pieces[0]

    def is_number(self) -> bool:
        """Whether this is one written number with or without a sign."""
        return self.is_literal() or (len(self.pieces) == 2 and self.pieces[0] in ("+", "-") and self.operators == 0)

    def is_share(self) -> bool:
        """Whether this is a percentage or a fraction by itself, which may be set equal to an amount."""
        if self._is_pair():
            return int(self.pieces[2][:3]) <= MAX_SHARE if self.pieces[1] == "/" else not self.led
        return self.is_percentage() or self.is_whole()

    def is_percentage(self) -> bool:
        """Whether this is one written number in percent."""
        return len(self.pieces) == 2 and self.pieces[1] == "%"

    def is_whole(self) -> bool:
        """Whether all parts of something are counted (``5/5 = 10 hours``)."""
        if not self.fraction or len(self.pieces) != 3 or self.pieces[1] != "/":
            return False
        one, _, other = self.pieces
        return one == other and one.isdecimal() and int(one[:3]) <= MAX_SHARE

    def is_year(self) -> bool:
        """Whether this may be a year by itself, which tables set equal to what it brought (``2021 = 500 + 50``)."""
        return self.is_literal() and self.pieces[0].isdecimal() and 1950 <= int(self.pieces[0][:5]) <= 2035

    def may_be_taken_apart(self) -> bool:
        """Whether a statement begins with this whole number and nothing else: ``since 2022 = 4 * 505 + 2``."""
        number = self.text()
        plain = self.is_literal() and number.isdecimal() and len(number) > 1 and not (self.units or self.letters)
        return plain and not self.labels and (self.reasoned or self.set_off or not self.led)

    def sums_things(self) -> bool:
        """Whether things are added, each named (``2 adults + 3 children``), which may stand for what they cost."""
        return self.sums() and len(self.things) == self.operators + 1

    def adds_to_share(self) -> bool:
        """Whether a share of a thing stands beside a bare number (``half of the number plus 2``)."""
        shares = sum(thing.startswith("of ") for thing in self.things)
        return 0 < shares < 1 + sum(piece in ("+", "-") for piece in self.pieces[1:])

    def is_shortened(self, *, money: bool) -> bool:
        """Whether what stands behind a number may multiply it: ``6 lakh``, ``15k`` and, of ``money``, ``$1m``."""
        return self.shortened or any(letter == "k" or (money and letter == "m") for letter in self.all_letters())

    def sums(self) -> bool:
        """Whether something is added or subtracted behind the first operand."""
        return any(piece in ("+", "-") for piece in self.pieces[1:])


class Chain:
    """Sides joined by relations: one more side than relations, once it is finished."""

    __slots__ = ("loose", "relations", "sides", "worded")

    def __init__(self) -> None:
        self.sides: list[Side] = []
        self.relations: list[str] = []
        self.worded = False
        """A word stood for a relation."""
        self.loose = False
        """That word was a verb that says much else ("is", "gives")."""
