"""From a line of text to the equations that stand in it."""
