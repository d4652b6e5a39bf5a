"""The nightly audit: data sets that mostly did not change, graded again where they did, and what got worse.

``config`` reads ``audit.toml``; ``night`` does a night's work; ``cache`` and ``memory`` keep it from being done twice;
``store`` holds the nights and ``latest``; ``measures``, ``changes``, ``gates`` and ``review`` look at the reports;
``page`` shows them.
"""
