"""The verdicts of a report as it spells them, and none."""

CORRECT, COMPUTATIONAL, CONCEPTUAL = "correct", "computational_error", "conceptual_error"
VERDICTS = (CORRECT, COMPUTATIONAL, CONCEPTUAL, None)
