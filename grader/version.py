"""The version, where every room may look it up: the package itself names the highest rooms in its API."""

__version__ = "0.1.0"
