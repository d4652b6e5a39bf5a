"""Builds the adapters that the grader loads."""
