"""How much the fault tests do: a little in CI, as much as the project promises with ``GRADER_FAULTS=full``."""

import os

import pytest

FULL = os.environ.get("GRADER_FAULTS") == "full"


@pytest.fixture
def amount():
    """Give a function that chooses between the two counts."""
    return lambda few, full: full if FULL else few
