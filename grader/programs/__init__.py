"""Programs in solutions: what they print is computed here, and held against the output that the solution shows."""
