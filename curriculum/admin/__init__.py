"""Admin pages of courses, learners, enrollments and parameters."""

from __future__ import annotations

from curriculum.admin import courses, enrollments, learners, parameters

__all__ = ["courses", "enrollments", "learners", "parameters"]
