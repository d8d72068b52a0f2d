"""Admin pages of statements, their meaning and their learners."""

from __future__ import annotations

from statements.admin import kept, learners, mappings, patterns

__all__ = ["kept", "learners", "mappings", "patterns"]
