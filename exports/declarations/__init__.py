"""The exported tables, a file for each category."""

from __future__ import annotations

from importlib import import_module

CATEGORIES = ("figures", "courses", "engagement", "outcomes", "business")


def load() -> None:
    """Register all tables, once the models are loaded."""
    for name in CATEGORIES:
        import_module(f"exports.declarations.{name}")
