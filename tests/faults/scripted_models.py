"""``grade``, or ``grade-audit`` behind the word ``audit``, with models that answer from a script."""

import sys
import time

from grader import engines
from grader.cli.entry import grade, grade_audit
from grader.engines.scripted import ScriptedExtractor
from grader.types import Classification


class ByLength:
    """A classifier whose answer depends on the solution alone, and takes its time."""

    def classify(self, solutions):
        """Judge by the length of the text."""
        time.sleep(0.0002 * len(solutions))
        return [Classification(len(row.solution) % 100 / 100, (len(row.solution) % 7 / 7,)) for row in solutions]

    def identity(self):
        """Have a name."""
        return {"base": "by length"}


extractor = ScriptedExtractor({"25 times 4 equals 100": ["25*4=100"]})
engines.load_pair = lambda *asked, **options: engines.Pair("auto", extractor, ByLength(), 0.5, "a script")
if sys.argv[1:2] == ["audit"]:
    raise SystemExit(grade_audit(sys.argv[2:]))
raise SystemExit(grade())
