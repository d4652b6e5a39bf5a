"""From an equation's text to what can be said of it: exact arithmetic first, sympy for what fractions cannot hold."""
