"""The words that mean something to the reader, and what they mean."""

from __future__ import annotations

from grader.numbers import CURRENCY_CODES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERATOR_WORDS = {"times": "*", "plus": "+", "minus": "-", "multiplied": "*", "divided": "/"}
"""Word operators between two operands; ``multiplied`` and ``divided`` want a ``by``."""

EQUALS_WORDS = _words("equals equal equalling equaling")
"""Always a relation where an operand stands before it."""

IS_WORDS = _words("is are was makes make gives give leaves totals yields becomes gets comes results amounts which")
"""A relation only after a calculation and before a number (``36 divided by 4 is 9``)."""

AFTER_EQUALS = _words(
    """a an the total of about approximately approx roughly around nearly almost only just exactly to up is equal
    equals sum"""
)
"""Words that may stand between a relation and its number."""

APPROXIMATE_WORDS = _words("about approximately approx roughly around nearly almost")
"""Of these, the ones that say that the number is not exact."""

ARTICLES = _words("the a her his their its")
"""Words that ``of`` passes over before a number."""

STOP_WORDS = EQUALS_WORDS | _words(
    """so then and or but because since which that this these those therefore thus hence if when where while whereas
    is are was were be been being am has have had do does did he she they it we you who i
    will would can could should must may might now also meaning means gets got get makes made make gives gave until
    after before than as not no let him them us me there here however finally how what let's costs cost paid spent
    bought sold needs need earned earns ate eats"""
)
"""Words that end the label behind a number: no unit has them."""

NUMBER_LABELS = _words(
    """day week month year step part case hour minute option problem question number no room box group team class
    level stage round bowler player person student line row page chapter grade trip game job item equation example
    method scenario phase point side set period quarter track floor house train bus worker eq eqn exercise ex zone
    figure fig"""
)
"""A number behind one of these names a thing (``Day 2 = …``), it does not count it."""

CONNECTIVES = _words(
    """so and since because then thus therefore hence means that is are was were as if has have had equals total costs
    cost get gets which or but also , ="""
)
"""A bare number behind one of these is a quantity (``so 900 minutes = 15 hours``); behind other words it is part of a
phrase (``the cost of 3 tickets = ...``)."""

REASONS = _words(
    """since because as that so thus hence therefore then have note but also is now finally here where with using
    again indeed clearly notice observe see recall factor factoring write writing"""
)
"""Words that a statement about the number behind them follows: it is no part of a name."""

TERM_WORDS = _words("term terms coefficient coefficients coordinate component intercept entry")
"""What a letter before them only names: ``the x^2 term is 90x^2``."""

PROPERTIES = TERM_WORDS | _words(
    """degree derivative integral antiderivative minimum maximum root roots zero zeros vertex slope discriminant limit
    period range domain inverse factor factors solution solutions expansion order exponent"""
)
"""What an expression has, and what is no value of it: ``the minimum of x^2 - 4x + 7 is 3``."""

EXTREMES = _words("minimum maximum least greatest smallest largest")
"""Words before ``value of`` that make one of the values of all."""

PLURAL_LABELS = _words(
    "weeks days chapters pages steps questions problems rows lines cases years months eqs equations exercises"
)
"""Of these, what ranges are written behind (``weeks 3-4``); the plurals of others are verbs as often."""

DETERMINERS = _words("each every per a an the this that one he she it they who and")
"""What stands before a noun that is not numbered, or before a verb."""

ABBREVIATIONS = _words("sq cu ft in oz lb lbs hr hrs min mins sec secs yd yds no approx vs etc mi pt qt gal")
"""Words whose full stop does not end a sentence."""

THING_WORDS = _words("the his her its their my our your this that it what some another as more itself himself herself")
"""What a thing begins with that a number is multiplied with (``5 times the number``, ``3 times as old``)."""

UNKNOWN_NOUNS = _words("number value certain quantity variable digit")
"""Things with an indefinite article that are multiplied (``5 times a number``); ``4 times a week`` says how often."""

POWER_WORDS = {"squared": "^2", "cubed": "^3"}
"""Powers in words behind a number; behind a unit they belong to it."""

PART_WORDS = _words("dozen dozens score tens ones halves quarters")
"""Labels that change what their number is worth."""

MAGNITUDE_WORDS = _words("mil mils mn mio bn trillion trillions lakh lakhs lac lacs crore crores cr grand")
"""Short and Indian words for thousands and millions. They are read as ``million`` is: only as labels."""

FRACTION_LABELS = _words(
    """half third quarter fourth fifth sixth seventh eighth ninth tenth hundredth thousandth thirds fourths fifths
    sixths sevenths eighths ninths tenths hundredths thousandths"""
)
"""Labels that make parts of it (``four eighths``). Quarters may be coins."""

ORDERING_WORDS = _words("than twice thrice double triple")
"""Words before a calculation that leave open what they belong to (``twice 3 + 4``)."""

ORDERING_NOUNS = _words(
    """root roots square squares cube cubes sum product difference quotient factorial double log logarithm sine cosine
    tangent digit digits remainder reciprocal inverse"""
)
"""Nouns whose ``of`` leaves that open too."""

FUNCTION_WORDS = _words(
    """sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan asin acos atan log ln lg exp sqrt root abs
    lcm gcd hcf gcf sine cosine tangent logarithm"""
)
"""Functions that are written before their number without brackets (``sin 30``, ``log 100``)."""

BEFORE_FUNCTION = CONNECTIVES | _words("know note recall using use by find compute calculate evaluate remember where")
"""What may stand before a function at the beginning of a side; other words may name what it is multiplied with."""

SET_FUNCTIONS = _words("lcm gcd hcf gcf")
"""Of these, the ones that take more than one number (``lcm 4 and 6``)."""

CURRENCIES = _words("rs rm us") | {code.lower() for code in CURRENCY_CODES}
"""Currencies written as letters before a number."""

RATES = {"mph": "hour", "kph": "hour", "kmh": "hour", "rpm": "minute"}
"""Units of speed, and the time that each is in."""

LETTER_UNITS = frozenset("gmhslLkcC")
"""Single letters behind a number that may be a unit as well as an unknown."""

NO_UNKNOWNS = frozenset("aAI")
"""Single letters that are words of English unless they are glued to a number or a sign follows."""

GLUED_COUNTS = _words("in ea pc pk pp yo bp dp sf sd cc bn mn pt")
"""What two letters glued to a number count or measure, beside units."""

GLUED_SUFFIXES = _words("st nd rd th ths mph pm am sq x")
"""What may be glued to a number without making it doubtful, units apart."""
