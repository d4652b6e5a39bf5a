"""Grades solutions of math problems: reads every equation, proves or refutes it exactly, judges the reasoning."""

__version__ = "0.1.0"
