"""Admin pages of courses, learners, enrollments and parameters."""

from __future__ import annotations

from curriculum.admin import added_parameters, courses, enrollments, learners, parameters

__all__ = ["added_parameters", "courses", "enrollments", "learners", "parameters"]
